// SPDX-License-Identifier: Apache-2.0
// What a card starts, on whatever is in its flash, and what an update may do. Among them four faults that shipped in
// other boot loaders: a revert that never ends beside an empty slot, a floor that cannot be read and counts as none, a
// damaged record that is read for ever, and a revert that works in one of two slots.
#include <string.h>

#include "boot_update.h"
#include "card.h"
#include "damage.h"
#include "made.h"
#include "unit.h"

#define LOG_BYTES (FLASH_MAP_LOGS * FLASH_MAP_SECTOR)
// Every record of the log and the images of five slots, with what it takes to sort three.
#define MOST_READ (LOG_BYTES + 8 * BOOT_LOG_RECORD_BYTES + 8 * 2048u)

static struct image_file image;
static struct image_rules rules;
static struct boot_choice c;
static struct boot_update u;

static int setup(void **state) {
    (void)state;
    card_new();
    rules = image_file_rules(MANIFEST_BOARD_SIM, 0, made_key_hash());
    return 0;
}

static void make(uint32_t version, uint32_t counter) {
    made_image(&image, &(struct made_options){.version = version,
                                              .counter = counter,
                                              .bytes = {DAMAGE_BODY_0, DAMAGE_BODY_1},
                                              .fill = (uint8_t)version});
}

static void put(uint32_t slot, uint32_t version, uint32_t counter) {
    make(version, counter);
    card_put(FLASH_MAP_SLOT(slot), image.bytes, image.length);
}

static void spoil(uint32_t slot) {
    card.part.data[FLASH_MAP_SLOT(slot) + MANIFEST_BYTES + 3] ^= 1;
}

static void start(void) {
    memset(&c, 0xA5, sizeof(c));
    card_count();
    boot_decide(&rules, BOOT_NO_CRASH, &c);
    boot_update_start(&u, &c);
}

static void starts(enum boot_kind kind, uint32_t slot, uint32_t version) {
    start();
    if (c.kind != kind || (kind != BOOT_RESCUE && (c.slot != slot || c.version != version)))
        fail_msg("it starts kind %d, slot %u, version %u, not kind %d, slot %u, version %u", c.kind, c.slot, c.version,
                 kind, slot, version);
}

// All of `image`, by the steps of an update.
static enum boot_update_status write_image(void) {
    enum boot_update_status status = boot_update_begin(&u, image.length);
    while (status == BOOT_UPDATE_OK && u.erased < u.bytes)
        status = boot_update_erase(&u);
    while (status == BOOT_UPDATE_OK && u.written < u.bytes) {
        const uint32_t left = u.bytes - u.written;
        status = boot_update_write(&u, image.bytes + u.written, left < FLASH_MAP_PAGE ? left : FLASH_MAP_PAGE);
    }
    return status;
}

static enum boot_update_status update(uint32_t version, uint32_t counter) {
    enum boot_update_status status;
    make(version, counter);
    status = write_image();
    return status == BOOT_UPDATE_OK ? boot_update_commit(&u, &rules) : status;
}

static void confirm(void) {
    assert_int_equal(boot_update_confirm(&u), BOOT_UPDATE_OK);
}

static void the_newest_good_slot_is_started(void **state) {
    (void)state;
    starts(BOOT_RESCUE, 0, 0);
    assert_int_equal(c.why[FLASH_MAP_A], IMAGE_ERASED);
    put(FLASH_MAP_GOLDEN, 9, 1);
    starts(BOOT_GOLDEN, FLASH_MAP_GOLDEN, 9);
    put(FLASH_MAP_A, 2, 1);
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 2);
    put(FLASH_MAP_B, 3, 1);
    starts(BOOT_CONFIRMED, FLASH_MAP_B, 3);
    put(FLASH_MAP_A, 4, 1);
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 4);
    spoil(FLASH_MAP_A);
    starts(BOOT_CONFIRMED, FLASH_MAP_B, 3);
    assert_int_equal(c.why[FLASH_MAP_A], IMAGE_CORE0_DIGEST);
    spoil(FLASH_MAP_B);
    starts(BOOT_GOLDEN, FLASH_MAP_GOLDEN, 9);
    spoil(FLASH_MAP_GOLDEN);
    starts(BOOT_RESCUE, 0, 0);
    assert_int_equal(card.ops, 0); // nothing is written by who only starts
}

static void nothing_bad_is_ever_started(void **state) {
    (void)state;
    for (unsigned why = 1; why < IMAGE_REFUSALS; why++) {
        if (why == IMAGE_SHORT || why == IMAGE_CUT || why == IMAGE_BEHIND || why == IMAGE_READ)
            continue; // of files, not of slots
        put(FLASH_MAP_B, 1, 5);
        make(2, 5);
        rules = image_file_rules(MANIFEST_BOARD_SIM, 0, made_key_hash());
        damage(&image, &rules, (enum image_refusal)why);
        card_put(FLASH_MAP_SLOT(FLASH_MAP_A), image.bytes, image.length);
        start();
        if (c.kind != BOOT_RESCUE && c.slot == FLASH_MAP_A && why != IMAGE_BELOW_FLOOR)
            fail_msg("it starts an image that is to be refused: %s", image_refusal_name((enum image_refusal)why));
    }
}

// ---- trial ----

static void a_trial_is_confirmed_or_ends(void **state) {
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 1);
    assert_int_equal(update(2, 1), BOOT_UPDATE_OK);
    for (unsigned i = 0; i < BOOT_LOG_TRIES; i++)
        starts(BOOT_TRIAL, FLASH_MAP_B, 2);
    for (unsigned i = 0; i < 3; i++) {
        starts(BOOT_CONFIRMED, FLASH_MAP_A, 1);
        assert_int_equal(card.ops, i == 0); // the revert is written down once
    }
    assert_int_equal(update(3, 1), BOOT_UPDATE_OK);
    starts(BOOT_TRIAL, FLASH_MAP_B, 3);
    confirm();
    for (unsigned i = 0; i < 2 * BOOT_LOG_TRIES; i++)
        starts(BOOT_CONFIRMED, FLASH_MAP_B, 3);
}

// A fault elsewhere: with nothing in the second slot, reverting was begun at each start and never done.
static void a_revert_beside_an_empty_slot_ends(void **state) {
    (void)state;
    put(FLASH_MAP_GOLDEN, 1, 1);
    starts(BOOT_GOLDEN, FLASH_MAP_GOLDEN, 1);
    assert_int_equal(update(2, 1), BOOT_UPDATE_OK);
    for (unsigned i = 0; i < BOOT_LOG_TRIES; i++)
        starts(BOOT_TRIAL, FLASH_MAP_A, 2);
    for (unsigned i = 0; i < 200; i++) {
        starts(BOOT_GOLDEN, FLASH_MAP_GOLDEN, 1);
        assert_int_equal(card.ops, i == 0);
    }
}

// A fault elsewhere: reverting was built for one of the two slots.
static void revert_works_from_every_slot(void **state) {
    (void)state;
    for (uint32_t from = 0; from < FLASH_MAP_SLOTS; from++) {
        const enum boot_kind kind = from == FLASH_MAP_GOLDEN ? BOOT_GOLDEN : BOOT_CONFIRMED;
        card_erase(0, FLASH_MAP_LOG(FLASH_MAP_LOGS));
        put(from, 1, 1);
        starts(kind, from, 1);
        assert_int_equal(update(2, 1), BOOT_UPDATE_OK);
        for (unsigned i = 0; i < BOOT_LOG_TRIES; i++)
            starts(BOOT_TRIAL, from == FLASH_MAP_A ? FLASH_MAP_B : FLASH_MAP_A, 2);
        starts(kind, from, 1);
        assert_int_equal(update(3, 1), BOOT_UPDATE_OK);
        starts(BOOT_TRIAL, from == FLASH_MAP_A ? FLASH_MAP_B : FLASH_MAP_A, 3);
        confirm();
        starts(BOOT_CONFIRMED, from == FLASH_MAP_A ? FLASH_MAP_B : FLASH_MAP_A, 3);
    }
}

static void a_trial_that_spoils_is_refused_once(void **state) {
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    start();
    assert_int_equal(update(2, 1), BOOT_UPDATE_OK);
    spoil(FLASH_MAP_B);
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 1);
    assert_int_equal(u.log.last.event, BOOT_EVENT_REFUSED);
    assert_int_equal(u.log.last.reason, IMAGE_CORE0_DIGEST);
    assert_int_equal(u.log.last.version, 2);
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 1);
    assert_int_equal(card.ops, 0);
}

// What nobody can write down is not tried: the card would never see that it had its tries.
static void a_trial_that_cannot_be_booked_is_none(void **state) {
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    start();
    assert_int_equal(update(2, 1), BOOT_UPDATE_OK);
    card.worn = 2 * BOOT_LOG_RECORDS;
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 1);
    card.worn = 5; // places that do not take it: there are others
    starts(BOOT_TRIAL, FLASH_MAP_B, 2);
    assert_int_equal(card.worn, 0);
}

static void a_slot_that_is_being_written_is_never_started(void **state) {
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    put(FLASH_MAP_B, 2, 1);
    starts(BOOT_CONFIRMED, FLASH_MAP_B, 2);
    make(3, 1);
    assert_int_equal(write_image(), BOOT_UPDATE_OK); // whole, but not committed
    spoil(FLASH_MAP_B);
    starts(BOOT_RESCUE, 0, 0);
    put(FLASH_MAP_GOLDEN, 1, 1);
    starts(BOOT_GOLDEN, FLASH_MAP_GOLDEN, 1);
}

// ---- floor ----

// Running version and floor are two numbers, and only who confirms raises one.
static void the_floor_rises_when_it_is_confirmed(void **state) {
    (void)state;
    put(FLASH_MAP_A, 9, 3);
    start();
    assert_int_equal(update(10, 3), BOOT_UPDATE_OK);
    starts(BOOT_TRIAL, FLASH_MAP_B, 10);
    confirm();
    assert_int_equal(c.floor, 3); // what was running when nothing was known
    assert_int_equal(update(11, 5), BOOT_UPDATE_OK);
    starts(BOOT_TRIAL, FLASH_MAP_A, 11);
    assert_int_equal(c.floor, 3);
    assert_int_equal(c.counter, 5);
    confirm();
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 11);
    assert_int_equal(c.floor, 5);
    assert_int_equal(update(2, 5), BOOT_UPDATE_OK); // an older version is no downgrade, a lower counter is
    starts(BOOT_TRIAL, FLASH_MAP_B, 2);
    confirm();
    assert_int_equal(update(12, 4), BOOT_UPDATE_IMAGE);
    assert_int_equal(u.why, IMAGE_BELOW_FLOOR);
    starts(BOOT_CONFIRMED, FLASH_MAP_B, 2);
    assert_int_equal(c.floor, 5);
}

static void below_the_floor_nothing_is_started(void **state) {
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    put(FLASH_MAP_GOLDEN, 1, 1);
    start();
    assert_int_equal(update(2, 2), BOOT_UPDATE_OK);
    start();
    confirm();
    spoil(FLASH_MAP_B);
    starts(BOOT_RESCUE, 0, 0);
    assert_int_equal(c.why[FLASH_MAP_A], IMAGE_BELOW_FLOOR);
    assert_int_equal(c.why[FLASH_MAP_GOLDEN], IMAGE_BELOW_FLOOR);
    put(FLASH_MAP_A, 1, 1); // by a programmer
    starts(BOOT_RESCUE, 0, 0);
    assert_int_equal(update(3, 1), BOOT_UPDATE_IMAGE);
    assert_int_equal(update(3, 2), BOOT_UPDATE_OK);
    starts(BOOT_TRIAL, FLASH_MAP_A, 3);
    confirm();
    assert_int_equal(c.floor, 2);
}

// A fault elsewhere: a security counter that could not be read was taken as zero.
static void a_floor_that_cannot_be_read_fails_closed(void **state) {
    uint8_t log[LOG_BYTES];
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    put(FLASH_MAP_GOLDEN, 1, 1);
    start();
    assert_int_equal(update(2, 2), BOOT_UPDATE_OK);
    start();
    confirm();
    put(FLASH_MAP_A, 7, 1); // an old counter with a high version, by a programmer
    memcpy(log, card.part.data + FLASH_MAP_LOG(0), sizeof(log));
    for (unsigned how = 0; how < 3; how++) {
        for (uint32_t i = 0; i < LOG_BYTES; i++)
            card.part.data[FLASH_MAP_LOG(0) + i] = how == 0 ? 0xFF : how == 1 ? 0 : (uint8_t)(log[i] ^ (i % 64 == 9));
        starts(BOOT_CONFIRMED, FLASH_MAP_B, 2);
        assert_int_equal(c.floor, 2);
        assert_int_equal(update(3, 1), BOOT_UPDATE_IMAGE);
        assert_int_equal(u.log.last.floor, 2); // known again
        starts(BOOT_CONFIRMED, FLASH_MAP_B, 2);
    }
    card.silent = FLASH_MAP_LOG(0);
    starts(BOOT_RESCUE, 0, 0);
    assert_int_equal(boot_update_begin(&u, image.length), BOOT_UPDATE_LOG);
}

// ---- the log ----

// A fault elsewhere: the search in a damaged record went on for ever.
static void a_damaged_log_ends_in_bounded_time(void **state) {
    uint8_t log[LOG_BYTES];
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    start();
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(update(2 + i, 1), BOOT_UPDATE_OK);
        start();
        confirm();
        starts(BOOT_CONFIRMED, i % 2 == 0 ? FLASH_MAP_B : FLASH_MAP_A, 2 + i);
    }
    assert_int_equal(u.log.last.number, 30 * 4);
    memcpy(log, card.part.data + FLASH_MAP_LOG(0), sizeof(log));
    for (unsigned round = 0; round < 300; round++) {
        uint8_t *at = card.part.data + FLASH_MAP_LOG(0);
        memcpy(at, log, sizeof(log));
        for (unsigned i = round % 3 == 0 ? LOG_BYTES : 1 + card_random(40); i > 0; i--)
            at[card_random(LOG_BYTES)] = round % 2 == 0 ? (uint8_t)card_random(256) : 0xFF;
        start();
        assert_in_range(card.reads, LOG_BYTES, MOST_READ);
        assert_in_range(card.ops, 0, 8);
        assert_in_range(c.kind, BOOT_CONFIRMED, BOOT_TRIAL);
        assert_in_range(c.version, 30, 31);
    }
}

// ---- updates ----

static void every_refusal_reaches_who_updates(void **state) {
    unsigned refused = 0;
    (void)state;
    put(FLASH_MAP_GOLDEN, 1, 1);
    put(FLASH_MAP_A, 1, 5);
    start();
    for (unsigned why = 1; why < IMAGE_REFUSALS; why++) {
        struct image_rules now;
        if (why == IMAGE_READ || why == IMAGE_BELOW_FLOOR)
            continue; // a flash that does not answer; the_floor_rises_when_it_is_confirmed
        make(2, 5);
        now = rules;
        damage(&image, &now, (enum image_refusal)why);
        assert_int_equal(write_image(), BOOT_UPDATE_OK);
        assert_int_equal(boot_update_commit(&u, &now), BOOT_UPDATE_IMAGE);
        assert_string_equal(image_refusal_name((enum image_refusal)u.why), image_refusal_name((enum image_refusal)why));
        assert_int_equal(u.log.last.reason, why);
        starts(BOOT_CONFIRMED, FLASH_MAP_A, 1);
        refused++;
    }
    assert_in_range(refused, 45, IMAGE_REFUSALS);
}

static void steps_out_of_turn_are_refused(void **state) {
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    start();
    make(2, 1);
    assert_int_equal(boot_update_erase(&u), BOOT_UPDATE_NONE);
    assert_int_equal(boot_update_write(&u, image.bytes, 1), BOOT_UPDATE_NONE);
    assert_int_equal(boot_update_commit(&u, &rules), BOOT_UPDATE_NONE);
    assert_int_equal(boot_update_abort(&u), BOOT_UPDATE_NONE);
    assert_int_equal(boot_update_confirm(&u), BOOT_UPDATE_NOT_ON_TRIAL);
    assert_int_equal(boot_update_begin(&u, 0), BOOT_UPDATE_RANGE);
    assert_int_equal(boot_update_begin(&u, FLASH_MAP_SLOT_BYTES + 1), BOOT_UPDATE_RANGE);
    assert_int_equal(card.ops, 0);
    assert_int_equal(boot_update_begin(&u, image.length), BOOT_UPDATE_OK);
    assert_int_equal(boot_update_write(&u, image.bytes, 1), BOOT_UPDATE_RANGE); // not erased yet
    assert_int_equal(boot_update_erase(&u), BOOT_UPDATE_OK);
    assert_int_equal(boot_update_erase(&u), BOOT_UPDATE_RANGE);
    assert_int_equal(boot_update_write(&u, image.bytes, 0), BOOT_UPDATE_RANGE);
    assert_int_equal(boot_update_write(&u, image.bytes, 100), BOOT_UPDATE_OK);
    assert_int_equal(boot_update_write(&u, image.bytes + 100, 157), BOOT_UPDATE_RANGE); // over a page
    assert_int_equal(boot_update_commit(&u, &rules), BOOT_UPDATE_EARLY);
    assert_int_equal(write_image(), BOOT_UPDATE_OK); // all once more
    assert_int_equal(boot_update_write(&u, image.bytes, 1), BOOT_UPDATE_RANGE);
    assert_int_equal(boot_update_commit(&u, &rules), BOOT_UPDATE_OK);
    starts(BOOT_TRIAL, FLASH_MAP_B, 2);
    assert_int_equal(boot_update_begin(&u, 5), BOOT_UPDATE_TRIAL);
    assert_int_equal(boot_update_abort(&u), BOOT_UPDATE_TRIAL);
}

static void what_is_given_up_is_never_started(void **state) {
    (void)state;
    put(FLASH_MAP_A, 1, 1);
    start();
    assert_int_equal(update(2, 1), BOOT_UPDATE_OK);
    assert_int_equal(boot_update_abort(&u), BOOT_UPDATE_OK);
    starts(BOOT_CONFIRMED, FLASH_MAP_A, 1);
    assert_int_equal(boot_update_begin(&u, image.length), BOOT_UPDATE_OK);
    assert_int_equal(boot_update_abort(&u), BOOT_UPDATE_OK);
    spoil(FLASH_MAP_A);
    starts(BOOT_RESCUE, 0, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(the_newest_good_slot_is_started, setup),
    cmocka_unit_test_setup(nothing_bad_is_ever_started, setup),
    cmocka_unit_test_setup(a_trial_is_confirmed_or_ends, setup),
    cmocka_unit_test_setup(a_revert_beside_an_empty_slot_ends, setup),
    cmocka_unit_test_setup(revert_works_from_every_slot, setup),
    cmocka_unit_test_setup(a_trial_that_spoils_is_refused_once, setup),
    cmocka_unit_test_setup(a_trial_that_cannot_be_booked_is_none, setup),
    cmocka_unit_test_setup(a_slot_that_is_being_written_is_never_started, setup),
    cmocka_unit_test_setup(the_floor_rises_when_it_is_confirmed, setup),
    cmocka_unit_test_setup(below_the_floor_nothing_is_started, setup),
    cmocka_unit_test_setup(a_floor_that_cannot_be_read_fails_closed, setup),
    cmocka_unit_test_setup(a_damaged_log_ends_in_bounded_time, setup),
    cmocka_unit_test_setup(every_refusal_reaches_who_updates, setup),
    cmocka_unit_test_setup(steps_out_of_turn_are_refused, setup),
    cmocka_unit_test_setup(what_is_given_up_is_never_started, setup),
};
UNIT_MAIN(tests)
