// SPDX-License-Identifier: Apache-2.0
// Judges a demo run by what was asked of it: fills in `failed` of a step or a tool, "" when there is nothing to
// complain of. A surprise that was asked for may lose what the ledger counts; a planned move may lose nothing, and
// comes for the reason it was asked for. A tool may miss what the ledger explains.
#ifndef WEIR_DEMO_VERDICT_H
#define WEIR_DEMO_VERDICT_H

#include "report.h"

void verdict_step(struct report_step *s);
void verdict_tool(struct report_tool *t);

#endif
