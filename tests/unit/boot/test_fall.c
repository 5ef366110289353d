// SPDX-License-Identifier: Apache-2.0
// What a card starts when the image that ran is in a crash loop: another one that may run, which is written down, or
// the same, which is written down once. Over every kind of content of the three slots.
#include <string.h>

#include "boot_update.h"
#include "card.h"
#include "made.h"
#include "unit.h"

#define BODY_0 640u
#define BODY_1 320u

enum content { EMPTY, GOOD, LOW, SPOILT, CONTENTS }; // LOW: below the floor of whoever is GOOD

static struct image_file image;
static struct image_rules rules;
static struct boot_choice c;
static struct boot_log boot_log;

static int setup(void **state) {
    (void)state;
    card_new();
    rules = image_file_rules(MANIFEST_BOARD_SIM, 0, made_key_hash());
    return 0;
}

// Version and content tell the slots apart.
static void put(uint32_t slot, enum content what) {
    if (what == EMPTY) {
        card_erase(FLASH_MAP_SLOT(slot), FLASH_MAP_SECTOR);
        return;
    }
    made_image(&image, &(struct made_options){.version = 10 + slot,
                                              .counter = what == LOW ? 1 : 2,
                                              .bytes = {BODY_0, BODY_1},
                                              .fill = (uint8_t)(10 + slot)});
    if (what == SPOILT)
        image.bytes[MANIFEST_BYTES + 3] ^= 1;
    card_put(FLASH_MAP_SLOT(slot), image.bytes, image.length);
}

static void start(uint32_t crashed) {
    memset(&c, 0xA5, sizeof(c));
    memset(card.memory, 0, sizeof(card.memory));
    card_count();
    boot_decide(&rules, crashed, &c);
    boot_log_read(&boot_log);
}

// What was chosen lies in both memories, whole, and may run.
static void is_whole(void) {
    const uint8_t *at = card.part.data + FLASH_MAP_SLOT(c.slot) + MANIFEST_BYTES;
    assert_true(c.slot < FLASH_MAP_SLOTS);
    assert_int_equal(c.version, 10 + c.slot);
    assert_true(c.counter >= c.floor);
    assert_memory_equal(card.memory[0], at, BODY_0);
    assert_memory_equal(card.memory[1], at + BODY_0, BODY_1);
}

static void the_other_slot_is_started_and_it_is_written_down(void **state) {
    struct boot_update u;
    (void)state;
    put(FLASH_MAP_A, GOOD);
    put(FLASH_MAP_B, GOOD);
    start(BOOT_NO_CRASH);
    assert_int_equal(c.slot, FLASH_MAP_B); // the newest
    assert_int_equal(c.fall, BOOT_FALL_NONE);
    start(FLASH_MAP_B);
    assert_int_equal(c.fall, BOOT_FALL_OTHER);
    assert_int_equal(c.slot, FLASH_MAP_A);
    assert_int_equal(c.kind, BOOT_CONFIRMED);
    is_whole();
    assert_int_equal(boot_log.last.event, BOOT_EVENT_CRASH);
    assert_int_equal(boot_log.last.slot, FLASH_MAP_B);
    assert_int_equal(boot_log.last.version, 10 + FLASH_MAP_B);
    assert_int_equal(boot_log.last.state[FLASH_MAP_B], BOOT_SLOT_FAILED);
    assert_int_equal(boot_log.last.floor, 2);
    for (unsigned i = 0; i < 5; i++) {
        start(BOOT_NO_CRASH);
        assert_int_equal(c.slot, FLASH_MAP_A);
        assert_int_equal(card.ops, 0);
    }
    // The next update is written over what crashed.
    boot_update_start(&u, &c);
    assert_int_equal(boot_update_begin(&u, 4096), BOOT_UPDATE_OK);
    assert_int_equal(u.slot, FLASH_MAP_B);
}

// Whatever the slots hold and whatever crashes, at each start or now and then: something runs that may run, each fall
// is to an image that was not given up, and after the last one the flash is not written any more.
static void crashes_end_whatever_the_slots_hold(void **state) {
    unsigned falls[3] = {0};
    (void)state;
    for (unsigned kind = 0; kind < CONTENTS * CONTENTS * CONTENTS; kind++) {
        const enum content in[FLASH_MAP_SLOTS] = {kind % 4, kind / 4 % 4, kind / 16};
        const bool any = in[0] == GOOD || in[1] == GOOD || in[2] == GOOD;
        bool given_up[FLASH_MAP_SLOTS] = {false};
        unsigned fell = 0, ops = 0;
        card_erase(0, FLASH_MAP_LOG(FLASH_MAP_LOGS));
        for (uint32_t slot = 0; slot < FLASH_MAP_SLOTS; slot++)
            put(slot, in[slot]);
        start(BOOT_NO_CRASH);
        for (unsigned i = 0; i < 12; i++) {
            const uint32_t was = c.slot;
            if (c.kind == BOOT_RESCUE)
                break;
            start(i % 3 == 2 ? BOOT_NO_CRASH : was);
            assert_int_not_equal(c.kind, BOOT_RESCUE);
            is_whole();
            assert_true(!any || in[c.slot] == GOOD);
            given_up[was] = given_up[was] || c.slot != was;
            assert_false(given_up[c.slot]);
            fell += c.slot != was;
            assert_int_equal(c.fall, i % 3 == 2 ? BOOT_FALL_NONE : c.slot != was ? BOOT_FALL_OTHER : BOOT_FALL_STAYS);
            ops += card.ops;
        }
        assert_in_range(fell, 0, 2);
        assert_in_range(ops, 0, 4); // a record for each fall and one for staying, and the log's first sector erased
        falls[fell]++;
    }
    assert_true(falls[0] > 20 && falls[1] > 5 && falls[2] > 0);
}

static void who_stays_says_so_once(void **state) {
    (void)state;
    put(FLASH_MAP_A, GOOD);
    for (unsigned i = 0; i < 200; i++) {
        start(FLASH_MAP_A);
        assert_int_equal(c.fall, BOOT_FALL_STAYS);
        assert_int_equal(c.slot, FLASH_MAP_A);
        is_whole();
        assert_int_equal(card.ops, i == 0 ? 2 : 0);
        assert_int_equal(boot_log.last.event, BOOT_EVENT_STAY);
        assert_int_equal(boot_log.last.state[FLASH_MAP_A], BOOT_SLOT_USABLE);
        assert_int_equal(boot_log.last.active, FLASH_MAP_A);
    }
}

// What cannot be written down would be forgotten at the next start.
static void a_fall_that_cannot_be_written_is_none(void **state) {
    (void)state;
    put(FLASH_MAP_A, GOOD);
    put(FLASH_MAP_B, GOOD);
    card.worn = 4 * BOOT_LOG_RECORDS;
    start(FLASH_MAP_B);
    assert_int_equal(c.fall, BOOT_FALL_STAYS);
    assert_int_equal(c.slot, FLASH_MAP_B);
    is_whole();
}

// Its tries decide, and what it did is not the fault of what runs behind it.
static void an_image_on_trial_has_its_tries(void **state) {
    struct boot_update u;
    (void)state;
    put(FLASH_MAP_A, GOOD);
    start(BOOT_NO_CRASH);
    boot_update_start(&u, &c);
    put(FLASH_MAP_B, GOOD);
    assert_int_equal(boot_update_begin(&u, image.length), BOOT_UPDATE_OK);
    while (u.erased < u.bytes)
        assert_int_equal(boot_update_erase(&u), BOOT_UPDATE_OK);
    while (u.written < u.bytes) {
        const uint32_t left = u.bytes - u.written;
        assert_int_equal(boot_update_write(&u, image.bytes + u.written, left < FLASH_MAP_PAGE ? left : FLASH_MAP_PAGE),
                         BOOT_UPDATE_OK);
    }
    assert_int_equal(boot_update_commit(&u, &rules), BOOT_UPDATE_OK);
    for (unsigned i = 0; i < BOOT_LOG_TRIES; i++) {
        start(i == 0 ? BOOT_NO_CRASH : FLASH_MAP_B);
        assert_int_equal(c.kind, BOOT_TRIAL);
        assert_int_equal(c.slot, FLASH_MAP_B);
        assert_int_equal(c.fall, BOOT_FALL_NONE);
    }
    start(FLASH_MAP_B);
    assert_int_equal(c.slot, FLASH_MAP_A);
    assert_int_equal(c.fall, BOOT_FALL_NONE);
    assert_int_equal(boot_log.last.event, BOOT_EVENT_REVERT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(the_other_slot_is_started_and_it_is_written_down, setup),
    cmocka_unit_test_setup(crashes_end_whatever_the_slots_hold, setup),
    cmocka_unit_test_setup(who_stays_says_so_once, setup),
    cmocka_unit_test_setup(a_fall_that_cannot_be_written_is_none, setup),
    cmocka_unit_test_setup(an_image_on_trial_has_its_tries, setup),
};
UNIT_MAIN(tests)
