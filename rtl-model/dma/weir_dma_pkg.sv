// SPDX-License-Identifier: Apache-2.0
// Word-wise helpers for 64-byte lines: a mask from a count and one rotation, never a loop over bytes (simulation speed).
package weir_dma_pkg;
  // Ones in the lowest n bytes, n = 0..64.
  function automatic logic [511:0] low_bytes(input logic [6:0] n);
    low_bytes = n[6] ? {512{1'b1}} : ~({512{1'b1}} << {n[5:0], 3'b000});
  endfunction

  // Byte i goes to lane (i + k) mod 64.
  function automatic logic [511:0] rotl_bytes(input logic [511:0] x, input logic [5:0] k);
    rotl_bytes = x;
    if (k != 6'd0) rotl_bytes = (x << {k, 3'b000}) | (x >> (10'd512 - {1'b0, k, 3'b000}));
  endfunction

  // MRd or MWr header without requester ID. addr and bytes say which bytes; bytes is 1..4096 and does not cross 4 KiB.
  // 4 DWs above 4 GiB, 3 below; byte enables for any start and end (pcie 44). TC, attributes and AT stay 0 (pcie 46).
  function automatic logic [127:0] mem_hdr(input logic write, input logic [63:0] addr, input logic [12:0] bytes,
                                           input logic [7:0] tag);
    logic [12:0] span;  // bytes from the first DW's start to the last byte's end
    logic [10:0] dws;
    logic [3:0] first;
    logic [3:0] last;
    logic four;
    span = bytes + {11'b0, addr[1:0]};
    dws = span[12:2] + {10'b0, span[1:0] != 2'd0};
    first = 4'hF << addr[1:0];
    last = 4'hF >> (2'd0 - span[1:0]);
    if (dws == 11'd1) begin
      first = first & last;
      last = 4'h0;
    end
    four = addr[63:32] != 32'd0;
    mem_hdr = '0;
    mem_hdr[30:29] = {write, four};
    mem_hdr[9:0] = dws[9:0];
    mem_hdr[47:32] = {tag, last, first};
    if (four) begin
      mem_hdr[95:64] = addr[63:32];
      mem_hdr[127:96] = {addr[31:2], 2'b00};
    end else begin
      mem_hdr[95:64] = {addr[31:2], 2'b00};
    end
  endfunction
endpackage
