// SPDX-License-Identifier: Apache-2.0
// What boot code sets once and nothing changes until the card's reset: the key hash; and the boot ROM's lock, which core 0's
// reset opens, because the core then runs the ROM again. Where the card's key fuses are blown the key hash is theirs from
// the first cycle on. The ROM sets it while it still runs there itself: it falls shut
// behind it, at the first fetch from elsewhere. (The flash's guard is weir_ctrl_guard.)
module weir_ctrl_lock (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        valid_i,      // one cycle an access
    input  logic        we_i,
    input  logic [15:0] addr_i,
    input  logic [31:0] wdata_i,
    output logic [31:0] rdata_o,      // combinational
    input  logic [255:0] key_fuses_i, // 0: not blown
    input  logic        run0_i,       // core 0 is out of reset
    input  logic        fetch_tcm_i,  // core 0 fetches from its TCM
    output logic        rom_open_o
);
  logic         armed_q;
  logic         shut_q;
  logic         began_q;      // fuses were looked at
  logic         fused_q;
  logic [7:0]   written_q;
  logic [255:0] key_q;
  logic         wr, key;
  logic [2:0]   word;

  assign wr = valid_i && we_i;
  assign key = addr_i[15:5] == 11'(weir_abi_pkg::CtrlKeyHashOffset >> 5);
  assign word = addr_i[4:2];
  assign rom_open_o = !shut_q;

  always_comb begin
    rdata_o = 32'd0;
    if (addr_i == 16'(weir_abi_pkg::CtrlLockOffset)) rdata_o = {16'b0, written_q, 6'b0, fused_q, armed_q};
    else if (key) rdata_o = key_q[{word, 5'd0} +: 32];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      armed_q <= 1'b0;
      shut_q <= 1'b0;
      began_q <= 1'b0;
      fused_q <= 1'b0;
      written_q <= '0;
      key_q <= '0;
    end else begin
      if (wr && addr_i == 16'(weir_abi_pkg::CtrlLockOffset) && wdata_i[0]) armed_q <= 1'b1;
      if (armed_q && fetch_tcm_i) shut_q <= 1'b1;
      if (!run0_i) begin
        armed_q <= 1'b0;
        shut_q <= 1'b0;
      end
      began_q <= 1'b1;
      if (!began_q && key_fuses_i != '0) begin
        fused_q <= 1'b1;
        key_q <= key_fuses_i;
        written_q <= '1;
      end else if (wr && key && !written_q[word]) begin
        key_q[{word, 5'd0} +: 32] <= wdata_i;
        written_q[word] <= 1'b1;
      end
    end
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);
  logic        f_rst_q, f_run_q, f_shut_q, f_armed_q, f_out_q;
  logic [7:0]  f_written_q;
  logic [31:0] f_word_q;
  logic        f_began_q;
  logic        f_fused_q;
  logic [255:0] f_fuses_q;
  (* anyconst *) logic [2:0] f_any;
  logic [31:0] f_word;
  assign f_word = key_q[{f_any, 5'd0} +: 32];
  always_ff @(posedge clk_i) begin
    f_rst_q <= rst_ni;
    f_run_q <= run0_i;
    f_shut_q <= shut_q;
    f_armed_q <= armed_q;
    f_out_q <= fetch_tcm_i;
    f_written_q <= written_q;
    f_word_q <= f_word;
    f_began_q <= began_q;
    f_fused_q <= fused_q;
    f_fuses_q <= key_fuses_i;
    if (rst_ni && f_rst_q) assert (began_q);
    if (f_past && rst_ni && f_rst_q) begin
      // A word that is written is that word until the card's reset, whatever comes.
      if (f_written_q[f_any]) assert (written_q[f_any] && f_word == f_word_q);
      // The ROM stays shut while core 0 runs, shuts behind it once it is told to, and is open whenever the core begins.
      if (f_shut_q && f_run_q) assert (!rom_open_o);
      if (f_armed_q && f_out_q && f_run_q) assert (!rom_open_o);
      if (!f_run_q) assert (rom_open_o);
      if (f_armed_q && f_run_q) assert (armed_q);
      // Blown fuses are the key hash before anything can be written.
      if (!f_began_q && f_fuses_q != '0) assert (fused_q && key_q == f_fuses_q && written_q == '1);
      if (f_began_q) assert (fused_q == f_fused_q);
      cover (f_written_q[f_any] && wr && key && word == f_any && wdata_i != f_word);
      cover (f_shut_q && rom_open_o);
    end
  end
`endif
endmodule
