// SPDX-License-Identifier: Apache-2.0
// Shared memory whose file is cut after it was mapped: an access goes nowhere, is noticed, and disturbs no other
// mapping. Built without sanitizers' handlers in its way: SIGBUS is ours.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard.h"
#include "unit.h"

#define BYTES 0x4000u

static void cut_memory_is_lost_alone(void **state) {
    int fd[2];
    volatile uint8_t *mem[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        fd[i] = memfd_create("unit", 0);
        assert_int_equal(ftruncate(fd[i], BYTES), 0);
        mem[i] = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd[i], 0);
        assert_ptr_not_equal(mem[i], MAP_FAILED);
        assert_int_equal(guard_add((void *)(uintptr_t)mem[i], BYTES), 0);
        mem[i][0x2000] = 7;
    }
    assert_false(guard_take_lost());
    assert_int_equal(ftruncate(fd[0], 0x1000), 0);
    assert_int_equal(mem[0][0x2000], 0);
    mem[0][0x2000] = 9;
    assert_true(guard_take_lost());
    assert_false(guard_take_lost()); // told once
    assert_true(guard_lost((const void *)(uintptr_t)mem[0]));
    assert_false(guard_lost((const void *)(uintptr_t)mem[1]));
    assert_int_equal(mem[1][0x2000], 7);
    for (unsigned i = 0; i < 2; i++) {
        guard_remove((void *)(uintptr_t)mem[i]);
        munmap((void *)(uintptr_t)mem[i], BYTES);
        close(fd[i]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cut_memory_is_lost_alone),
};
UNIT_MAIN(tests)
