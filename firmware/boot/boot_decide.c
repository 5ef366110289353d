// SPDX-License-Identifier: Apache-2.0
// See boot_decide.h. Order: an image on trial that has tries left; the confirmed one; the other usable one; golden;
// rescue. What crashed again and again makes way for what comes behind it in this order. A try is booked before it
// begins: an image that stops the card at once has used it up all the same.
#include "boot_decide.h"

struct ballot {
    struct image_rules rules;
    struct boot_log log;
    struct boot_choice *choice;
};

static bool load(struct ballot *b, enum boot_kind kind, uint32_t slot) {
    struct boot_choice *c = b->choice;
    struct manifest m;
    c->why[slot] = (uint8_t)image_check(FLASH_MAP_SLOT(slot), IMAGE_SLOT_WHOLE, &b->rules, true, &m);
    if (c->why[slot] != IMAGE_GOOD) {
        return false;
    }
    c->kind = kind;
    c->slot = slot;
    c->version = m.version;
    c->counter = m.counter;
    return true;
}

static bool note(struct ballot *b, uint32_t slot, enum boot_event event, enum boot_slot_state state, uint8_t tries) {
    struct boot_record r = b->log.last;
    r.event = (uint8_t)event;
    r.slot = (uint8_t)slot;
    r.reason = b->choice->why[slot];
    r.tries = tries;
    r.state[slot] = (uint8_t)state;
    return boot_log_append(&b->log, &r);
}

// A trial that cannot be booked is none: the card would never see that it had its tries.
static bool trial(struct ballot *b, uint32_t slot) {
    if (b->log.last.tries == 0) {
        (void)note(b, slot, BOOT_EVENT_REVERT, BOOT_SLOT_FAILED, 0);
        return false;
    }
    if (!note(b, slot, BOOT_EVENT_TRY, BOOT_SLOT_TRIAL, (uint8_t)(b->log.last.tries - 1))) {
        return false;
    }
    if (load(b, BOOT_TRIAL, slot)) {
        return true;
    }
    (void)note(b, slot, BOOT_EVENT_REFUSED, BOOT_SLOT_FAILED, 0);
    return false;
}

static bool confirmed(struct ballot *b) {
    const struct boot_record *last = &b->log.last;
    const uint32_t first = last->active < FLASH_MAP_UPDATED ? last->active : FLASH_MAP_A;
    for (uint32_t i = 0; i < FLASH_MAP_UPDATED; i++) {
        const uint32_t slot = i == 0 ? first : 1 - first;
        if (last->state[slot] == BOOT_SLOT_USABLE && load(b, BOOT_CONFIRMED, slot)) {
            return true;
        }
    }
    return false;
}

// Nothing is known of a floor: never written, or lost. A floor that was raised is the counter of an image that was
// confirmed, and that one, or a later one, is in the flash: so the highest counter of the good images is no lower. They
// are tried in that order, the newest first among equals, golden last; what the manifests say is believed for the order
// alone.
static bool by_counter(struct ballot *b) {
    uint32_t rank[FLASH_MAP_SLOTS][2] = {{0}};
    bool looked[FLASH_MAP_SLOTS] = {false};
    for (uint32_t slot = 0; slot < FLASH_MAP_SLOTS; slot++) {
        _Alignas(4) uint8_t raw[MANIFEST_BYTES];
        struct manifest m;
        if (boot_port_read(FLASH_MAP_SLOT(slot), raw, sizeof(raw)) &&
            manifest_read(raw, sizeof(raw), &b->rules.manifest, &m) == IMAGE_GOOD) {
            rank[slot][0] = m.counter;
            rank[slot][1] = slot == FLASH_MAP_GOLDEN ? 0 : m.version;
        }
    }
    for (uint32_t i = 0; i < FLASH_MAP_SLOTS; i++) {
        uint32_t best = FLASH_MAP_SLOTS;
        for (uint32_t slot = 0; slot < FLASH_MAP_SLOTS; slot++) {
            if (!looked[slot] && (best == FLASH_MAP_SLOTS || rank[slot][0] > rank[best][0] ||
                                  (rank[slot][0] == rank[best][0] && rank[slot][1] > rank[best][1]))) {
                best = slot;
            }
        }
        looked[best] = true;
        if (load(b, best == FLASH_MAP_GOLDEN ? BOOT_GOLDEN : BOOT_CONFIRMED, best)) {
            b->choice->floor = b->choice->counter;
            return true;
        }
    }
    return false;
}

static bool record_crash(struct ballot *b, const struct boot_choice *first, enum boot_event event,
                         enum boot_slot_state state) {
    struct boot_record r = b->log.last;
    r.event = (uint8_t)event;
    r.slot = (uint8_t)first->slot;
    r.version = first->version;
    r.reason = IMAGE_GOOD;
    if (first->slot < FLASH_MAP_UPDATED) {
        r.state[first->slot] = (uint8_t)state;
        // Also where nobody ever wrote down which one runs.
        r.active = r.active == BOOT_LOG_NO_SLOT ? (uint8_t)first->slot : r.active;
    }
    return boot_log_append(&b->log, &r);
}

// The other slot of A and B, then golden. What is given up is written down before the other one runs: each fall leaves
// one image less to fall to, so there is no going to and fro.
static bool falls(struct ballot *b, const struct boot_choice *first) {
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t slot = i == 0 ? 1 - first->slot : FLASH_MAP_GOLDEN;
        if ((slot == FLASH_MAP_GOLDEN || b->log.last.state[slot] == BOOT_SLOT_USABLE) &&
            load(b, slot == FLASH_MAP_GOLDEN ? BOOT_GOLDEN : BOOT_CONFIRMED, slot)) {
            return record_crash(b, first, BOOT_EVENT_CRASH, BOOT_SLOT_FAILED);
        }
    }
    return false;
}

// The image that would run is in a crash loop.
static void crash_loop(struct ballot *b) {
    const struct boot_choice first = *b->choice;
    b->rules.manifest.floor = first.floor;
    b->log.last.floor = first.floor;
    if (first.slot < FLASH_MAP_UPDATED && falls(b, &first)) {
        b->choice->fall = BOOT_FALL_OTHER;
        return;
    }
    // Written down once, not at each loop: it would wear the flash out.
    if (b->log.last.event != BOOT_EVENT_STAY || b->log.last.slot != first.slot) {
        (void)record_crash(b, &first, BOOT_EVENT_STAY, BOOT_SLOT_USABLE);
    }
    if (!load(b, first.kind, first.slot)) { // the memories may hold what did not do
        b->choice->kind = BOOT_RESCUE;
    }
    b->choice->fall = BOOT_FALL_STAYS;
}

static void choose(struct ballot *b) {
    if (b->log.status != BOOT_LOG_GOOD) {
        (void)by_counter(b);
        return;
    }
    for (uint32_t slot = 0; slot < FLASH_MAP_UPDATED; slot++) {
        if (b->log.last.state[slot] == BOOT_SLOT_TRIAL && trial(b, slot)) {
            return;
        }
    }
    if (!confirmed(b)) {
        (void)load(b, BOOT_GOLDEN, FLASH_MAP_GOLDEN);
    }
}

void boot_decide(const struct image_rules *rules, uint32_t crashed, struct boot_choice *choice) {
    struct ballot b = {.rules = *rules, .choice = choice};

    *choice = (struct boot_choice){.kind = BOOT_RESCUE};
    boot_log_read(&b.log);
    choice->floor = b.log.last.floor;
    b.rules.manifest.floor = choice->floor;
    if (b.log.status == BOOT_LOG_NO_FLASH) {
        return; // fails closed: who cannot read the floor starts nothing
    }
    choose(&b);
    // An image on trial has its tries.
    if ((choice->kind == BOOT_CONFIRMED || choice->kind == BOOT_GOLDEN) && choice->slot == crashed) {
        crash_loop(&b);
    }
}
