// SPDX-License-Identifier: Apache-2.0
// See flow.h.
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#define AT_TYPE 12u
#define AT_ID 14u
#define AT_SEQ 16u

size_t flow_make(struct flow *fl, unsigned id, uint8_t *f, size_t len) {
    if (len < 60)
        len = 60;
    memset(f + AT_TYPE, (int)(fl->sent & 0xFF), len - AT_TYPE);
    memcpy(f, fl->dst, 6);
    memcpy(f + 6, fl->src, 6);
    f[AT_TYPE] = FLOW_ETHERTYPE >> 8;
    f[AT_TYPE + 1] = FLOW_ETHERTYPE & 0xFF;
    f[AT_ID] = (uint8_t)id;
    f[AT_ID + 1] = 0x5A;
    memcpy(f + AT_SEQ, &fl->sent, 4);
    fl->sent++;
    return len;
}

int flow_parse(const uint8_t *f, size_t len, uint32_t *seq) {
    if (len < AT_SEQ + 4 || f[AT_TYPE] != FLOW_ETHERTYPE >> 8 || f[AT_TYPE + 1] != (FLOW_ETHERTYPE & 0xFF) ||
        f[AT_ID + 1] != 0x5A || f[AT_ID] >= FLOW_MAX)
        return -1;
    memcpy(seq, f + AT_SEQ, 4);
    return f[AT_ID];
}

void flow_arrived(struct flow *fl, uint32_t seq, size_t len) {
    if (seq >= fl->room) {
        uint32_t room = (seq / 4096 + 1) * 4096;
        uint64_t *seen = realloc(fl->seen, room / 8);
        if (seen == NULL)
            return; // counted as missing, which is what the caller must then think
        memset((uint8_t *)seen + fl->room / 8, 0, (room - fl->room) / 8);
        fl->seen = seen;
        fl->room = room;
    }
    if ((fl->seen[seq / 64] >> (seq % 64) & 1) != 0) {
        fl->doubled++;
        return;
    }
    fl->seen[seq / 64] |= (uint64_t)1 << (seq % 64);
    fl->frames++;
    fl->bytes += len;
    if (seq < fl->next)
        fl->reordered++;
    else
        fl->next = seq + 1;
}

void flow_passed(struct flow *fl, uint64_t cycle) {
    if (fl->last_cycle != 0 && cycle - fl->last_cycle > fl->gap)
        fl->gap = cycle - fl->last_cycle;
    fl->last_cycle = cycle;
}

uint64_t flow_missing(const struct flow *fl) {
    return fl->sent - fl->frames;
}

void flow_mark(struct flow *fl, uint64_t cycle) {
    fl->last_cycle = cycle;
    fl->gap = 0;
}

void flow_free(struct flow *fl) {
    free(fl->seen);
    fl->seen = NULL;
    fl->room = 0;
}
