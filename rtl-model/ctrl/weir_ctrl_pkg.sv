// SPDX-License-Identifier: Apache-2.0
// Bus of a core towards everything that is not its own TCM or ROM. valid is held until ack; rdata is valid with ack.
package weir_ctrl_pkg;
  typedef struct packed {
    logic        valid;
    logic        we;
    logic [31:0] addr;
    logic [3:0]  be;
    logic [31:0] wdata;
  } xreq_t;
  typedef struct packed {
    logic        ack;
    logic        err;
    logic [31:0] rdata;
  } xrsp_t;
  // Second way into a TCM, for the flash loader and core 0's window; wins over the core's own data access.
  typedef struct packed {
    logic        valid;
    logic        we;
    logic [31:0] addr;
    logic [3:0]  be;
    logic [31:0] wdata;
  } load_t;
endpackage
