// SPDX-License-Identifier: Apache-2.0
// The card's firmware is updated under traffic on both paths and while guests change theirs, to another build and back:
// written beside the one that runs, started at once, confirmed; no frame is lost, doubled or out of order.
// test_update <case> [seed]
#include <errno.h>
#include <string.h>

#include "boot_decide.h"
#include "boot_update.h"
#include "failover_world.h"

#define UPDATES 20u // or as many as WEIR_SOAK says
#define BACK_CYCLES (WEIR_CLOCK_HZ / 20)
#define IMAGE_MOST 0x40000u

static struct fw f;
static uint8_t image[IMAGE_MOST];
static uint32_t bytes;

static void read_image(const char *path) {
    FILE *in = fopen(path, "rb");
    CHECK(in != NULL, "%s cannot be read", path);
    bytes = (uint32_t)fread(image, 1, sizeof(image), in);
    CHECK(bytes > 1000 && bytes < sizeof(image), "%u bytes", bytes);
    fclose(in);
}

static struct weir_flash_status_rsp status(void) {
    struct weir_flash_status_rsp s;
    int err = weir_pf_flash_status(f.w.pf, &s);
    CHECK(err == 0, "the flash's state cannot be read: %s", strerror(-err));
    return s;
}

// Traffic goes on until the job has ended.
static struct weir_flash_status_rsp rest(void) {
    struct weir_flash_status_rsp s = status();
    for (uint64_t end = fw_cycle(&f) + 50000000; s.job != WEIR_FLASH_IDLE; s = status()) {
        CHECK(fw_cycle(&f) < end, "job %u does not end", s.job);
        fw_run(&f, 5000);
    }
    return s;
}

static void change_path(unsigned guest) {
    unsigned id = (unsigned)f.guest[guest].id;
    enum weir_vstack_state s = weir_vstack_state(f.vs, id);
    int err = 0;
    if (s == WEIR_VSTACK_DETACHED)
        err = weir_vstack_attach(f.vs, id);
    else if (s == WEIR_VSTACK_ATTACHED)
        err = weir_vstack_detach(f.vs, id, WEIR_WHY_DETACH);
    CHECK(err == 0 || err == -EALREADY, "guest %u cannot change its path: %s", guest, strerror(-err));
}

static void done(enum weir_flash_do what, const char *name) {
    struct weir_flash_status_rsp s;
    int err = weir_pf_flash_do(f.w.pf, what);
    CHECK(err == 0, "%s: %s", name, strerror(-err));
    s = rest();
    CHECK(s.result == BOOT_UPDATE_OK, "%s: result %u, reason %u", name, s.result, s.why);
}

static void write_image(void) {
    uint32_t taken = 0;
    int err = weir_pf_flash_begin(f.w.pf, bytes);
    CHECK(err == 0, "begin: %s", strerror(-err));
    while (taken < bytes) {
        uint32_t before = taken;
        err = weir_pf_flash_write(f.w.pf, image, bytes, &taken);
        CHECK(err == 0, "piece at %u: %s", taken, strerror(-err));
        if (taken == before || taken % 4096 < before % 4096)
            fw_run(&f, 2000);
    }
    CHECK(rest().result == BOOT_UPDATE_OK, "the image is not taken in: %u", status().result);
}

// One update from its first byte to its confirmation. Cycles from the command to the answer of the new firmware.
static uint64_t update(unsigned n) {
    struct weir_flash_status_rsp was = rest(), s;
    uint64_t from, took;
    int err;

    read_image(n % 2 == 0 ? WEIR_OTHER_IMAGE : WEIR_FIRMWARE_IMAGE);
    write_image();
    done(WEIR_FLASH_DO_VERIFY, "verify");
    change_path(2 + n % 2);
    done(WEIR_FLASH_DO_COMMIT, "commit");
    from = fw_cycle(&f);
    err = weir_pf_flash_do(f.w.pf, WEIR_FLASH_DO_ACTIVATE);
    CHECK(err == 0, "activate: %s", strerror(-err));
    fw_run(&f, 1000 + world_rand() % 3000);
    CHECK(weir_pf_ping(f.w.pf, NULL) == 0, "the new firmware does not answer");
    took = fw_cycle(&f) - from;
    CHECK(took <= BACK_CYCLES, "back after %" PRIu64 " cycles", took);
    s = rest();
    CHECK(s.slot == (was.slot ^ 1u) && s.kind == BOOT_TRIAL, "slot %u runs as %u", s.slot, s.kind);
    CHECK((s.version == (7u << 16 | 7)) == (n % 2 == 0), "version %x runs", s.version);
    change_path(2 + world_rand() % 2);
    fw_run(&f, 20000);
    done(WEIR_FLASH_DO_CONFIRM, "confirm");
    CHECK(rest().kind == BOOT_CONFIRMED, "it is not the one");
    return took;
}

static void updates_lose_nothing(uint64_t seed) {
    const char *soak = getenv("WEIR_SOAK");
    unsigned want = soak != NULL ? (unsigned)strtoul(soak, NULL, 0) : UPDATES;
    uint64_t slowest = 0;

    fw_open(&f, seed, NULL);
    for (unsigned i = 0; i < FW_GUESTS; i++)
        fw_guest_add(&f, i);
    fw_attach(&f, 0);
    for (unsigned i = 0; i < FW_GUESTS; i++) {
        flow_add(f.net, f.wire, f.guest[i].endpoint, 3000);
        flow_add(f.net, f.guest[i].endpoint, f.wire, 4000);
        flow_add(f.net, f.guest[i].endpoint, f.guest[(i + 1) % FW_GUESTS].endpoint, 5000);
    }
    fw_run(&f, 100000);
    for (unsigned n = 0; n < want; n++) {
        uint64_t took = update(n);
        slowest = took > slowest ? took : slowest;
    }
    fw_run(&f, 400000);
    fw_drain(&f);
    fw_check_flows(&f, "over updates");
    for (uint64_t i = 0; i < weir_vstack_num_records(f.vs); i++) {
        const struct weir_vstack_record *r = weir_vstack_record(f.vs, i);
        CHECK(r == NULL || (r->status == 0 && !r->surprise), "move %u ended with %d", (unsigned)i,
              r != NULL ? r->status : 0);
    }
    CHECK(weir_vstack_restart(f.vs).count == want && !weir_vstack_restart(f.vs).lost,
          "the stack heard of %u restarts of %u", weir_vstack_restart(f.vs).count, want);
    printf("%u updates of %u bytes under traffic, %" PRIu64 " moves, the mailbox paused for at most %" PRIu64
           " cycles\n",
           want, bytes, weir_vstack_num_records(f.vs), slowest);
    fw_close(&f);
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (argc > 1 && strcmp(argv[1], "updates_lose_nothing") == 0)
        updates_lose_nothing(seed);
    else
        world_fail(__FILE__, __LINE__, "no such case");
    return 0;
}
