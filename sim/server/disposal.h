// SPDX-License-Identifier: Apache-2.0
// Closing what came from a stranger. The last close of a descriptor may wait as long as he likes: for a socket that
// lingers, for the answer of his own file system. A connection's close is the last of the descriptors that lie in it
// unread. So a thread of its own does it, the only kind of thread there is here; it touches nothing else.
#ifndef WEIR_SIM_DISPOSAL_H
#define WEIR_SIM_DISPOSAL_H

#include <stdatomic.h>
#include <stdbool.h>

#define DISPOSAL_MOST 32u // closes of one stranger that may wait; further ones are his to wait for

struct disposal { // one for each who may pass descriptors, zeroed; in memory that outlives its threads
    atomic_uint waiting;
};

// Takes the descriptor; a socket is shut down at once, so that its peer sees the end whatever the close does.
void disposal_close(struct disposal *d, int fd);
// So many wait that nothing more should be taken from this stranger.
bool disposal_full(struct disposal *d);

#endif
