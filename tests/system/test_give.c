// SPDX-License-Identifier: Apache-2.0
// VFs of clients outside: card, parent and a guest as programs, and we are the client, with the VF's socket as
// `weirctl vf give` says it and a driver of our own, but nothing to do with the parent. test_give <case>
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "vfio_user.h"
#include "weir/partition.h"
#include "world.h"

#define BURST 8u

static struct guest a, wire;
static uint8_t mac[6]; // of the client
static char vf_socket[200];
static struct weir_vf *vf;
static uint16_t sent_tci; // of the last frame on the wire, 0: untagged

enum { A, WIRE, OUTSIDE, ENDS };
static const uint8_t all_stations[6] = {255, 255, 255, 255, 255, 255};

struct stream {
    unsigned from, to;
    uint32_t sent, next, came;
};
static struct stream stream[] = {{.from = A, .to = OUTSIDE},
                                 {.from = OUTSIDE, .to = A},
                                 {.from = WIRE, .to = OUTSIDE},
                                 {.from = OUTSIDE, .to = WIRE}};
#define STREAMS (sizeof(stream) / sizeof(stream[0]))
static unsigned stations[ENDS]; // broadcasts that came

static const uint8_t *mac_of(unsigned end) {
    return end == OUTSIDE ? mac : end == A ? a.mac : wire.mac;
}

static bool put_frame(unsigned from, const uint8_t *dst, const uint8_t *src, uint32_t number) {
    uint8_t f[100] = {0};
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    f[12] = 0x88, f[13] = 0xB5;
    memcpy(f + 14, &number, 4);
    if (from != OUTSIDE)
        return send(from == A ? a.device : wire.device, f, sizeof(f), MSG_DONTWAIT) == sizeof(f);
    if (weir_qp_send(weir_vf_qp(vf, 0), f, sizeof(f)) < 0)
        return false;
    weir_qp_kick(weir_vf_qp(vf, 0));
    return true;
}

static void put(struct stream *s) {
    if (put_frame(s->from, mac_of(s->to), mac_of(s->from), s->sent))
        s->sent++;
}

static void came(unsigned to, const uint8_t *f, size_t len) {
    uint32_t seq;
    if (len >= 18 && f[12] == 0x81) {
        sent_tci = (uint16_t)(f[14] << 8 | f[15]);
        return;
    }
    if (len < 60 || f[12] != 0x88)
        return;
    if (memcmp(f, all_stations, 6) == 0) {
        stations[to]++;
        return;
    }
    memcpy(&seq, f + 14, 4);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct stream *s = &stream[i];
        if (s->to != to || memcmp(f + 6, mac_of(s->from), 6) != 0 || memcmp(f, mac_of(to), 6) != 0)
            continue;
        CHECK(seq >= s->next, "frame %u comes behind frame %u", seq, s->next - 1);
        s->next = seq + 1;
        s->came++;
    }
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    if (!info->fence)
        came(OUTSIDE, frame, info->len);
}

static void take_all(void) {
    uint8_t in[2048];
    ssize_t len;
    while ((len = recv(a.device, in, sizeof(in), MSG_DONTWAIT)) > 0)
        came(A, in, (size_t)len);
    while ((len = recv(wire.device, in, sizeof(in), MSG_DONTWAIT)) > 0)
        came(WIRE, in, (size_t)len);
    if (vf != NULL)
        (void)weir_qp_poll(weir_vf_qp(vf, 0), 64, on_rx, NULL, NULL);
}

// n more frames of each stream, in both directions at once, of which every one comes.
static void all_come(unsigned n) {
    long until = simproc_now_ms() + 2 * WAIT_MS;
    uint32_t sent[STREAMS], got[STREAMS];
    bool all = false;
    for (unsigned i = 0; i < STREAMS; i++) {
        sent[i] = stream[i].sent + n;
        got[i] = stream[i].came + n;
    }
    while (!all) {
        bool late = simproc_now_ms() >= until;
        all = true;
        for (unsigned i = 0; i < STREAMS; i++) {
            struct stream *s = &stream[i];
            CHECK(!late || s->came == got[i], "stream %u: %u frames not sent, %u are missing", i, sent[i] - s->sent,
                  got[i] - s->came);
            if (s->sent != sent[i] && s->sent - s->next < BURST)
                put(s);
            all = all && s->sent == sent[i] && s->came == got[i];
        }
        take_all();
    }
}

// What the guest and the wire sent before is behind its lookup.
static void settle(void) {
    unsigned at_wire = stations[WIRE], at_guest = stations[A];
    long until = simproc_now_ms() + 2 * WAIT_MS;
    bool guest = false, cable = false;
    while (!guest || !cable || stations[WIRE] == at_wire || stations[A] == at_guest) {
        CHECK(simproc_now_ms() < until, "guest or wire are silent");
        guest = guest || put_frame(A, all_stations, a.mac, 0);
        cable = cable || put_frame(WIRE, all_stations, wire.mac, 0);
        take_all();
    }
}

// ---- the parent ----

static struct json_object *json_of(const char *const *words) {
    static char text[1 << 16];
    const char *args[14] = {"--json"};
    struct json_object *o;
    for (unsigned n = 0; n < 12 && words[n] != NULL; n++)
        args[n + 1] = words[n];
    CHECK(ctl_words(text, sizeof(text), args) == 0, "weirctl %s %s: %s", words[0], words[1], text);
    o = json_tokener_parse(text);
    CHECK(o != NULL, "no JSON: %s", text);
    return o;
}

static struct json_object *member(struct json_object *o, const char *key) {
    struct json_object *v = NULL;
    CHECK(json_object_object_get_ex(o, key, &v), "no %s: %s", key, json_object_to_json_string(o));
    return v;
}

// Gives the VF under the name "q", and reads where it is.
static void give(const char *key, const char *value) {
    struct json_object *o = json_of((const char *const[]){"vf", "give", "q", key, value, NULL});
    snprintf(vf_socket, sizeof(vf_socket), "%s", json_object_get_string(member(o, "socket")));
    CHECK(sscanf(json_object_get_string(member(o, "mac")), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1],
                 &mac[2], &mac[3], &mac[4], &mac[5]) == 6,
          "no address");
    CHECK(strcmp(json_object_get_string(member(o, "state")), "given") == 0, "not given");
    json_object_put(o);
}

static void says(const char *const *words, const char *what) {
    static char text[1 << 15];
    CHECK(ctl_words(text, sizeof(text), words) == 0 && strstr(text, what) != NULL, "weirctl %s does not say '%s': %s",
          words[0], what, text);
}

static void says_no(const char *const *words, const char *code) {
    static char text[4096];
    const char *args[14] = {"--json"};
    char want[64];
    for (unsigned n = 0; n < 12 && words[n] != NULL; n++)
        args[n + 1] = words[n];
    snprintf(want, sizeof(want), "\"code\":\"%s\"", code);
    CHECK(ctl_words(text, sizeof(text), args) == 1 && strstr(text, want) != NULL, "weirctl %s %s: no %s: %s", words[0],
          words[1], code, text);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// The client's line of the ledger, which balances.
static void ledger_has(const char *name, uint64_t sent, uint64_t taken) {
    struct json_object *o = json_of(WORDS("ledger")), *all = member(o, "guest");
    CHECK(json_object_get_boolean(member(o, "balanced")), "%s", json_object_get_string(member(o, "text")));
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        struct json_object *g = json_object_array_get_idx(all, i);
        if (strcmp(json_object_get_string(member(g, "name")), name) != 0)
            continue;
        CHECK(json_object_get_int64(member(member(g, "tx"), "frames")) == (int64_t)sent &&
                  json_object_get_int64(member(member(g, "rx"), "frames")) == (int64_t)taken,
              "not %u sent and %u taken: %s", (unsigned)sent, (unsigned)taken, json_object_to_json_string(g));
        json_object_put(o);
        return;
    }
    CHECK(false, "no line of %s: %s", name, json_object_to_json_string(all));
}

// A VF's rings have buffers once the card has fetched them; what comes before that is dropped with a reason.
static void await_armed(void) {
    long until = simproc_now_ms() + WAIT_MS;
    bool armed = false;
    while (!armed) {
        struct json_object *o = json_of(WORDS("vport", "list")), *all = member(o, "vports");
        CHECK(simproc_now_ms() < until, "never armed: %s", json_object_to_json_string(all));
        for (size_t i = 0; i < json_object_array_length(all); i++) {
            struct json_object *v = json_object_array_get_idx(all, i);
            armed = armed || (strcmp(json_object_get_string(member(v, "name")), "q") == 0 &&
                              json_object_get_boolean(member(v, "armed")));
        }
        json_object_put(o);
    }
}

// ---- the client ----

static void open_vf(void) {
    struct weir_vf_config cfg = {.tx_log2 = 6, .rx_log2 = 8, .buf_bytes = 2048};
    struct weir_bus *bus = NULL;
    long until = simproc_now_ms() + WAIT_MS;
    char err[256] = "";
    memcpy(cfg.mac, mac, 6);
    // The server may not have seen the end of the last connection yet.
    while (bus == NULL && simproc_now_ms() < until)
        bus = weir_vfio_user_open(vf_socket, err, sizeof(err));
    CHECK(bus != NULL, "%s", err);
    CHECK(weir_vf_open(bus, &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    await_armed();
}

static void close_vf(void) {
    weir_vf_close(vf);
    vf = NULL;
}

// Somebody took it away: the connection is over.
static void is_gone(void) {
    long until = simproc_now_ms() + WAIT_MS;
    while (!weir_vf_must_stop(vf))
        CHECK(simproc_now_ms() < until, "the VF is still there");
    weir_vf_surprise(vf);
    close_vf();
}

static void start(void) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char cable[120], path[96];
    const char *args[] = {"--vfs", "4", "--wire", cable, NULL};
    snprintf(path, sizeof(path), "/tmp/weir-test-give-%d", (int)getpid());
    snprintf(cable, sizeof(cable), "link:%s", path);
    simproc_start(&sim, args);
    hosts_prepare();
    hosts_start_parent(NULL);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    wire = (struct guest){.device = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), .mac = {0x02, 0x57, 0, 0, 9, 9}};
    CHECK(connect(wire.device, (struct sockaddr *)&addr, sizeof(addr)) == 0, "no wire: %s", strerror(errno));
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
}

static void end(void) {
    CHECK(waitpid(a.pid, NULL, WNOHANG) == 0, "the guest ended");
    guest_kill(&a);
    close(wire.device);
    await_status("no guests");
    hosts_stop();
}

static void done(const char *const *words) {
    static char text[4096];
    CHECK(ctl_words(text, sizeof(text), words) == 0, "weirctl %s %s: %s", words[0], words[1], text);
}

// ---- cases ----

// On both of the guest's paths and over the wire; a flooded frame comes once, one under another's address nowhere.
static void it_talks_to_all(void) {
    long until;
    start();
    give("mac", "02:57:00:00:00:77");
    CHECK(mac[5] == 0x77, "another address");
    says(WORDS("status"), "given");
    says(WORDS("vf", "list"), "given");
    says(WORDS("guest", "list"), "given");
    says(WORDS("path", "q"), "outside, on its VF");
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
    end();
}

static void it_is_taken_in_mid_traffic(void) {
    start();
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
    end();
}

// Its end is its own affair: the VF is reset and waits for it.
static void a_client_may_come_again(void) {
    start();
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
    end();
}

static void its_policy_is_the_tables(void) {
    long until;
    start();
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
    end();
}

static void what_cannot_be_given_is_refused(void) {
    struct weir_partition_wish wish = {.name = "q"};
    struct weir_partition_terms terms;
    struct weir_partition *p = NULL;
    char path[128], err[256] = "";
    start();
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
    end();
}

// A halted parent and a killed one: the VF goes on meanwhile and afterwards. The table decides.
static void it_outlives_its_parent(void) {
    char path[128];
    start();
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
    end();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"it_talks_to_all", it_talks_to_all},
                 {"it_is_taken_in_mid_traffic", it_is_taken_in_mid_traffic},
                 {"a_client_may_come_again", a_client_may_come_again},
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
