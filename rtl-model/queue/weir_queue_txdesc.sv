// SPDX-License-Identifier: Apache-2.0
// Transmit descriptors: one a cycle is checked (threats T5, T10, T16); when a frame's last is good, its pieces are committed to
// the payload client as one chain and the frame is in flight. A bad one stops its queue and nothing of its frame is read.
// A batch whose last frame reaches beyond it is rolled back to that frame's first descriptor, and so is one of more than 32 KiB,
// whose queue thereby waits for its next turn. What a frame takes of the next batch's slots is passed over there. CSUM and VLAN_INS count on any piece of a
// frame, CPL_REQ on the piece with EOP. An inline frame lies in the slots behind its one descriptor, within a 512-byte line of
// memory; its bytes go to inl_o, a beat a cycle. From its first beat on it is finished whatever happens to its queue: a frame
// of an ended generation is cancelled behind here.
module weir_queue_txdesc #(
    parameter int NumQps = weir_abi_pkg::NumQps,
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  weir_queue_pkg::load_t     load_i,
    input  logic [NumFns-1:0]         fn_dma_ok_i,
    input  logic [NumQps-1:0]         err_i,
    input  logic [NumQps-1:0]         drain_i,
    input  logic [NumQps-1:0]         gen_i,
    input  logic                      batch_valid_i,
    input  weir_queue_pkg::batch_t    batch_i,
    input  logic                      batch_err_i,
    output logic [4:0]                index_o,
    input  logic [127:0]              desc_i,
    input  logic [511:0]              behind_i,    // the four slots behind index_o
    output logic                      batch_pop_o,
    input  logic [3:0]                over_i,      // slots at its beginning that are done with
    output logic                      seen_o,      // with batch_pop_o: see weir_queue_txfetch
    output logic [15:0]               seen_end_o,
    output logic [3:0]                seen_over_o,
    output logic [3:0]                seen_most_o,
    output logic                      seen_pieces_o,
    input  weir_queue_pkg::ctx_t      ctx_i,       // of batch_i.qp
    input  logic [15:0]               tail_i,
    output logic                      err_valid_o,
    input  logic                      err_ready_i,
    output weir_queue_pkg::err_t      err_o,
    output logic                      rollback_valid_o,
    input  logic                      rollback_ready_i,
    output logic [15:0]               rollback_ptr_o,
    output logic                      rollback_more_o,
    output logic                      rollback_cut_o,
    output logic [3:0]                rollback_most_o,
    output logic                      rollback_pieces_o,
    output weir_queue_pkg::wake_t     frame_issue_o,
    output logic [weir_pkg::LenW-1:0] frame_len_o,
    output logic [2:0]                hint_o,      // with frame_issue_o: bytes a descriptor, 512 << hint_o at most
    output logic                      txp_req_valid_o,
    input  logic                      txp_req_ready_i,
    output weir_pkg::dma_rd_req_t     txp_req_o,
    output logic                      meta_valid_o,
    input  logic                      meta_ready_i,
    output weir_queue_pkg::txmeta_t   meta_o,
    output logic                      inl_valid_o,
    input  logic                      inl_ready_i,
    output logic [512:0]              inl_o,       // {last, bytes}
    output logic                      busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam int FIdxW = $clog2(NumFns);
  localparam int Pieces = 32;
  localparam int PIdxW = $clog2(Pieces);
  localparam int SegW = $clog2(weir_abi_pkg::MaxSegs);

  // ---- pieces: written as descriptors are checked, readable when their frame is committed ----
  weir_pkg::dma_rd_req_t piece_mem [0:Pieces-1];
  weir_pkg::dma_rd_req_t piece;
  logic [PIdxW:0] wr_q;
  logic [PIdxW:0] commit_q;
  logic [PIdxW:0] rd_q;

  // ---- the frame being checked ----
  logic [4:0]                i_q;        // descriptor of the batch
  logic [4:0]                first_q;    // the frame's first
  logic                      begun_q;    // with the batch
  logic [3:0]                most_q;     // slots behind its first that a frame of the batch had
  logic                      pieces_q;   // a frame of it was in pieces
  logic [1:0]                beat_q;     // of an inline frame,
  logic [4:0]                slots_q;    // its slots
  weir_queue_pkg::txmeta_t   meta_q;     // and what its descriptor said
  weir_queue_pkg::txmeta_t   meta_d;
  logic [SegW-1:0]           seg_q;
  logic [weir_pkg::LenW-1:0] sum_q;
  logic [15:0]               got_q;      // bytes of the batch's frames so far
  logic                      full;
  logic                      l3_q;
  logic                      l4_q;
  logic                      vlan_q;
  logic [15:0]               tci_q;
  logic [7:0]                dst_q;

  logic [QIdxW-1:0] qp;
  logic [15:0]      idx;
  logic [(1<<FIdxW)-1:0] dma_ok;
  logic [63:0]      addr;
  logic [15:0]      len;
  logic             eop;
  logic             l3;
  logic             l4;
  logic             vlan;
  logic [15:0]      tci;
  logic [7:0]       dst;
  logic [64:0]      last_byte;
  logic [16:0]      sum;
  logic [16:0]      whole;
  logic             void_batch;
  logic             msi;
  logic [7:0]       reason;
  logic             step;
  logic             commit;
  logic             drop;
  logic             push;
  logic             inl;
  logic [4:0]       inl_slots;   // behind the descriptor
  logic             inl_last;    // its last beat
  logic             inl_wild;    // leaves its line, or the ring
  logic [15:0]      slot;
  logic [5:0]       behind;      // slots of the batch behind i_q
  logic [5:0]       taken;       // slots of it up to the end of this frame
  int               pieces_log;  // of their number, rounded down
  logic [3:0]       extra;       // slots of the frame behind its first
  logic             skip;        // some of it is done with
  logic             done;        // all of its own is

  assign qp = batch_i.qp[QIdxW-1:0];
  assign idx = batch_i.idx + 16'(i_q);
  assign index_o = i_q + {1'b0, beat_q, 2'b00};
  assign inl = desc_i[weir_abi_pkg::TxdInlineLsb];
  assign slot = idx & ((16'd1 << ctx_i.tx_log) - 16'd1);
  assign inl_slots = (beat_q != '0) ? slots_q : 5'((9'(len[7:0]) + 9'd15) >> 4);
  assign inl_last = {1'b0, beat_q, 2'b11} >= inl_slots - 5'd1;
  assign inl_wild = {1'b0, slot[4:0] + {ctx_i.tx_base[2:0], 2'b00}} + 6'(inl_slots) > 6'd31 ||
                    17'(slot) + 17'(inl_slots) >= 17'(17'd1 << ctx_i.tx_log);
  assign behind = batch_i.span - 6'd1 - 6'(i_q);
  assign skip = !begun_q && over_i != '0;
  assign extra = (beat_q != '0) ? 4'(slots_q) : inl ? 4'(inl_slots) : 4'(seg_q);
  assign taken = skip ? 6'(over_i) : 6'(i_q) + 6'd1 + ((inl || beat_q != '0) ? 6'(extra) : 6'd0);
  assign done = taken >= batch_i.n;
  assign full = got_q[15] && seg_q == '0;
  always_comb begin
    dma_ok = '0;
    dma_ok[NumFns-1:0] = fn_dma_ok_i;
  end

  assign addr = desc_i[weir_abi_pkg::TxdAddrLsb +: 64];
  assign len = desc_i[weir_abi_pkg::TxdLenLsb +: 16];
  assign eop = desc_i[weir_abi_pkg::TxdEopLsb];
  assign l3 = l3_q || desc_i[weir_abi_pkg::TxdCsumL3Lsb];
  assign l4 = l4_q || desc_i[weir_abi_pkg::TxdCsumL4Lsb];
  assign vlan = vlan_q || desc_i[weir_abi_pkg::TxdVlanInsLsb];
  assign tci = desc_i[weir_abi_pkg::TxdVlanInsLsb] ? desc_i[weir_abi_pkg::TxdVlanTciLsb +: 16] : tci_q;
  assign dst = (desc_i[weir_abi_pkg::TxdDstVportLsb +: 8] != '0) ? desc_i[weir_abi_pkg::TxdDstVportLsb +: 8] : dst_q;
  assign last_byte = {1'b0, addr} + 65'(len) - 65'd1;
  assign msi = last_byte[64] || (addr <= 64'hFEEF_FFFF && last_byte[63:0] >= 64'hFEE0_0000);
  assign sum = 17'(sum_q) + 17'(len);
  assign whole = sum + (vlan ? 17'd4 : 17'd0);  // with the tag that the switch puts in
  // Nothing of a frame is under way that could not be taken back.
  assign void_batch = err_i[qp] || drain_i[qp] || batch_i.gen != gen_i[qp];

  always_comb begin
    reason = '0;
    if (batch_err_i) begin
      // A function that lost bus mastering did nothing wrong; firmware may tell the two apart.
      reason = dma_ok[ctx_i.fn[FIdxW-1:0]] ? 8'(weir_abi_pkg::ReasonDmaError) : 8'(weir_abi_pkg::ReasonFnDisabled);
    end else if (desc_i[weir_abi_pkg::TxdPhaseLsb] == idx[ctx_i.tx_log]) begin
      reason = 8'(weir_abi_pkg::ReasonTxBadPhase);
    end else if (desc_i[weir_abi_pkg::TxdTsoLsb] || (ctx_i.fn != '0 && dst != '0) || (inl && (!eop || seg_q != '0))) begin
      reason = 8'(weir_abi_pkg::ReasonTxBadFlags);
    end else if (len == '0) begin
      reason = 8'(weir_abi_pkg::ReasonTxLenZero);
    end else if (inl && len > 16'(weir_abi_pkg::InlineMax)) begin
      reason = 8'(weir_abi_pkg::ReasonTxTooLong);
    end else if (inl && inl_wild) begin
      reason = 8'(weir_abi_pkg::ReasonTxBadFlags);
    end else if (whole > 17'(weir_abi_pkg::MaxFrame) || (eop && sum < 17'(weir_abi_pkg::MinFrame))) begin
      reason = 8'(weir_abi_pkg::ReasonTxTooLong);
    end else if (msi && !inl) begin
      reason = 8'(weir_abi_pkg::ReasonBadAddr);
    end else if (!eop && seg_q == SegW'(weir_abi_pkg::MaxSegs - 1)) begin
      reason = 8'(weir_abi_pkg::ReasonTxTooManySegs);
    end
  end

  always_comb begin
    step = 1'b0;
    commit = 1'b0;
    drop = 1'b0;
    push = 1'b0;
    inl_valid_o = 1'b0;
    batch_pop_o = 1'b0;
    err_valid_o = 1'b0;
    rollback_valid_o = 1'b0;
    if (batch_valid_i && !load_i.valid) begin
      if (beat_q != '0) begin
        inl_valid_o = meta_ready_i;
        commit = inl_last && meta_ready_i && inl_ready_i;
        batch_pop_o = commit && done;
      end else if (void_batch) begin
        batch_pop_o = 1'b1;
        drop = 1'b1;
      end else if (skip) begin
        batch_pop_o = done;
      end else if (reason != '0) begin
        err_valid_o = 1'b1;
        batch_pop_o = err_ready_i;
        drop = err_ready_i;
      end else if (full || (inl ? 6'(inl_slots) > behind : behind == '0 && !eop)) begin
        rollback_valid_o = 1'b1;
        batch_pop_o = rollback_ready_i;
        drop = rollback_ready_i;
      end else if (inl) begin
        inl_valid_o = meta_ready_i;
        commit = inl_last && meta_ready_i && inl_ready_i;
        batch_pop_o = commit && done;
      end else if ((wr_q ^ rd_q) != {1'b1, {PIdxW{1'b0}}} && meta_ready_i) begin
        push = 1'b1;
        step = 1'b1;
        commit = eop;
        batch_pop_o = commit && done;
      end
    end
  end

  always_comb begin
    err_o.qp = batch_i.qp;
    err_o.reason = reason;
    rollback_ptr_o = batch_i.idx + 16'(first_q);
    rollback_more_o = full || tail_i != 16'(batch_i.idx + 16'(batch_i.span));
    rollback_cut_o = !full;
    rollback_most_o = inl ? 4'(inl_slots) : 4'(weir_abi_pkg::MaxSegs - 1);
    rollback_pieces_o = !inl;
    frame_issue_o.valid = commit;
    frame_issue_o.qp = batch_i.qp;
    meta_valid_o = commit;
    meta_d.qp = batch_i.qp;
    meta_d.fn = ctx_i.fn;
    meta_d.vport = (dst != '0) ? dst : ctx_i.vport;
    meta_d.tag = idx + 16'd1 + (inl ? 16'(inl_slots) : 16'd0);
    meta_d.len = sum[weir_pkg::LenW-1:0];
    meta_d.inl = inl;
    meta_d.cpl_req = desc_i[weir_abi_pkg::TxdCplReqLsb];
    meta_d.csum_l3 = l3;
    meta_d.csum_l4 = l4;
    meta_d.vlan_ins = vlan;
    meta_d.vlan_tci = tci;
    meta_o = (beat_q != '0) ? meta_q : meta_d;
    frame_len_o = meta_o.len;
    pieces_log = (seg_q >= SegW'(7)) ? 3 : (seg_q >= SegW'(3)) ? 2 : (seg_q >= SegW'(1)) ? 1 : 0;
    hint_o = '0;
    if (!meta_o.inl) begin
      for (int s = 0; s < 5; s++) if (sum > 17'd512 << (s + pieces_log)) hint_o = 3'(s + 1);
    end
    inl_o = {inl_last, behind_i};
    piece.fn = ctx_i.fn;
    piece.addr = addr;
    piece.len = len[weir_pkg::LenW-1:0];
    piece.last = eop;
    piece.ctx = 32'(batch_i.qp);
  end

  always_comb begin
    // Of a generation that has ended nothing is told.
    seen_o = batch_pop_o && (commit || skip) && !void_batch;
    seen_end_o = batch_i.idx + 16'(batch_i.n);
    seen_over_o = 4'(taken - batch_i.n);
    seen_most_o = (commit && extra > most_q) ? extra : most_q;
    seen_pieces_o = pieces_q || (commit && !inl && beat_q == '0 && seg_q != '0);
  end

  assign txp_req_valid_o = rd_q != commit_q;
  assign txp_req_o = piece_mem[rd_q[PIdxW-1:0]];
  assign busy_o = rd_q != commit_q || batch_valid_i;

  always_ff @(posedge clk_i) begin
    if (push) piece_mem[wr_q[PIdxW-1:0]] <= piece;
    if (inl_valid_o && beat_q == '0) begin
      meta_q <= meta_d;
      slots_q <= inl_slots;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wr_q <= '0;
      commit_q <= '0;
      rd_q <= '0;
      i_q <= '0;
      first_q <= '0;
      begun_q <= 1'b0;
      most_q <= '0;
      pieces_q <= 1'b0;
      beat_q <= '0;
      seg_q <= '0;
      sum_q <= '0;
      got_q <= '0;
      l3_q <= 1'b0;
      l4_q <= 1'b0;
      vlan_q <= 1'b0;
      tci_q <= '0;
      dst_q <= '0;
    end else begin
      if (batch_pop_o) got_q <= '0;
      else if (commit) got_q <= got_q + 16'(meta_o.len);
      if (txp_req_valid_o && txp_req_ready_i) rd_q <= rd_q + 1'b1;
      if (push) wr_q <= wr_q + 1'b1;
      if (commit && push) commit_q <= wr_q + 1'b1;
      if (drop) wr_q <= commit_q;
      if (inl_valid_o && inl_ready_i) beat_q <= inl_last ? '0 : beat_q + 2'd1;
      if (step) i_q <= i_q + 5'd1;
      else if (commit) i_q <= i_q + 5'd1 + inl_slots;
      if (batch_valid_i && !load_i.valid && skip) begin
        i_q <= 5'(over_i);
        first_q <= 5'(over_i);
      end
      if (batch_pop_o) begun_q <= 1'b0;
      else if (batch_valid_i && !load_i.valid && (skip || step || commit)) begun_q <= 1'b1;
      if (batch_pop_o) begin
        i_q <= '0;
        first_q <= '0;
        most_q <= '0;
        pieces_q <= 1'b0;
      end else if (commit) begin
        most_q <= seen_most_o;
        pieces_q <= seen_pieces_o;
      end
      if (commit || drop) begin
        first_q <= batch_pop_o ? '0 : i_q + 5'd1 + (step ? 5'd0 : inl_slots);
        seg_q <= '0;
        sum_q <= '0;
        l3_q <= 1'b0;
        l4_q <= 1'b0;
        vlan_q <= 1'b0;
        tci_q <= '0;
        dst_q <= '0;
      end else if (step) begin
        seg_q <= seg_q + 1'b1;
        sum_q <= sum[weir_pkg::LenW-1:0];
        l3_q <= l3;
        l4_q <= l4;
        vlan_q <= vlan;
        tci_q <= tci;
        dst_q <= dst;
      end
    end
  end
endmodule
