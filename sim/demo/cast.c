// SPDX-License-Identifier: Apache-2.0
// See cast.h.
#include "cast.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pci_sim.h"

#define TAP_QUEUE 20000

const char *const cast_place[CAST_PLACES] = {"peer", "guest0", "guest1"};
const uint8_t cast_mac[CAST_PLACES][6] = {
    {0x02, 0x57, 0, 0, 0, 0x99}, {0x02, 0x57, 0, 0, 0, 1}, {0x02, 0x57, 0, 0, 0, 2}};

static void text_of(char text[18], unsigned place) {
    const uint8_t *m = cast_mac[place];
    snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void path_of(const struct cast *c, const char *name, char *path, size_t size) {
    snprintf(path, size, "%s/%s", c->programs, name);
}

// Neighbours are known from the start: every frame on a VF is one we count. A minute for TCP's timer: what takes long
// on a busy machine is not lost.
static int set_up_device(struct cast *c, unsigned place, char *err, size_t err_size) {
    char address[18], neighbours[400] = "";
    text_of(address, place);
    if (netns_shell(c->ns, (int)place,
                    "ip link set weir0 down && ip link set weir0 address %s txqueuelen %d && "
                    "ip addr add 10.77.0.%u/24 dev weir0 && ip link set weir0 up && "
                    "ip route change 10.77.0.0/24 dev weir0 src 10.77.0.%u rto_min 60s",
                    address, TAP_QUEUE, place + 1, place + 1) == 0) {
        for (unsigned i = 0; i < CAST_PLACES; i++) {
            size_t at = strlen(neighbours);
            text_of(address, i);
            if (i != place)
                snprintf(neighbours + at, sizeof(neighbours) - at,
                         " && ip neigh add 10.77.0.%u lladdr %s dev weir0 nud permanent", i + 1, address);
        }
        if (netns_shell(c->ns, (int)place, "true%s", neighbours) == 0)
            return 0;
    }
    snprintf(err, err_size, "cannot set up the network device of %s", cast_place[place]);
    return -EIO;
}

static int start_card(struct cast *c, char *err, size_t err_size) {
    char path[256], card[96];
    const char *args[16] = {path,        "--dir",      card,        "--vfs",   c->pci ? "0" : "4", "--wire",
                            "tap:weir0", "--firmware", c->firmware, "--trace", c->trace,           NULL};
    unsigned n = 11;
    if (c->fst != NULL) {
        args[n++] = "--fst";
        args[n++] = c->fst;
    }
    if (c->pci) {
        args[n++] = "--sysfs";
        args[n++] = c->tree;
    }
    path_of(c, "weir-sim", path, sizeof(path));
    snprintf(card, sizeof(card), "%s/card", netns_dir(c->ns));
    if (proc_start(&c->sim, c->ns, 0, "weir-sim", args) != 0 ||
        proc_said(&c->sim, "weir-sim: ready", c->stop, err, err_size) != 0)
        return -EIO;
    if (c->pci && pci_sim_show(c->tree, err, err_size) != 0)
        return -EIO;
    return set_up_device(c, 0, err, err_size);
}

static int start_host(struct cast *c, char *err, size_t err_size) {
    char path[256], card[96];
    const char *args[] = {path, "--dir", c->dir, "--vfs", "4", "--open", "--card", card, NULL, NULL};

    path_of(c, "weir-host", path, sizeof(path));
    snprintf(card, sizeof(card), "%s/card", netns_dir(c->ns));
    if (c->pci) {
        args[6] = "--bus";
        args[7] = "pciaccess";
        args[8] = PCI_SIM_PF;
    }
    return proc_start(&c->host, c->ns, NETNS_HERE, "weir-host", args) != 0 ||
                   proc_said(&c->host, "weir-host: ready", c->stop, err, err_size) != 0
               ? -EIO
               : 0;
}

static int start_guest(struct cast *c, unsigned i, char *err, size_t err_size) {
    char path[256], address[18];
    const char *args[] = {path,        "--parent", c->dir,  "--name", cast_place[i + 1],
                          "--mac",     address,    "--tap", "weir0",  c->pci ? "--bus" : NULL,
                          "pciaccess", NULL};

    path_of(c, "weir-guest", path, sizeof(path));
    text_of(address, i + 1);
    if (proc_start(&c->guest[i], c->ns, (int)i + 1, cast_place[i + 1], args) != 0 ||
        proc_said(&c->guest[i], "on the synthetic path", c->stop, err, err_size) != 0)
        return -EIO;
    return set_up_device(c, i + 1, err, err_size);
}

int cast_start(struct cast *c, void (*say)(void *ctx, const char *text), void *ctx, char *err, size_t err_size) {
    snprintf(c->trace, sizeof(c->trace), "%s/card.pcapng", netns_dir(c->ns));
    snprintf(c->dir, sizeof(c->dir), "%s/host", netns_dir(c->ns));
    snprintf(c->tree, sizeof(c->tree), "%s/pci", netns_dir(c->ns));
    say(ctx, "weir-sim: two RV32 cores boot the firmware from flash");
    if (start_card(c, err, err_size) != 0)
        return -EIO;
    say(ctx, c->pci ? "weir-host: PF driver on " PCI_SIM_PF
                      " through libpciaccess, NIC switch, SR-IOV with 4 VFs, NetVSP"
                    : "weir-host: PF driver, NIC switch, SR-IOV with 4 VFs, NetVSP");
    if (start_host(c, err, err_size) != 0)
        return -EIO;
    for (unsigned i = 0; i < CAST_GUESTS; i++)
        if (start_guest(c, i, err, err_size) != 0)
            return -EIO;
    return 0;
}

int cast_check(struct cast *c, char *err, size_t err_size) {
    bool good = proc_alive(&c->sim, err, err_size) && proc_alive(&c->host, err, err_size);
    for (unsigned i = 0; i < CAST_GUESTS && good; i++)
        good = proc_alive(&c->guest[i], err, err_size);
    return good ? 0 : -EIO;
}

static int stop(struct cast *c, struct proc *p, char *err, size_t err_size) {
    char words[160];
    int status = proc_stop(p, c->stop);
    if (status == 0)
        return 0;
    proc_last_words(p, words, sizeof(words));
    snprintf(err, err_size, "%s ended with status %d: %s", p->name, status, words);
    return -EIO;
}

int cast_stop(struct cast *c, void (*before_host)(void *ctx), void *ctx, char *err, size_t err_size) {
    int ret = 0;
    for (unsigned i = 0; i < CAST_GUESTS; i++)
        ret = stop(c, &c->guest[i], err, err_size) != 0 ? -EIO : ret;
    before_host(ctx);
    ret = stop(c, &c->host, err, err_size) != 0 ? -EIO : ret;
    if (c->pci)
        pci_sim_hide();
    ret = stop(c, &c->sim, err, err_size) != 0 ? -EIO : ret;
    if (c->pci)
        pci_sim_clear(c->tree);
    return ret;
}
