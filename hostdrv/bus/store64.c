// SPDX-License-Identifier: Apache-2.0
// See store64.h.
#include "store64.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>

bool store64_works(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c & bit_MOVDIR64B) != 0;
}

__attribute__((target("movdir64b"))) void store64(volatile void *to, const void *from) {
    _mm_mfence();
    _movdir64b((void *)(uintptr_t)to, from);
    _mm_sfence();
}
#else
bool store64_works(void) {
    return false;
}

void store64(volatile void *to, const void *from) {
    (void)to;
    (void)from;
}
#endif
