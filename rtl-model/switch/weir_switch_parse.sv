// SPDX-License-Identifier: Apache-2.0
// Reads the first beat of a frame: MACs, one 802.1Q tag, EtherType, and the tuple that names a flow. Combinational; the
// caller enables it for first beats only. Fields beyond the frame's length are never looked at: they are stale (threat T20).
// It judges nothing and checks no checksum.
//
// A vPort's tags are looked at as it sent them, two deep: those behind the tag that its port VLAN put in front are its own,
// and what hides behind a third nobody has judged. A tag that the frame's end cuts is none in here, but padding makes it
// whole on the wire, with any VLAN (threat T13).
//
// The tuple, in the order of receive side scaling: IP source and destination, then the ports of a TCP or UDP packet that is
// no fragment. IPv4 options and IPv6 extension headers: addresses only. What is not IP is hashed over its two MACs.
module weir_switch_parse (
    input  logic                      enable_i,
    input  logic [weir_pkg::LenW-1:0] len_i,
    input  logic                      port_vlan_i,   // the first tag is that of the port VLAN
    input  logic [weir_pkg::DataW-1:0] data_i,
    output weir_switch_pkg::parsed_t  parsed_o
);
  localparam int LenW = weir_pkg::LenW;
  localparam int TupleW = weir_switch_pkg::TupleW;

  logic [15:0] type0, type1, etype;
  logic        has_tag;
  logic [399:0] l3;             // from the byte behind the EtherType on
  logic [LenW-1:0] l3_len;
  logic        ports;
  logic [31:0] l4;

  // ---- Tags: the four words that may be an EtherType, the VLANs between them ----
  logic [3:0]  is_c, is_s, is_ctrl, tag, whole;
  logic [2:0]  top;             // VLAN 4095
  logic        tag0, tag1, last_tag, last_ctrl;
  always_comb begin
    is_c = '0;
    is_s = '0;
    is_ctrl = '0;
    whole = '0;
    top = '0;
    if (enable_i) begin
      for (int i = 0; i < 4; i++) begin
        is_c[i] = data_i[96+32*i +: 16] == 16'h0081;
        is_s[i] = data_i[96+32*i +: 16] == 16'hA888;
        is_ctrl[i] = data_i[96+32*i +: 16] == 16'h0888;
        whole[i] = len_i >= LenW'(18 + 4*i);
      end
      for (int i = 0; i < 3; i++) top[i] = data_i[112+32*i +: 4] == '1 && data_i[120+32*i +: 8] == '1;
    end
    tag = is_c | is_s;
    if (port_vlan_i) begin
      is_s = is_s >> 1;
      is_ctrl = is_ctrl >> 1;
      tag = tag >> 1;
      whole = whole >> 1;
      top = top >> 1;
    end
    tag0 = tag[0] && whole[0];
    tag1 = tag0 && tag[1] && whole[1];
    last_tag = tag1 ? tag[2] : tag0 ? tag[1] : tag[0];
    last_ctrl = tag1 ? is_ctrl[2] : tag0 ? is_ctrl[1] : is_ctrl[0];
  end

  always_comb begin
    parsed_o = '0;
    type0 = {data_i[103:96], data_i[111:104]};
    type1 = {data_i[135:128], data_i[143:136]};
    has_tag = 1'b0;
    etype = type0;
    l3 = '0;
    l3_len = '0;
    ports = 1'b0;
    l4 = '0;
    if (enable_i) begin
      has_tag = type0 == 16'h8100 && len_i >= LenW'(18);
      if (has_tag) etype = type1;
      l3 = has_tag ? {16'b0, data_i[511:128]} >> 16 : data_i[511:112];
      l3_len = len_i - (has_tag ? LenW'(18) : LenW'(14));
      parsed_o.dmac = {data_i[7:0], data_i[15:8], data_i[23:16], data_i[31:24], data_i[39:32], data_i[47:40]};
      parsed_o.smac = {data_i[55:48], data_i[63:56], data_i[71:64], data_i[79:72], data_i[87:80], data_i[95:88]};
      parsed_o.has_tag = has_tag;
      parsed_o.odd_tags = tag1 || (tag0 && is_s[0]);
      parsed_o.bad_tags = last_tag || (tag0 && top[0]) || (tag1 && top[1]);
      parsed_o.ctrl = last_ctrl;
      parsed_o.reserved = parsed_o.dmac[47:4] == 44'h0180C200000;
      parsed_o.tci = has_tag ? {data_i[119:112], data_i[127:120]} : 16'b0;
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
