// SPDX-License-Identifier: Apache-2.0
// A guest meets its parent: memory and bells change hands, and whoever comes with something else is sent away without
// harm. Both ends in one process, the guest's half in a thread of its own because it waits for its welcome.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"
#include "weir/foreign_fd.h"
#include "weir/listener.h"
#include "weir/partition.h"
#include "weir_abi.h"

static char path[64];
static struct weir_listener listener;

static int setup(void **state) {
    char err[256] = "";
    (void)state;
    snprintf(path, sizeof(path), "/tmp/weir-unit-partition-%d.sock", (int)getpid());
    return weir_listener_open(&listener, path, 0600, err, sizeof(err));
}

static int teardown(void **state) {
    (void)state;
    weir_listener_close(&listener);
    return 0;
}

static struct weir_partition *pending_client(void) {
    struct pollfd fd = {.fd = listener.fd, .events = POLLIN};
    uid_t uid;
    int sock;
    assert_int_equal(poll(&fd, 1, 5000), 1);
    sock = weir_listener_accept(&listener, &uid);
    assert_true(sock >= 0);
    assert_int_equal(uid, geteuid());
    return weir_partition_new(sock);
}

static int join(struct weir_partition *p, struct weir_partition_hello *h) {
    int ret = -EAGAIN;
    for (unsigned i = 0; i < 5000 && ret == -EAGAIN; i++) {
        ret = weir_partition_join(p, h);
        if (ret == -EAGAIN)
            usleep(1000);
    }
    return ret;
}

struct guest {
    struct weir_partition *p;
    struct weir_partition_terms terms;
    int ret;
    char err[256];
};

static void *guest(void *ctx) {
    const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
    struct guest *g = ctx;
    const struct weir_partition_wish wish = {.name = "guest7", .mac = mac};
    g->ret = weir_partition_connect(path, &wish, &g->terms, &g->p, g->err, sizeof(g->err));
    return NULL;
}

static void frames_and_bells_cross(void **state) {
    const struct weir_partition_terms terms = {.mac = {2, 0, 0, 0, 0, 9}, .mtu = 9000};
    struct weir_partition_ask ask;
    struct weir_partition_hello h;
    struct weir_partition *host;
    struct guest g = {0};
    pthread_t thread;
    struct pollfd bell;
    char text[16] = "";

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, guest, &g), 0);
    host = pending_client();
    assert_int_equal(join(host, &h), 0);
    assert_string_equal(h.name, "guest7");
    assert_int_equal(h.mac[5], 7);
    assert_int_equal(h.flags, WEIR_PARTITION_OWN_MAC);
    assert_int_equal(weir_partition_answer(host, 0, &terms, ""), 0);
    pthread_join(thread, NULL);
    assert_int_equal(g.ret, 0);
    assert_memory_equal(g.terms.mac, terms.mac, 6);
    assert_int_equal(g.terms.mtu, 9000);

    assert_int_equal(weir_channel_send(weir_partition_channel(g.p), 1, "hello", 6, NULL, 0, 0), 0);
    bell = (struct pollfd){.fd = weir_partition_bell(host), .events = POLLIN};
    assert_int_equal(poll(&bell, 1, 1000), 1);
    weir_partition_hush(host);
    assert_int_equal(poll(&bell, 1, 0), 0);
    assert_int_equal(weir_channel_recv(weir_partition_channel(host), text, sizeof(text)), 6);
    assert_string_equal(text, "hello");

    assert_int_equal(weir_partition_asked(host, &ask), 0);
    weir_partition_close(g.p); // as if its process died
    assert_int_equal(weir_partition_asked(host, &ask), -EPIPE);
    // Its memory is ours as long as we hold it.
    assert_int_equal(weir_channel_send(weir_partition_channel(host), 1, "x", 1, NULL, 0, 0), 0);
    weir_partition_close(host);
}

static void refusal_is_told_in_its_own_words(void **state) {
    struct weir_partition_hello h;
    struct weir_partition *host;
    struct guest g = {0};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, guest, &g), 0);
    host = pending_client();
    assert_int_equal(join(host, &h), 0);
    assert_int_equal(weir_partition_answer(host, -EEXIST, NULL, "its hardware \x1b]0;address is taken"), 0);
    weir_partition_close(host);
    pthread_join(thread, NULL);
    assert_int_equal(g.ret, -EEXIST);
    assert_non_null(strstr(g.err, "guest7"));
    assert_non_null(strstr(g.err, "its hardware ?]0;address is taken")); // on its way to a terminal
}

static void nobody_there_is_one_line(void **state) {
    struct weir_partition_wish wish = {.name = "g"};
    struct weir_partition_terms terms;
    struct weir_partition *p = NULL;
    char err[256] = "", longer[200];
    (void)state;
    assert_int_equal(weir_partition_connect("/tmp/weir-unit-nobody", &wish, &terms, &p, err, sizeof(err)), -ENOENT);
    assert_non_null(strstr(err, "start weir-host first"));
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(weir_partition_connect(longer, &wish, &terms, &p, err, sizeof(err)), -ENAMETOOLONG);
    wish.name = "one two";
    assert_int_equal(weir_partition_connect(path, &wish, &terms, &p, err, sizeof(err)), -EINVAL);
    assert_null(p);
}

static void names_are_plain(void **state) {
    static const char *const good[] = {"a", "vm-1_x.Y", "0123456789012345678901234567890"};
    static const char *const bad[] = {"",
                                      "01234567890123456789012345678901",
                                      "a b",
                                      "a\x1b[2J",
                                      "\xc3\xa4",
                                      ("\xe2\x80\xae"
                                       "evil"),
                                      "a\n",
                                      "a/b",
                                      "\x7f",
                                      "\xff"};
    char whole[32];
    (void)state;
    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(weir_partition_name_ok(good[i], strlen(good[i]) + 1));
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(weir_partition_name_ok(bad[i], strlen(bad[i]) + 1));
    memset(whole, 'x', sizeof(whole)); // without an end
    assert_false(weir_partition_name_ok(whole, sizeof(whole)));
}

static void buffers_fit_the_card(void **state) {
    (void)state;
    for (uint32_t mtu = WEIR_MTU_MIN; mtu <= WEIR_MTU_MAX; mtu++) {
        uint32_t bytes = weir_partition_buffer(mtu);
        assert_true(bytes % 64 == 0 && bytes >= mtu + 18 && bytes <= WEIR_MAX_FRAME);
    }
    assert_int_equal(weir_partition_buffer(1500), 1536);
}

// ---- the way to a VF ----

static void pair(struct weir_partition **host, struct guest *g) {
    const struct weir_partition_terms terms = {.mac = {2}, .mtu = 1500};
    struct weir_partition_hello h;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, guest, g), 0);
    *host = pending_client();
    assert_int_equal(join(*host, &h), 0);
    assert_int_equal(weir_partition_answer(*host, 0, &terms, ""), 0);
    pthread_join(thread, NULL);
    assert_int_equal(g->ret, 0);
}

static void a_vf_is_reached_through_the_parent(void **state) {
    struct weir_partition_ask ask;
    struct weir_partition *host;
    struct guest g = {0};
    int ends[2], fd = -1;
    char byte = 0;

    (void)state;
    pair(&host, &g);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(weir_partition_vf(g.p, 3, &fd), -EINPROGRESS);
    assert_int_equal(weir_partition_vf(g.p, 3, &fd), -EINPROGRESS); // asks once
    assert_int_equal(weir_partition_asked(host, &ask), 1);
    assert_int_equal(ask.fn, 3);
    assert_int_equal(weir_partition_asked(host, &ask), 0);
    assert_int_equal(weir_partition_reply(host, 3, 0, ends[0]), 0);
    close(ends[0]);
    assert_int_equal(weir_partition_vf(g.p, 3, &fd), 0);
    assert_int_equal(send(fd, "v", 1, 0), 1);
    assert_int_equal(recv(ends[1], &byte, 1, 0), 1);
    assert_int_equal(byte, 'v');
    close(fd);
    assert_int_equal(weir_partition_vf(g.p, 4, &fd), -EINPROGRESS);
    assert_int_equal(weir_partition_asked(host, &ask), 1);
    assert_int_equal(weir_partition_reply(host, 4, -EACCES, -1), 0);
    assert_int_equal(weir_partition_vf(g.p, 4, &fd), -EACCES);
    assert_false(weir_partition_peer_gone(g.p));
    // What nobody asked for is no reply.
    assert_int_equal(weir_partition_reply(host, 4, 0, ends[1]), 0);
    assert_true(weir_partition_peer_gone(g.p));
    close(ends[1]);
    weir_partition_close(g.p);
    weir_partition_close(host);
}

// Where the card is a PCI device the parent says the address, and hands over no descriptor; and whoever asks for the
// other kind of way is told so and stays.
static void a_vf_has_a_pci_address(void **state) {
    struct weir_partition_ask ask;
    struct weir_partition *host;
    struct guest g = {0};
    uint32_t pci = 1;
    int fd = 0;

    (void)state;
    pair(&host, &g);
    assert_int_equal(weir_partition_pci(g.p, 3, &pci), -EINPROGRESS);
    assert_int_equal(weir_partition_asked(host, &ask), 1);
    assert_int_equal(ask.kind, WEIR_PARTITION_ASK_PCI);
    assert_int_equal(weir_partition_reply_pci(host, ask.fn, 0x00020103), 0);
    assert_int_equal(weir_partition_vf(g.p, 3, &fd), -EINPROGRESS); // that was another question
    assert_int_equal(fd, -1);
    assert_int_equal(weir_partition_asked(host, &ask), 1);
    assert_int_equal(ask.kind, WEIR_PARTITION_ASK_VF);
    assert_int_equal(weir_partition_reply(host, ask.fn, -EPROTONOSUPPORT, -1), 0);
    assert_int_equal(weir_partition_vf(g.p, 3, &fd), -EPROTONOSUPPORT);
    assert_int_equal(weir_partition_pci(g.p, 3, &pci), -EINPROGRESS);
    assert_int_equal(weir_partition_asked(host, &ask), 1);
    assert_int_equal(weir_partition_reply_pci(host, ask.fn, 0x00020103), 0);
    assert_int_equal(weir_partition_pci(g.p, 3, &pci), 0);
    assert_int_equal(pci, 0x00020103);
    assert_false(weir_partition_peer_gone(g.p));
    // A descriptor that nobody asked for.
    assert_int_equal(weir_partition_pci(g.p, 4, &pci), -EINPROGRESS);
    assert_int_equal(weir_partition_asked(host, &ask), 1);
    assert_int_equal(weir_partition_reply(host, ask.fn, 0, 0), 0);
    assert_int_equal(weir_partition_pci(g.p, 4, &pci), -EPIPE);
    weir_partition_close(g.p);
    weir_partition_close(host);
}

// One byte more than was asked for ends it: nobody is kept as present because something of it lies unread.
static void a_guest_that_says_more_is_sent_away(void **state) {
    const struct weir_partition_ask good = {.magic = 0x57505254u, .kind = WEIR_PARTITION_ASK_VF, .fn = 1};
    (void)state;
    for (unsigned what = 0; what < 4; what++) {
        struct weir_partition_ask ask = good, got;
        struct weir_partition *host;
        struct guest g = {0};
        int sock;
        pair(&host, &g);
        sock = weir_partition_fd(g.p);
        ask.magic += what == 1;
        ask.kind += what == 2;
        assert_int_equal(send(sock, &ask, what == 0 ? 1 : sizeof(ask), 0), what == 0 ? 1 : sizeof(ask));
        if (what == 3)
            assert_int_equal(weir_partition_asked(host, &got), 1);
        else
            assert_int_equal(weir_partition_asked(host, &got), -EPROTO);
        assert_int_equal(shutdown(sock, SHUT_WR), 0); // it lives on, but says nothing any more
        assert_int_equal(weir_partition_asked(host, &got), -EPIPE);
        weir_partition_close(g.p);
        weir_partition_close(host);
    }
}

// ---- bells that the peer spoils ----

// Each bell is shared, with its flags: the peer makes it blocking, fills it to the brim and empties it, and neither of
// the other end's calls waits. An alarm fails the test if one does.
static void a_blocking_bell_stops_nobody(void **state) {
    const uint64_t full = UINT64_MAX - 1;
    struct weir_partition *host;
    struct guest g = {0};

    (void)state;
    pair(&host, &g);
    unit_must_not_wait(20);
    for (unsigned end = 0; end < 2; end++) {
        struct weir_partition *hostile = end == 0 ? g.p : host, *victim = end == 0 ? host : g.p;
        int hears = weir_partition_bell(victim), rings = weir_partition_bell(hostile);
        uint64_t count;
        assert_int_equal(fcntl(hears, F_SETFL, 0), 0);
        assert_int_equal(fcntl(rings, F_SETFL, 0), 0);
        weir_partition_hush(victim); // empty
        weir_partition_hush(victim);
        assert_int_equal(write(rings, &full, sizeof(full)), sizeof(full));
        assert_int_equal(weir_channel_send(weir_partition_channel(victim), 1, "x", 1, NULL, 0, 0), 0); // rings
        assert_int_equal(read(rings, &count, sizeof(count)), sizeof(count));
        assert_true(count >= full);                              // it tried
        assert_int_equal(fcntl(hears, F_GETFL) & O_NONBLOCK, 0); // and took no comfort in flags
    }
    unit_must_not_wait(0);
    weir_partition_close(g.p);
    weir_partition_close(host);
}

// ---- pending clients who want something else ----

static int connect_raw(void) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static void send_raw(int fd, const void *data, size_t len, const int *fds, unsigned n) {
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(8 * sizeof(int))];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)data, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n != 0) {
        struct cmsghdr *c;
        msg.msg_control = control.room;
        msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    }
    assert_int_equal(sendmsg(fd, &msg, 0), len);
}

static int memory(size_t bytes, int seals) {
    int fd = memfd_create("test", MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static unsigned open_fds(void) {
    unsigned n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void bad_pending_clients_are_sent_away(void **state) {
    const size_t bytes = WEIR_CHANNEL_BYTES(WEIR_PARTITION_RING);
    struct weir_partition_hello good = {
        .magic = 0x57505254u, .version = WEIR_PARTITION_VERSION, .ring = WEIR_PARTITION_RING, .name = "g"};
    unsigned before;

    (void)state;
    (void)weir_bell_check(-1); // keeps a descriptor from its first call on
    before = open_fds();
    for (unsigned what = 0; what < 12; what++) {
        int sealed = memory(bytes, F_SEAL_SHRINK), bell = eventfd(0, 0), pipes[2];
        int fds[8] = {sealed, bell, bell, bell, bell, bell, bell, bell};
        int fd = connect_raw(), loose = memory(bytes, 0), small = memory(4096, F_SEAL_SHRINK);
        struct weir_partition *p = pending_client();
        struct weir_partition_hello h = good, got;
        size_t len = sizeof(h);
        unsigned n = 3;

        assert_int_equal(pipe(pipes), 0);
        assert_int_equal(weir_partition_join(p, &got), -EAGAIN); // it says nothing: nobody waits
        switch (what) {
        case 0:
            h.magic++;
            break;
        case 1:
            h.version++;
            break;
        case 2:
            h.ring = 3;
            break;
        case 3:
            memset(h.name, 'x', sizeof(h.name));
            break;
        case 4:
            n = 0;
            break;
        case 5:
            n = 2;
            break;
        case 6:
            n = 8;
            break;
        case 7:
            fds[0] = loose;
            break;
        case 8:
            fds[0] = small;
            break;
        case 9:
            fds[2] = pipes[1]; // a bell that could block us
            break;
        case 10:
            len = 1; // and more to come, it says
            break;
        default:
            len = sizeof(h) - 1;
        }
        send_raw(fd, &h, len, fds, n);
        // Eight descriptors are cut to three, which is a hello like any other.
        assert_int_equal(join(p, &got), what == 6 ? 0 : -EPROTO);
        weir_partition_close(p);
        close(fd);
        close(sealed);
        close(bell);
        close(loose);
        close(small);
        close(pipes[0]);
        close(pipes[1]);
        assert_int_equal(open_fds(), before);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(frames_and_bells_cross, setup, teardown),
    cmocka_unit_test_setup_teardown(refusal_is_told_in_its_own_words, setup, teardown),
    cmocka_unit_test_setup_teardown(nobody_there_is_one_line, setup, teardown),
    cmocka_unit_test(names_are_plain),
    cmocka_unit_test(buffers_fit_the_card),
    cmocka_unit_test_setup_teardown(a_vf_is_reached_through_the_parent, setup, teardown),
    cmocka_unit_test_setup_teardown(a_vf_has_a_pci_address, setup, teardown),
    cmocka_unit_test_setup_teardown(a_blocking_bell_stops_nobody, setup, teardown),
    cmocka_unit_test_setup_teardown(a_guest_that_says_more_is_sent_away, setup, teardown),
    cmocka_unit_test_setup_teardown(bad_pending_clients_are_sent_away, setup, teardown),
};
UNIT_MAIN(tests)
