// SPDX-License-Identifier: Apache-2.0
// Row 20d: see tests/system/storm.h. Says each storm on standard error, as the table has only the worst.
#include <stdio.h>

#include "bench.h"
#include "storm.h"

// A register access beside the worst of the storms on another socket of the simulator, 99th percentile against alone.
BENCH_SCENARIO(bench_storm) {
    struct storm_result alone = storm_run(-1);
    double worst = 0;
    (void)setup;

    for (unsigned i = 0; storm_name(i) != NULL; i++) {
        struct storm_result r = storm_run((int)i);
        double ratio = storm_ratio(&r, &alone);
        fprintf(stderr, "20d  %-30s p99 PF %5.0f of %3.0f, VF %5.0f of %3.0f cycles: %.2f\n", storm_name(i), r.pf,
                alone.pf, r.vf, alone.vf, ratio);
        worst = ratio > worst ? ratio : worst;
    }
    figure[0].value = worst;
}
