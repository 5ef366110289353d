// SPDX-License-Identifier: Apache-2.0
// Properties of the core for bounded model checking, on its retirement trace: memories, bus and interrupts are free within
// their protocols, so all programs of some cycles are covered. Multiplication and division are cut out (free results); the
// lock-step test covers them, and the meaning of compressed instructions. One set of properties is chosen by parameter,
// because small ones are proven faster: 0 arithmetic, 1 jumps and the pc, 2 loads and stores, 3 registers, 4 traps.
module weir_cpu_fv #(
    parameter int Set = 0
) (
    input  logic        clk_i,
    // chosen freely by the solver
    input  logic [31:0] boot_addr_i,
    input  logic [31:0] i_rdata_i,
    input  logic [1:0]  i_err_i,
    input  logic [1:0]  i_par_i,
    input  logic        d_gnt_i,
    input  logic        d_err_i,
    input  logic [31:0] d_rdata_i,
    input  logic        d_par_i,
    input  logic        irq_i,
    input  logic        irq_timer_i,
    input  logic        irq_soft_i,
    input  logic [4:0]  reg_i          // any register, the same all the time
);
  logic        rst_ni;
  logic        i_req;
  logic [31:0] i_addr;
  logic        d_req, d_we;
  logic [31:0] d_addr, d_wdata;
  logic [3:0]  d_be;
  logic        sleep;
  weir_cpu_pkg::trace_t t;

  weir_cpu u_cpu (
      .clk_i, .rst_ni, .boot_addr_i, .i_req_o(i_req), .i_addr_o(i_addr), .i_rdata_i, .i_err_i, .i_par_i, .d_req_o(d_req),
      .d_we_o(d_we), .d_addr_o(d_addr), .d_wdata_o(d_wdata), .d_be_o(d_be), .d_gnt_i, .d_err_i, .d_rdata_i, .d_par_i,
      .irq_i, .irq_timer_i, .irq_soft_i, .sleep_o(sleep), .trace_o(t));

  // ---- what an instruction word means, written a second time ----
  logic [31:0] n;
  logic [31:0] imm_i, imm_s, imm_b, imm_u, imm_j;
  logic        wide, plain;
  logic [2:0]  f3;
  logic [6:0]  op, f7;
  logic [31:0] b;
  logic [31:0] want;
  logic        less, taken;
  logic [1:0]  lane;
  logic [31:0] shifted;
  logic        known;

  assign n = t.insn;
  assign wide = n[1:0] == 2'b11;
  assign plain = t.valid && !t.trap && wide;
  assign op = n[6:0];
  assign f3 = n[14:12];
  assign f7 = n[31:25];
  assign imm_i = {{20{n[31]}}, n[31:20]};
  assign imm_s = {{20{n[31]}}, n[31:25], n[11:7]};
  assign imm_b = {{20{n[31]}}, n[7], n[30:25], n[11:8], 1'b0};
  assign imm_u = {n[31:12], 12'b0};
  assign imm_j = {{12{n[31]}}, n[19:12], n[20], n[30:21], 1'b0};
  assign b = (op == 7'h13) ? imm_i : t.rs2;
  assign less = f3[1] ? t.rs1 < t.rs2 : $signed(t.rs1) < $signed(t.rs2);
  assign taken = (f3[2] ? less : t.rs1 == t.rs2) ^ f3[0];
  assign lane = t.mem_addr[1:0];
  assign shifted = t.mem_rdata >> {lane, 3'b000};

  always_comb begin
    case (f3)
      3'd0: want = (op == 7'h33 && n[30]) ? t.rs1 - b : t.rs1 + b;
      3'd1: want = t.rs1 << b[4:0];
      3'd2: want = {31'b0, $signed(t.rs1) < $signed(b)};
      3'd3: want = {31'b0, t.rs1 < b};
      3'd4: want = t.rs1 ^ b;
      3'd5: want = (t.rs1 >> b[4:0]) | ((n[30] && t.rs1[31]) ? ~(32'hFFFF_FFFF >> b[4:0]) : 32'd0);
      3'd6: want = t.rs1 | b;
      default: want = t.rs1 & b;
    endcase
    if (op == 7'h37) want = imm_u;
    if (op == 7'h17) want = t.pc + imm_u;
  end

  // Words that are no instruction of RV32IM with Zicsr and Zifencei (which registers exist is left open).
  always_comb begin
    case (op)
      7'h37, 7'h17, 7'h6F: known = 1'b1;
      7'h67: known = f3 == 3'd0;
      7'h63: known = f3 != 3'd2 && f3 != 3'd3;
      7'h03: known = f3 == 3'd0 || f3 == 3'd1 || f3 == 3'd2 || f3 == 3'd4 || f3 == 3'd5;
      7'h23: known = f3 <= 3'd2;
      7'h13: known = (f3 == 3'd1) ? f7 == 7'd0 : (f3 == 3'd5) ? (f7 == 7'd0 || f7 == 7'h20) : 1'b1;
      7'h33: known = f7 == 7'd0 || f7 == 7'd1 || (f7 == 7'h20 && (f3 == 3'd0 || f3 == 3'd5));
      7'h0F: known = f3 <= 3'd1;
      7'h73: known = f3 != 3'd4 && (f3 != 3'd0 || n == 32'h0000_0073 || n == 32'h0010_0073 || n == 32'h3020_0073 ||
                                    n == 32'h1050_0073);
      default: known = 1'b0;
    endcase
  end

  // ---- history ----
  logic        past_q;         // reset is over since a cycle
  logic        i_req_q, hold_q, we_q, done_q;
  logic [31:0] rdata_q, addr_q, wdata_q, next_q, shadow_q, mtvec_q, mepc_q;
  logic [1:0]  err_q, par_q;
  logic [3:0]  be_q;
  logic        seen_q, set_q, mepc_ok_q, load_q;
  logic        in_reset_q;
  logic [4:0]  reg_q;
  logic [31:0] boot_q;

  initial in_reset_q = 1'b1;
  initial past_q = 1'b0;
  assign rst_ni = !in_reset_q;
  always_ff @(posedge clk_i) begin
    in_reset_q <= 1'b0;
    past_q <= !in_reset_q;
    i_req_q <= i_req;
    rdata_q <= i_rdata_i;
    err_q <= i_err_i;
    par_q <= i_par_i;
    reg_q <= reg_i;
    boot_q <= boot_addr_i;
    hold_q <= d_req && !d_gnt_i;
    done_q <= d_req && d_gnt_i && !d_err_i;
    load_q <= d_req && d_gnt_i && !d_we;
    we_q <= d_we;
    addr_q <= d_addr;
    wdata_q <= d_wdata;
    be_q <= d_be;
    if (in_reset_q) begin
      seen_q <= 1'b0;
      set_q <= 1'b0;
      mtvec_q <= '0;
      mepc_ok_q <= 1'b0;
    end else if (t.valid) begin
      seen_q <= 1'b1;
      next_q <= t.pc_next;
      if (t.rd != '0 && t.rd == reg_i) begin
        set_q <= 1'b1;
        shadow_q <= t.rd_data;
      end
      // mtvec and mepc as the instructions so far left them.
      if (plain && op == 7'h73 && n[31:20] == 12'h305) begin
        case (f3)
          3'd1: mtvec_q <= t.rs1 & ~32'd2;
          3'd2: mtvec_q <= mtvec_q | (t.rs1 & ~32'd2);
          3'd3: mtvec_q <= mtvec_q & ~t.rs1;
          3'd5: mtvec_q <= {27'b0, n[19:15]} & ~32'd2;
          3'd6: mtvec_q <= mtvec_q | ({27'b0, n[19:15]} & ~32'd2);
          default: mtvec_q <= mtvec_q & ~{27'b0, n[19:15]};
        endcase
      end
      if (t.trap) begin
        mepc_q <= t.pc;
        mepc_ok_q <= 1'b1;
      end else if (t.intr || (plain && op == 7'h73 && n[31:20] == 12'h341)) mepc_ok_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!in_reset_q) begin
      // The instruction memory keeps its word while nobody asks for another; pcs are even.
      assume (i_req_q || (i_rdata_i == rdata_q && i_err_i == err_q && i_par_i == par_q));
      assume (reg_i == reg_q);
      assume (boot_addr_i == boot_q);
      assume (load_q || !d_par_i);
    end
    assume (!boot_addr_i[0]);

    if (past_q && Set == 0 && plain && (op == 7'h37 || op == 7'h17 || op == 7'h13 || (op == 7'h33 && !n[25]))) begin
      assert (t.rd == n[11:7]);
      assert (t.rd == 5'd0 || t.rd_data == want);
      assert (t.pc_next == t.pc + 32'd4);
      assert (t.mem_rmask == '0 && t.mem_wmask == '0);
    end

    if (past_q && Set == 1 && t.valid) begin
      // The program goes where the last instruction said, unless an interrupt came.
      assert (!seen_q || t.intr || t.pc == next_q);
      assert (seen_q || t.intr || t.pc == boot_addr_i);
      assert (!t.pc[0]);
      if (plain && op == 7'h6F) assert (t.pc_next == t.pc + imm_j);
      if (plain && op == 7'h67) assert (t.pc_next == ((t.rs1 + imm_i) & ~32'd1));
      if (plain && (op == 7'h6F || op == 7'h67)) assert (t.rd == n[11:7] && (t.rd == '0 || t.rd_data == t.pc + 32'd4));
      if (plain && op == 7'h63) assert (t.pc_next == t.pc + (taken ? imm_b : 32'd4) && t.rd == '0);
    end

    if (past_q && Set == 2) begin
      // A request waits unchanged until it is answered.
      if (hold_q) assert (d_req && d_we == we_q && d_addr == addr_q && d_be == be_q && (!d_we || d_wdata == wdata_q));
      assert (!d_req || (d_be != '0 && d_addr[1:0] == '0));
      // What the bus did is what retires, and the other way round.
      if (done_q) assert (t.valid);
      if (done_q && we_q) assert (!t.trap && t.mem_wmask == be_q && t.mem_addr[31:2] == addr_q[31:2] && t.mem_wdata == wdata_q);
      if (done_q && !we_q && !t.trap) assert (t.mem_rmask == be_q && t.mem_addr[31:2] == addr_q[31:2]);
      if (t.valid && (t.mem_wmask != '0 || t.mem_rmask != '0)) assert (done_q);
      if (plain && op == 7'h03) begin
        assert (t.mem_addr == t.rs1 + imm_i && t.mem_wmask == '0 && t.rd == n[11:7]);
        case (f3)
          3'd0: assert (t.mem_rmask == 4'b0001 << lane && (t.rd == '0 || t.rd_data == {{24{shifted[7]}}, shifted[7:0]}));
          3'd4: assert (t.mem_rmask == 4'b0001 << lane && (t.rd == '0 || t.rd_data == {24'b0, shifted[7:0]}));
          3'd1: assert (!lane[0] && t.mem_rmask == 4'b0011 << lane &&
                        (t.rd == '0 || t.rd_data == {{16{shifted[15]}}, shifted[15:0]}));
          3'd5: assert (!lane[0] && t.mem_rmask == 4'b0011 << lane && (t.rd == '0 || t.rd_data == {16'b0, shifted[15:0]}));
          default: assert (lane == '0 && t.mem_rmask == 4'b1111 && (t.rd == '0 || t.rd_data == t.mem_rdata));
        endcase
      end
      if (plain && op == 7'h23) begin
        assert (t.mem_addr == t.rs1 + imm_s && t.mem_rmask == '0 && t.rd == '0);
        case (f3)
          3'd0: assert (t.mem_wmask == 4'b0001 << lane && 8'(t.mem_wdata >> {lane, 3'b000}) == t.rs2[7:0]);
          3'd1: assert (!lane[0] && t.mem_wmask == 4'b0011 << lane && 16'(t.mem_wdata >> {lane, 3'b000}) == t.rs2[15:0]);
          default: assert (lane == '0 && t.mem_wmask == 4'b1111 && t.mem_wdata == t.rs2);
        endcase
      end
    end

    if (past_q && Set == 3 && plain && set_q) begin
      // An operand is what the last instruction that wrote the register left there.
      if (n[19:15] == reg_i && (op == 7'h33 || op == 7'h13 || op == 7'h03 || op == 7'h23 || op == 7'h63 || op == 7'h67))
        assert (t.rs1 == shadow_q);
      if (n[24:20] == reg_i && (op == 7'h33 || op == 7'h23 || op == 7'h63)) assert (t.rs2 == shadow_q);
    end
    if (past_q && Set == 3 && plain) begin
      if (n[19:15] == '0 && op == 7'h33) assert (t.rs1 == '0);
      if (t.rd == '0) assert (t.rd_data == '0);
    end

    if (past_q && Set == 4 && t.valid) begin
      if (t.trap) assert (t.rd == '0 && t.mem_wmask == '0 && t.mem_rmask == '0 && t.pc_next == {mtvec_q[31:2], 2'b00});
      else begin
        assert (!wide || known);
        assert (n != 32'h0000_0073 && n != 32'h0010_0073);
        assert (n[15:0] != '0 || wide);
        if (wide && op == 7'h73 && n[31:20] == 12'h341 && f3 != 3'd0 && mepc_ok_q && !t.intr && n[11:7] != '0)
          assert (t.rd_data == mepc_q);
        if (n == 32'h3020_0073 && mepc_ok_q && !t.intr) assert (t.pc_next == mepc_q);
      end
      if (t.intr) assert (mtvec_q[0] ? t.pc == {mtvec_q[31:2] + 30'(t.intr_cause), 2'b00} : t.pc == {mtvec_q[31:2], 2'b00});
    end
  end

  logic unused;
  assign unused = ^{i_addr, sleep};
endmodule
