// SPDX-License-Identifier: Apache-2.0
// Bench wrapper of the control complex: BAR accesses in, flash pins, console and interrupts out; the five CSR blocks outside
// it answer each
// access 3 cycles late: QUEUE stores writes and reads the word and its address, the others read 0. Behind the pins come the
// retirement traces of both cores; words of their memories can be damaged.
module tb_ctrl (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic [191:0] in_i,
    output logic [799:0] out_o
);
  weir_pkg::csr_req_t pcie_req, dma_req, queue_req, switch_req, port_req;
  weir_pkg::csr_rsp_t rsp, zero;
  logic csr_valid;
  weir_pkg::bar_req_t bar_req;
  weir_pkg::bar_rsp_t bar_rsp;
  weir_pkg::irq_t irq;
  logic irq_valid, console_valid, core0_sleep, core1_sleep, fw_ready, idle, flash_cs, flash_sck;
  logic [3:0] flash_io, flash_oe;
  logic [7:0] console_char;
  logic [64:0] enabled, flr;

  logic [31:0] word_q;
  logic [1:0]  wait_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wait_q <= '0;
      word_q <= '0;
    end else begin
      wait_q <= (csr_valid && !rsp.ack) ? wait_q + 2'd1 : 2'd0;
      if (rsp.ack && queue_req.valid && queue_req.write) word_q <= queue_req.wdata;
    end
  end
  assign csr_valid = queue_req.valid || pcie_req.valid || dma_req.valid || switch_req.valid || port_req.valid;
  assign rsp.ack = csr_valid && wait_q == 2'd3;
  assign rsp.rdata = word_q + {16'b0, queue_req.addr};
  assign zero.ack = rsp.ack;
  assign zero.rdata = 32'd0;

  assign bar_req.valid = in_i[0];
  assign bar_req.write = in_i[1];
  assign bar_req.fn = in_i[15:8];
  assign bar_req.be = 4'hF;
  assign bar_req.addr = in_i[52:32];
  assign bar_req.wdata = in_i[95:64];
  assign enabled = {60'b0, in_i[102:100], in_i[3:2]};
  assign flr = {63'b0, in_i[7:6]};

  weir_ctrl u_ctrl (
      .clk_i, .rst_ni, .pcie_csr_o(pcie_req), .pcie_csr_i(zero), .dma_csr_o(dma_req), .dma_csr_i(zero),
      .queue_csr_o(queue_req), .queue_csr_i(rsp), .switch_csr_o(switch_req), .switch_csr_i(zero),
      .port_csr_o(port_req), .port_csr_i(zero), .bar_req_i(bar_req), .bar_rsp_o(bar_rsp),
      .irq_valid_o(irq_valid), .irq_ready_i(1'b1), .irq_o(irq), .fn_enabled_i(enabled), .fn_flr_i(flr), .fn_quiesce_i(flr),
      .pcie_event_i(in_i[4]), .queue_event_i(in_i[181]), .switch_event_i(1'b0), .port_event_i(1'b0),
      .flash_cs_o(flash_cs), .flash_sck_o(flash_sck), .flash_io_o(flash_io), .flash_oe_o(flash_oe), .flash_io_i(in_i[99:96]), .key_fuses_i('0),
      .console_valid_o(console_valid), .console_o(console_char), .core0_sleep_o(core0_sleep), .core1_sleep_o(core1_sleep),
      .fw_ready_o(fw_ready), .idle_o(idle));

  logic        console_valid_q, irq_valid_q;
  logic [7:0]  console_q, irq_fn_q;
  always_ff @(posedge clk_i) begin
    console_valid_q <= console_valid;
    console_q <= console_char;
    irq_valid_q <= irq_valid;
    irq_fn_q <= irq.fn;
  end
  logic unused;
  assign unused = ^{in_i[191:189], in_i[163], t0.intr_cause, t1.intr_cause, pcie_req, dma_req, switch_req, port_req, flash_oe};

  // 160: damage, 161: of core 1, 162: upper bank, 179:164 word, 188:184 bit (17 and 8 are the parity of the bytes).
  // Nothing but a bench writes a memory from outside.
  // 180: the halfword there becomes 79:64, with its parity. 182, 183: 95:64 cycles pass at once for the watchdog of core 0, 1, if
  // it has them left.
  /* verilator lint_off MULTIDRIVEN */
  always_ff @(posedge clk_i) begin
    if (in_i[162:160] == 3'b001) u_ctrl.u_core0.u_tcm.mem_lo[in_i[179:164]] <= u_ctrl.u_core0.u_tcm.mem_lo[in_i[179:164]] ^ damage;
    if (in_i[162:160] == 3'b101) u_ctrl.u_core0.u_tcm.mem_hi[in_i[179:164]] <= u_ctrl.u_core0.u_tcm.mem_hi[in_i[179:164]] ^ damage;
    if (in_i[162:160] == 3'b011) u_ctrl.u_core1.u_tcm.mem_lo[in_i[179:164]] <= u_ctrl.u_core1.u_tcm.mem_lo[in_i[179:164]] ^ damage;
    if (in_i[162:160] == 3'b111) u_ctrl.u_core1.u_tcm.mem_hi[in_i[179:164]] <= u_ctrl.u_core1.u_tcm.mem_hi[in_i[179:164]] ^ damage;
    if (in_i[180] && in_i[162:161] == 2'b00) u_ctrl.u_core0.u_tcm.mem_lo[in_i[179:164]] <= poke;
    if (in_i[180] && in_i[162:161] == 2'b10) u_ctrl.u_core0.u_tcm.mem_hi[in_i[179:164]] <= poke;
    if (in_i[180] && in_i[162:161] == 2'b01) u_ctrl.u_core1.u_tcm.mem_lo[in_i[179:164]] <= poke;
    if (in_i[180] && in_i[162:161] == 2'b11) u_ctrl.u_core1.u_tcm.mem_hi[in_i[179:164]] <= poke;
  end
  // In two cycles: while nothing is loaded the watchdog does not count, and nobody else writes it.
  logic [1:0]  leap_q;
  logic [31:0] load0_q, load1_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) leap_q <= '0;
    else begin
      leap_q <= in_i[183:182];
      if (in_i[182]) begin
        load0_q <= u_ctrl.u_sys.wdt_load0_q;
        u_ctrl.u_sys.wdt_load0_q <= '0;
      end
      if (in_i[183]) begin
        load1_q <= u_ctrl.u_sys.wdt_load1_q;
        u_ctrl.u_sys.wdt_load1_q <= '0;
      end
      if (leap_q[0]) begin
        u_ctrl.u_sys.wdt_load0_q <= load0_q;
        if (u_ctrl.u_sys.wdt0_q > in_i[95:64]) u_ctrl.u_sys.wdt0_q <= u_ctrl.u_sys.wdt0_q - in_i[95:64];
      end
      if (leap_q[1]) begin
        u_ctrl.u_sys.wdt_load1_q <= load1_q;
        if (u_ctrl.u_sys.wdt1_q > in_i[95:64]) u_ctrl.u_sys.wdt1_q <= u_ctrl.u_sys.wdt1_q - in_i[95:64];
      end
    end
  end
  /* verilator lint_on MULTIDRIVEN */
  logic [17:0] damage, poke;
  assign poke = {^in_i[79:72], in_i[79:72], ^in_i[71:64], in_i[71:64]};
  assign damage = 18'd1 << in_i[188:184];

  weir_cpu_pkg::trace_t t0, t1;
  assign t0 = u_ctrl.u_core0.unused_trace;
  assign t1 = u_ctrl.u_core1.unused_trace;
  assign out_o[479:160] = {12'b0, t0.mem_wmask, t0.mem_rmask, t0.rd, 4'b0, t0.intr, t0.trap, t0.valid,
                           t0.rs2, t0.rs1, t0.mem_wdata, t0.mem_rdata, t0.mem_addr, t0.rd_data, t0.pc_next, t0.pc, t0.insn};
  assign out_o[799:480] = {12'b0, t1.mem_wmask, t1.mem_rmask, t1.rd, 4'b0, t1.intr, t1.trap, t1.valid,
                           t1.rs2, t1.rs1, t1.mem_wdata, t1.mem_rdata, t1.mem_addr, t1.rd_data, t1.pc_next, t1.pc, t1.insn};
  assign out_o[159:0] = {60'b0, fw_ready, idle, core1_sleep, core0_sleep,
                  bar_rsp.rdata,
                  26'b0, flash_io, flash_sck, flash_cs,
                  12'b0, bar_rsp.valid, irq_valid_q, irq_fn_q, console_valid_q, 1'b0, console_q};
endmodule
