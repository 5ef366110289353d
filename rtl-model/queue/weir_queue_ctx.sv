// SPDX-License-Identifier: Apache-2.0
// The CSR side: staged context, QP_CMD, status. LOAD takes the staged registers into the context of QP_SEL in one cycle and
// tells every part (load_o). The context RAM is written here only, so no host write can reach it (threat T7). QP_CTX..QP_CQ_HI
// read back what was staged, not the queue's context. SAVE stages the state of QP_SEL and has it written to the PF's memory;
// FETCH stages a record from there, which may say anything: RESUME takes it only when it could be the state of a queue pair that
// its driver programmed through the mailbox and the doorbells (threat T24).
module weir_queue_ctx #(
    parameter int NumQps = weir_abi_pkg::NumQps
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_pkg::csr_req_t       csr_i,
    output weir_pkg::csr_rsp_t       csr_o,
    output weir_queue_pkg::load_t    load_o,
    output weir_queue_pkg::wake_t    tx_wake_o,
    output weir_queue_pkg::wake_t    rx_wake_o,
    output logic                     grant_valid_o,
    output logic                     rate_valid_o,      // grant_o is a rate, of QP_SEL
    output logic                     fn_rate_valid_o,   // or of FN_SEL
    output logic                     weight_valid_o,    // or a weight
    input  logic [31:0]              credit_i,          // of QP_SEL
    output logic [31:0]              grant_o,
    output logic                     map_we_o,
    output logic [weir_pkg::FnW-1:0] map_fn_o,
    output logic [23:0]              map_o,
    input  logic [23:0]              map_i,
    output logic                     pop_o,
    input  logic [31:0]              pop_i,
    // State of QP_SEL.
    output logic [weir_pkg::QpW-1:0] sel_qp_o,
    input  logic                     sel_tx_busy_i,
    input  logic                     sel_rx_busy_i,
    input  logic                     sel_armed_i,
    input  logic                     sel_posted_i,
    input  logic                     sel_ingress_i,
    input  logic [15:0]              sel_offset_i,
    input  logic [15:0]              sel_merged_i,
    input  logic [7:0]               sel_epoch_i,
    input  logic [7:0]               sel_reason_i,
    input  logic [31:0]              sel_tx_ptr_i,
    input  logic [31:0]              sel_rx_ptr_i,
    input  logic [31:0]              sel_cq_ptr_i,
    // FORCE_IRQ; a record to write, and one asked for.
    output weir_queue_pkg::wake_t    force_irq_o,
    output logic [57:0]              state_addr_o,  // 63:6
    output logic                     save_o,
    output logic [511:0]             save_data_o,
    input  logic                     save_take_i,
    output logic                     fetch_o,
    input  logic                     fetch_take_i,
    input  logic                     fetch_valid_i,
    input  logic [1:0]               fetch_idx_i,
    input  logic [127:0]             fetch_data_i,
    input  logic                     fetch_last_i,
    input  logic                     fetch_err_i,
    input  logic [NumQps-1:0]        err_i,
    output logic [NumQps-1:0]        loaded_o,
    output logic [NumQps-1:0]        tx_on_o,
    output logic [NumQps-1:0]        rx_on_o,
    // Context read ports: doorbell; transmit fetch, descriptors; receive fetch, descriptors, head of the
    // stream, frame being written; transmit completion.
    input  logic [weir_pkg::QpW-1:0] db_qp_i,
    output weir_queue_pkg::ctx_t     db_ctx_o,
    input  logic [weir_pkg::QpW-1:0] txf_qp_i,
    output weir_queue_pkg::ctx_t     txf_ctx_o,
    input  logic [weir_pkg::QpW-1:0] txd_qp_i,
    output weir_queue_pkg::ctx_t     txd_ctx_o,
    input  logic [weir_pkg::QpW-1:0] rx_fetch_qp_i,
    output weir_queue_pkg::ctx_t     rx_fetch_ctx_o,
    input  logic [weir_pkg::QpW-1:0] rx_desc_qp_i,
    output weir_queue_pkg::ctx_t     rx_desc_ctx_o,
    input  logic [weir_pkg::QpW-1:0] rx_decide_qp_i,
    output weir_queue_pkg::ctx_t     rx_decide_ctx_o,
    input  logic [weir_pkg::QpW-1:0] rx_cpl_qp_i,
    output weir_queue_pkg::ctx_t     rx_cpl_ctx_o,
    input  logic [weir_pkg::QpW-1:0] txc_qp_i,
    output weir_queue_pkg::ctx_t     txc_ctx_o,
    output logic                     busy_o
);
  localparam int QIdxW = $clog2(NumQps);
  localparam logic [3:0] OpLoad = 4'd1;
  localparam logic [3:0] OpTxOn = 4'd2;
  localparam logic [3:0] OpTxOff = 4'd3;
  localparam logic [3:0] OpRxOn = 4'd4;
  localparam logic [3:0] OpRxOff = 4'd5;
  localparam logic [3:0] OpClear = 4'd6;
  localparam logic [3:0] OpSave = 4'd7;
  localparam logic [3:0] OpFetch = 4'd8;
  localparam logic [3:0] OpResume = 4'd9;
  localparam logic [3:0] OpForceIrq = 4'd10;

  weir_queue_pkg::ctx_t ctx_mem [0:NumQps-1];
  weir_queue_pkg::ctx_t staged;

  logic [NumQps-1:0] loaded_q;
  logic [NumQps-1:0] tx_on_q;
  logic [NumQps-1:0] rx_on_q;

  // After reset every queue is cleared once; the CSR bus waits that long.
  logic             init_q;
  logic [QIdxW-1:0] init_qp_q;

  logic [7:0]  fn_sel_q;
  logic [11:0] qp_sel_q;
  logic [23:0] own_q;
  logic [11:0] size_q;
  logic [31:0] tx_lo_q;
  logic [31:0] tx_hi_q;
  logic [31:0] rx_lo_q;
  logic [31:0] rx_hi_q;
  logic [31:0] cq_lo_q;
  logic [31:0] cq_hi_q;
  logic [3:0]  cmd_q;
  logic        ack_q;
  logic [31:0] rdata_q;
  logic [31:0] rdata_d;
  logic        go;
  logic        wr;
  logic        is_cmd;
  logic        sel_ok;
  logic [QIdxW-1:0] sel;
  logic             resume;
  // Of the staged record.
  weir_queue_pkg::ptr_t at_q;
  logic [57:0]      state_q;
  logic             record_loaded_q;
  logic             record_good_q;  // so far: version and reserved bits
  logic             legal;
  logic             save_q;
  logic             fetch_q;      // to be asked for
  logic             busy_q;       // SAVE or FETCH under way
  logic             failed_q;
  weir_queue_pkg::ctx_t own;      // of QP_SEL

  assign go = csr_i.valid && !ack_q && !init_q;
  assign wr = go && csr_i.write;
  assign is_cmd = wr && csr_i.addr == 16'(weir_abi_pkg::QueueQpCmdOffset);
  assign sel = qp_sel_q[QIdxW-1:0];
  assign sel_ok = 13'(qp_sel_q) < 13'(NumQps);
  assign sel_qp_o = qp_sel_q;

  always_comb begin
    load_o = '0;
    tx_wake_o = '0;
    rx_wake_o = '0;
    load_o.qp = init_q ? weir_pkg::QpW'(init_qp_q) : qp_sel_q;
    load_o.init = init_q;
    load_o.valid = init_q || (is_cmd && sel_ok && (csr_i.wdata[3:0] == OpLoad || csr_i.wdata[3:0] == OpClear || resume));
    if (resume) load_o.at = at_q;
    force_irq_o.qp = qp_sel_q;
    force_irq_o.valid = is_cmd && sel_ok && csr_i.wdata[3:0] == OpForceIrq;
    tx_wake_o.qp = qp_sel_q;
    rx_wake_o.qp = qp_sel_q;
    tx_wake_o.valid = (is_cmd && sel_ok && csr_i.wdata[3:0] == OpTxOn) || grant_valid_o || rate_valid_o;
    rx_wake_o.valid = is_cmd && sel_ok && csr_i.wdata[3:0] == OpRxOn;
  end
  assign grant_valid_o = wr && sel_ok && csr_i.addr == 16'(weir_abi_pkg::QueueQpCreditOffset);
  assign rate_valid_o = wr && sel_ok && csr_i.addr == 16'(weir_abi_pkg::QueueQpRateOffset);
  assign weight_valid_o = wr && sel_ok && csr_i.addr == 16'(weir_abi_pkg::QueueQpWeightOffset);
  assign fn_rate_valid_o = wr && csr_i.addr == 16'(weir_abi_pkg::QueueFnRateOffset);
  assign grant_o = csr_i.wdata;
  assign map_we_o = wr && csr_i.addr == 16'(weir_abi_pkg::QueueFnMapOffset);
  assign map_fn_o = fn_sel_q;
  assign map_o = {csr_i.wdata[weir_abi_pkg::QueueFnMapQpCountLsb +: 12], csr_i.wdata[weir_abi_pkg::QueueFnMapQpBaseLsb +: 12]};
  assign pop_o = go && !csr_i.write && csr_i.addr == 16'(weir_abi_pkg::QueueEventPopOffset);

  always_comb begin
    staged = '0;
    if ((csr_i.wdata[3:0] == OpLoad || resume) && !init_q) begin
      staged.fn = own_q[weir_abi_pkg::QueueQpCtxFnLsb +: 8];
      staged.vport = own_q[weir_abi_pkg::QueueQpCtxVportLsb +: 8];
      staged.vec = own_q[weir_abi_pkg::QueueQpCtxVectorLsb +: 8];
      staged.tx_log = size_q[weir_abi_pkg::QueueQpSizeTxLsb +: 4];
      staged.rx_log = size_q[weir_abi_pkg::QueueQpSizeRxLsb +: 4];
      staged.cq_log = size_q[weir_abi_pkg::QueueQpSizeCqLsb +: 4];
      staged.tx_base = {tx_hi_q, tx_lo_q[31:6]};
      staged.rx_base = {rx_hi_q, rx_lo_q[31:6]};
      staged.cq_base = {cq_hi_q, cq_lo_q[31:6]};
    end
  end

  always_comb begin
    rdata_d = '0;
    case (csr_i.addr)
      16'(weir_abi_pkg::QueueFnSelOffset): rdata_d = 32'(fn_sel_q);
      16'(weir_abi_pkg::QueueFnMapOffset): rdata_d = {4'd0, map_i[23:12], 4'd0, map_i[11:0]};
      16'(weir_abi_pkg::QueueQpSelOffset): rdata_d = 32'(qp_sel_q);
      16'(weir_abi_pkg::QueueQpCtxOffset): rdata_d = 32'(own_q);
      16'(weir_abi_pkg::QueueQpSizeOffset): rdata_d = 32'(size_q);
      16'(weir_abi_pkg::QueueQpTxLoOffset): rdata_d = tx_lo_q;
      16'(weir_abi_pkg::QueueQpTxHiOffset): rdata_d = tx_hi_q;
      16'(weir_abi_pkg::QueueQpRxLoOffset): rdata_d = rx_lo_q;
      16'(weir_abi_pkg::QueueQpRxHiOffset): rdata_d = rx_hi_q;
      16'(weir_abi_pkg::QueueQpCqLoOffset): rdata_d = cq_lo_q;
      16'(weir_abi_pkg::QueueQpCqHiOffset): rdata_d = cq_hi_q;
      16'(weir_abi_pkg::QueueQpCmdOffset): rdata_d = 32'(cmd_q);
      16'(weir_abi_pkg::QueueQpStatusOffset):
        if (sel_ok) begin
          rdata_d[weir_abi_pkg::QueueQpStatusTxOnLsb] = tx_on_q[sel] && !err_i[sel];
          rdata_d[weir_abi_pkg::QueueQpStatusRxOnLsb] = rx_on_q[sel] && !err_i[sel];
          rdata_d[weir_abi_pkg::QueueQpStatusTxBusyLsb] = sel_tx_busy_i;
          rdata_d[weir_abi_pkg::QueueQpStatusRxBusyLsb] = sel_rx_busy_i;
          rdata_d[weir_abi_pkg::QueueQpStatusErrorLsb] = err_i[sel];
          rdata_d[weir_abi_pkg::QueueQpStatusArmedLsb] = sel_armed_i;
          rdata_d[weir_abi_pkg::QueueQpStatusRxPostedLsb] = sel_posted_i;
          rdata_d[weir_abi_pkg::QueueQpStatusReasonLsb +: 8] = sel_reason_i;
          rdata_d[weir_abi_pkg::QueueQpStatusRxIngressLsb] = sel_ingress_i;
          rdata_d[weir_abi_pkg::QueueQpStatusLoadedLsb] = loaded_q[sel];
        end
      16'(weir_abi_pkg::QueueQpTxPtrOffset): if (sel_ok) rdata_d = sel_tx_ptr_i;
      16'(weir_abi_pkg::QueueQpRxPtrOffset): if (sel_ok) rdata_d = sel_rx_ptr_i;
      16'(weir_abi_pkg::QueueQpCqPtrOffset): if (sel_ok) rdata_d = sel_cq_ptr_i;
      16'(weir_abi_pkg::QueueQpCreditLeftOffset): if (sel_ok) rdata_d = credit_i;
      16'(weir_abi_pkg::QueueEventPopOffset): rdata_d = pop_i;
      16'(weir_abi_pkg::QueueQpStateLoOffset): rdata_d = {state_q[25:0], 6'd0};
      16'(weir_abi_pkg::QueueQpStateHiOffset): rdata_d = state_q[57:26];
      16'(weir_abi_pkg::QueueQpStateOffset): begin
        rdata_d[weir_abi_pkg::QueueQpStateBusyLsb] = busy_q;
        rdata_d[weir_abi_pkg::QueueQpStateFailedLsb] = failed_q;
        rdata_d[weir_abi_pkg::QueueQpStateLegalLsb] = legal;
        rdata_d[weir_abi_pkg::QueueQpStateLoadedLsb] = record_good_q && record_loaded_q;
        rdata_d[weir_abi_pkg::QueueQpStateGoodLsb] = record_good_q;
      end
      default: rdata_d = '0;
    endcase
  end

  always_comb begin
    csr_o.ack = ack_q;
    csr_o.rdata = rdata_q;
  end
  assign busy_o = init_q || csr_i.valid || busy_q;

  // ---- a state record ----
  assign resume = is_cmd && sel_ok && !init_q && csr_i.wdata[3:0] == OpResume && legal;
  assign own = ctx_mem[sel];
  assign state_addr_o = state_q;
  assign save_o = save_q;
  assign fetch_o = fetch_q;

  always_comb begin
    save_data_o = '0;
    save_data_o[weir_abi_pkg::QpsTxLog2Lsb +: 4] = size_q[weir_abi_pkg::QueueQpSizeTxLsb +: 4];
    save_data_o[weir_abi_pkg::QpsTxBaseLsb +: 58] = {tx_hi_q, tx_lo_q[31:6]};
    save_data_o[weir_abi_pkg::QpsRxLog2Lsb +: 4] = size_q[weir_abi_pkg::QueueQpSizeRxLsb +: 4];
    save_data_o[weir_abi_pkg::QpsRxBaseLsb +: 58] = {rx_hi_q, rx_lo_q[31:6]};
    save_data_o[weir_abi_pkg::QpsCqLog2Lsb +: 4] = size_q[weir_abi_pkg::QueueQpSizeCqLsb +: 4];
    save_data_o[weir_abi_pkg::QpsCqBaseLsb +: 58] = {cq_hi_q, cq_lo_q[31:6]};
    save_data_o[weir_abi_pkg::QpsTxNextLsb +: 16] = at_q.tx_next;
    save_data_o[weir_abi_pkg::QpsTxTailLsb +: 16] = at_q.tx_tail;
    save_data_o[weir_abi_pkg::QpsRxNextLsb +: 16] = at_q.rx_next;
    save_data_o[weir_abi_pkg::QpsRxTailLsb +: 16] = at_q.rx_tail;
    save_data_o[weir_abi_pkg::QpsCqNextLsb +: 16] = at_q.cq_next;
    save_data_o[weir_abi_pkg::QpsCqHeadLsb +: 16] = at_q.cq_head;
    save_data_o[weir_abi_pkg::QpsRxOffsetLsb +: 16] = at_q.rx_offset;
    save_data_o[weir_abi_pkg::QpsMergedLsb +: 16] = at_q.merged;
    save_data_o[weir_abi_pkg::QpsEpochLsb +: 8] = at_q.epoch;
    save_data_o[weir_abi_pkg::QpsVectorLsb +: 8] = own_q[weir_abi_pkg::QueueQpCtxVectorLsb +: 8];
    save_data_o[weir_abi_pkg::QpsArmedLsb] = at_q.armed;
    save_data_o[weir_abi_pkg::QpsLoadedLsb] = record_loaded_q;
    save_data_o[weir_abi_pkg::QpsVersionLsb +: 8] = 8'(weir_abi_pkg::QpsVersion);
  end

  logic record_legal;
  weir_queue_legal u_legal (.record_i(save_data_o), .legal_o(record_legal));
  assign legal = record_good_q && record_loaded_q && record_legal && !busy_q;

  // Bits of the quarter at hand that a record of this version leaves 0, and its version.
  logic [127:0] named;
  logic         quarter_good;
  always_comb begin
    named = '0;
    case (fetch_idx_i)
      2'd0: begin
        named[weir_abi_pkg::QpsTxLog2Lsb +: 4] = '1;
        named[weir_abi_pkg::QpsTxBaseLsb +: 58] = '1;
        named[weir_abi_pkg::QpsRxLog2Lsb +: 4] = '1;
        named[weir_abi_pkg::QpsRxBaseLsb +: 58] = '1;
      end
      2'd1: begin
        named[weir_abi_pkg::QpsCqLog2Lsb - 128 +: 4] = '1;
        named[weir_abi_pkg::QpsCqBaseLsb - 128 +: 58] = '1;
        named[weir_abi_pkg::QpsTxNextLsb - 128 +: 64] = '1;
      end
      2'd2: begin
        named[weir_abi_pkg::QpsCqNextLsb - 256 +: weir_abi_pkg::QpsLoadedLsb - weir_abi_pkg::QpsCqNextLsb + 1] = '1;
        named[weir_abi_pkg::QpsVersionLsb - 256 +: 8] = '1;
      end
      default: ;
    endcase
    quarter_good = (fetch_data_i & ~named) == '0 && !fetch_err_i &&
                   (fetch_idx_i != 2'd2 ||
                    fetch_data_i[weir_abi_pkg::QpsVersionLsb - 256 +: 8] == 8'(weir_abi_pkg::QpsVersion));
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      at_q <= '0;
      state_q <= '0;
      record_loaded_q <= 1'b0;
      record_good_q <= 1'b0;
      save_q <= 1'b0;
      fetch_q <= 1'b0;
      busy_q <= 1'b0;
      failed_q <= 1'b0;
    end else begin
      if (wr && csr_i.addr == 16'(weir_abi_pkg::QueueQpStateLoOffset)) state_q[25:0] <= csr_i.wdata[31:6];
      if (wr && csr_i.addr == 16'(weir_abi_pkg::QueueQpStateHiOffset)) state_q[57:26] <= csr_i.wdata;
      if (save_take_i) begin
        save_q <= 1'b0;
        busy_q <= 1'b0;
      end
      if (fetch_take_i) fetch_q <= 1'b0;
      if (fetch_valid_i) begin
        record_good_q <= (fetch_idx_i == '0 || record_good_q) && quarter_good;
        if (fetch_idx_i == 2'd1) begin
          at_q.tx_next <= fetch_data_i[weir_abi_pkg::QpsTxNextLsb - 128 +: 16];
          at_q.tx_tail <= fetch_data_i[weir_abi_pkg::QpsTxTailLsb - 128 +: 16];
          at_q.rx_next <= fetch_data_i[weir_abi_pkg::QpsRxNextLsb - 128 +: 16];
          at_q.rx_tail <= fetch_data_i[weir_abi_pkg::QpsRxTailLsb - 128 +: 16];
        end
        if (fetch_idx_i == 2'd2) begin
          at_q.cq_next <= fetch_data_i[weir_abi_pkg::QpsCqNextLsb - 256 +: 16];
          at_q.cq_head <= fetch_data_i[weir_abi_pkg::QpsCqHeadLsb - 256 +: 16];
          at_q.rx_offset <= fetch_data_i[weir_abi_pkg::QpsRxOffsetLsb - 256 +: 16];
          at_q.merged <= fetch_data_i[weir_abi_pkg::QpsMergedLsb - 256 +: 16];
          at_q.epoch <= fetch_data_i[weir_abi_pkg::QpsEpochLsb - 256 +: 8];
          at_q.armed <= fetch_data_i[weir_abi_pkg::QpsArmedLsb - 256];
          record_loaded_q <= fetch_data_i[weir_abi_pkg::QpsLoadedLsb - 256];
        end
        if (fetch_last_i) begin
          busy_q <= 1'b0;
          failed_q <= fetch_err_i;
        end
      end
      // One at a time; firmware waits for BUSY to fall.
      if (is_cmd && !busy_q && sel_ok && csr_i.wdata[3:0] == OpSave) begin
        save_q <= 1'b1;
        busy_q <= 1'b1;
        failed_q <= 1'b0;
        at_q.tx_next <= sel_tx_ptr_i[15:0];
        at_q.tx_tail <= sel_tx_ptr_i[31:16];
        at_q.rx_next <= sel_rx_ptr_i[15:0];
        at_q.rx_tail <= sel_rx_ptr_i[31:16];
        at_q.cq_next <= sel_cq_ptr_i[15:0];
        at_q.cq_head <= sel_cq_ptr_i[31:16];
        at_q.rx_offset <= sel_offset_i;
        at_q.merged <= sel_merged_i;
        at_q.epoch <= sel_epoch_i;
        at_q.armed <= sel_armed_i;
        record_loaded_q <= loaded_q[sel] && !err_i[sel];
        record_good_q <= 1'b1;
      end
      if (is_cmd && !busy_q && csr_i.wdata[3:0] == OpFetch) begin
        fetch_q <= 1'b1;
        busy_q <= 1'b1;
        failed_q <= 1'b0;
        record_good_q <= 1'b0;
      end
    end
  end
  assign loaded_o = loaded_q;
  assign tx_on_o = tx_on_q;
  assign rx_on_o = rx_on_q;
  assign db_ctx_o = ctx_mem[db_qp_i[QIdxW-1:0]];
  assign txf_ctx_o = ctx_mem[txf_qp_i[QIdxW-1:0]];
  assign txd_ctx_o = ctx_mem[txd_qp_i[QIdxW-1:0]];
  assign rx_fetch_ctx_o = ctx_mem[rx_fetch_qp_i[QIdxW-1:0]];
  assign rx_desc_ctx_o = ctx_mem[rx_desc_qp_i[QIdxW-1:0]];
  assign rx_decide_ctx_o = ctx_mem[rx_decide_qp_i[QIdxW-1:0]];
  assign rx_cpl_ctx_o = ctx_mem[rx_cpl_qp_i[QIdxW-1:0]];
  assign txc_ctx_o = ctx_mem[txc_qp_i[QIdxW-1:0]];

  always_ff @(posedge clk_i) begin
    if (load_o.valid) ctx_mem[load_o.qp[QIdxW-1:0]] <= staged;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      init_q <= 1'b1;
      init_qp_q <= '0;
      loaded_q <= '0;
      tx_on_q <= '0;
      rx_on_q <= '0;
      fn_sel_q <= '0;
      qp_sel_q <= '0;
      own_q <= '0;
      size_q <= '0;
      tx_lo_q <= '0;
      tx_hi_q <= '0;
      rx_lo_q <= '0;
      rx_hi_q <= '0;
      cq_lo_q <= '0;
      cq_hi_q <= '0;
      cmd_q <= '0;
      ack_q <= 1'b0;
      rdata_q <= '0;
    end else begin
      ack_q <= go;
      if (init_q) begin
        init_qp_q <= init_qp_q + 1'b1;
        if (init_qp_q == QIdxW'(NumQps - 1)) init_q <= 1'b0;
      end
      if (go && !csr_i.write) rdata_q <= rdata_d;
      if (load_o.valid) begin
        loaded_q[load_o.qp[QIdxW-1:0]] <= !init_q && csr_i.wdata[3:0] != OpClear;
        tx_on_q[load_o.qp[QIdxW-1:0]] <= 1'b0;
        rx_on_q[load_o.qp[QIdxW-1:0]] <= 1'b0;
      end else if (is_cmd && sel_ok) begin
        // A queue without a context cannot be switched on.
        if (csr_i.wdata[3:0] == OpTxOn) tx_on_q[sel] <= loaded_q[sel];
        if (csr_i.wdata[3:0] == OpTxOff) tx_on_q[sel] <= 1'b0;
        if (csr_i.wdata[3:0] == OpRxOn) rx_on_q[sel] <= loaded_q[sel];
        if (csr_i.wdata[3:0] == OpRxOff) rx_on_q[sel] <= 1'b0;
      end
      if (is_cmd && !busy_q && sel_ok && csr_i.wdata[3:0] == OpSave) begin
        own_q <= {own.vec, own.vport, own.fn};
        size_q <= {own.cq_log, own.rx_log, own.tx_log};
        {tx_hi_q, tx_lo_q} <= {own.tx_base, 6'd0};
        {rx_hi_q, rx_lo_q} <= {own.rx_base, 6'd0};
        {cq_hi_q, cq_lo_q} <= {own.cq_base, 6'd0};
      end
      if (fetch_valid_i && fetch_idx_i == 2'd0) begin
        size_q[weir_abi_pkg::QueueQpSizeTxLsb +: 4] <= fetch_data_i[weir_abi_pkg::QpsTxLog2Lsb +: 4];
        size_q[weir_abi_pkg::QueueQpSizeRxLsb +: 4] <= fetch_data_i[weir_abi_pkg::QpsRxLog2Lsb +: 4];
        {tx_hi_q, tx_lo_q} <= {fetch_data_i[weir_abi_pkg::QpsTxBaseLsb +: 58], 6'd0};
        {rx_hi_q, rx_lo_q} <= {fetch_data_i[weir_abi_pkg::QpsRxBaseLsb +: 58], 6'd0};
      end
      if (fetch_valid_i && fetch_idx_i == 2'd1) begin
        size_q[weir_abi_pkg::QueueQpSizeCqLsb +: 4] <= fetch_data_i[weir_abi_pkg::QpsCqLog2Lsb - 128 +: 4];
        {cq_hi_q, cq_lo_q} <= {fetch_data_i[weir_abi_pkg::QpsCqBaseLsb - 128 +: 58], 6'd0};
      end
      if (fetch_valid_i && fetch_idx_i == 2'd2) begin
        own_q[weir_abi_pkg::QueueQpCtxVectorLsb +: 8] <= fetch_data_i[weir_abi_pkg::QpsVectorLsb - 256 +: 8];
      end
      if (wr) begin
        case (csr_i.addr)
          16'(weir_abi_pkg::QueueFnSelOffset): fn_sel_q <= csr_i.wdata[7:0];
          16'(weir_abi_pkg::QueueQpSelOffset): qp_sel_q <= csr_i.wdata[11:0];
          16'(weir_abi_pkg::QueueQpCtxOffset): own_q <= csr_i.wdata[23:0];
          16'(weir_abi_pkg::QueueQpSizeOffset): size_q <= csr_i.wdata[11:0];
          16'(weir_abi_pkg::QueueQpTxLoOffset): tx_lo_q <= csr_i.wdata;
          16'(weir_abi_pkg::QueueQpTxHiOffset): tx_hi_q <= csr_i.wdata;
          16'(weir_abi_pkg::QueueQpRxLoOffset): rx_lo_q <= csr_i.wdata;
          16'(weir_abi_pkg::QueueQpRxHiOffset): rx_hi_q <= csr_i.wdata;
          16'(weir_abi_pkg::QueueQpCqLoOffset): cq_lo_q <= csr_i.wdata;
          16'(weir_abi_pkg::QueueQpCqHiOffset): cq_hi_q <= csr_i.wdata;
          16'(weir_abi_pkg::QueueQpCmdOffset): cmd_q <= csr_i.wdata[3:0];
          default: ;
        endcase
      end
    end
  end
endmodule
