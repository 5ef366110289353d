// SPDX-License-Identifier: Apache-2.0
// See hal_ctrl.h.
#include "hal_ctrl.h"

#include "hal_csr.h"
#include "hal_lib.h"

_Static_assert((uint32_t)WEIR_CSR_CTRL + WEIR_CTRL_WDT_LOAD_OFFSET == 0x24, "boot/crt0.S");

uint32_t hal_ctrl_cycle(void) {
    return HAL_READ(CTRL, CYCLE_LO);
}

uint64_t hal_ctrl_cycle64(void) {
    const uint32_t lo = HAL_READ(CTRL, CYCLE_LO); // latches the high word
    return (uint64_t)HAL_READ(CTRL, CYCLE_HI) << 32 | lo;
}

bool hal_ctrl_expired(uint32_t since, uint32_t cycles) {
    return hal_ctrl_cycle() - since >= cycles;
}

void hal_ctrl_irq_enable(uint32_t mask) {
    HAL_WRITE(CTRL, IRQ_ENABLE, mask);
}

void hal_ctrl_sleep(void) {
#ifndef WEIR_HOST
    // mstatus.MIE stays 0: a pending interrupt ends the sleep, no handler runs.
    __asm__ volatile("csrw mie, %0\n\twfi" ::"r"(1 << 11) : "memory");
#endif
}

void hal_ctrl_timer(uint32_t cycles) {
    HAL_WRITE(CTRL, TIMER_CMP, hal_ctrl_cycle() + cycles);
}

void hal_ctrl_watchdog(uint32_t cycles) {
    HAL_WRITE(CTRL, WDT_LOAD, cycles);
}

void hal_ctrl_watchdog_feed(void) {
    HAL_WRITE(CTRL, WDT_FEED, 1);
}

void hal_ctrl_ring(unsigned core) {
    HAL_WRITE(CTRL, IPC_RING, 1u << core);
}

void hal_ctrl_ring_ack(void) {
    HAL_WRITE(CTRL, IPC_ACK, 1);
}

uint32_t hal_ctrl_reset_cause(void) {
    return HAL_READ(CTRL, RESET_CAUSE);
}

void hal_ctrl_ready(bool ready) {
    HAL_WRITE(CTRL, FW_READY, ready ? 1 : 0);
}

void hal_ctrl_heartbeat(uint32_t count) {
    HAL_WRITE(CTRL, HEARTBEAT, count);
}

void hal_ctrl_console(char c) {
    HAL_WRITE(CTRL, CONSOLE, (uint32_t)(uint8_t)c);
}

int hal_mbox_pop(void) {
    uint32_t v = HAL_READ(CTRL, MBOX_POP);
    return WEIR_GET(v, CTRL_MBOX_POP_VALID) != 0 ? (int)WEIR_GET(v, CTRL_MBOX_POP_FN) : -1;
}

bool hal_mbox_waiting(void) {
    return WEIR_GET(HAL_READ(CTRL, IRQ_PENDING), CTRL_IRQ_PENDING_MBOX) != 0;
}

// Messages are whole words; the payload's last word may be partly meaningless.
static uint32_t words_of(const struct weir_mbox_msg *msg) {
    uint32_t n = msg->hdr.length > WEIR_MBOX_PAYLOAD ? WEIR_MBOX_PAYLOAD : msg->hdr.length;
    return (n + 3) / 4;
}

void hal_mbox_read(unsigned fn, struct weir_mbox_msg *msg) {
    uint32_t at = fn * 256, w0 = hal_read(WEIR_CSR_MBOX, at), w1 = hal_read(WEIR_CSR_MBOX, at + 4), words;
    hal_word *payload = (void *)msg->payload; // little-endian, as the mailbox is
    msg->hdr.opcode = (uint16_t)w0;
    msg->hdr.length = (uint16_t)(w0 >> 16);
    msg->hdr.seq = (uint16_t)w1;
    msg->hdr.status = 0;
    words = words_of(msg);
    // bound: a mailbox message, WEIR_MBOX_BYTES
    for (uint32_t i = 0; i < words; i++) {
        payload[i] = hal_read(WEIR_CSR_MBOX, at + 8 + i * 4);
    }
}

void hal_mbox_write(unsigned fn, const struct weir_mbox_msg *msg) {
    uint32_t at = fn * 256 + 128, words = words_of(msg);
    const hal_word *payload = (const void *)msg->payload;
    hal_write(WEIR_CSR_MBOX, at, (uint32_t)msg->hdr.opcode | (uint32_t)msg->hdr.length << 16);
    hal_write(WEIR_CSR_MBOX, at + 4, (uint32_t)msg->hdr.seq | (uint32_t)msg->hdr.status << 16);
    // bound: a mailbox message, WEIR_MBOX_BYTES
    for (uint32_t i = 0; i < words; i++) {
        hal_write(WEIR_CSR_MBOX, at + 8 + i * 4, payload[i]);
    }
}

int hal_mbox_taken(void) {
    uint32_t v = HAL_READ(CTRL, MBOX_TAKEN);
    return WEIR_GET(v, CTRL_MBOX_TAKEN_VALID) != 0 ? (int)WEIR_GET(v, CTRL_MBOX_TAKEN_FN) : -1;
}

void hal_mbox_done(unsigned fn, bool later) {
    HAL_WRITE(CTRL, MBOX_DONE, fn | WEIR_PUT(later ? 1 : 0, CTRL_MBOX_DONE_LATER));
}

void hal_fn_event(unsigned fn, uint32_t lo, uint32_t hi) {
    HAL_WRITE(CTRL, FN_SEL, fn);
    if (lo != 0) {
        HAL_WRITE(CTRL, FN_EVENT_LO, lo);
    }
    if (hi != 0) {
        HAL_WRITE(CTRL, FN_EVENT_HI, hi);
    }
}

void hal_fn_clear(unsigned fn) {
    HAL_WRITE(CTRL, FN_CLEAR, fn);
}

bool hal_ctrl_key(uint8_t hash[32]) {
    for (unsigned i = 0; i < 32; i++) {
        hash[i] = (uint8_t)(hal_read(WEIR_CSR_CTRL, WEIR_CTRL_KEY_HASH_OFFSET + (i & ~3u)) >> 8 * (i % 4));
    }
    return WEIR_GET(HAL_READ(CTRL, LOCK), CTRL_LOCK_FUSED) != 0;
}
