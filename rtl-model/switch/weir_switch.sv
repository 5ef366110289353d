// SPDX-License-Identifier: Apache-2.0
// The NIC switch: wiring of its parts. H = frames from host queues, W = frames from the wire.
//
//   tx -> ingress H --meta--+-> lookup -+-> entries (one ordered queue) -> egress -> rx, fences, copies
//   port_rx -> ingress W --meta-+           +-> moves -> forwarding engine: H FIFO -> wire FIFO -> port_tx, and -> local FIFO -> egress
//
// Order is made in the lookup and kept by every queue behind it.
module weir_switch (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   tx_valid_i,
    output logic                   tx_ready_o,
    output logic                   tx_low_o,     // few beats of tx are inside: what can wait need not wait in here
    input  weir_pkg::tx_frame_t    tx_i,
    output logic                   done_valid_o,
    input  logic                   done_ready_i,
    output weir_pkg::tx_done_t     done_o,
    output logic                   rx_valid_o,
    input  logic                   rx_ready_i,
    output weir_pkg::rx_frame_t    rx_o,
    input  weir_pkg::rx_disposition_t     disposition_i,
    input  logic                   port_rx_valid_i,
    output logic                   port_rx_ready_o,
    input  weir_pkg::frame_t       port_rx_i,
    output logic                   port_tx_valid_o,
    input  logic                   port_tx_ready_i,
    output weir_pkg::frame_t       port_tx_o,
    input  logic                   link_up_i,
    input  weir_pkg::port_stat_t   stat_i,
    input  weir_pkg::csr_req_t     csr_i,
    output weir_pkg::csr_rsp_t     csr_o,
    output logic                   event_o,
    output logic                   idle_o
);
  localparam int VpW = weir_switch_pkg::VpW;
  localparam int NumV = weir_switch_pkg::NumV;
  localparam int BeatsW = weir_switch_pkg::BeatsW;
  localparam int Entries = weir_switch_pkg::Entries;
  localparam int LevelW = $clog2(Entries) + 1;
  localparam int Low = 56;        // beats: what is on its way through at line rate, and no more,
  localparam int Behind = 8;      // or the longest frame, which is stored whole, and these
  localparam int Ahead = 4;       // what the lookup may still deliver after room was seen: its stages

  // ---- Ingress ----
  weir_pkg::tx_frame_t wire_in_frame;
  always_comb begin
    wire_in_frame = '0;
    wire_in_frame.sop = port_rx_i.sop;
    wire_in_frame.eop = port_rx_i.eop;
    wire_in_frame.len = port_rx_i.len;
    wire_in_frame.data = port_rx_i.data;
  end

  logic host_in_meta_valid, host_in_meta_ready, host_in_valid, host_in_pop, host_in_release, host_in_idle;
  logic wire_in_meta_valid, wire_in_meta_ready, wire_in_valid, wire_in_pop, wire_in_restart, wire_in_release, wire_in_idle;
  weir_switch_pkg::meta_t host_in_meta, wire_in_meta;
  logic [weir_pkg::DataW-1:0] host_in_data, wire_in_data;
  logic [BeatsW-1:0] host_in_beats, eg_beats, host_in_at;
  logic in_vlan;
  logic host_in_csum_pop, wire_in_csum_pop;
  logic [$clog2(weir_switch_pkg::FifoBeats):0] host_in_used, x_used, l_used, unused_w_used;
  weir_switch_pkg::csum_t host_in_csum, wire_in_csum;
  logic [15:0] in_tci;

  weir_switch_ingress u_ingress_h (
      .clk_i, .rst_ni, .in_valid_i(tx_valid_i), .in_ready_o(tx_ready_o), .in_i(tx_i),
      .port_vlan_i(in_vlan), .port_tci_i(in_tci),
      .meta_valid_o(host_in_meta_valid), .meta_ready_i(host_in_meta_ready), .meta_o(host_in_meta),
      .rd_valid_o(host_in_valid), .rd_ready_i(host_in_pop), .rd_data_o(host_in_data), .rd_restart_i(1'b0),
      .rd_release_i(host_in_release), .rd_beats_i(host_in_beats), .csum_pop_i(host_in_csum_pop), .csum_o(host_in_csum), .used_o(host_in_used), .idle_o(host_in_idle));
  weir_switch_ingress u_ingress_w (
      .clk_i, .rst_ni, .in_valid_i(port_rx_valid_i), .in_ready_o(port_rx_ready_o), .in_i(wire_in_frame),
      .port_vlan_i(1'b0), .port_tci_i(16'b0),
      .meta_valid_o(wire_in_meta_valid), .meta_ready_i(wire_in_meta_ready), .meta_o(wire_in_meta),
      .rd_valid_o(wire_in_valid), .rd_ready_i(wire_in_pop), .rd_data_o(wire_in_data), .rd_restart_i(wire_in_restart),
      .rd_release_i(wire_in_release), .rd_beats_i(eg_beats), .csum_pop_i(wire_in_csum_pop), .csum_o(wire_in_csum), .used_o(unused_w_used), .idle_o(wire_in_idle));

  // ---- Lookup ----
  logic cmd_valid, cmd_done, src_read;
  weir_switch_pkg::cmd_t cmd;
  logic [7:0] epoch;
  logic [VpW-1:0] src, as, dst, mirror;
  weir_switch_pkg::vcfg_t src_cfg;
  logic [weir_switch_pkg::KeyW-1:0] key, key0;
  logic key_read;
  logic [VpW-1:0] key_vport;
  logic mirror_on, dst_port_vlan;
  logic [6:0] hash;
  logic [7:0] spread;
  logic [47:0] src_mac;
  logic [NumV-1:0] enable, drain, vlan_check, promisc, mirrored;
  logic [19:0] dst_qp;
  logic entry_in_valid, entry_in_ready, entry_valid, entry_ready;
  logic move_in_valid, move_in_ready, move_valid, move_ready;
  logic done_in_valid, done_in_ready;
  weir_switch_pkg::entry_t entry_in, entry;
  weir_switch_pkg::move_t move_in, mv;
  weir_pkg::tx_done_t done_in;
  logic [LevelW-1:0] entry_level, move_level, done_level;
  weir_switch_pkg::look_stat_t look_stat;
  weir_switch_pkg::copy_stat_t copy_stat;
  logic look_idle, eg_idle, fence_idle;

  weir_switch_lookup u_lookup (
      .clk_i, .rst_ni, .link_up_i,
      .host_in_valid_i(host_in_meta_valid), .host_in_ready_o(host_in_meta_ready), .host_in_i(host_in_meta),
      .host_in_room_i(move_level < LevelW'(Entries - Ahead) && done_level < LevelW'(Entries - Ahead)),
      .wire_in_valid_i(wire_in_meta_valid), .wire_in_ready_o(wire_in_meta_ready), .wire_in_i(wire_in_meta),
      .room_i(entry_level < LevelW'(Entries - Ahead)),
      .cmd_valid_i(cmd_valid), .cmd_i(cmd), .cmd_done_o(cmd_done), .epoch_o(epoch),
      .src_read_o(src_read), .src_o(src), .src_i(as), .src_cfg_i(src_cfg), .src_mac_i(src_mac), .enable_i(enable),
      .vlan_check_i(vlan_check), .promisc_i(promisc), .mirrored_i(mirrored), .mirror_on_i(mirror_on), .mirror_i(mirror),
      .host_in_csum_o(host_in_csum_pop), .wire_in_csum_o(wire_in_csum_pop), .host_in_csum_i(host_in_csum), .wire_in_csum_i(wire_in_csum),
      .entry_valid_o(entry_in_valid), .entry_o(entry_in), .move_valid_o(move_in_valid), .move_o(move_in),
      .done_valid_o(done_in_valid), .done_o(done_in), .stat_o(look_stat), .idle_o(look_idle));

  weir_common_fifo #(.Width($bits(entry_in)), .Depth(Entries)) u_entries (
      .clk_i, .rst_ni, .valid_i(entry_in_valid), .ready_o(entry_in_ready), .data_i(entry_in),
      .valid_o(entry_valid), .ready_i(entry_ready), .data_o(entry), .level_o(entry_level));
  weir_common_fifo #(.Width($bits(move_in)), .Depth(Entries)) u_moves (
      .clk_i, .rst_ni, .valid_i(move_in_valid), .ready_o(move_in_ready), .data_i(move_in),
      .valid_o(move_valid), .ready_i(move_ready), .data_o(mv), .level_o(move_level));
  weir_common_fifo #(.Width($bits(done_in)), .Depth(Entries)) u_dones (
      .clk_i, .rst_ni, .valid_i(done_in_valid), .ready_o(done_in_ready), .data_i(done_in),
      .valid_o(done_valid_o), .ready_i(done_ready_i), .data_o(done_o), .level_o(done_level));

  // ---- Frames of vPorts: to the wire and to the local FIFO ----
  logic l_in_valid, l_in_ready, l_commit, l_valid, l_pop, l_restart, l_release, l_empty;
  logic x_in_valid, x_in_ready, x_commit, x_pop, x_empty;
  logic [weir_pkg::DataW-1:0] l_in_data, l_data;
  weir_pkg::frame_t x_in;

  weir_switch_forward u_forward (
      .clk_i, .rst_ni, .move_valid_i(move_valid), .move_ready_o(move_ready), .move_i(mv),
      .in_valid_i(host_in_valid), .in_pop_o(host_in_pop), .in_data_i(host_in_data), .in_release_o(host_in_release), .in_beats_o(host_in_beats), .at_o(host_in_at),
      .local_valid_o(l_in_valid), .local_ready_i(l_in_ready), .local_data_o(l_in_data), .local_commit_o(l_commit),
      .wire_valid_o(x_in_valid), .wire_ready_i(x_in_ready), .wire_o(x_in), .wire_commit_o(x_commit));

  weir_common_pktfifo #(.Width(weir_pkg::DataW), .Depth(weir_switch_pkg::FifoBeats)) u_local (
      .clk_i, .rst_ni,
      .wr_valid_i(l_in_valid), .wr_ready_o(l_in_ready), .wr_data_i(l_in_data), .wr_commit_i(l_commit), .wr_abort_i(1'b0),
      .rd_valid_o(l_valid), .rd_ready_i(l_pop), .rd_data_o(l_data), .rd_restart_i(l_restart),
      .rd_release_i(l_release), .rd_beats_i(eg_beats), .used_o(l_used), .empty_o(l_empty));
  weir_common_pktfifo #(.Width($bits(x_in)), .Depth(weir_switch_pkg::FifoBeats)) u_wire (
      .clk_i, .rst_ni,
      .wr_valid_i(x_in_valid), .wr_ready_o(x_in_ready), .wr_data_i(x_in), .wr_commit_i(x_commit), .wr_abort_i(1'b0),
      .rd_valid_o(port_tx_valid_o), .rd_ready_i(port_tx_ready_i), .rd_data_o(port_tx_o), .rd_restart_i(1'b0),
      .rd_release_i(x_pop), .rd_beats_i(BeatsW'(1)), .used_o(x_used), .empty_o(x_empty));
  assign x_pop = port_tx_valid_o && port_tx_ready_i;
  // The longest of the latest frames, shorter by a beat with each that is shorter. A frame leaves when it is whole, so behind
  // a long one the next has to come in while that leaves.
  logic [BeatsW-1:0] long_q, len_beats;
  logic [11:0] used;
  assign len_beats = BeatsW'((tx_i.len + weir_pkg::LenW'(63)) >> 6);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) long_q <= '0;
    else if (tx_valid_i && tx_ready_o && tx_i.sop) long_q <= len_beats >= long_q ? len_beats : long_q - 1'b1;
  end
  assign used = 12'(host_in_used) + 12'(x_used) + 12'(l_used);
  assign tx_low_o = used < 12'(Low) || used - 12'(host_in_at) < 12'(long_q) + 12'(Behind);

  // ---- Egress and fences ----
  logic fence_start, fence_room, fence_issue;
  logic [VpW-1:0] fence_vport, event_vport;
  logic [31:0] fence_token, event_token;
  logic [7:0] fence_count, event_reason;
  logic event_valid, event_pop;

  weir_switch_egress u_egress (
      .clk_i, .rst_ni, .entry_valid_i(entry_valid), .entry_ready_o(entry_ready), .entry_i(entry),
      .host_in_valid_i(l_valid), .host_in_pop_o(l_pop), .host_in_data_i(l_data), .host_in_restart_o(l_restart), .host_in_release_o(l_release),
      .wire_in_valid_i(wire_in_valid), .wire_in_pop_o(wire_in_pop), .wire_in_data_i(wire_in_data), .wire_in_restart_o(wire_in_restart), .wire_in_release_o(wire_in_release),
      .beats_o(eg_beats), .enable_i(enable), .drain_i(drain), .dst_o(dst), .dst_qp_i(dst_qp),
      .dst_port_vlan_i(dst_port_vlan), .key_read_o(key_read), .key_vport_o(key_vport), .key_i(key), .key0_i(key0),
      .hash_o(hash), .rss_i(spread),
      .fence_valid_o(fence_start), .fence_vport_o(fence_vport), .fence_token_o(fence_token), .fence_count_o(fence_count),
      .stat_o(copy_stat), .rx_valid_o, .rx_ready_i, .rx_o, .idle_o(eg_idle));

  weir_switch_fence u_fence (
      .clk_i, .rst_ni, .room_o(fence_room), .issue_i(fence_issue),
      .start_i(fence_start), .vport_i(fence_vport), .token_i(fence_token), .count_i(fence_count),
      .disposition_i(disposition_i.valid && disposition_i.fence), .reason_i(disposition_i.reason),
      .event_valid_o(event_valid), .event_pop_i(event_pop), .event_vport_o(event_vport), .event_reason_o(event_reason),
      .event_token_o(event_token), .idle_o(fence_idle));

  // ---- Tables, counters, registers ----
  logic wr_cfg, wr_qp, wr_mac, cnt_clear, cnt_read;
  logic [VpW-1:0] sel, cnt_vport;
  weir_switch_pkg::vcfg_t cfg, sel_cfg;
  logic wr_tci, wr_key, wr_table;
  logic [15:0] tci, sel_tci;
  logic [4:0] row;
  logic [3:0] key_word;
  logic [31:0] wdata;
  logic [19:0] qp, sel_qp;
  logic [47:0] mac, sel_mac, cnt_value;
  logic [16:0] cnt_sel;

  weir_switch_vport u_vport (
      .clk_i, .rst_ni, .wr_cfg_i(wr_cfg), .wr_qp_i(wr_qp), .wr_mac_i(wr_mac), .wr_tci_i(wr_tci), .sel_i(sel), .cfg_i(cfg),
      .qp_i(qp), .mac_i(mac), .tci_i(tci), .sel_tci_o(sel_tci), .in_i(tx_i.vport[VpW-1:0]), .in_vlan_o(in_vlan), .in_tci_o(in_tci),
      .sel_cfg_o(sel_cfg), .sel_qp_o(sel_qp), .sel_mac_o(sel_mac), .src_read_i(src_read), .src_i(src), .src_o(as),
      .src_cfg_o(src_cfg), .src_mac_o(src_mac), .enable_o(enable), .drain_o(drain), .vlan_check_o(vlan_check),
      .promisc_o(promisc), .mirrored_o(mirrored), .dst_i(dst), .dst_qp_o(dst_qp), .dst_port_vlan_o(dst_port_vlan));
  weir_switch_rss u_rss (
      .clk_i, .wr_key_i(wr_key), .wr_word_i(key_word), .wr_table_i(wr_table), .sel_i(sel), .wr_row_i(row),
      .wdata_i(wdata), .key_read_i(key_read), .key_vport_i(key_vport), .key_o(key), .key0_o(key0), .vport_i(dst), .hash_i(hash), .entry_o(spread));
  weir_switch_count u_count (
      .clk_i, .rst_ni, .look_i(look_stat), .copy_i(copy_stat), .disposition_i, .port_i(stat_i),
      .clear_i(cnt_clear), .clear_vport_i(cnt_vport), .read_i(cnt_read), .sel_i(cnt_sel), .value_o(cnt_value));
  weir_switch_csr u_csr (
      .clk_i, .rst_ni, .csr_i, .csr_o, .event_o, .cmd_valid_o(cmd_valid), .cmd_o(cmd), .cmd_done_i(cmd_done), .epoch_i(epoch),
      .wr_cfg_o(wr_cfg), .wr_qp_o(wr_qp), .wr_mac_o(wr_mac), .wr_tci_o(wr_tci), .wr_key_o(wr_key), .wr_table_o(wr_table), .sel_o(sel),
      .tci_o(tci), .row_o(row), .key_word_o(key_word), .wdata_o(wdata), .mirror_on_o(mirror_on), .mirror_o(mirror), .sel_tci_i(sel_tci), .cfg_o(cfg), .qp_o(qp), .mac_o(mac),
      .sel_cfg_i(sel_cfg), .sel_qp_i(sel_qp), .sel_mac_i(sel_mac), .fence_room_i(fence_room), .fence_issue_o(fence_issue),
      .event_valid_i(event_valid), .event_pop_o(event_pop), .event_vport_i(event_vport), .event_reason_i(event_reason),
      .event_token_i(event_token), .cnt_clear_o(cnt_clear), .cnt_vport_o(cnt_vport), .cnt_read_o(cnt_read),
      .cnt_sel_o(cnt_sel), .cnt_i(cnt_value), .idle_i(idle_o));

  // ---- Idle: no frame inside, none handed over whose disposition is open ----
  logic [15:0] open_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) open_q <= '0;
    else open_q <= open_q + 16'(rx_valid_o && rx_ready_i && rx_o.eop) - 16'(disposition_i.valid);
  end
  assign idle_o = host_in_idle && wire_in_idle && look_idle && eg_idle && fence_idle && l_empty && x_empty
      && move_level == '0 && done_level == '0 && open_q == '0;

  // Admission must keep these true: the lookup cannot wait.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      assert (!entry_in_valid || entry_in_ready);
      assert (!move_in_valid || move_in_ready);
      assert (!done_in_valid || done_in_ready);
    end
  end
endmodule
