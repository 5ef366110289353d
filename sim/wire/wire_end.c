// SPDX-License-Identifier: Apache-2.0
// See wire_end.h.
#include "wire_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "pcap.h"
#include "wire.h"

#define QUEUE_FRAMES 64u   // waiting for the card at most
#define MIN_WIRE_FRAME 60u // the sender's MAC pads to this

struct wire_end {
    int tap;
    struct link *link;
    struct pcap_in *in;
    struct pcap_out *out;
    uint64_t start; // of its times, nanoseconds since 1970
    struct wire_end_stats stats;
    uint8_t frame[WIRE_MAX_FRAME];
};

static uint64_t wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int open_pcap(struct wire_end *e, const char *spec, char *err, size_t err_size) {
    char in[4096];
    const char *comma = strchr(spec, ',');
    size_t n = comma != NULL ? (size_t)(comma - spec) : strlen(spec);

    if (n >= sizeof(in)) {
        snprintf(err, err_size, "file name after --wire pcap: is too long");
        return -1;
    }
    memcpy(in, spec, n);
    in[n] = '\0';
    e->in = pcap_in_open(in, sizeof(e->frame), err, err_size);
    if (e->in == NULL)
        return -1;
    if (comma != NULL)
        e->out = pcap_out_open(comma + 1, err, err_size);
    return comma != NULL && e->out == NULL ? -1 : 0;
}

bool wire_end_known(const char *spec) {
    static const char *const kind[] = {"tap:", "link:", "pcap:"};
    if (strcmp(spec, "tap") == 0 || strcmp(spec, "none") == 0)
        return true;
    for (unsigned i = 0; i < sizeof(kind) / sizeof(kind[0]); i++)
        if (strncmp(spec, kind[i], strlen(kind[i])) == 0)
            return spec[strlen(kind[i])] != '\0' && spec[strlen(kind[i])] != ',';
    return false;
}

struct wire_end *wire_end_open(const char *spec, char *err, size_t err_size) {
    struct wire_end *e = calloc(1, sizeof(*e));

    if (e == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    e->tap = -1;
    e->start = wall_ns();
    if (strncmp(spec, "tap:", 4) == 0 || strcmp(spec, "tap") == 0) {
        e->tap = tap_open(spec[3] == ':' ? spec + 4 : "wire%d", false, err, err_size);
        if (e->tap < 0)
            goto err_end;
    } else if (strncmp(spec, "link:", 5) == 0) {
        e->link = link_open(spec + 5, err, err_size);
        if (e->link == NULL)
            goto err_end;
    } else if (strncmp(spec, "pcap:", 5) == 0) {
        if (open_pcap(e, spec + 5, err, err_size) != 0)
            goto err_end;
    } else if (!wire_end_known(spec)) {
        snprintf(err, err_size, "%s is no end of a wire: expected " WIRE_END_SPECS, spec);
        goto err_end;
    }
    return e;

err_end:
    (void)wire_end_close(e);
    return NULL;
}

int wire_end_close(struct wire_end *e) {
    int err;
    if (e == NULL)
        return 0;
    if (e->tap >= 0)
        close(e->tap);
    link_close(e->link);
    pcap_in_close(e->in);
    err = pcap_out_close(e->out);
    free(e);
    return err;
}

int wire_end_fd(const struct wire_end *e, const struct wire *w) {
    if (wire_queued(w) >= QUEUE_FRAMES)
        return -1;
    return e->link != NULL ? link_fd(e->link) : e->tap;
}

// One frame into e->frame; 0 when there is none.
static size_t next_frame(struct wire_end *e, bool ready) {
    int n = 0;
    if (e->tap >= 0) {
        ssize_t got = read(e->tap, e->frame, sizeof(e->frame));
        return got > 0 ? (size_t)got : 0;
    }
    if (e->link != NULL)
        return link_read(e->link, e->frame, sizeof(e->frame));
    if (e->in == NULL || !ready)
        return 0;
    n = pcap_in_next(e->in, e->frame);
    if (n > 0)
        return (size_t)n;
    e->stats.input_cut = n < 0;
    pcap_in_close(e->in); // played as far as it goes
    e->in = NULL;
    return 0;
}

unsigned wire_end_feed(struct wire_end *e, struct wire *w, bool ready) {
    unsigned moved = 0;
    while (wire_queued(w) < QUEUE_FRAMES) {
        size_t n = next_frame(e, ready);
        if (n == 0)
            break;
        if (n < MIN_WIRE_FRAME) {
            memset(e->frame + n, 0, MIN_WIRE_FRAME - n);
            n = MIN_WIRE_FRAME;
        }
        if (wire_send(w, e->frame, n, false) != 0)
            break;
        moved++;
    }
    e->stats.to_card += moved;
    return moved;
}

void wire_end_take(struct wire_end *e, const uint8_t *frame, size_t len, uint64_t ns) {
    bool taken = true;
    if (e->tap >= 0)
        taken = write(e->tap, frame, len) == (ssize_t)len;
    else if (e->link != NULL)
        taken = link_write(e->link, frame, len);
    else if (e->out != NULL)
        taken = pcap_out_write(e->out, e->start + ns, frame, len) == 0;
    e->stats.from_card++;
    if (!taken)
        e->stats.dropped++;
}

void wire_end_device(const struct wire_end *e, char name[TAP_NAME_ROOM]) {
    tap_name(e->tap, name);
}

const struct wire_end_stats *wire_end_stats(const struct wire_end *e) {
    return &e->stats;
}
