// SPDX-License-Identifier: Apache-2.0
// See lanes.h. The sockets' work is what a driver's would be on a real bus: deep in a call that waits for a completion.
// A stack each (ucontext) keeps that code as it is; state machines for resets and interrupts would be a second form of
// it.
#include "lanes.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "card.h"
#include "rc.h"

#define STACK_BYTES (256u << 10) // touched pages count; sanitizers need most of it
#define GUARD_BYTES 4096u
// Writes of all clients that the link may have before it: a reader stands behind two, not behind one client's flood.
#define POSTED_ROOM 2u

struct lane {
    struct lanes *all;
    ucontext_t context;
    uint8_t *stack; // NULL: never used
    bool busy;
    void (*work)(void *arg);
    void *arg;
    const bool *done; // waits for this, or
    uint64_t until;   // for this cycle
};

struct lanes {
    struct card *card;
    ucontext_t owner;
    struct lane *current; // whose stack this is; NULL: the owner's
    unsigned count, busy;
    struct lane lane[];
};

static bool give_way(void *ctx, const bool *done, uint64_t until) {
    struct lanes *l = ctx;
    struct lane *me = l->current;

    if (me == NULL)
        return false;
    me->done = done;
    me->until = until;
    swapcontext(&me->context, &l->owner);
    return true;
}

struct lanes *lanes_new(struct card *card, unsigned count) {
    struct lanes *l = calloc(1, sizeof(*l) + count * sizeof(l->lane[0]));
    if (l == NULL)
        return NULL;
    l->card = card;
    l->count = count;
    for (unsigned i = 0; i < count; i++)
        l->lane[i].all = l;
    rc_set_wait(card_rc(card), give_way, l, POSTED_ROOM);
    return l;
}

void lanes_free(struct lanes *l) {
    if (l == NULL)
        return;
    while (l->busy != 0) {
        lanes_resume(l);
        card_step(l->card, 1, false);
    }
    rc_set_wait(card_rc(l->card), NULL, NULL, 0);
    for (unsigned i = 0; i < l->count; i++)
        if (l->lane[i].stack != NULL)
            munmap(l->lane[i].stack, STACK_BYTES);
    free(l);
}

struct lane *lanes_get(struct lanes *l, unsigned nth) {
    return &l->lane[nth];
}

bool lane_busy(const struct lane *lane) {
    return lane->busy;
}

unsigned lanes_busy(const struct lanes *l) {
    return l->busy;
}

// makecontext passes ints; a pointer comes in two.
static void enter(unsigned high, unsigned low) {
    struct lane *me = (struct lane *)((uintptr_t)high << 16 << 16 | low); // a pointer may have 32 bits
    me->work(me->arg);
    me->busy = false;
    me->all->busy--;
}

static void resume(struct lane *lane) {
    struct lanes *l = lane->all;
    l->current = lane;
    swapcontext(&l->owner, &lane->context);
    l->current = NULL;
}

void lane_start(struct lane *lane, void (*work)(void *arg), void *arg) {
    struct lanes *l = lane->all;
    uintptr_t at = (uintptr_t)lane;

    if (lane->stack == NULL) {
        void *stack =
            mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED || mprotect(stack, GUARD_BYTES, PROT_NONE) != 0) {
            if (stack != MAP_FAILED)
                munmap(stack, STACK_BYTES);
            work(arg); // poorer, not wrong: it runs the card itself
            return;
        }
        lane->stack = stack;
    }
    getcontext(&lane->context);
    lane->context.uc_stack = (stack_t){.ss_sp = lane->stack, .ss_size = STACK_BYTES};
    lane->context.uc_link = &l->owner;
    lane->work = work;
    lane->arg = arg;
    lane->busy = true;
    l->busy++;
    makecontext(&lane->context, (void (*)(void))enter, 2, (unsigned)(at >> 16 >> 16), (unsigned)at);
    resume(lane);
}

void lanes_resume(struct lanes *l) {
    for (unsigned i = 0; i < l->count && l->busy != 0; i++) {
        struct lane *lane = &l->lane[i];
        if (lane->busy && ((lane->done != NULL && *lane->done) || card_cycles(l->card) >= lane->until))
            resume(lane);
    }
}
