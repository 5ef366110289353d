// SPDX-License-Identifier: Apache-2.0
// Answers: walks each client's order queue, reads up to 64 bytes a cycle out of the slots once they are complete, rotates
// them to the lane that follows the bytes before, and packs them into beats. One read pipeline serves the three clients in
// turn; a chain with a failed piece keeps its shape (same beats, zero data for the failed part) and ends with err.
// Lanes beyond the valid bytes are zero: nothing stale leaves (threat T20). Client c's fields lie at [c * width].
module weir_dma_out #(
    parameter int NumTags = 64,
    parameter int EntryW = 29
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic [2:0]          ord_valid_i,
    input  logic [3*EntryW-1:0] ord_i,        // {failed, last, tag, len, addr mod 512}
    output logic [2:0]          ord_pop_o,
    input  logic [2:0]          ctx_valid_i,
    input  logic [3*32-1:0]     ctx_i,
    output logic [2:0]          ctx_pop_o,
    input  logic [NumTags-1:0]  done_i,
    input  logic [NumTags-1:0]  err_i,
    output logic                free_o,
    output logic [7:0]          free_tag_o,
    output logic [1:0]          free_client_o,
    output logic                rd_o,
    output logic [7:0]          rd_tag_o,
    output logic [2:0]          rd_row_o,
    input  logic [511:0]        row_i,
    input  logic [511:0]        next_i,
    input  logic [2:0]          room_i,       // the client takes at least two more beats
    output logic [2:0]          rsp_valid_o,  // one beat for one client, always taken
    output weir_pkg::dma_rd_rsp_t rsp_o,
    output logic                idle_o
);
  localparam int TagW = $clog2(NumTags);

  // Per client: bytes of the head entry already taken, lanes filled in the beat being packed, rest to flush, chain failed.
  logic [9:0] off_q [0:2];
  logic [5:0] fill_q [0:2];
  logic [2:0] flush_q;
  logic [2:0] err_q;

  logic [3:0] can;
  logic [3:0] grant;
  logic [1:0] c;
  logic any;
  logic [EntryW-1:0] head [0:2];

  for (genvar g = 0; g < 3; g++) begin : gen_can
    assign head[g] = ord_i[g*EntryW +: EntryW];
    assign can[g] = room_i[g] && (flush_q[g] || (ord_valid_i[g] && ctx_valid_i[g] &&
                                                 (head[g][28] || done_i[TagW'(head[g][26:19])])));
  end
  assign can[3] = 1'b0;
  weir_common_rr #(.N(4)) u_rr (
      .clk_i, .rst_ni, .req_i(can), .advance_i(any), .valid_o(any), .grant_o(grant), .index_o(c));

  // ---- Choose the next chunk ----
  logic [EntryW-1:0] e;
  logic [9:0] off;
  logic [9:0] left;
  logic [8:0] at;
  logic [6:0] n;
  logic [6:0] fill;
  logic [6:0] sum;       // 1..127
  logic [7:0] wide_sum;
  logic flush;
  logic bad;             // this entry failed
  logic entry_end;
  logic chain_end;
  logic eop;
  logic emit;

  always_comb begin
    e = head[c];
    off = off_q[c];
    flush = flush_q[c];
    fill = {1'b0, fill_q[c]};
    left = e[18:9] - off;
    at = e[8:0] + off[8:0];
    n = (left > 10'd64) ? 7'd64 : left[6:0];
    bad = e[28] || err_i[TagW'(e[26:19])];
    entry_end = !flush && left <= 10'd64;
    chain_end = entry_end && e[27];
    wide_sum = {1'b0, fill} + {1'b0, n};
    sum = wide_sum[6:0];
    emit = flush || wide_sum >= 8'd64 || chain_end;
    eop = flush || (chain_end && wide_sum <= 8'd64);
  end

  assign ord_pop_o = (any && entry_end) ? grant[2:0] : 3'b0;
  assign ctx_pop_o = (any && eop) ? grant[2:0] : 3'b0;
  assign free_o = any && entry_end && !e[28];
  assign free_tag_o = e[26:19];
  assign free_client_o = c;
  assign rd_o = any && !flush;
  assign rd_tag_o = e[26:19];
  assign rd_row_o = at[8:6];

  // ---- Stage 1: the rows are there ----
  logic v_q;
  logic [1:0] c_q;
  logic [5:0] a_q;
  logic [5:0] p_q;
  logic [6:0] bytes_q;
  logic bad_q;
  logic flush1_q;
  logic emit_q;
  logic eop_q;
  logic fail_q;
  logic [31:0] ctx_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      v_q <= 1'b0;
      c_q <= '0;
      a_q <= '0;
      p_q <= '0;
      bytes_q <= '0;
      bad_q <= 1'b0;
      flush1_q <= 1'b0;
      emit_q <= 1'b0;
      eop_q <= 1'b0;
      fail_q <= 1'b0;
      ctx_q <= '0;
      flush_q <= '0;
      err_q <= '0;
      for (int i = 0; i < 3; i++) begin
        off_q[i] <= '0;
        fill_q[i] <= '0;
      end
    end else begin
      v_q <= any;
      if (any) begin
        c_q <= c;
        a_q <= at[5:0];
        p_q <= fill_q[c];
        bytes_q <= flush ? fill : eop ? wide_sum[6:0] : 7'd64;
        bad_q <= bad;
        flush1_q <= flush;
        emit_q <= emit;
        eop_q <= eop;
        fail_q <= err_q[c] || (!flush && bad);
        ctx_q <= ctx_i[c*32 +: 32];
        if (!flush) off_q[c] <= entry_end ? 10'd0 : off + 10'd64;
        fill_q[c] <= eop ? 6'd0 : sum[5:0];
        flush_q[c] <= chain_end && !eop;
        err_q[c] <= !eop && (err_q[c] || bad);
      end
    end
  end

  // ---- Stage 2: rotate and merge ----
  logic [511:0] acc [0:2];   // lanes below fill are the beat being packed
  logic [511:0] got;
  logic [511:0] mask_a;
  logic [511:0] mask_p;
  logic [511:0] beat;

  always_comb begin
    got = '0;
    mask_a = '0;
    mask_p = '0;
    beat = '0;
    if (v_q) begin
      if (!bad_q && !flush1_q) begin
        got = row_i;
        if (a_q != 6'd0) begin
          mask_a = weir_dma_pkg::low_bytes({1'b0, a_q});
          got = (row_i & ~mask_a) | (next_i & mask_a);
        end
        got = weir_dma_pkg::rotl_bytes(got, p_q - a_q);
      end
      beat = got;
      if (p_q != 6'd0) begin
        mask_p = weir_dma_pkg::low_bytes({1'b0, p_q});
        beat = (acc[c_q] & mask_p) | (got & ~mask_p);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (v_q) acc[c_q] <= emit_q ? got : beat;
  end

  always_comb begin
    rsp_valid_o = '0;
    rsp_o = '0;
    if (v_q && emit_q) begin
      rsp_valid_o[c_q] = 1'b1;
      rsp_o.data = eop_q ? (beat & weir_dma_pkg::low_bytes(bytes_q)) : beat;
      rsp_o.bytes = bytes_q;
      rsp_o.eop = eop_q;
      rsp_o.err = eop_q && fail_q;
      rsp_o.ctx = ctx_q;
    end
  end
  assign idle_o = !v_q && flush_q == 3'd0;
endmodule
