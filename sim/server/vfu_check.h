// SPDX-License-Identifier: Apache-2.0
// Is a message what its command says? Everything about lengths and counts is decided here, before anything acts on it,
// so that a hostile client gets an errno and nothing else. Pure functions.
#ifndef WEIR_VFU_CHECK_H
#define WEIR_VFU_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "vfu_proto.h"

// Can the byte stream be followed at all? 0, or -EPROTO: the length is impossible or this is no command; the only
// answer is to close the connection.
int vfu_check_frame(const struct vfu_header *h);

// The whole message, h->size - 16 bytes of payload and nfds descriptors: 0, -EINVAL (lengths, counts or flags that do
// not fit the command), -EOPNOTSUPP (a command this server does not offer), -EPERM (before VERSION).
int vfu_check_message(const struct vfu_header *h, const void *payload, unsigned nfds, bool negotiated);

#endif
