// SPDX-License-Identifier: Apache-2.0
// Watches every TLP between root complex and card, and knows from them alone what the card may do: which functions
// exist, who may send requests, which sizes and tags are allowed, which requests are open. Breaks of a rule are counted
// and the first is kept as text; nothing is corrected. Needs no card, so benches of the endpoint alone use it as well.
// The places of the card's capabilities are those of docs/blocks/pcie.md.
#ifndef WEIR_SIM_MONITOR_H
#define WEIR_SIM_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

struct tlp;
struct monitor;

struct monitor_stats {
    uint64_t tlps;                                    // looked at, both directions
    uint64_t requests, completions, interrupts;       // of the card
    uint64_t ordered_completions, ordered_interrupts; // whose place in the order was judged (order.h)
    uint64_t errors[3];                               // error messages: correctable, non-fatal, fatal
    uint64_t violations;
    char first[160];
};

// num_fns: functions the card can have, 2..256.
struct monitor *monitor_new(unsigned num_fns);
void monitor_free(struct monitor *m);
const struct monitor_stats *monitor_stats(const struct monitor *m);

// A whole TLP, in the order of the link; `now` is a cycle, for messages and grace periods. beats = data beats it came
// in.
void monitor_to_card(struct monitor *m, const struct tlp *t, uint64_t now);
void monitor_from_card(struct monitor *m, const struct tlp *t, unsigned beats, uint64_t now);
// Conventional reset or loss of the link: nothing that was open stays so (pcie 59).
void monitor_link_reset(struct monitor *m);
// A rule that somebody else saw broken.
__attribute__((format(printf, 3, 4))) void monitor_violation(struct monitor *m, uint64_t now, const char *fmt, ...);

// Function of a requester ID as things stand, -1 when it is none of the card's; and back. The owner is the function
// that has the ID whether it is enabled at the moment or not.
int monitor_fn(const struct monitor *m, uint16_t rid);
int monitor_owner(const struct monitor *m, uint16_t rid);
uint16_t monitor_rid(const struct monitor *m, unsigned fn);
// See order_low.
unsigned monitor_low(const struct monitor *m);
// Requests of the host that have no answer yet, and reads of a function without one.
unsigned monitor_open_requests(const struct monitor *m);
unsigned monitor_open_reads(const struct monitor *m, unsigned fn);

#endif
