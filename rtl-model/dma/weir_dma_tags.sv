// SPDX-License-Identifier: Apache-2.0
// The generation of each read tag (formal P5): free -> busy (request out) -> done (all data there, or failed) -> free when its
// answer was handed out. A tag whose completions may still be under way (timeout, broken completion) is done at once but
// stays in quarantine for one more timeout period (pcie 30, 48). One tag is looked at per cycle, and not when a completion
// or a new request goes first, so a timeout is up to a round of NumTags cycles late, and another for each that was in the
// way. Each client keeps Reserve tags that the others cannot take, and the two descriptor clients hold at most Cap each: a
// tag stays taken until its answer is handed out, so descriptors read ahead would starve the payload they wait for. Bytes
// asked for and not yet there stay below InFlight, which covers 300 cycles of a full link: more would only queue at the
// host, and doorbells behind it.
// Outputs of shared parts that nobody needs stay open.
/* verilator lint_off PINCONNECTEMPTY */
module weir_dma_tags #(
    parameter int NumTags = 64,
    parameter int Reserve = 4,
    parameter int Cap = NumTags / 8,
    parameter int InFlight = 20480
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic [31:0]                timeout_i,   // cycles, 0 = never
    input  logic                       link_reset_i, // for more than NumTags cycles: nothing comes any more (pcie 59)
    input  logic                       pend_valid_i, // does function pend_fn_i wait for completions?
    input  logic [weir_pkg::FnW-1:0]   pend_fn_i,
    output logic                       pend_o,
    output logic                       late_o,       // fin_o is for a timeout
    input  logic                       ext_tag_i,   // 0: only tags 0..31 (5 bits)
    // Allocation: tag_o is free whenever avail_o of the client is set.
    output logic [2:0]                 avail_o,
    output logic [7:0]                 tag_o,
    input  logic                       alloc_i,
    input  logic [1:0]                 alloc_client_i,
    input  logic [weir_pkg::FnW-1:0]   alloc_fn_i,
    input  logic [9:0]                 alloc_len_i,
    // End of a request, from the completion checker.
    input  logic                       end_i,
    input  logic [7:0]                 end_tag_i,
    input  logic                       end_err_i,
    input  logic                       end_hold_i,  // more completions may come: quarantine
    // Answer handed out.
    input  logic                       free_i,
    input  logic [7:0]                 free_tag_i,
    input  logic [1:0]                 free_client_i,
    output logic [NumTags-1:0]         wait_o,      // busy and not done
    output logic [NumTags-1:0]         done_o,
    output logic [NumTags-1:0]         err_o,
    output logic                       fin_o,       // a request of fin_fn_o ended (either way)
    output logic [weir_pkg::FnW-1:0]   fin_fn_o,
    output logic                       idle_o
);
  localparam int TagW = $clog2(NumTags);

  logic [NumTags-1:0] busy_q;
  logic [NumTags-1:0] done_q;
  logic [NumTags-1:0] err_q;
  logic [NumTags-1:0] hold_q;
  logic [NumTags-1:0] free;
  logic [TagW:0] used_q [0:2];
  logic [TagW+1:0] extra;   // tags taken beyond the reserves
  logic [TagW+1:0] shared;  // tags beyond the reserves
  logic [TagW-1:0] pick;
  logic any;

  assign free = ~(busy_q | hold_q) & (ext_tag_i ? {NumTags{1'b1}} : NumTags'(32'hFFFF_FFFF));
  weir_common_rr #(.N(NumTags)) u_pick (
      .clk_i, .rst_ni, .req_i(free), .advance_i(alloc_i), .valid_o(any), .grant_o(), .index_o(pick));
  assign tag_o = 8'(pick);

  logic [9:0]  len_of [0:NumTags-1];
  logic [15:0] bytes_q;
  logic        fits;
  assign fits = bytes_q < 16'(InFlight);

  function automatic logic [TagW+1:0] beyond(input logic [TagW:0] used);
    beyond = (used > (TagW+1)'(Reserve)) ? (TagW+2)'(used) - (TagW+2)'(Reserve) : '0;
  endfunction

  always_comb begin
    shared = (ext_tag_i || NumTags < 32) ? (TagW+2)'(NumTags - 3 * Reserve) : (TagW+2)'(32 - 3 * Reserve);
    extra = beyond(used_q[0]) + beyond(used_q[1]) + beyond(used_q[2]);
    avail_o[0] = any && fits && used_q[0] < (TagW+1)'(Cap) && (used_q[0] < (TagW+1)'(Reserve) || extra < shared);
    avail_o[1] = any && fits && (used_q[1] < (TagW+1)'(Reserve) || extra < shared);
    avail_o[2] = any && fits && used_q[2] < (TagW+1)'(Cap) && (used_q[2] < (TagW+1)'(Reserve) || extra < shared);
  end

  // Timer: the cycle in which the request left, or in which its quarantine began.
  logic [31:0] now_q;
  logic [31:0] since [0:NumTags-1];
  logic [weir_pkg::FnW-1:0] fn_of [0:NumTags-1];
  logic [TagW-1:0] scan;
  logic old;
  logic end_hit;
  logic expire;
  logic release_hold;
  logic [TagW-1:0] fin_tag;

  assign scan = now_q[TagW-1:0];
  assign old = timeout_i != 32'd0 && (now_q - since[scan]) >= timeout_i;
  assign end_hit = end_i && wait_o[TagW'(end_tag_i)];
  // A completion or an allocation of the same cycle goes first; the scan comes by again.
  assign expire = (old || link_reset_i) && wait_o[scan] && !end_i && !alloc_i;
  assign late_o = expire && !link_reset_i;
  assign release_hold = hold_q[scan] && !wait_o[scan] && !expire && (old || timeout_i == 32'd0 || link_reset_i);
  assign fin_o = end_hit || expire;
  assign fin_tag = end_hit ? TagW'(end_tag_i) : scan;
  assign fin_fn_o = fn_of[fin_tag];

  always_comb begin
    pend_o = 1'b0;
    if (pend_valid_i) begin
      for (int i = 0; i < NumTags; i++) if (wait_o[i] && fn_of[i] == pend_fn_i) pend_o = 1'b1;
    end
  end

  assign wait_o = busy_q & ~done_q;
  assign done_o = done_q;
  assign err_o = err_q;
  assign idle_o = busy_q == '0;

  // Quarantine after a timeout counts from the timeout; after a broken completion from the request, whose own time bounds
  // what may still come.
  always_ff @(posedge clk_i) begin
    if (alloc_i) fn_of[pick] <= alloc_fn_i;
    if (alloc_i) len_of[pick] <= alloc_len_i;
    if (alloc_i || expire) since[alloc_i ? pick : scan] <= now_q;
  end

  logic hold_set;
  assign hold_set = expire || (end_hit && end_hold_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      now_q <= '0;
      bytes_q <= '0;
      busy_q <= '0;
      done_q <= '0;
      err_q <= '0;
      hold_q <= '0;
      used_q[0] <= '0;
      used_q[1] <= '0;
      used_q[2] <= '0;
    end else begin
      now_q <= now_q + 32'd1;
      bytes_q <= bytes_q + (alloc_i ? 16'(alloc_len_i) : 16'd0) - (fin_o ? 16'(len_of[fin_tag]) : 16'd0);
      if (alloc_i) begin
        busy_q[pick] <= 1'b1;
        done_q[pick] <= 1'b0;
        err_q[pick] <= 1'b0;
      end
      if (fin_o) begin
        done_q[fin_tag] <= 1'b1;
        err_q[fin_tag] <= expire || end_err_i;
      end
      if (hold_set) hold_q[fin_tag] <= 1'b1;
      if (release_hold) hold_q[scan] <= 1'b0;
      if (free_i) busy_q[TagW'(free_tag_i)] <= 1'b0;
      for (int c = 0; c < 3; c++) begin
        used_q[c] <= used_q[c] + {{TagW{1'b0}}, alloc_i && alloc_client_i == 2'(c)}
                     - {{TagW{1'b0}}, free_i && free_client_i == 2'(c)};
      end
    end
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // P5: a tag is given out only when it is neither busy nor in quarantine, and every request ends: by its completion, or in the
  // scan's third visit behind its timeout at the latest. That each visit can be in the way of a completion or a new request
  // is excluded from the third one on (fairness of the traffic).
  localparam logic [31:0] FTimeout = 32'd5;
  (* anyconst *) logic [TagW-1:0] f_tag;
  logic [1:0] f_visits;    // visits that found it too old
  logic [31:0] f_age;
  logic [TagW-1:0] f_far;  // cycles until the scan's next visit
  // The quarantine as the rule has it, told from the ends of requests alone: what timed out may still answer for one more
  // timeout; what was broken, until its own time is over.
  logic f_quarantine;
  logic [31:0] f_clock;    // cycles since the request left, or since it timed out
  logic f_mine;
  assign f_mine = fin_o && fin_tag == f_tag;
  assign f_far = f_tag - scan;
  always_ff @(posedge clk_i) begin
    assume (timeout_i == FTimeout && !link_reset_i && ext_tag_i);
    if (alloc_i) assume (alloc_client_i <= 2'd2 && avail_o[alloc_client_i]);
    if (end_i) assume (32'(end_tag_i) < NumTags);
    if (free_i) assume (32'(free_tag_i) < NumTags && busy_q[TagW'(free_tag_i)] && done_q[TagW'(free_tag_i)]);
    if (f_visits == 2'd2 && scan == f_tag) assume (!end_i && !alloc_i);
    f_visits <= (!rst_ni || !wait_o[f_tag]) ? 2'd0 : f_visits + 2'(scan == f_tag && old);
    f_age <= (!rst_ni || !wait_o[f_tag]) ? 32'd0 : f_age + 32'd1;
    f_clock <= (!rst_ni || (alloc_i && pick == f_tag) || (expire && scan == f_tag)) ? 32'd0 : f_clock + 32'd1;
    f_quarantine <= rst_ni && ((f_quarantine && f_clock + 32'd1 < FTimeout) || (f_mine && (expire || end_hold_i)));
    if (rst_ni) begin
      if (wait_o[f_tag]) assert (f_clock == f_age && !hold_q[f_tag]);
      if (f_quarantine && f_clock < FTimeout) assert (hold_q[f_tag] && (f_clock + 32'd1 == now_q - since[f_tag]));
      if (alloc_i && pick == f_tag) assert (!f_quarantine || f_clock >= FTimeout);
      cover (f_quarantine && !busy_q[f_tag]);
      if (alloc_i) assert (!busy_q[pick] && !hold_q[pick] && tag_o == 8'(pick));
      if (wait_o[f_tag]) begin
        assert (f_visits <= 2'd2);
        assert (now_q - since[f_tag] == f_age + 32'd1);
        if (f_visits != 2'd0) assert (f_age + 32'd1 >= FTimeout);
        assert (f_age + 32'd1 + 32'(f_far) < FTimeout + 32'(NumTags) * (32'(f_visits) + 32'd1));
        // Which says: it ends within the timeout and three rounds of the scan.
        assert (f_age < FTimeout + 32'(3 * NumTags));
      end
    end
  end
`endif
endmodule
/* verilator lint_on PINCONNECTEMPTY */
