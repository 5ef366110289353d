// SPDX-License-Identifier: Apache-2.0
// Transmit descriptor fetch: round robin over the queues with work, a batch of up to 32 slots for each turn, many batches in
// flight. A batch ends at a 512-byte line of memory and at the ring's end; only one that restarts a frame which an earlier
// batch cut in two may have several pieces, so that 16 slots always suffice to see a whole frame. A queue on credit has one
// batch in flight, of no more descriptors than its credit pays in frames of 2 KiB, so its debt stays below one frame. Others get
// what their latest frame's size says is 16 KiB of frames, and no more is under way than 250-cycle reads need: what is fetched
// stays in order, so every byte too much is a wait for all queues behind. A pushed frame passes by here: its queue's pointer
// moves on without a fetch. Does not look into descriptors.
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
    input  logic                     rated_i,         // and that may happen without anybody's doing
    input  logic                     weight_valid_i,
    input  logic [3:0]               weight_i,        // of sel_qp_i
    // How large the frames of hint_qp_i are: 512 << hint_i bytes a descriptor at most.
    input  weir_queue_pkg::wake_t    hint_for_i,
    input  logic [2:0]               hint_i,
    // A batch was looked through; what it was thought to bring.
    input  logic                     batch_pop_i,
    input  logic [5:0]               batch_cost_i,
    // A pushed frame of push_qp_i was taken: everything before push_ptr_i is with the card. In push_ready_o cycles only.
    output logic                     push_ready_o,
    input  logic                     push_i,
    input  logic [weir_pkg::QpW-1:0] push_qp_i,
    input  logic [15:0]              push_ptr_i,
    // A batch ended inside a frame: start again at rb_ptr_i; rb_more_i = the tail already covers more than that batch did.
    input  logic                     rb_valid_i,
    output logic                     rb_ready_o,
    input  logic [weir_pkg::QpW-1:0] rb_qp_i,
    input  logic [15:0]              rb_ptr_i,
    input  logic                     rb_more_i,
    output logic [NumQps-1:0]        drain_o,     // work of the queue's former life is in flight
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
    More   // ask for the other pieces of a restarted batch
  } state_e;

  logic [15:0]       fetch [0:NumQps-1];
  logic [NumQps-1:0] active_q;   // may have something to fetch
  logic [NumQps-1:0] hungry_q;   // asleep for want of credit
  logic [3:0]        weight [0:NumQps-1];
  logic [2:0]        hint [0:NumQps-1];
  logic [9:0]        plan_q;     // bytes thought to be under way, units of 512
  logic [3:0]        turns_q;    // batches left in this turn
  logic [NumQps-1:0] restart_q;  // next batch begins a frame that was cut
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
  logic [5:0]        want;
  logic [5:0]        piece;
  logic [5:0]        count;
  logic              eligible;
  logic              req_valid;
  logic              req_ready;
  logic [2:0]        req_level;
  logic              first;
  logic              rb_take;
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
  assign push_ready_o = !load_i.valid;
  assign rb_ready_o = state_q != More && !load_i.valid && !push_i;
  assign rb_take = rb_valid_i && rb_ready_o;
  assign eval = state_q == Eval && !load_i.valid && !rb_valid_i && !push_i;

  assign ctx = (state_q == More) ? ctx_q : ctx_i;

  always_comb begin
    pos = (state_q == More) ? pos_q : fetch[qp_q];
    avail = tail_i - fetch[qp_q];
    slot = pos & ((16'd1 << ctx.tx_log) - 16'd1);
    to_end = (16'd1 << ctx.tx_log) - slot;
    // Ring bases are 64-byte aligned, so a 512-byte line may begin anywhere in a ring.
    to_line = 6'd32 - {1'b0, slot[4:0] + {ctx.tx_base[2:0], 2'b00}};
    size = hint[qp_q];
    most = restart_q[qp_q] ? 6'd16 : limited_i ? 6'(credit_frames_i) : 6'd32 >> size;
    want = (state_q == More) ? left_q : (avail > 16'(most)) ? most : avail[5:0];
    piece = (want < to_line) ? want : to_line;
    if (to_end < 16'(piece)) piece = to_end[5:0];
    count = restart_q[qp_q] ? want : piece;
    eligible = tx_on_i[qp_q] && !err_i[qp_q] && dma_ok[ctx.fn[FIdxW-1:0]] && credit_ok_i && !drain_q[qp_q] && avail != '0;

    // Small frames are counted as one unit: there the number of batches is the bound.
    cost = (size == 3'd0) ? 6'd1 : restart_q[qp_q] ? 6'd32 : count << size;
    first = eval && eligible && info_ready_i && req_ready && !(limited_i && batches_i) && plan_q < Plan;
    req_valid = first || (state_q == More && !load_i.valid);
    req = '0;
    req.fn = ctx.fn;
    req.addr = {ctx.tx_base, 6'd0} + {44'd0, slot, 4'd0};
    req.len = weir_pkg::LenW'({piece, 4'd0});
    req.last = (state_q == More) ? piece == left_q : piece == count;
    req.ctx = 32'(qp_q);
    info_valid_o = first;
    info_o.qp = weir_pkg::QpW'(qp_q);
    info_o.idx = fetch[qp_q];
    info_o.n = count;
    info_o.gen = gen_q[qp_q];
    info_o.cost = cost;
  end

  assign drain_o = drain_q;
  assign gen_o = gen_q;
  assign db_fetch_o = fetch[db_qp_i[QIdxW-1:0]];
  assign sel_fetch_o = fetch[sel_qp_i[QIdxW-1:0]];
  assign busy_o = active_q != '0 || (rated_i && hungry_q != '0) || state_q != Pick || req_level != '0 || rise;

  always_ff @(posedge clk_i) begin
    if (state_q == Eval) ctx_q <= ctx_i;
    if (load_i.valid) weight[load_i.qp[QIdxW-1:0]] <= 4'd1;
    else if (weight_valid_i) weight[sel_qp_i[QIdxW-1:0]] <= weight_i;
    if (load_i.valid) hint[load_i.qp[QIdxW-1:0]] <= 3'd2;
    else if (hint_for_i.valid) hint[hint_for_i.qp[QIdxW-1:0]] <= hint_i;
    if (load_i.valid) fetch[load_i.qp[QIdxW-1:0]] <= load_i.at.tx_next;
    else if (rb_take) fetch[rb_qp_i[QIdxW-1:0]] <= rb_ptr_i;
    else if (first) fetch[qp_q] <= fetch[qp_q] + 16'(count);
    else if (push_i) fetch[push_qp_i[QIdxW-1:0]] <= push_ptr_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= '0;
      hungry_q <= '0;
      turns_q <= '0;
      plan_q <= '0;
      restart_q <= '0;
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
            hungry_q[qp_q] <= !credit_ok_i;
            state_q <= Pick;
          end else if (first) begin
            restart_q[qp_q] <= 1'b0;
            pos_q <= pos + 16'(piece);
            left_q <= count - piece;
            turns_q <= turns_q - 4'd1;
            state_q <= (piece != count) ? More : (turns_q > 4'd1) ? Eval : Pick;
          end else if (limited_i && batches_i) begin
            state_q <= Pick;
          end
        end
        More: if (req_ready && !load_i.valid) begin
          pos_q <= pos + 16'(piece);
          left_q <= left_q - piece;
          if (piece == left_q) state_q <= Pick;
        end
        default: state_q <= Pick;
      endcase
      if (rb_take) begin
        gen_q[rb_qp_i[QIdxW-1:0]] <= !gen_q[rb_qp_i[QIdxW-1:0]];
        restart_q[rb_qp_i[QIdxW-1:0]] <= 1'b1;
        active_q[rb_qp_i[QIdxW-1:0]] <= rb_more_i;
      end
      if (load_i.valid) begin
        drain_q[load_i.qp[QIdxW-1:0]] <= !load_i.init;
        restart_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
        active_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      end
      // Waking comes last: what changes in a cycle in which the queue falls asleep is looked at again.
      if (db_i.tx) active_q[db_i.qp[QIdxW-1:0]] <= 1'b1;
      if (wake_i.valid) active_q[wake_i.qp[QIdxW-1:0]] <= 1'b1;
      if (qp_again_i.valid) active_q[qp_again_i.qp[QIdxW-1:0]] <= 1'b1;
      if (fn_again_i) begin
        active_q <= active_q | hungry_q;
        active_q[qp_q] <= 1'b1;
      end
      if (rise) active_q <= '1;
    end
  end
endmodule
