// SPDX-License-Identifier: Apache-2.0
// The CSR side: staged context, QP_CMD, status. LOAD takes the staged registers into the context of QP_SEL in one cycle and
// tells every part (load_o). The context RAM is written here only, so no host write can reach it (threat T7). QP_CTX..QP_CQ_HI
// read back what was staged, not the queue's context.
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
    input  logic [7:0]               sel_reason_i,
    input  logic [31:0]              sel_tx_ptr_i,
    input  logic [31:0]              sel_rx_ptr_i,
    input  logic [31:0]              sel_cq_ptr_i,
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
    input  logic [weir_pkg::QpW-1:0] rxf_qp_i,
    output weir_queue_pkg::ctx_t     rxf_ctx_o,
    input  logic [weir_pkg::QpW-1:0] rxd_qp_i,
    output weir_queue_pkg::ctx_t     rxd_ctx_o,
    input  logic [weir_pkg::QpW-1:0] rxh_qp_i,
    output weir_queue_pkg::ctx_t     rxh_ctx_o,
    input  logic [weir_pkg::QpW-1:0] rxc_qp_i,
    output weir_queue_pkg::ctx_t     rxc_ctx_o,
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
    load_o.valid = init_q || (is_cmd && sel_ok && (csr_i.wdata[3:0] == OpLoad || csr_i.wdata[3:0] == OpClear));
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
    if (csr_i.wdata[3:0] == OpLoad && !init_q) begin
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
        end
      16'(weir_abi_pkg::QueueQpTxPtrOffset): if (sel_ok) rdata_d = sel_tx_ptr_i;
      16'(weir_abi_pkg::QueueQpRxPtrOffset): if (sel_ok) rdata_d = sel_rx_ptr_i;
      16'(weir_abi_pkg::QueueQpCqPtrOffset): if (sel_ok) rdata_d = sel_cq_ptr_i;
      16'(weir_abi_pkg::QueueQpCreditLeftOffset): if (sel_ok) rdata_d = credit_i;
      16'(weir_abi_pkg::QueueEventPopOffset): rdata_d = pop_i;
      default: rdata_d = '0;
    endcase
  end

  always_comb begin
    csr_o.ack = ack_q;
    csr_o.rdata = rdata_q;
  end
  assign busy_o = init_q || csr_i.valid;
  assign loaded_o = loaded_q;
  assign tx_on_o = tx_on_q;
  assign rx_on_o = rx_on_q;
  assign db_ctx_o = ctx_mem[db_qp_i[QIdxW-1:0]];
  assign txf_ctx_o = ctx_mem[txf_qp_i[QIdxW-1:0]];
  assign txd_ctx_o = ctx_mem[txd_qp_i[QIdxW-1:0]];
  assign rxf_ctx_o = ctx_mem[rxf_qp_i[QIdxW-1:0]];
  assign rxd_ctx_o = ctx_mem[rxd_qp_i[QIdxW-1:0]];
  assign rxh_ctx_o = ctx_mem[rxh_qp_i[QIdxW-1:0]];
  assign rxc_ctx_o = ctx_mem[rxc_qp_i[QIdxW-1:0]];
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
        loaded_q[load_o.qp[QIdxW-1:0]] <= !init_q && csr_i.wdata[3:0] == OpLoad;
        tx_on_q[load_o.qp[QIdxW-1:0]] <= 1'b0;
        rx_on_q[load_o.qp[QIdxW-1:0]] <= 1'b0;
      end else if (is_cmd && sel_ok) begin
        // A queue without a context cannot be switched on.
        if (csr_i.wdata[3:0] == OpTxOn) tx_on_q[sel] <= loaded_q[sel];
        if (csr_i.wdata[3:0] == OpTxOff) tx_on_q[sel] <= 1'b0;
        if (csr_i.wdata[3:0] == OpRxOn) rx_on_q[sel] <= loaded_q[sel];
        if (csr_i.wdata[3:0] == OpRxOff) rx_on_q[sel] <= 1'b0;
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
