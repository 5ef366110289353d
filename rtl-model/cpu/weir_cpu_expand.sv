// SPDX-License-Identifier: Apache-2.0
// Turns a compressed instruction (RV32C without floating point) into the 32-bit one it stands for; passes 32-bit ones
// through. Encodings that the specification reserves, or leaves to extensions that are not here, raise illegal_o.
module weir_cpu_expand (
    input  logic [31:0] insn_i,
    output logic [31:0] insn_o,
    output logic        illegal_o
);
  logic [15:0] c;
  logic [4:0]  rd;     // full register field, also rs1
  logic [4:0]  rs2;
  logic [4:0]  rs1_p;  // three-bit fields name x8 to x15
  logic [4:0]  rs2_p;
  logic [11:0] imm6;   // the 6-bit signed immediate of many

  assign c = insn_i[15:0];
  assign rd = c[11:7];
  assign rs2 = c[6:2];
  assign rs1_p = {2'b01, c[9:7]};
  assign rs2_p = {2'b01, c[4:2]};
  assign imm6 = {{7{c[12]}}, c[6:2]};

  always_comb begin
    illegal_o = 1'b0;
    insn_o = insn_i;
    case ({c[1:0], c[15:13]})
      5'b00_000: begin  // ADDI4SPN
        insn_o = {2'b00, c[10:7], c[12:11], c[5], c[6], 2'b00, 5'd2, 3'b000, rs2_p, 7'h13};
        illegal_o = c[12:5] == '0;
      end
      5'b00_010: insn_o = {5'b0, c[5], c[12:10], c[6], 2'b00, rs1_p, 3'b010, rs2_p, 7'h03};          // LW
      5'b00_110: insn_o = {5'b0, c[5], c[12], rs2_p, rs1_p, 3'b010, c[11:10], c[6], 2'b00, 7'h23};   // SW
      5'b01_000: insn_o = {imm6, rd, 3'b000, rd, 7'h13};                                             // ADDI
      5'b01_001, 5'b01_101:                                                                          // JAL, J
        insn_o = {c[12], c[8], c[10:9], c[6], c[7], c[2], c[11], c[5:3], {9{c[12]}}, 4'b0, !c[15], 7'h6F};
      5'b01_010: insn_o = {imm6, 5'd0, 3'b000, rd, 7'h13};                                           // LI
      5'b01_011: begin
        if (rd == 5'd2) insn_o = {{3{c[12]}}, c[4:3], c[5], c[2], c[6], 4'b0, rd, 3'b000, rd, 7'h13}; // ADDI16SP
        else insn_o = {{15{c[12]}}, c[6:2], rd, 7'h37};                                              // LUI
        illegal_o = {c[12], c[6:2]} == '0;
      end
      5'b01_100: begin
        case (c[11:10])
          2'b00, 2'b01: begin                                                                        // SRLI, SRAI
            insn_o = {1'b0, c[10], 5'b0, rs2, rs1_p, 3'b101, rs1_p, 7'h13};
            illegal_o = c[12];
          end
          2'b10: insn_o = {imm6, rs1_p, 3'b111, rs1_p, 7'h13};                                       // ANDI
          default: begin                                                                             // SUB, XOR, OR, AND
            insn_o = {1'b0, c[6:5] == 2'b00, 5'b0, rs2_p, rs1_p, c[6:5] != 2'b00, c[6], c[6] & c[5], rs1_p, 7'h33};
            illegal_o = c[12];
          end
        endcase
      end
      5'b01_110, 5'b01_111:                                                                          // BEQZ, BNEZ
        insn_o = {{4{c[12]}}, c[6:5], c[2], 5'd0, rs1_p, 2'b00, c[13], c[11:10], c[4:3], c[12], 7'h63};
      5'b10_000: begin                                                                               // SLLI
        insn_o = {7'b0, rs2, rd, 3'b001, rd, 7'h13};
        illegal_o = c[12];
      end
      5'b10_010: begin                                                                               // LWSP
        insn_o = {4'b0, c[3:2], c[12], c[6:4], 2'b00, 5'd2, 3'b010, rd, 7'h03};
        illegal_o = rd == 5'd0;
      end
      5'b10_100: begin
        if (rs2 != 5'd0) insn_o = {7'b0, rs2, c[12] ? rd : 5'd0, 3'b000, rd, 7'h33};                 // ADD, MV
        else if (c[12] && rd == 5'd0) insn_o = 32'h0010_0073;                                        // EBREAK
        else begin                                                                                   // JALR, JR
          insn_o = {12'b0, rd, 3'b000, 4'b0, c[12], 7'h67};
          illegal_o = rd == 5'd0;
        end
      end
      5'b10_110: insn_o = {4'b0, c[8:7], c[12], rs2, 5'd2, 3'b010, c[11:9], 2'b00, 7'h23};           // SWSP
      5'b11_000, 5'b11_001, 5'b11_010, 5'b11_011, 5'b11_100, 5'b11_101, 5'b11_110, 5'b11_111: ;
      default: illegal_o = 1'b1;
    endcase
  end
endmodule
