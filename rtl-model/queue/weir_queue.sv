// SPDX-License-Identifier: Apache-2.0
// The queue block: doorbells in, descriptors fetched and checked, frames to and from the switch, completions and interrupt tokens
// out. Wiring, and what takes several parts to know: whether a doorbell-inline frame is taken, and whether the block is idle. A queue acts
// under the function its context names and nothing else (threats T7, T9). Borders: docs/interfaces.md.
module weir_queue #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns,
    parameter int RxCacheDepth = 256  // receive buffers known ahead, per queue; a line-rate burst at 250-cycle reads needs 170
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  weir_pkg::csr_req_t    csr_i,
    output weir_pkg::csr_rsp_t    csr_o,
    output logic                  event_o,
    output logic                  idle_o,
    input  weir_pkg::bar_req_t    bar_req_i,
    input  logic                  db_inline_valid_i,   // bar_req_i begins a whole write of the inline doorbell slot
    input  logic [511:0]          db_inline_data_i,
    input  logic [NumFns-1:0]     fn_enabled_i,
    input  logic [NumFns-1:0]     fn_quiesce_i,
    input  logic [NumFns-1:0]     fn_dma_ok_i,
    output logic                  txd_req_valid_o,
    input  logic                  txd_req_ready_i,
    output weir_pkg::dma_rd_req_t txd_req_o,
    input  logic                  txd_rsp_valid_i,
    output logic                  txd_rsp_ready_o,
    input  weir_pkg::dma_rd_rsp_t txd_rsp_i,
    output logic                  txp_req_valid_o,
    input  logic                  txp_req_ready_i,
    output weir_pkg::dma_rd_req_t txp_req_o,
    input  logic                  txp_rsp_valid_i,
    output logic                  txp_rsp_ready_o,
    input  weir_pkg::dma_rd_rsp_t txp_rsp_i,
    output logic                  rx_desc_req_valid_o,
    input  logic                  rx_desc_req_ready_i,
    output weir_pkg::dma_rd_req_t rx_desc_req_o,
    input  logic                  rx_desc_rsp_valid_i,
    output logic                  rx_desc_rsp_ready_o,
    input  weir_pkg::dma_rd_rsp_t rx_desc_rsp_i,
    output logic                  queue_wr_valid_o,
    input  logic                  queue_wr_ready_i,
    output weir_pkg::dma_wr_t     queue_wr_o,
    output logic                  tx_valid_o,
    input  logic                  tx_ready_i,
    input  logic                  tx_low_i,       // the switch holds little of what was sent
    output weir_pkg::tx_frame_t   tx_o,
    input  logic                  done_valid_i,
    output logic                  done_ready_o,
    input  weir_pkg::tx_done_t    done_i,
    input  logic                  rx_valid_i,
    output logic                  rx_ready_o,
    input  weir_pkg::rx_frame_t   rx_i,
    output weir_pkg::rx_disposition_t    disposition_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int QpW = weir_pkg::QpW;
  localparam int FIdxW = $clog2(NumFns);

  weir_queue_pkg::load_t load;
  weir_queue_pkg::db_t   db;
  weir_queue_pkg::wake_t tx_wake;
  weir_queue_pkg::wake_t rx_wake;
  logic [NumQps-1:0] loaded;
  logic [NumQps-1:0] tx_on;
  logic [NumQps-1:0] rx_on;
  logic [NumQps-1:0] err;
  logic [NumQps-1:0] drain;
  logic [NumQps-1:0] gen;

  // Which queue each part looks at, and its context.
  logic [QpW-1:0] sel_qp;
  logic [QpW-1:0] db_qp;
  logic [QpW-1:0] txf_qp;
  logic [QpW-1:0] rx_fetch_qp;
  logic [QpW-1:0] rx_desc_qp;
  logic [QpW-1:0] rx_cpl_qp;
  logic [QpW-1:0] txc_qp;
  weir_queue_pkg::ctx_t db_ctx;
  weir_queue_pkg::ctx_t txf_ctx;
  weir_queue_pkg::ctx_t txd_ctx;
  weir_queue_pkg::ctx_t rx_fetch_ctx;
  weir_queue_pkg::ctx_t rx_desc_ctx;
  weir_queue_pkg::ctx_t rx_decide_ctx;
  weir_queue_pkg::ctx_t rx_cpl_ctx;
  weir_queue_pkg::ctx_t txc_ctx;

  // ---- CSR and contexts ----
  logic        grant_valid;
  logic [31:0] grant;
  logic        rate_valid;
  logic        fn_rate_valid;
  logic        weight_valid;
  logic [31:0] sel_credit;
  logic        map_we;
  logic [7:0]  map_fn;
  logic [23:0] map_wr;
  logic [23:0] map_rd;
  logic        pop;
  logic [31:0] pop_data;
  logic        sel_tx_busy;
  logic        sel_rx_fetch_busy;
  logic        sel_rx_cpl_busy;
  logic        sel_armed;
  logic        sel_ingress;
  logic [15:0] sel_offset;
  logic [15:0] sel_merged;
  logic [7:0]  sel_epoch;
  weir_queue_pkg::wake_t force_irq;
  logic [57:0] state_addr;
  logic        save;
  logic [511:0] save_data;
  logic        save_take;
  logic        fetch;
  logic        fetch_take;
  logic        fetch_valid;
  logic [1:0]  fetch_idx;
  logic [127:0] fetch_data;
  logic        fetch_last;
  logic        fetch_err;
  logic [7:0]  sel_reason;
  logic [15:0] sel_tx_fetch;
  logic [15:0] sel_tx_tail;
  logic [15:0] sel_rx_use;
  logic [15:0] sel_rx_fill;
  logic [15:0] sel_rx_tail;
  logic [15:0] sel_cq_tail;
  logic [15:0] sel_cq_head;
  logic        ctx_busy;
  weir_queue_pkg::batch_t batch;

  weir_queue_ctx #(.NumQps(NumQps)) u_ctx (
      .clk_i, .rst_ni, .csr_i, .csr_o, .load_o(load), .tx_wake_o(tx_wake), .rx_wake_o(rx_wake),
      .grant_valid_o(grant_valid), .rate_valid_o(rate_valid), .fn_rate_valid_o(fn_rate_valid),
      .weight_valid_o(weight_valid), .grant_o(grant), .credit_i(sel_credit), .map_we_o(map_we), .map_fn_o(map_fn), .map_o(map_wr), .map_i(map_rd),
      .pop_o(pop), .pop_i(pop_data), .sel_qp_o(sel_qp), .sel_tx_busy_i(sel_tx_busy),
      .sel_rx_busy_i(sel_rx_fetch_busy || sel_rx_decide_busy || sel_rx_cpl_busy), .sel_armed_i(sel_armed), .sel_posted_i(sel_rx_fill != sel_rx_use),
      .sel_reason_i(sel_reason), .sel_tx_ptr_i({sel_tx_tail, sel_tx_fetch}), .sel_rx_ptr_i({sel_rx_tail, sel_rx_use}),
      .sel_cq_ptr_i({sel_cq_head, sel_cq_tail}), .sel_ingress_i(sel_ingress), .sel_offset_i(sel_offset),
      .sel_merged_i(sel_merged), .sel_epoch_i(sel_epoch), .force_irq_o(force_irq), .state_addr_o(state_addr), .save_o(save), .save_data_o(save_data),
      .save_take_i(save_take), .fetch_o(fetch), .fetch_take_i(fetch_take), .fetch_valid_i(fetch_valid), .fetch_idx_i(fetch_idx),
      .fetch_data_i(fetch_data), .fetch_last_i(fetch_last), .fetch_err_i(fetch_err), .err_i(err), .loaded_o(loaded), .tx_on_o(tx_on), .rx_on_o(rx_on),
      .db_qp_i(db_qp), .db_ctx_o(db_ctx), .txf_qp_i(txf_qp), .txf_ctx_o(txf_ctx), .txd_qp_i(batch.qp), .txd_ctx_o(txd_ctx),
      .rx_fetch_qp_i(rx_fetch_qp), .rx_fetch_ctx_o(rx_fetch_ctx), .rx_desc_qp_i(rx_desc_qp), .rx_desc_ctx_o(rx_desc_ctx), .rx_decide_qp_i(rx_i.qp), .rx_decide_ctx_o(rx_decide_ctx),
      .rx_cpl_qp_i(rx_cpl_qp), .rx_cpl_ctx_o(rx_cpl_ctx), .txc_qp_i(txc_qp), .txc_ctx_o(txc_ctx), .busy_o(ctx_busy));

  // ---- doorbells ----
  logic [15:0] db_tx_fetch;
  logic [15:0] db_rx_fetch;
  logic [15:0] db_cq_tail;
  logic [15:0] txf_tail;
  logic [15:0] rollback_tail;
  logic [15:0] rx_fetch_tail;
  logic [15:0] rx_decide_head;
  logic [15:0] txc_head;
  logic [11:0] txc_base;
  logic        db_live;
  logic        db_inline;
  logic        db_inline_ready;
  logic        db_inline_take;
  logic        db_inline_cpl_req;
  logic [5:0]  db_inline_len;
  logic [511:0] db_inline_bytes;
  logic        db_err_valid;
  logic        db_busy;
  weir_queue_pkg::err_t db_err;

  assign db_live = loaded[db_qp[QIdxW-1:0]] && !err[db_qp[QIdxW-1:0]];
  weir_queue_db #(.NumQps(NumQps), .NumFns(NumFns)) u_db (
      .clk_i, .rst_ni, .bar_req_i, .db_inline_valid_i, .db_inline_data_i, .db_inline_o(db_inline), .db_inline_len_o(db_inline_len),
      .db_inline_cpl_req_o(db_inline_cpl_req), .db_inline_bytes_o(db_inline_bytes), .fn_enabled_i, .fn_quiesce_i, .load_i(load),
      .map_we_i(map_we), .map_fn_i(map_fn), .map_i(map_wr), .map_o(map_rd), .cpl_fn_i(txc_ctx.fn), .cpl_base_o(txc_base),
      .qp_o(db_qp), .ctx_i(db_ctx), .live_i(db_live), .tx_fetch_i(db_tx_fetch), .rx_fetch_i(db_rx_fetch),
      .cq_tail_i(db_cq_tail), .db_o(db), .err_valid_o(db_err_valid), .err_o(db_err),
      .tx_qp_i(txf_qp), .tx_tail_o(txf_tail), .rollback_qp_i(batch.qp), .rollback_tail_o(rollback_tail), .rx_qp_i(rx_fetch_qp), .rx_tail_o(rx_fetch_tail),
      .rx_decide_qp_i(rx_i.qp), .rx_decide_head_o(rx_decide_head), .txc_qp_i(txc_qp), .txc_head_o(txc_head), .sel_qp_i(sel_qp),
      .sel_tx_tail_o(sel_tx_tail), .sel_rx_tail_o(sel_rx_tail), .sel_cq_head_o(sel_cq_head), .busy_o(db_busy));

  // ---- errors ----
  logic pay_err_valid;
  logic pay_err_ready;
  logic txd_err_valid;
  logic txd_err_ready;
  logic rx_desc_err_valid;
  logic rx_desc_err_ready;
  weir_queue_pkg::err_t pay_err;
  weir_queue_pkg::err_t txd_err;
  weir_queue_pkg::err_t rx_desc_err;
  weir_queue_err #(.NumQps(NumQps)) u_err (
      .clk_i, .rst_ni, .load_i(load), .db_valid_i(db_err_valid), .db_i(db_err),
      .pay_valid_i(pay_err_valid), .pay_ready_o(pay_err_ready), .pay_i(pay_err),
      .txd_valid_i(txd_err_valid), .txd_ready_o(txd_err_ready), .txd_i(txd_err),
      .rx_desc_valid_i(rx_desc_err_valid), .rx_desc_ready_o(rx_desc_err_ready), .rx_desc_i(rx_desc_err),
      .err_o(err), .sel_qp_i(sel_qp), .sel_reason_o(sel_reason), .event_o, .pop_i(pop), .pop_o(pop_data));

  // ---- transmit ----
  logic batch_valid;
  logic batch_err;
  logic batch_pop;
  logic batch_empty;
  logic [4:0] batch_index;
  logic [127:0] desc;
  logic [511:0] desc_behind;
  logic info_valid;
  logic info_ready;
  weir_queue_pkg::batch_t info;
  logic rollback_valid;
  logic rollback_ready;
  logic [15:0] rollback_ptr;
  logic rollback_more;
  logic rollback_cut;
  logic [3:0] rollback_most;
  logic rollback_pieces;
  logic seen;
  logic [15:0] seen_end;
  logic [3:0] seen_over;
  logic [3:0] seen_most;
  logic seen_pieces;
  logic [3:0] over;
  logic pick_batches;
  logic pick_frames;
  logic db_none;
  logic qp_limited;
  logic qp_ok;
  logic [3:0] qp_frames;
  logic fn_limited;
  logic fn_ok;
  logic [3:0] fn_frames;
  logic fn_again;
  logic [QIdxW-1:0] qp_again_idx;
  weir_queue_pkg::wake_t qp_again;
  logic txf_busy;
  logic txd_busy;
  logic txp_busy;
  logic meta_ready;
  logic [weir_pkg::FnW-1:0] frame_fn;
  logic desc_valid;
  weir_queue_pkg::txmeta_t desc_meta;
  logic desc_inl_valid;
  logic [512:0] desc_inl;
  logic inl_ready;
  logic db_inline_room;
  logic [2:0] hint;
  weir_queue_pkg::txmeta_t db_inline_meta;
  weir_queue_pkg::wake_t frame_issue;
  weir_queue_pkg::wake_t frame_done;
  weir_queue_pkg::wake_t frame_cancel;
  weir_queue_pkg::wake_t batch_issue;
  weir_queue_pkg::wake_t batch_done;
  weir_queue_pkg::wake_t desc_issue;
  logic [weir_pkg::LenW-1:0] desc_len;
  logic [QpW-1:0] done_qp;
  logic done_last;
  logic flight_none;

  assign batch_issue.valid = info_valid;
  assign batch_issue.qp = info.qp;
  assign batch_done.valid = batch_pop;
  assign batch_done.qp = batch.qp;

  weir_queue_txfetch #(.NumQps(NumQps), .NumFns(NumFns)) u_txfetch (
      .clk_i, .rst_ni, .load_i(load), .db_i(db), .wake_i(tx_wake), .fn_dma_ok_i, .tx_on_i(tx_on), .err_i(err),
      .qp_o(txf_qp), .ctx_i(txf_ctx), .tail_i(txf_tail), .batches_i(pick_batches), .frames_i(pick_frames),
      .limited_i(qp_limited || fn_limited), .credit_ok_i(qp_ok && fn_ok),
      .credit_frames_i((!fn_limited || (qp_limited && qp_frames < fn_frames)) ? qp_frames : fn_frames),
      .qp_again_i(qp_again), 
      .fn_again_i(fn_again), .rated_i(qp_rated || fn_rated), .weight_valid_i(weight_valid), .weight_i(grant[3:0]),
      .hint_for_i(desc_issue), .hint_i(hint), .batch_pop_i(batch_pop), .batch_cost_i(batch.cost),
      .db_inline_ready_o(db_inline_ready), .db_inline_i(db_inline_take), .db_inline_qp_i(db_qp), .db_inline_ptr_i(db.value), .rollback_valid_i(rollback_valid), .rollback_ready_o(rollback_ready), .rollback_qp_i(batch.qp),
      .rollback_ptr_i(rollback_ptr), .rollback_more_i(rollback_more), .rollback_cut_i(rollback_cut), .rollback_most_i(rollback_most), .rollback_pieces_i(rollback_pieces),
      .seen_i(seen), .seen_end_i(seen_end), .seen_over_i(seen_over), .seen_most_i(seen_most), .seen_pieces_i(seen_pieces), .over_o(over), .drain_o(drain), .gen_o(gen), .db_qp_i(db_qp), .db_fetch_o(db_tx_fetch),
      .sel_qp_i(sel_qp), .sel_fetch_o(sel_tx_fetch), .info_valid_o(info_valid), .info_ready_i(info_ready), .info_o(info),
      .txd_req_valid_o, .txd_req_ready_i, .txd_req_o, .busy_o(txf_busy));
  weir_queue_batch u_txbatch (
      .clk_i, .rst_ni, .info_valid_i(info_valid), .info_ready_o(info_ready), .info_i(info),
      .rsp_valid_i(txd_rsp_valid_i), .rsp_ready_o(txd_rsp_ready_o), .rsp_i(txd_rsp_i), .valid_o(batch_valid),
      .info_o(batch), .err_o(batch_err), .index_i(batch_index), .desc_o(desc), .behind_o(desc_behind), .pop_i(batch_pop), .empty_o(batch_empty));
  weir_queue_txdesc #(.NumQps(NumQps), .NumFns(NumFns)) u_txdesc (
      .clk_i, .rst_ni, .load_i(load), .fn_dma_ok_i, .err_i(err), .drain_i(drain), .gen_i(gen),
      .batch_valid_i(batch_valid), .batch_i(batch), .batch_err_i(batch_err), .index_o(batch_index), .desc_i(desc), .behind_i(desc_behind),
      .batch_pop_o(batch_pop), .over_i(over), .seen_o(seen), .seen_end_o(seen_end), .seen_over_o(seen_over), .seen_most_o(seen_most), .seen_pieces_o(seen_pieces), .ctx_i(txd_ctx), .tail_i(rollback_tail), .err_valid_o(txd_err_valid), .err_ready_i(txd_err_ready),
      .err_o(txd_err), .rollback_valid_o(rollback_valid), .rollback_ready_i(rollback_ready), .rollback_ptr_o(rollback_ptr), .rollback_more_o(rollback_more),
      .rollback_cut_o(rollback_cut), .rollback_most_o(rollback_most), .rollback_pieces_o(rollback_pieces),
      .frame_issue_o(desc_issue), .frame_len_o(desc_len), .hint_o(hint), .txp_req_valid_o, .txp_req_ready_i, .txp_req_o,
      .meta_valid_o(desc_valid), .meta_ready_i(meta_ready && !db_inline_take), .meta_o(desc_meta),
      .inl_valid_o(desc_inl_valid), .inl_ready_i(inl_ready && !db_inline_take), .inl_o(desc_inl), .busy_o(txd_busy));

  // A doorbell-inline frame goes first, so nothing of its queue may be under way. It has no credit to pay with.
  assign db_inline_take = db_inline && db_inline_ready && db_inline_room && db_none && tx_on[db_qp[QIdxW-1:0]] &&
                     !drain[db_qp[QIdxW-1:0]] && !db_limited && fn_dma_ok_i[db_ctx.fn[FIdxW-1:0]];
  always_comb begin
    db_inline_meta = '0;
    db_inline_meta.qp = db_qp;
    db_inline_meta.fn = db_ctx.fn;
    db_inline_meta.vport = db_ctx.vport;
    db_inline_meta.tag = db.value;
    db_inline_meta.len = weir_pkg::LenW'(db_inline_len);
    db_inline_meta.inl = 1'b1;
    db_inline_meta.cpl_req = db_inline_cpl_req;
    frame_issue = desc_issue;
    frame_len = desc_len;
    frame_fn = desc_meta.fn;
    if (db_inline_take) begin
      frame_issue.valid = 1'b1;
      frame_issue.qp = db_qp;
      frame_len = weir_pkg::LenW'(db_inline_len);
      frame_fn = db_ctx.fn;
    end
  end
  weir_queue_tx #(.NumQps(NumQps), .NumFns(NumFns)) u_tx (
      .clk_i, .rst_ni, .fn_dma_ok_i, .drain_i(drain), .load_i(load), .meta_valid_i(desc_valid), .meta_ready_o(meta_ready),
      .meta_i(desc_meta), .db_inline_valid_i(db_inline_take), .db_inline_ready_o(db_inline_room), .db_inline_meta_i(db_inline_meta), .db_inline_data_i(db_inline_bytes), .txp_rsp_valid_i, .txp_rsp_ready_o, .txp_rsp_i,
      .inl_valid_i(desc_inl_valid), .inl_ready_o(inl_ready), .inl_i(desc_inl), .err_valid_o(pay_err_valid), .err_ready_i(pay_err_ready),
      .err_o(pay_err), .frame_cancel_o(frame_cancel), .tx_valid_o, .tx_ready_i, .tx_low_i, .tx_o, .busy_o(txp_busy));
  weir_queue_flight #(.NumQps(NumQps)) u_flight (
      .clk_i, .rst_ni, .load_i(load), .batch_issue_i(batch_issue), .batch_done_i(batch_done), .frame_issue_i(frame_issue),
      .frame_done_i(frame_done), .frame_cancel_i(frame_cancel), .pick_qp_i(txf_qp), .pick_batches_o(pick_batches),
      .pick_frames_o(pick_frames), .db_qp_i(db_qp), .db_none_o(db_none), .done_qp_i(done_qp), .done_last_o(done_last), .sel_qp_i(sel_qp),
      .sel_busy_o(sel_tx_busy), .none_o(flight_none));

  // Credit in two levels: a frame is paid for by its queue pair and by its function.
  logic [weir_pkg::LenW-1:0] frame_len;
  logic db_limited;
  logic qp_rated;
  logic fn_rated;
  logic unused_fn_again;
  logic [FIdxW-1:0] unused_fn_idx;
  logic [31:0] unused_fn_left;
  logic [NumQps-1:0] qp_credit;
  logic [(1<<FIdxW)-1:0] fn_credit;
  assign db_limited = qp_credit[db_qp[QIdxW-1:0]] || fn_credit[db_ctx.fn[FIdxW-1:0]];
  assign qp_again.qp = QpW'(qp_again_idx);
  weir_queue_bucket #(.N(NumQps)) u_qp_credit (
      .clk_i, .rst_ni, .clear_i(load.valid), .init_i(load.init), .clear_idx_i(load.qp[QIdxW-1:0]), .grant_i(grant_valid),
      .rate_i(rate_valid), .set_idx_i(sel_qp[QIdxW-1:0]), .set_i(grant), .left_o(sel_credit), .spend_i(frame_issue.valid),
      .spend_idx_i(frame_issue.qp[QIdxW-1:0]), .bytes_i(frame_len), .idx_i(txf_qp[QIdxW-1:0]), .limited_o(qp_limited),
      .ok_o(qp_ok), .frames_o(qp_frames), .all_o(qp_credit), .rated_o(qp_rated),
      .again_o(qp_again.valid), .again_idx_o(qp_again_idx));
  weir_queue_bucket #(.N(1 << FIdxW)) u_fn_credit (
      .clk_i, .rst_ni, .clear_i(load.init), .init_i(load.init), .clear_idx_i(load.qp[FIdxW-1:0]), .grant_i(1'b0),
      .rate_i(fn_rate_valid), .set_idx_i(map_fn[FIdxW-1:0]), .set_i(grant), .left_o(unused_fn_left), .spend_i(frame_issue.valid),
      .spend_idx_i(frame_fn[FIdxW-1:0]), .bytes_i(frame_len), .idx_i(txf_ctx.fn[FIdxW-1:0]), .limited_o(fn_limited),
      .ok_o(fn_ok), .frames_o(fn_frames), .all_o(fn_credit), .rated_o(fn_rated),
      .again_o(fn_again), .again_idx_o(unused_fn_idx));

  // ---- receive ----
  logic [15:0] rx_fetch_use;
  logic [15:0] rx_decide_use;
  logic rx_decide_any;
  weir_queue_pkg::rxbuf_t rx_decide_buf;
  weir_queue_pkg::wake_t used;
  weir_queue_pkg::wake_t tx_add;
  logic [15:0] rx_decide_tx;
  logic [15:0] txc_rx;
  logic beat_valid;
  logic beat_ready;
  weir_pkg::rx_frame_t beat;
  logic sel_rx_decide_busy;
  weir_queue_pkg::rxdec_t dec;
  logic rx_fetch_busy;
  logic cpl_busy;

  weir_queue_rxfetch #(.NumQps(NumQps), .NumFns(NumFns), .Depth(RxCacheDepth)) u_rxfetch (
      .clk_i, .rst_ni, .load_i(load), .db_i(db), .wake_i(rx_wake), .fn_dma_ok_i, .rx_on_i(rx_on), .err_i(err),
      .qp_o(rx_fetch_qp), .ctx_i(rx_fetch_ctx), .tail_i(rx_fetch_tail), .use_i(rx_fetch_use), .rx_desc_req_valid_o, .rx_desc_req_ready_i, .rx_desc_req_o,
      .rx_desc_rsp_valid_i, .rx_desc_rsp_ready_o, .rx_desc_rsp_i, .fill_qp_o(rx_desc_qp), .fill_ctx_i(rx_desc_ctx),
      .err_valid_o(rx_desc_err_valid), .err_ready_i(rx_desc_err_ready), .err_o(rx_desc_err),
      .state_req_i(fetch), .state_addr_i(state_addr), .state_take_o(fetch_take), .state_valid_o(fetch_valid), .state_idx_o(fetch_idx),
      .state_data_o(fetch_data), .state_last_o(fetch_last), .state_err_o(fetch_err), .rd_qp_i(rx_i.qp), .rd_use_i(rx_decide_use),
      .rd_any_o(rx_decide_any), .rd_buf_o(rx_decide_buf), .used_i(used), .db_qp_i(db_qp), .db_fetch_o(db_rx_fetch), .sel_qp_i(sel_qp),
      .sel_fill_o(sel_rx_fill), .sel_busy_o(sel_rx_fetch_busy), .busy_o(rx_fetch_busy));
  weir_queue_rx #(.NumQps(NumQps), .NumFns(NumFns)) u_rx (
      .clk_i, .rst_ni, .load_i(load), .fn_dma_ok_i, .rx_on_i(rx_on), .err_i(err), .rx_valid_i, .rx_ready_o, .rx_i,
      .ctx_i(rx_decide_ctx), .use_o(rx_decide_use), .any_i(rx_decide_any), .buf_i(rx_decide_buf), .cq_head_i(rx_decide_head), .tx_cpl_i(rx_decide_tx),
      .tx_add_i(tx_add), .beat_valid_o(beat_valid), .beat_ready_i(beat_ready), .beat_o(beat), .dec_o(dec), .used_o(used),
      .txc_qp_i(txc_qp), .rx_cpl_o(txc_rx), .pick_qp_i(rx_fetch_qp), .pick_use_o(rx_fetch_use), .sel_qp_i(sel_qp),
      .sel_use_o(sel_rx_use), .sel_offset_o(sel_offset), .sel_ingress_o(sel_ingress), .sel_busy_o(sel_rx_decide_busy));

  // ---- completions ----
  weir_queue_cpl #(.NumQps(NumQps), .NumFns(NumFns)) u_cpl (
      .clk_i, .rst_ni, .load_i(load), .db_i(db), .fn_dma_ok_i, .loaded_i(loaded), .err_i(err), .drain_i(drain),
      .rx_valid_i(beat_valid), .rx_ready_o(beat_ready), .rx_i(beat), .dec_i(dec), .disposition_o, .done_valid_i, .done_ready_o, .done_i, .frame_done_o(frame_done), .done_qp_o(done_qp), .done_last_i(done_last), .issue_i(frame_issue), .db_inline_i(db_inline_take),
      .txc_qp_o(txc_qp), .txc_ctx_i(txc_ctx), .txc_head_i(txc_head), .txc_rx_i(txc_rx), .txc_base_i(txc_base), .rx_cpl_qp_o(rx_cpl_qp),
      .rx_cpl_ctx_i(rx_cpl_ctx), .rx_decide_qp_i(rx_i.qp), .rx_decide_tx_o(rx_decide_tx), .tx_add_o(tx_add), .db_qp_i(db_qp), .db_tail_o(db_cq_tail),
      .sel_qp_i(sel_qp), .sel_tail_o(sel_cq_tail), .sel_armed_o(sel_armed), .sel_merged_o(sel_merged),
      .sel_epoch_o(sel_epoch), .sel_busy_o(sel_rx_cpl_busy), .force_irq_i(force_irq), .save_i(save), .save_addr_i(state_addr), .save_data_i(save_data),
      .save_take_o(save_take),
      .queue_wr_valid_o, .queue_wr_ready_i, .queue_wr_o, .busy_o(cpl_busy));

  assign idle_o = !ctx_busy && !db_busy && !txf_busy && batch_empty && !txd_busy && !txp_busy && flight_none && !rx_fetch_busy &&
                  !cpl_busy && !rx_valid_i && !bar_req_i.valid;
endmodule
