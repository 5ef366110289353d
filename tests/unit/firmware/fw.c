// SPDX-License-Identifier: Apache-2.0
// See fw.h.
#include "fw.h"

#include "flash_regs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cmd.h"
#include "control/control.h"
#include "queue/queue.h"

uint32_t fw_turn_most;
static uint16_t seq;

static void must(int status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "check failed: %s: status %d\n", what, status);
        abort();
    }
}

void fw_start_core1(void) {
    fake.core = 1;
    queue_start();
    fake.core = 0;
}

void fw_boot(void) {
    fake_reset();
    fw_start_core1();
    control_start();
}

// A reset that a test keeps from ending keeps core 0 busy.
static bool held_up(void) {
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
        if (fake.dma_busy[fn] == UINT_MAX) {
            return true;
        }
    }
    return fake.core1_dead || (flash_regs.there && flash_part_busy(&flash_regs.part));
}

void fw_run(void) {
    for (unsigned i = 0; i < 10000; i++) {
        if (i >= 200 && held_up()) {
            return;
        }
        if (!fake.core1_dead) {
            // Core 1's own interrupts: errors of the hardware.
            fake_core1();
        }
        uint32_t before = fake.cycle, turn;
        bool busy = control_poll();
        turn = fake.cycle - before;
        fw_turn_most = turn > fw_turn_most ? turn : fw_turn_most;
        if (!busy) {
            return;
        }
    }
    fake_fail("core 0 finds no end");
}

int fw_call(unsigned fn, unsigned opcode, const void *req, unsigned req_len, void *rsp, unsigned *len) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = (uint16_t)opcode, .length = (uint16_t)req_len, .seq = ++seq}};
    const struct cmd *c = cmd_find((uint16_t)opcode);
    unsigned done = fake.done, want;

    if (req != NULL) {
        memcpy(msg.payload, req, req_len < sizeof(msg.payload) ? req_len : sizeof(msg.payload));
    }
    if (!fake_request(fn, &msg)) {
        return FW_REFUSED;
    }
    fw_run();
    if (fake.owner[fn]) {
        fake_fail("command %x of function %u was not answered", opcode, fn);
    }
    if (fake.done == done) {
        return FW_DROPPED;
    }
    memcpy(&msg, fake.rsp[fn], sizeof(msg));
    want = msg.hdr.status == WEIR_OK ? c->rsp : msg.hdr.status == WEIR_INVALID_LENGTH ? 4 : 0;
    if (msg.hdr.opcode != opcode || msg.hdr.seq != seq || msg.hdr.length != want) {
        fake_fail("answer to command %x: opcode %x, seq %u of %u, status %u, %u bytes instead of %u", opcode,
                  msg.hdr.opcode, msg.hdr.seq, seq, msg.hdr.status, msg.hdr.length, want);
    }
    if (rsp != NULL) {
        memcpy(rsp, msg.payload, sizeof(msg.payload));
    }
    if (len != NULL) {
        *len = msg.hdr.length;
    }
    return msg.hdr.status;
}

void fw_pass(uint32_t cycles) {
    fake.cycle += cycles;
    fake.fed[0] = fake.fed[1] = fake.cycle;
}

int fw_hello(unsigned fn) {
    return FW(fn, HELLO, weir_hello_req, .abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR);
}

const uint8_t *fw_mac(unsigned n) {
    static uint8_t mac[6];
    const uint8_t m[6] = {0x02, 0x57, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(mac, m, 6);
    return mac;
}

void fw_switch(unsigned num_vfs, unsigned num_vports, unsigned num_qps, unsigned default_qps) {
    must(fw_hello(0), "HELLO");
    if (num_vfs != 0) {
        fake_vf_enable(num_vfs);
    }
    must(FW(0, CREATE_SWITCH, weir_create_switch_req, .num_vfs = (uint16_t)num_vfs, .num_vports = (uint16_t)num_vports,
            .num_qps = (uint16_t)num_qps, .default_qps = (uint16_t)default_qps),
         "CREATE_SWITCH");
}

int fw_alloc(unsigned vf) {
    struct weir_alloc_vf_req req = {.vf = (uint16_t)vf};
    memcpy(req.mac, fw_mac(vf), 6);
    snprintf(req.vm_name, sizeof(req.vm_name), "vm%u", vf);
    return fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), NULL, NULL);
}

int fw_vport(unsigned vport, unsigned vf, unsigned num_qps) {
    return FW(0, CREATE_VPORT, weir_create_vport_req, .vport = (uint16_t)vport, .vf = (uint16_t)vf,
              .num_qps = (uint16_t)num_qps, .flags = vf == WEIR_VPORT_NO_VF ? 0 : WEIR_VPORT_CHECK_SRC);
}

int fw_filter(uint32_t id, unsigned vport, const uint8_t mac[6]) {
    struct weir_set_filter_req req = {.filter = id, .vport = (uint16_t)vport, .mode = WEIR_FILTER_UNTAGGED_OR_ZERO};
    memcpy(req.mac, mac, 6);
    return fw_call(0, WEIR_CMD_SET_FILTER, &req, sizeof(req), NULL, NULL);
}

int fw_move(uint32_t id, unsigned src, unsigned dst, unsigned flags) {
    return FW(0, MOVE_FILTER, weir_move_filter_req, .filter = id, .src = (uint16_t)src, .dst = (uint16_t)dst,
              .flags = (uint16_t)flags, .token = id);
}

int fw_create_qp(unsigned fn, unsigned qp, unsigned vport) {
    return FW(fn, CREATE_QP, weir_create_qp_req, .qp = (uint16_t)qp, .tx_log2 = 4, .rx_log2 = 4, .cq_log2 = 5,
              .vector = 1, .vport = (uint16_t)vport, .tx_base = 0x10000, .rx_base = 0x20000, .cq_base = 0x30000);
}

void fw_arm_vf(unsigned vf, unsigned num_qps) {
    must(fw_hello(vf + 1), "HELLO of a VF");
    for (unsigned i = 0; i < num_qps; i++) {
        must(fw_create_qp(vf + 1, i, 0), "CREATE_QP");
        fake_post(vf + 1, i, 8);
    }
}

void fw_vf_up(unsigned vf, unsigned vport, unsigned num_qps) {
    must(fw_alloc(vf), "ALLOC_VF");
    must(fw_vport(vport, vf, num_qps), "CREATE_VPORT");
    fw_arm_vf(vf, num_qps);
}

struct weir_get_vf_rsp fw_get_vf(unsigned vf) {
    struct weir_vf_req req = {.vf = (uint16_t)vf};
    struct weir_get_vf_rsp rsp;
    uint8_t payload[WEIR_MBOX_PAYLOAD];
    must(fw_call(0, WEIR_CMD_GET_VF, &req, sizeof(req), payload, NULL), "GET_VF");
    memcpy(&rsp, payload, sizeof(rsp));
    return rsp;
}

struct weir_get_vport_rsp fw_get_vport(unsigned vport) {
    struct weir_vport_req req = {.vport = (uint16_t)vport};
    struct weir_get_vport_rsp rsp;
    uint8_t payload[WEIR_MBOX_PAYLOAD];
    must(fw_call(0, WEIR_CMD_GET_VPORT, &req, sizeof(req), payload, NULL), "GET_VPORT");
    memcpy(&rsp, payload, sizeof(rsp));
    return rsp;
}

struct weir_get_events_rsp fw_events(void) {
    struct weir_get_events_rsp rsp;
    must(fw_call(0, WEIR_CMD_GET_EVENTS, NULL, 0, &rsp, NULL), "GET_EVENTS");
    return rsp;
}
