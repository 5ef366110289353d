// SPDX-License-Identifier: Apache-2.0
// Root complex: sends configuration and memory requests to the card, answers the card's reads from host memory,
// delivers its interrupts, and shows every TLP to the monitor (monitor.h). An IOMMU per requester ID decides what a
// function reaches: what is not mapped for that function is answered with UR and counted as a violation. Synchronous
// calls run the card until the answer is there, at most RC_WAIT_CYCLES; with rc_set_wait several may wait at a time.
#ifndef WEIR_SIM_RC_H
#define WEIR_SIM_RC_H

#include <stdbool.h>
#include <stdint.h>

#define RC_WAIT_CYCLES 200000u
#define RC_PF_RID 0x0100u // bus 1, device 0, function 0

struct rc;
struct card;
struct tlp;

// Timing of host memory, for stress and for the latency rows of the benchmarks.
struct rc_timing {
    unsigned read_latency; // cycles from request to completion
    unsigned jitter;       // plus 0..jitter, which also reorders completions of different tags
    unsigned split;        // 1: split completions at read completion boundaries at random
    unsigned tx_stall;     // chance in 256 that the link takes no beat this cycle
    uint64_t seed;
};

// What went over the link; violations must be 0 in every test.
struct rc_stats {
    uint64_t tlps_from_card, tlps_to_card;
    uint64_t reads, writes, read_bytes, write_bytes, interrupts;
    uint64_t tlp_bytes_from_card, tlp_bytes_to_card;  // with 12 or 16 header bytes and 8 of framing each
    uint64_t errors[3];                               // error messages: correctable, non-fatal, fatal
    uint64_t ordered_completions, ordered_interrupts; // judged by the monitor (order.h)
    uint64_t violations;
    uint64_t iommu_faults;
    char first_violation[160];
};

// A memory write of the card as it passes the link, before it is in memory; for measurements.
typedef void (*rc_write_fn)(void *ctx, uint16_t rid, uint64_t addr, const void *data, unsigned bytes);
// Instead of running the card, a caller's wait may be given to whoever runs it: returns when *done (NULL: no such
// thing) or at the cycle `until`, perhaps earlier; false when this caller must run the card itself.
typedef bool (*rc_wait_fn)(void *ctx, const bool *done, uint64_t until);
typedef void (*rc_irq_fn)(void *ctx, uint16_t rid, uint32_t data);

struct rc *rc_new(struct card *card);
void rc_free(struct rc *rc);
void rc_set_timing(struct rc *rc, const struct rc_timing *t);
// posted_room: writes of ours that may be under way, so that nobody's request stands behind many of another's.
void rc_set_wait(struct rc *rc, rc_wait_fn fn, void *ctx, unsigned posted_room);
void rc_set_irq(struct rc *rc, rc_irq_fn fn, void *ctx);
void rc_set_write(struct rc *rc, rc_write_fn fn, void *ctx);
const struct rc_stats *rc_stats(struct rc *rc);
struct monitor *rc_monitor(struct rc *rc);

// Configuration access of 1, 2 or 4 bytes, naturally aligned. Status of the completion: 0, -ENODEV (UR), -EAGAIN (CRS),
// -EIO, -ETIMEDOUT. A failed read gives all ones.
int rc_cfg_read(struct rc *rc, uint16_t rid, unsigned offset, unsigned size, uint32_t *value);
int rc_cfg_write(struct rc *rc, uint16_t rid, unsigned offset, unsigned size, uint32_t value);
// 32-bit memory access at a bus address. Writes are posted: they return when the link has taken them.
int rc_mem_read(struct rc *rc, uint64_t addr, uint32_t *value);
int rc_mem_write(struct rc *rc, uint64_t addr, uint32_t value);
// One posted write of n bytes, 4..64, both a multiple of 4, not over a border of 4 KiB.
int rc_mem_write_bytes(struct rc *rc, uint64_t addr, const void *bytes, unsigned n);

// Lets cycles pass.
void rc_pass(struct rc *rc, uint64_t cycles);

// IOMMU: lets `rid` read and write [iova, iova+len) of host memory at `mem`. Ranges of one rid must not overlap.
int rc_map(struct rc *rc, uint16_t rid, uint64_t iova, void *mem, uint64_t len);
// The same with the rights of iommu.h instead of both.
int rc_map_rights(struct rc *rc, uint16_t rid, uint64_t iova, void *mem, uint64_t len, unsigned rights);
// Takes every range of `rid` inside [iova, iova+len) away.
void rc_unmap(struct rc *rc, uint16_t rid, uint64_t iova, uint64_t len);

// The link is down or in reset: what is under way, either way, is lost.
void rc_link_reset(struct rc *rc);

// The card side, for card.c: one beat each way per cycle.
bool rc_wants_beat(struct rc *rc); // the link takes a beat this cycle
// flags as TOP_OUT tlp_tx_flags. A read request inside a write counts as behind it.
void rc_from_card(struct rc *rc, unsigned flags, const uint32_t *hdr, const uint32_t *data);
unsigned rc_to_card(struct rc *rc, uint32_t *hdr, uint32_t *data); // flags as TOP_IN tlp_rx_flags, 0 = nothing
void rc_taken(struct rc *rc);                                      // the card took the beat just offered
unsigned rc_low(const struct rc *rc);                              // receive rings that run low (order_low)
bool rc_quiet(const struct rc *rc);                                // nothing queued towards the card

#endif
