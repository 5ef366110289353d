// SPDX-License-Identifier: Apache-2.0
// Hostile lengths: for every command each length, count and flag combination around the right ones.
#include <errno.h>

#include "unit.h"
#include "vfu_check.h"

#define HEADER sizeof(struct vfu_header)

// The message lies at the end of its allocation, so that reading behind it is seen.
static int check(uint16_t command, const void *payload, size_t len, unsigned nfds) {
    const struct vfu_header h = {.command = command, .size = (uint32_t)(HEADER + len)};
    uint8_t *exact = malloc(len != 0 ? len : 1);
    int err;
    assert_non_null(exact);
    memcpy(exact, payload, len);
    err = vfu_check_frame(&h) != 0 ? -EPROTO : vfu_check_message(&h, exact, nfds, command != VFU_VERSION);
    free(exact);
    return err;
}

static void frame_lengths_and_types(void **state) {
    struct vfu_header h = {.command = VFU_DEVICE_RESET};

    (void)state;
    for (uint32_t size = 0; size < 3 * VFU_MAX_PAYLOAD; size++) {
        h.size = size;
        assert_int_equal(vfu_check_frame(&h), size >= HEADER && size <= HEADER + VFU_MAX_PAYLOAD ? 0 : -EPROTO);
    }
    h.size = UINT32_MAX;
    assert_int_equal(vfu_check_frame(&h), -EPROTO);
    h.size = HEADER;
    for (uint32_t type = 0; type < 16; type++) {
        h.flags = type;
        assert_int_equal(vfu_check_frame(&h), type == 0 ? 0 : -EPROTO); // a reply answers nothing of ours
    }
    h.flags = VFU_NO_REPLY;
    assert_int_equal(vfu_check_frame(&h), 0);
}

static void every_command_at_every_length(void **state) {
    static const struct {
        uint16_t command;
        size_t len;
        int longer; // 1: a longer structure is fine
    } row[] = {{VFU_DMA_MAP, 32, 0},
               {VFU_DMA_UNMAP, 24, 0},
               {VFU_DEVICE_GET_INFO, 16, 1},
               {VFU_DEVICE_GET_REGION_INFO, 32, 1},
               {VFU_DEVICE_GET_IRQ_INFO, 16, 1},
               {VFU_DEVICE_RESET, 0, 0}};
    static uint8_t payload[VFU_MAX_PAYLOAD];

    (void)state;
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
        for (size_t len = 0; len <= 100; len++)
            assert_int_equal(check(row[i].command, payload, len, 0),
                             len == row[i].len || (len > row[i].len && row[i].longer) ? 0 : -EINVAL);
    for (unsigned command = 0; command < 300; command++) {
        if (command >= VFU_VERSION && command <= VFU_DEVICE_RESET && command != VFU_DEVICE_GET_REGION_IO_FDS &&
            command != 11 && command != 12)
            continue;
        assert_int_equal(check((uint16_t)command, payload, 32, 0), -EOPNOTSUPP);
    }
}

static void version_comes_first_and_once(void **state) {
    struct vfu_header h = {.command = VFU_VERSION, .size = HEADER + 4};
    uint8_t payload[64] = {0};

    (void)state;
    assert_int_equal(vfu_check_message(&h, payload, 0, false), 0);
    assert_int_equal(vfu_check_message(&h, payload, 0, true), -EINVAL);
    h.command = VFU_DEVICE_RESET;
    h.size = HEADER;
    assert_int_equal(vfu_check_message(&h, payload, 0, false), -EPERM);
    // Its text must end inside the message.
    memset(payload, 'x', sizeof(payload));
    assert_int_equal(check(VFU_VERSION, payload, 3, 0), -EINVAL);
    assert_int_equal(check(VFU_VERSION, payload, 4, 0), 0);
    assert_int_equal(check(VFU_VERSION, payload, 20, 0), -EINVAL);
    payload[19] = '\0';
    assert_int_equal(check(VFU_VERSION, payload, 20, 0), 0);
}

static void region_accesses(void **state) {
    static const uint64_t offsets[] = {0, 4, 0xFFF, UINT64_MAX - 5000, UINT64_MAX - 1, UINT64_MAX};
    static const uint32_t counts[] = {0, 1, 4, 8, 4095, 4096, 4097, 0x80000000, UINT32_MAX};
    static uint8_t payload[VFU_MAX_PAYLOAD];

    (void)state;
    for (unsigned o = 0; o < 6; o++) {
        for (unsigned c = 0; c < 9; c++) {
            struct vfu_region_io io = {.offset = offsets[o], .count = counts[c]};
            int good = counts[c] != 0 && counts[c] <= VFU_MAX_XFER && offsets[o] <= UINT64_MAX - counts[c];
            memcpy(payload, &io, sizeof(io));
            assert_int_equal(check(VFU_REGION_READ, payload, sizeof(io), 0), good ? 0 : -EINVAL);
            assert_int_equal(check(VFU_REGION_READ, payload, sizeof(io) + 4, 0), -EINVAL);
            assert_int_equal(check(VFU_REGION_READ, payload, sizeof(io) - 1, 0), -EINVAL);
            for (size_t len = 0; len <= VFU_MAX_XFER + 8; len += len < 20 || len > 4080 ? 1 : 508)
                assert_int_equal(check(VFU_REGION_WRITE, payload, sizeof(io) + len, 0),
                                 good && len == counts[c] ? 0 : -EINVAL);
        }
    }
}

static void interrupt_sets(void **state) {
    static const uint32_t starts[] = {0, 1, 16, UINT32_MAX - 1, UINT32_MAX};
    static uint8_t payload[VFU_MAX_PAYLOAD];

    (void)state;
    for (uint32_t flags = 0; flags < 128; flags++) {
        for (unsigned s = 0; s < 5; s++) {
            for (uint32_t count = 0; count < 18; count++) {
                struct vfu_irq_set q = {.flags = flags, .start = starts[s], .count = count};
                uint32_t data = flags & 7, action = flags & 0x38;
                int good = (data == 1 || data == 2 || data == 4) && (action == 8 || action == 16 || action == 32) &&
                           flags < 64 && count <= UINT32_MAX - starts[s];
                memcpy(payload, &q, sizeof(q));
                for (size_t extra = 0; extra < 20; extra++)
                    assert_int_equal(check(VFU_DEVICE_SET_IRQS, payload, sizeof(q) + extra, 0),
                                     good && extra == (data == 2 ? count : 0) ? 0 : -EINVAL);
                for (unsigned nfds = 1; nfds <= VFU_MAX_FDS; nfds++)
                    assert_int_equal(check(VFU_DEVICE_SET_IRQS, payload, sizeof(q), nfds),
                                     good && data == 4 && nfds == count ? 0 : -EINVAL);
            }
        }
    }
}

static void descriptors_only_where_they_belong(void **state) {
    static uint8_t payload[64];
    (void)state;
    assert_int_equal(check(VFU_DMA_MAP, payload, 32, 1), 0);
    assert_int_equal(check(VFU_DMA_MAP, payload, 32, 2), -EINVAL);
    assert_int_equal(check(VFU_DMA_UNMAP, payload, 24, 1), -EINVAL);
    assert_int_equal(check(VFU_DEVICE_RESET, payload, 0, 1), -EINVAL);
    assert_int_equal(check(VFU_VERSION, payload, 4, 1), -EINVAL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(frame_lengths_and_types),
    cmocka_unit_test(every_command_at_every_length),
    cmocka_unit_test(version_comes_first_and_once),
    cmocka_unit_test(region_accesses),
    cmocka_unit_test(interrupt_sets),
    cmocka_unit_test(descriptors_only_where_they_belong),
};
UNIT_MAIN(tests)
