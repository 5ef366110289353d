// SPDX-License-Identifier: Apache-2.0
// NetVSP, the parent's switch: connects the guests' channels with the PF's default vPort. It never hands a frame from
// one guest to another by itself: all a guest sends goes through the card, whose lookup is the one point of order, and
// comes back on the PF's ring when its receiver is synthetic, too (ADR 0002). Each guest's policy (weir/policy.h) holds
// here as it holds in the card for a VF. Driven by weir_netvsp_poll; no threads, no clock.
#ifndef WEIR_NETVSP_H
#define WEIR_NETVSP_H

#include "weir/channel.h"
#include "weir/pf.h"
#include "weir/policy.h"

struct weir_netvsp;

struct weir_netvsp_events {
    void *ctx;
    // A control message of the guest, its length and version checked. May send on the port, nothing else.
    void (*message)(void *ctx, unsigned port, uint32_t type, const void *payload);
    // The guest is gone: 0 after BYE, -EPIPE closed, -EPROTO it broke the protocol. Once per port.
    void (*gone)(void *ctx, unsigned port, int err);
    // The guest floods from its VF: more than WEIR_NETVSP_FLOODS frames a second, each copied to every guest here. Told
    // anew for each so many. NULL: nobody asks.
    void (*storm)(void *ctx, unsigned port);
};
#define WEIR_NETVSP_FLOODS 20000u
#define WEIR_NETVSP_PORTS 256u

struct weir_netvsp_config {
    unsigned max_ports;    // 1..WEIR_NETVSP_PORTS
    uint32_t first_filter; // filter ids from here on are NetVSP's, WEIR_NETVSP_FILTERS of them for each port
    size_t ctl_reserve;    // bytes frames leave in a channel for control messages, 0 = 4096
    struct weir_netvsp_events events;
};
#define WEIR_NETVSP_FILTERS (2u * WEIR_POLICY_MACS)

struct weir_netvsp_port_config {
    uint8_t mac[6];
    struct weir_channel *channel; // host end; stays the caller's
    struct weir_policy policy;    // all zero = weir_policy_default()
};

// Frames of a port; each one that is not passed on is in exactly one DROP. X(name, kind, text).
#define WEIR_NETVSP_COUNTERS(X)                                                                                        \
    X(tx_frames, OUT, "given to the card")                                                                             \
    X(tx_bytes, INFO, "their bytes")                                                                                   \
    X(tx_drop_spoof, DROP, "source is a group address, or none that the guest has or may learn (threat T13)")          \
    X(tx_drop_ctrl, DROP, "0x8808, or a reserved group address of 802.1 without trust (threat T15)")                   \
    X(tx_drop_vlan, DROP, "a VLAN that is not its, or tags that its policy forbids")                                   \
    X(tx_drop_size, DROP, "longer than the PF's buffers, or no frame at all")                                          \
    X(tx_drop_offload, DROP, "asks for what the card cannot do to it")                                                 \
    X(tx_drop_path, DROP, "sent here while its VF has its traffic: no honest guest does")                              \
    X(tx_stalls, INFO, "times its channel waited for the PF's ring or its rate: no loss")                              \
    X(rx_frames, OUT, "given to the guest")                                                                            \
    X(rx_bytes, INFO, "their bytes")                                                                                   \
    X(rx_redirected, INFO, "of them: drained back from its VF")                                                        \
    X(rx_drop_room, DROP, "its channel was full")                                                                      \
    X(rx_drop_vlan, DROP, "a VLAN that is not its")                                                                    \
    X(rx_drop_ctrl, DROP, "a reserved group address of 802.1")                                                         \
    X(rx_drop_path, DROP, "its VF has the address: the card should not have given it to us")                           \
    X(vf_floods, INFO, "flooded from its VF, and heard here")                                                          \
    X(rx_drop_held, DROP, "it waited for a migration, and had no room or the guest went another way")                  \
    X(rx_not_ours, INFO, "flooded, and the VF has or gets the copy: no loss (rules 3.19)")

struct weir_netvsp_port_stats {
#define WEIR_NETVSP_FIELD(name, kind, text) uint64_t name;
    WEIR_NETVSP_COUNTERS(WEIR_NETVSP_FIELD)
#undef WEIR_NETVSP_FIELD
};

struct weir_netvsp_stats {
    uint64_t rx_unknown;        // unicast to nobody
    uint64_t rx_redirect_stray; // flooded copy drained back from a vPort that is no guest's
    uint64_t fences_stray;
    uint64_t dead_tx; // frames of guests that found the PF gone
};

int weir_netvsp_open(struct weir_pf *pf, const struct weir_netvsp_config *cfg, struct weir_netvsp **v);
// All ports must have been removed. NULL is fine.
void weir_netvsp_close(struct weir_netvsp *v);

// Adds a guest, with its filter on the default vPort (rules 4.2). Returns the port, -EINVAL no policy or no address for
// a guest (a group's, zero), -EEXIST when the address is taken, -ENOSPC, or the card's answer.
int weir_netvsp_port_add(struct weir_netvsp *v, const struct weir_netvsp_port_config *cfg);
// The guest of a parent before this one, which is on its VF: its port as it was, with its addresses, whose filters on
// `vport` the card says (weir_pf_get_filter). -EEXIST they are no port's, or that port or an address is taken; -EBUSY
// they are more than its policy lets it have. weir_netvsp_reserve keeps the port of such a filter free for it.
int weir_netvsp_port_adopt(struct weir_netvsp *v, const struct weir_netvsp_port_config *cfg, unsigned vport,
                           const struct weir_get_filter_rsp *filter, unsigned filters);
void weir_netvsp_reserve(struct weir_netvsp *v, uint32_t filter, bool on);
// An address that is somebody's outside: no port gets or learns it while it is `on`. 0, -EINVAL it can be nobody's,
// -EEXIST somebody has it, -ENOENT it was not on, -ENOMEM. Each is to be off again before weir_netvsp_close.
int weir_netvsp_outside(struct weir_netvsp *v, const uint8_t mac[6], bool on);
// A vPort's id is used again, for somebody who is no port of ours.
void weir_netvsp_new_vport(struct weir_netvsp *v, unsigned vport);
// Removes it with its filters, which must be on the default vPort. The port is free even when the card says no.
int weir_netvsp_port_remove(struct weir_netvsp *v, unsigned port);
// Holds from the next frame on. Addresses beyond the new max_mac are forgotten, those learned last first.
void weir_netvsp_port_set(struct weir_netvsp *v, unsigned port, const struct weir_policy *policy);

// The guest's addresses: 0 is its own, the others were learned. Each has a receive filter, and an id for the filter
// that lets its VF send with it.
unsigned weir_netvsp_macs(const struct weir_netvsp *v, unsigned port);
const uint8_t *weir_netvsp_mac(const struct weir_netvsp *v, unsigned port, unsigned mac);
uint32_t weir_netvsp_filter(const struct weir_netvsp *v, unsigned port, unsigned mac);
uint32_t weir_netvsp_source_filter(const struct weir_netvsp *v, unsigned port, unsigned mac);
// The address was heard from the wire in the last five minutes: somebody there has it.
bool weir_netvsp_on_wire(struct weir_netvsp *v, const uint8_t mac[6]);
// Whether the card gives the address's frames to the VF.
bool weir_netvsp_on_vf(const struct weir_netvsp *v, unsigned port, unsigned mac);
// While frozen no address is learned or forgotten: a move is under way, or the VF has them.
void weir_netvsp_freeze(struct weir_netvsp *v, unsigned port, bool frozen);

// Moves frames both ways; returns how many messages and frames it handled. now_us: any clock that only goes forward.
unsigned weir_netvsp_poll(struct weir_netvsp *v, uint64_t now_us);
// The same while a call waits for the card, so that nobody's frames wait with it (weir_dev_set_wait); no call is made.
// receive: not while a move is under way, whose epoch is not known yet. A port that learns addresses sends later.
void weir_netvsp_serve(struct weir_netvsp *v, bool receive);
// A guest waits for its rate: poll again soon, nothing will wake whoever sleeps.
bool weir_netvsp_limited(const struct weir_netvsp *v);
// A control message to the guest: never dropped for room while the port's reserve lasts. 0 or negative errno.
int weir_netvsp_send(struct weir_netvsp *v, unsigned port, uint32_t type, const void *payload, size_t len);
// The guest reads its channel well enough for another hand-over.
bool weir_netvsp_ready(struct weir_netvsp *v, unsigned port);
// Every frame the guest sent so far has been looked up by the card.
bool weir_netvsp_tx_drained(const struct weir_netvsp *v, unsigned port);

// The card moved the filter of one of the port's addresses to or from the VF; the new owner's frames begin with
// `epoch`. With the guest's own address, mac 0, goes its flood membership; to the VF the default vPort is fenced with
// `token`: when all PF rings showed it, FENCE{token} goes into the channel.
void weir_netvsp_moved(struct weir_netvsp *v, unsigned port, unsigned mac, bool to_vf, unsigned vport, uint8_t epoch,
                       uint32_t token);
// Nobody waits for the card's fence any more: the guest gets one that says so.
void weir_netvsp_give_up_fence(struct weir_netvsp *v, unsigned port);
bool weir_netvsp_fence_pending(const struct weir_netvsp *v, unsigned port);

// A guest on its way to another host (weir/migrate.h). From hold on what comes for it waits, up to WEIR_NETVSP_HELD
// messages; from release on it goes into its channel again, in order; from divert on to `sink`, for good: what waits
// first, and the channel is not touched any more. The sink returns 0, -ENOSPC (asked again later) or why never.
#define WEIR_NETVSP_HELD 65536u
typedef int (*weir_netvsp_sink_fn)(void *ctx, uint32_t type, const void *payload, size_t len);
void weir_netvsp_hold(struct weir_netvsp *v, unsigned port);
void weir_netvsp_release(struct weir_netvsp *v, unsigned port);
void weir_netvsp_divert(struct weir_netvsp *v, unsigned port, weir_netvsp_sink_fn sink, void *ctx);
unsigned weir_netvsp_held(const struct weir_netvsp *v, unsigned port);
// The payload of an RX_FRAME that a sink had at the source, in front of all that waits here. 0, -EINVAL it is none, or
// what weir_channel_send returns.
int weir_netvsp_inject(struct weir_netvsp *v, unsigned port, const void *payload, size_t len);
// The guest's messages were all taken from its channel.
bool weir_netvsp_tx_taken(struct weir_netvsp *v, unsigned port);
// An address that the guest had learned elsewhere. 0, -EEXIST, -ENOSPC, or the card's answer.
int weir_netvsp_learn(struct weir_netvsp *v, unsigned port, const uint8_t mac[6]);
// Tells the network that the guest's addresses are here. 0, or what weir_qp_send returns.
int weir_netvsp_announce(struct weir_netvsp *v, unsigned port);
// Since the port was held: a broadcast of its guest came from the wire. Behind it nothing for the guest comes from
// there.
bool weir_netvsp_heard_elsewhere(const struct weir_netvsp *v, unsigned port);
// The fence with this token (weir_pf_fence of vPort 0) is for this port: FENCE follows what was looked up before it.
void weir_netvsp_expect_fence(struct weir_netvsp *v, unsigned port, uint32_t token);

const struct weir_netvsp_port_stats *weir_netvsp_port_stats(const struct weir_netvsp *v, unsigned port);
const struct weir_netvsp_stats *weir_netvsp_stats(const struct weir_netvsp *v);

#endif
