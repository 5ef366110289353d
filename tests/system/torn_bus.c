// SPDX-License-Identifier: Apache-2.0
// See torn_bus.h.
#include "torn_bus.h"

#include "world.h"

enum way { WHOLE, PIECES, SOME_PIECES, TWICE, PIECES_FIRST, WHOLE_FIRST, OVERTAKEN, WAYS };

static const struct weir_bus_ops *real;
static struct weir_bus_ops torn;
static torn_write_fn write_some;
static unsigned came[WAYS];

static int by_words(struct weir_bus *bus, uint64_t offset, const void *bytes, unsigned n) {
    int err = 0;
    if (n == 64)
        return real->bar_write64(bus, offset, bytes);
    for (unsigned i = 0; i < n && err == 0; i += 4) {
        uint32_t word;
        memcpy(&word, (const uint8_t *)bytes + i, 4);
        err = real->bar_write(bus, offset + i, word);
    }
    return err;
}

// Cut at random, in random order, no piece of all 64 bytes.
static int pieces(struct weir_bus *bus, uint64_t offset, const uint8_t *bytes, bool all) {
    unsigned begin[17], n = 0, err = 0;
    for (unsigned at = 0; at < 64;) {
        unsigned most = at == 0 ? 15 : (64 - at) / 4;
        begin[n++] = at;
        at += 4 * (1 + world_rand() % most);
    }
    begin[n] = 64;
    for (unsigned left = (1u << n) - 1; left != 0 && err == 0;) {
        unsigned i = world_rand() % n;
        if ((left >> i & 1) == 0)
            continue;
        left &= ~(1u << i);
        if (all || i == 0 || world_rand() % 2 == 0)
            err = (unsigned)write_some(bus, offset + begin[i], bytes + begin[i], begin[i + 1] - begin[i]);
    }
    return (int)err;
}

static int bar_write64(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    enum way way = world_rand() % WAYS;
    int err = 0;
    came[way]++;
    if (way == OVERTAKEN)
        return 0;
    if (way == PIECES || way == SOME_PIECES || way == PIECES_FIRST)
        err = pieces(bus, offset, bytes, way != SOME_PIECES);
    if (err == 0 && way != PIECES && way != SOME_PIECES)
        err = write_some(bus, offset, bytes, 64);
    if (err == 0 && way == TWICE)
        err = write_some(bus, offset, bytes, 64);
    if (err == 0 && way == WHOLE_FIRST)
        err = pieces(bus, offset, bytes, true);
    return err;
}

void torn_begin(struct weir_bus *bus, torn_write_fn write) {
    real = bus->ops;
    torn = *real;
    torn.bar_write64 = bar_write64;
    write_some = write != NULL ? write : by_words;
    memset(came, 0, sizeof(came));
    bus->ops = &torn;
}

void torn_end(struct weir_bus *bus, unsigned each) {
    bus->ops = real;
    for (unsigned i = 0; i < WAYS; i++)
        CHECK(came[i] >= each, "only %u pushes came in way %u", came[i], i);
}
