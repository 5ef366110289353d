// SPDX-License-Identifier: Apache-2.0
// Bench wrapper of the flash controller, its guard and SHA-256 as they stand in weir_ctrl: accesses of either core in, pins
// out. An access is held until ack; ack and read data are those of the cycle that the last clock edge ended.
module tb_ctrl_flash (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic [127:0] in_i,
    output logic [159:0] out_o
);
  logic        valid, we, core, sha;
  logic [15:0] addr;
  logic [31:0] wdata;
  logic [1:0]  run;
  logic        flash_ack, sha_ack, flash_busy, sha_busy;
  logic [31:0] flash_rdata, sha_rdata;
  weir_ctrl_pkg::load_t load;
  logic [1:0]  open;
  logic        stream, word_valid, word_ready;
  logic [31:0] word;
  logic        cs, sck;
  logic [3:0]  io, oe;

  assign {sha, core, we, valid} = in_i[3:0];
  assign run = in_i[5:4];
  assign addr = in_i[31:16];
  assign wdata = in_i[63:32];

  weir_ctrl_flash u_flash (
      .clk_i, .rst_ni, .core_i(core), .valid_i(valid && !sha), .we_i(we), .addr_i(addr), .wdata_i(wdata),
      .ack_o(flash_ack), .rdata_o(flash_rdata), .load_o(load), .sha_open_i(open), .sha_stream_o(stream),
      .sha_valid_o(word_valid), .sha_ready_i(word_ready), .sha_word_o(word),
      .cs_o(cs), .sck_o(sck), .io_o(io), .oe_o(oe), .io_i(in_i[67:64]), .busy_o(flash_busy));
  weir_ctrl_sha u_sha (
      .clk_i, .rst_ni, .core_i(core), .valid_i(valid && sha), .we_i(we), .addr_i(addr), .wdata_i(wdata),
      .ack_o(sha_ack), .rdata_o(sha_rdata), .run_i(run), .open_o(open), .stream_i(stream),
      .word_valid_i(word_valid), .word_ready_o(word_ready), .word_i(word), .busy_o(sha_busy));

  logic        ack_q, load_q;
  logic [31:0] rdata_q, load_addr_q, load_data_q;
  always_ff @(posedge clk_i) begin
    ack_q <= valid && (sha ? sha_ack : flash_ack);
    rdata_q <= sha ? sha_rdata : flash_rdata;
    load_q <= load.valid && load.we && load.be == 4'hF;
    load_addr_q <= load.addr;
    load_data_q <= load.wdata;
  end
  logic unused;
  assign unused = ^{in_i[127:68], in_i[15:6]};
  assign out_o = {load_data_q, load_addr_q, rdata_q, 22'b0, oe, io, sck, cs, 28'b0, load_q, sha_busy, flash_busy, ack_q};
endmodule
