// SPDX-License-Identifier: Apache-2.0
// Classic pcap files: read frame by frame in either byte order and resolution, written with nanoseconds.
#ifndef WEIR_SIM_PCAP_H
#define WEIR_SIM_PCAP_H

#include <stddef.h>
#include <stdint.h>

struct pcap_in;
struct pcap_out;

// NULL with one line in err.
struct pcap_in *pcap_in_open(const char *path, char *err, size_t err_size);
// The next frame, at most `room` bytes of it. Bytes, 0 at the end, -EBADMSG when the file is cut or not sane from here
// on.
int pcap_in_next(struct pcap_in *p, uint8_t *to, size_t room);
void pcap_in_close(struct pcap_in *p);

struct pcap_out *pcap_out_open(const char *path, char *err, size_t err_size);
int pcap_out_write(struct pcap_out *p, uint64_t ns, const uint8_t *frame, size_t len);
// 0 or -EIO when any write failed.
int pcap_out_close(struct pcap_out *p);

#endif
