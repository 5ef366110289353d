// SPDX-License-Identifier: Apache-2.0
// core-work on the host: prints the result as a signature line, for comparison with the core's.
#include <inttypes.h>
#include <stdio.h>

#include "core_work.h"

int main(void) {
    printf("%08" PRIx32 "\n", core_work(CORE_WORK_ROUNDS, 0x1234));
    return 0;
}
