// SPDX-License-Identifier: Apache-2.0
// Bus backend that drives one function of a simulated card through its vfio-user socket (weir-sim --dir). Real time: a
// wait is a wait of this process. A server that dies or hangs looks like a function that was pulled: -ENODEV and all
// ones.
#ifndef WEIR_BUS_VFIO_USER_H
#define WEIR_BUS_VFIO_USER_H

#include <stddef.h>

struct weir_bus;

// NULL with one line in err, and why in errno: nobody listens there, another client has the function, or it is not
// visible yet.
struct weir_bus *weir_vfio_user_open(const char *socket_path, char *err, size_t err_size);
// Only the connection, for somebody else to drive the function through: a descriptor, or negative errno with one line
// in err. Never waits.
int weir_vfio_user_connect(const char *socket_path, char *err, size_t err_size);
// Ends whoever's connection to the function: 0 when it is free, and reset. A VF is from then on for root, the card's
// user and the user who has the PF alone. Waits for the server, as the next does.
int weir_vfio_user_evict(const char *socket_path, char *err, size_t err_size);
// Whoever the card lets connect may have the VF from now on, until the next eviction.
int weir_vfio_user_lend(const char *socket_path, char *err, size_t err_size);
// Drives the function through a connection that somebody else made; takes fd over in any case.
struct weir_bus *weir_vfio_user_open_fd(int fd, char *err, size_t err_size);

#endif
