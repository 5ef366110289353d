// SPDX-License-Identifier: Apache-2.0
// Tables of the switch, for steer_vport.c, which keeps them, and steer_resume.c, which takes them over.
#ifndef STEER_INT_H
#define STEER_INT_H

#include "steer.h"

struct steer_switch {
    bool exists;
    uint16_t num_vfs, num_vports, num_qps;
    uint16_t flags; // WEIR_SWITCH_*
};
extern struct steer_switch steer_sw;
extern struct steer_vport steer_vports[WEIR_NUM_VPORTS];
extern bool steer_qp_used[WEIR_NUM_QPS];
extern uint8_t steer_vport_by_vf[WEIR_NUM_VFS]; // 0 = none: the default vPort is the PF's

uint32_t steer_vport_config(const struct steer_vport *v); // its flags as the hardware has them
void steer_move_flood(unsigned vport, bool member);
bool steer_flood_unsure(unsigned vport); // a command died while it changed this one's membership

#endif
