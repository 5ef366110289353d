/* SPDX-License-Identifier: Apache-2.0
   core-work on the bare core: stack, main, then the exit code by tohost; .bss is zero because memory begins so. An interrupt
   is taken and returned from when its line falls, which the bench times. */
    .section .text.start, "ax"
    .globl _start
_start:
    la sp, stack_top
    la t0, interrupt
    csrw mtvec, t0
    li t0, 1 << 11
    csrw mie, t0
    csrsi mstatus, 8
    li a0, ROUNDS
    li a1, 0x1234
    call core_work
    la t0, begin_signature
    sw a0, 0(t0)
    li a0, 1
    la t0, tohost
1:  sw a0, 0(t0)
    sw zero, 4(t0)
    j 1b
    .balign 4
interrupt:
    csrw mscratch, t0
1:  csrr t0, mip
    bnez t0, 1b
    csrr t0, mscratch
    mret
    .section .tohost, "aw"
    .balign 64
    .globl tohost
tohost: .dword 0
    .balign 64
    .globl fromhost
fromhost: .dword 0
    .data
    .balign 4
    .globl begin_signature, end_signature
begin_signature: .word 0
end_signature:
    .bss
    .balign 16
    .space 4096
stack_top:
