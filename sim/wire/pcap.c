// SPDX-License-Identifier: Apache-2.0
// See pcap.h.
#include "pcap.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "out_file.h"

#define MAGIC_US 0xA1B2C3D4u
#define MAGIC_NS 0xA1B23C4Du
#define LINK_ETHERNET 1u
#define SNAP_LEN 262144u // what capture tools write at most
#define MAJOR 2u
#define MINOR 4u

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
    bool swapped, nanoseconds;
    size_t most;        // bytes of a frame that somebody can take
    uint64_t frame, at; // number of the next one, from 1, and where in the file it begins
};

struct pcap_out {
    FILE *file;
    bool failed;
};

static uint32_t host32(const struct pcap_in *p, uint32_t v) {
    return p->swapped ? bswap_32(v) : v;
}

// The file's header: NULL, or why it is not to be trusted.
static const char *judge_file(struct pcap_in *p, const struct file_header *h) {
    uint16_t major, minor;
    p->swapped = h->magic == bswap_32(MAGIC_US) || h->magic == bswap_32(MAGIC_NS);
    p->nanoseconds = host32(p, h->magic) == MAGIC_NS;
    if (!p->nanoseconds && host32(p, h->magic) != MAGIC_US)
        return "it is not a pcap file; `editcap -F pcap` makes one of other captures";
    major = p->swapped ? bswap_16(h->major) : h->major;
    minor = p->swapped ? bswap_16(h->minor) : h->minor;
    if (major != MAJOR || minor != MINOR)
        return "it is not of version 2.4";
    if (h->zone != 0 || h->accuracy != 0)
        return "fields of its header that are always 0 are not";
    if ((host32(p, h->link) & 0xFFFF) != LINK_ETHERNET)
        return "it holds no Ethernet frames";
    return NULL;
}

// A frame's header, the same. `len`: bytes that follow.
static const char *judge_frame(const struct pcap_in *p, const struct frame_header *h, size_t *len) {
    *len = host32(p, h->captured);
    if (host32(p, h->fraction) >= (p->nanoseconds ? 1000000000u : 1000000u))
        return "its time is none";
    if (*len == 0 || *len > SNAP_LEN)
        return "its length is none";
    if (h->original != h->captured)
        return "it was cut when it was captured (tcpdump -s 0 keeps frames whole)";
    if (*len > p->most)
        return "it is longer than a wire carries";
    return NULL;
}

// The next frame to `to`, which has room for `most`. Its length, 0 at the end, -EBADMSG with *why.
static int next(struct pcap_in *p, uint8_t *to, const char **why) {
    struct frame_header h;
    size_t got = fread(&h, 1, sizeof(h), p->file), len = 0;

    *why = ferror(p->file) ? "it cannot be read" : "it is cut off";
    if (got == 0 && !ferror(p->file))
        return 0;
    if (got != sizeof(h))
        return -EBADMSG;
    const char *bad = judge_frame(p, &h, &len);
    if (bad != NULL)
        *why = bad;
    if (bad != NULL || fread(to, 1, len, p->file) != len)
        return -EBADMSG;
    p->frame++;
    p->at += sizeof(h) + len;
    return (int)len;
}

static int complain(const struct pcap_in *p, const char *path, const char *why, char *err, size_t err_size) {
    snprintf(err, err_size, "%s: frame %" PRIu64 ", at byte %" PRIu64 ": %s; nothing of the file is played", path,
             p->frame, p->at, why);
    return -EBADMSG;
}

// Every frame, before the first is played. What can only be read once, such as a pipe, is judged as it comes.
static int judge_all(struct pcap_in *p, const char *path, char *err, size_t err_size) {
    uint8_t *frame = malloc(p->most);
    const char *why = "out of memory";
    int ret = frame != NULL ? 1 : -ENOMEM;
    while (ret > 0)
        ret = next(p, frame, &why);
    free(frame);
    if (ret < 0)
        return complain(p, path, why, err, err_size);
    p->frame = 1;
    p->at = sizeof(struct file_header);
    if (fseek(p->file, (long)p->at, SEEK_SET) == 0)
        return 0;
    snprintf(err, err_size, "cannot read %s again: %s", path, strerror(errno));
    return -errno;
}

struct pcap_in *pcap_in_open(const char *path, size_t most, char *err, size_t err_size) {
    struct pcap_in *p = calloc(1, sizeof(*p));
    struct file_header h;
    struct stat st;
    const char *why;

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    p->most = most;
    p->frame = 1;
    p->at = sizeof(h);
    p->file = fopen(path, "rbe");
    if (p->file == NULL || fstat(fileno(p->file), &st) != 0) {
        snprintf(err, err_size, "cannot read %s: %s", path, strerror(errno));
        goto err_pcap;
    }
    // Not while it is being written, and nobody writes it while it is read: the output may be the same file.
    if (flock(fileno(p->file), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        snprintf(err, err_size, "cannot read %s: it is being written", path);
        goto err_pcap;
    }
    why = fread(&h, sizeof(h), 1, p->file) == 1 ? judge_file(p, &h) : "it is not a pcap file: it has no whole header";
    if (why != NULL) {
        snprintf(err, err_size, "%s: %s", path, why);
        goto err_pcap;
    }
    if (S_ISREG(st.st_mode) && judge_all(p, path, err, err_size) != 0)
        goto err_pcap;
    return p;

err_pcap:
    pcap_in_close(p);
    return NULL;
}

int pcap_in_next(struct pcap_in *p, uint8_t *to) {
    const char *why;
    return next(p, to, &why);
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
        .magic = MAGIC_NS, .major = MAJOR, .minor = MINOR, .snap_len = SNAP_LEN, .link = LINK_ETHERNET};
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
