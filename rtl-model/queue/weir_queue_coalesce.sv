// SPDX-License-Identifier: Apache-2.0
// Coalesced completion records being gathered: up to Lanes entries of one queue pair that will leave as one write, and with them the
// received frames of one beat whose places in memory follow each other, which leave as one write before it. A record is due when
// it is full or reaches the end of the ring, at once when its queue had none lately (a lone frame must not wait)
// or somebody waits for it, and otherwise after Hold cycles, or HoldMore, lone or not, while the link takes all it
// can, because then each completion costs a frame behind it a beat; a new queue finding no free slot makes the oldest due. Slots
// are given in ring order, so only the oldest is looked at for its age. A record leaves beat by beat (leave_o) while others go on
// being gathered, its own queue's next one among them. Holds the written tail of every completion ring.
module weir_queue_coalesce #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int Slots = 16,  // power of two
    parameter int Lanes = 16,  // power of two, at least 4
    parameter int Hold = 30,   // cycles; what is due leaves before the next frame's data
    parameter int HoldMore = 256 // while the link takes all it can
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    // One entry joins the record of app_qp_i; its phase is put in here.
    input  logic                     app_i,
    output logic                     app_ready_o,   // may join in this cycle, unless that very record leaves
    input  logic [weir_pkg::QpW-1:0] app_qp_i,
    input  weir_queue_pkg::ctx_t     app_ctx_i,
    input  logic [127:0]             app_entry_i,
    input  logic                     app_urgent_i,
    input  logic                     pressed_i,     // the link takes all it can
    // And its frame of at most 64 bytes with it, when data_ok_o says so; bytes behind it are zero. data_wait_o: its place does not
    // follow that of the record's frames, so the record shall leave first (cut_i).
    output logic                     data_ok_o,
    output logic                     data_wait_o,
    input  logic                     cut_i,
    input  logic                     data_i,
    input  logic [63:0]              data_addr_i,
    input  logic [6:0]               data_len_i,
    input  logic [511:0]             data_data_i,
    // The record to write next: it begins to leave with flush_i, and beat_i takes each of its beats.
    output logic                     due_o,
    output logic [weir_pkg::QpW-1:0] qp_o,          // of the record that is due
    input  logic                     flush_i,
    output logic                     leave_o,
    input  logic                     beat_i,
    output weir_pkg::dma_wr_t        beat_o,
    output logic                     end_o,         // beat_o is its last
    output logic [7:0]               vec_o,         // of the record that leaves
    // Written tails; a record that leaves counts as written.
    input  logic [weir_pkg::QpW-1:0] arm_qp_i,
    output logic [15:0]              arm_tail_o,
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output logic [15:0]              db_tail_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_tail_o,
    output logic                     sel_busy_o,
    output logic [$clog2(Lanes):0]   count_o,       // entries of the record that is due
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int SIdxW = $clog2(Slots);
  localparam int LaneW = $clog2(Lanes);
  localparam int RowW = SIdxW + LaneW - 2;  // rows of four entries

  typedef struct packed {
    logic [weir_pkg::QpW-1:0] qp;
    logic [weir_pkg::FnW-1:0] fn;
    logic [7:0]               vec;
    logic [63:0]              addr;
    logic [15:0]              born;
  } slot_t;

  typedef struct packed {
    logic [63:0] addr;
    logic [63:0] next;   // where one more would have to go
    logic [6:0]  len;    // of the last one
  } data_t;

  logic [15:0]       tail [0:NumQps-1];
  logic [15:0]       last [0:NumQps-1];     // cycle in which the queue's last record left
  logic [SIdxW-1:0]  slot_of [0:NumQps-1];
  logic [NumQps-1:0] has_q;                 // a record is open
  slot_t             slot_mem [0:Slots-1];
  data_t             data_mem [0:Slots-1];
  logic [127:0]      lane0 [0:(1<<RowW)-1];
  logic [127:0]      lane1 [0:(1<<RowW)-1];
  logic [127:0]      lane2 [0:(1<<RowW)-1];
  logic [127:0]      lane3 [0:(1<<RowW)-1];
  logic [511:0]      frame [0:Slots*Lanes-1];
  logic [LaneW:0]    count [0:Slots-1];
  logic [LaneW:0]    frames [0:Slots-1];
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
  logic [LaneW:0]    n;
  logic [LaneW:0]    d;
  logic [15:0]       idx;
  logic [15:0]       size;
  logic [15:0]       place;
  logic [LaneW:0]    limit;
  logic              whole;      // the record ends in front of idx
  logic              ends;       // or behind it
  logic              due_now;
  logic              oldest_due;
  logic [127:0]      entry;
  slot_t             fresh;
  slot_t             oldest;
  slot_t             due;
  data_t             data_old;
  data_t             data_new;

  assign aq = app_qp_i[QIdxW-1:0];
  assign has = has_q[aq];
  assign full = (wr_q ^ rd_q) == {1'b1, {SIdxW{1'b0}}};
  assign as = has ? slot_of[aq] : wr_q[SIdxW-1:0];
  assign n = has ? count[as] : '0;
  assign d = has ? frames[as] : '0;
  assign idx = tail[aq] + 16'(n);
  assign size = 16'd1 << app_ctx_i.cq_log;
  assign place = idx & (size - 16'd1);
  // Also at the end of Lanes * 16 aligned bytes when it is half full: the next one then needs no cut.
  // At most an eighth of the ring, so that what is held back never is most of what a small ring can hold.
  assign limit = (size[15:LaneW+3] != '0) ? (LaneW+1)'(Lanes) : (size[LaneW+2:3] != '0) ? {1'b0, size[LaneW+2:3]} : (LaneW+1)'(1);
  assign whole = n >= limit || (n != '0 && place == '0) || (n[LaneW-1] && place[LaneW-1:0] == '0);
  assign ends = n + 1'b1 >= limit || place == size - 16'd1 || (n >= (LaneW+1)'(Lanes / 2 - 1) && place[LaneW-1:0] == '1);
  assign app_ready_o = has ? !whole : !full;
  assign due_now = app_urgent_i || ends || (!pressed_i && 16'(now_q - last[aq]) > 16'd32);
  assign data_old = data_mem[as];
  // A lone frame goes out directly: it would only lose a cycle.
  assign data_ok_o = (d == '0) ? has || !due_now : !data_wait_o;
  assign data_wait_o = d != '0 && data_addr_i != data_old.next;

  always_comb begin
    entry = app_entry_i;
    entry[weir_abi_pkg::CplPhaseLsb] = !idx[app_ctx_i.cq_log];
    fresh.qp = app_qp_i;
    fresh.fn = app_ctx_i.fn;
    fresh.vec = app_ctx_i.vec;
    fresh.addr = {app_ctx_i.cq_base, 6'd0} + {44'd0, place, 4'd0};
    fresh.born = now_q;
    data_new.addr = (d == '0) ? data_addr_i : data_old.addr;
    data_new.next = data_addr_i + 64'd64;
    data_new.len = data_len_i;
  end

  // What is due leaves lowest slot first, before anything new.
  assign due_o = due_q != '0;
  always_comb begin
    fs = '0;
    for (int s = Slots - 1; s >= 0; s--) if (due_q[s]) fs = SIdxW'(s);
  end
  assign due = slot_mem[fs];
  assign fq = due.qp[QIdxW-1:0];
  assign qp_o = due.qp;
  assign count_o = count[fs];

  // ---- the record that leaves ----
  logic             out_q;
  logic             body_q;   // beats of frames are left
  logic             first_q;  // first beat of its write
  logic [SIdxW-1:0] os_q;
  logic [LaneW-1:0] at_q;     // frame, or row of entries
  slot_t            record;
  data_t            data;
  logic [LaneW:0]   entries;
  logic [LaneW:0]   bodies;
  logic [RowW-1:0]  row;
  logic [RowW-1:0]  app_row;

  assign record = slot_mem[os_q];
  assign data = data_mem[os_q];
  assign entries = count[os_q];
  assign bodies = frames[os_q];
  assign row = {os_q, at_q[LaneW-3:0]};
  assign app_row = {as, n[LaneW-1:2]};
  assign leave_o = out_q;
  assign vec_o = record.vec;
  assign end_o = !body_q && beat_o.eop;
  always_comb begin
    beat_o = '0;
    if (out_q) begin
      beat_o.sop = first_q;
      beat_o.fn = record.fn;
      if (body_q) begin
        beat_o.eop = {1'b0, at_q} == bodies - 1'b1;
        beat_o.addr = data.addr;
        beat_o.len = weir_pkg::LenW'({bodies - 1'b1, 6'd0}) + weir_pkg::LenW'(data.len);
        beat_o.data = frame[{os_q, at_q}];
      end else begin
        beat_o.eop = {1'b0, at_q} == (entries - 1'b1) >> 2;
        beat_o.addr = record.addr;
        beat_o.len = weir_pkg::LenW'({entries, 4'd0});
        beat_o.data = {lane3[row], lane2[row], lane1[row], lane0[row]};
      end
    end
  end

  assign old = rd_q[SIdxW-1:0];
  assign oldest = slot_mem[old];
  assign oldest_due = rd_q != wr_q && open_q[old] && has_q[oldest.qp[QIdxW-1:0]] && slot_of[oldest.qp[QIdxW-1:0]] == old &&
                      (16'(now_q - oldest.born) >= (pressed_i ? 16'(HoldMore) : 16'(Hold)) || full);
  assign ls = slot_of[load_i.qp[QIdxW-1:0]];

  assign arm_tail_o = tail[arm_qp_i[QIdxW-1:0]];
  assign db_tail_o = tail[db_qp_i[QIdxW-1:0]];
  assign sel_tail_o = tail[sel_qp_i[QIdxW-1:0]];
  assign sel_busy_o = has_q[sel_qp_i[QIdxW-1:0]] || (out_q && record.qp == sel_qp_i);
  assign busy_o = open_q != '0 || rd_q != wr_q;

  always_ff @(posedge clk_i) begin
    if (app_i) begin
      if (n[1:0] == 2'd0) lane0[app_row] <= entry;
      if (n[1:0] == 2'd1) lane1[app_row] <= entry;
      if (n[1:0] == 2'd2) lane2[app_row] <= entry;
      if (n[1:0] == 2'd3) lane3[app_row] <= entry;
      count[as] <= n + 1'b1;
      frames[as] <= d + (LaneW+1)'(data_i);
      if (data_i) begin
        data_mem[as] <= data_new;
        frame[{as, d[LaneW-1:0]}] <= data_data_i;
      end
      if (!has) begin
        slot_mem[as] <= fresh;
        slot_of[aq] <= as;
      end
    end
    if (load_i.valid) tail[load_i.qp[QIdxW-1:0]] <= load_i.at.cq_next;
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
      out_q <= 1'b0;
      body_q <= 1'b0;
      first_q <= 1'b0;
      os_q <= '0;
      at_q <= '0;
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
      if (cut_i) due_q[as] <= 1'b1;
      if (beat_i) begin
        first_q <= beat_o.eop;
        at_q <= beat_o.eop ? '0 : at_q + 1'b1;
        if (beat_o.eop) body_q <= 1'b0;
        if (end_o) begin
          out_q <= 1'b0;
          open_q[os_q] <= 1'b0;
        end
      end
      if (flush_i) begin
        due_q[fs] <= 1'b0;
        has_q[fq] <= 1'b0;
        out_q <= 1'b1;
        first_q <= 1'b1;
        body_q <= frames[fs] != '0;
        os_q <= fs;
        at_q <= '0;
      end
      // What the ended generation had gathered belongs to nobody.
      if (load_i.valid && has_q[load_i.qp[QIdxW-1:0]]) begin
        open_q[ls] <= 1'b0;
        due_q[ls] <= 1'b0;
        has_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      end
    end
  end
endmodule
