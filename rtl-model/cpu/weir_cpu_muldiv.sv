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
  // 33 x 33 bits signed; the upper two bits of the product are never asked for.
  logic signed [32:0] a_ext;
  logic signed [32:0] b_ext;
  logic signed [63:0] product;

  assign a_ext = {(op_i[1:0] != 2'd3) & a_i[31], a_i};
  assign b_ext = {!op_i[1] & b_i[31], b_i};
  assign product = a_ext * b_ext;

  logic        busy_q;
  logic        fin_q;
  logic [5:0]  count_q;
  logic [31:0] quot_q;
  logic [31:0] rem_q;
  logic        neg_q;      // the result asked for is negative
  logic        a_neg;
  logic        b_neg;
  logic [32:0] sub;
  logic [31:0] div_out;
  logic [31:0] x;
  logic        flip;
  logic [31:0] signed_x;

  assign a_neg = !op_i[0] && a_i[31];
  assign b_neg = !op_i[0] && b_i[31];
  // The divisor is subtracted by its absolute value. EX holds the operands until done.
  assign sub = {rem_q, quot_q[31]} + ({b_neg, b_i} ^ {33{!b_neg}}) + {32'b0, !b_neg};
  assign div_out = op_i[1] ? rem_q : quot_q;

  // One negation for what goes in and what comes out.
  assign x = fin_q ? div_out : a_i;
  assign flip = fin_q ? neg_q : a_neg;
  assign signed_x = (x ^ {32{flip}}) + {31'b0, flip};
  assign done_o = req_i && (!op_i[2] || fin_q);
  always_comb begin
    if (op_i[2]) result_o = signed_x;
    else result_o = (op_i[1:0] == 2'd0) ? product[31:0] : product[63:32];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      fin_q <= 1'b0;
      count_q <= '0;
    end else if (flush_i || fin_q) begin
      busy_q <= 1'b0;
      fin_q <= 1'b0;
    end else if (busy_q) begin
      count_q <= count_q - 1'b1;
      if (count_q == 6'd1) begin
        busy_q <= 1'b0;
        fin_q <= 1'b1;
      end
    end else if (req_i && op_i[2]) begin
      busy_q <= 1'b1;
      count_q <= 6'd32;
    end
  end

  always_ff @(posedge clk_i) begin
    if (busy_q) begin
      // Restoring division: shift one dividend bit in, subtract when it fits.
      rem_q <= sub[32] ? {rem_q[30:0], quot_q[31]} : sub[31:0];
      quot_q <= {quot_q[30:0], !sub[32]};
    end else if (req_i && !fin_q) begin
      rem_q <= '0;
      quot_q <= signed_x;
      // By zero the loop yields all ones and the dividend, which must not be negated again.
      neg_q <= op_i[1] ? a_neg : (a_neg != b_neg) && (b_i != '0);
    end
  end
endmodule
