// SPDX-License-Identifier: Apache-2.0
// The card's functions on unix sockets: DIR/pf.sock, DIR/vf0.sock ... One client a socket; a second one is told EBUSY
// at once. Single thread: whoever owns the card calls weir_server_dispatch when a descriptor is ready, and
// weir_server_run instead of card_step. A client has one access under way; while the card works on it the others' go
// on (lanes.h), so nobody waits for the end of another's messages.
#ifndef WEIR_SIM_SERVER_H
#define WEIR_SIM_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct host;
struct weir_server;

// One line about a client, without newline.
typedef void (*weir_server_log_fn)(void *ctx, const char *line);

struct weir_server_options {
    const char *dir;
    unsigned num_vfs;       // sockets vf0 .. vf<num_vfs-1>
    const uid_t *allowed;   // users who may connect, besides root and our own
    unsigned num_allowed;   // none: the sockets are closed to all others by their mode, too
    weir_server_log_fn log; // may be NULL
    void *log_ctx;
    void (*heard)(void *ctx, uint64_t offset, uint32_t value); // what the PF's driver writes to its BAR; may be NULL
    void *heard_ctx;
};

#define WEIR_SERVER_WAITING 4u                       // connections of a function that have not said their version
#define WEIR_SERVER_SLOTS (WEIR_SERVER_WAITING + 2u) // descriptors a function may have to poll for

// Makes `dir` (0700, or 0711 when `shared` with other users) if need be and takes it: a second simulator on it fails.
// Returns a descriptor to keep open as long as the sockets live, or negative errno with one line in err.
int weir_server_lock(const char *dir, bool shared, char *err, size_t err_size);
// Sockets in the locked dir; stale ones are replaced. Takes the host's interrupts and the waits of its root complex
// over. NULL with one line in err.
struct weir_server *weir_server_new(struct host *host, const struct weir_server_options *opt, char *err,
                                    size_t err_size);
// Ends what is under way, which may run the card, and removes the sockets.
void weir_server_free(struct weir_server *s);
// Fills in what to poll for; `room` of at least WEIR_SERVER_SLOTS * (num_vfs + 1). Returns how many.
unsigned weir_server_pollfds(struct weir_server *s, struct pollfd *fds, unsigned room);
// Acts on the same array after poll; PF first. Does not run the card.
void weir_server_dispatch(struct weir_server *s, const struct pollfd *fds, unsigned n);
// Cycles of card time until the sockets should be looked at again: few while there are clients.
unsigned weir_server_turn(const struct weir_server *s);
// Runs the card and the clients' accesses with it, ends early when all rest. Returns the cycles run.
unsigned weir_server_run(struct weir_server *s, unsigned cycles);
// Somebody else who accesses the card, like a client: runs work(arg) beside the clients until it ends. At most one at a
// time; false: not now.
bool weir_server_start(struct weir_server *s, void (*work)(void *arg), void *arg);
bool weir_server_started(const struct weir_server *s);
// Clients whose access is under way.
unsigned weir_server_busy(const struct weir_server *s);
// Clients connected now.
unsigned weir_server_clients(const struct weir_server *s);
// The PF's driver posts receive buffers: frames from the wire will be taken.
bool weir_server_pf_in_use(const struct weir_server *s);

#endif
