# SPDX-License-Identifier: Apache-2.0
# Start of a core's program at the base of its TCM: watchdog, trap vector, memory protection, cleared .bss, painted stack,
# main. The loader has placed code and constants.
    .equ PAINT, 0xC0DEC0DE          # hal/hal_health.h
    .equ WDT_LOAD, 0x40000024       # checked in hal/hal_ctrl.c
    .equ WDT_CYCLES, 2000000        # 8 ms, until main has its own: a core that hangs before is seen, too
    .equ PMP_CFG, 0x8B888B8D        # all locked, top of range: code R X, data R W, guard nothing, the rest R W
    .section .text.start, "ax"
    .globl _start
_start:
    li t0, WDT_LOAD
    li t1, WDT_CYCLES
    sw t1, 0(t0)
    csrw mie, zero
    csrw mstatus, zero
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la t0, crt0_trap
    csrw mtvec, t0
    la t0, __code_end
    srli t0, t0, 2
    csrw pmpaddr0, t0
    la t0, __guard_bottom
    srli t0, t0, 2
    csrw pmpaddr1, t0
    la t0, __stack_bottom
    srli t0, t0, 2
    csrw pmpaddr2, t0
    li t0, 0x3FFFFFFF
    csrw pmpaddr3, t0
    li t0, PMP_CFG
    csrw pmpcfg0, t0
    la t0, __bss_start
    la t1, __bss_end
1:  bgeu t0, t1, 2f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 1b
2:  la t0, __stack_bottom
    li t1, PAINT
3:  sw t1, 0(t0)
    addi t0, t0, 4
    bltu t0, sp, 3b
    call main
    j .
# A trap is always a defect of the firmware, or of its memory: keep the registers, record, stop; the watchdog brings the
# core back. The handler has a stack of its own, because the other may be what failed; a trap in it only stops.
    .balign 4
crt0_trap:
    csrw mscratch, t0
    la t0, crt0_regs
    sw zero, 0(t0)
    .irp n, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    sw x\n, 4 * \n (t0)
    .endr
    csrr t1, mscratch
    sw t1, 20(t0)
    la t1, crt0_stop
    csrw mtvec, t1
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    mv a3, t0
    la sp, crt0_panic_top
    call panic_trap
    .balign 4
# Awake: a card that sleeps may have its clock stopped, and the watchdog with it.
crt0_stop:
    j crt0_stop
    .section .bss.crt0, "aw", @nobits
    .balign 16
crt0_regs:
    .space 128
    .space 1024
crt0_panic_top:
