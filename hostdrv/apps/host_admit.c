// SPDX-License-Identifier: Apache-2.0
// Who may come as which guest: the table decides, then the door (host_int.h). What a guest says of itself is a wish.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_int.h"
#include "text.h"

static bool privileged(uid_t uid) {
    return uid == 0 || uid == geteuid();
}

static bool same(const uint8_t a[6], const uint8_t b[6]) {
    return memcmp(a, b, 6) == 0;
}

const char *admit_mac(const struct parent *p, const uint8_t mac[6], const char *name) {
    if ((mac[0] & 1) != 0 || same(mac, (const uint8_t[6]){0}))
        return "its hardware address is no unicast address";
    for (unsigned i = 0; i < p->opt.protected_macs; i++)
        if (same(p->opt.protect[i], mac))
            return "its hardware address is protected";
    for (unsigned i = 0; i < p->table.count; i++)
        if (strcmp(p->table.entry[i].name, name) != 0 && same(p->table.entry[i].mac, mac))
            return "its hardware address is taken";
    // One that leaves still has it: until it is gone the card knows the address as its own.
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY && strcmp(p->place[i].name, name) != 0 && same(p->place[i].mac, mac))
            return "its hardware address is taken";
    return NULL;
}

// FNV-1a of the name in the last four bytes of a locally administered address, the next free one from there.
void admit_assign(const struct parent *p, const char *name, uint8_t mac[6]) {
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    do {
        const uint8_t next[6] = {0x02,         0x57, (uint8_t)(hash >> 24), (uint8_t)(hash >> 16), (uint8_t)(hash >> 8),
                                 (uint8_t)hash};
        memcpy(mac, next, 6);
        hash++;
    } while (admit_mac(p, mac, name) != NULL);
}

// Of those whom the table does not name: its guests' places are kept for them, and one user gets only some.
static bool has_room(struct parent *p, uid_t uid) {
    unsigned strangers = 0, of_user = 0;
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY && table_find(&p->table, p->place[i].name) == NULL) {
            strangers++;
            of_user += p->place[i].uid == uid;
        }
    return strangers + p->table.count < PARENT_MAX_GUESTS && (privileged(uid) || of_user < STRANGER_GUESTS);
}

static int admit_known(const struct table_entry *e, const struct weir_partition_hello *hello, uid_t uid,
                       struct weir_vstack_guest_config *gc, char *text, size_t size) {
    char mac[18];
    if (e->has_uid ? uid != e->uid : !privileged(uid)) {
        snprintf(text, size, "the name is another user's; you are user %u", (unsigned)uid);
        return -EACCES;
    }
    if ((hello->flags & WEIR_PARTITION_OWN_MAC) != 0 && !same(hello->mac, e->mac)) {
        snprintf(text, size, "its hardware address is %s in the parent's table; leave --mac out",
                 text_of_mac(mac, e->mac));
        return -EPERM;
    }
    memcpy(gc->mac, e->mac, 6);
    gc->policy = e->policy;
    return 0;
}

static int admit_stranger(struct parent *p, const struct weir_partition_hello *hello, uid_t uid,
                          struct weir_vstack_guest_config *gc, char *text, size_t size) {
    const char *why;
    if (p->opt.door == DOOR_CLOSED || (p->opt.door == DOOR_OWN && !privileged(uid))) {
        snprintf(text, size, "the parent's table does not name it; the administrator can: weirctl guest add NAME");
        return -EACCES;
    }
    if (!has_room(p, uid)) {
        snprintf(text, size, "the parent has no room for another guest");
        return -ENOSPC;
    }
    if ((hello->flags & WEIR_PARTITION_OWN_MAC) == 0) {
        admit_assign(p, hello->name, gc->mac);
    } else {
        why = admit_mac(p, hello->mac, hello->name);
        if (why == NULL && guests_on_wire(p, hello->mac))
            why = "its hardware address is on the wire; the administrator can give it one: weirctl guest add NAME";
        if (why != NULL) {
            snprintf(text, size, "%s", why);
            return -EADDRINUSE;
        }
        memcpy(gc->mac, hello->mac, 6);
    }
    weir_policy_default(&gc->policy);
    return 0;
}

int admit(struct parent *p, const struct weir_partition_hello *hello, uid_t uid, struct weir_vstack_guest_config *gc,
          char *text, size_t size) {
    const struct table_entry *e;
    const struct place *there;
    int ret;

    if (!weir_partition_name_ok(hello->name, sizeof(hello->name))) {
        snprintf(text, size, "a guest's name is 1 to 31 letters, digits, '-', '_' and '.'");
        return -EINVAL;
    }
    memcpy(gc->name, hello->name, sizeof(gc->name));
    e = table_find(&p->table, hello->name);
    ret = e != NULL ? admit_known(e, hello, uid, gc, text, size) : admit_stranger(p, hello, uid, gc, text, size);
    if (ret == 0 && given_find(p, hello->name) >= 0) {
        snprintf(text, size, "the VF of '%s' was given to a client outside; take another --name", hello->name);
        return -EEXIST;
    }
    there = guests_find(p, hello->name);
    if (ret == 0 && there != NULL) {
        snprintf(text, size,
                 there->state == GUEST ? "there is a guest '%s' already; take another --name"
                                       : "guest '%s' is still leaving",
                 hello->name);
        ret = there->state == GUEST ? -EEXIST : -EBUSY;
    }
    return ret;
}

int admit_open_socket(const struct parent *p) {
    bool others = p->opt.door == DOOR_ALL;
    for (unsigned i = 0; i < p->table.count; i++)
        others = others || (p->table.entry[i].has_uid && !privileged(p->table.entry[i].uid));
    return weir_listener_mode(&p->guests, others ? 0666 : 0600);
}
