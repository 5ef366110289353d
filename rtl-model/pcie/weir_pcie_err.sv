// SPDX-License-Identifier: Apache-2.0
// Errors: Device Status of every function, AER of the PF, and error messages (pcie 25, 56, 57). Reports wait in small queues,
// one is worked off per cycle; a flood loses reports, never traffic. What is not the fault of one function is the PF's. VFs
// have no AER, which PCIe 7.8.4 leaves open: default severities count for them, and the PF's enables (9.4.1). Severity, mask,
// role-based (advisory) handling as PCIe 6.2 has them.
module weir_pcie_err #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     hot_i,
    input  logic                     rx_valid_i,
    input  weir_pcie_pkg::err_t      rx_i,
    input  logic                     bad_valid_i,   // malformed TLP
    input  logic [127:0]             bad_hdr_i,
    input  logic                     np_valid_i,
    input  weir_pcie_pkg::err_t      np_i,
    input  weir_pkg::dma_err_t       dma_i,
    input  logic                     own_valid_i,   // ERR_UNC, ERR_COR: one bit per cycle is worked off
    output logic                     own_ready_o,
    input  logic                     own_cor_i,
    input  logic [31:0]              own_bits_i,
    input  logic [2:0]               sta_i,         // a completion: UR, CA, poisoned
    input  logic [weir_pkg::FnW-1:0] sta_fn_i,
    // Configuration access to function fn_i.
    input  logic                     write_i,
    input  logic [weir_pkg::FnW-1:0] fn_i,
    input  logic [9:0]               reg_i,
    input  logic [3:0]               be_i,
    input  logic [31:0]              wdata_i,
    input  logic [NumFns-1:0]        flr_i,
    input  logic [NumFns-1:0]        visible_i,
    input  logic [1:0]               serr_perr_i,   // the PF's SERR# Enable and Parity Error Response
    output logic [3:0]               enable_o,      // Device Control 3:0 of the PF
    output logic [3:0]               status_o,      // Device Status 3:0 of fn_i
    output logic [7:0]               pci_status_o,  // Status 15:8 of fn_i
    output logic [31:0]              aer_o,         // register of the PF's AER capability
    output logic                     msg_valid_o,
    input  logic                     msg_ready_i,
    output logic [weir_pkg::FnW-1:0] msg_fn_o,
    output logic [7:0]               msg_code_o,
    output logic                     idle_o
);
  localparam int IdxW = $clog2(NumFns);
  localparam int ErrW = $bits(rx_i);
  localparam logic [31:0] UncMask = 32'h0017_F010;
  localparam logic [31:0] UncSevReset = 32'h0006_2010;
  localparam logic [31:0] CorMask = 32'h0000_31C1;
  localparam logic [31:0] CorMaskReset = 32'h0000_2000;

  // ---- Reports, one after the other ----
  weir_pcie_pkg::err_t bad;
  weir_pcie_pkg::err_t late;
  weir_pcie_pkg::err_t stray;
  always_comb begin
    bad = '0;
    bad.code = weir_pcie_pkg::ErrMalformed;
    bad.hdr = bad_hdr_i;
    late = '0;
    late.code = weir_pcie_pkg::ErrTimeout;
    late.fn = dma_i.fn;
    stray = '0;
    stray.code = weir_pcie_pkg::ErrUnexpected;
    stray.advisory = 1'b1;
    stray.hdr = dma_i.hdr;
  end

  logic [4:0] in_valid;
  logic [5*ErrW-1:0] in;
  logic [4:0] q_valid;
  logic [4:0] q_pop;
  logic [5*ErrW-1:0] q;
  assign in_valid = {dma_i.unexpected, dma_i.timeout, np_valid_i, bad_valid_i, rx_valid_i};
  assign in = {stray, late, np_i, bad, rx_i};
  /* verilator lint_off PINCONNECTEMPTY */
  for (genvar s = 0; s < 5; s++) begin : gen_source
    weir_common_fifo #(.Width(ErrW), .Depth(4)) u_queue (
        .clk_i, .rst_ni, .valid_i(in_valid[s]), .ready_o(), .data_i(in[s*ErrW +: ErrW]),
        .valid_o(q_valid[s]), .ready_i(q_pop[s]), .data_o(q[s*ErrW +: ErrW]), .level_o());
  end

  // Firmware's own: the lowest bit not reported yet.
  logic [31:0] own_done_q;
  logic [31:0] own_left;
  logic [31:0] own_one;
  logic [4:0] own_code;
  logic own_take;
  assign own_left = own_bits_i & (own_cor_i ? CorMask : UncMask) & ~own_done_q;
  assign own_one = own_left & (~own_left + 32'd1);
  assign own_ready_o = own_valid_i && own_left == 32'd0;
  always_comb begin
    own_code = '0;
    if (own_valid_i) begin
      for (int i = 0; i < 32; i++) if (own_one[i]) own_code = 5'(i);
    end
  end

  logic take;
  logic msg_room;
  weir_pcie_pkg::err_t e;
  always_comb begin
    q_pop = '0;
    own_take = 1'b0;
    e = '0;
    take = msg_room && !hot_i;
    if (q_valid[0]) e = q[0*ErrW +: ErrW];
    else if (q_valid[1]) e = q[1*ErrW +: ErrW];
    else if (q_valid[2]) e = q[2*ErrW +: ErrW];
    else if (q_valid[3]) e = q[3*ErrW +: ErrW];
    else if (q_valid[4]) e = q[4*ErrW +: ErrW];
    else begin
      e.correctable = own_cor_i;
      e.code = own_code;
      take = take && own_valid_i && own_left != 32'd0;
      own_take = take;
    end
    if (take) q_pop = q_valid & (~q_valid + 5'd1);
    if (hot_i) q_pop = '1;
  end

  // ---- State ----
  logic en_cor_q;                   // Device Control of the PF; it counts for all functions
  logic en_nf_q;
  logic en_f_q;
  logic en_ur_q;
  logic [NumFns-1:0] st_cor_q;      // Device Status
  logic [NumFns-1:0] st_nf_q;
  logic [NumFns-1:0] st_f_q;
  logic [NumFns-1:0] st_ur_q;
  logic [NumFns-1:0] pci_perr_q;    // Status 8: poisoned completion
  logic [NumFns-1:0] pci_ta_q;      // 12: completion with CA
  logic [NumFns-1:0] pci_ma_q;      // 13: completion with UR
  logic [NumFns-1:0] pci_serr_q;    // 14: error message sent
  logic [NumFns-1:0] pci_dpe_q;     // 15: something poisoned received
  logic [31:0] unc_q;
  logic [31:0] unc_mask_q;
  logic [31:0] unc_sev_q;
  logic [31:0] cor_q;
  logic [31:0] cor_mask_q;
  logic [4:0] first_q;
  logic [127:0] log_q;

  // ---- What a report does ----
  logic [IdxW-1:0] ef;
  logic pf;
  logic fatal;
  logic advisory;
  logic masked_cor;
  logic masked_unc;
  logic ur;
  logic [31:0] bit_of;
  logic set_unc;
  logic set_log;
  logic send;
  logic [7:0] code;
  always_comb begin
    ef = IdxW'(e.fn);
    pf = e.fn == 8'd0;
    bit_of = 32'd1 << e.code;
    ur = !e.correctable && e.code == weir_pcie_pkg::ErrUr;
    fatal = !e.correctable && |(bit_of & (pf ? unc_sev_q : UncSevReset));
    advisory = e.advisory && !fatal && !e.correctable;
    masked_cor = pf && (e.correctable ? |(cor_mask_q & bit_of) : cor_mask_q[weir_pcie_pkg::CorAdvisory]);
    masked_unc = pf && |(unc_mask_q & bit_of);
    set_unc = pf && !e.correctable && !(advisory && masked_cor);
    set_log = set_unc && !masked_unc && (unc_q & ~unc_mask_q) == 32'd0;
    // Which message, if its kind is enabled; Unsupported Requests have a switch of their own.
    if (e.correctable || advisory) begin
      code = weir_pcie_pkg::MsgErrCor;
      send = en_cor_q && !masked_cor && (!ur || en_ur_q);
    end else if (fatal) begin
      code = weir_pcie_pkg::MsgErrFatal;
      send = !masked_unc && (serr_perr_i[1] || (en_f_q && (!ur || en_ur_q)));
    end else begin
      code = weir_pcie_pkg::MsgErrNonFatal;
      send = !masked_unc && (serr_perr_i[1] || (en_nf_q && (!ur || en_ur_q)));
    end
  end

  // A function that was reset or taken away meanwhile says nothing more (pcie 16, 57).
  logic msg_waits;
  logic msg_void;
  assign msg_void = flr_i[IdxW'(msg_fn_o)] || !visible_i[IdxW'(msg_fn_o)];
  assign msg_valid_o = msg_waits && !msg_void;
  weir_common_fifo #(.Width(16), .Depth(4)) u_msg (
      .clk_i, .rst_ni, .valid_i(take && send), .ready_o(msg_room), .data_i({e.fn, code}),
      .valid_o(msg_waits), .ready_i(msg_ready_i || msg_void), .data_o({msg_fn_o, msg_code_o}), .level_o());
  /* verilator lint_on PINCONNECTEMPTY */
  assign idle_o = q_valid == '0 && !msg_waits && !own_valid_i;

  // ---- Configuration registers ----
  logic [11:0] addr;
  logic [IdxW-1:0] f;
  assign addr = {reg_i, 2'b00};
  assign f = IdxW'(fn_i);
  assign enable_o = {en_ur_q, en_f_q, en_nf_q, en_cor_q};
  assign status_o = {st_ur_q[f], st_f_q[f], st_nf_q[f], st_cor_q[f]};
  assign pci_status_o = {pci_dpe_q[f], pci_serr_q[f], pci_ma_q[f], pci_ta_q[f], 3'b0, pci_perr_q[f]};
  always_comb begin
    case (addr)
      12'(weir_pcie_pkg::CapAer + 4): aer_o = unc_q;
      12'(weir_pcie_pkg::CapAer + 8): aer_o = unc_mask_q;
      12'(weir_pcie_pkg::CapAer + 12): aer_o = unc_sev_q;
      12'(weir_pcie_pkg::CapAer + 16): aer_o = cor_q;
      12'(weir_pcie_pkg::CapAer + 20): aer_o = cor_mask_q;
      12'(weir_pcie_pkg::CapAer + 24): aer_o = {27'b0, first_q};
      12'(weir_pcie_pkg::CapAer + 28): aer_o = log_q[31:0];
      12'(weir_pcie_pkg::CapAer + 32): aer_o = log_q[63:32];
      12'(weir_pcie_pkg::CapAer + 36): aer_o = log_q[95:64];
      12'(weir_pcie_pkg::CapAer + 40): aer_o = log_q[127:96];
      default: aer_o = '0;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      own_done_q <= '0;
      en_cor_q <= 1'b0;
      en_nf_q <= 1'b0;
      en_f_q <= 1'b0;
      en_ur_q <= 1'b0;
      st_cor_q <= '0;
      st_nf_q <= '0;
      st_f_q <= '0;
      st_ur_q <= '0;
      pci_perr_q <= '0;
      pci_ta_q <= '0;
      pci_ma_q <= '0;
      pci_serr_q <= '0;
      pci_dpe_q <= '0;
      unc_q <= '0;
      unc_mask_q <= '0;
      unc_sev_q <= UncSevReset;
      cor_q <= '0;
      cor_mask_q <= CorMaskReset;
      first_q <= '0;
      log_q <= '0;
    end else begin
      own_done_q <= own_take ? own_done_q | own_one : own_ready_o ? '0 : own_done_q;
      if (write_i) begin
        case (addr)
          12'h004: if (be_i[3]) begin
            if (wdata_i[31]) pci_dpe_q[f] <= 1'b0;
            if (wdata_i[30]) pci_serr_q[f] <= 1'b0;
            if (wdata_i[29]) pci_ma_q[f] <= 1'b0;
            if (wdata_i[28]) pci_ta_q[f] <= 1'b0;
            if (wdata_i[24]) pci_perr_q[f] <= 1'b0;
          end
          12'(weir_pcie_pkg::CapPcie + 8): begin
            if (be_i[0] && fn_i == '0) {en_ur_q, en_f_q, en_nf_q, en_cor_q} <= wdata_i[3:0];
            if (be_i[2]) begin
              if (wdata_i[16]) st_cor_q[f] <= 1'b0;
              if (wdata_i[17]) st_nf_q[f] <= 1'b0;
              if (wdata_i[18]) st_f_q[f] <= 1'b0;
              if (wdata_i[19]) st_ur_q[f] <= 1'b0;
            end
          end
          default: ;
        endcase
        if (fn_i == '0) begin
          case (addr)
            12'(weir_pcie_pkg::CapAer + 4): unc_q <= weir_pcie_pkg::w1c(unc_q, wdata_i, be_i);
            12'(weir_pcie_pkg::CapAer + 8): unc_mask_q <= weir_pcie_pkg::put(unc_mask_q, wdata_i, be_i, UncMask);
            12'(weir_pcie_pkg::CapAer + 12): unc_sev_q <= weir_pcie_pkg::put(unc_sev_q, wdata_i, be_i, UncMask);
            12'(weir_pcie_pkg::CapAer + 16): cor_q <= weir_pcie_pkg::w1c(cor_q, wdata_i, be_i);
            12'(weir_pcie_pkg::CapAer + 20): cor_mask_q <= weir_pcie_pkg::put(cor_mask_q, wdata_i, be_i, CorMask);
            default: ;
          endcase
        end
      end
      if (take && (e.correctable || advisory)) begin
        st_cor_q[ef] <= 1'b1;
        if (pf) cor_q <= cor_q | (e.correctable ? bit_of : 32'h0000_2000);
      end
      if (take && !e.correctable && !advisory && fatal) st_f_q[ef] <= 1'b1;
      if (take && !e.correctable && !advisory && !fatal) st_nf_q[ef] <= 1'b1;
      if (take && ur) st_ur_q[ef] <= 1'b1;
      if (take && set_unc) unc_q <= unc_q | bit_of;
      if (take && set_log) begin
        first_q <= e.code;
        log_q <= e.hdr;
      end
      if (take && !e.correctable && e.code == weir_pcie_pkg::ErrPoison) pci_dpe_q[ef] <= 1'b1;
      if (take && send && !(e.correctable || advisory) && serr_perr_i[1]) pci_serr_q[ef] <= 1'b1;
      if (sta_i != 3'd0) begin
        if (sta_i[0]) pci_ma_q[IdxW'(sta_fn_i)] <= 1'b1;
        if (sta_i[1]) pci_ta_q[IdxW'(sta_fn_i)] <= 1'b1;
        if (sta_i[2] && serr_perr_i[0]) pci_perr_q[IdxW'(sta_fn_i)] <= 1'b1;
      end
      // A function's reset; AER is sticky (pcie 29), also over a conventional one.
      if (flr_i[0]) {en_ur_q, en_f_q, en_nf_q, en_cor_q} <= '0;
      if (flr_i != '0) begin
        st_cor_q <= st_cor_q & ~flr_i;
        st_nf_q <= st_nf_q & ~flr_i;
        st_f_q <= st_f_q & ~flr_i;
        st_ur_q <= st_ur_q & ~flr_i;
        pci_perr_q <= pci_perr_q & ~flr_i;
        pci_ta_q <= pci_ta_q & ~flr_i;
        pci_ma_q <= pci_ma_q & ~flr_i;
        pci_serr_q <= pci_serr_q & ~flr_i;
        pci_dpe_q <= pci_dpe_q & ~flr_i;
      end
    end
  end
endmodule
