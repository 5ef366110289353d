// SPDX-License-Identifier: Apache-2.0
// Collects the answers to descriptor batches, which come in the order they were asked for. A batch is shown only when it
// is whole, because an error is told with its last beat and voids all of it. Holds 4 batches of 32; 32 may be in flight.
// Does not look into a descriptor.
module weir_queue_batch (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    // Asked: pushed no later than the request itself.
    input  logic                    info_valid_i,
    output logic                    info_ready_o,
    input  weir_queue_pkg::batch_t  info_i,
    input  logic                    rsp_valid_i,
    output logic                    rsp_ready_o,
    input  weir_pkg::dma_rd_rsp_t   rsp_i,
    // Oldest whole batch.
    output logic                    valid_o,
    output weir_queue_pkg::batch_t  info_o,
    output logic                    err_o,
    input  logic [4:0]              index_i,
    output logic [127:0]            desc_o,
    output logic [511:0]            behind_o,  // the four slots after index_i
    input  logic                    pop_i,
    output logic                    empty_o
);
  localparam int InfoW = $bits(info_i);

  // Eight beats a batch; even and odd ones apart, so that four slots from anywhere can be read in one cycle.
  logic [511:0] even [0:15];
  logic [511:0] odd [0:15];
  logic [511:0] word;
  logic [511:0] next;
  logic [2:0]   wr_q;
  logic [2:0]   rd_q;
  logic [2:0]   beat_q;
  logic [3:0]   err_q;
  logic         take;
  logic         info_valid;
  logic [5:0]   info_level;

  weir_common_fifo #(.Width(InfoW), .Depth(32)) u_info (
      .clk_i, .rst_ni, .valid_i(info_valid_i), .ready_o(info_ready_o), .data_i(info_i),
      .valid_o(info_valid), .ready_i(pop_i), .data_o(info_o), .level_o(info_level));

  assign rsp_ready_o = (wr_q ^ rd_q) != 3'b100;
  assign take = rsp_valid_i && rsp_ready_o;
  assign valid_o = wr_q != rd_q && info_valid;
  assign err_o = err_q[rd_q[1:0]];
  assign empty_o = info_level == '0;

  always_comb begin
    word = '0;
    next = '0;
    desc_o = '0;
    behind_o = '0;
    if (valid_o) begin
      word = index_i[2] ? odd[{rd_q[1:0], index_i[4:3]}] : even[{rd_q[1:0], index_i[4:3]}];
      next = index_i[2] ? even[{rd_q[1:0], index_i[4:3] + 2'd1}] : odd[{rd_q[1:0], index_i[4:3]}];
      case (index_i[1:0])
        2'd0: begin
          desc_o = word[127:0];
          behind_o = {next[127:0], word[511:128]};
        end
        2'd1: begin
          desc_o = word[255:128];
          behind_o = {next[255:0], word[511:256]};
        end
        2'd2: begin
          desc_o = word[383:256];
          behind_o = {next[383:0], word[511:384]};
        end
        default: begin
          desc_o = word[511:384];
          behind_o = next;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (take && !beat_q[0]) even[{wr_q[1:0], beat_q[2:1]}] <= rsp_i.data;
    if (take && beat_q[0]) odd[{wr_q[1:0], beat_q[2:1]}] <= rsp_i.data;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wr_q <= '0;
      rd_q <= '0;
      beat_q <= '0;
      err_q <= '0;
    end else begin
      if (take) beat_q <= rsp_i.eop ? '0 : beat_q + 3'd1;
      if (take && rsp_i.eop) begin
        wr_q <= wr_q + 1'b1;
        err_q[wr_q[1:0]] <= rsp_i.err;
      end
      if (pop_i) rd_q <= rd_q + 1'b1;
    end
  end
endmodule
