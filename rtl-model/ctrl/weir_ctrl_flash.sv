// SPDX-License-Identifier: Apache-2.0
// SPI NOR flash controller: single bytes for commands, and a bulk read (quad output fast read, 0x6B) that copies straight
// into a core's TCM with a CRC-32 on the way. The serial clock is half the card clock; mode 0.
// Does not interpret anything it reads; the boot ROM and firmware decide.
module weir_ctrl_flash (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 valid_i,
    input  logic                 we_i,
    input  logic [15:0]          addr_i,
    input  logic [31:0]          wdata_i,
    output logic                 ack_o,
    output logic [31:0]          rdata_o,
    output weir_ctrl_pkg::load_t load_o,     // word to store; the address says which TCM
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
  logic [31:0] crc_q;
  logic        fall;         // this cycle ends a serial clock
  logic        byte_done;
  logic [7:0]  byte_in;
  logic [31:0] crc_next;
  logic        start_byte, start_bulk;
  logic        store;
  logic        acked_q;

  assign fall = sck_q;
  assign cs_o = cs_q || bulk_cs_q;
  assign sck_o = sck_q;
  assign io_o = {3'b110, shift_q[31]};   // IO3 and IO2 high: no hold, no write protect
  assign oe_o = (state_q == StDummy || state_q == StData) ? 4'b0000 : 4'b1101;
  assign busy_o = state_q != StIdle;

  assign start_byte = valid_i && we_i && addr_i == 16'(weir_abi_pkg::FlashXferOffset) && state_q == StIdle && !acked_q;
  assign start_bulk = valid_i && we_i && addr_i == 16'(weir_abi_pkg::FlashReadLenOffset) && state_q == StIdle && !acked_q;
  // XFER is acknowledged when the byte is through, all else at once (READ_LEN while busy waits).
  assign ack_o = valid_i && !acked_q && (
      (we_i && addr_i == 16'(weir_abi_pkg::FlashXferOffset)) ? (state_q == StByte && fall && count_q == 6'd1) :
      (we_i && addr_i == 16'(weir_abi_pkg::FlashReadLenOffset)) ? state_q == StIdle : 1'b1);

  always_comb begin
    case (addr_i)
      16'(weir_abi_pkg::FlashCtlOffset): rdata_o = {31'b0, cs_q};
      16'(weir_abi_pkg::FlashXferOffset): rdata_o = {24'b0, rx_q};
      16'(weir_abi_pkg::FlashReadAddrOffset): rdata_o = {8'b0, faddr_q};
      16'(weir_abi_pkg::FlashReadDestOffset): rdata_o = dest_q;
      16'(weir_abi_pkg::FlashReadLenOffset): rdata_o = {8'b0, left_q};
      16'(weir_abi_pkg::FlashCrcOffset): rdata_o = ~crc_q;
      default: rdata_o = 32'd0;
    endcase
  end

  assign byte_in = {rx_q[3:0], io_i};
  assign byte_done = state_q == StData && fall && count_q[0];
  assign store = byte_done && left_q[1:0] == 2'd1;

  // One byte of reflected CRC-32.
  always_comb begin
    crc_next = crc_q ^ {24'b0, byte_in};
    for (int i = 0; i < 8; i++) crc_next = crc_next[0] ? (crc_next >> 1) ^ 32'hEDB8_8320 : crc_next >> 1;
  end

  always_comb begin
    load_o.valid = store;
    load_o.we = 1'b1;
    load_o.addr = dest_q;
    load_o.be = 4'hF;
    load_o.wdata = {byte_in, word_q[31:8]};
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
      crc_q <= '1;
      acked_q <= 1'b0;
    end else begin
      acked_q <= ack_o;
      if (state_q == StIdle || state_q == StEnd) sck_q <= 1'b0;
      else sck_q <= !sck_q;

      if (valid_i && we_i) begin
        case (addr_i)
          16'(weir_abi_pkg::FlashCtlOffset): cs_q <= wdata_i[0];
          16'(weir_abi_pkg::FlashReadAddrOffset): faddr_q <= wdata_i[23:0];
          16'(weir_abi_pkg::FlashReadDestOffset): if (state_q == StIdle) dest_q <= wdata_i;
          16'(weir_abi_pkg::FlashCrcOffset): crc_q <= '1;
          default: ;
        endcase
      end

      case (state_q)
        StIdle: begin
          if (start_byte) begin
            state_q <= StByte;
            shift_q <= {wdata_i[7:0], 24'b0};
            count_q <= 6'd8;
          end else if (start_bulk && wdata_i[23:0] != '0) begin
            state_q <= StHead;
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
              crc_q <= crc_next;
              left_q <= left_q - 24'd1;
              if (store) dest_q <= dest_q + 32'd4;
              if (left_q == 24'd1) state_q <= StEnd;
            end
          end
        end
        default: begin
          bulk_cs_q <= 1'b0;
          state_q <= StIdle;
        end
      endcase
    end
  end
endmodule
