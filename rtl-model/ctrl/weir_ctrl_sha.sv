// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), one round a cycle (weir_ctrl_sha_round), 65 cycles a block of 64 bytes. Words come from a core, or from the flash
// controller's bulk reader, through a queue of two; rounds 0 to 15 take them from it as they come.
// Padding is done here, not in firmware: the length is then that of the words that came, and the one place where it could
// be wrong is proved and tested once for ROM, both cores and the reader.
// One core owns the block (CLAIM) until it lets go or is reset; to the other it is silent. What comes out of turn ends the
// message, so that no digest is ever of something else than was meant.
module weir_ctrl_sha (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        core_i,         // who asks
    input  logic        valid_i,        // held until ack
    input  logic        we_i,
    input  logic [15:0] addr_i,
    input  logic [31:0] wdata_i,
    output logic        ack_o,
    output logic [31:0] rdata_o,        // combinational
    input  logic [1:0]  run_i,          // core is out of reset
    output logic [1:0]  open_o,         // a message of that core takes words
    input  logic        stream_i,       // the reader feeds the open message
    input  logic        word_valid_i,
    output logic        word_ready_o,
    input  logic [31:0] word_i,
    output logic        busy_o
);
  typedef enum logic [2:0] {
    StOff,     // no message
    StOpen,    // takes words
    StTail,    // the last bytes and the 1 behind them come when the queue is empty
    StZero,    // zeros up to the length's place
    StLen,     // low word of the length
    StEnd,     // last rounds
    StDone     // digest
  } state_e;

  state_e       state_q;
  logic         owned_q;
  logic         owner_q;
  logic [58:0]  words_q;      // of the message
  logic [31:0]  tail_q;       // padded, first byte in 31:24
  logic [1:0]   tail_bytes_q;
  logic [5:0]   round_q;
  logic         add_q;        // behind round 63
  logic [255:0] hash;         // H0 in the upper word

  logic         mine, wr, start, data, finish, misuse, release_it, claim;
  logic         open;
  logic         push, take, pop, step;
  logic         fifo_ready, fifo_valid;
  logic [31:0]  fifo_in, fifo_out, word;
  logic [1:0]   unused_level;

  // ---- who may, and what ----
  assign mine = owned_q && owner_q == core_i;
  assign wr = valid_i && we_i && mine;
  assign open = state_q == StOpen;
  assign open_o = {open && owner_q, open && !owner_q};
  assign claim = valid_i && !we_i && !owned_q && addr_i == 16'(weir_abi_pkg::ShaClaimOffset);
  assign release_it = (wr && addr_i == 16'(weir_abi_pkg::ShaClaimOffset)) || (owned_q && !run_i[owner_q]);
  assign start = wr && addr_i == 16'(weir_abi_pkg::ShaStartOffset);
  assign data = wr && addr_i == 16'(weir_abi_pkg::ShaDataOffset);
  assign finish = wr && addr_i == 16'(weir_abi_pkg::ShaFinishOffset);
  assign misuse = ((start || data || finish) && stream_i) || ((data || finish) && !open);
  assign ack_o = valid_i && ((start && !misuse) ? !fifo_valid : (data && !misuse) ? fifo_ready : 1'b1);

  always_comb begin
    rdata_o = 32'd0;
    if (addr_i == 16'(weir_abi_pkg::ShaClaimOffset)) rdata_o[0] = mine || !owned_q;
    else if (addr_i == 16'(weir_abi_pkg::ShaStatusOffset) && mine) rdata_o[1:0] = {state_q == StDone, open};
    else if (addr_i[15:5] == 11'(weir_abi_pkg::ShaDigestOffset >> 5) && mine && state_q == StDone)
      rdata_o = bytes_of(hash[{3'd7 - addr_i[4:2], 5'd0} +: 32]);
  end

  function automatic logic [31:0] bytes_of(input logic [31:0] w);
    bytes_of = {w[7:0], w[15:8], w[23:16], w[31:24]};
  endfunction

  // ---- words ----
  assign fifo_in = stream_i ? word_i : wdata_i;
  assign push = open && (stream_i ? word_valid_i : data);
  assign word_ready_o = !open || fifo_ready;     // of an ended message: taken and forgotten
  // What an ended message left in the queue goes; START waits for that.
  assign pop = start || (state_q != StOpen && state_q != StTail) || take;
  weir_common_fifo #(.Width(32), .Depth(2)) u_words (
      .clk_i, .rst_ni, .valid_i(push), .ready_o(fifo_ready), .data_i(bytes_of(fifo_in)),
      .valid_o(fifo_valid), .ready_i(pop), .data_o(fifo_out), .level_o(unused_level));

  logic        come;       // a word for this round is there
  logic [63:0] bits;
  assign bits = {words_q, tail_bytes_q, 3'b000};
  always_comb begin
    come = fifo_valid;
    word = fifo_out;
    case (state_q)
      StOpen: ;
      StTail: begin
        come = 1'b1;
        if (!fifo_valid) word = tail_q;
      end
      StZero: begin
        come = 1'b1;
        word = round_q == 6'd14 ? bits[63:32] : 32'd0;
      end
      StLen: begin
        come = 1'b1;
        word = bits[31:0];
      end
      default: come = 1'b0;
    endcase
  end
  assign take = come && !add_q && round_q[5:4] == 2'd0 && !start;
  assign step = take || (!add_q && round_q[5:4] != 2'd0);
  assign busy_o = fifo_valid || add_q || round_q[5:4] != 2'd0 ||
                  (state_q != StOff && state_q != StOpen && state_q != StDone);

  weir_ctrl_sha_round u_round (
      .clk_i, .start_i(start), .step_i(step), .add_i(add_q), .round_i(round_q), .word_i(word), .hash_o(hash));

  // ---- control ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StOff;
      owned_q <= 1'b0;
      owner_q <= 1'b0;
      words_q <= '0;
      tail_q <= '0;
      tail_bytes_q <= '0;
      round_q <= '0;
      add_q <= 1'b0;
    end else begin
      if (push && fifo_ready) words_q <= words_q + 59'd1;
      if (step) round_q <= round_q + 6'd1;
      add_q <= step && round_q == 6'd63;

      case (state_q)
        StTail: if (take && !fifo_valid) state_q <= StZero;
        StZero: if (take && round_q == 6'd14) state_q <= StLen;
        StLen: if (take) state_q <= StEnd;
        StEnd: if (round_q == 6'd0 && !add_q) state_q <= StDone;
        default: ;
      endcase
      if (finish) begin
        state_q <= StTail;
        tail_bytes_q <= wdata_i[1:0];
        case (wdata_i[1:0])
          2'd0: tail_q <= 32'h8000_0000;
          2'd1: tail_q <= {wdata_i[15:8], 24'h80_0000};
          2'd2: tail_q <= {wdata_i[15:8], wdata_i[23:16], 16'h8000};
          default: tail_q <= {wdata_i[15:8], wdata_i[23:16], wdata_i[31:24], 8'h80};
        endcase
      end
      if (start) begin
        state_q <= fifo_valid ? StOff : StOpen;
        words_q <= '0;
        tail_bytes_q <= '0;
        round_q <= '0;
        add_q <= 1'b0;
      end
      if (claim) begin
        owned_q <= run_i[core_i];
        owner_q <= core_i;
      end
      if (release_it) owned_q <= 1'b0;
      if (misuse || claim || release_it) state_q <= StOff;
    end
  end

`ifdef FORMAL
  // Starts in reset; the claims are about words and time, the bench is about digests (and reaches what takes blocks of rounds).
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);
  // A request stays until it is acknowledged; the reader feeds an open message only, and holds its word until it is taken.
  logic        f_wait_q;
  logic [49:0] f_req_q;
  logic        f_word_q;
  logic [31:0] f_held_q;
  always_ff @(posedge clk_i) begin
    f_wait_q <= rst_ni && valid_i && !ack_o;
    f_req_q <= {core_i, we_i, addr_i, wdata_i};
    f_word_q <= rst_ni && word_valid_i && !word_ready_o;
    f_held_q <= word_i;
    if (f_past && f_wait_q) assume (valid_i && f_req_q == {core_i, we_i, addr_i, wdata_i});
    if (f_past && f_word_q) assume (word_valid_i && stream_i && f_held_q == word_i);
  end

  logic [6:0]  pos;        // 0 to 63 the round, 64 the addition
  logic [6:0]  left;       // cycles to the end of this block
  logic [8:0]  rank;       // and to the end of the message
  logic [4:0]  tail_at;
  logic [58:0] f_in_q;     // words that came, and that went into rounds
  logic [58:0] f_out_q;
  logic [7:0]  f_pad_q;    // cycles since FINISH
  logic [5:0]  f_full_q;   // cycles that the queue has been full
  always_comb begin
    pos = add_q ? 7'd64 : {1'b0, round_q};
    left = 7'd65 - pos;
    tail_at = {1'b0, round_q[3:0]} + {3'b0, unused_level};
    rank = {2'b0, left};
    if (state_q == StTail && (pos >= 7'd16 || tail_at >= 5'd14)) rank = rank + 9'd65;
    if (state_q == StZero && pos >= 7'd15) rank = rank + 9'd65;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      f_in_q <= '0;
      f_out_q <= '0;
      f_pad_q <= '0;
      f_full_q <= '0;
    end else begin
      if (start) f_in_q <= '0;
      else if (open && (stream_i ? word_valid_i && word_ready_o : data && ack_o)) f_in_q <= f_in_q + 59'd1;
      if (start) f_out_q <= '0;
      else if (take && fifo_valid && (open || state_q == StTail)) f_out_q <= f_out_q + 59'd1;
      f_pad_q <= (state_q == StTail || state_q == StZero || state_q == StLen || state_q == StEnd) ? f_pad_q + 8'd1 : 8'd0;
      f_full_q <= (open && !fifo_ready) ? f_full_q + 6'd1 : 6'd0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (f_past && rst_ni) begin
      // No word is lost or made: what came is in a round or in the queue, and the length is that of what came.
      if (open || state_q == StTail) begin
        assert (f_in_q == f_out_q + {57'b0, unused_level});
        assert (f_in_q == words_q);
        if (round_q[5:4] == 2'd0 && !add_q) assert (f_out_q[3:0] == round_q[3:0]);
        if (round_q[5:4] != 2'd0 || add_q) assert (f_out_q[3:0] == 4'd0);
      end
      assert (!add_q || round_q == 6'd0);
      assert (unused_level <= 2'd2);
      assert (state_q == StOff || owned_q);
      if (state_q == StLen) assert (round_q == 6'd15);
      if (state_q == StEnd) assert (round_q[5:4] != 2'd0 || round_q == 6'd0);
      // A message ends, and a core or the reader does not wait for long.
      if (state_q == StTail || state_q == StZero || state_q == StLen || state_q == StEnd)
        assert ({1'b0, f_pad_q} + ((state_q == StEnd && pos == 7'd0) ? 9'd0 : rank) <= 9'd119);
      if (open && !fifo_ready) assert ({1'b0, f_full_q} + ((pos >= 7'd16) ? left : 7'd0) <= 7'd50);
      cover (state_q == StZero && words_q == 59'd1);
      cover (stream_i && misuse && open);
    end
  end
`endif
endmodule
