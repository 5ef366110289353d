// SPDX-License-Identifier: Apache-2.0
// Transmit completions that may wait: of doorbell-inline frames behind which their queue has nothing else. Whoever sends one small
// frame at a time does not need to hear of each, and a completion of its own costs the link half of what the frame does. So
// they gather, up to 16 in one entry, while something else is being written; after Quiet cycles without a write all are
// due, after Age to 2 * Age cycles each, and at once when the queue's driver arms, because then somebody may sleep (ADR 0012).
module weir_queue_moderation #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int Age = 2048,
    parameter int Quiet = 32
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    input  weir_queue_pkg::wake_t    issue_i,    // a frame of a queue is under way,
    input  logic                     db_inline_i,     // pushed, so all that its queue has
    input  logic [weir_pkg::QpW-1:0] qp_i,
    output logic                     may_o,      // the completion of qp_i's last frame may wait
    input  logic                     moderate_i,     // and does
    input  logic                     written_i,  // qp_i's completion goes to its record
    input  logic                     write_i,    // something is being written
    input  weir_queue_pkg::wake_t    arm_i,
    output logic [NumQps-1:0]        due_o,      // no longer moderated: write it, or wait for room
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic                     sel_moderated_o,
    output logic                     moderated_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int Step = (Age > NumQps) ? Age / NumQps : 1;
  localparam int StepW = (Step > 1) ? $clog2(Step) : 1;
  localparam int QuietW = $clog2(Quiet + 1);

  logic              db_inline [0:NumQps-1];  // the last frame under way was pushed
  logic [1:0]        born [0:NumQps-1];  // round of the sweep in which the first was moderated
  logic [NumQps-1:0] moderated_q;
  logic [QIdxW+1:0]  sweep_q;            // {round, queue}
  logic [StepW-1:0]  step_q;
  logic [QuietW-1:0] quiet_q;
  logic              turn;      // the sweep looks at sweep_q
  logic              quiet;
  logic [QIdxW-1:0]  qp;
  logic [QIdxW-1:0]  at;
  logic [QIdxW-1:0]  sent;
  logic [QIdxW-1:0]  load;
  logic [1:0]        round;
  logic              old;        // moderated for a whole round

  assign qp = qp_i[QIdxW-1:0];
  assign may_o = db_inline[qp];
  assign at = sweep_q[QIdxW-1:0];
  assign sent = issue_i.qp[QIdxW-1:0];
  assign load = load_i.qp[QIdxW-1:0];
  // The round of the next visit; moderated then, and still at the one after it, is due.
  assign round = sweep_q[QIdxW +: 2] + 2'(qp < at);
  assign old = moderated_q[at] && sweep_q[QIdxW +: 2] != born[at];
  assign moderated_o = moderated_q != '0;
  assign sel_moderated_o = moderated_q[sel_qp_i[QIdxW-1:0]];
  assign turn = moderated_o && step_q == StepW'(Step - 1);
  assign quiet = quiet_q == QuietW'(Quiet);
  always_comb begin
    due_o = '0;
    if (quiet) due_o = moderated_q;
    if (turn && old) due_o[at] = 1'b1;
    if (arm_i.valid && (moderated_q[arm_i.qp[QIdxW-1:0]] || (moderate_i && arm_i.qp[QIdxW-1:0] == qp))) due_o[arm_i.qp[QIdxW-1:0]] = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (load_i.valid) db_inline[load] <= 1'b0;
    else if (issue_i.valid) db_inline[sent] <= db_inline_i;
    if (moderate_i && !moderated_q[qp]) born[qp] <= round;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      moderated_q <= '0;
      sweep_q <= '0;
      step_q <= '0;
      quiet_q <= '0;
    end else begin
      quiet_q <= (!moderated_o || write_i || quiet) ? '0 : quiet_q + 1'b1;
      step_q <= (!moderated_o || turn) ? '0 : step_q + 1'b1;
      if (turn) sweep_q <= sweep_q + 1'b1;
      moderated_q <= moderated_q & ~due_o;
      if (moderate_i && !due_o[qp]) moderated_q[qp] <= 1'b1;
      if (written_i) moderated_q[qp] <= 1'b0;
      if (load_i.valid) moderated_q[load] <= 1'b0;
    end
  end
endmodule
