// SPDX-License-Identifier: Apache-2.0
// Bench wrapper: packs the ports of weir_switch. All its outputs already depend on state only.
module tb_switch (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic [1343:0] in_i,
    output logic [1311:0] out_o
);
  weir_pkg::tx_frame_t tx;
  weir_pkg::frame_t port_rx, port_tx;
  weir_pkg::rx_disposition_t disposition;
  weir_pkg::port_stat_t stat;
  weir_pkg::csr_req_t csr;
  weir_pkg::csr_rsp_t rsp;
  weir_pkg::rx_frame_t rx;
  weir_pkg::tx_done_t done;
  logic tx_ready, port_rx_ready, rx_valid, port_tx_valid, done_valid, ev, idle;

  assign tx = in_i[584:0];
  assign port_rx = in_i[1167:640];
  assign disposition = in_i[1247:1216];
  assign stat = in_i[1267:1248];
  assign csr = in_i[1329:1280];

  logic unused_low;
  weir_switch u_dut (
      .clk_i, .rst_ni,
      .tx_valid_i(in_i[600]), .tx_ready_o(tx_ready), .tx_low_o(unused_low), .tx_i(tx),
      .done_valid_o(done_valid), .done_ready_i(in_i[1183]), .done_o(done),
      .rx_valid_o(rx_valid), .rx_ready_i(in_i[1181]), .rx_o(rx), .disposition_i(disposition),
      .port_rx_valid_i(in_i[1180]), .port_rx_ready_o(port_rx_ready), .port_rx_i(port_rx),
      .port_tx_valid_o(port_tx_valid), .port_tx_ready_i(in_i[1182]), .port_tx_o(port_tx),
      .link_up_i(in_i[1184]), .stat_i(stat), .csr_i(csr), .csr_o(rsp), .event_o(ev), .idle_o(idle));

  assign out_o = {10'b0, idle, ev, 19'b0, rsp, 27'b0, done, done_valid, port_rx_ready, tx_ready, port_tx_valid, 12'b0, port_tx,
                  9'b0, rx_valid, 9'b0, rx};
endmodule
