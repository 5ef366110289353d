// SPDX-License-Identifier: Apache-2.0
// Sorts what arrives from the link and is well formed (weir_pcie_check). Completions pass to dma in the same cycle; posted
// writes become DW accesses, one a cycle; non-posted requests go to a queue with as many places as non-posted credits are
// advertised (64), so a host that keeps to its credits never makes a posted write wait for a read (pcie 40, formal P8).
// Poisoned writes are not executed (pcie 35); writes that hit nothing, and messages nobody knows, are dropped and reported.
module weir_pcie_rx #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     tlp_rx_valid_i,
    output logic                     tlp_rx_ready_o,
    input  weir_pkg::tlp_t           tlp_rx_i,
    input  logic [2:0]               mps_i,
    input  logic [15:0]              pf_rid_i,
    // Address decoder.
    output logic [63:0]              dec_addr_o,
    input  logic                     dec_hit_i,
    input  logic [weir_pkg::FnW-1:0] dec_fn_i,
    input  logic [20:0]              dec_off_i,
    input  logic                     dec_hole_i,
    // DW writes.
    output logic                     bw_valid_o,
    input  logic                     bw_ready_i,
    output logic [weir_pkg::FnW-1:0] bw_fn_o,
    output logic [20:0]              bw_addr_o,
    output logic [31:0]              bw_data_o,
    output logic [3:0]               bw_be_o,
    output logic                     bw_db_inline_o,     // the first of a whole inline doorbell slot, which is in
    output logic [511:0]             bw_slot_o,
    // Non-posted requests: header and first payload DW.
    output logic                     np_valid_o,
    input  logic                     np_ready_i,
    output logic [127:0]             np_hdr_o,
    output logic [31:0]              np_data_o,
    output logic                     cpl_valid_o,
    input  logic                     cpl_ready_i,
    output weir_pkg::tlp_t           cpl_o,
    output logic                     cpl_mid_o,     // a completion's further beats come
    // Status of completions of function sta_fn_o: Unsupported Request, Completer Abort, poisoned.
    output logic [2:0]               sta_o,
    output logic [weir_pkg::FnW-1:0] sta_fn_o,
    output logic                     err_valid_o,
    output weir_pcie_pkg::err_t      err_o,
    output logic                     bad_valid_o,   // a malformed TLP; may come with err
    output logic [127:0]             bad_hdr_o,
    output logic                     idle_o
);
  logic valid;
  logic pop;
  weir_pkg::tlp_t b;
  logic ingress_idle;
  weir_pcie_check u_check (
      .clk_i, .rst_ni, .mps_i, .valid_i(tlp_rx_valid_i), .ready_o(tlp_rx_ready_o), .tlp_i(tlp_rx_i),
      .valid_o(valid), .ready_i(pop), .tlp_o(b), .malformed_o(bad_valid_o), .hdr_o(bad_hdr_o), .idle_o(ingress_idle));

  typedef enum logic [1:0] {
    Head,    // at a header, or skipping the rest of a TLP that is not executed
    Write,   // DWs of a posted write, one a cycle
    Pass     // further beats of a completion
  } state_e;
  state_e state_q;
  state_e state_d;
  logic [weir_pkg::FnW-1:0] fn_q;
  logic [20:0] addr_q;
  logic hole_q;
  logic [10:0] left_q;    // DWs still to write
  logic [3:0] be_q;       // of the next DW
  logic [3:0] last_be_q;
  logic [3:0] dw_q;       // DW of the beat

  // Header fields.
  logic four;
  logic [7:0] kind;
  logic is_cpl;
  logic is_mwr;
  logic is_np;
  logic [10:0] len;
  logic is_msg;
  logic msg_known;
  logic ours;             // a completion of one of our functions
  logic [8:0] cpl_fn;     // bit 8: of one

  always_comb begin
    four = b.hdr[29];
    kind = b.hdr[31:24];
    is_cpl = kind[4:1] == 4'b0101 && kind[7] == 1'b0 && kind[5] == 1'b0;        // Cpl(D), Cpl(D)Lk
    is_mwr = (kind & 8'hDF) == weir_pcie_pkg::KindMWr;
    // MRd, MRdLk, IO, Cfg type 0 and 1, AtomicOps; messages carry no answer.
    is_np = !kind[7] && !is_mwr && !is_cpl && (kind[4:1] == 4'b0000 || kind[4:0] == 5'h02 || kind[4:1] == 4'b0010 ||
                                               kind[4:2] == 3'b011);
    len = {b.hdr[9:0] == 10'd0, b.hdr[9:0]};
    is_msg = kind[5:3] == 3'b110;
    // Unlock, PM_Active_State_Nak, PME_Turn_Off, ignored ones, Set_Slot_Power_Limit, Vendor_Defined type 1.
    case (b.hdr[39:32])
      8'h00, 8'h14, 8'h19, 8'h40, 8'h41, 8'h43, 8'h44, 8'h45, 8'h47, 8'h48, 8'h50, 8'h7F: msg_known = 1'b1;
      default: msg_known = 1'b0;
    endcase
    // Of a function that has vanished or changed its ID with ARI since it asked, too: its tag is waited for.
    cpl_fn = weir_pcie_pkg::fn_of(b.hdr[95:80], pf_rid_i, pf_rid_i + weir_pcie_pkg::VfOffsetAri);
    if (!cpl_fn[8]) cpl_fn = weir_pcie_pkg::fn_of(b.hdr[95:80], pf_rid_i, pf_rid_i + weir_pcie_pkg::VfOffset);
    ours = cpl_fn[8] && {1'b0, cpl_fn[7:0]} < 9'(NumFns);
  end

  assign dec_addr_o = four ? {b.hdr[95:64], b.hdr[127:98], 2'b00} : {32'b0, b.hdr[95:66], 2'b00};
  assign np_hdr_o = b.hdr;
  assign np_data_o = b.data[31:0];
  assign cpl_o = b;
  // A write of one DW, and one of a whole inline doorbell slot, is done where its header is looked at.
  logic slot;
  logic direct;
  logic direct_go;
  assign slot = len == 11'd16 && b.hdr[39:32] == 8'hFF && dec_off_i[11:0] == 12'(weir_abi_pkg::BarDbInlineOffset) &&
                dec_off_i >= 21'(weir_abi_pkg::BarDoorbellBase);
  assign direct = slot || len == 11'd1;
  assign bw_fn_o = (state_q == Head) ? dec_fn_i : fn_q;
  assign bw_addr_o = (state_q == Head) ? dec_off_i : addr_q;
  assign bw_be_o = (state_q == Head) ? b.hdr[35:32] : be_q;
  assign bw_data_o = b.data[(state_q == Head) ? 9'd0 : {dw_q, 5'd0} +: 32];
  assign bw_db_inline_o = state_q == Head && slot;
  assign bw_slot_o = b.data;

  logic good;      // the write hits a function and may be executed
  logic last_dw;
  logic step;      // one DW of the write is done
  // A 64-bit address with a high DW of 0 is refused (pcie 33).
  assign good = dec_hit_i && !(four && b.hdr[95:64] == 32'd0) && !b.hdr[14];
  assign last_dw = left_q == 11'd1;
  assign direct_go = state_q == Head && valid && b.sop && is_mwr && good && direct &&
                     b.hdr[35:32] != 4'd0 && !dec_hole_i;
  assign bw_valid_o = direct_go || (state_q == Write && valid && be_q != 4'd0 && !hole_q);
  assign step = state_q == Write && valid && (bw_ready_i || be_q == 4'd0 || hole_q);

  always_comb begin
    state_d = state_q;
    pop = 1'b0;
    cpl_valid_o = 1'b0;
    np_valid_o = 1'b0;
    err_valid_o = 1'b0;
    err_o = '0;
    err_o.code = weir_pcie_pkg::ErrUr;
    err_o.hdr = b.hdr;
    sta_o = 3'b000;
    case (state_q)
      Write: begin
        if (step && (last_dw || dw_q == 4'd15)) begin
          pop = 1'b1;
          if (last_dw) state_d = Head;
        end
      end
      Pass: begin
        cpl_valid_o = valid;
        pop = cpl_ready_i;
        if (valid && cpl_ready_i && b.eop) state_d = Head;
      end
      default: if (valid) begin
        pop = 1'b1;
        if (b.sop) begin
          if (is_cpl && ours) begin
            cpl_valid_o = 1'b1;
            pop = cpl_ready_i;
            if (cpl_ready_i && !b.eop) state_d = Pass;
            if (cpl_ready_i) begin
              sta_o = {b.hdr[14] && b.hdr[30], b.hdr[47:45] == weir_pcie_pkg::CplCa, b.hdr[47:45] == weir_pcie_pkg::CplUr};
              err_valid_o = b.hdr[14] && b.hdr[30];
              err_o.code = weir_pcie_pkg::ErrPoison;
              err_o.advisory = 1'b1;
              err_o.fn = cpl_fn[7:0];
            end
          end else if (is_cpl) begin
            err_valid_o = 1'b1;
            err_o.code = weir_pcie_pkg::ErrUnexpected;
            err_o.advisory = 1'b1;
          end else if (is_mwr) begin
            if (good && direct) begin
              pop = bw_ready_i || !direct_go;
            end else if (good) begin
              pop = 1'b0;
              state_d = Write;
            end
            err_valid_o = !good;
            err_o.fn = dec_fn_i;
            if (b.hdr[14]) err_o.code = weir_pcie_pkg::ErrPoison;
          end else if (is_np) begin
            np_valid_o = 1'b1;
            pop = np_ready_i;
          end else if (is_msg) begin
            err_valid_o = !msg_known;
          end
        end
      end
    endcase
  end
  assign sta_fn_o = cpl_fn[7:0];
  assign cpl_mid_o = state_q == Pass;
  assign idle_o = !valid && state_q == Head && ingress_idle;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Head;
      fn_q <= '0;
      addr_q <= '0;
      hole_q <= 1'b0;
      left_q <= '0;
      be_q <= '0;
      last_be_q <= '0;
      dw_q <= '0;
    end else begin
      state_q <= state_d;
      if (state_q == Head) begin
        fn_q <= dec_fn_i;
        addr_q <= dec_off_i;
        hole_q <= dec_hole_i;
        left_q <= len;
        be_q <= b.hdr[35:32];
        last_be_q <= b.hdr[39:36];
        dw_q <= '0;
      end else if (step) begin
        addr_q <= addr_q + 21'd4;
        left_q <= left_q - 11'd1;
        dw_q <= dw_q + 4'd1;
        be_q <= (left_q == 11'd2) ? last_be_q : 4'hF;
      end
    end
  end

`ifdef FORMAL
  // P8 (pcie 40): what arrives is taken whatever our own reads do. A host that keeps to its 64 non-posted credits finds room
  // behind (np_ready_i: the queue there has as many places). Completions are stopped for one cycle at a time at most, between
  // two of them, and writes for one cycle at a time, by one DW of a read (weir_pcie). Then no beat stands at the head for
  // longer than its 16 DW take at two cycles each, and two cycles to look at it.
  logic f_past = 1'b0;
  logic f_stop;
  logic f_bstop;
  logic [5:0] f_wait;
  always_ff @(posedge clk_i) begin
    f_past <= 1'b1;
    f_stop <= cpl_valid_o && !cpl_ready_i;
    f_bstop <= bw_valid_o && !bw_ready_i;
    f_wait <= (!rst_ni || pop || !valid) ? 6'd0 : f_wait + 6'd1;
    assume (!np_valid_o || np_ready_i);
    assume (!f_bstop || bw_ready_i);
    assume (!f_stop || cpl_ready_i);
    if (rst_ni) begin
      if (state_q == Write) assert (f_wait <= {1'b0, dw_q, 1'b0} + 6'd2 + 6'(f_bstop));
      else assert (f_wait <= 6'(f_stop) + 6'(f_bstop));
      assert (f_wait <= 6'd33);
      cover (state_q == Write && dw_q == 4'd1 && f_wait == 6'd3);  // held up for a cycle
      cover (np_valid_o);
    end
  end
  always_comb if (!f_past) assume (!rst_ni);
`endif
endmodule
