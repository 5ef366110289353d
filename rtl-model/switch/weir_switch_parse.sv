// SPDX-License-Identifier: Apache-2.0
// Reads the first beat of a frame: MACs, one 802.1Q tag, EtherType, and the tuple that names a flow. Combinational; the
// caller enables it for first beats only. Fields beyond the frame's length are never looked at: they are stale (threat T20).
// It judges nothing and checks no checksum.
//
// The tuple, in the order of receive side scaling: IP source and destination, then the ports of a TCP or UDP packet that is
// no fragment. IPv4 options and IPv6 extension headers: addresses only. What is not IP is hashed over its two MACs.
module weir_switch_parse (
    input  logic                      enable_i,
    input  logic [weir_pkg::LenW-1:0] len_i,
    input  logic [weir_pkg::DataW-1:0] data_i,
    output weir_switch_pkg::parsed_t  parsed_o
);
  localparam int LenW = weir_pkg::LenW;
  localparam int TupleW = weir_switch_pkg::TupleW;

  logic [15:0] type0, type1, type2, etype;
  logic        has_tag, tag0, tag1;
  logic [399:0] l3;             // from the byte behind the EtherType on
  logic [LenW-1:0] l3_len;
  logic        ports;
  logic [31:0] l4;

  always_comb begin
    parsed_o = '0;
    type0 = {data_i[103:96], data_i[111:104]};
    type1 = {data_i[135:128], data_i[143:136]};
    type2 = {data_i[167:160], data_i[175:168]};
    has_tag = 1'b0;
    tag0 = 1'b0;
    tag1 = 1'b0;
    etype = type0;
    l3 = '0;
    l3_len = '0;
    ports = 1'b0;
    l4 = '0;
    if (enable_i) begin
      has_tag = type0 == 16'h8100 && len_i >= LenW'(18);
      tag0 = (type0 == 16'h8100 || type0 == 16'h88A8) && len_i >= LenW'(18);
      tag1 = tag0 && (type1 == 16'h8100 || type1 == 16'h88A8);
      if (has_tag) etype = type1;
      l3 = has_tag ? {16'b0, data_i[511:128]} >> 16 : data_i[511:112];
      l3_len = len_i - (has_tag ? LenW'(18) : LenW'(14));
      parsed_o.dmac = {data_i[7:0], data_i[15:8], data_i[23:16], data_i[31:24], data_i[39:32], data_i[47:40]};
      parsed_o.smac = {data_i[55:48], data_i[63:56], data_i[71:64], data_i[79:72], data_i[87:80], data_i[95:88]};
      parsed_o.has_tag = has_tag;
      parsed_o.odd_tags = tag1 || (tag0 && !has_tag);
      parsed_o.tci = has_tag ? {data_i[119:112], data_i[127:120]} : 16'b0;
      parsed_o.ctrl = type0 == 16'h8808 || (tag0 && type1 == 16'h8808)
          || (tag1 && len_i >= LenW'(22) && type2 == 16'h8808);
      parsed_o.tuple[TupleW-1 -: 96] = {parsed_o.dmac, parsed_o.smac};
      if (etype == 16'h0800 && l3[7:4] == 4'h4 && l3_len >= LenW'(20)) begin
        ports = l3[3:0] == 4'h5 && (l3[79:72] == 8'd6 || l3[79:72] == 8'd17) && {l3[53:48], l3[63:56]} == '0
            && l3_len >= LenW'(24);
        if (ports) l4 = {l3[167:160], l3[175:168], l3[183:176], l3[191:184]};
        parsed_o.tuple[TupleW-1 -: 96] = {l3[103:96], l3[111:104], l3[119:112], l3[127:120],
                                          l3[135:128], l3[143:136], l3[151:144], l3[159:152], l4};
      end else if (etype == 16'h86DD && l3[7:4] == 4'h6 && l3_len >= LenW'(40)) begin
        ports = (l3[55:48] == 8'd6 || l3[55:48] == 8'd17) && l3_len >= LenW'(44);
        if (ports) l4 = {l3[327:320], l3[335:328], l3[343:336], l3[351:344]};
        for (int i = 0; i < 32; i++) parsed_o.tuple[TupleW-1-8*i -: 8] = l3[64+8*i +: 8];
        parsed_o.tuple[31:0] = l4;
      end
    end
  end
endmodule
