// SPDX-License-Identifier: Apache-2.0
// Receive filters and where they sit in the hash table: each key may sit in one row of each of 4 banks. When all four
// are taken, entries are pushed to their other places; each is copied before its old place is overwritten, and the
// doubled entry in between says the same in both places, so lookups never miss (cuckoo hashing, breadth bounded).
#include "steer.h"

#include "hal/hal_lib.h"
#include "hal/hal_switch.h"

#define NONE 0xFFFFu
#define MAX_PUSHES 64u

struct filter {
    bool used;
    uint32_t id;
    struct hal_filter key;
    uint16_t slot;
    uint16_t row[4];
};

static struct filter filters[WEIR_NUM_FILTERS];
static uint16_t slot_owner[WEIR_FILTER_SLOTS]; // filter + 1, 0 = empty
static unsigned count;

unsigned steer_filter_count(void) {
    return count;
}

void steer_filter_reset(void) {
    for (unsigned i = 0; i < WEIR_NUM_FILTERS; i++) {
        if (filters[i].used) {
            hal_switch_filter_clear(filters[i].slot);
        }
    }
    memset(filters, 0, sizeof(filters));
    memset(slot_owner, 0, sizeof(slot_owner));
    count = 0;
}

void steer_filter_sweep(void) {
    for (unsigned slot = 0; slot < WEIR_FILTER_SLOTS; slot++) {
        hal_switch_filter_clear(slot);
    }
    memset(filters, 0, sizeof(filters));
    memset(slot_owner, 0, sizeof(slot_owner));
    count = 0;
}

static struct filter *find(uint32_t id) {
    for (unsigned i = 0; i < WEIR_NUM_FILTERS; i++) {
        if (filters[i].used && filters[i].id == id) {
            return &filters[i];
        }
    }
    return NULL;
}

static bool same_key(const struct hal_filter *a, const struct hal_filter *b) {
    return memcmp(a->mac, b->mac, 6) == 0 && a->vid == b->vid && a->mode == b->mode;
}

static unsigned slot_of(const struct filter *f, unsigned bank) {
    return bank * HAL_SWITCH_BANK_ROWS + f->row[bank];
}

static void put(unsigned index, unsigned slot) {
    hal_switch_filter_set(slot, &filters[index].key);
    slot_owner[slot] = (uint16_t)(index + 1);
    filters[index].slot = (uint16_t)slot;
}

// A free place among the four of a filter, or NONE.
static unsigned free_slot(const struct filter *f) {
    for (unsigned b = 0; b < 4; b++) {
        if (slot_owner[slot_of(f, b)] == 0) {
            return slot_of(f, b);
        }
    }
    return NONE;
}

// Finds, breadth first, a chain of entries that can each step aside; makes room in one of f's places and returns it.
static unsigned make_room(const struct filter *f) {
    static uint16_t node_slot[MAX_PUSHES];
    static uint8_t node_from[MAX_PUSHES];
    unsigned n = 0;

    for (unsigned b = 0; b < 4; b++) {
        node_slot[n] = (uint16_t)slot_of(f, b);
        node_from[n++] = 0xFF;
    }
    // bound: MAX_PUSHES, n stops there
    for (unsigned i = 0; i < n; i++) {
        unsigned owner = slot_owner[node_slot[i]] - 1u;
        unsigned target = free_slot(&filters[owner]);
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
            unsigned next = slot_of(&filters[owner], b);
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

enum weir_status steer_filter_set(const struct weir_set_filter_req *req) {
    struct steer_vport *v = steer_vport_mut(req->vport);
    struct hal_filter key = {.vid = req->vid, .mode = req->mode, .vport = (uint8_t)req->vport};
    unsigned slot, index = WEIR_NUM_FILTERS;

    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (v->retired) {
        return WEIR_WRONG_STATE;
    }
    // A group address is flooded, never filtered; a VLAN id belongs to mode VLAN only (rules 3.3-3.5).
    if ((req->mac[0] & 1) != 0 || req->mode > WEIR_FILTER_VLAN || req->vid > 4094 ||
        (req->mode == WEIR_FILTER_VLAN) != (req->vid != 0)) {
        return WEIR_INVALID_PARAMETER;
    }
    memcpy(key.mac, req->mac, 6);
    for (unsigned i = 0; i < WEIR_NUM_FILTERS; i++) {
        if (!filters[i].used) {
            index = index == WEIR_NUM_FILTERS ? i : index;
        } else if (filters[i].id == req->filter || same_key(&filters[i].key, &key)) {
            return WEIR_ALREADY_EXISTS;
        }
    }
    if (index == WEIR_NUM_FILTERS || (v->vf != STEER_NO_VF && v->filters >= WEIR_FILTER_QUOTA)) {
        return WEIR_NO_RESOURCES; // threat T14
    }
    filters[index] = (struct filter){.used = true, .id = req->filter, .key = key};
    hal_switch_hash(&key, filters[index].row);
    slot = free_slot(&filters[index]);
    if (slot == NONE) {
        slot = make_room(&filters[index]);
    }
    if (slot == NONE) {
        filters[index].used = false;
        return WEIR_NO_RESOURCES;
    }
    put(index, slot);
    count++;
    v->filters++;
    return WEIR_OK;
}

enum weir_status steer_filter_clear(uint32_t id) {
    struct filter *f = find(id);
    struct steer_vport *v;
    if (f == NULL) {
        return WEIR_NOT_FOUND;
    }
    hal_switch_filter_clear(f->slot);
    slot_owner[f->slot] = 0;
    v = steer_vport_mut(f->key.vport);
    if (v != NULL) {
        v->filters--;
    }
    f->used = false;
    count--;
    return WEIR_OK;
}

int steer_filter_slot(uint32_t id, unsigned vport) {
    const struct filter *f = find(id);
    return f != NULL && f->key.vport == vport ? (int)f->slot : -1;
}

void steer_filter_moved(uint32_t id, unsigned vport) {
    struct filter *f = find(id);
    struct steer_vport *from, *to = steer_vport_mut(vport);
    if (f == NULL || to == NULL) {
        return;
    }
    from = steer_vport_mut(f->key.vport);
    if (from != NULL) {
        from->filters--;
    }
    f->key.vport = (uint8_t)vport;
    to->filters++;
}
