// SPDX-License-Identifier: Apache-2.0
// Lines about somebody else's doings, at a bounded rate: a bucket of LOG_BURST lines that fills by one a second. What
// does not fit is counted and said as "N lines suppressed" when there is room again. One bucket for each who can cause
// lines, so that nobody silences what is said of others.
#ifndef WEIR_SIM_LOG_LIMIT_H
#define WEIR_SIM_LOG_LIMIT_H

#include <stdarg.h>
#include <stdint.h>

#define LOG_BURST 12u

typedef void (*log_line_fn)(void *ctx, const char *line);

struct log_limit { // zeroed: full
    uint64_t used; // lines in the bucket's debt
    int64_t since; // ms
    uint64_t suppressed;
};

// "name: text". Whatever is in the text, the line is printable ASCII.
__attribute__((format(printf, 6, 0))) void log_limit_say(struct log_limit *l, int64_t now_ms, const char *name,
                                                         log_line_fn fn, void *ctx, const char *fmt, va_list ap);
// Says what was suppressed, if there is room for a line.
void log_limit_tick(struct log_limit *l, int64_t now_ms, const char *name, log_line_fn fn, void *ctx);

#endif
