// SPDX-License-Identifier: Apache-2.0
// Transmit payload: the packed answers of the payload client and the bytes that came inline, in the order in which their
// frames were committed, become frames for the switch, and so do doorbell-inline frames. Those are of queues that have nothing else
// under way, so they may go first, and do while they have sent no more than Lead bytes beyond what the others did: a queue
// with little to say never waits for what others have in line, and many of them do not stop the others. What is in line
// waits here until the switch holds little. A failed read or a queue whose generation ended meanwhile cancels the frame on its last
// beat; a failed read also stops the queue.
module weir_queue_tx #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic [NumFns-1:0]       fn_dma_ok_i,
    input  logic [NumQps-1:0]       drain_i,
    input  weir_queue_pkg::load_t   load_i,
    input  logic                    meta_valid_i,
    output logic                    meta_ready_o,
    input  weir_queue_pkg::txmeta_t meta_i,
    input  logic                    db_inline_valid_i,  // a doorbell-inline frame, whole
    output logic                    db_inline_ready_o,
    input  weir_queue_pkg::txmeta_t db_inline_meta_i,
    input  logic [511:0]            db_inline_data_i,
    input  logic                    txp_rsp_valid_i,
    output logic                    txp_rsp_ready_o,
    input  weir_pkg::dma_rd_rsp_t   txp_rsp_i,
    input  logic                    inl_valid_i,
    output logic                    inl_ready_o,
    input  logic [512:0]            inl_i,        // {last, bytes}
    output logic                    err_valid_o,
    input  logic                    err_ready_i,
    output weir_queue_pkg::err_t    err_o,
    output weir_queue_pkg::wake_t   frame_cancel_o,
    output logic                    tx_valid_o,
    input  logic                    tx_ready_i,
    input  logic                    tx_low_i,      // the switch holds little of ours
    output weir_pkg::tx_frame_t     tx_o,
    output logic                    busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);
  localparam int MetaW = $bits(meta_i);
  localparam int TxW = $bits(tx_o);

  weir_queue_pkg::txmeta_t line;           // of the frame that is first in line,
  weir_queue_pkg::txmeta_t fast;           // pushed first,
  weir_queue_pkg::txmeta_t meta;           // goes
  logic                    line_valid;
  logic                    fast_valid;
  logic                    line_have;
  logic                    is_fast;
  logic [511:0]            fast_data;
  logic [4:0]              fast_level;
  logic [11:0]             lead_q;
  logic                    meta_room;
  logic                    meta_fits;
  logic                    meta_valid;
  logic                    meta_pop;
  logic [8:0]              meta_level;
  logic [8:0]              inl_level;
  logic                    first_q;
  logic                    stale;
  logic                    inl_valid;
  logic                    inl_last;
  logic [511:0]            inl_data;
  logic                    have;
  logic                    eop;
  logic                    bad;
  logic                    fault;
  logic                    take;
  logic                    cancel;
  logic                    out_ready;
  logic [1:0]              out_level;
  logic [(1<<FIdxW)-1:0]   dma_ok;
  weir_pkg::tx_frame_t     beat;

  // What is committed goes out in this order whoever comes later, so it is kept to what 250-cycle reads need: 24 KiB.
  localparam logic [15:0] Ahead = 16'd24576;
  logic [15:0] ahead_q;
  assign meta_room = ahead_q < Ahead;
  assign meta_ready_o = meta_fits && meta_room;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) ahead_q <= '0;
    else ahead_q <= ahead_q + ((meta_valid_i && meta_ready_o) ? 16'(meta_i.len) : 16'd0) - (meta_pop && !is_fast ? 16'(line.len) : 16'd0);
  end

  // One entry for each frame whose payload is under way: 250 cycles of a host's memory at two cycles a frame.
  weir_common_fifo #(.Width(MetaW), .Depth(256)) u_meta (
      .clk_i, .rst_ni, .valid_i(meta_valid_i && meta_room), .ready_o(meta_fits), .data_i(meta_i),
      .valid_o(line_valid), .ready_i(meta_pop && !is_fast), .data_o(line), .level_o(meta_level));
  weir_common_fifo #(.Width(MetaW + 512), .Depth(16)) u_fast (
      .clk_i, .rst_ni, .valid_i(db_inline_valid_i), .ready_o(db_inline_ready_o), .data_i({db_inline_meta_i, db_inline_data_i}),
      .valid_o(fast_valid), .ready_i(take && is_fast), .data_o({fast, fast_data}), .level_o(fast_level));
  // Beats that came inline wait here for those of a frame before them that is read behind its descriptor: 250 cycles of them.
  weir_common_fifo #(.Width(513), .Depth(256)) u_inl (
      .clk_i, .rst_ni, .valid_i(inl_valid_i), .ready_o(inl_ready_o), .data_i(inl_i),
      .valid_o(inl_valid),   .ready_i(take && meta.inl && !is_fast), .data_o({inl_last, inl_data}), .level_o(inl_level));
  weir_common_fifo #(.Width(TxW), .Depth(2)) u_out (
      .clk_i, .rst_ni, .valid_i(take), .ready_o(out_ready), .data_i(beat),
      .valid_o(tx_valid_o), .ready_i(tx_ready_i), .data_o(tx_o), .level_o(out_level));

  always_comb begin
    dma_ok = '0;
    dma_ok[NumFns-1:0] = fn_dma_ok_i;
  end
  assign line_have = line_valid && (line.inl ? inl_valid : txp_rsp_valid_i);
  assign is_fast = first_q && fast_valid && (!lead_q[11] || !line_have);
  assign meta = is_fast ? fast : line;
  assign meta_valid = is_fast || (line_valid && (!first_q || tx_low_i));
  assign stale = drain_i[meta.qp[QIdxW-1:0]];
  assign have = is_fast || line_have;
  assign eop = is_fast || (meta.inl ? inl_last : txp_rsp_i.eop);
  assign bad = !meta.inl && txp_rsp_i.err;
  assign fault = eop && bad && !stale;

  // In a LOAD cycle drain_i does not know yet.
  assign err_valid_o = have && meta_valid && out_ready && fault && !load_i.valid;
  assign take = have && meta_valid && out_ready && !load_i.valid && (!fault || err_ready_i);
  assign txp_rsp_ready_o = take && !meta.inl;
  assign cancel = eop && (bad || stale);
  assign frame_cancel_o.valid = take && cancel;
  assign frame_cancel_o.qp = meta.qp;
  assign meta_pop = take && eop;
  assign busy_o = meta_level != '0 || fast_level != '0 || inl_level != '0 || out_level != '0;

  always_comb begin
    err_o.qp = meta.qp;
    err_o.reason = dma_ok[meta.fn[FIdxW-1:0]] ? 8'(weir_abi_pkg::ReasonDmaError) : 8'(weir_abi_pkg::ReasonFnDisabled);
    beat.sop = first_q;
    beat.eop = eop;
    beat.cancel = cancel;
    beat.len = meta.len;
    beat.vport = meta.vport;
    beat.qp = meta.qp;
    beat.tag = meta.tag;
    beat.cpl_req = meta.cpl_req;
    beat.csum_l3 = meta.csum_l3;
    beat.csum_l4 = meta.csum_l4;
    beat.vlan_ins = meta.vlan_ins;
    beat.vlan_tci = meta.vlan_tci;
    beat.data = is_fast ? fast_data : meta.inl ? inl_data : txp_rsp_i.data;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      lead_q <= '0;
    end else begin
      if (take) first_q <= eop;
      if (first_q && !line_have) lead_q <= '0;
      else if (meta_pop && is_fast) lead_q <= lead_q + 12'd64;
      else if (meta_pop) lead_q <= (lead_q > 12'(meta.len)) ? lead_q - 12'(meta.len) : '0;
    end
  end
endmodule
