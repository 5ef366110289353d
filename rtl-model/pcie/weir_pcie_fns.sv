// SPDX-License-Identifier: Apache-2.0
// State of the functions towards the card: visible, operational, in reset; the CSR block PCIE; and the events for firmware.
// A reset (FLR by the host, FLR_START by firmware, VF Enable going to 0, conventional reset) begins here. For the host it is
// over (flr_o) when no read of the function is outstanding any more, whatever firmware does; one that comes before that is
// part of it (threat T17). Inside the card the old generation goes on being shut out (quiesce_o: no DMA, no doorbell, no interrupt)
// until firmware has taken it apart and writes FLR_DONE, which counts only when it knows of every reset begun, and which also
// ends a reset whose reads never come back. Events cannot be lost: one bit a function and kind, shown one at a time.
module weir_pcie_fns #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_pkg::csr_req_t       csr_i,
    output weir_pkg::csr_rsp_t       csr_o,
    input  logic                     hot_i,
    input  logic [15:0]              pf_rid_i,
    input  logic [15:0]              vf_offset_i,   // First VF Offset
    input  logic [15:0]              num_vfs_i,     // VFs visible
    input  logic                     flr_req_i,     // FLR written to function flr_fn_i
    input  logic [weir_pkg::FnW-1:0] flr_fn_i,
    input  logic [NumFns-1:0]        bme_i,         // in effect: written and awake
    input  logic [NumFns-1:0]        msix_en_i,
    output logic [NumFns-1:0]        visible_o,
    output logic [NumFns-1:0]        enabled_o,     // visible and operational
    output logic [NumFns-1:0]        dma_ok_o,
    output logic [NumFns-1:0]        flr_o,         // in reset, the cycle it begins included
    output logic [NumFns-1:0]        flr_begin_o,   // one cycle: reset begins
    output logic [NumFns-1:0]        quiesce_o,        // in reset, or firmware has not let go of the generation before
    output logic                     ask_o,         // has ask_fn_o no read outstanding?
    output logic [weir_pkg::FnW-1:0] ask_fn_o,
    input  logic                     ask_ready_i,   // answered in this cycle:
    input  logic                     ask_busy_i,
    output logic                     test_valid_o,  // IRQ_RAISE
    input  logic                     test_ready_i,
    output weir_pkg::irq_t           test_o,
    output logic                     moderate_o,    // MODERATE written: csr_i.wdata
    output logic                     own_err_o,     // ERR_UNC or ERR_COR is being written: csr_i.wdata
    input  logic                     own_err_ready_i,
    output logic                     event_o,
    output logic                     idle_o
);
  localparam int IdxW = $clog2(NumFns);
  localparam int FnW = weir_pkg::FnW;

  logic [NumFns-1:0] op_q;
  logic [NumFns-1:0] flr_q;
  logic [NumFns-1:0] quiesce_q;
  logic [IdxW-1:0] ask_q;         // functions take turns
  logic [NumFns-1:0] seen_q;      // visible one cycle ago
  logic [NumFns-1:0] bme_q;       // bus mastering as last reported
  logic [NumFns-1:0] flr_ev_q;
  logic [NumFns-1:0] bme_ev_q;
  logic vf_ev_q;
  logic [15:0] num_q;

  logic [NumFns-1:0] one_hot_req;
  logic [NumFns-1:0] start;
  logic [NumFns-1:0] csr_one;     // FLR_START
  logic [NumFns-1:0] quiet;       // no read outstanding
  logic [NumFns-1:0] unseen;      // firmware has yet to take an event of a reset
  logic [NumFns-1:0] done;
  logic [FnW-1:0] csr_fn;
  logic csr_fn_ok;
  logic fire;                     // the access takes effect in this cycle
  logic csr_start;
  logic csr_done;

  assign visible_o = hot_i ? '0 : ~({NumFns{1'b1}} << (num_vfs_i[IdxW:0] + 1'b1));
  assign enabled_o = visible_o & op_q;
  assign flr_o = flr_q | start;
  assign quiesce_o = quiesce_q | start;
  // A reset that begins while the one before ends is a new one.
  assign flr_begin_o = start & ~(flr_q & ~done & ~quiet);
  assign dma_ok_o = bme_i & enabled_o & ~quiesce_o;
  assign ask_o = flr_q != '0;
  assign ask_fn_o = FnW'(ask_q);

  always_comb begin
    one_hot_req = '0;
    csr_one = '0;
    start = '0;
    quiet = '0;
    unseen = flr_ev_q;
    if (ev_q && ev_kind_q == EvFlr) unseen[ev_arg_q[IdxW-1:0]] = 1'b1;
    if (ask_o && ask_ready_i && !ask_busy_i) quiet[ask_q] = flr_q[ask_q];
    if (flr_req_i) one_hot_req[IdxW'(flr_fn_i)] = 1'b1;
    done = '0;
    if (csr_done) done[IdxW'(csr_fn)] = !unseen[IdxW'(csr_fn)];
    if (csr_start) csr_one[IdxW'(csr_fn)] = 1'b1;
    start = one_hot_req | csr_one;
    // Functions that vanish: VF Enable cleared, or a conventional reset (then the PF as well).
    if (visible_o != seen_q) start = start | (seen_q & ~visible_o);
  end

  // ---- Events: one function is looked at per cycle, the first event found is held until popped ----
  localparam logic [6:0] EvFlr = 7'd1;
  logic ev_q;
  logic [6:0] ev_kind_q;
  logic [15:0] ev_arg_q;
  logic [IdxW-1:0] scan_q;
  logic any_ev;
  logic pop;
  assign any_ev = vf_ev_q || flr_ev_q != '0 || bme_ev_q != '0;
  logic [NumFns-1:0] flr_shown;
  logic [NumFns-1:0] bme_shown;
  logic [NumFns-1:0] bme_change;
  assign event_o = ev_q;
  assign bme_change = (bme_i ^ bme_q) & ~flr_o;
  always_comb begin
    flr_shown = '0;
    bme_shown = '0;
    if (!ev_q && !(vf_ev_q && scan_q == '0)) begin
      if (flr_ev_q[scan_q]) flr_shown[scan_q] = 1'b1;
      else if (bme_ev_q[scan_q]) bme_shown[scan_q] = 1'b1;
    end
  end

  // ---- CSR ----
  logic ack_q;
  logic [31:0] rdata_q;
  logic [31:0] rdata;
  logic [FnW-1:0] sel_q;
  logic [255:0] status_visible;
  logic [NumFns-1:0] live_bme;
  logic [NumFns-1:0] live_msix;
  logic [255:0] status_bme;
  logic [255:0] status_flr;
  logic [255:0] status_dma;
  logic [255:0] status_msix;
  logic wr;
  logic is_raise;
  logic is_err;
  assign csr_o.ack = ack_q;
  assign csr_o.rdata = rdata_q;
  assign is_raise = csr_i.write && csr_i.addr == 16'(weir_abi_pkg::PcieIrqRaiseOffset);
  assign test_valid_o = csr_i.valid && !ack_q && is_raise;
  assign test_o = {csr_i.wdata[7:0], csr_i.wdata[15:8]};
  assign is_err = csr_i.write && (csr_i.addr == 16'(weir_abi_pkg::PcieErrUncOffset) ||
                                  csr_i.addr == 16'(weir_abi_pkg::PcieErrCorOffset));
  assign own_err_o = csr_i.valid && !ack_q && is_err;
  assign fire = csr_i.valid && !ack_q && (!is_raise || test_ready_i) && (!is_err || own_err_ready_i);
  assign moderate_o = wr && csr_i.addr == 16'(weir_abi_pkg::PcieModerateOffset);
  assign wr = fire && csr_i.write;
  assign csr_fn = csr_i.wdata[FnW-1:0];
  assign csr_fn_ok = csr_i.wdata < 32'(NumFns);
  assign csr_start = wr && csr_i.addr == 16'(weir_abi_pkg::PcieFlrStartOffset) && csr_fn_ok && csr_fn != '0;
  assign csr_done = wr && csr_i.addr == 16'(weir_abi_pkg::PcieFlrDoneOffset) && csr_fn_ok;
  assign pop = fire && !csr_i.write && csr_i.addr == 16'(weir_abi_pkg::PcieEventPopOffset);

  assign status_visible = 256'(visible_o);
  assign live_bme = bme_i & visible_o & ~flr_o;
  assign live_msix = msix_en_i & visible_o & ~flr_o;
  assign status_bme = 256'(live_bme);
  assign status_flr = 256'(quiesce_o);
  assign status_dma = 256'(dma_ok_o);
  assign status_msix = 256'(live_msix);

  always_comb begin
    rdata = '0;
    if (fire) begin
      case (csr_i.addr)
        16'(weir_abi_pkg::PcieEventPopOffset): if (ev_q) rdata = {1'b1, ev_kind_q, 8'b0, ev_arg_q};
        16'(weir_abi_pkg::PcieFnSelOffset): rdata = {24'b0, sel_q};
        16'(weir_abi_pkg::PcieFnCtlOffset): rdata = {31'b0, 32'(sel_q) < NumFns && op_q[IdxW'(sel_q)]};
        16'(weir_abi_pkg::PcieFnStatusOffset): rdata = {27'b0, status_msix[sel_q], status_dma[sel_q], status_flr[sel_q],
                                                        status_bme[sel_q], status_visible[sel_q]};
        16'(weir_abi_pkg::PcieVfStateOffset): rdata = {pf_rid_i, num_vfs_i};
        16'(weir_abi_pkg::PcieVfRidsOffset): rdata = {weir_pcie_pkg::VfStride, vf_offset_i};
        default: rdata = '0;
      endcase
    end
  end

  assign idle_o = !any_ev && start == '0 && visible_o == seen_q && bme_change == '0 && flr_q == '0 && !csr_i.valid;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      op_q <= NumFns'(1);
      flr_q <= '0;
      quiesce_q <= '0;
      ask_q <= '0;
      seen_q <= NumFns'(1);
      bme_q <= '0;
      flr_ev_q <= '0;
      bme_ev_q <= '0;
      vf_ev_q <= 1'b0;
      num_q <= '0;
      ev_q <= 1'b0;
      ev_kind_q <= '0;
      ev_arg_q <= '0;
      scan_q <= '0;
      ack_q <= 1'b0;
      rdata_q <= '0;
      sel_q <= '0;
    end else begin
      seen_q <= visible_o;
      num_q <= num_vfs_i;
      if (num_vfs_i != num_q) vf_ev_q <= 1'b1;

      // Event register and scan.
      if (pop) ev_q <= 1'b0;
      if (!ev_q && any_ev) begin
        scan_q <= (scan_q == IdxW'(NumFns - 1)) ? '0 : scan_q + 1'b1;
        if (vf_ev_q && scan_q == '0) begin
          ev_q <= 1'b1;
          ev_kind_q <= 7'd2;
          ev_arg_q <= num_vfs_i;
          vf_ev_q <= num_vfs_i != num_q;
          scan_q <= scan_q;
        end else if (flr_ev_q[scan_q]) begin
          ev_q <= 1'b1;
          ev_kind_q <= EvFlr;
          ev_arg_q <= 16'(scan_q);
        end else if (bme_ev_q[scan_q]) begin
          ev_q <= 1'b1;
          ev_kind_q <= 7'd3;
          ev_arg_q <= 16'(scan_q);
        end
      end

      // A change of bus mastering is an event of its own unless a reset is the reason.
      bme_q <= bme_i & ~flr_o;
      if (any_ev || bme_change != '0) bme_ev_q <= (bme_ev_q & ~bme_shown) | bme_change;

      if (ask_o || start != '0) flr_q <= (flr_q & ~done & ~quiet) | start;
      if (csr_done || start != '0) quiesce_q <= (quiesce_q & ~done) | start;
      if (ask_o && ask_ready_i) ask_q <= (ask_q == IdxW'(NumFns - 1)) ? '0 : ask_q + 1'b1;
      // Firmware knows of its own.
      if (any_ev || flr_begin_o != '0) flr_ev_q <= (flr_ev_q & ~flr_shown) | (flr_begin_o & ~csr_one);

      ack_q <= fire;
      if (fire) begin
        rdata_q <= rdata;
        if (csr_i.write && csr_i.addr == 16'(weir_abi_pkg::PcieFnSelOffset)) sel_q <= csr_i.wdata[FnW-1:0];
        if (csr_i.write && csr_i.addr == 16'(weir_abi_pkg::PcieFnCtlOffset) && 32'(sel_q) < NumFns) begin
          op_q[IdxW'(sel_q)] <= csr_i.wdata[0];
        end
      end
    end
  end


`ifdef FORMAL
  // Starts in reset; history of one cycle.
  logic f_past = 1'b0;
  always_ff @(posedge clk_i) f_past <= 1'b1;
  always_comb if (!f_past) assume (!rst_ni);

  // P2: DMA only with bus mastering, of a visible function that is not in reset and that firmware has let go of. P14, FLR
  // terminates: for the host NumFns answers after the last read has come back, whatever firmware does; inside with FLR_DONE, in
  // the cycle after its write, unless a new one begins or firmware does not know of one yet; and a reset's event reaches
  // firmware after one round of the scan at most, when firmware takes the events and the number
  // of VFs stands still meanwhile.
  (* anyconst *) logic [IdxW-1:0] f_fn;
  logic f_done;
  logic f_rst;
  logic [15:0] f_age;
  logic [IdxW:0] f_far;    // functions that the scan still has in front of f_fn
  logic [15:0] f_asks;     // answers since f_fn has been without reads
  logic [IdxW:0] f_ahead;  // functions that are asked about before it
  logic f_quiesced;
  assign f_ahead = (f_fn >= ask_q) ? {1'b0, f_fn} - {1'b0, ask_q} : {1'b0, f_fn} + (IdxW+1)'(NumFns) - {1'b0, ask_q};
  assign f_far = (f_fn >= scan_q) ? {1'b0, f_fn} - {1'b0, scan_q} : {1'b0, f_fn} + (IdxW+1)'(NumFns) - {1'b0, scan_q};
  always_ff @(posedge clk_i) begin
    f_rst <= rst_ni;
    f_done <= csr_done && csr_fn == FnW'(f_fn) && !unseen[f_fn] && !start[f_fn];
    f_quiesced <= quiesce_q[f_fn] && !(csr_done && csr_fn == FnW'(f_fn) && !unseen[f_fn]);
    if (!rst_ni || !flr_q[f_fn] || start[f_fn] || (ask_o && ask_fn_o == FnW'(f_fn) && ask_ready_i && ask_busy_i)) f_asks <= 16'd0;
    else if (ask_o && ask_ready_i) f_asks <= f_asks + 16'd1;
    f_age <= (!rst_ni || !flr_ev_q[f_fn] || flr_shown[f_fn]) ? 16'd0 : f_age + 16'd1;
    if (rst_ni) begin
      assume (32'(f_fn) < NumFns);
      cover (f_fn != '0 && dma_ok_o[f_fn]);
      cover (f_fn != '0 && f_done && enabled_o[f_fn]);     // a reset has ended
      cover (f_fn != '0 && csr_done && csr_fn == FnW'(f_fn) && unseen[f_fn]);
      if (dma_ok_o[f_fn]) assert (bme_i[f_fn] && visible_o[f_fn] && !flr_o[f_fn] && !quiesce_o[f_fn]);
      if (flr_q[f_fn]) assert (quiesce_q[f_fn]);
      if (unseen[f_fn]) assert (quiesce_q[f_fn]);
      if (f_past && f_rst && f_done) assert (!flr_q[f_fn] && !quiesce_q[f_fn]);
      if (f_past && f_rst && f_quiesced) assert (quiesce_q[f_fn]);
      assert (32'(ask_q) < NumFns);
      if (flr_q[f_fn]) begin
        assert (f_asks + 16'(f_ahead) <= 16'(NumFns));
        assert (f_asks <= 16'(NumFns));
      end
      assert (32'(scan_q) < NumFns);
      // Firmware pops whenever there is something.
      assume (!(ev_q) || pop);
      assume (num_vfs_i == num_q || !flr_ev_q[f_fn]);
      // Two cycles a function at most: one to look, one to have its event taken; VF_ENABLE goes in front of function 0's.
      if (flr_ev_q[f_fn]) begin
        assert (f_age + 16'd2 * 16'(f_far) + 16'(ev_q) + (vf_ev_q ? 16'd3 : 16'd0) <= 16'(2 * NumFns + 2));
        assert (f_age <= 16'(2 * NumFns + 2));
      end
    end
  end
`endif
endmodule
