// SPDX-License-Identifier: Apache-2.0
// Round-robin choice among N requesters, combinational from a registered pointer: the first requester at or after the
// pointer wins. advance_i moves the pointer behind the winner. N: power of two, 2..2048. No loop over requesters, so it
// stays fast in simulation and shallow in hardware: masked x & -x.
module weir_common_rr #(
    parameter int N = 4
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic [N-1:0]         req_i,
    input  logic                 advance_i,
    output logic                 valid_o,
    output logic [N-1:0]         grant_o,   // one-hot, zero without a request
    output logic [$clog2(N)-1:0] index_o
);
  localparam int IdxW = $clog2(N);

  logic [N-1:0] mask_q;  // ones at and after the pointer
  logic [N-1:0] masked;
  logic [N-1:0] pick;

  assign masked = req_i & mask_q;
  assign pick = (masked != '0) ? masked : req_i;
  assign grant_o = pick & (~pick + 1'b1);
  assign valid_o = req_i != '0;

  // One-hot to binary: bit b is the OR of the grants whose index has bit b set.
  for (genvar b = 0; b < IdxW; b++) begin : gen_idx
    logic [N-1:0] sel;
    for (genvar k = 0; k < N; k++) begin : gen_sel
      assign sel[k] = ((k >> b) & 1) == 1;
    end
    assign index_o[b] = |(grant_o & sel);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) mask_q <= '1;
    else if (advance_i && valid_o) mask_q <= ~(grant_o | (grant_o - 1'b1));
  end

`ifdef FORMAL
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert ((grant_o & (grant_o - 1'b1)) == '0);
      assert ((grant_o & ~req_i) == '0);
      assert (valid_o == (grant_o != '0));
    end
  end
`endif
endmodule
