// SPDX-License-Identifier: Apache-2.0
// Reads the first beat of a frame: MACs, one 802.1Q tag, EtherType, and the fields that name a flow. Combinational; the
// caller enables it for first beats only. Fields beyond the frame's length are never looked at: they are stale (threat T20).
// It judges nothing and checks no checksum.
module weir_switch_parse (
    input  logic                      enable_i,
    input  logic [weir_pkg::LenW-1:0] len_i,
    input  logic [weir_pkg::DataW-1:0] data_i,
    output weir_switch_pkg::parsed_t  parsed_o
);
  localparam int LenW = weir_pkg::LenW;

  logic [15:0] type0, type1, etype;
  logic        has_tag;
  logic [399:0] l3;             // from the byte behind the EtherType on
  logic [LenW-1:0] l3_len;
  logic        ports;
  logic [31:0] flow;

  always_comb begin
    parsed_o = '0;
    type0 = {data_i[103:96], data_i[111:104]};
    type1 = {data_i[135:128], data_i[143:136]};
    has_tag = 1'b0;
    etype = type0;
    l3 = '0;
    l3_len = '0;
    ports = 1'b0;
    flow = '0;
    if (enable_i) begin
      has_tag = type0 == 16'h8100 && len_i >= LenW'(18);
      if (has_tag) etype = type1;
      l3 = has_tag ? {16'b0, data_i[511:128]} >> 16 : data_i[511:112];
      l3_len = len_i - (has_tag ? LenW'(18) : LenW'(14));
      parsed_o.dmac = {data_i[7:0], data_i[15:8], data_i[23:16], data_i[31:24], data_i[39:32], data_i[47:40]};
      parsed_o.smac = {data_i[55:48], data_i[63:56], data_i[71:64], data_i[79:72], data_i[87:80], data_i[95:88]};
      parsed_o.has_tag = has_tag;
      parsed_o.tci = has_tag ? {data_i[119:112], data_i[127:120]} : 16'b0;
      parsed_o.ctrl = etype == 16'h8808;
      flow = data_i[31:0] ^ {data_i[55:32], 8'b0} ^ data_i[87:56] ^ {24'b0, data_i[95:88]};
      // IPv4 without options: addresses, and ports unless a fragment (MF or offset).
      if (etype == 16'h0800 && l3[7:0] == 8'h45 && l3_len >= LenW'(24)) begin
        ports = (l3[79:72] == 8'd6 || l3[79:72] == 8'd17) && {l3[53:48], l3[63:56]} == '0;
        flow = flow ^ l3[127:96] ^ {l3[143:128], l3[159:144]};
        if (ports) flow = flow ^ {l3[167:160], l3[191:168]};
      end else if (etype == 16'h86DD && l3[7:4] == 4'h6 && l3_len >= LenW'(44)) begin
        ports = l3[55:48] == 8'd6 || l3[55:48] == 8'd17;
        flow = flow ^ l3[95:64] ^ l3[127:96] ^ l3[159:128] ^ l3[191:160]
            ^ {l3[207:192], l3[223:208]} ^ {l3[239:224], l3[255:240]} ^ {l3[271:256], l3[287:272]} ^ {l3[303:288], l3[319:304]};
        if (ports) flow = flow ^ {l3[327:320], l3[351:328]};
      end
      parsed_o.flow = flow;
    end
  end
endmodule
