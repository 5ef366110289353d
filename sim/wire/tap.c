// SPDX-License-Identifier: Apache-2.0
// See tap.h.
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>

static int set_up(const char *name) {
    struct ifreq r;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

    if (s < 0)
        return -errno;
    memset(&r, 0, sizeof(r));
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    if (ioctl(s, SIOCGIFFLAGS, &r) != 0)
        err = -errno;
    r.ifr_flags |= IFF_UP;
    if (err == 0 && ioctl(s, SIOCSIFFLAGS, &r) != 0)
        err = -errno;
    close(s);
    return err;
}

void tap_name(int fd, char name[TAP_NAME_ROOM]) {
    struct ifreq r = {0};
    _Static_assert(IFNAMSIZ <= TAP_NAME_ROOM, "a name fits");
    if (ioctl(fd, TUNGETIFF, &r) != 0)
        r.ifr_name[0] = '\0';
    snprintf(name, TAP_NAME_ROOM, "%.15s", r.ifr_name);
}

int tap_open(const char *name, bool virtio_header, char *err, size_t err_size) {
    struct ifreq r;
    int fd, why;

    if (name[0] == '\0' || strlen(name) >= IFNAMSIZ) {
        snprintf(err, err_size, "'%s' is no name for a TAP device: 1 to %d characters", name, IFNAMSIZ - 1);
        return -EINVAL;
    }
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        why = errno;
        snprintf(err, err_size, "cannot open /dev/net/tun: %s; load the tun module, or give this place the device",
                 strerror(why));
        return -why;
    }
    memset(&r, 0, sizeof(r));
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    r.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (virtio_header ? IFF_VNET_HDR : 0));
    if (ioctl(fd, TUNSETIFF, &r) != 0) {
        why = errno;
        snprintf(err, err_size, "cannot use TAP device %s: %s; %s", name, strerror(why),
                 why == EBUSY ? "another process has it: choose another name"
                              : "it needs root (CAP_NET_ADMIN), or `ip tuntap add NAME mode tap user YOU` beforehand");
        close(fd);
        return -why;
    }
    // Without: the header says of every frame that there is nothing to do.
    if (virtio_header)
        (void)ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM);
    why = -set_up(r.ifr_name);
    if (why != 0 && why != EPERM) { // an ordinary user's device is set up by whoever made it
        snprintf(err, err_size, "cannot set TAP device %s up: %s", r.ifr_name, strerror(why));
        close(fd);
        return -why;
    }
    return fd;
}
