// SPDX-License-Identifier: Apache-2.0
// The peer of a shared eventfd makes it blocking, fills and empties it; no call of ours waits. Whoever waits all the
// same fails by an alarm, long after anything here can take.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "weir/foreign_fd.h"

#define PATIENCE_S 20u
#define FULL (UINT64_MAX - 1)

static void add(int fd, uint64_t n) {
    assert_int_equal(write(fd, &n, sizeof(n)), sizeof(n));
}

static uint64_t take(int fd) {
    uint64_t n = 0;
    assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
    return n;
}

static void only_eventfds_are_bells(void **state) {
    int ends[2], good = eventfd(5, 0), memory = memfd_create("unit", 0), semaphore = eventfd(1, EFD_SEMAPHORE);

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weir_bell_check(good), 0);
    assert_int_equal(take(good), 5); // looking changed nothing
    assert_int_equal(weir_bell_check(memory), -EINVAL);
    assert_int_equal(weir_bell_check(ends[0]), -EINVAL);
    assert_int_equal(weir_bell_check(ends[1]), -EINVAL);
    assert_int_equal(weir_bell_check(semaphore), -EINVAL);
    assert_int_equal(weir_bell_check(-1), -EBADF);
    assert_int_equal(weir_bell_ring(ends[1]), -EINVAL);
    assert_int_equal(weir_bell_ring(memory), -EINVAL);
    close(ends[0]);
    close(ends[1]);
    close(good);
    close(memory);
    close(semaphore);
}

static void every_ring_counts(void **state) {
    int fd = eventfd(0, 0);

    (void)state;
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(weir_bell_ring(fd), 0);
    assert_int_equal(take(fd), 10000);
    assert_int_equal(weir_bell_ring(fd), 0);
    assert_int_equal(weir_bell_drain(fd), 1);
    assert_int_equal(weir_bell_drain(fd), 0);
    close(fd);
}

static void a_full_bell_that_blocks_is_rung(void **state) {
    int fd = eventfd(0, EFD_NONBLOCK);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    (void)state;
    assert_int_equal(weir_bell_check(fd), 0);
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0); // what the peer does behind our back
    add(fd, FULL);
    unit_must_not_wait(PATIENCE_S);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(weir_bell_ring(fd), 0);
    unit_must_not_wait(0);
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_true(take(fd) >= FULL);
    close(fd);
}

static void an_empty_bell_that_blocks_is_drained(void **state) {
    int fd = eventfd(0, EFD_NONBLOCK);

    (void)state;
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    unit_must_not_wait(PATIENCE_S);
    assert_int_equal(weir_bell_drain(fd), 0);
    add(fd, FULL);
    assert_int_equal(weir_bell_drain(fd), 1);
    assert_int_equal(weir_bell_drain(fd), 0);
    unit_must_not_wait(0);
    close(fd);
}

static void a_child_rings_too(void **state) {
    int fd = eventfd(0, 0), status;
    pid_t pid;

    (void)state;
    assert_int_equal(weir_bell_ring(fd), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(weir_bell_ring(fd) == 0 ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(take(fd), 2);
    close(fd);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(only_eventfds_are_bells),
    cmocka_unit_test(every_ring_counts),
    cmocka_unit_test(a_full_bell_that_blocks_is_rung),
    cmocka_unit_test(an_empty_bell_that_blocks_is_drained),
    cmocka_unit_test(a_child_rings_too),
};
UNIT_MAIN(tests)
