// SPDX-License-Identifier: Apache-2.0
// Bench wrapper: packs the ports of weir_port. A FIFO stands before port_tx, whose answer depends on wire_tx_ready.
module tb_port (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic [1247:0] in_i,
    output logic [1247:0] out_o
);
  weir_pkg::wire_t wire_rx, wire_tx;
  weir_pkg::frame_t port_rx, port_tx_in, port_tx;
  weir_pkg::port_stat_t stat;
  weir_pkg::csr_req_t csr;
  weir_pkg::csr_rsp_t rsp;
  logic tx_valid, port_rx_valid, port_tx_valid, port_tx_ready, in_ready, ev, idle, link;
  logic [1:0] unused_level;

  assign wire_rx = in_i[521:0];
  assign port_tx_in = in_i[1103:576];
  assign csr = in_i[1201:1152];

  weir_common_fifo #(.Width(528), .Depth(2)) u_in (
      .clk_i, .rst_ni, .valid_i(in_i[1104]), .ready_o(in_ready), .data_i(port_tx_in),
      .valid_o(port_tx_valid), .ready_i(port_tx_ready), .data_o(port_tx), .level_o(unused_level));

  weir_port u_dut (
      .clk_i, .rst_ni, .cable_i(in_i[1216]), .link_up_o(link), .wire_rx_valid_i(in_i[544]), .wire_rx_i(wire_rx),
      .wire_tx_valid_o(tx_valid), .wire_tx_ready_i(in_i[1217]), .wire_tx_o(wire_tx),
      .port_rx_valid_o(port_rx_valid), .port_rx_ready_i(in_i[1218]), .port_rx_o(port_rx),
      .port_tx_valid_i(port_tx_valid), .port_tx_ready_o(port_tx_ready), .port_tx_i(port_tx), .stat_o(stat),
      .csr_i(csr), .csr_o(rsp), .event_o(ev), .idle_o(idle));

  assign out_o = {12'b0, stat, 31'b0, rsp, 27'b0, idle, ev, link, in_ready, port_rx_valid, 16'b0, port_rx, 53'b0, tx_valid, wire_tx};
endmodule
