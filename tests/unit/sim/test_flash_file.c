// SPDX-License-Identifier: Apache-2.0
// The flash content's file: what is none stays as it is, and the file is written only when the content changed.
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flash.h"
#include "flash_file.h"
#include "flash_map.h"
#include "manifest.h"
#include "unit.h"

#define SLOTS_BYTES (FLASH_MAP_UPDATED * FLASH_MAP_SLOT_BYTES)

static char dir[64], path[96], err[512];
static uint8_t data[FLASH_BYTES], back[FLASH_BYTES];

static void enter(void) {
    snprintf(dir, sizeof(dir), "/tmp/weir-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/flash", dir);
    memset(data, 0xFF, sizeof(data));
}

static void leave(void) {
    unlink(path);
    assert_int_equal(rmdir(dir), 0); // no temporary file is left
}

static void put(const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static size_t get(void) {
    FILE *f = fopen(path, "rb");
    size_t n;
    assert_non_null(f);
    n = fread(back, 1, sizeof(back), f);
    fclose(f);
    return n;
}

static void image_at(uint8_t *at) {
    const uint32_t magic = MANIFEST_MAGIC;
    memcpy(at, &magic, sizeof(magic));
}

static struct flash_file *open_it(void) {
    static uint8_t loaded[FLASH_BYTES];
    struct flash_file *f = flash_file_open(path, loaded, err, sizeof(err));
    if (f != NULL)
        memcpy(data, loaded, sizeof(data));
    return f;
}

static void other_files_are_refused_and_stay(void **state) {
    static const size_t sizes[] = {0, 5, SLOTS_BYTES, SLOTS_BYTES + 1, FLASH_BYTES - 1, FLASH_BYTES};
    static uint8_t text[FLASH_BYTES];

    (void)state;
    enter();
    memset(text, 'x', sizeof(text));
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        put(text, sizes[i]);
        err[0] = '\0';
        assert_null(open_it());
        assert_non_null(strstr(err, path));
        assert_int_equal(get(), sizes[i]);
        assert_memory_equal(back, text, sizes[i]);
    }
    // The first slot alone does not make it one, nor does a folder.
    image_at(text);
    put(text, sizeof(text));
    assert_null(open_it());
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_null(open_it());
    assert_int_equal(rmdir(path), 0);
    leave();
}

static void unchanged_content_is_not_written(void **state) {
    struct flash_file *f;
    struct stat before, after;

    (void)state;
    enter();
    image_at(data);
    put(data, sizeof(data));
    assert_int_equal(stat(path, &before), 0);
    f = open_it();
    assert_non_null(f);
    assert_int_equal(flash_file_save(f, data, err, sizeof(err)), 0);
    flash_file_close(f);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    leave();
}

// From when the part had 2 MiB: what is written has the part's size.
static void a_file_of_the_slots_is_the_parts_beginning(void **state) {
    struct flash_file *f;

    (void)state;
    enter();
    image_at(data);
    data[SLOTS_BYTES - 1] = 0x34;
    put(data, SLOTS_BYTES);
    memset(data, 0, sizeof(data));
    f = open_it();
    assert_non_null(f);
    assert_int_equal(data[SLOTS_BYTES - 1], 0x34);
    for (size_t i = SLOTS_BYTES; i < FLASH_BYTES; i++)
        assert_int_equal(data[i], 0xFF);
    assert_int_equal(flash_file_save(f, data, err, sizeof(err)), 0);
    assert_int_equal(get(), SLOTS_BYTES);
    data[SLOTS_BYTES] = 0x12;
    assert_int_equal(flash_file_save(f, data, err, sizeof(err)), 0);
    flash_file_close(f);
    assert_int_equal(get(), FLASH_BYTES);
    assert_memory_equal(back, data, FLASH_BYTES);
    leave();
}

static void changed_content_takes_its_place_with_its_mode(void **state) {
    struct flash_file *f;
    char link[96];
    struct stat st;

    (void)state;
    enter();
    image_at(data);
    put(data, sizeof(data));
    assert_int_equal(chmod(path, 0640), 0);
    // Through a link: the file changes, not the link.
    snprintf(link, sizeof(link), "%s/link", dir);
    assert_int_equal(symlink(path, link), 0);
    f = flash_file_open(link, data, err, sizeof(err));
    assert_non_null(f);
    data[4096] = 0x12;
    assert_int_equal(flash_file_save(f, data, err, sizeof(err)), 0);
    flash_file_close(f);
    assert_int_equal(get(), FLASH_BYTES);
    assert_memory_equal(back, data, FLASH_BYTES);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(unlink(link), 0);
    leave();
}

static void a_new_file_is_an_erased_part(void **state) {
    struct flash_file *f;

    (void)state;
    enter();
    f = open_it();
    assert_non_null(f);
    assert_true(data[0] == 0xFF && data[FLASH_BYTES - 1] == 0xFF);
    assert_int_equal(access(path, F_OK), -1); // not before there is something to keep
    assert_int_equal(flash_file_save(f, data, err, sizeof(err)), 0);
    flash_file_close(f);
    assert_int_equal(get(), FLASH_BYTES);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/none/flash", dir);
    assert_null(open_it()); // said at the beginning, not after the run
    snprintf(path, sizeof(path), "%s/flash", dir);
    leave();
}

static void a_file_that_came_in_between_stays(void **state) {
    struct flash_file *f;

    (void)state;
    enter();
    f = open_it();
    assert_non_null(f);
    put("mine", 4);
    assert_int_equal(flash_file_save(f, data, err, sizeof(err)), -ESTALE);
    flash_file_close(f);
    assert_int_equal(get(), 4);
    leave();
}

static void two_simulators_do_not_share_one(void **state) {
    struct flash_file *f;

    (void)state;
    enter();
    put(data, sizeof(data));
    f = open_it();
    assert_non_null(f);
    assert_null(open_it());
    assert_non_null(strstr(err, "in use"));
    flash_file_close(f);
    f = open_it();
    assert_non_null(f);
    flash_file_close(f);
    leave();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(other_files_are_refused_and_stay),
    cmocka_unit_test(unchanged_content_is_not_written),
    cmocka_unit_test(a_file_of_the_slots_is_the_parts_beginning),
    cmocka_unit_test(changed_content_takes_its_place_with_its_mode),
    cmocka_unit_test(a_new_file_is_an_erased_part),
    cmocka_unit_test(a_file_that_came_in_between_stays),
    cmocka_unit_test(two_simulators_do_not_share_one),
};
UNIT_MAIN(tests)
