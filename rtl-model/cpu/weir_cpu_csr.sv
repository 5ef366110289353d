// SPDX-License-Identifier: Apache-2.0
// Machine-mode control and status registers and the trap machinery (privileged architecture 1.12, machine mode only). What a
// machine without user mode need not have is absent: mcounteren, medeleg, mideleg. Event counters and triggers read zero.
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
    input  logic [4:0]  cause_i,       // of an exception
    input  logic [31:0] pc_i,
    input  logic [31:0] tval_i,
    input  logic        mret_i,
    output logic [31:0] trap_pc_o,
    output logic [31:0] mepc_o,
    // interrupts and counters
    input  logic        irq_ext_i,
    input  logic        irq_timer_i,
    input  logic        irq_soft_i,
    input  logic        retire_i,
    input  logic        unretire_i,    // the load before, counted already, trapped after all
    output logic        irq_take_o,    // pending, enabled and globally enabled
    output logic        irq_wake_o,    // pending and enabled: ends WFI
    output logic [4:0]  irq_cause_o,
    // memory protection of the fetch and the access in EX
    input  logic [31:0] ex_pc_i,
    input  logic [31:0] ex_next_i,     // its pc + 4
    output logic [1:0]  fetch_ok_o,
    input  logic [31:0] d_addr_i,
    input  logic        d_we_i,
    output logic        d_ok_o
);
  logic        mie_q;      // mstatus.MIE
  logic        mpie_q;     // mstatus.MPIE
  logic [2:0]  en_q;       // mie: external, timer, software
  logic [2:0]  pend_q;     // mip: the same
  logic [31:0] mtvec_q;
  logic [31:0] mepc_q;
  logic [31:0] mtval_q;
  logic [31:0] mscratch_q;
  logic        cause_irq_q;
  logic [4:0]  cause_q;
  logic [63:0] mcycle_q;
  logic [63:0] minstret_q;
  logic        stop_cycle_q;    // mcountinhibit
  logic        stop_instret_q;

  logic        known;
  logic [31:0] next;
  logic        do_write;
  logic [2:0]  live;
  logic [31:0] pmp_cfg;
  logic [31:0] pmp_addr;
  logic        cycle_lo_we, cycle_hi_we, instret_lo_we, instret_hi_we;
  logic        count_instret;
  logic        pmp_ours;        // the first four of the sixteen entries

  assign live = pend_q & en_q;
  assign irq_wake_o = live != '0;
  assign irq_take_o = irq_wake_o && mie_q;
  assign irq_cause_o = live[2] ? weir_cpu_pkg::CauseIrqExt : live[0] ? weir_cpu_pkg::CauseIrqSoft : weir_cpu_pkg::CauseIrqTimer;
  assign mepc_o = mepc_q;
  assign trap_pc_o = {mtvec_q[31:2] + ((trap_irq_i && mtvec_q[0]) ? {25'b0, irq_cause_o} : 30'd0), 2'b00};

  always_comb begin
    known = 1'b1;
    rdata_o = 32'd0;
    casez (addr_i)
      12'h300: rdata_o = {19'b0, 2'b11, 3'b0, mpie_q, 3'b0, mie_q, 3'b0};
      12'h301: rdata_o = 32'h4000_1104;  // RV32IMC
      12'h304: rdata_o = {20'b0, en_q[2], 3'b0, en_q[1], 3'b0, en_q[0], 3'b0};
      12'h305: rdata_o = mtvec_q;
      12'h320: rdata_o = {29'b0, stop_instret_q, 1'b0, stop_cycle_q};
      12'h340: rdata_o = mscratch_q;
      12'h341: rdata_o = mepc_q;
      12'h342: rdata_o = {cause_irq_q, 26'b0, cause_q};
      12'h343: rdata_o = mtval_q;
      12'h344: rdata_o = {20'b0, pend_q[2], 3'b0, pend_q[1], 3'b0, pend_q[0], 3'b0};
      12'h3A0: rdata_o = pmp_cfg;
      12'h3B?: rdata_o = (addr_i[3:2] == '0) ? pmp_addr : 32'd0;
      12'hB00, 12'hC00: rdata_o = mcycle_q[31:0];
      12'hB80, 12'hC80: rdata_o = mcycle_q[63:32];
      12'hB02, 12'hC02: rdata_o = minstret_q[31:0];
      12'hB82, 12'hC82: rdata_o = minstret_q[63:32];
      12'hF14: rdata_o = HartId;
      // Present and zero: mstatush, mhpmevent3-31, pmpcfg1-3, triggers, mhpmcounter3-31 and their high halves,
      // mvendorid, marchid, mimpid, mconfigptr.
      12'h310, 12'h3A1, 12'h3A2, 12'h3A3, 12'h7A0, 12'h7A1, 12'h7A2, 12'h7A3, 12'hF11, 12'hF12, 12'hF13, 12'hF15: ;
      12'h323, 12'b0011_0010_01??, 12'b0011_0010_1???, 12'h33?: ;
      12'hB03, 12'b1011_?000_01??, 12'b1011_?000_1???, 12'hB1?, 12'hB83, 12'hB9?: ;
      default: known = 1'b0;
    endcase
  end

  assign illegal_o = req_i && (!known || (write_i && addr_i[11:10] == 2'b11));
  assign do_write = req_i && write_i && commit_i;
  assign next = (op_i == 2'd1) ? wdata_i : (op_i == 2'd2) ? (rdata_o | wdata_i) : (rdata_o & ~wdata_i);

  assign cycle_lo_we = do_write && addr_i == 12'hB00;
  assign cycle_hi_we = do_write && addr_i == 12'hB80;
  assign instret_lo_we = do_write && addr_i == 12'hB02;
  assign instret_hi_we = do_write && addr_i == 12'hB82;
  assign count_instret = (retire_i || unretire_i) && !stop_instret_q;

  assign pmp_ours = addr_i[11:2] == 10'h0EC;
  weir_cpu_pmp u_pmp (
      .clk_i, .rst_ni, .we_cfg_i(do_write && addr_i == 12'h3A0), .we_addr_i(do_write && pmp_ours), .sel_i(addr_i[1:0]),
      .wdata_i(next), .cfg_o(pmp_cfg), .addr_o(pmp_addr), .pc_i(ex_pc_i), .pc_next_i(ex_next_i), .fetch_ok_o, .d_addr_i, .d_we_i, .d_ok_o);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mie_q <= 1'b0;
      mpie_q <= 1'b0;
      en_q <= '0;
      pend_q <= '0;
      mtvec_q <= '0;
      mepc_q <= '0;
      mtval_q <= '0;
      mscratch_q <= '0;
      cause_irq_q <= 1'b0;
      cause_q <= '0;
      mcycle_q <= '0;
      minstret_q <= '0;
      stop_cycle_q <= 1'b0;
      stop_instret_q <= 1'b0;
    end else begin
      pend_q <= {irq_ext_i, irq_timer_i, irq_soft_i};
      // An instruction that writes a counter is not counted by it: one adder input is the count or what is written.
      if (cycle_lo_we) mcycle_q[31:0] <= next;
      else if (cycle_hi_we) mcycle_q[63:32] <= next;
      else if (!stop_cycle_q) mcycle_q <= mcycle_q + 64'd1;
      if (instret_lo_we) minstret_q[31:0] <= next;
      else if (instret_hi_we) minstret_q[63:32] <= next;
      else if (count_instret) minstret_q <= minstret_q + {{63{unretire_i}}, 1'b1};
      if (do_write) begin
        case (addr_i)
          12'h300: begin
            mie_q <= next[3];
            mpie_q <= next[7];
          end
          12'h304: en_q <= {next[11], next[7], next[3]};
          12'h305: mtvec_q <= {next[31:2], 1'b0, next[0]};
          12'h320: begin
            stop_instret_q <= next[2];
            stop_cycle_q <= next[0];
          end
          12'h340: mscratch_q <= next;
          12'h341: mepc_q <= {next[31:1], 1'b0};
          12'h342: begin
            cause_irq_q <= next[31];
            cause_q <= next[4:0];
          end
          12'h343: mtval_q <= next;
          default: ;
        endcase
      end
      if (trap_i) begin
        mpie_q <= mie_q;
        mie_q <= 1'b0;
        mepc_q <= {pc_i[31:1], 1'b0};
        mtval_q <= tval_i;
        cause_irq_q <= trap_irq_i;
        cause_q <= trap_irq_i ? irq_cause_o : cause_i;
      end else if (mret_i) begin
        mie_q <= mpie_q;
        mpie_q <= 1'b1;
      end
    end
  end
endmodule
