// SPDX-License-Identifier: Apache-2.0
// Interrupt moderation, one level a vector (rules 2.14, threat T12): after a message the vector rests for the time of its
// level. Adaptive: a vector that has an interrupt waiting when its rest ends gets a longer rest next time (none, low, medium,
// high), one that has none a shorter one. One entry is looked at per cycle, so a rest is up to Entries cycles longer than
// its level says, never shorter. Levels are firmware's and outlast resets of the function. Costs nothing while unused.
module weir_pcie_itr #(
    parameter int EntW = 11,
    parameter int Entries = 1040,
    parameter int VecW = 4
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                set_i,
    input  logic [18:0]         set_arg_i,   // {level, vector, function}
    input  logic                sent_i,      // a message of sent_ent_i has left
    input  logic [EntW-1:0]     sent_ent_i,
    input  logic [Entries-1:0]  pend_i,
    output logic [Entries-1:0]  rest_o
);
  localparam logic [2:0] Adaptive = 3'(weir_abi_pkg::ModerationAdaptive);
  localparam logic [2:0] Off = 3'(weir_abi_pkg::ModerationOff);
  localparam logic [2:0] Low = 3'(weir_abi_pkg::ModerationLow);
  localparam logic [2:0] High = 3'(weir_abi_pkg::ModerationHigh);

  logic [Entries-1:0] mod_q;           // has a level that may rest
  logic [Entries-1:0] rest_q;
  logic used_q;                        // some vector was ever moderated
  logic [15:0] now_q;
  logic [EntW-1:0] scan_q;
  logic [2:0] level [0:2**EntW-1];     // as set
  logic [2:0] step [0:2**EntW-1];      // in force: level, or where Adaptive stands
  logic [15:0] since [0:2**EntW-1];    // of the rest

  logic [EntW-1:0] se;                 // entry being set
  logic [2:0] arg_level;
  logic set_ok;
  assign arg_level = set_arg_i[18:16];
  assign se = {set_arg_i[EntW-VecW-1:0], set_arg_i[8 +: VecW]};
  assign set_ok = set_i && 32'(set_arg_i[7:0]) < Entries >> VecW && set_arg_i[15:8] < 8'(1 << VecW) && arg_level <= High;
  assign rest_o = rest_q;

  logic [15:0] time_of;
  logic over;
  logic [2:0] next;
  always_comb begin
    time_of = '0;
    over = 1'b0;
    next = step[scan_q];
    if (used_q && rest_q[scan_q]) begin
      case (step[scan_q])
        Off: time_of = 16'd0;
        Low: time_of = 16'(weir_abi_pkg::ModerationLowCycles);
        High: time_of = 16'(weir_abi_pkg::ModerationHighCycles);
        default: time_of = 16'(weir_abi_pkg::ModerationMediumCycles);
      endcase
      over = (now_q - since[scan_q]) >= time_of;
      if (level[scan_q] == Adaptive) begin
        if (pend_i[scan_q]) next = (next == High) ? High : next + 3'd1;
        else next = (next == Off) ? Off : next - 3'd1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (set_ok) level[se] <= arg_level;
    if (set_ok) step[se] <= (arg_level >= Low) ? arg_level : Off;
    else if (over) step[scan_q] <= next;
    if (sent_i) since[sent_ent_i] <= now_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mod_q <= '0;
      rest_q <= '0;
      used_q <= 1'b0;
      now_q <= '0;
      scan_q <= '0;
    end else begin
      if (used_q) begin
        now_q <= now_q + 16'd1;
        scan_q <= (scan_q == EntW'(Entries - 1)) ? '0 : scan_q + 1'b1;
      end
      if (over) rest_q[scan_q] <= 1'b0;
      if (sent_i && used_q && mod_q[sent_ent_i]) rest_q[sent_ent_i] <= 1'b1;
      if (set_ok) begin
        mod_q[se] <= arg_level == Adaptive || arg_level >= Low;
        rest_q[se] <= 1'b0;
        used_q <= 1'b1;
      end
    end
  end
endmodule
