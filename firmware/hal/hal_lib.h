// SPDX-License-Identifier: Apache-2.0
// memcpy and friends: the cross compiler comes without a C library, the host build has one.
#ifndef HAL_LIB_H
#define HAL_LIB_H

#include <stddef.h>
#include <stdint.h>

// A word of any object.
typedef uint32_t __attribute__((may_alias)) hal_word;

#ifdef WEIR_HOST
#include <string.h>
#else
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int value, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

#endif
