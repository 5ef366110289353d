// SPDX-License-Identifier: Apache-2.0
// Drives the whole firmware on the modelled registers (fake.h) the way hosts would: mailbox calls and shorthand for
// them. A call that is not answered ends the process.
#ifndef FW_H
#define FW_H

#include "fake.h"

#define FW_REFUSED (-1) // the hardware took no request (not operational, in reset)
#define FW_DROPPED (-2) // a reset threw it away

// Power-on of the card and start of both cores.
void fw_boot(void);
void fw_start_core1(void);
// Rounds of core 0 until it has nothing to do, or 200 while a test holds up core 1 or a function's DMA.
void fw_run(void);
// Cycles of the longest of its turns since a test set this to 0.
extern uint32_t fw_turn_most;
// One mailbox command of function fn. Returns its status or FW_*; rsp (may be NULL) gets 120 bytes, *len the length.
int fw_call(unsigned fn, unsigned opcode, const void *req, unsigned req_len, void *rsp, unsigned *len);

// FW(0, FREE_VF, weir_vf_req, .vf = 3): a command whose response does not matter.
#define FW(fn, op, type, ...) fw_call(fn, WEIR_CMD_##op, &(struct type){__VA_ARGS__}, sizeof(struct type), NULL, NULL)

int fw_hello(unsigned fn);
// HELLO of the PF, VFs visible, CREATE_SWITCH.
void fw_switch(unsigned num_vfs, unsigned num_vports, unsigned num_qps, unsigned default_qps);
int fw_alloc(unsigned vf);                                   // MAC fw_mac(vf)
int fw_vport(unsigned vport, unsigned vf, unsigned num_qps); // vf WEIR_VPORT_NO_VF: the PF's
int fw_filter(uint32_t id, unsigned vport, const uint8_t mac[6]);
int fw_move(uint32_t id, unsigned src, unsigned dst, unsigned flags);
int fw_create_qp(unsigned fn, unsigned qp, unsigned vport);
// All of VF vf's queue pairs created and with a buffer posted; the VF said HELLO.
void fw_arm_vf(unsigned vf, unsigned num_qps);
// ALLOC_VF, CREATE_VPORT, HELLO, armed.
void fw_vf_up(unsigned vf, unsigned vport, unsigned num_qps);
struct weir_get_vf_rsp fw_get_vf(unsigned vf);
struct weir_get_vport_rsp fw_get_vport(unsigned vport);
struct weir_get_events_rsp fw_events(void);
// A unicast MAC for a number, in a static buffer that the next call overwrites.
const uint8_t *fw_mac(unsigned n);
// Cycles pass.
void fw_pass(uint32_t cycles);

#endif
