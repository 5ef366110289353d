# SPDX-License-Identifier: Apache-2.0
# Entry of the boot ROM. The stack is the top of core 0's TCM, which no image may fill (boot/rom.c has the bound). Before it is
# used, nobody else writes there any more: core 1 is held in reset and a bulk read of the flash is ended, whatever the
# firmware before a watchdog's reset meant by them. The offsets are checked in rom.c.
    .equ CORE1_RUN, 0x40000010
    .equ FLASH_CTL, 0x40070000
    .section .text.start, "ax"
    .globl _start
_start:
    csrw mie, zero
    li t0, CORE1_RUN
    sw zero, 0(t0)
    li t0, FLASH_CTL
    sw zero, 0(t0)
    la t0, rom_trap
    csrw mtvec, t0
# Memory that was never written has no right parity, and structures are copied with the bytes between their fields.
    li sp, 0x10040000
    li t0, 0x1003E000
1:  sw zero, 0(t0)
    addi t0, t0, 4
    bltu t0, sp, 1b
    call rom_main
# rom_main returns the entry of core 0.
    fence.i
    jr a0
rom_stop:
    wfi
    j rom_stop
    .balign 4
rom_trap:
    j rom_stop
