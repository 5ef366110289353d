// SPDX-License-Identifier: Apache-2.0
// Transmit descriptor fetch: round robin over the queues with work, a batch of up to 32 slots for each turn, many batches in
// flight. Frames are of several slots where they lie inline or in pieces, and nothing is looked into here: a batch asks for as
// many slots more as the queue's latest frames had behind their first, so that its last frame is whole, and the next batch is
// told how many of its slots are done with. Where frames are inline a batch ends at a 512-byte line of memory, as they do; of
// pieces it may be two reads or three. A queue on credit has one
// batch in flight, of no more frames than its credit pays in frames of 2 KiB, so its debt stays below one frame. Others get
// what their latest frame's size says is 16 KiB of frames, and no more is under way than 250-cycle reads need: what is fetched
// stays in order, so every byte too much is a wait for all queues behind. A doorbell-inline frame passes by here: its queue's pointer
// moves on without a fetch.
module weir_queue_txfetch #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    input  weir_queue_pkg::db_t      db_i,
    input  weir_queue_pkg::wake_t    wake_i,
    input  logic [NumFns-1:0]        fn_dma_ok_i,
    input  logic [NumQps-1:0]        tx_on_i,
    input  logic [NumQps-1:0]        err_i,
    // The queue whose turn it is.
    output logic [weir_pkg::QpW-1:0] qp_o,
    input  weir_queue_pkg::ctx_t     ctx_i,
    input  logic [15:0]              tail_i,
    input  logic                     batches_i,   // some in flight
    input  logic                     frames_i,    // some in flight
    input  logic                     limited_i,       // the queue or its function is
    input  logic                     credit_ok_i,     // both have credit
    input  logic [3:0]               credit_frames_i, // what the credit of a limited queue pays for, at least 1
    input  weir_queue_pkg::wake_t    qp_again_i,      // a queue has credit again
    input  logic                     fn_again_i,      // a function has
    input  logic                     rated_i,         // some queue or function has a rate: credit comes without a doorbell
    input  logic                     weight_valid_i,
    input  logic [3:0]               weight_i,        // of sel_qp_i
    // How large the frames of the queue pair hint_for_i are: 512 << hint_i bytes a descriptor at most.
    input  weir_queue_pkg::wake_t    hint_for_i,
    input  logic [2:0]               hint_i,
    // A batch of rollback_qp_i leaves; what it was thought to bring.
    input  logic                     batch_pop_i,
    input  logic [5:0]               batch_cost_i,
    // It was looked through to its end, which is seen_end_i: slots behind that which its last frame took, the most that a frame
    // had behind its first, and some frame was in pieces.
    input  logic                     seen_i,
    input  logic [15:0]              seen_end_i,
    input  logic [3:0]               seen_over_i,
    input  logic [3:0]               seen_most_i,
    input  logic                     seen_pieces_i,
    output logic [3:0]               over_o,          // slots of rollback_qp_i's oldest batch that are done with
    // A doorbell-inline frame of db_inline_qp_i was taken: everything before db_inline_ptr_i is with the card. In db_inline_ready_o cycles only.
    output logic                     db_inline_ready_o,
    input  logic                     db_inline_i,
    input  logic [weir_pkg::QpW-1:0] db_inline_qp_i,
    input  logic [15:0]              db_inline_ptr_i,
    // A batch ended inside a frame, or its turn did: start again at rollback_ptr_i; rollback_more_i = the tail already covers more than that
    // batch did. A frame that was cut has rollback_most_i slots behind its first, where rollback_cut_i.
    input  logic                     rollback_valid_i,
    output logic                     rollback_ready_o,
    input  logic [weir_pkg::QpW-1:0] rollback_qp_i,
    input  logic [15:0]              rollback_ptr_i,
    input  logic                     rollback_more_i,
    input  logic                     rollback_cut_i,
    input  logic [3:0]               rollback_most_i,
    input  logic                     rollback_pieces_i,
    output logic [NumQps-1:0]        drain_o,     // work of the queue's former generation is in flight
    output logic [NumQps-1:0]        gen_o,       // batches of the other generation are void
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output logic [15:0]              db_fetch_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_fetch_o,
    output logic                     info_valid_o,
    input  logic                     info_ready_i,
    output weir_queue_pkg::batch_t   info_o,
    output logic                     txd_req_valid_o,
    input  logic                     txd_req_ready_i,
    output weir_pkg::dma_rd_req_t    txd_req_o,
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);
  localparam int ReqW = $bits(txd_req_o);
  localparam logic [9:0] Plan = 10'd48;

  typedef enum logic [1:0] {
    Pick,  // choose a queue
    Eval,  // its state is read: ask for the first piece, or send it to sleep
    More   // ask for the other pieces of a batch
  } state_e;

  logic [15:0]       fetch [0:NumQps-1];
  logic [NumQps-1:0] active_q;   // may have something to fetch
  logic [NumQps-1:0] starved_q;   // asleep for want of credit
  logic [3:0]        weight [0:NumQps-1];
  logic [2:0]        hint [0:NumQps-1];
  logic [3:0]        look [0:NumQps-1];    // slots behind the first that frames have, lately
  logic [3:0]        over [0:NumQps-1];    // slots taken of the batches that are under way
  logic [NumQps-1:0] pieces_q;   // frames are in pieces, so they go over lines
  logic [9:0]        plan_q;     // bytes thought to be under way, units of 512
  logic [3:0]        turns_q;    // batches left in this turn
  logic [NumQps-1:0] drain_q;
  logic [NumQps-1:0] gen_q;
  logic [NumFns-1:0] dma_ok_q;
  logic [(1<<FIdxW)-1:0] dma_ok;
  state_e            state_q;
  logic [QIdxW-1:0]  qp_q;
  logic [15:0]       pos_q;
  logic [5:0]        left_q;

  logic              pick_valid;
  logic [QIdxW-1:0]  pick_qp;
  logic              rise;
  logic [15:0]       pos;
  logic [15:0]       avail;
  logic [15:0]       slot;
  logic [15:0]       to_end;
  logic [5:0]        to_line;
  logic [5:0]        most;
  logic [5:0]        cost;
  logic [2:0]        size;
  logic [5:0]        behind;
  logic [5:0]        edge_left;
  logic [5:0]        own;
  logic [5:0]        span;
  logic [5:0]        left;
  logic [5:0]        piece;
  logic [QIdxW-1:0]  seen_qp;
  logic [15:0]       ahead;    // slots asked for behind the batch that leaves
  logic              bump;     // its last frame took more than these
  logic              eligible;
  logic              req_valid;
  logic              req_ready;
  logic [2:0]        req_level;
  logic              first;
  logic              rollback_take;
  logic              eval;
  weir_pkg::dma_rd_req_t req;
  weir_queue_pkg::ctx_t  ctx_q;  // a chain ends as it began, whatever LOAD does meanwhile
  weir_queue_pkg::ctx_t  ctx;

  weir_queue_pick #(.N(NumQps)) u_pick (
      .clk_i, .rst_ni, .req_i(active_q), .advance_i(state_q == Pick), .valid_o(pick_valid), .index_o(pick_qp));
  weir_common_fifo #(.Width(ReqW), .Depth(4)) u_req (
      .clk_i, .rst_ni, .valid_i(req_valid), .ready_o(req_ready), .data_i(req),
      .valid_o(txd_req_valid_o), .ready_i(txd_req_ready_i), .data_o(txd_req_o), .level_o(req_level));

  always_comb begin
    dma_ok = '0;
    dma_ok[NumFns-1:0] = fn_dma_ok_i;
  end
  assign rise = (fn_dma_ok_i & ~dma_ok_q) != '0;
  assign qp_o = weir_pkg::QpW'(qp_q);
  // A LOAD, a push and a rollback take the fetch pointers' write port for a cycle; a push cannot wait.
  assign db_inline_ready_o = !load_i.valid;
  assign rollback_ready_o = state_q != More && !load_i.valid && !db_inline_i;
  assign rollback_take = rollback_valid_i && rollback_ready_o;
  assign eval = state_q == Eval && !load_i.valid && !rollback_valid_i && !db_inline_i;

  assign ctx = (state_q == More) ? ctx_q : ctx_i;

  always_comb begin
    pos = (state_q == More) ? pos_q : fetch[qp_q];
    avail = tail_i - fetch[qp_q];
    slot = pos & ((16'd1 << ctx.tx_log) - 16'd1);
    to_end = (16'd1 << ctx.tx_log) - slot;
    // Ring bases are 64-byte aligned, so a 512-byte line may begin anywhere in a ring.
    to_line = 6'd32 - {1'b0, slot[4:0] + {ctx.tx_base[2:0], 2'b00}};
    size = hint[qp_q];
    most = limited_i ? 6'(credit_frames_i) : 6'd32 >> size;
    behind = 6'(look[qp_q]);
    edge_left = (to_end < 16'(to_line)) ? to_end[5:0] : to_line;
    if (pieces_q[qp_q]) edge_left = 6'd32;
    span = (7'(most) + 7'(behind) < 7'(edge_left)) ? most + behind : edge_left;
    // A frame alone is read whole, however long those before it were.
    if (avail <= 16'd16 && span < 6'd16) span = (edge_left < 6'd16) ? edge_left : 6'd16;
    if (avail < 16'(span)) span = avail[5:0];
    // No frame reaches beyond the tail, nor an inline one beyond its line.
    own = (avail == 16'(span) || (!pieces_q[qp_q] && span == edge_left)) ? span : span - behind;
    if (most < own) own = most;
    left = (state_q == More) ? left_q : span;
    piece = (left < to_line) ? left : to_line;
    if (to_end < 16'(piece)) piece = to_end[5:0];
    eligible = tx_on_i[qp_q] && !err_i[qp_q] && dma_ok[ctx.fn[FIdxW-1:0]] && credit_ok_i && !drain_q[qp_q] && avail != '0;

    // Small frames are counted as one unit: there the number of batches is the bound.
    cost = (size == 3'd0) ? 6'd1 : own << size;
    first = eval && !bump && eligible && info_ready_i && req_ready && !(limited_i && batches_i) && plan_q < Plan;
    req_valid = first || (state_q == More && !load_i.valid);
    req = '0;
    req.fn = ctx.fn;
    req.addr = {ctx.tx_base, 6'd0} + {44'd0, slot, 4'd0};
    req.len = weir_pkg::LenW'({piece, 4'd0});
    req.last = piece == left;
    req.ctx = 32'(qp_q);
    info_valid_o = first;
    info_o.qp = weir_pkg::QpW'(qp_q);
    info_o.idx = fetch[qp_q];
    info_o.n = own;
    info_o.span = span;
    info_o.gen = gen_q[qp_q];
    info_o.cost = cost;
  end

  assign drain_o = drain_q;
  assign gen_o = gen_q;
  assign db_fetch_o = fetch[db_qp_i[QIdxW-1:0]];
  assign sel_fetch_o = fetch[sel_qp_i[QIdxW-1:0]];
  assign seen_qp = rollback_qp_i[QIdxW-1:0];
  assign over_o = over[seen_qp];
  assign ahead = fetch[seen_qp] - seen_end_i;
  assign bump = seen_i && 16'(seen_over_i) > ahead;
  assign busy_o = active_q != '0 || (rated_i && starved_q != '0) || state_q != Pick || req_level != '0 || rise;

  always_ff @(posedge clk_i) begin
    if (state_q == Eval) ctx_q <= ctx_i;
    if (load_i.valid) weight[load_i.qp[QIdxW-1:0]] <= 4'd1;
    else if (weight_valid_i) weight[sel_qp_i[QIdxW-1:0]] <= weight_i;
    if (load_i.valid) hint[load_i.qp[QIdxW-1:0]] <= 3'd2;
    else if (hint_for_i.valid) hint[hint_for_i.qp[QIdxW-1:0]] <= hint_i;
    if (load_i.valid) fetch[load_i.qp[QIdxW-1:0]] <= load_i.at.tx_next;
    else if (rollback_take) fetch[rollback_qp_i[QIdxW-1:0]] <= rollback_ptr_i;
    else if (bump) fetch[seen_qp] <= seen_end_i + 16'(seen_over_i);
    else if (first) fetch[qp_q] <= fetch[qp_q] + 16'(own);
    else if (db_inline_i) fetch[db_inline_qp_i[QIdxW-1:0]] <= db_inline_ptr_i;
    if (load_i.valid) over[load_i.qp[QIdxW-1:0]] <= '0;
    else if (rollback_take) over[seen_qp] <= '0;
    else if (seen_i) over[seen_qp] <= bump ? ahead[3:0] : seen_over_i;
    // What was long lately is looked for a while longer, a slot less a batch.
    if (load_i.valid) look[load_i.qp[QIdxW-1:0]] <= '0;
    else if (rollback_take && rollback_cut_i) look[seen_qp] <= rollback_most_i;
    else if (seen_i) look[seen_qp] <= (seen_most_i < look[seen_qp]) ? look[seen_qp] - 4'd1 : seen_most_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= '0;
      starved_q <= '0;
      turns_q <= '0;
      plan_q <= '0;
      pieces_q <= '0;
      drain_q <= '0;
      gen_q <= '0;
      dma_ok_q <= '0;
      state_q <= Pick;
      qp_q <= '0;
      pos_q <= '0;
      left_q <= '0;
    end else begin
      dma_ok_q <= fn_dma_ok_i;
      plan_q <= plan_q + (first ? 10'(cost) : 10'd0) - (batch_pop_i ? 10'(batch_cost_i) : 10'd0);
      case (state_q)
        Pick: if (pick_valid) begin
          qp_q <= pick_qp;
          turns_q <= weight[pick_qp];
          state_q <= Eval;
        end
        Eval: if (eval) begin
          if (drain_q[qp_q]) begin
            if (!batches_i && !frames_i) drain_q[qp_q] <= 1'b0;
            else state_q <= Pick;
          end else if (!eligible) begin
            // Sleeps until a doorbell, TX_ON, credit or the function's return wakes it.
            active_q[qp_q] <= 1'b0;
            starved_q[qp_q] <= !credit_ok_i;
            state_q <= Pick;
          end else if (first) begin
            pos_q <= pos + 16'(piece);
            left_q <= span - piece;
            turns_q <= turns_q - 4'd1;
            state_q <= (piece != span) ? More : (turns_q > 4'd1) ? Eval : Pick;
          end else if (limited_i && batches_i) begin
            state_q <= Pick;
          end
        end
        More: if (req_ready && !load_i.valid) begin
          pos_q <= pos + 16'(piece);
          left_q <= left_q - piece;
          if (piece == left_q) state_q <= (turns_q != 4'd0) ? Eval : Pick;
        end
        default: state_q <= Pick;
      endcase
      if (seen_i && !load_i.valid) pieces_q[seen_qp] <= seen_pieces_i || (pieces_q[seen_qp] && seen_most_i < look[seen_qp]);
      if (rollback_take) begin
        gen_q[rollback_qp_i[QIdxW-1:0]] <= !gen_q[rollback_qp_i[QIdxW-1:0]];
        if (rollback_cut_i) pieces_q[seen_qp] <= rollback_pieces_i;
        active_q[rollback_qp_i[QIdxW-1:0]] <= rollback_more_i;
      end
      if (load_i.valid) begin
        drain_q[load_i.qp[QIdxW-1:0]] <= !load_i.init;
        pieces_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
        active_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      end
      // Waking comes last: what changes in a cycle in which the queue falls asleep is looked at again.
      if (db_i.tx) active_q[db_i.qp[QIdxW-1:0]] <= 1'b1;
      if (wake_i.valid) active_q[wake_i.qp[QIdxW-1:0]] <= 1'b1;
      if (qp_again_i.valid) active_q[qp_again_i.qp[QIdxW-1:0]] <= 1'b1;
      if (fn_again_i) begin
        active_q <= active_q | starved_q;
        active_q[qp_q] <= 1'b1;
      end
      if (rise) active_q <= '1;
    end
  end
endmodule
