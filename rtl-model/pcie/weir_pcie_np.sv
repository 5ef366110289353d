// SPDX-License-Identifier: Apache-2.0
// Answers non-posted requests one by one, in order: configuration accesses, BAR reads, and Unsupported Request for all else
// (pcie 27, 33, 34, 36). Type 1 requests reach VFs on the bus behind the captured one (pcie 8).
// Every request gets exactly one answer with its TC, attributes, tag and requester ID (pcie 38).
// A read is answered in completions that end at 64-byte boundaries (RCB), so any length from 0 bytes to 1024 DW works.
module weir_pcie_np #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     np_valid_i,
    output logic                     np_ready_o,
    input  logic [127:0]             np_hdr_i,
    input  logic [31:0]              np_data_i,
    input  logic [NumFns-1:0]        visible_i,
    input  logic [15:0]              pf_rid_i,
    input  logic [15:0]              vf_rid_i,      // of VF 0
    // Address decoder.
    output logic [63:0]              dec_addr_o,
    input  logic                     dec_hit_i,
    input  logic [weir_pkg::FnW-1:0] dec_fn_i,
    input  logic [20:0]              dec_off_i,
    input  logic                     dec_hole_i,
    // Configuration access: read data in the same cycle.
    output logic                     cfg_valid_o,
    output logic                     cfg_write_o,
    output logic [weir_pkg::FnW-1:0] cfg_fn_o,
    output logic                     cfg_type0_o,   // captures cfg_bus_o
    output logic [7:0]               cfg_bus_o,
    output logic [9:0]               cfg_reg_o,
    output logic [3:0]               cfg_be_o,
    output logic [31:0]              cfg_wdata_o,
    input  logic [31:0]              cfg_rdata_i,
    // BAR reads below 0x1000, answered later.
    output logic                     br_valid_o,
    input  logic                     br_ready_i,
    output logic [weir_pkg::FnW-1:0] br_fn_o,
    output logic [20:0]              br_addr_o,
    input  weir_pkg::bar_rsp_t       br_rsp_i,
    // MSI-X table and PBA: read data in the same cycle.
    input  logic [31:0]              msix_rdata_i,
    output logic                     cpl_valid_o,
    input  logic                     cpl_ready_i,
    output logic [127:0]             cpl_hdr_o,
    output logic [511:0]             cpl_data_o,
    output logic                     err_valid_o,
    output weir_pcie_pkg::err_t      err_o,
    output logic                     idle_o
);
  typedef enum logic [2:0] {
    Idle,    // waits for a request
    Config,  // one configuration access
    Read,    // one DW of a BAR read: local, or asked of ctrl
    Wait,    // waits for ctrl's answer
    Answer   // a completion waits for the link
  } state_e;
  state_e state_q;
  state_e state_d;

  logic valid;
  logic pop;
  logic [127:0] h;
  logic [31:0] wdata;
  localparam int Places = 64;       // and as many credits
  logic [$clog2(Places):0] unused_level;
  weir_common_fifo #(.Width(160), .Depth(Places)) u_queue (
      .clk_i, .rst_ni, .valid_i(np_valid_i), .ready_o(np_ready_o), .data_i({np_data_i, np_hdr_i}),
      .valid_o(valid), .ready_i(pop), .data_o({wdata, h}), .level_o(unused_level));

  logic four;
  logic [7:0] kind;
  logic [3:0] fbe;
  logic [3:0] lbe;
  logic [10:0] len;
  logic is_mrd;
  logic is_cfg;
  logic cfg1;
  logic [15:0] cfg_rid;    // as addressed; bus of type 0 is the one to capture
  logic [8:0] cfg_hit;
  logic cfg_ok;
  logic poisoned;
  logic [12:0] total;      // bytes from the first to the last enabled one
  logic [255:0] visible;
  logic [weir_pkg::FnW-1:0] cfg_fn;

  logic [weir_pkg::FnW-1:0] fn_q;
  logic [20:0] addr_q;     // of the next DW
  logic hole_q;
  logic [10:0] left_q;     // DWs still to read
  logic [12:0] count_q;    // bytes still owed, this completion included
  logic [6:0] lower_q;     // of this completion
  logic [5:0] dws_q;       // DWs collected for it
  logic [2:0] status_q;
  logic [15:0] id_q;       // completer
  logic [511:0] line_q;

  assign visible = 256'(visible_i);
  always_comb begin
    four = h[29];
    kind = h[31:24];
    fbe = h[35:32];
    lbe = h[39:36];
    len = {h[9:0] == 10'd0, h[9:0]};
    is_mrd = (kind & 8'hDF) == weir_pcie_pkg::KindMRd;
    cfg1 = kind == weir_pcie_pkg::KindCfgRd1 || kind == weir_pcie_pkg::KindCfgWr1;
    is_cfg = kind == weir_pcie_pkg::KindCfgRd0 || kind == weir_pcie_pkg::KindCfgWr0 || cfg1;
    // Whatever bus a type 0 request names, it is ours; a type 1 request is for a bus behind ours.
    cfg_rid = {cfg1 ? h[95:88] : pf_rid_i[15:8], h[87:80]};
    cfg_hit = weir_pcie_pkg::fn_of(cfg_rid, pf_rid_i, vf_rid_i);
    cfg_ok = is_cfg && cfg_hit[8] && visible[cfg_hit[7:0]] && !(cfg1 && h[95:88] == pf_rid_i[15:8]);
    poisoned = h[14] && h[30];
    total = {len, 2'b00} - {11'b0, weir_pcie_pkg::lead(fbe)} -
            {11'b0, weir_pcie_pkg::trail((len == 11'd1) ? fbe : lbe)};
    if (len == 11'd1 && fbe == 4'd0) total = 13'd1;
    cfg_fn = cfg_hit[7:0];
  end

  assign dec_addr_o = four ? {h[95:64], h[127:98], 2'b00} : {32'b0, h[95:66], 2'b00};
  assign cfg_write_o = h[30];
  assign cfg_fn_o = cfg_fn;
  assign cfg_type0_o = !cfg1;
  assign cfg_bus_o = h[95:88];
  assign cfg_reg_o = h[75:66];
  assign cfg_be_o = fbe;
  assign cfg_wdata_o = wdata;
  assign cfg_valid_o = state_q == Config;
  assign br_fn_o = fn_q;
  assign br_addr_o = addr_q;

  logic local_dw;          // this DW needs no answer from ctrl
  logic take;              // a DW of data arrives
  logic [31:0] dw;
  logic full;              // it is the last of this completion
  assign local_dw = hole_q || addr_q >= 21'h1000;
  always_comb begin
    dw = br_rsp_i.rdata;
    if (state_q == Read) dw = hole_q ? 32'd0 : msix_rdata_i;
    take = (state_q == Read && local_dw) || (state_q == Wait && br_rsp_i.valid);
    full = left_q == 11'd1 || addr_q[5:2] == 4'hF;
  end
  assign br_valid_o = state_q == Read && !local_dw;

  logic ur;                // refused
  assign err_valid_o = ur;
  logic more;              // this completion is not the last
  assign more = left_q != 11'd0;

  always_comb begin
    state_d = state_q;
    pop = 1'b0;
    ur = 1'b0;
    err_o = '0;
    err_o.code = poisoned ? weir_pcie_pkg::ErrPoison : weir_pcie_pkg::ErrUr;
    err_o.advisory = 1'b1;
    err_o.hdr = h;
    err_o.fn = cfg_ok ? cfg_hit[7:0] : is_mrd ? dec_fn_i : 8'd0;
    case (state_q)
      Idle: if (valid) begin
        state_d = Answer;
        if (cfg_ok && !poisoned) state_d = Config;
        else if (is_mrd && dec_hit_i && !(four && h[95:64] == 32'd0)) state_d = (fbe == 4'd0) ? Answer : Read;
        else ur = 1'b1;
      end
      Config: state_d = Answer;
      Read: begin
        if (local_dw) begin
          if (full) state_d = Answer;
        end else if (br_ready_i) begin
          state_d = Wait;
        end
      end
      Wait: if (br_rsp_i.valid) state_d = full ? Answer : Read;
      default: if (cpl_ready_i) begin
        pop = !more;
        state_d = more ? Read : Idle;
      end
    endcase
  end

  assign cpl_valid_o = state_q == Answer;
  always_comb begin
    cpl_hdr_o = '0;
    cpl_data_o = '0;
    if (cpl_valid_o) begin
      cpl_hdr_o[31:0] = {1'b0, dws_q != 6'd0, 1'b0, 5'h0A, 24'b0} | (h[31:0] & 32'h0074_3000) | {26'b0, dws_q};
      cpl_hdr_o[63:32] = {id_q, status_q, 1'b0, count_q[11:0]};
      cpl_hdr_o[95:64] = {h[63:40], 1'b0, lower_q};
      if (dws_q != 6'd0) cpl_data_o = line_q;
    end
  end
  assign idle_o = !valid && state_q == Idle;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      fn_q <= '0;
      addr_q <= '0;
      hole_q <= 1'b0;
      left_q <= '0;
      count_q <= '0;
      lower_q <= '0;
      dws_q <= '0;
      status_q <= '0;
      id_q <= '0;
      line_q <= '0;
    end else begin
      state_q <= state_d;
      case (state_q)
        Idle: if (valid) begin
          fn_q <= dec_fn_i;
          addr_q <= dec_off_i;
          hole_q <= dec_hole_i;
          left_q <= '0;
          count_q <= is_mrd ? total : 13'd4;
          lower_q <= '0;
          dws_q <= '0;
          line_q <= '0;
          status_q <= weir_pcie_pkg::CplUr;
          id_q <= is_mrd ? weir_pcie_pkg::rid_of(dec_fn_i, pf_rid_i, vf_rid_i) : is_cfg ? cfg_rid : pf_rid_i;
          if (!ur) status_q <= weir_pcie_pkg::CplSc;
          if (is_mrd) lower_q <= {dec_addr_o[6:2], weir_pcie_pkg::lead(fbe)};
          if (state_d == Read) left_q <= len;
          // A type 0 write is answered with the bus number that it brings.
          if (state_d == Config && h[30]) id_q <= h[95:80];
          // A read of no bytes still returns one DW (pcie 37).
          if (is_mrd && state_d == Answer && !ur) dws_q <= 6'd1;
        end
        Config: if (!h[30]) begin
          line_q[31:0] <= cfg_rdata_i;
          dws_q <= 6'd1;
        end
        Answer: if (cpl_ready_i && more) begin
          // Next completion: it starts on a 64-byte boundary.
          count_q <= count_q - ({5'b0, dws_q, 2'b00} - {11'b0, lower_q[1:0]});
          lower_q <= {addr_q[6:2], 2'b00};
          dws_q <= '0;
        end
        default: if (take) begin
          line_q[{dws_q[3:0], 5'd0} +: 32] <= dw;
          dws_q <= dws_q + 6'd1;
          addr_q <= addr_q + 21'd4;
          left_q <= left_q - 11'd1;
        end
      endcase
    end
  end

`ifdef FORMAL
  // P8 (pcie 40): a host that keeps to its 64 non-posted credits, which come back as requests leave the queue, always finds
  // room; so no posted write waits behind a read at the door (weir_pcie_rx assumes that).
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);
  logic [7:0] f_spent;   // credits
  always_ff @(posedge clk_i) begin
    f_spent <= rst_ni ? f_spent + 8'(np_valid_i && np_ready_o) - 8'(valid && pop) : 8'd0;
    assume (!np_valid_i || f_spent < 8'd64);
    if (rst_ni && f_past) begin
      assert (f_spent == 8'(unused_level));
      assert (!np_valid_i || np_ready_o);
      cover (f_spent == 8'd3 && pop);
    end
  end
`endif
endmodule
