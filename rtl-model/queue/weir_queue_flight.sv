// SPDX-License-Identifier: Apache-2.0
// Transmit work in flight, per queue: descriptor batches, and frames between their descriptors and their tx_done. Five
// counts that only go up, each with one writer; differences say what is left. They live on over LOAD: a queue's new generation
// starts only when nothing of the old one is in flight any more.
module weir_queue_flight #(
    parameter int NumQps = weir_abi_pkg::NumQps
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    input  weir_queue_pkg::wake_t    batch_issue_i,
    input  weir_queue_pkg::wake_t    batch_done_i,
    input  weir_queue_pkg::wake_t    frame_issue_i,
    input  weir_queue_pkg::wake_t    frame_done_i,
    input  weir_queue_pkg::wake_t    frame_cancel_i,
    input  logic [weir_pkg::QpW-1:0] pick_qp_i,
    output logic                     pick_batches_o,  // some
    output logic                     pick_frames_o,   // some
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output logic                     db_none_o,       // neither batches nor frames
    input  logic [weir_pkg::QpW-1:0] done_qp_i,
    output logic                     done_last_o,     // exactly one frame
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic                     sel_busy_o,
    output logic                     none_o
);
  localparam int QIdxW = $clog2(NumQps);

  logic [15:0] batch_issue [0:NumQps-1];
  logic [15:0] batch_done [0:NumQps-1];
  logic [15:0] frame_issue [0:NumQps-1];
  logic [15:0] frame_done [0:NumQps-1];
  logic [15:0] frame_cancel [0:NumQps-1];
  logic [19:0] total_q;
  logic        init;

  logic [QIdxW-1:0] pick;
  logic [QIdxW-1:0] done;
  logic [QIdxW-1:0] db;
  logic [QIdxW-1:0] sel;
  assign pick = pick_qp_i[QIdxW-1:0];
  assign done = done_qp_i[QIdxW-1:0];
  assign sel = sel_qp_i[QIdxW-1:0];
  assign init = load_i.valid && load_i.init;
  assign none_o = total_q == '0;

  assign pick_batches_o = batch_issue[pick] != batch_done[pick];
  assign db = db_qp_i[QIdxW-1:0];
  assign db_none_o = batch_issue[db] == batch_done[db] && frame_issue[db] == 16'(frame_done[db] + frame_cancel[db]);
  assign pick_frames_o = frame_issue[pick] != 16'(frame_done[pick] + frame_cancel[pick]);
  assign done_last_o = frame_issue[done] == 16'(frame_done[done] + frame_cancel[done] + 16'd1);
  assign sel_busy_o = batch_issue[sel] != batch_done[sel] || frame_issue[sel] != 16'(frame_done[sel] + frame_cancel[sel]);

  always_ff @(posedge clk_i) begin
    if (init) begin
      batch_issue[load_i.qp[QIdxW-1:0]] <= '0;
      batch_done[load_i.qp[QIdxW-1:0]] <= '0;
      frame_issue[load_i.qp[QIdxW-1:0]] <= '0;
      frame_done[load_i.qp[QIdxW-1:0]] <= '0;
      frame_cancel[load_i.qp[QIdxW-1:0]] <= '0;
    end else begin
      if (batch_issue_i.valid) batch_issue[batch_issue_i.qp[QIdxW-1:0]] <= batch_issue[batch_issue_i.qp[QIdxW-1:0]] + 16'd1;
      if (batch_done_i.valid) batch_done[batch_done_i.qp[QIdxW-1:0]] <= batch_done[batch_done_i.qp[QIdxW-1:0]] + 16'd1;
      if (frame_issue_i.valid) frame_issue[frame_issue_i.qp[QIdxW-1:0]] <= frame_issue[frame_issue_i.qp[QIdxW-1:0]] + 16'd1;
      if (frame_done_i.valid) frame_done[frame_done_i.qp[QIdxW-1:0]] <= frame_done[frame_done_i.qp[QIdxW-1:0]] + 16'd1;
      if (frame_cancel_i.valid) frame_cancel[frame_cancel_i.qp[QIdxW-1:0]] <= frame_cancel[frame_cancel_i.qp[QIdxW-1:0]] + 16'd1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) total_q <= '0;
    else total_q <= total_q + 20'(batch_issue_i.valid) + 20'(frame_issue_i.valid)
                    - 20'(batch_done_i.valid) - 20'(frame_done_i.valid) - 20'(frame_cancel_i.valid);
  end
endmodule
