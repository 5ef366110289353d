// SPDX-License-Identifier: Apache-2.0
// MSI-X of all functions: tables, pending bits, and the messages. An interrupt sets its pending bit; the sender takes a
// pending bit of a function that may send, sends one message and clears it. So masked, disabled or BME=0 holds exactly one
// message (pcie 52, 53, 55; formal P13), and a message is never in front of the writes before its token. Each function
// reaches its own slice only (threat T12). Reset masks and forgets; an entry never written since reads 0 (threat T20).
// An entry whose address or data was written sends nothing before its vector control is written, too, so no message mixes
// old with new (pcie 54): who changes an entry by the rules masks it first and unmasks it last.
// Moderation (rules 2.14): after a message a moderated vector waits for its level's time (weir_pcie_itr).
module weir_pcie_msix #(
    parameter int NumFns = weir_abi_pkg::NumFns,
    parameter int Vectors = weir_abi_pkg::FnVectors    // 16
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // Table and PBA accesses of the host; read data in the same cycle.
    input  logic                     wr_i,
    input  logic [weir_pkg::FnW-1:0] wr_fn_i,
    input  logic [20:0]              wr_addr_i,
    input  logic [31:0]              wr_data_i,
    input  logic [3:0]               wr_be_i,
    input  logic [weir_pkg::FnW-1:0] rd_fn_i,
    input  logic [20:0]              rd_addr_i,
    output logic [31:0]              rd_data_o,
    // Functions.
    input  logic [NumFns-1:0]        can_i,        // visible, not in reset, BME, enabled, not masked as a whole
    input  logic [NumFns-1:0]        clear_i,      // reset begins
    input  logic [NumFns-1:0]        flr_i,        // in reset, or not visible: interrupts and writes go nowhere
    input  logic [NumFns-1:0]        quiesce_i,       // what interrupts is of a generation that is over
    input  logic                     moderate_i,   // level of one vector: {level, vector, function}
    input  logic [18:0]              moderate_arg_i,
    // Interrupts: token in the write stream, ctrl, and the test register; taken in this order of preference.
    input  logic                     token_valid_i,
    output logic                     token_ready_o,
    input  weir_pkg::irq_t           token_i,
    input  logic                     irq_valid_i,
    output logic                     irq_ready_o,
    input  weir_pkg::irq_t           irq_i,
    input  logic                     test_valid_i,
    output logic                     test_ready_o,
    input  weir_pkg::irq_t           test_i,
    // Messages.
    output logic                     msg_valid_o,
    input  logic                     msg_ready_i,
    output logic [weir_pkg::FnW-1:0] msg_fn_o,
    output logic [63:0]              msg_addr_o,
    output logic [31:0]              msg_data_o,
    output logic                     idle_o
);
  localparam int FnIdxW = $clog2(NumFns);
  localparam int VecW = $clog2(Vectors);
  localparam int Entries = NumFns * Vectors;
  localparam int EntW = FnIdxW + VecW;

  logic [Entries-1:0] mask_q;
  logic [Entries-1:0] pend_q;
  logic [Entries-1:0] written_q;      // entry holds something
  logic [Entries-1:0] torn_q;         // written, but for its vector control
  logic [Entries-1:0] rest;           // moderation: not now
  logic [31:0] lo [0:2**EntW-1];
  logic [31:0] hi [0:2**EntW-1];
  logic [31:0] data [0:2**EntW-1];
  logic [NumFns-1:0] need_q;          // has a pending bit that might be sendable
  logic [NumFns-1:0] can_q;

  // ---- Host accesses ----
  logic [EntW-1:0] we;
  logic [EntW-1:0] re;
  logic wr_entry;
  logic fresh;
  logic [31:0] ctl;
  assign we = {FnIdxW'(wr_fn_i), wr_addr_i[4 +: VecW]};
  assign re = {FnIdxW'(rd_fn_i), rd_addr_i[4 +: VecW]};
  assign wr_entry = wr_i && wr_addr_i[20:4+VecW] == (17-VecW)'(weir_abi_pkg::BarMsixTableBase >> (4 + VecW)) &&
                    !flr_i[FnIdxW'(wr_fn_i)];
  assign fresh = !written_q[we];
  assign ctl = {31'b0, mask_q[re]};

  always_comb begin
    rd_data_o = '0;
    if (rd_addr_i[20:4+VecW] == (17-VecW)'(weir_abi_pkg::BarMsixTableBase >> (4 + VecW))) begin
      if (rd_addr_i[3:2] == 2'd3) rd_data_o = ctl;
      else if (written_q[re]) begin
        rd_data_o = (rd_addr_i[3:2] == 2'd0) ? lo[re] : (rd_addr_i[3:2] == 2'd1) ? hi[re] : data[re];
      end
    end else if (rd_addr_i[20:2] == 19'(weir_abi_pkg::BarMsixPbaBase >> 2)) begin
      rd_data_o = 32'(pend_q[{FnIdxW'(rd_fn_i), {VecW{1'b0}}} +: Vectors]);
    end
  end

  // The first write of an entry zeroes what it does not write.
  logic [31:0] old;
  logic [31:0] merged;
  always_comb begin
    old = '0;
    if (!fresh) old = (wr_addr_i[3:2] == 2'd0) ? lo[we] : (wr_addr_i[3:2] == 2'd1) ? hi[we] : data[we];
    // Message addresses are DW aligned.
    merged = weir_pcie_pkg::put(old, wr_data_i, wr_be_i, (wr_addr_i[3:2] == 2'd0) ? 32'hFFFF_FFFC : 32'hFFFF_FFFF);
  end
  always_ff @(posedge clk_i) begin
    if (wr_entry && wr_addr_i[3:2] != 2'd3) begin
      if (fresh || wr_addr_i[3:2] == 2'd0) lo[we] <= (wr_addr_i[3:2] == 2'd0) ? merged : 32'd0;
      if (fresh || wr_addr_i[3:2] == 2'd1) hi[we] <= (wr_addr_i[3:2] == 2'd1) ? merged : 32'd0;
      if (fresh || wr_addr_i[3:2] == 2'd2) data[we] <= (wr_addr_i[3:2] == 2'd2) ? merged : 32'd0;
    end
  end

  // ---- Interrupts in ----
  weir_pkg::irq_t in;
  logic in_valid;
  logic in_ok;
  assign token_ready_o = 1'b1;
  assign irq_ready_o = !token_valid_i;
  assign test_ready_o = !token_valid_i && !irq_valid_i;
  assign in_valid = token_valid_i || irq_valid_i || test_valid_i;
  assign in = token_valid_i ? token_i : irq_valid_i ? irq_i : test_i;
  assign in_ok = in_valid && 32'(in.fn) < NumFns && in.vec < 8'(Vectors) &&
                 !flr_i[FnIdxW'(in.fn)] && !quiesce_i[FnIdxW'(in.fn)];

  // ---- Sender ----
  typedef enum logic [1:0] {
    Pick,   // choose a function that might have something
    Look,   // its lowest sendable vector, if any
    Send    // the message waits for the link; given up when it may no longer go
  } state_e;
  state_e state_q;
  logic [FnIdxW-1:0] fn_q;
  logic [VecW-1:0] vec_q;
  logic [NumFns-1:0] after_q;         // functions behind the last one served: round robin
  logic [NumFns-1:0] pool;
  logic [NumFns-1:0] one;
  logic [FnIdxW-1:0] pick;
  logic [Vectors-1:0] wanted;         // but for moderation
  logic [Vectors-1:0] ready_vecs;
  logic [Vectors-1:0] vec_one;
  logic [VecW-1:0] vec;
  logic [EntW-1:0] se;
  logic sent;

  always_comb begin
    pool = '0;
    one = '0;
    pick = '0;
    if (need_q != '0) begin
      pool = ((need_q & after_q) != '0) ? (need_q & after_q) : need_q;
      one = pool & (~pool + 1'b1);
      for (int i = 0; i < NumFns; i++) if (one[i]) pick = FnIdxW'(i);
    end
  end
  always_comb begin
    ready_vecs = '0;
    vec_one = '0;
    vec = '0;
    wanted = '0;
    if (state_q == Look && can_i[fn_q]) begin
      wanted = pend_q[{fn_q, {VecW{1'b0}}} +: Vectors] & ~mask_q[{fn_q, {VecW{1'b0}}} +: Vectors] &
               ~torn_q[{fn_q, {VecW{1'b0}}} +: Vectors];
      ready_vecs = wanted & ~rest[{fn_q, {VecW{1'b0}}} +: Vectors];
      vec_one = ready_vecs & (~ready_vecs + 1'b1);
      for (int i = 0; i < Vectors; i++) if (vec_one[i]) vec = VecW'(i);
    end
  end
  assign se = {fn_q, vec_q};
  assign msg_valid_o = state_q == Send && can_i[fn_q] && pend_q[se] && !mask_q[se] && !torn_q[se];
  assign msg_fn_o = weir_pkg::FnW'(fn_q);
  assign msg_addr_o = written_q[se] ? {hi[se], lo[se]} : 64'd0;
  assign msg_data_o = written_q[se] ? data[se] : 32'd0;
  assign sent = msg_valid_o && msg_ready_i;
  weir_pcie_itr #(.EntW(EntW), .Entries(Entries), .VecW(VecW)) u_itr (
      .clk_i, .rst_ni, .set_i(moderate_i), .set_arg_i(moderate_arg_i), .sent_i(sent), .sent_ent_i(se),
      .pend_i(pend_q), .rest_o(rest));
  assign idle_o = need_q == '0 && state_q == Pick && (can_i & ~can_q) == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mask_q <= '1;
      pend_q <= '0;
      written_q <= '0;
      torn_q <= '0;
      need_q <= '0;
      can_q <= '0;
      state_q <= Pick;
      fn_q <= '0;
      vec_q <= '0;
      after_q <= '1;
    end else begin
      can_q <= can_i;
      case (state_q)
        Pick: if (need_q != '0) begin
          fn_q <= pick;
          after_q <= ~(one | (one - 1'b1));
          state_q <= Look;
        end
        Look: begin
          vec_q <= vec;
          state_q <= Pick;
          if (ready_vecs != '0) state_q <= Send;
          else if (wanted == '0) need_q[fn_q] <= 1'b0;
        end
        default: begin
          if (sent) pend_q[se] <= 1'b0;
          if (sent || !msg_valid_o) state_q <= Pick;
        end
      endcase
      if (can_i != can_q) need_q <= need_q | (can_i & ~can_q);
      if (wr_entry) begin
        if (wr_addr_i[3:2] == 2'd3) begin
          if (wr_be_i[0]) begin
            mask_q[we] <= wr_data_i[0];
            torn_q[we] <= 1'b0;
            need_q[FnIdxW'(wr_fn_i)] <= 1'b1;
          end
        end else begin
          written_q[we] <= 1'b1;
          torn_q[we] <= 1'b1;
        end
      end
      if (in_ok) begin
        pend_q[{FnIdxW'(in.fn), in.vec[VecW-1:0]}] <= 1'b1;
        need_q[FnIdxW'(in.fn)] <= 1'b1;
      end
      if (clear_i != '0) begin
        for (int i = 0; i < NumFns; i++) begin
          if (clear_i[i]) begin
            mask_q[i*Vectors +: Vectors] <= '1;
            pend_q[i*Vectors +: Vectors] <= '0;
            written_q[i*Vectors +: Vectors] <= '0;
            torn_q[i*Vectors +: Vectors] <= '0;
          end
        end
      end
    end
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // P2 for messages, P13: a message is of a function that may send, of a vector that waits, is not masked and not half
  // written; it takes the pending bit with it. P7: a vector waits only after its interrupt was taken, which for a token is
  // when every write before it has left (weir_pcie_tx), so no message is in front of the writes it is for.
  logic f_rst;
  logic f_sent;
  logic f_again;
  logic [EntW-1:0] f_ent;
  (* anyconst *) logic [EntW-1:0] f_any;
  logic f_waited;
  logic f_taken;
  // Entry f_any as its host and its interrupts made it, told from the ports alone.
  logic [FnIdxW-1:0] f_of;
  logic f_write;
  logic f_gone;
  logic f_mask;
  logic f_torn;
  logic f_pend;
  logic f_held;       // a message waited while the entry was masked
  logic [63:0] f_addr;
  logic [31:0] f_data;
  assign f_of = f_any[VecW +: FnIdxW];
  assign f_write = wr_i && wr_fn_i == 8'(f_of) && !flr_i[f_of] &&
                   wr_addr_i[20:4] == 17'(weir_abi_pkg::BarMsixTableBase >> 4) + 17'(f_any[VecW-1:0]);
  assign f_gone = clear_i[f_of];
  always_ff @(posedge clk_i) begin
    f_rst <= rst_ni;
    f_sent <= sent;
    f_ent <= se;
    f_waited <= pend_q[f_any];
    f_taken <= in_ok && {FnIdxW'(in.fn), in.vec[VecW-1:0]} == f_any;
    f_again <= in_ok && {FnIdxW'(in.fn), in.vec[VecW-1:0]} == se;
    assume (32'(f_of) < NumFns && 32'(wr_fn_i) < NumFns);
    if (f_write && wr_addr_i[3:2] == 2'd3 && wr_be_i[0]) {f_mask, f_torn} <= {wr_data_i[0], 1'b0};
    if (f_write && wr_addr_i[3:2] != 2'd3) f_torn <= 1'b1;
    for (int i = 0; i < 4; i++) begin
      if (f_write && wr_be_i[i] && wr_addr_i[3:2] == 2'd0) f_addr[8*i +: 8] <= wr_data_i[8*i +: 8] & ((i == 0) ? 8'hFC : 8'hFF);
      if (f_write && wr_be_i[i] && wr_addr_i[3:2] == 2'd1) f_addr[32 + 8*i +: 8] <= wr_data_i[8*i +: 8];
      if (f_write && wr_be_i[i] && wr_addr_i[3:2] == 2'd2) f_data[8*i +: 8] <= wr_data_i[8*i +: 8];
    end
    if (msg_valid_o && msg_ready_i && se == f_any) f_pend <= 1'b0;
    if (in_ok && {FnIdxW'(in.fn), in.vec[VecW-1:0]} == f_any) f_pend <= 1'b1;
    f_held <= (f_held || (f_pend && f_mask)) && !f_gone && rst_ni;
    if (f_gone || !rst_ni) {f_mask, f_torn, f_pend, f_addr, f_data} <= {3'b100, 96'd0};
    if (rst_ni) begin
      if (f_past && f_rst) begin
        assert (mask_q[f_any] == f_mask && pend_q[f_any] == f_pend && torn_q[f_any] == f_torn);
        assert (f_addr[1:0] == 2'd0);
        if (written_q[f_any]) assert ({hi[f_any], lo[f_any], data[f_any]} == {f_addr, f_data});
        else assert (f_addr == '0 && f_data == '0);
        if (msg_valid_o && msg_fn_o == 8'(f_of) && vec_q == f_any[VecW-1:0]) begin
          assert (can_i[f_of] && !f_mask && !f_torn && f_pend);
          assert (msg_addr_o == f_addr && msg_data_o == f_data);
        end
        cover (msg_valid_o && msg_ready_i && se == f_any && f_held && f_addr[40] && f_data[0]);
      end
      if (f_past && f_rst && f_sent && !f_again) assert (!pend_q[f_ent]);
      if (f_past && pend_q[f_any] && !(f_rst && f_waited)) assert (f_rst && f_taken);
    end
  end
`endif
endmodule
