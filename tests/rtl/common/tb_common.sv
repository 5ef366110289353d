// SPDX-License-Identifier: Apache-2.0
// Bench wrapper: a 16-entry FIFO and an 8-way round-robin arbiter.
module tb_common (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic [127:0] in_i,
    output logic [127:0] out_o
);
  logic [7:0] req_q;
  logic       adv_q;

  always_ff @(posedge clk_i) begin
    req_q <= in_i[71:64];
    adv_q <= in_i[72];
  end

  logic       fifo_valid;
  logic       fifo_ready;
  logic [31:0] fifo_data;
  logic [4:0] level;
  weir_common_fifo #(.Width(32), .Depth(16)) u_fifo (
      .clk_i, .rst_ni,
      .valid_i(in_i[32]), .ready_o(fifo_ready), .data_i(in_i[31:0]),
      .valid_o(fifo_valid), .ready_i(in_i[33]), .data_o(fifo_data), .level_o(level));

  logic       rr_valid;
  logic [7:0] rr_grant;
  logic [2:0] rr_index;
  weir_common_rr #(.N(8)) u_rr (
      .clk_i, .rst_ni, .req_i(req_q), .advance_i(adv_q), .valid_o(rr_valid), .grant_o(rr_grant), .index_o(rr_index));

  assign out_o = {44'b0, rr_index, rr_grant, rr_valid, req_q, 19'b0, level, 6'b0, fifo_ready, fifo_valid, fifo_data};
endmodule
