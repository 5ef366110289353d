// SPDX-License-Identifier: Apache-2.0
// Log ring in shared RAM: survives a reset of core 0; the host reads it with READ_LOG.
#include <stdarg.h>

#include "hal/hal_ctrl.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_shared.h"
#include "svc.h"

#define ROOM_CYCLES 250000000u // 1 s
#define ROOM_LINES 16u

static void put(char c) {
    uint32_t at = HAL_SHARED->log_head;
    HAL_SHARED->log[at % HAL_SHARED_LOG_BYTES] = c;
    // Below one ring's length the position says that the ring was never full; so it leaves that out when it wraps.
    HAL_SHARED->log_head = at + 1 != 0 ? at + 1 : HAL_SHARED_LOG_BYTES;
    hal_ctrl_console(c);
}

// Names come from outside: what is not printable could fake a line.
static void put_str(const char *s) {
    for (unsigned i = 0; i < 64 && s[i] != '\0'; i++) {
        put(s[i] >= ' ' && s[i] <= '~' ? s[i] : '?');
    }
}

// By a constant, which is a multiplication: a division takes 34 cycles, for each digit of a request that waits.
static void put_num(uint32_t v, bool hex) {
    char digits[10];
    unsigned n = 0;
    // bound: 10 digits
    do {
        uint32_t rest = hex ? v >> 4 : v / 10;
        digits[n++] = "0123456789abcdef"[v - rest * (hex ? 16 : 10)];
        v = rest;
    } while (v != 0);
    // bound: 10 digits
    while (n > 0) {
        put(digits[--n]);
    }
}

static HAL_KEEP(log_level) unsigned chosen; // level + 1; 0: nobody chose

void svc_log_set_level(unsigned level) {
    chosen = level + 1;
}

unsigned svc_log_level(void) {
    return chosen != 0 ? chosen - 1 : WEIR_LOG_INFO;
}

static void line(unsigned level, const char *fmt, va_list ap) {
    static const char mark[][10] = {"error: ", "warning: ", "", "debug: "};
    if (level > svc_log_level()) {
        return;
    }
    put('[');
    put_num(hal_ctrl_cycle(), false);
    put_str("] ");
    put_str(mark[level & 3]);
    // bound: the format, a literal in the caller
    for (; *fmt != '\0'; fmt++) {
        if (*fmt != '%') {
            put(*fmt);
            continue;
        }
        fmt++;
        if (*fmt == 's') {
            put_str(va_arg(ap, const char *));
        } else if (*fmt == 'u') {
            put_num(va_arg(ap, unsigned), false);
        } else if (*fmt == 'x') {
            put_num(va_arg(ap, unsigned), true);
        } else if (*fmt == '\0') {
            break;
        } else {
            put(*fmt);
        }
    }
    put('\n');
}

void svc_log_at(unsigned level, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    line(level, fmt, ap);
    va_end(ap);
}

void svc_log(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    line(WEIR_LOG_INFO, fmt, ap);
    va_end(ap);
}

bool svc_log_room(void) {
    static uint32_t since, lines, left_out;
    if (hal_ctrl_expired(since, ROOM_CYCLES)) {
        if (left_out != 0) {
            svc_log("%u lines left out", (unsigned)left_out);
        }
        since = hal_ctrl_cycle();
        lines = left_out = 0;
    }
    if (lines == ROOM_LINES) {
        left_out++;
        return false;
    }
    lines++;
    return true;
}

void svc_log_read(uint32_t position, struct weir_read_log_rsp *rsp) {
    uint32_t head = HAL_SHARED->log_head;
    uint32_t kept = head < HAL_SHARED_LOG_BYTES ? head : HAL_SHARED_LOG_BYTES;
    memset(rsp, 0, sizeof(*rsp));
    // Positions count modulo 2^32: `head - position` bytes were written since, or will be.
    if (head - position > kept) {
        position = position != 0 && position - head < 1u << 31 ? head : head - kept;
    }
    rsp->position = position;
    // bound: the bytes of a reply
    while (rsp->length < sizeof(rsp->text) && position != head) {
        rsp->text[rsp->length++] = HAL_SHARED->log[position++ % HAL_SHARED_LOG_BYTES];
    }
}
