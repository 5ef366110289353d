// SPDX-License-Identifier: Apache-2.0
// The usual tools as users of the demo's network: ping, and iperf3 with TCP both ways and UDP. What they say is read
// from their output.
#ifndef WEIR_DEMO_TOOLS_H
#define WEIR_DEMO_TOOLS_H

#include <stdbool.h>
#include <stdio.h>

#include "netns.h"

struct tools;

// Starts the servers at the peer (place 0). NULL when out of memory or a program is missing.
struct tools *tools_open(const struct netns *n);
// Stops all that still runs.
void tools_close(struct tools *t);
// Starts ping, TCP both ways and UDP, each for about `seconds`. 0 or negative errno.
int tools_start(struct tools *t, unsigned seconds);
// True while one of them runs.
bool tools_running(struct tools *t);
// What they said, a line each; false when one of them got no answer at all.
bool tools_results(const struct tools *t, FILE *out);

#endif
