// SPDX-License-Identifier: Apache-2.0
// One free-running 16-bit counter per function, a RAM with one writer. FN_BUSY is a difference of such counters, so
// events of one cycle never compete for a write port. ready_o is low while the RAM is cleared after reset.
module weir_dma_cnt #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     en_i,
    input  logic                     down_i,    // count down instead of up
    input  logic [weir_pkg::FnW-1:0] fn_i,      // below NumFns
    input  logic [weir_pkg::FnW-1:0] rd_fn_i,
    output logic [15:0]              rd_o,
    output logic                     ready_o
);
  localparam int AddrW = $clog2(NumFns);

  logic [15:0] mem [0:2**AddrW-1];
  logic [AddrW:0] init_q;
  logic [AddrW-1:0] addr;

  assign ready_o = init_q[AddrW];
  assign addr = ready_o ? AddrW'(fn_i) : init_q[AddrW-1:0];
  assign rd_o = mem[AddrW'(rd_fn_i)];

  always_ff @(posedge clk_i) begin
    if (!ready_o) mem[addr] <= 16'd0;
    else if (en_i) mem[addr] <= mem[addr] + (down_i ? 16'hFFFF : 16'd1);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) init_q <= '0;
    else if (!ready_o) init_q <= init_q + 1'b1;
  end
endmodule
