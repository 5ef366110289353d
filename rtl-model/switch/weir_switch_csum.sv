// SPDX-License-Identifier: Apache-2.0
// Checksums of one side's frames, seen as they enter their FIFO: IPv4 header, TCP and UDP over IPv4 without options or IPv6
// without extension headers, whole packets only. One result a frame, in order, three cycles behind its last beat: before
// the lookup asks. It says what is right, and what a frame that asked for it gets inserted on its way out; a frame it
// cannot judge passes as it is.
//
// One's complement sums do not care for byte order, so lanes are added as they come, 32 bits at a time; all headers start
// at even bytes.
module weir_switch_csum (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        beat_i,
    input  logic                        first_i,
    input  logic                        last_i,    // and the frame counts
    input  logic [weir_pkg::LenW-1:0]   len_i,     // with first_i, as the next two
    input  logic                        l3_i,      // insert
    input  logic                        l4_i,
    input  logic [weir_pkg::DataW-1:0]  data_i,
    input  logic                        pop_i,
    output weir_switch_pkg::csum_t      csum_o,
    output logic                        valid_o
);
  localparam int LenW = weir_pkg::LenW;
  localparam int DataW = weir_pkg::DataW;
  localparam int SumW = 44;
  localparam int Depth = 2 * weir_switch_pkg::Entries;   // frames not looked up yet, and those in the pipeline

  // ---- Stage 1: which bytes count, from the first beat on ----
  logic        tag, v4, v6, tcp, udp, can3, can4;
  logic [15:0] etype;
  logic [399:0] l3;
  logic [LenW-1:0] l3_at, l3_len, l4_at, l4_end, room;
  logic [15:0] total;
  logic [3:0]  ihl;

  always_comb begin
    tag = 1'b0;
    v4 = 1'b0;
    v6 = 1'b0;
    tcp = 1'b0;
    udp = 1'b0;
    can3 = 1'b0;
    can4 = 1'b0;
    etype = '0;
    l3 = '0;
    l3_at = '0;
    l3_len = '0;
    l4_at = '0;
    l4_end = '0;
    room = '0;
    total = '0;
    ihl = '0;
    if (beat_i && first_i) begin
      tag = {data_i[103:96], data_i[111:104]} == 16'h8100 && len_i >= LenW'(18);
      etype = tag ? {data_i[135:128], data_i[143:136]} : {data_i[103:96], data_i[111:104]};
      l3 = tag ? {32'b0, data_i[511:144]} : data_i[511:112];
      l3_at = tag ? LenW'(18) : LenW'(14);
      l3_len = len_i - l3_at;
      ihl = l3[3:0];
      v4 = etype == 16'h0800 && l3[7:4] == 4'h4 && l3_len >= LenW'(20);
      v6 = etype == 16'h86DD && l3[7:4] == 4'h6 && l3_len >= LenW'(40);
      tcp = (v4 ? l3[79:72] : l3[55:48]) == 8'd6;
      udp = (v4 ? l3[79:72] : l3[55:48]) == 8'd17;
      total = v4 ? {l3[23:16], l3[31:24]} - 16'd20 : {l3[39:32], l3[47:40]};   // of the transport packet
      l4_at = l3_at + (v4 ? LenW'(20) : LenW'(40));
      l4_end = l4_at + LenW'(total);
      room = len_i - l4_at;
      // A header that is longer than the first beat is not judged.
      can3 = v4 && ihl >= 4'd5 && ihl <= 4'd11 && LenW'({ihl, 2'b0}) <= l3_len;
      can4 = ((v4 && ihl == 4'd5 && {l3[53:48], l3[63:56]} == '0) || v6) && (tcp || udp) && total >= (tcp ? 16'd20 : 16'd8)
          && total <= 16'(room);
    end
  end

  // The field to insert into, and its bytes on the way; the transport field of IPv6 may lie in the second beat.
  weir_switch_pkg::csum_job_t job, job2_q, job3_q;   // of the frame in stage 1, 2, 3
  logic        second_q;
  logic [LenW-1:0] left_q;            // bytes of the transport packet from here on
  logic [6:0]  at4;
  logic [5:0]  at3, lane4;
  logic [DataW-1:0] body, head;
  logic [15:0] field3, field4;
  logic [SumW-1:0] pseudo;
  logic [LenW-1:0] from, upto;
  logic        here4;

  assign at3 = 6'(l3_at) + 6'd10;
  assign at4 = 7'(l4_at) + (tcp ? 7'd16 : 7'd6);
  assign lane4 = first_i ? at4[5:0] : job2_q.at4[5:0];
  always_comb begin
    job.want3 = l3_i;
    job.want4 = l4_i;
    job.can3 = can3;
    job.can4 = can4;
    job.udp = udp;
    job.v4 = v4;
    job.at3 = at3;
    job.at4 = at4;
  end
  always_comb begin
    body = '0;
    head = '0;
    field3 = '0;
    field4 = '0;
    pseudo = '0;
    from = '0;
    upto = '0;
    here4 = 1'b0;
    if (beat_i && first_i) begin
      if (can3) begin
        field3 = data_i[{at3, 3'b0} +: 16];
        head = (data_i >> {l3_at[5:0], 3'b0}) & ~({DataW{1'b1}} << {ihl, 5'b0});
        head[95:80] = '0;
      end
      if (can4) begin
        from = l4_at;
        upto = (l4_end > LenW'(64)) ? LenW'(64) : l4_end;
        here4 = !at4[6];
        pseudo = v4 ? SumW'(l3[127:96]) + SumW'(l3[159:128])
                    : SumW'(l3[95:64]) + SumW'(l3[127:96]) + SumW'(l3[159:128]) + SumW'(l3[191:160])
                    + SumW'(l3[223:192]) + SumW'(l3[255:224]) + SumW'(l3[287:256]) + SumW'(l3[319:288]);
        pseudo = pseudo + SumW'({tcp ? 8'd6 : 8'd17, 8'd0}) + SumW'({total[7:0], total[15:8]});
      end
    end else if (beat_i && job2_q.can4) begin
      upto = (left_q > LenW'(64)) ? LenW'(64) : left_q;
      here4 = second_q && job2_q.at4[6];
    end
    if (upto != from) body = data_i & ({DataW{1'b1}} << {from[6:0], 3'b0}) & ~({DataW{1'b1}} << {upto[6:0], 3'b0});
    if (here4) begin
      field4 = body[{lane4, 3'b0} +: 16];
      body[{lane4, 3'b0} +: 16] = '0;
    end
  end

  // ---- Stage 2: sums ----
  logic        s_valid_q, s_first_q, s_last_q, s_here4_q;
  logic [DataW-1:0] body_q, head_q;
  logic [SumW-1:0] pseudo_q;
  logic [15:0] field3_q, field4_q;
  logic [SumW-1:0] body_sum, head_sum, sum4_q, sum3_q;
  logic [15:0] keep3_q, keep4_q;

  always_comb begin
    body_sum = '0;
    head_sum = '0;
    if (s_valid_q) begin
      for (int i = 0; i < 16; i++) body_sum = body_sum + SumW'(body_q[32*i +: 32]);
      if (s_first_q) for (int i = 0; i < 11; i++) head_sum = head_sum + SumW'(head_q[32*i +: 32]);
    end
  end

  // ---- Stage 3: fold, judge ----
  logic done_q;
  logic [15:0] f3, f4, g3, g4;
  weir_switch_pkg::csum_t res;
  logic res_ready;
  logic [$clog2(Depth):0] level;

  function automatic logic [15:0] fold(input logic [SumW-1:0] s);
    logic [17:0] a;
    logic [16:0] b;
    a = 18'(s[15:0]) + 18'(s[31:16]) + 18'(s[43:32]);
    b = 17'(a[15:0]) + 17'(a[17:16]);
    fold = b[15:0] + 16'(b[16]);
  endfunction

  always_comb begin
    f3 = '0;
    f4 = '0;
    g3 = '0;
    g4 = '0;
    res = '0;
    if (done_q) begin
      f3 = fold(sum3_q);
      f4 = fold(sum4_q);
      g3 = fold(SumW'(f3) + SumW'(keep3_q));
      g4 = fold(SumW'(f4) + SumW'(keep4_q));
      res.l3_ins = job3_q.can3 && job3_q.want3;
      res.l4_ins = job3_q.can4 && job3_q.want4;
      res.l3_at = job3_q.at3;
      res.l4_at = job3_q.at4;
      res.l3_val = ~f3;
      // Zero means "none" to UDP, so its other form is sent.
      res.l4_val = (job3_q.udp && f4 == 16'hFFFF) ? 16'hFFFF : ~f4;
      res.l3_ok = job3_q.can3 && (job3_q.want3 || g3 == 16'hFFFF);
      res.l4_ok = job3_q.can4 && (job3_q.want4 || (g4 == 16'hFFFF && !(job3_q.udp && keep4_q == '0)));
      res.l3_bad = job3_q.can3 && !res.l3_ok;
      // Only UDP over IPv4 may do without.
      res.l4_bad = job3_q.can4 && !res.l4_ok && !(job3_q.udp && job3_q.v4 && keep4_q == '0);
    end
  end

  weir_common_fifo #(.Width($bits(res)), .Depth(Depth)) u_results (
      .clk_i, .rst_ni, .valid_i(done_q), .ready_o(res_ready), .data_i(res),
      .valid_o, .ready_i(pop_i), .data_o(csum_o), .level_o(level));

  always_ff @(posedge clk_i) begin
    if (beat_i) begin
      body_q <= body;
      head_q <= head;
      pseudo_q <= pseudo;
      field3_q <= field3;
      field4_q <= field4;
      left_q <= first_i ? l4_end - upto : left_q - upto;
      second_q <= first_i;
      if (first_i) job2_q <= job;
    end
    if (s_valid_q) begin
      if (s_first_q) job3_q <= job2_q;
      sum4_q <= (s_first_q ? pseudo_q : sum4_q) + body_sum;
      if (s_first_q) begin
        sum3_q <= head_sum;
        keep3_q <= field3_q;
      end
      if (s_first_q || s_here4_q) keep4_q <= field4_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      s_valid_q <= 1'b0;
      s_first_q <= 1'b0;
      s_last_q <= 1'b0;
      s_here4_q <= 1'b0;
      done_q <= 1'b0;
    end else begin
      s_valid_q <= beat_i;
      s_first_q <= beat_i && first_i;
      s_last_q <= beat_i && last_i;
      s_here4_q <= here4;
      done_q <= s_valid_q && s_last_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      assert (!done_q || res_ready);
      assert (level <= ($clog2(Depth)+1)'(Depth));
    end
  end
endmodule
