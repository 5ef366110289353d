// SPDX-License-Identifier: Apache-2.0
// Tightly coupled memory of one core: a read-only instruction port and a byte-writable data port, both synchronous, one
// access a cycle each. A port keeps its read data while its enable is low. Bytes: power of two.
module weir_ctrl_tcm #(
    parameter int Bytes = weir_abi_pkg::TcmBytes
) (
    input  logic                         clk_i,
    input  logic                         i_en_i,
    input  logic [$clog2(Bytes/4)-1:0]   i_addr_i,
    output logic [31:0]                  i_rdata_o,
    input  logic                         d_en_i,
    input  logic                         d_we_i,
    input  logic [3:0]                   d_be_i,
    input  logic [$clog2(Bytes/4)-1:0]   d_addr_i,
    input  logic [31:0]                  d_wdata_i,
    output logic [31:0]                  d_rdata_o
);
  logic [31:0] mem [0:Bytes/4-1];

  always_ff @(posedge clk_i) begin
    if (i_en_i) i_rdata_o <= mem[i_addr_i];
  end

  always_ff @(posedge clk_i) begin
    if (d_en_i) begin
      if (d_we_i) begin
        if (d_be_i[0]) mem[d_addr_i][7:0] <= d_wdata_i[7:0];
        if (d_be_i[1]) mem[d_addr_i][15:8] <= d_wdata_i[15:8];
        if (d_be_i[2]) mem[d_addr_i][23:16] <= d_wdata_i[23:16];
        if (d_be_i[3]) mem[d_addr_i][31:24] <= d_wdata_i[31:24];
      end else begin
        d_rdata_o <= mem[d_addr_i];
      end
    end
  end
endmodule
