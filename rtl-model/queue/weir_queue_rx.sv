// SPDX-License-Identifier: Apache-2.0
// Decides at its first beat what becomes of a received frame or fence: take it into the queue's next buffer, or drop it with a
// reason. The decision is made as the beat is taken into a register, so a frame a cycle may pass. A queue that cannot take a
// frame loses its own frame only and never holds up the stream (threat T15). A buffer is used only by a frame that fits; of a
// stream buffer a frame uses the next multiple of 64 bytes. The buffer is done when a quarter or less of it is left, or when a
// frame comes that does not fit the rest.
module weir_queue_rx #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    input  logic [NumFns-1:0]        fn_dma_ok_i,
    input  logic [NumQps-1:0]        rx_on_i,
    input  logic [NumQps-1:0]        err_i,
    input  logic                     rx_valid_i,
    output logic                     rx_ready_o,
    input  weir_pkg::rx_frame_t      rx_i,        // from the switch
    // Of rx_i.qp.
    input  weir_queue_pkg::ctx_t     ctx_i,
    output logic [15:0]              use_o,
    input  logic                     any_i,       // a buffer is cached
    input  weir_queue_pkg::rxbuf_t   buf_i,
    input  logic [15:0]              cq_head_i,
    input  logic [15:0]              tx_cpl_i,    // transmit completions so far,
    input  weir_queue_pkg::wake_t    tx_add_i,    // one more in this cycle
    // The decided beat; the decision holds for its frame.
    output logic                     beat_valid_o,
    input  logic                     beat_ready_i,
    output weir_pkg::rx_frame_t      beat_o,
    output weir_queue_pkg::rxdec_t   dec_o,
    output weir_queue_pkg::wake_t    used_o,      // time to refill
    input  logic [weir_pkg::QpW-1:0] txc_qp_i,
    output logic [15:0]              rx_cpl_o,    // receive completions promised so far to txc_qp_i, this cycle's included
    input  logic [weir_pkg::QpW-1:0] pick_qp_i,
    output logic [15:0]              pick_use_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_use_o,
    output logic [15:0]              sel_offset_o,
    output logic                     sel_ingress_o,   // rx_i is for it, or waits with who knows what behind
    output logic                     sel_busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);

  logic [15:0]            used [0:NumQps-1];     // buffers
  logic [15:0]            offset [0:NumQps-1];   // in the stream buffer at hand, units of 64 bytes
  logic [15:0]            promised [0:NumQps-1]; // completions
  logic                   valid_q;
  weir_pkg::rx_frame_t    beat_q;
  weir_queue_pkg::rxdec_t dec_q;
  logic [(1<<FIdxW)-1:0]  dma_ok;
  logic [QIdxW-1:0]       qp;
  logic                   room;
  logic                   head;
  logic                   skip;
  logic                   decide;
  logic                   take;
  logic                   last;
  logic [7:0]             reason;
  logic [15:0]            filled;
  logic [15:0]            units;
  logic [15:0]            off;
  logic [16:0]            end_off;  // a restored offset may be any number, a frame beyond its buffer must not follow

  always_comb begin
    dma_ok = '0;
    dma_ok[NumFns-1:0] = fn_dma_ok_i;
  end
  assign qp = rx_i.qp[QIdxW-1:0];
  assign use_o = used[qp];
  assign filled = promised[qp] + tx_cpl_i + 16'(tx_add_i.valid && tx_add_i.qp == rx_i.qp) - cq_head_i;
  assign units = 16'(rx_i.len[weir_pkg::LenW-1:6]) + 16'(rx_i.len[5:0] != '0);
  assign off = buf_i.stream ? offset[qp] : 16'd0;
  assign end_off = {1'b0, off} + {1'b0, units};
  assign last = !buf_i.stream || {16'(buf_i.len64 - end_off[15:0]), 2'b00} <= {2'b00, buf_i.len64};

  always_comb begin
    reason = '0;
    if (13'(rx_i.qp) >= 13'(NumQps) || !rx_on_i[qp] || err_i[qp]) reason = 8'(weir_abi_pkg::ReasonQpDisabled);
    else if (!dma_ok[ctx_i.fn[FIdxW-1:0]]) reason = 8'(weir_abi_pkg::ReasonFnDisabled);
    else if (!rx_i.fence && !any_i) reason = 8'(weir_abi_pkg::ReasonNoDesc);
    else if (!rx_i.fence && end_off > {1'b0, buf_i.len64}) reason = 8'(weir_abi_pkg::ReasonRxTooLong);
    else if (filled >= (16'd1 << ctx_i.cq_log)) reason = 8'(weir_abi_pkg::ReasonCqFull);
  end
  assign room = (!valid_q || beat_ready_i) && !load_i.valid;
  assign head = rx_valid_i && rx_i.sop && room;
  // The rest of a stream buffer is too short: the next one is looked at in the next cycle.
  assign skip = head && reason == 8'(weir_abi_pkg::ReasonRxTooLong) && off != '0;
  assign decide = head && !skip;
  assign take = decide && reason == '0 && !rx_i.fence;
  assign rx_ready_o = room && !skip;

  // Every eighth buffer is soon enough to look for more: the cache holds several batches.
  assign used_o.valid = ((take && last) || skip) && use_o[2:0] == 3'd7;
  assign used_o.qp = rx_i.qp;

  assign beat_valid_o = valid_q;
  assign beat_o = beat_q;
  assign dec_o = dec_q;
  // Counts a decision that this cycle may bring without waiting for it.
  assign rx_cpl_o = promised[txc_qp_i[QIdxW-1:0]] + 16'(rx_valid_i && rx_i.sop && rx_i.qp == txc_qp_i);
  assign pick_use_o = used[pick_qp_i[QIdxW-1:0]];
  assign sel_use_o = used[sel_qp_i[QIdxW-1:0]];
  assign sel_offset_o = offset[sel_qp_i[QIdxW-1:0]];
  assign sel_ingress_o = rx_valid_i && (rx_i.qp == sel_qp_i || !rx_ready_o);
  assign sel_busy_o = valid_q && dec_q.reason == '0 && dec_q.qp == sel_qp_i;

  always_ff @(posedge clk_i) begin
    if (load_i.valid) used[load_i.qp[QIdxW-1:0]] <= load_i.at.rx_next;
    else if ((take && last) || skip) used[qp] <= used[qp] + 16'd1;
    if (load_i.valid) offset[load_i.qp[QIdxW-1:0]] <= load_i.at.rx_offset;
    else if (take || skip) offset[qp] <= (last || skip) ? '0 : end_off[15:0];
    if (load_i.valid) promised[load_i.qp[QIdxW-1:0]] <= load_i.at.cq_next;
    else if (decide && reason == '0) promised[qp] <= promised[qp] + 16'd1;
    if (rx_valid_i && rx_ready_o) beat_q <= rx_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      dec_q <= '0;
    end else begin
      if (rx_valid_i && rx_ready_o) valid_q <= 1'b1;
      else if (beat_ready_i) valid_q <= 1'b0;
      if (decide) begin
        dec_q.qp <= rx_i.qp;
        dec_q.reason <= reason;
        dec_q.fence <= rx_i.fence;
        dec_q.addr <= buf_i.addr + {42'd0, off, 6'd0};
        dec_q.buf_id <= buf_i.buf_id;
        dec_q.off64 <= off;
        dec_q.stream <= buf_i.stream;
      end
      // The buffer belonged to the generation that ends now.
      if (load_i.valid && load_i.qp == dec_q.qp && dec_q.reason == '0) begin
        dec_q.reason <= 8'(weir_abi_pkg::ReasonQpDisabled);
      end
    end
  end
endmodule
