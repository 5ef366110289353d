// SPDX-License-Identifier: Apache-2.0
// The part of <string.h> that libsodium's files need on the cores, which have no C library (hal/hal_lib.c has the
// bodies).
#ifndef WEIR_SODIUM_STRING_H
#define WEIR_SODIUM_STRING_H

#include "hal/hal_lib.h"

#endif
