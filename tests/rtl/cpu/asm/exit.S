/* SPDX-License-Identifier: Apache-2.0 */
/* Ends with exit code 42. */
#include "test.inc"
test:
    li gp, 42
    j fail
