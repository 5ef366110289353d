// SPDX-License-Identifier: Apache-2.0
// Files named for output: replaced only by their own kind.
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out_file.h"
#include "pcap.h"
#include "pcapng.h"
#include "unit.h"

static char dir[64], path[96], err[512];

static void enter(void) {
    snprintf(dir, sizeof(dir), "/tmp/weir-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/file", dir);
}

static void leave(void) {
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

static void put(const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static long size(void) {
    struct stat st;
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void other_kinds_stay(void **state) {
    static const char text[] = "the only copy of a letter, longer than any header of a capture could be, really";
    static const out_file_kind kinds[] = {out_file_is_pcap, out_file_is_pcapng, out_file_is_fst};

    (void)state;
    enter();
    for (size_t n = 1; n <= sizeof(text); n += n < 4 ? 1 : 19) {
        put(text, n);
        for (unsigned k = 0; k < 3; k++) {
            errno = 0;
            assert_null(out_file_open(path, kinds[k]));
            assert_int_equal(errno, EEXIST);
            assert_int_equal(out_file_check(path, kinds[k]), -EEXIST);
            assert_int_equal(size(), n);
        }
        assert_null(pcap_out_open(path, err, sizeof(err)));
        assert_non_null(strstr(err, path));
        assert_null(weir_pcapng_open(path, 0, err, sizeof(err)));
        assert_non_null(strstr(err, path));
        assert_int_equal(size(), n);
    }
    leave();
}

static void a_capture_replaces_its_own_kind_only(void **state) {
    struct pcap_out *p;
    struct weir_pcapng *t;
    const uint8_t frame[60] = {0};

    (void)state;
    enter();
    for (unsigned round = 0; round < 2; round++) {
        p = pcap_out_open(path, err, sizeof(err));
        assert_non_null(p);
        assert_int_equal(pcap_out_write(p, 0, frame, sizeof(frame)), 0);
        assert_int_equal(pcap_out_close(p), 0);
        assert_int_equal(size(), 24 + 16 + 60);
    }
    assert_null(weir_pcapng_open(path, 0, err, sizeof(err)));
    assert_int_equal(size(), 24 + 16 + 60);
    assert_int_equal(unlink(path), 0);
    t = weir_pcapng_open(path, 0, err, sizeof(err));
    assert_non_null(t);
    assert_int_equal(weir_pcapng_close(t), 0);
    assert_null(pcap_out_open(path, err, sizeof(err)));
    t = weir_pcapng_open(path, 0, err, sizeof(err));
    assert_non_null(t);
    assert_int_equal(weir_pcapng_close(t), 0);
    leave();
}

static void nobody_reads_what_he_writes(void **state) {
    struct pcap_out *p;
    struct pcap_in *in;

    (void)state;
    enter();
    p = pcap_out_open(path, err, sizeof(err));
    assert_non_null(p);
    assert_null(pcap_out_open(path, err, sizeof(err)));
    assert_null(pcap_in_open(path, 2000, err, sizeof(err)));
    assert_int_equal(pcap_out_close(p), 0);
    in = pcap_in_open(path, 2000, err, sizeof(err));
    assert_non_null(in);
    assert_null(pcap_out_open(path, err, sizeof(err)));
    pcap_in_close(in);
    assert_int_equal(size(), 24);
    leave();
}

static void a_waveform_is_told_by_its_head(void **state) {
    static const uint8_t fst[] = {0, 0, 0, 0, 0, 0, 0, 1, 0x49, 0};
    char other[128];
    FILE *f;

    (void)state;
    enter();
    assert_int_equal(out_file_check_fst(path, err, sizeof(err)), 0); // there is none
    assert_int_equal(size(), -1);                                    // and none is made
    put(fst, sizeof(fst));
    assert_int_equal(out_file_check_fst(path, err, sizeof(err)), 0);
    snprintf(other, sizeof(other), "%s.hier", path);
    f = fopen(other, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(out_file_check_fst(path, err, sizeof(err)), -EEXIST);
    assert_int_equal(unlink(other), 0);
    put("letter", 6);
    assert_int_equal(out_file_check_fst(path, err, sizeof(err)), -EEXIST);
    leave();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(other_kinds_stay),
    cmocka_unit_test(a_capture_replaces_its_own_kind_only),
    cmocka_unit_test(nobody_reads_what_he_writes),
    cmocka_unit_test(a_waveform_is_told_by_its_head),
};
UNIT_MAIN(tests)
