// SPDX-License-Identifier: Apache-2.0
// See hosts.h.
#include "hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_run.h"
#include "pci_sim.h"
#include "world.h"

struct simproc sim;
pid_t host;
char host_dir[96], host_log[128];
bool virtio_devices, on_pci;
const char *vf_address;

static const volatile int never = 0;
static char tree[64]; // where weir-sim serves its PCI tree

void hosts_launch_parent(const char *const *more) {
    static const char *const open_door[] = {"--open", NULL};
    const char *args[20] = {"--card", sim.dir, "--dir", host_dir, "--vfs", "4"};
    unsigned n = 6;

    if (on_pci) {
        args[0] = "--bus";
        args[1] = "pciaccess";
        args[n++] = PCI_SIM_PF;
    }
    for (more = more != NULL ? more : open_door; *more != NULL && n < 19; more++)
        args[n++] = *more;
    unlink(host_log);
    host = simproc_spawn(WEIR_HOST_BINARY, args, host_log);
}

void hosts_start_parent(const char *const *more) {
    hosts_launch_parent(more);
    CHECK(simproc_log_has(host_log, "weir-host: ready"), "weir-host is not ready");
}

void hosts_prepare(void) {
    snprintf(host_dir, sizeof(host_dir), "%s/h", sim.dir);
    snprintf(host_log, sizeof(host_log), "%s.host", sim.dir);
}

void hosts_start(const char *const *more) {
    const char *const sim_args[] = {"--vfs", "4", NULL}, *const pci_args[] = {"--vfs", "0", "--sysfs", tree, NULL};
    char err[256] = "";

    snprintf(tree, sizeof(tree), "/tmp/weir-test-pci.%d", (int)getpid());
    simproc_start(&sim, on_pci ? pci_args : sim_args);
    CHECK(!on_pci || pci_sim_show(tree, err, sizeof(err)) == 0, "%s", err);
    hosts_prepare();
    hosts_start_parent(more);
}

void remove_folder(const char *dir) {
    char path[128];
    snprintf(path, sizeof(path), "%s/admin", dir);
    CHECK(rmdir(path) == 0, "a socket was left behind in %s", path);
    snprintf(path, sizeof(path), "%s/guests", dir);
    CHECK(rmdir(path) == 0, "a socket was left behind in %s", path);
    snprintf(path, sizeof(path), "%s/guests.json", dir);
    unlink(path);
    CHECK(rmdir(dir) == 0, "something was left behind in %s", dir);
}

void hosts_on_pci(void) {
    char err[256] = "";
    on_pci = true;
    if (pci_sim_prepare(err, sizeof(err)) == 0)
        return;
    puts(err);
    exit(77);
}

void hosts_stop_parent(void) {
    CHECK(simproc_end(host) == 0, "weir-host does not end in order");
}

void hosts_stop(void) {
    hosts_stop_parent();
    unlink(host_log);
    remove_folder(host_dir);
    if (on_pci)
        pci_sim_hide();
    simproc_stop(&sim);
}

int ctl_words(char *text, unsigned size, const char *const *words) {
    const char *args[15] = {"--parent", host_dir};
    for (unsigned n = 2; n < 14 && *words != NULL; words++)
        args[n++] = *words;
    return simproc_exec(WEIRCTL_BINARY, args, text, size);
}

int ctl(const char *cmd, const char *arg, char *text, unsigned size) {
    const char *args[] = {"--parent", host_dir, cmd, arg, NULL};
    return simproc_exec(WEIRCTL_BINARY, args, text, size);
}

void must(const char *cmd, const char *arg) {
    char text[2048];
    int status = ctl(cmd, arg, text, sizeof(text));
    CHECK(status == 0, "weirctl %s %s: status %d: %s", cmd, arg != NULL ? arg : "", status, text);
}

static void guest_process(int device, const char *name, const uint8_t *mac) {
    struct guest_options o = {.bus = {.pci = on_pci, .address = vf_address},
                              .parent = host_dir,
                              .name = name,
                              .own_mac = mac[5] != 0,
                              .tap = device,
                              .virtio_header = virtio_devices,
                              .wait_s = WAIT_MS / 1000};
    char err[256] = "";
    struct guest_run *g;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN); // of a device that is closed
    memcpy(o.mac, mac, 6);
    fcntl(device, F_SETFL, O_NONBLOCK);
    g = guest_new(&o, err, sizeof(err));
    if (g == NULL) {
        fprintf(stderr, "%s\n", err);
        _exit(1);
    }
    _exit(guest_run(g, &never) == 0 ? 0 : 2);
}

void guest_start(struct guest *g, const char *name, uint8_t last) {
    const uint8_t mac[6] = {0x02, 0x57, 0, 0, 0, last};
    int ends[2], room = 1 << 20;

    memcpy(g->mac, mac, 6);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, "no socket pair");
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    fflush(NULL);
    g->pid = fork();
    CHECK(g->pid >= 0, "cannot fork");
    if (g->pid == 0) {
        close(ends[0]);
        guest_process(ends[1], name, mac);
    }
    close(ends[1]);
    g->device = ends[0];
    fcntl(g->device, F_SETFL, O_NONBLOCK);
}

void guest_kill(struct guest *g) {
    kill(g->pid, SIGKILL);
    waitpid(g->pid, NULL, 0);
    close(g->device);
}

void await_status(const char *want) {
    long until = simproc_now_ms() + WAIT_MS;
    char text[2048] = "";
    do {
        if (ctl("status", NULL, text, sizeof(text)) == 0 && strstr(text, want) != NULL)
            return;
    } while (simproc_now_ms() < until);
    CHECK(false, "status never says '%s': %s", want, text);
}

void one_line(const char *program, const char *const *args, int want, const char *part) {
    char text[2048] = "";
    int status = simproc_exec(program, args, text, sizeof(text));
    CHECK(status == want, "%s %s: status %d: %s", program, args[0], status, text);
    CHECK(strstr(text, part) != NULL, "%s does not say '%s': %s", program, part, text);
    CHECK(strchr(text, '\n') == text + strlen(text) - 1, "not one line: %s", text);
}

int connect_to(const char *name) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", host_dir, name) < sizeof(addr.sun_path),
          "too long");
    CHECK(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, "cannot connect to %s", name);
    return fd;
}
