// SPDX-License-Identifier: Apache-2.0
// See verdict.h.
#include "verdict.h"

#include <inttypes.h>
#include <string.h>

static const char *direction(const struct report_move *m) {
    return m->to_vf ? "to the VF" : "to synthetic";
}

void verdict_step(struct report_step *s) {
    const struct report_move *asked = &s->asked, *came = &s->came;
    char *f = s->failed;
    size_t room = sizeof(s->failed);

    f[0] = '\0';
    if (s->status[0] == '\0')
        snprintf(f, room, "the parent recorded no hand-over");
    else if (strcmp(s->status, "done") != 0)
        snprintf(f, room, "it was not done: %s (%s)", s->status, came->why);
    else if (came->to_vf != asked->to_vf)
        snprintf(f, room, "asked %s, went %s", direction(asked), direction(came));
    else if (came->surprise != asked->surprise)
        snprintf(f, room, "a %s move came as a %s: %s", asked->surprise ? "surprise" : "planned",
                 came->surprise ? "surprise" : "planned one", came->why);
    else if (strcmp(came->why, asked->why) != 0)
        snprintf(f, room, "asked because '%s', came because '%s'", asked->why, came->why);
    else if (s->doubled != 0 || s->reordered != 0)
        snprintf(f, room, "%" PRIu64 " frames doubled, %" PRIu64 " reordered", s->doubled, s->reordered);
    else if (s->lost != s->ledger_lost)
        snprintf(f, room, "%" PRIu64 " frames lost, the ledger says %" PRIu64, s->lost, s->ledger_lost);
    else if (s->lost != 0 && !asked->surprise)
        snprintf(f, room, "%" PRIu64 " frames lost in a planned move", s->lost);
}

// A segment of an opened connection has a minute, and goes again only when it is lost. One that opens it has a second,
// which is nothing on a machine without time, and iperf3 counts it like any other: the kernel's count tells them apart,
// for iperf3's connection of commands, too.
static int64_t lost_segments(const struct report_tool *t) {
    return t->data_again >= 0 && t->retransmits >= 0 ? t->data_again : t->retransmits;
}

// What nothing can explain is no number of frames.
void verdict_tool(struct report_tool *t) {
    const struct {
        const char *what;
        int64_t count;
        bool explainable;
    } row[] = {
        {"lost", t->lost, true},
        {"duplicated", t->duplicates, false},
        {"errors", t->errors, false},
        {"out of order", t->out_of_order, false},
        {"retransmitted", lost_segments(t), true},
    };

    t->failed[0] = '\0';
    if (t->sent <= 0 && t->mbit <= 0)
        snprintf(t->failed, sizeof(t->failed), "no result");
    else if (t->sent > 0 && t->lost >= t->sent)
        snprintf(t->failed, sizeof(t->failed), "no answer at all");
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]) && t->failed[0] == '\0'; i++)
        if (row[i].count > (row[i].explainable ? t->explained : 0))
            snprintf(t->failed, sizeof(t->failed), "%" PRId64 " %s, the ledger counts %" PRId64 " drops meanwhile",
                     row[i].count, row[i].what, t->explained);
}
