// SPDX-License-Identifier: Apache-2.0
// Bring-up of a function and its mailbox, see weir/device.h.
#include "weir/device.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FW_WAIT_US 5000000u
#define CALL_WAIT_US 1000000u

struct weir_dev {
    struct weir_bus *bus;
    unsigned fn;
    uint16_t seq;
    bool dead;
};

const char *weir_status_text(unsigned status) {
    switch (status) {
#define STATUS(value, name, err, text)                                                                                 \
    case value:                                                                                                        \
        return text;
#include "status.def"
#undef STATUS
    default:
        return "unknown status";
    }
}

static int status_errno(unsigned status) {
    switch (status) {
#define STATUS(value, name, err, text)                                                                                 \
    case value:                                                                                                        \
        return -(err);
#include "status.def"
#undef STATUS
    default:
        return -EIO;
    }
}

static uint32_t bar_read(struct weir_dev *d, uint64_t offset) {
    uint32_t v;
    if (d->bus->ops->bar_read(d->bus, offset, &v) != 0)
        d->dead = true;
    return v;
}

static void bar_write(struct weir_dev *d, uint64_t offset, uint32_t v) {
    if (d->bus->ops->bar_write(d->bus, offset, v) != 0)
        d->dead = true;
}

struct weir_bus *weir_dev_bus(struct weir_dev *dev) {
    return dev->bus;
}

unsigned weir_dev_fn(const struct weir_dev *dev) {
    return dev->fn;
}

bool weir_dev_dead(const struct weir_dev *dev) {
    return dev->dead;
}

void weir_dev_orphan(struct weir_dev *dev) {
    dev->dead = true;
}

uint64_t weir_dev_events(struct weir_dev *dev) {
    uint32_t lo, hi;
    if (dev->dead)
        return 0;
    lo = bar_read(dev, WEIR_BAR_EVENT_LO);
    hi = bar_read(dev, WEIR_BAR_EVENT_HI);
    if (dev->dead)
        return 0;
    if (lo != 0)
        bar_write(dev, WEIR_BAR_EVENT_LO, lo);
    if (hi != 0)
        bar_write(dev, WEIR_BAR_EVENT_HI, hi);
    return (uint64_t)hi << 32 | lo;
}

// Waits until the card gave the mailbox back, looking at most an eighth later than it did. A function in reset reads
// all ones (rules 9.16).
static int wait_owner(struct weir_dev *d) {
    for (unsigned waited = 0; waited < CALL_WAIT_US;) {
        unsigned step = waited < 16 ? 1 : waited < 512 ? waited / 8 : 64;
        uint32_t owner = bar_read(d, WEIR_BAR_MBOX_OWNER);
        if (d->dead || owner == UINT32_MAX) {
            d->dead = true;
            return -ENODEV;
        }
        if ((owner & 1) == 0)
            return 0;
        waited += d->bus->ops->pass(d->bus, step);
    }
    return -ETIMEDOUT;
}

int weir_mbox_call(struct weir_dev *d, uint16_t opcode, const void *req, size_t req_len, void *rsp, size_t rsp_len,
                   unsigned *status) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = opcode, .length = (uint16_t)req_len, .seq = ++d->seq}};
    uint32_t word[WEIR_MBOX_BYTES / 4];
    int err;

    if (status != NULL)
        *status = WEIR_FAILURE;
    if (req_len > sizeof(msg.payload) || rsp_len > sizeof(msg.payload))
        return -EINVAL;
    if (d->dead)
        return -ENODEV;
    if (req_len != 0)
        memcpy(msg.payload, req, req_len);
    err = wait_owner(d); // a call that timed out may still be with the card
    if (err != 0)
        return err;
    memcpy(word, &msg, sizeof(word));
    for (unsigned i = 0; i < 2 + (req_len + 3) / 4; i++)
        bar_write(d, WEIR_BAR_MBOX_REQ + i * 4, word[i]);
    bar_write(d, WEIR_BAR_MBOX_OWNER, 1);
    err = wait_owner(d);
    if (err != 0)
        return err;

    for (unsigned i = 0; i < 2; i++)
        word[i] = bar_read(d, WEIR_BAR_MBOX_RSP + i * 4);
    memcpy(&msg.hdr, word, sizeof(msg.hdr));
    if (d->dead)
        return -ENODEV;
    if (msg.hdr.opcode != opcode || msg.hdr.seq != d->seq)
        return -ECANCELED; // a reset threw the request away
    if (status != NULL)
        *status = msg.hdr.status;
    if (msg.hdr.status != WEIR_OK)
        return status_errno(msg.hdr.status);
    if (msg.hdr.length != rsp_len)
        return -EPROTO;
    for (unsigned i = 0; i < (rsp_len + 3) / 4; i++)
        word[i] = bar_read(d, WEIR_BAR_MBOX_RSP + 8 + i * 4);
    if (rsp_len != 0)
        memcpy(rsp, word, rsp_len);
    return d->dead ? -ENODEV : 0;
}

__attribute__((format(printf, 3, 4))) static void say(char *err, size_t size, const char *fmt, ...) {
    va_list ap;
    if (size == 0)
        return;
    va_start(ap, fmt);
    vsnprintf(err, size, fmt, ap);
    va_end(ap);
}

static int check_identity(struct weir_dev *d, char *err, size_t err_size) {
    const uint64_t need = WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DOORBELL_SIZE;
    uint32_t id, abi;
    uint64_t size = d->bus->ops->bar_size(d->bus);

    // A VF reads FFFFh here (pcie 19), unless a host puts its identity there; whoever opened the bus knew what it is.
    if (d->bus->ops->cfg_read(d->bus, 0, 4, &id) != 0 ||
        (id != UINT32_MAX && id != (WEIR_VENDOR_ID | (uint32_t)WEIR_PF_DEVICE_ID << 16) &&
         id != (WEIR_VENDOR_ID | (uint32_t)WEIR_VF_DEVICE_ID << 16))) {
        say(err, err_size, "not a Weir function: configuration space reads id %08x", id);
        return -ENODEV;
    }
    if (size < need || (size & (size - 1)) != 0) {
        say(err, err_size,
            "BAR 0 is %llu bytes, a Weir function needs a power of two of at least %llu; is the card's configuration "
            "intact?",
            (unsigned long long)size, (unsigned long long)need);
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

int weir_dev_open(struct weir_bus *bus, unsigned vectors, struct weir_dev **dev, char *err, size_t err_size) {
    struct weir_hello_req req = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    struct weir_hello_rsp rsp;
    struct weir_dev *d = calloc(1, sizeof(*d));
    uint32_t command;
    int ret = -ENOMEM;

    if (d == NULL)
        goto err_bus;
    d->bus = bus;
    ret = check_identity(d, err, err_size);
    if (ret != 0)
        goto err_dev;
    ret = wait_firmware(d, err, err_size);
    if (ret != 0)
        goto err_dev;
    (void)bus->ops->cfg_read(bus, 4, 2, &command);
    (void)bus->ops->cfg_write(bus, 4, 2, (command & 0x7) | 0x6);
    ret = bus->ops->irq_enable(bus, vectors);
    if (ret != 0) {
        say(err, err_size, "cannot enable %u interrupt vectors: %s", vectors, strerror(-ret));
        goto err_master;
    }
    ret = weir_mbox_call(d, WEIR_CMD_HELLO, &req, sizeof(req), &rsp, sizeof(rsp), NULL);
    if (ret != 0) {
        say(err, err_size, "mailbox HELLO failed: %s", strerror(-ret));
        goto err_master;
    }
    *dev = d;
    return 0;

err_master:
    (void)bus->ops->cfg_write(bus, 4, 2, command & 0x3);
err_dev:
    free(d);
err_bus:
    weir_bus_close(bus);
    return ret;
}

void weir_dev_close(struct weir_dev *dev) {
    uint32_t command;
    if (dev == NULL)
        return;
    if (!dev->dead && dev->bus->ops->cfg_read(dev->bus, 4, 2, &command) == 0)
        (void)dev->bus->ops->cfg_write(dev->bus, 4, 2, command & 0x3);
    weir_bus_close(dev->bus);
    free(dev);
}
