// SPDX-License-Identifier: Apache-2.0
// FLASH registers: a SPI NOR part of at most 16 MiB. No call waits for the part: what takes time is begun, and looked
// at or carried on with hal_flash_step, so that a main loop goes round meanwhile. A byte is about 30 cycles of the
// caller. One user at a time; addresses and lengths are the caller's to check, those that are not in range are cut to
// 24 bits.
#ifndef HAL_FLASH_H
#define HAL_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#define HAL_FLASH_PAGE 256u // a program ends at a multiple of it
#define HAL_FLASH_SMALL 64u // bytes of hal_flash_read, and of a page in one step
#define HAL_FLASH_STATUS_WIP 0x01u

enum hal_flash_unit { HAL_FLASH_4K, HAL_FLASH_64K };
enum hal_flash_progress {
    HAL_FLASH_BUSY, // go on with hal_flash_step
    HAL_FLASH_DONE,
    HAL_FLASH_LATE,   // the part takes longer than its data sheet's maximum: broken, or not there
    HAL_FLASH_REFUSED // the card's guard (FLASH.GUARD)
};

// A program or an erase under way; its fields are hal_flash.c's.
struct hal_flash_op {
    const uint8_t *from; // bytes of the page still to send
    uint32_t left;
    uint32_t since, most; // cycles
    bool refused, suspended;
};

// Controller at rest: no chip select, no bulk read, whoever left it how.
void hal_flash_begin(void);
// Part as after power-on, awake: what it programs or erases is cut short. It hears nothing for 30 us: until
// hal_flash_ready.
void hal_flash_reset(void);
// JEDEC: 23:16 manufacturer, 15:8 type, 7:0 log2 of the bytes.
uint32_t hal_flash_id(void);
// The part's status byte 1, and that it programs, erases or writes nothing (WIP is 0; it is while suspended).
uint8_t hal_flash_status(void);
bool hal_flash_ready(void);
// At most HAL_FLASH_SMALL bytes, now. The part must be ready.
void hal_flash_read(uint32_t at, void *to, uint32_t bytes);
// Multiples of 4, behind the caller's back at 4 cycles a byte (hashed: 4.1) and 200 more, to core 0's TCM, or to core
// 1's by its window; elsewhere (0): to nobody. `hash`: to this core's open SHA message, too. False: without such a
// message.
bool hal_flash_bulk(uint32_t at, uint32_t to, uint32_t bytes, bool hash);
bool hal_flash_bulk_done(void);
// 1 to HAL_FLASH_PAGE bytes that do not cross a page's end. `from` must stay until DONE.
void hal_flash_program(struct hal_flash_op *op, uint32_t at, const void *from, uint32_t bytes);
void hal_flash_erase(struct hal_flash_op *op, uint32_t at, enum hal_flash_unit unit);
// Sends at most HAL_FLASH_SMALL bytes, or looks at the part's status once. After anything but BUSY the operation is
// over. Between begin and DONE the part is the operation's alone, unless it is suspended.
enum hal_flash_progress hal_flash_step(struct hal_flash_op *op);
// Once all bytes of a program are sent: the part can be read, and other blocks programmed, from hal_flash_ready on, 20
// us later, until resume, which gives the operation its whole time again. hal_flash_step looks on meanwhile.
bool hal_flash_suspend(struct hal_flash_op *op); // false: bytes are still to be sent
void hal_flash_resume(struct hal_flash_op *op);
// Sectors of 4 KiB from that of `first` to that of `last`, both byte addresses, are not written any more until the
// card's reset; nor is the part's status (docs/blocks/flash.md). False: others are locked already.
bool hal_flash_guard(uint32_t first, uint32_t last);

#endif
