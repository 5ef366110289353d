// SPDX-License-Identifier: Apache-2.0
// Integer unit of the core: one result a cycle, combinational. One adder also compares; one right shifter also shifts left,
// on the operand turned round.
module weir_cpu_alu (
    input  logic [2:0]  op_i,      // funct3
    input  logic        sub_i,     // SUB, all comparisons; SRA rather than SRL
    input  logic        uns_i,     // compare unsigned
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    output logic [31:0] result_o,
    output logic        eq_o,      // with sub_i
    output logic        lt_o
);
  // Steps of a butterfly: wiring in hardware, few operations in simulation.
  function automatic logic [31:0] turn(input logic [31:0] x);
    turn = ((x >> 1) & 32'h5555_5555) | ((x & 32'h5555_5555) << 1);
    turn = ((turn >> 2) & 32'h3333_3333) | ((turn & 32'h3333_3333) << 2);
    turn = ((turn >> 4) & 32'h0F0F_0F0F) | ((turn & 32'h0F0F_0F0F) << 4);
    turn = ((turn >> 8) & 32'h00FF_00FF) | ((turn & 32'h00FF_00FF) << 8);
    turn = {turn[15:0], turn[31:16]};
  endfunction

  logic [32:0] sum;
  logic [31:0] shift_in;
  logic [32:0] shifted;
  logic        left;

  assign sum = {1'b0, a_i} + {1'b0, b_i ^ {32{sub_i}}} + {32'b0, sub_i};
  assign eq_o = a_i == b_i;
  assign lt_o = (a_i[31] != b_i[31]) ? (uns_i ? b_i[31] : a_i[31]) : !sum[32];

  assign left = !op_i[2];
  assign shift_in = left ? turn(a_i) : a_i;
  assign shifted = $signed({sub_i & !left & a_i[31], shift_in}) >>> b_i[4:0];

  always_comb begin
    case (op_i)
      3'd0: result_o = sum[31:0];
      3'd1: result_o = turn(shifted[31:0]);
      3'd2, 3'd3: result_o = {31'b0, lt_o};
      3'd4: result_o = a_i ^ b_i;
      3'd5: result_o = shifted[31:0];
      3'd6: result_o = a_i | b_i;
      default: result_o = a_i & b_i;
    endcase
  end
endmodule
