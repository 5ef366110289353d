# SPDX-License-Identifier: Apache-2.0
# Entry of the boot ROM. The stack is the top of core 0's TCM, which no image may fill (boot/rom.c checks).
    .section .text.start, "ax"
    .globl _start
_start:
    csrw mie, zero
    li sp, 0x10020000
    la t0, rom_trap
    csrw mtvec, t0
    call rom_main
# rom_main returns the entry of core 0, or 0 when no slot holds a good image.
    beqz a0, rom_stop
    fence.i
    jr a0
rom_stop:
    wfi
    j rom_stop
    .balign 4
rom_trap:
    j rom_stop
