// SPDX-License-Identifier: Apache-2.0
// serprog.h on a TCP port of this machine's own address, for a few clients at once; for one thread's poll loop, in
// which a turn is at most one command of each client. Nothing here waits: a silent client's place goes to a newcomer.
#ifndef WEIR_SIM_SERPROG_PORT_H
#define WEIR_SIM_SERPROG_PORT_H

#include <poll.h>

#include "serprog.h"

#define SERPROG_CLIENTS 4u
#define SERPROG_FDS (SERPROG_CLIENTS + 1)

struct serprog_port;

// Listens at 127.0.0.1:port; port 0: one that is free. NULL with one line in err.
struct serprog_port *serprog_port_open(unsigned port, serprog_spi_fn spi, void *ctx, char *err, size_t err_size);
unsigned serprog_port_number(const struct serprog_port *p);
// Fills up to SERPROG_FDS; returns how many.
unsigned serprog_port_pollfds(const struct serprog_port *p, struct pollfd *fds);
// Serves those that have revents, of the last serprog_port_pollfds.
void serprog_port_dispatch(struct serprog_port *p, const struct pollfd *fds, unsigned n);
void serprog_port_close(struct serprog_port *p);

#endif
