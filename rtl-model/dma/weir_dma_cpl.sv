// SPDX-License-Identifier: Apache-2.0
// Completion checker and slot memory. Every completion is taken at once. A tag's data lies in its 512-byte slot at
// address mod 512, in two banks of 64-byte rows (even, odd), so a beat that spans two rows is stored in one cycle.
// Completions of a tag come in order and, except the last, end on a 64-byte boundary (the smallest RCB); byte count and
// length must match what is still owed. Anything else ends that request with err and touches nobody else (pcie 49).
// Completions nobody waits for are dropped (pcie 30).
module weir_dma_cpl #(
    parameter int NumTags = 64
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               cpl_valid_i,
    input  weir_pkg::tlp_t     cpl_i,
    // New request: where it starts and how much it asked for.
    input  logic               alloc_i,
    input  logic [7:0]         alloc_tag_i,
    input  logic [8:0]         alloc_addr_i,
    input  logic [9:0]         alloc_len_i,
    input  logic [NumTags-1:0] wait_i,
    output logic               end_o,
    output logic [7:0]         end_tag_o,
    output logic               end_err_o,
    output logic               end_hold_o,
    output logic               stray_o,      // a completion that nobody waits for; its header
    output logic [127:0]       stray_hdr_o,
    // Slot read: two neighbouring rows, one cycle later.
    input  logic               rd_i,
    input  logic [7:0]         rd_tag_i,
    input  logic [2:0]         rd_row_i,
    output logic [511:0]       row_o,    // row rd_row_i
    output logic [511:0]       next_o,   // the row after it
    output logic               idle_o
);
  localparam int TagW = $clog2(NumTags);

  // One register in front; the header's fields are kept for the beats that follow.
  logic v_q;
  weir_pkg::tlp_t b_q;
  always_ff @(posedge clk_i) begin
    if (cpl_valid_i) b_q <= cpl_i;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) v_q <= 1'b0;
    else v_q <= cpl_valid_i;
  end

  // What each tag still owes: from the request until its first completion, from progress afterwards.
  logic [18:0] asked [0:NumTags-1];
  logic [18:0] progress [0:NumTags-1];
  logic [NumTags-1:0] started_q;
  logic [NumTags-1:0] poison_q;

  logic [7:0] tag;
  logic [TagW-1:0] t;
  logic known;
  logic [8:0] at;          // address mod 512 of the next byte owed
  logic [9:0] owed;
  logic [10:0] len;        // DWs of this completion
  logic [10:0] owed_dws;
  logic fits_last;
  logic fits;
  logic status_bad;
  logic broken;
  logic store;
  logic [3:0] k;

  always_comb begin
    tag = b_q.hdr[79:72];
    t = TagW'(tag);
    known = ({1'b0, tag} < 9'(NumTags)) && wait_i[t];
    {at, owed} = started_q[t] ? progress[t] : asked[t];
    len = {b_q.hdr[9:0] == 10'd0, b_q.hdr[9:0]};
    owed_dws = {1'b0, owed + 10'd3 + {8'b0, at[1:0]}} >> 2;
    k = at[5:2];
    fits_last = len == owed_dws;
    fits = fits_last || (len < owed_dws && (k + len[3:0]) == 4'd0);
    status_bad = b_q.hdr[47:45] != 3'd0;
    broken = !b_q.hdr[30] || !fits || b_q.hdr[43:32] != {2'b0, owed};
    store = known && !status_bad && !broken && !b_q.hdr[14];
  end

  // Fields of the completion whose beats are arriving.
  logic [TagW-1:0] tag_q;
  logic known_q;
  logic store_q;
  logic ends_q;
  logic err_q;
  logic hold_q;
  logic [2:0] row_q;
  logic [3:0] k_q;
  logic [6:0] beat_q;
  logic [6:0] beats_q;     // index of the last beat
  logic over_q;            // last beat spills into one more row
  logic [18:0] after_q;
  logic pois_q;

  logic [TagW-1:0] c_tag;
  logic c_known;
  logic c_store;
  logic c_ends;
  logic c_err;
  logic c_hold;
  logic [2:0] c_row;
  logic [3:0] c_k;
  logic [6:0] c_beat;
  logic [6:0] c_beats;
  logic c_over;
  logic [18:0] c_after;
  logic c_pois;
  logic c_cut;             // eop in the wrong beat

  always_comb begin
    c_tag = tag_q;
    c_known = known_q;
    c_store = store_q;
    c_ends = ends_q;
    c_err = err_q;
    c_hold = hold_q;
    c_row = row_q;
    c_k = k_q;
    c_beat = beat_q;
    c_beats = beats_q;
    c_over = over_q;
    c_after = after_q;
    c_pois = pois_q;
    if (b_q.sop) begin
      c_tag = t;
      c_known = known;
      c_store = store;
      c_err = status_bad || broken || b_q.hdr[14] || poison_q[t];
      c_ends = status_bad || broken || fits_last;
      c_hold = broken && !status_bad;
      c_row = at[8:6];
      c_k = k;
      c_beat = 7'd0;
      c_beats = 7'((len - 11'd1) >> 4);
      c_over = ({1'b0, k} + {1'b0, len[3:0] - 4'd1}) > 5'd15;
      c_after = {at[8:2] + len[6:0], 2'b00, owed - ({len[7:0], 2'b00} - {8'b0, at[1:0]})};
      c_pois = b_q.hdr[14];
    end
    c_cut = b_q.hdr[30] && (b_q.eop != (c_beat == c_beats));
    if (!b_q.sop) c_cut = b_q.eop != (c_beat == c_beats);
  end

  assign end_tag_o = 8'(c_tag);
  assign end_o = v_q && b_q.eop && c_known && (c_ends || c_cut);
  assign end_err_o = c_err || c_cut;
  assign end_hold_o = c_hold || (c_cut && !c_ends);
  assign stray_o = v_q && b_q.sop && !known;
  assign stray_hdr_o = b_q.hdr;
  assign idle_o = !v_q;

  always_ff @(posedge clk_i) begin
    if (alloc_i) asked[TagW'(alloc_tag_i)] <= {alloc_addr_i, alloc_len_i};
    if (v_q && b_q.eop && c_known) progress[c_tag] <= c_after;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      started_q <= '0;
      poison_q <= '0;
      tag_q <= '0;
      known_q <= 1'b0;
      store_q <= 1'b0;
      ends_q <= 1'b0;
      err_q <= 1'b0;
      hold_q <= 1'b0;
      row_q <= '0;
      k_q <= '0;
      beat_q <= '0;
      beats_q <= '0;
      over_q <= 1'b0;
      after_q <= '0;
      pois_q <= 1'b0;
    end else begin
      if (v_q) begin
        tag_q <= c_tag;
        known_q <= c_known;
        store_q <= c_store && !c_cut;
        ends_q <= c_ends;
        err_q <= c_err || c_cut;
        hold_q <= c_hold || c_cut;
        row_q <= c_row + 3'd1;
        k_q <= c_k;
        beat_q <= c_beat + 7'd1;
        beats_q <= c_beats;
        over_q <= c_over;
        after_q <= c_after;
        pois_q <= c_pois;
        if (b_q.eop && c_known) begin
          started_q[c_tag] <= 1'b1;
          if (c_pois) poison_q[c_tag] <= 1'b1;
        end
      end
      if (alloc_i) begin
        started_q[TagW'(alloc_tag_i)] <= 1'b0;
        poison_q[TagW'(alloc_tag_i)] <= 1'b0;
      end
    end
  end

  // ---- Slot memory ----
  logic [511:0] even [0:NumTags*4-1];
  logic [511:0] odd [0:NumTags*4-1];
  logic [511:0] rot;
  logic [511:0] rot_q;
  logic [511:0] line;
  logic [511:0] keep;
  logic we;
  logic spill;
  logic we_even;
  logic we_odd;
  logic [TagW+1:0] wa_even;
  logic [TagW+1:0] wa_odd;

  always_comb begin
    we = v_q && c_known && c_store;
    spill = we && b_q.eop && c_over;
    we_even = we && (!c_row[0] || spill);
    we_odd = we && (c_row[0] || spill);
    wa_even = {c_tag, c_row[2:1] + {1'b0, c_row[0]}};
    wa_odd = {c_tag, c_row[2:1]};
    rot = b_q.data;
    line = b_q.data;
    keep = '0;
    if (we && c_k != 4'd0) begin
      rot = weir_dma_pkg::rotl_bytes(b_q.data, {c_k, 2'b00});
      keep = weir_dma_pkg::low_bytes({1'b0, c_k, 2'b00});
      line = (rot_q & keep) | (rot & ~keep);
    end
  end

  logic [511:0] even_q;
  logic [511:0] odd_q;
  logic row0_q;
  always_ff @(posedge clk_i) begin
    if (we) rot_q <= rot;
    if (we_even) even[wa_even] <= c_row[0] ? rot : line;
    if (we_odd) odd[wa_odd] <= c_row[0] ? line : rot;
    if (rd_i) begin
      even_q <= even[{TagW'(rd_tag_i), rd_row_i[2:1] + {1'b0, rd_row_i[0]}}];
      odd_q <= odd[{TagW'(rd_tag_i), rd_row_i[2:1]}];
      row0_q <= rd_row_i[0];
    end
  end
  assign row_o = row0_q ? odd_q : even_q;
  assign next_o = row0_q ? even_q : odd_q;
endmodule
