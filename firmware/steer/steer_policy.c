// SPDX-License-Identifier: Apache-2.0
// What a vPort may send and hear beyond its filters: VLANs, mirror, spread over its queue pairs (rules 2.13, 3.17,
// threats T13, T14). The hardware judges each frame; here is who may ask for what.
#include "hal/hal_ctrl.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_shared.h"
#include "hal/hal_switch.h"
#include "steer.h"

#define LAST_VID 4094u

// What the hardware's VLAN table holds for a vPort id, also while there is no such vPort: lists are changed by their
// difference and never cleared for their own sake.
static HAL_KEEP(held) struct held {
    bool unknown; // core 0 was restarted: any VLAN, perhaps
    uint8_t count;
    struct weir_vlan_range range[WEIR_VLAN_RANGES];
} held[WEIR_NUM_VPORTS];
static HAL_KEEP(changing) volatile unsigned changing; // vPort whose list this command changes, 0: none

static HAL_KEEP(mirror) unsigned mirror; // vPort that gets the copies; the default one never does, so 0 = none

// The key of the published verification vectors, until the PF gives another; and what new vPorts begin with.
static const uint8_t published_key[WEIR_RSS_KEY_BYTES] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                                          0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                                          0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                                          0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
static HAL_KEEP(key_of_all) uint8_t key_of_all[WEIR_RSS_KEY_BYTES];
// Nobody changed the vPort's spread since steer_rss_begin: false before the hardware is touched, true behind it.
static HAL_KEEP(as_begun) volatile bool as_begun[WEIR_NUM_VPORTS];

static bool listed(const struct held *h, unsigned vid) {
    // bound: WEIR_VLAN_RANGES
    for (unsigned i = 0; i < h->count; i++) {
        if (vid >= h->range[i].first && vid <= h->range[i].last) {
            return true;
        }
    }
    return false;
}

// Each VLAN of list `a` that is not in `b` is joined or left.
static void differ(unsigned vport, const struct held *a, const struct held *b, bool join) {
    // bound: WEIR_VLAN_RANGES
    for (unsigned i = 0; i < a->count; i++) {
        // bound: 4,094 for all ranges together, they ascend and do not overlap
        for (unsigned vid = a->range[i].first; vid <= a->range[i].last; vid++) {
            if (!listed(b, vid)) {
                hal_switch_vlan(vid, vport, join);
            }
            if ((vid & 0xFF) == 0) {
                hal_ctrl_watchdog_feed(); // a full list takes longer than a round of the main loop
            }
        }
    }
}

static void hold(unsigned vport, const struct held *now) {
    static const struct held none = {.count = 0};
    static const struct held all = {.count = 1, .range = {{0, LAST_VID}}};
    struct held *was = &held[vport];
    hal_keep_touch(was, sizeof(*was));
    changing = vport;
    differ(vport, was->unknown ? &all : was, now, false);
    differ(vport, now, was->unknown ? &none : was, true);
    *was = *now;
}

void steer_policy_settle(void) {
    changing = 0;
}

void steer_policy_sweep(void) {
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        held[i].unknown = true;
    }
    steer_policy_reset();
}

void steer_policy_reset(void) {
    hal_keep_touch(&mirror, sizeof(mirror));
    mirror = 0;
    hal_switch_mirror(-1);
}

enum weir_status steer_vlan(const struct weir_set_vport_vlan_req *req) {
    struct steer_vport *v = steer_vport_mut(req->vport);
    struct held now = {.count = 0};
    unsigned vid = req->tci & 0xFFFu;
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (v->deleting) {
        return WEIR_WRONG_STATE;
    }
    // The default vPort stands for every guest without one of its own: it has no VLAN.
    if (req->vport == 0 || req->mode > WEIR_VLAN_TRUNK || (req->mode == WEIR_VLAN_TRUNK) != (req->count != 0) ||
        req->count > WEIR_VLAN_RANGES || (req->mode == WEIR_VLAN_PORT && (vid == 0 || vid > LAST_VID)) ||
        (req->mode != WEIR_VLAN_PORT && req->tci != 0)) {
        return WEIR_INVALID_PARAMETER;
    }
    now.count = req->count;
    // bound: WEIR_VLAN_RANGES, checked above
    for (unsigned i = 0; i < req->count; i++) {
        // In ascending order, so that no list takes longer than all VLANs.
        if (req->range[i].first > req->range[i].last || req->range[i].last > LAST_VID ||
            (i != 0 && req->range[i].first <= req->range[i - 1].last)) {
            return WEIR_INVALID_PARAMETER;
        }
        now.range[i] = req->range[i];
    }
    if (req->mode == WEIR_VLAN_PORT) {
        now.count = 1;
        now.range[0].first = now.range[0].last = (uint16_t)vid;
    }
    // Loosening comes last and tightening first in the flags; in the lists, what both allow is never interrupted.
    if (req->mode != WEIR_VLAN_ANY) {
        hold(req->vport, &now);
    }
    if (req->mode == WEIR_VLAN_PORT) {
        hal_switch_vport_tci(req->vport, req->tci);
    }
    v->vlan_mode = req->mode;
    v->tci = req->tci;
    steer_vport_apply(req->vport);
    return WEIR_OK;
}

static bool may_listen(const struct steer_vport *v) {
    return v->vf == STEER_NO_VF || (v->flags & WEIR_VPORT_TRUSTED) != 0;
}

int steer_mirror(void) {
    return mirror == 0 ? -1 : (int)mirror;
}

void steer_mirror_check(void) {
    const struct steer_vport *v = mirror == 0 ? NULL : steer_vport(mirror);
    bool ends = v == NULL || v->resetting || v->redirecting || v->deleting || !may_listen(v);
    unsigned sources = 0;
    if (mirror == 0) {
        return;
    }
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        const struct steer_vport *src = steer_vport(i);
        if (src != NULL && src->mirrored && ends) {
            steer_vport_mut(i)->mirrored = false;
            steer_vport_apply(i);
        }
        sources += src != NULL && src->mirrored;
    }
    if (sources == 0) {
        steer_policy_reset();
    }
}

enum weir_status steer_mirror_set(const struct weir_set_mirror_req *req) {
    struct steer_vport *src = steer_vport_mut(req->src);
    const struct steer_vport *dst = steer_vport(req->dst);
    if (src == NULL || dst == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (req->src == req->dst || req->dst == 0 || req->on > 1) {
        return WEIR_INVALID_PARAMETER;
    }
    if (req->on != 0 && !may_listen(dst)) {
        return WEIR_PERMISSION; // threat T14
    }
    if (req->on != 0 &&
        (dst->state != WEIR_VPORT_ACTIVATED || dst->redirecting || dst->resetting || dst->deleting || src->deleting)) {
        return WEIR_WRONG_STATE;
    }
    if (mirror != 0 && mirror != req->dst) {
        return req->on != 0 ? WEIR_IN_USE : WEIR_NOT_FOUND;
    }
    if (req->on == 0 && !src->mirrored) {
        return WEIR_NOT_FOUND;
    }
    src->mirrored = req->on != 0;
    steer_vport_apply(req->src);
    if (req->on != 0) {
        hal_keep_touch(&mirror, sizeof(mirror));
        mirror = req->dst;
        hal_switch_mirror((int)mirror);
    }
    steer_mirror_check();
    return WEIR_OK;
}

// To the hardware, and of a VF kept for who asks (steer_rss_get).
static void rss_write(unsigned vport, const struct steer_vport *v, const uint8_t *entry, unsigned count) {
    as_begun[vport] = false;
    if (v->vf != STEER_NO_VF) {
        hal_keep_touch(HAL_SHARED->rss[v->vf].entry, WEIR_RSS_ENTRIES);
    }
    hal_switch_rss_table(vport, entry, count);
    if (v->vf != STEER_NO_VF) {
        memcpy(HAL_SHARED->rss[v->vf].entry, entry, WEIR_RSS_ENTRIES);
    }
}

static void hash_by(unsigned vport, const struct steer_vport *v, const uint8_t key[WEIR_RSS_KEY_BYTES]) {
    as_begun[vport] = false;
    hal_switch_rss_key(vport, key);
    if (v->vf != STEER_NO_VF) {
        memcpy(HAL_SHARED->rss[v->vf].key, key, WEIR_RSS_KEY_BYTES);
    }
}

void steer_rss_get(unsigned vf, uint8_t entry[WEIR_RSS_ENTRIES], uint8_t key[WEIR_RSS_KEY_BYTES]) {
    memcpy(entry, HAL_SHARED->rss[vf].entry, WEIR_RSS_ENTRIES);
    memcpy(key, HAL_SHARED->rss[vf].key, WEIR_RSS_KEY_BYTES);
}

// Four at a time: none is above 127, and the sum with what is missing to 128 carries into no neighbour.
bool steer_rss_ok(const uint8_t entry[WEIR_RSS_ENTRIES], unsigned num_qps) {
    const hal_word *word = (const void *)entry;
    uint32_t beyond = 0, add = (128u - (num_qps < 128 ? num_qps : 128)) * 0x01010101u;
    for (unsigned i = 0; i < WEIR_RSS_ENTRIES / 4; i++) {
        beyond |= ((word[i] & 0x7F7F7F7Fu) + add) | word[i];
    }
    return (beyond & 0x80808080u) == 0;
}

void steer_rss_show(unsigned vport, const uint8_t entry[WEIR_RSS_ENTRIES], const uint8_t key[WEIR_RSS_KEY_BYTES]) {
    struct hal_rss *kept = &HAL_SHARED->rss[steer_vport(vport)->vf];
    as_begun[vport] = false;
    hal_keep_touch(kept, sizeof(*kept));
    hal_switch_rss_table(vport, entry, WEIR_RSS_ENTRIES);
    hal_switch_rss_key(vport, key);
}

void steer_rss_keep(unsigned vport, const uint8_t entry[WEIR_RSS_ENTRIES], const uint8_t key[WEIR_RSS_KEY_BYTES]) {
    struct hal_rss *kept = &HAL_SHARED->rss[steer_vport(vport)->vf];
    memcpy(kept->entry, entry, WEIR_RSS_ENTRIES);
    memcpy(kept->key, key, WEIR_RSS_KEY_BYTES);
}

void steer_rss_back(unsigned vport) {
    const struct hal_rss *kept = &HAL_SHARED->rss[steer_vport(vport)->vf];
    hal_switch_rss_table(vport, kept->entry, WEIR_RSS_ENTRIES);
    hal_switch_rss_key(vport, kept->key);
}

enum weir_status steer_rss(unsigned vport, const struct weir_set_rss_req *req) {
    const struct steer_vport *v = steer_vport(vport);
    _Alignas(4) uint8_t entry[WEIR_RSS_ENTRIES];
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (v->deleting) {
        return WEIR_WRONG_STATE;
    }
    if (req->count == 0 || req->count > WEIR_RSS_ENTRIES || (req->count & (req->count - 1u)) != 0) {
        return WEIR_INVALID_PARAMETER;
    }
    for (unsigned i = 0; i < WEIR_RSS_ENTRIES; i++) {
        entry[i] = req->entry[i & (req->count - 1u)];
    }
    if (!steer_rss_ok(entry, v->num_qps)) {
        return WEIR_INVALID_PARAMETER;
    }
    rss_write(vport, v, entry, WEIR_RSS_ENTRIES);
    return WEIR_OK;
}

enum weir_status steer_rss_key(unsigned vport, const uint8_t key[WEIR_RSS_KEY_BYTES]) {
    const struct steer_vport *v = steer_vport(vport);
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (v->deleting) {
        return WEIR_WRONG_STATE;
    }
    hash_by(vport, v, key);
    return WEIR_OK;
}

// Not all or nothing: ended half way, some vPorts spread by the new key already, and asked again all do.
void steer_rss_key_all(const uint8_t key[WEIR_RSS_KEY_BYTES]) {
    hal_keep_touch(key_of_all, sizeof(key_of_all));
    memcpy(key_of_all, key, sizeof(key_of_all));
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        if (steer_vport(i) != NULL) {
            hash_by(i, steer_vport(i), key);
        }
    }
}

void steer_rss_reset(void) {
    hal_keep_touch(key_of_all, sizeof(key_of_all));
    memcpy(key_of_all, published_key, sizeof(key_of_all));
}

void steer_rss_begin(unsigned vport, unsigned num_qps) {
    const struct steer_vport *v = steer_vport(vport);
    // A VF's driver gives it the shorter table, and what it has must be what a driver could have given.
    unsigned count = v->vf != STEER_NO_VF ? WEIR_RSS_ENTRIES : HAL_SWITCH_RSS_TABLE;
    _Alignas(4) uint8_t entry[HAL_SWITCH_RSS_TABLE];
    // bound: HAL_SWITCH_RSS_TABLE
    for (unsigned i = 0, e = 0; i < count; i++) {
        entry[i] = (uint8_t)e;
        e = e + 1 == num_qps ? 0 : e + 1;
    }
    rss_write(vport, v, entry, count);
    hash_by(vport, v, key_of_all);
    as_begun[vport] = true;
}

void steer_rss_anew(unsigned vport, unsigned num_qps) {
    if (!as_begun[vport]) {
        steer_rss_begin(vport, num_qps);
    }
}

void steer_policy_resume(void) {
    if (changing != 0 && changing < WEIR_NUM_VPORTS) {
        // What is in both lists was not interrupted, and is not now.
        struct held now = held[changing];
        held[changing].unknown = true;
        now.unknown = false;
        hold(changing, &now);
    }
    if (mirror >= WEIR_NUM_VPORTS || steer_vport(mirror) == NULL) {
        mirror = 0;
    }
    hal_switch_mirror(steer_mirror());
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        const struct steer_vport *v = steer_vport(i);
        if (v != NULL && v->vf != STEER_NO_VF) {
            steer_rss_back(i);
        }
    }
    steer_mirror_check();
}
