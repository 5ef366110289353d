// SPDX-License-Identifier: Apache-2.0
// Constants of the configuration space and helpers for headers. Offsets are byte offsets of the capability.
package weir_pcie_pkg;
  // The header's Fmt and Type as one byte (bits 31:24 of DW0), without the 4-DW bit for memory requests.
  localparam logic [7:0] KindMRd = 8'h00;
  localparam logic [7:0] KindMWr = 8'h40;
  localparam logic [7:0] KindCfgRd0 = 8'h04;
  localparam logic [7:0] KindCfgWr0 = 8'h44;
  localparam logic [7:0] KindCfgRd1 = 8'h05;
  localparam logic [7:0] KindCfgWr1 = 8'h45;

  localparam int CapPm = 'h40;
  localparam int CapPcie = 'h50;
  localparam int CapMsix = 'h90;
  localparam int CapAer = 'h100;
  localparam int CapAri = 'h148;
  localparam int CapSriov = 'h160;

  // Requester IDs of VFs (pcie 6-8): behind the PF with ARI; without ARI on the bus behind, because of the captured bus
  // only functions 0..7 can be addressed then.
  localparam logic [15:0] VfOffsetAri = 16'd1;
  localparam logic [15:0] VfOffset = 16'd256;
  localparam logic [15:0] VfStride = 16'd1;

  // FLR, role-based error reporting, 8-bit tags, payload up to 512 bytes.
  localparam logic [31:0] DevCap = 32'h1000_8022;
  // Every completion timeout range, and none at all.
  localparam logic [31:0] DevCap2 = 32'h0000_001F;
  // 16 GT/s, 16 lanes; a link without power states.
  localparam logic [31:0] LinkCap = 32'h0040_0104;
  localparam logic [31:0] LinkCap2 = 32'h0000_001E;

  localparam logic [2:0] CplSc = 3'd0;
  localparam logic [2:0] CplUr = 3'd1;
  localparam logic [2:0] CplCa = 3'd4;

  // Bits of AER's uncorrectable registers, and the one correctable error that is made here.
  localparam logic [4:0] ErrTimeout = 5'd14;
  localparam logic [4:0] ErrUnexpected = 5'd16;
  localparam logic [4:0] ErrMalformed = 5'd18;
  localparam logic [4:0] ErrUr = 5'd20;
  localparam logic [4:0] ErrPoison = 5'd12;
  localparam logic [4:0] CorAdvisory = 5'd13;
  // Message codes of error messages.
  localparam logic [7:0] MsgErrCor = 8'h30;
  localparam logic [7:0] MsgErrNonFatal = 8'h31;
  localparam logic [7:0] MsgErrFatal = 8'h33;

  // An error as rx, np, dma and firmware report it.
  typedef struct packed {
    logic         correctable;
    logic [4:0]   code;       // bit of the AER register
    logic         advisory;   // was answered or contained: advisory when its severity is non-fatal (pcie 57)
    logic [7:0]   fn;         // detecting function
    logic [127:0] hdr;
  } err_t;

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

  // Requester ID of a function; first_vf is VF 0's. And back: bit 8 says that the ID is a function's number in range.
  function automatic logic [15:0] rid_of(input logic [7:0] fn, input logic [15:0] pf, input logic [15:0] first_vf);
    rid_of = (fn == 8'd0) ? pf : first_vf + (16'(fn) - 16'd1) * VfStride;
  endfunction
  function automatic logic [8:0] fn_of(input logic [15:0] rid, input logic [15:0] pf, input logic [15:0] first_vf);
    logic [15:0] n;
    n = (rid - first_vf) / VfStride;
    fn_of = 9'd0;
    if (rid == pf) fn_of = 9'h100;
    else if (n < 16'd255 && n * VfStride == rid - first_vf) fn_of = {1'b1, n[7:0] + 8'd1};
  endfunction

  // Completion timeout in cycles of 4 ns for the value of Device Control 2 (pcie 48): inside the range it names. 0 = never.
  function automatic logic [31:0] timeout_of(input logic [4:0] devctl2);
    case (devctl2[3:0])
      4'h1: timeout_of = 32'd20_000;          // 80 us
      4'h2: timeout_of = 32'd2_000_000;       // 8 ms
      4'h6: timeout_of = 32'd40_000_000;      // 160 ms
      4'h9: timeout_of = 32'd160_000_000;     // 640 ms
      4'hA: timeout_of = 32'd600_000_000;     // 2.4 s
      4'hD: timeout_of = 32'd2_400_000_000;   // 9.6 s
      4'hE: timeout_of = 32'hFFFF_0000;       // 17.18 s
      default: timeout_of = 32'd10_000_000;   // 40 ms: the default range, and 16 to 55 ms
    endcase
    if (devctl2[4]) timeout_of = 32'd0;
  endfunction
endpackage
