// SPDX-License-Identifier: Apache-2.0
// The core as the card has it, for counting cells: fixed first instruction, one interrupt, nobody reads the trace.
module area_cpu (
    input  logic        clk_i,
    input  logic        rst_ni,
    output logic        i_req_o,
    output logic [31:0] i_addr_o,
    input  logic [31:0] i_rdata_i,
    input  logic [1:0]  i_err_i,
    input  logic [1:0]  i_par_i,
    output logic        d_req_o,
    output logic        d_we_o,
    output logic [31:0] d_addr_o,
    output logic [31:0] d_wdata_o,
    output logic [3:0]  d_be_o,
    input  logic        d_gnt_i,
    input  logic        d_err_i,
    input  logic [31:0] d_rdata_i,
    input  logic        d_par_i,
    input  logic        irq_i,
    output logic        sleep_o
);
  weir_cpu_pkg::trace_t unused_trace;
  weir_cpu u_cpu (
      .clk_i, .rst_ni, .boot_addr_i(32'h1000_0000), .i_req_o, .i_addr_o, .i_rdata_i, .i_err_i, .i_par_i, .d_req_o, .d_we_o,
      .d_addr_o, .d_wdata_o, .d_be_o, .d_gnt_i, .d_err_i, .d_rdata_i, .d_par_i, .irq_i, .irq_timer_i(1'b0),
      .irq_soft_i(1'b0), .sleep_o, .trace_o(unused_trace));
endmodule
