// SPDX-License-Identifier: Apache-2.0
// What a guest does to its TAP device beside frames. By descriptor, so that it is the right one whatever it is called
// by now.
#ifndef WEIR_APPS_GUEST_TAP_H
#define WEIR_APPS_GUEST_TAP_H

#include <stdbool.h>
#include <stdint.h>

bool guest_tap_is_one(int fd);
// Each: 0 or negative errno.
int guest_tap_set_mac(int fd, const uint8_t mac[6]);
int guest_tap_set_mtu(int fd, unsigned mtu);
// Whether the guest's stack sees a cable in it.
int guest_tap_set_carrier(int fd, bool on);
// -1 when the device is not in our network namespace, or none.
int guest_tap_mtu(int fd);

#endif
