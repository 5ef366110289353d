// SPDX-License-Identifier: Apache-2.0
// Mailboxes and events of all functions: the registers a host sees in the first page of BAR 0, and firmware's side of them.
// Ownership: while MBOX_OWNER is 1 the request belongs to firmware and host writes to it vanish, so firmware never reads a
// word twice with two values (threat T1). One request a function at a time bounds a flood (threat T3).
// A function that is not operational or in reset cannot hand a request over (rules 1.10).
module weir_ctrl_mbox #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // host side
    input  weir_pkg::bar_req_t       bar_req_i,
    output weir_pkg::bar_rsp_t       bar_rsp_o,
    input  logic [NumFns-1:0]        fn_enabled_i,
    input  logic [NumFns-1:0]        fn_flr_i,
    input  logic                     fw_ready_i,
    input  logic [31:0]              heartbeat_i,
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
  logic [31:0] ev_lo_mem [0:NumFns-1];
  logic [31:0] ev_hi_mem [0:NumFns-1];

  logic [N-1:0] owner_q;   // 1 = firmware's
  logic [N-1:0] wait_q;    // handed over, not yet taken by MBOX_POP
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

  assign in_regs = bar_req_i.addr[20:12] == 9'(weir_abi_pkg::BarRegsBase >> 12);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) br_q <= '0;
    else begin
      br_q <= bar_req_i;
      br_q.valid <= bar_req_i.valid && in_regs;
    end
  end
  assign bfn = br_q.fn[6:0];
  assign boff = br_q.addr[11:0];
  assign bwr = br_q.valid && br_q.write;
  assign owned = owner_q[bfn];
  assign alive = fn_enabled_i[bfn] && !fn_flr_i[bfn];
  assign is_req = boff[11:7] == 5'(weir_abi_pkg::BarMboxReqOffset >> 7);
  assign is_rsp = boff[11:7] == 5'(weir_abi_pkg::BarMboxRspOffset >> 7);
  assign clear_lo = bwr && boff == 12'(weir_abi_pkg::BarEventLoOffset) && br_q.be == 4'hF;
  assign clear_hi = bwr && boff == 12'(weir_abi_pkg::BarEventHiOffset) && br_q.be == 4'hF;

  always_comb begin
    bdata = 32'd0;
    if (is_req) bdata = req_mem[{bfn, boff[6:2]}];
    else if (is_rsp) bdata = rsp_mem[{bfn, boff[6:2]}];
    else begin
      case (boff)
        12'(weir_abi_pkg::BarAbiOffset): bdata = {16'(weir_abi_pkg::AbiMajor), 16'(weir_abi_pkg::AbiMinor)};
        12'(weir_abi_pkg::BarFnOffset):
          bdata = {20'b0, fn_flr_i[bfn], fw_ready_i, fn_enabled_i[bfn], bfn != '0, 1'b0, bfn};
        12'(weir_abi_pkg::BarHeartbeatOffset): bdata = heartbeat_i;
        12'(weir_abi_pkg::BarMboxOwnerOffset): bdata = {31'b0, owned};
        12'(weir_abi_pkg::BarEventLoOffset): bdata = ev_lo_mem[bfn];
        12'(weir_abi_pkg::BarEventHiOffset): bdata = ev_hi_mem[bfn];
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
    if (bwr && is_req && !owned) begin
      if (br_q.be[0]) req_mem[{bfn, boff[6:2]}][7:0] <= br_q.wdata[7:0];
      if (br_q.be[1]) req_mem[{bfn, boff[6:2]}][15:8] <= br_q.wdata[15:8];
      if (br_q.be[2]) req_mem[{bfn, boff[6:2]}][23:16] <= br_q.wdata[23:16];
      if (br_q.be[3]) req_mem[{bfn, boff[6:2]}][31:24] <= br_q.wdata[31:24];
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
  assign ev_busy = (clear_lo || clear_hi) && (set_lo || set_hi || fclear);
  assign reg_ack_o = reg_valid_i && !ev_busy;

  assign handover = bwr && boff == 12'(weir_abi_pkg::BarMboxOwnerOffset) && br_q.be[0] && br_q.wdata[0] && alive && !owned;

  weir_common_rr #(.N(N)) u_pop (
      .clk_i, .rst_ni, .req_i(wait_q), .advance_i(pop), .valid_o(pop_valid), .grant_o(pop_grant), .index_o(pop_fn));
  weir_common_rr #(.N(N)) u_irq (
      .clk_i, .rst_ni, .req_i(irq_q), .advance_i(irq_ready_i), .valid_o(irq_valid_o), .grant_o(irq_grant), .index_o(irq_fn));
  assign irq_o.fn = {1'b0, irq_fn};
  assign irq_o.vec = 8'd0;
  assign waiting_o = wait_q != '0;

  always_comb begin
    case (addr_i)
      16'(weir_abi_pkg::CtrlMboxPopOffset): reg_rdata_o = {pop_valid, 24'b0, pop_fn};
      16'(weir_abi_pkg::CtrlFnSelOffset): reg_rdata_o = {24'b0, fn_sel_q};
      default: reg_rdata_o = 32'd0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (clear_lo) ev_lo_mem[bfn] <= ev_lo_mem[bfn] & ~br_q.wdata;
    else if (set_lo) ev_lo_mem[ffn] <= ev_lo_mem[ffn] | wdata_i;
    else if (fclear && !ev_busy) ev_lo_mem[wdata_i[6:0]] <= '0;
    if (clear_hi) ev_hi_mem[bfn] <= ev_hi_mem[bfn] & ~br_q.wdata;
    else if (set_hi) ev_hi_mem[ffn] <= ev_hi_mem[ffn] | wdata_i;
    else if (fclear && !ev_busy) ev_hi_mem[wdata_i[6:0]] <= '0;
  end

  // Mailbox RAM: 256 bytes a function, request in the lower half (read only here), response in the upper.
  assign ram_ack_o = ram_busy_q;
  assign ram_rdata_o = ram_rdata_q;
  always_ff @(posedge clk_i) begin
    if (ram_valid_i && we_i && addr_i[7]) rsp_mem[{addr_i[14:8], addr_i[6:2]}] <= wdata_i;
    if (ram_valid_i && !we_i)
      ram_rdata_q <= addr_i[7] ? rsp_mem[{addr_i[14:8], addr_i[6:2]}] : req_mem[{addr_i[14:8], addr_i[6:2]}];
  end

  logic [N-1:0] owner_set, owner_clr, irq_set;
  always_comb begin
    owner_set = '0;
    owner_clr = '0;
    irq_set = '0;
    if (handover) owner_set[bfn] = 1'b1;
    if (reg_ack_o && (done || fclear)) owner_clr[wdata_i[6:0]] = 1'b1;
    if (reg_ack_o && done) irq_set[wdata_i[6:0]] = 1'b1;
    if (reg_ack_o && (set_lo || set_hi)) irq_set[ffn] = 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      owner_q <= '0;
      wait_q <= '0;
      irq_q <= '0;
      fn_sel_q <= '0;
      ram_busy_q <= 1'b0;
    end else begin
      owner_q <= (owner_q | owner_set) & ~owner_clr;
      wait_q <= (wait_q | owner_set) & ~(pop ? pop_grant : '0) & ~owner_clr;
      irq_q <= (irq_q & ~((irq_valid_o && irq_ready_i) ? irq_grant : '0)) | irq_set;
      if (reg_we && addr_i == 16'(weir_abi_pkg::CtrlFnSelOffset)) fn_sel_q <= wdata_i[7:0];
      ram_busy_q <= ram_valid_i && !ram_busy_q;
    end
  end
endmodule
