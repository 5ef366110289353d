// SPDX-License-Identifier: Apache-2.0
// Switch bench: what the drivers (drive.c), the reference model (model.c) and the cases (bench_switch.c) share.
// The model never guesses the interleaving of the two sides: the epoch stamped on each copy and tx_done says which
// tables a frame saw, and order is checked on what comes out.
#ifndef SW_H
#define SW_H

#include "bench.h"
#include "weir_abi.h"

enum {
    MAX_FRAMES = 20000,
    MAX_FILTERS = 64,
    MAX_EPOCHS = 2048,
    MAX_BYTES = 9700,
    NV = WEIR_NUM_VPORTS,
    DISPOSITIONS = 8192
};

// What the rules of VFs say of the tags that a sender put into its frame.
struct tags {
    bool odd;  // more than one, or one of 802.1ad
    bool bad;  // VLAN 4095, a third, or one that the frame's end cuts
    bool ctrl; // 0x8808 behind at most two
};

struct frame {
    bool wire; // side it comes from
    bool cancel, vlan_ins, tagged, stamped, accepted, done;
    bool by_port; // the tag is its vPort's port VLAN, inserted by the switch
    uint8_t ip;   // 4 or 6: carries that header, 0 none
    uint8_t proto, ihl;
    bool frag;
    bool right3, right4;   // its checksums are right as it comes
    bool none4;            // UDP without one
    bool csum_l3, csum_l4; // the descriptor asks for them
    uint16_t cut;          // padding behind the packet
    const uint8_t *tuple;  // with ip: addresses and ports
    uint32_t hash;         // in its last completion
    uint16_t second, deep; // EtherTypes behind an 802.1ad tag in front, and behind two tags; 0 any
    bool top;              // the tag behind the first, or an 802.1ad tag in front, is of VLAN 4095
    struct tags tags;      // known when it is sent
    uint8_t vport;
    uint16_t len, tci, tag, qp, etype; // len and tci as seen inside the switch (tag inserted)
    uint64_t dmac, smac;
    unsigned epoch_lo;      // epochs already in force when its first beat was taken
    unsigned epoch;         // unwrapped, once stamped
    unsigned got, wire_got; // copies seen on rx, on the wire
};

struct filter {
    uint64_t mac;
    uint16_t vid, slot; // mode SOURCE: vid is the vPort that may send from the MAC
    uint8_t mode;
};
struct vport {
    bool enable, check, drain, vf, vlan_check, port_vlan, promisc, mirrored, stags, reserved_tx;
    uint16_t base, tci;
    uint8_t count;
    uint64_t mac;
    uint8_t table[128]; // indirection, offsets of queue pairs
    uint8_t key[40];    // Toeplitz
};
// Tables in force in one epoch.
struct snap {
    uint8_t dst[MAX_FILTERS];
    bool flood[NV];
};
struct verdict {
    unsigned drop; // counter index of a transmit drop, 0xFF = wire frame without receiver, 0xFE none
    bool to_wire, strip, mcast;
    uint8_t src; // vPort it goes as
    unsigned n;
    uint8_t to[NV]; // as routed, before drain
};

extern struct frame frames[MAX_FRAMES];
extern unsigned nframes;
extern struct filter filters[MAX_FILTERS];
extern unsigned nfilters;
extern struct vport vports[NV];
extern bool vlans[4096][NV];
extern int mirror; // vPort that gets the copies, -1 off
extern const uint8_t published_key[40];
extern struct snap snaps[MAX_EPOCHS];
extern unsigned closed;                    // frames model_close has accounted
extern unsigned epoch_issued, epoch_acked; // moves sent, moves acknowledged
extern uint64_t cnt[NV][WEIR_VPORT_CNT_COUNT], cnt_sw[WEIR_SW_CNT_COUNT];
extern bool link_up;
extern unsigned disposition_bad;                                     // of 256 dispositions, how many carry a reason
extern unsigned p_tx, p_prx, p_rx_ready, p_ptx_ready, p_disposition; // of 16: how often a side moves
extern unsigned judged[4]; // copies whose IPv4 header, transport checksum could be judged, and was right
extern uint64_t rx_frames_seen, rx_last_cycle, ptx_frames_seen, ptx_last_cycle;
extern unsigned nfences;
struct fence {
    uint8_t vport;
    uint32_t token;
    unsigned epoch, beats, first_reason;
    bool bump;
};
extern struct fence fences[MAX_EPOCHS];

// drive.c
// bench.h keeps the model and the generator once per source file, so the case hands its own to the others.
void sw_reset_bench(struct weir_rtl *model, uint64_t seed);
void model_attach(struct weir_rtl *model);
void sw_step(void);
void sw_csr_write(unsigned addr, uint32_t v);
uint32_t sw_csr_read(unsigned addr);
bool sw_quiet(void);
void sw_drain(void); // run until everything sent has come out and the switch says idle
unsigned frame_bytes(unsigned id, uint8_t *out, bool inner); // inner: as the switch sees it, else as the queue sends it
void sw_move(int filter, unsigned dst, int leave, int join, int fence, bool force);

// model.c
void model_verdict(const struct frame *f, const struct snap *s, struct verdict *v);
struct tags model_tags(const uint8_t *frame, unsigned len, bool insert, unsigned tci); // insert: this tag in front
unsigned model_deliveries(const struct verdict *v);                                    // copies that reach rx
void model_close(void); // at idle: every frame accounted, counters and ledger compared
// traffic.c
// Who sends, and which tags; cases narrow it down.
struct traffic {
    unsigned senders;      // vPorts that send, 0 up
    unsigned odd_tags, ip; // of 16 frames
    unsigned odd_macs;     // of 16 frames: to groups of 802.1, from groups
    uint16_t vid[8];
};
extern struct traffic traffic;
extern const struct traffic traffic_usual;
uint64_t mac_of(unsigned v);
void setup(void); // vPorts 0..11 on, odd ones check their source, 8..11 are VFs; a filter or two for each
struct frame *add_frame(bool wire, unsigned len);
unsigned any_len(void);
void random_rates(void);
void rss_evenly(struct vport *v); // its indirection table; the published key

// cases of other files
void a3_each_frame_has_one_owner(void);
void a3_soak(void);
void a6_stale_vport_id(void);
void a7_vlan_truth_table(void);
void a12_broadcast_once_in_each_state(void);
void insertions_hide_no_filter(void);
void addresses_follow_one_another(void);
void rss_published_vectors(void);
void rss_keys_are_per_vport(void);
void rss_entries_beyond_reach_nobody(void);
void flood_to_64_delays_others_by_its_copies(void);
void checksums(void);
void source_policy(void);
void watchers(void);
void no_vf_sends_from_a_group(void);
void reserved_groups_reach_no_guest(void);
void no_tag_hides_in_the_padding(void);
void no_vf_sends_in_vlan_4095(void);
void stags_only_where_allowed(void);
void a_vf_sends_from_its_sources_only(void);
void a_forbidden_vlan_is_a_miss(void);
void policy_is_the_drivers(void);
void oracle(void);
void oracle_soak(void);

// single.c
#define PASSED 0xFFu
struct disposition {
    unsigned drop;      // counter of the sender, PASSED = none
    unsigned wire;      // times on the wire, with these bytes
    unsigned heard[NV]; // copies by vPort; the last one's length and its tag in the completion, 0 none
    unsigned rx_len, stripped;
    unsigned src; // of the last copy: SRC_VPORT, REDIRECT
    bool redirect;
    unsigned len;
    uint8_t sent[192];
};
struct disposition play_one(bool wire, unsigned vport, const uint8_t *frame, unsigned len,
                            int insert); // insert: a tag, -1 none

// model.c, continued
void model_set_vport(unsigned v, struct vport cfg);
void model_set_vlan(unsigned vid, unsigned v, bool member);
void model_set_mirror(int v);
// What the switch says of a frame's checksums, and what it puts in when asked.
struct sums {
    bool l3, l4; // can be judged
    bool l3_ok, l4_ok;
    bool l4_none; // UDP over IPv4 without a checksum: neither right nor wrong
};
void model_sums(uint8_t *frame, unsigned len, bool insert3, bool insert4, struct sums *s);
uint32_t model_toeplitz(const uint8_t key[40], const uint8_t *tuple, unsigned n);
// Of a frame as the switch sees it.
uint32_t model_hash(const uint8_t key[40], const uint8_t *frame, unsigned len);
void model_add_filter(uint64_t mac, unsigned mode, unsigned vid, unsigned dst, unsigned bank);
void model_push_filter(unsigned i, unsigned bank);
void model_clear_filters(void);
#endif
