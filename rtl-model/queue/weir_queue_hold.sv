// SPDX-License-Identifier: Apache-2.0
// Transmit completions that may wait: of pushed frames behind which their queue has nothing else. Whoever sends one small
// frame at a time does not need to hear of each, and a completion of its own costs the link half of what the frame does. So
// they gather, up to 16 in one entry, while something else is being written; after Quiet cycles without a write all are
// due, after Age to 2 * Age cycles each, and at once when the queue's driver arms, because then somebody may sleep (ADR 0012).
module weir_queue_hold #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int Age = 2048,
    parameter int Quiet = 32
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    input  weir_queue_pkg::wake_t    push_i,     // a pushed frame is all that its queue has under way
    input  weir_queue_pkg::wake_t    issue_i,    // a frame by descriptor: no longer
    input  logic [weir_pkg::QpW-1:0] qp_i,
    output logic                     may_o,      // the completion of qp_i's last frame may wait
    input  logic                     hold_i,     // and does
    input  logic                     written_i,  // qp_i's completion goes to its line
    input  logic                     write_i,    // something is being written
    input  weir_queue_pkg::wake_t    arm_i,
    input  logic [NumQps-1:0]        gone_i,
    output logic [NumQps-1:0]        due_o,      // write what is held of these
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic                     sel_held_o,
    output logic                     held_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int Step = (Age > NumQps) ? Age / NumQps : 1;
  localparam int StepW = (Step > 1) ? $clog2(Step) : 1;
  localparam int QuietW = $clog2(Quiet + 1);

  logic [NumQps-1:0] push_q;    // the last frame under way was pushed
  logic [NumQps-1:0] held_q;
  logic [NumQps-1:0] old_q;     // held when the sweep last came by
  logic [QIdxW-1:0]  sweep_q;
  logic [StepW-1:0]  step_q;
  logic [QuietW-1:0] quiet_q;
  logic              turn;      // the sweep looks at sweep_q
  logic              quiet;
  logic [QIdxW-1:0]  qp;

  assign qp = qp_i[QIdxW-1:0];
  assign may_o = push_q[qp];
  assign held_o = held_q != '0;
  assign sel_held_o = held_q[sel_qp_i[QIdxW-1:0]];
  assign turn = held_o && step_q == StepW'(Step - 1);
  assign quiet = quiet_q == QuietW'(Quiet);
  always_comb begin
    due_o = '0;
    if (quiet) due_o = held_q;
    if (turn && old_q[sweep_q]) due_o[sweep_q] = 1'b1;
    if (arm_i.valid && (held_q[arm_i.qp[QIdxW-1:0]] || (hold_i && arm_i.qp[QIdxW-1:0] == qp))) due_o[arm_i.qp[QIdxW-1:0]] = 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      push_q <= '0;
      held_q <= '0;
      old_q <= '0;
      sweep_q <= '0;
      step_q <= '0;
      quiet_q <= '0;
    end else begin
      if (push_i.valid) push_q[push_i.qp[QIdxW-1:0]] <= 1'b1;
      if (issue_i.valid) push_q[issue_i.qp[QIdxW-1:0]] <= 1'b0;
      quiet_q <= (!held_o || write_i || quiet) ? '0 : quiet_q + 1'b1;
      step_q <= (!held_o || turn) ? '0 : step_q + 1'b1;
      if (turn) begin
        sweep_q <= sweep_q + 1'b1;
        old_q[sweep_q] <= held_q[sweep_q];
      end
      if (held_o) held_q <= held_q & ~gone_i;
      if (hold_i) held_q[qp] <= 1'b1;
      if (written_i) begin
        held_q[qp] <= 1'b0;
        old_q[qp] <= 1'b0;
      end
      if (load_i.valid) begin
        push_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
        held_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
        old_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      end
    end
  end
endmodule
