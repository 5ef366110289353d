// SPDX-License-Identifier: Apache-2.0
// Fences under way, oldest first, and the events they end in. Fates return in order, so each fence disposition belongs to the
// oldest fence that still waits. room_o promises that a further fence fits through both queues; the command waits for it,
// so dispositions never do. Fates wait here only while fences without queue pairs, which need none, take their turn: a
// cycle each, at most Pending of them. An event holds the first nonzero reason of its fence's beats.
module weir_switch_fence (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    output logic                            room_o,
    input  logic                            issue_i,      // a fence enters the pipeline
    input  logic                            start_i,      // it starts at egress
    input  logic [weir_switch_pkg::VpW-1:0] vport_i,
    input  logic [31:0]                     token_i,
    input  logic [7:0]                      count_i,      // beats; 0 = no queue pair
    input  logic                            disposition_i,       // disposition of a fence beat
    input  logic [7:0]                      reason_i,
    output logic                            event_valid_o,
    input  logic                            event_pop_i,
    output logic [weir_switch_pkg::VpW-1:0] event_vport_o,
    output logic [7:0]                      event_reason_o,
    output logic [31:0]                     event_token_o,
    output logic                            idle_o
);
  localparam int Pending = 16;
  localparam int Events = 128;
  localparam int VpW = weir_switch_pkg::VpW;

  logic [4:0] pend_q;
  logic [7:0] back_q, need;
  logic [7:0] reason_q, reason, first, disposition_reason;
  logic disposition_valid, disposition_ready, take, last;
  logic [5:0] disposition_level;
  logic head_valid, head_done;
  logic [VpW-1:0] head_vport;
  logic [31:0] head_token;
  logic fence_ready, event_ready;
  logic [$clog2(Pending):0] fence_level;
  logic [$clog2(Events):0] event_level;

  // A fence without queue pairs fails at once, in its turn.
  assign take = disposition_valid && head_valid && need != '0;
  assign last = back_q + 1'b1 == need;
  assign head_done = head_valid && (need == '0 || (take && last));
  assign first = (reason_q != '0) ? reason_q : disposition_reason;
  assign reason = (need == '0) ? 8'(weir_abi_pkg::ReasonQpDisabled) : first;
  assign room_o = pend_q != 5'(Pending) && event_level + 8'(pend_q) < 8'(Events);
  assign idle_o = pend_q == '0;

  weir_common_fifo #(.Width(VpW + 40), .Depth(Pending)) u_fences (
      .clk_i, .rst_ni, .valid_i(start_i), .ready_o(fence_ready), .data_i({vport_i, token_i, count_i}),
      .valid_o(head_valid), .ready_i(head_done), .data_o({head_vport, head_token, need}), .level_o(fence_level));

  weir_common_fifo #(.Width(8), .Depth(2 * Pending)) u_dispositions (
      .clk_i, .rst_ni, .valid_i(disposition_i), .ready_o(disposition_ready), .data_i(reason_i),
      .valid_o(disposition_valid), .ready_i(take), .data_o(disposition_reason), .level_o(disposition_level));

  weir_common_fifo #(.Width(VpW + 40), .Depth(Events)) u_events (
      .clk_i, .rst_ni, .valid_i(head_done), .ready_o(event_ready), .data_i({head_vport, reason, head_token}),
      .valid_o(event_valid_o), .ready_i(event_pop_i), .data_o({event_vport_o, event_reason_o, event_token_o}),
      .level_o(event_level));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pend_q <= '0;
      back_q <= '0;
      reason_q <= '0;
    end else begin
      pend_q <= pend_q + 5'(issue_i) - 5'(head_done);
      if (take) begin
        back_q <= last ? '0 : back_q + 1'b1;
        reason_q <= last ? '0 : first;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      assert (!start_i || fence_ready);
      assert (!head_done || event_ready);
      assert (!disposition_i || (disposition_ready && disposition_level <= 6'(Pending)));
      assert (fence_level <= pend_q);
    end
  end
endmodule
