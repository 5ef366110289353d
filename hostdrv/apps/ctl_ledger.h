// SPDX-License-Identifier: Apache-2.0
// The ledger on its way through the control socket: in = out + drops by reason, for the port and for each vPort.
#ifndef WEIR_APPS_CTL_LEDGER_H
#define WEIR_APPS_CTL_LEDGER_H

#include <json-c/json.h>

#include "weir/netvsp.h"
#include "weir/pf.h"

// Adds "balanced", "text", "port" and "vport" to an answer. 0 or negative errno of the card.
int ctl_ledger_answer(struct weir_pf *pf, unsigned num_vports, struct json_object *rsp);
// What the synthetic path did of one guest's frames: sent and taken, dropped by reason.
struct json_object *ctl_ledger_guest(const char *name, const struct weir_netvsp_port_stats *s);
// All of a guest's counters on the synthetic path.
struct json_object *ctl_counters_guest(const struct weir_netvsp_port_stats *s);

#endif
