// SPDX-License-Identifier: Apache-2.0
// The IOMMU's sorted ranges against a model that holds one owner per page.
#include <errno.h>
#include <stdbool.h>

#include "iommu.h"
#include "unit.h"

#define PAGE 4096u
#define PAGES 200u
#define OPS 20000u

static uint8_t memory[PAGES * PAGE];

static struct {
    unsigned id; // 0 = not mapped; else which mapping
    unsigned first, count, rights;
} model[PAGES];

static void agrees_with_a_model(void **state) {
    const uint64_t base = 0xFFFFFFFFFFFFF000ull - (PAGES - 1) * (uint64_t)PAGE; // the last page ends at 2^64
    struct iommu m = {0};
    unsigned next = 1;

    (void)state;
    for (unsigned op = 0; op < OPS; op++) {
        unsigned at = unit_rand() % PAGES, n = 1 + unit_rand() % 8, rights = unit_rand() % 4;
        bool free_space = at + n <= PAGES;
        if (unit_rand() % 3 == 0) {
            unsigned expected = 0, got;
            n = at + n > PAGES ? PAGES - at : n;
            for (unsigned i = at; i < at + n; i++) {
                if (model[i].id != 0 && model[i].first == i && i + model[i].count <= at + n) {
                    unsigned count = model[i].count;
                    for (unsigned k = 0; k < count; k++)
                        model[i + k].id = 0;
                    expected++;
                }
            }
            got = iommu_unmap(&m, base + (uint64_t)at * PAGE, (uint64_t)n * PAGE);
            assert_int_equal(got, expected);
        } else {
            int err = iommu_map(&m, base + (uint64_t)at * PAGE, memory + at * PAGE, (uint64_t)n * PAGE, rights);
            bool taken = false;
            for (unsigned i = at; i < at + n && i < PAGES; i++)
                taken = taken || model[i].id != 0;
            if (!free_space) {
                assert_int_equal(err, -EINVAL); // beyond the end of the address space
            } else if (taken) {
                assert_int_equal(err, -EEXIST);
            } else {
                assert_int_equal(err, 0);
                for (unsigned i = at; i < at + n; i++) {
                    model[i].id = next;
                    model[i].first = at;
                    model[i].count = n;
                    model[i].rights = rights;
                }
                next++;
            }
        }
        for (unsigned k = 0; k < 8; k++) {
            unsigned page = unit_rand() % PAGES, off = unit_rand() % PAGE, len = 1 + unit_rand() % (2 * PAGE),
                     want = unit_rand() % 4;
            unsigned last = (page * PAGE + off + len - 1) / PAGE;
            uint8_t *found = iommu_find(&m, base + (uint64_t)page * PAGE + off, len, want);
            bool reach = model[page].id != 0 && last < PAGES && model[last].id == model[page].id &&
                         (model[page].rights & want) == want;
            assert_ptr_equal(found, reach ? memory + page * PAGE + off : NULL);
        }
    }
    iommu_free(&m);
}

static void odd_requests_are_refused(void **state) {
    struct iommu m = {0};

    (void)state;
    assert_null(iommu_find(&m, 0, 4, IOMMU_READ));
    assert_int_equal(iommu_unmap(&m, 0, UINT64_MAX), 0);
    assert_int_equal(iommu_map(&m, 0x1000, memory, 0, IOMMU_READ), -EINVAL);
    assert_int_equal(iommu_map(&m, UINT64_MAX - 0xFFF, memory, 0x1001, IOMMU_READ), -EINVAL);
    assert_int_equal(iommu_map(&m, 0x1000, memory, 0x1000, IOMMU_READ), 0);
    assert_non_null(iommu_find(&m, 0x1FFC, 4, IOMMU_READ));
    assert_null(iommu_find(&m, 0x1FFD, 4, IOMMU_READ));
    assert_null(iommu_find(&m, 0x1000, 4, IOMMU_WRITE));
    assert_null(iommu_find(&m, 0xFFF, 4, IOMMU_READ));
    assert_null(iommu_find(&m, 0x1000, UINT64_MAX, IOMMU_READ));
    assert_int_equal(iommu_unmap(&m, 0x1000, 0xFFF), 0); // a part is not taken out
    assert_int_equal(iommu_unmap(&m, 0x1001, 0xFFF), 0);
    assert_int_equal(iommu_unmap(&m, 0, UINT64_MAX), 1);
    iommu_free(&m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_a_model),
    cmocka_unit_test(odd_requests_are_refused),
};
UNIT_MAIN(tests)
