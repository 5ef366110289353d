// SPDX-License-Identifier: Apache-2.0
// Physical memory protection: four entries, mode OFF or TOR (top of range), 4-byte granularity, locks. Without user mode only
// locked entries bind anybody; the lowest that matches decides, no match permits. Four chained ranges are what firmware
// needs: code, data, stack guard, the rest. pmpaddr holds 30 bits, address bits 31:2; entries 4 to 15 read zero.
module weir_cpu_pmp (
    input  logic        clk_i,
    input  logic        rst_ni,
    // control registers pmpcfg0 and pmpaddr0-3
    input  logic        we_cfg_i,
    input  logic        we_addr_i,
    input  logic [1:0]  sel_i,        // pmpaddr
    input  logic [31:0] wdata_i,
    output logic [31:0] cfg_o,
    output logic [31:0] addr_o,       // pmpaddr of sel_i
    // fetch: the two halves of an instruction word at pc, each for itself
    input  logic [31:0] pc_i,
    input  logic [31:0] pc_next_i,    // pc + 4, used when a 32-bit instruction crosses a word
    output logic [1:0]  fetch_ok_o,
    // load or store
    input  logic [31:0] d_addr_i,
    input  logic        d_we_i,
    output logic        d_ok_o
);
  logic [29:0] addr0_q, addr1_q, addr2_q, addr3_q;
  logic [3:0]  lock_q, tor_q, x_q, w_q, r_q;
  logic [3:0]  fixed;      // pmpaddr that cannot be written
  logic [3:0]  lt_lo, lt_hi, lt_d;

  // First matching entry decides. perm: what each entry permits; below: address is below the entry's top.
  function automatic logic permitted(input logic [3:0] tor, input logic [3:0] below, input logic [3:0] perm);
    logic [3:0] hit;
    hit = tor & below & ~{below[2:0], 1'b0};
    permitted = hit[0] ? perm[0] : hit[1] ? perm[1] : hit[2] ? perm[2] : hit[3] ? perm[3] : 1'b1;
  endfunction

  assign lt_lo = {pc_i[31:2] < addr3_q, pc_i[31:2] < addr2_q, pc_i[31:2] < addr1_q, pc_i[31:2] < addr0_q};
  assign lt_hi = lt_lo & ~({4{pc_i[1]}} & {pc_next_i[31:2] == addr3_q, pc_next_i[31:2] == addr2_q,
                                           pc_next_i[31:2] == addr1_q, pc_next_i[31:2] == addr0_q});
  assign lt_d = {d_addr_i[31:2] < addr3_q, d_addr_i[31:2] < addr2_q, d_addr_i[31:2] < addr1_q, d_addr_i[31:2] < addr0_q};
  // The first test changes no answer; it keeps simulation short for programs that lock nothing.
  assign fetch_ok_o = (lock_q == '0) ? 2'b11 :
      {permitted(tor_q, lt_hi, ~lock_q | x_q), permitted(tor_q, lt_lo, ~lock_q | x_q)};
  assign d_ok_o = (lock_q == '0) || permitted(tor_q, lt_d, ~lock_q | (d_we_i ? w_q : r_q));

  assign fixed = lock_q | {1'b0, lock_q[3:1] & tor_q[3:1]};
  always_comb begin
    for (int i = 0; i < 4; i++) begin
      cfg_o[i*8+:8] = {lock_q[i], 3'b0, tor_q[i], x_q[i], w_q[i], r_q[i]};
    end
    case (sel_i)
      2'd0: addr_o = {2'b0, addr0_q};
      2'd1: addr_o = {2'b0, addr1_q};
      2'd2: addr_o = {2'b0, addr2_q};
      default: addr_o = {2'b0, addr3_q};
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      lock_q <= '0;
      tor_q <= '0;
      x_q <= '0;
      w_q <= '0;
      r_q <= '0;
    end else if (we_cfg_i) begin
      for (int i = 0; i < 4; i++) begin
        if (!lock_q[i]) begin
          lock_q[i] <= wdata_i[i*8+7];
          tor_q[i] <= wdata_i[i*8+3+:2] == 2'd1;
          x_q[i] <= wdata_i[i*8+2];
          w_q[i] <= wdata_i[i*8+1] && wdata_i[i*8];  // write without read is reserved
          r_q[i] <= wdata_i[i*8];
        end
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      addr0_q <= '0;
      addr1_q <= '0;
      addr2_q <= '0;
      addr3_q <= '0;
    end else if (we_addr_i && !fixed[sel_i]) begin
      case (sel_i)
        2'd0: addr0_q <= wdata_i[29:0];
        2'd1: addr1_q <= wdata_i[29:0];
        2'd2: addr2_q <= wdata_i[29:0];
        default: addr3_q <= wdata_i[29:0];
      endcase
    end
  end
endmodule
