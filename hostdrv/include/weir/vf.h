// SPDX-License-Identifier: Apache-2.0
// The VF driver in a guest: its function, its queue pairs. It knows no vPort and no PF (rules 3.14, 4.7).
#ifndef WEIR_VF_H
#define WEIR_VF_H

#include "weir/device.h"
#include "weir/qp.h"

struct weir_vf;

struct weir_vf_config {
    uint8_t tx_log2, rx_log2;
    uint32_t buf_bytes;
    unsigned max_qps; // use at most this many of those the vPort has; 0 = all
    // The function it must be: number on its card, and permanent address. 0: any.
    unsigned fn;
    uint8_t mac[6];
};

// Brings the VF up with all receive rings armed. Takes the bus over in any case. -ENXIO: it is another than it must be.
int weir_vf_open(struct weir_bus *bus, const struct weir_vf_config *cfg, struct weir_vf **vf, char *err,
                 size_t err_size);
// Stops the queues and lets the function go. NULL is fine.
void weir_vf_close(struct weir_vf *vf);
// The function is gone: touch no register any more; what is in memory can still be polled.
void weir_vf_surprise(struct weir_vf *vf);

struct weir_dev *weir_vf_dev(struct weir_vf *vf);
unsigned weir_vf_num_qps(const struct weir_vf *vf);
struct weir_qp *weir_vf_qp(struct weir_vf *vf, unsigned i);
const uint8_t *weir_vf_mac(const struct weir_vf *vf);
// How its frames spread over its queue pairs: `count`, a power of two up to 64, of their numbers; the Toeplitz key.
// Both are the VF's own and change nobody else's. 0 or negative errno.
int weir_vf_rss_table(struct weir_vf *vf, const uint8_t *entry, unsigned count);
int weir_vf_rss_key(struct weir_vf *vf, const uint8_t key[40]);
// True when the PF asks this function to stop and reopen (FN_EVENT RESET), when it was reset, by the PF or by the guest
// itself, or it vanished. Three reads of its BAR.
bool weir_vf_must_stop(struct weir_vf *vf);
// weir_qp_watch of each queue pair; returns how many doorbells were rung again.
unsigned weir_vf_watch(struct weir_vf *vf);

#endif
