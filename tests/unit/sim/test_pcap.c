// SPDX-License-Identifier: Apache-2.0
// pcap files of either byte order and resolution, cut and damaged ones.
#include <byteswap.h>
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "pcap.h"
#include "unit.h"

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
    put32(f, swap ? 4 | 2u << 16 : 2 | 4u << 16, false);
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
    uint8_t data[2000];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool swap = i % 2 != 0;
        FILE *f = begin(magic[i / 2], 1, swap);
        struct pcap_in *p;
        frame(f, 60, 60, swap);
        frame(f, 3000, 3000, swap); // longer than there is room: cut, the next one is still found
        frame(f, 61, 61, swap);
        fclose(f);
        p = pcap_in_open(path, err, sizeof(err));
        assert_non_null(p);
        assert_int_equal(pcap_in_next(p, data, sizeof(data)), 60);
        assert_int_equal(data[59], 59);
        assert_int_equal(pcap_in_next(p, data, sizeof(data)), 2000);
        assert_int_equal(pcap_in_next(p, data, sizeof(data)), 61);
        assert_int_equal(pcap_in_next(p, data, sizeof(data)), 0);
        pcap_in_close(p);
        unlink(path);
    }
}

static void damaged_files_end_cleanly(void **state) {
    static const struct {
        uint32_t captured, written;
    } bad[] = {{60, 59}, {60, 0}, {0, 0}, {UINT32_MAX, 100}, {262145, 1000}};
    char err[128] = "";
    uint8_t data[2000];

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        FILE *f = begin(0xA1B2C3D4, 1, false);
        struct pcap_in *p;
        frame(f, 60, 60, false);
        frame(f, bad[i].captured, bad[i].written, false);
        fclose(f);
        p = pcap_in_open(path, err, sizeof(err));
        assert_non_null(p);
        assert_int_equal(pcap_in_next(p, data, sizeof(data)), 60);
        assert_int_equal(pcap_in_next(p, data, sizeof(data)), -EBADMSG);
        pcap_in_close(p);
        unlink(path);
    }
}

static void other_files_are_refused_with_one_line(void **state) {
    char err[128];
    FILE *f;

    (void)state;
    err[0] = '\0';
    assert_null(pcap_in_open("/nonexistent/in.pcap", err, sizeof(err)));
    assert_non_null(strstr(err, "/nonexistent/in.pcap"));
    f = begin(0x0A0D0D0A, 1, false); // pcapng
    fclose(f);
    assert_null(pcap_in_open(path, err, sizeof(err)));
    assert_non_null(strstr(err, "not a pcap file"));
    unlink(path);
    f = begin(0xA1B2C3D4, 105, false); // 802.11
    fclose(f);
    assert_null(pcap_in_open(path, err, sizeof(err)));
    assert_non_null(strstr(err, "no Ethernet"));
    unlink(path);
    assert_null(pcap_in_open("/dev/null", err, sizeof(err)));
    assert_null(strchr(err, '\n'));
}

static void written_file_reads_back(void **state) {
    char err[128] = "";
    uint8_t data[256], back[256];
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
    p = pcap_in_open(path, err, sizeof(err));
    assert_non_null(p);
    for (unsigned i = 60; i < 200; i++) {
        memset(data, (int)i, i);
        assert_int_equal(pcap_in_next(p, back, sizeof(back)), i);
        assert_memory_equal(data, back, i);
    }
    assert_int_equal(pcap_in_next(p, back, sizeof(back)), 0);
    pcap_in_close(p);
    unlink(path);
    o = pcap_out_open("/dev/full", err, sizeof(err));
    assert_non_null(o);
    (void)pcap_out_write(o, 0, data, 60);
    assert_int_equal(pcap_out_close(o), -EIO);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(both_byte_orders_and_resolutions),
    cmocka_unit_test(damaged_files_end_cleanly),
    cmocka_unit_test(other_files_are_refused_with_one_line),
    cmocka_unit_test(written_file_reads_back),
};
UNIT_MAIN(tests)
