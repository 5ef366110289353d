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
    // A vPort's counters start again when its id is used again; what they said till then still belongs to the ledger.
    bool had_vport[WEIR_NUM_VPORTS]; // in this driver's life
    uint64_t base[32];               // what the switch had counted before it
    uint64_t retired[32];
    unsigned lives;        // vPorts created so far
    struct weir_dma lines; // of VFs' states, from the first use on
};

#define CALL(pf, op, req, rsp) weir_mbox_call((pf)->dev, WEIR_CMD_##op, &(req), sizeof(req), &(rsp), sizeof(rsp), NULL)
#define CALL_NO_RSP(pf, op, req) weir_mbox_call((pf)->dev, WEIR_CMD_##op, &(req), sizeof(req), NULL, 0, NULL)

#endif
