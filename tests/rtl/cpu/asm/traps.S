/* SPDX-License-Identifier: Apache-2.0 */
/* Every exception with cause, value and pc; a trap writes nothing; mret. */
#include "test.inc"
test:
    mv s0, ra
    la a0, word
    addi a1, a0, 1
    addi a2, a0, 2
    li a5, 77
    EXPECT_REG(1, 4, a1)
1:  lw a5, 1(a0)
    TRAPPED
    CHECK(2, a5, 77)
    EXPECT_REG(3, 4, a2)
1:  lw a5, 2(a0)
    TRAPPED
    EXPECT_REG(4, 4, a1)
1:  lhu a5, 1(a0)
    TRAPPED
    EXPECT_REG(5, 6, a1)
1:  sh a5, 1(a0)
    TRAPPED
    EXPECT_REG(6, 6, a2)
1:  sw a5, 2(a0)
    TRAPPED
    lw a5, 0(a0)
    CHECK(7, a5, 0x12345678)
    li a3, 0x70000000
    EXPECT(8, 5, 0x70000004)
1:  lw a5, 4(a3)
    TRAPPED
    CHECK(9, a5, 0x12345678)
    EXPECT(10, 7, 0x70000001)
1:  sb a5, 1(a3)
    TRAPPED
    EXPECT(11, 2, 0xFFFFFFFF)
1:  .word 0xFFFFFFFF
    TRAPPED
    EXPECT(12, 2, 0)
1:  .half 0
    TRAPPED
    EXPECT(13, 2, 0x8002)
1:  .half 0x8002
    TRAPPED
    EXPECT(14, 11, 0)
1:  ecall
    TRAPPED
    li gp, 15
    la s9, 1f
    EXPECT_REG(15, 3, s9)
1:  .option push
    .option norvc
    ebreak
    .option pop
    TRAPPED
    la s9, 1f
    EXPECT_REG(16, 3, s9)
1:  c.ebreak
    TRAPPED
    li a3, 0x70000003
    addi a4, a3, -1
    EXPECT_FETCH(17, a4, a4)
    jalr a3
    TRAPPED
    CHECK(18, s11, 14)
    /* mret takes MPIE into MIE and sets MPIE; MPP stays machine. */
    li t0, 0x1888
    csrc mstatus, t0
    csrr a5, mstatus
    CHECK(19, a5, 0x1800)
    la t0, 2f
    csrw mepc, t0
    mret
2:  csrr a5, mstatus
    CHECK(20, a5, 0x1880)
    jr s0
    .data
    .balign 4
word: .word 0x12345678
