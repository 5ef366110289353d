// SPDX-License-Identifier: Apache-2.0
// The vPort table: flags as vectors, queue pairs and source MACs in RAM. Firmware writes apply at once; a vPort never
// written reads as zero (disabled, no queue pair). Readers are the lookup (source checks, members) and the egress.
module weir_switch_vport (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             wr_cfg_i,
    input  logic                             wr_qp_i,
    input  logic                             wr_mac_i,
    input  logic [weir_switch_pkg::VpW-1:0]  sel_i,
    input  logic [3:0]                       cfg_i,    // enable, check source, drain, is VF from bit 0 up
    input  logic [19:0]                      qp_i,     // count, base
    input  logic [47:0]                      mac_i,
    output logic [3:0]                       sel_cfg_o,
    output logic [19:0]                      sel_qp_o,
    output logic [47:0]                      sel_mac_o,
    input  logic                             src_read_i,
    input  logic [weir_switch_pkg::VpW-1:0]  src_i,
    output logic [2:0]                       src_cfg_o, // one cycle later: enable, check source, is VF
    output logic [47:0]                      src_mac_o, // one cycle later
    output logic [weir_switch_pkg::NumV-1:0] enable_o,
    output logic [weir_switch_pkg::NumV-1:0] drain_o,
    input  logic [weir_switch_pkg::VpW-1:0]  dst_i,
    output logic [19:0]                      dst_qp_o
);
  localparam int NumV = weir_switch_pkg::NumV;

  logic [NumV-1:0] enable_q, check_q, drain_q, vf_q;
  logic [NumV-1:0] qp_live_q, mac_live_q;
  logic [19:0] qps [0:NumV-1];
  logic [47:0] macs [0:NumV-1];
  logic [2:0] src_cfg_q;
  logic [47:0] src_mac_q;

  assign enable_o = enable_q;
  assign drain_o = drain_q;
  assign sel_cfg_o = {vf_q[sel_i], drain_q[sel_i], check_q[sel_i], enable_q[sel_i]};
  assign sel_qp_o = qp_live_q[sel_i] ? qps[sel_i] : '0;
  assign sel_mac_o = mac_live_q[sel_i] ? macs[sel_i] : '0;
  assign dst_qp_o = qp_live_q[dst_i] ? qps[dst_i] : '0;
  assign src_cfg_o = src_cfg_q;
  assign src_mac_o = src_mac_q;

  always_ff @(posedge clk_i) begin
    if (wr_qp_i) qps[sel_i] <= qp_i;
    if (wr_mac_i) macs[sel_i] <= mac_i;
    if (src_read_i) begin
      src_cfg_q <= {vf_q[src_i], check_q[src_i], enable_q[src_i]};
      src_mac_q <= mac_live_q[src_i] ? macs[src_i] : '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      enable_q <= '0;
      check_q <= '0;
      drain_q <= '0;
      vf_q <= '0;
      qp_live_q <= '0;
      mac_live_q <= '0;
    end else begin
      if (wr_cfg_i) begin
        enable_q[sel_i] <= cfg_i[0];
        check_q[sel_i] <= cfg_i[1];
        drain_q[sel_i] <= cfg_i[2];
        vf_q[sel_i] <= cfg_i[3];
      end
      if (wr_qp_i) qp_live_q[sel_i] <= 1'b1;
      if (wr_mac_i) mac_live_q[sel_i] <= 1'b1;
    end
  end
endmodule
