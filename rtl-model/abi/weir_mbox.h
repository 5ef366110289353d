// SPDX-License-Identifier: Apache-2.0
// Payloads of the mailbox commands (mbox.def), shared by firmware and host driver; little endian on both sides.
// Reserved bytes are sent as 0 and ignored. The host writes a request while it owns the mailbox (MBOX_OWNER = 0);
// firmware copies it once, then answers. No pointer, no bit-field, no implicit padding.
#ifndef WEIR_MBOX_H
#define WEIR_MBOX_H

#include <stdint.h>

#include "weir_abi.h"

#define WEIR_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " is " #bytes " bytes")

struct weir_mbox_hdr {
    uint16_t opcode;
    uint16_t length; // payload bytes that follow
    uint16_t seq;    // copied into the response
    uint16_t status; // response: enum weir_status; request: 0
};
WEIR_ASSERT_SIZE(struct weir_mbox_hdr, 8);

struct weir_mbox_msg {
    _Alignas(8) struct weir_mbox_hdr hdr; // so that a payload may be read as its structure
    uint8_t payload[WEIR_MBOX_PAYLOAD];
};
WEIR_ASSERT_SIZE(struct weir_mbox_msg, WEIR_MBOX_BYTES);

// HELLO: the card answers with its own version; a different major is status VERSION.
struct weir_hello_req {
    uint16_t abi_major, abi_minor;
    uint32_t features; // bits the driver wants
};
WEIR_ASSERT_SIZE(struct weir_hello_req, 8);
struct weir_hello_rsp {
    uint16_t abi_major, abi_minor;
    uint32_t features;   // bits granted, and WEIR_HELLO_RESCUE
    uint32_t fw_version; // 31:16 major, 15:0 minor
    uint32_t fn;         // function index of the caller
};
WEIR_ASSERT_SIZE(struct weir_hello_rsp, 16);
// The rescue program answers: no image in the flash may run. HELLO, READ_LOG and FLASH_* work, the others are
// WRONG_STATE.
#define WEIR_HELLO_RESCUE 0x80000000u

struct weir_ping_req {
    uint32_t word;
};
WEIR_ASSERT_SIZE(struct weir_ping_req, 4);
struct weir_ping_rsp {
    uint32_t word;
    uint32_t cycle_lo; // card cycle counter
};
WEIR_ASSERT_SIZE(struct weir_ping_rsp, 8);

// GET_CAPS. "hw" is what the card has, "cur" what CREATE_SWITCH enabled (0 before it; rules 1.5).
struct weir_get_caps_rsp {
    uint16_t hw_vfs, cur_vfs;       // MaxNumVFs
    uint16_t hw_vports, cur_vports; // MaxNumVPorts
    uint16_t hw_qps, cur_qps;       // MaxNumQueuePairs
    uint16_t max_qps_per_vport;     // MaxNumQueuePairsPerNonDefaultVPort, power of 2
    uint16_t max_filters;           // MaxNumMacAddresses
    uint16_t filter_quota;          // per VF vPort
    uint16_t max_frame;             // bytes without FCS
    uint32_t flags;                 // WEIR_CAP_*
    uint32_t clock_hz;
};
WEIR_ASSERT_SIZE(struct weir_get_caps_rsp, 28);
#define WEIR_CAP_SINGLE_VPORT_POOL 0x1u // rules 2.12
#define WEIR_CAP_ASYMMETRIC_QPS 0x2u    // rules 2.9
#define WEIR_CAP_ATOMIC_MOVE_FENCE 0x4u // MOVE_FILTER fences
#define WEIR_CAP_VF_RSS 0x8u            // a VF may spread its queue pairs (rules 2.13)
#define WEIR_CAP_VPORT_VLAN 0x10u       // VLAN policy per vPort (rules 2.13)
#define WEIR_CAP_VPORT_MODERATION 0x20u // levels of interrupt moderation per vPort (rules 2.14)
#define WEIR_CAP_PF_VPORT_RSS 0x40u     // nondefault PF vPorts spread, too (rules 2.21)
#define WEIR_CAP_CSUM 0x80u             // L3_OK and L4_OK are judged, CSUM_L3 and CSUM_L4 are served
#define WEIR_CAP_VPORT_RSS_KEY 0x100u   // each vPort has a Toeplitz key of its own
#define WEIR_CAP_GUEST_POLICY 0x200u    // a VF's frames are judged as weir/policy.h says; source filters, VPORT_STAGS

// GET_VPORT_CAPS.
struct weir_get_vport_caps_rsp {
    uint16_t max_default_qps; // queue pairs the default vPort may have
    uint16_t default_rss;     // entries of its indirection table
    uint16_t nondefault_rss;
    uint16_t vlan_ranges; // of a trunk list
    uint32_t moderation;  // bit n = level n, WEIR_MODERATION_*, is taken
    uint32_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_get_vport_caps_rsp, 16);

struct weir_create_switch_req {
    uint16_t switch_id; // 0 (rules 2.2)
    uint16_t num_vfs;   // VFs that may be allocated
    uint16_t num_vports;
    uint16_t num_qps;
    uint16_t default_qps; // queue pairs of the default vPort, fixed from now on (rules 2.8)
    uint16_t flags;       // WEIR_SWITCH_*
};
WEIR_ASSERT_SIZE(struct weir_create_switch_req, 12);
#define WEIR_SWITCH_SYMMETRIC 0x1u   // every nondefault vPort has the same power of two of queue pairs (rules 2.9)
#define WEIR_SWITCH_RESERVE_VFS 0x2u // a vPort is kept for each VF; without it the PF may take them all (rules 2.12)

struct weir_alloc_vf_req {
    uint16_t vf; // VF index 0..63 wanted, or 0xFFFF for any
    uint8_t mac[6];
    char vm_name[32]; // shown in logs and traces; NUL-padded
    char nic_name[32];
};
WEIR_ASSERT_SIZE(struct weir_alloc_vf_req, 72);
struct weir_alloc_vf_rsp {
    uint16_t vf;
    uint16_t rid; // PCIe requester ID (rules 1.12)
};
WEIR_ASSERT_SIZE(struct weir_alloc_vf_rsp, 4);

struct weir_vf_req {
    uint16_t vf;
    uint16_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_vf_req, 4);
struct weir_get_vf_rsp {
    uint16_t vf, rid;
    uint8_t mac[6];
    uint8_t state;  // enum weir_vf_state
    uint8_t hello;  // 1 = the VF's driver said HELLO
    uint16_t vport; // its vPort, 0 = none
    uint16_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_get_vf_rsp, 16);
enum weir_vf_state { WEIR_VF_FREE = 0, WEIR_VF_ALLOCATED = 1, WEIR_VF_RESETTING = 2, WEIR_VF_STOPPED = 3 };

// A stopped VF: its queue pairs are at rest and what comes for it goes to the default vPort, marked REDIRECT. Only a
// reset or SET_VF_STATE ends that; the VF's own commands are NOT_ACCEPTED.
struct weir_set_vf_state_req {
    uint16_t vf;
    uint8_t state; // WEIR_VF_STOPPED or WEIR_VF_ALLOCATED
    uint8_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_set_vf_state_req, 4);
// What a VF is beside the records of its queue pairs (struct weir_qp_state_record). Configuration space and MSI-X are
// for whoever shows the function to the guest to carry; filters, VLANs and rates are the PF's.
struct weir_vf_image {
    uint16_t vf;     // SAVE_VF: whose this is; LOAD_VF: whose it becomes
    uint8_t version; // WEIR_VF_IMAGE_VERSION
    uint8_t num_qps; // records that go with it, as many as the vPort has queue pairs
    uint8_t hello;   // 1 = its driver said HELLO
    uint8_t reserved[3];
    uint8_t rss[64]; // indirection table, offsets in its queue pairs
    uint8_t key[40]; // Toeplitz key
};
WEIR_ASSERT_SIZE(struct weir_vf_image, 112);
#define WEIR_VF_IMAGE_VERSION 1u
struct weir_save_vf_req {
    uint64_t addr; // of the records, in the PF's memory, 64-byte aligned
    uint16_t vf;
    uint16_t reserved[3];
};
WEIR_ASSERT_SIZE(struct weir_save_vf_req, 16);
struct weir_load_vf_req {
    uint64_t addr;
    struct weir_vf_image image;
};
WEIR_ASSERT_SIZE(struct weir_load_vf_req, 120);

// CREATE_VPORT. The id comes from above the driver (rules 2.7). vf 0xFFFF = attached to the PF.
struct weir_create_vport_req {
    uint16_t vport;
    uint16_t vf;
    uint16_t num_qps;
    uint16_t flags; // WEIR_VPORT_*
    char name[32];
};
WEIR_ASSERT_SIZE(struct weir_create_vport_req, 40);
#define WEIR_VPORT_CHECK_SRC 0x1u // anti-spoof on transmit; the default for VFs
#define WEIR_VPORT_TRUSTED 0x2u   // a VF's vPort that may be promiscuous or a mirror, and send to 01-80-C2-00-00-0X
#define WEIR_VPORT_PROMISC 0x4u   // copies of every frame of its VLANs; source checks stay (threats T13, T14)
#define WEIR_VPORT_STAGS 0x8u     // with a VLAN policy: 802.1ad tags and tags behind tags may be in what it sends
#define WEIR_VPORT_NO_VF 0xFFFFu

struct weir_vport_req {
    uint16_t vport;
    uint16_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_vport_req, 4);
struct weir_set_vport_req {
    uint16_t vport;
    uint16_t changed; // WEIR_VPORT_CHANGED_*
    uint16_t flags;   // WEIR_VPORT_*
    uint8_t state;    // enum weir_vport_state
    uint8_t drain;    // 1 = what is still queued for it goes to the default vPort (rules 7.8)
};
WEIR_ASSERT_SIZE(struct weir_set_vport_req, 8);
#define WEIR_VPORT_CHANGED_FLAGS 0x1u
#define WEIR_VPORT_CHANGED_STATE 0x2u
#define WEIR_VPORT_CHANGED_DRAIN 0x4u
enum weir_vport_state { WEIR_VPORT_UNDEFINED = 0, WEIR_VPORT_ACTIVATED = 1, WEIR_VPORT_DEACTIVATED = 2 };
struct weir_get_vport_rsp {
    uint16_t vport, vf;
    uint16_t qp_base, num_qps; // queue pairs in the card's numbering
    uint16_t flags;
    uint8_t state;
    uint8_t armed;        // 1 = every receive ring runs with posted buffers
    uint16_t num_filters; // receive filters
    uint8_t in_flood;
    uint8_t num_sources; // source filters
};
WEIR_ASSERT_SIZE(struct weir_get_vport_rsp, 16);

enum weir_vlan_mode { WEIR_VLAN_ANY = 0, WEIR_VLAN_PORT = 1, WEIR_VLAN_TRUNK = 2 };
struct weir_vlan_range {
    uint16_t first, last; // 0 = untagged frames and VLAN id 0, else up to 4094
};
WEIR_ASSERT_SIZE(struct weir_vlan_range, 4);
#define WEIR_VLAN_RANGES 16u
struct weir_set_vport_vlan_req {
    uint16_t vport; // not the default one
    uint8_t mode;   // enum weir_vlan_mode
    uint8_t count;  // TRUNK: ranges that follow
    uint16_t tci;   // PORT: the tag, priority in 15:13, VLAN id 1..4094
    uint16_t reserved;
    struct weir_vlan_range range[WEIR_VLAN_RANGES];
};
WEIR_ASSERT_SIZE(struct weir_set_vport_vlan_req, 72);

// One vPort gets the copies at a time.
struct weir_set_mirror_req {
    uint16_t src; // what it sends and receives is copied
    uint16_t dst; // the PF's, not the default one, or trusted
    uint8_t on;
    uint8_t reserved[3];
};
WEIR_ASSERT_SIZE(struct weir_set_mirror_req, 8);

// The card's table has 128 entries; these are repeated. Entry = offset in the vPort's queue pairs.
#define WEIR_RSS_ENTRIES 64u
struct weir_set_rss_req {
    uint16_t vport; // VF callers: ignored
    uint16_t count; // a power of two up to 64
    uint8_t entry[WEIR_RSS_ENTRIES];
};
WEIR_ASSERT_SIZE(struct weir_set_rss_req, 68);
struct weir_set_rss_key_req {
    uint8_t key[WEIR_RSS_KEY_BYTES];
};
WEIR_ASSERT_SIZE(struct weir_set_rss_key_req, 40);
struct weir_set_vport_rss_key_req {
    uint16_t vport; // VF callers: ignored
    uint16_t reserved;
    uint8_t key[WEIR_RSS_KEY_BYTES];
};
WEIR_ASSERT_SIZE(struct weir_set_vport_rss_key_req, 44);

struct weir_update_vport_req {
    uint16_t vport;
    uint16_t changed;   // WEIR_VPORT_CHANGED_*
    uint8_t moderation; // WEIR_MODERATION_*; PF vPorts but the default one share its vectors and take none
    uint8_t reserved;
    uint16_t cpu; // PF vPorts only
    char name[32];
};
WEIR_ASSERT_SIZE(struct weir_update_vport_req, 40);
#define WEIR_VPORT_CHANGED_NAME 0x1u
#define WEIR_VPORT_CHANGED_MODERATION 0x2u
#define WEIR_VPORT_CHANGED_CPU 0x4u
struct weir_describe_vport_rsp {
    uint16_t vport, flags;
    uint8_t vlan_mode, moderation;
    uint16_t tci, cpu;
    uint16_t mirror; // vPort its traffic is copied to, 0xFFFF = none
    uint32_t reserved;
    char name[32];
};
WEIR_ASSERT_SIZE(struct weir_describe_vport_rsp, 48);

struct weir_set_filter_req {
    uint32_t filter; // id from above the driver, unique (rules 3.6)
    uint16_t vport;
    uint8_t mac[6];
    uint16_t vid; // with mode VLAN only
    uint8_t mode; // enum weir_filter_mode
    uint8_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_set_filter_req, 16);
// A source filter steers nothing: with WEIR_VPORT_CHECK_SRC the VF's vPort may send from `mac`, too. It stays on its
// vPort, where its receive filters may come and go (MOVE_FILTER does not find it), and goes by CLEAR_FILTER, before the
// vPort does. Several vPorts may have the same.
enum weir_filter_mode {
    WEIR_FILTER_ANY_VLAN = 0,
    WEIR_FILTER_UNTAGGED_OR_ZERO = 1,
    WEIR_FILTER_VLAN = 2,
    WEIR_FILTER_SOURCE = 3,
};
struct weir_clear_filter_req {
    uint32_t filter;
};
WEIR_ASSERT_SIZE(struct weir_clear_filter_req, 4);

// GET_FILTER: the first one at place `from` or behind it, and the place behind that; NOT_FOUND behind the last. Who
// wants all begins with 0. The order means nothing.
struct weir_get_filter_req {
    uint16_t from;
    uint16_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_get_filter_req, 4);
struct weir_get_filter_rsp {
    uint32_t filter;
    uint16_t next;
    uint16_t vport;
    uint16_t vid;
    uint8_t mode; // enum weir_filter_mode
    uint8_t mac[6];
    uint8_t reserved[3];
};
WEIR_ASSERT_SIZE(struct weir_get_filter_rsp, 20);

// MOVE_FILTER. Refused unless the filter is on src; refused with NOT_ARMED unless dst's receive rings run (rules 4.11).
// flags choose what happens in the same cycle.
struct weir_move_filter_req {
    uint32_t filter;
    uint16_t src, dst;
    uint16_t flags; // WEIR_MOVE_*
    uint16_t reserved;
    uint32_t token; // of the fence completions
};
WEIR_ASSERT_SIZE(struct weir_move_filter_req, 16);
#define WEIR_MOVE_FLOOD                                                                                                \
    0x1u // nondefault src leaves, nondefault dst joins the flood set; the default vPort always is in it
#define WEIR_MOVE_FENCE 0x2u // fence src
#define WEIR_MOVE_DRAIN 0x4u // surprise: what is still queued for src goes to dst; dst must be the default vPort
struct weir_move_filter_rsp {
    uint8_t epoch; // first epoch of the new owner
    uint8_t reserved[3];
    uint32_t cycle_lo; // card cycle at which firmware saw the move done
};
WEIR_ASSERT_SIZE(struct weir_move_filter_rsp, 8);

struct weir_set_flood_req {
    uint16_t vport;
    uint8_t member; // 1 = join
    uint8_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_set_flood_req, 4);

// CREATE_QP: qp counts from 0 within the caller's function.
struct weir_create_qp_req {
    uint16_t qp;
    uint8_t tx_log2, rx_log2, cq_log2;
    uint8_t vector;
    uint16_t vport;                     // PF: which of its vPorts; VF: 0
    uint64_t tx_base, rx_base, cq_base; // bus addresses, 64-byte aligned
};
WEIR_ASSERT_SIZE(struct weir_create_qp_req, 32);
struct weir_create_qp_rsp {
    uint16_t qp; // in the card's numbering
    uint16_t reserved;
    uint32_t db_offset; // doorbell page in BAR 0
};
WEIR_ASSERT_SIZE(struct weir_create_qp_rsp, 8);
struct weir_qp_req {
    uint16_t qp;
    uint16_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_qp_req, 4);
struct weir_get_qp_rsp {
    uint8_t state;  // enum weir_qp_state
    uint8_t reason; // QP_REASON when ERROR
    uint16_t reserved;
    uint16_t tx_head, tx_tail, rx_head, rx_tail, cq_tail, cq_head;
};
WEIR_ASSERT_SIZE(struct weir_get_qp_rsp, 16);
enum weir_qp_state {
    WEIR_QP_DISABLED = 0, // no context
    WEIR_QP_ARMED = 1,    // context loaded, directions off
    WEIR_QP_RUNNING = 2,
    WEIR_QP_DRAINING = 3, // transmit off, waiting until nothing is in flight
    WEIR_QP_FENCED = 4,   // drained, receive off
    WEIR_QP_PARKED = 5,   // state exported for migration
    WEIR_QP_ERROR = 6,    // stopped by malicious-driver detection
};

// A frame is paid for by its queue pair and by its function; each may have a limit. Creating a queue pair clears its
// own, freeing a VF the VF's.
struct weir_set_rate_req {
    uint16_t fn;    // 0 = PF, n = VF n-1
    uint16_t qp;    // of the function; WEIR_RATE_FN = the function's limit
    uint32_t mbps;  // 10^6 bits a second of frames without FCS, 0 = no limit, at most WEIR_RATE_MAX
    uint8_t weight; // of a queue pair among those that want to send: batches in a turn, 1..15; 0 = leave as it is
    uint8_t reserved[3];
};
#define WEIR_RATE_FN 0xFFFFu
#define WEIR_RATE_MAX 200000u
WEIR_ASSERT_SIZE(struct weir_set_rate_req, 12);

struct weir_fence_req {
    uint16_t vport;
    uint16_t reserved;
    uint32_t token;
};
WEIR_ASSERT_SIZE(struct weir_fence_req, 8);
struct weir_fence_rsp {
    uint8_t epoch;
    uint8_t reserved[3];
};
WEIR_ASSERT_SIZE(struct weir_fence_rsp, 4);

struct weir_read_block_req {
    uint16_t vf;    // VF callers: ignored
    uint16_t block; // 0..63
};
WEIR_ASSERT_SIZE(struct weir_read_block_req, 4);
struct weir_read_block_rsp {
    uint16_t vf, block;
    uint16_t length;
    uint16_t reserved;
    uint8_t data[WEIR_CONFIG_BLOCK_BYTES];
};
WEIR_ASSERT_SIZE(struct weir_read_block_rsp, 120);
struct weir_write_block_req {
    uint16_t vf, block;
    uint16_t length;
    uint16_t reserved;
    uint8_t data[WEIR_CONFIG_BLOCK_BYTES];
};
WEIR_ASSERT_SIZE(struct weir_write_block_req, 120);
struct weir_invalidate_req {
    uint16_t vf;
    uint16_t reserved;
    uint32_t mask_lo, mask_hi;
};
WEIR_ASSERT_SIZE(struct weir_invalidate_req, 12);

struct weir_get_counters_req {
    uint16_t vport; // 0xFFFF = switch counters; VF callers: ignored
    uint8_t first;  // first counter index
    uint8_t count;  // 1..14
};
WEIR_ASSERT_SIZE(struct weir_get_counters_req, 4);
#define WEIR_COUNTERS_SWITCH 0xFFFFu
#define WEIR_COUNTERS_PAST                                                                                             \
    0xFFFEu // the PF's: what vPorts counted, summed over those that are gone and whose id is used
            // again, since power-on
struct weir_get_counters_rsp {
    uint8_t first, count;
    uint8_t reserved[6];
    uint64_t value[14];
};
WEIR_ASSERT_SIZE(struct weir_get_counters_rsp, 120);

struct weir_event {
    uint16_t kind; // FW_EVENT
    uint16_t a;
    uint32_t b;
    uint32_t c;
    uint32_t cycle_lo;
};
WEIR_ASSERT_SIZE(struct weir_event, 16);
struct weir_get_events_rsp {
    uint16_t count;
    uint16_t lost; // events dropped because the PF did not fetch them
    uint32_t reserved;
    struct weir_event event[7];
};
WEIR_ASSERT_SIZE(struct weir_get_events_rsp, 120);

struct weir_read_log_req {
    uint32_t position; // free-running byte index of the ring; 0 = oldest kept
};
WEIR_ASSERT_SIZE(struct weir_read_log_req, 4);
struct weir_read_log_rsp {
    uint32_t position; // of the first byte returned; larger than asked when bytes were overwritten
    uint16_t length;
    uint16_t reserved;
    char text[112];
};
WEIR_ASSERT_SIZE(struct weir_read_log_rsp, 120);

struct weir_get_info_rsp {
    uint8_t mac[6];
    uint16_t num_qps;
    uint16_t max_frame;
    uint8_t operational;
    uint8_t has_vport;
    uint8_t link; // 1 = the wire has a link; FW_EVENT LINK tells the PF of changes
    uint8_t reserved[3];
};
WEIR_ASSERT_SIZE(struct weir_get_info_rsp, 16);

struct weir_set_link_req {
    uint32_t enable;
};
WEIR_ASSERT_SIZE(struct weir_set_link_req, 4);

struct weir_get_panic_req {
    uint8_t core;
    uint8_t part; // 0 or 1
    uint16_t reserved;
};
WEIR_ASSERT_SIZE(struct weir_get_panic_req, 4);
// The record as words: 0 mcause, 1 pc, 2 mtval, 3 cycle, 4 reset cause at that time, 5 stack words that follow the
// registers, 6-37 x0 to x31, 38-55 the stack from sp upward.
#define WEIR_PANIC_WORDS 56u
#define WEIR_PANIC_REGS 6u
#define WEIR_PANIC_STACK 38u
#define WEIR_PANIC_PART 28u
struct weir_get_panic_rsp {
    uint32_t count; // panics of this core since power-on; 0: there is no record
    uint8_t core;
    uint8_t part;
    uint16_t reserved;
    uint32_t word[28];
};
WEIR_ASSERT_SIZE(struct weir_get_panic_rsp, 120);

struct weir_get_health_rsp {
    uint32_t stack_bytes[2]; // of each core
    uint32_t stack_used[2];  // most that was ever in use since the core started
    uint32_t panics[2];      // since power-on
    uint32_t restarts1;      // of core 1 since core 0 started
    uint8_t log_level;
    uint8_t crash_loops;   // since power-on, 255: or more. An image whose core crashed three times within 60 s:
    uint8_t crash_slot;    // of the last one, 0 A, 1 B, 2 golden
    uint8_t crash_outcome; // 0 none, 1 another image was started, 2 there was none, so it was started again
};
WEIR_ASSERT_SIZE(struct weir_get_health_rsp, 32);

#define WEIR_LOG_ERROR 0u
#define WEIR_LOG_WARN 1u
#define WEIR_LOG_INFO 2u
#define WEIR_LOG_DEBUG 3u
struct weir_set_log_level_req {
    uint8_t level; // least important that is still written
    uint8_t reserved[3];
};
WEIR_ASSERT_SIZE(struct weir_set_log_level_req, 4);

// ---- the firmware in the card's flash ----
// What the card is at. A job takes the flash's time and goes on behind the answer: FLASH_STATUS has how far it is.
enum weir_flash_job {
    WEIR_FLASH_IDLE,
    WEIR_FLASH_OPENING,  // reads its boot log, before the first of the others
    WEIR_FLASH_WRITING,  // erases and takes an image in
    WEIR_FLASH_CHECKING, // VERIFY
    WEIR_FLASH_COMMITTING,
    WEIR_FLASH_CONFIRMING,
    WEIR_FLASH_ABORTING,
};
struct weir_flash_status_rsp {
    uint8_t job;      // enum weir_flash_job
    uint8_t result;   // boot_update.def: of the last job
    uint8_t why;      // manifest.def: with result IMAGE, why it is refused
    uint8_t kind;     // what runs: 0 confirmed, 1 on trial, 2 golden, 3 the rescue program
    uint8_t slot;     // what runs: 0 A, 1 B, 2 golden
    uint8_t target;   // slot that an update under way writes, 0xFF: none is
    uint8_t state[2]; // of A and B: 0 usable, 1 being written, 2 to be tried, 3 failed
    uint32_t version; // what runs: 31:16 major, 15:0 minor. In rescue why A (7:0), B and golden may not: manifest.def
    uint32_t counter, floor;                // its security counter; the least that this card starts
    uint32_t bytes, erased, taken, written; // of an update under way
    uint32_t record;                        // number of the boot log's last record, and what it says:
    uint32_t event_version;
    uint8_t event, event_slot, reason, tries; // enum boot_event of boot_log.h, manifest.def, starts left of a trial
};
WEIR_ASSERT_SIZE(struct weir_flash_status_rsp, 48);
struct weir_flash_begin_req {
    uint32_t bytes; // of the image, 1 to the size of a slot
};
WEIR_ASSERT_SIZE(struct weir_flash_begin_req, 4);
#define WEIR_FLASH_PIECE 104u
struct weir_flash_write_req {
    uint32_t offset; // of the image: `taken` of the answer before, 0 at first
    uint32_t length; // 1 to WEIR_FLASH_PIECE, and not beyond the image
    uint8_t data[WEIR_FLASH_PIECE];
};
WEIR_ASSERT_SIZE(struct weir_flash_write_req, 112);
struct weir_flash_write_rsp {
    uint32_t taken; // bytes of the image so far; no more than before: send the piece again, later
};
WEIR_ASSERT_SIZE(struct weir_flash_write_rsp, 4);
enum weir_flash_do {
    WEIR_FLASH_DO_VERIFY,   // what is written, as COMMIT would
    WEIR_FLASH_DO_COMMIT,   // the next start of core 0 tries it
    WEIR_FLASH_DO_CONFIRM,  // what runs on trial is good
    WEIR_FLASH_DO_ABORT,    // gives up what is written or is to be tried
    WEIR_FLASH_DO_ACTIVATE, // core 0 starts anew, behind the answer; the data path goes on
    WEIR_FLASH_DOS
};
struct weir_flash_do_req {
    uint32_t what; // enum weir_flash_do
};
WEIR_ASSERT_SIZE(struct weir_flash_do_req, 4);
#define WEIR_FLASH_READ_MOST 64u
struct weir_flash_read_req {
    uint32_t at, length; // byte address in the flash; 1 to WEIR_FLASH_READ_MOST
};
WEIR_ASSERT_SIZE(struct weir_flash_read_req, 8);
struct weir_flash_read_rsp {
    uint8_t data[WEIR_FLASH_READ_MOST];
};
WEIR_ASSERT_SIZE(struct weir_flash_read_rsp, 64);

#endif
