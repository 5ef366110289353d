// SPDX-License-Identifier: Apache-2.0
// The embedded core: RV32IM, Zicsr, machine mode, precise traps. Three steps: F (address to the instruction memory), EX
// (decode, execute, memory address, branches, traps), WB (load data, register write). The instruction port is a
// synchronous RAM that keeps its output while i_req_o is low, so a stalled instruction needs no register of its own.
// Taken branches cost no bubble, a load used by the next instruction one, divisions 34 cycles.
// Does not: cache, translate, speculate, or access data misaligned (it traps).
module weir_cpu #(
    parameter logic [31:0] BootAddr = 32'd0,
    parameter logic [31:0] HartId = 32'd0
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    // instruction port: address now, word (and error) in the next cycle
    output logic        i_req_o,
    output logic [31:0] i_addr_o,
    input  logic [31:0] i_rdata_i,
    input  logic        i_err_i,
    // data port: request held until gnt; read data in the cycle after gnt; err comes with gnt
    output logic        d_req_o,
    output logic        d_we_o,
    output logic [31:0] d_addr_o,
    output logic [31:0] d_wdata_o,
    output logic [3:0]  d_be_o,
    input  logic        d_gnt_i,
    input  logic        d_err_i,
    input  logic [31:0] d_rdata_i,
    // machine external interrupt, level; sleep_o: stopped in WFI
    input  logic        irq_i,
    output logic        sleep_o
);
  // ---- F / EX ----
  logic [31:0] pc_q;
  logic        valid_q;
  logic        advance;     // EX is empty or its instruction leaves
  logic        redirect;
  logic [31:0] target;
  logic [31:0] next_pc;

  assign next_pc = !valid_q ? pc_q : redirect ? target : pc_q + 32'd4;
  assign i_req_o = advance;
  assign i_addr_o = next_pc;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pc_q <= BootAddr;
      valid_q <= 1'b0;
    end else if (advance) begin
      pc_q <= next_pc;
      valid_q <= 1'b1;
    end
  end

  // ---- decode ----
  logic [31:0] insn;
  logic [6:0]  opcode;
  logic [2:0]  funct3;
  logic [4:0]  rs1;
  logic [4:0]  rs2;
  logic [4:0]  rd;
  logic is_lui, is_auipc, is_jal, is_jalr, is_branch, is_load, is_store, is_imm, is_op, is_muldiv, is_fence, is_csr;
  logic is_ecall, is_ebreak, is_mret, is_wfi;
  logic op_ok;
  logic illegal;
  logic csr_illegal;

  assign insn = i_rdata_i;
  assign opcode = insn[6:0];
  assign funct3 = insn[14:12];
  assign rs1 = insn[19:15];
  assign rs2 = insn[24:20];
  assign rd = insn[11:7];
  assign is_lui = opcode == 7'h37;
  assign is_auipc = opcode == 7'h17;
  assign is_jal = opcode == 7'h6F;
  assign is_jalr = opcode == 7'h67 && funct3 == 3'd0;
  assign is_branch = opcode == 7'h63 && funct3[2:1] != 2'b01;
  assign is_load = opcode == 7'h03 && funct3 != 3'd3 && funct3[2:1] != 2'b11;
  assign is_store = opcode == 7'h23 && !funct3[2] && funct3 != 3'd3;
  assign op_ok = insn[31:25] == 7'd0 || (insn[31:25] == 7'h20 && (funct3 == 3'd0 || funct3 == 3'd5));
  assign is_imm = opcode == 7'h13 &&
      (funct3[1:0] != 2'b01 || insn[31:25] == 7'd0 || (insn[31:25] == 7'h20 && funct3 == 3'd5));
  assign is_op = opcode == 7'h33 && op_ok;
  assign is_muldiv = opcode == 7'h33 && insn[31:25] == 7'd1;
  assign is_fence = opcode == 7'h0F && funct3[2:1] == 2'b00;
  assign is_csr = opcode == 7'h73 && funct3[1:0] != 2'b00;
  assign is_ecall = insn == 32'h0000_0073;
  assign is_ebreak = insn == 32'h0010_0073;
  assign is_mret = insn == 32'h3020_0073;
  assign is_wfi = insn == 32'h1050_0073;
  assign illegal = csr_illegal || !(is_lui || is_auipc || is_jal || is_jalr || is_branch || is_load || is_store || is_imm ||
      is_op || is_muldiv || is_fence || is_csr || is_ecall || is_ebreak || is_mret || is_wfi);

  // ---- registers and forwarding from WB ----
  logic [31:0] regs [0:31];
  logic        wb_we_q;
  logic        wb_load_q;
  logic [4:0]  wb_rd_q;
  logic [31:0] wb_data_q;
  logic [2:0]  wb_size_q;
  logic [1:0]  wb_lane_q;
  logic [31:0] wb_shift;
  logic [31:0] wb_value;
  logic [31:0] a;
  logic [31:0] b;
  logic        hazard;

  assign wb_shift = d_rdata_i >> {wb_lane_q, 3'b000};
  always_comb begin
    case (wb_size_q)
      3'd0: wb_value = {{24{wb_shift[7]}}, wb_shift[7:0]};
      3'd1: wb_value = {{16{wb_shift[15]}}, wb_shift[15:0]};
      3'd4: wb_value = {24'b0, wb_shift[7:0]};
      3'd5: wb_value = {16'b0, wb_shift[15:0]};
      default: wb_value = wb_shift;
    endcase
    if (!wb_load_q) wb_value = wb_data_q;
  end
  always_comb begin
    a = regs[rs1];
    b = regs[rs2];
    if (wb_we_q && wb_rd_q == rs1) a = wb_data_q;
    if (wb_we_q && wb_rd_q == rs2) b = wb_data_q;
    if (rs1 == 5'd0) a = 32'd0;
    if (rs2 == 5'd0) b = 32'd0;
  end
  // A load's data is not forwarded: the next instruction waits one cycle if it reads the register.
  assign hazard = wb_we_q && wb_load_q && (wb_rd_q == rs1 || wb_rd_q == rs2);
  always_ff @(posedge clk_i) begin
    if (wb_we_q) regs[wb_rd_q] <= wb_value;
  end

  // ---- execute ----
  logic [31:0] imm_i, imm_s, imm_b, imm_u, imm_j;
  logic [31:0] alu_b;
  logic [3:0]  alu_op;
  logic [31:0] alu_result;
  logic        eq, lt, ltu;
  logic        taken;
  logic [31:0] md_result;
  logic        md_done;
  logic [31:0] csr_rdata;
  logic [31:0] mem_addr;
  logic [31:0] result;
  logic        writes_rd;
  logic        irq_ready;    // an interrupt may be taken as far as the control registers say
  logic        irq_take;
  logic        irq_wake;
  logic        mem_open_q;   // a request is on the data port: it must end before an interrupt is taken
  logic        run;          // the instruction in EX may execute: not squashed by a trap, operands ready
  logic        exception;
  logic        trap;
  logic        leave;        // the instruction in EX leaves this cycle (retires or traps)
  logic        retire;
  logic [3:0]  cause;
  logic [31:0] tval;
  logic [31:0] trap_pc;
  logic [31:0] trap_from;
  logic [31:0] mepc;
  logic        mem_misaligned;
  logic        target_misaligned;
  logic        early;        // exceptions known without touching the bus
  logic        mem_wait;
  logic [31:0] jump;

  assign imm_i = {{20{insn[31]}}, insn[31:20]};
  assign imm_s = {{20{insn[31]}}, insn[31:25], insn[11:7]};
  assign imm_b = {{19{insn[31]}}, insn[31], insn[7], insn[30:25], insn[11:8], 1'b0};
  assign imm_u = {insn[31:12], 12'b0};
  assign imm_j = {{11{insn[31]}}, insn[31], insn[19:12], insn[20], insn[30:21], 1'b0};

  assign alu_b = is_imm ? imm_i : b;
  assign alu_op = {insn[30] && (is_op || (is_imm && funct3 == 3'd5)), funct3};
  weir_cpu_alu u_alu (
      .op_i(alu_op), .a_i(a), .b_i(alu_b), .result_o(alu_result), .eq_o(eq), .lt_o(lt), .ltu_o(ltu));

  // Branches compare a with b, which is what the ALU sees because is_imm is 0.
  always_comb begin
    case (funct3)
      3'd0: taken = eq;
      3'd1: taken = !eq;
      3'd4: taken = lt;
      3'd5: taken = !lt;
      3'd6: taken = ltu;
      default: taken = !ltu;
    endcase
  end
  assign jump = is_jalr ? ((a + imm_i) & ~32'd1) : pc_q + (is_jal ? imm_j : imm_b);
  assign target_misaligned = (is_jal || is_jalr || (is_branch && taken)) && jump[1];

  assign mem_addr = a + (is_store ? imm_s : imm_i);
  assign mem_misaligned = (is_load || is_store) &&
      ((funct3[1:0] == 2'd1 && mem_addr[0]) || (funct3[1:0] == 2'd2 && mem_addr[1:0] != 2'd0));

  assign run = valid_q && !hazard && !irq_take;
  assign early = i_err_i || illegal || is_ecall || is_ebreak || mem_misaligned || target_misaligned;
  assign d_req_o = run && (is_load || is_store) && !early;
  assign d_we_o = is_store;
  assign d_addr_o = {mem_addr[31:2], 2'b00};
  assign d_wdata_o = b << {mem_addr[1:0], 3'b000};
  always_comb begin
    case (funct3[1:0])
      2'd0: d_be_o = 4'b0001 << mem_addr[1:0];
      2'd1: d_be_o = 4'b0011 << mem_addr[1:0];
      default: d_be_o = 4'b1111;
    endcase
  end
  assign mem_wait = d_req_o && !d_gnt_i;
  assign irq_take = irq_ready && !mem_open_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) mem_open_q <= 1'b0;
    else mem_open_q <= mem_wait;
  end

  weir_cpu_muldiv u_muldiv (
      .clk_i, .rst_ni, .req_i(run && is_muldiv && !early), .flush_i(trap), .op_i(funct3), .a_i(a), .b_i(b),
      .done_o(md_done), .result_o(md_result));

  assign exception = run && (early || (d_req_o && d_gnt_i && d_err_i));
  assign trap = exception || (valid_q && !hazard && irq_take);
  assign leave = run && !exception && !mem_wait && !(is_muldiv && !md_done) && !(is_wfi && !irq_wake);
  assign retire = leave;
  assign advance = !valid_q || leave || trap;
  assign sleep_o = valid_q && run && is_wfi && !early && !irq_wake;

  always_comb begin
    cause = 4'd2;
    tval = insn;
    if (irq_take) begin
      cause = 4'd11;
      tval = 32'd0;
    end else if (i_err_i) begin
      cause = 4'd1;
      tval = pc_q;
    end else if (illegal) begin
      cause = 4'd2;
    end else if (is_ecall) begin
      cause = 4'd11;
      tval = 32'd0;
    end else if (is_ebreak) begin
      cause = 4'd3;
      tval = pc_q;
    end else if (target_misaligned) begin
      cause = 4'd0;
      tval = jump;
    end else if (mem_misaligned) begin
      cause = is_store ? 4'd6 : 4'd4;
      tval = mem_addr;
    end else begin
      cause = is_store ? 4'd7 : 4'd5;
      tval = mem_addr;
    end
  end

  weir_cpu_csr #(.HartId(HartId)) u_csr (
      .clk_i, .rst_ni,
      .req_i(is_csr && valid_q && !i_err_i),
      .write_i(funct3[1:0] == 2'd1 || rs1 != 5'd0),
      .commit_i(retire),
      .addr_i(insn[31:20]), .op_i(funct3[1:0]),
      .wdata_i(funct3[2] ? {27'b0, rs1} : a),
      .rdata_o(csr_rdata), .illegal_o(csr_illegal),
      .trap_i(trap), .trap_irq_i(irq_take), .cause_i(cause), .pc_i(trap_from), .tval_i(tval),
      .mret_i(retire && is_mret), .trap_pc_o(trap_pc), .mepc_o(mepc),
      .irq_i, .retire_i(retire), .irq_take_o(irq_ready), .irq_wake_o(irq_wake));

  // An interrupt that ends WFI returns behind it, or a loop of WFI would sleep on.
  assign trap_from = (irq_take && is_wfi) ? pc_q + 32'd4 : pc_q;

  always_comb begin
    if (trap) target = trap_pc;
    else if (is_mret) target = mepc;
    else target = jump;
  end
  assign redirect = trap || is_mret || is_jal || is_jalr || (is_branch && taken);

  always_comb begin
    if (is_lui) result = imm_u;
    else if (is_auipc) result = pc_q + imm_u;
    else if (is_jal || is_jalr) result = pc_q + 32'd4;
    else if (is_csr) result = csr_rdata;
    else if (is_muldiv) result = md_result;
    else result = alu_result;
  end
  assign writes_rd = is_lui || is_auipc || is_jal || is_jalr || is_load || is_imm || is_op || is_muldiv || is_csr;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wb_we_q <= 1'b0;
      wb_load_q <= 1'b0;
      wb_rd_q <= '0;
      wb_data_q <= '0;
      wb_size_q <= '0;
      wb_lane_q <= '0;
    end else begin
      wb_we_q <= retire && writes_rd && rd != 5'd0;
      wb_load_q <= is_load;
      if (retire) begin
        wb_rd_q <= rd;
        wb_data_q <= result;
        wb_size_q <= funct3;
        wb_lane_q <= mem_addr[1:0];
      end
    end
  end
endmodule
