// SPDX-License-Identifier: Apache-2.0
// Proof of property P9 (threats.md): a unicast frame has one owner, and it is the one its epoch's table names, whatever
// frames, moves and fences surround it (rules 3.10). The whole lookup pipeline with tables of two rows; one filter in one
// of its slots; frames of both sides to its MAC, moves at any time. Nothing else may be in the tables: firmware keeps keys
// unique (rules 3.6). Checked over every interleaving in the cycles after reset that
// the run names; it is no induction.
module switch_move (
    input logic                    clk_i,
    input logic                    h_valid_i,
    input logic                    w_valid_i,
    input weir_switch_pkg::meta_t  h_any_i,
    input weir_switch_pkg::meta_t  w_any_i,
    input logic                    h_room_i,
    input logic                    room_i,
    input logic                    link_up_i,
    input logic                    cmd_any_i,
    input weir_switch_pkg::cmd_t   cmd_new_i
);
  localparam int VpW = weir_switch_pkg::VpW;
  localparam logic [VpW-1:0] Sender = '1;   // no filter leads to it, so that no frame is its own

  localparam logic [47:0] Mac = 48'h02_57_45_49_52_01;   // any one does: a table of two rows has no more kinds of keys
  (* anyconst *) logic [1:0] bank;
  (* anyconst *) logic [VpW-1:0] first;     // owner before any move

  logic started_q = 1'b0;
  logic rst_n, filter_set_q, busy_q, valid, done;
  weir_switch_pkg::meta_t h, w;
  weir_switch_pkg::cmd_t cmd, cmd_q;
  weir_switch_pkg::vcfg_t src_cfg;
  weir_switch_pkg::entry_t entry;
  weir_switch_pkg::move_t mv;
  logic [35:0] row_any, row;
  logic h_ready, w_ready, entry_valid, move_valid, first_cmd;
  logic [7:0] epoch;
  logic [1:0] issued_q;                     // epochs given out by moves so far
  logic [4*VpW-1:0] owner_q;                // by epoch
  logic [3:0] inside_q;

  assign rst_n = started_q;
  weir_switch_hash u_hash (.enable_i(1'b1), .key_i({2'd1, 12'd0, Mac}), .row_any_o(row_any), .row_o(row));

  // Frames to the one MAC, untagged; what the tables do not look at is free.
  always_comb begin
    h = h_any_i;
    h.p.dmac = Mac;
    h.p.has_tag = 1'b0;
    h.p.tci = '0;
    h.p.ctrl = 1'b0;
    h.p.tuple = '0;
    h.vport = Sender;
    w = w_any_i;
    w.p.dmac = Mac;
    w.p.has_tag = 1'b0;
    w.p.tci = '0;
    w.p.tuple = '0;
    src_cfg = '0;
    src_cfg.enable = 1'b1;
  end

  // The first command stores the filter, all later ones are moves of it, each with or without flood changes and a fence.
  assign first_cmd = !filter_set_q;
  assign valid = rst_n && cmd_any_i && !busy_q && issued_q != 2'd3;
  always_comb begin
    cmd = cmd_new_i;
    cmd.filter = first_cmd;
    cmd.vlan = 1'b0;
    cmd.slot = {bank, 9'b0};
    cmd.slot[0] = row[9*bank];
    cmd.key = {2'd1, 12'd0, Mac};
    cmd.key_valid = 1'b1;
    cmd.bump = 1'b1;
    cmd.move = 1'b1;
    if (first_cmd) cmd.dst = first;
    if (busy_q) cmd = cmd_q;
  end

  weir_switch_lookup #(.RowW(1), .VidW(1)) u_dut (
      .clk_i, .rst_ni(rst_n), .link_up_i,
      .h_valid_i(h_valid_i && filter_set_q && !(busy_q && cmd_q.filter)), .h_ready_o(h_ready), .h_i(h), .h_room_i,
      .w_valid_i(w_valid_i && filter_set_q && !(busy_q && cmd_q.filter)), .w_ready_o(w_ready), .w_i(w), .room_i,
      .cmd_valid_i(valid), .cmd_i(cmd), .cmd_done_o(done), .epoch_o(epoch),
      .src_read_o(), .src_o(), .src_i(Sender), .src_cfg_i(src_cfg), .h_csum_o(), .w_csum_o(), .h_csum_i('0), .w_csum_i('0), .src_mac_i(48'b0), .enable_i('1),
      .vlan_check_i('0), .promisc_i('0), .mirrored_i('0), .mirror_on_i(1'b0), .mirror_i('0),
      .entry_valid_o(entry_valid), .entry_o(entry), .move_valid_o(move_valid), .move_o(mv),
      .done_valid_o(), .done_o(), .stat_o(), .idle_o());

  logic takes;
  assign takes = (h_valid_i && h_ready) || (w_valid_i && w_ready);

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
          owner_q[VpW*(issued_q + 2'd1) +: VpW] <= cmd.dst;
        end
      end else if (done) busy_q <= 1'b0;
      inside_q <= inside_q + 4'(takes) - 4'(entry_valid && !entry.fence);

      if (entry_valid && !entry.fence) begin
        assert (inside_q != '0);                                   // none comes twice
        assert (!entry.skip && !entry.many);                       // one receiver, on the card
        assert (entry.epoch <= {6'b0, issued_q});
        assert (entry.vport == owner_q[VpW*entry.epoch[1:0] +: VpW]);
        if (move_valid) assert (mv.to_local && !mv.to_wire);       // and not on the wire beside it
      end
      assert (inside_q <= 4'd5);                                   // none is lost: the pipeline holds no more
      cover (entry_valid && !entry.fence && entry.epoch == 8'd1 && entry.vport != owner_q[0 +: VpW]);
    end
    assume (first != Sender);
    assume (cmd_new_i.dst != Sender);
  end
endmodule
