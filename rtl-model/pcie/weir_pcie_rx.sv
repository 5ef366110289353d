// SPDX-License-Identifier: Apache-2.0
// Sorts what arrives from the link. Completions pass to dma in the same cycle; posted writes become DW accesses, one a
// cycle; non-posted requests go to a queue with as many places as non-posted credits are advertised (64), so a host that
// keeps to its credits never makes a posted write wait for a read (pcie 40, formal P8). Messages are taken and ignored.
// Poisoned writes are not executed (pcie 35); writes that hit nothing are dropped and reported.
module weir_pcie_rx #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     tlp_rx_valid_i,
    output logic                     tlp_rx_ready_o,
    input  weir_pkg::tlp_t           tlp_rx_i,
    input  logic [7:0]               bus_i,         // captured bus number
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
    output logic                     bw_push_o,     // the first of a whole push slot, which is in
    output logic [511:0]             bw_slot_o,
    // Non-posted requests: header and first payload DW.
    output logic                     np_valid_o,
    input  logic                     np_ready_i,
    output logic [127:0]             np_hdr_o,
    output logic [31:0]              np_data_o,
    output logic                     cpl_valid_o,
    input  logic                     cpl_ready_i,
    output weir_pkg::tlp_t           cpl_o,
    output logic                     drop_o,        // a posted write was refused
    output logic                     poison_o,      // a poisoned posted write
    output logic [127:0]             err_hdr_o,
    output logic                     idle_o
);
  localparam int TlpW = $bits(tlp_rx_i);

  logic valid;
  logic pop;
  weir_pkg::tlp_t b;
  /* verilator lint_off PINCONNECTEMPTY */
  weir_common_fifo #(.Width(TlpW), .Depth(4)) u_in (
      .clk_i, .rst_ni, .valid_i(tlp_rx_valid_i), .ready_o(tlp_rx_ready_o), .data_i(tlp_rx_i),
      .valid_o(valid), .ready_i(pop), .data_o(b), .level_o());
  /* verilator lint_on PINCONNECTEMPTY */

  typedef enum logic [1:0] {
    Head,    // at a header, or skipping the rest of a TLP
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
  logic ours;             // a completion of one of our functions

  always_comb begin
    four = b.hdr[29];
    kind = b.hdr[31:24];
    is_cpl = kind[4:1] == 4'b0101 && kind[7] == 1'b0 && kind[5] == 1'b0;        // Cpl(D), Cpl(D)Lk
    is_mwr = (kind & 8'hDF) == weir_pcie_pkg::KindMWr;
    // MRd, MRdLk, IO, Cfg type 0 and 1, AtomicOps; everything else carries no answer.
    is_np = !kind[7] && !is_mwr && !is_cpl && (kind[4:1] == 4'b0000 || kind[4:0] == 5'h02 || kind[4:1] == 4'b0010 ||
                                               kind[4:2] == 3'b011);
    len = {b.hdr[9:0] == 10'd0, b.hdr[9:0]};
    ours = b.hdr[95:88] == bus_i && {1'b0, b.hdr[87:80]} < 9'(NumFns);
  end

  assign dec_addr_o = four ? {b.hdr[95:64], b.hdr[127:98], 2'b00} : {32'b0, b.hdr[95:66], 2'b00};
  assign np_hdr_o = b.hdr;
  assign np_data_o = b.data[31:0];
  assign cpl_o = b;
  assign err_hdr_o = b.hdr;
  // A write of one DW, and one of a whole push slot, is done where its header is looked at.
  logic slot;
  logic direct;
  logic direct_go;
  assign slot = len == 11'd16 && b.hdr[39:32] == 8'hFF && dec_off_i[11:0] == 12'(weir_abi_pkg::BarDbPushOffset) &&
                dec_off_i >= 21'(weir_abi_pkg::BarDoorbellBase);
  assign direct = slot || len == 11'd1;
  assign bw_fn_o = (state_q == Head) ? dec_fn_i : fn_q;
  assign bw_addr_o = (state_q == Head) ? dec_off_i : addr_q;
  assign bw_be_o = (state_q == Head) ? b.hdr[35:32] : be_q;
  assign bw_data_o = b.data[(state_q == Head) ? 9'd0 : {dw_q, 5'd0} +: 32];
  assign bw_push_o = state_q == Head && slot;
  assign bw_slot_o = b.data;

  logic good;      // the write hits a function and may be executed
  logic last_dw;
  logic step;      // one DW of the write is done
  // 64-bit address with a high DW of 0 is malformed by rule (pcie 33).
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
    drop_o = 1'b0;
    poison_o = 1'b0;
    case (state_q)
      Write: begin
        if (step && (last_dw || dw_q == 4'd15)) begin
          pop = 1'b1;
          // A beat that ends early or late: what the length promised is void, the next header resynchronises.
          if (last_dw || b.eop) state_d = Head;
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
          end else if (is_mwr) begin
            if (good && direct) begin
              pop = bw_ready_i || !direct_go;
            end else if (good) begin
              pop = 1'b0;
              state_d = Write;
            end
            drop_o = !good && !b.hdr[14];
            poison_o = b.hdr[14];
          end else if (is_np) begin
            np_valid_o = 1'b1;
            pop = np_ready_i;
          end
        end
      end
    endcase
  end
  assign idle_o = !valid && state_q == Head;

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
endmodule
