// SPDX-License-Identifier: Apache-2.0
// Credit of N entities (queue pairs, or functions): bytes granted minus bytes spent, signed, so an entity may go into debt by
// what was fetched together and then waits. Granted by firmware at once, or by the sweep, which visits each entity every N
// cycles and adds what its rate gives in that time, up to 2 KiB (a frame of one MTU) or two visits' worth. Each of the two
// counts has one writer. An entity is unlimited until it is given a rate or a credit.
module weir_queue_bucket #(
    parameter int N = 256  // power of two
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      clear_i,     // clear_idx_i becomes unlimited
    input  logic                      init_i,      // and its counts start at zero
    input  logic [$clog2(N)-1:0]      clear_idx_i,
    input  logic                      grant_i,     // one access a cycle: grant or rate
    input  logic                      rate_i,
    input  logic [$clog2(N)-1:0]      set_idx_i,
    input  logic [31:0]               set_i,       // bytes; or bytes * 256 each N cycles, 24 bits, 0 = unlimited
    output logic [31:0]               left_o,      // of set_idx_i
    input  logic                      spend_i,
    input  logic [$clog2(N)-1:0]      spend_idx_i,
    input  logic [weir_pkg::LenW-1:0] bytes_i,
    input  logic [$clog2(N)-1:0]      idx_i,
    output logic                      limited_o,
    output logic                      ok_o,
    output logic [3:0]                frames_o,    // of 2 KiB that the credit pays for, 1..8
    output logic [N-1:0]              all_o,       // limited
    output logic                      rated_o,     // some entity has a rate: credit comes by itself
    output logic                      again_o,     // again_idx_o has credit again
    output logic [$clog2(N)-1:0]      again_idx_o
);
  localparam int IdxW = $clog2(N);
  localparam logic [31:0] Unlimited = 32'h8000_0000;
  localparam logic [31:0] Mtu = 32'd2048;

  logic [31:0]     granted [0:N-1];
  logic [31:0]     spent [0:N-1];
  logic [23:0]     rate [0:N-1];
  logic [7:0]      part [0:N-1];      // of a byte
  logic [N-1:0]    limited_q;
  logic [N-1:0]    rated_q;
  logic [IdxW-1:0] sweep_q;
  logic [31:0]     base;
  logic [31:0]     left;
  logic [31:0]     sum;
  logic [31:0]     cap;
  logic [31:0]     have;
  logic [31:0]     next;
  logic [24:0]     inc;
  logic            busy;
  logic            visit;

  // What an unlimited entity spent is forgotten when it becomes limited.
  assign base = limited_q[set_idx_i] ? granted[set_idx_i] : spent[set_idx_i];
  assign left_o = granted[set_idx_i] - spent[set_idx_i];
  assign left = granted[idx_i] - spent[idx_i];
  assign all_o = limited_q;
  assign rated_o = rated_q != '0;
  assign limited_o = limited_q[idx_i];
  assign ok_o = !limited_o || (!left[31] && left != '0);
  assign frames_o = (left >= 32'd7 * Mtu) ? 4'd8 : 4'(left[14:11]) + 4'd1;

  assign busy = grant_i || rate_i || clear_i;
  assign visit = rated_q[sweep_q] && !busy;
  always_comb begin
    inc = '0;
    have = '0;
    cap = '0;
    sum = '0;
    next = '0;
    if (visit) begin
      inc = {1'b0, rate[sweep_q]} + 25'(part[sweep_q]);
      have = granted[sweep_q] - spent[sweep_q];
      cap = (32'(inc[24:8]) > (Mtu >> 1)) ? 32'({inc[24:8], 1'b0}) : Mtu;
      sum = have + 32'(inc[24:8]);
      next = (!sum[31] && sum > cap) ? ((!have[31] && have > cap) ? have : cap) : sum;
    end
  end
  assign again_o = visit && (have[31] || have == '0) && !next[31] && next != '0;
  assign again_idx_o = sweep_q;

  always_ff @(posedge clk_i) begin
    if (grant_i) granted[set_idx_i] <= base + set_i;
    else if (rate_i) granted[set_idx_i] <= base;
    else if (visit) granted[sweep_q] <= spent[sweep_q] + next;
    if (clear_i && init_i) spent[clear_idx_i] <= '0;
    else if (spend_i) spent[spend_idx_i] <= spent[spend_idx_i] + 32'(bytes_i);
    if (rate_i) rate[set_idx_i] <= set_i[23:0];
    if (visit) part[sweep_q] <= inc[7:0];
    else if (rate_i) part[set_idx_i] <= '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      limited_q <= '0;
      rated_q <= '0;
      sweep_q <= '0;
    end else begin
      if (!busy) sweep_q <= sweep_q + 1'b1;
      if (grant_i) begin
        limited_q[set_idx_i] <= set_i != Unlimited;
        rated_q[set_idx_i] <= rated_q[set_idx_i] && set_i != Unlimited;
      end
      if (rate_i) begin
        limited_q[set_idx_i] <= set_i[23:0] != '0;
        rated_q[set_idx_i] <= set_i[23:0] != '0;
      end
      if (clear_i) begin
        limited_q[clear_idx_i] <= 1'b0;
        rated_q[clear_idx_i] <= 1'b0;
      end
    end
  end
endmodule
