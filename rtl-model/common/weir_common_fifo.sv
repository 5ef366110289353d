// SPDX-License-Identifier: Apache-2.0
// Synchronous first-in first-out queue: data_o is valid whenever valid_o is. Throughput one per cycle, latency one cycle.
// Depth: power of two, 2..4096 entries; Width in bits. The head stands in a register that is loaded only when it changes:
// a good RAM output in hardware, and in simulation a queue at rest costs nothing however wide it is.
// Does not: cross clocks, drop, or allow a push while full (ready_o low).
module weir_common_fifo #(
    parameter int Width = 8,
    parameter int Depth = 4
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     valid_i,
    output logic                     ready_o,
    input  logic [Width-1:0]         data_i,
    output logic                     valid_o,
    input  logic                     ready_i,
    output logic [Width-1:0]         data_o,
    output logic [$clog2(Depth):0]   level_o
);
  localparam int AddrW = $clog2(Depth);

  logic [Width-1:0] mem [0:Depth-1];
  logic [AddrW:0] wr_q;
  logic [AddrW:0] rd_q;
  logic [Width-1:0] head_q;
  logic [AddrW-1:0] next;    // entry behind the head
  logic push;
  logic pop;

  assign level_o = wr_q - rd_q;
  assign ready_o = !level_o[AddrW];
  assign valid_o = wr_q != rd_q;
  assign data_o = head_q;
  assign next = rd_q[AddrW-1:0] + 1'b1;
  assign push = valid_i && ready_o;
  assign pop = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    if (push) mem[wr_q[AddrW-1:0]] <= data_i;
    if (push && (level_o == '0 || (pop && level_o == (AddrW + 1)'(1)))) head_q <= data_i;
    else if (pop) head_q <= mem[next];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wr_q <= '0;
      rd_q <= '0;
    end else begin
      if (push) wr_q <= wr_q + 1'b1;
      if (pop) rd_q <= rd_q + 1'b1;
    end
  end

`ifdef FORMAL
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (level_o <= (AddrW + 1)'(Depth));
  end
`endif
endmodule
