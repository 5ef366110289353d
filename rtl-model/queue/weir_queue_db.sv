// SPDX-License-Identifier: Apache-2.0
// Doorbells. A function's page n is queue pair FN_MAP[function].base + n when n < count, and that queue's context must name
// the same function: nobody reaches another's queue (threat T7). One write a cycle is taken, never stalled; the last value
// wins (threat T8). Tails and the completion head live here; a value that cannot be is an error of that queue.
module weir_queue_db #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_pkg::bar_req_t       bar_req_i,
    input  logic                     db_inline_valid_i,  // bar_req_i is the first word of this whole inline doorbell slot
    input  logic [511:0]             db_inline_data_i,
    input  logic [NumFns-1:0]        fn_enabled_i,
    input  logic [NumFns-1:0]        fn_quiesce_i,
    input  weir_queue_pkg::load_t    load_i,
    // FN_MAP: written and read by CSR, read for completions (queue pair as its function counts).
    input  logic                     map_we_i,
    input  logic [weir_pkg::FnW-1:0] map_fn_i,
    input  logic [23:0]              map_i,       // {count, base}
    output logic [23:0]              map_o,
    input  logic [weir_pkg::FnW-1:0] cpl_fn_i,
    output logic [11:0]              cpl_base_o,
    // The queue a doorbell means.
    output logic [weir_pkg::QpW-1:0] qp_o,
    input  weir_queue_pkg::ctx_t     ctx_i,
    input  logic                     live_i,      // loaded and not in error
    input  logic [15:0]              tx_fetch_i,
    input  logic [15:0]              rx_fetch_i,
    input  logic [15:0]              cq_tail_i,
    output weir_queue_pkg::db_t      db_o,
    // A doorbell-inline frame: the queue block takes it in this cycle or forgets it, and then the doorbell alone counts.
    output logic                     db_inline_o,
    output logic [5:0]               db_inline_len_o,
    output logic                     db_inline_cpl_req_o,
    output logic [511:0]             db_inline_bytes_o,
    output logic                     err_valid_o,
    output weir_queue_pkg::err_t     err_o,
    // Read ports.
    input  logic [weir_pkg::QpW-1:0] tx_qp_i,
    output logic [15:0]              tx_tail_o,
    input  logic [weir_pkg::QpW-1:0] rollback_qp_i,
    output logic [15:0]              rollback_tail_o,
    input  logic [weir_pkg::QpW-1:0] rx_qp_i,
    output logic [15:0]              rx_tail_o,
    input  logic [weir_pkg::QpW-1:0] rx_decide_qp_i,
    output logic [15:0]              rx_decide_head_o,
    input  logic [weir_pkg::QpW-1:0] txc_qp_i,
    output logic [15:0]              txc_head_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_tx_tail_o,
    output logic [15:0]              sel_rx_tail_o,
    output logic [15:0]              sel_cq_head_o,
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);
  localparam int FnCap = 1 << FIdxW;

  logic [23:0] map [0:FnCap-1];
  logic [15:0] tx_tail [0:NumQps-1];
  logic [15:0] rx_tail [0:NumQps-1];
  logic [15:0] cq_head [0:NumQps-1];
  // 1 = no doorbell yet, so what this generation began with counts: LOAD and a doorbell of another queue may share a cycle, a RAM has
  // one write port.
  logic [15:0] tx_first [0:NumQps-1];
  logic [15:0] rx_first [0:NumQps-1];
  logic [15:0] cq_first [0:NumQps-1];
  logic [NumQps-1:0] tx_new_q;
  logic [NumQps-1:0] rx_new_q;
  logic [NumQps-1:0] cq_new_q;

  // ---- first stage: address to queue ----
  logic [FnCap-1:0] fn_ok;
  logic [FnCap-1:0] map_set_q;
  logic [FIdxW-1:0] fn;
  logic [23:0]      entry;
  logic [20:0]      off;
  logic [12:0]      qp_sum;
  logic             slot;  // the first word of an inline doorbell slot: whole or not, a doorbell
  logic             hit;

  always_comb begin
    fn_ok = '0;
    fn_ok[NumFns-1:0] = fn_enabled_i & ~fn_quiesce_i;
  end
  assign fn = bar_req_i.fn[FIdxW-1:0];
  assign entry = map[fn];
  assign off = bar_req_i.addr - 21'(weir_abi_pkg::BarDoorbellBase);
  assign qp_sum = 13'(off[20:12]) + 13'(entry[11:0]);
  assign slot = off[11:0] == 12'(weir_abi_pkg::BarDbInlineOffset);
  assign hit = bar_req_i.valid && bar_req_i.write && bar_req_i.be == 4'hf &&
               bar_req_i.addr >= 21'(weir_abi_pkg::BarDoorbellBase) &&
               bar_req_i.fn < 8'(NumFns) && fn_ok[fn] && map_set_q[fn] &&
               12'(off[20:12]) < entry[23:12] && qp_sum < 13'(NumQps) && (slot || (!db_inline_valid_i && off[11:4] == '0));

  logic                     v_q;
  logic [weir_pkg::FnW-1:0] fn_q;
  logic [weir_pkg::QpW-1:0] qp_q;
  logic [1:0]               reg_q;
  logic                     db_inline_q;
  logic [511:0]             bytes_q;
  logic [31:0]              wdata_q;

  always_ff @(posedge clk_i) begin
    if (hit) begin
      fn_q <= bar_req_i.fn;
      qp_q <= qp_sum[weir_pkg::QpW-1:0];
      reg_q <= slot ? 2'(weir_abi_pkg::BarDbTxTailOffset >> 2) : off[3:2];
      db_inline_q <= db_inline_valid_i;
      if (db_inline_valid_i) bytes_q <= db_inline_data_i;
      wdata_q <= bar_req_i.wdata;
    end
  end

  // ---- second stage: check against the queue, store ----
  logic        mine;
  logic        bad_tx;
  logic        bad_rx;
  logic        bad_cq;
  logic        is_tx;
  logic        is_rx;
  logic        is_cq;
  logic [15:0] value;
  logic [4:0]  db_inline_slots;

  assign qp_o = qp_q;
  assign value = wdata_q[15:0];
  assign mine = v_q && live_i && ctx_i.fn == fn_q;
  assign is_tx = reg_q == 2'(weir_abi_pkg::BarDbTxTailOffset >> 2);
  assign is_rx = reg_q == 2'(weir_abi_pkg::BarDbRxTailOffset >> 2);
  assign is_cq = reg_q == 2'(weir_abi_pkg::BarDbCqOffset >> 2);
  assign bad_tx = is_tx && 16'(value - tx_fetch_i) > (16'd1 << ctx_i.tx_log);
  assign bad_rx = is_rx && 16'(value - rx_fetch_i) > (16'd1 << ctx_i.rx_log);
  assign bad_cq = is_cq && 16'(cq_tail_i - value) > (16'd1 << ctx_i.cq_log);

  always_comb begin
    db_o = '0;
    db_o.qp = qp_q;
    db_o.value = value;
    db_o.arm = wdata_q[weir_abi_pkg::BarDbCqArmLsb];
    db_o.tx = mine && is_tx && !bad_tx;
    db_o.rx = mine && is_rx && !bad_rx;
    db_o.cq = mine && is_cq && !bad_cq;
    err_valid_o = mine && (bad_tx || bad_rx || bad_cq);
    err_o.qp = qp_q;
    err_o.reason = bad_cq ? 8'(weir_abi_pkg::ReasonBadCqHead) : 8'(weir_abi_pkg::ReasonBadTail);
  end

  // Only a frame that nothing of its queue is in front of may pass by the fetch, and that is all of what is new.
  assign db_inline_len_o = bytes_q[weir_abi_pkg::BarDbInlineLenLsb +: 6];
  assign db_inline_cpl_req_o = bytes_q[weir_abi_pkg::BarDbInlineCplReqLsb];
  assign db_inline_bytes_o = {32'd0, bytes_q[511:32]};
  assign db_inline_slots = bytes_q[weir_abi_pkg::BarDbInlineSlotsLsb +: 5];
  assign db_inline_o = db_o.tx && db_inline_q && db_inline_slots != '0 && 16'(value - tx_fetch_i) == 16'(db_inline_slots) && db_inline_len_o >= 6'(weir_abi_pkg::MinFrame) && db_inline_len_o <= 6'(weir_abi_pkg::DbInlineMax) &&
                  tx_fetch_i == (tx_new_q[qp_q[QIdxW-1:0]] ? tx_first[qp_q[QIdxW-1:0]] : tx_tail[qp_q[QIdxW-1:0]]);

  assign map_o = map_set_q[map_fn_i[FIdxW-1:0]] ? map[map_fn_i[FIdxW-1:0]] : '0;
  assign cpl_base_o = map[cpl_fn_i[FIdxW-1:0]][11:0];
  assign tx_tail_o = tx_new_q[tx_qp_i[QIdxW-1:0]] ? tx_first[tx_qp_i[QIdxW-1:0]] : tx_tail[tx_qp_i[QIdxW-1:0]];
  assign rollback_tail_o = tx_new_q[rollback_qp_i[QIdxW-1:0]] ? tx_first[rollback_qp_i[QIdxW-1:0]] : tx_tail[rollback_qp_i[QIdxW-1:0]];
  assign rx_tail_o = rx_new_q[rx_qp_i[QIdxW-1:0]] ? rx_first[rx_qp_i[QIdxW-1:0]] : rx_tail[rx_qp_i[QIdxW-1:0]];
  assign rx_decide_head_o = cq_new_q[rx_decide_qp_i[QIdxW-1:0]] ? cq_first[rx_decide_qp_i[QIdxW-1:0]] : cq_head[rx_decide_qp_i[QIdxW-1:0]];
  assign txc_head_o = cq_new_q[txc_qp_i[QIdxW-1:0]] ? cq_first[txc_qp_i[QIdxW-1:0]] : cq_head[txc_qp_i[QIdxW-1:0]];
  assign sel_tx_tail_o = tx_new_q[sel_qp_i[QIdxW-1:0]] ? tx_first[sel_qp_i[QIdxW-1:0]] : tx_tail[sel_qp_i[QIdxW-1:0]];
  assign sel_rx_tail_o = rx_new_q[sel_qp_i[QIdxW-1:0]] ? rx_first[sel_qp_i[QIdxW-1:0]] : rx_tail[sel_qp_i[QIdxW-1:0]];
  assign sel_cq_head_o = cq_new_q[sel_qp_i[QIdxW-1:0]] ? cq_first[sel_qp_i[QIdxW-1:0]] : cq_head[sel_qp_i[QIdxW-1:0]];
  assign busy_o = v_q;

  always_ff @(posedge clk_i) begin
    if (map_we_i) map[map_fn_i[FIdxW-1:0]] <= map_i;
    if (db_o.tx) tx_tail[qp_q[QIdxW-1:0]] <= value;
    if (db_o.rx) rx_tail[qp_q[QIdxW-1:0]] <= value;
    if (db_o.cq) cq_head[qp_q[QIdxW-1:0]] <= value;
    if (load_i.valid) begin
      tx_first[load_i.qp[QIdxW-1:0]] <= load_i.at.tx_tail;
      rx_first[load_i.qp[QIdxW-1:0]] <= load_i.at.rx_tail;
      cq_first[load_i.qp[QIdxW-1:0]] <= load_i.at.cq_head;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      v_q <= 1'b0;
      map_set_q <= '0;
      tx_new_q <= '1;
      rx_new_q <= '1;
      cq_new_q <= '1;
    end else begin
      v_q <= hit;
      if (map_we_i) map_set_q[map_fn_i[FIdxW-1:0]] <= map_fn_i < 8'(NumFns);
      if (db_o.tx) tx_new_q[qp_q[QIdxW-1:0]] <= 1'b0;
      if (db_o.rx) rx_new_q[qp_q[QIdxW-1:0]] <= 1'b0;
      if (db_o.cq) cq_new_q[qp_q[QIdxW-1:0]] <= 1'b0;
      if (load_i.valid) begin
        tx_new_q[load_i.qp[QIdxW-1:0]] <= 1'b1;
        rx_new_q[load_i.qp[QIdxW-1:0]] <= 1'b1;
        cq_new_q[load_i.qp[QIdxW-1:0]] <= 1'b1;
      end
    end
  end
endmodule
