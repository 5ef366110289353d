// SPDX-License-Identifier: Apache-2.0
// The switch and its vPorts, see steer.h.
#include "steer.h"

#include "hal/hal_ctrl.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "hal/hal_switch.h"
#include "steer_int.h"
#include "svc/svc.h"

HAL_KEEP(switch) struct steer_switch steer_sw;
HAL_KEEP(vports) struct steer_vport steer_vports[WEIR_NUM_VPORTS];
// Worked out from the vPorts.
bool steer_qp_used[WEIR_NUM_QPS];
uint8_t steer_vport_by_vf[WEIR_NUM_VFS];

#define FLUSH_CYCLES 250000u // 1 ms

// The hardware counts a vPort's queue pairs in a field of this width.
#define MAX_VPORT_QPS WEIR_ABI_MASK(0, WEIR_SWITCH_VPORT_QP_COUNT_WIDTH)

// vPort 0 has its own filters like any other; nothing is special about it here but that it cannot be deleted.
uint32_t steer_vport_config(const struct steer_vport *v) {
    return WEIR_PUT(v->state == WEIR_VPORT_ACTIVATED ? 1 : 0, SWITCH_VPORT_CFG_ENABLE) |
           WEIR_PUT((v->flags & WEIR_VPORT_CHECK_SRC) != 0 ? 1 : 0, SWITCH_VPORT_CFG_CHECK_SRC) |
           WEIR_PUT(v->redirecting || v->resetting || v->deleting ? 1 : 0, SWITCH_VPORT_CFG_DRAIN) |
           WEIR_PUT(v->vf != STEER_NO_VF ? 1 : 0, SWITCH_VPORT_CFG_IS_VF) |
           WEIR_PUT(v->vlan_mode != WEIR_VLAN_ANY ? 1 : 0, SWITCH_VPORT_CFG_VLAN_CHECK) |
           WEIR_PUT(v->vlan_mode == WEIR_VLAN_PORT ? 1 : 0, SWITCH_VPORT_CFG_PORT_VLAN) |
           // What drains goes to the default vPort, and nothing may come there that was not for it.
           WEIR_PUT((v->flags & WEIR_VPORT_PROMISC) != 0 && !v->redirecting && !v->resetting && !v->deleting ? 1 : 0,
                    SWITCH_VPORT_CFG_PROMISC) |
           WEIR_PUT(v->mirrored ? 1 : 0, SWITCH_VPORT_CFG_MIRRORED) |
           WEIR_PUT((v->flags & WEIR_VPORT_STAGS) != 0 ? 1 : 0, SWITCH_VPORT_CFG_STAGS) |
           WEIR_PUT((v->flags & WEIR_VPORT_TRUSTED) != 0 ? 1 : 0, SWITCH_VPORT_CFG_RESERVED_TX);
}

__attribute__((noinline)) struct steer_vport *steer_vport_mut(unsigned vport) {
    if (vport >= WEIR_NUM_VPORTS || !steer_vports[vport].used) {
        return NULL;
    }
    hal_keep_touch(&steer_vports[vport], offsetof(struct steer_vport, name));
    return &steer_vports[vport];
}

void steer_vport_apply(unsigned vport) {
    hal_switch_vport(vport, steer_vport_config(&steer_vports[vport]));
}

const struct steer_vport *steer_vport(unsigned vport) {
    return vport < WEIR_NUM_VPORTS && steer_vports[vport].used ? &steer_vports[vport] : NULL;
}

bool steer_switch_exists(void) {
    return steer_sw.exists;
}

unsigned steer_switch_vports(void) {
    return steer_sw.exists ? steer_sw.num_vports : 0;
}

unsigned steer_switch_flags(void) {
    return steer_sw.exists ? steer_sw.flags : 0;
}

unsigned steer_switch_qps(void) {
    return steer_sw.exists ? steer_sw.num_qps : 0;
}

// First run of `count` free queue pairs, -1 when there is none.
static int find_qps(unsigned count) {
    unsigned run = 0;
    // bound: WEIR_NUM_QPS
    for (unsigned qp = 0; qp < steer_sw.num_qps; qp++) {
        run = steer_qp_used[qp] ? 0 : run + 1;
        if (run == count) {
            return (int)(qp + 1 - count);
        }
    }
    return -1;
}

static void mark_qps(unsigned base, unsigned count, bool used) {
    // bound: WEIR_NUM_QPS, find_qps() found them
    for (unsigned qp = base; qp < base + count; qp++) {
        steer_qp_used[qp] = used;
    }
}

static void copy_name(char to[32], const char *from) {
    unsigned i = 0;
    for (; i < 31 && from[i] != '\0'; i++) {
        // Names end up in logs and traces: printable ASCII only.
        to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    }
    to[i] = '\0';
}

// A vPort's interrupts are those of its function, but for vector 0, which tells of the mailbox.
static void moderate(struct steer_vport *v, unsigned level) {
    v->moderation = (uint8_t)level;
    for (unsigned vector = 1; vector < WEIR_FN_VECTORS; vector++) {
        hal_pcie_moderate(v->vf != STEER_NO_VF ? v->vf + 1u : 0, vector, level);
    }
}

static HAL_KEEP(
    flooding) volatile unsigned flooding; // vPort + 1 that this command puts into or out of the flood set, 0: none

void steer_flood_settle(void) {
    flooding = 0;
}

bool steer_flood_unsure(unsigned vport) {
    return flooding == vport + 1;
}

void steer_move_flood(unsigned vport, bool member) {
    struct hal_move m = {.slot = -1, .leave = member ? -1 : (int)vport, .join = member ? (int)vport : -1, .fence = -1};
    flooding = vport + 1;
    (void)hal_switch_move(&m);
    steer_vports[vport].flood = member;
}

enum weir_status steer_switch_create(unsigned num_vfs, unsigned num_vports, unsigned num_qps, unsigned default_qps,
                                     unsigned flags) {
    if (steer_sw.exists) {
        return WEIR_ALREADY_EXISTS;
    }
    if (num_vports == 0 || num_vports > WEIR_NUM_VPORTS || num_qps < num_vports || num_qps > WEIR_NUM_QPS ||
        default_qps == 0 || default_qps > num_qps || default_qps > MAX_VPORT_QPS ||
        (flags & ~(WEIR_SWITCH_SYMMETRIC | WEIR_SWITCH_RESERVE_VFS)) != 0) {
        return WEIR_INVALID_PARAMETER;
    }
    hal_keep_touch_all();
    steer_sw.num_vfs = (uint16_t)num_vfs;
    steer_sw.num_vports = (uint16_t)num_vports;
    steer_sw.num_qps = (uint16_t)num_qps;
    steer_sw.flags = (uint16_t)flags;
    memset(steer_vports, 0, sizeof(steer_vports));
    memset(steer_qp_used, 0, sizeof(steer_qp_used));
    memset(steer_vport_by_vf, 0, sizeof(steer_vport_by_vf));
    mark_qps(0, default_qps, true);
    steer_vports[0] = (struct steer_vport){
        .used = true, .vf = STEER_NO_VF, .num_qps = (uint16_t)default_qps, .state = WEIR_VPORT_ACTIVATED};
    copy_name(steer_vports[0].name, "default");
    steer_sw.exists = true;
    moderate(&steer_vports[0], WEIR_MODERATION_UNDEFINED); // whatever the last switch had
    // What vPorts of the switch before this one left is in nobody's way.
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        steer_past_end(i);
    }
    hal_switch_vport_qps(0, 0, default_qps);
    steer_rss_reset();
    steer_rss_begin(0, default_qps);
    hal_switch_vport(0, steer_vport_config(&steer_vports[0]));
    steer_move_flood(0, true);
    return WEIR_OK;
}

enum weir_status steer_switch_empty(void) {
    for (unsigned i = 1; i < WEIR_NUM_VPORTS; i++) {
        if (steer_vports[i].used) {
            return WEIR_IN_USE;
        }
    }
    return steer_filter_count() != 0 ? WEIR_IN_USE : WEIR_OK;
}

void steer_reset(void) {
    hal_keep_touch_all();
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        if (steer_vports[i].used) {
            if (steer_vports[i].flood) {
                steer_move_flood(i, false);
            }
            if (steer_vports[i].moderation != WEIR_MODERATION_UNDEFINED) {
                moderate(&steer_vports[i], WEIR_MODERATION_UNDEFINED);
            }
            hal_switch_vport(i, 0);
            hal_switch_vport_qps(i, 0, 0);
        }
    }
    steer_filter_reset();
    steer_policy_reset();
    steer_fences_forget();
    memset(steer_vports, 0, sizeof(steer_vports));
    memset(steer_qp_used, 0, sizeof(steer_qp_used));
    memset(steer_vport_by_vf, 0, sizeof(steer_vport_by_vf));
    steer_sw.exists = false;
}

void steer_sweep(void) {
    hal_keep_touch_all();
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        steer_move_flood(i, false);
        hal_switch_vport(i, 0);
        hal_switch_vport_qps(i, 0, 0);
    }
    steer_filter_sweep();
    steer_policy_sweep();
    steer_fences_forget();
    memset(steer_vports, 0, sizeof(steer_vports));
    memset(steer_qp_used, 0, sizeof(steer_qp_used));
    memset(steer_vport_by_vf, 0, sizeof(steer_vport_by_vf));
    steer_sw.exists = false;
}

int steer_vport_of_vf(unsigned vf) {
    return vf < WEIR_NUM_VFS && steer_vport_by_vf[vf] != 0 ? steer_vport_by_vf[vf] : -1;
}

// All flags at once; a VF's vPort listens to others only when trusted (threat T14).
static enum weir_status check_flags(unsigned vf, unsigned flags) {
    if ((flags & ~(WEIR_VPORT_CHECK_SRC | WEIR_VPORT_TRUSTED | WEIR_VPORT_PROMISC | WEIR_VPORT_STAGS)) != 0) {
        return WEIR_INVALID_PARAMETER;
    }
    return (flags & WEIR_VPORT_PROMISC) != 0 && vf != STEER_NO_VF && (flags & WEIR_VPORT_TRUSTED) == 0 ? WEIR_PERMISSION
                                                                                                       : WEIR_OK;
}

// What the switch was created with (rules 2.9, 2.12).
static enum weir_status check_shares(unsigned vf, unsigned num_qps) {
    unsigned pf = 0;
    if ((steer_sw.flags & (WEIR_SWITCH_SYMMETRIC | WEIR_SWITCH_RESERVE_VFS)) == 0) {
        return WEIR_OK;
    }
    for (unsigned i = 1; i < WEIR_NUM_VPORTS; i++) {
        if (steer_vports[i].used && (steer_sw.flags & WEIR_SWITCH_SYMMETRIC) != 0 &&
            steer_vports[i].num_qps != num_qps) {
            return WEIR_INVALID_PARAMETER;
        }
        pf += steer_vports[i].used && steer_vports[i].vf == STEER_NO_VF;
    }
    if ((steer_sw.flags & WEIR_SWITCH_SYMMETRIC) != 0 && (num_qps & (num_qps - 1)) != 0) {
        return WEIR_INVALID_PARAMETER;
    }
    if ((steer_sw.flags & WEIR_SWITCH_RESERVE_VFS) != 0 && vf == STEER_NO_VF &&
        pf + 1 >= (unsigned)(steer_sw.num_vports - steer_sw.num_vfs)) {
        return WEIR_NO_RESOURCES;
    }
    return WEIR_OK;
}

enum weir_status steer_vport_create(unsigned vport, unsigned fn, unsigned vf, unsigned num_qps, unsigned flags,
                                    const uint8_t mac[6], const char *name) {
    struct steer_vport *v;
    enum weir_status status = check_flags(vf, flags);
    int base;

    if (status != WEIR_OK) {
        return status;
    }
    // MaxNumQueuePairsPerNonDefaultVPort holds for the PF's vPorts, too (rules 2.10).
    if (vport == 0 || vport >= steer_sw.num_vports || num_qps == 0 || num_qps > WEIR_VF_MAX_QPS) {
        return WEIR_INVALID_PARAMETER;
    }
    if (steer_vports[vport].used || (vf != STEER_NO_VF && steer_vport_of_vf(vf) >= 0)) {
        return WEIR_ALREADY_EXISTS; // rules 2.5, 2.7
    }
    status = check_shares(vf, num_qps);
    if (status != WEIR_OK) {
        return status;
    }
    base = find_qps(num_qps);
    if (base < 0) {
        return WEIR_NO_RESOURCES; // nothing was taken: all or nothing (rules 2.16)
    }
    v = &steer_vports[vport];
    hal_keep_touch(v, offsetof(struct steer_vport, name));
    *v = (struct steer_vport){.used = true,
                              .fn = (uint8_t)fn,
                              .vf = (uint16_t)vf,
                              .qp_base = (uint16_t)base,
                              .num_qps = (uint16_t)num_qps,
                              .flags = (uint16_t)flags,
                              // VF vPorts are born active, PF nondefault ones inactive (rules 2.6).
                              .state = vf != STEER_NO_VF ? WEIR_VPORT_ACTIVATED : WEIR_VPORT_DEACTIVATED};
    copy_name(v->name, name);
    mark_qps((unsigned)base, num_qps, true);
    if (vf != STEER_NO_VF) {
        steer_vport_by_vf[vf] = (uint8_t)vport;
    }
    steer_past_end(vport);
    hal_switch_vport_mac(vport, mac);
    hal_switch_vport_qps(vport, (unsigned)base, num_qps);
    steer_rss_begin(vport, num_qps);
    if (vf != STEER_NO_VF) {
        moderate(v, WEIR_MODERATION_UNDEFINED); // whatever the VF's last owner had
    }
    hal_switch_vport(vport, steer_vport_config(v));
    return WEIR_OK;
}

void steer_vport_undo(unsigned vport) {
    struct steer_vport *v = steer_vport_mut(vport);
    if (v != NULL && vport != 0) {
        hal_switch_vport(vport, 0);
        hal_switch_vport_qps(vport, 0, 0);
        mark_qps(v->qp_base, v->num_qps, false);
        if (v->vf != STEER_NO_VF) {
            steer_vport_by_vf[v->vf] = 0;
        }
        v->used = false;
        steer_mirror_check();
    }
}

enum weir_status steer_vport_retire(unsigned vport) {
    struct steer_vport *v = steer_vport_mut(vport);
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (vport == 0) {
        return WEIR_PERMISSION; // rules 2.3
    }
    if (v->filters != 0 || v->sources != 0) {
        return WEIR_IN_USE; // rules 3.9
    }
    // Out of the flood set before it drains, or the default vPort would see each broadcast twice.
    if (v->flood) {
        steer_move_flood(vport, false);
    }
    v->deleting = true;
    steer_mirror_check();
    hal_switch_vport(vport, steer_vport_config(v)); // rules 7.8
    return WEIR_OK;
}

enum weir_status steer_vport_delete(unsigned vport) {
    struct steer_vport *v = steer_vport_mut(vport);
    uint32_t since = hal_ctrl_cycle();
    bool sent = false;
    if (v == NULL || !v->deleting) {
        return WEIR_WRONG_STATE;
    }
    while (!sent || !steer_flush_done(vport)) {
        sent = sent || steer_flush_begin(vport);
        (void)svc_event_switch();
        if (hal_ctrl_expired(since, FLUSH_CYCLES)) {
            return WEIR_TIMEOUT;
        }
    }
    steer_vport_undo(vport);
    return WEIR_OK;
}

enum weir_status steer_vport_set(const struct weir_set_vport_req *req) {
    struct steer_vport *v = steer_vport_mut(req->vport);
    enum weir_status status;
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    status = (req->changed & WEIR_VPORT_CHANGED_FLAGS) != 0 ? check_flags(v->vf, req->flags) : WEIR_OK;
    if (status != WEIR_OK) {
        return status;
    }
    if ((req->changed & ~(WEIR_VPORT_CHANGED_FLAGS | WEIR_VPORT_CHANGED_STATE | WEIR_VPORT_CHANGED_DRAIN)) != 0 ||
        ((req->changed & WEIR_VPORT_CHANGED_DRAIN) != 0 && (req->drain > 1 || req->vport == 0))) {
        return WEIR_INVALID_PARAMETER;
    }
    if ((req->changed & WEIR_VPORT_CHANGED_STATE) != 0) {
        // Only a deactivated one can change, and only to activated (rules 2.6).
        if (req->state != WEIR_VPORT_ACTIVATED) {
            return req->state == WEIR_VPORT_DEACTIVATED ? WEIR_WRONG_STATE : WEIR_INVALID_PARAMETER;
        }
        v->state = WEIR_VPORT_ACTIVATED;
    }
    if ((req->changed & WEIR_VPORT_CHANGED_FLAGS) != 0) {
        v->flags = req->flags;
    }
    if ((req->changed & WEIR_VPORT_CHANGED_DRAIN) != 0) {
        v->redirecting = req->drain != 0;
    }
    hal_switch_vport(req->vport, steer_vport_config(v));
    steer_mirror_check();
    return WEIR_OK;
}

enum weir_status steer_vport_update(const struct weir_update_vport_req *req) {
    const unsigned known = WEIR_VPORT_CHANGED_NAME | WEIR_VPORT_CHANGED_MODERATION | WEIR_VPORT_CHANGED_CPU;
    struct steer_vport *v = steer_vport_mut(req->vport);
    bool level = (req->changed & WEIR_VPORT_CHANGED_MODERATION) != 0,
         cpu = (req->changed & WEIR_VPORT_CHANGED_CPU) != 0;
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    // A VF's interrupts go where its guest says (rules 2.15).
    if ((req->changed & ~known) != 0 || (level && req->moderation > WEIR_MODERATION_HIGH) ||
        (cpu && v->vf != STEER_NO_VF)) {
        return WEIR_INVALID_PARAMETER;
    }
    // Nondefault vPorts of the PF share its vectors with the default one, which alone may set them (rules 2.14).
    if (level && v->vf == STEER_NO_VF && req->vport != 0) {
        return WEIR_NOT_SUPPORTED;
    }
    if (level) {
        moderate(v, req->moderation);
    }
    if (cpu) {
        v->cpu = req->cpu;
    }
    if ((req->changed & WEIR_VPORT_CHANGED_NAME) != 0) {
        hal_keep_touch(v->name, sizeof(v->name));
        copy_name(v->name, req->name);
    }
    return WEIR_OK;
}

void steer_vport_down(unsigned vport) {
    struct steer_vport *v = steer_vport_mut(vport);
    if (v != NULL && vport != 0) {
        v->resetting = true;
        hal_switch_vport(vport, steer_vport_config(v));
        steer_mirror_check();
    }
}

void steer_vport_up(unsigned vport) {
    struct steer_vport *v = steer_vport_mut(vport);
    if (v != NULL && vport != 0) {
        v->resetting = false;
        hal_switch_vport(vport, steer_vport_config(v));
    }
}

enum weir_status steer_flood(unsigned vport, bool member) {
    struct steer_vport *v = steer_vport_mut(vport);
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (vport == 0) {
        return WEIR_PERMISSION; // the default vPort always is a member
    }
    if (v->deleting) {
        return WEIR_WRONG_STATE;
    }
    if (v->flood != member) {
        steer_move_flood(vport, member);
    }
    return WEIR_OK;
}
