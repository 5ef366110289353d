// SPDX-License-Identifier: Apache-2.0
// The vPort table: flags as vectors; queue pairs, source MACs and port VLANs in RAM. Firmware writes apply at once; a
// vPort never written reads as zero (disabled, no queue pair). Readers are the ingress of host frames (port VLAN), the
// lookup (source checks, members) and the egress.
// A vPort without queue pairs is none: what is sent as such a one goes as vPort 0 (rules 2.18).
module weir_switch_vport (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             wr_cfg_i,
    input  logic                             wr_qp_i,
    input  logic                             wr_mac_i,
    input  logic                             wr_tci_i,
    input  logic [weir_switch_pkg::VpW-1:0]  sel_i,
    input  weir_switch_pkg::vcfg_t           cfg_i,
    input  logic [19:0]                      qp_i,     // count, base
    input  logic [47:0]                      mac_i,
    input  logic [15:0]                      tci_i,
    output weir_switch_pkg::vcfg_t           sel_cfg_o,
    output logic [19:0]                      sel_qp_o,
    output logic [47:0]                      sel_mac_o,
    output logic [15:0]                      sel_tci_o,
    input  logic [weir_switch_pkg::VpW-1:0]  in_i,       // ingress
    output logic                             in_vlan_o,
    output logic [15:0]                      in_tci_o,
    input  logic                             src_read_i,
    input  logic [weir_switch_pkg::VpW-1:0]  src_i,
    output logic [weir_switch_pkg::VpW-1:0]  src_o,     // one cycle later: who it goes as, its flags and MAC
    output weir_switch_pkg::vcfg_t           src_cfg_o,
    output logic [47:0]                      src_mac_o,
    output logic [weir_switch_pkg::NumV-1:0] enable_o,
    output logic [weir_switch_pkg::NumV-1:0] drain_o,
    output logic [weir_switch_pkg::NumV-1:0] vlan_check_o,
    output logic [weir_switch_pkg::NumV-1:0] promisc_o,
    output logic [weir_switch_pkg::NumV-1:0] mirrored_o,
    input  logic [weir_switch_pkg::VpW-1:0]  dst_i,
    output logic [19:0]                      dst_qp_o,
    output logic                             dst_port_vlan_o
);
  localparam int NumV = weir_switch_pkg::NumV;
  localparam int VpW = weir_switch_pkg::VpW;

  logic [NumV-1:0] enable_q, check_q, drain_q, vf_q, vlan_q, port_q, promisc_q, mirrored_q, stags_q, reserved_q;
  logic [NumV-1:0] have_q, mac_live_q;
  logic [19:0] qps [0:NumV-1];
  logic [47:0] macs [0:NumV-1];
  logic [15:0] tcis [0:NumV-1];
  logic [VpW-1:0] as, src_q;
  weir_switch_pkg::vcfg_t src_cfg_q, src_cfg_d;
  logic [47:0] src_mac_q;

  assign enable_o = enable_q;
  assign drain_o = drain_q;
  assign vlan_check_o = vlan_q;
  assign promisc_o = promisc_q;
  assign mirrored_o = mirrored_q;
  assign sel_qp_o = have_q[sel_i] ? qps[sel_i] : '0;
  assign sel_mac_o = mac_live_q[sel_i] ? macs[sel_i] : '0;
  assign sel_tci_o = port_q[sel_i] ? tcis[sel_i] : '0;
  assign in_vlan_o = port_q[in_i];
  assign in_tci_o = tcis[in_i];
  assign dst_qp_o = have_q[dst_i] ? qps[dst_i] : '0;
  assign dst_port_vlan_o = port_q[dst_i];
  assign as = have_q[src_i] ? src_i : '0;
  assign src_o = src_q;
  assign src_cfg_o = src_cfg_q;
  assign src_mac_o = src_mac_q;
  always_comb begin
    sel_cfg_o.enable = enable_q[sel_i];
    sel_cfg_o.check_src = check_q[sel_i];
    sel_cfg_o.drain = drain_q[sel_i];
    sel_cfg_o.is_vf = vf_q[sel_i];
    sel_cfg_o.vlan_check = vlan_q[sel_i];
    sel_cfg_o.port_vlan = port_q[sel_i];
    sel_cfg_o.promisc = promisc_q[sel_i];
    sel_cfg_o.mirrored = mirrored_q[sel_i];
    sel_cfg_o.stags = stags_q[sel_i];
    sel_cfg_o.reserved_tx = reserved_q[sel_i];
    src_cfg_d.enable = enable_q[as];
    src_cfg_d.check_src = check_q[as];
    src_cfg_d.drain = drain_q[as];
    src_cfg_d.is_vf = vf_q[as];
    src_cfg_d.vlan_check = vlan_q[as];
    src_cfg_d.port_vlan = port_q[as];
    src_cfg_d.promisc = promisc_q[as];
    src_cfg_d.mirrored = mirrored_q[as];
    src_cfg_d.stags = stags_q[as];
    src_cfg_d.reserved_tx = reserved_q[as];
  end

  always_ff @(posedge clk_i) begin
    if (wr_qp_i) qps[sel_i] <= qp_i;
    if (wr_mac_i) macs[sel_i] <= mac_i;
    if (wr_tci_i) tcis[sel_i] <= tci_i;
    if (src_read_i) begin
      src_q <= as;
      src_cfg_q <= src_cfg_d;
      src_mac_q <= mac_live_q[as] ? macs[as] : '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      enable_q <= '0;
      check_q <= '0;
      drain_q <= '0;
      vf_q <= '0;
      vlan_q <= '0;
      port_q <= '0;
      promisc_q <= '0;
      mirrored_q <= '0;
      stags_q <= '0;
      reserved_q <= '0;
      have_q <= '0;
      mac_live_q <= '0;
    end else begin
      if (wr_cfg_i) begin
        enable_q[sel_i] <= cfg_i.enable;
        check_q[sel_i] <= cfg_i.check_src;
        drain_q[sel_i] <= cfg_i.drain;
        vf_q[sel_i] <= cfg_i.is_vf;
        vlan_q[sel_i] <= cfg_i.vlan_check;
        port_q[sel_i] <= cfg_i.port_vlan;
        promisc_q[sel_i] <= cfg_i.promisc;
        mirrored_q[sel_i] <= cfg_i.mirrored;
        stags_q[sel_i] <= cfg_i.stags;
        reserved_q[sel_i] <= cfg_i.reserved_tx;
      end
      if (wr_qp_i) have_q[sel_i] <= qp_i[19:12] != '0;
      if (wr_mac_i) mac_live_q[sel_i] <= 1'b1;
    end
  end
endmodule
