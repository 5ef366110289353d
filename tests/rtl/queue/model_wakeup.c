// SPDX-License-Identifier: Apache-2.0
// Model check of completion, arming and interrupt: every interleaving of a host that polls, arms and sleeps with a card
// that gathers completions into records, writes them and is armed, over FRAMES completions. The card's cycle is that of
// weir_queue_cpl.sv: a record may leave, a doorbell may arrive, both in one cycle. Proved for all reachable states: a
// host that sleeps with a completion unread has an interrupt coming, and one arming brings at most one interrupt.
// model_wakeup [break]: "break" leaves out that arming looks at the record of the same cycle; it must then be caught.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 5, LINE = 4 };

struct state {
    uint8_t made; // completions so far; the first `written` of them are in memory
    uint8_t written;
    bool armed, attention; // card: wakes at the next record; owes an interrupt at once
    bool bell;             // doorbell with ARM on its way, with bell_head
    uint8_t bell_head;
    uint8_t irqs; // interrupts on their way
    uint8_t head; // host: consumed
    bool asleep;
    uint8_t owed; // armings without their interrupt, as the host counts
};

static uint8_t *seen;
static struct state *queue;
static size_t head, tail, room = 1 << 22;
static bool broken;

static uint32_t key(const struct state *s) {
    uint32_t k = s->made;
    k = k * (FRAMES + 1) + s->written;
    k = k * 2 + s->armed;
    k = k * 2 + s->attention;
    k = k * 2 + s->bell;
    k = k * (FRAMES + 1) + s->bell_head;
    k = k * 4 + s->irqs;
    k = k * (FRAMES + 1) + s->head;
    k = k * 2 + s->asleep;
    return k * 4 + s->owed;
}

static void fail(const struct state *s, const char *what) {
    printf(
        "check failed: %s: made %u written %u armed %d attention %d bell %d (%u) irqs %u head %u asleep %d owed %u\n",
        what, s->made, s->written, s->armed, s->attention, s->bell, s->bell_head, s->irqs, s->head, s->asleep, s->owed);
    exit(1);
}

static void visit(struct state s) {
    uint32_t k = key(&s);
    if (s.irqs > 3 || s.owed > 3)
        fail(&s, "more than one interrupt for an arming");
    if ((seen[k / 8] >> k % 8 & 1) != 0)
        return;
    seen[k / 8] |= (uint8_t)(1u << k % 8);
    // At rest: nothing gathered, no doorbell, no interrupt on its way or owed. Then nobody may sleep on a completion.
    if (s.asleep && s.written != s.head && s.made == s.written && !s.bell && s.irqs == 0 && !s.attention)
        fail(&s, "lost wake-up");
    if (tail == room)
        fail(&s, "too many states");
    queue[tail++] = s;
}

// One cycle of the card: a record of `count` leaves (0 = none), the doorbell arrives or not, an owed interrupt leaves
// or not.
static void card(struct state s, unsigned count, bool bell, bool token) {
    bool hit = count != 0 && s.armed, fire, was_armed = s.armed;
    unsigned tail_seen = s.written + (broken ? 0u : count);
    if (token) {
        s.attention = false;
        s.irqs++;
    }
    s.written = (uint8_t)(s.written + count);
    if (hit) {
        s.irqs++;
        s.armed = false;
    }
    if (bell) {
        fire = tail_seen != s.bell_head;
        s.armed = !fire;
        if (fire && !(count != 0 && was_armed))
            s.attention = true;
        s.bell = false;
        s.bell_head = 0;
    }
    visit(s);
}

int main(int argc, char **argv) {
    broken = argc > 1 && strcmp(argv[1], "break") == 0;
    seen = calloc(1u << 24, 1);
    queue = malloc(room * sizeof(*queue));
    if (seen == NULL || queue == NULL)
        return 2;
    visit((struct state){0});
    while (head != tail) {
        struct state s = queue[head++], n;
        unsigned gathered = s.made - s.written;
        if (s.made < FRAMES && gathered < LINE) {
            n = s;
            n.made++;
            visit(n);
        }
        for (unsigned bell = 0; bell <= (unsigned)s.bell; bell++)
            for (unsigned record = 0; record <= (gathered != 0); record++)
                for (unsigned token = 0; token <= (s.attention && record == 0); token++) // one beat a cycle
                    card(s, record != 0 ? gathered : 0, bell != 0, token != 0);
        if (s.asleep && s.irqs != 0) {
            n = s;
            n.irqs--;
            n.owed--;
            n.asleep = false;
            visit(n);
        }
        if (!s.asleep && s.head != s.written) { // polls one
            n = s;
            n.head++;
            visit(n);
        }
        if (!s.asleep && !s.bell && s.owed == 0) { // arms, whatever it has seen, and sleeps
            n = s;
            n.bell = true;
            n.bell_head = s.head;
            n.owed = 1;
            n.asleep = true;
            visit(n);
        }
        if (!s.asleep && s.irqs != 0)
            fail(&s, "an interrupt that no arming asked for");
    }
    printf("%zu states, no wake-up lost, no interrupt too many\n", tail);
    return 0;
}
