// SPDX-License-Identifier: Apache-2.0
// One bank of the filter table: 2^RowW slots, three keys looked up at once (of the third only whether it is there), one write. Reads and writes belong to the same
// pipeline stage and never fall into the same cycle, so a frame sees the table wholly before or wholly behind a command.
// Clears itself in the 2^RowW cycles after reset (ready_o low). It keeps no order; the pipeline does.
module weir_switch_bank #(
    parameter int RowW = 9      // smaller for proofs only: FILTER_SLOT has room for 512 rows
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    output logic        ready_o,
    input  logic        read_i,
    input  logic [RowW-1:0]  row_a_i,
    input  logic [RowW-1:0]  row_b_i,
    input  logic        read_c_i,
    input  logic [RowW-1:0]  row_c_i,
    input  logic [61:0] key_a_i,      // one cycle behind the rows
    input  logic [61:0] key_b_i,
    input  logic [61:0] key_c_i,
    output logic        hit_a_o,      // with the keys
    output logic        hit_b_o,
    output logic        hit_c_o,
    output logic [weir_switch_pkg::VpW-1:0] dst_a_o,
    output logic [weir_switch_pkg::VpW-1:0] dst_b_o,
    input  logic        wr_key_i,     // whole slot
    input  logic        wr_dst_i,     // its vPort
    input  logic [RowW-1:0]  wr_row_i,
    input  logic        wr_valid_i,
    input  logic [61:0] wr_val_i,
    input  logic [weir_switch_pkg::VpW-1:0] wr_vport_i
);
  logic [62:0] keys [0:(1<<RowW)-1];
  logic [weir_switch_pkg::VpW-1:0] dsts [0:(1<<RowW)-1];
  logic [62:0] slot_a_q, slot_b_q, slot_c_q;
  logic [weir_switch_pkg::VpW-1:0] dst_a_q, dst_b_q;
  logic [RowW:0] init_q;
  logic wr_key;
  logic [RowW-1:0] wr_row;
  logic [62:0] wr_slot;

  assign ready_o = init_q[RowW];
  assign wr_key = wr_key_i || !ready_o;
  assign wr_row = ready_o ? wr_row_i : init_q[RowW-1:0];
  assign wr_slot = ready_o ? {wr_valid_i, wr_val_i} : '0;
  assign hit_a_o = slot_a_q == {1'b1, key_a_i};
  assign hit_b_o = slot_b_q == {1'b1, key_b_i};
  assign hit_c_o = slot_c_q == {1'b1, key_c_i};
  assign dst_a_o = dst_a_q;
  assign dst_b_o = dst_b_q;

  always_ff @(posedge clk_i) begin
    if (wr_key) keys[wr_row] <= wr_slot;
    if (wr_key_i || wr_dst_i) dsts[wr_row_i] <= wr_vport_i;
    if (read_i) begin
      slot_a_q <= keys[row_a_i];
      slot_b_q <= keys[row_b_i];
      dst_a_q <= dsts[row_a_i];
      dst_b_q <= dsts[row_b_i];
    end
    if (read_c_i) slot_c_q <= keys[row_c_i];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) init_q <= '0;
    else if (!init_q[RowW]) init_q <= init_q + 1'b1;
  end
endmodule
