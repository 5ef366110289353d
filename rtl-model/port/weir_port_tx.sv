// SPDX-License-Identifier: Apache-2.0
// Switch to wire. Short frames are padded with zeros to 60 bytes: never with what lay in the beat before (threat T20).
// Each frame ends as sent or as dropped with the link; one in flight when the link goes down is cut without eop and counts
// as dropped, so the counts say what a peer could have received. Holds no frame itself.
module weir_port_tx (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      link_i,
    input  logic                      port_tx_valid_i,
    output logic                      port_tx_ready_o,
    input  weir_pkg::frame_t          port_tx_i,
    output logic                      wire_valid_o,
    input  logic                      wire_ready_i,
    output weir_pkg::wire_t           wire_o,
    output logic                      drop_link_o,
    output logic                      sent_o,
    output logic [weir_pkg::LenW-1:0] len_o,   // bytes on the wire, with sent_o
    output logic                      idle_o
);
  localparam int LenW = weir_pkg::LenW;
  localparam int MinWire = 60;

  logic in_q;
  logic cut_q, cut;
  logic [LenW-1:0] len_q, len;
  logic pad, beat;

  assign cut = !link_i || (in_q && cut_q);
  assign len = port_tx_i.sop ? port_tx_i.len : len_q;
  assign pad = len < LenW'(MinWire);
  assign wire_valid_o = port_tx_valid_i && !cut;
  assign port_tx_ready_o = cut || wire_ready_i;
  assign beat = port_tx_valid_i && port_tx_ready_o;
  assign drop_link_o = beat && port_tx_i.eop && cut;
  assign sent_o = beat && port_tx_i.eop && !cut;
  assign len_o = pad ? LenW'(MinWire) : len;
  assign idle_o = !in_q;

  always_comb begin
    wire_o.sop = port_tx_i.sop;
    wire_o.eop = port_tx_i.eop;
    wire_o.err = 1'b0;
    wire_o.data = port_tx_i.data;
    wire_o.bytes = 7'd64;
    if (pad) begin
      wire_o.data = port_tx_i.data & ~({weir_pkg::DataW{1'b1}} << {len[5:0], 3'b0});
      wire_o.bytes = 7'(MinWire);
    end else if (port_tx_i.eop && len[5:0] != '0) wire_o.bytes = {1'b0, len[5:0]};
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      in_q <= 1'b0;
      cut_q <= 1'b0;
      len_q <= '0;
    end else begin
      if (beat) begin
        in_q <= !port_tx_i.eop;
        if (port_tx_i.sop) len_q <= port_tx_i.len;
      end
      // Stays cut until the next frame, whatever the link does meanwhile.
      cut_q <= (in_q || beat) && cut;
    end
  end
endmodule
