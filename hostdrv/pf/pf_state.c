// SPDX-License-Identifier: Apache-2.0
// A VF's state, see weir/pf.h.
#include <errno.h>
#include <string.h>

#include "pf_int.h"

#define ARRIVE_US 1000u

int weir_pf_stop_vf(struct weir_pf *pf, unsigned vf) {
    struct weir_set_vf_state_req req = {.vf = (uint16_t)vf, .state = WEIR_VF_STOPPED};
    return CALL_NO_RSP(pf, SET_VF_STATE, req);
}

int weir_pf_run_vf(struct weir_pf *pf, unsigned vf) {
    struct weir_set_vf_state_req req = {.vf = (uint16_t)vf, .state = WEIR_VF_ALLOCATED};
    return CALL_NO_RSP(pf, SET_VF_STATE, req);
}

// Memory the card reads and writes records in, kept from the first use on.
static int records(struct weir_pf *pf, struct weir_qp_state_record **record) {
    struct weir_bus *bus = weir_dev_bus(pf->dev);
    int err = 0;
    if (pf->records.mem == NULL)
        err = bus->ops->dma_alloc(bus, sizeof(((struct weir_vf_saved *)NULL)->record), &pf->records);
    *record = pf->records.mem;
    return err;
}

// A call that the card did not finish may touch the records later: the next one gets others.
static int unfinished(struct weir_pf *pf, int err) {
    if (err == -ETIMEDOUT || err == -ECANCELED || err == -EPROTO)
        weir_dev_dma_free(pf->dev, &pf->records, false);
    return err;
}

// The card's writes and its answer go different ways: a record's version says that it has arrived.
static bool arrived(const struct weir_qp_state_record *record, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (WEIR_QPS_GET((const volatile struct weir_qp_state_record *)&record[i], VERSION) == 0)
            return false;
    return true;
}

int weir_pf_save_vf(struct weir_pf *pf, unsigned vf, struct weir_vf_saved *state) {
    struct weir_bus *bus = weir_dev_bus(pf->dev);
    struct weir_save_vf_req req = {.vf = (uint16_t)vf};
    struct weir_qp_state_record *record;
    int err = records(pf, &record);
    if (err != 0)
        return err;
    memset(record, 0, sizeof(state->record));
    memset(state, 0, sizeof(*state));
    req.addr = pf->records.iova;
    err = CALL(pf, SAVE_VF, req, state->image);
    if (err != 0)
        return unfinished(pf, err);
    if (state->image.num_qps > WEIR_VF_MAX_QPS)
        return unfinished(pf, -EPROTO);
    for (unsigned waited = 0; !arrived(record, state->image.num_qps);) {
        if (waited >= ARRIVE_US)
            return unfinished(pf, -ETIMEDOUT);
        waited += bus->ops->pass(bus, 1);
    }
    memcpy(state->record, record, state->image.num_qps * sizeof(*record));
    return 0;
}

int weir_pf_load_vf(struct weir_pf *pf, unsigned vf, const struct weir_vf_saved *state) {
    struct weir_load_vf_req req = {.image = state->image};
    struct weir_qp_state_record *record;
    int err = records(pf, &record);
    if (err != 0)
        return err;
    memcpy(record, state->record, sizeof(state->record));
    req.addr = pf->records.iova;
    req.image.vf = (uint16_t)vf;
    return unfinished(pf, CALL_NO_RSP(pf, LOAD_VF, req));
}
