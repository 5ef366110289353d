// SPDX-License-Identifier: Apache-2.0
// Two hosts with a card each, a learning bridge between them and a peer, and one guest that may go from one to the
// other; stepped by mw_step, in one thread, deterministic, both cards' clocks together.
#ifndef WEIR_TEST_MIGRATE_WORLD_H
#define WEIR_TEST_MIGRATE_WORLD_H

#include "failover_world.h"
#include "weir/migrate.h"

#define MW_MACS 8
enum { MW_PEER = 2, MW_PORTS };

struct mw {
    struct fw host[2];
    struct fw_guest *guest; // a struct of host 0, wherever the guest is
    unsigned at;            // host that runs it
    struct flow_net *own_net;
    int peer; // endpoint
    int down, up;
    struct {
        uint8_t mac[6];
        int port;
    } learned[MW_MACS];
    unsigned num_learned;
    // A migration under way: ends by host, and the link.
    struct weir_migration *end[2];
    unsigned from;
    void *link_area;
    struct weir_channel *link[2];
    void *new_area;
    struct weir_channel *new_end;
    bool pause_asked;
};

void mw_open(struct mw *w, uint64_t seed);
void mw_close(struct mw *w);
uint64_t mw_cycle(struct mw *w);
void mw_step(struct mw *w, unsigned cycles);
void mw_run(struct mw *w, uint64_t cycles);
// Begins a migration from where the guest is to the other host.
void mw_begin(struct mw *w, unsigned max_frame_there);
// Until both ends, as far as they are there, are DONE or ENDED; at most `cycles`.
void mw_await_end(struct mw *w, uint64_t cycles);
// Of a destination: memory for a channel, and what is done with it when no guest came; a guest may not run here.
int mw_place(void *ctx, const struct weir_vstack_guest_config *guest, struct weir_channel **channel);
void mw_unplace(struct mw *w);
void mw_never(void *ctx);
// Frees ends and link.
void mw_end(struct mw *w);
void mw_await_vf(struct mw *w, uint64_t cycles);
void mw_drain(struct mw *w);

#endif
