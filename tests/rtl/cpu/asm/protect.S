/* SPDX-License-Identifier: Apache-2.0 */
/* Memory protection as the firmware sets it: code read-only, a guard nobody may touch, no execution of data. */
#include "test.inc"
test:
    mv s0, ra
    la a0, code_end
    srli a0, a0, 2
    csrw pmpaddr0, a0
    la a1, guard
    srli a2, a1, 2
    csrw pmpaddr1, a2
    addi a2, a2, 16
    csrw pmpaddr2, a2
    li a2, 0x3FFFFFFF
    csrw pmpaddr3, a2
    csrr a3, pmpaddr3
    CHECK_REG(1, a3, a2)
    /* Not locked: no effect in machine mode. Write without read is no legal value. */
    li a2, 0x0A080A0D
    csrw pmpcfg0, a2
    csrr a3, pmpcfg0
    CHECK(2, a3, 0x0808080D)
    sw zero, 0(a1)
    /* An address mode that is not here reads back as off. */
    li a2, 0x1B1F0000
    csrw pmpcfg0, a2
    csrr a3, pmpcfg0
    CHECK(3, a3, 0x03070000)
    li a2, 0x8B888B8D
    csrw pmpcfg0, a2
    csrr a3, pmpcfg0
    CHECK_REG(4, a3, a2)
    EXPECT_REG(5, 7, a1)
1:  sw a2, 0(a1)
    TRAPPED
    EXPECT_REG(6, 5, a1)
1:  lw a2, 0(a1)
    TRAPPED
    addi a4, a1, 63
    EXPECT_REG(7, 7, a4)
1:  sb a2, 0(a4)
    TRAPPED
    sw a2, -4(a1)
    sw a2, 64(a1)
    la a4, _start
    EXPECT_REG(8, 7, a4)
1:  sw a2, 0(a4)
    TRAPPED
    lw a2, 0(a4)
    la a4, data_code
    EXPECT_FETCH(9, a4, a4)
    jalr a4
    TRAPPED
    /* A 32-bit instruction of which only the second half is forbidden. */
    la a4, code_end
    addi a5, a4, -2
    EXPECT_FETCH(10, a4, a5)
    jalr a5
    TRAPPED
    /* Locked for good, and the base of a locked range with it. */
    csrw pmpcfg0, zero
    csrw pmpaddr0, zero
    csrr a3, pmpcfg0
    CHECK(11, a3, 0x8B888B8D)
    csrr a3, pmpaddr0
    CHECK_REG(12, a3, a0)
    csrr a3, 0x3A1
    CHECK(13, a3, 0)
    csrr a3, 0x3BF
    CHECK(14, a3, 0)
    CHECK(15, s11, 6)
    jr s0
    .balign 4
    .half 0x0001
    .half 0x0513 /* ADDI a0, a0, ... its other half lies behind code_end */
code_end:
    .word 0
    .data
    .balign 64
data_code: .word 0x00008067
    .word 0
    .balign 64
guard: .space 128
