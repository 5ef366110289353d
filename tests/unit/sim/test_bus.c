// SPDX-License-Identifier: Apache-2.0
// The vfio_user backend against servers that are not there, say nothing, or answer nonsense: it must say so and go on,
// never hang and never die.
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "vfio_user.h"
#include "vfu_proto.h"
#include "weir/bus.h"

static char path[64];

static void nobody_there_is_one_line(void **state) {
    char err[256] = "", longer[200];

    (void)state;
    assert_null(weir_vfio_user_open("/nonexistent/pf.sock", err, sizeof(err)));
    assert_non_null(strstr(err, "/nonexistent/pf.sock"));
    assert_non_null(strstr(err, "weir-sim"));
    assert_null(strchr(err, '\n'));
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_null(weir_vfio_user_open(longer, err, sizeof(err)));
    assert_non_null(strstr(err, "too long a path"));
}

// A child that answers `replies` requests by replay(), then hangs up.
static pid_t serve(unsigned replies, void (*replay)(int fd, const struct vfu_header *h, unsigned n)) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    pid_t pid;

    snprintf(path, sizeof(path), "/tmp/weir-unit-%ld.sock", (long)getpid());
    unlink(path);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(listener, 1), 0);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        fd = accept(listener, NULL, NULL);
        for (unsigned i = 0; i < replies; i++) {
            struct vfu_header h;
            char rest[8192];
            if (recv(fd, &h, sizeof(h), MSG_WAITALL) != sizeof(h))
                break;
            if (h.size > sizeof(h))
                (void)!recv(fd, rest, h.size - sizeof(h), MSG_WAITALL);
            replay(fd, &h, i);
        }
        _exit(0);
    }
    close(listener);
    return pid;
}

static void reply(int fd, const struct vfu_header *to, uint32_t flags, uint32_t size, uint32_t error) {
    struct vfu_header h = {.id = to->id, .command = to->command, .size = size, .flags = flags, .error = error};
    (void)!send(fd, &h, sizeof(h), MSG_NOSIGNAL);
}

// A device good enough to be opened.
static void toy(int fd, const struct vfu_header *h, unsigned n) {
    union {
        struct vfu_version v;
        struct vfu_device_info info;
        struct vfu_region_info region;
        struct {
            struct vfu_region_io io;
            uint32_t data;
        } io;
    } r;
    size_t len = 0;

    (void)n;
    memset(&r, 0, sizeof(r));
    switch (h->command) {
    case VFU_VERSION:
        len = sizeof(r.v);
        break;
    case VFU_DEVICE_GET_INFO:
        r.info.flags = VFIO_DEVICE_FLAGS_PCI;
        len = sizeof(r.info);
        break;
    case VFU_DEVICE_GET_REGION_INFO:
        r.region.size = 0x10000;
        len = sizeof(r.region);
        break;
    case VFU_REGION_READ:
        r.io.data = 0x02000000;
        len = 20;
        break;
    default:
        break;
    }
    reply(fd, h, VFU_REPLY, (uint32_t)(sizeof(*h) + len), 0);
    (void)!send(fd, &r, len, MSG_NOSIGNAL);
}

static void busy(int fd, const struct vfu_header *h, unsigned n) {
    (void)n;
    reply(fd, h, VFU_REPLY | VFU_ERROR, sizeof(*h), EBUSY);
}
// Right in everything but its id; whoever takes it finds a device behind it.
static void foreign_id(int fd, const struct vfu_header *h, unsigned n) {
    struct vfu_header other = *h;
    other.id = (uint16_t)(h->id + (n == 0));
    toy(fd, &other, n);
}
static void huge(int fd, const struct vfu_header *h, unsigned n) {
    static const char much[4096];
    (void)n;
    reply(fd, h, VFU_REPLY, sizeof(*h) + sizeof(much), 0);
    (void)!send(fd, much, sizeof(much), MSG_NOSIGNAL);
}
static void tiny(int fd, const struct vfu_header *h, unsigned n) {
    (void)n;
    reply(fd, h, VFU_REPLY, 3, 0);
}
static void no_payload(int fd, const struct vfu_header *h, unsigned n) {
    (void)n;
    reply(fd, h, VFU_REPLY, sizeof(*h), 0);
}
static void not_a_reply(int fd, const struct vfu_header *h, unsigned n) {
    (void)n;
    reply(fd, h, 0, sizeof(*h), 0);
}
static void big_errno(int fd, const struct vfu_header *h, unsigned n) {
    (void)n;
    reply(fd, h, VFU_REPLY | VFU_ERROR, sizeof(*h), UINT32_MAX);
}

static void nonsense_from_the_server_is_one_line(void **state) {
    static const struct {
        void (*replay)(int fd, const struct vfu_header *h, unsigned n);
        const char *text;
    } row[] = {{busy, "another client has this function"},
               {foreign_id, "hung up"},
               {huge, "hung up"},
               {tiny, "hung up"},
               {no_payload, "hung up"},
               {not_a_reply, "hung up"},
               {big_errno, "Input/output error"}};

    (void)state;
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        char err[256] = "";
        pid_t pid = serve(5, row[i].replay);
        assert_null(weir_vfio_user_open(path, err, sizeof(err)));
        assert_non_null(strstr(err, row[i].text));
        assert_non_null(strstr(err, path));
        assert_null(strchr(err, '\n'));
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        unlink(path);
    }
}

static void server_that_hangs_up_is_a_vanished_function(void **state) {
    char err[256] = "";
    pid_t pid = serve(4, toy); // VERSION, two infos, one look at the class code
    struct weir_bus *bus = weir_vfio_user_open(path, err, sizeof(err));
    uint32_t v = 0;
    struct weir_dma dma = {0};

    (void)state;
    assert_non_null(bus);
    assert_int_equal(bus->ops->bar_size(bus), 0x10000);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (unsigned i = 0; i < 100; i++) // posted: the first may still go into the socket
        (void)bus->ops->bar_write(bus, 0, i);
    assert_int_equal(bus->ops->bar_write(bus, 0, 0), -ENODEV);
    assert_int_equal(bus->ops->bar_read(bus, 0, &v), -ENODEV);
    assert_int_equal(v, UINT32_MAX);
    assert_int_equal(bus->ops->cfg_read(bus, 0, 1, &v), -ENODEV);
    assert_int_equal(v, 0xFF);
    assert_int_equal(bus->ops->cfg_write(bus, 4, 2, 6), -ENODEV);
    assert_int_equal(bus->ops->irq_enable(bus, 2), -ENODEV);
    assert_int_equal(bus->ops->irq_enable(bus, 17), -ERANGE);
    assert_int_equal(bus->ops->irq_take(bus, 0), 0);
    assert_int_equal(bus->ops->reset(bus), -ENODEV);
    assert_int_equal(bus->ops->sriov(bus, 1), -ENODEV);
    assert_int_equal(bus->ops->dma_alloc(bus, 4096, &dma), -ENODEV);
    bus->ops->dma_free(bus, &dma);
    weir_bus_close(bus);
    unlink(path);
}

// Its registers hold how long the last write was.
static void listening(int fd, const struct vfu_header *h, unsigned n) {
    static uint32_t size;
    struct {
        struct vfu_region_io io;
        uint32_t data;
    } r = {.data = size};
    if (h->command == VFU_REGION_WRITE) {
        size = h->size;
    } else if (h->command != VFU_REGION_READ || size == 0) {
        toy(fd, h, n);
    } else {
        reply(fd, h, VFU_REPLY, sizeof(*h) + 20, 0);
        (void)!send(fd, &r, 20, MSG_NOSIGNAL);
    }
}

// A push is one message of all its bytes, so that a server can make one write of it.
static void an_inline_doorbell_is_one_message(void **state) {
    const uint8_t slot[64] = {1};
    char err[256] = "";
    pid_t pid = serve(6, listening); // four to open it, the write, and the question
    struct weir_bus *bus = weir_vfio_user_open(path, err, sizeof(err));
    uint32_t v = 0;

    (void)state;
    assert_non_null(bus);
    assert_int_equal(bus->ops->bar_write64(bus, 0x8040, slot), 0);
    assert_int_equal(bus->ops->bar_read(bus, 0, &v), 0);
    assert_int_equal(v, sizeof(struct vfu_header) + sizeof(struct vfu_region_io) + sizeof(slot));
    weir_bus_close(bus);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    unlink(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_inline_doorbell_is_one_message),
    cmocka_unit_test(nobody_there_is_one_line),
    cmocka_unit_test(nonsense_from_the_server_is_one_line),
    cmocka_unit_test(server_that_hangs_up_is_a_vanished_function),
};
UNIT_MAIN(tests)
