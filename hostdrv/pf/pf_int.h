// SPDX-License-Identifier: Apache-2.0
// Between the files of the PF driver.
#ifndef PF_INT_H
#define PF_INT_H

#include "weir/pf.h"

#define MAX_QPS 8u // of the default vPort

struct weir_pf {
    struct weir_dev *dev;
    struct weir_qp *qp[MAX_QPS];
    unsigned num_qps;
    unsigned num_vports;
    bool has_switch;
    bool taken_over;         // the switch is that of the driver before this one
    uint64_t base[32];       // what the switch had counted before it was created
    unsigned generations;    // vPorts created so far
    struct weir_dma records; // of VFs' states, from the first use on
};

// As the card has them.
int pf_read_counters(struct weir_pf *pf, unsigned vport, uint64_t *value);

#define CALL(pf, op, req, rsp) weir_mbox_call((pf)->dev, WEIR_CMD_##op, &(req), sizeof(req), &(rsp), sizeof(rsp), NULL)
#define CALL_NO_RSP(pf, op, req) weir_mbox_call((pf)->dev, WEIR_CMD_##op, &(req), sizeof(req), NULL, 0, NULL)

#endif
