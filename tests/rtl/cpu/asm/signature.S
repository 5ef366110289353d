/* SPDX-License-Identifier: Apache-2.0 */
/* Division and multiplication at their edges into a signature, as the public architecture tests do. */
#include "test.inc"
#define PAIR(a, b) li a0, a; li a1, b; \
    mul a2, a0, a1; sw a2, 0(s1); mulh a2, a0, a1; sw a2, 4(s1); mulhsu a2, a0, a1; sw a2, 8(s1); mulhu a2, a0, a1; sw a2, 12(s1); \
    div a2, a0, a1; sw a2, 16(s1); divu a2, a0, a1; sw a2, 20(s1); rem a2, a0, a1; sw a2, 24(s1); remu a2, a0, a1; sw a2, 28(s1); \
    addi s1, s1, 32
test:
    la s1, begin_signature
    PAIR(7, 0)
    PAIR(0x80000000, -1)
    PAIR(-7, 2)
    PAIR(0x80000000, 3)
    ret
    .data
    .balign 16
    .globl begin_signature, end_signature
begin_signature: .space 128
end_signature:
