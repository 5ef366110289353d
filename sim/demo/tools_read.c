// SPDX-License-Identifier: Apache-2.0
// See tools_read.h.
#include "tools_read.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

void tools_unknown(struct report_tool *t) {
    t->sent = t->lost = t->duplicates = t->errors = t->out_of_order = t->retransmits = t->syn_again = t->data_again =
        -1;
    t->mbit = t->rtt_max_ms = -1;
}

// The number in front of `words`, 0 when they are not there.
static int64_t before(const char *line, const char *words) {
    const char *at = strstr(line, words), *first = at;
    if (at == NULL)
        return 0;
    while (first > line && first[-1] >= '0' && first[-1] <= '9')
        first--;
    return strtoll(first, NULL, 10);
}

// Highest number among the replies, 0 without any.
static int64_t last_reply(const char *output) {
    static const char words[] = "icmp_seq=";
    int64_t last = 0;
    for (const char *at = output; (at = strstr(at, words)) != NULL; at += sizeof(words) - 1) {
        int64_t n = strtoll(at + sizeof(words) - 1, NULL, 10);
        last = n > last ? n : last;
    }
    return last;
}

void tools_read_ping(struct report_tool *t, const char *output) {
    int64_t last = last_reply(output);
    const char *line = strstr(output, " packets transmitted, "), *rtt = strstr(output, "rtt min/avg/max/mdev = ");
    char copy[200];

    if (line == NULL)
        return;
    while (line > output && line[-1] != '\n')
        line--;
    snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
    t->sent = before(copy, " packets transmitted");
    // Once it has heard anything, ping waits for the last replies twice as long as one ever took and no longer, by the
    // wall: what it has not heard behind the last that came is not known to be lost.
    t->sent = last != 0 && last < t->sent ? last : t->sent;
    t->lost = t->sent - before(copy, " received");
    t->duplicates = before(copy, " duplicates");
    t->errors = before(copy, " errors");
    if (rtt != NULL)
        (void)sscanf(rtt, "rtt min/avg/max/mdev = %*f/%*f/%lf", &t->rtt_max_ms);
}

// end.part.name
static double number(struct json_object *top, const char *part, const char *name) {
    struct json_object *end, *sum, *v;
    if (!json_object_object_get_ex(top, "end", &end) || !json_object_object_get_ex(end, part, &sum) ||
        !json_object_object_get_ex(sum, name, &v))
        return -1;
    return json_object_get_double(v);
}

void tools_read_iperf(struct report_tool *t, const char *output) {
    struct json_object *top = json_tokener_parse(output), *streams, *stream, *udp;
    double rate = number(top, "sum_received", "bits_per_second");

    if (rate >= 0)
        t->mbit = rate / 1e6;
    t->sent = (int64_t)number(top, "sum", "packets");
    t->lost = (int64_t)number(top, "sum", "lost_packets");
    t->retransmits = (int64_t)number(top, "sum_sent", "retransmits");
    if (json_object_object_get_ex(top, "end", &streams) && json_object_object_get_ex(streams, "streams", &streams) &&
        (stream = json_object_array_get_idx(streams, 0)) != NULL && json_object_object_get_ex(stream, "udp", &udp) &&
        json_object_object_get_ex(udp, "out_of_order", &stream))
        t->out_of_order = json_object_get_int64(stream);
    json_object_put(top);
}
