// SPDX-License-Identifier: Apache-2.0
// The kernel's own traffic for the demo: a network namespace and a TAP device for each guest and for the peer on the
// wire, and the usual tools running in them. Needs root, /dev/net/tun and namespaces; says which is missing.
#ifndef WEIR_DEMO_KERNEL_H
#define WEIR_DEMO_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define KERNEL_PEER 0u // places: the peer on the wire, then the guests
#define KERNEL_PLACES 3u

struct kernel;

// mac: hardware address of each place. NULL with one line in err.
struct kernel *kernel_open(const uint8_t mac[KERNEL_PLACES][6], char *err, size_t err_size);
// Stops the tools, removes namespaces and devices.
void kernel_close(struct kernel *k);

// Next frame the kernel of a place wants to send: its length, 0 when there is none.
size_t kernel_read(struct kernel *k, unsigned place, uint8_t *frame, size_t room);
void kernel_write(struct kernel *k, unsigned place, const uint8_t *frame, size_t len);

// Lets each guest try for an answer of the peer until it has one, at most 30 tries; kernel_running says when that is
// over. Connections are opened after that: the first look-up of an address may take long on a busy machine.
int kernel_greet(struct kernel *k);
// Starts ping, TCP both ways and UDP, each for about `seconds`.
int kernel_start(struct kernel *k, unsigned seconds);
// True while one of them runs.
bool kernel_running(struct kernel *k);
// What they said, a line each; false when one of them got no answer at all.
bool kernel_results(struct kernel *k, FILE *out);

#endif
