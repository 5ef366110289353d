// SPDX-License-Identifier: Apache-2.0
// Power of the whole card goes at any moment of an update, in the middle of the flash's operations too, and comes
// again: it always starts, and what runs is what was confirmed last, or what was committed and is on trial. The same of
// the firmware alone, at every operation: tests/unit/boot/test_power.c. test_cut <case> [seed]
#include <string.h>

#include "boot_decide.h"
#include "boot_update.h"
#include "world.h"

#define CUTS 3u // or as many as WEIR_SOAK says
#define IMAGE_MOST 0x40000u
#define HASTE 100u // of the flash's time where it takes any: an erase takes 0.45 ms, a page 6 us
#define OTHER_VERSION (7u << 16 | 7)

static struct {
    uint8_t bytes[IMAGE_MOST];
    uint32_t length;
} image[2]; // by slot that they go to: what starts in A, and another build
static uint8_t *content, *weak;
static struct world w;
static uint64_t cut_at; // cycle of the card
static bool cut;        // power is gone
static unsigned torn;

// Where power goes, and how long it may take to.
enum part { WRITING, COMMITTING, STARTING, CONFIRMING, PARTS };
#define WRITING_CYCLES 700000u    // the log's record, sectors, perhaps all of them
#define COMMITTING_CYCLES 150000u // most of it is the image's check
#define RESTART_CYCLES 400000u    // the ROM's record of the try, too
#define CONFIRMING_CYCLES 30000u

static void read_image(unsigned i, const char *path) {
    FILE *in = fopen(path, "rb");
    CHECK(in != NULL, "%s cannot be read", path);
    image[i].length = (uint32_t)fread(image[i].bytes, 1, sizeof(image[i].bytes), in);
    CHECK(image[i].length > 1000 && image[i].length < sizeof(image[i].bytes), "%u bytes", image[i].length);
    fclose(in);
}

static void power_on(uint64_t random) {
    const struct card_options o = {.flash_haste = HASTE};
    const struct weir_pf_config cfg = {
        .num_vports = 1, .default_qps = 1, .tx_log2 = 8, .rx_log2 = 8, .buf_bytes = 2048};
    struct flash_part *p;
    char err[320] = "";
    memset(&w, 0, sizeof(w));
    w.card = card_new(&o, err, sizeof(err));
    CHECK(w.card != NULL, "%s", err);
    p = card_flash(w.card);
    memcpy(p->data, content, FLASH_BYTES);
    memcpy(p->weak, weak, FLASH_BYTES);
    p->random = random;
    if (card_boot(w.card, 4000000) != 0) {
        card_refusals(w.card, err, sizeof(err));
        CHECK(false, "the card does not start: %s", err);
    }
    w.host = host_new(w.card, err, sizeof(err));
    CHECK(w.host != NULL, "%s", err);
    w.ip = weir_inproc_new(w.host);
    CHECK(w.ip != NULL && weir_pf_open(weir_inproc_open(w.ip, 0), &cfg, &w.pf, err, sizeof(err)) == 0, "%s", err);
    cut = false;
}

static void power_off(void) {
    struct flash_part *p = card_flash(w.card);
    torn += flash_part_busy(p);
    flash_part_power_cut(p);
    memcpy(content, p->data, FLASH_BYTES);
    memcpy(weak, p->weak, FLASH_BYTES);
    weir_pf_close(w.pf);
    weir_inproc_free(w.ip);
    host_free(w.host);
    card_free(w.card);
}

// Cycles pass, and the moment may come.
static bool alive(unsigned cycles) {
    if (!cut)
        card_step(w.card, cycles, false);
    cut = cut || card_cycles(w.card) >= cut_at;
    return !cut;
}

static struct weir_flash_status_rsp status(void) {
    struct weir_flash_status_rsp s;
    CHECK(weir_pf_flash_status(w.pf, &s) == 0, "no status");
    return s;
}

// False: power went before the job was over.
static bool rest(const char *what) {
    while (alive(200))
        if (status().job == WEIR_FLASH_IDLE) {
            CHECK(status().result == BOOT_UPDATE_OK, "%s: %u, reason %u", what, status().result, status().why);
            return true;
        }
    return false;
}

static bool job(enum weir_flash_do what, const char *name) {
    CHECK(weir_pf_flash_do(w.pf, what) == 0, "%s", name);
    return rest(name);
}

static bool write_image(unsigned to) {
    uint32_t taken = 0;
    CHECK(weir_pf_flash_begin(w.pf, image[to].length) == 0, "begin");
    while (alive(100) && taken < image[to].length)
        CHECK(weir_pf_flash_write(w.pf, image[to].bytes, image[to].length, &taken) == 0, "piece at %u", taken);
    return !cut && rest("write");
}

// Which image runs, 0 or 1.
static unsigned runs(void) {
    struct weir_flash_status_rsp s = status();
    while (s.job != WEIR_FLASH_IDLE) {
        card_step(w.card, 1000, false);
        s = status();
    }
    CHECK(s.kind != BOOT_RESCUE, "no image may run");
    CHECK((s.version == OTHER_VERSION) == (s.slot == 1) && s.slot <= 1, "slot %u runs version %x", s.slot, s.version);
    return s.slot;
}

// From here on the flash takes its time, and power goes at any of `within` cycles.
static void cut_within(unsigned within) {
    card_flash(w.card)->timing = FLASH_TYPICAL;
    cut_at = card_cycles(w.card) + world_rand() % within;
}

// From begin to confirm, while there is power: it goes in one of the parts. How far it came: what may run then.
static void update(unsigned to, enum part part, bool *committed, bool *confirmed) {
    *committed = *confirmed = false;
    cut_at = UINT64_MAX;
    if (part == WRITING)
        cut_within(WRITING_CYCLES);
    if (!write_image(to))
        return;
    *committed = true; // asked for: it may be in the log or not
    if (part == COMMITTING)
        cut_within(COMMITTING_CYCLES);
    if (!job(WEIR_FLASH_DO_COMMIT, "commit"))
        return;
    if (part == STARTING)
        cut_within(RESTART_CYCLES);
    CHECK(weir_pf_flash_do(w.pf, WEIR_FLASH_DO_ACTIVATE) == 0, "activate");
    for (unsigned i = 0; i < RESTART_CYCLES / 200; i++)
        if (!alive(200))
            return;
    CHECK(weir_pf_ping(w.pf, NULL) == 0 && runs() == to, "the new image does not run");
    if (part == CONFIRMING)
        cut_within(CONFIRMING_CYCLES);
    *confirmed = job(WEIR_FLASH_DO_CONFIRM, "confirm");
}

static void power_goes_in_an_update(uint64_t seed) {
    const char *soak = getenv("WEIR_SOAK");
    const unsigned want = soak != NULL ? (unsigned)strtoul(soak, NULL, 0) : CUTS;
    unsigned now = 0, count[3] = {0}; // cuts before the commit, behind it, behind the confirmation
    bool committed, confirmed;

    world_seed(seed);
    content = malloc(FLASH_BYTES);
    weak = calloc(FLASH_BYTES, 1);
    CHECK(content != NULL && weak != NULL, "out of memory");
    read_image(0, WEIR_FIRMWARE_IMAGE);
    read_image(1, WEIR_OTHER_IMAGE);
    memset(content, 0xFF, FLASH_BYTES);
    memcpy(content, image[0].bytes, image[0].length);
    for (unsigned i = 0; i < want; i++) {
        const unsigned to = 1 - now;
        const enum part part = i % PARTS;
        unsigned is;
        power_on(world_rand() + 1ull);
        CHECK(runs() == now, "what was confirmed does not run");
        if (status().kind == BOOT_TRIAL) {
            cut_at = UINT64_MAX;
            CHECK(job(WEIR_FLASH_DO_CONFIRM, "confirm"), "it is not confirmed");
        }
        update(to, part, &committed, &confirmed);
        power_off();
        power_on(world_rand() + 1ull);
        is = runs();
        CHECK(is == now || (committed && is == to), "cut %u: image %u runs, confirmed is %u", i, is, now);
        CHECK(!confirmed || is == to, "cut %u: what was confirmed does not run", i);
        count[confirmed ? 2 : committed ? 1 : 0]++;
        now = is;
        power_off();
    }
    printf("%u cuts: %u before the commit, %u from there on, %u behind the confirmation; %u tore an operation\n", want,
           count[0], count[1], count[2], torn);
    free(content);
    free(weak);
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (argc > 1 && strcmp(argv[1], "power_goes_in_an_update") == 0)
        power_goes_in_an_update(seed);
    else
        world_fail(__FILE__, __LINE__, "no such case");
    return 0;
}
