// SPDX-License-Identifier: Apache-2.0
// Wire to switch: a frame is stored whole, then offered with its length. A bad one (error, runt, too long, no room) is
// taken back whole and counted once, under the first of those reasons that fits. The wire is never stalled. A frame cut
// by link loss counts as bad FCS; beats that belong to no frame are nothing.
module weir_port_rx #(
    parameter int FifoBeats = 512
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 link_i,
    input  logic                 wire_valid_i,
    input  weir_pkg::wire_t      wire_i,
    output logic                 port_rx_valid_o,
    input  logic                 port_rx_ready_i,
    output weir_pkg::frame_t     port_rx_o,
    output logic                 drop_fcs_o,
    output logic                 drop_runt_o,
    output logic                 drop_long_o,
    output logic                 drop_fifo_o,
    output logic                 idle_o
);
  localparam int LenW = weir_pkg::LenW;
  localparam int MinWire = 60;  // shortest Ethernet frame without FCS
  localparam int CntW = $clog2(FifoBeats) + 1;

  logic in_q, in_d;
  logic bad_q, bad_d;
  logic full_q, full_d;
  logic [LenW-1:0] len_q, len_d;
  logic take, end_now, good, too_long;
  logic wr_valid, wr_ready;
  logic len_ready, len_valid, len_pop;
  logic [LenW-1:0] len;
  logic [$clog2(FifoBeats):0] len_level;
  logic data_valid, data_empty, data_pop;
  logic [weir_pkg::DataW-1:0] data;
  logic [CntW-1:0] beats, done_q;
  logic last;

  always_comb begin
    take = wire_valid_i && link_i && (in_q || wire_i.sop);
    // A second sop inside a frame means its end was lost: the whole is doomed and counted once, at the next eop.
    bad_d = in_q && (bad_q || (take && wire_i.sop));
    full_d = in_q && full_q;
    len_d = in_q ? len_q : '0;
    too_long = 1'b0;
    end_now = 1'b0;
    good = 1'b0;
    wr_valid = 1'b0;
    in_d = in_q;
    drop_fcs_o = 1'b0;
    drop_runt_o = 1'b0;
    drop_long_o = 1'b0;
    drop_fifo_o = 1'b0;
    if (take) begin
      // Stops growing once too long, so the sum cannot wrap.
      if (len_d <= LenW'(weir_abi_pkg::MaxFrame)) len_d = len_d + (wire_i.eop ? LenW'(wire_i.bytes) : LenW'(64));
      too_long = len_d > LenW'(weir_abi_pkg::MaxFrame);
      wr_valid = !too_long && !full_d;
      full_d = full_d || (wr_valid && !wr_ready);
      end_now = wire_i.eop;
      in_d = !wire_i.eop;
      if (wire_i.eop) begin
        if (wire_i.err || bad_d) drop_fcs_o = 1'b1;
        else if (len_d < LenW'(MinWire)) drop_runt_o = 1'b1;
        else if (too_long) drop_long_o = 1'b1;
        else if (full_d || !len_ready) drop_fifo_o = 1'b1;
        else good = 1'b1;
      end
    end else if (in_q && !link_i) begin
      end_now = 1'b1;
      in_d = 1'b0;
      drop_fcs_o = 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      in_q <= 1'b0;
      bad_q <= 1'b0;
      full_q <= 1'b0;
      len_q <= '0;
    end else begin
      in_q <= in_d;
      bad_q <= bad_d;
      full_q <= full_d;
      len_q <= len_d;
    end
  end

  logic [CntW-1:0] unused_used;
  weir_common_pktfifo #(.Width(weir_pkg::DataW), .Depth(FifoBeats)) u_data (
      .clk_i, .rst_ni,
      .wr_valid_i(wr_valid), .wr_ready_o(wr_ready), .wr_data_i(wire_i.data), .wr_commit_i(good), .wr_abort_i(end_now && !good),
      .rd_valid_o(data_valid), .rd_ready_i(data_pop), .rd_data_o(data), .rd_restart_i(1'b0),
      .rd_release_i(data_pop), .rd_beats_i(CntW'(1)), .used_o(unused_used), .empty_o(data_empty));

  weir_common_fifo #(.Width(LenW), .Depth(FifoBeats)) u_len (
      .clk_i, .rst_ni, .valid_i(good), .ready_o(len_ready), .data_i(len_d),
      .valid_o(len_valid), .ready_i(len_pop), .data_o(len), .level_o(len_level));

  assign beats = CntW'((len + LenW'(63)) >> 6);
  assign last = done_q + 1'b1 == beats;
  assign port_rx_valid_o = len_valid && data_valid;
  assign data_pop = port_rx_valid_o && port_rx_ready_i;
  assign len_pop = data_pop && last;
  assign port_rx_o.sop = done_q == '0;
  assign port_rx_o.eop = last;
  assign port_rx_o.len = len;
  assign port_rx_o.data = data;
  assign idle_o = !in_q && data_empty && len_level == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) done_q <= '0;
    else if (data_pop) done_q <= last ? '0 : done_q + 1'b1;
  end
endmodule
