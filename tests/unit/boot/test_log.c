// SPDX-License-Identifier: Apache-2.0
// The boot log by itself: it goes round its two sectors, keeps the last record and the floor, and believes no record
// that is none.
#include "boot_log.h"
#include "card.h"
#include "manifest.h"
#include "unit.h"

static int setup(void **state) {
    (void)state;
    card_new();
    return 0;
}

static struct boot_record record_of(uint32_t floor) {
    return (struct boot_record){.floor = floor, .event = BOOT_EVENT_CONFIRM, .slot = 0, .state = {0, 3}};
}

// 1,000 records go round both sectors; each is the last one while it is, and its floor never goes down.
static void the_log_goes_round(void **state) {
    struct boot_log log, again;
    (void)state;
    boot_log_read(&log);
    assert_int_equal(log.status, BOOT_LOG_EMPTY);
    for (uint32_t i = 1; i <= 1000; i++) {
        const struct boot_record r = record_of(i % 7 == 0 ? 1 : i / 10);
        assert_true(boot_log_append(&log, &r));
        boot_log_read(&again);
        assert_int_equal(again.status, BOOT_LOG_GOOD);
        assert_int_equal(again.last.number, i);
        assert_in_range(again.last.floor, (i - 1) / 10, i / 10 + 1);
        assert_int_equal(again.sector, log.sector);
        assert_int_equal(again.next, log.next);
        assert_int_equal(again.last.floor, log.last.floor);
    }
    // Each sector was erased each time that it was its turn, and not once more.
    assert_in_range(card.part.wear[FLASH_MAP_LOG(0) / FLASH_SECTOR], 8, 8);
    assert_in_range(card.part.wear[FLASH_MAP_LOG(1) / FLASH_SECTOR], 8, 8);
}

static void a_sector_with_the_last_record_is_never_erased(void **state) {
    struct boot_log log;
    struct boot_record r = record_of(4);
    (void)state;
    boot_log_read(&log);
    for (uint32_t i = 0; i < BOOT_LOG_RECORDS; i++)
        assert_true(boot_log_append(&log, &r));
    card.worn = 3 * BOOT_LOG_RECORDS;
    assert_false(boot_log_append(&log, &r));
    boot_log_read(&log);
    assert_int_equal(log.last.number, BOOT_LOG_RECORDS);
    card.worn = 0;
    assert_true(boot_log_append(&log, &r));
}

// Digits of a number are not the number: a record whose digest is right but whose fields are none is none.
static void a_record_out_of_range_is_none(void **state) {
    struct boot_log log;
    struct boot_record r = record_of(1);
    (void)state;
    boot_log_read(&log);
    assert_true(boot_log_append(&log, &r));
    for (unsigned how = 0; how < 8; how++) {
        struct boot_record bad = r;
        struct boot_log scratch = log;
        switch (how) {
        case 0:
            bad.floor = MANIFEST_COUNTER_MAX + 1;
            break;
        case 1:
            bad.event = BOOT_EVENTS;
            break;
        case 2:
            bad.slot = BOOT_LOG_NO_SLOT + 1;
            break;
        case 3:
            bad.reason = IMAGE_REFUSALS;
            break;
        case 4:
            bad.tries = BOOT_LOG_TRIES + 1;
            break;
        case 5:
            bad.active = FLASH_MAP_GOLDEN;
            break;
        default:
            bad.state[how - 6] = BOOT_SLOT_STATES;
        }
        assert_true(boot_log_append(&scratch, &bad));
        boot_log_read(&scratch);
        assert_int_equal(scratch.last.number, 1);
        assert_int_equal(scratch.last.floor, 1);
        log = scratch;
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(the_log_goes_round, setup),
    cmocka_unit_test_setup(a_sector_with_the_last_record_is_never_erased, setup),
    cmocka_unit_test_setup(a_record_out_of_range_is_none, setup),
};
UNIT_MAIN(tests)
