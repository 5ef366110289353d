// SPDX-License-Identifier: Apache-2.0
// Bench wrapper of the core alone. Code and data are two memories of 64 KiB that repeat over the address space, so that random
// pointers mostly hit; from 0xE000_0000 on every access fails, from 0xF000_0000 on loads read a word of the bench. The bench
// says each cycle whether the data port may answer, which lines interrupt, and which word read now is to come out damaged.
module tb_cpu (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic [191:0] in_i,
    output logic [319:0] out_o
);
  logic        i_req, d_req, d_we, d_gnt, d_err, sleep;
  logic [31:0] i_addr, d_addr, d_wdata;
  logic [3:0]  d_be;
  logic [31:0] i_rdata_q, d_rdata_q;
  logic [1:0]  i_err_q, i_par_q, i_par_rec_q;
  logic        d_par_q;
  weir_cpu_pkg::trace_t t;

  weir_cpu #(.HartId(5)) u_cpu (
      .clk_i, .rst_ni, .boot_addr_i(in_i[127:96]), .i_req_o(i_req), .i_addr_o(i_addr), .i_rdata_i(i_rdata_q),
      .i_err_i(i_err_q), .i_par_i(i_par_q), .d_req_o(d_req), .d_we_o(d_we), .d_addr_o(d_addr), .d_wdata_o(d_wdata),
      .d_be_o(d_be), .d_gnt_i(d_gnt), .d_err_i(d_err), .d_rdata_i(d_rdata_q), .d_par_i(d_par_q),
      .irq_i(in_i[2]), .irq_timer_i(in_i[1]), .irq_soft_i(in_i[0]), .sleep_o(sleep), .trace_o(t));

  // in_i: 0-2 interrupts, 3 data port may answer, 4-5 damage the halves of a fetch, 6 damage a load, 8 write code,
  // 9 write data, 63:32 address for that, 95:64 word for it or for loads of the device, 127:96 first instruction
  logic [15:0] code [0:32767];
  logic [31:0] data [0:16383];
  logic [31:0] i_addr2;
  assign i_addr2 = i_addr + 32'd2;
  always_ff @(posedge clk_i) begin
    if (in_i[8]) begin
      code[{in_i[47:34], 1'b0}] <= in_i[79:64];
      code[{in_i[47:34], 1'b1}] <= in_i[95:80];
    end
    if (i_req) begin
      i_rdata_q <= {code[i_addr2[15:1]], code[i_addr[15:1]]};
      i_err_q <= {i_addr2[31:29] == 3'b111, i_addr[31:29] == 3'b111};
      i_par_q <= in_i[5:4];
      i_par_rec_q <= i_par_q;
    end
  end

  assign d_gnt = in_i[3];
  assign d_err = d_addr[31:28] == 4'hE;
  always_ff @(posedge clk_i) begin
    if (in_i[9]) data[in_i[47:34]] <= in_i[95:64];
    else if (d_req && d_gnt && d_we && d_addr[31:29] != 3'b111) begin
      if (d_be[0]) data[d_addr[15:2]][7:0] <= d_wdata[7:0];
      if (d_be[1]) data[d_addr[15:2]][15:8] <= d_wdata[15:8];
      if (d_be[2]) data[d_addr[15:2]][23:16] <= d_wdata[23:16];
      if (d_be[3]) data[d_addr[15:2]][31:24] <= d_wdata[31:24];
    end
    if (d_req && d_gnt && !d_we) begin
      d_rdata_q <= (d_addr[31:28] == 4'hF) ? in_i[95:64] : data[d_addr[15:2]];
      d_par_q <= in_i[6];
    end
  end

  // Word 0 first: insn, pc, pc_next, rd_data, mem_addr, mem_rdata, mem_wdata, rs1, rs2, and the small fields.
  assign out_o = {7'b0, sleep, d_par_q, i_par_rec_q, t.intr_cause, t.mem_wmask, t.mem_rmask, t.rd, t.intr, t.trap, t.valid,
                  t.rs2, t.rs1, t.mem_wdata, t.mem_rdata, t.mem_addr, t.rd_data, t.pc_next, t.pc, t.insn};
  logic unused;
  assign unused = ^{in_i[191:128], in_i[31:10], in_i[7], in_i[33:32], in_i[63:48]};
endmodule
