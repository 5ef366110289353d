// SPDX-License-Identifier: Apache-2.0
// A card, a parent and guests as the processes a user starts, for system tests: weir-sim, weir-host, weirctl, and
// guests of their own processes whose network device is one end of a socket pair that we hold the other end of. Real
// time; every wait is bounded.
#ifndef WEIR_TEST_HOSTS_H
#define WEIR_TEST_HOSTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "simproc.h"

#define WAIT_MS 300000 // for what must come: a machine may be ten times slower, and ctest ends a test that hangs

struct guest {
    pid_t pid;
    int device; // our end of its network device
    uint8_t mac[6];
};

extern struct simproc sim;
extern pid_t host;
extern char host_dir[96], host_log[128];
extern bool virtio_devices; // guests' devices carry a virtio_net_hdr before each frame
extern bool on_pci;         // card, parent and guests in a PCI tree, and where a guest looks for its VF, NULL = as told
extern const char *vf_address;

// Starts card and parent; `more` (ended by NULL) are further arguments of weir-host, NULL = the door is open.
void hosts_start(const char *const *more);
// The folders' names alone; and weir-host, without waiting until it is ready.
void hosts_prepare(void);
void hosts_launch_parent(const char *const *more);
void hosts_stop(void);
// A place in the live PCI tree of a weir-sim that hosts_start starts: ends the test with status 77 where there can be
// none. Before anything else.
void hosts_on_pci(void);
// The parent alone, again.
void hosts_start_parent(const char *const *more);
void hosts_stop_parent(void);
// weirctl's exit status, its output in text; up to twelve words.
int ctl_words(char *text, unsigned size, const char *const *words);
int ctl(const char *cmd, const char *arg, char *text, unsigned size);
void must(const char *cmd, const char *arg);
void remove_folder(const char *dir);
// A guest of that name; last byte of the address it asks for, 0 = as the parent assigns. Its output goes to ours.
void guest_start(struct guest *g, const char *name, uint8_t last);
void guest_kill(struct guest *g);
void await_status(const char *want);
// Runs a program that must end with this status and one line that has `part` in it.
void one_line(const char *program, const char *const *args, int want, const char *part);
// A connection to a socket of the parent's folder.
int connect_to(const char *name);

#endif
