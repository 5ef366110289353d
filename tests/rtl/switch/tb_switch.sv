// SPDX-License-Identifier: Apache-2.0
// Bench wrapper: packs the ports of weir_switch. All its outputs already depend on state only.
module tb_switch (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic [1343:0] in_i,
    output logic [1311:0] out_o
);
  weir_pkg::tx_frame_t tx;
  weir_pkg::frame_t prx, ptx;
  weir_pkg::rx_fate_t fate;
  weir_pkg::port_stat_t stat;
  weir_pkg::csr_req_t csr;
  weir_pkg::csr_rsp_t rsp;
  weir_pkg::rx_frame_t rx;
  weir_pkg::tx_done_t done;
  logic tx_ready, prx_ready, rx_valid, ptx_valid, done_valid, ev, idle;

  assign tx = in_i[584:0];
  assign prx = in_i[1167:640];
  assign fate = in_i[1247:1216];
  assign stat = in_i[1267:1248];
  assign csr = in_i[1329:1280];

  logic unused_low;
  weir_switch u_dut (
      .clk_i, .rst_ni,
      .tx_valid_i(in_i[600]), .tx_ready_o(tx_ready), .tx_low_o(unused_low), .tx_i(tx),
      .done_valid_o(done_valid), .done_ready_i(in_i[1183]), .done_o(done),
      .rx_valid_o(rx_valid), .rx_ready_i(in_i[1181]), .rx_o(rx), .fate_i(fate),
      .prx_valid_i(in_i[1180]), .prx_ready_o(prx_ready), .prx_i(prx),
      .ptx_valid_o(ptx_valid), .ptx_ready_i(in_i[1182]), .ptx_o(ptx),
      .link_up_i(in_i[1184]), .stat_i(stat), .csr_i(csr), .csr_o(rsp), .event_o(ev), .idle_o(idle));

  assign out_o = {10'b0, idle, ev, 19'b0, rsp, 27'b0, done, done_valid, prx_ready, tx_ready, ptx_valid, 12'b0, ptx,
                  9'b0, rx_valid, 9'b0, rx};
endmodule
