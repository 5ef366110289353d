// SPDX-License-Identifier: Apache-2.0
// The guest wakes up at another host (rules 12.3). Its memory came with it, the old channel among it: what the last
// parent had put there is older than whatever the new one sends. What the guest would still say to its last parent is
// said to nobody.
#include <errno.h>

#include "netvsc_int.h"

int weir_netvsc_migrate(struct weir_netvsc *n, struct weir_channel *channel) {
    if (n->state == WEIR_NETVSC_DEAD)
        return -EPIPE;
    if (n->state != WEIR_NETVSC_SYNTHETIC)
        return -EBUSY;
    while (netvsc_read_channel(n) != 0 && n->state == WEIR_NETVSC_SYNTHETIC) {
    }
    if (n->state != WEIR_NETVSC_SYNTHETIC)
        return -EPIPE; // the last parent had closed it, or an offer was under way
    n->stats.tx_untaken += weir_channel_untaken(n->cfg.channel, WEIR_MSG_TX_FRAME);
    netvsc_base_counters(n);
    n->cfg.channel = channel;
    n->token = 0;
    n->why = WEIR_WHY_MIGRATION;
    return 0;
}
