// SPDX-License-Identifier: Apache-2.0
// What the failover tests start from: a card with the PF driver, the virtualization stack, guests with NetVSC on
// in-process channels, a peer on the wire; all of it stepped by fw_step, in one thread, deterministic.
#ifndef WEIR_TEST_FAILOVER_WORLD_H
#define WEIR_TEST_FAILOVER_WORLD_H

#include "failover_flow.h"
#include "weir/netvsc.h"
#include "weir/vstack.h"
#include "world.h"

#define FW_GUESTS 4 // of most tests
#define FW_ROOM 16
#define FW_LINE 8

struct fw;

struct fw_guest {
    struct fw *f;
    struct weir_netvsc *sc;
    void *area; // of the channel
    struct weir_channel *guest_end, *host_end;
    struct weir_bus *vf_bus; // last opened
    unsigned fn;
    int id;             // in the virtualization stack
    int endpoint;       // of the flow net
    bool stopped;       // it is not run: a guest that hangs, or is dead
    bool no_vf;         // its VF driver is not there yet
    unsigned bad_opens; // the next VFs are opened with receive rings that never get armed
    unsigned opens;
    uint64_t pace, next; // cycles between its turns and the cycle of the next one; pace 0 = as chance has it
};

struct fw {
    struct world w;
    struct weir_vstack *vs;
    struct flow_net *net;
    struct fw_guest guest[FW_ROOM];
    int wire; // endpoint
    // Gets what the guests' stacks get, instead of the flows.
    void (*heard)(struct fw *f, unsigned guest, const uint8_t *frame, size_t len);
    struct {
        int flow[FW_LINE];
        unsigned count, turn;
        unsigned burst, left;
        uint64_t period, due;
    } line;
    // The parent has turns while a guest waits for its VF, as when they are processes, and guests send all that their
    // adapters take; set before that.
    bool together;
    uint64_t parent_next;
    unsigned wire_depth; // frames kept queued on the wire, so that traffic goes on while the host waits for its mailbox
};

// Of the PF's and the VFs' queue pairs and of the guests' channels; set before fw_open.
struct fw_sizes {
    unsigned buf_bytes;
    uint8_t pf_rx_log2, vf_rx_log2, vf_tx_log2;
    size_t channel_ring;
};
extern struct fw_sizes fw_sizes;
// Stack bounds that are 0 in cfg get values that fit a test; cfg NULL: all of them.
void fw_open(struct fw *f, uint64_t seed, const struct weir_vstack_config *cfg);
// Adds guest i with MAC 02:00:00:00:01:<i>.
void fw_guest_add(struct fw *f, unsigned i);
// The guest's process dies: nothing of it runs any more. Its memory stays mapped until fw_guest_bury, as the host's
// kernel keeps it until the VF is reset.
void fw_guest_kill(struct fw *f, unsigned i);
void fw_guest_bury(struct fw *f, unsigned i);
// Lets traffic end and be delivered, ends all guests, checks flows as asked, ledger and monitor; frees.
void fw_drain(struct fw *f);
void fw_close(struct fw *f);

// From now on the wire runs at 100 Gb/s, and sends these flows, one frame after the other without a gap, also while the
// host waits for its mailbox: `burst` frames every `period` cycles; period 0: without an end.
void fw_line_rate(struct fw *f, const int *flows, unsigned count, unsigned burst, uint64_t period);

uint64_t fw_cycle(struct fw *f);
// One round: traffic, some of the guests, perhaps the stack, then `cycles` of the card.
void fw_step(struct fw *f, unsigned cycles);
void fw_run(struct fw *f, uint64_t cycles);
// Runs until the guest's state in the stack is `state`, at most `cycles`; fails the test otherwise.
void fw_await(struct fw *f, unsigned i, enum weir_vstack_state state, uint64_t cycles);
void fw_attach(struct fw *f, unsigned i);
// Planned.
void fw_detach(struct fw *f, unsigned i);
const struct weir_vstack_record *fw_last_record(struct fw *f);
// 0 lost, duplicated, reordered, corrupt, stray over all flows.
void fw_check_flows(struct fw *f, const char *when);

#endif
