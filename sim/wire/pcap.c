// SPDX-License-Identifier: Apache-2.0
// See pcap.h.
#include "pcap.h"

#include <byteswap.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "out_file.h"

#define MAGIC_US 0xA1B2C3D4u
#define MAGIC_NS 0xA1B23C4Du
#define LINK_ETHERNET 1u
#define MAX_FRAME 262144u // what capture tools write at most

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap_len, link;
};
_Static_assert(sizeof(struct file_header) == 24, "file header is 24 bytes");

struct frame_header {
    uint32_t seconds, fraction, captured, original;
};
_Static_assert(sizeof(struct frame_header) == 16, "frame header is 16 bytes");

struct pcap_in {
    FILE *file;
    bool swapped;
};

struct pcap_out {
    FILE *file;
    bool failed;
};

struct pcap_in *pcap_in_open(const char *path, char *err, size_t err_size) {
    struct pcap_in *p = calloc(1, sizeof(*p));
    struct file_header h;
    uint32_t link;

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    p->file = fopen(path, "rbe");
    if (p->file == NULL) {
        snprintf(err, err_size, "cannot read %s: %s", path, strerror(errno));
        goto err_pcap;
    }
    // Not while it is being written, and nobody writes it while it is read: the output may be the same file.
    if (flock(fileno(p->file), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        snprintf(err, err_size, "cannot read %s: it is being written", path);
        goto err_pcap;
    }
    if (fread(&h, sizeof(h), 1, p->file) != 1)
        h.magic = 0;
    p->swapped = h.magic == bswap_32(MAGIC_US) || h.magic == bswap_32(MAGIC_NS);
    if (!p->swapped && h.magic != MAGIC_US && h.magic != MAGIC_NS) {
        snprintf(err, err_size, "%s is not a pcap file; `editcap -F pcap` makes one of other captures", path);
        goto err_pcap;
    }
    link = p->swapped ? bswap_32(h.link) : h.link;
    if ((link & 0xFFFF) != LINK_ETHERNET) {
        snprintf(err, err_size, "%s holds no Ethernet frames (link type %u)", path, link & 0xFFFF);
        goto err_pcap;
    }
    return p;

err_pcap:
    pcap_in_close(p);
    return NULL;
}

int pcap_in_next(struct pcap_in *p, uint8_t *to, size_t room) {
    struct frame_header h;
    size_t got = fread(&h, 1, sizeof(h), p->file), n, keep;

    if (got == 0)
        return 0;
    n = p->swapped ? bswap_32(h.captured) : h.captured;
    keep = n < room ? n : room;
    if (got != sizeof(h) || n == 0 || n > MAX_FRAME || fread(to, 1, keep, p->file) != keep)
        return -EBADMSG;
    if (n > keep && fseek(p->file, (long)(n - keep), SEEK_CUR) != 0)
        return -EBADMSG;
    return (int)keep;
}

void pcap_in_close(struct pcap_in *p) {
    if (p == NULL)
        return;
    if (p->file != NULL)
        fclose(p->file);
    free(p);
}

struct pcap_out *pcap_out_open(const char *path, char *err, size_t err_size) {
    const struct file_header h = {
        .magic = MAGIC_NS, .major = 2, .minor = 4, .snap_len = MAX_FRAME, .link = LINK_ETHERNET};
    struct pcap_out *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    p->file = out_file_open(path, out_file_is_pcap);
    if (p->file == NULL) {
        snprintf(err, err_size, "cannot write %s: %s", path, out_file_error(errno));
        free(p);
        return NULL;
    }
    p->failed = fwrite(&h, sizeof(h), 1, p->file) != 1;
    return p;
}

int pcap_out_write(struct pcap_out *p, uint64_t ns, const uint8_t *frame, size_t len) {
    const struct frame_header h = {(uint32_t)(ns / 1000000000u), (uint32_t)(ns % 1000000000u), (uint32_t)len,
                                   (uint32_t)len};
    if (fwrite(&h, sizeof(h), 1, p->file) != 1 || fwrite(frame, 1, len, p->file) != len)
        p->failed = true;
    return p->failed ? -EIO : 0;
}

int pcap_out_close(struct pcap_out *p) {
    int err;
    if (p == NULL)
        return 0;
    err = p->failed ? -EIO : 0;
    if (fclose(p->file) != 0)
        err = -EIO;
    free(p);
    return err;
}
