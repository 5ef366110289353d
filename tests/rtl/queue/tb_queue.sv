// SPDX-License-Identifier: Apache-2.0
// Bench wrapper of weir_queue; harness.h has the bit offsets. FIFOs stand before the two streams whose ready depends on what
// is offered, so that the outputs depend on state only.
module tb_queue #(
    parameter int NumQps = weir_abi_pkg::NumQps
) (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic [3455:0] in_i,
    output logic [1759:0] out_o
);
  localparam int NumFns = weir_abi_pkg::NumFns;

  weir_pkg::csr_rsp_t    csr;
  weir_pkg::rx_disposition_t    disposition;
  weir_pkg::dma_rd_req_t txd_req;
  weir_pkg::dma_rd_req_t txp_req;
  weir_pkg::dma_rd_req_t rx_desc_req;
  weir_pkg::dma_wr_t     qwr;
  weir_pkg::tx_frame_t   tx;
  weir_pkg::bar_req_t    bar_req;
  weir_pkg::csr_req_t    csr_req;
  weir_pkg::tx_done_t    done;
  weir_pkg::dma_rd_rsp_t txd_rsp;
  weir_pkg::dma_rd_rsp_t rx_desc_rsp;
  weir_pkg::dma_rd_rsp_t txp_rsp;
  weir_pkg::rx_frame_t   rx;
  logic [11:0] flags;
  logic idle;
  logic idle_q;
  logic txp_valid;
  logic txp_ready;
  logic rx_valid;
  logic rx_ready;
  logic [1:0] txp_level;
  logic [1:0] rx_level;

  assign bar_req = in_i[66:0];
  assign csr_req = in_i[96 +: 50];
  assign txd_rsp = in_i[480 +: 553];
  assign rx_desc_rsp = in_i[1632 +: 553];
  assign done = in_i[2208 +: 37];

  weir_common_fifo #(.Width(553), .Depth(2)) u_txp (
      .clk_i, .rst_ni, .valid_i(in_i[454]), .ready_o(flags[8]), .data_i(in_i[1056 +: 553]),
      .valid_o(txp_valid), .ready_i(txp_ready), .data_o(txp_rsp), .level_o(txp_level));
  weir_common_fifo #(.Width(621), .Depth(2)) u_rx (
      .clk_i, .rst_ni, .valid_i(in_i[457]), .ready_o(flags[11]), .data_i(in_i[2272 +: 621]),
      .valid_o(rx_valid), .ready_i(rx_ready), .data_o(rx), .level_o(rx_level));

  weir_queue #(.NumQps(NumQps)) u_queue (
      .clk_i, .rst_ni, .csr_i(csr_req), .csr_o(csr), .event_o(flags[0]), .idle_o(idle),
      .bar_req_i(bar_req), .db_inline_valid_i(in_i[3424]), .db_inline_data_i(in_i[2912 +: 512]), .fn_enabled_i(in_i[160 +: NumFns]), .fn_quiesce_i(in_i[256 +: NumFns]), .fn_dma_ok_i(in_i[352 +: NumFns]),
      .txd_req_valid_o(flags[2]), .txd_req_ready_i(in_i[448]), .txd_req_o(txd_req),
      .txd_rsp_valid_i(in_i[453]), .txd_rsp_ready_o(flags[7]), .txd_rsp_i(txd_rsp),
      .txp_req_valid_o(flags[3]), .txp_req_ready_i(in_i[449]), .txp_req_o(txp_req),
      .txp_rsp_valid_i(txp_valid), .txp_rsp_ready_o(txp_ready), .txp_rsp_i(txp_rsp),
      .rx_desc_req_valid_o(flags[4]), .rx_desc_req_ready_i(in_i[450]), .rx_desc_req_o(rx_desc_req),
      .rx_desc_rsp_valid_i(in_i[455]), .rx_desc_rsp_ready_o(flags[9]), .rx_desc_rsp_i(rx_desc_rsp),
      .queue_wr_valid_o(flags[5]), .queue_wr_ready_i(in_i[451]), .queue_wr_o(qwr),
      .tx_valid_o(flags[6]), .tx_ready_i(in_i[452]), .tx_low_i(in_i[3425]), .tx_o(tx),
      .done_valid_i(in_i[456]), .done_ready_o(flags[10]), .done_i(done),
      .rx_valid_i(rx_valid), .rx_ready_o(rx_ready), .rx_i(rx), .disposition_o(disposition));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) idle_q <= 1'b0;
    else idle_q <= idle && txp_level == '0 && rx_level == '0;
  end
  assign flags[1] = idle_q;

  assign out_o = {23'd0, tx, 31'd0, qwr, 9'd0, rx_desc_req, 9'd0, txp_req, 9'd0, txd_req, disposition, 20'd0, flags, 31'd0, csr};

  logic unused;
  assign unused = ^in_i;
endmodule
