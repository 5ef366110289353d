// SPDX-License-Identifier: Apache-2.0
// VFs that a parent before us gave to guests, and that went on without it (ADR 0020). A guest that comes back says
// which it is on; what counts is what the card has under the guest's name. A VF that nobody comes for is taken back,
// and with it the connection to its function, which whoever has it might use when the VF is another's.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_int.h"
#include "vfio_user.h"

#define LEFT_US 10000000u // of our turns
#define LEFT_TURN_US 1000u

static int call_in(struct parent *p, unsigned vf, int (*say)(const char *path, char *err, size_t err_size)) {
    char path[160], err[256];
    int ret;
    if (p->opt.bus.pci)
        return 0; // no connection leads to it, and its reset tells its driver
    snprintf(path, sizeof(path), "%s/vf%u.sock", p->opt.card, vf);
    ret = say(path, err, sizeof(err));
    if (ret != 0)
        parent_log(p, LOG_CARD, "VF %u: %s", vf, err);
    return ret;
}

void left_evict(struct parent *p, unsigned vf) {
    (void)call_in(p, vf, weir_vfio_user_evict);
}

int left_lend(struct parent *p, unsigned vf) {
    return call_in(p, vf, weir_vfio_user_lend);
}

static void drop(struct parent *p, unsigned vf, const struct weir_vstack_left *l, const char *why) {
    int ret;
    left_evict(p, vf);
    ret = weir_vstack_left_drop(p->vs, vf);
    p->left--;
    parent_log(p, LOG_GUEST, "VF %u, which guest '%s' had from the parent before, is taken back: %s%s%s", vf, l->name,
               why, ret != 0 ? "; the card says: " : "", ret != 0 ? strerror(-ret) : "");
}

void left_open(struct parent *p) {
    struct weir_vstack_left l;
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++)
        p->left += weir_vstack_left(p->vs, vf, &l);
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++) {
        if (!weir_vstack_left(p->vs, vf, &l))
            continue;
        if (!l.whole)
            drop(p, vf, &l, "a hand-over was under way, or it does not run");
        else if (l.given && given_keep(p, vf, &l))
            p->left--;
        else if (l.given)
            drop(p, vf, &l, "it was given, and the table of guests does not say so any more");
    }
    p->left_at = parent_now_us();
}

// Whoever takes a name that the table does not keep for a user might not be whom the card means.
static bool is_its_name(struct parent *p, const char *name, uid_t uid) {
    return table_find(&p->table, name) != NULL || uid == 0 || uid == geteuid();
}

int left_join(struct parent *p, const struct weir_partition_hello *hello, uid_t uid,
              const struct weir_vstack_guest_config *gc, uint32_t *token) {
    struct weir_vstack_left l;
    int number = -ENOENT;
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++) {
        if (!weir_vstack_left(p->vs, vf, &l) || strcmp(l.name, gc->name) != 0)
            continue;
        if (hello->fn == vf + 1 && hello->vf_mtu == p->opt.mtu && is_its_name(p, gc->name, uid))
            number = weir_vstack_guest_adopt(p->vs, gc, vf, token);
        if (number >= 0)
            p->left--;
        else
            drop(p, vf, &l, hello->fn == vf + 1 ? "it cannot go on" : "the guest began anew");
        break;
    }
    if (hello->fn != 0 && number < 0)
        parent_log(p, LOG_GUEST, "guest '%s' says that it has function %u, which is not its", gc->name, hello->fn);
    return number;
}

void left_look(struct parent *p) {
    uint64_t now = parent_now_us(), turn = now - p->left_at;
    struct weir_vstack_left l;
    p->left_at = now;
    if (p->left == 0)
        return;
    p->left_turns += turn < LEFT_TURN_US ? turn : LEFT_TURN_US;
    for (unsigned vf = 0; vf < WEIR_NUM_VFS && p->left_turns > LEFT_US; vf++)
        if (weir_vstack_left(p->vs, vf, &l))
            drop(p, vf, &l, "the guest did not come");
}
