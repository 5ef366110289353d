// SPDX-License-Identifier: Apache-2.0
// Round-robin choice among many requesters, combinational from a registered pointer: the first at or after the pointer,
// and the pointer goes behind it on advance_i. Same rule as weir_common_rr, but in two levels of 16, so that a choice
// among 256 touches words of 16 bits only. N: power of two, 32..2048.
module weir_queue_pick #(
    parameter int N = 256
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic [N-1:0]         req_i,
    input  logic                 advance_i,
    output logic                 valid_o,
    output logic [$clog2(N)-1:0] index_o
);
  localparam int IdxW = $clog2(N);
  localparam int Groups = N / 16;
  localparam int GrpW = IdxW - 4;

  logic [IdxW-1:0]   ptr_q;
  logic [Groups-1:0] any;
  logic [Groups-1:0] later;
  logic [Groups-1:0] cand;
  logic [15:0]       here;
  logic [15:0]       bits;
  logic [GrpW-1:0]   grp;
  logic [3:0]        low;

  for (genvar g = 0; g < Groups; g++) begin : gen_any
    assign any[g] = req_i[g*16 +: 16] != '0;
  end
  assign valid_o = any != '0;

  always_comb begin
    grp = ptr_q[IdxW-1:4];
    here = req_i[{grp, 4'd0} +: 16] & (16'hffff << ptr_q[3:0]);
    // Groups above the pointer's; when none of those asks, wrap to the lowest, which may be the pointer's own.
    later = any & ~((Groups'(2) << grp) - Groups'(1));
    cand = (later != '0) ? later : any;
    bits = here;
    low = '0;
    if (here == '0) begin
      for (int g = Groups - 1; g >= 0; g--) if (cand[g]) grp = GrpW'(g);
      bits = req_i[{grp, 4'd0} +: 16];
    end
    for (int b = 15; b >= 0; b--) if (bits[b]) low = 4'(b);
  end
  assign index_o = {grp, low};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) ptr_q <= '0;
    else if (advance_i && valid_o) ptr_q <= index_o + 1'b1;
  end
endmodule
