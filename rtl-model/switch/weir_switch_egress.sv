// SPDX-License-Identifier: Apache-2.0
// Towards the rings, strictly in lookup order: each entry becomes its copies (lowest vPort first), fence beats, or nothing.
// The frame is read from its FIFO once a copy. Disabled and draining vPorts are judged at a copy's first beat, the latest
// moment, so a drain catches all that is still in the card (rules 7.8). DRAIN goes before disabled. Strips the VLAN tag.
module weir_switch_egress (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             entry_valid_i,
    output logic                             entry_ready_o,
    input  weir_switch_pkg::entry_t          entry_i,
    input  logic                             host_in_valid_i,     // local FIFO: frames from vPorts
    output logic                             host_in_pop_o,
    input  logic [weir_pkg::DataW-1:0]       host_in_data_i,
    output logic                             host_in_restart_o,
    output logic                             host_in_release_o,
    input  logic                             wire_in_valid_i,     // wire's ingress FIFO
    output logic                             wire_in_pop_o,
    input  logic [weir_pkg::DataW-1:0]       wire_in_data_i,
    output logic                             wire_in_restart_o,
    output logic                             wire_in_release_o,
    output logic [weir_switch_pkg::BeatsW-1:0] beats_o,     // with *_release_o
    input  logic [weir_switch_pkg::NumV-1:0] enable_i,
    input  logic [weir_switch_pkg::NumV-1:0] drain_i,
    output logic [weir_switch_pkg::VpW-1:0]  dst_o,
    input  logic [19:0]                      dst_qp_i,      // count, base of dst_o, same cycle
    input  logic                             dst_port_vlan_i,
    output logic                             key_read_o,    // Toeplitz key of a vPort, a cycle later on key_i
    output logic [weir_switch_pkg::VpW-1:0]  key_vport_o,
    input  logic [weir_switch_pkg::KeyW-1:0] key_i,
    input  logic [weir_switch_pkg::KeyW-1:0] key0_i,        // that of vPort 0
    output logic [6:0]                       hash_o,        // with dst_o: row of its indirection table
    input  logic [7:0]                       rss_i,
    output logic                             fence_valid_o, // a fence starts: its vPort, token, number of beats
    output logic [weir_switch_pkg::VpW-1:0]  fence_vport_o,
    output logic [31:0]                      fence_token_o,
    output logic [7:0]                       fence_count_o,
    output weir_switch_pkg::copy_stat_t      stat_o,
    output logic                             rx_valid_o,
    input  logic                             rx_ready_i,
    output weir_pkg::rx_frame_t              rx_o,
    output logic                             idle_o
);
  localparam int NumV = weir_switch_pkg::NumV;
  localparam int VpW = weir_switch_pkg::VpW;
  localparam int LenW = weir_pkg::LenW;
  localparam int BeatsW = weir_switch_pkg::BeatsW;

  // ---- One copy a cycle out of each entry; its vPort's key is read meanwhile ----
  logic next_valid_q, next_take, next_load;
  logic copy_valid_q, copy_take;
  weir_switch_pkg::copy_t next_q, next_d, copy_q, copy_d;
  logic [weir_switch_pkg::TupleW-1:0] next_tuple_q, tuple_q;
  logic more_q;                       // rest_q holds the members still to serve
  logic [NumV-1:0] rest_q, members, low, rest;
  logic [VpW-1:0] low_idx;
  logic many;

  assign next_load = entry_valid_i && (!next_valid_q || next_take);
  assign next_take = next_valid_q && (!copy_valid_q || copy_take);
  assign many = entry_valid_i && entry_i.many && !entry_i.fence && !entry_i.skip;
  always_comb begin
    members = '0;
    low = '0;
    rest = '0;
    if (many) begin
      members = more_q ? rest_q : entry_i.members;
      low = members & (~members + 1'b1);
      rest = members ^ low;
    end
  end
  // One-hot to binary.
  for (genvar b = 0; b < VpW; b++) begin : gen_idx
    logic [NumV-1:0] sel;
    for (genvar k = 0; k < NumV; k++) begin : gen_sel
      assign sel[k] = ((k >> b) & 1) == 1;
    end
    assign low_idx[b] = |(low & sel);
  end
  assign entry_ready_o = next_load && rest == '0;

  always_comb begin
    next_d.fence = entry_i.fence;
    next_d.skip = entry_i.skip;
    next_d.flood = entry_i.flood;
    next_d.last = rest == '0;
    next_d.src_h = entry_i.src_h;
    next_d.has_tag = entry_i.has_tag;
    next_d.l3_ok = entry_i.l3_ok;
    next_d.l4_ok = entry_i.l4_ok;
    next_d.l3_bad = entry_i.l3_bad;
    next_d.l4_bad = entry_i.l4_bad;
    next_d.strip = entry_i.strip;
    next_d.epoch = entry_i.epoch;
    next_d.vport = many ? low_idx : entry_i.vport;
    next_d.src_vport = entry_i.src_vport;
    next_d.len = entry_i.len;
    next_d.beats = entry_i.beats;
    next_d.hash = entry_i.tuple[31:0];
    next_d.tci = entry_i.tci;
  end
  assign key_read_o = next_load;
  assign key_vport_o = next_d.vport;

  // ---- Hash: with the key of the vPort that gets the copy ----
  // A copy that is found draining when its turn comes is hashed again, with the key of vPort 0: its flow keeps to one ring
  // there, in order with what follows it.
  logic again, strayed_q;
  logic [31:0] hash;
  weir_switch_toeplitz u_toeplitz (
      .enable_i(again || (next_take && !next_q.fence && !next_q.skip)), .key_i(again ? key0_i : key_i),
      .tuple_i(again ? tuple_q : next_tuple_q), .hash_o(hash));
  always_comb begin
    copy_d = next_q;
    if (!next_q.fence) copy_d.hash = hash;
  end

  // ---- One beat a cycle out of each copy ----
  typedef enum logic [2:0] {
    Start,      // judge the copy; most frames are one beat and never leave
    Body,       // further beats as they are
    StripBody,  // further beats joined to the 60 bytes held
    Flush,      // the held bytes are the last beat
    Fence       // one beat for each queue pair
  } state_e;
  state_e state_q, state_d;

  logic redirect, ok, out_free, src_valid;
  logic [VpW-1:0] dst, dst_q;
  logic redirect_q, first_q, first_d;
  logic [weir_pkg::QpW-1:0] qp, qp_q;
  logic [BeatsW-1:0] left_q, left_d;
  logic [7:0] fcount_q;
  logic [479:0] hold_q;
  logic [weir_pkg::DataW-1:0] src;
  logic pop, done_src, hold_tag, hold_next;
  logic put, put_sop, put_eop, judge;
  logic [weir_pkg::DataW-1:0] put_data;
  weir_pkg::rx_frame_t out_q, out_d;
  logic out_valid_q;
  logic [LenW-1:0] len;
  logic strip, strip_now, strip_q, tell, tell_q;
  logic shorter;                      // without its tag the frame needs one beat less

  assign out_free = !out_valid_q || rx_ready_i;
  assign src_valid = copy_q.src_h ? host_in_valid_i : wire_in_valid_i;
  assign src = copy_q.src_h ? host_in_data_i : wire_in_data_i;
  assign redirect = !copy_q.fence && (drain_i[copy_q.vport] || strayed_q) && copy_q.vport != '0;
  assign dst = redirect ? '0 : copy_q.vport;
  assign dst_o = dst;
  assign ok = enable_i[dst] && dst_qp_i[19:12] != '0;
  assign hash_o = copy_q.hash[6:0];
  assign qp = dst_qp_i[11:0] + ((rss_i < dst_qp_i[19:12]) ? 12'(rss_i) : 12'd0);
  // A port VLAN's tag goes without a trace, that of an ANY_VLAN match goes into the completion.
  assign strip_now = copy_q.strip || (copy_q.has_tag && dst_port_vlan_i);
  assign strip = (state_q == Start) ? strip_now : strip_q;
  assign tell = (state_q == Start) ? copy_q.strip && !dst_port_vlan_i : tell_q;
  assign len = strip ? copy_q.len - LenW'(4) : copy_q.len;
  assign shorter = BeatsW'((len + LenW'(63)) >> 6) != copy_q.beats;

  always_comb begin
    state_d = state_q;
    left_d = left_q;
    first_d = first_q;
    copy_take = 1'b0;
    pop = 1'b0;
    done_src = 1'b0;
    hold_tag = 1'b0;
    hold_next = 1'b0;
    put = 1'b0;
    put_sop = 1'b0;
    put_eop = 1'b0;
    judge = 1'b0;
    again = 1'b0;
    put_data = src;
    case (state_q)
      Start: begin
        first_d = 1'b1;
        left_d = copy_q.beats - 1'b1;
        if (copy_valid_q && copy_q.fence) begin
          judge = 1'b1;
          if (dst_qp_i[19:12] == '0) copy_take = 1'b1;
          else state_d = Fence;
        end else if (copy_valid_q && src_valid) begin
          if (redirect && !strayed_q) again = 1'b1;
          else if (copy_q.skip || !ok) begin
            judge = 1'b1;
            done_src = 1'b1;
            copy_take = 1'b1;
          end else if (strip) begin
            judge = 1'b1;
            hold_tag = 1'b1;
            pop = 1'b1;
            done_src = left_d == '0;
            state_d = (left_d == '0) ? Flush : StripBody;
          end else if (out_free) begin
            judge = 1'b1;
            pop = 1'b1;
            put = 1'b1;
            put_sop = 1'b1;
            put_eop = left_d == '0;
            done_src = put_eop;
            copy_take = put_eop;
            if (!put_eop) state_d = Body;
          end
        end
      end
      Body: if (src_valid && out_free) begin
        left_d = left_q - 1'b1;
        pop = 1'b1;
        put = 1'b1;
        put_eop = left_d == '0;
        done_src = put_eop;
        copy_take = put_eop;
        if (put_eop) state_d = Start;
      end
      StripBody: if (src_valid && out_free) begin
        left_d = left_q - 1'b1;
        pop = 1'b1;
        hold_next = 1'b1;
        put = 1'b1;
        put_sop = first_q;
        put_data = {src[31:0], hold_q};
        first_d = 1'b0;
        done_src = left_d == '0;
        put_eop = left_d == '0 && shorter;
        copy_take = put_eop;
        if (put_eop) state_d = Start;
        else if (left_d == '0) state_d = Flush;
      end
      Flush: if (out_free) begin
        put = 1'b1;
        put_sop = first_q;
        put_eop = 1'b1;
        put_data = {32'b0, hold_q};
        copy_take = 1'b1;
        state_d = Start;
      end
      Fence: if (out_free) begin
        put = 1'b1;
        put_sop = 1'b1;
        put_eop = 1'b1;
        put_data = '0;
        copy_take = fcount_q == 8'd1;
        if (copy_take) state_d = Start;
      end
      default: state_d = Start;
    endcase
  end

  assign host_in_pop_o = pop && copy_q.src_h;
  assign wire_in_pop_o = pop && !copy_q.src_h;
  assign host_in_release_o = done_src && copy_q.last && copy_q.src_h;
  assign wire_in_release_o = done_src && copy_q.last && !copy_q.src_h;
  assign host_in_restart_o = done_src && !copy_q.last && copy_q.src_h;
  assign wire_in_restart_o = done_src && !copy_q.last && !copy_q.src_h;
  assign beats_o = copy_q.beats;
  assign fence_valid_o = judge && copy_q.fence;
  assign fence_vport_o = copy_q.vport;
  assign fence_token_o = copy_q.hash;
  assign fence_count_o = dst_qp_i[19:12];
  assign stat_o.valid = judge && !copy_q.fence && !copy_q.skip;
  assign stat_o.vport = copy_q.vport;
  assign stat_o.flood = copy_q.flood;
  assign stat_o.redirect = redirect;
  assign stat_o.drop = !ok;

  always_comb begin
    out_d = out_q;
    out_d.sop = put_sop;
    out_d.eop = put_eop;
    out_d.data = put_data;
    if (put_sop) begin
      out_d.fence = copy_q.fence;
      out_d.len = copy_q.fence ? '0 : len;
      out_d.vport = {1'b0, state_q == Start ? dst : dst_q};
      out_d.qp = (state_q == Start) ? qp : qp_q;
      out_d.hash = copy_q.hash;
      out_d.redirect = (state_q == Start) ? redirect : redirect_q;
      out_d.epoch = copy_q.epoch;
      // A drained copy says whom it was for: the parent's switch owes it to that guest alone.
      out_d.src_vport = {1'b0, out_d.redirect ? copy_q.vport : copy_q.src_vport};
      out_d.is_local = copy_q.src_h;
      out_d.mcast = copy_q.flood;
      out_d.l3_ok = copy_q.l3_ok && !copy_q.fence;
      out_d.l4_ok = copy_q.l4_ok && !copy_q.fence;
      out_d.l3_bad = copy_q.l3_bad && !copy_q.fence;
      out_d.l4_bad = copy_q.l4_bad && !copy_q.fence;
      out_d.vlan_stripped = tell;
      out_d.vlan_tci = tell ? copy_q.tci : '0;
    end
  end
  assign rx_valid_o = out_valid_q;
  assign rx_o = out_q;
  assign idle_o = !entry_valid_i && !next_valid_q && !copy_valid_q && !out_valid_q;

  always_ff @(posedge clk_i) begin
    if (next_load) begin
      next_q <= next_d;
      next_tuple_q <= entry_i.tuple;
    end
    if (next_load && many) rest_q <= rest;
    if (next_take) begin
      copy_q <= copy_d;
      tuple_q <= next_tuple_q;
    end
    if (again) copy_q.hash <= hash;
    if (put) out_q <= out_d;
    if (hold_tag) hold_q <= {src[511:128], src[95:0]};
    else if (hold_next) hold_q <= src[511:32];
    if (judge) begin
      dst_q <= dst;
      redirect_q <= redirect;
      strip_q <= strip_now;
      tell_q <= tell;
      fcount_q <= dst_qp_i[19:12];
      qp_q <= copy_q.fence ? dst_qp_i[11:0] : qp;
    end else if (put && state_q == Fence) begin
      fcount_q <= fcount_q - 1'b1;
      qp_q <= qp_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      next_valid_q <= 1'b0;
      copy_valid_q <= 1'b0;
      strayed_q <= 1'b0;
      more_q <= 1'b0;
      state_q <= Start;
      left_q <= '0;
      first_q <= 1'b0;
      out_valid_q <= 1'b0;
    end else begin
      next_valid_q <= entry_valid_i || (next_valid_q && !next_take);
      copy_valid_q <= next_valid_q || (copy_valid_q && !copy_take);
      strayed_q <= again || (strayed_q && !copy_take);
      if (next_load) more_q <= rest != '0;
      state_q <= state_d;
      left_q <= left_d;
      first_q <= first_d;
      if (put) out_valid_q <= 1'b1;
      else if (rx_ready_i) out_valid_q <= 1'b0;
    end
  end
endmodule
