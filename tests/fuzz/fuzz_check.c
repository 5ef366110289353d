// SPDX-License-Identifier: Apache-2.0
// See fuzz_check.h.
#include "fuzz_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw.h"
#include "steer/steer.h"
#include "svc/svc.h"

unsigned fuzz_step;

// ---- shadow: what the answers so far promise ----
struct shadow_filter {
    bool set;
    uint32_t id;
    uint8_t mac[6], mode;
    uint16_t vid, vport;
};
#define MAX_FILTERS (WEIR_NUM_FILTERS + WEIR_NUM_SOURCES)
static struct shadow_filter shadow[MAX_FILTERS];
static struct weir_mbox_msg sent[WEIR_NUM_FNS];
static bool open_request[WEIR_NUM_FNS];
static uint16_t seq;
static unsigned answered; // commands that changed a filter since the last look

static void fail(const char *what, unsigned a, unsigned b) {
    fake_fail("fuzz, step %u: %s (%u, %u)", fuzz_step, what, a, b);
}

static struct shadow_filter *shadow_of(uint32_t id, bool set) {
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        if (shadow[i].set == set && (!set || shadow[i].id == id)) {
            return &shadow[i];
        }
    }
    fail(set ? "an unknown filter was accepted" : "more filters than fit were accepted", id, 0);
    abort();
}

static void note_success(const struct weir_mbox_msg *m) {
    union {
        struct weir_set_filter_req set;
        struct weir_clear_filter_req clear;
        struct weir_move_filter_req move;
        uint8_t bytes[WEIR_MBOX_PAYLOAD];
    } r;
    struct shadow_filter *f;
    memcpy(r.bytes, m->payload, sizeof(r.bytes));
    answered++;
    switch (m->hdr.opcode) {
    case WEIR_CMD_SET_FILTER:
        f = shadow_of(0, false);
        *f = (struct shadow_filter){
            .set = true, .id = r.set.filter, .mode = r.set.mode, .vid = r.set.vid, .vport = r.set.vport};
        memcpy(f->mac, r.set.mac, 6);
        break;
    case WEIR_CMD_CLEAR_FILTER:
        shadow_of(r.clear.filter, true)->set = false;
        break;
    case WEIR_CMD_MOVE_FILTER:
        f = shadow_of(r.move.filter, true);
        if (f->vport != r.move.src || f->mode == WEIR_FILTER_SOURCE) {
            fail("a filter moved that was not on its source, or lets it send", r.move.filter, r.move.src);
        }
        f->vport = r.move.dst;
        break;
    default:
        answered--;
        break;
    }
}

// ---- requests ----
bool fuzz_hand_over(unsigned fn, unsigned opcode, const void *payload, unsigned length) {
    struct weir_mbox_msg m = {.hdr = {.opcode = (uint16_t)opcode, .length = (uint16_t)length, .seq = ++seq}};
    if (payload != NULL) {
        memcpy(m.payload, payload, length < sizeof(m.payload) ? length : sizeof(m.payload));
    }
    if (!fake_request(fn, &m)) {
        return false;
    }
    sent[fn] = m;
    open_request[fn] = true;
    return true;
}

// Every request is answered with a status, unless a reset of its function threw it away.
static void take_answers(void) {
    for (unsigned fn = 0; fn < FUZZ_FNS; fn++) {
        struct weir_mbox_msg r;
        if (!open_request[fn]) {
            continue;
        }
        if (fake.owner[fn]) {
            fail("a request was not answered", fn, sent[fn].hdr.opcode);
        }
        open_request[fn] = false;
        memcpy(&r, fake.rsp[fn], sizeof(r));
        if (r.hdr.seq != sent[fn].hdr.seq || r.hdr.opcode != sent[fn].hdr.opcode || r.hdr.status > WEIR_IN_USE ||
            r.hdr.length > WEIR_MBOX_PAYLOAD) {
            fail("an answer does not fit its request", fn, sent[fn].hdr.opcode);
        }
        if (getenv("FUZZ_TRACE") != NULL) {
            fprintf(stderr, "step %u: function %u, command %04x: status %u\n", fuzz_step, fn, r.hdr.opcode,
                    r.hdr.status);
        }
        if (r.hdr.status == WEIR_OK) {
            note_success(&sent[fn]);
        }
    }
}

// ---- invariants ----
static void check_filters(void) {
    static unsigned cmds, moves;
    unsigned n = 0, on[WEIR_NUM_VPORTS] = {0}, sources[WEIR_NUM_VPORTS] = {0};
    if (fuzz_step != 0 && answered == 0 && cmds == fake.filter_cmds && moves == fake.moves) {
        return; // nothing could have changed, and this is the costly check
    }
    cmds = fake.filter_cmds;
    moves = fake.moves;
    answered = 0;
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        if (!steer_switch_exists()) {
            shadow[i].set = false;
        }
        if (shadow[i].set) {
            n++;
            // A source is found under its vPort's number.
            unsigned vid = shadow[i].mode == WEIR_FILTER_SOURCE ? shadow[i].vport : shadow[i].vid;
            if (fake_lookup(shadow[i].mac, shadow[i].mode, vid) != shadow[i].vport) {
                fail("a filter leads elsewhere", shadow[i].id, shadow[i].vport);
            }
        }
    }
    if (n != fake_valid_slots() || n != steer_filter_count()) {
        fail("filters in hardware and in firmware", fake_valid_slots(), steer_filter_count());
    }
    for (unsigned i = 0; i < WEIR_FILTER_SLOTS; i++) {
        bool source = fake.slot[i].key >> 60 == WEIR_FILTER_SOURCE;
        on[fake.slot[i].vport] += fake.slot[i].valid && !source;
        sources[fake.slot[i].vport] += fake.slot[i].valid && source;
    }
    for (unsigned v = 0; v < WEIR_NUM_VPORTS; v++) {
        const struct steer_vport *p = steer_vport(v);
        if (on[v] != (p == NULL ? 0 : p->filters) || (p != NULL && p->vf != STEER_NO_VF && on[v] > WEIR_FILTER_QUOTA)) {
            fail("filters of a vPort", v, on[v]);
        }
        if (sources[v] != (p == NULL ? 0 : p->sources) || sources[v] > WEIR_FILTER_QUOTA ||
            (sources[v] != 0 && p->vf == STEER_NO_VF)) {
            fail("sources of a vPort", v, sources[v]);
        }
    }
}

static void check_vports(void) {
    bool taken[WEIR_NUM_QPS] = {false};
    for (unsigned v = 0; v < WEIR_NUM_VPORTS; v++) {
        const struct steer_vport *p = steer_vport(v);
        unsigned cfg = 0;
        if (p != NULL) {
            cfg = (p->state == WEIR_VPORT_ACTIVATED ? 1u : 0) | ((p->flags & WEIR_VPORT_CHECK_SRC) != 0 ? 2u : 0) |
                  (p->redirecting || p->resetting || p->deleting ? 4u : 0) | (p->vf != STEER_NO_VF ? 8u : 0) |
                  WEIR_PUT(p->vlan_mode != WEIR_VLAN_ANY ? 1 : 0, SWITCH_VPORT_CFG_VLAN_CHECK) |
                  WEIR_PUT(p->vlan_mode == WEIR_VLAN_PORT ? 1 : 0, SWITCH_VPORT_CFG_PORT_VLAN) |
                  // What drains goes to the default vPort, which must not hear what was not for it.
                  WEIR_PUT((p->flags & WEIR_VPORT_PROMISC) != 0 && !p->redirecting && !p->resetting && !p->deleting ? 1
                                                                                                                    : 0,
                           SWITCH_VPORT_CFG_PROMISC) |
                  WEIR_PUT(p->mirrored ? 1 : 0, SWITCH_VPORT_CFG_MIRRORED) |
                  WEIR_PUT((p->flags & WEIR_VPORT_STAGS) != 0 ? 1 : 0, SWITCH_VPORT_CFG_STAGS) |
                  WEIR_PUT((p->flags & WEIR_VPORT_TRUSTED) != 0 ? 1 : 0, SWITCH_VPORT_CFG_RESERVED_TX);
            for (unsigned qp = p->qp_base; qp < p->qp_base + p->num_qps; qp++) {
                if (qp >= steer_switch_qps() || taken[qp]) {
                    fail("a queue pair belongs to two vPorts, or to none", qp, v);
                }
                taken[qp] = true;
            }
            if (p->vf != STEER_NO_VF &&
                (svc_vf(p->vf) == NULL || svc_vf(p->vf)->state == WEIR_VF_FREE || p->fn != p->vf + 1u)) {
                fail("a vPort belongs to no VF", v, p->vf);
            }
            if (p->vf != STEER_NO_VF && !p->deleting &&
                (fake.map_base[p->fn] != p->qp_base || fake.map_count[p->fn] != p->num_qps)) {
                fail("doorbells of a VF", p->vf, v);
            }
        }
        if (fake.cfg[v] != cfg || fake.vport_count[v] != (p == NULL ? 0 : p->num_qps) ||
            fake.flood[v] != (p != NULL && p->flood)) {
            fail("a vPort in hardware and in firmware", v, fake.cfg[v]);
        }
    }
}

static void check_functions(void) {
    for (unsigned fn = 1; fn < WEIR_NUM_FNS; fn++) {
        bool allocated = svc_vf(fn - 1) != NULL && svc_vf(fn - 1)->state != WEIR_VF_FREE;
        if (fake.op[fn] != allocated || (!allocated && fake.map_count[fn] != 0)) {
            fail("a VF is operational that is not allocated, or the reverse", fn - 1, fake.op[fn]);
        }
    }
    for (unsigned vf = 0; vf < FUZZ_VFS; vf++) {
        bool stopped = svc_vf(vf) != NULL && svc_vf(vf)->state == WEIR_VF_STOPPED;
        for (unsigned qp = 0; qp < WEIR_NUM_QPS && stopped; qp++) {
            const struct fake_qp *q = &fake.qp[qp];
            if (q->loaded && !q->err && q->fn == vf + 1 && (q->tx_on || q->rx_on)) {
                fail("a queue pair of a stopped VF runs", vf, qp);
            }
        }
    }
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        const struct fake_qp *q = &fake.qp[qp];
        if (q->loaded &&
            (!fake_in_vport(q->vport, qp) || steer_vport(q->vport) == NULL || steer_vport(q->vport)->fn != q->fn)) {
            fail("a queue pair runs outside its owner's vPort", qp, q->fn);
        }
    }
}

void fuzz_settle(void) {
    fw_run();
    take_answers();
    if (fake.core1_dead || fake.flr[0]) {
        return; // resets wait for core 1; looked at when it is back
    }
    check_filters();
    check_vports();
    check_functions();
}

// What a VF's request may change: its own queue pairs, blocks, mailbox. All else is compared.
static struct fake before;
static struct weir_read_block_rsp blocks[FUZZ_VFS][SVC_BLOCKS];

static void remember(void) {
    before = fake;
    for (unsigned vf = 0; vf < FUZZ_VFS; vf++) {
        for (unsigned b = 0; b < SVC_BLOCKS; b++) {
            (void)svc_block_read(vf, b, &blocks[vf][b]);
        }
    }
}

static void only_its_own_changed(unsigned fn) {
    struct weir_read_block_rsp now;
    if (memcmp(before.cfg, fake.cfg, sizeof(fake.cfg)) != 0 ||
        memcmp(before.vport_base, fake.vport_base, sizeof(fake.vport_base)) != 0 ||
        memcmp(before.vport_count, fake.vport_count, sizeof(fake.vport_count)) != 0 ||
        memcmp(before.vport_mac, fake.vport_mac, sizeof(fake.vport_mac)) != 0 ||
        memcmp(before.flood, fake.flood, sizeof(fake.flood)) != 0 ||
        memcmp(before.slot, fake.slot, sizeof(fake.slot)) != 0 ||
        memcmp(before.map_base, fake.map_base, sizeof(fake.map_base)) != 0 ||
        memcmp(before.map_count, fake.map_count, sizeof(fake.map_count)) != 0 ||
        memcmp(before.op, fake.op, sizeof(fake.op)) != 0 || memcmp(before.flr, fake.flr, sizeof(fake.flr)) != 0 ||
        before.link_enable != fake.link_enable || before.moves != fake.moves) {
        fail("a VF changed the switch or a function", fn, sent[fn].hdr.opcode);
    }
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        bool own = qp >= before.map_base[fn] && qp < before.map_base[fn] + (unsigned)before.map_count[fn];
        if (!own && memcmp(&before.qp[qp], &fake.qp[qp], sizeof(fake.qp[qp])) != 0) {
            fail("a VF changed another's queue pair", fn, qp);
        }
    }
    for (unsigned f = 0; f < FUZZ_FNS; f++) {
        if (f != fn && (memcmp(before.rsp[f], fake.rsp[f], sizeof(fake.rsp[f])) != 0 ||
                        before.events[f] != fake.events[f] || before.interrupts[f] != fake.interrupts[f])) {
            fail("a VF's request reached another function", fn, f);
        }
    }
    for (unsigned vf = 0; vf < FUZZ_VFS; vf++) {
        for (unsigned b = 0; b < SVC_BLOCKS && vf + 1 != fn; b++) {
            (void)svc_block_read(vf, b, &now);
            if (memcmp(&now, &blocks[vf][b], sizeof(now)) != 0) {
                fail("a VF changed another's block", fn, vf);
            }
        }
    }
}

void fuzz_call(unsigned fn, unsigned opcode, const void *payload, unsigned length) {
    bool quiet = fn != 0 && !fake.core1_dead && !fake.flr[0];
    if (quiet) {
        fuzz_settle(); // nothing else is under way
        remember();
    }
    if (fuzz_hand_over(fn, opcode, payload, length)) {
        fuzz_settle();
        if (quiet) {
            only_its_own_changed(fn);
        }
    }
}

void fuzz_forget(unsigned fn) {
    open_request[fn] = false;
}

bool fuzz_filter(unsigned nth, uint32_t *id, uint16_t *vport) {
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        if (shadow[i].set && nth-- == 0) {
            *id = shadow[i].id;
            *vport = shadow[i].vport;
            return true;
        }
    }
    return false;
}

void fuzz_begin(void) {
    memset(shadow, 0, sizeof(shadow));
    memset(open_request, 0, sizeof(open_request));
    fuzz_step = 0;
}

void fuzz_end(void) {
    memset(open_request, 0, sizeof(open_request));
    fake_flr(0);
    fuzz_settle();
    for (unsigned v = 0; v < WEIR_NUM_VPORTS; v++) {
        if (fake.cfg[v] != 0 || fake.vport_count[v] != 0) {
            fail("a vPort outlived the PF's reset", v, fake.cfg[v]);
        }
    }
    if (fake_valid_slots() != 0 || steer_switch_exists()) {
        fail("filters outlived the PF's reset", fake_valid_slots(), 0);
    }
}
