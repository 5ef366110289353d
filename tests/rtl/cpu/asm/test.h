/* SPDX-License-Identifier: Apache-2.0
   Frame of a bare-metal test: numbered checks; a failed one ends with its number as the exit code. Traps go to `trap`, which
   compares with what the test said it expects (EXPECT) and goes on behind the instruction. s11 counts traps. */
#define CHECK(n, reg, value) li gp, n; li t6, value; bne reg, t6, fail
#define CHECK_REG(n, reg, other) li gp, n; bne reg, other, fail
/* The next trap must have this cause and value, and comes at the label `1f`. */
#define EXPECT(n, cause, tval) li gp, n; li s10, cause; li s9, tval; la s8, 1f; li s7, 1
#define EXPECT_REG(n, cause, reg) li gp, n; li s10, cause; mv s9, reg; la s8, 1f; li s7, 1
/* The next trap is a fetch fault of the instruction at pc, in its half at tval. */
#define EXPECT_FETCH(n, tval, pc) li gp, n; li s10, 1; mv s9, tval; mv s8, pc; li s7, 1
/* Behind the instruction at 1: it trapped. */
#define TRAPPED bnez s7, fail

    .section .text.start, "ax"
    .globl _start
_start:
    la t0, trap
    csrw mtvec, t0
    la sp, stack_top
    li s11, 0
    li s7, 0
    call test
    li gp, 0
    j finish
fail:
finish:
    slli gp, gp, 1
    ori gp, gp, 1
    la t0, tohost
1:  sw gp, 0(t0)
    sw zero, 4(t0)
    j 1b
    .balign 4
trap:
    beqz s7, fail
    li s7, 0
    addi s11, s11, 1
    csrr t3, mcause
    bne t3, s10, fail
    csrr t3, mtval
    bne t3, s9, fail
    csrr t3, mepc
    bne t3, s8, fail
    /* Fetch faults return to the caller, the others behind the instruction. */
    li t4, 1
    csrr t5, mcause
    bne t5, t4, 2f
    csrw mepc, ra
    mret
2:  lhu t4, 0(t3)
    andi t4, t4, 3
    li t5, 3
    addi t3, t3, 2
    bne t4, t5, 3f
    addi t3, t3, 2
3:  csrw mepc, t3
    mret

    .section .tohost, "aw"
    .balign 64
    .globl tohost
tohost: .dword 0
    .balign 64
    .globl fromhost
fromhost: .dword 0
    .bss
    .balign 16
    .space 1024
stack_top:
    .text
