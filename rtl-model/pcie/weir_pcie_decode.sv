// SPDX-License-Identifier: Apache-2.0
// Which function's BAR an address hits, if any (pcie 10-12, 33). VF apertures lie one behind the other, each at least as
// long as the system page; what lies behind a VF's 64 KiB in a longer aperture is a hole: it reads 0 and ignores writes.
module weir_pcie_decode #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic [63:0]              addr_i,
    input  logic                     pf_on_i,      // PF memory space enabled
    input  logic [63:0]              pf_bar_i,
    input  logic                     vf_on_i,      // VF Enable and VF MSE
    input  logic [63:0]              vf_bar_i,
    input  logic [4:0]               vf_shift_i,   // log2 of one VF's aperture, 16..22
    input  logic [NumFns-1:0]        visible_i,
    input  logic [NumFns-1:0]        awake_i,      // in D0
    output logic                     hit_o,
    output logic [weir_pkg::FnW-1:0] fn_o,
    output logic [20:0]              off_o,
    output logic                     hole_o
);
  localparam logic [63:0] VfCount = 64'(NumFns) - 64'd1;

  logic [63:0] rel;
  logic [63:0] idx;
  logic [22:0] inner;
  logic [NumFns-1:0] here;
  logic [255:0] usable;
  logic [255:0] visible;
  logic [weir_pkg::FnW-1:0] vf;

  assign here = visible_i & awake_i;
  assign usable = 256'(here);
  assign visible = 256'(visible_i);

  always_comb begin
    rel = addr_i - vf_bar_i;
    idx = rel >> vf_shift_i;
    inner = rel[22:0] & ((23'd1 << vf_shift_i) - 23'd1);
    hit_o = 1'b0;
    fn_o = '0;
    vf = '0;
    off_o = addr_i[20:0];
    hole_o = 1'b0;
    if (pf_on_i && addr_i[63:21] == pf_bar_i[63:21]) begin
      hit_o = usable[0];
    end else if (vf_on_i && idx < VfCount) begin
      vf = idx[weir_pkg::FnW-1:0] + 1'b1;
      // A function that is there but asleep refuses in its own name.
      if (visible[vf]) fn_o = vf;
      hit_o = usable[vf];
      off_o = {5'b0, inner[15:0]};
      hole_o = inner[22:16] != 7'd0;
    end
  end
endmodule
