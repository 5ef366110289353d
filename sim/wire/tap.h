// SPDX-License-Identifier: Apache-2.0
// A TAP device of the operating system: created, or attached to when it exists, and set up.
#ifndef WEIR_SIM_TAP_H
#define WEIR_SIM_TAP_H

#include <stdbool.h>
#include <stddef.h>

// With "%d" in the name the system takes the first number that is free. A non-blocking descriptor that carries one
// frame a read or write, or negative errno with one line in err. With a virtio_net_hdr in front of each frame, 10
// bytes, the system may leave TCP and UDP checksums to the reader.
int tap_open(const char *name, bool virtio_header, char *err, size_t err_size);

#define TAP_NAME_ROOM 16u
// The device's name now; "" when the descriptor is of none.
void tap_name(int fd, char name[TAP_NAME_ROOM]);

#endif
