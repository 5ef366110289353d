// SPDX-License-Identifier: Apache-2.0
// Bench wrapper of weir_pcie: its ports in words, see pcie_host.h for the same layout in C. FIFOs in front of the streams
// whose ready depends on their valid, registers behind what depends on inputs of the same cycle.
/* verilator lint_off PINCONNECTEMPTY */
module tb_pcie #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic [1631:0] in_i,
    output logic [2527:0] out_o
);
  localparam int TlpW = 660;

  weir_pkg::csr_req_t csr_req;
  weir_pkg::csr_rsp_t csr_rsp;
  weir_pkg::tlp_t rx;
  weir_pkg::tlp_t tx;
  weir_pkg::tlp_t cpl;
  weir_pkg::bar_req_t bar_req;
  weir_pkg::bar_rsp_t bar_rsp;
  weir_pkg::dma_tlp_t dma;
  weir_pkg::dma_tlp_t rdreq;
  weir_pkg::dma_tlp_t wr;
  weir_pkg::irq_t irq_in;
  weir_pkg::irq_t irq;
  weir_pkg::pcie_cfg_t cfg;
  logic rx_ready;
  logic tx_valid;
  logic cpl_valid;
  logic rdreq_valid;
  logic rdreq_ready;
  logic rdreq_room;
  logic wr_valid;
  logic wr_ready;
  logic wr_room;
  logic irq_valid;
  logic irq_ready;
  logic irq_room;
  logic event_any;
  logic db_inline_valid;
  logic [511:0] db_inline_data;
  logic idle;
  logic [NumFns-1:0] dma_ok;
  logic [NumFns-1:0] enabled;
  logic [NumFns-1:0] flr;
  logic idle_q;
  logic [NumFns-1:0] dma_ok_q;
  logic [NumFns-1:0] enabled_q;
  logic [NumFns-1:0] flr_q;
  logic [NumFns-1:0] hold;
  logic [NumFns-1:0] hold_q;
  weir_pkg::dma_err_t dma_err;
  logic pend_valid;
  logic [7:0] pend_fn;

  // A word for errors of dma and for the function that waits for completions, then the header of an unexpected one.
  assign dma_err = {in_i[1472], in_i[1473], in_i[1487:1480], in_i[1631:1504]};

  assign rx = {in_i[1], in_i[2], 1'b0, in_i[159:32], in_i[671:160]};
  assign csr_req = {in_i[9], in_i[10], in_i[687:672], in_i[735:704]};
  assign bar_rsp = {in_i[11], in_i[767:736]};
  assign irq_in = {in_i[775:768], in_i[783:776]};
  assign dma = {in_i[816], in_i[807:800], in_i[815:808], in_i[817], in_i[818], 1'b0, in_i[959:832], in_i[1471:960]};

  weir_common_fifo #(.Width(TlpW), .Depth(2)) u_rdreq (
      .clk_i, .rst_ni, .valid_i(in_i[5]), .ready_o(rdreq_room), .data_i(dma),
      .valid_o(rdreq_valid), .ready_i(rdreq_ready), .data_o(rdreq), .level_o());
  weir_common_fifo #(.Width(TlpW), .Depth(2)) u_wr (
      .clk_i, .rst_ni, .valid_i(in_i[6]), .ready_o(wr_room), .data_i(dma),
      .valid_o(wr_valid), .ready_i(wr_ready), .data_o(wr), .level_o());
  weir_common_fifo #(.Width(16), .Depth(2)) u_irq (
      .clk_i, .rst_ni, .valid_i(in_i[7]), .ready_o(irq_room), .data_i(irq_in),
      .valid_o(irq_valid), .ready_i(irq_ready), .data_o(irq), .level_o());

  weir_pcie #(.NumFns(NumFns)) u_pcie (
      .clk_i, .rst_ni, .csr_i(csr_req), .csr_o(csr_rsp), .idle_o(idle), .event_o(event_any), .hot_reset_i(in_i[8]),
      .tlp_rx_valid_i(in_i[0]), .tlp_rx_ready_o(rx_ready), .tlp_rx_i(rx),
      .tlp_tx_valid_o(tx_valid), .tlp_tx_ready_i(in_i[3]), .tlp_tx_o(tx),
      .bar_req_o(bar_req), .db_inline_valid_o(db_inline_valid), .db_inline_data_o(db_inline_data), .bar_rsp_i(bar_rsp),
      .cpl_valid_o(cpl_valid), .cpl_ready_i(in_i[4]), .cpl_o(cpl),
      .rdreq_valid_i(rdreq_valid), .rdreq_ready_o(rdreq_ready), .rdreq_i(rdreq),
      .wr_valid_i(wr_valid), .wr_ready_o(wr_ready), .wr_i(wr),
      .irq_valid_i(irq_valid), .irq_ready_o(irq_ready), .irq_i(irq),
      .dma_err_i(dma_err), .pend_valid_o(pend_valid), .pend_fn_o(pend_fn),
      .pend_i(pend_valid && in_i[1474] && pend_fn == in_i[1495:1488]),
      .cfg_o(cfg), .fn_dma_ok_o(dma_ok), .fn_enabled_o(enabled), .fn_flr_o(flr), .fn_quiesce_o(hold));

  always_ff @(posedge clk_i) begin
    idle_q <= idle;
    dma_ok_q <= dma_ok;
    enabled_q <= enabled;
    flr_q <= flr;
    hold_q <= hold;
  end

  assign out_o[31:0] = {8'b0, bar_req.fn, 2'b0, tx.piggyback, bar_req.write, bar_req.valid, csr_rsp.ack, idle_q, event_any, irq_room,
                        wr_room, rdreq_room, cpl_valid, tx.eop, tx.sop, tx_valid, rx_ready};
  assign out_o[671:32] = {tx.data, tx.hdr};
  assign out_o[799:672] = {16'b0, cfg.link_reset, cfg.ext_tag, cfg.mrrs, cfg.mps, 4'b0, bar_req.be, bar_req.wdata, 11'b0, bar_req.addr,
                           csr_rsp.rdata};
  assign out_o[1471:800] = {cpl.data, cpl.hdr, 30'b0, cpl.eop, cpl.sop};
  assign out_o[2271:2240] = cfg.timeout;
  assign out_o[2527:2272] = 256'(flr_q);
  assign out_o[2239:1472] = {256'(hold_q), 256'(enabled_q), 256'(dma_ok_q)};

  logic unused;
  assign unused = &{1'b0, in_i, db_inline_valid, db_inline_data};
endmodule
