// SPDX-License-Identifier: Apache-2.0
// kill -9 of drivers on the unmodified libpciaccess, each a process of its own, while the others' frames keep coming:
// the next one starts and hears, and when it is up, nothing writes to the memory that the dead one had (threat T29).
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pci_sim.h"
#include "simproc.h"
#include "weir/pf.h"
#include "weir/vf.h"
#include "weir_pciaccess.h"
#include "world.h"

#define KILLS 3u
#define STEP_MS 120000 // of a machine ten times slower
#define POISON 0xA5

static const uint8_t vf_mac[6] = {2, 0, 0, 0, 0, 0x10}, pf_mac[6] = {2, 0, 0, 0, 0, 1};
static const char *const slot[2] = {"0000:01:00.0", "0000:01:00.1"};

struct driver {
    pid_t pid;
    int progress; // a byte for every ten frames that came
};
static struct driver driver[2]; // PF, VF
static unsigned came;

// ---- a driver's process ----

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)info;
    if (frame != NULL && ++came % 10 == 0 && write(*(int *)ctx, "+", 1) != 1)
        _exit(0); // nobody is interested any more
}

static _Noreturn void drive(struct weir_qp *q, const uint8_t *to, const uint8_t *from, int progress) {
    uint8_t f[600] = {0};
    memcpy(f, to, 6);
    memcpy(f + 6, from, 6);
    f[12] = 0x88, f[13] = 0xB5;
    for (;;) {
        while (weir_qp_tx_room(q) > 2 && weir_qp_send(q, f, sizeof(f)) >= 0) {
        }
        weir_qp_ring_doorbell(q);
        weir_qp_poll(q, 64, on_rx, NULL, &progress);
    }
}

// The first generation of a driver has large rings, later ones small ones: they leave most of its memory alone.
static _Noreturn void be_driver(unsigned fn, bool large, int progress) {
    const struct weir_pf_config pc = {
        .num_vfs = 1, .num_vports = 2, .default_qps = 1, .tx_log2 = 4, .rx_log2 = large ? 9 : 4, .buf_bytes = 2048};
    const struct weir_vf_config vc = {.tx_log2 = 4, .rx_log2 = large ? 9 : 4, .buf_bytes = 2048};
    char err[256] = "";
    struct weir_bus *bus;
    struct weir_pf *pf;
    struct weir_vf *vf;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bus = weir_pciaccess_open(slot[fn], fn == 0 ? WEIR_PCIACCESS_PF : WEIR_PCIACCESS_VF, err, sizeof(err));
    if (bus == NULL || (fn == 0 ? weir_pf_open(bus, &pc, &pf, err, sizeof(err))
                                : weir_vf_open(bus, &vc, &vf, err, sizeof(err))) != 0) {
        fprintf(stderr, "%s: %s\n", slot[fn], err);
        _exit(1);
    }
    if (fn == 0 && (weir_pf_alloc_vf(pf, 0, vf_mac, "guest") != 0 ||
                    weir_pf_create_vport(pf, 1, 0, 1, WEIR_VPORT_CHECK_SRC, "guest") != 0 ||
                    weir_pf_set_filter(pf, 1, 1, vf_mac, WEIR_FILTER_ANY_VLAN, 0) != 0 ||
                    weir_pf_set_filter(pf, 2, 0, pf_mac, WEIR_FILTER_ANY_VLAN, 0) != 0 || write(progress, "=", 1) != 1))
        _exit(1);
    if (fn == 0)
        drive(weir_pf_qp(pf, 0), vf_mac, pf_mac, progress);
    drive(weir_vf_qp(vf, 0), pf_mac, vf_mac, progress);
}

static void start(unsigned fn, bool large) {
    int fd[2];
    CHECK(pipe2(fd, O_CLOEXEC) == 0 && (driver[fn].pid = fork()) >= 0, "cannot start a driver: %s", strerror(errno));
    if (driver[fn].pid == 0) {
        close(fd[0]);
        be_driver(fn, large, fd[1]);
    }
    close(fd[1]);
    driver[fn].progress = fd[0];
}

// Awaits so many steps of a driver, however long they take it.
static void await(unsigned fn, unsigned steps, const char *when) {
    for (unsigned i = 0; i < steps; i++) {
        struct pollfd p = {.fd = driver[fn].progress, .events = POLLIN};
        char one;
        CHECK(poll(&p, 1, STEP_MS) == 1 && read(p.fd, &one, 1) == 1, "%s: %s does not go on", when, slot[fn]);
    }
}

static void slay(unsigned fn) {
    kill(driver[fn].pid, SIGKILL);
    waitpid(driver[fn].pid, NULL, 0);
    driver[fn].pid = 0;
    close(driver[fn].progress);
}

// ---- the memory of a function ----

struct memory {
    uint8_t *mem;
    size_t bytes;
};

static struct memory map_memory(unsigned fn) {
    char path[96], text[160] = "", file[128];
    unsigned long long bytes;
    struct memory m;
    int fd;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/dma_memory", slot[fn]);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && sscanf(text, "%127s %llu", file, &bytes) == 2,
          "%s says nothing of memory", path);
    close(fd);
    fd = open(file, O_RDWR | O_CLOEXEC);
    m.mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    m.bytes = bytes;
    CHECK(m.mem != MAP_FAILED, "cannot map %s: %s", file, strerror(errno));
    close(fd);
    return m;
}

// What only the large one had: its receive buffers begin behind the three rings and the transmit buffers.
#define OLD_BEGIN 0x40000u
#define OLD_END 0x100000u

// The driver of `fn` has died and its next is up; then frames come to it, and not one byte goes where the dead one had
// its buffers. Returns the number of them that frames had been written into before.
static unsigned leave_alone(unsigned fn, const char *when) {
    struct memory m = map_memory(fn);
    unsigned used = 0;

    for (size_t i = OLD_BEGIN; i < OLD_END; i += 2048)
        used += m.mem[i + 12] == 0x88 && m.mem[i + 13] == 0xB5;
    memset(m.mem + OLD_BEGIN, POISON, m.bytes - OLD_BEGIN);
    await(fn, 20, when);
    for (size_t i = OLD_BEGIN; i < m.bytes; i++)
        CHECK(m.mem[i] == POISON, "%s: byte %zx of the dead driver's memory changed", when, i);
    munmap(m.mem, m.bytes);
    return used;
}

static void second_driver_is_refused(void) {
    char err[256] = "";
    CHECK(weir_pciaccess_open(slot[0], WEIR_PCIACCESS_PF, err, sizeof(err)) == NULL &&
              strstr(err, "another driver has this function") != NULL,
          "a second driver of the PF: %s", err);
}

static void kill_them(unsigned round) {
    unsigned used;
    start(0, true);
    await(0, 1, "the first PF driver");
    start(1, true);
    await(1, 30, "the first VF driver");
    await(0, 30, "the first PF driver");
    second_driver_is_refused();
    // The VF's dies; the PF's sends on to it.
    slay(1);
    start(1, false);
    await(1, 1, "the second VF driver");
    used = leave_alone(1, "the VF's driver was killed");
    // The PF's dies; the VF's sends on to it.
    slay(0);
    start(0, false);
    await(0, 1, "the second PF driver");
    slay(1); // its function went with the old PF driver
    start(1, false);
    await(0, 1, "frames to the second PF driver");
    used += leave_alone(0, "the PF's driver was killed");
    printf("round %u: %u buffers of dead drivers, left alone\n", round, used);
    CHECK(used != 0, "no frame was ever written where the test looks");
    slay(0);
    slay(1);
}

int main(void) {
    char err[256] = "", tree[64];
    const char *const args[] = {"--sysfs", tree, "--vfs", "0", NULL};
    struct simproc sim;

    if (pci_sim_prepare(err, sizeof(err)) != 0) {
        puts(err);
        return 77;
    }
    snprintf(tree, sizeof(tree), "/tmp/weir-test-pci.%d", (int)getpid());
    simproc_start(&sim, args);
    CHECK(pci_sim_show(tree, err, sizeof(err)) == 0, "%s", err);
    for (unsigned i = 0; i < KILLS; i++)
        kill_them(i);
    pci_sim_hide();
    simproc_stop(&sim); // which sees a broken TLP rule
    puts("killed drivers on libpciaccess start again");
    return 0;
}
