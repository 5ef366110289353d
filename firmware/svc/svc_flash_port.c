// SPDX-License-Identifier: Apache-2.0
// boot_port.h in the firmware: what the ROM does without a pause pauses here wherever the flash takes its time.
#include "boot_port.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_fiber.h"
#include "hal/hal_flash.h"
#include "hal/hal_lib.h"
#include "hal/hal_sha.h"
#include "svc.h"

#define CYCLES_A_BYTE 5u // of a bulk read with its digest
#define READ_SLACK 4096u // its command and address

bool boot_port_read(uint32_t at, void *to, uint32_t bytes) {
    uint8_t *next = to;
    // bound: bytes
    while (bytes != 0) {
        uint32_t n = bytes < HAL_FLASH_SMALL ? bytes : HAL_FLASH_SMALL;
        if (!hal_flash_ready()) {
            return false;
        }
        hal_flash_read(at, next, n);
        hal_fiber_pause();
        at += n;
        next += n;
        bytes -= n;
    }
    return true;
}

static bool finish(struct hal_flash_op *op) {
    enum hal_flash_progress p;
    // bound: hal_flash_step's own, one and a half times the part's maximum
    for (;;) {
        bool sent = op->left == 0; // so this step looks at the part
        p = hal_flash_step(op);
        if (p != HAL_FLASH_BUSY) {
            break;
        }
        if (sent) {
            svc_flash_waits();
        }
        hal_fiber_pause();
    }
    hal_fiber_pause();
    return p == HAL_FLASH_DONE;
}

bool boot_port_program(uint32_t at, const void *from, uint32_t bytes) {
    struct hal_flash_op op;
    hal_flash_program(&op, at, from, bytes);
    return finish(&op);
}

bool boot_port_erase(uint32_t at) {
    struct hal_flash_op op;
    hal_flash_erase(&op, at, HAL_FLASH_4K);
    return finish(&op);
}

// The firmware has no business in the memories that programs run from: nothing is loaded here.
bool boot_port_body(uint32_t at, uint32_t bytes, uint32_t core, uint8_t digest[32]) {
    const uint32_t most = bytes * CYCLES_A_BYTE + READ_SLACK;
    struct hal_sha sha;
    uint32_t since;
    bool there;
    if (core != BOOT_PORT_NOWHERE || !hal_flash_ready() || !hal_sha_claim()) {
        return false;
    }
    hal_sha_start(&sha);
    since = hal_ctrl_cycle();
    there = hal_flash_bulk(at, 0, bytes, true);
    // bound: `most` cycles
    while (there && !hal_flash_bulk_done()) {
        if (hal_ctrl_expired(since, most)) {
            hal_flash_begin(); // ends it
            there = false;
        }
        hal_fiber_pause();
    }
    there = hal_sha_final(&sha, digest) && there;
    hal_sha_release();
    return there;
}

void boot_port_hash(const void *from, uint32_t bytes, uint8_t digest[32]) {
    struct hal_sha sha;
    bool there = hal_sha_claim();
    if (there) {
        hal_sha_start(&sha);
        hal_sha_update(&sha, from, bytes);
        there = hal_sha_final(&sha, digest);
        hal_sha_release();
    }
    if (!there) { // what no record and no key has
        memset(digest, 0, HAL_SHA_BYTES);
    }
    hal_fiber_pause(); // a log of many records is as many digests
}
