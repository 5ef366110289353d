// SPDX-License-Identifier: Apache-2.0
// Who gets the VFs when there are more guests than VFs: a rule on numbers, without a card, a clock or a wait of its
// own. One decision a look, and none while a VF is on its way: the next look sees what became of it.
//
// A guest waits for a VF when it is busy, or pinned. A free VF beyond the reserve goes to the first of those who wait:
// the pinned, then the higher priority, then who has waited a turn, then the busiest. With none free, one is taken
// first from who is idle (the longest idle of the lowest priority), else from who is less: of a lower priority, or of
// the same with half the load, or that had its turn while the other waited for one. Nobody who is pinned, or came to
// its path less than the hold ago, is moved; and a bucket of tokens bounds how often VFs are taken at all.
#ifndef WEIR_VSTACK_SHARE_H
#define WEIR_VSTACK_SHARE_H

#include "weir/rate.h"
#include "weir/vstack.h"

// One guest, zero at first.
struct share_guest {
    // Said before each look:
    bool here;   // it is at rest, or moving, and not failed
    bool on_vf;  // at rest on its VF;
    bool moving; //   between its paths, a VF held for it
    bool barred; // nothing gives it a VF
    bool pinned; // it keeps its VF, and waits for one whether busy or not
    unsigned priority;
    uint64_t frames; // of its, over both paths, since it came
    // The rule's own:
    bool seen, was_on_vf, given, taken;
    uint64_t before, load;       // frames per second, of the last two looks or so
    uint64_t since, used, waits; // on its path since; busy last; busy without a VF since, 0 = it is not
    unsigned failed;             // times in a row that it did not take, or lost, what it was given
};

struct share {
    struct weir_vstack_share cfg;
    struct weir_rate takes;
    uint64_t looked;
};

enum share_what { SHARE_NOTHING, SHARE_GIVE, SHARE_TAKE };
struct share_move {
    enum share_what what;
    unsigned guest; // index
};

// Defaults where a field is 0; begins with a full bucket.
void share_set(struct share *s, const struct weir_vstack_share *cfg, uint64_t now_us);
// guest: `count` pointers, NULL = none there. free_vfs: nobody has them, the reserve included.
struct share_move share_look(struct share *s, struct share_guest *const *guest, unsigned count, unsigned free_vfs,
                             uint64_t now_us);

#endif
