// SPDX-License-Identifier: Apache-2.0
// pcap files of either byte order and resolution, cut and damaged ones.
#include <byteswap.h>
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "pcap.h"
#include "unit.h"

#define MOST 2000u

static char path[64];

static void put32(FILE *f, uint32_t v, bool swap) {
    v = swap ? bswap_32(v) : v;
    assert_int_equal(fwrite(&v, 4, 1, f), 1);
}

static FILE *begin(uint32_t magic, uint32_t link, bool swap) {
    FILE *f;
    snprintf(path, sizeof(path), "/tmp/weir-unit-XXXXXX");
    f = fdopen(mkstemp(path), "wb");
    assert_non_null(f);
    put32(f, magic, swap);
    put32(f, swap ? 0x04000200 : 0x00040002, false); // version 2.4 as two halves
    put32(f, 0, swap);
    put32(f, 0, swap);
    put32(f, 65535, swap);
    put32(f, link, swap);
    return f;
}

static void frame(FILE *f, uint32_t captured, uint32_t written, bool swap) {
    put32(f, 1, swap);
    put32(f, 2, swap);
    put32(f, captured, swap);
    put32(f, captured, swap);
    for (uint32_t i = 0; i < written; i++)
        fputc((int)(i & 0xFF), f);
}

static void both_byte_orders_and_resolutions(void **state) {
    static const uint32_t magic[] = {0xA1B2C3D4, 0xA1B23C4D};
    char err[128] = "";
    uint8_t data[MOST];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool swap = i % 2 != 0;
        FILE *f = begin(magic[i / 2], 1, swap);
        struct pcap_in *p;
        frame(f, 60, 60, swap);
        frame(f, MOST, MOST, swap);
        frame(f, 61, 61, swap);
        fclose(f);
        p = pcap_in_open(path, MOST, err, sizeof(err));
        assert_non_null(p);
        assert_int_equal(pcap_in_next(p, data), 60);
        assert_int_equal(data[59], 59);
        assert_int_equal(pcap_in_next(p, data), 2000);
        assert_int_equal(pcap_in_next(p, data), 61);
        assert_int_equal(pcap_in_next(p, data), 0);
        pcap_in_close(p);
        unlink(path);
    }
}

// The whole file as written, for damage.
static uint8_t whole[4096];
static size_t whole_len;

static void small_file(bool swap) {
    char err[256] = "";
    struct pcap_in *p;
    FILE *f = begin(0xA1B2C3D4, 1, swap);
    for (unsigned i = 0; i < 3; i++)
        frame(f, 60 + i, 60 + i, swap);
    fclose(f);
    f = fopen(path, "rb");
    assert_non_null(f);
    whole_len = fread(whole, 1, sizeof(whole), f);
    assert_int_equal(whole_len, 24 + 3 * 16 + 60 + 61 + 62);
    fclose(f);
    p = pcap_in_open(path, MOST, err, sizeof(err)); // it is good, so the damage is what is refused
    assert_non_null(p);
    pcap_in_close(p);
}

static void write_damaged(const uint8_t *bytes, size_t len) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

// Whole frames at whole places play; anything else is refused with its place, and nothing of it is played.
static void every_cut_is_refused_whole(void **state) {
    (void)state;
    small_file(false);
    for (size_t len = 0; len < whole_len; len++) {
        bool between = len == 24 || len == 24 + 76 || len == 24 + 76 + 77;
        char err[256] = "";
        struct pcap_in *p;
        write_damaged(whole, len);
        p = pcap_in_open(path, MOST, err, sizeof(err));
        assert_int_equal(p != NULL, between);
        if (p == NULL)
            assert_true(strstr(err, path) != NULL && strchr(err, '\n') == NULL);
        if (p == NULL && len > 24)
            assert_non_null(strstr(err, len < 100   ? "frame 1, at byte 24: it is cut off"
                                        : len < 177 ? "frame 2, at byte 100: it is cut off"
                                                    : "frame 3, at byte 177: it is cut off"));
        pcap_in_close(p);
    }
    unlink(path);
}

// A bit of a header, flipped: refused, or (dates, the longest frame that a tool would have kept) of no meaning here:
// then all frames are there as they were.
static void every_flipped_bit_is_refused_or_harmless(void **state) {
    static const size_t header[] = {0, 24, 100, 177}, bytes[] = {24, 16, 16, 16};
    unsigned refused = 0, harmless = 0;
    (void)state;
    for (unsigned swap = 0; swap < 2; swap++) {
        small_file(swap != 0);
        for (unsigned h = 0; h < 4; h++)
            for (size_t bit = 0; bit < 8 * bytes[h]; bit++) {
                uint8_t damaged[sizeof(whole)], data[MOST];
                char err[256] = "";
                struct pcap_in *p;
                memcpy(damaged, whole, whole_len);
                damaged[header[h] + bit / 8] ^= (uint8_t)(1u << bit % 8);
                write_damaged(damaged, whole_len);
                p = pcap_in_open(path, MOST, err, sizeof(err));
                if (p == NULL) {
                    assert_true(strstr(err, path) != NULL && strchr(err, '\n') == NULL);
                    refused++;
                    continue;
                }
                for (unsigned i = 0; i < 3; i++) {
                    assert_int_equal(pcap_in_next(p, data), 60 + i);
                    for (unsigned k = 0; k < 60 + i; k++)
                        assert_int_equal(data[k], k);
                }
                assert_int_equal(pcap_in_next(p, data), 0);
                pcap_in_close(p);
                harmless++;
            }
    }
    unlink(path);
    printf("%u flips refused, %u harmless\n", refused, harmless);
    // Harmless: seconds and low bits of the fraction of three frames, snap length, upper half of the link type.
    assert_true(refused >= 2 * (96 + 3 * 64) && harmless <= 2 * (32 + 16 + 3 * (32 + 20)));
}

static void insane_frames_are_refused(void **state) {
    static const struct {
        uint32_t captured, original, fraction;
        const char *says;
    } bad[] = {{0, 0, 0, "its length is none"},           {UINT32_MAX, UINT32_MAX, 0, "its length is none"},
               {262145, 262145, 0, "its length is none"}, {60, 1514, 0, "was cut when it was captured"},
               {60, 60, 1000000, "its time is none"},     {MOST + 1, MOST + 1, 0, "longer than a wire carries"}};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        FILE *f = begin(0xA1B2C3D4, 1, false);
        char err[256] = "";
        frame(f, 60, 60, false);
        put32(f, 1, false);
        put32(f, bad[i].fraction, false);
        put32(f, bad[i].captured, false);
        put32(f, bad[i].original, false);
        for (unsigned k = 0; k < 3000; k++)
            fputc(0, f);
        fclose(f);
        assert_null(pcap_in_open(path, MOST, err, sizeof(err)));
        assert_non_null(strstr(err, bad[i].says));
        unlink(path);
    }
}

static void other_files_are_refused_with_one_line(void **state) {
    char err[128];
    FILE *f;

    (void)state;
    err[0] = '\0';
    assert_null(pcap_in_open("/nonexistent/in.pcap", MOST, err, sizeof(err)));
    assert_non_null(strstr(err, "/nonexistent/in.pcap"));
    f = begin(0x0A0D0D0A, 1, false); // pcapng
    fclose(f);
    assert_null(pcap_in_open(path, MOST, err, sizeof(err)));
    assert_non_null(strstr(err, "not a pcap file"));
    unlink(path);
    f = begin(0xA1B2C3D4, 105, false); // 802.11
    fclose(f);
    assert_null(pcap_in_open(path, MOST, err, sizeof(err)));
    assert_non_null(strstr(err, "no Ethernet"));
    unlink(path);
    assert_null(pcap_in_open("/dev/null", MOST, err, sizeof(err)));
    assert_null(strchr(err, '\n'));
}

static void written_file_reads_back(void **state) {
    char err[128] = "";
    uint8_t data[256], back[MOST];
    struct pcap_out *o;
    struct pcap_in *p;

    (void)state;
    fclose(begin(0, 0, false));
    assert_null(pcap_out_open(path, err, sizeof(err))); // no capture, so it stays
    assert_int_equal(unlink(path), 0);
    o = pcap_out_open(path, err, sizeof(err));
    assert_non_null(o);
    for (unsigned i = 60; i < 200; i++) {
        memset(data, (int)i, i);
        assert_int_equal(pcap_out_write(o, i * 1000000007ull, data, i), 0);
    }
    assert_int_equal(pcap_out_close(o), 0);
    p = pcap_in_open(path, MOST, err, sizeof(err));
    assert_non_null(p);
    for (unsigned i = 60; i < 200; i++) {
        memset(data, (int)i, i);
        assert_int_equal(pcap_in_next(p, back), i);
        assert_memory_equal(data, back, i);
    }
    assert_int_equal(pcap_in_next(p, back), 0);
    pcap_in_close(p);
    unlink(path);
    o = pcap_out_open("/dev/full", err, sizeof(err));
    assert_non_null(o);
    (void)pcap_out_write(o, 0, data, 60);
    assert_int_equal(pcap_out_close(o), -EIO);
}

static const struct CMUnitTest tests[] = {
    // read
    cmocka_unit_test(both_byte_orders_and_resolutions),
    // damaged
    cmocka_unit_test(every_cut_is_refused_whole),
    // bit by bit
    cmocka_unit_test(every_flipped_bit_is_refused_or_harmless),
    // of other kinds
    cmocka_unit_test(insane_frames_are_refused),
    cmocka_unit_test(other_files_are_refused_with_one_line),
    // written
    cmocka_unit_test(written_file_reads_back),
};
UNIT_MAIN(tests)
