// SPDX-License-Identifier: Apache-2.0
// Power cuts. A card is updated twice, to version 2 and 3, by a host that begins again after every cut; power goes
// before, inside and after each operation of its flash, once, twice and three times. After every start: it runs, a
// version that may run, whole, and its floor is neither lower than before nor higher than what was confirmed. The code
// is the card's own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_update.h"
#include "card.h"
#include "made.h"
#include "unit.h"

#define VERSIONS 3u
#define STARTS 40u // more than any life with three cuts takes
#define LOG_BYTES (FLASH_MAP_LOGS * FLASH_MAP_SECTOR)

// Records that the log holds when a life begins: where it changes its sector within the life, and where not.
static const unsigned prefills[] = {1, 20, 52, 54, 56, 57, 58, 59, 60, 61, 62, 63, 64, 122, 128};
#define PREFILLS (sizeof(prefills) / sizeof(prefills[0]))
static uint8_t filled[PREFILLS][LOG_BYTES];

static struct image_file image[VERSIONS + 1]; // by version
static struct image_rules rules;

// What the host knows. Not lost with the card's power.
static struct {
    uint32_t target, confirmed, pending; // versions; pending: one that may run on trial, 0: none
    bool confirming;
    uint32_t floor;
    unsigned starts, lives, cuts;
    unsigned left, cut_at[3]; // cuts to come; each counted from the one before
    enum cut cut[3];
} host;

static void next_cut(void) {
    card_count();
    card.cut_at = 0;
    if (host.left != 0) {
        host.left--;
        card.cut_at = host.cut_at[host.left];
        card.cut = host.cut[host.left];
    }
}

static void check(const struct boot_choice *c) {
    const struct image_file *f;
    uint32_t at = MANIFEST_BYTES;
    const char *wrong = NULL;
    if (c->kind == BOOT_RESCUE || c->kind == BOOT_GOLDEN)
        wrong = "it has no image of its own to run";
    else if (c->version != host.confirmed && c->version != host.pending)
        wrong = "it runs a version that nobody wants";
    else if (c->kind == BOOT_CONFIRMED && c->version != host.confirmed && !host.confirming)
        wrong = "it runs a version for good that nobody confirmed";
    else if (c->floor < host.floor)
        wrong = "its floor went down";
    else if (c->floor > host.confirmed && !(host.confirming && c->kind == BOOT_CONFIRMED && c->floor == c->counter))
        wrong = "its floor rose before anybody confirmed";
    if (wrong == NULL) {
        f = &image[c->version];
        for (unsigned i = 0; i < MANIFEST_CORES; i++) {
            const uint32_t n = (uint32_t)f->bytes[MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_bytes] |
                               (uint32_t)f->bytes[MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_bytes + 1] << 8;
            if (memcmp(card.memory[i], f->bytes + at, n) != 0)
                wrong = "what it runs is not whole";
            at += n;
        }
    }
    if (wrong != NULL)
        fail_msg("%s: kind %d, version %u, floor %u; confirmed %u, pending %u, target %u; life %u, start %u", wrong,
                 c->kind, c->version, c->floor, host.confirmed, host.pending, host.target, host.lives, host.starts);
    host.floor = c->floor;
}

// Confirms or writes, until power goes or the card is to start again. True: the target runs for good.
static bool work(const struct boot_choice *c) {
    static struct boot_update u;
    const struct image_file *f = &image[host.target];
    boot_update_start(&u, c);
    if (c->version == host.target && c->kind == BOOT_TRIAL) {
        host.confirming = true;
        assert_int_equal(boot_update_confirm(&u), BOOT_UPDATE_OK);
        host.floor = u.running.floor;
    }
    if (c->version == host.target) {
        host.confirmed = host.target;
        host.confirming = false;
        host.pending = 0;
        return true;
    }
    assert_int_equal(boot_update_begin(&u, f->length), BOOT_UPDATE_OK);
    host.pending = 0;
    while (u.erased < u.bytes)
        assert_int_equal(boot_update_erase(&u), BOOT_UPDATE_OK);
    while (u.written < u.bytes) {
        const uint32_t left = u.bytes - u.written;
        assert_int_equal(boot_update_write(&u, f->bytes + u.written, left < FLASH_MAP_PAGE ? left : FLASH_MAP_PAGE),
                         BOOT_UPDATE_OK);
    }
    host.pending = host.target;
    assert_int_equal(boot_update_commit(&u, &rules), BOOT_UPDATE_OK);
    return false;
}

static void live(unsigned prefill, unsigned cuts) {
    struct boot_choice c;
    card_put(FLASH_MAP_SLOT(0), image[1].bytes, image[1].length);
    card_erase(FLASH_MAP_SLOT(1), 3 * FLASH_MAP_SECTOR);
    card_put(FLASH_MAP_LOG(0), filled[prefill], LOG_BYTES);
    host.target = 2;
    host.confirmed = host.floor = 1;
    host.pending = 0;
    host.confirming = false;
    host.left = cuts;
    host.cuts += cuts;
    host.lives++;
    host.starts = 0;
    next_cut();
    while (host.target <= VERSIONS) {
        if (setjmp(card.power) != 0)
            next_cut();
        if (++host.starts > STARTS)
            fail_msg("life %u does not end", host.lives);
        boot_decide(&rules, BOOT_NO_CRASH, &c);
        check(&c);
        if (work(&c))
            host.target++;
    }
    assert_int_equal(host.floor, VERSIONS);
    if (host.left != 0)
        host.cuts -= host.left;
}

static int setup(void **state) {
    static const struct made_options made[VERSIONS + 1] = {
        {0},
        {.version = 1, .counter = 1, .bytes = {900, 450}, .fill = 1},
        {.version = 2, .counter = 2, .bytes = {1200, 300}, .fill = 2},
        {.version = 3, .counter = 3, .bytes = {3000, 1100}, .fill = 3}};
    struct boot_log log;
    struct boot_record r = {.floor = 1, .version = 1, .event = BOOT_EVENT_CONFIRM};
    unsigned written = 0;
    (void)state;
    card_new();
    for (unsigned v = 1; v <= VERSIONS; v++)
        made_image(&image[v], &made[v]);
    card_put(FLASH_MAP_SLOT(FLASH_MAP_GOLDEN), image[1].bytes, image[1].length);
    rules = image_file_rules(MANIFEST_BOARD_SIM, 0, made_key_hash());
    boot_log_read(&log);
    for (unsigned i = 0; i < PREFILLS; i++) {
        for (; written < prefills[i]; written++)
            assert_true(boot_log_append(&log, &r));
        memcpy(filled[i], card.part.data + FLASH_MAP_LOG(0), LOG_BYTES);
    }
    return 0;
}

// Operations of a life without a cut.
static unsigned life_ops(unsigned prefill) {
    live(prefill, 0);
    return card.ops;
}

static void power_goes_once_at_every_operation(void **state) {
    (void)state;
    for (unsigned p = 0; p < PREFILLS; p++) {
        const unsigned ops = life_ops(p);
        assert_in_range(ops, 35, 60);
        for (unsigned at = 1; at <= ops; at++) {
            for (unsigned how = 0; how < CUTS; how++) {
                host.cut_at[0] = at;
                host.cut[0] = (enum cut)how;
                live(p, 1);
            }
        }
    }
    printf("%u cuts, one in a life\n", host.cuts);
}

static void lives(unsigned cuts, unsigned in_each, uint64_t seed) {
    const char *asked = getenv("WEIR_POWER_CUTS");
    const unsigned most = asked != NULL ? (unsigned)strtoul(asked, NULL, 10) : cuts;
    card.random = card.part.random = seed * 0x9E3779B97F4A7C15u;
    for (host.cuts = 0; host.cuts < most;) {
        // The second and the third most likely come soon: while the card mends what the one before left.
        for (unsigned i = 0; i < in_each; i++) {
            host.cut_at[i] = 1 + card_random(i == in_each - 1 ? 42 : card_random(2) != 0 ? 4 : 20);
            host.cut[i] = (enum cut)card_random(CUTS);
        }
        live(card_random(PREFILLS), in_each);
    }
    printf("%u cuts, %u in a life\n", host.cuts, in_each);
}

static void power_goes_twice(void **state) {
    (void)state;
    lives(1600, 2, 2);
}

static void power_goes_three_times(void **state) {
    (void)state;
    lives(1800, 3, 3);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test_setup(power_goes_once_at_every_operation, setup),
                                          cmocka_unit_test_setup(power_goes_twice, setup),
                                          cmocka_unit_test_setup(power_goes_three_times, setup)};
UNIT_MAIN(tests)
