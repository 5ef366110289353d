// SPDX-License-Identifier: Apache-2.0
// Front of one read client: queues pieces and cuts them into segments, each one read request. A segment never crosses a
// boundary of the (clamped) read request size, so none crosses 4 KiB (pcie 43) and each fits its 512-byte slot by address.
// The context of a chain is queued when its last piece arrives, because every answer beat carries it.
// Does not: look at functions, give tags, or reorder. A chain holds at most 16 pieces.
// Outputs of shared parts that nobody needs stay open.
/* verilator lint_off PINCONNECTEMPTY */
module weir_dma_split #(
    parameter int Chains = 64
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     run_i,         // accept requests
    input  logic [2:0]               mrrs_i,        // 128 << mrrs bytes, clamped to 512
    input  logic                     req_valid_i,
    output logic                     req_ready_o,
    input  weir_pkg::dma_rd_req_t    req_i,
    output logic                     accept_o,      // a piece of function req_i.fn was taken
    output logic                     seg_valid_o,
    input  logic                     seg_ready_i,
    output logic [weir_pkg::FnW-1:0] seg_fn_o,
    output logic [63:0]              seg_addr_o,
    output logic [9:0]               seg_len_o,     // 1..512
    output logic                     seg_piece_o,   // last segment of its piece
    output logic                     seg_last_o,    // last segment of its chain
    output logic                     ctx_valid_o,
    input  logic                     ctx_pop_i,
    output logic [31:0]              ctx_o,
    output logic                     idle_o
);
  localparam int PieceW = weir_pkg::FnW + 64 + weir_pkg::LenW + 1;

  logic piece_ready;
  logic ctx_ready;
  logic [PieceW-1:0] piece_in;
  logic [PieceW-1:0] piece;
  logic piece_valid;
  logic piece_pop;

  assign req_ready_o = run_i && piece_ready && ctx_ready;
  assign accept_o = req_valid_i && req_ready_o;
  assign piece_in = {req_i.fn, req_i.addr, req_i.len, req_i.last};

  weir_common_fifo #(.Width(PieceW), .Depth(16)) u_pieces (
      .clk_i, .rst_ni, .valid_i(accept_o), .ready_o(piece_ready), .data_i(piece_in),
      .valid_o(piece_valid), .ready_i(piece_pop), .data_o(piece), .level_o());
  weir_common_fifo #(.Width(32), .Depth(Chains)) u_ctx (
      .clk_i, .rst_ni, .valid_i(accept_o && req_i.last), .ready_o(ctx_ready), .data_i(req_i.ctx),
      .valid_o(ctx_valid_o), .ready_i(ctx_pop_i), .data_o(ctx_o), .level_o());

  logic valid_q;
  logic [weir_pkg::FnW-1:0] fn_q;
  logic [63:0] addr_q;
  logic [weir_pkg::LenW-1:0] rem_q;
  logic last_q;
  logic [9:0] size;
  logic [9:0] room;   // bytes up to the next boundary
  logic seg_fire;

  always_comb begin
    size = (mrrs_i == 3'd0) ? 10'd128 : (mrrs_i == 3'd1) ? 10'd256 : 10'd512;
    room = size - ({1'b0, addr_q[8:0]} & (size - 10'd1));
    seg_piece_o = rem_q <= weir_pkg::LenW'(room);
    seg_len_o = seg_piece_o ? rem_q[9:0] : room;
    seg_last_o = seg_piece_o && last_q;
  end

  assign seg_valid_o = valid_q;
  assign seg_fn_o = fn_q;
  assign seg_addr_o = addr_q;
  assign seg_fire = valid_q && seg_ready_i;
  assign piece_pop = !valid_q || (seg_fire && seg_piece_o);
  assign idle_o = !valid_q && !piece_valid && !ctx_valid_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      fn_q <= '0;
      addr_q <= '0;
      rem_q <= '0;
      last_q <= 1'b0;
    end else if (piece_pop) begin
      valid_q <= piece_valid;
      if (piece_valid) {fn_q, addr_q, rem_q, last_q} <= piece;
    end else if (seg_fire) begin
      addr_q <= addr_q + {54'b0, room};
      rem_q <= rem_q - weir_pkg::LenW'(room);
    end
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // P6: no segment crosses 4 KiB or the read request size; the segments of a piece follow each other and add up to it.
  logic [63:0] f_start;
  logic [weir_pkg::LenW-1:0] f_len;
  logic [weir_pkg::LenW-1:0] f_sum;
  always_ff @(posedge clk_i) begin
    // The queue gives back what was put in (its own proof), and a piece has at least one byte.
    assume (!piece_valid || piece[weir_pkg::LenW:1] != '0);
    if (piece_pop && piece_valid) begin
      f_start <= piece[weir_pkg::LenW+1 +: 64];
      f_len <= piece[weir_pkg::LenW:1];
      f_sum <= '0;
    end else if (seg_fire) begin
      f_sum <= f_sum + weir_pkg::LenW'(seg_len_o);
    end
    if (rst_ni && seg_valid_o) begin
      assert (rem_q != '0 && f_sum + rem_q == f_len && f_sum < f_len && f_len == f_sum + rem_q);
      assert (seg_addr_o == f_start + 64'(f_sum));
      assert (seg_len_o != 10'd0 && 13'(seg_addr_o[11:0]) + 13'(seg_len_o) <= 13'd4096);
      assert (seg_len_o <= size && (10'(seg_addr_o[8:0]) & (size - 10'd1)) + seg_len_o <= size);
      cover (f_sum > 14'd1024 && seg_piece_o && seg_addr_o[11:0] == '0);
      if (seg_piece_o) assert (f_sum + weir_pkg::LenW'(seg_len_o) == f_len);
      else assert (f_sum + weir_pkg::LenW'(seg_len_o) < f_len);
    end
  end
`endif
endmodule
/* verilator lint_on PINCONNECTEMPTY */
