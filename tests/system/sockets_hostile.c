// SPDX-License-Identifier: Apache-2.0
// Clients that come second, die, take their memory away or talk nonsense; a server that dies. The others must not
// notice.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"
#include "vfu_proto.h"

// Lets the stopped simulator go on in a moment, while this process waits for it.
static void wake_later(void) {
    fflush(NULL);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        nanosleep(&(struct timespec){0, 200000000}, NULL);
        kill(sim.pid, SIGCONT);
        _exit(0);
    }
}

void second_client_is_refused(void) {
    struct weir_bus *first, *second;
    char err[256] = "";
    uint32_t id;
    long start;

    simproc_start(&sim, plain);
    first = open_bus("pf");
    start = simproc_now_ms();
    second = weir_vfio_user_open(simproc_socket(&sim, "pf"), err, sizeof(err));
    CHECK(second == NULL, "a second client got the PF");
    CHECK(strstr(err, "another client has this function") != NULL && strchr(err, '\n') == NULL, "unclear: %s", err);
    CHECK(simproc_now_ms() - start < 2000, "refused only after %ld ms", simproc_now_ms() - start);
    CHECK(simproc_said(&sim, "pf: refused a second client"), "the simulator does not mention it");
    CHECK(first->ops->cfg_read(first, 0, 4, &id) == 0 && id == (WEIR_VENDOR_ID | (uint32_t)WEIR_PF_DEVICE_ID << 16),
          "the first client reads %08x", id);
    // Free again at once, even when the simulator learns of leaving and coming at the same time.
    kill(sim.pid, SIGSTOP);
    CHECK(waitpid(sim.pid, NULL, WUNTRACED) == sim.pid, "weir-sim cannot be stopped"); // until it really stands still
    weir_bus_close(first);
    wake_later();
    second = open_bus("pf");
    weir_bus_close(second);
    simproc_stop(&sim);
}

// Runs `body` with VF 1 open in a process of its own, which ends without any farewell.
static void in_doomed_process(void (*body)(struct weir_vf *vf)) {
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0, "cannot fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        body(open_vf(1));
        raise(SIGKILL);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
          "the doomed client failed on its own");
}

// Leaves frames in its transmit ring that the card is about to fetch.
static void die_sending(struct weir_vf *vf) {
    uint8_t f[1514] = {0};
    uint8_t mac[6];

    vf_mac(1, mac);
    memcpy(f, pf_mac, 6);
    memcpy(f + 6, mac, 6);
    for (unsigned i = 0; i < 60; i++)
        CHECK(weir_qp_send(weir_vf_qp(vf, 0), f, sizeof(f)) >= 0, "cannot send");
    weir_qp_ring_doorbell(weir_vf_qp(vf, 0));
}

// Takes what the dead have sent until nothing comes any more.
static void settle_pf(void) {
    struct inbox in = {0};
    for (long until = simproc_now_ms() + 200; simproc_now_ms() < until;)
        if (weir_qp_poll(weir_pf_qp(pf, 0), 64, on_rx, NULL, &in) != 0)
            until = simproc_now_ms() + 200;
}

void dead_client_leaves_the_rest_running(void) {
    struct weir_vf *vf0, *vf1;

    simproc_start(&sim, plain);
    open_pf();
    vf0 = open_vf(0);
    for (unsigned i = 0; i < 3; i++) {
        in_doomed_process(die_sending);
        settle_pf();
        ping_pong(vf0, 0, 2);
    }
    CHECK(simproc_said(&sim, "vf1: client left"), "nobody noticed");
    vf1 = open_vf(1); // reset, and as good as new
    ping_pong(vf1, 1, 2);
    ping_pong(vf0, 0, 2);
    weir_vf_close(vf1);
    close_all(vf0);
    simproc_stop(&sim);
}

// Ends without a farewell while the card fetches what it sends.
void dead_pf_can_be_replaced(void) {
    simproc_start(&sim, plain);
    for (unsigned i = 0; i < 2; i++) {
        int status;
        pid_t pid;
        fflush(NULL);
        pid = fork();
        CHECK(pid >= 0, "cannot fork");
        if (pid == 0) {
            static uint8_t f[1514];
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            open_pf();
            for (unsigned k = 0; k < 60; k++)
                CHECK(weir_qp_send(weir_pf_qp(pf, 0), f, sizeof(f)) >= 0, "cannot send");
            weir_qp_ring_doorbell(weir_pf_qp(pf, 0));
            raise(SIGKILL);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
              "the doomed PF failed on its own");
    }
    open_pf(); // its VFs and its switch went with it
    {
        struct weir_vf *vf = open_vf(0);
        ping_pong(vf, 0, 2);
        close_all(vf);
    }
    simproc_stop(&sim);
}

// Takes the memory away that the card is about to read, from under the simulator's mapping of it.
static void die_shrinking(struct weir_vf *vf) {
    char path[64], target[64];

    for (int fd = 0; fd < 64; fd++) {
        ssize_t n;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        n = readlink(path, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        if (strncmp(target, "/memfd:weir-dma", 15) == 0 && fcntl(fd, F_GETFD) >= 0)
            CHECK(ftruncate(fd, 0) == 0, "cannot shrink");
    }
    weir_dev_bus(weir_vf_dev(vf))
        ->ops->bar_write(weir_dev_bus(weir_vf_dev(vf)), WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_TX_TAIL, 1);
    nanosleep(&(struct timespec){0, 200000000}, NULL);
}

void client_that_shrinks_its_memory_disturbs_nobody(void) {
    struct weir_vf *vf0;

    simproc_start(&sim, plain);
    open_pf();
    // VF 0 opens later than the fork, so that the doomed process holds but the PF's descriptor and its own.
    {
        int status;
        pid_t pid;
        fflush(NULL);
        pid = fork();
        CHECK(pid >= 0, "cannot fork");
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (int fd = 3; fd < 64; fd++)
                close(fd); // the PF's
            die_shrinking(open_vf(1));
            _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0, "the shrinking client failed on its own");
    }
    vf0 = open_vf(0);
    ping_pong(vf0, 0, 3);
    close_all(vf0);
    simproc_stop(&sim);
}

int raw_connect(const char *path) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, "cannot connect to %s", path);
    return fd;
}

void client_that_talks_nonsense_is_dropped(void) {
    struct weir_vf *vf0;
    uint8_t junk[256];

    simproc_start(&sim, plain);
    open_pf();
    vf0 = open_vf(0);
    for (unsigned i = 0; i < 20; i++) {
        int fd = raw_connect(simproc_socket(&sim, "vf1"));
        struct pollfd p = {.fd = fd, .events = POLLIN};
        for (unsigned k = 0; k < sizeof(junk); k++)
            junk[k] = (uint8_t)(world_rand() | (k == 7 ? 0x80 : 0)); // a length nobody allows
        CHECK(send(fd, junk, sizeof(junk), MSG_NOSIGNAL) == (ssize_t)sizeof(junk), "cannot send");
        CHECK(poll(&p, 1, WAIT_MS) == 1 && recv(fd, junk, sizeof(junk), 0) <= 0, "nonsense was answered");
        close(fd);
    }
    CHECK(simproc_said(&sim, "vf1: client does not speak vfio-user, dropped"), "not mentioned");
    ping_pong(vf0, 0, 2);
    weir_vf_close(open_vf(1));
    close_all(vf0);
    simproc_stop(&sim);
}

void raw_send(int fd, uint16_t command, const void *payload, size_t len, int pass) {
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct vfu_header h = {.command = command, .size = (uint32_t)(sizeof(h) + len)};
    struct iovec iov[2] = {{&h, sizeof(h)}, {(void *)(uintptr_t)payload, len}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};

    if (pass >= 0) {
        struct cmsghdr *c;
        m.msg_control = &control;
        m.msg_controllen = sizeof(control);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass, sizeof(int));
    }
    CHECK(sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)h.size, "cannot send");
}

unsigned raw_answer(int fd) {
    struct vfu_header h;
    char rest[512];

    CHECK(recv(fd, &h, sizeof(h), MSG_WAITALL) == (ssize_t)sizeof(h), "no answer");
    CHECK(h.size == sizeof(h) || recv(fd, rest, h.size - sizeof(h), MSG_WAITALL) == (ssize_t)(h.size - sizeof(h)),
          "half an answer");
    return (h.flags & VFU_ERROR) != 0 ? h.error : 0;
}

unsigned raw_call(int fd, uint16_t command, const void *payload, size_t len, int pass) {
    raw_send(fd, command, payload, len, pass);
    return raw_answer(fd);
}

void memory_announcements_are_checked(void) {
    enum { R = VFU_DMA_READABLE, W = VFU_DMA_WRITABLE };
    const struct {
        const char *what;
        uint64_t offset, address, size;
        uint32_t flags;
        int kind; // 0: memory of 64 KiB, 1: none, 2: a pipe, 3: memory that is open for reading only
        unsigned expect;
    } row[] = {
        {"a good one", 0, 0x10000, 0x8000, R | W, 0, 0},
        {"the same again", 0, 0x10000, 0x8000, R | W, 0, EEXIST},
        {"over its end", 0, 0x17000, 0x2000, R | W, 0, EEXIST},
        {"behind it", 0x8000, 0x18000, 0x8000, R, 0, 0},
        {"longer than its file", 0x8000, 0x40000, 0x9000, R | W, 0, EINVAL},
        {"behind its file", 0x10000, 0x40000, 0x1000, R | W, 0, EINVAL},
        {"offset that wraps", UINT64_MAX - 0xFFF, 0x40000, 0x2000, R | W, 0, EINVAL},
        {"huge", 0, 0x40000, UINT64_MAX / 2, R | W, 0, EINVAL},
        {"offset inside a page", 0x10, 0x40000, 0x1000, R | W, 0, EINVAL},
        {"nothing", 0, 0x40000, 0, R | W, 0, EINVAL},
        {"wraps around", 0, UINT64_MAX - 0xFFF, 0x2000, R | W, 0, EINVAL},
        {"no rights", 0, 0x40000, 0x1000, 0, 0, EINVAL},
        {"unknown rights", 0, 0x40000, 0x1000, R | 4, 0, EINVAL},
        {"not mappable", 0, 0xC0000, 0x1000, R, 1, 0},
        {"a pipe", 0, 0x50000, 0x1000, R | W, 2, EINVAL},
        {"write through a read-only descriptor", 0, 0x50000, 0x1000, R | W, 3, EACCES},
    };
    const struct vfu_version v = {0, 0};
    struct vfu_dma_unmap u = {.argsz = sizeof(u), .address = 0x10000, .size = 0x4000};
    int fds[4] = {memfd_create("unit", 0), -1, -1, -1}, pipe_fds[2], fd;
    char path[64];

    simproc_start(&sim, plain);
    CHECK(ftruncate(fds[0], 0x10000) == 0 && pipe(pipe_fds) == 0, "no memory");
    fds[2] = pipe_fds[0];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
    fds[3] = open(path, O_RDONLY);
    fd = raw_connect(simproc_socket(&sim, "pf"));
    CHECK(raw_call(fd, VFU_VERSION, &v, sizeof(v), -1) == 0, "VERSION");
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
            const struct vfu_dma_map map = {sizeof(map), row[i].flags, row[i].offset, row[i].address, row[i].size};
            unsigned got = raw_call(fd, VFU_DMA_MAP, &map, sizeof(map), fds[row[i].kind]);
            CHECK(got == row[i].expect, "%s: %s instead of %s", row[i].what, strerror((int)got),
                  strerror((int)row[i].expect));
        }
        CHECK(raw_call(fd, VFU_DMA_UNMAP, &u, sizeof(u), -1) == ENOENT, "a part was unmapped");
        u.size = 0x8000;
        CHECK(raw_call(fd, VFU_DMA_UNMAP, &u, sizeof(u), -1) == 0, "cannot unmap");
        CHECK(raw_call(fd, VFU_DMA_UNMAP, &u, sizeof(u), -1) == ENOENT, "unmapped twice");
        u = (struct vfu_dma_unmap){.argsz = sizeof(u), .flags = VFU_UNMAP_ALL};
        CHECK(raw_call(fd, VFU_DMA_UNMAP, &u, sizeof(u), -1) == 0, "cannot unmap all");
        u = (struct vfu_dma_unmap){.argsz = sizeof(u), .address = 0x10000, .size = 0x4000};
    }
    close(fd);
    simproc_stop(&sim);
}

void dead_server_is_a_vanished_function(void) {
    struct weir_bus *bus;
    struct weir_dma dma;
    uint32_t v = 0;
    long start;

    simproc_start(&sim, plain);
    open_pf();
    bus = weir_dev_bus(weir_pf_dev(pf));
    simproc_kill(&sim);
    start = simproc_now_ms();
    CHECK(bus->ops->bar_read(bus, WEIR_BAR_ABI, &v) == -ENODEV && v == UINT32_MAX, "BAR reads %08x", v);
    v = 0;
    CHECK(bus->ops->cfg_read(bus, 0, 2, &v) == -ENODEV && v == 0xFFFF, "configuration reads %08x", v);
    CHECK(bus->ops->bar_write(bus, WEIR_BAR_DOORBELL_BASE, 0) == -ENODEV, "a write went nowhere unnoticed");
    CHECK(bus->ops->dma_alloc(bus, 4096, &dma) == -ENODEV, "memory for nobody");
    CHECK(weir_pf_ping(pf, NULL) == -ENODEV && weir_dev_dead(weir_pf_dev(pf)), "the driver did not notice");
    weir_pf_close(pf);
    CHECK(simproc_now_ms() - start < 2000, "noticed only after %ld ms", simproc_now_ms() - start);
    simproc_remove(&sim);
}
