// SPDX-License-Identifier: Apache-2.0
// Types shared by the parts of the queue block. Queue pair numbers are QpW wide everywhere; a RAM takes the low bits.
// Widths are those of weir_pkg (FnW, VportW, QpW, LenW), written out because yosys reads no other package from a package.
// All ring indices are 16-bit and free running: slot = index mod ring size, phase = inverse of bit log2(size).
package weir_queue_pkg;
  // A queue pair's context as LOAD took it. Written by firmware only (threat T7).
  typedef struct packed {
    logic [7:0]    fn;
    logic [7:0] vport;
    logic [7:0]                  vec;
    logic [3:0]                  tx_log;
    logic [3:0]                  rx_log;
    logic [3:0]                  cq_log;
    logic [57:0]                 tx_base;  // address bits 63:6, rings are 64-byte aligned
    logic [57:0]                 rx_base;
    logic [57:0]                 cq_base;
  } ctx_t;

  // Where a queue pair at rest is: all of its state that is not context (ring.def, QPS).
  typedef struct packed {
    logic [15:0] tx_next;
    logic [15:0] tx_tail;
    logic [15:0] rx_next;
    logic [15:0] rx_tail;
    logic [15:0] cq_next;
    logic [15:0] cq_head;
    logic [15:0] rx_offset;
    logic [15:0] merged;
    logic [7:0]  epoch;
    logic        armed;
  } ptr_t;

  // A new generation of a queue begins in this cycle (LOAD or CLEAR): every part forgets what it knows of qp and does nothing
  // else in this cycle. init = 1: first sweep after reset, in-flight counts start at zero, too.
  typedef struct packed {
    logic                     valid;
    logic                     init;
    logic [11:0] qp;
    ptr_t                     at;      // where the new generation begins: zero but for RESUME
  } load_t;

  // Something about qp changed.
  typedef struct packed {
    logic                     valid;
    logic [11:0] qp;
  } wake_t;

  // An accepted doorbell; the new value is readable from the next cycle on.
  typedef struct packed {
    logic                     tx;
    logic                     rx;
    logic                     cq;
    logic                     arm;
    logic [11:0] qp;
    logic [15:0]              value;
  } db_t;

  typedef struct packed {
    logic [11:0] qp;
    logic [7:0]               reason;
  } err_t;

  // A batch of descriptors in flight: span of them from free-running index idx on. Frames that begin in the first n are its own,
  // the others are there because the last of these may reach into them; the next batch begins with them again.
  typedef struct packed {
    logic [11:0] qp;
    logic [15:0]              idx;
    logic [5:0]               n;       // 1 to 32
    logic [5:0]               span;    // n to 32
    logic                     gen;
    logic [5:0]               cost;    // bytes it is thought to bring, units of 512
  } batch_t;

  // Of a transmit frame whose payload was asked for.
  typedef struct packed {
    logic [11:0]    qp;
    logic [7:0]    fn;
    logic [7:0] vport;
    logic [15:0]                 tag;
    logic [13:0]   len;
    logic                        inl;      // the bytes came with the descriptor or the doorbell
    logic                        cpl_req;
    logic                        csum_l3;
    logic                        csum_l4;
    logic                        vlan_ins;
    logic [15:0]                 vlan_tci;
  } txmeta_t;

  // A receive buffer in the cache.
  typedef struct packed {
    logic [63:0] addr;
    logic [15:0] buf_id;
    logic [15:0] len64;
    logic        stream;  // takes many frames
  } rxbuf_t;

  // What shall become of the frame at the head of the rx stream.
  typedef struct packed {
    logic [11:0] qp;
    logic [7:0]               reason;  // 0 = take it
    logic                     fence;
    logic [63:0]              addr;
    logic [15:0]              buf_id;
    logic [15:0]              off64;   // where in a stream buffer
    logic                     stream;
  } rxdec_t;
endpackage
