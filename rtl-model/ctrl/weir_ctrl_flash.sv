// SPDX-License-Identifier: Apache-2.0
// SPI NOR flash controller: single bytes for commands, past weir_ctrl_guard, and a bulk read (quad output fast read, 0x6B)
// that copies straight into a core's TCM, and into SHA if asked to; the serial clock stands while
// that has no room. The serial clock is half the card clock; mode 0.
// A bulk read and a command of bytes never share a chip select: either would be heard as part of the other.
// Does not interpret anything it reads; the boot ROM and firmware decide.
module weir_ctrl_flash (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 core_i,     // who asks
    input  logic                 valid_i,
    input  logic                 we_i,
    input  logic [15:0]          addr_i,
    input  logic [31:0]          wdata_i,
    output logic                 ack_o,
    output logic [31:0]          rdata_o,
    output weir_ctrl_pkg::load_t load_o,     // word to store; the address says which TCM, if any
    input  logic [1:0]           sha_open_i, // a message of that core takes words
    output logic                 sha_stream_o, // a bulk read feeds it
    output logic                 sha_valid_o,
    input  logic                 sha_ready_i,
    output logic [31:0]          sha_word_o,
    output logic                 cs_o,       // active high
    output logic                 sck_o,
    output logic [3:0]           io_o,
    output logic [3:0]           oe_o,
    input  logic [3:0]           io_i,
    output logic                 busy_o
);
  typedef enum logic [2:0] {
    StIdle,
    StByte,     // one byte for XFER
    StHead,     // command and address of a bulk read, 32 bits on IO0
    StDummy,    // 8 clocks
    StData,     // nibbles, high one first
    StEnd       // chip select off
  } state_e;

  state_e      state_q;
  logic        sck_q;
  logic        cs_q;
  logic        bulk_cs_q;
  logic [31:0] shift_q;
  logic [5:0]  count_q;      // serial clocks left in this state
  logic [7:0]  rx_q;
  logic [23:0] faddr_q;
  logic [31:0] dest_q;
  logic [23:0] left_q;
  logic [31:0] word_q;
  logic        fall;         // this cycle ends a serial clock
  logic        byte_done;
  logic [7:0]  byte_in;
  logic        wr, wr_ctl, wr_xfer, wr_len;
  logic        offer, pass;      // a byte to send, and that it may be
  logic        start_bulk;
  logic        word_end;         // this serial clock ends a word
  logic        stand;            // and SHA has no room for it
  logic        store;
  logic        acked_q;
  logic        hash_q;           // words go to SHA, whose message is of
  logic        hash_core_q;
  logic        refused_q;
  logic        guard_cs, locked;
  logic [31:0] guard;

  assign wr = valid_i && we_i && !acked_q;
  assign wr_ctl = wr && addr_i == 16'(weir_abi_pkg::FlashCtlOffset);
  assign wr_xfer = wr && addr_i == 16'(weir_abi_pkg::FlashXferOffset);
  assign wr_len = wr && addr_i == 16'(weir_abi_pkg::FlashReadLenOffset);

  assign word_end = state_q == StData && count_q[0] && left_q[1:0] == 2'd1;
  assign stand = word_end && hash_q && !sha_ready_i;
  assign fall = sck_q && !stand;
  assign cs_o = guard_cs || bulk_cs_q;
  assign sck_o = sck_q;
  assign io_o = {1'b1, !locked, 1'b0, shift_q[31]};   // IO3 high: no hold; IO2 is WP#
  assign oe_o = (state_q == StDummy || state_q == StData) ? 4'b0000 : 4'b1101;
  assign busy_o = state_q != StIdle;

  weir_ctrl_guard u_guard (
      .clk_i, .rst_ni, .guard_we_i(wr && addr_i == 16'(weir_abi_pkg::FlashGuardOffset)), .wdata_i, .guard_o(guard),
      .cs_i(cs_q), .byte_valid_i(offer), .byte_i(wdata_i[7:0]), .pass_o(pass), .cs_o(guard_cs), .locked_o(locked));

  assign offer = wr_xfer && state_q == StIdle;
  assign start_bulk = wr_len && state_q == StIdle && wdata_i[23:2] != '0 && !cs_q &&
                      (!wdata_i[weir_abi_pkg::FlashReadLenHashLsb] || sha_open_i[core_i]);
  // XFER is acknowledged when the byte is through or refused, CTL when no bulk read is under way any more; READ_LEN waits
  // for the one before it.
  always_comb begin
    ack_o = valid_i && !acked_q;
    if (wr_xfer) ack_o = state_q == StIdle ? !pass : (state_q == StByte && fall && count_q == 6'd1);
    if (wr_ctl || wr_len) ack_o = state_q == StIdle;
  end

  always_comb begin
    case (addr_i)
      16'(weir_abi_pkg::FlashCtlOffset): rdata_o = {31'b0, cs_q};
      16'(weir_abi_pkg::FlashXferOffset): rdata_o = {24'b0, rx_q};
      16'(weir_abi_pkg::FlashReadAddrOffset): rdata_o = {8'b0, faddr_q};
      16'(weir_abi_pkg::FlashReadDestOffset): rdata_o = dest_q;
      16'(weir_abi_pkg::FlashReadLenOffset): rdata_o = {hash_q, 7'b0, left_q};
      16'(weir_abi_pkg::FlashStatusOffset): rdata_o = {30'b0, refused_q, state_q != StIdle};
      16'(weir_abi_pkg::FlashGuardOffset): rdata_o = guard;
      default: rdata_o = 32'd0;
    endcase
  end

  assign byte_in = {rx_q[3:0], io_i};
  assign byte_done = state_q == StData && fall && count_q[0];
  assign store = byte_done && word_end;
  assign sha_stream_o = hash_q;
  assign sha_valid_o = hash_q && sck_q && word_end;
  assign sha_word_o = {byte_in, word_q[31:8]};

  always_comb begin
    load_o.valid = store && (dest_q[31:28] == 4'h1 || dest_q[31:28] == 4'h3);
    load_o.we = 1'b1;
    load_o.addr = dest_q;
    load_o.be = 4'hF;
    load_o.wdata = sha_word_o;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      sck_q <= 1'b0;
      cs_q <= 1'b0;
      bulk_cs_q <= 1'b0;
      shift_q <= '0;
      count_q <= '0;
      rx_q <= '0;
      faddr_q <= '0;
      dest_q <= '0;
      left_q <= '0;
      word_q <= '0;
      acked_q <= 1'b0;
      hash_q <= 1'b0;
      hash_core_q <= 1'b0;
      refused_q <= 1'b0;
    end else begin
      acked_q <= ack_o;
      if (state_q == StIdle || state_q == StEnd) sck_q <= 1'b0;
      else if (!stand) sck_q <= !sck_q;

      if (wr_ctl && state_q == StIdle) cs_q <= wdata_i[0];
      if ((wr_ctl && wdata_i[0]) || start_bulk) refused_q <= 1'b0;
      else if (offer && !pass) refused_q <= 1'b1;
      else if (wr_len && state_q == StIdle && wdata_i[23:2] != '0) refused_q <= 1'b1;
      if (wr) begin
        case (addr_i)
          16'(weir_abi_pkg::FlashReadAddrOffset): faddr_q <= wdata_i[23:0];
          16'(weir_abi_pkg::FlashReadDestOffset): if (state_q == StIdle) dest_q <= wdata_i;
          default: ;
        endcase
      end

      case (state_q)
        StIdle: begin
          if (offer && pass) begin
            state_q <= StByte;
            shift_q <= {wdata_i[7:0], 24'b0};
            count_q <= 6'd8;
          end else if (start_bulk) begin
            state_q <= StHead;
            hash_q <= wdata_i[weir_abi_pkg::FlashReadLenHashLsb];
            hash_core_q <= core_i;
            bulk_cs_q <= 1'b1;
            left_q <= {wdata_i[23:2], 2'b00};
            shift_q <= {8'h6B, faddr_q};
            count_q <= 6'd32;
          end
        end
        StByte: begin
          if (fall) begin
            shift_q <= shift_q << 1;
            rx_q <= {rx_q[6:0], io_i[1]};
            count_q <= count_q - 6'd1;
            if (count_q == 6'd1) state_q <= StIdle;
          end
        end
        StHead: begin
          if (fall) begin
            shift_q <= shift_q << 1;
            count_q <= count_q - 6'd1;
            if (count_q == 6'd1) begin
              state_q <= StDummy;
              count_q <= 6'd8;
            end
          end
        end
        StDummy: begin
          if (fall) begin
            count_q <= count_q - 6'd1;
            if (count_q == 6'd1) begin
              state_q <= StData;
              count_q <= 6'd0;
            end
          end
        end
        StData: begin
          if (fall) begin
            rx_q <= byte_in;
            count_q <= count_q ^ 6'd1;
            if (byte_done) begin
              word_q <= {byte_in, word_q[31:8]};
              left_q <= left_q - 24'd1;
              if (store) dest_q <= dest_q + 32'd4;
              if (left_q == 24'd1) state_q <= StEnd;
            end
          end
        end
        default: begin
          bulk_cs_q <= 1'b0;
          state_q <= StIdle;
          hash_q <= 1'b0;
        end
      endcase
      // The message was ended, or its core: the rest is read, but not hashed.
      if (state_q != StIdle && !sha_open_i[hash_core_q]) hash_q <= 1'b0;
      if (wr_ctl && bulk_cs_q) begin
        state_q <= StEnd;
        left_q <= '0;
      end
    end
  end

`ifdef FORMAL
  // Starts in reset. The part hears by bytes what the guard let pass, and by the reader 6B; never both in one chip select.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);
  logic       f_sck_q;
  logic [2:0] f_bits_q;      // of this byte, as the part counts them
  logic [7:0] f_heard_q;
  logic [7:0] f_sent_q;      // the byte that it should hear
  logic       f_any_q;       // one has passed in this chip select
  logic [2:0] done;
  assign done = 3'd0 - count_q[2:0];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      f_sck_q <= 1'b0;
      f_bits_q <= '0;
      f_heard_q <= '0;
      f_sent_q <= '0;
      f_any_q <= 1'b0;
    end else begin
      f_sck_q <= sck_o;
      if (!cs_o) f_bits_q <= '0;
      else if (sck_o && !f_sck_q) f_bits_q <= f_bits_q + 3'd1;
      if (cs_o && sck_o && !f_sck_q) f_heard_q <= {f_heard_q[6:0], io_o[0]};
      if (offer && pass) f_sent_q <= wdata_i[7:0];
      else if (start_bulk) f_sent_q <= 8'h6B;
      f_any_q <= guard_cs && (f_any_q || (offer && pass));
    end
  end
  always_ff @(posedge clk_i) begin
    if (f_past && rst_ni) begin
      assert (!(cs_q && bulk_cs_q));
      assert (state_q <= StEnd);
      if (state_q == StHead || state_q == StDummy || state_q == StData) assert (bulk_cs_q);
      if (state_q == StIdle || state_q == StByte) assert (!bulk_cs_q);
      assert (!guard_cs || state_q == StIdle || state_q == StByte);
      if (state_q == StIdle) assert (!sck_q);
      if (state_q == StByte) assert (count_q >= 6'd1 && count_q <= 6'd8);
      if (state_q == StHead) assert (count_q >= 6'd1 && count_q <= 6'd32 && f_sent_q == 8'h6B);
      if (sck_q && (state_q == StByte || state_q == StHead)) assert (!f_sck_q);
      if (cs_o && (state_q == StByte || (state_q == StHead && count_q > 6'd24))) begin
        assert (f_bits_q == done);
        assert ((f_heard_q & ~(8'hFF << done)) == (f_sent_q >> (4'd8 - {1'b0, done})));
        assert ((shift_q[31:24] >> done) == (8'(f_sent_q << done) >> done));
      end
      if (guard_cs && state_q == StIdle) begin
        assert (f_bits_q == 3'd0);
        if (f_any_q) assert (f_heard_q == f_sent_q);
      end
      if (state_q == StHead && count_q == 6'd24 && !sck_q) assert (f_heard_q == 8'h6B);
      cover (guard_cs && state_q == StByte && f_bits_q == 3'd3);
      cover (bulk_cs_q && valid_i && we_i && addr_i == 16'(weir_abi_pkg::FlashCtlOffset));
    end
  end
`endif
endmodule
