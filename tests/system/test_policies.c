// SPDX-License-Identifier: Apache-2.0
// What an administrator sets for a guest and sees of it, through the programs: policies hold on both paths and over
// every way between them, and each frame that the synthetic path drops is counted with its reason (threat T28).
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "world.h"

static const uint8_t all[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

static void nap(void) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void set(const char *guest, const char *key, const char *value) {
    const char *const words[] = {"guest", "set", guest, key, value, NULL};
    char text[2048] = "";
    CHECK(ctl_words(text, sizeof(text), words) == 0, "guest set %s %s %s: %s", guest, key, value, text);
}

static void add(const char *guest, const char *mac) {
    const char *const words[] = {"guest", "add", guest, "mac", mac, NULL};
    char text[2048] = "";
    CHECK(ctl_words(text, sizeof(text), words) == 0, "guest add %s: %s", guest, text);
}

// A counter of the guest's synthetic path.
static long counter(const char *guest, const char *name) {
    char text[4096] = "", *at;
    CHECK(ctl("counters", guest, text, sizeof(text)) == 0, "no counters of %s: %s", guest, text);
    at = strstr(text, name);
    CHECK(at != NULL, "no counter %s: %s", name, text);
    return strtol(at + strlen(name), NULL, 10);
}

static void await_counter(const char *guest, const char *name, long want) {
    long until = simproc_now_ms() + WAIT_MS, is;
    while ((is = counter(guest, name)) < want)
        CHECK(simproc_now_ms() < until, "%s of %s is %ld, not %ld", name, guest, is, want);
    CHECK(is == want, "%s of %s is %ld, more than %ld", name, guest, is, want);
}

static void send(const struct guest *g, const uint8_t *dst, uint8_t src, const void *rest, size_t rest_len,
                 size_t len) {
    static uint8_t f[9700];
    memset(f, 0, sizeof(f));
    memcpy(f, dst, 6);
    memcpy(f + 6, g->mac, 6);
    f[11] = src;
    memcpy(f + 12, rest, rest_len);
    while (write(g->device, f, len) != (ssize_t)len) {
        CHECK(errno == EAGAIN, "the device is gone");
        nap();
    }
}

// Frames of ours in the guest's device now.
static unsigned take(const struct guest *g, uint8_t *last, size_t room) {
    uint8_t f[9700];
    unsigned n = 0;
    ssize_t len;
    while ((len = read(g->device, f, sizeof(f))) > 0)
        if (len > 16 && (f[12] == 0x88 || f[16] == 0x88)) {
            memcpy(last, f, room < (size_t)len ? room : (size_t)len);
            n++;
        }
    return n;
}

static void await_frame(const struct guest *g, uint8_t *f, size_t room, const char *when) {
    long until = simproc_now_ms() + WAIT_MS;
    while (take(g, f, room) == 0) {
        CHECK(simproc_now_ms() < until, "%s: nothing came", when);
        nap();
    }
}

static void every_drop_has_a_reason(void) {
    static const uint8_t lldp[6] = {0x01, 0x80, 0xC2, 0, 0, 0x0E};
    struct guest a, b;
    char text[8192];
    hosts_start(NULL);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    for (unsigned i = 0; i < 3; i++) {
        send(&a, b.mac, 9, "\x88\xB5", 2, 64);
        send(&a, b.mac, 1, "\x81\x00\x00\x05\x88\x08", 6, 64);
        send(&a, lldp, 1, "\x88\xCC", 2, 64);
        send(&a, b.mac, 1, "\x81\x00\x0F\xFF\x88\xB5", 6, 64);
        send(&a, b.mac, 1, "\x81\x00\x00\x05\x81\x00\x00\x06\x81\x00\x00\x07\x88\xB5", 14, 64);
    }
    await_counter("a", "tx_drop_spoof", 3);
    await_counter("a", "tx_drop_ctrl", 6);
    await_counter("a", "tx_drop_vlan", 6);
    CHECK(counter("a", "tx_frames") == 0, "one got through");
    // What the other may not hear, and what it does not read.
    add("b", "02:57:00:00:00:02");
    set("b", "vlan", "trunk:7");
    send(&a, b.mac, 1, "\x81\x00\x00\x08\x88\xB5", 6, 64);
    send(&a, all, 1, "\x88\xB5", 2, 64);
    await_counter("b", "rx_drop_vlan", 2);
    set("b", "vlan", "any");
    kill(b.pid, SIGSTOP);
    for (unsigned i = 0; counter("b", "rx_drop_room") == 0 && i < 64; i++)
        for (unsigned k = 0; k < 64; k++)
            send(&a, b.mac, 1, "\x88\xB5", 2, 1500);
    CHECK(counter("b", "rx_drop_room") > 0, "a guest that reads nothing has room for everything");
    kill(b.pid, SIGCONT);
    // Said in the ledger as well, and as JSON.
    CHECK(ctl("ledger", NULL, text, sizeof(text)) == 0 && strstr(text, "tx_drop_spoof 3") != NULL &&
              strstr(text, "rx_drop_room") != NULL && strstr(text, "rx_drop_vlan 2") != NULL,
          "the ledger does not say so: %s", text);
    CHECK(ctl("--json", "ledger", text, sizeof(text)) == 0 && strstr(text, "\"tx_drop_spoof\":3") != NULL,
          "nor does its JSON: %s", text);
    CHECK(ctl("counters", "nobody", text, sizeof(text)) == 1 && strstr(text, "there is no guest 'nobody'") != NULL,
          "%s", text);
    guest_kill(&a);
    guest_kill(&b);
    hosts_stop();
}

// A port VLAN keeps its guests together and apart from all others: before the VF, on it, after it was taken by force,
// and after the parent was started again.
static void a_port_vlan_outlives_the_vf(void) {
    static const char *const closed[] = {NULL};
    struct guest g[3];
    uint8_t f[64];
    hosts_start(closed);
    add("a", "02:57:00:00:00:01");
    add("b", "02:57:00:00:00:02");
    add("c", "02:57:00:00:00:03");
    set("a", "vlan", "port:42");
    set("b", "vlan", "port:42");
    set("c", "vlan", "port:43");
    for (unsigned round = 0; round < 5; round++) {
        if (round == 0 || round == 4) {
            guest_start(&g[0], "a", 1);
            guest_start(&g[1], "b", 2);
            guest_start(&g[2], "c", 3);
            await_status("02:57:00:00:00:01");
            await_status("02:57:00:00:00:02");
            await_status("02:57:00:00:00:03");
        }
        if (round == 1)
            must("attach", "a");
        if (round == 2) {
            must("attach", "b");
            must("attach", "c");
        }
        if (round == 3) {
            must("revoke", "a");
            must("detach", "b");
        }
        for (unsigned flood = 0; flood < 2; flood++) {
            const uint8_t rest[] = {0x88, 0xB5, (uint8_t)(16 * round + flood)};
            // To the stranger first: when the friend has the one behind it, the stranger would have it, too.
            send(&g[0], g[2].mac, 1, rest, sizeof(rest), 64);
            send(&g[0], flood != 0 ? all : g[1].mac, 1, rest, sizeof(rest), 64);
            await_frame(&g[1], f, sizeof(f), "to a guest of the same VLAN");
            CHECK(f[12] == 0x88 && f[14] == rest[2], "round %u: the frame has a tag, or is another one", round);
            CHECK(take(&g[2], f, sizeof(f)) == 0, "round %u: a guest of another VLAN hears it", round);
        }
        if (round == 3) {
            for (unsigned i = 0; i < 3; i++)
                guest_kill(&g[i]);
            hosts_stop_parent();
            hosts_start_parent(closed);
        }
    }
    for (unsigned i = 0; i < 3; i++)
        guest_kill(&g[i]);
    hosts_stop();
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"every_drop_has_a_reason", every_drop_has_a_reason},
    {"a_port_vlan_outlives_the_vf", a_port_vlan_outlives_the_vf},
};

int main(int argc, char **argv) {
    for (unsigned i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            printf("%s: ok\n", argv[1]);
            return 0;
        }
    fprintf(stderr, "usage: test_policies CASE\n");
    return 2;
}
