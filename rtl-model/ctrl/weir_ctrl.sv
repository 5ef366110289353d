// SPDX-License-Identifier: Apache-2.0
// Control complex: two cores with their memories, the bus between them, mailboxes, timers, watchdogs, flash. Masters the CSR
// bus to every block. Core 0 starts in the boot ROM, core 1 when core 0 says so.
module weir_ctrl #(
    parameter int NumFns = weir_abi_pkg::NumFns
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    output weir_pkg::csr_req_t    pcie_csr_o,
    input  weir_pkg::csr_rsp_t    pcie_csr_i,
    output weir_pkg::csr_req_t    dma_csr_o,
    input  weir_pkg::csr_rsp_t    dma_csr_i,
    output weir_pkg::csr_req_t    queue_csr_o,
    input  weir_pkg::csr_rsp_t    queue_csr_i,
    output weir_pkg::csr_req_t    switch_csr_o,
    input  weir_pkg::csr_rsp_t    switch_csr_i,
    output weir_pkg::csr_req_t    port_csr_o,
    input  weir_pkg::csr_rsp_t    port_csr_i,
    input  weir_pkg::bar_req_t    bar_req_i,
    output weir_pkg::bar_rsp_t    bar_rsp_o,
    output logic                  irq_valid_o,
    input  logic                  irq_ready_i,
    output weir_pkg::irq_t        irq_o,
    input  logic [NumFns-1:0]     fn_enabled_i,
    input  logic [NumFns-1:0]     fn_flr_i,
    input  logic [NumFns-1:0]     fn_quiesce_i,
    input  logic                  pcie_event_i,
    input  logic                  queue_event_i,
    input  logic                  switch_event_i,
    input  logic                  port_event_i,
    output logic                  flash_cs_o,
    output logic                  flash_sck_o,
    output logic [3:0]            flash_io_o,
    output logic [3:0]            flash_oe_o,
    input  logic [3:0]            flash_io_i,
    input  logic [255:0]          key_fuses_i,
    output logic                  console_valid_o,
    output logic [7:0]            console_o,
    output logic                  core0_sleep_o,
    output logic                  core1_sleep_o,
    output logic                  fw_ready_o,
    output logic                  idle_o
);
  weir_ctrl_pkg::xreq_t x0_req, x1_req;
  weir_ctrl_pkg::xrsp_t x0_rsp, x1_rsp;
  weir_ctrl_pkg::load_t win, flash_load, load0, load1;
  logic        core;
  logic [8:0]  blk;
  logic        we;
  logic [15:0] addr;
  logic [31:0] wdata;
  logic        ack;
  logic [31:0] rdata;
  logic        run0, run1, irq0, irq1;
  logic [31:0] win_rdata;
  logic        win_err;
  logic [31:0] unused_load0_rdata;   // nobody reads core 0's TCM from outside
  logic        unused_load0_err;
  logic        rom_open, fetch_tcm0;
  logic        rom_i_en, rom_d_en;
  logic [15:1] rom_i_addr;
  logic [15:2] rom_d_addr;
  logic [31:0] rom_i_data, rom_d_data;
  logic        unused_fetch1, unused_rom_i_en1, unused_rom_d_en1;   // core 1 has no ROM
  logic [15:1] unused_rom_i_addr1;
  logic [15:2] unused_rom_d_addr1;
  logic [31:0] heartbeat;
  logic [31:0] cycle;
  logic        flash_to1;
  logic        flash_busy;
  logic        mbox_waiting;
  logic        core1_sleep;
  logic [31:0] fetch0, fetch1;

  // ---- cores ----
  assign flash_to1 = flash_load.addr[31:28] == 4'h3;
  always_comb begin
    load0 = flash_load;
    load0.valid = flash_load.valid && !flash_to1;
    load1 = win;
    if (flash_load.valid && flash_to1) load1 = flash_load;
  end
  weir_ctrl_rom u_rom (
      .clk_i, .i_en_i(rom_i_en), .i_addr_i(rom_i_addr), .i_data_o(rom_i_data),
      .d_en_i(rom_d_en), .d_addr_i(rom_d_addr), .d_data_o(rom_d_data));
  weir_ctrl_core #(.HartId(0), .BootAddr(32'h0000_0000)) u_core0 (
      .clk_i, .rst_ni, .run_i(run0), .x_o(x0_req), .x_i(x0_rsp), .load_i(load0), .load_rdata_o(unused_load0_rdata),
      .load_err_o(unused_load0_err),
      .rom_open_i(rom_open), .fetch_tcm_o(fetch_tcm0), .rom_i_en_o(rom_i_en), .rom_i_addr_o(rom_i_addr),
      .rom_i_data_i(rom_i_data), .rom_d_en_o(rom_d_en), .rom_d_addr_o(rom_d_addr), .rom_d_data_i(rom_d_data),
      .irq_i(irq0), .fetch_o(fetch0), .sleep_o(core0_sleep_o));
  weir_ctrl_core #(.HartId(1), .BootAddr(32'h1000_0000)) u_core1 (
      .clk_i, .rst_ni, .run_i(run1), .x_o(x1_req), .x_i(x1_rsp), .load_i(load1), .load_rdata_o(win_rdata), .load_err_o(win_err),
      .rom_open_i(1'b0), .fetch_tcm_o(unused_fetch1), .rom_i_en_o(unused_rom_i_en1), .rom_i_addr_o(unused_rom_i_addr1),
      .rom_i_data_i(32'd0), .rom_d_en_o(unused_rom_d_en1), .rom_d_addr_o(unused_rom_d_addr1), .rom_d_data_i(32'd0),
      .irq_i(irq1), .fetch_o(fetch1), .sleep_o(core1_sleep));
  // Core 1 held in reset has nothing to do either.
  assign core1_sleep_o = core1_sleep || !run1;

  weir_ctrl_bus u_bus (
      .clk_i, .rst_ni, .x0_i(x0_req), .x0_o(x0_rsp), .x1_i(x1_req), .x1_o(x1_rsp),
      .core_o(core), .blk_valid_o(blk), .we_o(we), .addr_o(addr), .wdata_o(wdata), .csr_ack_i(ack), .csr_rdata_i(rdata),
      .win_o(win), .win_busy_i(flash_load.valid && flash_to1), .win_rdata_i(win_rdata), .win_err_i(win_err));

  // ---- CSR fan-out ----
  always_comb begin
    pcie_csr_o.valid = blk[weir_abi_pkg::CsrBlockPcie];
    pcie_csr_o.write = we;
    pcie_csr_o.addr = addr;
    pcie_csr_o.wdata = wdata;
    dma_csr_o = pcie_csr_o;
    dma_csr_o.valid = blk[weir_abi_pkg::CsrBlockDma];
    queue_csr_o = pcie_csr_o;
    queue_csr_o.valid = blk[weir_abi_pkg::CsrBlockQueue];
    switch_csr_o = pcie_csr_o;
    switch_csr_o.valid = blk[weir_abi_pkg::CsrBlockSwitch];
    port_csr_o = pcie_csr_o;
    port_csr_o.valid = blk[weir_abi_pkg::CsrBlockPort];
  end

  logic        sys_valid;
  logic        sys_is_mbox;
  logic [31:0] sys_rdata;
  logic        mreg_ack;
  logic [31:0] mreg_rdata;
  logic        mram_ack;
  logic [31:0] mram_rdata;
  logic        flash_ack;
  logic [31:0] flash_rdata;
  logic        sys_is_lock;
  logic [31:0] lock_rdata;
  logic        sha_ack;
  logic [31:0] sha_rdata;
  logic [1:0]  sha_open;
  logic        sha_stream, sha_word_valid, sha_word_ready, sha_busy;
  logic [31:0] sha_word;

  // CTRL registers from MBOX_POP to FN_CLEAR, and MBOX_TAKEN, live with the mailboxes, those from LOCK on with the locks.
  assign sys_valid = blk[weir_abi_pkg::CsrBlockCtrl];
  assign sys_is_lock = addr >= 16'(weir_abi_pkg::CtrlLockOffset);
  assign sys_is_mbox =
      (addr >= 16'(weir_abi_pkg::CtrlMboxPopOffset) && addr <= 16'(weir_abi_pkg::CtrlFnClearOffset)) ||
      addr == 16'(weir_abi_pkg::CtrlMboxTakenOffset);

  always_comb begin
    ack = 1'b0;
    rdata = 32'd0;
    if (blk[weir_abi_pkg::CsrBlockCtrl]) begin
      ack = sys_is_mbox ? mreg_ack : 1'b1;
      rdata = sys_is_mbox ? mreg_rdata : sys_is_lock ? lock_rdata : sys_rdata;
    end else if (blk[weir_abi_pkg::CsrBlockMbox]) begin
      ack = mram_ack;
      rdata = mram_rdata;
    end else if (blk[weir_abi_pkg::CsrBlockPcie]) begin
      ack = pcie_csr_i.ack;
      rdata = pcie_csr_i.rdata;
    end else if (blk[weir_abi_pkg::CsrBlockDma]) begin
      ack = dma_csr_i.ack;
      rdata = dma_csr_i.rdata;
    end else if (blk[weir_abi_pkg::CsrBlockQueue]) begin
      ack = queue_csr_i.ack;
      rdata = queue_csr_i.rdata;
    end else if (blk[weir_abi_pkg::CsrBlockSwitch]) begin
      ack = switch_csr_i.ack;
      rdata = switch_csr_i.rdata;
    end else if (blk[weir_abi_pkg::CsrBlockPort]) begin
      ack = port_csr_i.ack;
      rdata = port_csr_i.rdata;
    end else if (blk[weir_abi_pkg::CsrBlockFlash]) begin
      ack = flash_ack;
      rdata = flash_rdata;
    end else if (blk[weir_abi_pkg::CsrBlockSha]) begin
      ack = sha_ack;
      rdata = sha_rdata;
    end
  end

  weir_ctrl_sys u_sys (
      .clk_i, .rst_ni, .core_i(core), .valid_i(sys_valid && !sys_is_mbox && !sys_is_lock), .we_i(we), .addr_i(addr), .wdata_i(wdata),
      .rdata_o(sys_rdata), .source_i({port_event_i, switch_event_i, queue_event_i, pcie_event_i, mbox_waiting}),
      .fetch0_i(fetch0), .fetch1_i(fetch1), .run0_o(run0), .run1_o(run1), .irq0_o(irq0), .irq1_o(irq1), .fw_ready_o, .heartbeat_o(heartbeat), .cycle_o(cycle),
      .console_valid_o, .console_o);

  weir_ctrl_mbox #(.NumFns(NumFns)) u_mbox (
      .clk_i, .rst_ni, .bar_req_i, .bar_rsp_o, .fn_enabled_i, .fn_flr_i, .fn_quiesce_i, .fw_ready_i(fw_ready_o), .heartbeat_i(heartbeat), .cycle_i(cycle),
      .irq_valid_o, .irq_ready_i, .irq_o,
      .ram_valid_i(blk[weir_abi_pkg::CsrBlockMbox]), .reg_valid_i(sys_valid && sys_is_mbox), .we_i(we), .addr_i(addr),
      .wdata_i(wdata), .ram_ack_o(mram_ack), .ram_rdata_o(mram_rdata), .reg_ack_o(mreg_ack), .reg_rdata_o(mreg_rdata),
      .waiting_o(mbox_waiting));

  weir_ctrl_flash u_flash (
      .clk_i, .rst_ni, .core_i(core), .valid_i(blk[weir_abi_pkg::CsrBlockFlash]), .we_i(we), .addr_i(addr), .wdata_i(wdata),
      .ack_o(flash_ack), .rdata_o(flash_rdata), .load_o(flash_load), .sha_open_i(sha_open),
      .sha_stream_o(sha_stream), .sha_valid_o(sha_word_valid), .sha_ready_i(sha_word_ready), .sha_word_o(sha_word), .cs_o(flash_cs_o), .sck_o(flash_sck_o),
      .io_o(flash_io_o), .oe_o(flash_oe_o), .io_i(flash_io_i), .busy_o(flash_busy));

  weir_ctrl_lock u_lock (
      .clk_i, .rst_ni, .valid_i(sys_valid && sys_is_lock), .we_i(we), .addr_i(addr), .wdata_i(wdata), .rdata_o(lock_rdata),
      .key_fuses_i, .run0_i(run0), .fetch_tcm_i(fetch_tcm0), .rom_open_o(rom_open));

  weir_ctrl_sha u_sha (
      .clk_i, .rst_ni, .core_i(core), .valid_i(blk[weir_abi_pkg::CsrBlockSha]), .we_i(we), .addr_i(addr), .wdata_i(wdata),
      .ack_o(sha_ack), .rdata_o(sha_rdata), .run_i({run1, run0}), .open_o(sha_open), .stream_i(sha_stream),
      .word_valid_i(sha_word_valid), .word_ready_o(sha_word_ready), .word_i(sha_word), .busy_o(sha_busy));

  // A core waiting for its timer counts as idle: whoever stops the clock while idle stops card time, timers included.
  assign idle_o = core0_sleep_o && core1_sleep_o && !flash_busy && !sha_busy && !irq_valid_o && !bar_req_i.valid;
endmodule
