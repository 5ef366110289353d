// SPDX-License-Identifier: Apache-2.0
// Firmware on the whole card writes its flash through hal_flash (tests/rtl/ctrl/flashtest.c), and the part takes the
// time that it is told to (weir-sim --flash-timing).
#include "flashtest.h"
#include "world.h"

#define US 250u // cycles

static struct card *boot(enum flash_timing timing) {
    const struct card_options opt = {
        .firmware = FLASHTEST_IMAGE, .flash_timing = timing, .console = getenv("WEIR_CONSOLE") != NULL};
    char err[256] = "";
    struct card *c = card_new(&opt, err, sizeof(err));
    CHECK(c != NULL, "%s", err);
    CHECK(card_boot(c, 3000000) == 0, "the program does not say that its first page is written");
    return c;
}

static void look(struct card *c, uint32_t at, void *to, size_t n) {
    const uint8_t read[] = {0x03, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    // bound: the card lets go of the part between two commands
    for (unsigned i = 0; i < 1000; i++) {
        if (card_flash_transfer(c, read, sizeof(read), to, n))
            return;
        (void)card_step(c, 100, false);
    }
    CHECK(false, "the card has the flash part selected all the time");
}

static void firmware_writes_step_by_step(void) {
    struct card *c = boot(FLASH_AT_ONCE);
    struct flashtest_result r;
    for (unsigned i = 0; i < 100; i++) {
        (void)card_step(c, 20000, false);
        look(c, TEST_RESULT + FLASH_PAGE, &r, sizeof(r));
        if (r.magic == RESULT_PASS)
            break;
    }
    CHECK(r.magic == RESULT_PASS, "the program does not end well; see what it says with WEIR_CONSOLE=1");
    CHECK(r.longest <= LONGEST_TURN, "a turn of the main loop of %u cycles", r.longest);
    printf("longest turn %u cycles; page %u cycles, sector %u\n", r.longest, r.program_cycles, r.erase_cycles);
    card_free(c);
}

static void a_page_takes_the_parts_time(void) {
    static const struct {
        enum flash_timing timing;
        uint32_t least, most; // us, with the time that 256 bytes need at the pins
    } with[] = {{FLASH_AT_ONCE, 0, 60}, {FLASH_TYPICAL, 600, 660}, {FLASH_MAXIMUM, 3000, 3100}};
    for (unsigned i = 0; i < 3; i++) {
        struct card *c = boot(with[i].timing);
        struct flashtest_result r;
        look(c, TEST_RESULT, &r, sizeof(r));
        CHECK(r.magic == RESULT_FIRST, "no result");
        CHECK(r.program_cycles >= with[i].least * US && r.program_cycles <= with[i].most * US,
              "a page takes %u cycles, not %u to %u", r.program_cycles, with[i].least * US, with[i].most * US);
        card_free(c);
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"firmware_writes_step_by_step", firmware_writes_step_by_step},
                 {"a_page_takes_the_parts_time", a_page_takes_the_parts_time}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (argc < 2 || strcmp(argv[1], cases[i].name) == 0)
            cases[i].run();
    }
    return 0;
}
