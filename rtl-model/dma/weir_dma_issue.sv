// SPDX-License-Identifier: Apache-2.0
// Chooses among the three clients' segments, round robin, one a cycle: a permitted one gets a tag and becomes an MRd, one
// of a function that may not do DMA becomes a failed entry without any TLP (pcie 42). Either way its client's order
// queue learns of it, so answers come back in the order of segments. Client c's fields lie at [c * width].
module weir_dma_issue #(
    parameter int NumFns = weir_abi_pkg::NumFns,
    parameter int EntryW = 29
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic [NumFns-1:0]          fn_dma_ok_i,
    input  logic [2:0]                 seg_valid_i,
    output logic [2:0]                 seg_ready_o,
    input  logic [3*weir_pkg::FnW-1:0] seg_fn_i,
    input  logic [3*64-1:0]            seg_addr_i,
    input  logic [3*10-1:0]            seg_len_i,
    input  logic [2:0]                 seg_piece_i,
    input  logic [2:0]                 seg_last_i,
    input  logic [2:0]                 avail_i,       // a tag may be given to the client
    input  logic [7:0]                 tag_i,
    output logic                       alloc_o,       // a request with tag_i leaves for client_o, fn_o, addr_o, len_o
    output logic [1:0]                 client_o,
    output logic [weir_pkg::FnW-1:0]   fn_o,
    output logic [63:0]                addr_o,
    output logic [9:0]                 len_o,
    input  logic [2:0]                 ord_ready_i,
    output logic [2:0]                 ord_valid_o,
    output logic [EntryW-1:0]          ord_o,         // {failed, last, tag, len, addr mod 512}
    output logic                       net_en_o,      // outstanding work of fn_o changes:
    output logic                       net_down_o,    // one more request, or one piece less
    input  logic                       rdreq_ready_i, // room for a header
    output logic                       rdreq_valid_o,
    output logic [127:0]               rdreq_hdr_o
);
  logic [255:0] ok;
  logic [2:0] permitted;
  logic [3:0] can;
  logic [3:0] grant;
  logic any;
  logic piece;
  logic last;
  logic good;

  assign ok = 256'(fn_dma_ok_i);
  always_comb begin
    can = '0;
    for (int c = 0; c < 3; c++) begin
      permitted[c] = ok[seg_fn_i[c*weir_pkg::FnW +: weir_pkg::FnW]];
      can[c] = seg_valid_i[c] && ord_ready_i[c] && (!permitted[c] || (avail_i[c] && rdreq_ready_i));
    end
  end

  weir_common_rr #(.N(4)) u_rr (
      .clk_i, .rst_ni, .req_i(can), .advance_i(any), .valid_o(any), .grant_o(grant), .index_o(client_o));

  always_comb begin
    fn_o = seg_fn_i[client_o*weir_pkg::FnW +: weir_pkg::FnW];
    addr_o = seg_addr_i[client_o*64 +: 64];
    len_o = seg_len_i[client_o*10 +: 10];
    piece = |(seg_piece_i & grant[2:0]);
    last = |(seg_last_i & grant[2:0]);
    good = any && |(permitted & grant[2:0]);
    rdreq_hdr_o = '0;
    if (good) rdreq_hdr_o = weir_dma_pkg::mem_hdr(1'b0, addr_o, {3'b0, len_o}, tag_i);
  end

  assign seg_ready_o = grant[2:0];
  assign ord_valid_o = grant[2:0];
  assign ord_o = {!good, last, tag_i, len_o, addr_o[8:0]};
  assign alloc_o = good;
  assign rdreq_valid_o = good;
  // A piece counts as one from its acceptance until its last segment, each request from its issue until its end.
  assign net_en_o = any && (good != piece);
  assign net_down_o = !good;
endmodule
