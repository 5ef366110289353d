// SPDX-License-Identifier: Apache-2.0
// Rows 28: a card with blown key fuses starts, is updated with an image of 128 KiB, and hangs. See bench.h.
#include "bench.h"
#include "boot_update.h"
#include "image_file.h"
#include "world.h"

#define IMAGE_BYTES 0x20000u
#define LOOK_CYCLES 5000u // between looks
#define CYCLES_MS (WEIR_CLOCK_HZ / 1000.0)

static struct image_file image;
static uint8_t trusted[32];

static double ms(uint64_t cycles) {
    return (double)cycles / CYCLES_MS;
}

// Until firmware is ready.
static uint64_t start(const uint8_t *key_hash) {
    const struct card_options o = {.firmware = WEIR_FIRMWARE_IMAGE, .key_hash = key_hash};
    char err[256];
    uint64_t cycles;
    struct card *c = card_new(&o, err, sizeof(err));
    CHECK(c != NULL, "%s", err);
    CHECK(card_boot(c, 8000000) == 0, "the card does not start");
    cycles = card_cycles(c);
    card_free(c);
    return cycles;
}

// The firmware's image with zeros behind core 1's program, which the program clears, up to IMAGE_BYTES; signed.
static void make_image(void) {
    static struct image_file own;
    static uint8_t body1[IMAGE_BYTES];
    const struct image_words words = {.version = 8u << 16, .counter = 1, .board = MANIFEST_BOARD_SIM};
    struct image_rules rules = image_file_rules(MANIFEST_BOARD_SIM, 0, NULL);
    struct image_key key;
    struct manifest m;
    char err[256];
    FILE *body[MANIFEST_CORES];

    CHECK(image_file_read(&own, WEIR_FIRMWARE_IMAGE, err, sizeof(err)) == 0, "%s", err);
    CHECK(image_key_read(IMAGE_KEY_DEVELOPMENT, &key, err, sizeof(err)) == 0, "%s", err);
    CHECK(image_file_check(&own, &rules, &m) == IMAGE_GOOD, "the build's image is not good");
    memcpy(body1, own.bytes + m.core[1].offset, m.core[1].bytes);
    body[0] = fmemopen(own.bytes + m.core[0].offset, m.core[0].bytes, "rb");
    body[1] = fmemopen(body1, IMAGE_BYTES - MANIFEST_BYTES - m.core[0].bytes, "rb");
    CHECK(body[0] != NULL && body[1] != NULL && image_file_make(&image, body, &words) == 0, "cannot make an image");
    fclose(body[0]);
    fclose(body[1]);
    CHECK(image.length == IMAGE_BYTES, "%u bytes", image.length);
    image_file_sign(&image, &key);
    image_key_hash(key.public, trusted);
}

static struct weir_flash_status_rsp status(struct world *w) {
    struct weir_flash_status_rsp s;
    CHECK(weir_pf_flash_status(w->pf, &s) == 0, "no status");
    return s;
}

// Until so many are erased.
static void sectors(struct world *w, uint32_t n) {
    while (status(w).erased < n * FLASH_SECTOR)
        card_step(w->card, LOOK_CYCLES, false);
}

static void rest(struct world *w) {
    while (status(w).job != WEIR_FLASH_IDLE)
        card_step(w->card, LOOK_CYCLES, false);
    CHECK(status(w).result == BOOT_UPDATE_OK, "the job fails: %u, %u", status(w).result, status(w).why);
}

static uint64_t answers(struct world *w, uint64_t from) {
    CHECK(weir_pf_ping(w->pf, NULL) == 0, "no answer");
    return card_cycles(w->card) - from;
}

// From a hang of core 0, at an instruction that it comes to when it is asked, to the next answer.
static uint64_t hang(struct world *w) {
    struct weir_panic p = {0};
    uint64_t from = 0;
    for (unsigned i = 0; p.count == 0; i++) {
        CHECK(i < 20, "core 0 does not hang");
        from = card_cycles(w->card);
        card_hang(w->card, 0, from, 40 + 10 * i);
        (void)answers(w, from);
        CHECK(weir_pf_panic(w->pf, 0, &p) == 0, "no record");
    }
    return card_cycles(w->card) - from;
}

// The bytes from `taken` on to `to`.
static void send(struct world *w, uint32_t *taken, uint32_t to) {
    while (*taken < to) {
        const uint32_t before = *taken;
        CHECK(weir_pf_flash_write(w->pf, image.bytes, image.length, taken) == 0, "piece at %u", *taken);
        if (*taken == before)
            card_step(w->card, 1000, false);
    }
}

// Figures, ms of the card's time: 0 power-on to firmware ready, 1 of it the signature's check; of an update 2 erase of
// a sector of 4 KiB, 3 program of as much, 4 verify all, 5 from the command that starts the new image to its first
// answer; 6 from a hang of core 0 to the next answer. What is not measured of the update is written at once: at the
// part's times the simulator would need half an hour.
BENCH_SCENARIO(bench_flash) {
    static struct world w;
    uint32_t taken = 0, written;
    uint64_t from;

    (void)setup;
    make_image();
    figure[0].value = ms(start(trusted));
    figure[1].value = figure[0].value - ms(start(NULL));
    world_card = (struct card_options){.flash_timing = FLASH_TYPICAL, .key_hash = trusted};
    world_open(&w, 0);
    figure[6].value = ms(hang(&w));
    CHECK(weir_pf_flash_begin(w.pf, image.length) == 0, "begin");
    card_flash(w.card)->timing = FLASH_AT_ONCE;
    sectors(&w, 1);
    card_flash(w.card)->timing = FLASH_TYPICAL;
    sectors(&w, status(&w).erased / FLASH_SECTOR + 1); // it may have begun before
    from = card_cycles(w.card);
    sectors(&w, status(&w).erased / FLASH_SECTOR + 1);
    figure[2].value = ms(card_cycles(w.card) - from);
    card_flash(w.card)->timing = FLASH_AT_ONCE;
    sectors(&w, image.length / FLASH_SECTOR);
    written = 4096;
    send(&w, &taken, written);
    card_flash(w.card)->timing = FLASH_TYPICAL;
    from = card_cycles(w.card);
    send(&w, &taken, 2 * written);
    while (status(&w).written < 2 * written)
        card_step(w.card, LOOK_CYCLES, false);
    figure[3].value = ms(card_cycles(w.card) - from);
    card_flash(w.card)->timing = FLASH_AT_ONCE;
    send(&w, &taken, image.length);
    rest(&w);
    from = card_cycles(w.card);
    CHECK(weir_pf_flash_do(w.pf, WEIR_FLASH_DO_VERIFY) == 0, "verify");
    rest(&w);
    figure[4].value = ms(card_cycles(w.card) - from);
    CHECK(weir_pf_flash_do(w.pf, WEIR_FLASH_DO_COMMIT) == 0, "commit");
    rest(&w);
    from = card_cycles(w.card);
    CHECK(weir_pf_flash_do(w.pf, WEIR_FLASH_DO_ACTIVATE) == 0, "activate");
    figure[5].value = ms(answers(&w, from));
    CHECK(status(&w).version == 8u << 16, "the new image does not run");
    world_close(&w);
    world_card = (struct card_options){0};
}
