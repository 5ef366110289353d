// SPDX-License-Identifier: Apache-2.0
// vPorts, receive filters, flood set, moves: the NIC switch's state and rules (rules 2, 3, 7). The RTL does what is
// written here, one frame at a time.
#ifndef STEER_H
#define STEER_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "weir_mbox.h"

#define STEER_NO_VF 0xFFFFu

struct steer_vport {
    bool used;
    uint8_t fn;
    uint16_t vf; // STEER_NO_VF: the PF's
    uint16_t qp_base, num_qps;
    uint16_t flags; // WEIR_VPORT_*
    uint8_t state;  // enum weir_vport_state
    bool flood;
    bool drain;
    uint16_t filters;
    bool moved; // last_move is valid
    uint32_t last_move; // cycle
    char name[32];
};

// ---- switch (rules 2.1-2.3) ----
enum weir_status steer_switch_create(unsigned num_vports, unsigned num_qps, unsigned default_qps);
enum weir_status steer_switch_delete(void);
bool steer_switch_exists(void);
unsigned steer_switch_vports(void); // as created, 0 without a switch
unsigned steer_switch_qps(void);
// Everything gone at once, after a reset of the PF.
void steer_reset(void);

// ---- vPorts (rules 2.4-2.18) ----
const struct steer_vport *steer_vport(unsigned vport); // NULL when there is none
enum weir_status steer_vport_create(unsigned vport, unsigned fn, unsigned vf, unsigned num_qps, unsigned flags, const uint8_t mac[6], const char *name);
enum weir_status steer_vport_delete(unsigned vport);
enum weir_status steer_vport_set(const struct weir_set_vport_req *req);
// The vPort of a VF, -1 without one.
int steer_vport_of_vf(unsigned vf);
// Disables a VF's vPort in hardware and sends what is queued for it to the default vPort (its function was reset).
void steer_vport_down(unsigned vport);
// Puts it in order again after the reset.
void steer_vport_up(unsigned vport);
enum weir_status steer_flood(unsigned vport, bool member);

// ---- filters (rules 3) ----
enum weir_status steer_filter_set(const struct weir_set_filter_req *req);
enum weir_status steer_filter_clear(uint32_t id);
enum weir_status steer_filter_move(const struct weir_move_filter_req *req, struct weir_move_filter_rsp *rsp);
enum weir_status steer_fence(unsigned vport, uint32_t token, uint8_t *epoch);

// ---- between the files of this folder ----
struct steer_vport *steer_vport_mut(unsigned vport);
void steer_filter_reset(void);
unsigned steer_filter_count(void);
// Slot of a filter id on `vport`, -1 when there is none.
int steer_filter_slot(uint32_t id, unsigned vport);
void steer_filter_moved(uint32_t id, unsigned vport);

#endif
