// SPDX-License-Identifier: Apache-2.0
// See guest_tap.h.
#include "guest_tap.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>

bool guest_tap_is_one(int fd) {
    struct ifreq r = {0};
    return ioctl(fd, TUNGETIFF, &r) == 0;
}

int guest_tap_set_mac(int fd, const uint8_t mac[6]) {
    struct ifreq r = {0};
    r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(r.ifr_hwaddr.sa_data, mac, 6);
    return ioctl(fd, SIOCSIFHWADDR, &r) == 0 ? 0 : -errno;
}

static int ask(int fd, unsigned long request, int *mtu) {
    struct ifreq r = {0};
    int s, ret;

    if (ioctl(fd, TUNGETIFF, &r) != 0)
        return -errno;
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -errno;
    r.ifr_mtu = *mtu; // in place of the flags that TUNGETIFF said
    ret = ioctl(s, request, &r) == 0 ? 0 : -errno;
    close(s);
    *mtu = r.ifr_mtu;
    return ret;
}

int guest_tap_set_mtu(int fd, unsigned mtu) {
    int value = (int)mtu;
    return ask(fd, SIOCSIFMTU, &value);
}

int guest_tap_set_carrier(int fd, bool on) {
    int value = on ? 1 : 0;
    return ioctl(fd, TUNSETCARRIER, &value) == 0 ? 0 : -errno;
}

int guest_tap_mtu(int fd) {
    int value = 0;
    return ask(fd, SIOCGIFMTU, &value) == 0 ? value : -1;
}
