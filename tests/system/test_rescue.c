// SPDX-License-Identifier: Apache-2.0
// A card that has no firmware to run: its boot ROM's rescue program takes an image in over the mailbox and does nothing
// else; firmware that is lost while it ran comes back without a frame lost. test_rescue <case>
#include <errno.h>
#include <string.h>

#include "boot_decide.h"
#include "boot_update.h"
#include "failover_world.h"
#include "flash_map.h"
#include "manifest.h"

#define IMAGE_MOST 0x40000u
#define BOOT_MOST 4000000u
#define ANSWER_MOST 100000u // cycles

static struct fw f;
static uint8_t image[IMAGE_MOST];
static uint32_t bytes;
static struct weir_pf_config plain = {
    .num_vfs = 1, .num_vports = 2, .default_qps = 1, .tx_log2 = 8, .rx_log2 = 8, .buf_bytes = 2048};

static void read_image(void) {
    FILE *in = fopen(WEIR_FIRMWARE_IMAGE, "rb");
    CHECK(in != NULL, "%s cannot be read", WEIR_FIRMWARE_IMAGE);
    bytes = (uint32_t)fread(image, 1, sizeof(image), in);
    CHECK(bytes > 1000 && bytes < sizeof(image), "%u bytes", bytes);
    fclose(in);
}

static void pass(uint64_t cycles) {
    if (f.net != NULL)
        fw_run(&f, cycles);
    else
        card_step(f.w.card, cycles, false);
}

static struct weir_flash_status_rsp rest(void) {
    struct weir_flash_status_rsp s;
    for (uint64_t end = card_cycles(f.w.card) + 50000000;; pass(2000)) {
        int err = weir_pf_flash_status(f.w.pf, &s);
        CHECK(err == 0, "the flash's state cannot be read: %s", strerror(-err));
        if (s.job == WEIR_FLASH_IDLE)
            return s;
        CHECK(card_cycles(f.w.card) < end, "job %u does not end", s.job);
    }
}

static void done(enum weir_flash_do what, enum boot_update_status result) {
    struct weir_flash_status_rsp s;
    int err = weir_pf_flash_do(f.w.pf, what);
    CHECK(err == 0, "%u: %s", what, strerror(-err));
    s = rest();
    CHECK(s.result == result, "%u ended with %u, reason %u, not with %u", what, s.result, s.why, result);
}

// The first `until` bytes of the image.
static void write_image(uint32_t until) {
    uint32_t taken = 0;
    int err = weir_pf_flash_begin(f.w.pf, bytes);
    CHECK(err == 0, "begin: %s", strerror(-err));
    while (taken < until) {
        uint32_t before = taken;
        err = weir_pf_flash_write(f.w.pf, image, bytes, &taken);
        CHECK(err == 0, "piece at %u: %s", taken, strerror(-err));
        if (taken == before)
            pass(2000);
    }
    if (until == bytes)
        CHECK(rest().result == BOOT_UPDATE_OK, "the image is not taken in");
}

// Behind the commit the card starts what was written.
static void activate(void) {
    uint64_t end;
    int ret = weir_pf_flash_do(f.w.pf, WEIR_FLASH_DO_ACTIVATE);
    CHECK(ret == 0, "activate: %s", strerror(-ret));
    for (end = card_cycles(f.w.card) + BOOT_MOST; weir_pf_rescue_ask(f.w.pf) != 0; pass(2000))
        CHECK(card_cycles(f.w.card) < end, "the firmware that was written does not run");
}

static void opened(void) {
    char err[256] = "";
    CHECK(weir_pf_open(weir_inproc_open(f.w.ip, 0), &plain, &f.w.pf, err, sizeof(err)) == 0, "%s", err);
}

// Every command that needs firmware is refused in the time of an answer, whoever asks.
static void refuses_the_rest(void) {
    static const uint16_t ops[] = {
#define CMD(op, name, req, rsp, who, state, since, text) (op),
#include "mbox.def"
#undef CMD
    };
    static const uint16_t lengths[] = {
#define CMD(op, name, req, rsp, who, state, since, text) (req),
#include "mbox.def"
#undef CMD
    };
    unsigned refused = 0;
    for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        uint8_t req[WEIR_MBOX_PAYLOAD] = {0}, rsp[WEIR_MBOX_PAYLOAD];
        uint64_t began = card_cycles(f.w.card);
        unsigned status = 0;
        if (ops[i] == WEIR_CMD_HELLO || ops[i] == WEIR_CMD_READ_LOG || ops[i] >= WEIR_CMD_FLASH_STATUS)
            continue;
        (void)weir_mbox_call(weir_pf_dev(f.w.pf), ops[i], req, lengths[i], rsp, 0, &status);
        CHECK(status == WEIR_WRONG_STATE || status == WEIR_PERMISSION, "command %04x is answered %u", ops[i], status);
        CHECK(card_cycles(f.w.card) - began < ANSWER_MOST, "command %04x takes %u cycles", ops[i],
              (unsigned)(card_cycles(f.w.card) - began));
        refused++;
    }
    CHECK(refused > 30, "%u commands", refused);
}

static void erase(uint32_t at) {
    const uint8_t enable = 0x06, cmd[4] = {0x20, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    CHECK(card_flash_transfer(f.w.card, &enable, 1, NULL, 0) &&
              card_flash_transfer(f.w.card, cmd, sizeof(cmd), NULL, 0),
          "the card has its flash selected");
}

// Every image is erased behind the back of the firmware that runs, and then it panics.
static void lose_firmware(void) {
    for (unsigned slot = 0; slot < FLASH_MAP_SLOTS; slot++)
        erase(FLASH_MAP_SLOT(slot));
    for (unsigned i = 0; weir_pf_rescue_ask(f.w.pf) != 1; i++) {
        CHECK(i < 100, "no damage brings core 0 down");
        card_upset(f.w.card, 0, card_cycles(f.w.card), 61 * (i % 16));
        pass(100000);
    }
}

// Firmware is lost, and the driver is another one before there is any: it finds no VF of the last one's.
static void a_reset_leaves_nothing_of_lost_firmware(void) {
    struct weir_get_caps_rsp caps = {0};
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0};
    CHECK(weir_pf_alloc_vf(f.w.pf, 0, mac, "guest") == 0, "no VF");
    lose_firmware();
    weir_pf_close(f.w.pf);
    opened();
    CHECK(weir_pf_rescue(f.w.pf), "the card is not in rescue");
    write_image(bytes);
    done(WEIR_FLASH_DO_COMMIT, BOOT_UPDATE_OK);
    activate();
    CHECK(weir_mbox_call(weir_pf_dev(f.w.pf), WEIR_CMD_GET_CAPS, NULL, 0, &caps, sizeof(caps), NULL) == 0 &&
              caps.cur_vports == 0,
          "the firmware goes on with a switch that the reset ended");
    weir_pf_close(f.w.pf);
    opened();
    CHECK(weir_pf_alloc_vf(f.w.pf, 0, mac, "guest") == 0, "the VF is not free");
    CHECK(weir_pf_free_vf(f.w.pf, 0) == 0, "the VF cannot be freed");
}

static void an_empty_card_takes_firmware_in(void) {
    const struct card_options o = {.console = getenv("WEIR_CONSOLE") != NULL};
    struct weir_flash_status_rsp s;
    struct weir_read_log_req at = {0};
    struct weir_read_log_rsp log;
    char err[256] = "";

    f.w.card = card_new(&o, err, sizeof(err));
    CHECK(f.w.card != NULL, "%s", err);
    CHECK(card_boot(f.w.card, BOOT_MOST) == -ENOEXEC, "an empty flash boots");
    CHECK(card_boot(f.w.card, BOOT_MOST) == 0, "the rescue program is not there");
    f.w.host = host_new(f.w.card, err, sizeof(err));
    CHECK(f.w.host != NULL, "%s", err);
    f.w.ip = weir_inproc_new(f.w.host);
    opened();
    CHECK(weir_pf_rescue(f.w.pf) && weir_pf_rescue_ask(f.w.pf) == 1, "the card does not say that it is in rescue");
    s = rest();
    CHECK(s.kind == BOOT_RESCUE && s.version == (IMAGE_ERASED | IMAGE_ERASED << 8 | IMAGE_ERASED << 16),
          "kind %u, refusals %06x", s.kind, s.version);
    CHECK(weir_mbox_call(weir_pf_dev(f.w.pf), WEIR_CMD_READ_LOG, &at, sizeof(at), &log, sizeof(log), NULL) == 0 &&
              memmem(log.text, log.length, "rescue", 6) != NULL,
          "the log does not say it: %.*s", (int)log.length, log.text);
    refuses_the_rest();

    // A driver that goes in the middle leaves nothing in the way of the next one.
    write_image(bytes / 2);
    weir_pf_close(f.w.pf);
    opened();
    CHECK(rest().bytes == 0, "the image of a driver that went is still awaited");
    done(WEIR_FLASH_DO_COMMIT, BOOT_UPDATE_NONE);
    done(WEIR_FLASH_DO_CONFIRM, BOOT_UPDATE_NOT_ON_TRIAL);
    // Nothing is started that is not whole.
    image[bytes - 1] ^= 1;
    write_image(bytes);
    done(WEIR_FLASH_DO_COMMIT, BOOT_UPDATE_IMAGE);
    image[bytes - 1] ^= 1;
    write_image(bytes);
    done(WEIR_FLASH_DO_COMMIT, BOOT_UPDATE_OK);
    activate();
    weir_pf_close(f.w.pf);
    opened();
    CHECK(!weir_pf_rescue(f.w.pf) && weir_pf_ping(f.w.pf, NULL) == 0, "the card is still in rescue");
    s = rest();
    CHECK(s.kind == BOOT_TRIAL && s.slot == FLASH_MAP_A, "slot %u runs as %u", s.slot, s.kind);
    done(WEIR_FLASH_DO_CONFIRM, BOOT_UPDATE_OK);
    a_reset_leaves_nothing_of_lost_firmware();
    printf("an empty card runs what was written after %" PRIu64 " cycles\n", card_cycles(f.w.card));
    world_close(&f.w);
}

static void lost_firmware_comes_back_under_traffic(void) {
    uint32_t panics;
    struct weir_panic p;

    fw_open(&f, 1, NULL);
    for (unsigned i = 0; i < FW_GUESTS; i++)
        fw_guest_add(&f, i);
    fw_attach(&f, 0);
    fw_attach(&f, 1);
    for (unsigned i = 0; i < FW_GUESTS; i++) {
        flow_add(f.net, f.wire, f.guest[i].endpoint, 3000);
        flow_add(f.net, f.guest[i].endpoint, f.wire, 4000);
        flow_add(f.net, f.guest[i].endpoint, f.guest[(i + 1) % FW_GUESTS].endpoint, 5000);
    }
    fw_run(&f, 100000);
    CHECK(weir_pf_panic(f.w.pf, 0, &p) == 0, "no panic record");
    panics = p.count;
    lose_firmware();
    refuses_the_rest();
    fw_run(&f, 200000);
    write_image(bytes);
    done(WEIR_FLASH_DO_COMMIT, BOOT_UPDATE_OK);
    activate();
    CHECK(weir_pf_panic(f.w.pf, 0, &p) == 0 && p.count == panics + 1, "%u panics behind %u", p.count, panics);
    fw_run(&f, 200000);
    CHECK(!weir_vstack_restart(f.vs).lost, "the firmware knows nothing of what was there");
    fw_detach(&f, 0);
    fw_attach(&f, 2);
    fw_run(&f, 100000);
    fw_drain(&f);
    fw_check_flows(&f, "over a rescue");
    printf("firmware was lost and written anew under traffic\n");
    fw_close(&f);
}

int main(int argc, char **argv) {
    read_image();
    if (argc > 1 && strcmp(argv[1], "an_empty_card_takes_firmware_in") == 0)
        an_empty_card_takes_firmware_in();
    else if (argc > 1 && strcmp(argv[1], "lost_firmware_comes_back_under_traffic") == 0)
        lost_firmware_comes_back_under_traffic();
    else
        world_fail(__FILE__, __LINE__, "no such case");
    return 0;
}
