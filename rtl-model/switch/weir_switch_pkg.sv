// SPDX-License-Identifier: Apache-2.0
// Types that cross the parts of the switch. vPort numbers are 7 bits inside (128 vPorts).
package weir_switch_pkg;
  /* verilator lint_off UNUSEDPARAM */
  // LenW and QpW repeat weir_pkg: Yosys cannot refer from one package to another. Lint reports a difference as a width.
  localparam int LenW = 14;
  localparam int QpW = 12;
  localparam int VpW = 7;
  localparam int NumV = 128;
  localparam int BeatsW = 10;     // beats of a frame, and levels of the 512-beat FIFOs
  localparam int FifoBeats = 512; // 32 KiB
  localparam int Entries = 64;    // frames known ahead, per FIFO
  localparam int CopyW = 8;       // copies of one frame
  localparam int KeyW = 320;      // Toeplitz key
  localparam int TupleW = 288;    // what it hashes: two IPv6 addresses and the ports

  // What the parser says of a frame. MACs as numbers: byte 0 on top, as in FILTER_MAC_HI/LO.
  typedef struct packed {
    logic [47:0] dmac;
    logic [47:0] smac;
    logic        has_tag;
    logic [15:0] tci;
    // Of the tags a vPort's frame has besides that of its port VLAN:
    logic        odd_tags;        // more than one, or one that is not 802.1Q
    logic        bad_tags;        // VLAN 4095, a third one, or one that the frame's end cuts
    logic        ctrl;            // EtherType 0x8808 behind at most two
    logic        reserved;        // to a reserved group address of 802.1 (01-80-C2-00-00-00 to -0F)
    logic [TupleW-1:0] tuple;     // names the flow, first byte on top
  } parsed_t;

  // A whole frame in its ingress FIFO, waiting for lookup.
  typedef struct packed {
    parsed_t                   p;
    logic [LenW-1:0]   len;
    logic [BeatsW-1:0]         beats;
    logic [VpW-1:0]            vport;
    logic [QpW-1:0]    qp;
    logic [15:0]               tag;
    logic                      port_vlan; // the tag was inserted here for the vPort
    logic                      cpl_req;
  } meta_t;

  // A CSR command in the lookup pipeline: bit meanings as in MOVE_*, FILTER_* and VLAN_*.
  typedef struct packed {
    logic           filter;       // FILTER_CMD
    logic           vlan;         // VLAN_CMD; neither: MOVE_CMD
    logic [11:0]    vid;
    logic [10:0]    slot;
    logic [61:0]    key;          // mode, vid, mac
    logic           key_valid;
    logic [VpW-1:0] dst;
    logic           move;         // change the vPort of slot
    logic           leave;
    logic [VpW-1:0] leave_vport;
    logic           join_set;
    logic [VpW-1:0] join_vport;
    logic           bump;         // the epoch advances
    logic           fence;
    logic [VpW-1:0] fence_vport;
    logic [31:0]    token;
  } cmd_t;

  // What is to be summed of a frame, and what came out.
  typedef struct packed {
    logic       want3;            // insert the IPv4 header checksum
    logic       want4;            // that of TCP or UDP
    logic       can3;
    logic       can4;
    logic       udp;
    logic       v4;
    logic [5:0] at3;              // byte of the field
    logic [6:0] at4;
  } csum_job_t;
  typedef struct packed {
    logic        l3_ok;         // right; neither: not judged
    logic        l4_ok;
    logic        l3_bad;
    logic        l4_bad;
    logic        l3_ins;
    logic        l4_ins;
    logic [5:0]  l3_at;
    logic [6:0]  l4_at;
    logic [15:0] l3_val;          // in the order of the lanes
    logic [15:0] l4_val;
  } csum_t;

  // One entry of the ordered egress queue: a frame with its receivers, or a fence.
  typedef struct packed {
    logic                      fence;
    logic                      skip;      // no receiver: only give the FIFO space back
    logic                      flood;     // to a group address
    logic                      many;      // receivers are members, else vport
    logic                      src_h;     // frame lies in the local FIFO, else in the wire's
    logic                      has_tag;
    logic                      l3_ok;
    logic                      l4_ok;
    logic                      l3_bad;
    logic                      l4_bad;
    logic                      strip;
    logic [7:0]                epoch;
    logic [VpW-1:0]            vport;
    logic [VpW-1:0]            src_vport;
    logic [LenW-1:0]   len;
    logic [BeatsW-1:0]         beats;
    logic [TupleW-1:0]         tuple;     // fence: token in 31:0
    logic [15:0]               tci;
    logic [NumV-1:0]           members;
  } entry_t;

  // Egress: one copy (or fence, or skip) of an entry.
  typedef struct packed {
    logic                      fence;
    logic                      skip;
    logic                      flood;
    logic                      last;      // of its entry
    logic                      src_h;
    logic                      has_tag;
    logic                      l3_ok;
    logic                      l4_ok;
    logic                      l3_bad;
    logic                      l4_bad;
    logic                      strip;
    logic [7:0]                epoch;
    logic [VpW-1:0]            vport;
    logic [VpW-1:0]            src_vport;
    logic [LenW-1:0]   len;
    logic [BeatsW-1:0]         beats;
    logic [31:0]               hash;
    logic [15:0]               tci;
  } copy_t;

  // What becomes of a frame from a vPort behind the lookup, for the forwarding engine.
  typedef struct packed {
    logic                      to_wire;
    logic                      to_local;
    csum_t                     csum;
    logic [LenW-1:0]   len;
    logic [BeatsW-1:0]         beats;
  } move_t;

  // Flags of a vPort, bits as in VPORT_CFG.
  typedef struct packed {
    logic reserved_tx;
    logic stags;
    logic mirrored;
    logic promisc;
    logic port_vlan;
    logic vlan_check;
    logic is_vf;
    logic drain;
    logic check_src;
    logic enable;
  } vcfg_t;

  // What the counters need of one lookup, valid for one cycle.
  typedef struct packed {
    logic                      valid;
    logic                      src_h;
    logic [VpW-1:0]            vport;
    logic [LenW-1:0]   len;
    logic                      drop;
    logic [4:0]                reason;    // counter index of a transmit drop
    logic                      wire_copy;
    logic [CopyW-1:0]          copies;    // to vPorts
  } look_stat_t;

  // And of one copy at egress.
  typedef struct packed {
    logic           valid;
    logic [VpW-1:0] vport;                // as routed
    logic           flood;
    logic           redirect;             // to vPort 0
    logic           drop;                 // the vPort after redirect is disabled or has no queue pair
  } copy_stat_t;
endpackage
