// SPDX-License-Identifier: Apache-2.0
// The one writer towards host memory: receive data, records of completions of both directions and fences, interrupt tokens, one
// beat a cycle. A frame's data leaves before its completion joins a record, or joins with it and leaves in front of that record, and
// a record before the interrupt it may cause; joining costs no beat, so it goes on beside whatever is written. A transmit completion that finds its ring full
// waits for the host's head without holding up other queues, and stands for all frames that finish meanwhile. Arming looks at
// the same cycle's write, so no wake-up is lost.
module weir_queue_cpl #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    input  weir_queue_pkg::db_t      db_i,
    input  logic [NumFns-1:0]        fn_dma_ok_i,
    input  logic [NumQps-1:0]        loaded_i,
    input  logic [NumQps-1:0]        err_i,
    input  logic [NumQps-1:0]        drain_i,
    // Receive: the decided beat.
    input  logic                     rx_valid_i,
    output logic                     rx_ready_o,
    input  weir_pkg::rx_frame_t      rx_i,
    input  weir_queue_pkg::rxdec_t   dec_i,
    output weir_pkg::rx_disposition_t       disposition_o,
    // Transmit: frames the switch has looked up.
    input  logic                     done_valid_i,
    output logic                     done_ready_o,
    input  weir_pkg::tx_done_t       done_i,
    output weir_queue_pkg::wake_t    frame_done_o,
    output logic [weir_pkg::QpW-1:0] done_qp_o,
    input  logic                     done_last_i,  // no other frame of done_qp_o is in flight
    input  weir_queue_pkg::wake_t    issue_i,      // a frame of a queue is under way,
    input  logic                     db_inline_i,       // pushed
    output logic [weir_pkg::QpW-1:0] txc_qp_o,
    input  weir_queue_pkg::ctx_t     txc_ctx_i,
    input  logic [15:0]              txc_head_i,
    input  logic [15:0]              txc_rx_i,     // receive completions promised to txc_qp_o
    input  logic [11:0]              txc_base_i,   // first queue pair of txc_ctx_i.fn
    output logic [weir_pkg::QpW-1:0] rx_cpl_qp_o,
    input  weir_queue_pkg::ctx_t     rx_cpl_ctx_i,
    // Transmit completions so far, for who promises receive completions; one more in this cycle.
    input  logic [weir_pkg::QpW-1:0] rx_decide_qp_i,
    output logic [15:0]              rx_decide_tx_o,
    output weir_queue_pkg::wake_t    tx_add_o,
    // Completion tails.
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output logic [15:0]              db_tail_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_tail_o,
    output logic                     sel_armed_o,
    output logic [15:0]              sel_merged_o,
    output logic [7:0]               sel_epoch_o,
    output logic                     sel_busy_o,
    // FORCE_IRQ of a queue, and the state of one to be written to the PF's memory.
    input  weir_queue_pkg::wake_t    force_irq_i,
    input  logic                     save_i,
    input  logic [57:0]              save_addr_i,  // 63:6
    input  logic [511:0]             save_data_i,
    output logic                     save_take_o,
    output logic                     queue_wr_valid_o,
    input  logic                     queue_wr_ready_i,
    output weir_pkg::dma_wr_t        queue_wr_o,
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);
  localparam int WrW = $bits(queue_wr_o);
  localparam int DoneW = $bits(done_i);
  localparam logic [15:0] MergeMax = 16'd16;

  typedef enum logic [1:0] {
    Idle,    // between two writes, or a record leaves
    RxData,  // rest of a frame
    RxJoin,  // its completion found its record full, or no record
    Irq      // the interrupt the last record caused
  } state_e;

  // Frames that finished and have no completion yet.
  typedef struct packed {
    logic [15:0] count;
    logic [15:0] tag;
    logic [7:0]  epoch;
  } merge_t;

  logic [15:0] tx_cpl [0:NumQps-1];
  merge_t      merge_mem [0:NumQps-1];
  logic [NumQps-1:0] armed_q;
  logic [NumQps-1:0] irq_q;     // armed while completions were already there
  logic [NumQps-1:0] parked_q;  // a transmit completion waits for room
  logic [NumQps-1:0] attn_q;    // look at irq_q and parked_q
  logic [NumFns-1:0] dma_ok_q;
  logic [(1<<FIdxW)-1:0] dma_ok;
  logic        rise;
  logic [31:0] cycle_q;
  state_e      state_q;
  weir_queue_pkg::wake_t wake_q;  // a completion head moved in the last cycle, so parked_q is settled

  // ---- output ----
  logic              out_ready;
  logic              out_push;
  logic [2:0]        out_level;
  weir_pkg::dma_wr_t out;
  weir_common_fifo #(.Width(WrW), .Depth(4)) u_out (
      .clk_i, .rst_ni, .valid_i(out_push), .ready_o(out_ready), .data_i(out),
      .valid_o(queue_wr_valid_o), .ready_i(queue_wr_ready_i), .data_o(queue_wr_o), .level_o(out_level));

  logic               done_valid;
  logic               done_pop;
  logic [3:0]         done_level;
  weir_pkg::tx_done_t done;
  weir_common_fifo #(.Width(DoneW), .Depth(8)) u_done (
      .clk_i, .rst_ni, .valid_i(done_valid_i), .ready_o(done_ready_o), .data_i(done_i),
      .valid_o(done_valid), .ready_i(done_pop), .data_o(done), .level_o(done_level));

  // ---- queues that ask for attention ----
  logic             pick_valid;
  logic [QIdxW-1:0] pick_qp;
  logic             aq_valid_q;
  logic             aq_last_q;
  logic [QIdxW-1:0] aq_q;
  weir_queue_pick #(.N(NumQps)) u_pick (
      .clk_i, .rst_ni, .req_i(attn_q), .advance_i(!aq_valid_q), .valid_o(pick_valid), .index_o(pick_qp));

  // ---- records ----
  logic             app;
  logic             app_ready;
  logic             can_join;
  logic             app_rx;         // the entry is a received frame's
  logic             urgent;
  logic [127:0]     entry;
  logic             due;
  logic             flush;
  logic [weir_pkg::QpW-1:0] app_qp;
  weir_queue_pkg::ctx_t     app_ctx;
  logic [weir_pkg::QpW-1:0] record_qp;
  logic [4:0]       record_count;
  logic             leaving;        // a record is being written, with its frames in front
  logic             record_beat;
  logic             record_end;
  logic [7:0]       record_vec;
  logic             data_ok;
  logic             data_wait;
  logic             cut;
  logic             gathers;
  logic [511:0]     frame;          // its one beat, zero behind its end
  logic [15:0]      arm_tail;
  weir_pkg::dma_wr_t record_out;
  logic             record_sel_busy;
  logic             record_busy;
  weir_queue_coalesce #(.NumQps(NumQps)) u_coalesce (
      .clk_i, .rst_ni, .load_i, .app_i(app), .app_ready_o(app_ready), .app_qp_i(app_qp), .app_ctx_i(app_ctx),
      .app_entry_i(entry), .app_urgent_i(urgent), .pressed_i(pressed), .data_ok_o(data_ok), .data_wait_o(data_wait), .cut_i(cut), .data_i(gathers), .data_addr_i(dec_i.addr),
      .data_len_i(rx_i.len[6:0]), .data_data_i(frame), .due_o(due), .flush_i(flush),       .leave_o(leaving), .beat_i(record_beat), .beat_o(record_out),
      .end_o(record_end), .qp_o(record_qp), .vec_o(record_vec), .count_o(record_count), .arm_qp_i(db_i.qp),
      .arm_tail_o(arm_tail), .db_qp_i, .db_tail_o, .sel_qp_i, .sel_tail_o, .sel_busy_o(record_sel_busy), .busy_o(record_busy));

  // The link takes all it can, but for a cycle here and there: one without anything for it outweighs four with.
  logic [5:0]       press_q;
  logic             pressed;
  assign pressed = press_q[5];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) press_q <= '0;
    else if (out_level == '0) press_q <= (press_q < 6'd4) ? '0 : press_q - 6'd4;
    else if (press_q != '1) press_q <= press_q + 6'd1;
  end

  // ---- transmit side: what the queue at hand wants ----
  logic             use_aq;
  logic [QIdxW-1:0] tq;
  merge_t           merged;
  merge_t           merge_new;
  logic             merge_we;
  logic             can;
  logic             tx_due;
  logic             gone;
  logic             want_irq;
  logic             want_cpl;
  logic             irq_grant;
  logic             tx_app;
  logic             active;
  logic             wait_cpl;
  logic             park;
  logic             aq_drop;

  always_comb begin
    dma_ok = '0;
    dma_ok[NumFns-1:0] = fn_dma_ok_i;
  end
  assign rise = (fn_dma_ok_i & ~dma_ok_q) != '0;
  assign use_aq = aq_valid_q && !(done_valid && aq_last_q);
  assign tq = use_aq ? aq_q : done.qp[QIdxW-1:0];
  assign txc_qp_o = weir_pkg::QpW'(tq);
  assign done_qp_o = done.qp;
  assign merged = merge_mem[tq];
  assign can = 16'(tx_cpl[tq] + txc_rx_i - txc_head_i) < (16'd1 << txc_ctx_i.cq_log) && dma_ok[txc_ctx_i.fn[FIdxW-1:0]];
  assign gone = !loaded_i[tq] || err_i[tq] || drain_i[tq];
  assign tx_due = done.cpl_req || merge_new.count >= MergeMax || (done_last_i && !may_wait) || parked_q[tq] || armed_q[tq];

  always_comb begin
    merge_new = merged;
    if (!use_aq) begin
      merge_new.count = merged.count + 16'd1;
      merge_new.tag = done.tag;
      merge_new.epoch = done.epoch;
    end
  end

  // What it wants to write, from state only; then what happens to it, which depends on who gets the record or the beat.
  assign active = !load_i.valid && (use_aq || done_valid);
  assign want_irq = active && use_aq && irq_q[tq];
  assign want_cpl = active && !gone && can && (use_aq ? !irq_q[tq] && parked_q[tq] : tx_due);
  assign wait_cpl = want_cpl && !tx_app;
  assign aq_drop = active && use_aq && !want_irq && !wait_cpl;
  assign done_pop = active && !use_aq && !wait_cpl;
  assign park = done_pop && !gone && tx_due && !can;
  assign merge_we = tx_app || (done_pop && !gone);
  assign frame_done_o.valid = done_pop;
  assign frame_done_o.qp = done.qp;
  assign rx_decide_tx_o = tx_cpl[rx_decide_qp_i[QIdxW-1:0]];
  assign tx_add_o.valid = tx_app;
  assign tx_add_o.qp = weir_pkg::QpW'(tq);

  logic              may_wait;
  logic              moderated;
  logic              sel_moderated;
  logic [NumQps-1:0] moderated_due;
  weir_queue_pkg::wake_t arm;
  assign arm = {db_i.cq && db_i.arm, db_i.qp};
  weir_queue_moderation #(.NumQps(NumQps)) u_moderation (
      .clk_i, .rst_ni, .load_i, .issue_i, .db_inline_i, .qp_i(weir_pkg::QpW'(tq)), .may_o(may_wait),
      .moderate_i(done_pop && !gone && !tx_due && done_last_i), .written_i(tx_app), .write_i(out_push), .arm_i(arm),
      .due_o(moderated_due), .sel_qp_i, .sel_moderated_o(sel_moderated), .moderated_o(moderated));

  // ---- one beat a cycle: due records, then interrupts that wait, then received data ----
  logic             rx_first_q;    // receive had the last turn
  logic             tx_first_q;    // a received frame took the record from a transmit completion
  logic [QIdxW-1:0] cur_q;         // queue of the frame being written
  logic             kill_q;        // its generation ended: no completion
  logic             back_q;        // after the interrupt its completion still has to join
  logic             kill;
  logic [127:0]     entry_q;
  logic [weir_pkg::LenW-1:0]   len_q;
  logic [weir_pkg::VportW-1:0] vport_q;
  logic [7:0]       irq_fn_q;
  logic [7:0]       irq_vec_q;
  logic             irq_due_q;     // the record that leaves causes an interrupt
  logic             between;       // no frame is under way
  logic             at_record;       // a frame of one beat or a fence looks at its record
  logic             refused_q;     // it cannot leave yet; others may look
  logic             first;         // a frame's first beat may be looked at
  logic             start;         // first beat of a frame, or a fence
  logic             goes;          // the frame's beat can be written
  logic             joins;         // and its completion with it
  logic [127:0]     rx_entry;
  weir_pkg::rx_disposition_t disposition;

  assign between = state_q == Idle;
  assign first = between && rx_valid_i && !load_i.valid && !(want_cpl && tx_first_q);
  // A frame of one beat whose place follows the last one's waits in the record for its completion's write.
  assign at_record = first && rx_i.eop && dec_i.reason == '0 && (!leaving || (!dec_i.fence && !refused_q));
  assign gathers = at_record && !dec_i.fence && dec_i.stream && can_join && data_ok;
  assign frame = (gathers && rx_i.len[5:0] != '0) ? rx_i.data & ~({512{1'b1}} << {rx_i.len[5:0], 3'd0}) : rx_i.data;
  assign cut = at_record && !dec_i.fence && dec_i.stream && can_join && data_wait;
  assign start = first && !gathers && !cut && !leaving && !save_i && !(want_irq && rx_first_q);
  assign record_beat = leaving && (state_q == Idle || state_q == RxJoin) && out_ready;
  // Records may follow each other without end; a state record goes between two of them.
  assign flush = due && !load_i.valid && !(save_i && between) && (!leaving || (record_beat && record_end && !irq_due_q));
  assign can_join = app_ready && !(flush && record_qp == app_qp);
  assign irq_grant = state_q == Idle && !due && !leaving && !save_i && out_ready && want_irq && !(start && !rx_first_q);
  assign save_take_o = save_i && between && !leaving && out_ready;
  assign kill = kill_q || (load_i.valid && load_i.qp[QIdxW-1:0] == cur_q);
  assign rx_cpl_qp_o = between ? dec_i.qp : weir_pkg::QpW'(cur_q);

  // The only beat of a frame waits for a record. The last of many does not: records leave between frames only.
  assign joins = start && at_record;
  assign goes = !load_i.valid && (out_ready || (start && dec_i.fence)) && (!joins || can_join);
  assign app_rx = at_record || (state_q == RxData && rx_valid_i && rx_i.eop && !kill_q) || (state_q == RxJoin && !kill_q);
  assign app = !app_rx ? tx_app : (state_q == RxJoin) ? can_join && !load_i.valid : gathers || ((joins || state_q == RxData) && goes && can_join);
  assign tx_app = want_cpl && !app_rx && can_join;
  assign app_qp = app_rx ? rx_cpl_qp_o : weir_pkg::QpW'(tq);
  assign app_ctx = app_rx ? rx_cpl_ctx_i : txc_ctx_i;
  assign urgent = armed_q[app_qp[QIdxW-1:0]] || (app_rx && state_q == Idle && dec_i.fence);

  always_comb begin
    rx_entry = '0;
    rx_entry[weir_abi_pkg::CplHashLsb +: 32] = rx_i.hash;
    rx_entry[weir_abi_pkg::CplEpochLsb +: 8] = rx_i.epoch;
    if (rx_i.fence) begin
      rx_entry[weir_abi_pkg::CplFenceLsb] = 1'b1;
      rx_entry[weir_abi_pkg::CplSrcVportLsb +: 7] = rx_i.vport[6:0];
    end else begin
      rx_entry[weir_abi_pkg::CplVlanTciLsb +: 16] = rx_i.vlan_tci;
      rx_entry[weir_abi_pkg::CplLenLsb +: 16] = 16'(rx_i.len);
      rx_entry[weir_abi_pkg::CplBufIdLsb +: 16] = dec_i.buf_id;
      rx_entry[weir_abi_pkg::CplOffset64Lsb +: 16] = dec_i.off64;
      rx_entry[weir_abi_pkg::CplL3OkLsb] = rx_i.l3_ok;
      rx_entry[weir_abi_pkg::CplL4OkLsb] = rx_i.l4_ok;
      rx_entry[weir_abi_pkg::CplL3BadLsb] = rx_i.l3_bad;
      rx_entry[weir_abi_pkg::CplL4BadLsb] = rx_i.l4_bad;
      rx_entry[weir_abi_pkg::CplVlanStrippedLsb] = rx_i.vlan_stripped;
      rx_entry[weir_abi_pkg::CplEopLsb] = 1'b1;
      rx_entry[weir_abi_pkg::CplMcastLsb] = rx_i.mcast;
      rx_entry[weir_abi_pkg::CplLocalLsb] = rx_i.is_local;
      rx_entry[weir_abi_pkg::CplRedirectLsb] = rx_i.redirect;
      rx_entry[weir_abi_pkg::CplSrcVportLsb +: 7] = (rx_i.is_local || rx_i.redirect) ? rx_i.src_vport[6:0] : 7'd0;
    end
    entry = between ? rx_entry : entry_q;
    if (!app_rx) begin
      entry = '0;
      entry[weir_abi_pkg::CplHashLsb +: 32] = cycle_q;
      entry[weir_abi_pkg::CplVlanTciLsb +: 16] = merge_new.tag;
      entry[weir_abi_pkg::CplLenLsb +: 16] = 16'(tq) - 16'(txc_base_i);
      entry[weir_abi_pkg::CplOffset64Lsb +: 16] = merge_new.count;
      entry[weir_abi_pkg::CplIsTxLsb] = 1'b1;
      entry[weir_abi_pkg::CplEpochLsb +: 8] = merge_new.epoch;
    end
  end

  always_comb begin
    rx_ready_o = 1'b0;
    out_push = 1'b0;
    out = '0;
    out.sop = 1'b1;
    out.eop = 1'b1;
    disposition = '0;
    disposition.vport = (between && rx_i.sop) ? rx_i.vport : vport_q;
    disposition.len = (between && rx_i.sop) ? rx_i.len : len_q;
    if (gathers) begin
      rx_ready_o = 1'b1;
      disposition.valid = 1'b1;
    end else if (first && dec_i.reason != '0) begin
      rx_ready_o = 1'b1;
      disposition.valid = rx_i.eop;
      disposition.fence = rx_i.sop && rx_i.fence;
      disposition.reason = dec_i.reason;
    end
    case (state_q)
      Idle: begin
        if (leaving) begin
          out = record_out;
          out_push = record_beat;
        end else if (save_i) begin
          out_push = out_ready;
          out.addr = {save_addr_i, 6'd0};
          out.len = weir_pkg::LenW'(weir_abi_pkg::QpsBytes);
          out.data = save_data_i;
        end else if (irq_grant) begin
          out_push = 1'b1;
          out.irq = 1'b1;
          out.fn = txc_ctx_i.fn;
          out.vec = txc_ctx_i.vec;
        end else if (start && dec_i.reason == '0 && goes) begin
          rx_ready_o = 1'b1;
          disposition.valid = rx_i.eop;
          disposition.fence = dec_i.fence;
          if (!dec_i.fence) begin
            out_push = 1'b1;
            out.eop = rx_i.eop;
            out.fn = rx_cpl_ctx_i.fn;
            out.addr = dec_i.addr;
            out.len = rx_i.len;
            out.data = rx_i.data;
          end
        end
      end
      RxData: begin
        out.sop = 1'b0;
        out.eop = rx_i.eop;
        out.data = rx_i.data;
        out_push = rx_valid_i && goes;
        rx_ready_o = out_push;
        disposition.valid = out_push && rx_i.eop && (kill_q || can_join);
        disposition.reason = kill_q ? 8'(weir_abi_pkg::ReasonQpDisabled) : 8'd0;
      end
      RxJoin: begin
        out = record_out;
        out_push = record_beat;
        disposition.valid = app || (kill_q && !load_i.valid);
        disposition.reason = kill_q ? 8'(weir_abi_pkg::ReasonQpDisabled) : 8'd0;
      end
      default: begin
        out_push = out_ready;
        out.irq = 1'b1;
        out.fn = irq_fn_q;
        out.vec = irq_vec_q;
      end
    endcase
  end

  // ---- arming ----
  logic [QIdxW-1:0] dq;
  logic             hits;   // a record of the queue that is armed leaves in this cycle
  logic             fire;
  merge_t           sel_merge;
  assign dq = db_i.qp[QIdxW-1:0];
  assign hits = flush && record_qp[QIdxW-1:0] == dq;
  assign fire = 16'(arm_tail + (hits ? 16'(record_count) : 16'd0)) != db_i.value;

  assign sel_armed_o = armed_q[sel_qp_i[QIdxW-1:0]];
  assign sel_merge = merge_mem[sel_qp_i[QIdxW-1:0]];
  assign sel_merged_o = sel_merge.count;
  assign sel_epoch_o = sel_merge.epoch;
  assign sel_busy_o = ((state_q == RxData || state_q == RxJoin || back_q) && cur_q == sel_qp_i[QIdxW-1:0]) || record_sel_busy ||
                       sel_moderated || attn_q[sel_qp_i[QIdxW-1:0]] || (aq_valid_q && aq_q == sel_qp_i[QIdxW-1:0]) ||
                       (wake_q.valid && wake_q.qp == sel_qp_i && parked_q[sel_qp_i[QIdxW-1:0]]);  // and not what waits for the host to make room
  assign busy_o = state_q != Idle || out_level != '0 || done_level != '0 || done_valid_i || attn_q != '0 || aq_valid_q ||
                  rx_valid_i || disposition_o.valid || wake_q.valid || rise || record_busy || moderated;

  always_ff @(posedge clk_i) begin
    if (load_i.valid) tx_cpl[load_i.qp[QIdxW-1:0]] <= '0;
    else if (tx_app) tx_cpl[tq] <= tx_cpl[tq] + 16'd1;
    // At rest, all that was fetched is sent, so the last one's tag is the next to fetch.
    if (load_i.valid) merge_mem[load_i.qp[QIdxW-1:0]] <= {load_i.at.merged, load_i.at.tx_next, load_i.at.epoch};
    else if (merge_we) merge_mem[tq] <= want_cpl ? '0 : merge_new;
    if (between && rx_ready_o && rx_i.sop) begin
      entry_q <= rx_entry;
      len_q <= rx_i.len;
      vport_q <= rx_i.vport;
    end
    if (record_beat && record_end) begin
      irq_fn_q <= record_out.fn;
      irq_vec_q <= record_vec;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      armed_q <= '0;
      irq_q <= '0;
      parked_q <= '0;
      attn_q <= '0;
      dma_ok_q <= '0;
      cycle_q <= '0;
      state_q <= Idle;
      aq_valid_q <= 1'b0;
      aq_last_q <= 1'b0;
      aq_q <= '0;
      rx_first_q <= 1'b0;
      tx_first_q <= 1'b0;
      back_q <= 1'b0;
      irq_due_q <= 1'b0;
      refused_q <= 1'b0;
      cur_q <= '0;
      kill_q <= 1'b0;
      disposition_o <= '0;
      wake_q <= '0;
    end else begin
      dma_ok_q <= fn_dma_ok_i;
      cycle_q <= cycle_q + 32'd1;
      disposition_o <= disposition;
      wake_q.valid <= db_i.cq;
      wake_q.qp <= db_i.qp;

      case (state_q)
        Idle: begin
          back_q <= 1'b0;
          if (leaving) begin
            if (record_beat && record_end && irq_due_q) state_q <= Irq;
          end else if (irq_grant) begin
            rx_first_q <= 1'b0;
          end else if (start && rx_ready_o) begin
            rx_first_q <= 1'b1;
            if (dec_i.reason == '0) begin
              cur_q <= dec_i.qp[QIdxW-1:0];
              kill_q <= 1'b0;
              if (!rx_i.eop) state_q <= RxData;
            end
          end
        end
        RxData: begin
          kill_q <= kill;
          if (rx_ready_o && rx_i.eop) state_q <= (kill_q || can_join) ? Idle : RxJoin;
        end
        RxJoin: begin
          kill_q <= kill;
          back_q <= !disposition.valid;
          if (record_beat && record_end && irq_due_q) state_q <= Irq;
          else if (disposition.valid) state_q <= Idle;
        end
        default: begin
          kill_q <= kill;
          if (out_ready) state_q <= back_q ? RxJoin : Idle;
        end
      endcase

      if (flush) irq_due_q <= armed_q[record_qp[QIdxW-1:0]];
      refused_q <= leaving && !flush && (refused_q || (at_record && !gathers));
      tx_first_q <= want_cpl && !tx_app && (tx_first_q || app);
      if (irq_grant || tx_app) aq_last_q <= use_aq;
      else if (done_pop) aq_last_q <= 1'b0;
      if (rise) attn_q <= attn_q | parked_q | irq_q;
      if (moderated_due != '0) begin
        attn_q <= attn_q | moderated_due | (rise ? parked_q | irq_q : '0);
        parked_q <= parked_q | moderated_due;
      end
      if (!aq_valid_q) begin
        aq_valid_q <= pick_valid;
        aq_q <= pick_qp;
        if (pick_valid) attn_q[pick_qp] <= 1'b0;
      end else if (aq_drop) begin
        aq_valid_q <= 1'b0;
      end
      if (irq_grant) irq_q[tq] <= 1'b0;
      if (tx_app) parked_q[tq] <= 1'b0;
      if (park) parked_q[tq] <= 1'b1;
      if (flush) armed_q[record_qp[QIdxW-1:0]] <= 1'b0;

      if (wake_q.valid && parked_q[wake_q.qp[QIdxW-1:0]]) attn_q[wake_q.qp[QIdxW-1:0]] <= 1'b1;
      if (db_i.cq && db_i.arm) begin
        armed_q[dq] <= !fire;
        // The record of this very cycle already brings the interrupt of an earlier arming.
        if (fire && !(hits && armed_q[dq])) begin
          irq_q[dq] <= 1'b1;
          attn_q[dq] <= 1'b1;
        end
      end
      if (force_irq_i.valid && loaded_i[force_irq_i.qp[QIdxW-1:0]]) begin
        if (!armed_q[force_irq_i.qp[QIdxW-1:0]]) irq_q[force_irq_i.qp[QIdxW-1:0]] <= 1'b1;
        attn_q[force_irq_i.qp[QIdxW-1:0]] <= 1'b1;
      end
      if (load_i.valid) begin
        armed_q[load_i.qp[QIdxW-1:0]] <= load_i.at.armed;
        irq_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
        parked_q[load_i.qp[QIdxW-1:0]] <= load_i.at.merged != '0;
      end
    end
  end
endmodule
