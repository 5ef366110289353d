// SPDX-License-Identifier: Apache-2.0
// Receive side scaling: the card's Toeplitz key and an indirection table of 128 entries a vPort. An entry is an offset into
// the vPort's queue pairs; the reader bounds it, so a stale table never reaches another vPort. Tables have no reset:
// firmware writes them with the queue pairs.
module weir_switch_rss (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             wr_key_i,
    input  logic [3:0]                       wr_word_i,
    input  logic                             wr_table_i,
    input  logic [weir_switch_pkg::VpW-1:0]  sel_i,
    input  logic [4:0]                       wr_row_i,
    input  logic [31:0]                      wdata_i,
    output logic [weir_switch_pkg::KeyW-1:0] key_o,
    input  logic [weir_switch_pkg::VpW-1:0]  vport_i,
    input  logic [6:0]                       hash_i,
    output logic [7:0]                       entry_o   // same cycle
);
  localparam int KeyW = weir_switch_pkg::KeyW;

  logic [31:0] rows [0:32*weir_switch_pkg::NumV-1];
  logic [31:0] row;
  logic [KeyW-1:0] key_q;

  assign key_o = key_q;
  assign row = rows[{vport_i, hash_i[6:2]}];
  assign entry_o = row[{hash_i[1:0], 3'b0} +: 8];

  always_ff @(posedge clk_i) begin
    if (wr_table_i) rows[{sel_i, wr_row_i}] <= wdata_i;
  end

  // The key of the published verification vectors, until firmware writes another.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) key_q <= 320'h6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa;
    else if (wr_key_i) begin
      for (int i = 0; i < 10; i++) if (wr_word_i == 4'(i)) key_q[KeyW-1-32*i -: 32] <= wdata_i;
    end
  end
endmodule
