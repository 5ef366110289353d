// SPDX-License-Identifier: Apache-2.0
// A function begins and ends, against a bus that lies: each wrong thing is named in one line and the bus is closed; the
// BAR is there with memory decode only, and whatever the last driver left is over before it is looked at (threat T29).
#include <errno.h>
#include <stdbool.h>

#include "unit.h"
#include "weir/device.h"

static struct {
    struct weir_bus bus;
    uint32_t id, command, abi, magic, fn;
    uint32_t event[2]; // cleared by ones
    uint64_t bar_bytes;
    int reset_result;
    bool gone, decode_stuck, master_stuck, master_refused;
    bool late; // another event comes behind each look
    uint32_t req[WEIR_MBOX_BYTES / 4];
    unsigned closed, irqs;
    uint64_t passed;
    char log[512]; // one letter an access: see each operation
    struct weir_dma freed;
    unsigned frees;
} fake;

// Of several of a kind in a row one.
static void note(char what) {
    size_t n = strlen(fake.log);
    if (n + 1 < sizeof(fake.log) && (n == 0 || fake.log[n - 1] != what))
        fake.log[n] = what;
}

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    (void)bus;
    *value = offset == 0 ? fake.id : offset == 4 ? fake.command : 0;
    if (size == 2)
        *value &= 0xFFFF;
    return 0;
}

// m, M: memory decode, bus mastering on; q: quiet.
static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    (void)bus;
    assert_int_equal(offset, 4);
    assert_int_equal(size, 2);
    fake.command = (fake.decode_stuck ? value & ~2u : value) | (fake.master_stuck ? 4 : 0);
    fake.command &= fake.master_refused ? ~4u : ~0u;
    note((value & 4) != 0 ? 'M' : (value & 2) != 0 ? 'm' : 'q');
    return 0;
}

// b: the BAR.
static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    (void)bus;
    note('b');
    if (offset >= WEIR_BAR_MBOX_RSP && offset < WEIR_BAR_MBOX_RSP + 8) {
        static const struct weir_mbox_hdr ok = {.opcode = WEIR_CMD_HELLO, .length = sizeof(struct weir_hello_rsp)};
        struct weir_mbox_hdr h = ok;
        h.seq = (uint16_t)fake.req[1];
        memcpy(value, (const uint8_t *)&h + offset - WEIR_BAR_MBOX_RSP, 4);
    } else {
        *value = offset == WEIR_BAR_ABI        ? fake.abi
                 : offset == WEIR_BAR_FN       ? fake.fn
                 : offset == WEIR_BAR_MAGIC    ? fake.magic
                 : offset == WEIR_BAR_EVENT_LO ? fake.event[0]
                 : offset == WEIR_BAR_EVENT_HI ? fake.event[1]
                                               : 0;
    }
    if (fake.late && (offset == WEIR_BAR_EVENT_LO || offset == WEIR_BAR_EVENT_HI))
        fake.event[offset == WEIR_BAR_EVENT_HI] |= 2;
    if (fake.gone || (fake.command & 2) == 0)
        *value = UINT32_MAX;
    return fake.gone ? -ENODEV : 0;
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    (void)bus;
    note('b');
    if (offset >= WEIR_BAR_MBOX_REQ && offset < WEIR_BAR_MBOX_RSP)
        fake.req[(offset - WEIR_BAR_MBOX_REQ) / 4] = value;
    if (offset == WEIR_BAR_EVENT_LO || offset == WEIR_BAR_EVENT_HI)
        fake.event[offset == WEIR_BAR_EVENT_HI] &= ~value;
    return 0;
}

static uint64_t bar_size(struct weir_bus *bus) {
    (void)bus;
    return fake.bar_bytes;
}

// f: memory is free.
static void dma_free(struct weir_bus *bus, struct weir_dma *dma) {
    (void)bus;
    note('f');
    fake.freed = *dma;
    fake.frees++;
    memset(dma, 0, sizeof(*dma));
}

static int irq_enable(struct weir_bus *bus, unsigned n) {
    (void)bus;
    fake.irqs = n;
    return n > 8 ? -ENOSPC : 0;
}

// R: reset.
static int reset(struct weir_bus *bus) {
    (void)bus;
    note('R');
    if (fake.reset_result == 0)
        fake.command = 0;
    return fake.reset_result;
}

// v: VFs off.
static int sriov(struct weir_bus *bus, unsigned num_vfs) {
    (void)bus;
    assert_int_equal(num_vfs, 0);
    note('v');
    return 0;
}

static unsigned pass(struct weir_bus *bus, unsigned us) {
    (void)bus;
    fake.passed += us;
    return us;
}

static void close_bus(struct weir_bus *bus) {
    (void)bus;
    note('c');
    fake.closed++;
}

static const struct weir_bus_ops ops = {.name = "fake",
                                        .cfg_read = cfg_read,
                                        .cfg_write = cfg_write,
                                        .bar_read = bar_read,
                                        .bar_write = bar_write,
                                        .bar_size = bar_size,
                                        .dma_free = dma_free,
                                        .irq_enable = irq_enable,
                                        .reset = reset,
                                        .sriov = sriov,
                                        .pass = pass,
                                        .close = close_bus};

// Opens, expects `err` and a line with `text`.
static void refused(int err, const char *text) {
    struct weir_dev *dev = NULL;
    char line[256] = "";

    assert_int_equal(weir_dev_open(&fake.bus, 9, &dev, line, sizeof(line)), err);
    assert_null(dev);
    assert_non_null(strstr(line, text));
    assert_null(strchr(line, '\n'));
    assert_int_equal(fake.closed, 1);
    assert_int_equal(fake.command & 4, 0);
}

// As a driver that died left it: bus mastering and memory decode on.
static void good(void) {
    memset(&fake, 0, sizeof(fake));
    fake.bus.ops = &ops;
    fake.id = WEIR_VENDOR_ID | (uint32_t)WEIR_PF_DEVICE_ID << 16;
    fake.command = 6;
    fake.abi = (uint32_t)WEIR_ABI_MAJOR << 16;
    fake.magic = WEIR_MAGIC;
    fake.fn = WEIR_PUT(1, BAR_FN_FW_READY) | WEIR_PUT(1, BAR_FN_OPERATIONAL);
    fake.bar_bytes = 0x200000;
}

static struct weir_dev *opened(void) {
    struct weir_dev *dev = NULL;
    char line[256] = "";
    assert_int_equal(weir_dev_open(&fake.bus, 2, &dev, line, sizeof(line)), 0);
    return dev;
}

// Whatever state the last driver left the command register in.
static void quiet_and_reset_come_before_the_bar(void **state) {
    static const uint32_t left[] = {0, 2, 4, 6};
    (void)state;
    for (unsigned i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        good();
        fake.command = left[i];
        weir_dev_close(opened());
        assert_string_equal(fake.log, (left[i] & 2) != 0 ? "mvRmbMbmc" : "qvRmbMbmc");
        good();
        fake.command = left[i];
        fake.id = UINT32_MAX; // a VF has no VFs
        weir_dev_close(opened());
        assert_string_equal(fake.log, (left[i] & 2) != 0 ? "mRmbMbmc" : "qRmbMbmc");
    }
}

static void a_function_that_cannot_be_reset_is_refused(void **state) {
    (void)state;
    good();
    fake.reset_result = -EACCES;
    refused(-EACCES, "cannot reset the function: Permission denied");
    assert_string_equal(fake.log, "mvRc");
}

static void a_bar_of_ones_or_zeroes_is_named(void **state) {
    (void)state;
    good();
    fake.decode_stuck = true;
    refused(-ENODEV, "BAR 0 reads all ones: the card is gone or its memory decode is off");
    good();
    fake.magic = fake.abi = fake.fn = 0;
    refused(-ENXIO, "BAR 0 reads zero");
    good();
    fake.magic = 0x12345678;
    refused(-ENXIO, "its magic reads 12345678");
}

static void memory_waits_for_the_end(void **state) {
    uint8_t mem[20];
    struct weir_dma dma = {.mem = NULL};
    struct weir_dev *dev;
    (void)state;
    good();
    dev = opened();
    memset(fake.log, 0, sizeof(fake.log));
    weir_dev_dma_free(dev, &dma, true); // there is none
    dma = (struct weir_dma){mem, 0x1000, 4096};
    weir_dev_dma_free(dev, &dma, true);
    assert_null(dma.mem);
    assert_string_equal(fake.log, "f");
    for (unsigned i = 0; i < 20; i++) {
        dma = (struct weir_dma){mem + i, 0x1000, 4096};
        weir_dev_dma_free(dev, &dma, false);
        assert_null(dma.mem);
    }
    assert_int_equal(fake.frees, 1);
    weir_dev_close(dev);
    assert_string_equal(fake.log, "fmfc");
    assert_int_equal(fake.frees, 21);
    assert_ptr_equal(fake.freed.mem, mem + 19);
}

// Does not let go of bus mastering: it is reset; where not even that helps, the memory is never free.
static void memory_of_a_stubborn_card_is_never_free(void **state) {
    uint8_t mem[1];
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct weir_dma dma = {mem, 0x1000, 4096};
        struct weir_dev *dev;
        good();
        dev = opened();
        weir_dev_dma_free(dev, &dma, false);
        memset(fake.log, 0, sizeof(fake.log));
        fake.master_stuck = true;
        fake.reset_result = i == 0 ? 0 : -ETIMEDOUT;
        weir_dev_close(dev);
        assert_string_equal(fake.log, i == 0 ? "mRfc" : "mRc");
        assert_int_equal(fake.frees, 1 - i);
    }
}

// Its next owner may have it: not even closing touches it.
static void another_owners_function_is_left_alone(void **state) {
    uint8_t mem[1];
    struct weir_dma dma = {mem, 0x1000, 4096};
    struct weir_dev *dev;
    (void)state;
    good();
    dev = opened();
    weir_dev_dma_free(dev, &dma, false);
    weir_dev_mark_removed(dev);
    memset(fake.log, 0, sizeof(fake.log));
    weir_dev_close(dev);
    assert_string_equal(fake.log, "fc");
    assert_int_equal(fake.command, 6);
}

static void a_wrong_size_bar_is_named(void **state) {
    static const uint64_t sizes[] = {0, 4096, WEIR_BAR_DOORBELL_BASE,
                                     WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DOORBELL_SIZE - 1, 0x200001};
    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char text[40];
        good();
        fake.command = 2;
        fake.bar_bytes = sizes[i];
        snprintf(text, sizeof(text), "BAR 0 is %llu bytes", (unsigned long long)sizes[i]);
        refused(-ENXIO, text);
        assert_string_equal(fake.log, "c");
    }
}

static void a_foreign_device_is_named(void **state) {
    (void)state;
    good();
    fake.command = 2;
    fake.id = 0x12348086;
    refused(-ENODEV, "id 12348086");
    assert_string_equal(fake.log, "c");
}

static void another_contract_is_named(void **state) {
    (void)state;
    good();
    fake.abi = (WEIR_ABI_MAJOR + 1u) << 16 | 7;
    refused(-EPROTO, "contract version 1.7");
}

static void a_vanished_function_is_named(void **state) {
    (void)state;
    good();
    fake.gone = true;
    refused(-ENODEV, "the card is gone");
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

// Whoever passes the function on may keep it from all memory: no frame would ever move.
static void refused_bus_mastering_is_named(void **state) {
    (void)state;
    good();
    fake.master_refused = true;
    refused(-EPERM, "bus mastering stays off (command register 0002)");
}

static void too_few_vectors_are_named(void **state) {
    (void)state;
    good();
    refused(-ENOSPC, "cannot enable 9 interrupt vectors");
    assert_int_equal(fake.irqs, 9);
}

// Of all 64, in either word, with others beside it or alone; what comes between the look and the answer stays.
static void each_event_is_taken_once(void **state) {
    struct weir_dev *dev;
    (void)state;
    good();
    dev = opened();
    for (unsigned bit = 0; bit < 64; bit++)
        for (unsigned with = 0; with < 2; with++) {
            uint64_t set = (uint64_t)1 << bit | (with != 0 ? 0x8000000180000001u : 0);
            fake.event[0] = (uint32_t)set;
            fake.event[1] = (uint32_t)(set >> 32);
            assert_true(weir_dev_events(dev) == set);
            assert_int_equal(fake.event[0], 0);
            assert_int_equal(fake.event[1], 0);
            assert_true(weir_dev_events(dev) == 0);
        }
    fake.late = true;
    fake.event[0] = fake.event[1] = 1;
    assert_true(weir_dev_events(dev) == 0x100000001u);
    assert_int_equal(fake.event[0], 2);
    assert_int_equal(fake.event[1], 2);
    weir_dev_close(dev);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_event_is_taken_once),
    cmocka_unit_test(quiet_and_reset_come_before_the_bar),
    cmocka_unit_test(a_function_that_cannot_be_reset_is_refused),
    cmocka_unit_test(a_bar_of_ones_or_zeroes_is_named),
    cmocka_unit_test(memory_waits_for_the_end),
    cmocka_unit_test(memory_of_a_stubborn_card_is_never_free),
    cmocka_unit_test(another_owners_function_is_left_alone),
    cmocka_unit_test(a_wrong_size_bar_is_named),
    cmocka_unit_test(a_foreign_device_is_named),
    cmocka_unit_test(another_contract_is_named),
    cmocka_unit_test(a_vanished_function_is_named),
    cmocka_unit_test(dead_firmware_is_waited_for_a_bounded_time),
    cmocka_unit_test(refused_bus_mastering_is_named),
    cmocka_unit_test(too_few_vectors_are_named),
};
UNIT_MAIN(tests)
