// SPDX-License-Identifier: Apache-2.0
// Registers of the switch (csr.def). FILTER_CMD, VLAN_CMD and MOVE_CMD are acknowledged when they have passed the lookup pipeline;
// a MOVE_CMD with a fence may wait for room among the pending fences first. Everything else takes effect at once.
module weir_switch_csr (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  weir_pkg::csr_req_t              csr_i,
    output weir_pkg::csr_rsp_t              csr_o,
    output logic                            event_o,
    output logic                            cmd_valid_o,
    output weir_switch_pkg::cmd_t           cmd_o,
    input  logic                            cmd_done_i,
    input  logic [7:0]                      epoch_i,
    output logic                            wr_cfg_o,
    output logic                            wr_qp_o,
    output logic                            wr_mac_o,
    output logic [weir_switch_pkg::VpW-1:0] sel_o,
    output weir_switch_pkg::vcfg_t          cfg_o,
    output logic [19:0]                     qp_o,
    output logic                            wr_tci_o,
    output logic                            wr_key_o,
    output logic                            wr_table_o,
    output logic [47:0]                     mac_o,
    output logic [15:0]                     tci_o,
    output logic [4:0]                      row_o,
    output logic [3:0]                      key_word_o,
    output logic [31:0]                     wdata_o,
    output logic                            mirror_on_o,
    output logic [weir_switch_pkg::VpW-1:0] mirror_o,
    input  weir_switch_pkg::vcfg_t          sel_cfg_i,
    input  logic [19:0]                     sel_qp_i,
    input  logic [47:0]                     sel_mac_i,
    input  logic [15:0]                     sel_tci_i,
    input  logic                            fence_room_i,
    output logic                            fence_issue_o,
    input  logic                            event_valid_i,
    output logic                            event_pop_o,
    input  logic [weir_switch_pkg::VpW-1:0] event_vport_i,
    input  logic [7:0]                      event_reason_i,
    input  logic [31:0]                     event_token_i,
    output logic                            cnt_clear_o,
    output logic [weir_switch_pkg::VpW-1:0] cnt_vport_o,
    output logic                            cnt_read_o,
    output logic [16:0]                     cnt_sel_o,
    input  logic [47:0]                     cnt_i,
    input  logic                            idle_i
);
  localparam int VpW = weir_switch_pkg::VpW;

  logic [VpW-1:0] sel_q;
  logic [31:0] mac_lo_q, filter_lo_q, key_q, flood_q, token_q, move_slot_q, event_token_q, event_last_q;
  logic [15:0] filter_hi_q, cnt_hi_q;
  logic [10:0] slot_q;
  logic [7:0] dst_q;
  logic [8:0] fence_q, mirror_q;
  logic [11:0] vid_q;
  logic [15:0] key_at;
  logic vlan_q, join_q;
  logic [VpW-1:0] vlan_vport_q;
  logic [16:0] cnt_sel_q;
  logic ack_q, busy_q;
  logic [31:0] rdata_q, rdata;
  logic filter_q, force_q;
  logic hit, wr, rd, is_filter, is_vlan, is_move, start;
  logic [35:0] row, unused_row_any;
  logic [61:0] key;

  assign hit = csr_i.valid && !ack_q && !busy_q;
  assign wr = hit && csr_i.write;
  assign rd = hit && !csr_i.write;
  assign is_filter = csr_i.addr == 16'(weir_abi_pkg::SwitchFilterCmdOffset) && csr_i.wdata[0];
  assign is_vlan = csr_i.addr == 16'(weir_abi_pkg::SwitchVlanCmdOffset);
  assign is_move = csr_i.addr == 16'(weir_abi_pkg::SwitchMoveCmdOffset) && csr_i.wdata[1:0] != '0;
  assign start = wr && (is_filter || is_vlan || (is_move && (!fence_q[8] || fence_room_i)));
  assign fence_issue_o = start && is_move && fence_q[8];
  assign event_o = event_valid_i;
  assign csr_o.ack = ack_q;
  assign csr_o.rdata = rdata_q;

  // The command's operands are these registers: the bus is held until the acknowledge, so they cannot change under way.
  assign key = {key_q[13:12], key_q[11:0], filter_hi_q, filter_lo_q};
  assign cmd_valid_o = start;
  always_comb begin
    cmd_o.filter = filter_q;
    cmd_o.vlan = vlan_q;
    cmd_o.vid = vid_q;
    cmd_o.slot = filter_q ? slot_q : move_slot_q[10:0];
    cmd_o.key = key;
    cmd_o.key_valid = key_q[31];
    cmd_o.dst = filter_q ? key_q[16 +: VpW] : dst_q[VpW-1:0];
    if (vlan_q) cmd_o.dst = vlan_vport_q;
    cmd_o.move = !move_slot_q[31];
    cmd_o.leave = flood_q[16];
    cmd_o.leave_vport = flood_q[0 +: VpW];
    cmd_o.join_set = vlan_q ? join_q : flood_q[17];
    cmd_o.join_vport = flood_q[8 +: VpW];
    cmd_o.bump = force_q || !move_slot_q[31] || flood_q[17:16] != '0;
    cmd_o.fence = fence_q[8];
    cmd_o.fence_vport = fence_q[VpW-1:0];
    cmd_o.token = token_q;
  end

  assign wr_cfg_o = wr && csr_i.addr == 16'(weir_abi_pkg::SwitchVportCfgOffset);
  assign wr_qp_o = wr && csr_i.addr == 16'(weir_abi_pkg::SwitchVportQpOffset);
  assign wr_mac_o = wr && csr_i.addr == 16'(weir_abi_pkg::SwitchVportMacHiOffset);
  assign sel_o = sel_q;
  assign cfg_o = csr_i.wdata[9:0];
  assign tci_o = csr_i.wdata[15:0];
  assign row_o = csr_i.addr[6:2];
  assign wdata_o = csr_i.wdata;
  assign wr_tci_o = wr && csr_i.addr == 16'(weir_abi_pkg::SwitchVportTciOffset);
  assign key_at = csr_i.addr - 16'(weir_abi_pkg::SwitchRssKeyOffset);
  assign key_word_o = key_at[5:2];
  assign wr_key_o = wr && key_at < 16'(4 * 10);
  assign wr_table_o = wr && csr_i.addr[15:7] == 9'(weir_abi_pkg::SwitchRssTableOffset >> 7);
  assign mirror_on_o = mirror_q[8];
  assign mirror_o = mirror_q[0 +: VpW];
  assign qp_o = {csr_i.wdata[23:16], csr_i.wdata[11:0]};
  assign mac_o = {csr_i.wdata[15:0], mac_lo_q};
  assign event_pop_o = rd && csr_i.addr == 16'(weir_abi_pkg::SwitchEventPopOffset);
  assign cnt_clear_o = wr && csr_i.addr == 16'(weir_abi_pkg::SwitchCntClearOffset);
  assign cnt_vport_o = csr_i.wdata[VpW-1:0];
  assign cnt_read_o = rd && csr_i.addr == 16'(weir_abi_pkg::SwitchCntLoOffset);
  assign cnt_sel_o = cnt_sel_q;

  weir_switch_hash u_hash (.enable_i(rd), .key_i(key), .row_any_o(unused_row_any), .row_o(row));

  always_comb begin
    rdata = '0;
    if (rd) begin
      case (csr_i.addr)
        16'(weir_abi_pkg::SwitchVportSelOffset): rdata = 32'(sel_q);
        16'(weir_abi_pkg::SwitchVportCfgOffset): rdata = 32'(sel_cfg_i);
        16'(weir_abi_pkg::SwitchVportQpOffset): rdata = {8'b0, sel_qp_i[19:12], 4'b0, sel_qp_i[11:0]};
        16'(weir_abi_pkg::SwitchVportMacLoOffset): rdata = sel_mac_i[31:0];
        16'(weir_abi_pkg::SwitchVportMacHiOffset): rdata = 32'(sel_mac_i[47:32]);
        16'(weir_abi_pkg::SwitchVportTciOffset): rdata = 32'(sel_tci_i);
        16'(weir_abi_pkg::SwitchVlanIdOffset): rdata = 32'(vid_q);
        16'(weir_abi_pkg::SwitchMirrorOffset): rdata = 32'(mirror_q);
        16'(weir_abi_pkg::SwitchFilterSlotOffset): rdata = 32'(slot_q);
        16'(weir_abi_pkg::SwitchFilterMacLoOffset): rdata = filter_lo_q;
        16'(weir_abi_pkg::SwitchFilterMacHiOffset): rdata = 32'(filter_hi_q);
        16'(weir_abi_pkg::SwitchFilterKeyOffset): rdata = key_q;
        16'(weir_abi_pkg::SwitchFilterHashOffset): rdata = {7'b0, row[17:9], 7'b0, row[8:0]};
        16'(weir_abi_pkg::SwitchFilterHash2Offset): rdata = {7'b0, row[35:27], 7'b0, row[26:18]};
        16'(weir_abi_pkg::SwitchMoveSlotOffset): rdata = move_slot_q;
        16'(weir_abi_pkg::SwitchMoveDstOffset): rdata = 32'(dst_q);
        16'(weir_abi_pkg::SwitchMoveFloodOffset): rdata = flood_q;
        16'(weir_abi_pkg::SwitchMoveFenceOffset): rdata = 32'(fence_q);
        16'(weir_abi_pkg::SwitchMoveTokenOffset): rdata = token_q;
        16'(weir_abi_pkg::SwitchEpochOffset): rdata = 32'(epoch_i);
        16'(weir_abi_pkg::SwitchEventPopOffset): begin
          if (event_valid_i) rdata = {1'b1, 7'(weir_abi_pkg::EventFenceDone), event_reason_i, 16'(event_vport_i)};
        end
        16'(weir_abi_pkg::SwitchEventTokenOffset): rdata = event_token_q;
        16'(weir_abi_pkg::SwitchEventLastOffset): rdata = event_last_q;
        16'(weir_abi_pkg::SwitchCntSelOffset): rdata = 32'(cnt_sel_q);
        16'(weir_abi_pkg::SwitchCntLoOffset): rdata = cnt_i[31:0];
        16'(weir_abi_pkg::SwitchCntHiOffset): rdata = 32'(cnt_hi_q);
        16'(weir_abi_pkg::SwitchStatusOffset): rdata = 32'(idle_i);
        default: rdata = '0;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      sel_q <= '0;
      mac_lo_q <= '0;
      filter_lo_q <= '0;
      filter_hi_q <= '0;
      key_q <= '0;
      slot_q <= '0;
      move_slot_q <= '0;
      dst_q <= '0;
      flood_q <= '0;
      fence_q <= '0;
      token_q <= '0;
      event_token_q <= '0;
      event_last_q <= '0;
      cnt_sel_q <= '0;
      cnt_hi_q <= '0;
      ack_q <= 1'b0;
      busy_q <= 1'b0;
      rdata_q <= '0;
      filter_q <= 1'b0;
      force_q <= 1'b0;
      vlan_q <= 1'b0;
      join_q <= 1'b0;
      vlan_vport_q <= '0;
      vid_q <= '0;
      mirror_q <= '0;
    end else begin
      // One acknowledge a request: at once, or when the command is through.
      ack_q <= (hit && !(csr_i.write && (is_filter || is_vlan || is_move))) || cmd_done_i;
      if (start) busy_q <= 1'b1;
      else if (cmd_done_i) busy_q <= 1'b0;
      if (rd) rdata_q <= rdata;
      if (start) begin
        filter_q <= is_filter;
        force_q <= csr_i.wdata[1];
        vlan_q <= is_vlan;
        join_q <= csr_i.wdata[16];
        vlan_vport_q <= csr_i.wdata[VpW-1:0];
      end
      if (event_pop_o && event_valid_i) begin
        event_token_q <= event_token_i;
        event_last_q <= rdata;
      end
      if (cnt_read_o) cnt_hi_q <= cnt_i[47:32];
      if (wr) begin
        case (csr_i.addr)
          16'(weir_abi_pkg::SwitchVportSelOffset): sel_q <= csr_i.wdata[VpW-1:0];
          16'(weir_abi_pkg::SwitchVportMacLoOffset): mac_lo_q <= csr_i.wdata;
          16'(weir_abi_pkg::SwitchFilterSlotOffset): slot_q <= csr_i.wdata[10:0];
          16'(weir_abi_pkg::SwitchFilterMacLoOffset): filter_lo_q <= csr_i.wdata;
          16'(weir_abi_pkg::SwitchFilterMacHiOffset): filter_hi_q <= csr_i.wdata[15:0];
          16'(weir_abi_pkg::SwitchFilterKeyOffset): key_q <= csr_i.wdata;
          16'(weir_abi_pkg::SwitchMoveSlotOffset): move_slot_q <= csr_i.wdata;
          16'(weir_abi_pkg::SwitchMoveDstOffset): dst_q <= csr_i.wdata[7:0];
          16'(weir_abi_pkg::SwitchMoveFloodOffset): flood_q <= csr_i.wdata;
          16'(weir_abi_pkg::SwitchMoveFenceOffset): fence_q <= csr_i.wdata[8:0];
          16'(weir_abi_pkg::SwitchMoveTokenOffset): token_q <= csr_i.wdata;
          16'(weir_abi_pkg::SwitchEventLastOffset): event_last_q <= csr_i.wdata;
          16'(weir_abi_pkg::SwitchCntSelOffset): cnt_sel_q <= csr_i.wdata[16:0];
          16'(weir_abi_pkg::SwitchVlanIdOffset): vid_q <= csr_i.wdata[11:0];
          16'(weir_abi_pkg::SwitchMirrorOffset): mirror_q <= csr_i.wdata[8:0];
          default: ;
        endcase
      end
    end
  end
endmodule
