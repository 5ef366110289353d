// SPDX-License-Identifier: Apache-2.0
// Receive buffers: fetches descriptors ahead into a cache of Depth for each queue, checks them (threats T5, T10) and shows the
// queue's next buffer to weir_queue_rx. A queue sleeps until a doorbell, RX_ON, its function's return or used buffers wake it.
// The state of a queue pair that FETCH asks for comes the same way, as a batch of four.
module weir_queue_rxfetch #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns,
    parameter int Depth = 256
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    input  weir_queue_pkg::db_t      db_i,
    input  weir_queue_pkg::wake_t    wake_i,
    input  logic [NumFns-1:0]        fn_dma_ok_i,
    input  logic [NumQps-1:0]        rx_on_i,
    input  logic [NumQps-1:0]        err_i,
    // The queue whose turn it is.
    output logic [weir_pkg::QpW-1:0] qp_o,
    input  weir_queue_pkg::ctx_t     ctx_i,
    input  logic [15:0]              tail_i,
    input  logic [15:0]              use_i,
    output logic                     rx_desc_req_valid_o,
    input  logic                     rx_desc_req_ready_i,
    output weir_pkg::dma_rd_req_t    rx_desc_req_o,
    input  logic                     rx_desc_rsp_valid_i,
    output logic                     rx_desc_rsp_ready_o,
    input  weir_pkg::dma_rd_rsp_t    rx_desc_rsp_i,
    // The queue whose descriptors are checked.
    output logic [weir_pkg::QpW-1:0] fill_qp_o,
    input  weir_queue_pkg::ctx_t     fill_ctx_i,
    output logic                     err_valid_o,
    input  logic                     err_ready_i,
    output weir_queue_pkg::err_t     err_o,
    // One line of the PF's memory for weir_queue_ctx.
    input  logic                     state_req_i,
    input  logic [57:0]              state_addr_i,  // 63:6
    output logic                     state_take_o,  // asked for
    output logic                     state_valid_o, // a quarter of it
    output logic [1:0]               state_idx_o,
    output logic [127:0]             state_data_o,
    output logic                     state_last_o,  // the last, or with state_err_o the only one
    output logic                     state_err_o,
    // Cache, for the frame at hand.
    input  logic [weir_pkg::QpW-1:0] rd_qp_i,
    input  logic [15:0]              rd_use_i,
    output logic                     rd_any_o,
    output weir_queue_pkg::rxbuf_t   rd_buf_o,
    input  weir_queue_pkg::wake_t    used_i,      // some buffers of this queue were used
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output logic [15:0]              db_fetch_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_fill_o,
    output logic                     sel_busy_o,
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);
  localparam int DIdxW = $clog2(Depth);
  localparam int ReqW = $bits(rx_desc_req_o);

  weir_queue_pkg::rxbuf_t cache [0:NumQps*Depth-1];
  logic [15:0]       fetch [0:NumQps-1];   // asked for up to here
  logic [15:0]       fill [0:NumQps-1];    // in the cache up to here
  logic [7:0]        asked [0:NumQps-1];   // batches, modulo 256
  logic [7:0]        given [0:NumQps-1];
  logic [NumQps-1:0] active_q;
  logic [NumQps-1:0] drain_q;  // batches of the former generation are in flight and void
  logic [NumFns-1:0] dma_ok_q;
  logic [(1<<FIdxW)-1:0] dma_ok;
  logic              eval_q;
  logic [QIdxW-1:0]  qp_q;

  // ---- refill: pick, then evaluate ----
  logic              pick_valid;
  logic [QIdxW-1:0]  pick_qp;
  logic              rise;
  logic [15:0]       avail;
  logic [15:0]       room;
  logic [15:0]       slot;
  logic [15:0]       to_end;
  logic [5:0]        to_line;
  logic [5:0]        count;
  logic              eligible;
  logic              go;
  logic              info_ready;
  logic              req_ready;
  logic [2:0]        req_level;
  weir_pkg::dma_rd_req_t  req;
  weir_queue_pkg::batch_t info;

  weir_queue_pick #(.N(NumQps)) u_pick (
      .clk_i, .rst_ni, .req_i(active_q), .advance_i(!eval_q), .valid_o(pick_valid), .index_o(pick_qp));
  weir_common_fifo #(.Width(ReqW), .Depth(4)) u_req (
      .clk_i, .rst_ni, .valid_i(go || state_take_o), .ready_o(req_ready), .data_i(req),
      .valid_o(rx_desc_req_valid_o), .ready_i(rx_desc_req_ready_i), .data_o(rx_desc_req_o), .level_o(req_level));

  always_comb begin
    dma_ok = '0;
    dma_ok[NumFns-1:0] = fn_dma_ok_i;
  end
  assign rise = (fn_dma_ok_i & ~dma_ok_q) != '0;
  assign qp_o = weir_pkg::QpW'(qp_q);

  always_comb begin
    avail = tail_i - fetch[qp_q];
    room = 16'(Depth) - 16'(fetch[qp_q] - use_i);
    slot = fetch[qp_q] & ((16'd1 << ctx_i.rx_log) - 16'd1);
    to_end = (16'd1 << ctx_i.rx_log) - slot;
    // A batch ends at a 512-byte line of memory, where a read request ends anyway.
    to_line = 6'd32 - {1'b0, slot[4:0] + {ctx_i.rx_base[2:0], 2'b00}};
    count = (avail < 16'(to_line)) ? avail[5:0] : to_line;
    if (to_end < 16'(count)) count = to_end[5:0];
    // Waits for room for 8 or the whole batch rather than fetching crumbs.
    if (room < 16'(count) && room >= 16'd8) count = room[5:0];
    eligible = rx_on_i[qp_q] && !err_i[qp_q] && dma_ok[ctx_i.fn[FIdxW-1:0]] && count != '0 && room >= 16'(count);
    state_take_o = state_req_i && !load_i.valid && info_ready && req_ready;
    go = eval_q && !load_i.valid && !state_req_i && !drain_q[qp_q] && eligible && info_ready && req_ready;
    req = '0;
    req.fn = ctx_i.fn;
    req.addr = {ctx_i.rx_base, 6'd0} + {44'd0, slot, 4'd0};
    req.len = weir_pkg::LenW'({count, 4'd0});
    req.last = 1'b1;
    req.ctx = 32'(qp_q);
    info.qp = weir_pkg::QpW'(qp_q);
    info.idx = fetch[qp_q];
    info.n = count;
    info.gen = state_req_i;
    info.cost = '0;
    if (state_req_i) begin
      req.fn = '0;
      req.addr = {state_addr_i, 6'd0};
      req.len = weir_pkg::LenW'(weir_abi_pkg::QpsBytes);
      info.n = 6'd4;
    end
    info.span = info.n;
  end

  // ---- answers: one descriptor a cycle ----
  logic                   batch_valid;
  weir_queue_pkg::batch_t batch;
  logic                   batch_err;
  logic                   batch_pop;
  logic                   batch_empty;
  logic [127:0]           desc;
  logic [511:0]           unused_behind;
  logic [4:0]             i_q;
  logic [QIdxW-1:0]       fq;
  logic [15:0]            idx;
  logic [63:0]            addr;
  logic [64:0]            last_byte;
  logic [7:0]             reason;
  logic                   store;
  logic                   retire;
  weir_queue_pkg::rxbuf_t entry;

  weir_queue_batch u_batch (
      .clk_i, .rst_ni, .info_valid_i(go || state_take_o), .info_ready_o(info_ready), .info_i(info),
      .rsp_valid_i(rx_desc_rsp_valid_i), .rsp_ready_o(rx_desc_rsp_ready_o), .rsp_i(rx_desc_rsp_i),
      .valid_o(batch_valid), .info_o(batch), .err_o(batch_err), .index_i(i_q), .desc_o(desc), .behind_o(unused_behind), .pop_i(batch_pop),
      .empty_o(batch_empty));

  assign fill_qp_o = batch.qp;
  assign state_idx_o = i_q[1:0];
  assign state_data_o = desc;
  assign fq = batch.qp[QIdxW-1:0];
  assign idx = batch.idx + 16'(i_q);
  assign addr = desc[weir_abi_pkg::RxdAddrLsb +: 64];
  assign last_byte = {1'b0, addr} + {43'd0, desc[weir_abi_pkg::RxdLen64Lsb +: 16], 6'd0} - 65'd1;

  always_comb begin
    entry.addr = addr;
    entry.buf_id = desc[weir_abi_pkg::RxdBufIdLsb +: 16];
    entry.len64 = desc[weir_abi_pkg::RxdLen64Lsb +: 16];
    entry.stream = desc[weir_abi_pkg::RxdStreamLsb];
    reason = '0;
    if (batch_err) begin
      reason = dma_ok[fill_ctx_i.fn[FIdxW-1:0]] ? 8'(weir_abi_pkg::ReasonDmaError) : 8'(weir_abi_pkg::ReasonFnDisabled);
    end else if (desc[weir_abi_pkg::RxdPhaseLsb] == idx[fill_ctx_i.rx_log]) begin
      reason = 8'(weir_abi_pkg::ReasonRxBadPhase);
    end else if (entry.len64 == '0) begin
      reason = 8'(weir_abi_pkg::ReasonRxBadLen);
    end else if (last_byte[64] || (addr <= 64'hFEEF_FFFF && last_byte[63:0] >= 64'hFEE0_0000)) begin
      reason = 8'(weir_abi_pkg::ReasonBadAddr);
    end
    store = 1'b0;
    batch_pop = 1'b0;
    err_valid_o = 1'b0;
    state_valid_o = batch_valid && batch.gen;
    state_err_o = batch_err;
    state_last_o = state_valid_o && (batch_err || i_q == 5'd3);
    if (state_valid_o) begin
      batch_pop = state_last_o;
    end else if (batch_valid && !load_i.valid) begin
      if (err_i[fq] || drain_q[fq]) begin
        batch_pop = 1'b1;
      end else if (reason != '0) begin
        err_valid_o = 1'b1;
        batch_pop = err_ready_i;
      end else begin
        store = 1'b1;
        batch_pop = 6'(i_q) == batch.n - 6'd1;
      end
    end
    retire = batch_pop && !batch.gen;
    err_o.qp = batch.qp;
    err_o.reason = reason;
  end

  assign rd_any_o = fill[rd_qp_i[QIdxW-1:0]] != rd_use_i;
  assign rd_buf_o = cache[{rd_qp_i[QIdxW-1:0], rd_use_i[DIdxW-1:0]}];
  assign db_fetch_o = fetch[db_qp_i[QIdxW-1:0]];
  assign sel_fill_o = fill[sel_qp_i[QIdxW-1:0]];
  assign sel_busy_o = asked[sel_qp_i[QIdxW-1:0]] != given[sel_qp_i[QIdxW-1:0]];
  assign busy_o = active_q != '0 || eval_q || req_level != '0 || !batch_empty || rise;

  always_ff @(posedge clk_i) begin
    if (store) cache[{fq, idx[DIdxW-1:0]}] <= entry;
    if (load_i.valid) fetch[load_i.qp[QIdxW-1:0]] <= load_i.at.rx_next;
    else if (go) fetch[qp_q] <= fetch[qp_q] + 16'(count);
    if (load_i.valid) fill[load_i.qp[QIdxW-1:0]] <= load_i.at.rx_next;
    else if (store) fill[fq] <= idx + 16'd1;
    if (load_i.valid && load_i.init) asked[load_i.qp[QIdxW-1:0]] <= '0;
    else if (go) asked[qp_q] <= asked[qp_q] + 8'd1;
    if (load_i.valid && load_i.init) given[load_i.qp[QIdxW-1:0]] <= '0;
    else if (retire) given[fq] <= given[fq] + 8'd1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= '0;
      drain_q <= '0;
      dma_ok_q <= '0;
      eval_q <= 1'b0;
      qp_q <= '0;
      i_q <= '0;
    end else begin
      dma_ok_q <= fn_dma_ok_i;
      if (store || state_valid_o) i_q <= i_q + 5'd1;
      if (batch_pop) i_q <= '0;
      if (!eval_q) begin
        qp_q <= pick_qp;
        eval_q <= pick_valid;
      end else if (!load_i.valid) begin
        if (drain_q[qp_q]) begin
          if (asked[qp_q] == given[qp_q]) drain_q[qp_q] <= 1'b0;
          else eval_q <= 1'b0;
        end else begin
          if (!eligible) active_q[qp_q] <= 1'b0;
          if (!eligible || go) eval_q <= 1'b0;
        end
      end
      if (load_i.valid) begin
        drain_q[load_i.qp[QIdxW-1:0]] <= !load_i.init;
        active_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      end
      // Waking comes last: what changes in a cycle in which the queue falls asleep is looked at again.
      if (used_i.valid) active_q[used_i.qp[QIdxW-1:0]] <= 1'b1;
      if (db_i.rx) active_q[db_i.qp[QIdxW-1:0]] <= 1'b1;
      if (wake_i.valid) active_q[wake_i.qp[QIdxW-1:0]] <= 1'b1;
      if (rise) active_q <= '1;
    end
  end
endmodule
