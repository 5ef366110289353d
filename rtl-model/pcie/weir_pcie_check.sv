// SPDX-License-Identifier: Apache-2.0
// Door of the endpoint: a TLP that is no TLP by the rules of the specification never gets further (pcie 39). Everything but
// a completion is held until its last beat is there, so that no part of a malformed write is executed; completions pass
// beat by beat, dma checks them, and behind the posted writes in front of them. A digest (TD) is checked and taken off
// below this block, as hard IP does; the bit is ignored.
module weir_pcie_check (
    input  logic           clk_i,
    input  logic           rst_ni,
    input  logic [2:0]     mps_i,          // 128 << mps bytes
    input  logic           valid_i,
    output logic           ready_o,
    input  weir_pkg::tlp_t tlp_i,
    output logic           valid_o,
    input  logic           ready_i,
    output weir_pkg::tlp_t tlp_o,
    output logic           malformed_o,    // one cycle, with the header
    output logic [127:0]   hdr_o,
    output logic           idle_o
);
  localparam int TlpW = $bits(tlp_i);

  logic [7:0] kind;
  logic [10:0] len;
  logic has_data;
  logic is_mem;
  logic is_cpl;
  logic is_one;            // configuration and I/O: one DW, no traffic class, no attributes
  logic is_msg;
  logic known;
  logic be_bad;
  logic bad;               // by its header
  logic [3:0] shift;
  logic [12:0] limit;

  always_comb begin
    kind = tlp_i.hdr[31:24];
    len = {tlp_i.hdr[9:0] == 10'd0, tlp_i.hdr[9:0]};
    has_data = kind[6];
    shift = (mps_i > 3'd5) ? 4'd5 : {1'b0, mps_i};
    limit = 13'd128 << shift;
    is_mem = !kind[7] && (kind[4:0] == 5'h00 || (kind[4:0] == 5'h01 && !has_data));
    is_one = !kind[7] && !kind[5] && (kind[4:0] == 5'h02 || kind[4:0] == 5'h04 || kind[4:0] == 5'h05);
    is_cpl = !kind[7] && !kind[5] && (kind[4:0] == 5'h0A || kind[4:0] == 5'h0B);
    is_msg = !kind[7] && kind[5] && kind[4:3] == 2'b10 && kind[2:0] <= 3'd5;
    // Atomic operations are well formed and refused (pcie 33).
    known = is_mem || is_one || is_cpl || is_msg || (!kind[7] && kind[6] && kind[4:2] == 3'b011 && kind[1:0] != 2'd3);
    be_bad = (len == 11'd1) ? tlp_i.hdr[39:36] != 4'd0 : (tlp_i.hdr[35:32] == 4'd0 || tlp_i.hdr[39:36] == 4'd0);
    bad = !known;
    if (has_data && {len, 2'b00} > limit) bad = 1'b1;
    if (is_mem) begin
      if (be_bad) bad = 1'b1;
      if ({1'b0, kind[5] ? tlp_i.hdr[107:98] : tlp_i.hdr[75:66]} + len > 11'd1024) bad = 1'b1;
    end
    if (is_one && (len != 11'd1 || tlp_i.hdr[39:36] != 4'd0 || tlp_i.hdr[22:20] != 3'd0 ||
                   tlp_i.hdr[13:12] != 2'd0 || tlp_i.hdr[18])) bad = 1'b1;
  end

  logic skip_q;            // up to the end of a malformed TLP
  logic [6:0] left_q;      // beats behind this one
  logic cut_q;             // a completion is passing
  logic [6:0] left;
  logic through;
  logic take;
  logic wrong;             // this beat shows that the TLP is malformed

  assign take = valid_i && ready_o;
  always_comb begin
    left = left_q;
    through = cut_q;
    wrong = 1'b0;
    if (tlp_i.sop) begin
      left = has_data ? 7'((len - 11'd1) >> 4) : 7'd0;
      through = is_cpl && !bad;
      wrong = bad;
    end
    // Length against beats: the payload ends where the length says. dma looks at completions itself.
    if (!through && tlp_i.eop != (left == 7'd0)) wrong = 1'b1;
    if (skip_q && !tlp_i.sop) wrong = 1'b0;
  end
  assign malformed_o = take && wrong && (!skip_q || tlp_i.sop);
  logic [127:0] hdr_q;
  assign hdr_o = tlp_i.sop ? tlp_i.hdr : hdr_q;

  logic drop;
  logic pass_valid;
  logic empty;
  assign drop = (skip_q && !tlp_i.sop) || wrong;
  logic [7:0] unused_used;
  weir_common_pktfifo #(.Width(TlpW), .Depth(128)) u_fifo (
      .clk_i, .rst_ni, .wr_valid_i(valid_i && !drop), .wr_ready_o(ready_o), .wr_data_i(tlp_i),
      .wr_commit_i(take && !drop && (through || tlp_i.eop)), .wr_abort_i(take && wrong),
      .rd_valid_o(pass_valid), .rd_ready_i(ready_i), .rd_data_o(tlp_o), .rd_restart_i(1'b0),
      .rd_release_i(pass_valid && ready_i), .rd_beats_i(8'd1), .used_o(unused_used), .empty_o(empty));
  assign valid_o = pass_valid;
  assign idle_o = empty;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      skip_q <= 1'b0;
      left_q <= '0;
      cut_q <= 1'b0;
      hdr_q <= '0;
    end else if (take) begin
      skip_q <= (wrong || (skip_q && !tlp_i.sop)) && !tlp_i.eop;
      left_q <= left - 7'd1;
      cut_q <= through && !tlp_i.eop;
      if (tlp_i.sop) hdr_q <= tlp_i.hdr;
    end
  end
endmodule
