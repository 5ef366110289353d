// SPDX-License-Identifier: Apache-2.0
// DMA engines: three read clients with chains of pieces, one stream of writes and interrupt tokens. Builds TLPs except for
// their requester ID, which pcie fills in from fn alone (threat T9). Owns tags, reassembly, timeouts and the count of
// outstanding work per function. Does not: know rings or frames, order reads against writes, or retry anything.
// Outputs of shared parts that nobody needs stay open.
/* verilator lint_off PINCONNECTEMPTY */
module weir_dma #(
    parameter int NumFns = weir_abi_pkg::NumFns,
    parameter int NumTags = 64                     // power of two, 16..256; above 32 needs 8-bit tags
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  weir_pkg::csr_req_t    csr_i,
    output weir_pkg::csr_rsp_t    csr_o,
    output logic                  idle_o,
    input  weir_pkg::pcie_cfg_t   cfg_i,
    input  logic [NumFns-1:0]     fn_dma_ok_i,
    input  logic                  txd_req_valid_i,
    output logic                  txd_req_ready_o,
    input  weir_pkg::dma_rd_req_t txd_req_i,
    output logic                  txd_rsp_valid_o,
    input  logic                  txd_rsp_ready_i,
    output weir_pkg::dma_rd_rsp_t txd_rsp_o,
    input  logic                  txp_req_valid_i,
    output logic                  txp_req_ready_o,
    input  weir_pkg::dma_rd_req_t txp_req_i,
    output logic                  txp_rsp_valid_o,
    input  logic                  txp_rsp_ready_i,
    output weir_pkg::dma_rd_rsp_t txp_rsp_o,
    input  logic                  rx_desc_req_valid_i,
    output logic                  rx_desc_req_ready_o,
    input  weir_pkg::dma_rd_req_t rx_desc_req_i,
    output logic                  rx_desc_rsp_valid_o,
    input  logic                  rx_desc_rsp_ready_i,
    output weir_pkg::dma_rd_rsp_t rx_desc_rsp_o,
    input  logic                  queue_wr_valid_i,
    output logic                  queue_wr_ready_o,
    input  weir_pkg::dma_wr_t     queue_wr_i,
    output logic                  rdreq_valid_o,
    input  logic                  rdreq_ready_i,
    output weir_pkg::dma_tlp_t    rdreq_o,
    output logic                  wr_valid_o,
    input  logic                  wr_ready_i,
    output weir_pkg::dma_tlp_t    wr_o,
    input  logic                  cpl_valid_i,
    output logic                  cpl_ready_o,
    input  weir_pkg::tlp_t        cpl_i,
    output weir_pkg::dma_err_t    err_o,
    input  logic                  pend_valid_i,    // does pend_fn_i wait for completions? (pcie 31)
    input  logic [weir_pkg::FnW-1:0] pend_fn_i,
    output logic                  pend_o           // answer of the same cycle
);
  localparam int FnW = weir_pkg::FnW;
  localparam int EntryW = 29;
  localparam int ReqW = $bits(txd_req_i);
  localparam int RspW = $bits(txd_rsp_o);
  localparam int TlpW = $bits(wr_o);
  localparam int WrW = $bits(queue_wr_i);

  logic [31:0] timeout_q;
  logic [FnW-1:0] sel_q;
  logic [7:0] cnt_ready;
  logic run;               // counters are cleared: work may come in
  assign run = cnt_ready == 8'hFF;

  // ---- Clients: 0 txd, 1 txp, 2 rxd ----
  logic [2:0] req_valid;
  logic [2:0] req_ready;
  logic [3*ReqW-1:0] req;
  logic [3*FnW-1:0] req_fn;
  logic [2:0] accept;
  logic [2:0] seg_valid;
  logic [2:0] seg_ready;
  logic [3*FnW-1:0] seg_fn;
  logic [3*64-1:0] seg_addr;
  logic [3*10-1:0] seg_len;
  logic [2:0] seg_piece;
  logic [2:0] seg_last;
  logic [2:0] ctx_valid;
  logic [2:0] ctx_pop;
  logic [3*32-1:0] ctx;
  logic [2:0] ord_in_valid;
  logic [2:0] ord_in_ready;
  logic [EntryW-1:0] ord_in;
  logic [2:0] ord_valid;
  logic [2:0] ord_pop;
  logic [3*EntryW-1:0] ord;
  logic [2:0] rsp_in;
  weir_pkg::dma_rd_rsp_t rsp;
  logic [2:0] room;
  logic [2:0] rsp_valid;
  logic [2:0] rsp_ready;
  logic [3*RspW-1:0] rsp_out;
  logic [2:0] client_idle;
  logic [3*16-1:0] accepted;

  assign req_valid = {rx_desc_req_valid_i, txp_req_valid_i, txd_req_valid_i};
  assign {rx_desc_req_ready_o, txp_req_ready_o, txd_req_ready_o} = req_ready;
  assign req = {rx_desc_req_i, txp_req_i, txd_req_i};
  assign req_fn = {rx_desc_req_i.fn, txp_req_i.fn, txd_req_i.fn};
  assign {rx_desc_rsp_valid_o, txp_rsp_valid_o, txd_rsp_valid_o} = rsp_valid;
  assign rsp_ready = {rx_desc_rsp_ready_i, txp_rsp_ready_i, txd_rsp_ready_i};
  assign txd_rsp_o = rsp_out[0 +: RspW];
  assign txp_rsp_o = rsp_out[RspW +: RspW];
  assign rx_desc_rsp_o = rsp_out[2*RspW +: RspW];

  for (genvar c = 0; c < 3; c++) begin : gen_client
    // Payload goes on while a run of inline frames, a 512-byte line at most, has its turn behind here.
    localparam int RspDepth = (c == 1) ? 16 : 4;
    localparam int LevelW = $clog2(RspDepth) + 1;
    logic [LevelW-1:0] level;
    logic split_idle;
    weir_dma_split #(.Chains(NumTags)) u_split (
        .clk_i, .rst_ni, .run_i(run), .mrrs_i(cfg_i.mrrs),
        .req_valid_i(req_valid[c]), .req_ready_o(req_ready[c]), .req_i(req[c*ReqW +: ReqW]), .accept_o(accept[c]),
        .seg_valid_o(seg_valid[c]), .seg_ready_i(seg_ready[c]), .seg_fn_o(seg_fn[c*FnW +: FnW]),
        .seg_addr_o(seg_addr[c*64 +: 64]), .seg_len_o(seg_len[c*10 +: 10]),
        .seg_piece_o(seg_piece[c]), .seg_last_o(seg_last[c]),
        .ctx_valid_o(ctx_valid[c]), .ctx_pop_i(ctx_pop[c]), .ctx_o(ctx[c*32 +: 32]), .idle_o(split_idle));
    weir_common_fifo #(.Width(EntryW), .Depth(NumTags)) u_ord (
        .clk_i, .rst_ni, .valid_i(ord_in_valid[c]), .ready_o(ord_in_ready[c]), .data_i(ord_in),
        .valid_o(ord_valid[c]), .ready_i(ord_pop[c]), .data_o(ord[c*EntryW +: EntryW]), .level_o());
    // One beat may be in the pipeline when the next is chosen.
    weir_common_fifo #(.Width(RspW), .Depth(RspDepth)) u_rsp (
        .clk_i, .rst_ni, .valid_i(rsp_in[c]), .ready_o(), .data_i(rsp),
        .valid_o(rsp_valid[c]), .ready_i(rsp_ready[c]), .data_o(rsp_out[c*RspW +: RspW]), .level_o(level));
    assign room[c] = level <= LevelW'(RspDepth - 2);
    weir_dma_cnt #(.NumFns(NumFns)) u_accepted (
        .clk_i, .rst_ni, .en_i(accept[c]), .down_i(1'b0), .fn_i(req_fn[c*FnW +: FnW]),
        .rd_fn_i(sel_q), .rd_o(accepted[c*16 +: 16]), .ready_o(cnt_ready[c]));
    assign client_idle[c] = split_idle && !ord_valid[c] && !rsp_valid[c];
  end

  // ---- Requests ----
  logic alloc;
  logic [1:0] alloc_client;
  logic [FnW-1:0] alloc_fn;
  logic [63:0] alloc_addr;
  logic [9:0] alloc_len;
  logic [7:0] tag;
  logic [2:0] avail;
  logic net_en;
  logic net_down;
  logic hdr_valid;
  logic hdr_ready;
  logic [127:0] hdr;
  logic [127:0] out_hdr;
  logic [FnW-1:0] out_fn;

  weir_dma_issue #(.NumFns(NumFns), .EntryW(EntryW)) u_issue (
      .clk_i, .rst_ni, .fn_dma_ok_i, .seg_valid_i(seg_valid), .seg_ready_o(seg_ready), .seg_fn_i(seg_fn),
      .seg_addr_i(seg_addr), .seg_len_i(seg_len), .seg_piece_i(seg_piece), .seg_last_i(seg_last),
      .avail_i(avail), .tag_i(tag), .alloc_o(alloc), .client_o(alloc_client), .fn_o(alloc_fn), .addr_o(alloc_addr),
      .len_o(alloc_len), .ord_ready_i(ord_in_ready), .ord_valid_o(ord_in_valid), .ord_o(ord_in),
      .net_en_o(net_en), .net_down_o(net_down),
      .rdreq_ready_i(hdr_ready), .rdreq_valid_o(hdr_valid), .rdreq_hdr_o(hdr));
  weir_common_fifo #(.Width(FnW + 128), .Depth(4)) u_rdreq (
      .clk_i, .rst_ni, .valid_i(hdr_valid), .ready_o(hdr_ready), .data_i({alloc_fn, hdr}),
      .valid_o(rdreq_valid_o), .ready_i(rdreq_ready_i), .data_o({out_fn, out_hdr}), .level_o());
  always_comb begin
    rdreq_o = '0;
    rdreq_o.fn = out_fn;
    rdreq_o.tlp.sop = 1'b1;
    rdreq_o.tlp.eop = 1'b1;
    rdreq_o.tlp.hdr = out_hdr;
  end

  // ---- Completions and answers ----
  logic end_valid;
  logic [7:0] end_tag;
  logic end_err;
  logic end_hold;
  logic free;
  logic [7:0] free_tag;
  logic [1:0] free_client;
  logic [NumTags-1:0] waits;
  logic [NumTags-1:0] done;
  logic [NumTags-1:0] err;
  logic fin;
  logic [FnW-1:0] fin_fn;
  logic rd;
  logic [7:0] rd_tag;
  logic [2:0] rd_row;
  logic [511:0] row;
  logic [511:0] row_next;
  logic tags_idle;
  logic cpl_idle;
  logic out_idle;

  assign cpl_ready_o = 1'b1;
  weir_dma_tags #(.NumTags(NumTags)) u_tags (
      .clk_i, .rst_ni, .timeout_i((timeout_q != 32'd0) ? timeout_q : cfg_i.timeout),
      .link_reset_i(cfg_i.link_reset), .pend_valid_i, .pend_fn_i, .pend_o, .late_o(err_o.timeout), .ext_tag_i(cfg_i.ext_tag), .avail_o(avail), .tag_o(tag),
      .alloc_i(alloc), .alloc_client_i(alloc_client), .alloc_fn_i(alloc_fn), .alloc_len_i(alloc_len),
      .end_i(end_valid), .end_tag_i(end_tag), .end_err_i(end_err), .end_hold_i(end_hold),
      .free_i(free), .free_tag_i(free_tag), .free_client_i(free_client),
      .wait_o(waits), .done_o(done), .err_o(err), .fin_o(fin), .fin_fn_o(fin_fn), .idle_o(tags_idle));
  weir_dma_cpl #(.NumTags(NumTags)) u_cpl (
      .clk_i, .rst_ni, .cpl_valid_i, .cpl_i, .alloc_i(alloc), .alloc_tag_i(tag), .alloc_addr_i(alloc_addr[8:0]),
      .alloc_len_i(alloc_len), .wait_i(waits), .end_o(end_valid), .end_tag_o(end_tag), .end_err_o(end_err),
      .end_hold_o(end_hold), .stray_o(err_o.unexpected), .stray_hdr_o(err_o.hdr), .rd_i(rd), .rd_tag_i(rd_tag), .rd_row_i(rd_row), .row_o(row), .next_o(row_next),
      .idle_o(cpl_idle));
  weir_dma_out #(.NumTags(NumTags), .EntryW(EntryW)) u_out (
      .clk_i, .rst_ni, .ord_valid_i(ord_valid), .ord_i(ord), .ord_pop_o(ord_pop),
      .ctx_valid_i(ctx_valid), .ctx_i(ctx), .ctx_pop_o(ctx_pop), .done_i(done), .err_i(err),
      .free_o(free), .free_tag_o(free_tag), .free_client_o(free_client),
      .rd_o(rd), .rd_tag_o(rd_tag), .rd_row_o(rd_row), .row_i(row), .next_i(row_next),
      .room_i(room), .rsp_valid_o(rsp_in), .rsp_o(rsp), .idle_o(out_idle));

  assign err_o.fn = fin_fn;
  logic [15:0] net;
  logic [15:0] ended;
  weir_dma_cnt #(.NumFns(NumFns)) u_net (
      .clk_i, .rst_ni, .en_i(net_en), .down_i(net_down), .fn_i(alloc_fn),
      .rd_fn_i(sel_q), .rd_o(net), .ready_o(cnt_ready[3]));
  weir_dma_cnt #(.NumFns(NumFns)) u_ended (
      .clk_i, .rst_ni, .en_i(fin), .down_i(1'b0), .fn_i(fin_fn),
      .rd_fn_i(sel_q), .rd_o(ended), .ready_o(cnt_ready[4]));

  // ---- Writes ----
  logic src_valid;
  logic src_ready;
  weir_pkg::dma_wr_t src;
  logic queue_wr_fifo_ready;
  logic mk_valid;
  logic mk_ready;
  logic mk_end;
  weir_pkg::dma_tlp_t mk;
  logic wr_end;
  logic gone;
  logic [FnW-1:0] gone_fn;
  logic wr_idle;
  logic [15:0] wr_in;
  logic [15:0] wr_out;
  logic [15:0] wr_gone;

  assign queue_wr_ready_o = queue_wr_fifo_ready && run;
  weir_common_fifo #(.Width(WrW), .Depth(4)) u_src (
      .clk_i, .rst_ni, .valid_i(queue_wr_valid_i && run), .ready_o(queue_wr_fifo_ready), .data_i(queue_wr_i),
      .valid_o(src_valid), .ready_i(src_ready), .data_o(src), .level_o());
  weir_dma_wr #(.NumFns(NumFns)) u_wr (
      .clk_i, .rst_ni, .mps_i(cfg_i.mps), .fn_dma_ok_i, .src_valid_i(src_valid), .src_ready_o(src_ready), .src_i(src),
      .wr_valid_o(mk_valid), .wr_ready_i(mk_ready), .wr_o(mk), .wr_end_o(mk_end), .wr_empty_i(!wr_valid_o),
      .gone_o(gone), .gone_fn_o(gone_fn), .idle_o(wr_idle));
  weir_common_fifo #(.Width(TlpW + 1), .Depth(4)) u_out_fifo (
      .clk_i, .rst_ni, .valid_i(mk_valid), .ready_o(mk_ready), .data_i({mk_end, mk}),
      .valid_o(wr_valid_o), .ready_i(wr_ready_i), .data_o({wr_end, wr_o}), .level_o());
  weir_dma_cnt #(.NumFns(NumFns)) u_wr_in (
      .clk_i, .rst_ni, .en_i(queue_wr_valid_i && queue_wr_ready_o && queue_wr_i.sop && !queue_wr_i.irq), .down_i(1'b0), .fn_i(queue_wr_i.fn),
      .rd_fn_i(sel_q), .rd_o(wr_in), .ready_o(cnt_ready[5]));
  weir_dma_cnt #(.NumFns(NumFns)) u_wr_out (
      .clk_i, .rst_ni, .en_i(wr_valid_o && wr_ready_i && wr_end), .down_i(1'b0), .fn_i(wr_o.fn),
      .rd_fn_i(sel_q), .rd_o(wr_out), .ready_o(cnt_ready[6]));
  weir_dma_cnt #(.NumFns(NumFns)) u_wr_gone (
      .clk_i, .rst_ni, .en_i(gone), .down_i(1'b0), .fn_i(gone_fn),
      .rd_fn_i(sel_q), .rd_o(wr_gone), .ready_o(cnt_ready[7]));

  assign idle_o = run && client_idle == 3'b111 && tags_idle && cpl_idle && out_idle && wr_idle && !wr_valid_o &&
                  !rdreq_valid_o;

  // ---- CSR ----
  logic ack_q;
  logic [31:0] rdata_q;
  logic [15:0] reads;
  logic [15:0] writes;
  always_comb begin
    reads = accepted[15:0] + accepted[31:16] + accepted[47:32] + net - ended;
    writes = wr_in - wr_out - wr_gone;
    if (sel_q >= FnW'(NumFns)) begin
      reads = '0;
      writes = '0;
    end
  end
  assign csr_o.ack = ack_q;
  assign csr_o.rdata = rdata_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ack_q <= 1'b0;
      rdata_q <= '0;
      sel_q <= '0;
      timeout_q <= weir_abi_pkg::DmaTimeoutReset;
    end else begin
      ack_q <= csr_i.valid && !ack_q;
      if (csr_i.valid && !ack_q) begin
        rdata_q <= '0;
        case (csr_i.addr)
          16'(weir_abi_pkg::DmaFnSelOffset): begin
            rdata_q <= {24'b0, sel_q};
            if (csr_i.write) sel_q <= csr_i.wdata[FnW-1:0];
          end
          16'(weir_abi_pkg::DmaFnBusyOffset): rdata_q <= {writes, reads};
          16'(weir_abi_pkg::DmaTimeoutOffset): begin
            rdata_q <= timeout_q;
            if (csr_i.write) timeout_q <= csr_i.wdata;
          end
          default: rdata_q <= '0;
        endcase
      end
    end
  end
endmodule
/* verilator lint_on PINCONNECTEMPTY */
