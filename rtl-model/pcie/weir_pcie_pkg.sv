// SPDX-License-Identifier: Apache-2.0
// Constants of the configuration space and helpers for headers. Offsets are byte offsets of the capability.
package weir_pcie_pkg;
  // The header's Fmt and Type as one byte (bits 31:24 of DW0), without the 4-DW bit for memory requests.
  localparam logic [7:0] KindMRd = 8'h00;
  localparam logic [7:0] KindMWr = 8'h40;
  localparam logic [7:0] KindCfgRd0 = 8'h04;
  localparam logic [7:0] KindCfgWr0 = 8'h44;

  localparam int CapPm = 'h40;
  localparam int CapPcie = 'h50;
  localparam int CapMsix = 'h90;
  localparam int CapAer = 'h100;
  localparam int CapAri = 'h148;
  localparam int CapSriov = 'h160;

  // FLR, role-based error reporting, 8-bit tags, payload up to 512 bytes.
  localparam logic [31:0] DevCap = 32'h1000_8022;
  // 16 GT/s, 16 lanes; a link without power states.
  localparam logic [31:0] LinkCap = 32'h0040_0104;
  localparam logic [31:0] LinkCap2 = 32'h0000_001E;

  localparam logic [2:0] CplSc = 3'd0;
  localparam logic [2:0] CplUr = 3'd1;

  // Writable bits take the new value where their byte is enabled.
  function automatic logic [31:0] put(input logic [31:0] old, input logic [31:0] wdata, input logic [3:0] be,
                                      input logic [31:0] writable);
    logic [31:0] m;
    m = writable & {{8{be[3]}}, {8{be[2]}}, {8{be[1]}}, {8{be[0]}}};
    put = (old & ~m) | (wdata & m);
  endfunction

  // Write-one-to-clear bits.
  function automatic logic [31:0] w1c(input logic [31:0] old, input logic [31:0] wdata, input logic [3:0] be);
    w1c = old & ~(wdata & {{8{be[3]}}, {8{be[2]}}, {8{be[1]}}, {8{be[0]}}});
  endfunction

  // Bytes in front of the first enabled one, and behind the last.
  function automatic logic [1:0] lead(input logic [3:0] be);
    lead = be[0] ? 2'd0 : be[1] ? 2'd1 : be[2] ? 2'd2 : be[3] ? 2'd3 : 2'd0;
  endfunction
  function automatic logic [1:0] trail(input logic [3:0] be);
    trail = be[3] ? 2'd0 : be[2] ? 2'd1 : be[1] ? 2'd2 : be[0] ? 2'd3 : 2'd0;
  endfunction
endpackage
