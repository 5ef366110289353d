# SPDX-License-Identifier: Apache-2.0
# Start of a core's program at the base of its TCM: trap vector, stack, cleared .bss, main. The loader has placed .data.
    .section .text.start, "ax"
    .globl _start
_start:
    csrw mie, zero
    csrw mstatus, zero
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la t0, crt0_trap
    csrw mtvec, t0
    la t0, __bss_start
    la t1, __bss_end
1:  bgeu t0, t1, 2f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 1b
2:  call main
    j .
# A trap is always a defect of the firmware: keep pc, cause, value and stop; the watchdog brings the core back.
    .balign 4
crt0_trap:
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    mv a3, sp
    la sp, __stack_top
    call panic_trap
    j .
