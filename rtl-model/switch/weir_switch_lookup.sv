// SPDX-License-Identifier: Apache-2.0
// The card's one point of order. Frames of both sides and CSR commands pass the same stages one by one, never stalling
// inside: admission waits until the queues behind have room for everything under way. Stage 2 alone reads and writes
// filters, flood set and epoch, so a move falls exactly between two frames (rules 3.10). Decides, never touches frame data.
module weir_switch_lookup #(
    parameter int RowW = 9,     // of the tables; smaller for proofs only
    parameter int VidW = 12
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             link_up_i,
    input  logic                             host_in_valid_i,
    output logic                             host_in_ready_o,
    input  weir_switch_pkg::meta_t           host_in_i,
    input  logic                             host_in_room_i,      // forwarding engine and done queues
    input  logic                             wire_in_valid_i,
    output logic                             wire_in_ready_o,
    input  weir_switch_pkg::meta_t           wire_in_i,
    input  logic                             room_i,        // egress queue
    input  logic                             cmd_valid_i,   // one cycle; one command at a time
    input  weir_switch_pkg::cmd_t            cmd_i,         // stable until cmd_done_o
    output logic                             cmd_done_o,
    output logic [7:0]                       epoch_o,
    output logic                             src_read_o,
    output logic [weir_switch_pkg::VpW-1:0]  src_o,
    input  logic [weir_switch_pkg::VpW-1:0]  src_i,         // one cycle behind src_o: who it goes as
    input  weir_switch_pkg::vcfg_t           src_cfg_i,
    input  logic [47:0]                      src_mac_i,
    input  logic [weir_switch_pkg::NumV-1:0] enable_i,
    input  logic [weir_switch_pkg::NumV-1:0] vlan_check_i,
    input  logic [weir_switch_pkg::NumV-1:0] promisc_i,
    input  logic [weir_switch_pkg::NumV-1:0] mirrored_i,
    input  logic                             mirror_on_i,
    input  logic [weir_switch_pkg::VpW-1:0]  mirror_i,
    output logic                             host_in_csum_o,      // the frame being decided needs its checksums
    output logic                             wire_in_csum_o,
    input  weir_switch_pkg::csum_t           host_in_csum_i,
    input  weir_switch_pkg::csum_t           wire_in_csum_i,
    output logic                             entry_valid_o,
    output weir_switch_pkg::entry_t          entry_o,
    output logic                             move_valid_o,
    output weir_switch_pkg::move_t           move_o,
    output logic                             done_valid_o,
    output weir_pkg::tx_done_t               done_o,
    output weir_switch_pkg::look_stat_t      stat_o,
    output logic                             idle_o
);
  localparam int NumV = weir_switch_pkg::NumV;
  localparam int LenW = weir_pkg::LenW;
  localparam int VpW = weir_switch_pkg::VpW;
  localparam int CopyW = weir_switch_pkg::CopyW;

  // ---- Stage 0: choose ----
  logic v1_q, tok1_q, h1_q;
  weir_switch_pkg::meta_t m1_q;
  logic host_in_turn_q, take_h, take_w, take_cmd;
  logic cmd_pend_q, hold;
  logic banks_ready, vlan_ready;
  logic [3:0] bank_ready;

  assign banks_ready = &bank_ready;
  always_comb begin
    take_cmd = cmd_pend_q && room_i && banks_ready && (vlan_ready || !cmd_i.vlan);
    take_h = 1'b0;
    take_w = 1'b0;
    if (room_i && banks_ready && !take_cmd && !hold) begin
      take_h = host_in_valid_i && host_in_room_i && (host_in_turn_q || !wire_in_valid_i);
      take_w = wire_in_valid_i && !take_h;
    end
  end
  // A VLAN change writes a stage later than frames read: none right behind it.
  assign hold = v1_q && tok1_q && cmd_i.vlan;
  assign host_in_ready_o = take_h;
  assign wire_in_ready_o = take_w;

  // ---- Stage 1: hash ----
  logic [61:0] key1;
  logic [35:0] row1, row_any1;
  always_comb begin
    key1 = {2'd1, 12'd0, m1_q.p.dmac};
    if (m1_q.p.has_tag && m1_q.p.tci[11:0] != '0) key1 = {2'd2, m1_q.p.tci[11:0], m1_q.p.dmac};
  end
  weir_switch_hash u_hash (.enable_i(v1_q && !tok1_q), .key_i(key1), .row_any_o(row_any1), .row_o(row1));

  // What a vPort may send from beside its own MAC is in the same table, under a mode and the sender's number (SOURCE).
  logic [35:0] row_src1, unused_row_any_src;
  weir_switch_hash u_hash_src (
      .enable_i(v1_q && h1_q), .key_i({2'd3, 12'(m1_q.vport), m1_q.p.smac}), .row_any_o(unused_row_any_src), .row_o(row_src1));

  // ---- Stage 2: the tables ----
  logic v2_q, tok2_q, h2_q;
  weir_switch_pkg::meta_t m2_q;
  logic [61:0] key2_q;
  logic [35:0] row2_q, row_any2_q, row_src2_q;
  logic wr_key, wr_dst;
  logic [NumV-1:0] flood_q, flood_d;
  logic [7:0] epoch_q, epoch_d;

  always_comb begin
    wr_key = v2_q && tok2_q && cmd_i.filter;
    wr_dst = v2_q && tok2_q && !cmd_i.filter && !cmd_i.vlan && cmd_i.move;
    flood_d = flood_q;
    epoch_d = epoch_q;
    if (v2_q && tok2_q && !cmd_i.filter && !cmd_i.vlan) begin
      if (cmd_i.leave) flood_d[cmd_i.leave_vport] = 1'b0;
      if (cmd_i.join_set) flood_d[cmd_i.join_vport] = 1'b1;
      if (cmd_i.bump) epoch_d = epoch_q + 1'b1;
    end
  end
  assign src_read_o = v2_q && h2_q;
  assign src_o = m2_q.vport;
  assign epoch_o = epoch_q;

  // ---- Stage 3: decide ----
  logic v3_q, tok3_q, h3_q;
  weir_switch_pkg::meta_t m3_q;
  logic [61:0] key3_q;
  logic [7:0] epoch3_q;
  logic [NumV-1:0] members3_q;
  logic [3:0] hit_any, hit_key, hit_src;
  logic [4*VpW-1:0] dst_any, dst_key;

  for (genvar b = 0; b < 4; b++) begin : gen_bank
    weir_switch_bank #(.RowW(RowW)) u_bank (
        .clk_i, .rst_ni, .ready_o(bank_ready[b]), .read_i(v2_q && !tok2_q),
        .row_a_i(row_any2_q[9*b +: RowW]), .row_b_i(row2_q[9*b +: RowW]),
        .read_c_i(v2_q && h2_q), .row_c_i(row_src2_q[9*b +: RowW]),
        .key_a_i({14'b0, m3_q.p.dmac}), .key_b_i(key3_q), .key_c_i({2'd3, 12'(m3_q.vport), m3_q.p.smac}),
        .hit_a_o(hit_any[b]), .hit_b_o(hit_key[b]), .hit_c_o(hit_src[b]), .dst_a_o(dst_any[VpW*b +: VpW]), .dst_b_o(dst_key[VpW*b +: VpW]),
        .wr_key_i(wr_key && cmd_i.slot[10:9] == 2'(b)), .wr_dst_i(wr_dst && cmd_i.slot[10:9] == 2'(b)),
        .wr_row_i(cmd_i.slot[RowW-1:0]), .wr_valid_i(cmd_i.key_valid), .wr_val_i(cmd_i.key), .wr_vport_i(cmd_i.dst));
  end

  logic [NumV-1:0] vlan3;             // vPorts in the frame's VLAN
  logic [NumV-1:0] listed;
  logic [11:0] vid2;
  assign vid2 = tok2_q ? cmd_i.vid : m2_q.p.tci[11:0];
  weir_switch_vlan #(.VidW(VidW)) u_vlan (
      .clk_i, .rst_ni, .ready_o(vlan_ready), .read_i(v2_q), .vid_i(vid2[VidW-1:0]), .members_o(listed),
      .wr_i(v3_q && tok3_q && cmd_i.vlan), .wr_vport_i(cmd_i.dst), .wr_join_i(cmd_i.join_set));

  logic own_src, group, hit, fits_any, fits_key, strip, local_copy, wire_copy, refused, drop;
  logic [VpW-1:0] src, dst, to_any, to_key;
  logic [NumV-1:0] members, others, not_self;
  logic [4:0] reason;
  logic [CopyW-1:0] copies;

  assign src = h3_q ? src_i : '0;
  // A stale id goes as vPort 0 and brings no addresses along.
  assign own_src = m3_q.p.smac == src_mac_i || (hit_src != '0 && src == m3_q.vport);
  assign host_in_csum_o = v3_q && !tok3_q && h3_q;
  assign wire_in_csum_o = v3_q && !tok3_q && !h3_q;
  always_comb begin
    group = m3_q.p.dmac[40];
    vlan3 = '0;
    not_self = '1;
    to_any = '0;
    to_key = '0;
    fits_any = 1'b0;
    fits_key = 1'b0;
    hit = 1'b0;
    strip = 1'b0;
    dst = '0;
    members = '0;
    others = '0;
    local_copy = 1'b0;
    wire_copy = 1'b0;
    refused = 1'b0;
    drop = 1'b0;
    reason = '0;
    copies = '0;
    if (v3_q && !tok3_q) begin
      vlan3 = listed | ~vlan_check_i;
      if (h3_q) not_self[src] = 1'b0;
      // The exact key (rules 3.3, 3.5) goes before ANY_VLAN (3.4). One slot a key; were there two, the lowest bank counts.
      // A filter of a vPort that is not in the frame's VLAN does not match.
      for (int b = 3; b >= 0; b--) if (hit_any[b]) to_any = dst_any[VpW*b +: VpW];
      for (int b = 3; b >= 0; b--) if (hit_key[b]) to_key = dst_key[VpW*b +: VpW];
      fits_any = hit_any != '0 && vlan3[to_any];
      fits_key = hit_key != '0 && vlan3[to_key];
      hit = fits_key || fits_any;
      if (hit) dst = fits_key ? to_key : to_any;
      if (h3_q && !src_cfg_i.enable) begin
        refused = 1'b1;
        reason = 5'(weir_abi_pkg::CntTxDropVport);
      end else if (h3_q && ((src_cfg_i.is_vf && m3_q.p.smac[40]) || (src_cfg_i.check_src && !own_src))) begin
        refused = 1'b1;
        reason = 5'(weir_abi_pkg::CntTxDropSrcMac);
      end else if (h3_q && src_cfg_i.is_vf && (m3_q.p.ctrl || (m3_q.p.reserved && !src_cfg_i.reserved_tx))) begin
        refused = 1'b1;
        reason = 5'(weir_abi_pkg::CntTxDropCtrl);
      end else if (h3_q && (((src_cfg_i.is_vf || src_cfg_i.vlan_check) && m3_q.p.bad_tags)
                            || (src_cfg_i.vlan_check && (!vlan3[src] || (m3_q.p.odd_tags && !src_cfg_i.stags)
                                                         || (src_cfg_i.port_vlan && !m3_q.port_vlan))))) begin
        // Tags nobody may send; not its VLAN, tags that its policy forbids, or one of its own where the port VLAN's
        // belongs (threat T13).
        refused = 1'b1;
        reason = 5'(weir_abi_pkg::CntTxDropVlan);
      end else if (h3_q && m3_q.len > LenW'(weir_abi_pkg::MaxFrame)) begin
        // With the tag that was put in for its port VLAN; its own bytes are the queue block's to judge.
        refused = 1'b1;
        reason = 5'(weir_abi_pkg::CntTxDropLong);
      end else if (group) begin
        members = members3_q & vlan3;
        // vPort 0 hears its own: the parent's software switch rests on this one point of order.
        if (src != '0) members = members & not_self;
        wire_copy = h3_q && link_up_i;
        reason = 5'(weir_abi_pkg::CntTxDropLink);
      end else if (hit) begin
        strip = !fits_key && m3_q.p.has_tag;
        members[dst] = !h3_q || dst != src || dst == '0;
        reason = 5'(weir_abi_pkg::CntTxDropSelf);
      end else if (h3_q) begin
        wire_copy = link_up_i;
        reason = 5'(weir_abi_pkg::CntTxDropLink);
      end else members[0] = members3_q[0] && vlan3[0];
      if (!refused) begin
        if (promisc_i != '0) others = promisc_i & enable_i & vlan3 & not_self;
        if (mirror_on_i && ((h3_q && src_cfg_i.mirrored) || (members & mirrored_i) != '0))
          others[mirror_i] = enable_i[mirror_i] && not_self[mirror_i];
        copies = CopyW'($countones(members | others));
      end
      local_copy = copies != '0;
      drop = !local_copy && !wire_copy;
    end
  end

  // ---- Stage 4: results ----
  logic entry_valid_q, move_valid_q, cmd_done_q;
  weir_switch_pkg::entry_t entry_q, entry_d;
  weir_switch_pkg::move_t move_q;
  weir_pkg::tx_done_t done_q;
  weir_switch_pkg::look_stat_t stat_q;

  always_comb begin
    entry_d = '0;
    if (v3_q && tok3_q) begin
      entry_d.fence = 1'b1;
      entry_d.epoch = epoch_q;
      entry_d.vport = cmd_i.fence_vport;
      entry_d.tuple[31:0] = cmd_i.token;
    end else if (v3_q) begin
      entry_d.skip = !local_copy;
      entry_d.flood = group;
      entry_d.many = group || others != '0;
      entry_d.src_h = h3_q;
      entry_d.has_tag = m3_q.p.has_tag;
      entry_d.l3_ok = h3_q ? host_in_csum_i.l3_ok : wire_in_csum_i.l3_ok;
      entry_d.l4_ok = h3_q ? host_in_csum_i.l4_ok : wire_in_csum_i.l4_ok;
      entry_d.l3_bad = h3_q ? host_in_csum_i.l3_bad : wire_in_csum_i.l3_bad;
      entry_d.l4_bad = h3_q ? host_in_csum_i.l4_bad : wire_in_csum_i.l4_bad;
      entry_d.strip = strip;
      entry_d.epoch = epoch3_q;
      entry_d.vport = dst;
      entry_d.src_vport = src;
      entry_d.len = m3_q.len;
      entry_d.beats = m3_q.beats;
      entry_d.tuple = m3_q.p.tuple;
      entry_d.tci = m3_q.p.tci;
      entry_d.members = members | others;
    end
  end

  assign entry_valid_o = entry_valid_q;
  assign entry_o = entry_q;
  assign move_valid_o = move_valid_q;
  assign move_o = move_q;
  assign done_valid_o = move_valid_q;
  assign done_o = done_q;
  assign stat_o = stat_q;
  assign cmd_done_o = cmd_done_q;
  assign idle_o = banks_ready && !cmd_pend_q && !v1_q && !v2_q && !v3_q && !entry_valid_q && !move_valid_q && !stat_q.valid;

  always_ff @(posedge clk_i) begin
    if (take_h || take_w) m1_q <= take_h ? host_in_i : wire_in_i;
    if (v1_q && !tok1_q) begin
      m2_q <= m1_q;
      key2_q <= key1;
      row2_q <= row1;
      row_any2_q <= row_any1;
      row_src2_q <= row_src1;
    end
    if (v2_q && !tok2_q) begin
      m3_q <= m2_q;
      key3_q <= key2_q;
      epoch3_q <= epoch_q;
      // Frames to the reserved group addresses of 802.1 are between neighbours on a wire: no bridge floods them, and on this
      // side the parent alone is the neighbour.
      members3_q <= ((m2_q.p.reserved ? '0 : flood_q) | NumV'(1)) & enable_i;
    end
    if (v3_q) begin
      entry_q <= entry_d;
      move_q.to_wire <= wire_copy;
      move_q.to_local <= local_copy;
      move_q.csum <= host_in_csum_i;
      move_q.len <= m3_q.len;
      move_q.beats <= m3_q.beats;
      done_q.qp <= m3_q.qp;
      done_q.tag <= m3_q.tag;
      done_q.cpl_req <= m3_q.cpl_req;
      done_q.epoch <= epoch3_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      host_in_turn_q <= 1'b0;
      cmd_pend_q <= 1'b0;
      v1_q <= 1'b0;
      v2_q <= 1'b0;
      v3_q <= 1'b0;
      tok1_q <= 1'b0;
      tok2_q <= 1'b0;
      tok3_q <= 1'b0;
      h1_q <= 1'b0;
      h2_q <= 1'b0;
      h3_q <= 1'b0;
      flood_q <= '0;
      epoch_q <= '0;
      entry_valid_q <= 1'b0;
      move_valid_q <= 1'b0;
      cmd_done_q <= 1'b0;
      stat_q <= '0;
    end else begin
      if (take_h || take_w) host_in_turn_q <= take_w;
      cmd_pend_q <= cmd_valid_i || (cmd_pend_q && !take_cmd);
      v1_q <= take_h || take_w || take_cmd;
      tok1_q <= take_cmd;
      h1_q <= take_h;
      v2_q <= v1_q;
      tok2_q <= tok1_q;
      h2_q <= h1_q;
      v3_q <= v2_q;
      tok3_q <= tok2_q;
      h3_q <= h2_q;
      if (v2_q && tok2_q) begin
        flood_q <= flood_d;
        epoch_q <= epoch_d;
      end
      entry_valid_q <= v3_q && (tok3_q ? !cmd_i.filter && !cmd_i.vlan && cmd_i.fence : local_copy || !h3_q);
      move_valid_q <= v3_q && h3_q;
      cmd_done_q <= v3_q && tok3_q;
      stat_q.valid <= v3_q && !tok3_q;
      if (v3_q && !tok3_q) begin
        stat_q.src_h <= h3_q;
        stat_q.vport <= src;
        stat_q.len <= m3_q.len;
        stat_q.drop <= drop;
        stat_q.reason <= reason;
        stat_q.wire_copy <= wire_copy;
        stat_q.copies <= copies;
      end
    end
  end
endmodule
