// SPDX-License-Identifier: Apache-2.0
// Everything that leaves for the link: dma's writes, MSI-X messages and our completions in turn, and after each of them one
// read request if there is one: a read is one beat that fetches many, so it must not queue behind a stream of writes.
// Requests of different engines have no order to keep. The requester ID is the PF's plus fn, put in here and nowhere else
// (threat T9, formal P1). An interrupt token is taken when it is first in the write stream: every write before it has left.
// In a conventional reset everything is taken and thrown away, down to the end of a TLP under way.
module weir_pcie_tx (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     link_rst_ni,   // low during a conventional reset too
    input  logic                     hot_i,
    input  logic [15:0]              pf_rid_i,
    input  logic                     wr_valid_i,
    output logic                     wr_ready_o,
    input  weir_pkg::dma_tlp_t       wr_i,
    input  logic                     rdreq_valid_i,
    output logic                     rdreq_ready_o,
    input  weir_pkg::dma_tlp_t       rdreq_i,
    input  logic                     msg_valid_i,
    output logic                     msg_ready_o,
    input  logic [weir_pkg::FnW-1:0] msg_fn_i,
    input  logic [63:0]              msg_addr_i,
    input  logic [31:0]              msg_data_i,
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
  logic inside_q;      // in the middle of a write
  logic drop_q;        // rest of a write cut by a reset
  logic [1:0] turn_q;  // who of write, message, completion was last
  logic rd_turn_q;     // something else left since the last read
  logic wr_tlp;
  logic [2:0] want;
  logic [2:0] pick;    // write, message, completion
  logic pick_rd;
  logic discard;
  weir_pkg::tlp_t out;
  logic out_valid;

  assign discard = hot_i || drop_q;
  assign token_valid_o = wr_valid_i && wr_i.irq && !inside_q;
  assign token_o = {wr_i.fn, wr_i.vec};
  assign wr_tlp = wr_valid_i && !token_valid_o;
  assign want = {cpl_valid_i, msg_valid_i, wr_tlp};

  always_comb begin
    pick = 3'b000;
    pick_rd = 1'b0;
    if (inside_q) begin
      pick[0] = wr_tlp;
    end else if (rdreq_valid_i && (rd_turn_q || want == 3'b000)) begin
      pick_rd = 1'b1;
    end else begin
      case (turn_q)
        2'd0: pick = want[1] ? 3'b010 : want[2] ? 3'b100 : {2'b00, want[0]};
        2'd1: pick = want[2] ? 3'b100 : want[0] ? 3'b001 : {1'b0, want[1], 1'b0};
        default: pick = want[0] ? 3'b001 : want[1] ? 3'b010 : {want[2], 2'b00};
      endcase
    end
  end

  assign out_valid = (pick != 3'b000 || pick_rd) && !discard;
  assign wr_ready_o = token_valid_o ? token_ready_i : discard || (pick[0] && ready);
  assign msg_ready_o = pick[1] && ready && !discard;
  assign cpl_ready_o = pick[2] && ready && !discard;
  assign rdreq_ready_o = discard || (pick_rd && ready);

  // Requester ID of a request: PF RID + fn (First VF Offset 1, stride 1).
  always_comb begin
    out = '0;
    if (pick[2]) begin
      out.sop = 1'b1;
      out.eop = 1'b1;
      out.hdr = cpl_hdr_i;
      out.data = cpl_data_i;
    end else if (pick[1]) begin
      out.sop = 1'b1;
      out.eop = 1'b1;
      out.hdr[31:0] = (msg_addr_i[63:32] == 32'd0) ? 32'h4000_0001 : 32'h6000_0001;
      out.hdr[63:32] = {pf_rid_i + 16'(msg_fn_i), 16'h000F};
      out.hdr[127:64] = (msg_addr_i[63:32] == 32'd0) ? {32'b0, msg_addr_i[31:0]}
                                                      : {msg_addr_i[31:0], msg_addr_i[63:32]};
      out.data[31:0] = msg_data_i;
    end else if (pick_rd) begin
      out = rdreq_i.tlp;
      out.hdr[63:48] = pf_rid_i + 16'(rdreq_i.fn);
    end else if (pick[0]) begin
      out = wr_i.tlp;
      out.hdr[63:48] = pf_rid_i + 16'(wr_i.fn);
    end
  end

  /* verilator lint_off PINCONNECTEMPTY */
  weir_common_fifo #(.Width(TlpW), .Depth(4)) u_out (
      .clk_i, .rst_ni(link_rst_ni), .valid_i(out_valid), .ready_o(ready), .data_i(out),
      .valid_o(tlp_tx_valid_o), .ready_i(tlp_tx_ready_i), .data_o(tlp_tx_o), .level_o());
  /* verilator lint_on PINCONNECTEMPTY */
  assign idle_o = !tlp_tx_valid_o && !wr_valid_i && !rdreq_valid_i && !cpl_valid_i && !msg_valid_i;

  logic wr_fire;
  assign wr_fire = wr_tlp && wr_ready_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      drop_q <= 1'b0;
      turn_q <= 2'd0;
      rd_turn_q <= 1'b0;
    end else begin
      if (wr_fire) inside_q <= !wr_i.tlp.eop;
      if (hot_i) drop_q <= wr_fire ? !wr_i.tlp.eop : inside_q;
      else if (wr_fire && wr_i.tlp.eop) drop_q <= 1'b0;
      if (!inside_q && out_valid && ready && !pick_rd) turn_q <= {pick[2], pick[1]};
      if (!inside_q && out_valid && ready) rd_turn_q <= !pick_rd;
    end
  end
endmodule
