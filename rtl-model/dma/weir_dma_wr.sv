// SPDX-License-Identifier: Apache-2.0
// Write engine: cuts each write at MPS-aligned addresses, which keeps every TLP within MPS and within 4 KiB (pcie 43), and
// moves its bytes to their place in the payload. Two source beats (the last one and the next one) and one rotation make
// each beat of payload, one a cycle. Everything stays in order, interrupt tokens included (formal P7).
// A write of a function that may not do DMA vanishes; a permission lost in the middle takes effect at the next TLP.
module weir_dma_wr #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic [2:0]               mps_i,          // 128 << mps bytes
    input  logic [NumFns-1:0]        fn_dma_ok_i,
    input  logic                     src_valid_i,
    output logic                     src_ready_o,
    input  weir_pkg::dma_wr_t        src_i,
    output logic                     wr_valid_o,
    input  logic                     wr_ready_i,
    output weir_pkg::dma_tlp_t       wr_o,
    output logic                     wr_end_o,       // last beat of a write
    input  logic                     wr_empty_i,     // everything given to wr has reached the link
    output logic                     gone_o,         // the write (or the rest of it) of fn gone_fn_o was swallowed
    output logic [weir_pkg::FnW-1:0] gone_fn_o,
    output logic                     idle_o
);
  typedef enum logic [1:0] {
    First,   // waits for the first beat of a write, or a token
    Next,    // at the start of a further TLP of the write
    Body,    // inside a TLP
    Drop     // swallows the rest of a write
  } state_e;

  state_e state_q;
  state_e state_d;
  logic [weir_pkg::FnW-1:0] fn_q;
  logic [63:0] addr_q;               // of the next TLP
  logic [weir_pkg::LenW-1:0] rem_q;  // bytes of the write behind the current TLP
  logic [12:0] span_q;               // payload bytes left in the current TLP, leading pad included
  logic [5:0] k_q;                   // rotation of the current TLP
  logic [5:0] k2_q;                  // rotation of every TLP but the first
  logic [511:0] cur_q;               // last source beat taken

  logic first;
  logic start;                       // this beat starts a TLP
  logic [weir_pkg::FnW-1:0] fn;
  logic [63:0] addr;
  logic [weir_pkg::LenW-1:0] rem;
  logic [12:0] size;
  logic [12:0] room;
  logic [12:0] bytes;                // of the TLP that starts
  logic [12:0] span;
  logic [5:0] k;
  logic use_src;
  logic is_end;                      // last beat of this TLP
  logic [weir_pkg::LenW-1:0] rest;
  logic [255:0] ok;
  logic token;
  logic make;                        // a beat of payload can be made
  logic fire;
  logic seen_eop_q;                  // the source's last beat was taken

  assign ok = 256'(fn_dma_ok_i);
  assign first = state_q == First;
  assign start = first || state_q == Next;
  assign token = first && src_i.irq;

  always_comb begin
    fn = first ? src_i.fn : fn_q;
    addr = first ? src_i.addr : addr_q;
    rem = first ? src_i.len : rem_q;
    size = 13'd128 << ((mps_i > 3'd5) ? 3'd5 : mps_i);
    room = size - ({1'b0, addr[11:0]} & (size - 13'd1));
    bytes = (rem < weir_pkg::LenW'(room)) ? rem[12:0] : room;
    span = start ? bytes + {11'b0, addr[1:0]} : span_q;
    k = first ? {4'b0, addr[1:0]} : start ? k2_q : k_q;
    is_end = span <= 13'd64;
    use_src = first || span > {7'b0, k} || !is_end;
    rest = start ? rem - weir_pkg::LenW'(bytes) : rem_q;
  end

  assign make = state_q != Drop && (src_valid_i || !use_src) && !token && (!start || ok[fn]);
  assign wr_valid_o = make || (src_valid_i && token);
  assign fire = wr_valid_o && wr_ready_i;
  assign wr_end_o = make && is_end && rest == '0;
  assign gone_fn_o = fn;

  // First, Next: start a TLP, or swallow. Body: go on. Drop: until the source's eop.
  always_comb begin
    state_d = state_q;
    src_ready_o = 1'b0;
    gone_o = 1'b0;
    case (state_q)
      Drop: begin
        src_ready_o = 1'b1;
        if (src_valid_i && src_i.eop) state_d = First;
      end
      default: begin
        src_ready_o = use_src && wr_ready_i && (make || token);
        if (fire && make) state_d = !is_end ? Body : (rest != '0) ? Next : First;
        // In the middle of a write its earlier TLPs leave first, so that FN_BUSY is 0 only when nothing of it is left.
        if (start && !token && !ok[fn] && (first ? src_valid_i : wr_empty_i)) begin
          gone_o = 1'b1;
          src_ready_o = first;
          // Between TLPs the last source beat may have been taken already: nothing is left to swallow.
          state_d = ((first && src_i.eop) || (!first && seen_eop_q)) ? First : Drop;
        end
      end
    endcase
  end

  logic [511:0] src;
  logic [511:0] mix;
  logic [511:0] mask;
  logic [6:0] cut;
  always_comb begin
    src = src_i.data;
    mix = src;
    mask = '0;
    cut = 7'd64 - {1'b0, k};
    if (make && k != 6'd0) begin
      mask = weir_dma_pkg::low_bytes(cut);
      mix = (cur_q & ~mask) | (src & mask);
      mix = weir_dma_pkg::rotl_bytes(mix, k);
    end
  end

  always_comb begin
    wr_o = '0;
    wr_o.irq = token;
    wr_o.fn = fn;
    wr_o.vec = token ? src_i.vec : 8'd0;
    wr_o.tlp.sop = start;
    wr_o.tlp.eop = token || is_end;
    if (make) begin
      if (start) wr_o.tlp.hdr = weir_dma_pkg::mem_hdr(1'b1, addr, bytes, 8'd0);
      wr_o.tlp.data = mix;
      // Bytes beyond the last one belong to nobody (threat T20).
      if (is_end) wr_o.tlp.data = mix & weir_dma_pkg::low_bytes(span[6:0]);
      if (first && k != 6'd0) wr_o.tlp.data = wr_o.tlp.data & ~weir_dma_pkg::low_bytes({1'b0, k});
    end
  end

  assign idle_o = first && !src_valid_i;

  always_ff @(posedge clk_i) begin
    if (src_valid_i && src_ready_o) cur_q <= src;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= First;
      fn_q <= '0;
      addr_q <= '0;
      rem_q <= '0;
      span_q <= '0;
      k_q <= '0;
      k2_q <= '0;
      seen_eop_q <= 1'b0;
    end else begin
      state_q <= state_d;
      if (src_valid_i && src_ready_o) seen_eop_q <= src_i.eop;
      if (fire && make) begin
        if (start) begin
          fn_q <= fn;
          addr_q <= addr + {51'b0, bytes};
          rem_q <= rest;
          k_q <= k;
        end
        if (first) k2_q <= addr[5:0];
        span_q <= span - 13'd64;
      end
    end
  end

`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // P6: no write crosses 4 KiB or the payload size; the TLPs of a write follow each other and add up to it. P7: a token never
  // stands inside a write.
  logic [63:0] f_addr;                 // where the next TLP must begin
  logic [weir_pkg::LenW-1:0] f_rem;    // what is still to come behind the TLP under way
  always_ff @(posedge clk_i) begin
    if (src_valid_i && src_i.sop && !src_i.irq) assume (src_i.len != '0);
    if (fire && make && start) begin
      f_addr <= addr + 64'(bytes);
      f_rem <= rem - weir_pkg::LenW'(bytes);
    end
    if (rst_ni && fire && make && start) begin
      assert (bytes != 13'd0 || rem == '0);
      assert (bytes <= size && 13'(addr[11:0]) + bytes <= 13'd4096);
      assert (weir_pkg::LenW'(bytes) <= rem);
      if (!first) assert (addr == f_addr && rem == f_rem && rem != '0);
    end
    if (rst_ni && state_q == Next) assert (addr_q == f_addr && rem_q == f_rem && rem_q != '0);
    if (rst_ni && state_q == Body) assert (addr_q == f_addr && rem_q == f_rem);
    if (rst_ni && fire && token) assert (state_q == First);
    if (rst_ni) cover (fire && start && !first && addr[11:0] == '0 && rest != '0);
    if (rst_ni && wr_end_o && fire) assert (rest == '0);
  end
`endif
endmodule
