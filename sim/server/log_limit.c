// SPDX-License-Identifier: Apache-2.0
// See log_limit.h.
#include "log_limit.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#define LINE_MS 1000

static bool room(struct log_limit *l, int64_t now_ms) {
    int64_t lines = (now_ms - l->since) / LINE_MS;

    if (lines > 0) {
        l->used = l->used > (uint64_t)lines ? l->used - (uint64_t)lines : 0;
        l->since += lines * LINE_MS;
    }
    return l->used < LOG_BURST;
}

void log_limit_tick(struct log_limit *l, int64_t now_ms, const char *name, log_line_fn fn, void *ctx) {
    char line[96];

    if (l->suppressed == 0 || !room(l, now_ms))
        return;
    snprintf(line, sizeof(line), "%s: %" PRIu64 " lines suppressed", name, l->suppressed);
    l->suppressed = 0;
    l->used++;
    fn(ctx, line);
}

void log_limit_say(struct log_limit *l, int64_t now_ms, const char *name, log_line_fn fn, void *ctx, const char *fmt,
                   va_list ap) {
    char line[256];
    int n;

    log_limit_tick(l, now_ms, name, fn, ctx);
    if (!room(l, now_ms)) {
        l->suppressed++;
        return;
    }
    l->used++;
    n = snprintf(line, sizeof(line), "%s: ", name);
    vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
    for (char *c = line; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    fn(ctx, line);
}
