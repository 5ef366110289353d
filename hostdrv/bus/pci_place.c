// SPDX-License-Identifier: Apache-2.0
// See pci_place.h.
#include "pci_place.h"

#include <errno.h>
#include <fcntl.h>
#include <pciaccess.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "weir_abi.h"

#define DEVICES "/sys/bus/pci/devices"
#define STUB "pci-pf-stub"

// libpciaccess keeps one list of devices for the whole process: its memory goes with the last function.
static unsigned open_places;

__attribute__((format(printf, 4, 5))) static int say(char *err, size_t err_size, int ret, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err, err_size, fmt, ap);
    va_end(ap);
    return ret;
}

// ---- the folder ----

int pci_place_write(const struct pci_place *p, const char *name, unsigned value) {
    char path[128], text[16];
    int fd, n, err = 0;

    snprintf(path, sizeof(path), "%s/%s", p->sysfs, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -EOPNOTSUPP : -errno;
    n = snprintf(text, sizeof(text), "%u", value);
    if (write(fd, text, (size_t)n) != n)
        err = -errno;
    close(fd);
    return err;
}

static ssize_t read_text(const struct pci_place *p, const char *name, char *text, size_t size) {
    char path[128];
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", p->sysfs, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return n;
}

int pci_place_read(const struct pci_place *p, const char *name, unsigned *value) {
    char text[32], *rest;
    if (read_text(p, name, text, sizeof(text)) <= 0)
        return -EOPNOTSUPP;
    *value = (unsigned)strtoul(text, &rest, 10);
    return rest == text ? -EOPNOTSUPP : 0;
}

// Where a link of the folder leads: its last part; false without.
static bool link_name(const struct pci_place *p, const char *name, char *to, size_t size) {
    char path[128], target[256];
    const char *last;
    ssize_t n;
    snprintf(path, sizeof(path), "%s/%s", p->sysfs, name);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    last = strrchr(target, '/');
    snprintf(to, size, "%.*s", (int)size - 1, last != NULL ? last + 1 : target);
    return true;
}

// ---- what stands in between ----

// Behind an IOMMU that translates, physical addresses mean nothing to the device.
static bool translated(const struct pci_place *p) {
    char type[32];
    return read_text(p, "iommu_group/type", type, sizeof(type)) > 0 && strncmp(type, "identity", 8) != 0;
}

static bool parse(const char *slot, unsigned place[4]) {
    char rest;
    return sscanf(slot, "%4x:%2x:%2x.%1x%c", &place[0], &place[1], &place[2], &place[3], &rest) == 4 &&
           place[2] <= 31 && place[3] <= 7;
}

bool weir_pciaccess_slot_ok(const char *slot) {
    unsigned place[4];
    return parse(slot, place);
}

static int find(struct pci_place *p, const char *slot, char *err, size_t err_size) {
    unsigned at[4];
    int why;

    if (!parse(slot, at))
        return say(err, err_size, -EINVAL, "'%s' is no PCI address; write it as lspci -D does, 0000:03:00.0", slot);
    snprintf(p->sysfs, sizeof(p->sysfs), DEVICES "/%04x:%02x:%02x.%x", at[0], at[1], at[2], at[3]);
    why = pci_system_init(); // looks at all devices anew: VFs come and go
    if (why != 0)
        return say(err, err_size, -why, "%s: cannot look at this machine's PCI devices: %s", slot, strerror(why));
    open_places++;
    p->dev = pci_device_find_by_slot(at[0], at[1], at[2], at[3]);
    if (p->dev == NULL) {
        if (--open_places == 0)
            pci_system_cleanup();
        return say(err, err_size, -ENODEV, "%s: there is no such PCI device; lspci -D shows those there are", slot);
    }
    return 0;
}

static int check_kind(const struct pci_place *p, const char *slot, enum weir_pciaccess_kind kind, char *err,
                      size_t err_size) {
    const unsigned vendor = p->dev->vendor_id, device = p->dev->device_id;
    char pf[64] = "of its card";

    if (vendor != WEIR_VENDOR_ID || (device != WEIR_PF_DEVICE_ID && device != WEIR_VF_DEVICE_ID))
        return say(err, err_size, -ENXIO, "%s: not a Weir function but %04x:%04x; lspci -d %04x: shows those there are",
                   slot, vendor, device, WEIR_VENDOR_ID);
    if (kind == WEIR_PCIACCESS_PF && device == WEIR_VF_DEVICE_ID) {
        (void)link_name(p, "physfn", pf, sizeof(pf));
        return say(err, err_size, -ENXIO, "%s: a VF, which is a guest's; the parent drives the PF %s", slot, pf);
    }
    if (kind == WEIR_PCIACCESS_VF && device == WEIR_PF_DEVICE_ID)
        return say(err, err_size, -ENXIO, "%s: the PF, which is the parent's; a guest drives one of its VFs", slot);
    return 0;
}

// No driver of the kernel may have it. But Linux enables VFs only of a PF that has one: pci-pf-stub is there for that,
// and touches nothing. A simulated PF does without.
static int check_driver(struct pci_place *p, const char *slot, enum weir_pciaccess_kind kind, char *err,
                        size_t err_size) {
    char driver[64], memory[160];
    bool bound = link_name(p, "driver", driver, sizeof(driver));

    p->stub = bound && kind == WEIR_PCIACCESS_PF && strcmp(driver, STUB) == 0;
    if (bound && !p->stub)
        return say(err, err_size, -EBUSY, "%s: the kernel's driver %s has it: echo %s > %s/driver/unbind", slot, driver,
                   slot, p->sysfs);
    if (bound || kind == WEIR_PCIACCESS_VF || read_text(p, "dma_memory", memory, sizeof(memory)) > 0)
        return 0;
    return say(
        err, err_size, -EOPNOTSUPP,
        "%s: the kernel enables no VFs of a PF without a driver; give it the one that leaves it alone: modprobe " STUB
        " && echo %04x %04x > /sys/bus/pci/drivers/" STUB "/new_id",
        slot, WEIR_VENDOR_ID, WEIR_PF_DEVICE_ID);
}

// A second driver would reset the device under the first one and give its memory back.
static int lock_device(struct pci_place *p, const char *slot, char *err, size_t err_size) {
    char path[96];

    snprintf(path, sizeof(path), "%s/config", p->sysfs);
    p->lock = open(path, O_RDONLY | O_CLOEXEC);
    if (p->lock >= 0 && flock(p->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return say(err, err_size, -EBUSY, "%s: another driver has this function; end it first", slot);
    return say(err, err_size, -errno, "%s: cannot lock %s: %s", slot, path, strerror(errno));
}

// Power, memory decode, and bus mastering of the bridges above: the kernel's part, which without a driver of its own it
// does when it is asked to. It counts who asked, so that each open has its close.
static int turn_on(struct pci_place *p, const char *slot, char *err, size_t err_size) {
    int ret = pci_place_write(p, "enable", 1);
    p->on = ret == 0;
    // Of a device that has a driver, if only the stub, the kernel leaves it to that: bring-up turns decode and
    // mastering on, and PCIe bridges are their port driver's.
    if (ret == 0 || (ret == -EBUSY && p->stub))
        return 0;
    return say(err, err_size, ret, "%s: cannot turn the device on: %s%s", slot, strerror(-ret),
               ret == -EACCES || ret == -EPERM ? "; only root can" : "");
}

int pci_place_open(struct pci_place *p, const char *slot, enum weir_pciaccess_kind kind, char *err, size_t err_size) {
    int ret;

    *p = (struct pci_place){.lock = -1};
    ret = find(p, slot, err, err_size);
    if (ret == 0)
        ret = check_kind(p, slot, kind, err, err_size);
    if (ret == 0)
        ret = check_driver(p, slot, kind, err, err_size);
    if (ret == 0 && translated(p))
        ret = say(err, err_size, -EPERM,
                  "%s: an IOMMU translates for this device; boot with iommu=pt, which leaves addresses as they are",
                  slot);
    if (ret == 0)
        ret = lock_device(p, slot, err, err_size);
    return ret == 0 ? turn_on(p, slot, err, err_size) : ret;
}

void pci_place_close(struct pci_place *p) {
    if (p->on)
        (void)pci_place_write(p, "enable", 0);
    if (p->lock >= 0)
        close(p->lock);
    if (p->dev != NULL && --open_places == 0)
        pci_system_cleanup();
    *p = (struct pci_place){.lock = -1};
}
