/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed instructions by hand-made values; 32-bit ones across word boundaries; jumps to odd halfwords; code written by
   the program and FENCE.I; vectored trap base. */
#include "test.inc"
test:
    mv s0, ra
    li a0, 0x1000
    c.li a1, -32
    CHECK(1, a1, -32)
    c.addi a1, 31
    CHECK(2, a1, -1)
    c.lui a2, 0xfffe1
    CHECK(3, a2, 0xFFFE1000)
    c.lui a2, 31
    CHECK(4, a2, 0x1F000)
    mv s1, sp
    c.addi16sp sp, -512
    sub a3, s1, sp
    CHECK(5, a3, 512)
    c.addi16sp sp, 496
    sub a3, s1, sp
    CHECK(6, a3, 16)
    c.addi4spn a4, sp, 1020
    sub a3, a4, sp
    CHECK(7, a3, 1020)
    mv sp, s1
    la a4, cells
    li a5, 0xCAFE0123
    c.sw a5, 124(a4)
    lw a3, 124(a4)
    CHECK_REG(8, a3, a5)
    c.lw a3, 124(a4)
    CHECK_REG(9, a3, a5)
    mv sp, a4
    c.swsp a5, 252(sp)
    c.lwsp a3, 252(sp)
    lw a5, 252(a4)
    mv sp, s1
    CHECK_REG(10, a3, a5)
    li a3, 0x80000005
    c.srai a3, 1
    CHECK(11, a3, 0xC0000002)
    c.srli a3, 31
    CHECK(12, a3, 1)
    c.slli a3, 31
    CHECK(13, a3, 0x80000000)
    c.andi a3, -2
    CHECK(14, a3, 0x80000000)
    li a4, 0x0F0F
    li a5, 0x00FF
    c.and a4, a5
    CHECK(15, a4, 0x000F)
    c.xor a4, a5
    CHECK(16, a4, 0x00F0)
    c.or a4, a5
    CHECK(17, a4, 0x00FF)
    c.sub a4, a5
    CHECK(18, a4, 0)
    c.mv a4, a5
    c.add a4, a5
    CHECK(19, a4, 0x1FE)
    c.beqz a4, fail
    c.bnez a4, 2f
    j fail
    .balign 4
    c.nop
2:  .option push
    .option norvc
    addi a4, a4, 1   /* crosses a word */
    jal ra, 3f       /* so does this; ra is 2 behind a word */
4:  addi a4, a4, 16
    .option pop
    c.j 5f
3:  la a5, 4b
    CHECK_REG(20, ra, a5)
    c.jr ra
5:  CHECK(21, a4, 0x20F)
    la a3, 6f
    c.jalr a3
7:  j 8f
6:  la a5, 7b
    CHECK_REG(22, ra, a5)
    c.jr ra
8:  /* A program writes its own code: C.LI a0, 7 in place of C.LI a0, 1. */
    la a3, patch
    li a4, 0x451D
    sh a4, 0(a3)
    fence.i
patch: c.li a0, 1
    CHECK(23, a0, 7)
    /* Vectored: exceptions still go to the base. */
    la a3, trap
    ori a3, a3, 1
    csrw mtvec, a3
    EXPECT(24, 11, 0)
1:  ecall
    TRAPPED
    jr s0
    .data
    .balign 4
cells: .space 256
