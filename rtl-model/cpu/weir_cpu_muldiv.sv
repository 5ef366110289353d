// SPDX-License-Identifier: Apache-2.0
// Multiply and divide unit (RV32M). Multiplication answers in the cycle of the request; division takes 34 cycles, one bit
// each, with the results the specification gives for division by zero and overflow. op_i is funct3.
module weir_cpu_muldiv (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        req_i,     // held until done_o
    input  logic        flush_i,   // forget a division under way
    input  logic [2:0]  op_i,
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    output logic        done_o,
    output logic [31:0] result_o
);
  logic [65:0] product;
  logic        a_neg;
  logic        b_neg;

  assign product = $signed({(op_i != 3'd3) & a_i[31], a_i}) * $signed({(op_i[1] == 1'b0) & b_i[31], b_i});

  logic        busy_q;
  logic        fin_q;
  logic [5:0]  count_q;
  logic [31:0] quot_q;
  logic [31:0] rem_q;
  logic [31:0] div_q;
  logic        quot_neg_q;
  logic        rem_neg_q;
  logic [32:0] sub;

  assign a_neg = !op_i[0] && a_i[31];
  assign b_neg = !op_i[0] && b_i[31];
  assign sub = {rem_q, quot_q[31]} - {1'b0, div_q};

  assign done_o = req_i && (!op_i[2] || fin_q);
  always_comb begin
    if (!op_i[2]) result_o = (op_i[1:0] == 2'd0) ? product[31:0] : product[63:32];
    else if (!op_i[1]) result_o = quot_neg_q ? -quot_q : quot_q;
    else result_o = rem_neg_q ? -rem_q : rem_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      fin_q <= 1'b0;
      count_q <= '0;
      quot_q <= '0;
      rem_q <= '0;
      div_q <= '0;
      quot_neg_q <= 1'b0;
      rem_neg_q <= 1'b0;
    end else if (flush_i || fin_q) begin
      busy_q <= 1'b0;
      fin_q <= 1'b0;
    end else if (busy_q) begin
      // Restoring division: shift one dividend bit in, subtract when it fits.
      rem_q <= sub[32] ? {rem_q[30:0], quot_q[31]} : sub[31:0];
      quot_q <= {quot_q[30:0], !sub[32]};
      count_q <= count_q - 1'b1;
      if (count_q == 6'd1) begin
        busy_q <= 1'b0;
        fin_q <= 1'b1;
      end
    end else if (req_i && op_i[2]) begin
      busy_q <= 1'b1;
      count_q <= 6'd32;
      rem_q <= '0;
      quot_q <= a_neg ? -a_i : a_i;
      div_q <= b_neg ? -b_i : b_i;
      // By zero the loop yields all ones and the dividend, which must not be negated again.
      quot_neg_q <= (a_neg != b_neg) && (b_i != '0);
      rem_neg_q <= a_neg;
    end
  end
endmodule
