// SPDX-License-Identifier: Apache-2.0
// Completion lines being gathered: up to 4 entries of one queue pair that will leave as one write. A line is due when it
// reaches the end of its 64 bytes, at once when its queue had none lately (a lone frame must not wait) or somebody waits for
// it, and otherwise after Hold cycles; a new queue finding no free slot makes the oldest due. Slots are given in ring order,
// so only the oldest is looked at for its age. Holds the written tail of every completion ring. Writes nothing itself.
module weir_queue_line #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int Slots = 16,  // power of two
    parameter int Hold = 24    // cycles; what is due leaves before the next frame's data
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    // One entry joins the line of app_qp_i; its phase is put in here.
    input  logic                     app_i,
    output logic                     app_ready_o,   // may join in this cycle, unless that very line leaves
    input  logic [weir_pkg::QpW-1:0] app_qp_i,
    input  weir_queue_pkg::ctx_t     app_ctx_i,
    input  logic [127:0]             app_entry_i,
    input  logic                     app_urgent_i,
    // The line to write next.
    output logic                     due_o,
    input  logic                     flush_i,
    output logic [weir_pkg::QpW-1:0] qp_o,
    output logic [weir_pkg::FnW-1:0] fn_o,
    output logic [7:0]               vec_o,
    output logic [63:0]              addr_o,
    output logic [2:0]               count_o,
    output logic [511:0]             data_o,
    // Written tails.
    input  logic [weir_pkg::QpW-1:0] arm_qp_i,
    output logic [15:0]              arm_tail_o,
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output logic [15:0]              db_tail_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_tail_o,
    output logic                     sel_busy_o,
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int SIdxW = $clog2(Slots);

  typedef struct packed {
    logic [weir_pkg::QpW-1:0] qp;
    logic [weir_pkg::FnW-1:0] fn;
    logic [7:0]               vec;
    logic [63:0]              addr;
    logic [15:0]              born;
  } slot_t;

  logic [15:0]       tail [0:NumQps-1];
  logic [15:0]       last [0:NumQps-1];     // cycle in which the queue's last line left
  logic [SIdxW-1:0]  slot_of [0:NumQps-1];
  logic [NumQps-1:0] has_q;                 // a line is open
  slot_t             slot_mem [0:Slots-1];
  logic [127:0]      lane0 [0:Slots-1];
  logic [127:0]      lane1 [0:Slots-1];
  logic [127:0]      lane2 [0:Slots-1];
  logic [127:0]      lane3 [0:Slots-1];
  logic [2:0]        count [0:Slots-1];
  logic [Slots-1:0]  open_q;
  logic [Slots-1:0]  due_q;
  logic [SIdxW:0]    wr_q;   // next slot to give
  logic [SIdxW:0]    rd_q;   // oldest
  logic [15:0]       now_q;

  logic [QIdxW-1:0]  aq;
  logic [SIdxW-1:0]  as;
  logic [SIdxW-1:0]  fs;
  logic [QIdxW-1:0]  fq;
  logic [SIdxW-1:0]  old;
  logic [SIdxW-1:0]  ls;
  logic              has;
  logic              full;
  logic [2:0]        n;
  logic [15:0]       idx;
  logic [15:0]       place;
  logic              due_now;
  logic              oldest_due;
  logic [127:0]      entry;
  slot_t             fresh;
  slot_t             oldest;
  slot_t             out;

  assign aq = app_qp_i[QIdxW-1:0];
  assign has = has_q[aq];
  assign full = (wr_q ^ rd_q) == {1'b1, {SIdxW{1'b0}}};
  assign as = has ? slot_of[aq] : wr_q[SIdxW-1:0];
  assign n = has ? count[as] : 3'd0;
  assign idx = tail[aq] + 16'(n);
  assign app_ready_o = has ? idx[1:0] != 2'd0 : !full;
  assign place = idx & ((16'd1 << app_ctx_i.cq_log) - 16'd1);
  assign due_now = app_urgent_i || idx[1:0] == 2'd3 || 16'(now_q - last[aq]) > 16'd32;

  always_comb begin
    entry = app_entry_i;
    entry[weir_abi_pkg::CplPhaseLsb] = !idx[app_ctx_i.cq_log];
    fresh.qp = app_qp_i;
    fresh.fn = app_ctx_i.fn;
    fresh.vec = app_ctx_i.vec;
    fresh.addr = {app_ctx_i.cq_base, 6'd0} + {44'd0, place, 4'd0};
    fresh.born = now_q;
  end

  // What is due leaves lowest slot first, before anything new.
  assign due_o = due_q != '0;
  always_comb begin
    fs = '0;
    for (int s = Slots - 1; s >= 0; s--) if (due_q[s]) fs = SIdxW'(s);
  end
  assign out = slot_mem[fs];
  assign fq = out.qp[QIdxW-1:0];
  assign qp_o = out.qp;
  assign fn_o = out.fn;
  assign vec_o = out.vec;
  assign addr_o = out.addr;
  assign count_o = count[fs];
  assign data_o = flush_i ? {lane3[fs], lane2[fs], lane1[fs], lane0[fs]} : '0;

  assign old = rd_q[SIdxW-1:0];
  assign oldest = slot_mem[old];
  assign oldest_due = rd_q != wr_q && open_q[old] && (16'(now_q - oldest.born) >= 16'(Hold) || full);
  assign ls = slot_of[load_i.qp[QIdxW-1:0]];

  assign arm_tail_o = tail[arm_qp_i[QIdxW-1:0]];
  assign db_tail_o = tail[db_qp_i[QIdxW-1:0]];
  assign sel_tail_o = tail[sel_qp_i[QIdxW-1:0]];
  assign sel_busy_o = has_q[sel_qp_i[QIdxW-1:0]];
  assign busy_o = open_q != '0 || rd_q != wr_q;

  always_ff @(posedge clk_i) begin
    if (app_i) begin
      if (n[1:0] == 2'd0) lane0[as] <= entry;
      if (n[1:0] == 2'd1) lane1[as] <= entry;
      if (n[1:0] == 2'd2) lane2[as] <= entry;
      if (n[1:0] == 2'd3) lane3[as] <= entry;
      count[as] <= n + 3'd1;
      if (!has) begin
        slot_mem[as] <= fresh;
        slot_of[aq] <= as;
      end
    end
    if (load_i.valid) tail[load_i.qp[QIdxW-1:0]] <= '0;
    else if (flush_i) tail[fq] <= tail[fq] + 16'(count_o);
    if (load_i.valid) last[load_i.qp[QIdxW-1:0]] <= now_q - 16'd64;
    else if (flush_i) last[fq] <= now_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      has_q <= '0;
      open_q <= '0;
      due_q <= '0;
      wr_q <= '0;
      rd_q <= '0;
      now_q <= '0;
    end else begin
      now_q <= now_q + 16'd1;
      if (rd_q != wr_q && !open_q[old]) rd_q <= rd_q + 1'b1;
      if (oldest_due) due_q[old] <= 1'b1;
      if (app_i) begin
        if (!has) begin
          wr_q <= wr_q + 1'b1;
          open_q[as] <= 1'b1;
          has_q[aq] <= 1'b1;
        end
        if (due_now) due_q[as] <= 1'b1;
      end
      if (flush_i) begin
        open_q[fs] <= 1'b0;
        due_q[fs] <= 1'b0;
        has_q[fq] <= 1'b0;
      end
      // What the ended life had gathered belongs to nobody.
      if (load_i.valid && has_q[load_i.qp[QIdxW-1:0]]) begin
        open_q[ls] <= 1'b0;
        due_q[ls] <= 1'b0;
        has_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      end
    end
  end
endmodule
