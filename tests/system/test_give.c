// SPDX-License-Identifier: Apache-2.0
// VFs of clients outside: who gets one, what holds for him, and how it ends. test_give <case>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outside.h"
#include "weir/partition.h"

// On both of the guest's paths and over the wire; a flooded frame comes once, one under another's address nowhere.
static void it_talks_to_all(void) {
    long until;
    outside_start();
    give("mac", "02:57:00:00:00:77");
    CHECK(mac[5] == 0x77, "another address");
    says(WORDS("status"), "given");
    says(WORDS("vf", "list"), "given");
    says(WORDS("guest", "list"), "given");
    says(WORDS("path", "show", "q"), "outside, on its VF");
    open_vf();
    all_come(50);
    must("attach", "a");
    all_come(50);
    for (unsigned i = 0; i < 5; i++)
        CHECK(put_frame(OUTSIDE, a.mac, a.mac, 1000), "cannot send"); // as somebody else
    CHECK(put_frame(OUTSIDE, all_stations, mac, 0) && put_frame(A, all_stations, a.mac, 0), "cannot send");
    all_come(50);
    until = simproc_now_ms() + WAIT_MS;
    while (stations[A] < 1 || stations[WIRE] < 2 || stations[OUTSIDE] < 1) {
        CHECK(simproc_now_ms() < until, "broadcasts: %u %u %u", stations[A], stations[WIRE], stations[OUTSIDE]);
        take_all();
    }
    must("detach", "a");
    all_come(50);
    CHECK(stations[A] == 1 && stations[WIRE] == 2 && stations[OUTSIDE] == 1, "broadcasts: %u %u %u", stations[A],
          stations[WIRE], stations[OUTSIDE]);
    ledger_has("q", 2 * 200 + 1, 2 * 200 + 1);
    says(WORDS("counters", "q"), "vf.TX_DROP_SRC_MAC           5");
    close_vf();
    done(WORDS("vf", "take", "q"));
    ledger_has("(left)", 2 * 200 + 1, 2 * 200 + 1);
    outside_end();
}

static void it_is_taken_in_mid_traffic(void) {
    outside_start();
    for (unsigned round = 0; round < 3; round++) {
        const char *args[] = {"--parent", host_dir, "vf", "take", "q", NULL};
        char log[140];
        int status;
        pid_t pid;
        give(NULL, NULL);
        open_vf();
        all_come(30);
        if (round == 1)
            must("attach", "a");
        snprintf(log, sizeof(log), "%s.ctl", sim.dir);
        pid = simproc_spawn(WEIRCTL_BINARY, args, log);
        while (waitpid(pid, &status, WNOHANG) == 0) {
            for (unsigned i = 0; i < STREAMS; i++)
                put(&stream[i]);
            take_all();
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "cannot take it back, see %s", log);
        unlink(log);
        is_gone();
        CHECK(simproc_said(&sim, "vf0: client sent away"), "it still has the function");
        settle();
        must("ledger", NULL); // 3 when it does not balance
        says(WORDS("ledger"), "(left)");
        says(WORDS("records", "1"), "taken back");
        says(WORDS("records", "1"), "the administrator took the VF back (done)");
        for (unsigned i = 0; i < STREAMS; i++)
            stream[i].next = stream[i].sent; // what is lost is lost
    }
    outside_end();
}

// Its end is its own affair: the VF is reset and waits for it.
static void a_client_may_come_again(void) {
    outside_start();
    give(NULL, NULL);
    for (unsigned round = 0; round < 3; round++) {
        open_vf();
        all_come(30);
        close_vf();
        for (unsigned i = 0; i < 20; i++) // to nobody: dropped, with a reason
            (void)put_frame(A, mac, a.mac, 0);
        settle();
        says(WORDS("ledger"), "RX_DROP_QP");
        says(WORDS("vf", "list"), "given");
    }
    done(WORDS("vf", "take", "q"));
    outside_end();
}

// Somebody whom weir-sim lets connect, who is neither root nor the parent's user.
static void a_stranger_has_only_what_is_given(void) {
    if (geteuid() != 0) {
        printf("only root can be somebody else\n");
        exit(77);
    }
    outside_start();
    for (unsigned round = 0; round < 2; round++) {
        CHECK(stranger_evicts("vf0") == -ENODEV, "a stranger may wait for a VF that is not given");
        CHECK(simproc_said(&sim, "vf0: refused user 65533: the VF is not given"), "not mentioned");
        give(NULL, NULL);
        CHECK(stranger_evicts("vf0") == 0, "a given VF is kept from him");
        open_vf();
        all_come(20);
        CHECK(stranger_evicts("vf0") == -EBUSY, "a stranger sends a client away");
        all_come(20);
        close_vf();
        done(WORDS("vf", "take", "q"));
    }
    must("attach", "a"); // he has what was the stranger's
    CHECK(stranger_evicts("vf0") == -ENODEV && stranger_evicts("pf") == -EBUSY, "a stranger sends a guest away");
    must("detach", "a");
    outside_end();
}

static void its_policy_is_the_tables(void) {
    long until;
    outside_start();
    give("vlan", "port:5");
    open_vf();
    for (unsigned i = 0; i < 2; i++) {
        const uint16_t want = i == 0 ? 5 : 6;
        sent_tci = 0;
        if (i == 1)
            done(WORDS("guest", "set", "q", "vlan", "port:6"));
        until = simproc_now_ms() + WAIT_MS;
        CHECK(put_frame(OUTSIDE, wire.mac, mac, 0), "cannot send");
        while (sent_tci != want) {
            CHECK(simproc_now_ms() < until, "VLAN %u on the wire, not %u", sent_tci, want);
            take_all();
        }
    }
    says_no(WORDS("guest", "set", "q", "weight", "3"), "bad_setting");
    says(WORDS("guest", "list"), "weight 1");
    done(WORDS("guest", "remove", "q"));
    is_gone();
    says_no(WORDS("vf", "take", "q"), "no_guest");
    outside_end();
}

static void what_cannot_be_given_is_refused(void) {
    struct weir_partition_wish wish = {.name = "q"};
    struct weir_partition_terms terms;
    struct weir_partition *p = NULL;
    char path[128], err[256] = "";
    outside_start();
    says_no(WORDS("vf", "give", "a"), "guest_here");
    says_no(WORDS("vf", "give", "q", "mac", "02:57:00:00:00:01"), "address_taken"); // a's
    says_no(WORDS("vf", "give", "q", "mac", "03:57:00:00:00:01"), "bad_setting");   // a group's
    says_no(WORDS("vf", "give", "q", "weight", "2"), "bad_setting");
    says_no(WORDS("vf", "give", "q", "link", "down"), "bad_setting");
    says_no(WORDS("vf", "give", "q", "colour", "red"), "bad_setting");
    says_no(WORDS("guest", "set", "q", "rate", "5"), "no_guest"); // none of them left a row
    give(NULL, NULL);
    says_no(WORDS("vf", "give", "q"), "already");
    says_no(WORDS("attach", "q"), "given");
    says_no(WORDS("detach", "q"), "given");
    says_no(WORDS("revoke", "q"), "given");
    says_no(WORDS("await", "q"), "given");
    says_no(WORDS("guest", "add", "r", "mac", "02:57:00:00:00:01"), "address_taken");
    snprintf(path, sizeof(path), "%s/guests/guest.sock", host_dir);
    CHECK(weir_partition_connect(path, &wish, &terms, &p, err, sizeof(err)) != 0 && strstr(err, "outside") != NULL,
          "a guest of that name came in: %s", err);
    must("attach", "a");
    done(WORDS("vf", "give", "r"));
    done(WORDS("vf", "give", "s"));
    says_no(WORDS("vf", "give", "t"), "no_resource");
    says_no(WORDS("vf", "give", "r", "rate", "5"), "already");
    says_no(WORDS("vf", "take", "nobody"), "no_guest");
    says_no(WORDS("vf", "take", "60"), "no_object");
    done(WORDS("vf", "take", "s"));
    says_no(WORDS("vf", "give", "s", "rate", "5"), "guest_exists"); // its row is still there
    done(WORDS("vf", "give", "s"));
    must("ledger", NULL);
    done(WORDS("vf", "take", "0"));
    done(WORDS("vf", "take", "2"));
    done(WORDS("vf", "take", "3"));
    outside_end();
}

// A halted parent and a killed one: the VF goes on meanwhile and afterwards. The table decides.
static void it_outlives_its_parent(void) {
    char path[128];
    outside_start();
    give(NULL, NULL);
    open_vf();
    must("attach", "a");
    all_come(30);
    for (unsigned round = 0; round < 2; round++) {
        if (round == 0) {
            kill(host, SIGKILL);
            waitpid(host, NULL, 0);
        } else {
            must("halt", NULL);
            CHECK(simproc_end(host) == 0, "weir-host does not halt in order");
        }
        all_come(50);
        hosts_start_parent(NULL);
        CHECK(simproc_log_has(host_log, "goes on as given to 'q'"), "see %s", host_log);
        CHECK(simproc_log_has(host_log, "guest 'a' is back on its VF"), "see %s", host_log);
        all_come(50);
        says(WORDS("vf", "list"), "given");
        must("ledger", NULL);
    }
    must("halt", NULL);
    CHECK(simproc_end(host) == 0, "weir-host does not halt in order");
    snprintf(path, sizeof(path), "%s/guests.json", host_dir);
    CHECK(unlink(path) == 0, "no table");
    hosts_start_parent(NULL);
    CHECK(simproc_log_has(host_log, "the table of guests does not say so any more"), "see %s", host_log);
    is_gone();
    must("ledger", NULL);
    outside_end();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"it_talks_to_all", it_talks_to_all},
                 {"it_is_taken_in_mid_traffic", it_is_taken_in_mid_traffic},
                 {"a_client_may_come_again", a_client_may_come_again},
                 {"a_stranger_has_only_what_is_given", a_stranger_has_only_what_is_given},
                 {"its_policy_is_the_tables", its_policy_is_the_tables},
                 {"what_cannot_be_given_is_refused", what_cannot_be_given_is_refused},
                 {"it_outlives_its_parent", it_outlives_its_parent}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    world_fail(__FILE__, __LINE__, "no such case");
}
