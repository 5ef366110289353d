// SPDX-License-Identifier: Apache-2.0
// Mailboxes and events of all functions: the registers a host sees in the first page of BAR 0, and firmware's side of them.
// Ownership: while MBOX_OWNER is 1 the request belongs to firmware and host writes to it vanish, so firmware never reads a
// word twice with two values (threat T1). One request a function at a time bounds a flood (threat T3).
// A function that is not operational or in reset cannot hand a request over (rules 1.10).
// A reset takes effect here in its first cycle: request, response and events read as zero, and the mailbox is the host's.
// fn_quiesce_i lasts until firmware has let go of the generation before: a request that comes meanwhile waits, and what firmware
// still answers to the old generation goes nowhere.
module weir_ctrl_mbox #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // host side
    input  weir_pkg::bar_req_t       bar_req_i,
    output weir_pkg::bar_rsp_t       bar_rsp_o,
    input  logic [NumFns-1:0]        fn_enabled_i,
    input  logic [NumFns-1:0]        fn_flr_i,     // in reset
    input  logic [NumFns-1:0]        fn_quiesce_i,    // in reset, or firmware has not let go yet
    input  logic                     fw_ready_i,
    input  logic [31:0]              heartbeat_i,
    input  logic [31:0]              cycle_i,
    output logic                     irq_valid_o,
    input  logic                     irq_ready_i,
    output weir_pkg::irq_t           irq_o,
    // firmware side: mailbox RAM and the CTRL registers that belong here
    input  logic                     ram_valid_i,
    input  logic                     reg_valid_i,
    input  logic                     we_i,
    input  logic [15:0]              addr_i,
    input  logic [31:0]              wdata_i,
    output logic                     ram_ack_o,
    output logic [31:0]              ram_rdata_o,
    output logic                     reg_ack_o,
    output logic [31:0]              reg_rdata_o,
    output logic                     waiting_o   // a request waits
);
  localparam int RamWords = 32 * 128;   // 32 words for each of up to 128 functions
  localparam int N = 128;               // vectors padded to a power of two for the arbiters

  logic [31:0] req_mem [0:RamWords-1];
  logic [31:0] rsp_mem [0:RamWords-1];
  // Words of a mailbox written since the last reset; the others read as zero, because a RAM cannot be cleared at once.
  logic [31:0] req_mask [0:N-1];
  logic [31:0] rsp_mask [0:N-1];
  logic [31:0] ev_lo_mem [0:NumFns-1];
  logic [31:0] ev_hi_mem [0:NumFns-1];

  logic [N-1:0] req_blank_q;   // nothing was written since: the mask is void, too
  logic [N-1:0] rsp_blank_q;
  logic [N-1:0] ev_lo_blank_q;
  logic [N-1:0] ev_hi_blank_q;
  logic [N-1:0] flr_q;             // a cycle late: firmware's writes, and so interrupts of here, can begin resets
  logic [N-1:0] quiesce_q;
  logic [N-1:0] owner_q;   // 1 = firmware's
  logic [N-1:0] wait_q;    // handed over, not yet taken by MBOX_POP
  logic [N-1:0] later_q;   // taken when no other waits
  // What MBOX_POP gave and MBOX_DONE has not given back: a core 0 that starts again learns from here, and from nowhere
  // else, whose request its predecessor died with. Its host may have been answered and have asked anew meanwhile.
  logic        taken_q;
  logic [6:0]  taken_fn_q;
  logic [N-1:0] irq_q;     // vector 0 wanted

  // ---- host side: request registered, answered in the next cycle ----
  weir_pkg::bar_req_t br_q;
  logic [6:0]  bfn;
  logic [11:0] boff;
  logic        in_regs;
  logic        bwr;
  logic        owned;
  logic        alive;
  logic [31:0] bdata;
  logic        is_req, is_rsp;
  logic        clear_lo, clear_hi;
  logic        req_we;
  logic [31:0] req_seen, rsp_seen;
  logic [31:0] ev_lo, ev_hi;

  assign in_regs = bar_req_i.addr[20:12] == 9'(weir_abi_pkg::BarRegsBase >> 12);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) br_q <= '0;
    else begin
      br_q <= bar_req_i;
      br_q.valid <= bar_req_i.valid && in_regs;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      flr_q <= '0;
      quiesce_q <= '0;
    end else begin
      flr_q <= N'(fn_flr_i);
      quiesce_q <= N'(fn_quiesce_i);
    end
  end

  assign bfn = br_q.fn[6:0];
  assign boff = br_q.addr[11:0];
  assign bwr = br_q.valid && br_q.write;
  assign owned = owner_q[bfn];
  assign alive = fn_enabled_i[bfn] && !flr_q[bfn];
  assign is_req = boff[11:7] == 5'(weir_abi_pkg::BarMboxReqOffset >> 7);
  assign is_rsp = boff[11:7] == 5'(weir_abi_pkg::BarMboxRspOffset >> 7);
  assign req_we = bwr && is_req && !owned;
  assign req_seen = req_blank_q[bfn] ? '0 : req_mask[bfn];
  assign rsp_seen = rsp_blank_q[bfn] ? '0 : rsp_mask[bfn];
  assign ev_lo = ev_lo_blank_q[bfn] ? '0 : ev_lo_mem[bfn];
  assign ev_hi = ev_hi_blank_q[bfn] ? '0 : ev_hi_mem[bfn];
  assign clear_lo = bwr && boff == 12'(weir_abi_pkg::BarEventLoOffset) && br_q.be == 4'hF;
  assign clear_hi = bwr && boff == 12'(weir_abi_pkg::BarEventHiOffset) && br_q.be == 4'hF;

  always_comb begin
    bdata = 32'd0;
    if (is_req) begin
      if (req_seen[boff[6:2]]) bdata = req_mem[{bfn, boff[6:2]}];
    end else if (is_rsp) begin
      if (rsp_seen[boff[6:2]]) bdata = rsp_mem[{bfn, boff[6:2]}];
    end else begin
      case (boff)
        12'(weir_abi_pkg::BarAbiOffset): bdata = {16'(weir_abi_pkg::AbiMajor), 16'(weir_abi_pkg::AbiMinor)};
        12'(weir_abi_pkg::BarFnOffset):
          bdata = {20'b0, flr_q[bfn], fw_ready_i, fn_enabled_i[bfn], bfn != '0, 1'b0, bfn};
        12'(weir_abi_pkg::BarHeartbeatOffset): bdata = heartbeat_i;
        12'(weir_abi_pkg::BarCycleOffset): bdata = cycle_i;
        12'(weir_abi_pkg::BarMboxOwnerOffset): bdata = {31'b0, owned};
        12'(weir_abi_pkg::BarEventLoOffset): bdata = ev_lo;
        12'(weir_abi_pkg::BarEventHiOffset): bdata = ev_hi;
        12'(weir_abi_pkg::BarMagicOffset): bdata = 32'(weir_abi_pkg::Magic);
        default: bdata = 32'd0;
      endcase
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) bar_rsp_o <= '0;
    else begin
      bar_rsp_o.valid <= br_q.valid && !br_q.write;
      if (br_q.valid && !br_q.write) bar_rsp_o.rdata <= bdata;
    end
  end
  always_ff @(posedge clk_i) begin
    // The first write of a word zeroes the bytes that it leaves out.
    if (req_we) begin
      req_mask[bfn] <= req_seen | (32'd1 << boff[6:2]);
      for (int i = 0; i < 4; i++) begin
        if (br_q.be[i]) req_mem[{bfn, boff[6:2]}][8*i +: 8] <= br_q.wdata[8*i +: 8];
        else if (!req_seen[boff[6:2]]) req_mem[{bfn, boff[6:2]}][8*i +: 8] <= '0;
      end
    end
  end

  // ---- firmware side ----
  logic [7:0]  fn_sel_q;
  logic        reg_we;
  logic        set_lo, set_hi, fclear, pop, done;
  logic [6:0]  ffn;
  logic        ev_busy;
  logic        ram_busy_q;
  logic [31:0] ram_rdata_q;
  logic [N-1:0] pop_grant;
  logic        pop_valid;
  logic [6:0]  pop_fn;
  logic [N-1:0] irq_grant;
  logic [6:0]  irq_fn;
  logic        handover;

  assign reg_we = reg_valid_i && we_i;
  assign ffn = fn_sel_q[6:0];
  assign pop = reg_valid_i && !we_i && addr_i == 16'(weir_abi_pkg::CtrlMboxPopOffset);
  assign done = reg_we && addr_i == 16'(weir_abi_pkg::CtrlMboxDoneOffset);
  assign set_lo = reg_we && addr_i == 16'(weir_abi_pkg::CtrlFnEventLoOffset);
  assign set_hi = reg_we && addr_i == 16'(weir_abi_pkg::CtrlFnEventHiOffset);
  assign fclear = reg_we && addr_i == 16'(weir_abi_pkg::CtrlFnClearOffset);
  // The event words have one writer a cycle: a host's clear goes first, firmware's access waits for it.
  assign ev_busy = (clear_lo || clear_hi) && (set_lo || set_hi);
  assign reg_ack_o = reg_valid_i && !ev_busy;

  assign handover = bwr && boff == 12'(weir_abi_pkg::BarMboxOwnerOffset) && br_q.be[0] && br_q.wdata[0] && alive && !owned;

  // Functions that took much of firmware's time come last: who asks without an end stands in the way of his like (threat
  // T3). Their turns go round; who lets his turn pass without a request asks less than they do and is one of the first again.
  logic [N-1:0] ready, soon, last, behind_q, passed, soon_grant, last_grant;
  logic         soon_valid, last_valid;
  logic [6:0]   soon_fn, last_fn;
  assign ready = wait_q & ~quiesce_q;
  assign soon = ready & ~later_q;
  assign last = ready & later_q;
  weir_common_rr #(.N(N)) u_soon (
      .clk_i, .rst_ni, .req_i(soon), .advance_i(pop), .valid_o(soon_valid), .grant_o(soon_grant), .index_o(soon_fn));
  weir_common_rr #(.N(N)) u_last (
      .clk_i, .rst_ni, .req_i(last), .advance_i(pop && !soon_valid), .valid_o(last_valid), .grant_o(last_grant), .index_o(last_fn));
  assign pop_valid = soon_valid || last_valid;
  assign pop_grant = soon_valid ? soon_grant : last_grant;
  assign pop_fn = soon_valid ? soon_fn : last_fn;
  // From behind the one of them that had the last turn to the one that has the next.
  assign passed = (last & behind_q) != '0 ? behind_q & (last_grant - 1'b1) : behind_q | (last_grant - 1'b1);
  weir_common_rr #(.N(N)) u_irq (
      .clk_i, .rst_ni, .req_i(irq_q & ~quiesce_q), .advance_i(irq_ready_i), .valid_o(irq_valid_o), .grant_o(irq_grant), .index_o(irq_fn));
  assign irq_o.fn = {1'b0, irq_fn};
  assign irq_o.vec = 8'd0;
  assign waiting_o = ready != '0;

  always_comb begin
    case (addr_i)
      16'(weir_abi_pkg::CtrlMboxPopOffset): reg_rdata_o = {pop_valid, 24'b0, pop_fn};
      16'(weir_abi_pkg::CtrlMboxTakenOffset): reg_rdata_o = {taken_q, 24'b0, taken_fn_q};
      16'(weir_abi_pkg::CtrlFnSelOffset): reg_rdata_o = {24'b0, fn_sel_q};
      default: reg_rdata_o = 32'd0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (clear_lo) ev_lo_mem[bfn] <= ev_lo & ~br_q.wdata;
    else if (set_lo) ev_lo_mem[ffn] <= (ev_lo_blank_q[ffn] ? '0 : ev_lo_mem[ffn]) | wdata_i;
    if (clear_hi) ev_hi_mem[bfn] <= ev_hi & ~br_q.wdata;
    else if (set_hi) ev_hi_mem[ffn] <= (ev_hi_blank_q[ffn] ? '0 : ev_hi_mem[ffn]) | wdata_i;
  end

  // Mailbox RAM: 256 bytes a function, request in the lower half (read only here), response in the upper.
  assign ram_ack_o = ram_busy_q;
  assign ram_rdata_o = ram_rdata_q;
  logic [6:0]  rfn;
  logic        rsp_we;
  logic [31:0] fw_req_seen, fw_rsp_seen;
  assign rfn = addr_i[14:8];
  assign rsp_we = ram_valid_i && we_i && addr_i[7] && !quiesce_q[rfn];
  assign fw_req_seen = req_blank_q[rfn] ? '0 : req_mask[rfn];
  assign fw_rsp_seen = rsp_blank_q[rfn] ? '0 : rsp_mask[rfn];
  always_ff @(posedge clk_i) begin
    if (rsp_we) begin
      rsp_mem[{rfn, addr_i[6:2]}] <= wdata_i;
      rsp_mask[rfn] <= fw_rsp_seen | (32'd1 << addr_i[6:2]);
    end
    if (ram_valid_i && !we_i) begin
      ram_rdata_q <= '0;
      if (addr_i[7] && fw_rsp_seen[addr_i[6:2]]) ram_rdata_q <= rsp_mem[{rfn, addr_i[6:2]}];
      if (!addr_i[7] && fw_req_seen[addr_i[6:2]]) ram_rdata_q <= req_mem[{rfn, addr_i[6:2]}];
    end
  end

  logic [N-1:0] owner_set, owner_clr, irq_set;
  logic [N-1:0] blank;      // whose past ends here
  logic         answered;   // MBOX_DONE, and not of a generation that is over
  assign answered = reg_ack_o && done && !quiesce_q[wdata_i[6:0]];
  always_comb begin
    owner_set = '0;
    blank = flr_q;
    owner_clr = '0;
    irq_set = '0;
    if (handover) owner_set[bfn] = 1'b1;
    if (fclear) blank[wdata_i[6:0]] = 1'b1;
    if (answered) owner_clr[wdata_i[6:0]] = 1'b1;
    if (answered) irq_set[wdata_i[6:0]] = 1'b1;
    if (reg_ack_o && (set_lo || set_hi)) irq_set[ffn] = 1'b1;
  end

  logic [N-1:0] req_blank_d, rsp_blank_d, ev_lo_blank_d, ev_hi_blank_d;
  always_comb begin
    req_blank_d = req_blank_q;
    rsp_blank_d = rsp_blank_q;
    ev_lo_blank_d = ev_lo_blank_q;
    ev_hi_blank_d = ev_hi_blank_q;
    if (req_we) req_blank_d[bfn] = 1'b0;
    if (rsp_we) rsp_blank_d[rfn] = 1'b0;
    if (clear_lo) ev_lo_blank_d[bfn] = 1'b0;
    else if (set_lo) ev_lo_blank_d[ffn] = 1'b0;
    if (clear_hi) ev_hi_blank_d[bfn] = 1'b0;
    else if (set_hi) ev_hi_blank_d[ffn] = 1'b0;
    req_blank_d = req_blank_d | blank;
    rsp_blank_d = rsp_blank_d | blank;
    ev_lo_blank_d = ev_lo_blank_d | blank;
    ev_hi_blank_d = ev_hi_blank_d | blank;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      owner_q <= '0;
      wait_q <= '0;
      later_q <= '0;
      behind_q <= '1;
      irq_q <= '0;
      req_blank_q <= '1;
      rsp_blank_q <= '1;
      ev_lo_blank_q <= '1;
      ev_hi_blank_q <= '1;
      taken_q <= 1'b0;
      taken_fn_q <= '0;
      fn_sel_q <= '0;
      ram_busy_q <= 1'b0;
    end else begin
      if (pop && pop_valid) begin
        taken_q <= 1'b1;
        taken_fn_q <= pop_fn;
      end else if (blank[taken_fn_q] || (reg_ack_o && done && wdata_i[6:0] == taken_fn_q)) begin
        taken_q <= 1'b0;
      end
      owner_q <= (owner_q | owner_set) & ~owner_clr & ~blank;
      wait_q <= (wait_q | owner_set) & ~(pop ? pop_grant : '0) & ~owner_clr & ~blank;
      if (pop && !soon_valid && last_valid) begin
        behind_q <= ~(last_grant | (last_grant - 1'b1));
        later_q <= later_q & ~passed;
      end
      if (done) later_q[wdata_i[6:0]] <= wdata_i[weir_abi_pkg::CtrlMboxDoneLaterLsb];
      irq_q <= ((irq_q & ~((irq_valid_o && irq_ready_i) ? irq_grant : '0)) | irq_set) & ~flr_q;
      req_blank_q <= req_blank_d;
      rsp_blank_q <= rsp_blank_d;
      ev_lo_blank_q <= ev_lo_blank_d;
      ev_hi_blank_q <= ev_hi_blank_d;
      if (reg_we && addr_i == 16'(weir_abi_pkg::CtrlFnSelOffset)) fn_sel_q <= wdata_i[7:0];
      ram_busy_q <= ram_valid_i && !ram_busy_q;
    end
  end
endmodule
