// SPDX-License-Identifier: Apache-2.0
// The core alone with one-cycle memory at any addresses, for bare-metal programs: 4 GiB in pages of 1 MiB, a table says which
// of 63 frames a page has (0: none, an access fault). Memory is an array here rather than calls, so that a cycle stays short.
module tb_core (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic [159:0] in_i,
    output logic [415:0] out_o
);
  logic        i_req, d_req, d_we, sleep;
  logic [31:0] i_addr, d_addr, d_wdata;
  logic [3:0]  d_be;
  logic [31:0] i_rdata_q, d_rdata_q;
  logic [1:0]  i_err_q;
  logic        d_err;
  weir_cpu_pkg::trace_t t;

  weir_cpu u_cpu (
      .clk_i, .rst_ni, .boot_addr_i(boot_q), .i_req_o(i_req), .i_addr_o(i_addr), .i_rdata_i(i_rdata_q),
      .i_err_i(i_err_q), .i_par_i(2'b00), .d_req_o(d_req), .d_we_o(d_we), .d_addr_o(d_addr), .d_wdata_o(d_wdata),
      .d_be_o(d_be), .d_gnt_i(1'b1), .d_err_i(d_err), .d_rdata_i(d_rdata_q), .d_par_i(1'b0),
      .irq_i(in_i[4]), .irq_timer_i(1'b0), .irq_soft_i(1'b0), .sleep_o(sleep), .trace_o(t));

  // in_i: 0 write word, 1 write frame table, 2 go on after a stop, 3 read word (the program runs on), 4 interrupt; words 1 address, 2 data,
  // 3 first instruction, 4 address of tohost (bit 0: there is none)
  logic [31:0] mem [0:16777215];
  logic [5:0]  frame [0:4095];
  logic [31:0] i_addr2;
  logic [31:0] d_mask;
  logic [23:0] d_index;
  logic [31:0] boot_q;
  logic [31:0] word_q;
  logic [5:0]  i_frame, i_frame2, d_frame, h_frame;
  logic        stop_q;
  logic        first_q;
  logic [31:0] latency_q;     // cycles from an interrupt line to the first instruction of its handler
  logic        waiting_q;
  logic [63:0] retired_q;

  assign i_addr2 = i_addr + 32'd2;
  assign i_frame = frame[i_addr[31:20]];
  assign i_frame2 = frame[i_addr2[31:20]];
  assign d_frame = frame[d_addr[31:20]];
  assign h_frame = frame[in_i[63:52]];
  assign d_err = d_frame == '0;
  assign d_mask = {{8{d_be[3]}}, {8{d_be[2]}}, {8{d_be[1]}}, {8{d_be[0]}}};
  assign d_index = {d_frame, d_addr[19:2]};

  always_ff @(posedge clk_i) begin
    boot_q <= in_i[127:96];
    if (i_req) begin
      i_rdata_q <= i_addr[1] ? {mem[{i_frame2, i_addr2[19:2]}][15:0], mem[{i_frame, i_addr[19:2]}][31:16]}
                             : mem[{i_frame, i_addr[19:2]}];
      i_err_q <= {i_frame2 == '0, i_frame == '0};
    end
    if (in_i[3]) word_q <= mem[{h_frame, in_i[51:34]}];
    if (in_i[1]) frame[in_i[63:52]] <= in_i[69:64];
    if (in_i[0]) mem[{h_frame, in_i[51:34]}] <= in_i[95:64];
    if (d_req && !d_err) begin
      if (d_we) mem[d_index] <= (mem[d_index] & ~d_mask) | (d_wdata & d_mask);
      else d_rdata_q <= mem[d_index];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stop_q <= 1'b0;
      first_q <= 1'b0;
      retired_q <= '0;
      waiting_q <= 1'b0;
      latency_q <= '0;
    end else begin
      if (d_req && d_we && d_addr[31:3] == in_i[159:131] && !in_i[128]) stop_q <= 1'b1;
      else if (in_i[2]) stop_q <= 1'b0;
      if (t.valid && !t.trap) retired_q <= retired_q + 64'd1;
      if (in_i[4] && !first_q) begin
        waiting_q <= 1'b1;
        latency_q <= '0;
      end else if (waiting_q) begin
        if (t.valid && t.intr) waiting_q <= 1'b0;
        else latency_q <= latency_q + 32'd1;
      end
      first_q <= in_i[4];
    end
  end

  // Word 0 flags, 1 word read, 2-3 instructions retired, 4 latency, then the trace. All from registers.

  assign out_o[31:0] = {28'b0, t.trap, t.valid, sleep, stop_q};
  assign out_o[63:32] = word_q;
  assign out_o[159:64] = {latency_q, retired_q};
  assign out_o[415:160] = {t.mem_wdata, t.mem_rdata, t.mem_addr, t.rd_data, t.pc_next, t.pc, t.insn,
                           13'b0, t.mem_wmask, t.mem_rmask, t.rd, 6'b0};
  logic unused;
  assign unused = ^{t, in_i[31:5], in_i[33:32], in_i[130:129]};
endmodule
