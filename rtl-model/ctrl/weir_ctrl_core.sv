// SPDX-License-Identifier: Apache-2.0
// One core with its memories: boot ROM (core 0 only), TCM at 0x1000_0000, and the way out to the bus for the rest.
// The instruction side reaches ROM and own TCM only; anything else is an instruction access fault. Damaged TCM words are
// precise traps of whoever reads them; core 0's window into core 1's TCM answers them with err.
module weir_ctrl_core #(
    parameter int unsigned HartId = 0,
    parameter logic [31:0] BootAddr = 32'h1000_0000,
    parameter int Bytes = weir_abi_pkg::TcmBytes
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 run_i,      // 0 = core held in reset; memories keep their contents
    output weir_ctrl_pkg::xreq_t x_o,
    input  weir_ctrl_pkg::xrsp_t x_i,
    input  weir_ctrl_pkg::load_t load_i,
    output logic [31:0]          load_rdata_o,  // in the cycle after a read
    output logic                 load_err_o,    // the same
    // Boot ROM: data behind a cycle with enable, kept while it is low.
    input  logic                 rom_open_i,    // 0 = there is none
    output logic                 fetch_tcm_o,   // an instruction is fetched from the TCM
    output logic                 rom_i_en_o,
    output logic [15:1]          rom_i_addr_o,
    input  logic [31:0]          rom_i_data_i,
    output logic                 rom_d_en_o,
    output logic [15:2]          rom_d_addr_o,
    input  logic [31:0]          rom_d_data_i,
    input  logic                 irq_i,
    output logic [31:0]          fetch_o,       // address that it fetches, or fetched last
    output logic                 sleep_o
);
  localparam int AddrW = $clog2(Bytes / 4);

  logic        core_rst_n;
  logic        i_req;
  logic [31:0] i_addr;
  logic [31:0] i_rdata;
  logic [1:0]  i_err_q;
  logic [1:0]  i_par;
  logic        d_req, d_we, d_gnt, d_err, d_par;
  logic [31:0] d_addr, d_wdata, d_rdata;
  logic [3:0]  d_be;
  weir_cpu_pkg::trace_t unused_trace;   // test benches look at it from outside

  assign core_rst_n = rst_ni && run_i;
  assign fetch_o = i_addr;
  weir_cpu #(.HartId(HartId)) u_cpu (
      .clk_i, .rst_ni(core_rst_n), .boot_addr_i(BootAddr),
      .i_req_o(i_req), .i_addr_o(i_addr), .i_rdata_i(i_rdata), .i_err_i(i_err_q), .i_par_i(i_par),
      .d_req_o(d_req), .d_we_o(d_we), .d_addr_o(d_addr), .d_wdata_o(d_wdata), .d_be_o(d_be),
      .d_gnt_i(d_gnt), .d_err_i(d_err), .d_rdata_i(d_rdata), .d_par_i(d_par),
      .irq_i, .irq_timer_i(1'b0), .irq_soft_i(1'b0), .sleep_o, .trace_o(unused_trace));

  // ---- instruction side ----
  logic        i_rom_q;
  logic [31:0] i_tcm;
  logic [1:0]  i_tcm_par;
  logic        i_in_tcm;
  logic        i_in_rom;
  logic        i_past_end;     // the second half lies beyond the memory

  assign i_in_tcm = i_addr[31:28] == 4'h1 && i_addr[27:AddrW+2] == '0;
  assign i_in_rom = HartId == 0 && rom_open_i && i_addr < 32'(weir_abi_pkg::RomBytes);
  assign i_past_end = i_in_rom ? i_addr[15:1] == 15'(weir_abi_pkg::RomBytes / 2 - 1) : &i_addr[AddrW+1:1];
  assign fetch_tcm_o = i_req && i_in_tcm;
  assign rom_i_en_o = i_req && i_in_rom;
  assign rom_i_addr_o = i_addr[15:1];
  always_ff @(posedge clk_i) begin
    if (i_req) begin
      i_rom_q <= i_in_rom;
      i_err_q[0] <= !i_in_tcm && !i_in_rom;
      i_err_q[1] <= (!i_in_tcm && !i_in_rom) || i_past_end;
    end
  end
  assign i_rdata = i_rom_q ? rom_i_data_i : i_tcm;
  assign i_par = (i_rom_q || i_err_q[0]) ? 2'b00 : i_tcm_par;

  // ---- data side ----
  // A store to the ROM goes the way of all that is nobody's: to the bus, which refuses it.
  logic        d_in_tcm;
  logic        d_in_rom;
  logic        tcm_en;
  logic        from_bus_q;
  logic        from_rom_q;
  logic [31:0] bus_rdata_q;
  logic [31:0] tcm_rdata;
  logic        tcm_par;
  logic        tcm_busy;

  assign d_in_tcm = d_addr[31:28] == 4'h1 && d_addr[27:AddrW+2] == '0;
  assign d_in_rom = HartId == 0 && rom_open_i && !d_we && d_addr < 32'(weir_abi_pkg::RomBytes);
  assign tcm_busy = load_i.valid;
  assign d_gnt = d_in_tcm ? !tcm_busy : d_in_rom || x_i.ack;
  assign d_err = !d_in_tcm && !d_in_rom && x_i.err;
  assign tcm_en = tcm_busy || (d_req && d_in_tcm);

  always_comb begin
    x_o.valid = d_req && !d_in_tcm && !d_in_rom;
    x_o.we = d_we;
    x_o.addr = d_addr;
    x_o.be = d_be;
    x_o.wdata = d_wdata;
  end
  assign rom_d_en_o = d_req && d_in_rom;
  assign rom_d_addr_o = d_addr[15:2];
  always_ff @(posedge clk_i) begin
    if (d_req && d_gnt) begin
      from_bus_q <= !d_in_tcm && !d_in_rom;
      from_rom_q <= d_in_rom;
    end
    if (x_i.ack) bus_rdata_q <= x_i.rdata;
  end
  assign d_rdata = from_bus_q ? bus_rdata_q : from_rom_q ? rom_d_data_i : tcm_rdata;
  assign d_par = !from_bus_q && !from_rom_q && tcm_par;
  assign load_rdata_o = tcm_rdata;
  assign load_err_o = tcm_par;

  weir_ctrl_tcm #(.Bytes(Bytes)) u_tcm (
      .clk_i,
      .i_en_i(i_req && i_in_tcm), .i_addr_i(i_addr[AddrW+1:1]), .i_rdata_o(i_tcm), .i_par_o(i_tcm_par),
      .d_en_i(tcm_en), .d_we_i(tcm_busy ? load_i.we : d_we), .d_be_i(tcm_busy ? load_i.be : d_be),
      .d_addr_i(tcm_busy ? load_i.addr[AddrW+1:2] : d_addr[AddrW+1:2]),
      .d_wdata_i(tcm_busy ? load_i.wdata : d_wdata), .d_rdata_o(tcm_rdata), .d_par_o(tcm_par));
endmodule
