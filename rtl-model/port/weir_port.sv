// SPDX-License-Identifier: Apache-2.0
// The Ethernet port: wire to switch through a store-and-forward FIFO, switch to wire with padding, and the link.
// Link is up when firmware enables it (CTL bit 0) and the cable is in. While it is down nothing is received and frames for
// the wire are swallowed and counted. It never stalls the wire, sends no PAUSE and answers none (threat T15).
module weir_port (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   cable_i,
    output logic                   link_up_o,
    input  logic                   wire_rx_valid_i,
    input  weir_pkg::wire_t        wire_rx_i,
    output logic                   wire_tx_valid_o,
    input  logic                   wire_tx_ready_i,
    output weir_pkg::wire_t        wire_tx_o,
    output logic                   port_rx_valid_o,
    input  logic                   port_rx_ready_i,
    output weir_pkg::frame_t       port_rx_o,
    input  logic                   port_tx_valid_i,
    output logic                   port_tx_ready_o,
    input  weir_pkg::frame_t       port_tx_i,
    output weir_pkg::port_stat_t   stat_o,
    input  weir_pkg::csr_req_t     csr_i,
    output weir_pkg::csr_rsp_t     csr_o,
    output logic                   event_o,
    output logic                   idle_o
);
  logic ctl_q, cable_q, link_q, link_d;
  logic event_q, event_d;
  logic ack_q;
  logic [31:0] rdata_q, rdata_d;
  logic hit, pop;
  logic rx_idle, tx_idle;
  logic drop_fcs, drop_runt, drop_long, drop_fifo, tx_drop, tx_sent;
  logic [weir_pkg::LenW-1:0] tx_len;
  weir_pkg::port_stat_t stat_q, stat_d;

  weir_port_rx u_rx (
      .clk_i, .rst_ni, .link_i(link_q), .wire_valid_i(wire_rx_valid_i), .wire_i(wire_rx_i),
      .port_rx_valid_o, .port_rx_ready_i, .port_rx_o,
      .drop_fcs_o(drop_fcs), .drop_runt_o(drop_runt), .drop_long_o(drop_long), .drop_fifo_o(drop_fifo), .idle_o(rx_idle));

  weir_port_tx u_tx (
      .clk_i, .rst_ni, .link_i(link_q), .port_tx_valid_i, .port_tx_ready_o, .port_tx_i,
      .wire_valid_o(wire_tx_valid_o), .wire_ready_i(wire_tx_ready_i), .wire_o(wire_tx_o),
      .drop_link_o(tx_drop), .sent_o(tx_sent), .len_o(tx_len), .idle_o(tx_idle));

  assign link_up_o = link_q;
  assign stat_o = stat_q;
  assign event_o = event_q;
  assign csr_o.ack = ack_q;
  assign csr_o.rdata = rdata_q;
  assign link_d = ctl_q && cable_q;
  assign idle_o = rx_idle && tx_idle && link_d == link_q && stat_q == '0;

  // Link events coalesce: one event with the state at the pop, so a flapping cable can neither fill nor lose anything.
  always_comb begin
    hit = csr_i.valid && !ack_q;
    pop = hit && !csr_i.write && csr_i.addr == 16'(weir_abi_pkg::PortEventPopOffset);
    event_d = (event_q && !pop) || link_d != link_q;
    rdata_d = '0;
    case (csr_i.addr)
      16'(weir_abi_pkg::PortCtlOffset): rdata_d[0] = ctl_q;
      16'(weir_abi_pkg::PortStatusOffset): rdata_d[0] = link_q;
      16'(weir_abi_pkg::PortEventPopOffset): begin
        if (event_q) rdata_d = {1'b1, 7'(weir_abi_pkg::EventLink), 23'b0, link_q};
      end
      default: rdata_d = '0;
    endcase
    stat_d = '0;
    stat_d.rx_drop_fcs = drop_fcs;
    stat_d.rx_drop_runt = drop_runt;
    stat_d.rx_drop_long = drop_long;
    stat_d.rx_drop_fifo = drop_fifo;
    stat_d.tx_drop_link = tx_drop;
    stat_d.tx_sent = tx_sent;
    stat_d.tx_len = tx_sent ? tx_len : '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ctl_q <= 1'b0;
      cable_q <= 1'b0;
      link_q <= 1'b0;
      event_q <= 1'b0;
      ack_q <= 1'b0;
      rdata_q <= '0;
      stat_q <= '0;
    end else begin
      cable_q <= cable_i;
      link_q <= link_d;
      event_q <= event_d;
      ack_q <= hit;
      if (hit) rdata_q <= rdata_d;
      if (hit && csr_i.write && csr_i.addr == 16'(weir_abi_pkg::PortCtlOffset)) ctl_q <= csr_i.wdata[0];
      stat_q <= stat_d;
    end
  end
endmodule
