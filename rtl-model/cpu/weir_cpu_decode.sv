// SPDX-License-Identifier: Apache-2.0
// Decodes a 32-bit instruction of RV32IM with Zicsr and Zifencei. Whether a control register exists is for weir_cpu_csr to say.
module weir_cpu_decode (
    input  logic [31:0]         insn_i,
    output weir_cpu_pkg::dec_t  dec_o
);
  logic [2:0]  f3;
  logic [31:0] imm_i;

  assign f3 = insn_i[14:12];
  assign imm_i = {{20{insn_i[31]}}, insn_i[31:20]};

  always_comb begin
    dec_o = '0;
    dec_o.op = f3;
    dec_o.imm = imm_i;
    case (insn_i[6:0])
      7'h37: begin  // LUI
        dec_o.imm = {insn_i[31:12], 12'b0};
        dec_o.no_base = 1'b1;
        dec_o.res = weir_cpu_pkg::ResAgu;
        dec_o.rd_we = 1'b1;
      end
      7'h17: begin  // AUIPC
        dec_o.imm = {insn_i[31:12], 12'b0};
        dec_o.pc_base = 1'b1;
        dec_o.res = weir_cpu_pkg::ResAgu;
        dec_o.rd_we = 1'b1;
      end
      7'h6F: begin  // JAL
        dec_o.imm = {{12{insn_i[31]}}, insn_i[19:12], insn_i[20], insn_i[30:21], 1'b0};
        dec_o.pc_base = 1'b1;
        dec_o.jump = 1'b1;
        dec_o.res = weir_cpu_pkg::ResLink;
        dec_o.rd_we = 1'b1;
      end
      7'h67: begin  // JALR
        dec_o.illegal = f3 != 3'd0;
        dec_o.jump = 1'b1;
        dec_o.res = weir_cpu_pkg::ResLink;
        dec_o.rd_we = 1'b1;
        dec_o.rs1_used = 1'b1;
      end
      7'h63: begin  // branches: the ALU subtracts
        dec_o.illegal = f3[2:1] == 2'b01;
        dec_o.imm = {{20{insn_i[31]}}, insn_i[7], insn_i[30:25], insn_i[11:8], 1'b0};
        dec_o.pc_base = 1'b1;
        dec_o.branch = 1'b1;
        dec_o.sub = 1'b1;
        dec_o.uns = f3[1];
        dec_o.rs1_used = 1'b1;
        dec_o.rs2_used = 1'b1;
      end
      7'h03: begin  // loads
        dec_o.illegal = f3 == 3'd3 || f3[2:1] == 2'b11;
        dec_o.load = 1'b1;
        dec_o.rd_we = 1'b1;
        dec_o.rs1_used = 1'b1;
      end
      7'h23: begin  // stores
        dec_o.illegal = f3[2] || f3 == 3'd3;
        dec_o.imm = {{20{insn_i[31]}}, insn_i[31:25], insn_i[11:7]};
        dec_o.store = 1'b1;
        dec_o.rs1_used = 1'b1;
        dec_o.rs2_used = 1'b1;
      end
      7'h13: begin  // with immediate
        dec_o.illegal = f3[1:0] == 2'b01 && ({insn_i[31], insn_i[29:25]} != '0 || (insn_i[30] && !f3[2]));
        dec_o.use_imm = 1'b1;
        dec_o.sub = f3[2:1] == 2'b01 || (f3 == 3'd5 && insn_i[30]);
        dec_o.uns = f3[0];
        dec_o.rd_we = 1'b1;
        dec_o.rs1_used = 1'b1;
      end
      7'h33: begin
        dec_o.illegal = {insn_i[31], insn_i[29:26]} != '0 || (insn_i[25] && insn_i[30]) ||
            (insn_i[30] && f3 != 3'd0 && f3 != 3'd5);
        dec_o.muldiv = insn_i[25];
        dec_o.res = insn_i[25] ? weir_cpu_pkg::ResMd : weir_cpu_pkg::ResAlu;
        dec_o.sub = f3[2:1] == 2'b01 || insn_i[30];
        dec_o.uns = f3[0];
        dec_o.rd_we = 1'b1;
        dec_o.rs1_used = 1'b1;
        dec_o.rs2_used = 1'b1;
      end
      // FENCE, FENCE.I: one access at a time and no buffer of instructions, so nothing is left to order.
      7'h0F: dec_o.illegal = f3[2:1] != 2'b00;
      7'h73: begin
        if (f3[1:0] != 2'b00) begin
          dec_o.csr = 1'b1;
          dec_o.res = weir_cpu_pkg::ResCsr;
          dec_o.rd_we = 1'b1;
          dec_o.rs1_used = !f3[2];
        end else begin
          case (insn_i[31:7])
            25'h0000000: dec_o.ecall = 1'b1;
            25'h0002000: dec_o.ebreak = 1'b1;
            25'h0604000: dec_o.mret = 1'b1;
            25'h020A000: dec_o.wfi = 1'b1;
            default: dec_o.illegal = 1'b1;
          endcase
        end
      end
      default: dec_o.illegal = 1'b1;
    endcase
  end
endmodule
