// SPDX-License-Identifier: Apache-2.0
// SHA-256 of the card against the model, which known digests stand against: whatever the length, whoever feeds it - a
// core, the bulk reader, one behind the other - and however slowly.
#include "flash_bench.h"

#include "sha_model.h"

static void gap(unsigned most) {
    fb_ticks(bench_below(most + 1));
}

static void feed(unsigned core, const uint8_t *m, unsigned n, unsigned gaps) {
    for (unsigned i = 0; i + 4 <= n; i += 4) {
        uint32_t w;
        memcpy(&w, m + i, 4);
        CHECK(SHA_WR(core, DATA, w) <= 50, "a word waits for more than 50 cycles");
        gap(gaps);
    }
}

// The last bytes, and until the digest is there.
static void finish(unsigned core, const uint8_t *m, unsigned n, uint8_t digest[32]) {
    uint32_t tail = n % 4;
    for (unsigned i = 0; i < n % 4; i++)
        tail |= (uint32_t)m[n / 4 * 4 + i] << (8 + 8 * i);
    SHA_WR(core, FINISH, tail);
    uint64_t from = weir_rtl_cycles(bench_model);
    while (SHA_RD(core, STATUS) != 1u << WEIR_SHA_STATUS_DONE_LSB)
        CHECK(weir_rtl_cycles(bench_model) - from <= 120, "no digest within 120 cycles");
    for (unsigned i = 0; i < 8; i++) {
        uint32_t w = fb_read(core, WEIR_CSR_SHA, WEIR_SHA_DIGEST_OFFSET + 4 * i);
        memcpy(digest + 4 * i, &w, 4);
    }
}

static void claim(unsigned core) {
    CHECK(SHA_RD(core, CLAIM) == 1, "core %u does not get the block", core);
}

static void expect(const uint8_t *m, unsigned n, const uint8_t digest[32], const char *how) {
    uint8_t want[32];
    sha_model(m, n, want);
    CHECK(memcmp(want, digest, 32) == 0, "%u bytes %s: digest %02x%02x.., model %02x%02x..", n, how, digest[0],
          digest[1], want[0], want[1]);
}

// FIPS 180-4's own examples, on the model and on the card.
void sha_known(void) {
    static const struct {
        const char *text;
        uint8_t digest[8];
    } known[] = {
        {"", {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14}},
        {"abc", {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea}},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", {0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8}}};
    fb_start();
    claim(0);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t digest[32];
        const uint8_t *m = (const uint8_t *)known[i].text;
        unsigned n = (unsigned)strlen(known[i].text);
        sha_model(m, n, digest);
        CHECK(memcmp(digest, known[i].digest, 8) == 0, "the model itself: \"%s\"", known[i].text);
        SHA_WR(0, START, 0);
        feed(0, m, n, 0);
        finish(0, m, n, digest);
        CHECK(memcmp(digest, known[i].digest, 8) == 0, "\"%s\"", known[i].text);
    }
}

void sha_random(void) {
    static uint8_t m[70000];
    fb_start();
    for (unsigned i = 0; i < sizeof(m); i++)
        m[i] = (uint8_t)bench_rand();
    for (unsigned n = 0; n <= 301; n++) {
        unsigned core = bench_below(2), length = n == 301 ? sizeof(m) - bench_below(8) : n;
        uint8_t digest[32];
        claim(core);
        SHA_WR(core, START, 0);
        if (bench_below(8) == 0) { // another message, given up
            feed(core, m, bench_below(150), 0);
            SHA_WR(core, START, 0);
        }
        feed(core, m, length, n % 3 == 0 ? 0 : n % 3 == 1 ? 5 : 90);
        finish(core, m, length, digest);
        expect(m, length, digest, "from a core");
        SHA_WR(core, CLAIM, 0);
    }
}

// Whole words from the flash, in one read or several, some by the core in between and behind; the words are stored,
// too.
void sha_from_flash(void) {
    fb_start();
    claim(1);
    for (unsigned n = 0; n <= 301; n++) {
        unsigned length = n == 301 ? 60000 + bench_below(8) : n, at = 0;
        uint32_t from = bench_below(100000) * 4;
        const uint8_t *m = flash.part.data + from;
        uint8_t digest[32];
        SHA_WR(1, START, 0);
        stored_count = 0;
        while (length - at >= 4) {
            unsigned some = n % 2 != 0 ? length - at : 4 + bench_below(length - at - 3);
            some &= ~3u;
            if (n % 2 == 0 && bench_below(3) == 0) {
                feed(1, m + at, some, 4);
            } else {
                unsigned words = stored_count, cycles;
                FLASH_WR(1, READ_ADDR, from + at);
                FLASH_WR(1, READ_DEST, 0x10000000 + at);
                FLASH_WR(1, READ_LEN, some | READ_HASHED);
                cycles = fb_wait_bulk(1);
                CHECK(stored_count - words == some / 4, "%u of %u words stored", stored_count - words, some / 4);
                // 80 clocks of command, 4 cycles a byte; the hash costs next to nothing on top.
                CHECK(cycles <= 130 + some * 4 + some / 64 * 6, "%u bytes take %u cycles", some, cycles);
            }
            at += some;
        }
        for (unsigned k = 0; k < stored_count; k++)
            CHECK(memcmp(&stored[k].data, m + (stored[k].addr & 0xFFFFFFF), 4) == 0, "word at %08x", stored[k].addr);
        finish(1, m, length, digest);
        expect(m, length, digest, "from the flash");
    }
}

// The block is one core's until that one lets go or is reset; the other one's accesses have no effect and learn
// nothing.
void sha_owner(void) {
    static const uint8_t m[] = "the words of one core only";
    const unsigned n = sizeof(m) - 1;
    uint8_t digest[32];
    fb_start();
    for (unsigned i = 0; i < 16; i++) {
        unsigned core = i & 1, other = 1 - core;
        CHECK(SHA_RD(core, CLAIM) == 1 && SHA_RD(other, CLAIM) == 0 && SHA_RD(core, CLAIM) == 1, "claim");
        SHA_WR(core, START, 0);
        feed(core, m, 8, 0);
        SHA_WR(other, START, 0);
        SHA_WR(other, DATA, 0x12345678);
        SHA_WR(other, FINISH, 0);
        SHA_WR(other, CLAIM, 0);
        stored_count = 0;
        FLASH_WR(other, READ_LEN, 64 | READ_HASHED);
        CHECK(FLASH_RD(other, READ_LEN) == 0 && FLASH_RD(other, STATUS) == 2 && stored_count == 0, "a stranger's read");
        CHECK(SHA_RD(other, STATUS) == 0 && SHA_RD(core, STATUS) == 1, "status");
        feed(core, m + 8, n - 8, 0);
        finish(core, m, n, digest);
        expect(m, n, digest, "beside a stranger");
        CHECK(SHA_RD(other, STATUS) == 0 && SHA_RD(other, DIGEST) == 0, "the other core sees the digest");
        if (i % 4 < 2) {
            SHA_WR(core, CLAIM, 0);
        } else {
            SHA_WR(core, START, 0);
            if (i % 8 < 4)
                FLASH_WR(core, READ_LEN, 2048 | READ_HASHED); // whose rest must not get into the next message
            else
                feed(core, m, 8, 0);
            fb_run(core, false);
            fb_run(core, true);
        }
        claim(other);
        CHECK(SHA_RD(other, STATUS) == 0 && SHA_RD(other, DIGEST) == 0, "what another core left is there");
        SHA_WR(other, START, 0);
        feed(other, m, n, 30);
        finish(other, m, n, digest);
        expect(m, n, digest, "after another core");
        SHA_WR(other, CLAIM, 0);
        fb_wait_bulk(0);
    }
}

// What comes out of turn ends the message, and START begins one that is right again.
void sha_out_of_turn(void) {
    static const uint8_t m[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789";
    const unsigned n = sizeof(m) - 1;
    fb_start();
    claim(0);
    for (unsigned i = 0; i < 8; i++) {
        uint8_t digest[32];
        if (i > 0)
            SHA_WR(0, START, 0);
        if (i >= 3 && i < 6) {
            FLASH_WR(0, READ_LEN, 4096 | READ_HASHED);
            fb_ticks(bench_below(2000));
            CHECK((FLASH_RD(0, READ_LEN) & READ_HASHED) != 0, "no word of the hash");
        }
        if (i == 6) {
            SHA_WR(0, FINISH, 0);
            fb_ticks(bench_below(200));
        }
        if (i == 0 || i == 3 || i == 6)
            SHA_WR(0, DATA, 1);
        if (i == 4)
            SHA_WR(0, START, 0);
        if (i == 0 || i == 5)
            SHA_WR(0, FINISH, 0);
        if (i == 1)
            SHA_WR(0, CLAIM, 0);
        if (i == 1)
            claim(0);
        if (i == 2) {
            FLASH_WR(0, READ_LEN, 4096 | READ_HASHED);
            fb_ticks(500);
            FLASH_WR(0, CTL, 0); // cut short: the message goes on with what came
            CHECK(SHA_RD(0, STATUS) == 1, "a read that was cut ends the message");
        } else if (i != 7) {
            CHECK(SHA_RD(0, STATUS) == 0 && (FLASH_RD(0, READ_LEN) & READ_HASHED) == 0, "%u: the message goes on", i);
            fb_ticks(200);
            CHECK(SHA_RD(0, STATUS) == 0 && SHA_RD(0, DIGEST) == 0, "%u: a digest of nothing", i);
        }
        fb_wait_bulk(0);
        SHA_WR(0, START, 0);
        feed(0, m, n, 3);
        finish(0, m, n, digest);
        expect(m, n, digest, "after a message that was ended");
    }
}
