// SPDX-License-Identifier: Apache-2.0
// Write protection of part of the flash against whatever runs on the cores. It sees each byte of a command before the serial
// clock does, and once GUARD.LOCK is set lets only those commands through that are known not to write into the guarded
// sectors; the table of them is in docs/blocks/flash.md. The byte that would make a command forbidden is not sent and chip
// select ends: without its last address byte the part carries out nothing.
// Good for parts of 16 MiB at most with three address bytes, which they must have when LOCK is set: what would change that
// is refused, as is all that writes status, where the part keeps its own protection. The part's WP# alone would not do:
// quad reads need its pin as IO2 and turn it off.
module weir_ctrl_guard (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        guard_we_i,
    input  logic [31:0] wdata_i,
    output logic [31:0] guard_o,
    input  logic        cs_i,        // chip select as the core has it
    input  logic        byte_valid_i,  // one cycle a byte
    input  logic [7:0]  byte_i,
    output logic        pass_o,      // with it: send it
    output logic        cs_o,        // chip select for the part
    output logic        locked_o
);
  logic [11:0] first_q;
  logic [11:0] last_q;
  logic        locked_q;
  logic        cut_q;        // nothing more is sent until chip select ends
  logic [2:0]  count_q;      // bytes of this chip select, 4 and more are 4
  logic [7:0]  op_q;
  logic [15:0] addr_q;       // the two bytes before byte_i
  logic        known, writes, guarded;
  logic [11:0] from, to;     // sectors that the command takes hold of

  assign guard_o = {locked_q, 3'b0, last_q, 4'b0, first_q};
  assign locked_o = locked_q;
  assign cs_o = cs_i && !cut_q;

  always_comb begin
    case (byte_i)
      8'h06, 8'h04,                   // write enable latch
      8'h05, 8'h35, 8'h15,            // read status
      8'h03, 8'h0B,                   // read, fast read
      8'h9F, 8'h5A,                   // identify
      8'h75, 8'h7A,                   // suspend, resume
      8'h66, 8'h99, 8'hAB,            // reset, wake up
      8'h02, 8'h20, 8'h52, 8'hD8: known = 1'b1;   // judged by their address
      default: known = 1'b0;
    endcase
    case (op_q)
      8'h02, 8'h20, 8'h52, 8'hD8: writes = 1'b1;
      default: writes = 1'b0;
    endcase
    from = addr_q[15:4];
    if (op_q == 8'h52) from[2:0] = 3'd0;
    if (op_q == 8'hD8) from[3:0] = 4'd0;
    to = addr_q[15:4];
    if (op_q == 8'h52) to[2:0] = 3'd7;
    if (op_q == 8'hD8) to[3:0] = 4'd15;
    guarded = from <= last_q && to >= first_q;
    pass_o = !cut_q && !(locked_q && cs_i && ((count_q == 3'd0 && !known) || (count_q == 3'd3 && writes && guarded)));
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q <= '0;
      last_q <= '0;
      locked_q <= 1'b0;
      cut_q <= 1'b0;
      count_q <= '0;
      op_q <= '0;
      addr_q <= '0;
    end else begin
      if (guard_we_i && !locked_q) begin
        first_q <= wdata_i[11:0];
        last_q <= wdata_i[27:16];
        locked_q <= wdata_i[31];
      end
      if (!cs_i) begin
        count_q <= '0;
      end else if (byte_valid_i && pass_o) begin
        if (count_q != 3'd4) count_q <= count_q + 3'd1;
        if (count_q == 3'd0) op_q <= byte_i;
        addr_q <= {addr_q[7:0], byte_i};
      end
      if (!cs_i) cut_q <= 1'b0;
      else if (byte_valid_i && !pass_o) cut_q <= 1'b1;
    end
  end

`ifdef FORMAL
  // Starts in reset.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // What the part has heard of this command, and whether the lock stood before its first byte.
  logic [2:0]  f_count_q;
  logic [7:0]  f_op_q;
  logic [23:0] f_addr_q;
  logic        f_under_lock_q;
  (* anyconst *) logic [11:0] f_sector;      // any sector that is guarded
  logic        f_in;
  logic [31:0] f_guard_q;
  logic        f_rst_q;
  assign f_in = f_sector >= first_q && f_sector <= last_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      f_count_q <= '0;
      f_op_q <= '0;
      f_addr_q <= '0;
      f_under_lock_q <= 1'b0;
    end else if (!cs_o) begin
      f_count_q <= '0;
    end else if (byte_valid_i && pass_o) begin
      if (f_count_q != 3'd4) f_count_q <= f_count_q + 3'd1;
      if (f_count_q == 3'd0) f_op_q <= byte_i;
      if (f_count_q == 3'd0) f_under_lock_q <= locked_q;
      if (f_count_q >= 3'd1 && f_count_q <= 3'd3) f_addr_q <= {f_addr_q[15:0], byte_i};
    end
  end
  always_ff @(posedge clk_i) begin
    f_guard_q <= guard_o;
    f_rst_q <= rst_ni;
    if (f_past && rst_ni) begin
      // A lock that is set stays, and so does what it locks.
      if (f_rst_q && f_guard_q[31]) assert (guard_o == f_guard_q);
      if (cs_o && !cut_q) begin
        assert (f_count_q == count_q);
        if (count_q != 3'd0) assert (f_op_q == op_q);
        if (count_q == 3'd2) assert (f_addr_q[7:0] == addr_q[7:0]);
        if (count_q == 3'd3) assert (f_addr_q[15:0] == addr_q);
      end
      if (f_count_q != 3'd0 && f_under_lock_q) assert (locked_q);
      // Under the lock the part hears no whole command that writes status or mode, erases all, or is not known; and no
      // program or erase of a guarded sector.
      if (cs_o && f_count_q != 3'd0 && f_under_lock_q) begin
        assert (f_op_q != 8'h01 && f_op_q != 8'h31 && f_op_q != 8'h11 && f_op_q != 8'hC7 && f_op_q != 8'h60);
        assert (f_op_q != 8'hB7 && f_op_q != 8'hE9 && f_op_q != 8'h12 && f_op_q != 8'h21 && f_op_q != 8'h5C && f_op_q != 8'hDC);
        if (f_count_q == 3'd4 && f_in) begin
          if (f_op_q == 8'h02 || f_op_q == 8'h20) assert (f_addr_q[23:12] != f_sector);
          if (f_op_q == 8'h52) assert (f_addr_q[23:15] != f_sector[11:3]);
          if (f_op_q == 8'hD8) assert (f_addr_q[23:16] != f_sector[11:4]);
        end
      end
      cover (cut_q && op_q == 8'hD8 && count_q == 3'd3);
      cover (f_count_q == 3'd4 && f_under_lock_q && f_op_q == 8'h02);
      cover (cut_q && count_q == 3'd0);
    end
  end
`endif
endmodule
