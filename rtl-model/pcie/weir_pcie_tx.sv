// SPDX-License-Identifier: Apache-2.0
// Everything that leaves for the link: dma's writes, MSI-X and error messages and our completions in turn, and read requests,
// which must not queue behind a stream of writes: one rides in each beat inside a write, whose header lane is free
// (ADR 0015), and where no such beat is near one may follow each other TLP. Requests of different engines have no order to keep. The requester ID is the PF's or a VF's own, put in here and
// nowhere else (threat T9, formal P1). Here is also the last look at permission (pcie 32, 42; formal P2): a request whose
// function may not do DMA any more is taken and not sent, and a read among them is answered to dma as unsupported, so that
// its tag comes back. What was sent stands in front of the completion of the write that took the permission.
// An interrupt token is taken when it is first in the write stream: every write before it has left.
// In a conventional reset everything is taken and thrown away, down to the end of a TLP under way.
module weir_pcie_tx #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     link_rst_ni,   // low during a conventional reset too
    input  logic                     hot_i,
    input  logic [15:0]              pf_rid_i,
    input  logic [15:0]              vf_rid_i,      // of VF 0
    input  logic [NumFns-1:0]        dma_ok_i,
    input  logic                     wr_valid_i,
    output logic                     wr_ready_o,
    input  weir_pkg::dma_tlp_t       wr_i,
    input  logic                     rdreq_valid_i,
    output logic                     rdreq_ready_o,
    input  weir_pkg::dma_tlp_t       rdreq_i,
    output logic                     refused_o,     // rdreq_i is taken without being sent
    input  logic                     refused_ok_i,  // room for one more
    input  logic                     msg_valid_i,
    output logic                     msg_ready_o,
    input  logic [weir_pkg::FnW-1:0] msg_fn_i,
    input  logic [63:0]              msg_addr_i,
    input  logic [31:0]              msg_data_i,
    input  logic                     err_valid_i,   // error message
    output logic                     err_ready_o,
    input  logic [weir_pkg::FnW-1:0] err_fn_i,
    input  logic [7:0]               err_code_i,
    input  logic                     cpl_valid_i,
    output logic                     cpl_ready_o,
    input  logic [127:0]             cpl_hdr_i,
    input  logic [511:0]             cpl_data_i,
    output logic                     token_valid_o,
    input  logic                     token_ready_i,
    output weir_pkg::irq_t           token_o,
    output logic                     tlp_tx_valid_o,
    input  logic                     tlp_tx_ready_i,
    output weir_pkg::tlp_t           tlp_tx_o,
    output logic                     idle_o
);
  localparam int TlpW = $bits(tlp_tx_o);

  logic ready;
  logic inside_q;      // in the middle of a write that is sent
  logic drop_q;        // rest of a write that is not
  logic rd_turn_q;     // something else left since the last read
  logic wr_tlp;        // a write that may be sent, or its rest
  logic wr_void;       // one that may not
  logic rd_ok;
  logic rd_void;
  logic [3:0] want;
  logic [3:0] pick;    // write, message, completion, error message
  logic any;
  logic pick_rd;       // a read has a beat to itself,
  logic ride;          // or goes beside the data of a write
  logic turn;
  logic [255:0] ok;
  weir_pkg::tlp_t out;
  logic out_valid;

  assign ok = 256'(dma_ok_i);
  assign token_valid_o = wr_valid_i && wr_i.irq && !inside_q && !drop_q;
  assign token_o = {wr_i.fn, wr_i.vec};
  assign wr_void = wr_valid_i && !token_valid_o && (drop_q || hot_i || (!inside_q && !ok[wr_i.fn]));
  assign wr_tlp = wr_valid_i && !token_valid_o && !wr_void;
  assign rd_ok = rdreq_valid_i && ok[rdreq_i.fn] && !hot_i;
  assign rd_void = rdreq_valid_i && !ok[rdreq_i.fn] && !hot_i && refused_ok_i;
  assign refused_o = rd_void;
  assign want = {err_valid_i, cpl_valid_i, msg_valid_i, wr_tlp};

  assign pick_rd = !inside_q && rd_ok && (want == 4'd0 || (rd_turn_q && !(wr_tlp && !wr_i.tlp.eop)));
  assign ride = inside_q && rd_ok && wr_tlp;
  assign turn = !inside_q && !pick_rd && ready && !hot_i;
  logic [3:0] choice;
  /* verilator lint_off PINCONNECTEMPTY */
  weir_common_rr #(.N(4)) u_turn (
      .clk_i, .rst_ni, .req_i(want), .advance_i(turn && want != 4'd0), .valid_o(), .grant_o(choice), .index_o());
  /* verilator lint_on PINCONNECTEMPTY */
  always_comb begin
    pick = pick_rd ? 4'd0 : choice;
    if (inside_q) pick = {3'd0, wr_tlp};
    any = pick != 4'd0;
  end

  assign out_valid = (any || pick_rd) && !hot_i;
  assign wr_ready_o = token_valid_o ? token_ready_i : wr_void || (pick[0] && ready);
  assign msg_ready_o = pick[1] && ready && !hot_i;
  assign cpl_ready_o = pick[2] && ready && !hot_i;
  assign err_ready_o = hot_i || (pick[3] && ready);
  assign rdreq_ready_o = hot_i || rd_void || ((pick_rd || ride) && ready);

  always_comb begin
    out = '0;
    out.sop = 1'b1;
    out.eop = 1'b1;
    if (pick[3]) begin
      // A message without data to the root complex: 4 DW, type 10000.
      out.hdr[31:0] = 32'h3000_0000;
      out.hdr[63:32] = {weir_pcie_pkg::rid_of(err_fn_i, pf_rid_i, vf_rid_i), 8'd0, err_code_i};
    end else if (pick[2]) begin
      out.hdr = cpl_hdr_i;
      out.data = cpl_data_i;
    end else if (pick[1]) begin
      out.hdr[31:0] = (msg_addr_i[63:32] == 32'd0) ? 32'h4000_0001 : 32'h6000_0001;
      out.hdr[63:32] = {weir_pcie_pkg::rid_of(msg_fn_i, pf_rid_i, vf_rid_i), 16'h000F};
      out.hdr[127:64] = (msg_addr_i[63:32] == 32'd0) ? {32'b0, msg_addr_i[31:0]}
                                                      : {msg_addr_i[31:0], msg_addr_i[63:32]};
      out.data[31:0] = msg_data_i;
    end else if (pick_rd) begin
      out = rdreq_i.tlp;
      out.piggyback = 1'b0;
      out.hdr[63:48] = weir_pcie_pkg::rid_of(rdreq_i.fn, pf_rid_i, vf_rid_i);
    end else if (pick[0]) begin
      out = wr_i.tlp;
      out.hdr[63:48] = weir_pcie_pkg::rid_of(wr_i.fn, pf_rid_i, vf_rid_i);
      out.piggyback = ride;
      if (ride) begin
        out.hdr = rdreq_i.tlp.hdr;
        out.hdr[63:48] = weir_pcie_pkg::rid_of(rdreq_i.fn, pf_rid_i, vf_rid_i);
      end
    end
  end

  /* verilator lint_off PINCONNECTEMPTY */
  weir_common_fifo #(.Width(TlpW), .Depth(4)) u_out (
      .clk_i, .rst_ni(link_rst_ni), .valid_i(out_valid), .ready_o(ready), .data_i(out),
      .valid_o(tlp_tx_valid_o), .ready_i(tlp_tx_ready_i), .data_o(tlp_tx_o), .level_o());
  /* verilator lint_on PINCONNECTEMPTY */
  assign idle_o = !tlp_tx_valid_o && !wr_valid_i && !rdreq_valid_i && !cpl_valid_i && !msg_valid_i && !err_valid_i;

  logic wr_fire;
  assign wr_fire = wr_valid_i && !token_valid_o && wr_ready_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      drop_q <= 1'b0;
      rd_turn_q <= 1'b0;
    end else begin
      if (hot_i) inside_q <= 1'b0;
      else if (wr_fire && !wr_void) inside_q <= !wr_i.tlp.eop;
      if (wr_fire) drop_q <= wr_void && !wr_i.tlp.eop;
      else if (hot_i) drop_q <= drop_q || inside_q;
      if (!inside_q && out_valid && ready) rd_turn_q <= !pick_rd;
    end
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);
  always_comb if (!rst_ni) assume (!link_rst_ni);

  // P1: whatever leaves carries the ID of the function that its source names. P2: a request starts only while its function
  // may do DMA; a read that is taken is sent or handed back. One source at a time.
  logic [15:0] f_rd_rid;
  logic [15:0] f_wr_rid;
  logic [15:0] f_msg_rid;
  logic [3:0] f_sources;
  assign f_rd_rid = (rdreq_i.fn == 8'd0) ? pf_rid_i : vf_rid_i + 16'(rdreq_i.fn) - 16'd1;
  assign f_wr_rid = (wr_i.fn == 8'd0) ? pf_rid_i : vf_rid_i + 16'(wr_i.fn) - 16'd1;
  assign f_msg_rid = (msg_fn_i == 8'd0) ? pf_rid_i : vf_rid_i + 16'(msg_fn_i) - 16'd1;
  logic f_rd_fire;
  logic f_wr_fire;
  logic f_wr_new;
  assign f_rd_fire = rdreq_valid_i && rdreq_ready_o && !refused_o && !hot_i;
  assign f_wr_fire = wr_fire && !wr_void;
  assign f_wr_new = f_wr_fire && !inside_q;
  assign f_sources = 4'(f_rd_fire) + 4'(f_wr_fire) + 4'(msg_valid_i && msg_ready_o) + 4'(cpl_valid_i && cpl_ready_o) +
                     4'(err_valid_i && err_ready_o && !hot_i);
  always_ff @(posedge clk_i) if (rst_ni) begin
    assert (f_sources == 4'(out_valid && ready) + 4'(out_valid && ready && out.piggyback));
    if (out_valid && out.piggyback) assert (inside_q && f_rd_fire == ready);
    if (f_rd_fire) begin
      assert (out.hdr[63:48] == f_rd_rid);
      assert (32'(rdreq_i.fn) < NumFns && dma_ok_i[rdreq_i.fn[$clog2(NumFns)-1:0]]);
    end
    if (f_wr_fire && wr_i.tlp.sop && !out.piggyback) assert (out.hdr[63:48] == f_wr_rid);
    if (f_wr_new) assert (32'(wr_i.fn) < NumFns && dma_ok_i[wr_i.fn[$clog2(NumFns)-1:0]]);
    if (msg_valid_i && msg_ready_o) assert (out.hdr[63:48] == f_msg_rid);
    if (refused_o) assert (rdreq_valid_i && rdreq_ready_o);
    cover (f_rd_fire && out.piggyback && rdreq_i.fn != wr_i.fn);
    cover (refused_o);
    // A token is taken between writes only.
    if (token_valid_o) assert (!inside_q && !drop_q);
  end
`endif
endmodule
