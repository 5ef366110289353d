// SPDX-License-Identifier: Apache-2.0
// Bench wrapper of weir_dma: its ports in words, see bench_dma.h for the same layout in C.
module tb_dma (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic [1887:0] in_i,
    output logic [2623:0] out_o
);
  weir_pkg::csr_req_t csr_req;
  weir_pkg::csr_rsp_t csr_rsp;
  weir_pkg::pcie_cfg_t cfg;
  weir_pkg::dma_rd_req_t txd_req;
  weir_pkg::dma_rd_req_t txp_req;
  weir_pkg::dma_rd_req_t rx_desc_req;
  weir_pkg::dma_rd_rsp_t txd_rsp;
  weir_pkg::dma_rd_rsp_t txp_rsp;
  weir_pkg::dma_rd_rsp_t rx_desc_rsp;
  weir_pkg::dma_wr_t qwr;
  weir_pkg::dma_tlp_t rdreq;
  weir_pkg::dma_tlp_t wr;
  weir_pkg::tlp_t cpl;
  weir_pkg::dma_err_t err;
  logic pend;
  logic [11:0] flags;

  assign cfg = {in_i[18:16], in_i[21:19], in_i[22], in_i[23], 32'b0};
  assign csr_req = {in_i[24], in_i[25], in_i[47:32], in_i[95:64]};
  // Request words: address, {fn, last, len}, ctx.
  assign txd_req = {in_i[287:280], in_i[255:192], in_i[269:256], in_i[272], in_i[319:288]};
  assign txp_req = {in_i[415:408], in_i[383:320], in_i[397:384], in_i[400], in_i[447:416]};
  assign rx_desc_req = {in_i[543:536], in_i[511:448], in_i[525:512], in_i[528], in_i[575:544]};
  assign qwr = {in_i[576], in_i[577], in_i[578], in_i[591:584], in_i[671:608], in_i[685:672], in_i[599:592],
                in_i[1215:704]};
  assign cpl = {in_i[1216], in_i[1217], 1'b0, in_i[1375:1248], in_i[1887:1376]};

  weir_dma #(.NumTags(64)) u_dma (
      .clk_i, .rst_ni, .csr_i(csr_req), .csr_o(csr_rsp), .idle_o(flags[10]), .cfg_i(cfg), .fn_dma_ok_i(in_i[160:96]),
      .err_o(err), .pend_valid_i(1'b1), .pend_fn_i({2'b0, in_i[31:26]}), .pend_o(pend),
      .txd_req_valid_i(in_i[0]), .txd_req_ready_o(flags[0]), .txd_req_i(txd_req),
      .txd_rsp_valid_o(flags[3]), .txd_rsp_ready_i(in_i[3]), .txd_rsp_o(txd_rsp),
      .txp_req_valid_i(in_i[1]), .txp_req_ready_o(flags[1]), .txp_req_i(txp_req),
      .txp_rsp_valid_o(flags[4]), .txp_rsp_ready_i(in_i[4]), .txp_rsp_o(txp_rsp),
      .rx_desc_req_valid_i(in_i[2]), .rx_desc_req_ready_o(flags[2]), .rx_desc_req_i(rx_desc_req),
      .rx_desc_rsp_valid_o(flags[5]), .rx_desc_rsp_ready_i(in_i[5]), .rx_desc_rsp_o(rx_desc_rsp),
      .queue_wr_valid_i(in_i[6]), .queue_wr_ready_o(flags[6]), .queue_wr_i(qwr),
      .rdreq_valid_o(flags[7]), .rdreq_ready_i(in_i[7]), .rdreq_o(rdreq),
      .wr_valid_o(flags[8]), .wr_ready_i(in_i[8]), .wr_o(wr),
      .cpl_valid_i(in_i[9]), .cpl_ready_o(flags[9]), .cpl_i(cpl));
  assign flags[11] = csr_rsp.ack;

  assign out_o[63:0] = {csr_rsp.rdata, 17'b0, pend, err.timeout, err.unexpected, flags};
  assign out_o[639:64] = {txd_rsp.data, txd_rsp.ctx, 22'b0, txd_rsp.err, txd_rsp.eop, 1'b0, txd_rsp.bytes};
  assign out_o[1215:640] = {txp_rsp.data, txp_rsp.ctx, 22'b0, txp_rsp.err, txp_rsp.eop, 1'b0, txp_rsp.bytes};
  assign out_o[1791:1216] = {rx_desc_rsp.data, rx_desc_rsp.ctx, 22'b0, rx_desc_rsp.err, rx_desc_rsp.eop, 1'b0, rx_desc_rsp.bytes};
  assign out_o[1951:1792] = {rdreq.tlp.hdr, 21'b0, rdreq.tlp.eop, rdreq.tlp.sop, rdreq.irq, rdreq.fn};
  assign out_o[2623:1952] = {wr.tlp.data, wr.tlp.hdr, 13'b0, wr.tlp.eop, wr.tlp.sop, wr.irq, wr.vec, wr.fn};

  logic unused;
  assign unused = &{1'b0, in_i};
endmodule
