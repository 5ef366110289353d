// SPDX-License-Identifier: Apache-2.0
// The arithmetic of SHA-256 (FIPS 180-4, 6.2): a round a cycle, and the addition behind the last. Knows no order of things;
// weir_ctrl_sha keeps it.
module weir_ctrl_sha_round (
    input  logic         clk_i,
    input  logic         start_i,    // initial hash value
    input  logic         step_i,     // a round,
    input  logic         add_i,      // or the addition; never both
    input  logic [5:0]   round_i,
    input  logic [31:0]  word_i,     // of the message, in rounds 0 to 15
    output logic [255:0] hash_o      // H0 in the upper word
);
  localparam logic [255:0] Initial =
      256'h6a09e667_bb67ae85_3c6ef372_a54ff53a_510e527f_9b05688c_1f83d9ab_5be0cd19;

  logic [255:0] hash_q;
  logic [255:0] work_q;       // a to h
  logic [511:0] sched_q;      // W[t-16] in the upper word
  logic [31:0]  a, b, c, d, e, f, g, h;
  logic [31:0]  w, t1, t2;

  assign hash_o = hash_q;
  assign {a, b, c, d, e, f, g, h} = work_q;
  // Worked out only in rounds, so that the block costs a simulation nothing at rest.
  always_comb begin
    w = 32'd0;
    t1 = 32'd0;
    t2 = 32'd0;
    if (step_i) begin
      w = word_i;
      if (round_i[5:4] != 2'd0)
        w = sched_q[511:480] + small0(sched_q[479:448]) + sched_q[223:192] + small1(sched_q[63:32]);
      t1 = h + ({e[5:0], e[31:6]} ^ {e[10:0], e[31:11]} ^ {e[24:0], e[31:25]}) + ((e & f) ^ (~e & g)) + constant(round_i) + w;
      t2 = ({a[1:0], a[31:2]} ^ {a[12:0], a[31:13]} ^ {a[21:0], a[31:22]}) + ((a & b) ^ (a & c) ^ (b & c));
    end
  end
  function automatic logic [31:0] small0(input logic [31:0] x);
    small0 = {x[6:0], x[31:7]} ^ {x[17:0], x[31:18]} ^ (x >> 3);
  endfunction
  function automatic logic [31:0] small1(input logic [31:0] x);
    small1 = {x[16:0], x[31:17]} ^ {x[18:0], x[31:19]} ^ (x >> 10);
  endfunction

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      hash_q <= Initial;
      work_q <= Initial;
    end else if (step_i) begin
      sched_q <= {sched_q[479:0], w};
      work_q <= {t1 + t2, a, b, c, d + t1, e, f, g};
    end else if (add_i) begin
      for (int i = 0; i < 8; i++) begin
        hash_q[i * 32 +: 32] <= hash_q[i * 32 +: 32] + work_q[i * 32 +: 32];
        work_q[i * 32 +: 32] <= hash_q[i * 32 +: 32] + work_q[i * 32 +: 32];
      end
    end
  end

  function automatic logic [31:0] constant(input logic [5:0] round);
    case (round)
      6'd0: constant = 32'h428a2f98;
      6'd1: constant = 32'h71374491;
      6'd2: constant = 32'hb5c0fbcf;
      6'd3: constant = 32'he9b5dba5;
      6'd4: constant = 32'h3956c25b;
      6'd5: constant = 32'h59f111f1;
      6'd6: constant = 32'h923f82a4;
      6'd7: constant = 32'hab1c5ed5;
      6'd8: constant = 32'hd807aa98;
      6'd9: constant = 32'h12835b01;
      6'd10: constant = 32'h243185be;
      6'd11: constant = 32'h550c7dc3;
      6'd12: constant = 32'h72be5d74;
      6'd13: constant = 32'h80deb1fe;
      6'd14: constant = 32'h9bdc06a7;
      6'd15: constant = 32'hc19bf174;
      6'd16: constant = 32'he49b69c1;
      6'd17: constant = 32'hefbe4786;
      6'd18: constant = 32'h0fc19dc6;
      6'd19: constant = 32'h240ca1cc;
      6'd20: constant = 32'h2de92c6f;
      6'd21: constant = 32'h4a7484aa;
      6'd22: constant = 32'h5cb0a9dc;
      6'd23: constant = 32'h76f988da;
      6'd24: constant = 32'h983e5152;
      6'd25: constant = 32'ha831c66d;
      6'd26: constant = 32'hb00327c8;
      6'd27: constant = 32'hbf597fc7;
      6'd28: constant = 32'hc6e00bf3;
      6'd29: constant = 32'hd5a79147;
      6'd30: constant = 32'h06ca6351;
      6'd31: constant = 32'h14292967;
      6'd32: constant = 32'h27b70a85;
      6'd33: constant = 32'h2e1b2138;
      6'd34: constant = 32'h4d2c6dfc;
      6'd35: constant = 32'h53380d13;
      6'd36: constant = 32'h650a7354;
      6'd37: constant = 32'h766a0abb;
      6'd38: constant = 32'h81c2c92e;
      6'd39: constant = 32'h92722c85;
      6'd40: constant = 32'ha2bfe8a1;
      6'd41: constant = 32'ha81a664b;
      6'd42: constant = 32'hc24b8b70;
      6'd43: constant = 32'hc76c51a3;
      6'd44: constant = 32'hd192e819;
      6'd45: constant = 32'hd6990624;
      6'd46: constant = 32'hf40e3585;
      6'd47: constant = 32'h106aa070;
      6'd48: constant = 32'h19a4c116;
      6'd49: constant = 32'h1e376c08;
      6'd50: constant = 32'h2748774c;
      6'd51: constant = 32'h34b0bcb5;
      6'd52: constant = 32'h391c0cb3;
      6'd53: constant = 32'h4ed8aa4a;
      6'd54: constant = 32'h5b9cca4f;
      6'd55: constant = 32'h682e6ff3;
      6'd56: constant = 32'h748f82ee;
      6'd57: constant = 32'h78a5636f;
      6'd58: constant = 32'h84c87814;
      6'd59: constant = 32'h8cc70208;
      6'd60: constant = 32'h90befffa;
      6'd61: constant = 32'ha4506ceb;
      6'd62: constant = 32'hbef9a3f7;
      default: constant = 32'hc67178f2;
    endcase
  endfunction
endmodule
