// SPDX-License-Identifier: Apache-2.0
// Log ring in shared RAM: survives a reset of core 0; the host reads it with READ_LOG.
#include <stdarg.h>

#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "hal/hal_shared.h"
#include "svc.h"

static void put(char c) {
    uint32_t at = HAL_SHARED->log_head;
    HAL_SHARED->log[at % HAL_SHARED_LOG_BYTES] = c;
    HAL_SHARED->log_head = at + 1;
    hal_ctrl_console(c);
}

static void put_str(const char *s) {
    for (unsigned i = 0; i < 64 && s[i] != '\0'; i++) {
        put(s[i]);
    }
}

static void put_num(uint32_t v, uint32_t base) {
    char digits[10];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v != 0);
    while (n > 0) {
        put(digits[--n]);
    }
}

void svc_log(const char *fmt, ...) {
    va_list ap;
    put('[');
    put_num(hal_ctrl_cycle(), 10);
    put_str("] ");
    va_start(ap, fmt);
    for (; *fmt != '\0'; fmt++) {
        if (*fmt != '%') {
            put(*fmt);
            continue;
        }
        fmt++;
        if (*fmt == 's') {
            put_str(va_arg(ap, const char *));
        } else if (*fmt == 'u') {
            put_num(va_arg(ap, unsigned), 10);
        } else if (*fmt == 'x') {
            put_num(va_arg(ap, unsigned), 16);
        } else if (*fmt == '\0') {
            break;
        } else {
            put(*fmt);
        }
    }
    va_end(ap);
    put('\n');
}

void svc_log_read(uint32_t position, struct weir_read_log_rsp *rsp) {
    uint32_t head = HAL_SHARED->log_head;
    uint32_t oldest = head > HAL_SHARED_LOG_BYTES ? head - HAL_SHARED_LOG_BYTES : 0;
    memset(rsp, 0, sizeof(*rsp));
    if (position < oldest) {
        position = oldest;
    }
    if (position > head) {
        position = head;
    }
    rsp->position = position;
    while (rsp->length < sizeof(rsp->text) && position != head) {
        rsp->text[rsp->length++] = HAL_SHARED->log[position++ % HAL_SHARED_LOG_BYTES];
    }
}
