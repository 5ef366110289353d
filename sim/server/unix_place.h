// SPDX-License-Identifier: Apache-2.0
// A name for a unix socket in the file system, taken with care: what is there and is no socket stays, a socket that
// somebody listens at stays, and at the end only what was ours is removed.
#ifndef WEIR_SIM_UNIX_PLACE_H
#define WEIR_SIM_UNIX_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct unix_place {
    char path[108];
    dev_t dev; // of the socket's name
    ino_t ino;
};

// Listens, non-blocking, with exactly this mode whatever the umask. The descriptor, or negative errno with one line in
// err that names the path: -EEXIST (no socket), -EADDRINUSE (alive).
int unix_place_listen(struct unix_place *p, const char *path, int type, int backlog, mode_t mode, char *err,
                      size_t err_size);
// Removes the name if it is still the one that was made.
void unix_place_remove(const struct unix_place *p);

// Who may speak: root, our own user, and those allowed.
struct unix_peers {
    const uid_t *allowed;
    unsigned count;
};
// Is the process at the other end one of them? *uid: who it is.
bool unix_peer_welcome(int fd, const struct unix_peers *peers, uid_t *uid);

#endif
