// SPDX-License-Identifier: Apache-2.0
// Secure boot of the whole card: the ROM's own check on the core, on images that are signed, not signed, and on trial.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_log.h"
#include "boot_port.h"
#include "card.h"
#include "flash_part.h"
#include "image_file.h"

#define CLOCK_KHZ 250000u
#define BOOT_MOST 8000000u
#define TO_RUN_US 20000u   // a slot good for booting is running by then, and
#define TO_CHECK_US 12000u // its signature takes no longer

#define CHECK(cond, ...)                                                                                               \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static char image_path[64], flash_path[64];
static struct image_file image;
static uint8_t trusted[32];

static void clean_up(void) {
    unlink(image_path);
    unlink(flash_path);
}

static void setup(void) {
    char err[512];
    struct image_key key;
    snprintf(image_path, sizeof(image_path), "/tmp/weir-secure-%ld.img", (long)getpid());
    snprintf(flash_path, sizeof(flash_path), "/tmp/weir-secure-%ld.flash", (long)getpid());
    atexit(clean_up);
    CHECK(image_file_read(&image, WEIR_FIRMWARE_IMAGE, err, sizeof(err)) == 0, "%s", err);
    CHECK(image_key_read(IMAGE_KEY_DEVELOPMENT, &key, err, sizeof(err)) == 0, "%s", err);
    image_key_hash(key.public, trusted);
}

static struct card *power_on(const uint8_t *key_hash, const char *firmware, const char *flash) {
    const struct card_options o = {
        .firmware = firmware, .flash_file = flash, .flash_timing = FLASH_TYPICAL, .key_hash = key_hash};
    char err[512];
    struct card *c = card_new(&o, err, sizeof(err));
    CHECK(c != NULL, "%s", err);
    return c;
}

static uint64_t starts(const uint8_t *key_hash) {
    struct card *c = power_on(key_hash, WEIR_FIRMWARE_IMAGE, NULL);
    uint64_t cycles;
    const int ret = card_boot(c, BOOT_MOST);
    char why[320];
    card_refusals(c, why, sizeof(why));
    CHECK(ret == 0, "the card does not start: %d (%s)", ret, why);
    cycles = card_cycles(c);
    card_free(c);
    return cycles;
}

static void a_signed_image_is_running_in_time(void) {
    const uint64_t without = starts(NULL), with = starts(trusted);
    const uint64_t run_us = with * 1000 / CLOCK_KHZ, check_us = (with - without) * 1000 / CLOCK_KHZ;
    printf("running after %llu us, without fuses %llu us: the signature takes %llu us (%llu cycles)\n",
           (unsigned long long)run_us, (unsigned long long)(without * 1000 / CLOCK_KHZ), (unsigned long long)check_us,
           (unsigned long long)(with - without));
    CHECK(run_us <= TO_RUN_US, "it takes longer than %u us", TO_RUN_US);
    CHECK(check_us <= TO_CHECK_US, "the check takes longer than %u us", TO_CHECK_US);
    CHECK(check_us > 1000, "no signature was checked");
}

// What the card says of the image in slot A.
static void refused(const uint8_t *key_hash, enum image_refusal why) {
    char err[512], said[320];
    struct card *c;
    CHECK(image_file_write(&image, image_path, err, sizeof(err)) == 0, "%s", err);
    c = power_on(key_hash, image_path, NULL);
    CHECK(card_boot(c, BOOT_MOST) == -ENOEXEC, "an image that is to be refused is started: %s",
          image_refusal_name(why));
    card_refusals(c, said, sizeof(said));
    CHECK(strstr(said, image_refusal_text(why)) != NULL, "not refused for %s: %s", image_refusal_name(why), said);
    card_free(c);
}

static void what_the_key_did_not_sign_is_refused(void) {
    uint8_t other[32];
    memcpy(other, trusted, sizeof(other));
    other[31] ^= 1;
    refused(other, IMAGE_KEY);
    image.bytes[MANIFEST_AT_build_id] ^= 1;
    refused(trusted, IMAGE_SIGNATURE);
    image.bytes[MANIFEST_AT_build_id] ^= 1;
    image.bytes[image.length - 1] ^= 1;
    refused(trusted, IMAGE_CORE1_DIGEST);
    refused(NULL, IMAGE_CORE1_DIGEST);
    image.bytes[image.length - 1] ^= 1;
    memset(image.bytes + MANIFEST_AT_signature, 0, MANIFEST_LEN_signature);
    refused(trusted, IMAGE_SIGNATURE_NONE);
}

// ---- a trial ----

static uint8_t content[FLASH_BYTES];

bool boot_port_read(uint32_t at, void *to, uint32_t bytes) {
    memcpy(to, content + at, bytes);
    return true;
}

bool boot_port_program(uint32_t at, const void *from, uint32_t bytes) {
    memcpy(content + at, from, bytes);
    return true;
}

bool boot_port_erase(uint32_t at) {
    memset(content + at, 0xFF, FLASH_MAP_SECTOR);
    return true;
}

void boot_port_hash(const void *from, uint32_t bytes, uint8_t digest[32]) {
    crypto_hash_sha256(digest, from, bytes);
}

static void save(void) {
    FILE *f = fopen(flash_path, "wb");
    CHECK(f != NULL && fwrite(content, 1, sizeof(content), f) == sizeof(content) && fclose(f) == 0, "cannot write %s",
          flash_path);
}

// The last record of the log in the running card's flash.
static struct boot_record last_record(struct card *c) {
    struct boot_log log;
    static const uint32_t at = FLASH_MAP_LOG(0);
    for (uint32_t i = 0; i < 2 * FLASH_MAP_SECTOR; i += 256) {
        const uint8_t read[4] = {0x03, (uint8_t)((at + i) >> 16), (uint8_t)((at + i) >> 8), (uint8_t)(at + i)};
        CHECK(card_flash_transfer(c, read, sizeof(read), content + at + i, 256), "the card has its flash selected");
    }
    boot_log_read(&log);
    CHECK(log.status == BOOT_LOG_GOOD, "the log of the card is not good: %d", log.status);
    return log.last;
}

// Firmware that stops leaves the part as it is: in the middle of an erase, say, and then it answers nothing.
static void leave_it_erasing(struct card *c) {
    static const uint8_t enable = 0x06, erase[4] = {0x20, 0x40, 0, 0}, status = 0x05;
    uint8_t busy = 0;
    CHECK(card_flash_transfer(c, &enable, 1, NULL, 0) && card_flash_transfer(c, erase, sizeof(erase), NULL, 0) &&
              card_flash_transfer(c, &status, 1, &busy, 1) && (busy & FLASH_SR1_WIP) != 0,
          "the part does not erase");
}

// An image that hangs at its first instruction goes on trial; with nobody to help, the card runs the old one again.
static void a_trial_that_hangs_reverts_by_itself(void) {
    static const uint8_t hang[4] = {0x6F, 0, 0, 0}; // j .
    const struct image_words words = {.version = 0x00010000, .counter = 1, .board = MANIFEST_BOARD_SIM};
    static struct image_file bad;
    const struct boot_record trial = {.floor = 1,
                                      .event = BOOT_EVENT_COMMIT,
                                      .slot = FLASH_MAP_B,
                                      .tries = BOOT_LOG_TRIES,
                                      .active = FLASH_MAP_A,
                                      .state = {BOOT_SLOT_USABLE, BOOT_SLOT_TRIAL}};
    FILE *body[MANIFEST_CORES] = {fmemopen((void *)(uintptr_t)hang, 4, "rb"),
                                  fmemopen((void *)(uintptr_t)hang, 4, "rb")};
    struct boot_record r;
    struct boot_log log;
    struct card *c;

    CHECK(image_file_make(&bad, body, &words) == 0, "cannot make an image");
    memcpy(bad.bytes + MANIFEST_AT_key, image.bytes + MANIFEST_AT_key, MANIFEST_LEN_key);
    memset(bad.bytes + MANIFEST_AT_signature, 1, MANIFEST_LEN_signature);
    memset(content, 0xFF, sizeof(content));
    memcpy(content + FLASH_MAP_SLOT(FLASH_MAP_A), image.bytes, image.length);
    memcpy(content + FLASH_MAP_SLOT(FLASH_MAP_B), bad.bytes, bad.length);
    boot_log_read(&log);
    CHECK(boot_log_append(&log, &trial), "cannot write a record");
    save();
    c = power_on(NULL, NULL, flash_path);
    CHECK(card_boot(c, 600000) != 0, "an image that hangs is ready");
    r = last_record(c);
    CHECK(r.event == BOOT_EVENT_TRY && r.tries == BOOT_LOG_TRIES - 1 && r.number == 2,
          "its first try is not in the log");
    leave_it_erasing(c);
    CHECK(card_boot(c, BOOT_MOST) == 0, "the card does not go back to what ran before");
    r = last_record(c);
    CHECK(r.event == BOOT_EVENT_REVERT && r.state[FLASH_MAP_B] == BOOT_SLOT_FAILED && r.number == 2 + BOOT_LOG_TRIES,
          "the log does not say that it reverted: event %u, record %u", r.event, r.number);
    CHECK(r.active == FLASH_MAP_A && r.floor == 1, "the log says something else of slot A");
    printf("running again after %llu us\n", (unsigned long long)(card_cycles(c) * 1000 / CLOCK_KHZ));
    card_free(c);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"a_signed_image_is_running_in_time", a_signed_image_is_running_in_time},
                 {"what_the_key_did_not_sign_is_refused", what_the_key_did_not_sign_is_refused},
                 {"a_trial_that_hangs_reverts_by_itself", a_trial_that_hangs_reverts_by_itself}};
    for (unsigned i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(argv[1], cases[i].name) == 0) {
            setup();
            cases[i].run();
            return 0;
        }
    }
    fprintf(stderr, "usage: test_secure CASE\n");
    return 2;
}
