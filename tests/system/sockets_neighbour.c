// SPDX-License-Identifier: Apache-2.0
// One client's limits, and what of the user's stays whatever he types: blocking bells, maps, places, peers, files, and
// the cable.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockets.h"
#include "vfu_proto.h"

#define SILENT 24u // connections without a word: more than a function's places and its backlog

static int greeted(const char *fn) {
    const struct vfu_version v = {0, 0};
    int fd = raw_connect(simproc_socket(&sim, fn));
    // A server that hangs ends the test, not the night.
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){WAIT_MS / 1000, 0}, sizeof(struct timeval)) == 0,
          "no time limit");
    CHECK(raw_call(fd, VFU_VERSION, &v, sizeof(v), -1) == 0, "VERSION");
    return fd;
}

static unsigned set_vector(int fd, uint32_t data, int bell) {
    const struct vfu_irq_set q = {.argsz = sizeof(q),
                                  .flags = data | VFIO_IRQ_SET_ACTION_TRIGGER,
                                  .index = VFIO_PCI_MSIX_IRQ_INDEX,
                                  .start = 3,
                                  .count = 1};
    return raw_call(fd, VFU_DEVICE_SET_IRQS, &q, sizeof(q), bell);
}

void a_bell_that_blocks_stops_nobody(void) {
    const uint64_t full = UINT64_MAX - 1;
    int bell = eventfd(0, EFD_NONBLOCK), other[2], fd;
    uint64_t count;

    simproc_start(&sim, plain);
    fd = greeted("pf");
    CHECK(pipe(other) == 0, "no pipe");
    CHECK(set_vector(fd, VFIO_IRQ_SET_DATA_EVENTFD, other[1]) == EINVAL, "a pipe for a bell");
    CHECK(set_vector(fd, VFIO_IRQ_SET_DATA_EVENTFD, bell) == 0, "no bell");
    CHECK(set_vector(fd, VFIO_IRQ_SET_DATA_NONE, -1) == 0, "cannot fire");
    CHECK(read(bell, &count, sizeof(count)) == sizeof(count) && count == 1, "it did not ring");
    // The flags are the description's, which is ours as well.
    CHECK(fcntl(bell, F_SETFL, 0) == 0 && write(bell, &full, sizeof(full)) == sizeof(full), "cannot fill the bell");
    for (unsigned i = 0; i < 3; i++)
        CHECK(set_vector(fd, VFIO_IRQ_SET_DATA_NONE, -1) == 0, "cannot fire a full bell");
    close(fd);
    simproc_stop(&sim);
}

// A socket whose last close waits for an hour: it lingers, and what was sent cannot leave.
static int lingering(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct linger hour = {1, 3600};
    static uint8_t much[1 << 16];
    socklen_t len = sizeof(addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(bind(listener, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(listener, 1) == 0 &&
              getsockname(listener, (struct sockaddr *)&addr, &len) == 0 &&
              connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)) == 0,
          "no connection: %s", strerror(errno));
    while (send(fd, much, sizeof(much), MSG_DONTWAIT) > 0) {
    }
    return fd; // nobody takes it from the listener, which stays
}

// While the simulator stands still, so that its close is the last one and not ours.
static void pass_lingering(int fd) {
    const struct vfu_dma_map map = {sizeof(map), VFU_DMA_READABLE, 0, 0x10000, 4096};
    int given = lingering();

    raw_send(fd, VFU_DMA_MAP, &map, sizeof(map), given);
    close(given);
}

void a_close_that_waits_stops_nobody(void) {
    struct weir_bus *bus;
    uint32_t v;
    int fd, silent;

    simproc_start(&sim, plain);
    fd = greeted("vf1");
    silent = raw_connect(simproc_socket(&sim, "vf0"));
    kill(sim.pid, SIGSTOP);
    CHECK(waitpid(sim.pid, NULL, WUNTRACED) == sim.pid, "weir-sim cannot be stopped");
    pass_lingering(fd);     // in a message that is answered
    pass_lingering(silent); // and in one that comes too early, from one who leaves
    close(silent);
    kill(sim.pid, SIGCONT);
    CHECK(raw_answer(fd) == EINVAL, "a socket for memory");
    bus = open_bus("pf");
    CHECK(bus->ops->cfg_read(bus, 0, 4, &v) == 0 && v == (WEIR_VENDOR_ID | (uint32_t)WEIR_PF_DEVICE_ID << 16),
          "the neighbour reads %08x", v);
    weir_bus_close(bus);
    close(fd);
    simproc_stop(&sim);
}

void one_client_cannot_map_for_all(void) {
    struct vfu_dma_map map = {sizeof(map), VFU_DMA_READABLE, 0, 0, 4096};
    int memory = memfd_create("sparse", 0), fd, other;
    unsigned err = 0, maps = 0;

    simproc_start(&sim, plain);
    fd = greeted("pf");
    CHECK(ftruncate(memory, (off_t)1 << 41) == 0, "no sparse file");
    map.size = 1ull << 41;
    CHECK(raw_call(fd, VFU_DMA_MAP, &map, sizeof(map), memory) == ENOSPC, "2 TiB of one client");
    map.size = 4096;
    for (; err == 0 && maps < 70000; maps++) {
        map.address = (uint64_t)maps << 12;
        err = raw_call(fd, VFU_DMA_MAP, &map, sizeof(map), memory);
    }
    CHECK(err == ENOSPC && maps == VFU_MAX_MAPS + 1, "%u maps, then %s", maps, strerror((int)err));
    other = greeted("vf0");
    CHECK(raw_call(other, VFU_DMA_MAP, &map, sizeof(map), memory) == 0, "nothing is left for the neighbour");
    close(other);
    close(fd);
    simproc_stop(&sim);
}

void silence_keeps_nobody_out(void) {
    int silent[SILENT];
    struct weir_bus *bus;

    simproc_start(&sim, plain);
    for (unsigned i = 0; i < SILENT; i++) {
        struct sockaddr_un addr = {.sun_family = AF_UNIX};
        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", simproc_socket(&sim, "pf"));
        silent[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(silent[i], (struct sockaddr *)&addr, sizeof(addr)); // the backlog may be full
    }
    bus = open_bus("pf"); // which waits for its turn, and says so when there is none
    weir_bus_close(bus);
    for (unsigned i = 0; i < SILENT; i++)
        close(silent[i]);
    simproc_stop(&sim);
}

// Says VERSION as another user; 0: answered.
static int as_user(uid_t uid, const char *fn) {
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0, "cannot fork");
    if (pid == 0) {
        const struct vfu_header h = {.command = VFU_VERSION, .size = sizeof(h) + 4};
        struct sockaddr_un addr = {.sun_family = AF_UNIX};
        uint8_t m[sizeof(h) + 4] = {0}, back[16];
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", simproc_socket(&sim, fn));
        memcpy(m, &h, sizeof(h));
        if (setuid(uid) != 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
            _exit(2);
        (void)send(fd, m, sizeof(m), MSG_NOSIGNAL);
        _exit(recv(fd, back, sizeof(back), 0) > 0 ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "the other user failed on his own");
    return WEXITSTATUS(status);
}

void only_those_allowed_come_in(void) {
    const char *const open_to[] = {"--vfs", "1", "--allow-uid", "65533", NULL};

    if (geteuid() != 0) {
        printf("only root can be somebody else\n");
        exit(77);
    }
    simproc_start(&sim, plain);
    CHECK(chmod(sim.dir, 0711) == 0, "cannot open the folder");
    CHECK(as_user(65533, "pf") == 2, "the socket is open to all");
    simproc_stop(&sim);
    simproc_start(&sim, open_to);
    CHECK(chmod(sim.dir, 0711) == 0, "cannot open the folder");
    CHECK(as_user(65533, "pf") == 0, "the one allowed was kept out");
    CHECK(as_user(65533, "vf0") == 1, "a VF that is nobody's was let go");
    CHECK(as_user(65534, "vf0") == 1, "a stranger came in");
    CHECK(simproc_said(&sim, "vf0: refused user 65534; --allow-uid lets others in"), "not mentioned");
    simproc_stop(&sim);
}

#define LETTER "the only copy of a letter\n"

static void write_letter(const char *path) {
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(LETTER, f) >= 0 && fclose(f) == 0, "cannot write %s", path);
}

static bool letter_is_there(const char *path) {
    char text[64] = "";
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f != NULL)
        fclose(f);
    return n == strlen(LETTER) && strcmp(text, LETTER) == 0;
}

void files_of_the_user_survive_every_option(void) {
    static const char *const option[][2] = {{"--flash", "%s"},     {"--trace", "%s"},
                                            {"--lspci", "%s"},     {"--fst", "%s"},
                                            {"--wire", "link:%s"}, {"--wire", "pcap:/dev/null,%s"},
                                            {"--wire", "pcap:%s"}, {"--firmware", "%s"},
                                            {"--sysfs", "%s"},     {"--dir", "%s"}};
    static const char *const name[] = {"lock", "pf.sock", "vf0.sock"};
    char dir[64] = "/tmp/weir-test-XXXXXX", sockets[80], letter[80], value[128], path[128], text[1024];

    CHECK(mkdtemp(dir) != NULL, "no temporary folder");
    snprintf(letter, sizeof(letter), "%s/letter", dir);
    snprintf(sockets, sizeof(sockets), "%s/d", dir);
    write_letter(letter);
    for (unsigned i = 0; i < sizeof(option) / sizeof(option[0]); i++) {
        const char *args[] = {"--dir", sockets, "--vfs", "1", option[i][0], value, NULL};
        int status;
        snprintf(value, sizeof(value), "%s%s", strcmp(option[i][1], "%s") == 0 ? "" : option[i][1], letter);
        if (strstr(option[i][1], ":") != NULL)
            snprintf(value, sizeof(value), "%.*s%s", (int)(strlen(option[i][1]) - 2), option[i][1], letter);
        status = simproc_run(strcmp(option[i][0], "--dir") == 0 ? args + 2 : args, text, sizeof(text));
        CHECK(letter_is_there(letter), "%s %s cost the letter", option[i][0], value);
        CHECK(status == 1 && strncmp(text, "weir-sim: ", 10) == 0 && strchr(text, '\n') == text + strlen(text) - 1,
              "%s %s: status %d, not one line: %s", option[i][0], value, status, text);
    }
    // In the folder of the sockets.
    for (unsigned i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
        const char *args[] = {"--dir", dir, "--vfs", "1", NULL};
        snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
        unlink(path);
        write_letter(path);
        CHECK(simproc_run(args, text, sizeof(text)) == 1 && strstr(text, path) != NULL, "%s: %s", path, text);
        CHECK(letter_is_there(path), "%s was taken for ours", path);
        CHECK(unlink(path) == 0, "gone");
    }
    unlink(letter);
    snprintf(path, sizeof(path), "%s/lock", sockets);
    unlink(path);
    rmdir(sockets);
    snprintf(path, sizeof(path), "%s/lock", dir);
    unlink(path);
    CHECK(rmdir(dir) == 0, "something was left in %s", dir);
}

// The link as the driver asks for it, and as FW_EVENT tells of it.
static void await_link(bool up) {
    long until = simproc_now_ms() + WAIT_MS;
    bool now = !up, told = false;

    while ((!told || now != up) && simproc_now_ms() < until) {
        struct weir_event e[8];
        int n = weir_pf_events(pf, e, 8);
        for (int i = 0; i < n; i++)
            told = told || (e[i].kind == WEIR_FW_EVENT_LINK && (e[i].a != 0) == up);
        CHECK(weir_pf_link(pf, &now) == 0, "no answer about the link");
    }
    CHECK(now == up && told, "link is %s, %s", now ? "up" : "down", told ? "told" : "nobody told");
}

void the_cable_can_be_pulled(void) {
    simproc_start(&sim, plain);
    open_pf_only();
    CHECK(kill(sim.pid, SIGUSR1) == 0, "no signal");
    await_link(false);
    CHECK(simproc_said(&sim, "weir-sim: cable pulled"), "not mentioned");
    CHECK(kill(sim.pid, SIGUSR1) == 0, "no signal");
    await_link(true);
    CHECK(simproc_said(&sim, "weir-sim: cable plugged in"), "not mentioned");
    weir_pf_close(pf);
    simproc_stop(&sim);
}
