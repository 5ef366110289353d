// SPDX-License-Identifier: Apache-2.0
// A session over a socket pair, with a device of plain memory behind it: order, pieces, descriptors, refusals, and
// random bytes. Both ends live in this thread, so every step is deterministic.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "vfu_session.h"

#define BAR_BYTES 0x3000u
#define VECTORS 16u

static struct {
    uint8_t bar[BAR_BYTES];
    unsigned reads, writes, maps, unmaps, resets, fired;
    int irq[VECTORS];
    int map_fd_was;
    struct vfu_dma_map map;
    int fail; // what the next operation returns
} dev;

static struct vfu_session *session;
static int peer;

static uint64_t region_size(void *d, unsigned index) {
    (void)d;
    return index == VFIO_PCI_BAR0_REGION_INDEX ? BAR_BYTES : index == VFIO_PCI_CONFIG_REGION_INDEX ? 4096 : 0;
}

static int region_read(void *d, unsigned index, uint64_t offset, void *to, unsigned n) {
    (void)d;
    assert_true(offset + n <= region_size(NULL, index));
    dev.reads++;
    memcpy(to, dev.bar + offset, n);
    return dev.fail;
}

static int region_write(void *d, unsigned index, uint64_t offset, const void *from, unsigned n) {
    (void)d;
    assert_true(offset + n <= region_size(NULL, index));
    dev.writes++;
    memcpy(dev.bar + offset, from, n);
    return dev.fail;
}

static unsigned irq_count(void *d, unsigned index) {
    (void)d;
    return index == VFIO_PCI_MSIX_IRQ_INDEX ? VECTORS : 0;
}

static int irq_set(void *d, unsigned index, unsigned vector, int fd) {
    (void)d;
    assert_true(index == VFIO_PCI_MSIX_IRQ_INDEX && vector < VECTORS);
    if (dev.irq[vector] >= 0)
        close(dev.irq[vector]);
    dev.irq[vector] = fd;
    return 0;
}

static int irq_fire(void *d, unsigned index, unsigned vector) {
    (void)d;
    assert_true(index == VFIO_PCI_MSIX_IRQ_INDEX && vector < VECTORS);
    dev.fired |= 1u << vector;
    return 0;
}

static int dma_map(void *d, const struct vfu_dma_map *map, int fd) {
    (void)d;
    dev.maps++;
    dev.map = *map;
    dev.map_fd_was = fd;
    return dev.fail;
}

static int dma_unmap(void *d, uint64_t address, uint64_t size, bool all) {
    (void)d;
    (void)address;
    (void)size;
    (void)all;
    dev.unmaps++;
    return dev.fail;
}

static int reset(void *d) {
    (void)d;
    dev.resets++;
    return dev.fail;
}

static const struct vfu_device_ops ops = {region_size, region_read, region_write, irq_count, irq_set,
                                          irq_fire,    dma_map,     dma_unmap,    reset,     NULL};

static int open_fds(void) {
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void start(int refuse) {
    int pair[2];
    memset(&dev, 0, sizeof(dev));
    for (unsigned i = 0; i < VECTORS; i++)
        dev.irq[i] = -1;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    peer = pair[1];
    session = vfu_session_new(pair[0], &ops, NULL);
    assert_non_null(session);
    vfu_session_refuse(session, refuse);
}

static void stop(void) {
    vfu_session_free(session);
    close(peer);
    for (unsigned i = 0; i < VECTORS; i++)
        if (dev.irq[i] >= 0)
            close(dev.irq[i]);
}

static void send_raw(const void *bytes, size_t n, const int *fds, unsigned nfds) {
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * 64)];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)bytes, n};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (nfds != 0) {
        struct cmsghdr *c;
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
    }
    assert_int_equal(sendmsg(peer, &m, MSG_NOSIGNAL), n);
}

static size_t make(uint8_t *to, uint16_t id, uint16_t command, uint32_t flags, const void *payload, size_t len) {
    struct vfu_header h = {.id = id, .command = command, .size = (uint32_t)(sizeof(h) + len), .flags = flags};
    memcpy(to, &h, sizeof(h));
    if (len != 0)
        memcpy(to + sizeof(h), payload, len);
    return h.size;
}

static void ask(uint16_t id, uint16_t command, uint32_t flags, const void *payload, size_t len, const int *fds,
                unsigned nfds) {
    uint8_t m[sizeof(struct vfu_header) + VFU_MAX_PAYLOAD];
    send_raw(m, make(m, id, command, flags, payload, len), fds, nfds);
}

// The next reply; its payload goes to `to`. Returns the payload's length, or -errno of an error reply.
static int answer(uint16_t id, uint16_t command, void *to, size_t room) {
    struct vfu_header h;
    assert_int_equal(recv(peer, &h, sizeof(h), 0), sizeof(h));
    assert_int_equal(h.id, id);
    assert_int_equal(h.command, command);
    assert_int_equal(h.flags & VFU_TYPE_MASK, VFU_REPLY);
    if ((h.flags & VFU_ERROR) != 0) {
        assert_int_equal(h.size, sizeof(h)); // an error has no payload
        assert_true(h.error != 0);
        return -(int)h.error;
    }
    assert_true(h.size - sizeof(h) <= room);
    if (h.size != sizeof(h))
        assert_int_equal(recv(peer, to, h.size - sizeof(h), 0), h.size - sizeof(h));
    return (int)(h.size - sizeof(h));
}

static bool silent(void) {
    char c;
    return recv(peer, &c, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static void negotiate(void) {
    const struct vfu_version v = {0, 1};
    struct {
        struct vfu_version v;
        char text[256];
    } rsp;
    int n;
    ask(1, VFU_VERSION, 0, &v, sizeof(v), NULL, 0);
    assert_int_equal(vfu_session_run(session, 4), 0);
    n = answer(1, VFU_VERSION, &rsp, sizeof(rsp));
    assert_true(n > (int)sizeof(v) && rsp.text[n - (int)sizeof(v) - 1] == '\0');
    assert_true(rsp.v.major == 0 && rsp.v.minor == 0);
    assert_non_null(strstr(rsp.text, "\"max_msg_fds\":16"));
}

static void describes_itself(void **state) {
    struct vfu_device_info info = {.argsz = sizeof(info)};
    struct vfu_region_info region = {.argsz = sizeof(region)};
    struct vfu_irq_info irq = {.argsz = sizeof(irq)};

    (void)state;
    start(0);
    negotiate();
    ask(2, VFU_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0);
    assert_int_equal(vfu_session_run(session, 4), 0);
    assert_int_equal(answer(2, VFU_DEVICE_GET_INFO, &info, sizeof(info)), sizeof(info));
    assert_int_equal(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
    assert_true(info.num_regions == VFIO_PCI_NUM_REGIONS && info.num_irqs == VFIO_PCI_MSIX_IRQ_INDEX + 1);
    for (unsigned i = 0; i < 12; i++) {
        memset(&region, 0, sizeof(region));
        region.index = i;
        ask(3, VFU_DEVICE_GET_REGION_INFO, 0, &region, sizeof(region), NULL, 0);
        assert_int_equal(vfu_session_run(session, 4), 0);
        assert_int_equal(answer(3, VFU_DEVICE_GET_REGION_INFO, &region, sizeof(region)),
                         i < VFIO_PCI_NUM_REGIONS ? (int)sizeof(region) : -EINVAL);
        if (i < VFIO_PCI_NUM_REGIONS)
            assert_true(region.size == region_size(NULL, i) && (region.flags & VFIO_REGION_INFO_FLAG_MMAP) == 0);
        irq.index = i;
        ask(4, VFU_DEVICE_GET_IRQ_INFO, 0, &irq, sizeof(irq), NULL, 0);
        assert_int_equal(vfu_session_run(session, 4), 0);
        assert_int_equal(answer(4, VFU_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq)), i < 3 ? (int)sizeof(irq) : -EINVAL);
        if (i < 3)
            assert_int_equal(irq.count, i == 2 ? VECTORS : 0);
    }
    stop();
}

static void nothing_before_version(void **state) {
    const struct vfu_version wrong = {1, 0};
    (void)state;
    start(0);
    ask(7, VFU_DEVICE_RESET, 0, NULL, 0, NULL, 0);
    ask(8, VFU_VERSION, 0, &wrong, sizeof(wrong), NULL, 0);
    ask(9, VFU_DEVICE_RESET, 0, NULL, 0, NULL, 0);
    assert_int_equal(vfu_session_run(session, 4), 0);
    assert_int_equal(answer(7, VFU_DEVICE_RESET, NULL, 0), -EPERM);
    assert_int_equal(answer(8, VFU_VERSION, NULL, 0), -EPROTONOSUPPORT);
    assert_int_equal(answer(9, VFU_DEVICE_RESET, NULL, 0), -EPERM);
    assert_int_equal(dev.resets, 0);
    stop();
}

static void a_message_may_come_byte_by_byte(void **state) {
    struct {
        struct vfu_region_io io;
        uint32_t data;
    } w = {{.offset = 0x40, .region = 0, .count = 4}, 0xCAFEF00D};
    uint8_t m[64];
    size_t n;

    (void)state;
    start(0);
    negotiate();
    n = make(m, 5, VFU_REGION_WRITE, 0, &w, 20);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(dev.writes, 0);
        send_raw(m + i, 1, NULL, 0);
        assert_int_equal(vfu_session_run(session, 4), 0);
    }
    assert_int_equal(dev.writes, 1);
    assert_memory_equal(dev.bar + 0x40, &w.data, 4);
    assert_int_equal(answer(5, VFU_REGION_WRITE, &w, sizeof(w)), sizeof(w.io));
    stop();
}

static void posted_writes_are_silent_and_in_order(void **state) {
    struct {
        struct vfu_region_io io;
        uint32_t data;
    } w = {{.offset = 0x80, .region = 0, .count = 4}, 0};
    struct vfu_region_io bad = {.offset = BAR_BYTES, .region = 0, .count = 4},
                         read = {.offset = 0x80, .region = 0, .count = 4};

    (void)state;
    start(0);
    negotiate();
    for (uint32_t i = 1; i <= 100; i++) {
        w.data = i;
        ask((uint16_t)i, VFU_REGION_WRITE, VFU_NO_REPLY, &w, 20, NULL, 0);
    }
    ask(200, VFU_REGION_READ, VFU_NO_REPLY, &bad, sizeof(bad), NULL, 0); // not even an error is answered
    ask(201, VFU_REGION_READ, 0, &read, sizeof(read), NULL, 0);
    assert_int_equal(vfu_session_run(session, 50), 0);
    assert_int_equal(dev.writes, 50); // a turn ends
    assert_true(silent());
    assert_int_equal(vfu_session_run(session, 1000), 0);
    assert_int_equal(answer(201, VFU_REGION_READ, &w, sizeof(w)), 20);
    assert_int_equal(w.data, 100);
    assert_true(silent());
    stop();
}

static void accesses_stay_inside_their_region(void **state) {
    static const struct {
        uint32_t region;
        uint64_t offset;
        uint32_t count;
        bool good;
    } row[] = {{0, BAR_BYTES - 4, 4, true},
               {0, BAR_BYTES - 4, 5, false},
               {0, BAR_BYTES, 1, false},
               {0, 0, 4096, true},
               {0, UINT64_MAX - 4, 4, false},
               {1, 0, 4, false},
               {7, 4092, 4, true},
               {7, 4093, 4, false},
               {8, 0, 1, false},
               {9, 0, 1, false},
               {UINT32_MAX, 0, 1, false}};
    uint8_t back[VFU_MAX_PAYLOAD];

    (void)state;
    start(0);
    negotiate();
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct vfu_region_io io = {.offset = row[i].offset, .region = row[i].region, .count = row[i].count};
        unsigned before = dev.reads;
        ask(6, VFU_REGION_READ, 0, &io, sizeof(io), NULL, 0);
        assert_int_equal(vfu_session_run(session, 4), 0);
        assert_int_equal(answer(6, VFU_REGION_READ, back, sizeof(back)),
                         row[i].good ? (int)(sizeof(io) + io.count) : -EINVAL);
        assert_int_equal(dev.reads - before, row[i].good ? 1 : 0);
    }
    dev.fail = -EIO;
    ask(6, VFU_DEVICE_RESET, 0, NULL, 0, NULL, 0);
    assert_int_equal(vfu_session_run(session, 4), 0);
    assert_int_equal(answer(6, VFU_DEVICE_RESET, NULL, 0), -EIO);
    stop();
}

static void descriptors_belong_to_their_message(void **state) {
    struct vfu_dma_map map = {.argsz = sizeof(map), .flags = 3, .address = 0x1000, .size = 0x1000};
    struct vfu_irq_set set = {.argsz = sizeof(set),
                              .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                              .index = VFIO_PCI_MSIX_IRQ_INDEX,
                              .start = 3,
                              .count = 2};
    int before = open_fds(), fds[2], mem;
    uint64_t one = 1;

    (void)state;
    start(0);
    negotiate();
    mem = memfd_create("unit", 0);
    fds[0] = eventfd(0, EFD_NONBLOCK);
    fds[1] = eventfd(0, EFD_NONBLOCK);
    // Three messages at once, descriptors with the second and third only.
    ask(1, VFU_DMA_MAP, VFU_NO_REPLY, &map, sizeof(map), NULL, 0);
    ask(2, VFU_DMA_MAP, VFU_NO_REPLY, &map, sizeof(map), &mem, 1);
    ask(3, VFU_DEVICE_SET_IRQS, 0, &set, sizeof(set), fds, 2);
    assert_int_equal(vfu_session_run(session, 1), 0);
    assert_true(dev.maps == 1 && dev.map_fd_was == -1);
    assert_int_equal(vfu_session_run(session, 1), 0);
    assert_true(dev.maps == 2 && dev.map_fd_was >= 0);
    assert_true(fcntl(dev.map_fd_was, F_GETFD) < 0); // closed after the call: the mapping holds the memory
    assert_int_equal(vfu_session_run(session, 1), 0);
    assert_int_equal(answer(3, VFU_DEVICE_SET_IRQS, NULL, 0), 0);
    assert_true(dev.irq[2] < 0 && dev.irq[3] >= 0 && dev.irq[4] >= 0 && dev.irq[5] < 0);
    assert_int_equal(write(dev.irq[4], &one, 8), 8);
    assert_int_equal(read(fds[1], &one, 8), 8); // the second vector got the second descriptor
    assert_true(read(fds[0], &one, 8) < 0);
    // Without descriptors the vectors lose theirs.
    ask(4, VFU_DEVICE_SET_IRQS, 0, &set, sizeof(set), NULL, 0);
    assert_int_equal(vfu_session_run(session, 1), 0);
    assert_int_equal(answer(4, VFU_DEVICE_SET_IRQS, NULL, 0), 0);
    assert_true(dev.irq[3] < 0 && dev.irq[4] < 0);
    // Refused ones are closed, too.
    set.start = VECTORS - 1;
    ask(5, VFU_DEVICE_SET_IRQS, 0, &set, sizeof(set), fds, 2);
    ask(6, VFU_DEVICE_RESET, 0, NULL, 0, fds, 2);
    assert_int_equal(vfu_session_run(session, 2), 0);
    assert_int_equal(answer(5, VFU_DEVICE_SET_IRQS, NULL, 0), -EINVAL);
    assert_int_equal(answer(6, VFU_DEVICE_RESET, NULL, 0), -EINVAL);
    assert_int_equal(dev.resets, 0);
    close(mem);
    close(fds[0]);
    close(fds[1]);
    stop();
    assert_int_equal(open_fds(), before);
}

static void interrupts_are_fired_and_disabled(void **state) {
    struct {
        struct vfu_irq_set set;
        uint8_t on[4];
    } q = {{.flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, .index = 2, .start = 2, .count = 4},
           {1, 0, 0, 1}};
    struct vfu_irq_set all = {.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, .index = 2};
    struct vfu_irq_set mask = {.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, .index = 2, .count = 1};
    struct vfu_irq_set intx = {.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, .index = 0, .count = 1};

    (void)state;
    start(0);
    negotiate();
    ask(1, VFU_DEVICE_SET_IRQS, 0, &q, sizeof(q), NULL, 0);
    dev.irq[7] = eventfd(0, 0);
    ask(2, VFU_DEVICE_SET_IRQS, 0, &all, sizeof(all), NULL, 0);
    ask(3, VFU_DEVICE_SET_IRQS, 0, &mask, sizeof(mask), NULL, 0);
    ask(4, VFU_DEVICE_SET_IRQS, 0, &intx, sizeof(intx), NULL, 0);
    assert_int_equal(vfu_session_run(session, 8), 0);
    assert_int_equal(answer(1, VFU_DEVICE_SET_IRQS, NULL, 0), 0);
    assert_int_equal(dev.fired, 1u << 2 | 1u << 5);
    assert_int_equal(answer(2, VFU_DEVICE_SET_IRQS, NULL, 0), 0);
    assert_true(dev.irq[7] < 0);
    assert_int_equal(answer(3, VFU_DEVICE_SET_IRQS, NULL, 0), -EINVAL);
    assert_int_equal(answer(4, VFU_DEVICE_SET_IRQS, NULL, 0), -EINVAL);
    stop();
}

static void refused_client_is_told_and_dropped(void **state) {
    const struct vfu_version v = {0, 0};
    (void)state;
    start(EBUSY);
    assert_int_equal(vfu_session_run(session, 4), 0); // nothing said yet
    ask(9, VFU_VERSION, 0, &v, sizeof(v), NULL, 0);
    assert_int_equal(vfu_session_run(session, 4), -EBUSY);
    assert_int_equal(answer(9, VFU_VERSION, NULL, 0), -EBUSY);
    stop();
}

static void client_that_reads_no_replies_waits_alone(void **state) {
    struct vfu_region_io io = {.offset = 0, .region = 0, .count = 4096};
    uint8_t m[64], back[VFU_MAX_PAYLOAD];
    unsigned asked = 0, got = 0;
    size_t n;

    (void)state;
    start(0);
    negotiate();
    n = make(m, 1, VFU_REGION_READ, 0, &io, sizeof(io));
    while (send(peer, m, n, MSG_NOSIGNAL) == (ssize_t)n && asked < 100000) {
        asked++;
        assert_int_equal(vfu_session_run(session, 1000), 0); // never blocks
    }
    assert_int_equal(vfu_session_events(session), POLLOUT);
    assert_true(dev.reads < asked);
    while (got < asked) {
        struct vfu_header h;
        ssize_t have = recv(peer, &h, sizeof(h), MSG_WAITALL);
        if (have == (ssize_t)sizeof(h)) {
            assert_int_equal(h.size, sizeof(h) + sizeof(io) + 4096);
            for (size_t at = 0; at < h.size - sizeof(h);) {
                have = recv(peer, back + at, h.size - sizeof(h) - at, 0);
                if (have > 0)
                    at += (size_t)have;
                else
                    assert_int_equal(vfu_session_run(session, 1000), 0);
            }
            got++;
        } else {
            assert_int_equal(have, -1);
            assert_int_equal(vfu_session_run(session, 1000), 0);
        }
    }
    assert_int_equal(dev.reads, asked); // and lost none
    assert_int_equal(vfu_session_events(session), POLLIN);
    stop();
}

static void leaving_ends_the_session(void **state) {
    uint8_t m[64];
    (void)state;
    start(0);
    negotiate();
    send_raw(m, make(m, 1, VFU_DEVICE_RESET, 0, NULL, 0) - 3, NULL, 0);
    shutdown(peer, SHUT_WR);
    assert_int_equal(vfu_session_run(session, 4), -ECONNRESET);
    assert_int_equal(dev.resets, 0);
    stop();
}

// Messages that look right at first sight with random content, cut and glued at random; descriptors anywhere.
static void random_messages_break_nothing(void **state) {
    int before = open_fds();

    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        start(0);
        negotiate();
        for (unsigned k = 0; k < 50; k++) {
            uint8_t m[sizeof(struct vfu_header) + 256], payload[256];
            static const size_t right[] = {4, 32, 24, 16, 32, 0, 16, 20, 16, 20, 0, 0, 0};
            uint16_t command = (uint16_t)(unit_rand() % 16);
            size_t len =
                       unit_rand() % 4 == 0 || command >= 13 ? unit_rand() % 64 : right[command > 0 ? command - 1 : 0],
                   n;
            int fds[4] = {0, 0, 0, 0};
            for (size_t i = 0; i < sizeof(payload); i++)
                payload[i] = unit_rand() % 3 != 0 ? (uint8_t)(unit_rand() % 9) : (uint8_t)unit_rand();
            n = make(m, (uint16_t)k, command, unit_rand() % 8 == 0 ? unit_rand() : unit_rand() % 2 * VFU_NO_REPLY,
                     payload, len);
            if (unit_rand() % 16 == 0)
                m[unit_rand() % n] = (uint8_t)unit_rand();
            send_raw(m, n, fds, unit_rand() % 8 == 0 ? 1 + unit_rand() % 4 : 0);
            if (vfu_session_run(session, 1 + unit_rand() % 4) != 0)
                break;
            while (recv(peer, payload, sizeof(payload), 0) > 0) {
            }
        }
        stop();
    }
    assert_int_equal(open_fds(), before);
}

static void too_many_descriptors_end_the_session(void **state) {
    int before = open_fds(), fds[VFU_MAX_FDS + 8] = {0};
    uint8_t m[64];
    (void)state;
    start(0);
    negotiate();
    send_raw(m, make(m, 1, VFU_DEVICE_RESET, 0, NULL, 0), fds, VFU_MAX_FDS + 8);
    assert_int_equal(vfu_session_run(session, 4), -EPROTO);
    stop();
    assert_int_equal(open_fds(), before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(describes_itself),
    cmocka_unit_test(nothing_before_version),
    cmocka_unit_test(a_message_may_come_byte_by_byte),
    cmocka_unit_test(posted_writes_are_silent_and_in_order),
    cmocka_unit_test(accesses_stay_inside_their_region),
    cmocka_unit_test(descriptors_belong_to_their_message),
    cmocka_unit_test(interrupts_are_fired_and_disabled),
    cmocka_unit_test(refused_client_is_told_and_dropped),
    cmocka_unit_test(client_that_reads_no_replies_waits_alone),
    cmocka_unit_test(leaving_ends_the_session),
    cmocka_unit_test(random_messages_break_nothing),
    cmocka_unit_test(too_many_descriptors_end_the_session),
};
UNIT_MAIN(tests)
