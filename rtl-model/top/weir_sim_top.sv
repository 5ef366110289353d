// SPDX-License-Identifier: Apache-2.0
// The card behind two flat ports for weir_rtl.h, fields as abi/top.def lays them out. Cuts every combinational path from
// an input to an output with a small FIFO, so that the host side may look first and drive then (see top.def).
module weir_sim_top (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic [weir_top_pkg::InWidth-1:0]  in_i,
    output logic [weir_top_pkg::OutWidth-1:0] out_o
);
  weir_pkg::tlp_t  rx_in, rx_tlp, tx_tlp, tx_out;
  weir_pkg::wire_t wrx_in, wrx_q, wtx, wtx_out;
  logic            rx_valid, rx_ready, rx_in_ready, tx_valid, tx_ready, tx_out_valid;
  logic            wrx_valid_q, wtx_valid, wtx_ready, wtx_out_valid;
  logic [2:0]      unused_rx_level, unused_tx_level, unused_wtx_level;
  logic            flash_cs, flash_sck, console_valid, core0_sleep, core1_sleep, fw_ready, idle, idle_q;
  logic [3:0]      flash_io, flash_oe;
  logic [7:0]      console_char;

  assign rx_in.sop = in_i[weir_top_pkg::InTlpRxFlagsLsb + 1];
  assign rx_in.piggyback = 1'b0;
  assign rx_in.eop = in_i[weir_top_pkg::InTlpRxFlagsLsb + 2];
  assign rx_in.hdr = in_i[weir_top_pkg::InTlpRxHdrLsb +: 128];
  assign rx_in.data = in_i[weir_top_pkg::InTlpRxDataLsb +: 512];
  weir_common_fifo #(.Width($bits(rx_in)), .Depth(4)) u_rx (
      .clk_i, .rst_ni(rst_nq), .valid_i(in_i[weir_top_pkg::InTlpRxFlagsLsb]), .ready_o(rx_in_ready), .data_i(rx_in),
      .valid_o(rx_valid), .ready_i(rx_ready), .data_o(rx_tlp), .level_o(unused_rx_level));
  weir_common_fifo #(.Width($bits(tx_tlp)), .Depth(4)) u_tx (
      .clk_i, .rst_ni(rst_nq), .valid_i(tx_valid), .ready_o(tx_ready), .data_i(tx_tlp),
      .valid_o(tx_out_valid), .ready_i(in_i[weir_top_pkg::InTlpTxReadyLsb]), .data_o(tx_out), .level_o(unused_tx_level));
  weir_common_fifo #(.Width($bits(wtx)), .Depth(4)) u_wtx (
      .clk_i, .rst_ni(rst_nq), .valid_i(wtx_valid), .ready_o(wtx_ready), .data_i(wtx),
      .valid_o(wtx_out_valid), .ready_i(in_i[weir_top_pkg::InWireTxReadyLsb]), .data_o(wtx_out),
      .level_o(unused_wtx_level));

  // Slow inputs and the reset come from registers: what hangs on an input directly is evaluated twice a cycle.
  logic       rst_nq, hot_reset_q, cable_q;
  logic [3:0] flash_io_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) rst_nq <= 1'b0;
    else rst_nq <= 1'b1;
  end
  always_ff @(posedge clk_i) begin
    hot_reset_q <= in_i[weir_top_pkg::InHotResetLsb];
    cable_q <= in_i[weir_top_pkg::InLinkUpLsb];
    flash_io_q <= in_i[weir_top_pkg::InFlashIoLsb +: 4];
  end

  assign wrx_in.sop = in_i[weir_top_pkg::InWireRxFlagsLsb + 1];
  assign wrx_in.eop = in_i[weir_top_pkg::InWireRxFlagsLsb + 2];
  assign wrx_in.err = in_i[weir_top_pkg::InWireRxFlagsLsb + 3];
  assign wrx_in.bytes = in_i[weir_top_pkg::InWireRxBytesLsb +: 7];
  assign wrx_in.data = in_i[weir_top_pkg::InWireRxDataLsb +: 512];
  always_ff @(posedge clk_i or negedge rst_nq) begin
    if (!rst_nq) begin
      wrx_valid_q <= 1'b0;
      idle_q <= 1'b0;
    end else begin
      wrx_valid_q <= in_i[weir_top_pkg::InWireRxFlagsLsb];
      idle_q <= idle && !rx_valid && !tx_out_valid && !wtx_out_valid && !wrx_valid_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (in_i[weir_top_pkg::InWireRxFlagsLsb]) wrx_q <= wrx_in;
  end

  weir_top u_top (
      .clk_i, .rst_ni(rst_nq), .hot_reset_i(hot_reset_q),
      .tlp_rx_valid_i(rx_valid), .tlp_rx_ready_o(rx_ready), .tlp_rx_i(rx_tlp),
      .tlp_tx_valid_o(tx_valid), .tlp_tx_ready_i(tx_ready), .tlp_tx_o(tx_tlp),
      .wire_rx_valid_i(wrx_valid_q), .wire_rx_i(wrx_q),
      .wire_tx_valid_o(wtx_valid), .wire_tx_ready_i(wtx_ready), .wire_tx_o(wtx),
      .cable_i(cable_q),
      .flash_cs_o(flash_cs), .flash_sck_o(flash_sck), .flash_io_o(flash_io), .flash_oe_o(flash_oe),
      .flash_io_i(flash_io_q), .key_fuses_i(in_i[weir_top_pkg::InKeyFusesLsb +: 256]),
      .console_valid_o(console_valid), .console_o(console_char),
      .core0_sleep_o(core0_sleep), .core1_sleep_o(core1_sleep), .fw_ready_o(fw_ready), .idle_o(idle));

  logic       console_valid_q;
  logic [7:0] console_q;
  always_ff @(posedge clk_i or negedge rst_nq) begin
    if (!rst_nq) console_valid_q <= 1'b0;
    else console_valid_q <= console_valid;
  end
  always_ff @(posedge clk_i) begin
    if (console_valid) console_q <= console_char;
  end

`ifdef VERILATOR
  // A test's particle: it spoils the parity of the word behind the one that a core fetches, and takes that back when the
  // input falls, because nobody loads core 1's program again. Nothing but a test writes a memory from outside.
  localparam int TcmW = $clog2(weir_abi_pkg::TcmBytes / 4);
  logic [1:0]      upset_in, upset_q;
  logic [TcmW-1:0] hit0_q, hit1_q;
  assign upset_in = in_i[weir_top_pkg::InUpsetLsb +: 2];
  /* verilator lint_off MULTIDRIVEN */
  always_ff @(posedge clk_i) begin
    upset_q <= upset_in;
    if (upset_in[0] && !upset_q[0]) begin
      hit0_q <= u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1;
      u_top.u_ctrl.u_core0.u_tcm.mem_lo[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1][8] <= !(^u_top.u_ctrl.u_core0.u_tcm.mem_lo[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1][7:0]);
      u_top.u_ctrl.u_core0.u_tcm.mem_hi[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1][8] <= !(^u_top.u_ctrl.u_core0.u_tcm.mem_hi[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1][7:0]);
    end else if (!upset_in[0] && upset_q[0]) begin
      u_top.u_ctrl.u_core0.u_tcm.mem_lo[hit0_q][8] <= ^u_top.u_ctrl.u_core0.u_tcm.mem_lo[hit0_q][7:0];
      u_top.u_ctrl.u_core0.u_tcm.mem_hi[hit0_q][8] <= ^u_top.u_ctrl.u_core0.u_tcm.mem_hi[hit0_q][7:0];
    end
    if (upset_in[1] && !upset_q[1]) begin
      hit1_q <= u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1;
      u_top.u_ctrl.u_core1.u_tcm.mem_lo[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1][8] <= !(^u_top.u_ctrl.u_core1.u_tcm.mem_lo[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1][7:0]);
      u_top.u_ctrl.u_core1.u_tcm.mem_hi[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1][8] <= !(^u_top.u_ctrl.u_core1.u_tcm.mem_hi[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1][7:0]);
    end else if (!upset_in[1] && upset_q[1]) begin
      u_top.u_ctrl.u_core1.u_tcm.mem_lo[hit1_q][8] <= ^u_top.u_ctrl.u_core1.u_tcm.mem_lo[hit1_q][7:0];
      u_top.u_ctrl.u_core1.u_tcm.mem_hi[hit1_q][8] <= ^u_top.u_ctrl.u_core1.u_tcm.mem_hi[hit1_q][7:0];
    end
  end
  // The same with a jump to itself in both halves of the word: the core hangs there, and its reset ends it.
  localparam logic [17:0] Loop = {1'b0, 8'hA0, 1'b1, 8'h01};
  logic [1:0]      loop_in, loop_q, looping_q;
  logic [TcmW-1:0] at0_q, at1_q;
  logic [35:0]     was0_q, was1_q;
  assign loop_in = in_i[weir_top_pkg::InUpsetLsb + 2 +: 2];
  always_ff @(posedge clk_i) begin
    loop_q <= loop_in;
    if (loop_in[0] && !loop_q[0]) begin
      at0_q <= u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1;
      was0_q <= {u_top.u_ctrl.u_core0.u_tcm.mem_hi[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1], u_top.u_ctrl.u_core0.u_tcm.mem_lo[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1]};
      u_top.u_ctrl.u_core0.u_tcm.mem_lo[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1] <= Loop;
      u_top.u_ctrl.u_core0.u_tcm.mem_hi[u_top.u_ctrl.u_core0.u_tcm.i_word + 1'b1] <= Loop;
      looping_q[0] <= 1'b1;
    end else if (looping_q[0] && (!loop_in[0] || !u_top.u_ctrl.run0)) begin
      u_top.u_ctrl.u_core0.u_tcm.mem_lo[at0_q] <= was0_q[17:0];
      u_top.u_ctrl.u_core0.u_tcm.mem_hi[at0_q] <= was0_q[35:18];
      looping_q[0] <= 1'b0;
    end
    if (loop_in[1] && !loop_q[1]) begin
      at1_q <= u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1;
      was1_q <= {u_top.u_ctrl.u_core1.u_tcm.mem_hi[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1], u_top.u_ctrl.u_core1.u_tcm.mem_lo[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1]};
      u_top.u_ctrl.u_core1.u_tcm.mem_lo[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1] <= Loop;
      u_top.u_ctrl.u_core1.u_tcm.mem_hi[u_top.u_ctrl.u_core1.u_tcm.i_word + 1'b1] <= Loop;
      looping_q[1] <= 1'b1;
    end else if (looping_q[1] && (!loop_in[1] || !u_top.u_ctrl.run1)) begin
      u_top.u_ctrl.u_core1.u_tcm.mem_lo[at1_q] <= was1_q[17:0];
      u_top.u_ctrl.u_core1.u_tcm.mem_hi[at1_q] <= was1_q[35:18];
      looping_q[1] <= 1'b0;
    end
  end
  /* verilator lint_on MULTIDRIVEN */
`endif

  // The capture's taps look into the card, which itself has no pins for them. Data only with a beat: a wide bus at rest
  // costs nothing in simulation.
  logic        tap_tx, tap_rx;
  logic [31:0] tap_tx_meta, tap_rx_meta;
  assign tap_tx = u_top.tx_valid && u_top.tx_ready;
  assign tap_rx = u_top.rx_valid && u_top.rx_ready;
  assign tap_tx_meta = {2'b0, 14'(u_top.tx.len), 8'(u_top.tx.vport), 4'b0, u_top.tx.cancel, u_top.tx.eop, u_top.tx.sop,
                        1'b1};
  assign tap_rx_meta = {2'b0, 14'(u_top.rx.len), 8'(u_top.rx.vport), 4'b0, u_top.rx.fence, u_top.rx.eop, u_top.rx.sop,
                        1'b1};

  always_comb begin
    out_o = '0;
    if (tap_tx) begin
      out_o[weir_top_pkg::OutTapTxLsb +: 32] = tap_tx_meta;
      out_o[weir_top_pkg::OutTapTxDataLsb +: 512] = u_top.tx.data;
    end
    if (tap_rx) begin
      out_o[weir_top_pkg::OutTapRxLsb +: 32] = tap_rx_meta;
      out_o[weir_top_pkg::OutTapRxDataLsb +: 512] = u_top.rx.data;
    end
    if (u_top.disposition.valid) out_o[weir_top_pkg::OutTapDispositionLsb +: 16] = {u_top.disposition.reason, 7'b0, 1'b1};
    out_o[weir_top_pkg::OutTlpRxReadyLsb] = rx_in_ready;
    out_o[weir_top_pkg::OutTlpTxFlagsLsb +: 4] = {tx_out.piggyback, tx_out.eop, tx_out.sop, tx_out_valid};
    out_o[weir_top_pkg::OutTlpTxHdrLsb +: 128] = tx_out.hdr;
    out_o[weir_top_pkg::OutTlpTxDataLsb +: 512] = tx_out.data;
    out_o[weir_top_pkg::OutWireTxFlagsLsb +: 3] = {wtx_out.eop, wtx_out.sop, wtx_out_valid};
    out_o[weir_top_pkg::OutWireTxBytesLsb +: 7] = wtx_out.bytes;
    out_o[weir_top_pkg::OutWireTxDataLsb +: 512] = wtx_out.data;
    out_o[weir_top_pkg::OutFlashPinsLsb +: 6] = {flash_io, flash_sck, flash_cs};
    out_o[weir_top_pkg::OutFlashOeLsb +: 4] = flash_oe;
    out_o[weir_top_pkg::OutConsoleLsb +: 9] = {console_valid_q, console_q};
    out_o[weir_top_pkg::OutStatusLsb +: 4] = {fw_ready, core1_sleep, core0_sleep, idle_q};
  end
endmodule
