// SPDX-License-Identifier: Apache-2.0
// See hal_flash.h.
#include "hal_flash.h"

#include "hal_csr.h"
#include "hal_ctrl.h"

enum {
    CMD_PROGRAM = 0x02,
    CMD_READ = 0x03,
    CMD_STATUS = 0x05,
    CMD_WRITE_ENABLE = 0x06,
    CMD_ERASE_4K = 0x20,
    CMD_RESET_ENABLE = 0x66,
    CMD_SUSPEND = 0x75,
    CMD_RESUME = 0x7A,
    CMD_RESET = 0x99,
    CMD_ID = 0x9F,
    CMD_WAKE = 0xAB,
    CMD_ERASE_64K = 0xD8
};

// Maxima of data sheets, with half as much again.
#define CYCLES_PER_MS (WEIR_CLOCK_HZ / 1000u)
#define PROGRAM_MOST (3u * CYCLES_PER_MS * 3 / 2)
#define ERASE_4K_MOST (400u * CYCLES_PER_MS * 3 / 2)
#define ERASE_64K_MOST (2000u * CYCLES_PER_MS * 3 / 2)

static void put(uint32_t byte) {
    HAL_WRITE(FLASH, XFER, byte);
}

static uint8_t get(void) {
    put(0);
    return (uint8_t)HAL_READ(FLASH, XFER);
}

static void select(uint32_t command) {
    HAL_WRITE(FLASH, CTL, 1);
    put(command);
}

static void deselect(void) {
    HAL_WRITE(FLASH, CTL, 0);
}

static void command(uint32_t byte) {
    select(byte);
    deselect();
}

static void select_at(uint32_t byte, uint32_t at) {
    select(byte);
    put(at >> 16 & 0xFF);
    put(at >> 8 & 0xFF);
    put(at & 0xFF);
}

static bool refused(void) {
    return WEIR_GET(HAL_READ(FLASH, STATUS), FLASH_STATUS_REFUSED) != 0;
}

void hal_flash_begin(void) {
    deselect();
}

void hal_flash_reset(void) {
    command(CMD_WAKE);
    command(CMD_RESET_ENABLE);
    command(CMD_RESET);
}

uint32_t hal_flash_id(void) {
    uint32_t id = 0;
    select(CMD_ID);
    for (unsigned i = 0; i < 3; i++) {
        id = id << 8 | get();
    }
    deselect();
    return id;
}

uint8_t hal_flash_status(void) {
    uint8_t status;
    select(CMD_STATUS);
    status = get();
    deselect();
    return status;
}

bool hal_flash_ready(void) {
    return (hal_flash_status() & HAL_FLASH_STATUS_WIP) == 0;
}

void hal_flash_read(uint32_t at, void *to, uint32_t bytes) {
    uint8_t *byte = to;
    select_at(CMD_READ, at);
    // bound: HAL_FLASH_SMALL, by contract
    for (uint32_t i = 0; i < bytes; i++) {
        byte[i] = get();
    }
    deselect();
}

bool hal_flash_bulk(uint32_t at, uint32_t to, uint32_t bytes, bool hash) {
    HAL_WRITE(FLASH, READ_ADDR, at);
    HAL_WRITE(FLASH, READ_DEST, to);
    HAL_WRITE(FLASH, READ_LEN, WEIR_PUT(bytes, FLASH_READ_LEN_BYTES) | WEIR_PUT(hash ? 1 : 0, FLASH_READ_LEN_HASH));
    return !refused();
}

bool hal_flash_bulk_done(void) {
    return HAL_READ(FLASH, READ_LEN) == 0;
}

static void started(struct hal_flash_op *op, uint32_t most) {
    op->since = hal_ctrl_cycle();
    op->most = most;
    op->suspended = false;
    op->refused = refused();
    if (op->refused) {
        deselect();
    }
}

void hal_flash_program(struct hal_flash_op *op, uint32_t at, const void *from, uint32_t bytes) {
    command(CMD_WRITE_ENABLE);
    select_at(CMD_PROGRAM, at); // chip select stays until the last byte is sent
    op->from = from;
    op->left = bytes;
    started(op, PROGRAM_MOST);
}

void hal_flash_erase(struct hal_flash_op *op, uint32_t at, enum hal_flash_unit unit) {
    command(CMD_WRITE_ENABLE);
    select_at(unit == HAL_FLASH_4K ? CMD_ERASE_4K : CMD_ERASE_64K, at);
    op->left = 0;
    started(op, unit == HAL_FLASH_4K ? ERASE_4K_MOST : ERASE_64K_MOST);
    deselect();
}

static enum hal_flash_progress send(struct hal_flash_op *op) {
    uint32_t n = op->left < HAL_FLASH_SMALL ? op->left : HAL_FLASH_SMALL;
    // bound: HAL_FLASH_SMALL
    for (uint32_t i = 0; i < n; i++) {
        put(*op->from++);
    }
    op->left -= n;
    if (op->left == 0) {
        deselect();
        op->since = hal_ctrl_cycle();
    }
    return HAL_FLASH_BUSY;
}

enum hal_flash_progress hal_flash_step(struct hal_flash_op *op) {
    if (op->refused) {
        return HAL_FLASH_REFUSED;
    }
    if (op->left != 0) {
        return send(op);
    }
    if (op->suspended) {
        return HAL_FLASH_BUSY;
    }
    if (hal_flash_ready()) {
        return HAL_FLASH_DONE;
    }
    return hal_ctrl_expired(op->since, op->most) ? HAL_FLASH_LATE : HAL_FLASH_BUSY;
}

bool hal_flash_suspend(struct hal_flash_op *op) {
    if (op->left != 0) {
        return false;
    }
    command(CMD_SUSPEND);
    op->suspended = true;
    return true;
}

void hal_flash_resume(struct hal_flash_op *op) {
    command(CMD_RESUME);
    op->suspended = false;
    op->since = hal_ctrl_cycle();
}

bool hal_flash_guard(uint32_t first, uint32_t last) {
    uint32_t guard = WEIR_PUT(first >> 12, FLASH_GUARD_FIRST) | WEIR_PUT(last >> 12, FLASH_GUARD_LAST) |
                     WEIR_PUT(1, FLASH_GUARD_LOCK);
    HAL_WRITE(FLASH, GUARD, guard);
    return HAL_READ(FLASH, GUARD) == guard;
}
