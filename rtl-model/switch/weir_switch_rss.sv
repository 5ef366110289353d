// SPDX-License-Identifier: Apache-2.0
// Receive side scaling: for each vPort a Toeplitz key and an indirection table of 128 entries. An entry is an offset into
// the vPort's queue pairs; the reader bounds it, so a stale table never reaches another vPort. A key's words are staged and
// taken together with the last one, so no frame sees half a key. Neither has a reset: firmware writes both with the queue pairs.
// The default vPort's key stands in a register beside the RAM, for copies that are drained to it at the last moment.
module weir_switch_rss (
    input  logic                             clk_i,
    input  logic                             wr_key_i,
    input  logic [3:0]                       wr_word_i,
    input  logic                             wr_table_i,
    input  logic [weir_switch_pkg::VpW-1:0]  sel_i,
    input  logic [4:0]                       wr_row_i,
    input  logic [31:0]                      wdata_i,
    input  logic                             key_read_i,
    input  logic [weir_switch_pkg::VpW-1:0]  key_vport_i,
    output logic [weir_switch_pkg::KeyW-1:0] key_o,       // one cycle behind key_read_i, until the next
    output logic [weir_switch_pkg::KeyW-1:0] key0_o,
    input  logic [weir_switch_pkg::VpW-1:0]  vport_i,
    input  logic [6:0]                       hash_i,
    output logic [7:0]                       entry_o      // same cycle
);
  localparam int KeyW = weir_switch_pkg::KeyW;
  localparam int LastWord = KeyW / 32 - 1;

  logic [31:0] rows [0:32*weir_switch_pkg::NumV-1];
  logic [KeyW-1:0] keys [0:weir_switch_pkg::NumV-1];
  logic [31:0] row;
  logic [KeyW-33:0] staged_q;
  logic [KeyW-1:0] whole, key_q, key0_q;
  logic wr_whole;

  assign key_o = key_q;
  assign key0_o = key0_q;
  assign row = rows[{vport_i, hash_i[6:2]}];
  assign entry_o = row[{hash_i[1:0], 3'b0} +: 8];
  assign whole = {staged_q, wdata_i};
  assign wr_whole = wr_key_i && wr_word_i == 4'(LastWord);

  always_ff @(posedge clk_i) begin
    if (wr_table_i) rows[{sel_i, wr_row_i}] <= wdata_i;
    if (wr_key_i) begin
      for (int i = 0; i < LastWord; i++) if (wr_word_i == 4'(i)) staged_q[KeyW-33-32*i -: 32] <= wdata_i;
    end
    if (wr_whole) keys[sel_i] <= whole;
    if (wr_whole && sel_i == '0) key0_q <= whole;
    if (key_read_i) key_q <= keys[key_vport_i];
  end
endmodule
