// SPDX-License-Identifier: Apache-2.0
// A cable between two simulated cards: a unix socket, a frame a message. Who comes first waits for the other; when one
// goes, the other waits again. Nothing here blocks.
#ifndef WEIR_SIM_LINK_H
#define WEIR_SIM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link;

// NULL with one line in err.
struct link *link_open(const char *path, char *err, size_t err_size);
void link_close(struct link *l);
// To poll for reading.
int link_fd(const struct link *l);
// A frame of the other card: its length, 0 when there is none.
size_t link_read(struct link *l, uint8_t *frame, size_t room);
// False when nobody is at the other end, or it does not read.
bool link_write(struct link *l, const uint8_t *frame, size_t len);

#endif
