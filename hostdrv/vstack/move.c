// SPDX-License-Identifier: Apache-2.0
// Moves a guest's addresses between the default vPort and its VF's. Each is one table write of the card's, in one cycle
// (rules 3.10); a guest's own address goes first and its flood membership with it, because only that can be refused
// with nothing moved. The fence goes behind the last: what it closes off is all that the old path had of any address.
#include <errno.h>

#include "vstack_int.h"

// flags: WEIR_MOVE_FENCE or WEIR_MOVE_DRAIN. 0 when all is where it should be, -EAGAIN to be called again, else the
// card's answer; g->on_vport says where the guest's own address is then.
int vstack_move(struct weir_vstack *vs, struct guest *g, bool to_vf, unsigned flags) {
    unsigned vport = (unsigned)g->vport, src = to_vf ? 0 : vport, dst = to_vf ? vport : 0;
    unsigned macs = weir_netvsp_macs(vs->nv, g->port), fence = flags & WEIR_MOVE_FENCE;
    int err;

    for (unsigned i = 0; i < macs; i++) {
        unsigned own = i == 0 ? WEIR_MOVE_FLOOD | (flags & WEIR_MOVE_DRAIN) | (macs == 1 ? fence : 0) : 0;
        uint32_t cycle;
        uint8_t epoch;
        if (weir_netvsp_on_vf(vs->nv, g->port, i) == to_vf)
            continue;
        vs->moving = true;
        err = weir_pf_move_filter(vs->pf, weir_netvsp_filter(vs->nv, g->port, i), src, dst, own, g->token, &epoch,
                                  &cycle);
        vs->moving = false;
        if (err != 0)
            return err;
        weir_netvsp_moved(vs->nv, g->port, i, to_vf, vport, epoch, g->token);
        if (i != 0)
            continue;
        g->on_vport = to_vf;
        vstack_path_since(vs, g, cycle);
        g->rec.epoch = epoch;
        g->rec.cycle_move = cycle;
    }
    return macs != 1 && fence != 0 ? weir_pf_fence(vs->pf, src, g->token) : 0;
}
