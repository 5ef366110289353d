// SPDX-License-Identifier: Apache-2.0
// libsodium's files include <stdlib.h> and use nothing of it; the cores have no C library.
#include <stddef.h>
