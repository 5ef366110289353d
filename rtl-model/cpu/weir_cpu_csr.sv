// SPDX-License-Identifier: Apache-2.0
// Machine-mode control and status registers and the trap machinery: mstatus, mie, mip, mtvec (direct and vectored), mepc,
// mcause, mtval, mscratch, mcycle, minstret, mhartid, misa. Only the machine external interrupt exists.
// A read or write of a register that is not here, or a write to a read-only one, raises illegal_o.
module weir_cpu_csr #(
    parameter logic [31:0] HartId = 32'd0
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    // access by the instruction in EX
    input  logic        req_i,
    input  logic        write_i,       // the instruction writes (rules of CSRRS/CSRRC with x0 applied)
    input  logic        commit_i,      // the instruction retires this cycle
    input  logic [11:0] addr_i,
    input  logic [1:0]  op_i,          // 1 write, 2 set, 3 clear
    input  logic [31:0] wdata_i,
    output logic [31:0] rdata_o,
    output logic        illegal_o,
    // traps
    input  logic        trap_i,
    input  logic        trap_irq_i,
    input  logic [3:0]  cause_i,
    input  logic [31:0] pc_i,
    input  logic [31:0] tval_i,
    input  logic        mret_i,
    output logic [31:0] trap_pc_o,
    output logic [31:0] mepc_o,
    // interrupts and counters
    input  logic        irq_i,
    input  logic        retire_i,
    output logic        irq_take_o,    // pending, enabled and globally enabled
    output logic        irq_wake_o     // pending and enabled: ends WFI
);
  logic        mie_q;      // mstatus.MIE
  logic        mpie_q;     // mstatus.MPIE
  logic        meie_q;     // mie.MEIE
  logic [31:0] mtvec_q;
  logic [31:0] mepc_q;
  logic [31:0] mtval_q;
  logic [31:0] mscratch_q;
  logic        cause_irq_q;
  logic [3:0]  cause_q;
  logic [63:0] mcycle_q;
  logic [63:0] minstret_q;

  logic        known;
  logic [31:0] next;
  logic        do_write;

  assign irq_wake_o = irq_i && meie_q;
  assign irq_take_o = irq_wake_o && mie_q;
  assign mepc_o = mepc_q;
  assign trap_pc_o = {mtvec_q[31:2], 2'b00} + ((trap_irq_i && mtvec_q[0]) ? {26'b0, cause_i, 2'b00} : 32'd0);

  always_comb begin
    known = 1'b1;
    case (addr_i)
      12'h300: rdata_o = {19'b0, 2'b11, 3'b0, mpie_q, 3'b0, mie_q, 3'b0};
      12'h301: rdata_o = 32'h4000_1100;  // RV32IM
      12'h304: rdata_o = {20'b0, meie_q, 11'b0};
      12'h305: rdata_o = mtvec_q;
      12'h340: rdata_o = mscratch_q;
      12'h341: rdata_o = mepc_q;
      12'h342: rdata_o = {cause_irq_q, 27'b0, cause_q};
      12'h343: rdata_o = mtval_q;
      12'h344: rdata_o = {20'b0, irq_i, 11'b0};
      12'hB00, 12'hC00: rdata_o = mcycle_q[31:0];
      12'hB80, 12'hC80: rdata_o = mcycle_q[63:32];
      12'hB02, 12'hC02: rdata_o = minstret_q[31:0];
      12'hB82, 12'hC82: rdata_o = minstret_q[63:32];
      12'hF14: rdata_o = HartId;
      12'hF11, 12'hF12, 12'hF13: rdata_o = 32'd0;
      default: begin
        rdata_o = 32'd0;
        known = 1'b0;
      end
    endcase
  end

  assign illegal_o = req_i && (!known || (write_i && addr_i[11:10] == 2'b11));
  assign do_write = req_i && write_i && commit_i && !illegal_o;
  assign next = (op_i == 2'd1) ? wdata_i : (op_i == 2'd2) ? (rdata_o | wdata_i) : (rdata_o & ~wdata_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mie_q <= 1'b0;
      mpie_q <= 1'b0;
      meie_q <= 1'b0;
      mtvec_q <= '0;
      mepc_q <= '0;
      mtval_q <= '0;
      mscratch_q <= '0;
      cause_irq_q <= 1'b0;
      cause_q <= '0;
      mcycle_q <= '0;
      minstret_q <= '0;
    end else begin
      mcycle_q <= mcycle_q + 64'd1;
      if (retire_i) minstret_q <= minstret_q + 64'd1;
      if (do_write) begin
        case (addr_i)
          12'h300: begin
            mie_q <= next[3];
            mpie_q <= next[7];
          end
          12'h304: meie_q <= next[11];
          12'h305: mtvec_q <= {next[31:2], 1'b0, next[0]};
          12'h340: mscratch_q <= next;
          12'h341: mepc_q <= {next[31:2], 2'b00};
          12'h342: begin
            cause_irq_q <= next[31];
            cause_q <= next[3:0];
          end
          12'h343: mtval_q <= next;
          12'hB00: mcycle_q[31:0] <= next;
          12'hB80: mcycle_q[63:32] <= next;
          12'hB02: minstret_q[31:0] <= next;
          12'hB82: minstret_q[63:32] <= next;
          default: ;
        endcase
      end
      if (trap_i) begin
        mpie_q <= mie_q;
        mie_q <= 1'b0;
        mepc_q <= {pc_i[31:2], 2'b00};
        mtval_q <= tval_i;
        cause_irq_q <= trap_irq_i;
        cause_q <= cause_i;
      end else if (mret_i) begin
        mie_q <= mpie_q;
        mpie_q <= 1'b1;
      end
    end
  end
endmodule
