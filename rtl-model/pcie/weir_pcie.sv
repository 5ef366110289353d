// SPDX-License-Identifier: Apache-2.0
// The card's PCI Express endpoint to TLP level: configuration spaces of the PF and its VFs, SR-IOV, FLR, MSI-X, BAR
// decoding, and the way out for dma's requests. Wiring, the captured bus number and the choice between BAR reads and writes
// live here. Does not: know rings, mailboxes or firmware, or keep posted writes waiting for anything of ours (pcie 40).
// Bus numbers: the PF is function 0 of the captured bus; VFs follow it there with ARI, else on the bus behind (pcie 6-8).
module weir_pcie #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  weir_pkg::csr_req_t   csr_i,
    output weir_pkg::csr_rsp_t   csr_o,
    output logic                 idle_o,
    output logic                 event_o,
    input  logic                 hot_reset_i,
    input  logic                 tlp_rx_valid_i,
    output logic                 tlp_rx_ready_o,
    input  weir_pkg::tlp_t       tlp_rx_i,
    output logic                 tlp_tx_valid_o,
    input  logic                 tlp_tx_ready_i,
    output weir_pkg::tlp_t       tlp_tx_o,
    output weir_pkg::bar_req_t   bar_req_o,
    output logic                 db_inline_valid_o,   // bar_req_o begins a whole write of an inline doorbell slot,
    output logic [511:0]         db_inline_data_o,    // these bytes
    input  weir_pkg::bar_rsp_t   bar_rsp_i,
    output logic                 cpl_valid_o,
    input  logic                 cpl_ready_i,
    output weir_pkg::tlp_t       cpl_o,
    input  logic                 rdreq_valid_i,
    output logic                 rdreq_ready_o,
    input  weir_pkg::dma_tlp_t   rdreq_i,
    input  logic                 wr_valid_i,
    output logic                 wr_ready_o,
    input  weir_pkg::dma_tlp_t   wr_i,
    input  logic                 irq_valid_i,
    output logic                 irq_ready_o,
    input  weir_pkg::irq_t       irq_i,
    input  weir_pkg::dma_err_t   dma_err_i,
    output logic                 pend_valid_o,   // does function pend_fn_o wait for completions? (pcie 31)
    output logic [weir_pkg::FnW-1:0] pend_fn_o,
    input  logic                 pend_i,         // answer of the same cycle
    output weir_pkg::pcie_cfg_t  cfg_o,
    output logic [NumFns-1:0]    fn_dma_ok_o,
    output logic [NumFns-1:0]    fn_enabled_o,
    output logic [NumFns-1:0]    fn_flr_o,       // in reset
    output logic [NumFns-1:0]    fn_quiesce_o       // in reset, or firmware has not let go of the generation before
);
  localparam int FnW = weir_pkg::FnW;

  // A conventional reset also clears what is on its way from and to the link.
  logic hot_q;
  logic link_rst_n;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) hot_q <= 1'b0;
    else hot_q <= hot_reset_i;
  end
  assign link_rst_n = rst_ni && !hot_q;

  logic [NumFns-1:0] visible;
  logic [NumFns-1:0] flr;
  logic [NumFns-1:0] flr_begin;
  logic [NumFns-1:0] bme;
  logic [NumFns-1:0] awake;
  logic [NumFns-1:0] msix_en;
  logic [NumFns-1:0] msix_mask;
  logic pf_on;
  logic [63:0] pf_bar;
  logic vf_enable;
  logic vf_mse;
  logic [15:0] num_vfs;
  logic [63:0] vf_bar;
  logic [4:0] vf_shift;
  logic [7:0] bus_q;
  logic [15:0] pf_rid;
  logic [15:0] vf_offset;
  logic [15:0] vf_rid;             // of VF 0
  assign pf_rid = {bus_q, 8'd0};
  assign vf_rid = pf_rid + vf_offset;
  assign fn_flr_o = flr;

  // ---- From the link ----
  logic [63:0] rx_addr;
  logic rx_hit;
  logic [FnW-1:0] rx_fn;
  logic [20:0] rx_off;
  logic rx_hole;
  logic bw_valid;
  logic bw_ready;
  logic [FnW-1:0] bw_fn;
  logic [20:0] bw_addr;
  logic [31:0] bw_data;
  logic [3:0] bw_be;
  logic bw_db_inline;
  logic [511:0] bw_slot;
  logic np_valid;
  logic np_ready;
  logic [127:0] np_hdr;
  logic [31:0] np_data;
  logic rx_err_valid;
  weir_pcie_pkg::err_t rx_err;
  logic rx_bad_valid;
  logic [127:0] rx_bad_hdr;
  logic [2:0] rx_sta;
  logic [FnW-1:0] rx_sta_fn;
  logic rx_cpl_valid;
  logic rx_cpl_mid;
  weir_pkg::tlp_t rx_cpl;
  logic refused_valid;
  logic [7:0] refused_tag;
  logic rx_ready;
  logic rx_idle;
  // What comes while the queues are in reset would be lost.
  assign tlp_rx_ready_o = rx_ready && !hot_q;

  weir_pcie_decode #(.NumFns(NumFns)) u_rx_decode (
      .addr_i(rx_addr), .pf_on_i(pf_on), .pf_bar_i(pf_bar), .vf_on_i(vf_enable && vf_mse), .vf_bar_i(vf_bar),
      .vf_shift_i(vf_shift), .visible_i(visible), .awake_i(awake),
      .hit_o(rx_hit), .fn_o(rx_fn), .off_o(rx_off), .hole_o(rx_hole));
  weir_pcie_rx #(.NumFns(NumFns)) u_rx (
      .clk_i, .rst_ni(link_rst_n), .tlp_rx_valid_i, .tlp_rx_ready_o(rx_ready), .tlp_rx_i, .mps_i(cfg_o.mps), .pf_rid_i(pf_rid),
      .dec_addr_o(rx_addr), .dec_hit_i(rx_hit), .dec_fn_i(rx_fn), .dec_off_i(rx_off), .dec_hole_i(rx_hole),
      .bw_valid_o(bw_valid), .bw_ready_i(bw_ready), .bw_fn_o(bw_fn), .bw_addr_o(bw_addr), .bw_data_o(bw_data),
      .bw_be_o(bw_be), .bw_db_inline_o(bw_db_inline), .bw_slot_o(bw_slot), .np_valid_o(np_valid), .np_ready_i(np_ready), .np_hdr_o(np_hdr), .np_data_o(np_data),
      .cpl_valid_o(rx_cpl_valid), .cpl_ready_i(cpl_ready_i && !refused_valid), .cpl_o(rx_cpl), .cpl_mid_o(rx_cpl_mid),
      .sta_o(rx_sta), .sta_fn_o(rx_sta_fn), .err_valid_o(rx_err_valid), .err_o(rx_err),
      .bad_valid_o(rx_bad_valid), .bad_hdr_o(rx_bad_hdr), .idle_o(rx_idle));

  // Completions for dma: the host's, and between two of them ours for reads that were not sent.
  logic refused;
  logic refused_room;
  logic refused_any;
  /* verilator lint_off PINCONNECTEMPTY */
  weir_common_fifo #(.Width(8), .Depth(4)) u_refused (
      .clk_i, .rst_ni, .valid_i(refused), .ready_o(refused_room), .data_i(rdreq_i.tlp.hdr[47:40]),
      .valid_o(refused_any), .ready_i(refused_valid && cpl_ready_i), .data_o(refused_tag), .level_o());
  /* verilator lint_on PINCONNECTEMPTY */
  assign refused_valid = refused_any && !rx_cpl_mid;
  assign cpl_valid_o = rx_cpl_valid || refused_valid;
  always_comb begin
    cpl_o = rx_cpl;
    if (refused_valid) begin
      cpl_o = '0;
      cpl_o.sop = 1'b1;
      cpl_o.eop = 1'b1;
      cpl_o.hdr[31:24] = 8'h0A;
      cpl_o.hdr[47:45] = weir_pcie_pkg::CplUr;
      cpl_o.hdr[79:72] = refused_tag;
    end
  end

  // ---- Non-posted requests ----
  logic [63:0] np_addr;
  logic np_hit;
  logic [FnW-1:0] np_fn;
  logic [20:0] np_off;
  logic np_hole;
  logic cfg_valid;
  logic cfg_write;
  logic [FnW-1:0] cfg_fn;
  logic cfg_type0;
  logic [7:0] cfg_bus;
  logic [9:0] cfg_reg;
  logic [3:0] cfg_be;
  logic [31:0] cfg_wdata;
  logic [31:0] pf_rdata;
  logic [31:0] vf_rdata;
  logic br_valid;
  logic br_ready;
  logic [FnW-1:0] br_fn;
  logic [20:0] br_addr;
  logic [31:0] msix_rdata;
  logic own_cpl_valid;
  logic own_cpl_ready;
  logic [127:0] own_cpl_hdr;
  logic [511:0] own_cpl_data;
  logic np_err_valid;
  weir_pcie_pkg::err_t np_err;
  logic np_idle;

  weir_pcie_decode #(.NumFns(NumFns)) u_np_decode (
      .addr_i(np_addr), .pf_on_i(pf_on), .pf_bar_i(pf_bar), .vf_on_i(vf_enable && vf_mse), .vf_bar_i(vf_bar),
      .vf_shift_i(vf_shift), .visible_i(visible), .awake_i(awake),
      .hit_o(np_hit), .fn_o(np_fn), .off_o(np_off), .hole_o(np_hole));
  weir_pcie_np #(.NumFns(NumFns)) u_np (
      .clk_i, .rst_ni(link_rst_n), .np_valid_i(np_valid), .np_ready_o(np_ready), .np_hdr_i(np_hdr), .np_data_i(np_data),
      .visible_i(visible), .pf_rid_i(pf_rid), .vf_rid_i(vf_rid),
      .dec_addr_o(np_addr), .dec_hit_i(np_hit), .dec_fn_i(np_fn), .dec_off_i(np_off), .dec_hole_i(np_hole),
      .cfg_valid_o(cfg_valid), .cfg_write_o(cfg_write), .cfg_fn_o(cfg_fn), .cfg_type0_o(cfg_type0), .cfg_bus_o(cfg_bus), .cfg_reg_o(cfg_reg),
      .cfg_be_o(cfg_be), .cfg_wdata_o(cfg_wdata), .cfg_rdata_i((cfg_fn == '0) ? pf_rdata : vf_rdata),
      .br_valid_o(br_valid), .br_ready_i(br_ready), .br_fn_o(br_fn), .br_addr_o(br_addr), .br_rsp_i(bar_rsp_i),
      .msix_rdata_i(msix_rdata), .cpl_valid_o(own_cpl_valid), .cpl_ready_i(own_cpl_ready), .cpl_hdr_o(own_cpl_hdr),
      .cpl_data_o(own_cpl_data), .err_valid_o(np_err_valid), .err_o(np_err), .idle_o(np_idle));

  // ---- BAR port: one access a cycle, writes first, but a read waits for one of them at most. The cycle it takes is one in
  // which its own TLP brought no write, so the writes behind it never back up to the link. ----
  weir_pkg::bar_req_t bar_q;
  logic waited_q;
  logic db_inline_q;
  logic [511:0] slot_q;
  assign br_ready = br_valid && (!bw_valid || waited_q);
  assign bw_ready = !br_ready;
  assign bar_req_o = bar_q;
  assign db_inline_valid_o = db_inline_q;
  assign db_inline_data_o = slot_q;
  always_ff @(posedge clk_i) begin
    if (bw_valid && bw_db_inline) slot_q <= bw_slot;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bar_q <= '0;
      bus_q <= '0;
      waited_q <= 1'b0;
      db_inline_q <= 1'b0;
    end else begin
      waited_q <= br_valid && !br_ready;
      db_inline_q <= bw_valid && bw_ready && bw_db_inline;
      bar_q.valid <= br_ready || (bw_valid && (bw_addr < 21'h1000 ||
                                              bw_addr >= 21'(weir_abi_pkg::BarDoorbellBase)));
      bar_q.write <= !br_ready;
      bar_q.fn <= br_ready ? br_fn : bw_fn;
      bar_q.addr <= br_ready ? br_addr : bw_addr;
      bar_q.wdata <= bw_data;
      bar_q.be <= br_ready ? 4'hF : bw_be;
      if (hot_reset_i) bus_q <= '0;
      else if (cfg_valid && cfg_write && cfg_type0) bus_q <= cfg_bus;
    end
  end

  // ---- Configuration space ----
  logic [3:0] err_enable;
  logic [3:0] err_status;
  logic [7:0] pci_status;
  logic [31:0] aer;
  logic [1:0] serr_perr;
  logic own_err;
  logic own_err_ready;
  logic em_valid;
  logic em_ready;
  logic [FnW-1:0] em_fn;
  logic [7:0] em_code;
  logic err_idle;
  logic moderate;
  // Transactions Pending for the host's reads goes first; else, is a reset over?
  logic pend_cfg;
  logic ask;
  logic [FnW-1:0] ask_fn;
  logic [NumFns-1:0] quiesce;
  assign pend_cfg = cfg_valid && !cfg_write;
  assign pend_valid_o = pend_cfg || ask;
  assign pend_fn_o = pend_cfg ? cfg_fn : ask_fn;
  assign fn_quiesce_o = quiesce;
  // What was asked for before a conventional reset never comes; dma takes one cycle per tag to learn that.
  logic [8:0] lost_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) lost_q <= '0;
    else if (hot_reset_i) lost_q <= 9'd511;
    else if (lost_q != 9'd0) lost_q <= lost_q - 9'd1;
  end

  weir_pcie_err #(.NumFns(NumFns)) u_err (
      .clk_i, .rst_ni, .hot_i(hot_reset_i), .rx_valid_i(rx_err_valid), .rx_i(rx_err), .bad_valid_i(rx_bad_valid),
      .bad_hdr_i(rx_bad_hdr), .np_valid_i(np_err_valid), .np_i(np_err), .dma_i(dma_err_i),
      .own_valid_i(own_err), .own_ready_o(own_err_ready),
      .own_cor_i(csr_i.addr == 16'(weir_abi_pkg::PcieErrCorOffset)), .own_bits_i(csr_i.wdata),
      .sta_i(rx_sta), .sta_fn_i(rx_sta_fn), .write_i(cfg_valid && cfg_write), .fn_i(cfg_fn), .reg_i(cfg_reg),
      .be_i(cfg_be), .wdata_i(cfg_wdata), .flr_i(flr), .visible_i(visible), .serr_perr_i(serr_perr), .enable_o(err_enable),
      .status_o(err_status), .pci_status_o(pci_status), .aer_o(aer),
      .msg_valid_o(em_valid), .msg_ready_i(em_ready), .msg_fn_o(em_fn), .msg_code_o(em_code), .idle_o(err_idle));

  logic flr_req;
  logic pf_flr;
  assign pf_flr = flr_begin[0] || (flr_req && cfg_fn == '0);
  weir_pcie_cfg_fn #(.NumFns(NumFns)) u_cfg_fn (
      .clk_i, .rst_ni, .write_i(cfg_valid && cfg_write), .fn_i(cfg_fn), .reg_i(cfg_reg), .be_i(cfg_be),
      .wdata_i(cfg_wdata), .vf_rdata_o(vf_rdata), .err_status_i(err_status),
      .pci_status_i(pci_status), .pending_i(pend_i), .flr_i(flr), .flr_req_o(flr_req), .bme_o(bme), .awake_o(awake),
      .msix_en_o(msix_en), .msix_mask_o(msix_mask));
  weir_pcie_cfg_pf #(.NumFns(NumFns)) u_cfg_pf (
      .clk_i, .rst_ni, .write_i(cfg_valid && cfg_write && cfg_fn == '0), .reg_i(cfg_reg), .be_i(cfg_be),
      .wdata_i(cfg_wdata), .rdata_o(pf_rdata), .flr_i(pf_flr), .hot_reset_i, .bme_i(bme[0]), .awake_i(awake[0]),
      .msix_en_i(msix_en[0]), .msix_mask_i(msix_mask[0]), .pending_i(pend_i), .err_enable_i(err_enable), .err_status_i(err_status),
      .pci_status_i(pci_status), .aer_i(aer), .link_reset_i(hot_reset_i || lost_q != 9'd0), .serr_perr_o(serr_perr),
      .vf_offset_o(vf_offset),
      .mse_o(pf_on), .bar_o(pf_bar), .cfg_o, .vf_enable_o(vf_enable), .vf_mse_o(vf_mse), .num_vfs_o(num_vfs),
      .vf_bar_o(vf_bar), .vf_shift_o(vf_shift));

  logic test_valid;
  logic test_ready;
  weir_pkg::irq_t test;
  logic fns_idle;
  logic [NumFns-1:0] dma_ok;
  assign fn_dma_ok_o = (lost_q == 9'd0) ? dma_ok : '0;
  weir_pcie_fns #(.NumFns(NumFns)) u_fns (
      .clk_i, .rst_ni, .csr_i, .csr_o, .hot_i(hot_reset_i), .pf_rid_i(pf_rid), .vf_offset_i(vf_offset),
      .num_vfs_i(num_vfs), .flr_req_i(flr_req), .moderate_o(moderate), .own_err_o(own_err),
      .own_err_ready_i(own_err_ready),
      .flr_fn_i(cfg_fn), .bme_i(bme & awake), .msix_en_i(msix_en), .visible_o(visible), .enabled_o(fn_enabled_o),
      .dma_ok_o(dma_ok), .flr_o(flr), .flr_begin_o(flr_begin), .quiesce_o(quiesce),
      .ask_o(ask), .ask_fn_o(ask_fn), .ask_ready_i(!pend_cfg), .ask_busy_i(pend_i), .test_valid_o(test_valid),
      .test_ready_i(test_ready), .test_o(test), .event_o, .idle_o(fns_idle));

  // ---- MSI-X ----
  logic token_valid;
  logic token_ready;
  weir_pkg::irq_t token;
  logic msg_valid;
  logic msg_ready;
  logic [FnW-1:0] msg_fn;
  logic [63:0] msg_addr;
  logic [31:0] msg_data;
  logic msix_idle;
  weir_pcie_msix #(.NumFns(NumFns)) u_msix (
      .clk_i, .rst_ni, .wr_i(bw_valid), .wr_fn_i(bw_fn), .wr_addr_i(bw_addr), .wr_data_i(bw_data),
      .wr_be_i(bw_be), .rd_fn_i(br_fn), .rd_addr_i(br_addr), .rd_data_o(msix_rdata),
      .can_i(msix_en & ~msix_mask & bme & awake & visible & ~flr), .clear_i(flr_begin), .flr_i(flr | ~visible), .quiesce_i(quiesce),
      .moderate_i(moderate), .moderate_arg_i(csr_i.wdata[18:0]),
      .token_valid_i(token_valid), .token_ready_o(token_ready), .token_i(token),
      .irq_valid_i, .irq_ready_o, .irq_i, .test_valid_i(test_valid), .test_ready_o(test_ready), .test_i(test),
      .msg_valid_o(msg_valid), .msg_ready_i(msg_ready), .msg_fn_o(msg_fn), .msg_addr_o(msg_addr), .msg_data_o(msg_data),
      .idle_o(msix_idle));

  // ---- To the link ----
  logic tx_idle;
  weir_pcie_tx #(.NumFns(NumFns)) u_tx (
      .clk_i, .rst_ni, .link_rst_ni(link_rst_n), .hot_i(hot_reset_i), .pf_rid_i(pf_rid), .vf_rid_i(vf_rid),
      .dma_ok_i(fn_dma_ok_o), .refused_o(refused), .refused_ok_i(refused_room),
      .err_valid_i(em_valid), .err_ready_o(em_ready), .err_fn_i(em_fn), .err_code_i(em_code),
      .wr_valid_i, .wr_ready_o, .wr_i, .rdreq_valid_i, .rdreq_ready_o, .rdreq_i,
      .msg_valid_i(msg_valid), .msg_ready_o(msg_ready), .msg_fn_i(msg_fn), .msg_addr_i(msg_addr), .msg_data_i(msg_data),
      .cpl_valid_i(own_cpl_valid), .cpl_ready_o(own_cpl_ready), .cpl_hdr_i(own_cpl_hdr), .cpl_data_i(own_cpl_data),
      .token_valid_o(token_valid), .token_ready_i(token_ready), .token_o(token),
      .tlp_tx_valid_o, .tlp_tx_ready_i, .tlp_tx_o, .idle_o(tx_idle));

  assign idle_o = rx_idle && np_idle && fns_idle && msix_idle && tx_idle && err_idle && !refused_any &&
                  lost_q == 9'd0 && !bar_q.valid && !irq_valid_i && !hot_reset_i;
endmodule
