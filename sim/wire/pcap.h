// SPDX-License-Identifier: Apache-2.0
// Classic pcap files, version 2.4: read frame by frame in either byte order and resolution, written with nanoseconds.
#ifndef WEIR_SIM_PCAP_H
#define WEIR_SIM_PCAP_H

#include <stddef.h>
#include <stdint.h>

struct pcap_in;
struct pcap_out;

// Frames of up to `most` bytes. A file is judged whole before its first frame is handed out: NULL with one line in err
// that names the frame and its place. What can be read only once, such as a pipe, is judged as it comes.
struct pcap_in *pcap_in_open(const char *path, size_t most, char *err, size_t err_size);
// The next frame into `to`, which has room for `most` bytes. Bytes, 0 at the end, -EBADMSG when it is cut or not sane
// from here on.
int pcap_in_next(struct pcap_in *p, uint8_t *to);
void pcap_in_close(struct pcap_in *p);

struct pcap_out *pcap_out_open(const char *path, char *err, size_t err_size);
int pcap_out_write(struct pcap_out *p, uint64_t ns, const uint8_t *frame, size_t len);
// 0 or -EIO when any write failed.
int pcap_out_close(struct pcap_out *p);

#endif
