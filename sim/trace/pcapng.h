// SPDX-License-Identifier: Apache-2.0
// Writer of pcapng capture files: any number of interfaces (wire, vport0, ...), frames with a direction and a time in
// nanoseconds. Depends on nothing else of the project, so the simulator and the host programs use it alike; each
// process writes a file of its own (mergecap joins them).
#ifndef WEIR_TRACE_PCAPNG_H
#define WEIR_TRACE_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

struct weir_pcapng;

// How the comment of a file begins that says where its times begin.
#define PCAPNG_START "time 0 of the card, in nanoseconds since 1970: "

enum weir_pcapng_dir { WEIR_PCAPNG_UNKNOWN = 0, WEIR_PCAPNG_IN = 1, WEIR_PCAPNG_OUT = 2 };

// Makes or replaces `path`. Times of frames count from `start`, nanoseconds since 1970; 0 where no clock tells. NULL
// with one line in err.
struct weir_pcapng *weir_pcapng_open(const char *path, uint64_t start, char *err, size_t err_size);
// An Ethernet interface of that name (63 bytes of it are kept) and speed in bits a second (0: nobody knows), at any
// time before its first frame. Returns its index, or negative errno.
int weir_pcapng_add_interface(struct weir_pcapng *p, const char *name, uint64_t speed);
// A frame without FCS, `ns` after the start; `comment`, or NULL, is for whoever reads it (127 bytes are kept). 0,
// -EINVAL (no such interface, longer than 65535), or -EIO once the file could not be written.
int weir_pcapng_write(struct weir_pcapng *p, int interface, uint64_t ns, enum weir_pcapng_dir dir, const void *frame,
                      size_t len, const char *comment);
// Hands what was written so far to readers.
int weir_pcapng_flush(struct weir_pcapng *p);
// 0 or -EIO when any write failed. NULL is fine.
int weir_pcapng_close(struct weir_pcapng *p);

#endif
