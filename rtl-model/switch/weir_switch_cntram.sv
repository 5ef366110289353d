// SPDX-License-Identifier: Apache-2.0
// Counters of one kind for all vPorts: two 48-bit sums a word, one word updated each cycle, so nothing ever waits or is
// lost. 2^SubW words a vPort. A word not counted since reset or clear_i reads zero. An unused second sum costs nothing
// after synthesis.
module weir_switch_cntram #(
    parameter int SubW = 0
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        add_i,
    input  logic [7+SubW-1:0]           addr_i,    // vPort, then sub-index
    input  logic [weir_pkg::LenW-1:0]   a_i,
    input  logic [weir_pkg::LenW-1:0]   b_i,
    input  logic                        clear_i,   // wins over an addition of the same cycle
    input  logic [weir_switch_pkg::VpW-1:0] clear_vport_i,
    input  logic                        read_i,
    input  logic [7+SubW-1:0]           read_addr_i,
    output logic [47:0]                 a_o,       // same cycle
    output logic [47:0]                 b_o
);
  localparam int Words = 1 << (7 + SubW);

  logic [95:0] mem [0:Words-1];
  logic [Words-1:0] live_q;
  logic [95:0] old, sum;

  always_comb begin
    old = '0;
    sum = '0;
    if (add_i) begin
      if (live_q[addr_i]) old = mem[addr_i];
      sum = {old[95:48] + 48'(b_i), old[47:0] + 48'(a_i)};
    end
    {b_o, a_o} = '0;
    if (read_i && live_q[read_addr_i]) {b_o, a_o} = mem[read_addr_i];
  end

  always_ff @(posedge clk_i) begin
    if (add_i) mem[addr_i] <= sum;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) live_q <= '0;
    else begin
      if (add_i) live_q[addr_i] <= 1'b1;
      if (clear_i) live_q[clear_vport_i * (1 << SubW) +: (1 << SubW)] <= '0;
    end
  end
endmodule
