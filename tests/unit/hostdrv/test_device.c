// SPDX-License-Identifier: Apache-2.0
// Bring-up of a function against a bus that lies: each wrong thing is named in one line, the bus is closed, and nothing
// was written to the device.
#include <errno.h>
#include <stdbool.h>

#include "unit.h"
#include "weir/device.h"

static struct {
    struct weir_bus bus;
    uint32_t id, abi, fn;
    uint64_t bar_bytes;
    bool gone;
    unsigned closed, written, irqs;
    uint64_t passed;
} fake;

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    (void)bus;
    *value = offset == 0 ? fake.id : 0;
    if (size == 2)
        *value &= 0xFFFF;
    return 0;
}

static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    (void)bus;
    (void)offset;
    (void)size;
    (void)value;
    fake.written++;
    return 0;
}

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    (void)bus;
    *value = offset == WEIR_BAR_ABI ? fake.abi : offset == WEIR_BAR_FN ? fake.fn : 0;
    if (fake.gone)
        *value = UINT32_MAX;
    return fake.gone ? -ENODEV : 0;
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    (void)bus;
    (void)offset;
    (void)value;
    fake.written++;
    return 0;
}

static uint64_t bar_size(struct weir_bus *bus) {
    (void)bus;
    return fake.bar_bytes;
}

static int irq_enable(struct weir_bus *bus, unsigned n) {
    (void)bus;
    fake.irqs = n;
    return -ENOSPC;
}

static unsigned pass(struct weir_bus *bus, unsigned us) {
    (void)bus;
    fake.passed += us;
    return us;
}

static void close_bus(struct weir_bus *bus) {
    (void)bus;
    fake.closed++;
}

static const struct weir_bus_ops ops = {.name = "fake",
                                        .cfg_read = cfg_read,
                                        .cfg_write = cfg_write,
                                        .bar_read = bar_read,
                                        .bar_write = bar_write,
                                        .bar_size = bar_size,
                                        .irq_enable = irq_enable,
                                        .pass = pass,
                                        .close = close_bus};

// Opens, expects `err` and a line with `text`.
static void refused(int err, const char *text) {
    struct weir_dev *dev = NULL;
    char line[256] = "";
    unsigned closed = fake.closed;

    fake.bus.ops = &ops;
    assert_int_equal(weir_dev_open(&fake.bus, 2, &dev, line, sizeof(line)), err);
    assert_null(dev);
    assert_non_null(strstr(line, text));
    assert_null(strchr(line, '\n'));
    assert_int_equal(fake.closed, closed + 1);
}

static void good(void) {
    memset(&fake, 0, sizeof(fake));
    fake.id = WEIR_VENDOR_ID | (uint32_t)WEIR_PF_DEVICE_ID << 16;
    fake.abi = (uint32_t)WEIR_ABI_MAJOR << 16;
    fake.fn = WEIR_PUT(1, BAR_FN_FW_READY) | WEIR_PUT(1, BAR_FN_OPERATIONAL);
    fake.bar_bytes = 0x200000;
}

static void a_wrong_size_bar_is_named(void **state) {
    static const uint64_t sizes[] = {0, 4096, WEIR_BAR_DOORBELL_BASE,
                                     WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DOORBELL_SIZE - 1, 0x200001};
    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char text[40];
        good();
        fake.bar_bytes = sizes[i];
        snprintf(text, sizeof(text), "BAR 0 is %llu bytes", (unsigned long long)sizes[i]);
        refused(-ENXIO, text);
        assert_int_equal(fake.written, 0);
    }
}

static void a_foreign_device_is_named(void **state) {
    (void)state;
    good();
    fake.id = 0x12348086;
    refused(-ENODEV, "id 12348086");
    assert_int_equal(fake.written, 0);
}

static void another_contract_is_named(void **state) {
    (void)state;
    good();
    fake.abi = (WEIR_ABI_MAJOR + 1u) << 16 | 7;
    refused(-EPROTO, "contract version 1.7");
    assert_int_equal(fake.written, 0);
}

static void a_vanished_function_is_named(void **state) {
    (void)state;
    good();
    fake.gone = true;
    refused(-EPROTO, "contract version");
    good();
    fake.fn = UINT32_MAX;
    refused(-ENODEV, "vanished");
}

static void dead_firmware_is_waited_for_a_bounded_time(void **state) {
    (void)state;
    good();
    fake.fn = 0;
    refused(-ETIMEDOUT, "firmware does not start");
    assert_in_range(fake.passed, 5000000, 11000000);
    good();
    fake.fn = WEIR_PUT(1, BAR_FN_FW_READY);
    refused(-ETIMEDOUT, "allocate the VF first");
}

static void too_few_vectors_are_named(void **state) {
    (void)state;
    good();
    refused(-ENOSPC, "cannot enable 2 interrupt vectors");
    assert_int_equal(fake.irqs, 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_wrong_size_bar_is_named),
    cmocka_unit_test(a_foreign_device_is_named),
    cmocka_unit_test(another_contract_is_named),
    cmocka_unit_test(a_vanished_function_is_named),
    cmocka_unit_test(dead_firmware_is_waited_for_a_bounded_time),
    cmocka_unit_test(too_few_vectors_are_named),
};
UNIT_MAIN(tests)
