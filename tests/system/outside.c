// SPDX-License-Identifier: Apache-2.0
// See outside.h.
#include "outside.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vfio_user.h"

#define BURST 8u

struct guest a, wire;
uint8_t mac[6]; // of the client
static char vf_socket[200];
struct weir_vf *vf;
uint16_t sent_tci; // of the last frame on the wire, 0: untagged

const uint8_t all_stations[6] = {255, 255, 255, 255, 255, 255};

struct stream stream[STREAMS] = {{.from = A, .to = OUTSIDE},
                                 {.from = OUTSIDE, .to = A},
                                 {.from = WIRE, .to = OUTSIDE},
                                 {.from = OUTSIDE, .to = WIRE}};
unsigned stations[ENDS]; // broadcasts that came

static const uint8_t *mac_of(unsigned end) {
    return end == OUTSIDE ? mac : end == A ? a.mac : wire.mac;
}

bool put_frame(unsigned from, const uint8_t *dst, const uint8_t *src, uint32_t number) {
    uint8_t f[100] = {0};
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    f[12] = 0x88, f[13] = 0xB5;
    memcpy(f + 14, &number, 4);
    if (from != OUTSIDE)
        return send(from == A ? a.device : wire.device, f, sizeof(f), MSG_DONTWAIT) == sizeof(f);
    if (weir_qp_send(weir_vf_qp(vf, 0), f, sizeof(f)) < 0)
        return false;
    weir_qp_ring_doorbell(weir_vf_qp(vf, 0));
    return true;
}

// What is under way stays a little: on a machine without time it would stand in front of what is waited for.
void put(struct stream *s) {
    if (s->sent - s->next < BURST && put_frame(s->from, mac_of(s->to), mac_of(s->from), s->sent))
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

void take_all(void) {
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
void all_come(unsigned n) {
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
            if (s->sent != sent[i])
                put(s);
            all = all && s->sent == sent[i] && s->came == got[i];
        }
        take_all();
    }
}

// What the guest and the wire sent before is behind its lookup.
void settle(void) {
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
void give(const char *key, const char *value) {
    struct json_object *o = json_of((const char *const[]){"vf", "give", "q", key, value, NULL});
    snprintf(vf_socket, sizeof(vf_socket), "%s", json_object_get_string(member(o, "socket")));
    CHECK(sscanf(json_object_get_string(member(o, "mac")), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1],
                 &mac[2], &mac[3], &mac[4], &mac[5]) == 6,
          "no address");
    CHECK(strcmp(json_object_get_string(member(o, "state")), "given") == 0, "not given");
    json_object_put(o);
}

void says(const char *const *words, const char *what) {
    static char text[1 << 15];
    CHECK(ctl_words(text, sizeof(text), words) == 0 && strstr(text, what) != NULL, "weirctl %s does not say '%s': %s",
          words[0], what, text);
}

void says_no(const char *const *words, const char *code) {
    static char text[4096];
    const char *args[14] = {"--json"};
    char want[64];
    for (unsigned n = 0; n < 12 && words[n] != NULL; n++)
        args[n + 1] = words[n];
    snprintf(want, sizeof(want), "\"code\":\"%s\"", code);
    CHECK(ctl_words(text, sizeof(text), args) == 1 && strstr(text, want) != NULL, "weirctl %s %s: no %s: %s", words[0],
          words[1], code, text);
}

// The client's line of the ledger, which balances.
void ledger_has(const char *name, uint64_t sent, uint64_t taken) {
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

void open_vf(void) {
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

int stranger_evicts(const char *fn) {
    char path[128], err[256];
    int status;
    pid_t pid;
    snprintf(path, sizeof(path), "%s", simproc_socket(&sim, fn));
    CHECK(chmod(sim.dir, 0711) == 0, "cannot open the folder");
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0, "cannot fork");
    if (pid == 0)
        _exit(setuid(STRANGER) != 0 ? 0 : -weir_vfio_user_evict(path, err, sizeof(err)));
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "the stranger failed on his own");
    return -WEXITSTATUS(status);
}

void close_vf(void) {
    weir_vf_close(vf);
    vf = NULL;
}

// Somebody took it away: the connection is over.
void is_gone(void) {
    long until = simproc_now_ms() + WAIT_MS;
    while (!weir_vf_must_stop(vf))
        CHECK(simproc_now_ms() < until, "the VF is still there");
    weir_vf_surprise(vf);
    close_vf();
}

void outside_start(void) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char cable[120], path[96];
    const char *args[] = {"--vfs", "4", "--wire", cable, "--allow-uid", STRANGER_TEXT, NULL};
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

void outside_end(void) {
    CHECK(waitpid(a.pid, NULL, WNOHANG) == 0, "the guest ended");
    guest_kill(&a);
    close(wire.device);
    await_status("no guests");
    hosts_stop();
}

void done(const char *const *words) {
    static char text[4096];
    CHECK(ctl_words(text, sizeof(text), words) == 0, "weirctl %s %s: %s", words[0], words[1], text);
}
