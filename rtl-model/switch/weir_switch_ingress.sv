// SPDX-License-Identifier: Apache-2.0
// One side's store-and-forward FIFO. A frame is parsed on its first beat and offered to the lookup when it is whole; a
// cancelled one was never there. Inserts the VLAN tag a descriptor asked for, or that of the vPort's port VLAN into a frame
// that has none (512-bit shift by 4 bytes, carried from beat to beat), before parsing: every check sees what others will.
// The reader may run ahead of or behind lookup.
module weir_switch_ingress (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        in_valid_i,
    output logic                        in_ready_o,
    input  weir_pkg::tx_frame_t         in_i,
    input  logic                        port_vlan_i,   // of in_i.vport, same cycle: its port VLAN and the tag
    input  logic [15:0]                 port_tci_i,
    output logic                        meta_valid_o,
    input  logic                        meta_ready_i,
    output weir_switch_pkg::meta_t      meta_o,
    output logic                        rd_valid_o,
    input  logic                        rd_ready_i,
    output logic [weir_pkg::DataW-1:0]  rd_data_o,
    input  logic                        rd_restart_i,
    input  logic                        rd_release_i,
    input  logic [weir_switch_pkg::BeatsW-1:0] rd_beats_i,
    input  logic                        csum_pop_i,    // one a frame, when the lookup decides
    output weir_switch_pkg::csum_t      csum_o,
    output logic [$clog2(weir_switch_pkg::FifoBeats):0] used_o,  // beats inside
    output logic                        idle_o
);
  localparam int LenW = weir_pkg::LenW;
  localparam int BeatsW = weir_switch_pkg::BeatsW;

  logic acc, ins, ins_q, own_tag, by_port, first_ins, extra, extra_q, in_q;
  logic more_q, more;             // the tag pushes the frame into one beat more
  logic [31:0] carry_q;
  logic [31:0] tag;
  logic [15:0] tci;
  logic [LenW-1:0] len;
  logic [BeatsW-1:0] beats;
  logic [weir_pkg::DataW-1:0] data;
  logic wr_ready, wr_valid, commit, abort;
  logic meta_ready;
  logic fifo_empty;
  logic [$clog2(weir_switch_pkg::Entries):0] level;
  weir_switch_pkg::parsed_t parsed;
  weir_switch_pkg::meta_t meta, meta_new, meta_q;

  assign in_ready_o = wr_ready && meta_ready && !extra_q;
  assign acc = in_valid_i && in_ready_o;
  assign own_tag = {in_i.data[103:96], in_i.data[111:104]} == 16'h8100 && in_i.len >= LenW'(18);
  assign by_port = port_vlan_i && !in_i.vlan_ins && !own_tag;
  assign first_ins = in_i.vlan_ins || by_port;
  assign ins = in_i.sop ? first_ins : ins_q;
  assign len = in_i.len + (first_ins ? LenW'(4) : LenW'(0));
  assign beats = BeatsW'((len + LenW'(63)) >> 6);
  assign more = in_i.sop ? first_ins && beats != BeatsW'((in_i.len + LenW'(63)) >> 6) : more_q;
  assign tci = by_port ? port_tci_i : in_i.vlan_tci;
  assign tag = {tci[7:0], tci[15:8], 16'h0081};
  assign wr_valid = acc || extra_q;
  assign extra = acc && in_i.eop && !in_i.cancel && more;
  assign commit = (acc && in_i.eop && !in_i.cancel && !more) || (extra_q && wr_ready);
  assign abort = acc && in_i.eop && in_i.cancel;
  assign idle_o = !in_q && !extra_q && fifo_empty && level == '0;

  always_comb begin
    data = in_i.data;
    if (extra_q) data = {480'b0, carry_q};
    else if (ins) begin
      if (in_i.sop) data = {in_i.data[479:96], tag, in_i.data[95:0]};
      else data = {in_i.data[479:0], carry_q};
    end
  end

  weir_switch_parse u_parse (.enable_i(acc && in_i.sop), .len_i(len), .port_vlan_i(by_port), .data_i(data), .parsed_o(parsed));

  always_comb begin
    meta_new.p = parsed;
    meta_new.len = len;
    meta_new.beats = beats;
    meta_new.vport = in_i.vport[weir_switch_pkg::VpW-1:0];
    meta_new.qp = in_i.qp;
    meta_new.tag = in_i.tag;
    meta_new.cpl_req = in_i.cpl_req;
    meta_new.port_vlan = by_port;
    meta = (acc && in_i.sop) ? meta_new : meta_q;
  end

  always_ff @(posedge clk_i) begin
    if (acc && in_i.sop) meta_q <= meta_new;
    if (acc && ins) carry_q <= in_i.data[511:480];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ins_q <= 1'b0;
      more_q <= 1'b0;
      extra_q <= 1'b0;
      in_q <= 1'b0;
    end else begin
      if (acc) begin
        ins_q <= ins;
        more_q <= more;
        in_q <= !in_i.eop;
      end
      if (extra) extra_q <= 1'b1;
      else if (wr_ready) extra_q <= 1'b0;
    end
  end

  logic csum_valid;
  weir_switch_csum u_csum (
      .clk_i, .rst_ni, .beat_i(wr_valid && wr_ready), .first_i(acc && in_i.sop), .last_i(commit), .len_i(len),
      .l3_i(in_i.csum_l3), .l4_i(in_i.csum_l4), .data_i(data), .pop_i(csum_pop_i), .csum_o, .valid_o(csum_valid));
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) assert (!csum_pop_i || csum_valid);
  end

  weir_common_pktfifo #(.Width(weir_pkg::DataW), .Depth(weir_switch_pkg::FifoBeats)) u_data (
      .clk_i, .rst_ni,
      .wr_valid_i(wr_valid), .wr_ready_o(wr_ready), .wr_data_i(data), .wr_commit_i(commit), .wr_abort_i(abort),
      .rd_valid_o, .rd_ready_i, .rd_data_o, .rd_restart_i, .rd_release_i, .rd_beats_i, .used_o, .empty_o(fifo_empty));

  weir_common_fifo #(.Width($bits(meta)), .Depth(weir_switch_pkg::Entries)) u_meta (
      .clk_i, .rst_ni, .valid_i(commit), .ready_o(meta_ready), .data_i(meta),
      .valid_o(meta_valid_o), .ready_i(meta_ready_i), .data_o(meta_o), .level_o(level));
endmodule
