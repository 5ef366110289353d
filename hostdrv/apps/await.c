// SPDX-License-Identifier: Apache-2.0
// See await.h.
#include "await.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>

#define MOMENT_MS 50

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t await_until(unsigned seconds) {
    return now_us() + (uint64_t)seconds * 1000000;
}

bool await_helps(int err) {
    return err == -ENOENT || err == -ECONNREFUSED || err == -ECONNRESET || err == -EPIPE;
}

bool await_more(uint64_t until, const volatile int *stop) {
    if ((stop != NULL && *stop != 0) || now_us() >= until)
        return false;
    (void)poll(NULL, 0, MOMENT_MS); // a signal ends it sooner
    return stop == NULL || *stop == 0;
}
