// SPDX-License-Identifier: Apache-2.0
// What the tests of weir-sim's sockets share: one simulator, its PF with two VFs that have a vPort and a filter each,
// and a frame from one function to another with its interrupt. Real time; every wait is bounded.
#ifndef WEIR_TEST_SOCKETS_H
#define WEIR_TEST_SOCKETS_H

#include "simproc.h"
#include "vfio_user.h"
#include "world.h"

#define WAIT_MS 300000 // for what must come: a machine may be ten times slower, and ctest ends a test that hangs
#define VFS 2u

struct inbox {
    const uint8_t *from; // only frames of this sender count; NULL = all
    unsigned frames;
    size_t len;
    uint8_t data[2048];
};

extern const uint8_t pf_mac[6];
extern struct simproc sim;
extern struct weir_pf *pf;
extern const char *const plain[]; // arguments: three VF sockets, no wire

void on_rx(void *inbox, const void *frame, const struct weir_rx_info *info);
void vf_mac(unsigned vf, uint8_t mac[6]);
struct weir_bus *open_bus(const char *fn);
void open_pf(void);
// The PF alone, for tests of the wire.
void open_pf_only(void);
struct weir_vf *open_vf(unsigned vf);
// In the order of rules 9.11; vf may be NULL.
void close_all(struct weir_vf *vf);
// One frame from a to b; b is told by interrupt.
void send_one(struct weir_qp *a, const uint8_t *src, struct weir_qp *b, const uint8_t *dst, size_t len,
              struct weir_bus *b_bus);
// Frames of random length in both directions between the PF and VF `index`.
void ping_pong(struct weir_vf *vf, unsigned index, unsigned rounds);

// sockets_hostile.c: clients that die or misbehave
void second_client_is_refused(void);
void dead_client_leaves_the_rest_running(void);
void dead_pf_can_be_replaced(void);
void client_that_shrinks_its_memory_disturbs_nobody(void);
void client_that_talks_nonsense_is_dropped(void);
void memory_announcements_are_checked(void);
void dead_server_is_a_vanished_function(void);
int raw_connect(const char *path);
void raw_send(int fd, uint16_t command, const void *payload, size_t len, int pass);
unsigned raw_answer(int fd);
// One request with at most one descriptor; the errno of its answer, 0 = none.
unsigned raw_call(int fd, uint16_t command, const void *payload, size_t len, int pass);
// sockets_neighbour.c: what one client may have, and what of the user's stays
void a_bell_that_blocks_stops_nobody(void);
void a_close_that_waits_stops_nobody(void);
void one_client_cannot_map_for_all(void);
void silence_keeps_nobody_out(void);
void only_those_allowed_come_in(void);
void files_of_the_user_survive_every_option(void);
void the_cable_can_be_pulled(void);
// sockets_wire.c
void wire_to_pcap_and_trace(void);
void wire_waits_for_a_late_driver(void);
void wire_to_tap(void);
void wire_to_another_card(void);

#endif
