// SPDX-License-Identifier: Apache-2.0
// See guard.h. The signal is synchronous: it comes while this same thread touches guest memory, never while it changes
// the list, so the handler may read the list. mmap is a bare system call there.
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct area {
    uint8_t *mem;
    size_t len;
    bool lost;
};

static struct area *areas;
static size_t count, room;
static volatile sig_atomic_t any_lost;

static void on_bus_error(int sig, siginfo_t *info, void *context) {
    const uint8_t *at = info->si_addr;
    (void)context;
    for (size_t i = 0; i < count; i++) {
        struct area *a = &areas[i];
        if (at < a->mem || at >= a->mem + a->len)
            continue;
        if (mmap(a->mem, a->len, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                 0) != MAP_FAILED) {
            a->lost = true;
            any_lost = 1;
            return;
        }
    }
    signal(sig, SIG_DFL); // not ours: the access is repeated and ends the process as it should
}

int guard_add(void *mem, size_t len) {
    if (count == room) {
        size_t more = room != 0 ? room * 2 : 16;
        struct area *a = realloc(areas, more * sizeof(*a));
        if (a == NULL)
            return -ENOMEM;
        areas = a;
        room = more;
    }
    if (count == 0) {
        struct sigaction act = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
        sigaction(SIGBUS, &act, NULL);
    }
    areas[count++] = (struct area){mem, len, false};
    return 0;
}

void guard_remove(void *mem) {
    for (size_t i = 0; i < count; i++) {
        if (areas[i].mem == mem) {
            areas[i] = areas[--count];
            break;
        }
    }
    if (count == 0) {
        free(areas);
        areas = NULL;
        room = 0;
    }
}

bool guard_take_lost(void) {
    bool was = any_lost != 0;
    any_lost = 0;
    return was;
}

bool guard_lost(const void *mem) {
    for (size_t i = 0; i < count; i++)
        if (areas[i].mem == mem)
            return areas[i].lost;
    return false;
}
