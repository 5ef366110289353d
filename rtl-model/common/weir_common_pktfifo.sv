// SPDX-License-Identifier: Apache-2.0
// Packet FIFO over one synchronous-read RAM. Written beats become readable at commit (with or after the last beat) or
// vanish at abort. The reader may restart at the oldest unreleased beat (one frame, many copies) and releases space by a
// number of beats, read or not. restart and release act with the pop of the same cycle; release beats committed data only.
// One beat a cycle each way; a commit is readable two cycles later. Depth: power of two. It counts beats, not packets.
module weir_common_pktfifo #(
    parameter int Width = 512,
    parameter int Depth = 512
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   wr_valid_i,
    output logic                   wr_ready_o,
    input  logic [Width-1:0]       wr_data_i,
    input  logic                   wr_commit_i,
    input  logic                   wr_abort_i,     // wins over commit; the beat of the same cycle goes too
    output logic                   rd_valid_o,
    input  logic                   rd_ready_i,
    output logic [Width-1:0]       rd_data_o,
    input  logic                   rd_restart_i,
    input  logic                   rd_release_i,   // wins over restart; reading goes on behind the released beats
    input  logic [$clog2(Depth):0] rd_beats_i,     // with rd_release_i
    output logic [$clog2(Depth):0] used_o,         // beats written and not released
    output logic                   empty_o         // none
);
  localparam int AddrW = $clog2(Depth);

  logic [Width-1:0] mem [0:Depth-1];
  logic [AddrW:0] wr_q, wr_d;
  logic [AddrW:0] commit_q, commit_d;
  logic [AddrW:0] base_q, base_d;
  logic [AddrW:0] rd_q, rd_d;
  logic [AddrW:0] used;
  logic           push;
  logic           avail;
  logic           load;
  logic           valid_q;
  logic [Width-1:0] data_q;

  assign used = wr_q - base_q;
  assign used_o = used;
  assign wr_ready_o = !used[AddrW];
  assign push = wr_valid_i && wr_ready_o;
  assign empty_o = wr_q == base_q;
  assign rd_valid_o = valid_q;
  assign rd_data_o = data_q;

  always_comb begin
    wr_d = wr_q;
    commit_d = commit_q;
    if (push) wr_d = wr_q + 1'b1;
    if (wr_abort_i) wr_d = commit_q;
    else if (wr_commit_i) commit_d = wr_d;

    base_d = base_q;
    rd_d = rd_q;
    if (valid_q && rd_ready_i) rd_d = rd_q + 1'b1;
    if (rd_release_i) begin
      base_d = base_q + rd_beats_i;
      rd_d = base_d;
    end else if (rd_restart_i) rd_d = base_q;
    // commit_q, not commit_d: a beat written in this cycle is not in the RAM yet.
    avail = rd_d != commit_q;
    load = avail && (!valid_q || rd_d != rd_q);
  end

  always_ff @(posedge clk_i) begin
    if (push) mem[wr_q[AddrW-1:0]] <= wr_data_i;
    if (load) data_q <= mem[rd_d[AddrW-1:0]];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wr_q <= '0;
      commit_q <= '0;
      base_q <= '0;
      rd_q <= '0;
      valid_q <= 1'b0;
    end else begin
      wr_q <= wr_d;
      commit_q <= commit_d;
      base_q <= base_d;
      rd_q <= rd_d;
      valid_q <= avail;
    end
  end

`ifdef FORMAL
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (used <= (AddrW + 1)'(Depth));
      assert ((commit_q - base_q) <= used);
    end
  end
`endif
endmodule
