// SPDX-License-Identifier: Apache-2.0
// See fake.h: weir/vf.h with one VF of two queue pairs.
#include <stdio.h>

#include "fake.h"

struct weir_vf fake_vf;

int weir_vf_open(struct weir_bus *bus, const struct weir_vf_config *cfg, struct weir_vf **vf, char *err,
                 size_t err_size) {
    (void)bus;
    (void)cfg;
    fake_vf.opened++;
    if (fake_vf.open_result != 0) {
        snprintf(err, err_size, "the fake VF does not open");
        return fake_vf.open_result;
    }
    fake_vf.open = true;
    fake_vf.surprised = false;
    fake_vf.must_stop = false;
    for (unsigned i = 0; i < 2; i++)
        fake_qp_reset(&fake_vf.qp[i]);
    *vf = &fake_vf;
    return 0;
}

void weir_vf_close(struct weir_vf *vf) {
    if (vf == NULL)
        return;
    vf->closed++;
    vf->open = false;
}

void weir_vf_surprise(struct weir_vf *vf) {
    vf->surprised = true;
    for (unsigned i = 0; i < 2; i++)
        vf->qp[i].removed = true;
}

unsigned weir_vf_num_qps(const struct weir_vf *vf) {
    (void)vf;
    return 2;
}

struct weir_qp *weir_vf_qp(struct weir_vf *vf, unsigned i) {
    return &vf->qp[i];
}

unsigned weir_vf_watch(struct weir_vf *vf) {
    vf->watched++;
    return vf->deaf ? 1 : 0;
}

bool weir_vf_must_stop(struct weir_vf *vf) {
    return vf->must_stop;
}

struct weir_dev *weir_vf_dev(struct weir_vf *vf) {
    return (struct weir_dev *)(void *)vf;
}

// ---- the device under it ----

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    (void)bus;
    *value = offset == WEIR_BAR_CYCLE && !fake_vf.mute ? fake_vf.clock : UINT32_MAX;
    return 0;
}

static const struct weir_bus_ops ops = {.name = "fake", .bar_read = bar_read};
static struct weir_bus bus_of_vf = {&ops};

struct weir_bus *weir_dev_bus(struct weir_dev *dev) {
    (void)dev;
    return &bus_of_vf;
}

bool weir_dev_dead(const struct weir_dev *dev) {
    (void)dev;
    return false;
}
