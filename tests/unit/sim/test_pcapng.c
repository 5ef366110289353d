// SPDX-License-Identifier: Apache-2.0
// What the writer writes is read back block by block, by a reader that trusts nothing.
#include <errno.h>
#include <unistd.h>

#include "pcapng.h"
#include "pcapng_read.h"
#include "unit.h"

#define ROOM 4000000u

static uint8_t *file;
static size_t size;

static void load(const char *path) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    file = malloc(ROOM);
    assert_non_null(file);
    size = fread(file, 1, ROOM, f);
    assert_true(size < ROOM);
    fclose(f);
    unlink(path);
}

static uint32_t get32(size_t at) {
    uint32_t v;
    assert_true(at + 4 <= size);
    memcpy(&v, file + at, 4);
    return v;
}

static uint16_t get16(size_t at) {
    uint16_t v;
    assert_true(at + 2 <= size);
    memcpy(&v, file + at, 2);
    return v;
}

// Finds an option in [at, end); its length in *len. The list must end properly.
static const uint8_t *option(size_t at, size_t end, uint16_t code, size_t *len) {
    const uint8_t *found = NULL;
    for (;;) {
        uint16_t c = get16(at), n = get16(at + 2);
        at += 4;
        if (c == 0) {
            assert_int_equal(n, 0);
            assert_int_equal(at, end);
            return found;
        }
        if (c == code) {
            found = file + at;
            *len = n;
        }
        at += (n + 3u) & ~3u;
        assert_true(at < end);
    }
}

// Checks the frame of a block and returns its type; *body and *end bound what is inside.
static uint32_t block(size_t at, size_t *body, size_t *end) {
    uint32_t len = get32(at + 4);
    assert_true(len >= 12 && len % 4 == 0 && at + len <= size);
    assert_int_equal(get32(at + len - 4), len);
    *body = at + 8;
    *end = at + len - 4;
    return get32(at);
}

static void section_then_interfaces_then_frames(void **state) {
    static const size_t lens[] = {0, 1, 2, 3, 4, 60, 61, 1514, 9600, 65535};
    const char *names[] = {"wire", "vport0", "vport127"};
    const uint64_t start = 0x123456789ABCull, began = 1764505699123456789ull;
    char path[] = "/tmp/weir-unit-XXXXXX", err[128] = "";
    uint8_t *frame = malloc(65535);
    struct weir_pcapng *p;
    size_t at = 0, body, end, len;
    const uint8_t *o;

    (void)state;
    assert_non_null(frame);
    close(mkstemp(path));
    p = weir_pcapng_open(path, began, err, sizeof(err));
    assert_non_null(p);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weir_pcapng_add_interface(p, names[i], (uint64_t)i * 10000000000), i);
    for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        memset(frame, (int)i + 1, lens[i]);
        assert_int_equal(weir_pcapng_write(p, (int)(i % 3), start + i, (enum weir_pcapng_dir)(i % 3), frame, lens[i],
                                           i % 2 != 0 ? "dropped, NO_DESC" : NULL),
                         0);
    }
    assert_int_equal(weir_pcapng_write(p, 3, 0, WEIR_PCAPNG_IN, frame, 60, NULL), -EINVAL);
    assert_int_equal(weir_pcapng_write(p, -1, 0, WEIR_PCAPNG_IN, frame, 60, NULL), -EINVAL);
    assert_int_equal(weir_pcapng_write(p, 0, 0, WEIR_PCAPNG_IN, frame, 65536, NULL), -EINVAL);
    assert_int_equal(weir_pcapng_flush(p), 0);
    assert_int_equal(weir_pcapng_close(p), 0);
    load(path);

    assert_int_equal(block(at, &body, &end), 0x0A0D0D0A);
    assert_int_equal(get32(body), 0x1A2B3C4D);
    assert_int_equal(get16(body + 4), 1);
    assert_int_equal(get16(body + 6), 0);
    assert_int_equal(get32(body + 8), UINT32_MAX);
    (void)option(body + 16, end, 4, &len);
    at = end + 4;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(block(at, &body, &end), 1);
        assert_int_equal(get16(body), 1); // Ethernet
        o = option(body + 8, end, 2, &len);
        assert_non_null(o);
        assert_int_equal(len, strlen(names[i]));
        assert_memory_equal(o, names[i], len);
        o = option(body + 8, end, 9, &len);
        assert_true(o != NULL && len == 1 && *o == 9);
        o = option(body + 8, end, 8, &len); // bits a second
        assert_int_equal(o != NULL, i != 0);
        if (o != NULL) {
            uint64_t speed;
            assert_int_equal(len, 8);
            memcpy(&speed, o, 8);
            assert_int_equal(speed, (uint64_t)i * 10000000000);
        }
        at = end + 4;
    }
    for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        uint32_t flags;
        assert_int_equal(block(at, &body, &end), 6);
        assert_int_equal(get32(body), i % 3);
        assert_int_equal((uint64_t)get32(body + 4) << 32 | get32(body + 8), began + start + i);
        assert_int_equal(get32(body + 12), lens[i]);
        assert_int_equal(get32(body + 16), lens[i]);
        for (size_t k = 0; k < lens[i]; k++)
            assert_int_equal(file[body + 20 + k], i + 1);
        o = option(body + 20 + ((lens[i] + 3) & ~(size_t)3), end, 2, &len);
        assert_true(o != NULL && len == 4);
        memcpy(&flags, o, 4);
        assert_int_equal(flags, i % 3);
        o = option(body + 20 + ((lens[i] + 3) & ~(size_t)3), end, 1, &len);
        assert_int_equal(o != NULL, i % 2 != 0);
        assert_true(o == NULL || (len == 16 && memcmp(o, "dropped, NO_DESC", 16) == 0));
        at = end + 4;
    }
    assert_int_equal(at, size);
    free(file);
    free(frame);
}

static void long_interface_name_is_cut(void **state) {
    char path[] = "/tmp/weir-unit-XXXXXX", err[128] = "", name[300];
    struct weir_pcapng *p;
    size_t body, end, len = 0;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    close(mkstemp(path));
    p = weir_pcapng_open(path, 0, err, sizeof(err));
    assert_int_equal(weir_pcapng_add_interface(p, name, 0), 0);
    assert_int_equal(weir_pcapng_close(p), 0);
    load(path);
    (void)block(0, &body, &end);
    assert_int_equal(block(end + 4, &body, &end), 1);
    assert_non_null(option(body + 8, end, 2, &len));
    assert_int_equal(len, 63);
    free(file);
}

static void full_disk_is_reported(void **state) {
    char err[128] = "";
    uint8_t frame[1514] = {0};
    struct weir_pcapng *p = weir_pcapng_open("/dev/full", 0, err, sizeof(err));
    int ret = 0;

    (void)state;
    assert_non_null(p);
    assert_int_equal(weir_pcapng_add_interface(p, "wire", 0), 0);
    for (unsigned i = 0; i < 1000; i++)
        ret = weir_pcapng_write(p, 0, i, WEIR_PCAPNG_IN, frame, sizeof(frame), NULL);
    assert_int_equal(ret, -EIO);
    assert_int_equal(weir_pcapng_close(p), -EIO);
}

static void missing_folder_is_one_line(void **state) {
    char err[128] = "";
    (void)state;
    assert_null(weir_pcapng_open("/nonexistent/t.pcapng", 0, err, sizeof(err)));
    assert_non_null(strstr(err, "/nonexistent/t.pcapng"));
    assert_null(strchr(err, '\n'));
    assert_int_equal(weir_pcapng_close(NULL), 0);
}

static void count_and_check(void *ctx, const struct weir_pcapng_packet *p) {
    unsigned *n = ctx, i = (*n)++;
    assert_string_equal(p->interface, i % 2 == 0 ? "wire" : "vport5");
    assert_int_equal(p->dir, i % 2 == 0 ? WEIR_PCAPNG_IN : WEIR_PCAPNG_OUT);
    assert_int_equal(p->ns, 0x100000000ull * i + 7);
    assert_int_equal(p->start, 77);
    assert_string_equal(p->comment, i % 3 == 0 ? "why" : "");
    assert_int_equal(p->speed, i % 2 == 0 ? 5 : 0);
    assert_int_equal(p->len, 60 + i);
    for (size_t k = 0; k < p->len; k++)
        assert_int_equal(p->data[k], i);
}

static void write_twenty(const char *path) {
    uint8_t frame[128];
    char err[128] = "";
    struct weir_pcapng *p = weir_pcapng_open(path, 77, err, sizeof(err));
    assert_non_null(p);
    assert_int_equal(weir_pcapng_add_interface(p, "wire", 5), 0);
    assert_int_equal(weir_pcapng_add_interface(p, "vport5", 0), 1);
    for (unsigned i = 0; i < 20; i++) {
        memset(frame, (int)i, sizeof(frame));
        assert_int_equal(weir_pcapng_write(p, (int)i % 2, 0x100000000ull * i + 7,
                                           i % 2 == 0 ? WEIR_PCAPNG_IN : WEIR_PCAPNG_OUT, frame, 60 + i,
                                           i % 3 == 0 ? "why" : NULL),
                         0);
    }
    assert_int_equal(weir_pcapng_close(p), 0);
}

static void reader_gives_back_what_was_written(void **state) {
    char path[] = "/tmp/weir-unit-XXXXXX", err[160] = "";
    unsigned n = 0;
    (void)state;
    close(mkstemp(path));
    write_twenty(path);
    assert_int_equal(weir_pcapng_read(path, count_and_check, &n, err, sizeof(err)), 0);
    assert_int_equal(n, 20);
    unlink(path);
    assert_int_equal(weir_pcapng_read(path, count_and_check, &n, err, sizeof(err)), -ENOENT);
    assert_non_null(strstr(err, path));
}

static void look_away(void *ctx, const struct weir_pcapng_packet *p) {
    uint8_t last = p->len != 0 ? p->data[p->len - 1] : 0; // the sanitizer watches
    *(unsigned *)ctx += 1u + (last & 0);
}

// Every cut and every damaged byte: a frame more or less, an error, never a step outside.
static void reader_survives_damage(void **state) {
    char path[] = "/tmp/weir-unit-XXXXXX", err[160] = "";
    uint8_t *whole;
    size_t bytes;
    unsigned n = 0;
    FILE *f;

    (void)state;
    close(mkstemp(path));
    write_twenty(path);
    load(path);
    whole = file;
    bytes = size;
    for (size_t cut = 1; cut < bytes; cut += 5) {
        f = fopen(path, "wb");
        assert_int_equal(fwrite(whole, 1, cut, f), cut);
        fclose(f);
        n = 0;
        (void)weir_pcapng_read(path, look_away, &n, err, sizeof(err));
        assert_true(n < 20);
    }
    for (size_t at = 0; at < bytes; at += 3) {
        whole[at] ^= 0xFF;
        f = fopen(path, "wb");
        assert_int_equal(fwrite(whole, 1, bytes, f), bytes);
        fclose(f);
        whole[at] ^= 0xFF;
        n = 0;
        (void)weir_pcapng_read(path, look_away, &n, err, sizeof(err));
        assert_true(n <= 20);
    }
    unlink(path);
    free(whole);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(section_then_interfaces_then_frames),
    cmocka_unit_test(long_interface_name_is_cut),
    cmocka_unit_test(full_disk_is_reported),
    cmocka_unit_test(missing_folder_is_one_line),
    cmocka_unit_test(reader_gives_back_what_was_written),
    cmocka_unit_test(reader_survives_damage),
};
UNIT_MAIN(tests)
