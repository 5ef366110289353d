// SPDX-License-Identifier: Apache-2.0
// A function's mailbox and events, see weir/device.h. Its beginning and end are in bringup.c.
#include <errno.h>
#include <string.h>

#include "dev_int.h"

// Of the card's time: 300 ms. A core that hangs is back, and has answered, after its watchdog's 200 ms and a few more.
#define CALL_WAIT_CYCLES (WEIR_CLOCK_HZ / 10 * 3)
#define STILL_LOOKS 16384u // at a clock that stands still, each 64 us after the last: nothing runs there any more
#define EAGER_LOOKS 256u   // back to back: a microsecond is longer than what most requests take
#define BRISK_US 64u       // what is answered sooner keeps nobody waiting

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

void weir_dev_mark_removed(struct weir_dev *dev) {
    dev->dead = true;
    dev->removed = true;
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

void weir_dev_set_wait(struct weir_dev *dev, weir_dev_wait_fn fn, void *ctx) {
    dev->wait = fn;
    dev->wait_ctx = ctx;
}

// Waits until the card gave the mailbox back, looking at most an eighth later than it did. A function in reset reads
// all ones (rules 9.16).
static int wait_owner(struct weir_dev *d) {
    uint32_t since = 0, last = 0, still = 0;
    bool counts = false; // since the card's clock was first looked at
    for (unsigned waited = 0, looks = 0;; looks++) {
        unsigned step = waited < 16 ? 1 : waited < 512 ? waited / 8 : 64;
        uint32_t owner = bar_read(d, WEIR_BAR_MBOX_OWNER);
        if (d->dead || owner == UINT32_MAX) {
            d->dead = true;
            return -ENODEV;
        }
        if ((owner & 1) == 0)
            return 0;
        if (looks < EAGER_LOOKS)
            continue;
        if (waited >= BRISK_US) {
            uint32_t cycle = bar_read(d, WEIR_BAR_CYCLE);
            still = counts && cycle == last ? still + 1 : 0;
            if ((counts && cycle - since >= CALL_WAIT_CYCLES) || still >= STILL_LOOKS)
                return -ETIMEDOUT;
            if (!counts)
                since = cycle;
            last = cycle;
            counts = true;
            if (d->wait != NULL)
                d->wait(d->wait_ctx);
        }
        waited += d->bus->ops->pass(d->bus, step);
    }
}

// *status: the card's, or FAILURE when there is none.
static int call_once(struct weir_dev *d, uint16_t opcode, const void *req, size_t req_len, void *rsp, size_t rsp_len,
                     unsigned *status) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = opcode, .length = (uint16_t)req_len, .seq = ++d->seq}};
    uint32_t word[WEIR_MBOX_BYTES / 4];
    int err;

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

static int say_hello(struct weir_dev *d) {
    struct weir_hello_req req = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    struct weir_hello_rsp rsp;
    unsigned status;
    return call_once(d, WEIR_CMD_HELLO, &req, sizeof(req), &rsp, sizeof(rsp), &status);
}

// A card whose firmware was restarted answers what it was at with ABORTED: asked again, it is done as if for the first
// time; and if it knows nobody any more, what comes next with VERSION. Once each, so the PF driver need not know. To a
// VF's driver VERSION is a reset that it did not make: its queue pairs are gone, and it must stop.
int weir_mbox_call(struct weir_dev *d, uint16_t opcode, const void *req, size_t req_len, void *rsp, size_t rsp_len,
                   unsigned *status) {
    bool again = true, hello = opcode != WEIR_CMD_HELLO && d->fn == 0;
    unsigned s;
    int err;
    for (;;) {
        err = call_once(d, opcode, req, req_len, rsp, rsp_len, &s);
        if (s == WEIR_ABORTED && again) {
            again = false;
        } else if (s == WEIR_VERSION && hello) {
            hello = false;
            if (say_hello(d) != 0)
                break;
        } else {
            break;
        }
    }
    if (status != NULL)
        *status = s;
    return err;
}
