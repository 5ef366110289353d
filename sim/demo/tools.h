// SPDX-License-Identifier: Apache-2.0
// The usual tools as users of the demo's network: ping, and iperf3 with TCP both ways and UDP. What they say is read
// from their output.
#ifndef WEIR_DEMO_TOOLS_H
#define WEIR_DEMO_TOOLS_H

#include <stdbool.h>

#include "netns.h"
#include "report.h"

struct tools;

// Starts the servers at the peer (place 0). NULL when out of memory or a program is missing.
struct tools *tools_open(const struct netns *n);
// Stops all that still runs.
void tools_close(struct tools *t);
// Starts ping, TCP both ways and UDP, each for about `seconds`. 0 or negative errno.
int tools_start(struct tools *t, unsigned seconds);
// True while one of them runs.
bool tools_running(struct tools *t);
// What those said that were started last, in the part of the story called `during`, while the ledger counted
// `explained` drops.
void tools_report(const struct tools *t, const char *during, uint64_t explained, struct report *r);

#endif
