/* SPDX-License-Identifier: Apache-2.0 */
/* mcycle and minstret: what they count, writes, carry, inhibit; one cycle an instruction, a taken branch too. */
#include "test.inc"
test:
    mv s0, ra
    csrr a0, minstret
    nop
    nop
    csrr a1, minstret
    sub a1, a1, a0
    CHECK(1, a1, 3)
    /* An instruction that traps is not counted, its handler is. */
    csrr a0, mcycle
    j 2f
2:  nop
    .option push
    .option norvc
    addi a2, zero, 1
    .option pop
    nop
    csrr a1, mcycle
    sub a1, a1, a0
    CHECK(2, a1, 5)
    /* A load costs a cycle only when its value is wanted at once. */
    la a3, cell
    csrr a0, mcycle
    lw a2, 0(a3)
    nop
    mv a4, a2
    csrr a1, mcycle
    sub a1, a1, a0
    CHECK(3, a1, 4)
    csrr a0, mcycle
    lw a2, 0(a3)
    mv a4, a2
    csrr a1, mcycle
    sub a1, a1, a0
    CHECK(4, a1, 4)
    /* Carry into the high half; a written counter does not count its writer. */
    li a0, -1
    csrw minstreth, zero
    csrw minstret, a0
    csrr a1, minstret
    csrr a2, minstret
    csrr a3, minstreth
    CHECK(5, a1, -1)
    CHECK(6, a2, 0)
    CHECK(7, a3, 1)
    li a0, 4
    csrw mcountinhibit, a0
    csrr a0, minstret
    nop
    csrr a1, minstret
    CHECK_REG(8, a1, a0)
    li a0, 1
    csrw mcountinhibit, a0
    csrr a0, mcycle
    nop
    csrr a1, mcycle
    CHECK_REG(9, a1, a0)
    csrw mcountinhibit, zero
    csrr a0, cycle
    csrr a1, mcycle
    sub a1, a1, a0
    CHECK(10, a1, 1)
    jr s0
    .data
    .balign 4
cell: .word 5
