// SPDX-License-Identifier: Apache-2.0
// The card: wiring of the blocks of docs/interfaces.md, nothing else. On an FPGA the TLP streams go to the hard IP's user
// interface and the wire streams to the MAC.
module weir_top (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              hot_reset_i,
    input  logic              tlp_rx_valid_i,
    output logic              tlp_rx_ready_o,
    input  weir_pkg::tlp_t    tlp_rx_i,
    output logic              tlp_tx_valid_o,
    input  logic              tlp_tx_ready_i,
    output weir_pkg::tlp_t    tlp_tx_o,
    input  logic              wire_rx_valid_i,
    input  weir_pkg::wire_t   wire_rx_i,
    output logic              wire_tx_valid_o,
    input  logic              wire_tx_ready_i,
    output weir_pkg::wire_t   wire_tx_o,
    input  logic              cable_i,
    output logic              flash_cs_o,
    output logic              flash_sck_o,
    output logic [3:0]        flash_io_o,
    output logic [3:0]        flash_oe_o,
    input  logic [3:0]        flash_io_i,
    input  logic [255:0]      key_fuses_i,
    output logic              console_valid_o,
    output logic [7:0]        console_o,
    output logic              core0_sleep_o,
    output logic              core1_sleep_o,
    output logic              fw_ready_o,
    output logic              idle_o
);
  localparam int NumFns = weir_abi_pkg::NumFns;

  weir_pkg::csr_req_t pcie_csr_req, dma_csr_req, queue_csr_req, switch_csr_req, port_csr_req;
  weir_pkg::csr_rsp_t pcie_csr_rsp, dma_csr_rsp, queue_csr_rsp, switch_csr_rsp, port_csr_rsp;
  logic pcie_event, queue_event, switch_event, port_event;
  logic pcie_idle, dma_idle, queue_idle, switch_idle, port_idle, ctrl_idle;

  weir_pkg::bar_req_t  bar_req;
  logic                db_inline_valid;
  logic [511:0]        db_inline_data;
  weir_pkg::bar_rsp_t  bar_rsp;
  logic                irq_valid, irq_ready;
  weir_pkg::irq_t      irq;
  weir_pkg::pcie_cfg_t cfg;
  weir_pkg::dma_err_t  dma_err;
  logic                pend_valid, pend;
  logic [weir_pkg::FnW-1:0] pend_fn;
  logic [NumFns-1:0]   fn_dma_ok, fn_enabled, fn_flr, fn_quiesce;

  logic                cpl_valid, cpl_ready, rdreq_valid, rdreq_ready, wr_valid, wr_ready;
  weir_pkg::tlp_t      cpl;
  weir_pkg::dma_tlp_t  rdreq, wr;

  weir_pcie u_pcie (
      .clk_i, .rst_ni, .hot_reset_i,
      .tlp_rx_valid_i, .tlp_rx_ready_o, .tlp_rx_i, .tlp_tx_valid_o, .tlp_tx_ready_i, .tlp_tx_o,
      .bar_req_o(bar_req), .db_inline_valid_o(db_inline_valid), .db_inline_data_o(db_inline_data), .bar_rsp_i(bar_rsp),
      .cpl_valid_o(cpl_valid), .cpl_ready_i(cpl_ready), .cpl_o(cpl),
      .rdreq_valid_i(rdreq_valid), .rdreq_ready_o(rdreq_ready), .rdreq_i(rdreq),
      .wr_valid_i(wr_valid), .wr_ready_o(wr_ready), .wr_i(wr),
      .irq_valid_i(irq_valid), .irq_ready_o(irq_ready), .irq_i(irq),
      .dma_err_i(dma_err), .pend_valid_o(pend_valid), .pend_fn_o(pend_fn), .pend_i(pend),
      .cfg_o(cfg), .fn_dma_ok_o(fn_dma_ok), .fn_enabled_o(fn_enabled), .fn_flr_o(fn_flr), .fn_quiesce_o(fn_quiesce),
      .csr_i(pcie_csr_req), .csr_o(pcie_csr_rsp), .event_o(pcie_event), .idle_o(pcie_idle));

  logic                  txd_req_valid, txd_req_ready, txd_rsp_valid, txd_rsp_ready;
  logic                  txp_req_valid, txp_req_ready, txp_rsp_valid, txp_rsp_ready;
  logic                  rx_desc_req_valid, rx_desc_req_ready, rx_desc_rsp_valid, rx_desc_rsp_ready;
  weir_pkg::dma_rd_req_t txd_req, txp_req, rx_desc_req;
  weir_pkg::dma_rd_rsp_t txd_rsp, txp_rsp, rx_desc_rsp;
  logic                  queue_wr_valid, queue_wr_ready;
  weir_pkg::dma_wr_t     qwr;

  // 256 tags cover 64-byte reads, one a cycle, of a host 250 cycles away.
  weir_dma #(.NumTags(256)) u_dma (
      .clk_i, .rst_ni,
      .txd_req_valid_i(txd_req_valid), .txd_req_ready_o(txd_req_ready), .txd_req_i(txd_req),
      .txd_rsp_valid_o(txd_rsp_valid), .txd_rsp_ready_i(txd_rsp_ready), .txd_rsp_o(txd_rsp),
      .txp_req_valid_i(txp_req_valid), .txp_req_ready_o(txp_req_ready), .txp_req_i(txp_req),
      .txp_rsp_valid_o(txp_rsp_valid), .txp_rsp_ready_i(txp_rsp_ready), .txp_rsp_o(txp_rsp),
      .rx_desc_req_valid_i(rx_desc_req_valid), .rx_desc_req_ready_o(rx_desc_req_ready), .rx_desc_req_i(rx_desc_req),
      .rx_desc_rsp_valid_o(rx_desc_rsp_valid), .rx_desc_rsp_ready_i(rx_desc_rsp_ready), .rx_desc_rsp_o(rx_desc_rsp),
      .queue_wr_valid_i(queue_wr_valid), .queue_wr_ready_o(queue_wr_ready), .queue_wr_i(qwr),
      .rdreq_valid_o(rdreq_valid), .rdreq_ready_i(rdreq_ready), .rdreq_o(rdreq),
      .wr_valid_o(wr_valid), .wr_ready_i(wr_ready), .wr_o(wr),
      .cpl_valid_i(cpl_valid), .cpl_ready_o(cpl_ready), .cpl_i(cpl),
      .cfg_i(cfg), .fn_dma_ok_i(fn_dma_ok), .err_o(dma_err),
      .pend_valid_i(pend_valid), .pend_fn_i(pend_fn), .pend_o(pend),
      .csr_i(dma_csr_req), .csr_o(dma_csr_rsp), .idle_o(dma_idle));

  logic                tx_low, tx_valid, tx_ready, done_valid, done_ready, rx_valid, rx_ready;
  weir_pkg::tx_frame_t tx;
  weir_pkg::tx_done_t  done;
  weir_pkg::rx_frame_t rx;
  weir_pkg::rx_disposition_t  disposition;

  weir_queue u_queue (
      .clk_i, .rst_ni, .bar_req_i(bar_req), .db_inline_valid_i(db_inline_valid), .db_inline_data_i(db_inline_data), .fn_enabled_i(fn_enabled), .fn_quiesce_i(fn_quiesce), .fn_dma_ok_i(fn_dma_ok),
      .txd_req_valid_o(txd_req_valid), .txd_req_ready_i(txd_req_ready), .txd_req_o(txd_req),
      .txd_rsp_valid_i(txd_rsp_valid), .txd_rsp_ready_o(txd_rsp_ready), .txd_rsp_i(txd_rsp),
      .txp_req_valid_o(txp_req_valid), .txp_req_ready_i(txp_req_ready), .txp_req_o(txp_req),
      .txp_rsp_valid_i(txp_rsp_valid), .txp_rsp_ready_o(txp_rsp_ready), .txp_rsp_i(txp_rsp),
      .rx_desc_req_valid_o(rx_desc_req_valid), .rx_desc_req_ready_i(rx_desc_req_ready), .rx_desc_req_o(rx_desc_req),
      .rx_desc_rsp_valid_i(rx_desc_rsp_valid), .rx_desc_rsp_ready_o(rx_desc_rsp_ready), .rx_desc_rsp_i(rx_desc_rsp),
      .queue_wr_valid_o(queue_wr_valid), .queue_wr_ready_i(queue_wr_ready), .queue_wr_o(qwr),
      .tx_valid_o(tx_valid), .tx_ready_i(tx_ready), .tx_low_i(tx_low), .tx_o(tx),
      .done_valid_i(done_valid), .done_ready_o(done_ready), .done_i(done),
      .rx_valid_i(rx_valid), .rx_ready_o(rx_ready), .rx_i(rx), .disposition_o(disposition),
      .csr_i(queue_csr_req), .csr_o(queue_csr_rsp), .event_o(queue_event), .idle_o(queue_idle));

  logic                port_rx_valid, port_rx_ready, port_tx_valid, port_tx_ready, link_up;
  weir_pkg::frame_t    port_rx, port_tx;
  weir_pkg::port_stat_t stat;

  weir_switch u_switch (
      .clk_i, .rst_ni,
      .tx_valid_i(tx_valid), .tx_ready_o(tx_ready), .tx_low_o(tx_low), .tx_i(tx),
      .done_valid_o(done_valid), .done_ready_i(done_ready), .done_o(done),
      .rx_valid_o(rx_valid), .rx_ready_i(rx_ready), .rx_o(rx), .disposition_i(disposition),
      .port_rx_valid_i(port_rx_valid), .port_rx_ready_o(port_rx_ready), .port_rx_i(port_rx),
      .port_tx_valid_o(port_tx_valid), .port_tx_ready_i(port_tx_ready), .port_tx_o(port_tx),
      .link_up_i(link_up), .stat_i(stat),
      .csr_i(switch_csr_req), .csr_o(switch_csr_rsp), .event_o(switch_event), .idle_o(switch_idle));

  weir_port u_port (
      .clk_i, .rst_ni, .wire_rx_valid_i, .wire_rx_i, .wire_tx_valid_o, .wire_tx_ready_i, .wire_tx_o,
      .port_rx_valid_o(port_rx_valid), .port_rx_ready_i(port_rx_ready), .port_rx_o(port_rx),
      .port_tx_valid_i(port_tx_valid), .port_tx_ready_o(port_tx_ready), .port_tx_i(port_tx),
      .cable_i, .link_up_o(link_up), .stat_o(stat),
      .csr_i(port_csr_req), .csr_o(port_csr_rsp), .event_o(port_event), .idle_o(port_idle));

  weir_ctrl u_ctrl (
      .clk_i, .rst_ni,
      .pcie_csr_o(pcie_csr_req), .pcie_csr_i(pcie_csr_rsp), .dma_csr_o(dma_csr_req), .dma_csr_i(dma_csr_rsp),
      .queue_csr_o(queue_csr_req), .queue_csr_i(queue_csr_rsp), .switch_csr_o(switch_csr_req),
      .switch_csr_i(switch_csr_rsp), .port_csr_o(port_csr_req), .port_csr_i(port_csr_rsp),
      .bar_req_i(bar_req), .bar_rsp_o(bar_rsp),
      .irq_valid_o(irq_valid), .irq_ready_i(irq_ready), .irq_o(irq), .fn_enabled_i(fn_enabled), .fn_flr_i(fn_flr), .fn_quiesce_i(fn_quiesce),
      .pcie_event_i(pcie_event), .queue_event_i(queue_event), .switch_event_i(switch_event), .port_event_i(port_event),
      .flash_cs_o, .flash_sck_o, .flash_io_o, .flash_oe_o, .flash_io_i, .key_fuses_i,
      .console_valid_o, .console_o, .core0_sleep_o, .core1_sleep_o, .fw_ready_o, .idle_o(ctrl_idle));

  assign idle_o = pcie_idle && dma_idle && queue_idle && switch_idle && port_idle && ctrl_idle;
endmodule
