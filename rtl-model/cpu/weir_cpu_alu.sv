// SPDX-License-Identifier: Apache-2.0
// Integer unit of the core: one result a cycle, combinational. op_i is {funct7[5], funct3} of the instruction, so SUB and SRA
// are told from ADD and SRL by the top bit. Comparisons for branches come out beside the result.
module weir_cpu_alu (
    input  logic [3:0]  op_i,
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    output logic [31:0] result_o,
    output logic        eq_o,
    output logic        lt_o,
    output logic        ltu_o
);
  logic [32:0] sra;

  assign eq_o = a_i == b_i;
  assign ltu_o = a_i < b_i;
  assign lt_o = (a_i[31] != b_i[31]) ? a_i[31] : ltu_o;
  assign sra = $signed({op_i[3] & a_i[31], a_i}) >>> b_i[4:0];

  always_comb begin
    case (op_i[2:0])
      3'd0: result_o = op_i[3] ? a_i - b_i : a_i + b_i;
      3'd1: result_o = a_i << b_i[4:0];
      3'd2: result_o = {31'b0, lt_o};
      3'd3: result_o = {31'b0, ltu_o};
      3'd4: result_o = a_i ^ b_i;
      3'd5: result_o = sra[31:0];
      3'd6: result_o = a_i | b_i;
      default: result_o = a_i & b_i;
    endcase
  end
endmodule
