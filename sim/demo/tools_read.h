// SPDX-License-Identifier: Apache-2.0
// What ping and iperf3 print, as numbers of a report. What they did not say stays -1.
#ifndef WEIR_DEMO_TOOLS_READ_H
#define WEIR_DEMO_TOOLS_READ_H

#include "report.h"

// All of it unknown.
void tools_unknown(struct report_tool *t);
// Of `ping -q`.
void tools_read_ping(struct report_tool *t, const char *output);
// Of `iperf3 -J`.
void tools_read_iperf(struct report_tool *t, const char *output);

#endif
