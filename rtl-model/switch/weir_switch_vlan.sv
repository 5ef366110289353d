// SPDX-License-Identifier: Apache-2.0
// VLAN membership: for each VLAN id the vPorts in it, one word read a frame; that word judges the sender and every
// receiver. A change reads in one pipeline stage and writes in the next; the lookup lets no frame in between. Clears itself
// in the 2^VidW cycles after reset, reads as empty meanwhile.
module weir_switch_vlan #(
    parameter int VidW = 12     // smaller for proofs only
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    output logic                             ready_o,   // changes may come
    input  logic                             read_i,
    input  logic [VidW-1:0]                      vid_i,
    output logic [weir_switch_pkg::NumV-1:0] members_o, // one cycle later
    input  logic                             wr_i,      // changes the word read in the cycle before
    input  logic [weir_switch_pkg::VpW-1:0]  wr_vport_i,
    input  logic                             wr_join_i
);
  localparam int NumV = weir_switch_pkg::NumV;

  logic [NumV-1:0] mem [0:(1<<VidW)-1];
  logic [NumV-1:0] word_q, changed;
  logic [VidW-1:0] vid_q, wr_vid;
  logic [VidW:0] init_q;
  logic wr;

  assign ready_o = init_q[VidW];
  assign members_o = word_q;
  assign wr = wr_i || !ready_o;
  assign wr_vid = ready_o ? vid_q : init_q[VidW-1:0];
  always_comb begin
    changed = '0;
    if (ready_o) begin
      changed = word_q;
      changed[wr_vport_i] = wr_join_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (wr) mem[wr_vid] <= changed;
    if (read_i) begin
      word_q <= ready_o ? mem[vid_i] : '0;
      vid_q <= vid_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) init_q <= '0;
    else if (!init_q[VidW]) init_q <= init_q + 1'b1;
  end
endmodule
