// SPDX-License-Identifier: Apache-2.0
// See app_bus.h.
#include "app_bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "vfio_user.h"
#include "weir_pciaccess.h"

#define RING_LOG2 11u // buffers for what 100 Gb/s bring a process that comes 20 ms late
#define POLLED_US 1000u
#define POLLED_SHARE 8u

bool app_bus_named(struct app_bus *b, const char *name) {
    b->pci = strcmp(name, "pciaccess") == 0;
    return b->pci || strcmp(name, "vfio-user") == 0;
}

const char *app_bus_arguments(struct app_bus *b, int argc, char *const *argv, bool parent) {
    static char line[160];
    char clean[64];

    if (argc > (b->pci ? 1 : 0)) {
        snprintf(line, sizeof(line), "unexpected argument '%s'",
                 text_clean(clean, sizeof(clean), argv[b->pci ? 1 : 0]));
        return line;
    }
    b->address = argc != 0 ? argv[0] : NULL;
    if (b->address == NULL)
        return b->pci && parent ? "--bus pciaccess needs the PF's address, as lspci -D shows it: 0000:03:00.0" : NULL;
    if (weir_pciaccess_slot_ok(b->address))
        return NULL;
    snprintf(line, sizeof(line), "'%s' is no PCI address; write it as lspci -D does, 0000:03:00.0",
             text_clean(clean, sizeof(clean), b->address));
    return line;
}

// ---- the parent ----

struct weir_bus *app_bus_pf(const struct app_bus *b, const char *dir, char *err, size_t err_size) {
    char path[160];
    if (b->pci)
        return weir_pciaccess_open(b->address, WEIR_PCIACCESS_PF, err, err_size);
    snprintf(path, sizeof(path), "%s/pf.sock", dir);
    return weir_vfio_user_open(path, err, err_size);
}

int app_bus_give_vf(const struct app_bus *b, struct weir_bus *pf, const char *dir, struct weir_partition *guest,
                    const struct weir_partition_ask *ask, int *fd) {
    unsigned vf = ask->fn - 1u;
    char path[160], err[256];
    uint32_t pci;

    *fd = -1;
    if ((ask->kind == WEIR_PARTITION_ASK_PCI) != b->pci)
        return weir_partition_reply(guest, ask->fn, -EPROTONOSUPPORT, -1);
    if (b->pci) {
        int ret = weir_pciaccess_vf(pf, vf, &pci);
        return ret == 0 ? weir_partition_reply_pci(guest, ask->fn, pci)
                        : weir_partition_reply(guest, ask->fn, -EAGAIN, -1);
    }
    snprintf(path, sizeof(path), "%s/vf%u.sock", dir, vf);
    *fd = weir_vfio_user_connect(path, err, sizeof(err));
    return weir_partition_reply(guest, ask->fn, *fd < 0 ? -EAGAIN : 0, *fd);
}

int app_bus_where(const struct app_bus *b, struct weir_bus *pf, const char *dir, unsigned vf, char *text, size_t size) {
    char path[160], slot[16], *whole;
    uint32_t pci;
    int ret = b->pci ? weir_pciaccess_vf(pf, vf, &pci) : 0;
    if (ret != 0)
        return ret;
    if (b->pci) {
        weir_pciaccess_text(pci, slot);
        snprintf(text, size, "%s", slot);
        return 0;
    }
    snprintf(path, sizeof(path), "%s/vf%u.sock", dir, vf);
    whole = realpath(path, NULL);
    if (whole == NULL)
        return -errno;
    ret = (size_t)snprintf(text, size, "%s", whole) < size ? 0 : -ENAMETOOLONG;
    free(whole);
    return ret;
}

// ---- the guest ----

static int open_socket(struct weir_partition *parent, unsigned fn, struct weir_bus **bus, char *err, size_t err_size) {
    int fd, ret = weir_partition_vf(parent, fn, &fd);
    if (ret == 0)
        *bus = weir_vfio_user_open_fd(fd, err, err_size);
    return ret == 0 && *bus == NULL ? -EAGAIN : ret;
}

// One that is not there yet, or that its last driver has not let go of, may come: how long is the parent's bound.
static int open_pci(const struct app_bus *b, struct weir_partition *parent, unsigned fn, struct weir_bus **bus,
                    char *err, size_t err_size) {
    char slot[16];
    uint32_t pci;
    int ret = weir_partition_pci(parent, fn, &pci);

    if (ret != 0)
        return ret;
    weir_pciaccess_text(pci, slot);
    *bus = weir_pciaccess_open(b->address != NULL ? b->address : slot, WEIR_PCIACCESS_VF, err, err_size);
    return *bus != NULL ? 0 : errno == ENODEV || errno == EBUSY ? -EAGAIN : -errno;
}

int app_bus_vf(const struct app_bus *b, struct weir_partition *parent, unsigned fn, struct weir_bus **bus, char *err,
               size_t err_size) {
    int ret;
    err[0] = '\0';
    ret = b->pci ? open_pci(b, parent, fn, bus, err, err_size) : open_socket(parent, fn, bus, err, err_size);
    if (ret == -EPROTONOSUPPORT)
        snprintf(err, err_size,
                 b->pci ? "the parent's card is no PCI device; start without --bus pciaccess"
                        : "the parent's card is a PCI device; start with --bus pciaccess");
    return ret;
}

// ---- both ----

uint8_t app_bus_ring_log2(const struct app_bus *b, uint32_t buf_bytes) {
    uint8_t log2 = RING_LOG2;
    while (b->pci && (size_t)buf_bytes << log2 > WEIR_PCIACCESS_DMA_MAX)
        log2--;
    return log2;
}

bool app_bus_polled(struct weir_bus *bus) {
    return bus->ops->irq_fd(bus, 0) < 0;
}

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int app_sleep(struct app_sleep *s, bool worked, bool polled, struct pollfd *fds, unsigned n, int ms) {
    struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    s->idle = worked ? 0 : s->idle + 1;
    if (s->idle < 2) {
        limit = (struct timespec){0};
        s->since_us = now_us();
    } else if (polled) {
        uint64_t us = (now_us() - s->since_us) / POLLED_SHARE;
        limit = (struct timespec){.tv_nsec = (long)(us < POLLED_US ? us : POLLED_US) * 1000};
    }
    return ppoll(fds, n, &limit, NULL);
}
