// SPDX-License-Identifier: Apache-2.0
// The card's clock, see weir/device.h.
#include <errno.h>

#include "weir/device.h"

#define CYCLES_PER_US (WEIR_CLOCK_HZ / 1000000u)

// All ones is what a function in reset reads, and the clock for one cycle: that it is not twice.
int weir_dev_clock(struct weir_dev *dev, uint32_t *cycle) {
    struct weir_bus *bus = weir_dev_bus(dev);
    *cycle = UINT32_MAX;
    for (unsigned look = 0; look < 2 && *cycle == UINT32_MAX; look++)
        if (weir_dev_dead(dev) || bus->ops->bar_read(bus, WEIR_BAR_CYCLE, cycle) != 0)
            return -ENODEV;
    return *cycle == UINT32_MAX ? -ENODEV : 0;
}

int weir_clock_read(struct weir_clock *clock, struct weir_dev *dev, uint64_t *us) {
    uint32_t cycle;
    int err = weir_dev_clock(dev, &cycle);
    if (err == 0) {
        clock->cycles += clock->running ? (uint32_t)(cycle - clock->last) : 0;
        clock->last = cycle;
        clock->running = true;
    }
    *us = clock->cycles / CYCLES_PER_US;
    return err;
}
