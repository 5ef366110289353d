// SPDX-License-Identifier: Apache-2.0
// Proof of threat T13's first half: a vPort that is checked sends from no address but its own and those of its source
// filters, whatever other filters, moves, frames and policies surround it. The whole lookup pipeline with tables of two rows;
// one vPort and one address that is none of its own, any will do; every command that does not store just that source filter.
module switch_source (
    input logic                    clk_i,
    input logic                    host_in_valid_i,
    input logic                    wire_in_valid_i,
    input weir_switch_pkg::meta_t  host_in_any_i,
    input weir_switch_pkg::meta_t  wire_in_any_i,
    input logic                    host_in_room_i,
    input logic                    room_i,
    input logic                    link_up_i,
    input logic                    cmd_any_i,
    input weir_switch_pkg::cmd_t   cmd_new_i,
    input weir_switch_pkg::vcfg_t  cfg_any_i,
    input logic [weir_switch_pkg::VpW-1:0]  as_any_i,
    input logic [weir_switch_pkg::NumV-1:0] enable_i,
    input logic [weir_switch_pkg::NumV-1:0] vlan_check_i,
    input logic [weir_switch_pkg::NumV-1:0] promisc_i,
    input logic [weir_switch_pkg::NumV-1:0] mirrored_i,
    input logic                             mirror_on_i,
    input logic [weir_switch_pkg::VpW-1:0]  mirror_i
);
  localparam int VpW = weir_switch_pkg::VpW;

  localparam logic [47:0] Foreign = 48'h02_57_45_49_52_01;   // any one does: a table of two rows has no more kinds of keys
  localparam logic [47:0] Own = 48'h02_57_45_49_52_02;
  (* anyconst *) logic [VpW-1:0] sender;

  logic started_q = 1'b0;
  logic rst_n, busy_q, valid, done, entry_valid, move_valid;
  logic [61:0] key;
  weir_switch_pkg::cmd_t cmd, cmd_q;
  weir_switch_pkg::vcfg_t src_cfg;
  weir_switch_pkg::entry_t entry;
  weir_switch_pkg::move_t mv;

  assign rst_n = started_q;
  assign key = {2'd3, 12'(sender), Foreign};
  assign valid = rst_n && cmd_any_i && !busy_q;
  assign cmd = busy_q ? cmd_q : cmd_new_i;
  always_comb begin
    src_cfg = cfg_any_i;
    src_cfg.check_src = 1'b1;
  end

  weir_switch_lookup #(.RowW(1), .VidW(1)) u_dut (
      .clk_i, .rst_ni(rst_n), .link_up_i,
      .host_in_valid_i, .host_in_ready_o(), .host_in_i(host_in_any_i), .host_in_room_i, .wire_in_valid_i, .wire_in_ready_o(), .wire_in_i(wire_in_any_i), .room_i,
      .cmd_valid_i(valid), .cmd_i(cmd), .cmd_done_o(done), .epoch_o(),
      .src_read_o(), .src_o(), .src_i(as_any_i), .src_cfg_i(src_cfg), .host_in_csum_o(), .wire_in_csum_o(), .host_in_csum_i('0), .wire_in_csum_i('0),
      .src_mac_i(Own), .enable_i, .vlan_check_i, .promisc_i, .mirrored_i, .mirror_on_i, .mirror_i,
      .entry_valid_o(entry_valid), .entry_o(entry), .move_valid_o(move_valid), .move_o(mv),
      .done_valid_o(), .done_o(), .stat_o(), .idle_o());

  (* hierconn *) wire \u_dut.v1_q , \u_dut.v2_q , \u_dut.v3_q , \u_dut.tok3_q , \u_dut.h3_q ;
  (* hierconn *) wire [$bits(host_in_any_i)-1:0] \u_dut.m3_q ;
  (* hierconn *) wire [1:0] \u_dut.gen_bank[0].u_bank.init_q , \u_dut.gen_bank[1].u_bank.init_q ,
                            \u_dut.gen_bank[2].u_bank.init_q , \u_dut.gen_bank[3].u_bank.init_q ;
  (* hierconn *) wire [62:0] \u_dut.gen_bank[0].u_bank.keys[0] , \u_dut.gen_bank[0].u_bank.keys[1] ,
                             \u_dut.gen_bank[1].u_bank.keys[0] , \u_dut.gen_bank[1].u_bank.keys[1] ,
                             \u_dut.gen_bank[2].u_bank.keys[0] , \u_dut.gen_bank[2].u_bank.keys[1] ,
                             \u_dut.gen_bank[3].u_bank.keys[0] , \u_dut.gen_bank[3].u_bank.keys[1] ;
  (* hierconn *) wire [62:0] \u_dut.gen_bank[0].u_bank.slot_c_q , \u_dut.gen_bank[1].u_bank.slot_c_q ,
                             \u_dut.gen_bank[2].u_bank.slot_c_q , \u_dut.gen_bank[3].u_bank.slot_c_q ;
  weir_switch_pkg::meta_t m3;
  logic [1:0] init [4];
  logic [62:0] keys [8], slot_c [4];
  always_comb begin
    m3 = \u_dut.m3_q ;
    init[0] = \u_dut.gen_bank[0].u_bank.init_q ;
    init[1] = \u_dut.gen_bank[1].u_bank.init_q ;
    init[2] = \u_dut.gen_bank[2].u_bank.init_q ;
    init[3] = \u_dut.gen_bank[3].u_bank.init_q ;
    keys[0] = \u_dut.gen_bank[0].u_bank.keys[0] ;
    keys[1] = \u_dut.gen_bank[0].u_bank.keys[1] ;
    keys[2] = \u_dut.gen_bank[1].u_bank.keys[0] ;
    keys[3] = \u_dut.gen_bank[1].u_bank.keys[1] ;
    keys[4] = \u_dut.gen_bank[2].u_bank.keys[0] ;
    keys[5] = \u_dut.gen_bank[2].u_bank.keys[1] ;
    keys[6] = \u_dut.gen_bank[3].u_bank.keys[0] ;
    keys[7] = \u_dut.gen_bank[3].u_bank.keys[1] ;
    slot_c[0] = \u_dut.gen_bank[0].u_bank.slot_c_q ;
    slot_c[1] = \u_dut.gen_bank[1].u_bank.slot_c_q ;
    slot_c[2] = \u_dut.gen_bank[2].u_bank.slot_c_q ;
    slot_c[3] = \u_dut.gen_bank[3].u_bank.slot_c_q ;
  end

  logic [1:0] init0;
  logic spoofs3, spoofed_q, sends3, sent_q;   // in stage 3, then as its results come out
  assign init0 = init[0];
  assign spoofs3 = \u_dut.v3_q && !\u_dut.tok3_q && \u_dut.h3_q && m3.vport == sender && m3.p.smac == Foreign;
  assign sends3 = \u_dut.v3_q && !\u_dut.tok3_q && \u_dut.h3_q && m3.p.smac != Own;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    assume (!(cmd_new_i.key_valid && cmd_new_i.key == key));
    if (!rst_n) begin
      busy_q <= 1'b0;
      spoofed_q <= 1'b0;
      sent_q <= 1'b0;
    end else begin
      if (valid) begin
        busy_q <= 1'b1;
        cmd_q <= cmd;
      end else if (done) busy_q <= 1'b0;
      spoofed_q <= spoofs3;
      sent_q <= sends3;
      if (spoofed_q) begin
        assert (move_valid && !mv.to_wire && !mv.to_local);
        assert (!entry_valid);
      end
      cover (sent_q && move_valid && mv.to_wire);   // from an address that a source filter gives it

      // What holds inside: the one filter is nowhere.
      if (busy_q) assert (!(cmd_q.key_valid && cmd_q.key == key));
      assert (init0 <= 2'd2);
      if (\u_dut.v1_q || \u_dut.v2_q || \u_dut.v3_q ) assert (init0 == 2'd2);
      for (int b = 0; b < 4; b++) begin
        assert (init[b] == init0);
        for (int r = 0; r < 2; r++) if (init0 > 2'(r)) assert (keys[2*b+r] != {1'b1, key});
        if (spoofs3) assert (slot_c[b] != {1'b1, key});
      end
    end
  end
endmodule
