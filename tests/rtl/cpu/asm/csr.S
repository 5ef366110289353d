/* SPDX-License-Identifier: Apache-2.0 */
/* Control registers: the six instructions, legal values, registers that are read-only, absent or zero. */
#include "test.inc"
test:
    mv s0, ra
    li a0, 0xF0F0A5A5
    csrw mscratch, a0
    csrrw a1, mscratch, zero
    CHECK_REG(1, a1, a0)
    csrrs a1, mscratch, a0
    CHECK(2, a1, 0)
    li a2, 0xFF
    csrrc a1, mscratch, a2
    CHECK_REG(3, a1, a0)
    csrrsi a1, mscratch, 31
    CHECK(4, a1, 0xF0F0A500)
    csrrci a1, mscratch, 17
    CHECK(5, a1, 0xF0F0A51F)
    csrrwi a1, mscratch, 9
    CHECK(6, a1, 0xF0F0A50E)
    csrr a1, mscratch
    CHECK(7, a1, 9)
    csrr a1, misa
    CHECK(8, a1, 0x40001104)
    csrw misa, zero
    csrr a1, misa
    CHECK(9, a1, 0x40001104)
    csrr a1, mhartid
    CHECK(10, a1, 0)
    li a0, -1
    csrw mepc, a0
    csrr a1, mepc
    CHECK(11, a1, 0xFFFFFFFE)
    csrr a3, mtvec
    csrw mtvec, a0
    csrr a1, mtvec
    csrw mtvec, a3
    CHECK(12, a1, 0xFFFFFFFD)
    csrw mie, a0
    csrr a1, mie
    CHECK(13, a1, 0x888)
    csrw mie, zero
    csrw mip, a0
    csrr a1, mip
    CHECK(14, a1, 0)
    li a0, 0x1FFFF777
    csrw mstatus, a0
    csrr a1, mstatus
    CHECK(15, a1, 0x1800)
    csrw mcause, a0
    csrr a1, mcause
    CHECK(16, a1, 0x17)
    csrr a1, mvendorid
    CHECK(17, a1, 0)
    csrr a1, 0x310
    CHECK(18, a1, 0)
    li a0, -1
    csrw 0x323, a0
    csrr a1, 0x323
    CHECK(19, a1, 0)
    csrw 0xB1F, a0
    csrr a1, 0xB1F
    CHECK(20, a1, 0)
    csrw tselect, a0
    csrr a1, tselect
    CHECK(21, a1, 0)
    /* Absent: mcounteren, satp, time; read-only: mhartid, cycle. csrrs with x0 reads only. */
    li a6, 0x306025F3
    EXPECT_REG(22, 2, a6)
1:  .word 0x306025F3
    TRAPPED
    li a6, 0x180025F3
    EXPECT_REG(23, 2, a6)
1:  .word 0x180025F3
    TRAPPED
    li a6, 0xC01025F3
    EXPECT_REG(24, 2, a6)
1:  .word 0xC01025F3
    TRAPPED
    li a6, 0xF14015F3
    EXPECT_REG(25, 2, a6)
1:  .word 0xF14015F3
    TRAPPED
    li a6, 0xC000E073
    EXPECT_REG(26, 2, a6)
1:  .word 0xC000E073
    TRAPPED
    csrrs a1, 0xC00, zero
    csrrc a1, mhartid, zero
    /* sret, uret, sfence.vma and wrong system encodings do not exist. */
    li a6, 0x10200073
    EXPECT_REG(27, 2, a6)
1:  .word 0x10200073
    TRAPPED
    li a6, 0x12000073
    EXPECT_REG(28, 2, a6)
1:  .word 0x12000073
    TRAPPED
    li a6, 0x30200573
    EXPECT_REG(29, 2, a6)
1:  .word 0x30200573
    TRAPPED
    li a6, 0x00004573
    EXPECT_REG(30, 2, a6)
1:  .word 0x00004573
    TRAPPED
    CHECK(31, s11, 9)
    jr s0
