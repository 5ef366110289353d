// SPDX-License-Identifier: Apache-2.0
// Transmit credit. Firmware grants bytes, frames spend them; credit = granted - spent, signed, so a queue may go into debt
// by what was fetched together and then waits. Each of the two counts has one writer. LOAD makes a queue unlimited.
module weir_queue_credit #(
    parameter int NumQps = weir_abi_pkg::NumQps
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  weir_queue_pkg::load_t     load_i,
    input  logic                      grant_valid_i,
    input  logic [weir_pkg::QpW-1:0]  grant_qp_i,
    input  logic [31:0]               grant_i,
    input  logic                      spend_valid_i,
    input  logic [weir_pkg::QpW-1:0]  spend_qp_i,
    input  logic [weir_pkg::LenW-1:0] spend_i,
    input  logic [weir_pkg::QpW-1:0]  qp_i,
    output logic                      limited_o,
    output logic                      ok_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam logic [31:0] Unlimited = 32'h8000_0000;

  logic [31:0]       granted [0:NumQps-1];
  logic [31:0]       spent [0:NumQps-1];
  logic [NumQps-1:0] limited_q;
  logic [31:0]       base;
  logic [31:0]       left;

  // What an unlimited queue spent is forgotten when it becomes limited.
  assign base = limited_q[grant_qp_i[QIdxW-1:0]] ? granted[grant_qp_i[QIdxW-1:0]] : spent[grant_qp_i[QIdxW-1:0]];
  assign left = granted[qp_i[QIdxW-1:0]] - spent[qp_i[QIdxW-1:0]];
  assign limited_o = limited_q[qp_i[QIdxW-1:0]];
  assign ok_o = !limited_o || (!left[31] && left != '0);

  always_ff @(posedge clk_i) begin
    if (grant_valid_i) granted[grant_qp_i[QIdxW-1:0]] <= base + grant_i;
    if (load_i.valid && load_i.init) spent[load_i.qp[QIdxW-1:0]] <= '0;
    else if (spend_valid_i) spent[spend_qp_i[QIdxW-1:0]] <= spent[spend_qp_i[QIdxW-1:0]] + 32'(spend_i);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) limited_q <= '0;
    else if (load_i.valid) limited_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
    else if (grant_valid_i) limited_q[grant_qp_i[QIdxW-1:0]] <= grant_i != Unlimited;
  end
endmodule
