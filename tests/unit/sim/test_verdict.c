// SPDX-License-Identifier: Apache-2.0
// The demo's verdict: what was asked decides, and nothing that a tool lost goes unsaid.
#include <string.h>

#include "report.h"
#include "tools_read.h"
#include "unit.h"
#include "verdict.h"

static const char detach[] = "the administrator took the VF back";

static struct report_step planned(void) {
    struct report_step s = {.what = "planned failover", .guest = "guest0", .status = "done"};
    snprintf(s.asked.why, sizeof(s.asked.why), "%s", detach);
    s.came = s.asked;
    return s;
}

static void expect_step(struct report_step *s, const char *text) {
    verdict_step(s);
    assert_string_equal(s->failed, text);
}

static void what_came_as_asked_is_good(void **state) {
    struct report_step s = planned();
    (void)state;
    expect_step(&s, "");
    s.asked.surprise = s.came.surprise = true;
    s.lost = s.ledger_lost = 250;
    expect_step(&s, "");
}

static void a_planned_step_is_no_surprise(void **state) {
    struct report_step s = planned();
    (void)state;
    s.came.surprise = true;
    snprintf(s.came.why, sizeof(s.came.why), "the VF no longer answers its guest");
    s.lost = s.ledger_lost = 84; // every one of them in the ledger
    expect_step(&s, "a planned move came as a surprise: the VF no longer answers its guest");
}

static void each_other_outcome_is_named(void **state) {
    struct report_step s = planned();
    (void)state;
    snprintf(s.came.why, sizeof(s.came.why), "live migration");
    expect_step(&s, "asked because 'the administrator took the VF back', came because 'live migration'");
    s = planned();
    s.came.to_vf = true;
    expect_step(&s, "asked to synthetic, went to the VF");
    s = planned();
    s.lost = s.ledger_lost = 1;
    expect_step(&s, "1 frames lost in a planned move");
    s.ledger_lost = 0;
    expect_step(&s, "1 frames lost, the ledger says 0");
    s = planned();
    s.reordered = 2;
    expect_step(&s, "0 frames doubled, 2 reordered");
    s = planned();
    snprintf(s.status, sizeof(s.status), "Connection timed out");
    expect_step(&s, "it was not done: Connection timed out (the administrator took the VF back)");
    s.status[0] = '\0';
    expect_step(&s, "the parent recorded no hand-over");
}

static struct report_tool read_ping(const char *text, int64_t explained) {
    struct report_tool t = {.name = "ping", .during = "attach", .explained = explained};
    tools_unknown(&t);
    tools_read_ping(&t, text);
    verdict_tool(&t);
    return t;
}

static void a_ping_that_lost_is_never_green(void **state) {
    static const char good[] = "PING 10.77.0.1 (10.77.0.1) 56(84) bytes of data.\n\n--- 10.77.0.1 ping statistics ---\n"
                               "50 packets transmitted, 50 received, 0% packet loss, time 9812ms\n"
                               "rtt min/avg/max/mdev = 1.016/2.001/45.309/0.711 ms\n";
    static const char lossy[] = "50 packets transmitted, 39 received, 22% packet loss, time 9812ms\n";
    struct report_tool t = read_ping(good, 0);
    (void)state;
    assert_string_equal(t.failed, "");
    assert_int_equal(t.sent, 50);
    assert_true(t.rtt_max_ms > 45 && t.rtt_max_ms < 46);
    assert_string_equal(read_ping(lossy, 0).failed, "11 lost, the ledger counts 0 drops meanwhile");
    assert_string_equal(read_ping(lossy, 10).failed, "11 lost, the ledger counts 10 drops meanwhile");
    assert_string_equal(read_ping(lossy, 11).failed, "");
    assert_string_equal(read_ping("50 packets transmitted, 0 received, 100% packet loss, time 1ms\n", 50).failed,
                        "no answer at all");
    assert_string_equal(read_ping("9 packets transmitted, 9 received, +2 duplicates, 0% packet loss\n", 9).failed,
                        "2 duplicated, the ledger counts 9 drops meanwhile");
    assert_string_equal(read_ping("9 packets transmitted, 9 received, +1 errors, 0% packet loss\n", 0).failed,
                        "1 errors, the ledger counts 0 drops meanwhile");
    assert_string_equal(read_ping("ping: unknown host\n", 0).failed, "no result");
    // Lost is what a later reply overtook; behind the last one ping did not wait.
    t = read_ping(
        "64 bytes from 10.77.0.1: icmp_seq=1 ttl=64 time=1 ms\n64 bytes from 10.77.0.1: icmp_seq=3 ttl=64 time=2 ms\n"
        "5 packets transmitted, 2 received, 60% packet loss, time 1ms\n",
        0);
    assert_string_equal(t.failed, "1 lost, the ledger counts 0 drops meanwhile");
    assert_int_equal(t.sent, 3);
    t = read_ping(
        "64 bytes from 10.77.0.1: icmp_seq=2 ttl=64 time=1 ms\n64 bytes from 10.77.0.1: icmp_seq=1 ttl=64 time=2 ms\n"
        "5 packets transmitted, 2 received, 60% packet loss, time 1ms\n",
        0);
    assert_string_equal(t.failed, "");
}

static struct report_tool read_iperf_again(const char *text, int64_t syn_again, int64_t data_again) {
    struct report_tool t = {.name = "iperf", .during = "attach"};
    tools_unknown(&t);
    tools_read_iperf(&t, text);
    t.syn_again = syn_again;
    t.data_again = data_again;
    verdict_tool(&t);
    return t;
}

static struct report_tool read_iperf(const char *text) {
    return read_iperf_again(text, -1, -1);
}

// The kernel gives them a second by the wall, data a minute.
static void segments_that_open_a_connection_may_go_again(void **state) {
    static const char text[] =
        "{\"end\":{\"sum_sent\":{\"retransmits\":3},\"sum_received\":{\"bits_per_second\":4e6}}}";
    (void)state;
    assert_string_equal(read_iperf_again(text, 3, 0).failed, "");
    assert_string_equal(read_iperf_again(text, 7, 0).failed, "");
    assert_string_equal(read_iperf_again(text, 2, 1).failed, "1 retransmitted, the ledger counts 0 drops meanwhile");
    // Another connection's opening excuses nothing of this one's data.
    assert_string_equal(read_iperf_again(text, 3, 3).failed, "3 retransmitted, the ledger counts 0 drops meanwhile");
}

static void retransmits_and_lost_datagrams_are_told(void **state) {
    (void)state;
    assert_string_equal(
        read_iperf("{\"end\":{\"sum_sent\":{\"retransmits\":0},\"sum_received\":{\"bits_per_second\":4e6}}}").failed,
        "");
    assert_string_equal(
        read_iperf("{\"end\":{\"sum_sent\":{\"retransmits\":3},\"sum_received\":{\"bits_per_second\":4e6}}}").failed,
        "3 retransmitted, the ledger counts 0 drops meanwhile");
    assert_string_equal(read_iperf("{\"end\":{\"streams\":[{\"udp\":{\"out_of_order\":0}}],"
                                   "\"sum\":{\"packets\":125,\"lost_packets\":1}}}")
                            .failed,
                        "1 lost, the ledger counts 0 drops meanwhile");
    assert_string_equal(read_iperf("{\"end\":{\"streams\":[{\"udp\":{\"out_of_order\":4}}],"
                                   "\"sum\":{\"packets\":125,\"lost_packets\":0}}}")
                            .failed,
                        "4 out of order, the ledger counts 0 drops meanwhile");
    assert_string_equal(read_iperf("{\"error\":\"unable to connect\"}").failed, "no result");
    assert_string_equal(read_iperf("no JSON").failed, "no result");
}

static void one_failure_fails_the_run(void **state) {
    struct report *r = report_new("test");
    struct report_step s = planned();
    char text[2048] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");
    (void)state;
    report_step(r, &s);
    assert_true(report_good(r));
    s.came.surprise = true;
    report_step(r, &s);
    assert_false(report_good(r));
    report_table(r, out, false);
    fclose(out);
    assert_non_null(strstr(text, "FAILED: planned failover: a planned move came as a surprise"));
    assert_null(strstr(text, "exactly once"));
    report_free(r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_came_as_asked_is_good),
    cmocka_unit_test(a_planned_step_is_no_surprise),
    cmocka_unit_test(each_other_outcome_is_named),
    cmocka_unit_test(a_ping_that_lost_is_never_green),
    cmocka_unit_test(segments_that_open_a_connection_may_go_again),
    cmocka_unit_test(retransmits_and_lost_datagrams_are_told),
    cmocka_unit_test(one_failure_fails_the_run),
};
UNIT_MAIN(tests)
