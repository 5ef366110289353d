// SPDX-License-Identifier: Apache-2.0
// Moves looked-up frames of vPorts out of their ingress FIFO: to the wire FIFO, the local FIFO, both or neither, in order,
// one beat a cycle, and puts in the checksums it was asked for. So a frame for the wire waits behind a local one only while that is copied, not until it is delivered.
module weir_switch_forward (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             move_valid_i,
    output logic                             move_ready_o,
    input  weir_switch_pkg::move_t           move_i,
    input  logic                             in_valid_i,
    output logic                             in_pop_o,
    input  logic [weir_pkg::DataW-1:0]       in_data_i,
    output logic                             in_release_o,
    output logic [weir_switch_pkg::BeatsW-1:0] in_beats_o,
    output logic [weir_switch_pkg::BeatsW-1:0] at_o,       // beats of it that are moved and not yet released
    output logic                             local_valid_o,
    input  logic                             local_ready_i,
    output logic [weir_pkg::DataW-1:0]       local_data_o,
    output logic                             local_commit_o,
    output logic                             wire_valid_o,
    input  logic                             wire_ready_i,
    output weir_pkg::frame_t                 wire_o,
    output logic                             wire_commit_o
);
  localparam int BeatsW = weir_switch_pkg::BeatsW;

  logic [BeatsW-1:0] at_q;
  logic last, none, beat;
  logic [weir_pkg::DataW-1:0] data;

  assign none = !move_i.to_wire && !move_i.to_local;
  assign last = at_q + 1'b1 == move_i.beats;
  assign beat = move_valid_i && in_valid_i && !none && (!move_i.to_wire || wire_ready_i) && (!move_i.to_local || local_ready_i);
  assign move_ready_o = (beat && last) || (move_valid_i && in_valid_i && none);
  assign in_pop_o = beat;
  assign in_release_o = move_ready_o;
  assign in_beats_o = move_i.beats;
  assign at_o = at_q;
  assign local_valid_o = beat && move_i.to_local;
  assign local_data_o = data;
  assign local_commit_o = local_valid_o && last;
  assign wire_valid_o = beat && move_i.to_wire;
  // Nothing can hold up a frame for the wire alone any more, so it is told beat by beat and not stored once more.
  assign wire_commit_o = wire_valid_o && (last || !move_i.to_local);
  assign wire_o.sop = at_q == '0;
  assign wire_o.eop = last;
  assign wire_o.len = move_i.len;
  assign wire_o.data = data;

  // Checksums the descriptor asked for; the transport one of IPv6 may lie in the second beat.
  always_comb begin
    data = in_data_i;
    if (move_valid_i && move_i.csum.l3_ins && at_q == '0) data[{move_i.csum.l3_at, 3'b0} +: 16] = move_i.csum.l3_val;
    if (move_valid_i && move_i.csum.l4_ins && at_q == BeatsW'(move_i.csum.l4_at[6]))
      data[{move_i.csum.l4_at[5:0], 3'b0} +: 16] = move_i.csum.l4_val;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) at_q <= '0;
    else if (beat) at_q <= last ? '0 : at_q + 1'b1;
  end
endmodule
