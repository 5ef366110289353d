// SPDX-License-Identifier: Apache-2.0
// The ledger from end to end, between processes: each place where a frame of a guest can end says so with its reason,
// on whatever path; it balances under traffic; what nobody counted is its exit status.
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "world.h"

static void nap(void) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void put(const struct guest *g, const struct guest *to, size_t len) {
    uint8_t f[9700] = {0};
    memcpy(f, to->mac, 6);
    memcpy(f + 6, g->mac, 6);
    f[12] = 0x88;
    f[13] = 0xB5;
    while (write(g->device, f, len) != (ssize_t)len) {
        CHECK(errno == EAGAIN, "the device is gone");
        nap();
    }
}

static unsigned take(const struct guest *g) {
    uint8_t f[9700];
    unsigned n = 0;
    while (read(g->device, f, sizeof(f)) > 0)
        n++;
    return n;
}

static long number_of(const char *guest, const char *name) {
    static char text[8192];
    const char *at;
    CHECK(ctl("counters", guest, text, sizeof(text)) == 0, "no counters of %s: %s", guest, text);
    at = strstr(text, name);
    CHECK(at != NULL, "no counter %s: %s", name, text);
    return strtol(at + strlen(name), NULL, 10);
}

static void await_number(const char *guest, const char *name, long want) {
    long until = simproc_now_ms() + WAIT_MS, is;
    while ((is = number_of(guest, name)) < want)
        CHECK(simproc_now_ms() < until, "%s of %s is %ld, not %ld", name, guest, is, want);
}

// It balances, says `part`, and that so many frames have been dropped in all, unless that is -1.
static void ledger_says(const char *part, long dropped) {
    static char text[1 << 16];
    char all[64];
    int status = ctl("ledger", NULL, text, sizeof(text));
    CHECK(status == 0 && strncmp(text, "ledger: balanced\n", 17) == 0, "status %d: %s", status, text);
    CHECK(strstr(text, part) != NULL, "it does not say '%s': %s", part, text);
    snprintf(all, sizeof(all), "\n%ld frames dropped,", dropped);
    CHECK(dropped < 0 || strstr(text, all) != NULL, "it does not say '%s': %s", all + 1, text);
}

static void begin(struct guest *a, struct guest *b) {
    hosts_start(NULL);
    guest_start(a, "a", 1);
    guest_start(b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
}

static void end(struct guest *a, struct guest *b) {
    guest_kill(a);
    guest_kill(b);
    hosts_stop();
}

// The guest's end of the way: its stack's frames that no path carries, its device full, its device closed; on the
// synthetic path, and once more on VFs, all in one account.
static void the_ends_drop_with_a_reason(void) {
    struct guest a, b;
    long full;
    begin(&a, &b);
    for (unsigned path = 0; path < 2; path++) {
        for (unsigned i = 0; i < 5; i++)
            put(&a, &b, 4000); // longer than the MTU
        await_number("a", "guest.tx_drop_size ", 5 * (path + 1));
        if (path == 0) {
            ledger_says("guest  tx_drop_size 5\n", 5);
            must("attach", "a");
            must("attach", "b");
        }
    }
    // Nobody reads b's device.
    for (unsigned i = 0; number_of("b", "guest.rx_drop_full ") == 0; i++) {
        CHECK(i < 1000, "a device that nobody reads has room for everything");
        for (unsigned k = 0; k < 64; k++)
            put(&a, &b, 1500);
    }
    full = number_of("b", "guest.rx_drop_full ");
    ledger_says("guest  rx_drop_full ", -1);
    CHECK(full > 0, "%ld", full);
    must("detach", "b");
    // Its device is closed.
    (void)take(&b);
    CHECK(shutdown(b.device, SHUT_RD) == 0, "no shutdown");
    for (unsigned i = 0; i < 7; i++)
        put(&a, &b, 100);
    await_number("b", "guest.rx_drop_down ", 7);
    ledger_says("guest  rx_drop_down 7\n", -1);
    end(&a, &b);
}

// A guest that is stopped: what its channel has no room for, and what its VF has no completions for, is counted for it;
// its own half is said to be unknown, and when it goes on all of it balances.
static void a_stopped_guest_is_accounted_for(void) {
    struct guest a, b;
    long synthetic, vf;
    begin(&a, &b);
    must("attach", "a");
    kill(b.pid, SIGSTOP);
    for (unsigned i = 0; number_of("b", "parent.rx_drop_room ") == 0 && i < 64; i++)
        for (unsigned k = 0; k < 64; k++)
            put(&a, &b, 1500);
    synthetic = number_of("b", "parent.rx_drop_room ");
    CHECK(synthetic > 0, "a guest that reads nothing has room for everything");
    ledger_says("(it does not answer: its half is unknown)", -1);
    kill(b.pid, SIGCONT);
    while (take(&b) != 0 || number_of("b", "guest.rx_waiting ") != 0)
        nap();
    must("attach", "b");
    kill(b.pid, SIGSTOP);
    for (unsigned i = 0; number_of("b", "vf.RX_DROP_CQ_FULL ") == 0 && i < 64; i++)
        for (unsigned k = 0; k < 512; k++)
            put(&a, &b, 100);
    kill(b.pid, SIGCONT);
    must("detach", "b");
    vf = number_of("b", "vf.RX_DROP_CQ_FULL "); // of a VF that is gone
    CHECK(vf > 0, "what a VF dropped is forgotten with it");
    ledger_says("card   RX_DROP_CQ_FULL ", -1);
    end(&a, &b);
}

// Asked all along, while frames run both ways over hand-overs.
static void it_balances_under_traffic(void) {
    struct guest a, b;
    unsigned sent = 0, came = 0, asked = 0;
    begin(&a, &b);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 5; i++, asked++) {
            for (unsigned k = 0; k < 40; k++, sent += 2) {
                put(&a, &b, 200);
                put(&b, &a, 900);
            }
            ledger_says("under way at most", 0);
            came += take(&a) + take(&b);
        }
        if (round != 3)
            must(round == 1 ? "detach" : "attach", round == 2 ? "b" : "a");
    }
    for (long until = simproc_now_ms() + WAIT_MS; came < sent; came += take(&a) + take(&b)) {
        CHECK(simproc_now_ms() < until, "%u of %u came", came, sent);
        nap();
    }
    ledger_says("; 0 under way at most\n", 0);
    CHECK(asked == 20, "%u", asked);
    end(&a, &b);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"the_ends_drop_with_a_reason", the_ends_drop_with_a_reason},
        {"a_stopped_guest_is_accounted_for", a_stopped_guest_is_accounted_for},
        {"it_balances_under_traffic", it_balances_under_traffic},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_ledger <case>\n");
    return 2;
}
