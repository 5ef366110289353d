// SPDX-License-Identifier: Apache-2.0
// There is no card here: what can be tested is that the backend says so, in one line, and leaves nothing behind.
#include "unit.h"
#include "weir_pciaccess.h"

static void no_such_device_is_one_line(void **state) {
    char err[256] = "";
    (void)state;
    assert_null(weir_pciaccess_open("0000:00:1f.7", err, sizeof(err)));
    assert_int_equal(strncmp(err, "0000:00:1f.7: ", 14), 0);
    assert_true(strlen(err) > 20);
    assert_null(strchr(err, '\n'));
}

static void bad_address_is_one_line(void **state) {
    static const char *const bad[] = {
        "", "eth0", "03:00.0", "0000:03:00", "0000:03:20.0", "0000:03:00.8", "0000:03:00.0x", "0000:03:00.0 "};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char err[256] = "";
        assert_null(weir_pciaccess_open(bad[i], err, sizeof(err)));
        assert_non_null(strstr(err, "is no PCI address"));
        assert_null(strchr(err, '\n'));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_such_device_is_one_line),
    cmocka_unit_test(bad_address_is_one_line),
};
UNIT_MAIN(tests)
