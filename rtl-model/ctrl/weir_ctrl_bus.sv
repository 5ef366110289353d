// SPDX-License-Identifier: Apache-2.0
// Joins the two cores' bus ports, one access at a time, and decodes: shared RAM, core 1's TCM (core 0 only), CSR blocks.
// An address of nobody, or core 1 reaching for a TCM window, is answered with err, which the core turns into a trap.
// A block that never acknowledges would hang its caller; the watchdog of that core ends this.
module weir_ctrl_bus (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  weir_ctrl_pkg::xreq_t   x0_i,
    output weir_ctrl_pkg::xrsp_t   x0_o,
    input  weir_ctrl_pkg::xreq_t   x1_i,
    output weir_ctrl_pkg::xrsp_t   x1_o,
    output logic                   core_o,        // who the access below belongs to
    output logic [8:0]             blk_valid_o,   // one bit a CSR block
    output logic                   we_o,
    output logic [15:0]            addr_o,
    output logic [31:0]            wdata_o,
    input  logic                   csr_ack_i,     // of the block addressed
    input  logic [31:0]            csr_rdata_i,
    output weir_ctrl_pkg::load_t   win_o,         // window into core 1's TCM
    input  logic                   win_busy_i,    // the loader uses it this cycle
    input  logic [31:0]            win_rdata_i,
    input  logic                   win_err_i      // with it: the word is damaged
);
  localparam int SharedW = $clog2(weir_abi_pkg::SharedBytes / 4);

  typedef enum logic [1:0] {
    StIdle,     // choose a core
    StAccess,   // the access is on its way
    StRead,     // memory data arrives
    StDone      // acknowledge
  } state_e;

  state_e                state_q;
  logic                  core_q;
  logic                  last_q;
  weir_ctrl_pkg::xreq_t  req_q;
  logic                  err_q;
  logic [31:0]           rdata_q;
  logic                  in_shared, in_window, in_csr;
  logic                  pick;
  logic [31:0]           shared_rdata_q;
  logic [31:0]           shared [0:weir_abi_pkg::SharedBytes/4-1];

  assign in_shared = req_q.addr[31:SharedW+2] == {4'h2, (26 - SharedW)'(0)};
  assign in_window = !core_q && req_q.addr[31:28] == 4'h3 && req_q.addr[27:$clog2(weir_abi_pkg::TcmBytes)] == '0;
  assign in_csr = req_q.addr[31:20] == {4'h4, 8'b0} && req_q.addr[19:16] <= 4'd8;
  assign pick = (x0_i.valid && x1_i.valid) ? !last_q : x1_i.valid;

  assign core_o = core_q;
  assign we_o = req_q.we;
  assign addr_o = req_q.addr[15:0];
  assign wdata_o = req_q.wdata;
  assign blk_valid_o = (state_q == StAccess && in_csr) ? 9'd1 << req_q.addr[19:16] : 9'd0;

  always_comb begin
    win_o.valid = state_q == StAccess && in_window;
    win_o.we = req_q.we;
    win_o.addr = req_q.addr;
    win_o.be = req_q.be;
    win_o.wdata = req_q.wdata;
  end
  always_comb begin
    x0_o.ack = state_q == StDone && !core_q;
    x0_o.err = err_q;
    x0_o.rdata = rdata_q;
    x1_o.ack = state_q == StDone && core_q;
    x1_o.err = err_q;
    x1_o.rdata = rdata_q;
  end

  always_ff @(posedge clk_i) begin
    if (state_q == StAccess && in_shared) begin
      if (req_q.we) begin
        if (req_q.be[0]) shared[req_q.addr[SharedW+1:2]][7:0] <= req_q.wdata[7:0];
        if (req_q.be[1]) shared[req_q.addr[SharedW+1:2]][15:8] <= req_q.wdata[15:8];
        if (req_q.be[2]) shared[req_q.addr[SharedW+1:2]][23:16] <= req_q.wdata[23:16];
        if (req_q.be[3]) shared[req_q.addr[SharedW+1:2]][31:24] <= req_q.wdata[31:24];
      end
      shared_rdata_q <= shared[req_q.addr[SharedW+1:2]];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      core_q <= 1'b0;
      last_q <= 1'b0;
      req_q <= '0;
      err_q <= 1'b0;
      rdata_q <= '0;
    end else begin
      case (state_q)
        StIdle: begin
          if (x0_i.valid || x1_i.valid) begin
            state_q <= StAccess;
            core_q <= pick;
            last_q <= pick;
            req_q <= pick ? x1_i : x0_i;
            err_q <= 1'b0;
          end
        end
        StAccess: begin
          if (in_csr) begin
            if (csr_ack_i) begin
              rdata_q <= csr_rdata_i;
              state_q <= StDone;
            end
          end else if (in_shared) begin
            state_q <= StRead;
          end else if (in_window) begin
            if (!win_busy_i) state_q <= StRead;
          end else begin
            err_q <= 1'b1;
            state_q <= StDone;
          end
        end
        StRead: begin
          rdata_q <= in_shared ? shared_rdata_q : win_rdata_i;
          err_q <= in_window && !req_q.we && win_err_i;
          state_q <= StDone;
        end
        default: state_q <= StIdle;
      endcase
    end
  end
endmodule
