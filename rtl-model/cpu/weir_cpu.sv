// SPDX-License-Identifier: Apache-2.0
// The embedded core: RV32IMC, Zicsr, Zifencei, machine mode, precise traps, memory protection. Three steps: F (address to the
// instruction memory), EX (expand, decode, execute, memory address, branches), WB (load data, register write, exceptions).
// The instruction port reads 32 bits at any even address, so compressed code needs no buffer and a taken branch no bubble;
// it keeps its output while i_req_o is low, so a stalled instruction needs no register. A load used by the next
// instruction costs one cycle, a division 33. Does not: cache, translate, speculate, or access data misaligned (it traps).
module weir_cpu #(
    parameter logic [31:0] HartId = 32'd0
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic [31:0] boot_addr_i,  // first instruction after reset
    // instruction port: even address now; the word that begins there, and what is wrong with its halves, in the next cycle
    output logic        i_req_o,
    output logic [31:0] i_addr_o,
    input  logic [31:0] i_rdata_i,
    input  logic [1:0]  i_err_i,      // nothing can be fetched there
    input  logic [1:0]  i_par_i,      // the memory lost it
    // data port: request held until gnt; read data in the cycle after gnt, with par; err comes with gnt
    output logic        d_req_o,
    output logic        d_we_o,
    output logic [31:0] d_addr_o,
    output logic [31:0] d_wdata_o,
    output logic [3:0]  d_be_o,
    input  logic        d_gnt_i,
    input  logic        d_err_i,
    input  logic [31:0] d_rdata_i,
    input  logic        d_par_i,
    // machine interrupts, levels; sleep_o: stopped in WFI
    input  logic        irq_i,
    input  logic        irq_timer_i,
    input  logic        irq_soft_i,
    output logic        sleep_o,
    output weir_cpu_pkg::trace_t trace_o
);
  // ---- F ----
  logic [31:0] pc_q;
  logic        valid_q;     // 0 only behind reset
  logic        advance;     // EX is empty or its instruction leaves
  logic        redirect;
  logic        is32;
  logic [31:0] seq;         // of the instruction that follows
  logic [31:0] target;
  logic [31:0] next_pc;

  assign is32 = i_rdata_i[1:0] == 2'b11;
  assign seq = pc_q + (is32 ? 32'd4 : 32'd2);
  assign next_pc = !valid_q ? boot_addr_i : redirect ? target : seq;
  assign i_req_o = advance;
  assign i_addr_o = next_pc;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pc_q <= '0;
      valid_q <= 1'b0;
    end else if (advance) begin
      pc_q <= next_pc;
      valid_q <= 1'b1;
    end
  end

  // ---- EX: decode ----
  logic [31:0]        insn;
  logic               c_illegal;
  logic               illegal;
  logic               csr_illegal;
  logic [4:0]         rs1;
  logic [4:0]         rs2;
  logic [4:0]         rd;
  weir_cpu_pkg::dec_t dec;

  weir_cpu_expand u_expand (.insn_i(i_rdata_i), .insn_o(insn), .illegal_o(c_illegal));
  weir_cpu_decode u_decode (.insn_i(insn), .dec_o(dec));
  assign rs1 = insn[19:15];
  assign rs2 = insn[24:20];
  assign rd = insn[11:7];
  assign illegal = c_illegal || dec.illegal || csr_illegal;

  // ---- registers and forwarding from WB ----
  logic [31:0] regs [0:31];
  logic        wb_valid_q;   // the trace record below is of an instruction that retired, or trapped
  logic        wb_we_q;
  logic        wb_load_q;
  logic        wb_fault_q;   // it raised an exception in EX and had no effect there
  logic [4:0]  wb_cause_q;
  logic [4:0]  wb_rd_q;
  logic [31:0] wb_data_q;
  logic [2:0]  wb_size_q;
  logic [31:0] wb_addr_q;    // of an access; mtval of an exception
  logic [31:0] wb_pc_q;
  logic [7:0]  wb_byte;
  logic [7:0]  wb_high;
  logic        wb_sign;
  logic [31:0] wb_value;
  logic        wb_err;       // what is in WB traps: what is in EX never happened
  logic [31:0] a;
  logic [31:0] b;
  logic        hazard;

  assign wb_err = wb_fault_q || (wb_load_q && d_par_i);
  always_comb begin
    case (wb_addr_q[1:0])
      2'd0: wb_byte = d_rdata_i[7:0];
      2'd1: wb_byte = d_rdata_i[15:8];
      2'd2: wb_byte = d_rdata_i[23:16];
      default: wb_byte = d_rdata_i[31:24];
    endcase
    wb_high = wb_addr_q[1] ? d_rdata_i[31:24] : d_rdata_i[15:8];
    wb_sign = !wb_size_q[2] && (wb_size_q[0] ? wb_high[7] : wb_byte[7]);
    wb_value = {wb_size_q[1] ? d_rdata_i[31:16] : {16{wb_sign}}, wb_size_q[1:0] == 2'd0 ? {8{wb_sign}} : wb_high, wb_byte};
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
  assign hazard = wb_we_q && wb_load_q && ((dec.rs1_used && wb_rd_q == rs1) || (dec.rs2_used && wb_rd_q == rs2));
  always_ff @(posedge clk_i) begin
    if (wb_we_q && !wb_err) regs[wb_rd_q] <= wb_value;
  end

  // ---- EX: execute ----
  logic [31:0] alu_result;
  logic [31:0] agu;          // jump and branch target, memory address, AUIPC
  logic        eq, lt;
  logic        taken;
  logic [31:0] md_result;
  logic        md_done;
  logic [31:0] csr_rdata;
  logic [31:0] result;
  logic        irq_ready;    // an interrupt may be taken as far as the control registers say
  logic        irq_take;
  logic        irq_wake;
  logic        mem_open_q;   // a request is on the data port: it must end before an interrupt is taken
  logic        run;          // the instruction in EX may execute: not squashed by a trap, operands ready
  logic        mem;
  logic        mem_misaligned;
  logic        mem_ok;       // memory protection permits it
  logic [1:0]  fetch_ok;
  logic [1:0]  fetch_err;
  logic [1:0]  fetch_par;
  logic        fetch_bad;
  logic        early;        // exceptions known without touching the bus
  logic        trap;
  logic        leave;        // the instruction in EX goes to WB, where it retires or traps
  logic        mem_wait;
  logic [4:0]  cause;
  logic [31:0] tval;
  logic [31:0] trap_pc;
  logic [31:0] mepc;

  assign agu = dec.imm + (dec.pc_base ? pc_q : dec.no_base ? 32'd0 : a);
  weir_cpu_alu u_alu (
      .op_i(dec.op), .sub_i(dec.sub), .uns_i(dec.uns), .a_i(a), .b_i(dec.use_imm ? dec.imm : b), .result_o(alu_result),
      .eq_o(eq), .lt_o(lt));
  assign taken = (dec.op[2] ? lt : eq) != dec.op[0];

  assign mem = dec.load || dec.store;
  assign mem_misaligned = mem && ((dec.op[0] && agu[0]) || (dec.op[1] && agu[1:0] != 2'd0));
  assign fetch_err = {is32, 1'b1} & (i_err_i | ~fetch_ok);
  assign fetch_par = {is32, 1'b1} & i_par_i;
  assign fetch_bad = (fetch_err | fetch_par) != '0;

  assign irq_take = irq_ready && !mem_open_q && !dec.wfi && !wb_err;
  assign run = valid_q && !hazard && !irq_take && !wb_err;
  assign early = fetch_bad || illegal || dec.ecall || dec.ebreak || mem_misaligned;
  assign d_req_o = run && mem && !early && mem_ok;
  assign d_we_o = dec.store;
  assign d_addr_o = {agu[31:2], 2'b00};
  always_comb begin
    case (dec.op[1:0])
      2'd0: begin
        d_be_o = 4'b0001 << agu[1:0];
        d_wdata_o = {4{b[7:0]}};
      end
      2'd1: begin
        d_be_o = 4'b0011 << agu[1:0];
        d_wdata_o = {2{b[15:0]}};
      end
      default: begin
        d_be_o = 4'b1111;
        d_wdata_o = b;
      end
    endcase
  end
  assign mem_wait = d_req_o && !d_gnt_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) mem_open_q <= 1'b0;
    else mem_open_q <= mem_wait;
  end

  weir_cpu_muldiv u_muldiv (
      .clk_i, .rst_ni, .req_i(run && dec.muldiv && !early), .flush_i(trap), .op_i(dec.op), .a_i(a), .b_i(b),
      .done_o(md_done), .result_o(md_result));

  assign trap = wb_err || (valid_q && irq_take);
  assign leave = run && (early || !(mem_wait || (dec.muldiv && !md_done) || (dec.wfi && !irq_wake)));
  assign advance = !valid_q || leave || trap;
  assign sleep_o = run && !early && dec.wfi && !irq_wake;

  // The exception an instruction takes along to WB. An access that is refused is the last to be known.
  always_comb begin
    cause = dec.store ? weir_cpu_pkg::CauseStoreFault : weir_cpu_pkg::CauseLoadFault;
    tval = agu;
    if (fetch_bad) begin
      cause = (fetch_err[0] || (!fetch_par[0] && fetch_err[1])) ? weir_cpu_pkg::CauseFetchFault : weir_cpu_pkg::CauseHardware;
      // The second half is at pc + 2, for which no adder is spent.
      tval = (fetch_err[0] || fetch_par[0]) ? pc_q : pc_q[1] ? {seq[31:2], 2'b00} : {pc_q[31:2], 2'b10};
    end else if (illegal) begin
      cause = weir_cpu_pkg::CauseIllegal;
      tval = is32 ? i_rdata_i : {16'b0, i_rdata_i[15:0]};
    end else if (dec.ecall) begin
      cause = weir_cpu_pkg::CauseEcall;
      tval = 32'd0;
    end else if (dec.ebreak) begin
      cause = weir_cpu_pkg::CauseBreak;
      tval = pc_q;
    end else if (mem_misaligned) begin
      cause = dec.store ? weir_cpu_pkg::CauseStoreAlign : weir_cpu_pkg::CauseLoadAlign;
    end
  end

  weir_cpu_csr #(.HartId(HartId)) u_csr (
      .clk_i, .rst_ni,
      .req_i(dec.csr),
      .write_i(dec.op[1:0] == 2'd1 || rs1 != 5'd0),
      .commit_i(leave && !early),
      .addr_i(insn[31:20]), .op_i(dec.op[1:0]),
      .wdata_i(dec.op[2] ? {27'b0, rs1} : a),
      .rdata_o(csr_rdata), .illegal_o(csr_illegal),
      .trap_i(trap), .trap_irq_i(irq_take), .cause_i(wb_fault_q ? wb_cause_q : weir_cpu_pkg::CauseHardware),
      .pc_i(wb_err ? wb_pc_q : pc_q), .tval_i(wb_err ? wb_addr_q : 32'd0),
      .mret_i(leave && !early && dec.mret), .trap_pc_o(trap_pc), .mepc_o(mepc),
      .irq_ext_i(irq_i), .irq_timer_i, .irq_soft_i, .retire_i(leave), .unretire_i(wb_err),
      .irq_take_o(irq_ready), .irq_wake_o(irq_wake), .irq_cause_o(irq_cause),
      .ex_pc_i(pc_q), .ex_next_i(seq), .fetch_ok_o(fetch_ok), .d_addr_i(agu), .d_we_i(dec.store), .d_ok_o(mem_ok));

  assign redirect = trap || dec.mret || dec.jump || (dec.branch && taken);
  assign target = trap ? trap_pc : dec.mret ? mepc : {agu[31:1], 1'b0};

  always_comb begin
    case (dec.res)
      weir_cpu_pkg::ResAgu: result = agu;
      weir_cpu_pkg::ResLink: result = seq;
      weir_cpu_pkg::ResCsr: result = csr_rdata;
      weir_cpu_pkg::ResMd: result = md_result;
      default: result = alu_result;
    endcase
  end

  // ---- WB ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wb_valid_q <= 1'b0;
      wb_we_q <= 1'b0;
      wb_load_q <= 1'b0;
      wb_fault_q <= 1'b0;
    end else begin
      wb_valid_q <= leave;
      wb_we_q <= leave && dec.rd_we && rd != 5'd0;
      wb_load_q <= leave && dec.load;
      wb_fault_q <= leave && (early || (mem && (!mem_ok || d_err_i)));
    end
  end
  always_ff @(posedge clk_i) begin
    if (leave) begin
      wb_rd_q <= rd;
      wb_data_q <= result;
      wb_size_q <= dec.op;
      wb_addr_q <= tval;
      wb_pc_q <= pc_q;
      wb_cause_q <= cause;
    end
  end

  // ---- trace: the record waits in WB for the data of a load ----
  weir_cpu_pkg::trace_t rec_q;
  logic                 intr_q;     // an interrupt was taken, nothing has executed since
  logic [4:0]           irq_cause;
  logic [4:0]           intr_cause_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) intr_q <= 1'b0;
    else if (irq_take && valid_q) intr_q <= 1'b1;
    else if (leave || wb_err) intr_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (irq_take) intr_cause_q <= irq_cause;
  end
  always_ff @(posedge clk_i) begin
    if (leave) begin
      rec_q <= '0;               // what is left so is added in WB
      rec_q.intr <= intr_q;
      rec_q.intr_cause <= intr_cause_q;
      rec_q.insn <= is32 ? i_rdata_i : {16'b0, i_rdata_i[15:0]};
      rec_q.pc <= pc_q;
      rec_q.pc_next <= next_pc;
      rec_q.rs1 <= dec.rs1_used ? a : 32'd0;
      rec_q.rs2 <= dec.rs2_used ? b : 32'd0;
      rec_q.mem_addr <= agu;
      rec_q.mem_rmask <= dec.load ? d_be_o : 4'd0;
      rec_q.mem_wmask <= dec.store ? d_be_o : 4'd0;
      rec_q.mem_wdata <= d_wdata_o;
    end
  end
  always_comb begin
    trace_o = rec_q;
    trace_o.valid = wb_valid_q;
    trace_o.trap = wb_err;
    trace_o.rd = wb_we_q && !wb_err ? wb_rd_q : 5'd0;
    trace_o.rd_data = wb_we_q && !wb_err ? wb_value : 32'd0;
    if (wb_err) begin
      trace_o.pc_next = next_pc;
      trace_o.mem_rmask = 4'd0;
      trace_o.mem_wmask = 4'd0;
    end
    trace_o.mem_rdata = d_rdata_i;
  end
endmodule
