// SPDX-License-Identifier: Apache-2.0
// The ledger (counter.def): each source of counts (lookup, copy, disposition, port) has its own RAM or registers and is taken
// every cycle, so no back-pressure is needed and no count is lost. Inputs are registered once.
module weir_switch_count (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  weir_switch_pkg::look_stat_t     look_i,
    input  weir_switch_pkg::copy_stat_t     copy_i,
    input  weir_pkg::rx_disposition_t              disposition_i,
    input  weir_pkg::port_stat_t            port_i,
    input  logic                            clear_i,
    input  logic [weir_switch_pkg::VpW-1:0] clear_vport_i,
    input  logic                            read_i,
    input  logic [16:0]                     sel_i,      // as CNT_SEL
    output logic [47:0]                     value_o     // same cycle
);
  localparam int LenW = weir_pkg::LenW;
  localparam int VpW = weir_switch_pkg::VpW;

  weir_switch_pkg::look_stat_t look_q;
  weir_switch_pkg::copy_stat_t copy_q;
  weir_pkg::rx_disposition_t disposition_q;
  weir_pkg::port_stat_t port_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      look_q <= '0;
      copy_q <= '0;
      disposition_q <= '0;
      port_q <= '0;
    end else begin
      look_q.valid <= look_i.valid;
      copy_q.valid <= copy_i.valid;
      disposition_q.valid <= disposition_i.valid && !disposition_i.fence;
      port_q <= port_i;
      if (look_i.valid) look_q <= look_i;
      if (copy_i.valid) copy_q <= copy_i;
      if (disposition_i.valid && !disposition_i.fence) disposition_q <= disposition_i;
    end
  end

  // ---- Per vPort ----
  logic [VpW-1:0] rv;
  logic rd;
  logic [2:0] tx_sub, rx_sub;
  logic [2:0] disposition_sub;
  logic [VpW-1:0] copy_dst;
  assign rv = sel_i[8+VpW-1:8];
  assign rd = read_i && !sel_i[16];
  assign copy_dst = copy_q.redirect ? '0 : copy_q.vport;
  assign tx_sub = 3'(sel_i[7:0] - 8'(weir_abi_pkg::CntTxDropSrcMac));
  assign rx_sub = 3'(sel_i[7:0] - 8'(weir_abi_pkg::CntRxDropNoDesc));

  // QP_REASON of a disposition -> RX_DROP_*; what has no row of its own stopped the queue pair.
  always_comb begin
    case (disposition_q.reason)
      8'(weir_abi_pkg::ReasonNoDesc): disposition_sub = 3'(weir_abi_pkg::CntRxDropNoDesc - weir_abi_pkg::CntRxDropNoDesc);
      8'(weir_abi_pkg::ReasonFnDisabled): disposition_sub = 3'(weir_abi_pkg::CntRxDropFn - weir_abi_pkg::CntRxDropNoDesc);
      8'(weir_abi_pkg::ReasonCqFull): disposition_sub = 3'(weir_abi_pkg::CntRxDropCqFull - weir_abi_pkg::CntRxDropNoDesc);
      8'(weir_abi_pkg::ReasonRxTooLong): disposition_sub = 3'(weir_abi_pkg::CntRxDropLong - weir_abi_pkg::CntRxDropNoDesc);
      default: disposition_sub = 3'(weir_abi_pkg::CntRxDropQp - weir_abi_pkg::CntRxDropNoDesc);
    endcase
  end

  logic [47:0] tx_frames, tx_bytes, tx_drop, unused_tx_drop, copies, floods, red_out, unused_red_out, drop_vp, unused_drop_vp;
  logic [47:0] rx_frames, rx_bytes, rx_drop, unused_rx_drop, red_in_q;

  weir_switch_cntram u_tx (.clk_i, .rst_ni, .add_i(look_q.valid && look_q.src_h), .addr_i(look_q.vport),
      .a_i(LenW'(1)), .b_i(look_q.len), .clear_i, .clear_vport_i, .read_i(rd), .read_addr_i(rv), .a_o(tx_frames), .b_o(tx_bytes));
  weir_switch_cntram #(.SubW(3)) u_tx_drop (.clk_i, .rst_ni, .add_i(look_q.valid && look_q.src_h && look_q.drop),
      .addr_i({look_q.vport, 3'(look_q.reason - 5'(weir_abi_pkg::CntTxDropSrcMac))}), .a_i(LenW'(1)), .b_i('0),
      .clear_i, .clear_vport_i, .read_i(rd), .read_addr_i({rv, tx_sub}), .a_o(tx_drop), .b_o(unused_tx_drop));
  weir_switch_cntram u_copies (.clk_i, .rst_ni, .add_i(copy_q.valid), .addr_i(copy_q.vport),
      .a_i(LenW'(1)), .b_i(LenW'(copy_q.flood)), .clear_i, .clear_vport_i, .read_i(rd), .read_addr_i(rv), .a_o(copies), .b_o(floods));
  weir_switch_cntram u_red_out (.clk_i, .rst_ni, .add_i(copy_q.valid && copy_q.redirect), .addr_i(copy_q.vport),
      .a_i(LenW'(1)), .b_i('0), .clear_i, .clear_vport_i, .read_i(rd), .read_addr_i(rv), .a_o(red_out), .b_o(unused_red_out));
  weir_switch_cntram u_drop_vp (.clk_i, .rst_ni, .add_i(copy_q.valid && copy_q.drop), .addr_i(copy_dst),
      .a_i(LenW'(1)), .b_i('0), .clear_i, .clear_vport_i, .read_i(rd), .read_addr_i(rv), .a_o(drop_vp), .b_o(unused_drop_vp));
  weir_switch_cntram u_rx (.clk_i, .rst_ni, .add_i(disposition_q.valid && disposition_q.reason == '0), .addr_i(disposition_q.vport[VpW-1:0]),
      .a_i(LenW'(1)), .b_i(disposition_q.len), .clear_i, .clear_vport_i, .read_i(rd), .read_addr_i(rv), .a_o(rx_frames), .b_o(rx_bytes));
  weir_switch_cntram #(.SubW(3)) u_rx_drop (.clk_i, .rst_ni, .add_i(disposition_q.valid && disposition_q.reason != '0),
      .addr_i({disposition_q.vport[VpW-1:0], disposition_sub}), .a_i(LenW'(1)), .b_i('0),
      .clear_i, .clear_vport_i, .read_i(rd), .read_addr_i({rv, rx_sub}), .a_o(rx_drop), .b_o(unused_rx_drop));

  // ---- Of the switch; RX_REDIRECT_IN is here because only vPort 0 ever has it ----
  logic [47:0] rx_f_q, rx_b_q, fcs_q, runt_q, long_q, fifo_q, none_q, tx_f_q, tx_b_q, wire_q, routed_q, copies_q, link_q;
  logic routed;
  assign routed = look_q.wire_copy || look_q.copies != '0;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      red_in_q <= '0;
      rx_f_q <= '0;
      rx_b_q <= '0;
      fcs_q <= '0;
      runt_q <= '0;
      long_q <= '0;
      fifo_q <= '0;
      none_q <= '0;
      tx_f_q <= '0;
      tx_b_q <= '0;
      wire_q <= '0;
      routed_q <= '0;
      copies_q <= '0;
      link_q <= '0;
    end else begin
      if (clear_i && clear_vport_i == '0) red_in_q <= '0;
      else if (copy_q.valid && copy_q.redirect) red_in_q <= red_in_q + 1'b1;
      if (look_q.valid) begin
        if (!look_q.src_h) begin
          rx_f_q <= rx_f_q + 1'b1;
          rx_b_q <= rx_b_q + 48'(look_q.len);
          if (look_q.drop) none_q <= none_q + 1'b1;
        end
        if (look_q.wire_copy) wire_q <= wire_q + 1'b1;
        if (routed) routed_q <= routed_q + 1'b1;
        copies_q <= copies_q + 48'(look_q.copies) + 48'(look_q.wire_copy);
      end
      if (port_q.rx_drop_fcs) fcs_q <= fcs_q + 1'b1;
      if (port_q.rx_drop_runt) runt_q <= runt_q + 1'b1;
      if (port_q.rx_drop_long) long_q <= long_q + 1'b1;
      if (port_q.rx_drop_fifo) fifo_q <= fifo_q + 1'b1;
      if (port_q.tx_drop_link) link_q <= link_q + 1'b1;
      if (port_q.tx_sent) begin
        tx_f_q <= tx_f_q + 1'b1;
        tx_b_q <= tx_b_q + 48'(port_q.tx_len);
      end
    end
  end

  // ---- Read ----
  always_comb begin
    value_o = '0;
    if (read_i && !sel_i[16]) begin
      case (sel_i[7:0])
        8'(weir_abi_pkg::CntTxFrames): value_o = tx_frames;
        8'(weir_abi_pkg::CntTxBytes): value_o = tx_bytes;
        8'(weir_abi_pkg::CntRxCopies): value_o = copies;
        8'(weir_abi_pkg::CntRxRedirectIn): value_o = (rv == '0) ? red_in_q : '0;
        8'(weir_abi_pkg::CntRxRedirectOut): value_o = red_out;
        8'(weir_abi_pkg::CntRxFrames): value_o = rx_frames;
        8'(weir_abi_pkg::CntRxBytes): value_o = rx_bytes;
        8'(weir_abi_pkg::CntRxDropNoDesc), 8'(weir_abi_pkg::CntRxDropQp), 8'(weir_abi_pkg::CntRxDropFn),
        8'(weir_abi_pkg::CntRxDropCqFull), 8'(weir_abi_pkg::CntRxDropLong): value_o = rx_drop;
        8'(weir_abi_pkg::CntRxDropVport): value_o = drop_vp;
        8'(weir_abi_pkg::CntTxDropSrcMac), 8'(weir_abi_pkg::CntTxDropVlan), 8'(weir_abi_pkg::CntTxDropCtrl),
        8'(weir_abi_pkg::CntTxDropSelf), 8'(weir_abi_pkg::CntTxDropLink), 8'(weir_abi_pkg::CntTxDropVport),
        8'(weir_abi_pkg::CntTxDropLong): value_o = tx_drop;
        8'(weir_abi_pkg::CntRxFlood): value_o = floods;
        default: value_o = '0;
      endcase
    end else if (read_i) begin
      case (sel_i[7:0])
        8'(weir_abi_pkg::SwCntPortRxFrames): value_o = rx_f_q;
        8'(weir_abi_pkg::SwCntPortRxBytes): value_o = rx_b_q;
        8'(weir_abi_pkg::SwCntPortRxDropFcs): value_o = fcs_q;
        8'(weir_abi_pkg::SwCntPortRxDropRunt): value_o = runt_q;
        8'(weir_abi_pkg::SwCntPortRxDropLong): value_o = long_q;
        8'(weir_abi_pkg::SwCntPortRxDropFifo): value_o = fifo_q;
        8'(weir_abi_pkg::SwCntPortRxDropNoDest): value_o = none_q;
        8'(weir_abi_pkg::SwCntPortTxFrames): value_o = tx_f_q;
        8'(weir_abi_pkg::SwCntPortTxBytes): value_o = tx_b_q;
        8'(weir_abi_pkg::SwCntWireCopies): value_o = wire_q;
        8'(weir_abi_pkg::SwCntRouted): value_o = routed_q;
        8'(weir_abi_pkg::SwCntCopies): value_o = copies_q;
        8'(weir_abi_pkg::SwCntPortTxDropLink): value_o = link_q;
        default: value_o = '0;
      endcase
    end
  end
endmodule
