// SPDX-License-Identifier: Apache-2.0
// The update engine through the mailbox: an image from its first piece to its confirmation, who may, what is refused,
// who goes away in the middle, and that no turn of it holds core 0 up.
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "boot_update.h"
#include "control/control.h"
#include "damage.h"
#include "flash_regs.h"
#include "fw.h"
#include "hal/hal_flash.h"
#include "made.h"
#include "svc/svc.h"

#define TURN 4000u // cycles, at 4 an access and 28 a byte of the flash
#define LENGTH_MOST 8192u

static struct image_file image;

union answer {
    struct weir_flash_status_rsp status;
    struct weir_flash_write_rsp write;
    struct weir_flash_read_rsp read;
    uint8_t all[WEIR_MBOX_PAYLOAD];
};

// A card that runs version 1 from slot A, with a part of these times.
static void start(enum flash_timing timing) {
    flash_regs_begin(timing);
    fw_boot();
    HAL_SHARED->boot.version = 1;
    HAL_SHARED->boot.counter = 1;
    HAL_SHARED->boot.floor = 1;
    assert_int_equal(fw_hello(0), WEIR_OK);
    made_image(&image, &(struct made_options){.version = 2, .counter = 3, .bytes = {900, 452}, .fill = 2});
}

static struct weir_flash_status_rsp status(void) {
    union answer u;
    assert_int_equal(fw_call(0, WEIR_CMD_FLASH_STATUS, NULL, 0, &u, NULL), WEIR_OK);
    return u.status;
}

// Turns until the job has ended; each is short.
static struct weir_flash_status_rsp rest(void) {
    for (unsigned i = 0; i < 4000000; i++) {
        uint32_t before = fake.cycle;
        bool busy = control_poll();
        assert_true(fake.cycle - before < TURN);
        if (!busy && status().job == WEIR_FLASH_IDLE)
            return status();
        fake.cycle += 400;
    }
    fail_msg("the job does not end");
    return status();
}

static int do_it(enum weir_flash_do what) {
    return FW(0, FLASH_DO, weir_flash_do_req, .what = what);
}

static int send(uint32_t offset, const void *data, uint32_t n, uint32_t *taken) {
    struct weir_flash_write_req req = {.offset = offset, .length = n};
    union answer u;
    int s;
    memcpy(req.data, data, n < sizeof(req.data) ? n : sizeof(req.data));
    s = fw_call(0, WEIR_CMD_FLASH_WRITE, &req, sizeof(req), &u, NULL);
    if (s == WEIR_OK)
        *taken = u.write.taken;
    return s;
}

// Up to `until` bytes, in pieces of `piece`.
static void feed(uint32_t until, uint32_t piece) {
    uint32_t taken = status().taken;
    for (unsigned i = 0; taken < until; i++) {
        uint32_t n = until - taken < piece ? until - taken : piece;
        assert_true(i < 4000000);
        assert_int_equal(send(taken, image.bytes + taken, n, &taken), WEIR_OK);
        fake.cycle += 400;
    }
}

static void take_in(void) {
    assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = image.length), WEIR_OK);
    feed(image.length, WEIR_FLASH_PIECE);
    assert_int_equal(rest().result, BOOT_UPDATE_OK);
}

// Core 0 starts anew, running what the ROM chose, which has the part at rest.
static void restart_as(enum boot_kind kind, uint32_t slot, uint32_t version, uint32_t counter) {
    HAL_SHARED->boot.kind = kind;
    HAL_SHARED->boot.slot = slot;
    HAL_SHARED->boot.version = version;
    HAL_SHARED->boot.counter = counter;
    fake.reset_cause[0] = 1;
    hal_flash_begin();
    hal_flash_reset();
    fw_pass(10000);
    control_start();
    fw_run();
    assert_int_equal(fw_hello(0), WEIR_OK);
}

static void an_image_is_written_tried_and_confirmed(void **state) {
    struct weir_flash_status_rsp s;
    uint8_t a[64];
    (void)state;
    for (unsigned t = FLASH_AT_ONCE; t <= FLASH_MAXIMUM; t++)
        for (unsigned piece = 1; piece <= WEIR_FLASH_PIECE; piece += t == FLASH_AT_ONCE ? 17 : 103) {
            start((enum flash_timing)t);
            memset(flash_regs.part.data, 0x5A, sizeof(a));
            memset(a, 0x5A, sizeof(a));
            memset(flash_regs.part.data + FLASH_MAP_SLOT(1), 0, 4096); // an old image
            fw_turn_most = 0;
            assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = image.length), WEIR_OK);
            feed(image.length, piece);
            s = rest();
            assert_int_equal(s.result, BOOT_UPDATE_OK);
            assert_int_equal(s.written, image.length);
            assert_int_equal(s.target, FLASH_MAP_B);
            assert_memory_equal(flash_regs.part.data + FLASH_MAP_SLOT(1), image.bytes, image.length);
            assert_memory_equal(flash_regs.part.data, a, sizeof(a)); // what runs is as it was
            assert_int_equal(do_it(WEIR_FLASH_DO_VERIFY), WEIR_OK);
            assert_int_equal(rest().result, BOOT_UPDATE_OK);
            assert_int_equal(do_it(WEIR_FLASH_DO_COMMIT), WEIR_OK);
            s = rest();
            assert_int_equal(s.result, BOOT_UPDATE_OK);
            assert_int_equal(s.state[1], BOOT_SLOT_TRIAL);
            assert_int_equal(s.tries, BOOT_LOG_TRIES);
            assert_int_equal(s.floor, 1);
            assert_true(fw_turn_most < TURN); // also those that rest() does not see

            restart_as(BOOT_TRIAL, FLASH_MAP_B, 2, 3);
            s = (status(), rest());
            assert_int_equal(s.kind, BOOT_TRIAL);
            assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = 100), WEIR_OK);
            assert_int_equal(rest().result, BOOT_UPDATE_TRIAL); // nothing is written beside a trial
            assert_int_equal(do_it(WEIR_FLASH_DO_CONFIRM), WEIR_OK);
            s = rest();
            assert_int_equal(s.result, BOOT_UPDATE_OK);
            assert_int_equal(s.kind, BOOT_CONFIRMED);
            assert_int_equal(s.floor, 3);
            assert_int_equal(s.event, BOOT_EVENT_CONFIRM);
            flash_regs_end();
        }
}

static void the_pf_alone_may(void **state) {
    static const unsigned opcode[] = {WEIR_CMD_FLASH_STATUS, WEIR_CMD_FLASH_BEGIN, WEIR_CMD_FLASH_WRITE,
                                      WEIR_CMD_FLASH_DO, WEIR_CMD_FLASH_READ};
    uint8_t req[WEIR_MBOX_PAYLOAD] = {0};
    static const unsigned length[] = {0, 4, 112, 4, 8};
    (void)state;
    flash_regs_begin(FLASH_AT_ONCE);
    fw_boot();
    fw_switch(4, 8, 16, 2);
    fw_vf_up(1, 1, 1);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(fw_call(2, opcode[i], req, length[i], NULL, NULL), WEIR_PERMISSION);
    assert_int_equal(status().record, 0);
    flash_regs_end();
}

static void what_is_out_of_turn_or_range_is_refused(void **state) {
    struct weir_flash_read_req read = {.at = 0, .length = 64};
    uint32_t taken = 0;
    union answer u;
    (void)state;
    start(FLASH_AT_ONCE);
    assert_int_equal(send(0, image.bytes, 4, &taken), WEIR_WRONG_STATE);
    assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = FLASH_MAP_SLOT_BYTES + 1),
                     WEIR_INVALID_PARAMETER);
    assert_int_equal(do_it(WEIR_FLASH_DOS), WEIR_INVALID_PARAMETER);
    assert_int_equal(do_it(WEIR_FLASH_DO_COMMIT), WEIR_OK);
    assert_int_equal(rest().result, BOOT_UPDATE_NONE);
    assert_int_equal(do_it(WEIR_FLASH_DO_VERIFY), WEIR_OK);
    assert_int_equal(rest().result, BOOT_UPDATE_NONE);
    assert_int_equal(do_it(WEIR_FLASH_DO_CONFIRM), WEIR_OK);
    assert_int_equal(rest().result, BOOT_UPDATE_NOT_ON_TRIAL);
    assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = 300), WEIR_OK);
    assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = 300), WEIR_WRONG_STATE);
    assert_int_equal(do_it(WEIR_FLASH_DO_COMMIT), WEIR_WRONG_STATE);
    assert_int_equal(do_it(WEIR_FLASH_DO_ACTIVATE), WEIR_WRONG_STATE);
    assert_int_equal(fw_call(0, WEIR_CMD_FLASH_READ, &read, sizeof(read), NULL, NULL), WEIR_WRONG_STATE);
    assert_int_equal(send(1, image.bytes, 4, &taken), WEIR_INVALID_PARAMETER);
    assert_int_equal(send(0, image.bytes, 0, &taken), WEIR_INVALID_PARAMETER);
    assert_int_equal(send(0, image.bytes, WEIR_FLASH_PIECE + 1, &taken), WEIR_INVALID_PARAMETER);
    feed(250, WEIR_FLASH_PIECE);
    assert_int_equal(send(250, image.bytes, 51, &taken), WEIR_INVALID_PARAMETER); // 50 are left
    assert_int_equal(do_it(WEIR_FLASH_DO_ABORT), WEIR_OK);
    assert_int_equal(rest().result, BOOT_UPDATE_NONE);
    assert_int_equal(status().state[1], BOOT_SLOT_FAILED);
    for (unsigned i = 0; i < 3; i++) {
        static const struct weir_flash_read_req bad[] = {{0, 0}, {0, 65}, {0xFFFFFF, 2}};
        assert_int_equal(fw_call(0, WEIR_CMD_FLASH_READ, &bad[i], sizeof(bad[i]), NULL, NULL), WEIR_INVALID_PARAMETER);
    }
    flash_regs.part.data[9] = 0x77;
    assert_int_equal(fw_call(0, WEIR_CMD_FLASH_READ, &read, sizeof(read), &u, NULL), WEIR_OK);
    assert_int_equal(u.read.data[9], 0x77);
    flash_regs_end();
}

// Each reason that lies in the image, not in the card or its keys.
static void every_bad_image_is_refused_by_its_number(void **state) {
    unsigned tried = 0;
    (void)state;
    for (unsigned why = IMAGE_GOOD + 1; why < 52; why++) {
        struct image_rules rules = image_file_rules(MANIFEST_BOARD_SIM, 1, NULL), before = rules;
        struct weir_flash_status_rsp s;
        if (why >= IMAGE_KEY && why <= IMAGE_SIGNATURE)
            continue; // the ROM's, and without fuses nobody's
        start(FLASH_AT_ONCE);
        damage(&image, &rules, (enum image_refusal)why);
        if (memcmp(&rules, &before, sizeof(rules)) == 0 && why != IMAGE_READ && image.length != 0 &&
            image.length <= FLASH_MAP_SLOT_BYTES && image.length < LENGTH_MOST) {
            take_in();
            assert_int_equal(do_it(tried % 2 == 0 ? WEIR_FLASH_DO_VERIFY : WEIR_FLASH_DO_COMMIT), WEIR_OK);
            s = rest();
            assert_int_equal(s.result, BOOT_UPDATE_IMAGE);
            assert_int_equal(s.why, why);
            assert_int_not_equal(s.state[1], BOOT_SLOT_TRIAL);
            tried++;
        }
        flash_regs_end();
    }
    assert_true(tried >= 35);
}

static void a_driver_that_goes_leaves_nothing_locked(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3; how++)
        for (uint32_t at = 0; at < 1400; at += 463) {
            start(FLASH_TYPICAL);
            assert_int_equal(FW(0, FLASH_BEGIN, weir_flash_begin_req, .bytes = image.length), WEIR_OK);
            feed(at, WEIR_FLASH_PIECE);
            if (how == 0) {
                fake_flr(0);
                fw_run();
                fake.op[0] = true;
                fake.bme[0] = true;
                assert_int_equal(fw_hello(0), WEIR_OK);
            } else if (how == 1) {
                assert_int_equal(fw_hello(0), WEIR_OK); // another driver
            } else {
                restart_as(BOOT_CONFIRMED, FLASH_MAP_A, 1, 1);
            }
            (void)status();
            assert_int_not_equal(rest().state[1], BOOT_SLOT_TRIAL);
            assert_int_equal(do_it(WEIR_FLASH_DO_COMMIT), WEIR_OK);
            assert_int_equal(rest().result, BOOT_UPDATE_NONE);
            take_in();
            assert_int_equal(do_it(WEIR_FLASH_DO_COMMIT), WEIR_OK);
            assert_int_equal(rest().result, BOOT_UPDATE_OK);
            flash_regs_end();
        }
}

// Also while the boot log is read for somebody who asked for the status: what was not begun is busy, not done.
static void an_abort_that_is_answered_is_done(void **state) {
    struct weir_flash_status_rsp s;
    (void)state;
    start(FLASH_AT_ONCE);
    take_in();
    assert_int_equal(do_it(WEIR_FLASH_DO_COMMIT), WEIR_OK);
    assert_int_equal(rest().state[1], BOOT_SLOT_TRIAL);
    restart_as(BOOT_CONFIRMED, FLASH_MAP_A, 1, 1);
    svc_flash_status(&s);
    svc_flash_status(&s);
    assert_int_equal(s.job, WEIR_FLASH_OPENING);
    assert_int_equal(svc_flash_do(WEIR_FLASH_DO_ABORT), WEIR_WRONG_STATE);
    assert_int_equal(rest().state[1], BOOT_SLOT_TRIAL);
    assert_int_equal(do_it(WEIR_FLASH_DO_ABORT), WEIR_OK);
    s = rest();
    assert_int_equal(s.result, BOOT_UPDATE_OK);
    assert_int_equal(s.state[1], BOOT_SLOT_FAILED);
    restart_as(BOOT_CONFIRMED, FLASH_MAP_A, 1, 1);
    assert_int_equal(svc_flash_begin(300), WEIR_OK); // reads the log first
    assert_int_equal(svc_flash_do(WEIR_FLASH_DO_ABORT), WEIR_OK);
    s = rest();
    assert_int_equal(s.result, BOOT_UPDATE_NONE);
    assert_int_equal(s.state[1], BOOT_SLOT_FAILED);
    flash_regs_end();
}

// VERIFY and COMMIT say the same of an image that was no downgrade when the card started.
static void verify_knows_the_floor_that_a_confirmation_raised(void **state) {
    (void)state;
    for (unsigned what = WEIR_FLASH_DO_VERIFY; what <= WEIR_FLASH_DO_COMMIT; what++) {
        struct weir_flash_status_rsp s;
        start(FLASH_AT_ONCE);
        restart_as(BOOT_TRIAL, FLASH_MAP_B, 2, 3);
        assert_int_equal(do_it(WEIR_FLASH_DO_CONFIRM), WEIR_OK);
        assert_int_equal(rest().floor, 3);
        made_image(&image, &(struct made_options){.version = 3, .counter = 2, .bytes = {900, 452}, .fill = 2});
        take_in();
        assert_int_equal(do_it((enum weir_flash_do)what), WEIR_OK);
        s = rest();
        assert_int_equal(s.result, BOOT_UPDATE_IMAGE);
        assert_int_equal(s.why, IMAGE_BELOW_FLOOR);
        flash_regs_end();
    }
}

// Behind the answer, so that whoever asked has it.
static void core_0_starts_anew_when_asked(void **state) {
    bool died = false;
    (void)state;
    start(FLASH_AT_ONCE);
    fake.may_reset_itself = true;
    if (setjmp(fake_death[0]) == 0) {
        assert_int_equal(do_it(WEIR_FLASH_DO_ACTIVATE), WEIR_OK);
        fw_run();
    } else {
        died = true;
    }
    assert_true(died);
    flash_regs_end();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_image_is_written_tried_and_confirmed),
    cmocka_unit_test(the_pf_alone_may),
    cmocka_unit_test(what_is_out_of_turn_or_range_is_refused),
    cmocka_unit_test(every_bad_image_is_refused_by_its_number),
    cmocka_unit_test(a_driver_that_goes_leaves_nothing_locked),
    cmocka_unit_test(an_abort_that_is_answered_is_done),
    cmocka_unit_test(verify_knows_the_floor_that_a_confirmation_raised),
    cmocka_unit_test(core_0_starts_anew_when_asked),
};
UNIT_MAIN(tests)
