// SPDX-License-Identifier: Apache-2.0
// vfio-user messages from the client's side. One request at a time: its reply is awaited before the next. A server that
// hangs up, answers nonsense or says nothing for 10 s is gone for good; every call then fails with -ENODEV at once.
#ifndef WEIR_BUS_VFU_CLIENT_H
#define WEIR_BUS_VFU_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "vfu_proto.h"

struct vfu_client {
    int fd; // -1: the server is gone
    uint16_t id;
};

// 0, or negative errno with one line in err.
int vfu_client_open(struct vfu_client *c, const char *path, char *err, size_t err_size);
void vfu_client_close(struct vfu_client *c);
// Sends a command with its payload in two pieces, either may be empty; descriptors go with the first byte. Fills in the
// header's id and size. 0 or -ENODEV.
int vfu_client_send(struct vfu_client *c, struct vfu_header *h, const void *a, size_t na, const void *b, size_t nb,
                    const int *fds, unsigned nfds);
// Sends a command and takes its reply, whose payload must be `min` to `room` bytes long. 0, the server's errno, or
// -ENODEV.
int vfu_client_call(struct vfu_client *c, uint16_t command, const void *a, size_t na, const void *b, size_t nb,
                    const int *fds, unsigned nfds, void *rsp, size_t min, size_t room);

#endif
