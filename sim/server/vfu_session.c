// SPDX-License-Identifier: Apache-2.0
// See vfu_session.h. A message is read in two exact pieces, header and payload, because descriptors come with its first
// byte: a longer read could take them for the message before.
#include "vfu_session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_check.h"

// As many as Linux puts into one message (SCM_MAX_FD): what had no room the kernel would close here, and wait for it.
#define MOST_FDS 253u

struct vfu_session {
    int fd;
    const struct vfu_device_ops *ops;
    void *dev;
    int refuse;
    bool negotiated;
    bool evicts, lends;

    struct vfu_header hdr; // being received
    uint8_t payload[VFU_MAX_PAYLOAD];
    size_t have; // bytes of both
    int fds[VFU_MAX_FDS];
    unsigned nfds;

    uint8_t out[sizeof(struct vfu_header) + VFU_MAX_PAYLOAD]; // a reply on its way
    size_t out_len, out_at;
};

// The client may send this much; what it must not send is refused all the same.
static const char capabilities[] = "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":4096,"
                                   "\"max_dma_maps\":768}}";
_Static_assert(VFU_MAX_FDS == 16 && VFU_MAX_XFER == 4096 && VFU_MAX_MAPS == 768, "the text above says these numbers");

struct vfu_session *vfu_session_new(int fd, const struct vfu_device_ops *ops, void *dev) {
    struct vfu_session *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->fd = fd;
    s->ops = ops;
    s->dev = dev;
    return s;
}

void vfu_session_refuse(struct vfu_session *s, int err) {
    s->refuse = err;
}

bool vfu_session_evicts(const struct vfu_session *s) {
    return s->evicts;
}

bool vfu_session_lends(const struct vfu_session *s) {
    return s->lends;
}

bool vfu_session_negotiated(const struct vfu_session *s) {
    return s->negotiated;
}

static void drop(struct vfu_session *s, int fd) {
    if (s->ops->drop != NULL)
        s->ops->drop(s->dev, fd);
    else
        close(fd);
}

static void drop_fds(struct vfu_session *s) {
    for (unsigned i = 0; i < s->nfds; i++)
        if (s->fds[i] >= 0)
            drop(s, s->fds[i]);
    s->nfds = 0;
}

void vfu_session_free(struct vfu_session *s) {
    if (s == NULL)
        return;
    drop_fds(s);
    drop(s, s->fd);
    free(s);
}

int vfu_session_fd(const struct vfu_session *s) {
    return s->fd;
}

short vfu_session_events(const struct vfu_session *s) {
    return s->out_len != 0 ? POLLOUT : POLLIN;
}

// ---- receiving ----

// Reads n bytes, and descriptors with them. Bytes got, -EAGAIN, or the end of the session.
static int take(struct vfu_session *s, void *to, size_t n) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * MOST_FDS)];
    } control;
    struct iovec iov = {to, n};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    bool many = false;
    ssize_t got;

    do
        got = recvmsg(s->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? -EAGAIN : -ECONNRESET;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
        unsigned count = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (unsigned i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (s->nfds < VFU_MAX_FDS) {
                s->fds[s->nfds++] = fd;
                continue;
            }
            drop(s, fd);
            many = true;
        }
    }
    if (many || (m.msg_flags & MSG_CTRUNC) != 0)
        return -EPROTO; // more descriptors than were agreed on
    return got == 0 ? -ECONNRESET : (int)got;
}

// 1: a whole message is there; 0: not yet; negative: the end.
static int receive(struct vfu_session *s) {
    for (;;) {
        bool header = s->have < sizeof(s->hdr);
        uint8_t *to = header ? (uint8_t *)&s->hdr + s->have : s->payload + (s->have - sizeof(s->hdr));
        size_t want = header ? sizeof(s->hdr) - s->have : s->hdr.size - s->have;
        int n;

        if (!header && want == 0)
            return 1;
        n = take(s, to, want);
        if (n < 0)
            return n == -EAGAIN ? 0 : n;
        s->have += (size_t)n;
        if (s->have == sizeof(s->hdr) && vfu_check_frame(&s->hdr) != 0)
            return -EPROTO;
    }
}

// ---- answering ----

static int flush(struct vfu_session *s) {
    while (s->out_at < s->out_len) {
        ssize_t n = send(s->fd, s->out + s->out_at, s->out_len - s->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -ECONNRESET;
        s->out_at += (size_t)n;
    }
    s->out_len = s->out_at = 0;
    return 0;
}

// err 0: the reply carries the first `len` bytes of s->out behind the header, put there by the handler.
static void reply(struct vfu_session *s, int err, size_t len) {
    struct vfu_header h = {.id = s->hdr.id, .command = s->hdr.command, .flags = VFU_REPLY};

    if ((s->hdr.flags & VFU_NO_REPLY) != 0)
        return;
    if (err != 0) {
        len = 0;
        h.flags |= VFU_ERROR;
        h.error = (uint32_t)-err;
    }
    h.size = (uint32_t)(sizeof(h) + len);
    memcpy(s->out, &h, sizeof(h));
    s->out_len = h.size;
    s->out_at = 0;
}

// ---- commands: 0 or negative errno; *len = bytes of the reply at `out` ----

// A capability, in the one form that we write it in.
static bool asks(const struct vfu_session *s, const char *word) {
    size_t at = sizeof(struct vfu_version), len = s->have - sizeof(s->hdr);
    return s->hdr.command == VFU_VERSION && s->have >= sizeof(s->hdr) + at &&
           memmem(s->payload + at, len - at, word, strlen(word)) != NULL;
}

static int do_version(struct vfu_session *s, uint8_t *out, size_t *len) {
    struct vfu_version v;

    memcpy(&v, s->payload, sizeof(v));
    if (v.major != 0)
        return -EPROTONOSUPPORT;
    v.minor = 0;
    memcpy(out, &v, sizeof(v));
    memcpy(out + sizeof(v), capabilities, sizeof(capabilities));
    *len = sizeof(v) + sizeof(capabilities);
    s->negotiated = true;
    return 0;
}

static int do_dma_map(struct vfu_session *s) {
    struct vfu_dma_map map;
    memcpy(&map, s->payload, sizeof(map));
    return s->ops->dma_map(s->dev, &map, s->nfds != 0 ? s->fds[0] : -1);
}

static int do_dma_unmap(struct vfu_session *s, uint8_t *out, size_t *len) {
    struct vfu_dma_unmap u;
    int err;

    memcpy(&u, s->payload, sizeof(u));
    if ((u.flags & ~VFU_UNMAP_ALL) != 0)
        return -EINVAL; // dirty pages: no migration over this protocol
    err = s->ops->dma_unmap(s->dev, u.address, u.size, (u.flags & VFU_UNMAP_ALL) != 0);
    memcpy(out, &u, sizeof(u));
    *len = sizeof(u);
    return err;
}

static int do_get_info(uint8_t *out, size_t *len) {
    struct vfu_device_info i = {.argsz = sizeof(i),
                                .flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
                                .num_regions = VFIO_PCI_NUM_REGIONS,
                                .num_irqs = VFIO_PCI_MSIX_IRQ_INDEX + 1};
    memcpy(out, &i, sizeof(i));
    *len = sizeof(i);
    return 0;
}

static int do_region_info(struct vfu_session *s, uint8_t *out, size_t *len) {
    struct vfu_region_info r;

    memcpy(&r, s->payload, sizeof(r));
    if (r.index >= VFIO_PCI_NUM_REGIONS)
        return -EINVAL;
    r = (struct vfu_region_info){.argsz = sizeof(r), .index = r.index, .size = s->ops->region_size(s->dev, r.index)};
    r.flags = r.size != 0 ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
    memcpy(out, &r, sizeof(r));
    *len = sizeof(r);
    return 0;
}

static int do_irq_info(struct vfu_session *s, uint8_t *out, size_t *len) {
    struct vfu_irq_info i;

    memcpy(&i, s->payload, sizeof(i));
    if (i.index > VFIO_PCI_MSIX_IRQ_INDEX)
        return -EINVAL;
    i = (struct vfu_irq_info){.argsz = sizeof(i), .index = i.index, .count = s->ops->irq_count(s->dev, i.index)};
    i.flags = i.count != 0 ? VFIO_IRQ_INFO_EVENTFD : 0;
    memcpy(out, &i, sizeof(i));
    *len = sizeof(i);
    return 0;
}

static int do_set_irqs(struct vfu_session *s) {
    struct vfu_irq_set q;
    unsigned count;
    int err = 0;

    memcpy(&q, s->payload, sizeof(q));
    count = q.index <= VFIO_PCI_MSIX_IRQ_INDEX ? s->ops->irq_count(s->dev, q.index) : 0;
    if ((q.flags & VFIO_IRQ_SET_ACTION_TRIGGER) == 0)
        return -EINVAL; // masking is the client's business: it keeps the table
    if (q.count == 0 && q.start == 0 && (q.flags & VFIO_IRQ_SET_DATA_NONE) != 0) {
        for (unsigned i = 0; i < count && err == 0; i++)
            err = s->ops->irq_set(s->dev, q.index, i, -1);
        return err;
    }
    if (q.start + q.count > count)
        return -EINVAL;
    for (unsigned i = 0; i < q.count && err == 0; i++) {
        if ((q.flags & VFIO_IRQ_SET_DATA_EVENTFD) != 0) {
            int fd = -1;
            if (s->nfds != 0) {
                fd = s->fds[i];
                s->fds[i] = -1; // the device's from here
            }
            err = s->ops->irq_set(s->dev, q.index, q.start + i, fd);
        } else if ((q.flags & VFIO_IRQ_SET_DATA_NONE) != 0 || s->payload[sizeof(q) + i] != 0) {
            err = s->ops->irq_fire(s->dev, q.index, q.start + i);
        }
    }
    return err;
}

static int do_region_io(struct vfu_session *s, uint8_t *out, size_t *len) {
    struct vfu_region_io io;
    uint64_t size;
    int err;

    memcpy(&io, s->payload, sizeof(io));
    size = io.region < VFIO_PCI_NUM_REGIONS ? s->ops->region_size(s->dev, io.region) : 0;
    if (size == 0 || io.offset > size || io.count > size - io.offset)
        return -EINVAL;
    memcpy(out, &io, sizeof(io));
    *len = sizeof(io);
    if (s->hdr.command == VFU_REGION_WRITE)
        return s->ops->region_write(s->dev, io.region, io.offset, s->payload + sizeof(io), io.count);
    err = s->ops->region_read(s->dev, io.region, io.offset, out + sizeof(io), io.count);
    *len += io.count;
    return err;
}

static int command(struct vfu_session *s, uint8_t *out, size_t *len) {
    switch (s->hdr.command) {
    case VFU_VERSION:
        return do_version(s, out, len);
    case VFU_DMA_MAP:
        return do_dma_map(s);
    case VFU_DMA_UNMAP:
        return do_dma_unmap(s, out, len);
    case VFU_DEVICE_GET_INFO:
        return do_get_info(out, len);
    case VFU_DEVICE_GET_REGION_INFO:
        return do_region_info(s, out, len);
    case VFU_DEVICE_GET_IRQ_INFO:
        return do_irq_info(s, out, len);
    case VFU_DEVICE_SET_IRQS:
        return do_set_irqs(s);
    case VFU_REGION_READ:
    case VFU_REGION_WRITE:
        return do_region_io(s, out, len);
    case VFU_DEVICE_RESET:
        return s->ops->reset(s->dev);
    default:
        return -EOPNOTSUPP;
    }
}

int vfu_session_run(struct vfu_session *s, unsigned budget) {
    int err = flush(s);

    for (; err == 0 && s->out_len == 0 && budget > 0; budget--) {
        size_t len = 0;
        int got = receive(s);

        if (got <= 0)
            return got;
        if (!s->negotiated) {
            s->evicts = asks(s, "\"" VFU_CAP_EVICT "\":true");
            s->lends = asks(s, "\"" VFU_CAP_LEND "\":true");
        }
        err = s->refuse != 0 ? -s->refuse : vfu_check_message(&s->hdr, s->payload, s->nfds, s->negotiated);
        if (err == 0)
            err = command(s, s->out + sizeof(struct vfu_header), &len);
        reply(s, err, len);
        drop_fds(s);
        s->have = 0;
        err = flush(s);
        if (s->refuse != 0)
            return -s->refuse;
    }
    return err;
}
