// SPDX-License-Identifier: Apache-2.0
// Types inside the core, and the retirement trace it shows: one record an instruction, in program order, when it retired
// or trapped, with the fields and meanings of the RISC-V Formal Interface (machine mode only, so its mode fields are left
// out). Nothing in the card reads the trace; synthesis and the card's model drop it.
package weir_cpu_pkg;
  // Users take what they need of the package.
  /* verilator lint_off UNUSEDPARAM */

  // Where the result of an instruction comes from.
  localparam logic [2:0] ResAlu = 3'd0;
  localparam logic [2:0] ResAgu = 3'd2;   // AUIPC, LUI
  localparam logic [2:0] ResLink = 3'd3;  // JAL, JALR
  localparam logic [2:0] ResCsr = 3'd4;
  localparam logic [2:0] ResMd = 3'd5;

  // What an instruction, in its 32-bit form, asks for.
  typedef struct packed {
    logic        illegal;
    logic        jump;        // JAL, JALR
    logic        branch;
    logic        load;
    logic        store;
    logic        muldiv;
    logic        csr;
    logic        ecall;
    logic        ebreak;
    logic        mret;
    logic        wfi;
    logic        use_imm;     // second operand of the ALU
    logic        pc_base;     // address unit: pc + imm; without either rs1 + imm
    logic        no_base;     // imm alone (LUI)
    logic        sub;         // ALU: subtract; SRA rather than SRL
    logic        uns;         // ALU: compare unsigned
    logic [2:0]  op;          // ALU: funct3
    logic [2:0]  res;
    logic        rs1_used;
    logic        rs2_used;
    logic        rd_we;
    logic [31:0] imm;
  } dec_t;

  // Causes of traps (mcause), as the privileged architecture numbers them.
  localparam logic [4:0] CauseFetchFault = 5'd1;
  localparam logic [4:0] CauseIllegal = 5'd2;
  localparam logic [4:0] CauseBreak = 5'd3;
  localparam logic [4:0] CauseLoadAlign = 5'd4;
  localparam logic [4:0] CauseLoadFault = 5'd5;
  localparam logic [4:0] CauseStoreAlign = 5'd6;
  localparam logic [4:0] CauseStoreFault = 5'd7;
  localparam logic [4:0] CauseEcall = 5'd11;
  localparam logic [4:0] CauseHardware = 5'd19;  // parity error of a memory
  localparam logic [4:0] CauseIrqSoft = 5'd3;
  localparam logic [4:0] CauseIrqTimer = 5'd7;
  localparam logic [4:0] CauseIrqExt = 5'd11;

  // Small fields first: the others then lie on word boundaries, which keeps simulation fast.
  typedef struct packed {
    logic        valid;
    logic        trap;        // raised an exception: wrote nothing
    logic        intr;        // first instruction of an interrupt handler
    logic [4:0]  intr_cause;  // which interrupt it was
    logic [4:0]  rd;          // 0: writes no register
    logic [3:0]  mem_rmask;   // bytes of the aligned word; 0 without an access
    logic [3:0]  mem_wmask;
    logic [31:0] insn;        // as fetched; a compressed one in the low half
    logic [31:0] pc;
    logic [31:0] pc_next;
    logic [31:0] rs1;         // operands as used, 0 when not used
    logic [31:0] rs2;
    logic [31:0] rd_data;
    logic [31:0] mem_addr;    // as computed
    logic [31:0] mem_rdata;   // the aligned word
    logic [31:0] mem_wdata;
  } trace_t;
endpackage
