// SPDX-License-Identifier: Apache-2.0
// One client of one device, spoken to in vfio-user over a connected, non-blocking stream socket. Takes whole messages,
// answers each in order, and calls the device. Knows nothing of PCI or of the card: the device is a table of
// operations. A client that sends faster than the device works, or does not read its replies, fills its own socket and
// waits there.
#ifndef WEIR_VFU_SESSION_H
#define WEIR_VFU_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "vfu_proto.h"

struct vfu_device_ops {
    // Bytes of region `index`, 0 = there is none. Accesses stay inside.
    uint64_t (*region_size)(void *dev, unsigned index);
    int (*region_read)(void *dev, unsigned index, uint64_t offset, void *to, unsigned n);
    int (*region_write)(void *dev, unsigned index, uint64_t offset, const void *from, unsigned n);
    // Vectors of interrupt type `index`.
    unsigned (*irq_count)(void *dev, unsigned index);
    // fd is the device's from now on; -1 takes the vector's descriptor away.
    int (*irq_set)(void *dev, unsigned index, unsigned vector, int fd);
    int (*irq_fire)(void *dev, unsigned index, unsigned vector);
    // fd stays the caller's; -1 = memory that cannot be mapped.
    int (*dma_map)(void *dev, const struct vfu_dma_map *map, int fd);
    // When it returns, nothing touches the memory any more.
    int (*dma_unmap)(void *dev, uint64_t address, uint64_t size, bool all);
    int (*reset)(void *dev);
    // Closes a descriptor of the client's, or his connection, without waiting for whatever that may wait for. NULL:
    // close.
    void (*drop)(void *dev, int fd);
};

struct vfu_session;

// Takes the socket over, unless it returns NULL.
struct vfu_session *vfu_session_new(int fd, const struct vfu_device_ops *ops, void *dev);
// The next message is answered with this errno, and the session ends; 0: it is not.
void vfu_session_refuse(struct vfu_session *s, int err);
// It asked in VERSION that whoever has the function be sent away (VFU_CAP_EVICT), that the VF be lent (VFU_CAP_LEND).
bool vfu_session_evicts(const struct vfu_session *s);
bool vfu_session_lends(const struct vfu_session *s);
// The client has said its version: whoever has not may still be refused.
bool vfu_session_negotiated(const struct vfu_session *s);
// Closes the socket; the device is not told.
void vfu_session_free(struct vfu_session *s);
int vfu_session_fd(const struct vfu_session *s);
// What to poll for: POLLIN, or POLLOUT while a reply waits.
short vfu_session_events(const struct vfu_session *s);
// Handles up to `budget` messages. 0, or why the session is over: -ECONNRESET (the client left), -EPROTO (nonsense),
// -EBUSY (was refused).
int vfu_session_run(struct vfu_session *s, unsigned budget);

#endif
