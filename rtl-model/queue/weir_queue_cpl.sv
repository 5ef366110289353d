// SPDX-License-Identifier: Apache-2.0
// The one writer towards host memory: receive data, completions of both directions, fences, interrupt tokens, one beat a cycle.
// A frame's data, its completion and the interrupt it may cause follow each other; transmit completions go between frames.
// A transmit completion that finds its ring full waits for the host's head without holding up other queues, and stands for all
// frames that finish meanwhile. Arming looks at the same cycle's write, so no wake-up is lost.
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
    // Receive: the decided head of the stream.
    input  logic                     dec_valid_i,
    input  weir_queue_pkg::rxdec_t   dec_i,
    output logic                     dec_done_o,
    output weir_queue_pkg::wake_t    promise_o,
    input  logic                     rx_valid_i,
    output logic                     rx_ready_o,
    input  weir_pkg::rx_frame_t      rx_i,
    output weir_pkg::rx_fate_t       fate_o,
    // Transmit: frames the switch has looked up.
    input  logic                     done_valid_i,
    output logic                     done_ready_o,
    input  weir_pkg::tx_done_t       done_i,
    output weir_queue_pkg::wake_t    frame_done_o,
    output logic [weir_pkg::QpW-1:0] done_qp_o,
    input  logic                     done_last_i,  // no other frame of done_qp_o is in flight
    output logic [weir_pkg::QpW-1:0] txc_qp_o,
    input  weir_queue_pkg::ctx_t     txc_ctx_i,
    input  logic [15:0]              txc_head_i,
    input  logic [11:0]              txc_base_i,   // first queue pair of txc_ctx_i.fn
    output logic [weir_pkg::QpW-1:0] rxc_qp_o,
    input  weir_queue_pkg::ctx_t     rxc_ctx_i,
    // Completion tails.
    input  logic [weir_pkg::QpW-1:0] rxd_qp_i,
    output logic [15:0]              rxd_tail_o,
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output logic [15:0]              db_tail_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_tail_o,
    output logic                     sel_armed_o,
    output logic                     sel_busy_o,
    output logic                     qwr_valid_o,
    input  logic                     qwr_ready_i,
    output weir_pkg::dma_wr_t        qwr_o,
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);
  localparam int WrW = $bits(qwr_o);
  localparam int DoneW = $bits(done_i);
  localparam logic [15:0] MergeMax = 16'd16;

  typedef enum logic [1:0] {
    Idle,    // between two writes: take a received frame, a transmit completion or an interrupt
    RxData,  // rest of a frame
    RxCpl,   // its completion
    Irq      // the interrupt the last completion caused
  } state_e;

  // Frames that finished and have no completion yet.
  typedef struct packed {
    logic [15:0] count;
    logic [15:0] tag;
    logic [7:0]  epoch;
  } merge_t;

  logic [15:0] cq_tail [0:NumQps-1];
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
      .valid_o(qwr_valid_o), .ready_i(qwr_ready_i), .data_o(qwr_o), .level_o(out_level));

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

  // ---- transmit side: what the queue at hand wants ----
  logic             use_aq;
  logic [QIdxW-1:0] tq;
  merge_t           merged;
  merge_t           merge_new;
  logic             merge_we;
  logic             can;
  logic [15:0]      need_room;
  logic             due;
  logic             gone;
  logic             want_irq;
  logic             want_cpl;
  logic             tx_grant;
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
  // The receive decision at hand counted on a place in this ring.
  assign need_room = 16'd1 + 16'(dec_valid_i && dec_i.reason == '0 && dec_i.qp[QIdxW-1:0] == tq);
  assign can = 16'(cq_tail[tq] - txc_head_i) + need_room <= (16'd1 << txc_ctx_i.cq_log) && dma_ok[txc_ctx_i.fn[FIdxW-1:0]];
  assign gone = !loaded_i[tq] || err_i[tq] || drain_i[tq];
  assign due = done.cpl_req || merge_new.count >= MergeMax || done_last_i || parked_q[tq];

  always_comb begin
    merge_new = merged;
    if (!use_aq) begin
      merge_new.count = merged.count + 16'd1;
      merge_new.tag = done.tag;
      merge_new.epoch = done.epoch;
    end
  end

  // What it wants to write, from state only; then what happens to it, which depends on who gets the beat.
  assign active = !load_i.valid && (use_aq || done_valid);
  assign want_irq = active && use_aq && irq_q[tq];
  assign want_cpl = active && !gone && can && (use_aq ? !irq_q[tq] && parked_q[tq] : due);
  assign wait_cpl = want_cpl && !tx_grant;
  assign aq_drop = active && use_aq && !want_irq && !wait_cpl;
  assign done_pop = active && !use_aq && !wait_cpl;
  assign park = done_pop && !gone && due && !can;
  assign merge_we = is_tx || (done_pop && !gone);
  assign frame_done_o.valid = done_pop;
  assign frame_done_o.qp = done.qp;

  // ---- one beat a cycle ----
  logic             rx_first_q;    // receive had the last turn
  logic [QIdxW-1:0] cur_q;         // queue of the frame being written
  logic             kill_q;        // its life ended: no completion
  logic             kill;
  logic [127:0]     entry_q;
  logic [weir_pkg::LenW-1:0]   len_q;
  logic [weir_pkg::VportW-1:0] vport_q;
  logic [7:0]       irq_fn_q;
  logic [7:0]       irq_vec_q;
  logic             rx_turn;
  logic             cpl_we;
  logic             is_tx;
  logic [QIdxW-1:0] cq;
  weir_queue_pkg::ctx_t cctx;
  logic [15:0]      tail;
  logic [15:0]      slot;
  logic [127:0]     rx_entry;
  logic [127:0]     entry;
  weir_pkg::rx_fate_t fate;

  assign rx_turn = state_q == Idle && dec_valid_i && rx_valid_i && !load_i.valid && !((want_irq || want_cpl) && rx_first_q);
  assign tx_grant = state_q == Idle && out_ready && !load_i.valid && !rx_turn && (want_irq || want_cpl);
  assign kill = kill_q || (load_i.valid && load_i.qp[QIdxW-1:0] == cur_q);
  assign rxc_qp_o = (state_q == Idle) ? dec_i.qp : weir_pkg::QpW'(cur_q);
  assign is_tx = tx_grant && want_cpl;
  assign cq = is_tx ? tq : rxc_qp_o[QIdxW-1:0];
  assign cctx = is_tx ? txc_ctx_i : rxc_ctx_i;
  assign tail = cq_tail[cq];
  assign slot = tail & ((16'd1 << cctx.cq_log) - 16'd1);

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
      rx_entry[weir_abi_pkg::CplL3OkLsb] = rx_i.l3_ok;
      rx_entry[weir_abi_pkg::CplL4OkLsb] = rx_i.l4_ok;
      rx_entry[weir_abi_pkg::CplVlanStrippedLsb] = rx_i.vlan_stripped;
      rx_entry[weir_abi_pkg::CplEopLsb] = 1'b1;
      rx_entry[weir_abi_pkg::CplMcastLsb] = rx_i.mcast;
      rx_entry[weir_abi_pkg::CplLocalLsb] = rx_i.is_local;
      rx_entry[weir_abi_pkg::CplRedirectLsb] = rx_i.redirect;
      rx_entry[weir_abi_pkg::CplSrcVportLsb +: 7] = (rx_i.is_local || rx_i.redirect) ? rx_i.src_vport[6:0] : 7'd0;
    end
    entry = (state_q == Idle) ? rx_entry : entry_q;
    if (is_tx) begin
      entry = '0;
      entry[weir_abi_pkg::CplHashLsb +: 32] = cycle_q;
      entry[weir_abi_pkg::CplVlanTciLsb +: 16] = merge_new.tag;
      entry[weir_abi_pkg::CplLenLsb +: 16] = 16'(tq) - 16'(txc_base_i);
      entry[weir_abi_pkg::CplOffset64Lsb +: 16] = merge_new.count;
      entry[weir_abi_pkg::CplIsTxLsb] = 1'b1;
      entry[weir_abi_pkg::CplEpochLsb +: 8] = merge_new.epoch;
    end
    entry[weir_abi_pkg::CplPhaseLsb] = !tail[cctx.cq_log];
  end

  always_comb begin
    rx_ready_o = 1'b0;
    dec_done_o = 1'b0;
    cpl_we = 1'b0;
    out_push = 1'b0;
    out = '0;
    out.fn = cctx.fn;
    out.vec = cctx.vec;
    out.len = weir_pkg::LenW'(16);
    out.addr = {cctx.cq_base, 6'd0} + {44'd0, slot, 4'd0};
    out.sop = 1'b1;
    out.eop = 1'b1;
    fate = '0;
    fate.vport = rx_i.vport;
    fate.len = rx_i.len;
    fate.fence = rx_i.fence;
    fate.reason = dec_i.reason;
    case (state_q)
      Idle: begin
        if (tx_grant && want_irq) begin
          out_push = 1'b1;
          out.irq = 1'b1;
          out.fn = txc_ctx_i.fn;
          out.vec = txc_ctx_i.vec;
        end else if (is_tx) begin
          out_push = 1'b1;
          cpl_we = 1'b1;
        end else if (rx_turn && dec_i.reason != '0) begin
          rx_ready_o = 1'b1;
          dec_done_o = rx_i.eop;
          fate.valid = rx_i.eop;
          // Only a frame's first beat carries its meta.
          if (!rx_i.sop) begin
            fate.vport = vport_q;
            fate.len = len_q;
            fate.fence = 1'b0;
          end
        end else if (rx_turn && out_ready) begin
          rx_ready_o = 1'b1;
          out_push = 1'b1;
          dec_done_o = rx_i.eop;
          if (dec_i.fence) begin
            cpl_we = 1'b1;
            fate.valid = 1'b1;
          end else begin
            out.eop = rx_i.eop;
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
        out_push = rx_valid_i && out_ready && !load_i.valid;
        rx_ready_o = out_push;
        dec_done_o = out_push && rx_i.eop;
      end
      RxCpl: begin
        out_push = out_ready && !load_i.valid && !kill_q;
        cpl_we = out_push;
        fate.valid = out_push || (kill_q && !load_i.valid);
        fate.vport = vport_q;
        fate.len = len_q;
        fate.fence = 1'b0;
        fate.reason = kill_q ? 8'(weir_abi_pkg::ReasonQpDisabled) : 8'd0;
      end
      default: begin
        out_push = out_ready;
        out.irq = 1'b1;
        out.fn = irq_fn_q;
        out.vec = irq_vec_q;
      end
    endcase
    if (cpl_we) out.data = 512'(entry);
  end

  // ---- arming ----
  logic [QIdxW-1:0] dq;
  logic             fire;
  assign dq = db_i.qp[QIdxW-1:0];
  assign fire = 16'(cq_tail[dq] + 16'(cpl_we && cq == dq)) != db_i.value;

  assign promise_o.valid = is_tx || ((state_q == RxData || state_q == RxCpl) && !kill_q);
  assign promise_o.qp = is_tx ? weir_pkg::QpW'(tq) : weir_pkg::QpW'(cur_q);
  assign rxd_tail_o = cq_tail[rxd_qp_i[QIdxW-1:0]];
  assign db_tail_o = cq_tail[db_qp_i[QIdxW-1:0]];
  assign sel_tail_o = cq_tail[sel_qp_i[QIdxW-1:0]];
  assign sel_armed_o = armed_q[sel_qp_i[QIdxW-1:0]];
  assign sel_busy_o = ((state_q == RxData || state_q == RxCpl) && cur_q == sel_qp_i[QIdxW-1:0]) ||
                      (dec_valid_i && dec_i.reason == '0 && dec_i.qp == sel_qp_i);
  assign busy_o = state_q != Idle || out_level != '0 || done_level != '0 || done_valid_i || attn_q != '0 || aq_valid_q ||
                  rx_valid_i || fate_o.valid || wake_q.valid || rise;

  always_ff @(posedge clk_i) begin
    if (load_i.valid) cq_tail[load_i.qp[QIdxW-1:0]] <= '0;
    else if (cpl_we) cq_tail[cq] <= tail + 16'd1;
    if (load_i.valid) merge_mem[load_i.qp[QIdxW-1:0]] <= '0;
    else if (merge_we) merge_mem[tq] <= want_cpl ? '0 : merge_new;
    if (state_q == Idle && rx_ready_o && rx_i.sop) begin
      entry_q <= rx_entry;
      len_q <= rx_i.len;
      vport_q <= rx_i.vport;
    end
    if (cpl_we) begin
      irq_fn_q <= cctx.fn;
      irq_vec_q <= cctx.vec;
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
      cur_q <= '0;
      kill_q <= 1'b0;
      fate_o <= '0;
      wake_q <= '0;
    end else begin
      dma_ok_q <= fn_dma_ok_i;
      cycle_q <= cycle_q + 32'd1;
      fate_o <= fate;
      wake_q.valid <= db_i.cq;
      wake_q.qp <= db_i.qp;

      case (state_q)
        Idle: begin
          if (tx_grant) begin
            rx_first_q <= 1'b0;
            if (is_tx && armed_q[cq]) state_q <= Irq;
          end else if (rx_turn && rx_ready_o) begin
            if (rx_i.eop) rx_first_q <= 1'b1;
            if (dec_i.reason == '0) begin
              rx_first_q <= 1'b1;
              cur_q <= dec_i.qp[QIdxW-1:0];
              kill_q <= 1'b0;
              if (!dec_i.fence) state_q <= rx_i.eop ? RxCpl : RxData;
              else if (armed_q[cq]) state_q <= Irq;
            end
          end
        end
        RxData: begin
          kill_q <= kill;
          if (dec_done_o) state_q <= RxCpl;
        end
        RxCpl: begin
          kill_q <= kill;
          if (fate.valid) state_q <= (cpl_we && armed_q[cq]) ? Irq : Idle;
        end
        default: if (out_ready) state_q <= Idle;
      endcase

      if (tx_grant) aq_last_q <= use_aq;
      else if (done_pop) aq_last_q <= 1'b0;
      if (rise) attn_q <= attn_q | parked_q | irq_q;
      if (!aq_valid_q) begin
        aq_valid_q <= pick_valid;
        aq_q <= pick_qp;
        if (pick_valid) attn_q[pick_qp] <= 1'b0;
      end else if (aq_drop) begin
        aq_valid_q <= 1'b0;
      end
      if (tx_grant && want_irq) irq_q[tq] <= 1'b0;
      if (is_tx) parked_q[tq] <= 1'b0;
      if (park) parked_q[tq] <= 1'b1;
      if (cpl_we) armed_q[cq] <= 1'b0;

      if (wake_q.valid && parked_q[wake_q.qp[QIdxW-1:0]]) attn_q[wake_q.qp[QIdxW-1:0]] <= 1'b1;
      if (db_i.cq && db_i.arm) begin
        armed_q[dq] <= !fire;
        // The write of this very cycle already brings the interrupt of an earlier arming.
        if (fire && !(cpl_we && cq == dq && armed_q[dq])) begin
          irq_q[dq] <= 1'b1;
          attn_q[dq] <= 1'b1;
        end
      end
      if (load_i.valid) begin
        armed_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
        irq_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
        parked_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      end
    end
  end
endmodule
