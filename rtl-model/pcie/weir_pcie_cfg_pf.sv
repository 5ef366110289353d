// SPDX-License-Identifier: Apache-2.0
// The PF's configuration space: type 0 header, PM, PCI Express, MSI-X, AER, ARI and SR-IOV (pcie 1-17, 58, 60). Bus Master
// Enable, power state and MSI-X control live in weir_pcie_cfg_fn with those of the VFs. NumVFs and the system page size are
// taken only while VF Enable is 0 and only when legal (pcie 3, 4, 13; threat T19); num_vfs_o is what is in force.
// Errors and AER are weir_pcie_err's. First VF Offset follows ARI Capable Hierarchy, which also stands still while VF Enable
// is set (pcie 7).
module weir_pcie_cfg_pf #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               write_i,       // write access to function 0
    input  logic [9:0]         reg_i,
    input  logic [3:0]         be_i,
    input  logic [31:0]        wdata_i,
    output logic [31:0]        rdata_o,
    input  logic               flr_i,         // function level reset of the PF begins
    input  logic               hot_reset_i,
    input  logic               bme_i,
    input  logic               awake_i,
    input  logic               msix_en_i,
    input  logic               msix_mask_i,
    input  logic               pending_i,     // waits for completions (pcie 31)
    input  logic [3:0]         err_enable_i,  // Device Control 3:0, Device Status 3:0, Status 15:8, AER
    input  logic [3:0]         err_status_i,
    input  logic [7:0]         pci_status_i,
    input  logic [31:0]        aer_i,
    input  logic               link_reset_i,  // for cfg_o
    output logic [1:0]         serr_perr_o,
    output logic               mse_o,
    output logic [63:0]        bar_o,
    output weir_pkg::pcie_cfg_t cfg_o,
    output logic               vf_enable_o,
    output logic               vf_mse_o,
    output logic [15:0]        num_vfs_o,     // visible VFs
    output logic [15:0]        vf_offset_o,   // First VF Offset
    output logic [63:0]        vf_bar_o,
    output logic [4:0]         vf_shift_o
);
  localparam logic [15:0] TotalVfs = 16'(NumFns - 1);
  localparam logic [29:0] MsixCap = {3'b0, 11'(weir_abi_pkg::FnVectors - 1), 8'h00, 8'h11};
  localparam logic [31:0] CmdMask = 32'h0000_0542;      // interrupt disable, SERR, parity, memory space
  localparam logic [31:0] DevCtlMask = 32'h0000_79F0;      // 3:0 are weir_pcie_err's
  localparam logic [31:0] DevCtlReset = 32'h0000_2910;  // MRRS 512, no snoop, 8-bit tags, relaxed ordering permitted
  localparam logic [31:0] LinkCtlMask = 32'h0000_00C8;

  logic [31:0] cmd_q;
  logic [7:0] cache_q;
  logic [7:0] line_q;
  logic [42:0] bar_q;          // 63:21
  logic [31:0] devctl_q;
  logic [4:0] devctl2_q;
  logic [31:0] linkctl_q;
  logic vf_en_q;
  logic vf_mse_q;
  logic ari_q;
  logic [15:0] num_q;
  logic [11:0] page_q;         // System Page Size, one bit
  logic [47:0] vf_bar_q;       // 63:16

  logic [11:0] addr;
  logic [31:0] vf_bar_mask;    // bits of the low DW that exist
  logic [31:0] w;

  assign addr = {reg_i, 2'b00};
  assign mse_o = cmd_q[1] && awake_i;
  assign bar_o = {bar_q, 21'b0};
  assign cfg_o.mps = devctl_q[7:5];
  assign cfg_o.mrrs = devctl_q[14:12];
  assign cfg_o.ext_tag = devctl_q[8];
  assign cfg_o.timeout = weir_pcie_pkg::timeout_of(devctl2_q);
  assign cfg_o.link_reset = link_reset_i;
  assign serr_perr_o = {cmd_q[8], cmd_q[6]};
  assign vf_offset_o = ari_q ? weir_pcie_pkg::VfOffsetAri : weir_pcie_pkg::VfOffset;
  assign vf_enable_o = vf_en_q;
  assign vf_mse_o = vf_mse_q;
  assign num_vfs_o = vf_en_q ? num_q : 16'd0;

  // Aperture of a VF: 64 KiB, or the system page when that is larger (pcie 12, 13).
  always_comb begin
    vf_shift_o = 5'd16;
    if (page_q[6]) vf_shift_o = 5'd18;
    if (page_q[8]) vf_shift_o = 5'd20;
    if (page_q[10]) vf_shift_o = 5'd22;
    vf_bar_mask = 32'hFFFF_FFFF << vf_shift_o;
    vf_bar_o = {vf_bar_q[47:16], {vf_bar_q[15:0], 16'b0} & vf_bar_mask};
  end

  always_comb begin
    rdata_o = '0;
    case (addr)
      12'h000: rdata_o = {16'(weir_abi_pkg::PfDeviceId), 16'(weir_abi_pkg::VendorId)};
      12'h004: rdata_o = {pci_status_i, 8'h10, cmd_q[15:3], bme_i, cmd_q[1:0]};
      12'h008: rdata_o = 32'h0200_0000;
      12'h00C: rdata_o = {24'b0, cache_q};
      12'h010: rdata_o = {bar_q[10:0], 21'h4};
      12'h014: rdata_o = bar_q[42:11];
      12'h02C: rdata_o = {16'(weir_abi_pkg::PfDeviceId), 16'(weir_abi_pkg::VendorId)};
      12'h034: rdata_o = weir_pcie_pkg::CapPm;
      12'h03C: rdata_o = {24'b0, line_q};
      12'(weir_pcie_pkg::CapPm): rdata_o = {16'h0003, 8'(weir_pcie_pkg::CapPcie), 8'h01};
      12'(weir_pcie_pkg::CapPm + 4): rdata_o = {28'b0, 1'b1, 1'b0, {2{!awake_i}}};
      12'(weir_pcie_pkg::CapPcie): rdata_o = {16'h0002, 8'(weir_pcie_pkg::CapMsix), 8'h10};
      12'(weir_pcie_pkg::CapPcie + 4): rdata_o = weir_pcie_pkg::DevCap;
      12'(weir_pcie_pkg::CapPcie + 8): rdata_o = {10'b0, pending_i, 1'b0, err_status_i, devctl_q[15:4], err_enable_i};
      12'(weir_pcie_pkg::CapPcie + 12): rdata_o = weir_pcie_pkg::LinkCap;
      12'(weir_pcie_pkg::CapPcie + 16): rdata_o = {16'h1104, linkctl_q[15:0]};
      12'(weir_pcie_pkg::CapPcie + 36): rdata_o = weir_pcie_pkg::DevCap2;
      12'(weir_pcie_pkg::CapPcie + 40): rdata_o = {27'b0, devctl2_q};
      12'(weir_pcie_pkg::CapPcie + 44): rdata_o = weir_pcie_pkg::LinkCap2;
      12'(weir_pcie_pkg::CapPcie + 48): rdata_o = 32'h0000_0004;
      12'(weir_pcie_pkg::CapMsix): rdata_o = {msix_en_i, msix_mask_i, MsixCap};
      12'(weir_pcie_pkg::CapMsix + 4): rdata_o = weir_abi_pkg::BarMsixTableBase;
      12'(weir_pcie_pkg::CapMsix + 8): rdata_o = weir_abi_pkg::BarMsixPbaBase;
      12'(weir_pcie_pkg::CapAer): rdata_o = {12'(weir_pcie_pkg::CapAri), 20'h2_0001};
      12'(weir_pcie_pkg::CapAri): rdata_o = {12'(weir_pcie_pkg::CapSriov), 20'h1_000E};
      12'(weir_pcie_pkg::CapSriov): rdata_o = 32'h0001_0010;
      12'(weir_pcie_pkg::CapSriov + 8): rdata_o = {27'b0, ari_q, vf_mse_q, 2'b0, vf_en_q};
      12'(weir_pcie_pkg::CapSriov + 12): rdata_o = {TotalVfs, TotalVfs};
      12'(weir_pcie_pkg::CapSriov + 16): rdata_o = {16'b0, num_q};
      12'(weir_pcie_pkg::CapSriov + 20): rdata_o = {weir_pcie_pkg::VfStride, vf_offset_o};
      12'(weir_pcie_pkg::CapSriov + 24): rdata_o = {16'(weir_abi_pkg::VfDeviceId), 16'b0};
      12'(weir_pcie_pkg::CapSriov + 28): rdata_o = 32'h0000_0553;
      12'(weir_pcie_pkg::CapSriov + 32): rdata_o = {20'b0, page_q};
      12'(weir_pcie_pkg::CapSriov + 36): rdata_o = vf_bar_o[31:0] | 32'h4;
      12'(weir_pcie_pkg::CapSriov + 40): rdata_o = vf_bar_o[63:32];
      default: rdata_o = aer_i;
    endcase
  end

  // New value of a register that is taken whole (num_q, page_q).
  assign w = weir_pcie_pkg::put(rdata_o, wdata_i, be_i, 32'hFFFF_FFFF);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      cmd_q <= '0;
      cache_q <= '0;
      line_q <= '0;
      bar_q <= '0;
      devctl_q <= DevCtlReset;
      devctl2_q <= '0;
      linkctl_q <= '0;
      vf_en_q <= 1'b0;
      vf_mse_q <= 1'b0;
      ari_q <= 1'b0;
      num_q <= '0;
      page_q <= 12'd1;
      vf_bar_q <= '0;
    end else if (flr_i || hot_reset_i) begin
      // A function level reset keeps the payload size and the link's settings (pcie 29).
      cmd_q <= '0;
      cache_q <= '0;
      line_q <= '0;
      bar_q <= '0;
      devctl_q <= hot_reset_i ? DevCtlReset : (DevCtlReset & ~32'hE0) | (devctl_q & 32'hE0);
      devctl2_q <= '0;
      vf_en_q <= 1'b0;
      vf_mse_q <= 1'b0;
      ari_q <= 1'b0;
      num_q <= '0;
      page_q <= 12'd1;
      vf_bar_q <= '0;
      if (hot_reset_i) linkctl_q <= '0;
    end else begin
      if (write_i) begin
        case (addr)
          12'h004: cmd_q <= weir_pcie_pkg::put(cmd_q, wdata_i, be_i, CmdMask);
          12'h00C: if (be_i[0]) cache_q <= wdata_i[7:0];
          12'h010: bar_q[10:0] <= w[31:21];
          12'h014: bar_q[42:11] <= w;
          12'h03C: if (be_i[0]) line_q <= wdata_i[7:0];
          12'(weir_pcie_pkg::CapPcie + 8): devctl_q <= weir_pcie_pkg::put(devctl_q, wdata_i, be_i, DevCtlMask);
          12'(weir_pcie_pkg::CapPcie + 40): if (be_i[0]) devctl2_q <= wdata_i[4:0];
          12'(weir_pcie_pkg::CapPcie + 16): linkctl_q <= weir_pcie_pkg::put(linkctl_q, wdata_i, be_i, LinkCtlMask);
          12'(weir_pcie_pkg::CapSriov + 8): if (be_i[0]) begin
            vf_en_q <= wdata_i[0];
            vf_mse_q <= wdata_i[3];
            if (!vf_en_q) ari_q <= wdata_i[4];
          end
          12'(weir_pcie_pkg::CapSriov + 16): if (!vf_en_q) num_q <= (w[15:0] > TotalVfs) ? TotalVfs : w[15:0];
          // One supported size (553h) or nothing changes.
          12'(weir_pcie_pkg::CapSriov + 32): if (!vf_en_q && (w & ~32'h553) == 32'd0 && w != 32'd0 &&
                                                 (w & (w - 32'd1)) == 32'd0) page_q <= w[11:0];
          12'(weir_pcie_pkg::CapSriov + 36): vf_bar_q[15:0] <= w[31:16] & vf_bar_mask[31:16];
          12'(weir_pcie_pkg::CapSriov + 40): vf_bar_q[47:16] <= w;
          default: ;
        endcase
      end
    end
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // NumVFs, page size and ARI stand while VF Enable is set (pcie 4, 7, 13), and NumVFs is never more than there are.
  logic f_rst;
  logic f_en;
  logic [15:0] f_num;
  logic [11:0] f_page;
  logic f_ari;
  always_ff @(posedge clk_i) begin
    f_rst <= rst_ni;
    f_en <= vf_en_q;
    f_num <= num_q;
    f_page <= page_q;
    f_ari <= ari_q;
    if (rst_ni) begin
      assert (num_q <= TotalVfs);
      assert (num_vfs_o == (vf_en_q ? num_q : 16'd0));
      cover (f_en && vf_en_q && f_num > 16'd1 && write_i);
      if (f_past && f_rst && f_en && vf_en_q) assert (num_q == f_num && page_q == f_page && ari_q == f_ari);
    end
  end
`endif
endmodule
