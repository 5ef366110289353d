// SPDX-License-Identifier: Apache-2.0
// Unix sockets that others come to, and the folders they lie in. Modes are those asked for whatever the umask; nothing
// that is not a socket is ever removed; a folder that somebody else could swap under us is refused (threats T27, T31).
#ifndef WEIR_LISTENER_H
#define WEIR_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct weir_listener {
    int fd; // -1 = closed
    char path[108];
    dev_t dev; // of the path as we made it: only that is ours to remove
    ino_t ino;
};

// Makes the folder with exactly this mode, or takes one that is there: it must be a folder, ours or root's, and not
// open to everybody's writing unless sticky. `enforce` sets the mode of one that was there, too, which must then be
// ours. 0 or negative errno with one line in err.
int weir_folder(const char *path, unsigned mode, bool enforce, char *err, size_t err_size);
// Listens at `path` with the given mode. A stale socket is replaced; one in use, or anything else, is not. 0, or
// negative errno with one line in err and fd -1.
int weir_listener_open(struct weir_listener *l, const char *path, unsigned mode, char *err, size_t err_size);
// Who else may connect from now on. 0 or negative errno.
int weir_listener_mode(const struct weir_listener *l, unsigned mode);
// The next newcomer, non-blocking, with the user it comes from; -1 when there is none, or it left before we looked.
int weir_listener_accept(const struct weir_listener *l, uid_t *uid);
// Closes it and removes the socket. Does nothing when closed.
void weir_listener_close(struct weir_listener *l);

#endif
