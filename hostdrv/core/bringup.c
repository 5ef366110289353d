// SPDX-License-Identifier: Apache-2.0
// A function begins and ends, see weir/device.h (threat T29). Whoever had it before may have died with its queues
// running and memory that is somebody else's by now: so bus mastering goes off before anything else, the function is
// reset, and only then is it looked at. At the end the same the other way round: bus mastering off, seen to be off, and
// only then is memory given back.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev_int.h"

#define FW_WAIT_US 5000000u

enum {
    CFG_ID = 0x00,
    CFG_COMMAND = 0x04,
    CFG_EXT_CAPS = 0x100,
    EXT_ID_SRIOV = 0x10,
    SRIOV_CTL = 0x08,
    SRIOV_VF_ENABLE = 0x1,
    COMMAND_MSE = 0x2, // memory decode
    COMMAND_BME = 0x4, // bus mastering
    COMMAND_GONE = 0xFFFF,
};
#define PF_ID (WEIR_VENDOR_ID | (uint32_t)WEIR_PF_DEVICE_ID << 16)
#define VF_ID (WEIR_VENDOR_ID | (uint32_t)WEIR_VF_DEVICE_ID << 16)

__attribute__((format(printf, 3, 4))) static void say(char *err, size_t size, const char *fmt, ...) {
    va_list ap;
    if (size == 0)
        return;
    va_start(ap, fmt);
    vsnprintf(err, size, fmt, ap);
    va_end(ap);
}

static uint32_t bar_read(struct weir_dev *d, uint64_t offset) {
    uint32_t v;
    if (d->bus->ops->bar_read(d->bus, offset, &v) != 0)
        d->dead = true;
    return v;
}

// ---- quiet ----

// The command register; false when the function is not on the bus. One that does not answer in time may be.
static bool there(struct weir_bus *bus, uint32_t *command) {
    int err = bus->ops->cfg_read(bus, CFG_COMMAND, 2, command);
    return err == 0 ? *command != COMMAND_GONE : err != -ENODEV;
}

// Bus mastering off, and read back: the answer comes behind whatever the card had written before, so nothing of the
// function is on its way any more. A function that is not there writes nothing.
static bool master_off(struct weir_bus *bus) {
    uint32_t command;
    if (!there(bus, &command))
        return true;
    (void)bus->ops->cfg_write(bus, CFG_COMMAND, 2, command & COMMAND_MSE);
    return !there(bus, &command) || (command & COMMAND_BME) == 0;
}

// Without it the function reaches no memory: every frame would wait for ever.
static int master_on(struct weir_bus *bus, char *err, size_t err_size) {
    uint32_t command = 0;
    int ret = bus->ops->cfg_write(bus, CFG_COMMAND, 2, COMMAND_MSE | COMMAND_BME);
    if (ret == 0)
        ret = bus->ops->cfg_read(bus, CFG_COMMAND, 2, &command);
    if (ret == 0 && (command & COMMAND_BME) == 0)
        ret = -EPERM;
    if (ret != 0)
        say(err, err_size,
            "bus mastering stays off (command register %04x): %s; whoever passes the device on to this machine must "
            "allow it",
            command, strerror(-ret));
    return ret;
}

static int begin_anew(struct weir_bus *bus, uint32_t id, char *err, size_t err_size) {
    int ret;
    (void)master_off(bus);
    // VFs that a dead PF driver left: off before the reset, because a host that keeps their registers over it would
    // turn them on again. Whether they could be is seen when they are turned on anew.
    if (id == PF_ID)
        (void)bus->ops->sriov(bus, 0);
    ret = bus->ops->reset(bus);
    if (ret != 0) {
        say(err, err_size,
            "cannot reset the function: %s; what its last driver left running may write into memory that is somebody "
            "else's by now",
            strerror(-ret));
        return ret;
    }
    // A reset clears it, and without it the BAR is not there.
    ret = bus->ops->cfg_write(bus, CFG_COMMAND, 2, COMMAND_MSE);
    if (ret != 0)
        say(err, err_size, "cannot enable memory decode: %s", strerror(-ret));
    return ret;
}

// Whether VFs of the PF are there, which serve guests whatever became of their parent's driver.
static bool vfs_on(struct weir_bus *bus) {
    unsigned at = CFG_EXT_CAPS;
    uint32_t v;
    for (unsigned i = 0; i < 48 && at >= CFG_EXT_CAPS; i++) {
        if (bus->ops->cfg_read(bus, at, 4, &v) != 0 || v == UINT32_MAX)
            return false;
        if ((v & 0xFFFF) == EXT_ID_SRIOV)
            return bus->ops->cfg_read(bus, at + SRIOV_CTL, 2, &v) == 0 && (v & SRIOV_VF_ENABLE) != 0;
        at = v >> 20;
    }
    return false;
}

// The PF as it is, its bus mastering off: what its last driver's queue pairs would still do reaches no memory, and the
// VFs have bits of their own.
static int leave_be(struct weir_bus *bus) {
    return master_off(bus) ? bus->ops->cfg_write(bus, CFG_COMMAND, 2, COMMAND_MSE) : -EIO;
}

// ---- who is it ----

static int check_identity(struct weir_bus *bus, uint32_t *id, char *err, size_t err_size) {
    const uint64_t need = WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DOORBELL_SIZE;
    uint64_t size = bus->ops->bar_size(bus);

    // A VF reads FFFFh here (pcie 19), unless a host puts its identity there; whoever opened the bus knew what it is.
    if (bus->ops->cfg_read(bus, CFG_ID, 4, id) != 0 || (*id != UINT32_MAX && *id != PF_ID && *id != VF_ID)) {
        say(err, err_size, "not a Weir function: configuration space reads id %08x", *id);
        return -ENODEV;
    }
    if (size < need || (size & (size - 1)) != 0) {
        say(err, err_size,
            "BAR 0 is %llu bytes, a Weir function needs a power of two of at least %llu; is the card's configuration "
            "intact?",
            (unsigned long long)size, (unsigned long long)need);
        return -ENXIO;
    }
    return 0;
}

static int check_contract(struct weir_dev *d, char *err, size_t err_size) {
    uint32_t magic = bar_read(d, WEIR_BAR_MAGIC), abi;

    if (d->dead || magic == UINT32_MAX) {
        say(err, err_size, "BAR 0 reads all ones: the card is gone or its memory decode is off; rescan the PCI bus");
        return -ENODEV;
    }
    if (magic != WEIR_MAGIC) {
        say(err, err_size,
            magic == 0 ? "BAR 0 reads zero (magic %08x, expected %08x): something else answers at its address, or the "
                         "card's RTL and this driver are not of one contract"
                       : "BAR 0 is no Weir function's: its magic reads %08x, expected %08x",
            magic, WEIR_MAGIC);
        return -ENXIO;
    }
    abi = bar_read(d, WEIR_BAR_ABI);
    if (d->dead || abi >> 16 != WEIR_ABI_MAJOR) {
        say(err, err_size, "card speaks contract version %u.%u, this driver %u.x", abi >> 16, abi & 0xFFFF,
            WEIR_ABI_MAJOR);
        return -EPROTO;
    }
    return 0;
}

static int wait_firmware(struct weir_dev *d, char *err, size_t err_size) {
    for (unsigned waited = 0, step = 16;;) {
        uint32_t fn = bar_read(d, WEIR_BAR_FN);
        if (d->dead || fn == UINT32_MAX) {
            say(err, err_size, "function vanished while it was brought up");
            return -ENODEV;
        }
        d->fn = WEIR_GET(fn, BAR_FN_INDEX);
        if (WEIR_GET(fn, BAR_FN_FW_READY) != 0 && WEIR_GET(fn, BAR_FN_OPERATIONAL) != 0 &&
            WEIR_GET(fn, BAR_FN_IN_RESET) == 0)
            return 0;
        if (waited >= FW_WAIT_US) {
            say(err, err_size,
                WEIR_GET(fn, BAR_FN_FW_READY) == 0 ? "card firmware does not start; is an image in its flash?"
                : WEIR_GET(fn, BAR_FN_OPERATIONAL) == 0
                    ? "function %u has no resources; the PF driver must allocate the VF first"
                    : "function %u stays in reset",
                d->fn);
            return -ETIMEDOUT;
        }
        waited += d->bus->ops->pass(d->bus, step);
        step = step < 4096 ? step * 2 : step;
    }
}

static void go(struct weir_dev *d) {
    (void)d->bus->ops->cfg_write(d->bus, CFG_COMMAND, 2, COMMAND_MSE | COMMAND_BME);
    d->taken_over = false;
}

static int say_hello(struct weir_dev *d, char *err, size_t err_size) {
    struct weir_hello_req req = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    struct weir_hello_rsp rsp;
    int ret = weir_mbox_call(d, WEIR_CMD_HELLO, &req, sizeof(req), &rsp, sizeof(rsp), NULL);
    if (ret != 0)
        say(err, err_size, "mailbox HELLO failed: %s", strerror(-ret));
    d->rescue = ret == 0 && (rsp.features & WEIR_HELLO_RESCUE) != 0;
    return ret;
}

// From whatever the function was at to where its driver can work; with `anew` everything of its last driver is gone.
static int begin(struct weir_dev *d, uint32_t id, bool anew, unsigned vectors, char *err, size_t err_size) {
    int ret = anew ? begin_anew(d->bus, id, err, err_size) : leave_be(d->bus);
    d->dead = false;
    d->taken_over = !anew;
    if (ret == 0)
        ret = check_contract(d, err, err_size);
    if (ret == 0)
        ret = wait_firmware(d, err, err_size);
    if (ret != 0)
        return ret;
    if (anew)
        ret = master_on(d->bus, err, err_size);
    if (ret != 0)
        return ret;
    ret = d->bus->ops->irq_enable(d->bus, vectors);
    if (ret != 0)
        say(err, err_size, "cannot enable %u interrupt vectors: %s", vectors, strerror(-ret));
    if (ret == 0)
        ret = say_hello(d, err, err_size);
    if (ret != 0)
        (void)master_off(d->bus);
    return ret;
}

static int open_dev(struct weir_bus *bus, bool take_over, unsigned vectors, struct weir_dev **dev, char *err,
                    size_t err_size) {
    struct weir_dev *d = calloc(1, sizeof(*d));
    uint32_t id;
    int ret = -ENOMEM;

    if (d == NULL) {
        say(err, err_size, "out of memory");
        goto err_bus;
    }
    d->bus = bus;
    ret = check_identity(bus, &id, err, err_size);
    if (ret != 0)
        goto err_dev;
    if (!take_over || !vfs_on(bus) || begin(d, id, false, vectors, err, err_size) != 0)
        ret = begin(d, id, true, vectors, err, err_size);
    if (ret != 0)
        goto err_dev;
    *dev = d;
    return 0;

err_dev:
    free(d);
err_bus:
    weir_bus_close(bus);
    return ret;
}

int weir_dev_open(struct weir_bus *bus, unsigned vectors, struct weir_dev **dev, char *err, size_t err_size) {
    return open_dev(bus, false, vectors, dev, err, err_size);
}

int weir_dev_take_over(struct weir_bus *bus, unsigned vectors, struct weir_dev **dev, char *err, size_t err_size) {
    return open_dev(bus, true, vectors, dev, err, err_size);
}

bool weir_dev_taken_over(const struct weir_dev *dev) {
    return dev->taken_over;
}

bool weir_dev_rescue(const struct weir_dev *dev) {
    return dev->rescue;
}

void weir_dev_go(struct weir_dev *dev) {
    go(dev);
}

int weir_dev_renew(struct weir_dev *dev, unsigned vectors, char *err, size_t err_size) {
    return begin(dev, PF_ID, true, vectors, err, err_size);
}

// ---- the end ----

void weir_dev_dma_free(struct weir_dev *dev, struct weir_dma *dma, bool at_rest) {
    if (dma->mem == NULL)
        return;
    if (at_rest) {
        dev->bus->ops->dma_free(dev->bus, dma);
        return;
    }
    if (dev->num_kept == dev->room_kept) {
        unsigned room = dev->room_kept != 0 ? dev->room_kept * 2 : 8;
        struct weir_dma *more = realloc(dev->kept, room * sizeof(*more));
        if (more != NULL) {
            dev->kept = more;
            dev->room_kept = room;
        }
    }
    // Without room for a note of it, it stays the card's for good.
    if (dev->num_kept < dev->room_kept)
        dev->kept[dev->num_kept++] = *dma;
    memset(dma, 0, sizeof(*dma));
}

void weir_dev_close(struct weir_dev *dev) {
    bool quiet;
    if (dev == NULL)
        return;
    // A function that is another's by now is left alone: what it can reach of ours is up to the bus (bus.h). One that
    // does not let go of bus mastering is reset; where that fails, too, its memory stays until this process ends.
    quiet = dev->removed || master_off(dev->bus) || dev->bus->ops->reset(dev->bus) == 0;
    for (unsigned i = 0; i < dev->num_kept && quiet; i++)
        dev->bus->ops->dma_free(dev->bus, &dev->kept[i]);
    free(dev->kept);
    weir_bus_close(dev->bus);
    free(dev);
}
