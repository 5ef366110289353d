// SPDX-License-Identifier: Apache-2.0
// CTRL registers that are not the mailbox's: identity, cycle counter, per-core timer, watchdog, interrupt enable, bells,
// reset of the cores. A core's registers are its own: the bus says who asks.
// A watchdog resets its core only; nothing of the data plane hangs on it (property P18).
module weir_ctrl_sys (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        core_i,         // who asks
    input  logic        valid_i,        // one cycle an access
    input  logic        we_i,
    input  logic [15:0] addr_i,
    input  logic [31:0] wdata_i,
    output logic [31:0] rdata_o,        // combinational
    input  logic [4:0]  source_i,       // interrupt levels: port, switch, queue, pcie, mailbox from bit 4 down
    input  logic [31:0] fetch0_i,       // address that each core fetches
    input  logic [31:0] fetch1_i,
    output logic        run0_o,
    output logic        run1_o,
    output logic        irq0_o,
    output logic        irq1_o,
    output logic        fw_ready_o,
    output logic [31:0] heartbeat_o,
    output logic [31:0] cycle_o,        // low word
    output logic        console_valid_o,
    output logic [7:0]  console_o
);
  logic [63:0] cycle_q;
  logic [31:0] cycle_hi0_q, cycle_hi1_q;
  logic        core1_run_q;
  logic        fw_ready_q;
  logic [31:0] heartbeat_q;
  logic [31:0] cmp0_q, cmp1_q;
  logic        armed0_q, armed1_q;
  logic        tick0_q, tick1_q;      // timer pending
  logic [31:0] wdt_load0_q, wdt_load1_q;
  logic [31:0] wdt0_q, wdt1_q;
  logic [31:0] wdt_pc0_q, wdt_pc1_q;  // where a core was when its watchdog fired
  logic [3:0]  hold0_q, hold1_q;      // cycles a core is still held in reset
  logic [1:0]  cause0_q, cause1_q;
  logic        bell0_q, bell1_q;
  logic [6:0]  en0_q, en1_q;
  logic [6:0]  pend0, pend1;
  logic        wr;

  assign wr = valid_i && we_i;
  assign pend0 = {source_i, bell0_q, tick0_q};
  assign pend1 = {source_i, bell1_q, tick1_q};
  assign irq0_o = (pend0 & en0_q) != '0;
  assign irq1_o = (pend1 & en1_q) != '0;
  assign run0_o = hold0_q == '0;
  assign run1_o = core1_run_q && hold1_q == '0;
  assign fw_ready_o = fw_ready_q;
  assign heartbeat_o = heartbeat_q;
  assign cycle_o = cycle_q[31:0];

  always_comb begin
    case (addr_i)
      16'(weir_abi_pkg::CtrlIdOffset): rdata_o = weir_abi_pkg::CtrlIdReset;
      16'(weir_abi_pkg::CtrlCoreIdOffset): rdata_o = {31'b0, core_i};
      16'(weir_abi_pkg::CtrlCycleLoOffset): rdata_o = cycle_q[31:0];
      16'(weir_abi_pkg::CtrlCycleHiOffset): rdata_o = core_i ? cycle_hi1_q : cycle_hi0_q;
      16'(weir_abi_pkg::CtrlCore1RunOffset): rdata_o = {31'b0, core1_run_q};
      16'(weir_abi_pkg::CtrlFwReadyOffset): rdata_o = {31'b0, fw_ready_q};
      16'(weir_abi_pkg::CtrlHeartbeatOffset): rdata_o = heartbeat_q;
      16'(weir_abi_pkg::CtrlResetCauseOffset): rdata_o = {30'b0, core_i ? cause1_q : cause0_q};
      16'(weir_abi_pkg::CtrlTimerCmpOffset): rdata_o = core_i ? cmp1_q : cmp0_q;
      16'(weir_abi_pkg::CtrlWdtLoadOffset): rdata_o = core_i ? wdt_load1_q : wdt_load0_q;
      16'(weir_abi_pkg::CtrlWdtPcOffset): rdata_o = core_i ? wdt_pc1_q : wdt_pc0_q;
      16'(weir_abi_pkg::CtrlIrqPendingOffset): rdata_o = {25'b0, core_i ? pend1 : pend0};
      16'(weir_abi_pkg::CtrlIrqEnableOffset): rdata_o = {25'b0, core_i ? en1_q : en0_q};
      default: rdata_o = 32'd0;
    endcase
  end

  assign console_valid_o = wr && addr_i == 16'(weir_abi_pkg::CtrlConsoleOffset);
  assign console_o = wdata_i[7:0];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      cycle_q <= '0;
      cycle_hi0_q <= '0;
      cycle_hi1_q <= '0;
      core1_run_q <= 1'b0;
      fw_ready_q <= 1'b0;
      heartbeat_q <= '0;
      cmp0_q <= '0;
      cmp1_q <= '0;
      armed0_q <= 1'b0;
      armed1_q <= 1'b0;
      tick0_q <= 1'b0;
      tick1_q <= 1'b0;
      wdt_load0_q <= '0;
      wdt_load1_q <= '0;
      wdt_pc0_q <= '0;
      wdt_pc1_q <= '0;
      wdt0_q <= '0;
      wdt1_q <= '0;
      hold0_q <= 4'd1;
      hold1_q <= '0;
      cause0_q <= '0;
      cause1_q <= '0;
      bell0_q <= 1'b0;
      bell1_q <= 1'b0;
      en0_q <= '0;
      en1_q <= '0;
    end else begin
      cycle_q <= cycle_q + 64'd1;
      if (hold0_q != '0) hold0_q <= hold0_q - 4'd1;
      if (hold1_q != '0) hold1_q <= hold1_q - 4'd1;

      // Signed distance, so a compare value up to 2^31 cycles ahead works across the wrap.
      if (armed0_q && !((cycle_q[31:0] - cmp0_q) >> 31 != '0)) begin
        tick0_q <= 1'b1;
        armed0_q <= 1'b0;
      end
      if (armed1_q && !((cycle_q[31:0] - cmp1_q) >> 31 != '0)) begin
        tick1_q <= 1'b1;
        armed1_q <= 1'b0;
      end

      if (wdt_load0_q != '0) begin
        wdt0_q <= wdt0_q - 32'd1;
        if (wdt0_q == 32'd1) begin
          wdt_pc0_q <= fetch0_i;
          hold0_q <= 4'd8;
          cause0_q <= 2'd1;
          wdt_load0_q <= '0;
          fw_ready_q <= 1'b0;
          en0_q <= '0;
          armed0_q <= 1'b0;
        end
      end
      if (wdt_load1_q != '0) begin
        wdt1_q <= wdt1_q - 32'd1;
        if (wdt1_q == 32'd1) begin
          wdt_pc1_q <= fetch1_i;
          hold1_q <= 4'd8;
          cause1_q <= 2'd1;
          wdt_load1_q <= '0;
          en1_q <= '0;
          armed1_q <= 1'b0;
        end
      end

      if (valid_i && !we_i && addr_i == 16'(weir_abi_pkg::CtrlCycleLoOffset)) begin
        if (core_i) cycle_hi1_q <= cycle_q[63:32];
        else cycle_hi0_q <= cycle_q[63:32];
      end
      if (wr) begin
        case (addr_i)
          16'(weir_abi_pkg::CtrlCore1RunOffset): begin
            core1_run_q <= wdata_i[0];
            if (core1_run_q && !wdata_i[0]) begin
              cause1_q <= 2'd2;
              wdt_load1_q <= '0;
              en1_q <= '0;
              armed1_q <= 1'b0;
            end
          end
          16'(weir_abi_pkg::CtrlFwReadyOffset): fw_ready_q <= wdata_i[0];
          16'(weir_abi_pkg::CtrlHeartbeatOffset): heartbeat_q <= wdata_i;
          16'(weir_abi_pkg::CtrlTimerCmpOffset): begin
            if (core_i) begin
              cmp1_q <= wdata_i;
              armed1_q <= 1'b1;
              tick1_q <= 1'b0;
            end else begin
              cmp0_q <= wdata_i;
              armed0_q <= 1'b1;
              tick0_q <= 1'b0;
            end
          end
          16'(weir_abi_pkg::CtrlWdtLoadOffset): begin
            if (core_i) begin
              wdt_load1_q <= wdata_i;
              wdt1_q <= wdata_i;
            end else begin
              wdt_load0_q <= wdata_i;
              wdt0_q <= wdata_i;
            end
          end
          16'(weir_abi_pkg::CtrlWdtFeedOffset): begin
            if (core_i) wdt1_q <= wdt_load1_q;
            else wdt0_q <= wdt_load0_q;
          end
          16'(weir_abi_pkg::CtrlIrqEnableOffset): begin
            if (core_i) en1_q <= wdata_i[6:0];
            else en0_q <= wdata_i[6:0];
          end
          16'(weir_abi_pkg::CtrlIpcRingOffset): begin
            if (wdata_i[0]) bell0_q <= 1'b1;
            if (wdata_i[1]) bell1_q <= 1'b1;
          end
          16'(weir_abi_pkg::CtrlIpcAckOffset): begin
            if (core_i) bell1_q <= 1'b0;
            else bell0_q <= 1'b0;
          end
          default: ;
        endcase
      end
    end
  end
endmodule
