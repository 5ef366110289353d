// SPDX-License-Identifier: Apache-2.0
// Nobody hurts a neighbour, on the simulator's sockets: whatever one client does, another's access to a register is at
// most half as long again as alone, in card cycles. Bench row 20d is the same with its figure.
#include <ctype.h>

#include "storm.h"
#include "world.h"

static void check(unsigned nth, const struct storm_result *alone) {
    struct storm_result r = storm_run((int)nth);
    double ratio = storm_ratio(&r, alone);

    printf("%-30s %6u asked, p99 PF %5.0f, VF %5.0f cycles, %.2f of alone\n", storm_name(nth), r.asked, r.pf, r.vf,
           ratio);
    CHECK(r.asked > 10, "%s: the storm is a breeze, %u messages", storm_name(nth), r.asked);
    CHECK(ratio <= 1.5, "%s: %.2f times as long as alone", storm_name(nth), ratio);
}

// test_storm CASE: the case's words in small letters joined by underscores, or all.
int main(int argc, char **argv) {
    const char *which = argc > 1 ? argv[1] : "";
    struct storm_result alone = storm_run(-1);
    bool found = false;

    printf("%-30s %6s        p99 PF %5.0f, VF %5.0f cycles\n", "alone", "", alone.pf, alone.vf);
    for (unsigned i = 0; storm_name(i) != NULL; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s", storm_name(i));
        for (char *c = name; *c != '\0'; c++)
            *c = *c == ' ' || *c == '-' ? '_' : (char)tolower((unsigned char)*c);
        if (strcmp(which, "all") != 0 && strcmp(which, name) != 0)
            continue;
        found = true;
        check(i, &alone);
    }
    if (found)
        return 0;
    fprintf(stderr, "usage: test_storm all | <case>\n");
    return 2;
}
