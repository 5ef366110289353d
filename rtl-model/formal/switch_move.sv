// SPDX-License-Identifier: Apache-2.0
// Proof of property P9 (threats.md): a unicast frame has one owner, and it is the one its epoch's table names, whatever
// frames, moves and fences surround it and however many there were (rules 3.10). The whole lookup pipeline with tables of
// two rows; one filter in one of its slots; frames of both sides to its MAC, moves at any time. Nothing else may be in the
// tables: firmware keeps keys unique (rules 3.6).
//
// By induction: the second part says what holds of each stage of the pipeline in every cycle, so that each cycle follows
// from the one before it. Its names are the ones inside weir_switch_lookup; `hierconn` joins them when the design is flattened.
module switch_move (
    input logic                    clk_i,
    input logic                    host_in_valid_i,
    input logic                    wire_in_valid_i,
    input weir_switch_pkg::meta_t  host_in_any_i,
    input weir_switch_pkg::meta_t  wire_in_any_i,
    input logic                    host_in_room_i,
    input logic                    room_i,
    input logic                    link_up_i,
    input logic                    cmd_any_i,
    input weir_switch_pkg::cmd_t   cmd_new_i
);
  localparam int VpW = weir_switch_pkg::VpW;
  localparam logic [VpW-1:0] Sender = '1;   // no filter leads to it, so that no frame is its own

  localparam logic [47:0] Mac = 48'h02_57_45_49_52_01;   // any one does: a table of two rows has no more kinds of keys
  localparam logic [61:0] Key = {2'd1, 12'd0, Mac};
  (* anyconst *) logic [1:0] bank;

  logic started_q = 1'b0;
  logic rst_n, filter_set_q, busy_q, valid, done;
  localparam logic [weir_pkg::LenW-1:0] MaxLen = weir_pkg::LenW'(weir_abi_pkg::MaxFrame);
  weir_switch_pkg::meta_t h, w;
  weir_switch_pkg::cmd_t cmd, cmd_q;
  weir_switch_pkg::vcfg_t src_cfg;
  weir_switch_pkg::entry_t entry;
  weir_switch_pkg::move_t mv;
  logic [35:0] row_any, row;
  logic host_in_ready, wire_in_ready, entry_valid, move_valid, first_cmd;
  logic [7:0] epoch;
  logic [7:0] issued_q;                     // epoch of the last move given out
  logic [4*VpW-1:0] owner_q;                // by epoch mod 4: no frame inside is older
  logic [3:0] inside_q;

  assign rst_n = started_q;
  weir_switch_hash u_hash (.enable_i(1'b1), .key_i(Key), .row_any_o(row_any), .row_o(row));

  // Frames to the one MAC, untagged, none too long, which is a reason to drop; what the tables do not look at is free.
  always_comb begin
    h = host_in_any_i;
    h.p.dmac = Mac;
    h.p.has_tag = 1'b0;
    h.p.tci = '0;
    h.p.ctrl = 1'b0;
    h.p.tuple = '0;
    h.vport = Sender;
    if (h.len > MaxLen) h.len = MaxLen;
    w = wire_in_any_i;
    w.p.dmac = Mac;
    w.p.has_tag = 1'b0;
    w.p.tci = '0;
    w.p.tuple = '0;
    if (w.len > MaxLen) w.len = MaxLen;
    src_cfg = '0;
    src_cfg.enable = 1'b1;
  end

  // The first command stores the filter, all later ones are moves of it, each with or without flood changes and a fence.
  assign first_cmd = !filter_set_q;
  assign valid = rst_n && cmd_any_i && !busy_q;
  always_comb begin
    cmd = cmd_new_i;
    cmd.filter = first_cmd;
    cmd.vlan = 1'b0;
    cmd.slot = {bank, 9'b0};
    cmd.slot[0] = row[9*bank];
    cmd.key = Key;
    cmd.key_valid = 1'b1;
    cmd.bump = 1'b1;
    cmd.move = 1'b1;
    if (busy_q) cmd = cmd_q;
  end

  logic storing;                            // the filter is on its way into the table
  assign storing = busy_q && cmd_q.filter;
  weir_switch_lookup #(.RowW(1), .VidW(1)) u_dut (
      .clk_i, .rst_ni(rst_n), .link_up_i,
      .host_in_valid_i(host_in_valid_i && filter_set_q && !storing), .host_in_ready_o(host_in_ready), .host_in_i(h), .host_in_room_i,
      .wire_in_valid_i(wire_in_valid_i && filter_set_q && !storing), .wire_in_ready_o(wire_in_ready), .wire_in_i(w), .room_i,
      .cmd_valid_i(valid), .cmd_i(cmd), .cmd_done_o(done), .epoch_o(epoch),
      .src_read_o(), .src_o(), .src_i(Sender), .src_cfg_i(src_cfg), .host_in_csum_o(), .wire_in_csum_o(), .host_in_csum_i('0), .wire_in_csum_i('0), .src_mac_i(48'b0), .enable_i('1),
      .vlan_check_i('0), .promisc_i('0), .mirrored_i('0), .mirror_on_i(1'b0), .mirror_i('0),
      .entry_valid_o(entry_valid), .entry_o(entry), .move_valid_o(move_valid), .move_o(mv),
      .done_valid_o(), .done_o(), .stat_o(), .idle_o());

  logic takes, host_in_took, wire_in_took;
  assign host_in_took = host_in_valid_i && host_in_ready;
  assign wire_in_took = wire_in_valid_i && wire_in_ready;
  assign takes = host_in_took || wire_in_took;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!rst_n) begin
      filter_set_q <= 1'b0;
      busy_q <= 1'b0;
      issued_q <= '0;
      owner_q <= '0;
      inside_q <= '0;
    end else begin
      if (valid) begin
        busy_q <= 1'b1;
        cmd_q <= cmd;
        filter_set_q <= 1'b1;
        if (cmd.filter) owner_q[0 +: VpW] <= cmd.dst;
        else begin
          issued_q <= issued_q + 1'b1;
          owner_q[VpW*2'(issued_q + 8'd1) +: VpW] <= cmd.dst;
        end
      end else if (done) busy_q <= 1'b0;
      inside_q <= inside_q + 4'(takes) - 4'(entry_valid && !entry.fence);

      if (entry_valid && !entry.fence) begin
        assert (inside_q != '0);                                   // none comes twice
        assert (!entry.skip && !entry.many);                       // one receiver, on the card
        assert (entry.epoch == epoch || entry.epoch == epoch - 8'd1);
        assert (entry.vport == owner_q[VpW*entry.epoch[1:0] +: VpW]);
        if (move_valid) assert (mv.to_local && !mv.to_wire);       // and not on the wire beside it
      end
      assert (!(host_in_took && wire_in_took));                                // one frame at a time
      assert (inside_q <= 4'd4);                                   // none is lost: the pipeline holds no more
      cover (entry_valid && !entry.fence && entry.epoch == 8'd1 && entry.vport != owner_q[0 +: VpW]);
    end
    assume (cmd_new_i.dst != Sender);
  end

  // ---- What holds inside in every cycle ----
  (* hierconn *) wire \u_dut.cmd_pend_q , \u_dut.cmd_done_q ;
  (* hierconn *) wire \u_dut.v1_q , \u_dut.v2_q , \u_dut.v3_q , \u_dut.tok1_q , \u_dut.tok2_q , \u_dut.tok3_q ;
  (* hierconn *) wire [$bits(h)-1:0] \u_dut.m1_q , \u_dut.m2_q , \u_dut.m3_q ;
  (* hierconn *) wire [61:0] \u_dut.key2_q , \u_dut.key3_q ;
  (* hierconn *) wire [35:0] \u_dut.row2_q , \u_dut.row_any2_q ;
  (* hierconn *) wire [7:0] \u_dut.epoch3_q ;
  weir_switch_pkg::meta_t m1, m2, m3;
  assign m1 = \u_dut.m1_q ;
  assign m2 = \u_dut.m2_q ;
  assign m3 = \u_dut.m3_q ;

  logic t1, t2, t3, f1, f2, f3, e, landed, stored;
  assign t1 = \u_dut.v1_q && \u_dut.tok1_q ;
  assign t2 = \u_dut.v2_q && \u_dut.tok2_q ;
  assign t3 = \u_dut.v3_q && \u_dut.tok3_q ;
  assign f1 = \u_dut.v1_q && !\u_dut.tok1_q ;
  assign f2 = \u_dut.v2_q && !\u_dut.tok2_q ;
  assign f3 = \u_dut.v3_q && !\u_dut.tok3_q ;
  assign e = entry_valid && !entry.fence;
  assign landed = t3 || \u_dut.cmd_done_q ;               // the command has been through stage 2
  assign stored = filter_set_q && !(storing && !landed);

  logic plain1, plain2, plain3;              // as made above
  assign plain1 = m1.p.dmac == Mac && !m1.p.has_tag && m1.p.tci == '0 && m1.len <= MaxLen;
  assign plain2 = m2.p.dmac == Mac && !m2.p.has_tag && m2.p.tci == '0 && m2.len <= MaxLen;
  assign plain3 = m3.p.dmac == Mac && !m3.p.has_tag && m3.p.tci == '0 && m3.len <= MaxLen;

  (* hierconn *) wire [1:0] \u_dut.gen_bank[0].u_bank.init_q , \u_dut.gen_bank[1].u_bank.init_q ,
                            \u_dut.gen_bank[2].u_bank.init_q , \u_dut.gen_bank[3].u_bank.init_q ;
  (* hierconn *) wire [62:0] \u_dut.gen_bank[0].u_bank.keys[0] , \u_dut.gen_bank[0].u_bank.keys[1] ,
                             \u_dut.gen_bank[1].u_bank.keys[0] , \u_dut.gen_bank[1].u_bank.keys[1] ,
                             \u_dut.gen_bank[2].u_bank.keys[0] , \u_dut.gen_bank[2].u_bank.keys[1] ,
                             \u_dut.gen_bank[3].u_bank.keys[0] , \u_dut.gen_bank[3].u_bank.keys[1] ;
  (* hierconn *) wire [VpW-1:0] \u_dut.gen_bank[0].u_bank.dsts[0] , \u_dut.gen_bank[0].u_bank.dsts[1] ,
                                \u_dut.gen_bank[1].u_bank.dsts[0] , \u_dut.gen_bank[1].u_bank.dsts[1] ,
                                \u_dut.gen_bank[2].u_bank.dsts[0] , \u_dut.gen_bank[2].u_bank.dsts[1] ,
                                \u_dut.gen_bank[3].u_bank.dsts[0] , \u_dut.gen_bank[3].u_bank.dsts[1] ;
  (* hierconn *) wire [62:0] \u_dut.gen_bank[0].u_bank.slot_a_q , \u_dut.gen_bank[1].u_bank.slot_a_q ,
                             \u_dut.gen_bank[2].u_bank.slot_a_q , \u_dut.gen_bank[3].u_bank.slot_a_q ;
  (* hierconn *) wire [62:0] \u_dut.gen_bank[0].u_bank.slot_b_q , \u_dut.gen_bank[1].u_bank.slot_b_q ,
                             \u_dut.gen_bank[2].u_bank.slot_b_q , \u_dut.gen_bank[3].u_bank.slot_b_q ;
  (* hierconn *) wire [VpW-1:0] \u_dut.gen_bank[0].u_bank.dst_b_q , \u_dut.gen_bank[1].u_bank.dst_b_q ,
                                \u_dut.gen_bank[2].u_bank.dst_b_q , \u_dut.gen_bank[3].u_bank.dst_b_q ;
  logic [1:0] init [4];
  logic [62:0] keys [8], slot_a [4], slot_b [4];
  logic [VpW-1:0] dsts [8], dst_b [4];
  logic [1:0] init0;
  always_comb begin
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
    dsts[0] = \u_dut.gen_bank[0].u_bank.dsts[0] ;
    dsts[1] = \u_dut.gen_bank[0].u_bank.dsts[1] ;
    dsts[2] = \u_dut.gen_bank[1].u_bank.dsts[0] ;
    dsts[3] = \u_dut.gen_bank[1].u_bank.dsts[1] ;
    dsts[4] = \u_dut.gen_bank[2].u_bank.dsts[0] ;
    dsts[5] = \u_dut.gen_bank[2].u_bank.dsts[1] ;
    dsts[6] = \u_dut.gen_bank[3].u_bank.dsts[0] ;
    dsts[7] = \u_dut.gen_bank[3].u_bank.dsts[1] ;
    slot_a[0] = \u_dut.gen_bank[0].u_bank.slot_a_q ;
    slot_a[1] = \u_dut.gen_bank[1].u_bank.slot_a_q ;
    slot_a[2] = \u_dut.gen_bank[2].u_bank.slot_a_q ;
    slot_a[3] = \u_dut.gen_bank[3].u_bank.slot_a_q ;
    slot_b[0] = \u_dut.gen_bank[0].u_bank.slot_b_q ;
    slot_b[1] = \u_dut.gen_bank[1].u_bank.slot_b_q ;
    slot_b[2] = \u_dut.gen_bank[2].u_bank.slot_b_q ;
    slot_b[3] = \u_dut.gen_bank[3].u_bank.slot_b_q ;
    dst_b[0] = \u_dut.gen_bank[0].u_bank.dst_b_q ;
    dst_b[1] = \u_dut.gen_bank[1].u_bank.dst_b_q ;
    dst_b[2] = \u_dut.gen_bank[2].u_bank.dst_b_q ;
    dst_b[3] = \u_dut.gen_bank[3].u_bank.dst_b_q ;
  end
  assign init0 = init[0];

  logic [VpW-1:0] owner;                    // what the table says now
  assign owner = owner_q[VpW*epoch[1:0] +: VpW];

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      // One command at a time, in one place; it is one of those made above.
      assert (3'(\u_dut.cmd_pend_q ) + 3'(t1) + 3'(t2) + 3'(t3) + 3'(\u_dut.cmd_done_q ) == 3'(busy_q));
      if (busy_q) begin
        assert (filter_set_q && !cmd_q.vlan && cmd_q.key == Key && cmd_q.key_valid && cmd_q.bump && cmd_q.move);
        assert (cmd_q.slot == {bank, 8'b0, row[9*bank]});
        assert (cmd_q.dst == owner_q[VpW*issued_q[1:0] +: VpW]);
        if (cmd_q.filter) assert (issued_q == '0);
      end
      if (!filter_set_q) assert (issued_q == '0);
      for (int i = 0; i < 4; i++) assert (owner_q[VpW*i +: VpW] != Sender);
      assert (epoch == issued_q - 8'(busy_q && !cmd_q.filter && !landed));

      // Tables: the one filter in its slot as soon as it is stored, elsewhere nothing.
      assert (init0 <= 2'd2);
      if (stored || t1 || t2 || landed || f1 || f2 || f3) assert (init0 == 2'd2);
      for (int b = 0; b < 4; b++) begin
        assert (init[b] == init0);
        for (int r = 0; r < 2; r++) begin
          if (stored && bank == 2'(b) && row[9*b] == 1'(r)) begin
            assert (keys[2*b+r] == {1'b1, Key});
            assert (dsts[2*b+r] == owner);
          end else if (init0 > 2'(r)) assert (keys[2*b+r] == '0);
        end
      end

      // Frames: as they were made, with what the table said when they read it.
      if (f1 || f2 || f3 || e) assert (filter_set_q && !storing);
      if (f1) assert (plain1);
      if (f2) assert (plain2 && \u_dut.key2_q == Key && \u_dut.row2_q == row && \u_dut.row_any2_q == row_any);
      if (f3) begin
        assert (plain3 && \u_dut.key3_q == Key && \u_dut.epoch3_q == epoch);
        for (int b = 0; b < 4; b++) begin
          assert (slot_a[b] == '0 || slot_a[b] == {1'b1, Key});
          assert (slot_b[b] == (bank == 2'(b) ? {1'b1, Key} : 63'b0));
          if (bank == 2'(b)) assert (dst_b[b] == owner);
        end
      end
      if (e) assert (entry.epoch == epoch - 8'(t3));
      assert (inside_q == 4'(f1) + 4'(f2) + 4'(f3) + 4'(e));
    end
  end
endmodule
