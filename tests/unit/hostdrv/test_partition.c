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
#include "weir/partition.h"

static char path[64];
static int listener;

static int setup(void **state) {
    char err[256] = "";
    (void)state;
    snprintf(path, sizeof(path), "/tmp/weir-unit-partition-%d.sock", (int)getpid());
    listener = weir_partition_listen(path, err, sizeof(err));
    return listener >= 0 ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    close(listener);
    unlink(path);
    return 0;
}

static struct weir_partition *newcomer(void) {
    struct pollfd fd = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 5000), 1);
    return weir_partition_accept(listener);
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
    int ret;
    char err[256], card[108];
};

static void *guest(void *ctx) {
    const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
    struct guest *g = ctx;
    g->ret = weir_partition_connect(path, "guest7", mac, g->card, &g->p, g->err, sizeof(g->err));
    return NULL;
}

static void frames_and_bells_cross(void **state) {
    struct weir_partition_hello h;
    struct weir_partition *host;
    struct guest g = {0};
    pthread_t thread;
    struct pollfd bell;
    char text[16] = "";

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, guest, &g), 0);
    host = newcomer();
    assert_int_equal(join(host, &h), 0);
    assert_string_equal(h.name, "guest7");
    assert_int_equal(h.mac[5], 7);
    assert_int_equal(weir_partition_answer(host, 0, "/some/card", ""), 0);
    pthread_join(thread, NULL);
    assert_int_equal(g.ret, 0);
    assert_string_equal(g.card, "/some/card");

    assert_int_equal(weir_channel_send(weir_partition_channel(g.p), 1, "hello", 6, NULL, 0, 0), 0);
    bell = (struct pollfd){.fd = weir_partition_bell(host), .events = POLLIN};
    assert_int_equal(poll(&bell, 1, 1000), 1);
    weir_partition_hush(host);
    assert_int_equal(poll(&bell, 1, 0), 0);
    assert_int_equal(weir_channel_recv(weir_partition_channel(host), text, sizeof(text)), 6);
    assert_string_equal(text, "hello");

    assert_false(weir_partition_peer_gone(host));
    weir_partition_close(g.p); // as if its process died
    assert_true(weir_partition_peer_gone(host));
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
    host = newcomer();
    assert_int_equal(join(host, &h), 0);
    assert_int_equal(weir_partition_answer(host, -EEXIST, "", "its hardware address is taken"), 0);
    weir_partition_close(host);
    pthread_join(thread, NULL);
    assert_int_equal(g.ret, -EEXIST);
    assert_non_null(strstr(g.err, "guest7"));
    assert_non_null(strstr(g.err, "its hardware address is taken"));
}

static void nobody_there_is_one_line(void **state) {
    const uint8_t mac[6] = {2};
    struct weir_partition *p = NULL;
    char card[108], err[256] = "", longer[200];
    (void)state;
    assert_int_equal(weir_partition_connect("/tmp/weir-unit-nobody", "g", mac, card, &p, err, sizeof(err)), -ENOENT);
    assert_non_null(strstr(err, "start weir-host first"));
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(weir_partition_connect(longer, "g", mac, card, &p, err, sizeof(err)), -ENAMETOOLONG);
    assert_null(p);
}

static void a_socket_in_use_is_not_taken_over(void **state) {
    char err[256] = "";
    (void)state;
    assert_int_equal(weir_partition_listen(path, err, sizeof(err)), -EADDRINUSE);
    assert_non_null(strstr(err, "is in use by another process"));
    weir_partition_close(newcomer()); // the question itself
}

// ---- newcomers who want something else ----

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

static void bad_newcomers_are_sent_away(void **state) {
    const size_t bytes = WEIR_CHANNEL_BYTES(WEIR_PARTITION_RING);
    struct weir_partition_hello good = {
        .magic = 0x57505254u, .version = WEIR_PARTITION_VERSION, .ring = WEIR_PARTITION_RING, .name = "g"};
    unsigned before;

    (void)state;
    before = open_fds();
    for (unsigned what = 0; what < 10; what++) {
        int sealed = memory(bytes, F_SEAL_SHRINK), bell = eventfd(0, 0), pipes[2];
        int fds[8] = {sealed, bell, bell, bell, bell, bell, bell, bell};
        int fd = connect_raw(), loose = memory(bytes, 0), small = memory(4096, F_SEAL_SHRINK);
        struct weir_partition *p = newcomer();
        struct weir_partition_hello h = good, got;
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
        default:
            fds[2] = pipes[1]; // a bell that could block us
        }
        send_raw(fd, &h, sizeof(h), fds, n);
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
    cmocka_unit_test_setup_teardown(a_socket_in_use_is_not_taken_over, setup, teardown),
    cmocka_unit_test_setup_teardown(bad_newcomers_are_sent_away, setup, teardown),
};
UNIT_MAIN(tests)
