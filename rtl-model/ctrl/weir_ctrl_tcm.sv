// SPDX-License-Identifier: Apache-2.0
// Tightly coupled memory of one core: a read-only instruction port that reads 32 bits at any even address, and a byte-writable
// data port, both synchronous, one access a cycle each. A port keeps its read data while its enable is low. A parity bit
// (even) stands beside every byte; reads say which halves are damaged. Bytes: power of two. Two banks of halfwords, so that
// the instruction port can take the upper half of one word and the lower half of the next.
module weir_ctrl_tcm #(
    parameter int Bytes = weir_abi_pkg::TcmBytes
) (
    input  logic                         clk_i,
    input  logic                         i_en_i,
    input  logic [$clog2(Bytes)-1:1]     i_addr_i,
    output logic [31:0]                  i_rdata_o,
    output logic [1:0]                   i_par_o,
    input  logic                         d_en_i,
    input  logic                         d_we_i,
    input  logic [3:0]                   d_be_i,
    input  logic [$clog2(Bytes/4)-1:0]   d_addr_i,
    input  logic [31:0]                  d_wdata_i,
    output logic [31:0]                  d_rdata_o,
    output logic                         d_par_o
);
  localparam int AddrW = $clog2(Bytes / 4);

  logic [17:0] mem_lo [0:Bytes/4-1];   // two bytes, each below its parity bit
  logic [17:0] mem_hi [0:Bytes/4-1];

  // ---- instruction port ----
  logic [AddrW-1:0] i_word;
  logic [17:0]      i_lo_q;
  logic [17:0]      i_hi_q;
  logic             i_odd_q;    // the window begins in the upper bank
  logic [17:0]      i_first;
  logic [17:0]      i_second;

  assign i_word = i_addr_i[AddrW+1:2];
  always_ff @(posedge clk_i) begin
    if (i_en_i) begin
      i_lo_q <= mem_lo[i_word + AddrW'(i_addr_i[1])];
      i_hi_q <= mem_hi[i_word];
      i_odd_q <= i_addr_i[1];
    end
  end
  assign i_first = i_odd_q ? i_hi_q : i_lo_q;
  assign i_second = i_odd_q ? i_lo_q : i_hi_q;
  assign i_rdata_o = {i_second[16:9], i_second[7:0], i_first[16:9], i_first[7:0]};
  assign i_par_o = {^i_second[17:9] || ^i_second[8:0], ^i_first[17:9] || ^i_first[8:0]};

  // ---- data port ----
  logic [17:0] w_lo;
  logic [17:0] w_hi;
  logic [17:0] d_lo_q;
  logic [17:0] d_hi_q;

  assign w_lo = {^d_wdata_i[15:8], d_wdata_i[15:8], ^d_wdata_i[7:0], d_wdata_i[7:0]};
  assign w_hi = {^d_wdata_i[31:24], d_wdata_i[31:24], ^d_wdata_i[23:16], d_wdata_i[23:16]};
  always_ff @(posedge clk_i) begin
    if (d_en_i) begin
      if (d_we_i) begin
        if (d_be_i[0]) mem_lo[d_addr_i][8:0] <= w_lo[8:0];
        if (d_be_i[1]) mem_lo[d_addr_i][17:9] <= w_lo[17:9];
        if (d_be_i[2]) mem_hi[d_addr_i][8:0] <= w_hi[8:0];
        if (d_be_i[3]) mem_hi[d_addr_i][17:9] <= w_hi[17:9];
      end else begin
        d_lo_q <= mem_lo[d_addr_i];
        d_hi_q <= mem_hi[d_addr_i];
      end
    end
  end
  assign d_rdata_o = {d_hi_q[16:9], d_hi_q[7:0], d_lo_q[16:9], d_lo_q[7:0]};
  assign d_par_o = ^d_hi_q[17:9] || ^d_hi_q[8:0] || ^d_lo_q[17:9] || ^d_lo_q[8:0];
endmodule
