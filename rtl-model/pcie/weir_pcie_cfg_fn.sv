// SPDX-License-Identifier: Apache-2.0
// Configuration state that every function has of its own, one bit a function: Bus Master Enable, power state, MSI-X enable
// and mask. Also the whole configuration space of a VF, which is little more than that (pcie 19-24). A function in reset
// (flr_i) holds its reset values; a Function Level Reset is asked for on flr_req_o.
module weir_pcie_cfg_fn #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     write_i,      // write access to an existing function
    input  logic [weir_pkg::FnW-1:0] fn_i,
    input  logic [9:0]               reg_i,        // DW
    input  logic [3:0]               be_i,
    input  logic [31:0]              wdata_i,
    output logic [31:0]              vf_rdata_o,   // fn_i's register as a VF has it
    input  logic [3:0]               err_status_i, // of fn_i: Device Status, Status 15:8
    input  logic [7:0]               pci_status_i,
    input  logic                     pending_i,    // fn_i waits for completions (pcie 31)
    input  logic [NumFns-1:0]        flr_i,
    output logic                     flr_req_o,    // of function fn_i
    output logic [NumFns-1:0]        bme_o,        // as written
    output logic [NumFns-1:0]        awake_o,      // D0
    output logic [NumFns-1:0]        msix_en_o,
    output logic [NumFns-1:0]        msix_mask_o   // function mask
);
  localparam int IdxW = $clog2(NumFns);
  // Table size, no further capability, id.
  localparam logic [29:0] MsixCap = {3'b0, 11'(weir_abi_pkg::FnVectors - 1), 8'h00, 8'h11};

  logic [NumFns-1:0] bme_q;
  logic [NumFns-1:0] sleep_q;
  logic [NumFns-1:0] en_q;
  logic [NumFns-1:0] mask_q;
  logic [IdxW-1:0] f;
  logic [11:0] addr;

  assign f = IdxW'(fn_i);
  assign addr = {reg_i, 2'b00};
  assign bme_o = bme_q;
  assign awake_o = ~sleep_q;
  assign msix_en_o = en_q;
  assign msix_mask_o = mask_q;
  assign flr_req_o = write_i && addr == 12'(weir_pcie_pkg::CapPcie + 8) && be_i[1] && wdata_i[15];

  logic [NumFns-1:0] bme_d;
  logic [NumFns-1:0] sleep_d;
  logic [NumFns-1:0] en_d;
  logic [NumFns-1:0] mask_d;
  always_comb begin
    bme_d = bme_q;
    sleep_d = sleep_q;
    en_d = en_q;
    mask_d = mask_q;
    if (write_i) begin
      case (addr)
        12'h004: if (be_i[0]) bme_d[f] = wdata_i[2];
        // Only D0 and D3hot exist; other states are not taken.
        12'(weir_pcie_pkg::CapPm + 4): if (be_i[0] && wdata_i[1] == wdata_i[0]) sleep_d[f] = wdata_i[0];
        12'(weir_pcie_pkg::CapMsix): if (be_i[3]) begin
          en_d[f] = wdata_i[31];
          mask_d[f] = wdata_i[30];
        end
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bme_q <= '0;
      sleep_q <= '0;
      en_q <= '0;
      mask_q <= '0;
    end else begin
      bme_q <= bme_d & ~flr_i;
      sleep_q <= sleep_d & ~flr_i;
      en_q <= en_d & ~flr_i;
      mask_q <= mask_d & ~flr_i;
    end
  end

  always_comb begin
    vf_rdata_o = '0;
    case (addr)
      12'h000: vf_rdata_o = 32'hFFFF_FFFF;
      12'h004: vf_rdata_o = {pci_status_i, 8'h10, 13'b0, bme_q[f], 2'b0};
      12'h008: vf_rdata_o = 32'h0200_0000;
      12'h02C: vf_rdata_o = {16'(weir_abi_pkg::VfDeviceId), 16'(weir_abi_pkg::VendorId)};
      12'h034: vf_rdata_o = weir_pcie_pkg::CapPm;
      12'(weir_pcie_pkg::CapPm): vf_rdata_o = {16'h0003, 8'(weir_pcie_pkg::CapPcie), 8'h01};
      12'(weir_pcie_pkg::CapPm + 4): vf_rdata_o = {28'b0, 1'b1, 1'b0, {2{sleep_q[f]}}};
      12'(weir_pcie_pkg::CapPcie): vf_rdata_o = {16'h0002, 8'(weir_pcie_pkg::CapMsix), 8'h10};
      12'(weir_pcie_pkg::CapPcie + 4): vf_rdata_o = weir_pcie_pkg::DevCap;
      12'(weir_pcie_pkg::CapPcie + 8): vf_rdata_o = {10'b0, pending_i, 1'b0, err_status_i, 16'b0};
      12'(weir_pcie_pkg::CapPcie + 12): vf_rdata_o = weir_pcie_pkg::LinkCap;
      12'(weir_pcie_pkg::CapPcie + 36): vf_rdata_o = weir_pcie_pkg::DevCap2;
      12'(weir_pcie_pkg::CapPcie + 44): vf_rdata_o = weir_pcie_pkg::LinkCap2;
      12'(weir_pcie_pkg::CapMsix): vf_rdata_o = {en_q[f], mask_q[f], MsixCap};
      12'(weir_pcie_pkg::CapMsix + 4): vf_rdata_o = weir_abi_pkg::BarMsixTableBase;
      12'(weir_pcie_pkg::CapMsix + 8): vf_rdata_o = weir_abi_pkg::BarMsixPbaBase;
      // A VF's extended list is ARI alone.
      12'h100: vf_rdata_o = 32'h0001_000E;
      default: vf_rdata_o = '0;
    endcase
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // P2: bus mastering comes from a write of this function alone, and a reset takes it.
  (* anyconst *) logic [IdxW-1:0] f_fn;
  logic f_bme;
  logic f_set;
  logic f_rst;
  logic f_flr;
  always_ff @(posedge clk_i) begin
    f_rst <= rst_ni;
    f_bme <= bme_q[f_fn];
    f_flr <= flr_i[f_fn];
    f_set <= write_i && f == f_fn && addr == 12'h004 && be_i[0] && wdata_i[2];
    if (rst_ni && f_past && f_rst) begin
      assume (32'(f_fn) < NumFns);
      if (bme_q[f_fn]) assert (f_bme || f_set);
      cover (f_flr && f_bme);
      cover (bme_q[f_fn] && !f_set);
      if (f_flr) assert (!bme_q[f_fn] && !en_q[f_fn]);
    end
  end
`endif
endmodule
