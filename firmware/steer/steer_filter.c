// SPDX-License-Identifier: Apache-2.0
// Filters, of what comes for a vPort and of what a VF's vPort may send from, and where they sit in the hash table: each
// key may sit in one row of each of 4 banks. When all four are taken, entries are pushed to their other places; each is
// copied before its old place is overwritten, and the doubled entry in between says the same in both places, so lookups
// never miss (cuckoo hashing, breadth bounded).
#include "steer.h"

#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_switch.h"

#define NONE 0xFFFFu
#define MAX_PUSHES 64u
// Each kind has its own share, so that neither can use up the other's (threat T14).
#define MAX_FILTERS (WEIR_NUM_FILTERS + WEIR_NUM_SOURCES)

struct filter {
    uint32_t id;
    struct hal_filter key;
    uint16_t place; // slot + 1, 0: no filter
};

static HAL_KEEP(filters) struct filter filters[MAX_FILTERS];
// Worked out from the filters.
static uint16_t slot_owner[WEIR_FILTER_SLOTS]; // filter + 1, 0 = empty
static unsigned count, sources;                // all, and those of mode SOURCE

unsigned steer_filter_count(void) {
    return count;
}

void steer_filter_reset(void) {
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        if (filters[i].place != 0) {
            hal_switch_filter_clear(filters[i].place - 1u);
        }
    }
    memset(filters, 0, sizeof(filters));
    memset(slot_owner, 0, sizeof(slot_owner));
    count = sources = 0;
}

void steer_filter_sweep(void) {
    for (unsigned slot = 0; slot < WEIR_FILTER_SLOTS; slot++) {
        hal_switch_filter_clear(slot);
    }
    memset(filters, 0, sizeof(filters));
    memset(slot_owner, 0, sizeof(slot_owner));
    count = sources = 0;
}

static struct filter *find(uint32_t id) {
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        if (filters[i].place != 0 && filters[i].id == id) {
            return &filters[i];
        }
    }
    return NULL;
}

static bool same_key(const struct hal_filter *a, const struct hal_filter *b) {
    return memcmp(a->mac, b->mac, 6) == 0 && a->vid == b->vid && a->mode == b->mode;
}

static bool is_source(const struct filter *f) {
    return f->key.mode == WEIR_FILTER_SOURCE;
}

// The four places of a filter. The hardware knows them; to keep them would take more memory than the core has.
static void slots_of(const struct filter *f, uint16_t slot[4]) {
    hal_switch_hash(&f->key, slot);
    for (unsigned b = 0; b < 4; b++) {
        slot[b] = (uint16_t)(b * HAL_SWITCH_BANK_ROWS + slot[b]);
    }
}

// Whoever steps aside is not noted in the journal: its new place is as good as the one before.
static void put(unsigned index, unsigned slot) {
    hal_switch_filter_set(slot, &filters[index].key);
    slot_owner[slot] = (uint16_t)(index + 1);
    filters[index].place = (uint16_t)(slot + 1);
}

// A free place among four, or NONE.
static unsigned free_slot(const uint16_t slot[4]) {
    for (unsigned b = 0; b < 4; b++) {
        if (slot_owner[slot[b]] == 0) {
            return slot[b];
        }
    }
    return NONE;
}

// Finds, breadth first, a chain of entries that can each step aside; makes room in one of the places and returns it.
static unsigned make_room(const uint16_t place[4]) {
    static uint16_t node_slot[MAX_PUSHES];
    static uint8_t node_from[MAX_PUSHES];
    unsigned n = 0;

    for (unsigned b = 0; b < 4; b++) {
        node_slot[n] = place[b];
        node_from[n++] = 0xFF;
    }
    // bound: MAX_PUSHES, n stops there
    for (unsigned i = 0; i < n; i++) {
        uint16_t other[4];
        unsigned target;
        slots_of(&filters[slot_owner[node_slot[i]] - 1u], other);
        target = free_slot(other);
        if (target != NONE) {
            // Move the chain's last entry to the free place, then the one before it to the place it left, and so on.
            // bound: MAX_PUSHES, an entry of the chain points to an earlier one
            for (unsigned at = i;;) {
                unsigned from = node_slot[at];
                put(slot_owner[from] - 1u, target);
                target = from;
                if (node_from[at] == 0xFF) {
                    return target;
                }
                at = node_from[at];
            }
        }
        for (unsigned b = 0; b < 4 && n < MAX_PUSHES; b++) {
            unsigned next = other[b];
            bool seen = false;
            // bound: MAX_PUSHES
            for (unsigned k = 0; k < n; k++) {
                seen = seen || node_slot[k] == next;
            }
            if (!seen) {
                node_slot[n] = (uint16_t)next;
                node_from[n++] = (uint8_t)i;
            }
        }
    }
    return NONE;
}

// One more filter of a kind, on a vPort (threat T14).
static bool has_room(const struct steer_vport *v, bool source) {
    if (source) {
        return sources < WEIR_NUM_SOURCES && v->sources < WEIR_FILTER_QUOTA;
    }
    return count - sources < WEIR_NUM_FILTERS && (v->vf == STEER_NO_VF || v->filters < WEIR_FILTER_QUOTA);
}

enum weir_status steer_filter_set(const struct weir_set_filter_req *req) {
    struct steer_vport *v = steer_vport_mut(req->vport);
    bool source = req->mode == WEIR_FILTER_SOURCE;
    // A source is looked up under the sender's number, where other keys have a VLAN.
    struct hal_filter key = {.vid = source ? req->vport : req->vid, .mode = req->mode, .vport = (uint8_t)req->vport};
    unsigned slot, index = MAX_FILTERS;
    uint16_t place[4];

    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (v->deleting) {
        return WEIR_WRONG_STATE;
    }
    // A group address is flooded, never filtered; a VLAN id belongs to mode VLAN only (rules 3.3-3.5).
    // The PF checks its own vPorts itself.
    if ((req->mac[0] & 1) != 0 || req->mode > WEIR_FILTER_SOURCE || req->vid > 4094 ||
        (req->mode == WEIR_FILTER_VLAN) != (req->vid != 0) || (source && v->vf == STEER_NO_VF)) {
        return WEIR_INVALID_PARAMETER;
    }
    memcpy(key.mac, req->mac, 6);
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        if (filters[i].place == 0) {
            index = index == MAX_FILTERS ? i : index;
        } else if (filters[i].id == req->filter || same_key(&filters[i].key, &key)) {
            return WEIR_ALREADY_EXISTS;
        }
    }
    if (!has_room(v, source)) {
        return WEIR_NO_RESOURCES;
    }
    hal_keep_touch(&filters[index], sizeof(filters[index]));
    filters[index] = (struct filter){.id = req->filter, .key = key};
    slots_of(&filters[index], place);
    slot = free_slot(place);
    if (slot == NONE) {
        slot = make_room(place);
    }
    if (slot == NONE) {
        return WEIR_NO_RESOURCES; // the entry has no place: it is free as before
    }
    put(index, slot);
    count++;
    if (source) {
        sources++;
        v->sources++;
    } else {
        v->filters++;
    }
    return WEIR_OK;
}

enum weir_status steer_filter_clear(uint32_t id) {
    struct filter *f = find(id);
    struct steer_vport *v;
    if (f == NULL) {
        return WEIR_NOT_FOUND;
    }
    hal_keep_touch(f, sizeof(*f));
    hal_switch_filter_clear(f->place - 1u);
    slot_owner[f->place - 1u] = 0;
    v = steer_vport_mut(f->key.vport);
    sources -= is_source(f);
    if (v != NULL && is_source(f)) {
        v->sources--;
    } else if (v != NULL) {
        v->filters--;
    }
    f->place = 0;
    count--;
    return WEIR_OK;
}

enum weir_status steer_filter_get(unsigned from, struct weir_get_filter_rsp *rsp) {
    for (unsigned i = from; i < MAX_FILTERS; i++) {
        const struct filter *f = &filters[i];
        if (f->place == 0) {
            continue;
        }
        *rsp = (struct weir_get_filter_rsp){
            .filter = f->id, .next = (uint16_t)(i + 1), .vport = f->key.vport, .mode = f->key.mode};
        rsp->vid = is_source(f) ? 0 : f->key.vid;
        memcpy(rsp->mac, f->key.mac, 6);
        return WEIR_OK;
    }
    return WEIR_NOT_FOUND;
}

int steer_filter_slot(uint32_t id, unsigned vport) {
    const struct filter *f = find(id);
    return f != NULL && !is_source(f) && f->key.vport == vport ? (int)f->place - 1 : -1;
}

void steer_filter_moved(uint32_t id, unsigned vport) {
    struct filter *f = find(id);
    struct steer_vport *from, *to = steer_vport_mut(vport);
    if (f == NULL || to == NULL) {
        return;
    }
    hal_keep_touch(f, sizeof(*f));
    from = steer_vport_mut(f->key.vport);
    if (from != NULL) {
        from->filters--;
    }
    f->key.vport = (uint8_t)vport;
    to->filters++;
}

bool steer_filter_check(void) {
    memset(slot_owner, 0, sizeof(slot_owner));
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        unsigned place = filters[i].place;
        if (place == 0) {
            continue;
        }
        if (place > WEIR_FILTER_SLOTS || slot_owner[place - 1] != 0 || steer_vport(filters[i].key.vport) == NULL) {
            return false;
        }
        slot_owner[place - 1] = (uint16_t)(i + 1);
    }
    return true;
}

// First all that are there, then what is too much: a lookup never misses.
void steer_filter_resume(void) {
    count = sources = 0;
    for (unsigned i = 0; i < MAX_FILTERS; i++) {
        struct steer_vport *v = filters[i].place != 0 ? steer_vport_mut(filters[i].key.vport) : NULL;
        if (v == NULL) {
            continue;
        }
        hal_switch_filter_set(filters[i].place - 1u, &filters[i].key);
        count++;
        sources += is_source(&filters[i]);
        v->sources = (uint8_t)(v->sources + is_source(&filters[i]));
        v->filters = (uint16_t)(v->filters + !is_source(&filters[i]));
    }
    for (unsigned slot = 0; slot < WEIR_FILTER_SLOTS; slot++) {
        if (slot_owner[slot] == 0) {
            hal_switch_filter_clear(slot);
        }
    }
}
