// SPDX-License-Identifier: Apache-2.0
// The contract for C: every name of the .def files as an enumerator or constant. Includes the .def files, so a number
// is typed once. Names: WEIR_<LIMIT>, WEIR_<BLOCK>_<REG>_OFFSET, ..._<FIELD>_LSB/_WIDTH/_MASK, WEIR_BAR_<REG>,
// WEIR_CMD_<NAME>, ...
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <stdint.h>

// A field is at most 32 bits wide inside a register; ring fields may be wider and have no mask.
#define WEIR_ABI_MASK(lsb, width) ((uint32_t)((((uint64_t)1 << (width)) - 1) << (lsb)))

enum weir_limit {
#define LIMIT(name, value, text) WEIR_##name = (value),
#include "limit.def"
#undef LIMIT
};

enum weir_status {
#define STATUS(value, name, err, text) WEIR_##name = (value),
#include "status.def"
#undef STATUS
};

#define CSR_BLOCK(block, index, text) WEIR_CSR_##block = (index)*0x10000,
#define CSR(block, reg, offset, access, reset, text) WEIR_##block##_##reg##_OFFSET = (offset),
#define CSR_F(block, reg, field, lsb, width, text)                                                                     \
    WEIR_##block##_##reg##_##field##_LSB = (lsb), WEIR_##block##_##reg##_##field##_WIDTH = (width),
enum weir_csr {
#include "csr.def"
};
#undef CSR_BLOCK
#undef CSR
#undef CSR_F

#define BAR_REGION(name, offset, size, text) WEIR_BAR_##name##_BASE = (offset), WEIR_BAR_##name##_SIZE = (size),
#define BAR_REG(name, offset, access, text) WEIR_BAR_##name = (offset),
#define BAR_F(reg, field, lsb, width, text)                                                                            \
    WEIR_BAR_##reg##_##field##_LSB = (lsb), WEIR_BAR_##reg##_##field##_WIDTH = (width),
enum weir_bar {
#include "bar.def"
};
#undef BAR_REGION
#undef BAR_REG
#undef BAR_F

#define RING_F(ring, field, lsb, width, text)                                                                          \
    WEIR_##ring##_##field##_LSB = (lsb), WEIR_##ring##_##field##_WIDTH = (width),
enum weir_ring {
#include "ring.def"
    WEIR_RING_ENTRY_BYTES = 16
};
#undef RING_F

#define HW_EVENT(value, name, text) WEIR_HW_EVENT_##name = (value),
#define FW_EVENT(value, name, text) WEIR_FW_EVENT_##name = (value),
#define FN_EVENT(bit, name, text) WEIR_FN_EVENT_##name##_BIT = (bit),
#define QP_REASON(value, name, text) WEIR_QP_REASON_##name = (value),
enum weir_event_id {
#include "event.def"
};
#undef HW_EVENT
#undef FW_EVENT
#undef FN_EVENT
#undef QP_REASON

#define VPORT_COUNTER(index, name, kind, text) WEIR_VPORT_CNT_##name = (index),
#define SW_COUNTER(index, name, kind, text)
enum weir_vport_counter {
#include "counter.def"
    WEIR_VPORT_CNT_COUNT
};
#undef VPORT_COUNTER
#undef SW_COUNTER
#define VPORT_COUNTER(index, name, kind, text)
#define SW_COUNTER(index, name, kind, text) WEIR_SW_CNT_##name = (index),
enum weir_sw_counter {
#include "counter.def"
    WEIR_SW_CNT_COUNT
};
#undef VPORT_COUNTER
#undef SW_COUNTER

#define CMD(opcode, name, req, rsp, callers, states, since, text) WEIR_CMD_##name = (opcode),
enum weir_opcode {
#include "mbox.def"
};
#undef CMD

// Field of a 32-bit register: WEIR_GET(v, QUEUE_QP_STATUS_REASON), WEIR_PUT(1, QUEUE_QP_STATE_GOOD).
#define WEIR_GET(value, field) (((uint32_t)(value) >> WEIR_##field##_LSB) & WEIR_ABI_MASK(0, WEIR_##field##_WIDTH))
#define WEIR_PUT(value, field) (((uint32_t)(value)&WEIR_ABI_MASK(0, WEIR_##field##_WIDTH)) << WEIR_##field##_LSB)

// A ring entry as two 64-bit halves; a field never crosses them.
struct weir_ring_entry {
    uint64_t lo, hi;
};
_Static_assert(sizeof(struct weir_ring_entry) == WEIR_RING_ENTRY_BYTES, "ring entry is 16 bytes");
#define WEIR_RING_HALF(entry, field) (WEIR_##field##_LSB < 64 ? (entry).lo : (entry).hi)
#define WEIR_RING_GET(entry, field)                                                                                    \
    ((WEIR_RING_HALF(entry, field) >> (WEIR_##field##_LSB & 63)) &                                                     \
     (WEIR_##field##_WIDTH >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << (WEIR_##field##_WIDTH & 63)) - 1))
#define WEIR_RING_PUT_LO(value, field) ((uint64_t)(value) << (WEIR_##field##_LSB & 63))
#define WEIR_RING_PUT_HI(value, field) ((uint64_t)(value) << (WEIR_##field##_LSB & 63))

// State of a queue pair as SAVE writes it and RESUME takes it (ring.def, QPS); no field crosses a word.
struct weir_qp_state_record {
    uint64_t word[WEIR_QPS_BYTES / 8];
};
#define WEIR_QPS_MASK(field) ((uint64_t)-1 >> (64 - WEIR_QPS_##field##_WIDTH))
#define WEIR_QPS_GET(record, field)                                                                                    \
    ((record)->word[WEIR_QPS_##field##_LSB / 64] >> (WEIR_QPS_##field##_LSB & 63) & WEIR_QPS_MASK(field))

#endif
