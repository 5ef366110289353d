/* SPDX-License-Identifier: Apache-2.0 */
/* Output by the host-target interface: a write system call, then two characters. */
#include "test.inc"
test:
    la a0, message
    la a1, tohost
    la a2, fromhost
    sw zero, 4(a1)
    sw a0, 0(a1)
1:  lw a3, 0(a2)
    beqz a3, 1b
    sw zero, 0(a2)
    lw a3, 0(a0)
    CHECK(1, a3, 6)
    li a4, 0x01010000
    li a5, 'O'
    sw a5, 0(a1)
    sw a4, 4(a1)
2:  lw a3, 0(a1)
    bnez a3, 2b
    li a5, 'K'
    sw a4, 4(a1)
    sw a5, 0(a1)
3:  lw a3, 0(a1)
    bnez a3, 3b
    ret
    .data
    .balign 8
message: .dword 64, 1
    .word text, 0
    .dword 6
text: .ascii "hello\n"
