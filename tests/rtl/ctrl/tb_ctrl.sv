// SPDX-License-Identifier: Apache-2.0
// Bench wrapper of the control complex: BAR accesses in, flash pins, console and interrupts out; the five CSR blocks outside
// it answer each write by storing and each read by returning the word at that address, 3 cycles late.
module tb_ctrl (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic [159:0] in_i,
    output logic [159:0] out_o
);
  weir_pkg::csr_req_t pcie_req, dma_req, queue_req, switch_req, port_req;
  weir_pkg::csr_rsp_t rsp, none;
  weir_pkg::bar_req_t bar_req;
  weir_pkg::bar_rsp_t bar_rsp;
  weir_pkg::irq_t irq;
  logic irq_valid, console_valid, core0_sleep, core1_sleep, fw_ready, idle, flash_cs, flash_sck;
  logic [3:0] flash_io, flash_oe;
  logic [7:0] console_char;
  logic [64:0] enabled;

  logic [31:0] word_q;
  logic [1:0]  wait_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wait_q <= '0;
      word_q <= '0;
    end else begin
      wait_q <= (queue_req.valid && !rsp.ack) ? wait_q + 2'd1 : 2'd0;
      if (rsp.ack && queue_req.write) word_q <= queue_req.wdata;
    end
  end
  assign rsp.ack = queue_req.valid && wait_q == 2'd3;
  assign rsp.rdata = word_q + {16'b0, queue_req.addr};
  assign none = '0;

  assign bar_req.valid = in_i[0];
  assign bar_req.write = in_i[1];
  assign bar_req.fn = in_i[15:8];
  assign bar_req.be = 4'hF;
  assign bar_req.addr = in_i[52:32];
  assign bar_req.wdata = in_i[95:64];
  assign enabled = {63'b0, in_i[3:2]};

  weir_ctrl u_ctrl (
      .clk_i, .rst_ni, .pcie_csr_o(pcie_req), .pcie_csr_i(none), .dma_csr_o(dma_req), .dma_csr_i(none),
      .queue_csr_o(queue_req), .queue_csr_i(rsp), .switch_csr_o(switch_req), .switch_csr_i(none),
      .port_csr_o(port_req), .port_csr_i(none), .bar_req_i(bar_req), .bar_rsp_o(bar_rsp),
      .irq_valid_o(irq_valid), .irq_ready_i(1'b1), .irq_o(irq), .fn_enabled_i(enabled), .fn_flr_i('0),
      .pcie_event_i(in_i[4]), .queue_event_i(1'b0), .switch_event_i(1'b0), .port_event_i(1'b0),
      .flash_cs_o(flash_cs), .flash_sck_o(flash_sck), .flash_io_o(flash_io), .flash_oe_o(flash_oe), .flash_io_i(in_i[99:96]),
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
  assign unused = ^{pcie_req, dma_req, switch_req, port_req, flash_oe};

  assign out_o = {60'b0, fw_ready, idle, core1_sleep, core0_sleep,
                  bar_rsp.rdata,
                  26'b0, flash_io, flash_sck, flash_cs,
                  12'b0, bar_rsp.valid, irq_valid_q, irq_fn_q, console_valid_q, 1'b0, console_q};
endmodule
