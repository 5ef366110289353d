// SPDX-License-Identifier: Apache-2.0
// Decides at its first beat what becomes of a received frame or fence: take it into the queue's next buffer, or drop it with a
// reason. The decision for the next frame is made while the last one's completion is written. A queue that cannot take a frame
// loses its own frame only and never holds up the stream (threat T15). A buffer is used only by a frame that fits.
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
    input  weir_pkg::rx_frame_t      rx_i,        // head of the stream
    // Of rx_i.qp.
    input  weir_queue_pkg::ctx_t     ctx_i,
    output logic [15:0]              use_o,
    input  logic                     any_i,       // a buffer is cached
    input  weir_queue_pkg::rxbuf_t   buf_i,
    input  logic [15:0]              cq_used_i,   // entries the host has not consumed
    input  weir_queue_pkg::wake_t    promise_i,   // one more completion is promised and not yet counted
    output logic                     dec_valid_o,
    output weir_queue_pkg::rxdec_t   dec_o,
    input  logic                     dec_done_i,  // the frame's last beat is gone
    output weir_queue_pkg::wake_t    used_o,      // time to refill
    input  logic [weir_pkg::QpW-1:0] pick_qp_i,
    output logic [15:0]              pick_use_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [15:0]              sel_use_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);

  logic [15:0]            used [0:NumQps-1];
  logic                   valid_q;
  weir_queue_pkg::rxdec_t dec_q;
  logic [(1<<FIdxW)-1:0]  dma_ok;
  logic [QIdxW-1:0]       qp;
  logic                   decide;
  logic                   take;
  logic [7:0]             reason;
  logic [15:0]            filled;

  always_comb begin
    dma_ok = '0;
    dma_ok[NumFns-1:0] = fn_dma_ok_i;
  end
  assign qp = rx_i.qp[QIdxW-1:0];
  assign use_o = used[qp];
  assign filled = cq_used_i + 16'(promise_i.valid && promise_i.qp == rx_i.qp);

  always_comb begin
    reason = '0;
    if (13'(rx_i.qp) >= 13'(NumQps) || !rx_on_i[qp] || err_i[qp]) reason = 8'(weir_abi_pkg::ReasonQpDisabled);
    else if (!dma_ok[ctx_i.fn[FIdxW-1:0]]) reason = 8'(weir_abi_pkg::ReasonFnDisabled);
    else if (!rx_i.fence && !any_i) reason = 8'(weir_abi_pkg::ReasonNoDesc);
    else if (!rx_i.fence && 22'(rx_i.len) > {buf_i.len64, 6'd0}) reason = 8'(weir_abi_pkg::ReasonRxTooLong);
    else if (filled >= (16'd1 << ctx_i.cq_log)) reason = 8'(weir_abi_pkg::ReasonCqFull);
  end
  assign decide = rx_valid_i && rx_i.sop && !valid_q && !load_i.valid;
  assign take = decide && reason == '0 && !rx_i.fence;

  // Every eighth buffer is soon enough to look for more: the cache holds several batches.
  assign used_o.valid = take && use_o[2:0] == 3'd7;
  assign used_o.qp = rx_i.qp;

  assign dec_valid_o = valid_q;
  assign dec_o = dec_q;
  assign pick_use_o = used[pick_qp_i[QIdxW-1:0]];
  assign sel_use_o = used[sel_qp_i[QIdxW-1:0]];

  always_ff @(posedge clk_i) begin
    if (load_i.valid) used[load_i.qp[QIdxW-1:0]] <= '0;
    else if (take) used[qp] <= used[qp] + 16'd1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      dec_q <= '0;
    end else begin
      if (decide) begin
        valid_q <= 1'b1;
        dec_q.qp <= rx_i.qp;
        dec_q.reason <= reason;
        dec_q.fence <= rx_i.fence;
        dec_q.addr <= buf_i.addr;
        dec_q.buf_id <= buf_i.buf_id;
      end else if (dec_done_i) begin
        valid_q <= 1'b0;
      end
      // The buffer belonged to the life that ends now.
      if (load_i.valid && valid_q && load_i.qp == dec_q.qp && dec_q.reason == '0) begin
        dec_q.reason <= 8'(weir_abi_pkg::ReasonQpDisabled);
      end
    end
  end
endmodule
