// SPDX-License-Identifier: Apache-2.0
// Lines of a storm: a burst, then one a second, the rest counted; nothing raw.
#include "log_limit.h"
#include "unit.h"

static unsigned lines;
static char last[256];

static void on_line(void *ctx, const char *line) {
    (void)ctx;
    lines++;
    snprintf(last, sizeof(last), "%s", line);
}

__attribute__((format(printf, 3, 4))) static void say(struct log_limit *l, int64_t now, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    log_limit_say(l, now, "vf1", on_line, NULL, fmt, ap);
    va_end(ap);
}

static void a_storm_is_a_burst_and_a_count(void **state) {
    struct log_limit l = {0};

    (void)state;
    lines = 0;
    for (unsigned i = 0; i < 1000; i++)
        say(&l, 5000000, "client %u left", i);
    assert_int_equal(lines, LOG_BURST);
    log_limit_tick(&l, 5000999, "vf1", on_line, NULL);
    assert_int_equal(lines, LOG_BURST);
    log_limit_tick(&l, 5001000, "vf1", on_line, NULL);
    assert_int_equal(lines, LOG_BURST + 1);
    assert_string_equal(last, "vf1: 988 lines suppressed");
    log_limit_tick(&l, 5009000, "vf1", on_line, NULL); // said once
    assert_int_equal(lines, LOG_BURST + 1);
    // An hour of it: a line a second, of which every one but the last says how many are not there.
    lines = 0;
    for (int64_t now = 6000000; now < 9600000; now += 100)
        say(&l, now, "again");
    assert_true(lines >= 3600 && lines <= 3600 + LOG_BURST);
}

static void nothing_is_printed_raw(void **state) {
    struct log_limit l = {0};

    (void)state;
    say(&l, 0, "%s", "a\033[31m\n\t\x7F\xC3\xA9z");
    assert_string_equal(last, "vf1: a?[31m?????z");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_storm_is_a_burst_and_a_count),
    cmocka_unit_test(nothing_is_printed_raw),
};
UNIT_MAIN(tests)
