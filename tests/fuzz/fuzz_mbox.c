// SPDX-License-Identifier: Apache-2.0
// Fuzzes the firmware through its mailboxes (threats T1-T3): bytes become requests of the PF and of VFs, resets, queue
// errors and slow hardware, on the modelled registers, which by themselves refuse what could harm. fuzz_check.c looks
// at everything after each step. Entry for libFuzzer; fuzz_main.c drives it without.
#include "fuzz.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cmd.h"
#include "fuzz_check.h"
#include "fw.h"

#define CALL(fn, op, type, ...) fuzz_call(fn, WEIR_CMD_##op, &(struct type){__VA_ARGS__}, sizeof(struct type))

// ---- input ----
static const uint8_t *in;
static size_t left;

static unsigned byte(void) {
    if (left == 0) {
        return 0;
    }
    left--;
    return *in++;
}

static unsigned below(unsigned n) {
    return byte() % n;
}

// Mostly small, sometimes anything.
static uint16_t half(unsigned n) {
    unsigned b = byte();
    return (uint16_t)(b < 240 ? b % n : b << 8 | byte());
}

// ---- steps ----
static void raw_message(unsigned fn) {
    static const uint16_t opcodes[] = {
#define CMD(opcode, name, req, rsp, callers, states, since, text) opcode,
#include "mbox.def"
#undef CMD
    };
    uint8_t payload[WEIR_MBOX_PAYLOAD];
    unsigned b = byte(), opcode = b < 250 ? opcodes[b % (sizeof(opcodes) / sizeof(opcodes[0]))] : b << 8 | byte();
    const struct cmd *c = cmd_find((uint16_t)opcode);
    unsigned length = c != NULL && byte() < 230 ? c->req : half(130);
    for (unsigned i = 0; i < sizeof(payload); i++) {
        payload[i] = (uint8_t)byte();
    }
    fuzz_call(fn, opcode, payload, length);
}

static void filter_command(void) {
    struct weir_set_filter_req req = {.filter = half(40), .vport = half(8), .mode = (uint8_t)below(5)};
    const uint8_t *mac = fw_mac(below(48));
    memcpy(req.mac, mac, 6);
    req.vid = req.mode == WEIR_FILTER_VLAN ? half(8) : 0;
    fuzz_call(0, WEIR_CMD_SET_FILTER, &req, sizeof(req));
}

// Mostly a filter that exists, from where it is.
static void move_command(void) {
    struct weir_move_filter_req req = {
        .filter = half(40), .src = half(8), .dst = below(3) == 0 ? 0 : half(8), .flags = half(8), .token = byte()};
    unsigned nth = below(8);
    (void)fuzz_filter(nth, &req.filter, &req.src);
    fuzz_call(0, WEIR_CMD_MOVE_FILTER, &req, sizeof(req));
}

// A VF's driver starts as it should.
static void driver(unsigned fn) {
    CALL(fn, HELLO, weir_hello_req, .abi_major = WEIR_ABI_MAJOR);
    for (uint16_t qp = 0; qp < 4; qp++) {
        CALL(fn, CREATE_QP, weir_create_qp_req, .qp = qp, .tx_log2 = 4, .rx_log2 = 4, .cq_log2 = 5, .vector = 1,
             .tx_base = 64);
        fake_post(fn, qp, 4);
    }
}

static void qp_command(unsigned fn) {
    struct weir_create_qp_req req = {.qp = half(12),
                                     .tx_log2 = 4,
                                     .rx_log2 = 4,
                                     .cq_log2 = 5,
                                     .vport = half(8),
                                     .vector = (uint8_t)below(18),
                                     .tx_base = 0x1000,
                                     .rx_base = 0x2000,
                                     .cq_base = 0x3000};
    if (below(8) == 0) {
        req.tx_log2 = (uint8_t)byte();
        req.rx_base = (uint64_t)byte() << 24 | (uint64_t)byte() << 16;
    }
    fuzz_call(fn, WEIR_CMD_CREATE_QP, &req, sizeof(req));
    fake_post(fn, req.qp, 4);
}

// A VF stops, its state is taken, spoilt or not, and given to the same or another one. A load is tried on a fresh VF.
static uint16_t from;  // VF stopped last
static uint64_t saved; // where the last state lies

static void state_command(void) {
    uint16_t vf = half(FUZZ_VFS);
    struct weir_save_vf_req save = {.addr = FAKE_LINES_AT + below(4) * WEIR_QPS_BYTES, .vf = vf};
    struct weir_load_vf_req load = {.addr = below(4) != 0 ? saved : FAKE_LINES_AT + below(16) * WEIR_QPS_BYTES};
    switch (below(7)) {
    case 0:
        from = vf;
        CALL(0, SET_VF_STATE, weir_set_vf_state_req, .vf = vf, .state = WEIR_VF_STOPPED);
        break;
    case 1:
        CALL(0, SET_VF_STATE, weir_set_vf_state_req, .vf = vf, .state = (uint8_t)below(5));
        break;
    case 2:
        save.vf = from;
        if (below(8) == 0) {
            save.addr = (uint64_t)byte() << 56 | byte();
        }
        saved = save.addr;
        fuzz_call(0, WEIR_CMD_SAVE_VF, &save, sizeof(save));
        break;
    case 3:
        fake.record[below(8)].word[below(8)] ^= (uint64_t)byte() << below(57);
        break;
    case 4:
        CALL(0, RESET_VF, weir_vf_req, .vf = vf);
        // fallthrough
    default:
        memcpy(&load.image, fake.rsp[0] + 2, sizeof(load.image));
        load.image.vf = vf;
        load.image.version = below(8) != 0;
        load.image.num_qps = (uint8_t)(below(4) != 0 ? fake.map_count[vf < FUZZ_VFS ? vf + 1 : 0] : below(10));
        load.image.hello = (uint8_t)(below(8) != 0);
        memset(load.image.rss, (int)(below(8) / 6), sizeof(load.image.rss));
        fuzz_call(0, WEIR_CMD_LOAD_VF, &load, sizeof(load));
        break;
    }
}

// Several functions ask at once; then the order is the mailboxes' round robin.
static void burst(void) {
    for (unsigned fn = 0; fn < FUZZ_FNS; fn++) {
        const struct weir_create_qp_req qp = {
            .qp = half(4), .tx_log2 = 4, .rx_log2 = 4, .cq_log2 = 5, .tx_base = 64, .rx_base = 64, .cq_base = 64};
        const struct weir_qp_req gone = {.qp = half(4)};
        if (below(2) == 0) {
            (void)fuzz_hand_over(fn, WEIR_CMD_CREATE_QP, &qp, sizeof(qp));
        } else {
            (void)fuzz_hand_over(fn, WEIR_CMD_DESTROY_QP, &gone, sizeof(gone));
        }
    }
    if (below(3) == 0) {
        unsigned fn = 1 + below(FUZZ_VFS);
        fake_flr(fn);
        fuzz_forget(fn);
    }
    fuzz_settle();
}

static void hardware(void) {
    unsigned n, what = below(11);
    if (getenv("FUZZ_TRACE") != NULL) {
        fprintf(stderr, "step %u: hardware %u\n", fuzz_step, what);
    }
    switch (what) {
    case 0:
        n = below(40) == 0 ? 0 : 1 + below(FUZZ_VFS);
        fake_flr(n);
        fuzz_forget(n);
        break;
    case 1:
        n = fake.num_vfs != 0 ? 0 : FUZZ_VFS - below(2);
        fake_vf_enable(n);
        break;
    case 2:
        fake_qp_error(below(40), (uint8_t)(1 + below(16)));
        break;
    case 3:
        fake.hold_fences = !fake.hold_fences;
        fake.tick = fake.hold_fences ? 200 : 4;
        if (!fake.hold_fences) {
            fake_release_fences();
        }
        break;
    case 4:
        fw_pass(byte() * 1000u);
        break;
    case 5:
        n = below(40);
        fake.qp[n].tx_busy = fake.qp[n].tx_on ? byte() : 0;
        break;
    case 6:
        fake.dma_busy[below(FUZZ_FNS)] = byte() / 8;
        break;
    case 8:
        n = below(40);
        fake.qp[n].rx_ingress = fake.qp[n].rx_on ? byte() : 0;
        break;
    case 9: // from the next line on
        fake.record_busy = below(8) == 0 ? UINT_MAX : byte();
        if (fake.record_busy != UINT_MAX) {
            fake_record_answered();
        }
        break;
    case 7:
        fake.vf_event_last = !fake.vf_event_last;
        fake.flr_first = below(FUZZ_FNS);
        break;
    default:
        if (below(8) == 0) {
            fake.core1_dead = true;
            fake.tick = 100000;
        }
        break;
    }
    fuzz_settle();
}

static void one_step(void) {
    unsigned fn = below(FUZZ_FNS);
    // A core 1 that hangs does so for the next few steps.
    if (fake.core1_dead && below(4) == 0) {
        fake.core1_dead = false;
        fake.tick = 4;
        fuzz_settle();
    }
    switch (below(33)) {
    case 0:
        raw_message(fn);
        break;
    case 1:
        CALL(fn, HELLO, weir_hello_req, .abi_major = below(16) == 0);
        break;
    case 2:
        CALL(0, CREATE_SWITCH, weir_create_switch_req, .num_vfs = half(FUZZ_VFS + 1),
             .num_vports = (uint16_t)(FUZZ_VFS + half(4)), .num_qps = (uint16_t)(16 + half(24)),
             .default_qps = half(4));
        break;
    case 3:
        fuzz_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0);
        break;
    case 4:
    case 5: {
        struct weir_alloc_vf_req req = {.vf = half(FUZZ_VFS), .mac = {2, 0, 0, 0, 0, (uint8_t)byte()}};
        fuzz_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req));
        break;
    }
    case 6:
        CALL(0, FREE_VF, weir_vf_req, .vf = half(FUZZ_VFS));
        break;
    case 7:
        CALL(0, RESET_VF, weir_vf_req, .vf = half(FUZZ_VFS));
        break;
    case 8:
    case 9:
        CALL(0, CREATE_VPORT, weir_create_vport_req, .vport = half(8),
             .vf = below(4) == 0 ? WEIR_VPORT_NO_VF : half(FUZZ_VFS), .num_qps = half(5), .flags = half(16));
        break;
    case 10:
        CALL(0, DELETE_VPORT, weir_vport_req, .vport = half(8));
        break;
    case 11:
        CALL(0, SET_VPORT, weir_set_vport_req, .vport = half(8), .changed = half(8), .flags = half(16),
             .state = (uint8_t)below(3), .drain = (uint8_t)below(2));
        break;
    case 12:
    case 13:
        filter_command();
        break;
    case 14:
        CALL(0, CLEAR_FILTER, weir_clear_filter_req, .filter = half(40));
        break;
    case 15:
    case 16:
        move_command();
        break;
    case 27:
        CALL(0, SET_VPORT_VLAN, weir_set_vport_vlan_req, .vport = half(8), .mode = (uint8_t)below(4),
             .count = (uint8_t)below(3), .tci = half(4096), .range = {{half(20), half(40)}, {half(60), half(80)}});
        break;
    case 28:
        CALL(0, SET_MIRROR, weir_set_mirror_req, .src = half(8), .dst = half(8), .on = (uint8_t)below(2));
        break;
    case 29:
        CALL(fn, SET_RSS, weir_set_rss_req, .vport = half(8), .count = (uint16_t)(1u << below(8)),
             .entry = {(uint8_t)below(6)});
        CALL(fn, SET_VPORT_RSS_KEY, weir_set_vport_rss_key_req, .vport = half(8), .key = {(uint8_t)below(256)});
        break;
    case 17:
        CALL(0, SET_FLOOD, weir_set_flood_req, .vport = half(8), .member = (uint8_t)below(3));
        break;
    case 18:
    case 19:
        qp_command(fn);
        break;
    case 20:
        CALL(fn, DESTROY_QP, weir_qp_req, .qp = half(12));
        break;
    case 21:
        CALL(fn, WRITE_BLOCK, weir_write_block_req, .vf = half(FUZZ_VFS), .block = half(5), .length = half(114),
             .data = {(uint8_t)byte()});
        break;
    case 22:
        burst();
        break;
    case 23:
    case 24:
        driver(fn);
        break;
    case 30:
    case 31:
    case 32:
        state_command();
        break;
    default:
        hardware();
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    in = data;
    left = size;
    from = 0;
    saved = FAKE_LINES_AT;
    fw_boot();
    fuzz_begin();
    // A frequent beginning for free: without it most inputs never get past HELLO.
    if (below(4) != 0) {
        fw_switch(FUZZ_VFS, FUZZ_VFS + 2, 32, 1);
        for (unsigned vf = 0; vf < FUZZ_VFS; vf += 2) {
            fw_vf_up(vf, vf + 1, 2);
        }
    }
    for (; left != 0; fuzz_step++) {
        one_step();
    }
    fake.core1_dead = false;
    fake.hold_fences = false;
    fake.tick = 4;
    fake.record_busy = 0;
    fake_record_answered();
    memset(fake.dma_busy, 0, sizeof(fake.dma_busy));
    fake_release_fences();
    fw_run();
    fuzz_end();
    return 0;
}
