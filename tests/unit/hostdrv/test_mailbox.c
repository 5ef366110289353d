// SPDX-License-Identifier: Apache-2.0
// Calls of a device's mailbox over restarts of the card's firmware, and how long they wait for whom.
#include <errno.h>
#include <stdbool.h>

#include "dev_int.h"
#include "unit.h"

// A mailbox that answers: what it says to each request in turn, the last for ever; with `stuck` it never does.
static struct {
    struct weir_bus bus;
    bool stuck, stopped;
    unsigned status[4], answers, requests, hellos, waits;
    uint32_t cycle, owner, req[2];
    uint64_t passed;
} fake;
static struct weir_dev dev;

static bool is_hello(void) {
    return (fake.req[0] & 0xFFFF) == WEIR_CMD_HELLO;
}

static unsigned status(void) {
    return is_hello() ? WEIR_OK : fake.status[fake.answers - 1];
}

static unsigned length(void) {
    return status() != WEIR_OK ? 0 : is_hello() ? sizeof(struct weir_hello_rsp) : sizeof(struct weir_ping_rsp);
}

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    (void)bus;
    *value = offset == WEIR_BAR_CYCLE          ? fake.cycle
             : offset == WEIR_BAR_MBOX_OWNER   ? fake.owner
             : offset == WEIR_BAR_MBOX_RSP     ? (fake.req[0] & 0xFFFF) | length() << 16
             : offset == WEIR_BAR_MBOX_RSP + 4 ? (fake.req[1] & 0xFFFF) | status() << 16
                                               : 0;
    return 0;
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    (void)bus;
    if (offset == WEIR_BAR_MBOX_REQ || offset == WEIR_BAR_MBOX_REQ + 4)
        fake.req[(offset - WEIR_BAR_MBOX_REQ) / 4] = value;
    if (offset == WEIR_BAR_MBOX_OWNER) {
        fake.hellos += is_hello();
        fake.requests += !is_hello();
        fake.answers += !is_hello() && fake.answers < 4;
        fake.owner = fake.stuck ? 1 : 0;
    }
    return 0;
}

static unsigned pass(struct weir_bus *bus, unsigned us) {
    (void)bus;
    fake.passed += us;
    fake.cycle += fake.stopped ? 0 : us * 250 / 10; // the card runs at a tenth of its speed
    return us;
}

static const struct weir_bus_ops ops = {.name = "fake", .bar_read = bar_read, .bar_write = bar_write, .pass = pass};

static void begin(void) {
    memset(&fake, 0, sizeof(fake));
    fake.bus.ops = &ops;
    dev = (struct weir_dev){.bus = &fake.bus};
}

static int ping(void) {
    struct weir_ping_req req = {.word = 1};
    struct weir_ping_rsp rsp;
    return weir_mbox_call(&dev, WEIR_CMD_PING, &req, sizeof(req), &rsp, sizeof(rsp), NULL);
}

static void a_call_that_a_restart_ended_is_made_once_more(void **state) {
    (void)state;
    begin();
    fake.status[0] = WEIR_ABORTED;
    assert_int_equal(ping(), 0);
    assert_int_equal(fake.requests, 2);
    // One that ends the card each time is not given for ever.
    fake.answers = fake.requests = 0;
    fake.status[0] = fake.status[1] = fake.status[2] = fake.status[3] = WEIR_ABORTED;
    assert_int_equal(ping(), -ECANCELED);
    assert_int_equal(fake.requests, 2);
}

static void hello_is_said_again_to_who_forgot_it(void **state) {
    (void)state;
    begin();
    fake.status[0] = WEIR_ABORTED;
    fake.status[1] = WEIR_VERSION;
    assert_int_equal(ping(), 0);
    assert_int_equal(fake.requests, 3);
    assert_int_equal(fake.hellos, 1);
    fake.answers = fake.requests = 0;
    fake.status[0] = fake.status[1] = fake.status[2] = fake.status[3] = WEIR_VERSION;
    assert_int_equal(ping(), -EPROTO);
    assert_int_equal(fake.hellos, 2);
    // A VF that nobody knows any more was reset: saying HELLO would hide it from its driver.
    dev.fn = 1;
    fake.answers = fake.requests = 0;
    assert_int_equal(ping(), -EPROTO);
    assert_int_equal(fake.requests, 1);
    assert_int_equal(fake.hellos, 2);
}

static void count_wait(void *ctx) {
    (void)ctx;
    fake.waits++;
}

// The bound is the card's: one that runs at a tenth of its speed has ten times as long, and meanwhile others are
// served.
static void a_call_waits_in_the_cards_time(void **state) {
    (void)state;
    begin();
    weir_dev_set_wait(&dev, count_wait, NULL);
    fake.stuck = true;
    assert_int_equal(ping(), -ETIMEDOUT);
    assert_in_range(fake.passed, 3000000, 3010000);
    assert_true(fake.waits > 3000000 / 64 - 100);
    // A clock that stands still is no clock.
    fake.owner = 0;
    fake.stopped = true;
    fake.passed = 0;
    assert_int_equal(ping(), -ETIMEDOUT);
    assert_in_range(fake.passed, 16000 * 64, 16500 * 64);
    fake.stopped = fake.stuck = false;
    fake.owner = 0;
    fake.waits = 0;
    assert_int_equal(ping(), 0);
    assert_int_equal(fake.waits, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_call_that_a_restart_ended_is_made_once_more),
    cmocka_unit_test(hello_is_said_again_to_who_forgot_it),
    cmocka_unit_test(a_call_waits_in_the_cards_time),
};
UNIT_MAIN(tests)
