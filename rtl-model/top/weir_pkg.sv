// SPDX-License-Identifier: Apache-2.0
// The borders between blocks, typed once. Every stream is valid/ready beside one of these structs; a producer holds
// valid and payload until ready. docs/interfaces.md says who drives what and in which order; sizes come from weir_abi_pkg.
package weir_pkg;
  // Users take what they need of the package.
  /* verilator lint_off UNUSEDPARAM */

  localparam int DataW = 512;
  localparam int BeatBytes = 64;
  localparam int FnW = 8;      // 0 = PF, n = VF n-1
  localparam int QpW = 12;
  localparam int VportW = 8;
  localparam int LenW = 14;    // bytes of a frame or request, up to 9,600

  // ---- TLP stream (host link <-> pcie <-> dma) ----
  // hdr is the header as the PCIe specification draws it: DW0 in 31:0, DW1 in 63:32, DW2, DW3; byte 0 of a header DW in
  // its bits 31:24 (so Fmt is hdr[31:29], Type hdr[28:24], Length hdr[9:0]). A 3-DW header leaves DW3 zero.
  // data: payload, first payload DW in 31:0, little-endian bytes; 16 DW a beat; Length says how many count.
  typedef struct packed {
    logic             sop;
    logic             eop;
    logic             piggyback;  // card -> host, inside a write: hdr is a read request of its own, behind that write
    logic [127:0]     hdr;    // valid with sop or piggyback
    logic [DataW-1:0] data;
  } tlp_t;

  // dma -> pcie: a request without its requester ID, which pcie fills in from fn and nothing else (threat T9).
  // irq = 1: no TLP but an interrupt token (fn, vec) in order behind all writes before it; sop and eop are set.
  typedef struct packed {
    logic             irq;
    logic [FnW-1:0]   fn;
    logic [7:0]       vec;
    tlp_t             tlp;
  } dma_tlp_t;

  // What the PF's configuration space says, for dma.
  typedef struct packed {
    logic [2:0] mps;          // 128 << mps bytes
    logic [2:0] mrrs;         // 128 << mrrs bytes
    logic       ext_tag;      // 8-bit tags allowed
    logic       link_reset;   // the link was or is down: nothing that was asked for comes any more (pcie 59)
    logic [31:0] timeout;     // Device Control 2: cycles to wait for a completion, 0 = for ever (pcie 48)
  } pcie_cfg_t;

  // Errors that dma sees, for pcie to report (pcie 48, 49); each valid for one cycle.
  typedef struct packed {
    logic             timeout;      // a request of fn had no completion in time
    logic             unexpected;   // a completion that nobody waits for
    logic [FnW-1:0]   fn;           // of timeout
    logic [127:0]     hdr;          // of unexpected
  } dma_err_t;

  // ---- BAR access (pcie -> ctrl, queue): one DW a cycle, never stalled ----
  // A read is answered on bar_rsp_t exactly once, in order, within 8 cycles. Addresses are offsets in BAR 0.
  typedef struct packed {
    logic             valid;
    logic             write;
    logic [FnW-1:0]   fn;
    logic [20:0]      addr;   // DW aligned
    logic [31:0]      wdata;
    logic [3:0]       be;
  } bar_req_t;
  typedef struct packed {
    logic             valid;
    logic [31:0]      rdata;
  } bar_rsp_t;

  // Interrupt request (ctrl -> pcie).
  typedef struct packed {
    logic [FnW-1:0]   fn;
    logic [7:0]       vec;
  } irq_t;

  // ---- CSR bus (ctrl -> every block): valid is held until ack; one request outstanding; ack within 64 cycles ----
  typedef struct packed {
    logic             valid;
    logic             write;
    logic [15:0]      addr;   // byte offset in the block, DW aligned
    logic [31:0]      wdata;
  } csr_req_t;
  typedef struct packed {
    logic             ack;    // one cycle
    logic [31:0]      rdata;  // valid with ack of a read
  } csr_rsp_t;

  // ---- DMA read (queue, ctrl -> dma -> back) ----
  // Requests of one client form chains: pieces up to and including last = 1. The answer is one packed stream a chain:
  // byte 0 of the first piece in lane 0, no gaps between pieces, 64 bytes a beat. Chains of one client are answered in order.
  typedef struct packed {
    logic [FnW-1:0]   fn;
    logic [63:0]      addr;
    logic [LenW-1:0]  len;    // 1..9600
    logic             last;
    logic [31:0]      ctx;    // returned with every beat; of the chain's last piece
  } dma_rd_req_t;
  typedef struct packed {
    logic [DataW-1:0] data;
    logic [6:0]       bytes;  // valid bytes of this beat, 1..64; 64 unless eop
    logic             eop;    // last beat of the chain
    logic             err;    // with eop: some piece failed (UR, CA, poison, length, timeout, function disabled); data is void
    logic [31:0]      ctx;
  } dma_rd_rsp_t;

  // ---- DMA write (queue -> dma): in order, to the link in the same order ----
  typedef struct packed {
    logic             sop;
    logic             eop;
    logic             irq;    // with sop and eop: no data, an interrupt token behind everything before it
    logic [FnW-1:0]   fn;     // fields from fn to vec are valid with sop
    logic [63:0]      addr;
    logic [LenW-1:0]  len;    // 1..9600; beats = ceil(len / 64)
    logic [7:0]       vec;
    logic [DataW-1:0] data;   // byte 0 in lane 0
  } dma_wr_t;

  // ---- Frames, queue -> switch (tx) ----
  // Meta is valid with sop. cancel = 1 with eop: the frame is void, was never there, gets no tx_done.
  typedef struct packed {
    logic             sop;
    logic             eop;
    logic             cancel;
    logic [LenW-1:0]  len;
    logic [VportW-1:0] vport; // source, from the queue context
    logic [QpW-1:0]   qp;
    logic [15:0]      tag;    // consumer index after this frame; returned in tx_done
    logic             cpl_req;
    logic             csum_l3;
    logic             csum_l4;
    logic             vlan_ins;
    logic [15:0]      vlan_tci;
    logic [DataW-1:0] data;
  } tx_frame_t;
  // switch -> queue: the frame was looked up (or dropped with a counted reason) in this epoch; in order of frames.
  typedef struct packed {
    logic [QpW-1:0]   qp;
    logic [15:0]      tag;
    logic             cpl_req;
    logic [7:0]       epoch;
  } tx_done_t;

  // ---- Frames, switch -> queue (rx) ----
  // Meta is valid with sop. fence = 1: one beat, sop and eop, no frame: write a fence completion with token.
  typedef struct packed {
    logic             l3_bad;     // checked and wrong; neither ok nor bad: not checked
    logic             l4_bad;
    logic             sop;
    logic             eop;
    logic             fence;
    logic [LenW-1:0]  len;
    logic [VportW-1:0] vport; // receiver (after redirect)
    logic [QpW-1:0]   qp;
    logic [31:0]      hash;   // fence: token
    logic [7:0]       epoch;
    logic [VportW-1:0] src_vport;  // redirect: the vPort the copy was routed to
    logic             is_local;
    logic             mcast;
    logic             redirect;
    logic             l3_ok;
    logic             l4_ok;
    logic             vlan_stripped;
    logic [15:0]      vlan_tci;
    logic [DataW-1:0] data;
  } rx_frame_t;
  // queue -> switch: what became of each rx frame or fence, in order; always accepted.
  typedef struct packed {
    logic             valid;
    logic             fence;
    logic [VportW-1:0] vport;
    logic [7:0]       reason; // 0 = completion written, else QP_REASON
    logic [LenW-1:0]  len;
  } rx_disposition_t;

  // ---- Wire (port <-> outside), frames without FCS ----
  typedef struct packed {
    logic             sop;
    logic             eop;
    logic             err;    // with eop: bad FCS or symbol
    logic [6:0]       bytes;  // with eop: valid bytes of the last beat, 1..64
    logic [DataW-1:0] data;
  } wire_t;

  // port -> switch and switch -> port: store and forward, so len is known with sop.
  typedef struct packed {
    logic             sop;
    logic             eop;
    logic [LenW-1:0]  len;
    logic [DataW-1:0] data;
  } frame_t;

  // port -> switch: one-cycle pulses for the ledger's port rows.
  typedef struct packed {
    logic             rx_drop_fcs;
    logic             rx_drop_runt;
    logic             rx_drop_long;
    logic             rx_drop_fifo;
    logic             tx_drop_link;
    logic             tx_sent;
    logic [LenW-1:0]  tx_len;  // with tx_sent
  } port_stat_t;

endpackage
