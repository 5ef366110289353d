// SPDX-License-Identifier: Apache-2.0
// libsodium's files include <sys/types.h> and use nothing of it; the cores have no C library.
#include <stddef.h>
