// SPDX-License-Identifier: Apache-2.0
// What the boot code needs of where it runs; bound at link time: the ROM's registers, the simulator's flash part in
// tests, a file in weir-image. Every function returns in bounded time; false means that the flash did not answer or
// refused.
#ifndef WEIR_BOOT_PORT_H
#define WEIR_BOOT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#define BOOT_PORT_NOWHERE 0xFFu // no core

// at and bytes are multiples of 4, and so is the address of `to`.
bool boot_port_read(uint32_t at, void *to, uint32_t bytes);
// Within one page of FLASH_MAP_PAGE bytes; clears bits only.
bool boot_port_program(uint32_t at, const void *from, uint32_t bytes);
// The sector that begins at `at`.
bool boot_port_erase(uint32_t at);
// SHA-256 of a piece of flash. With a core (0, 1) the very bytes that were hashed go to the start of its memory, read
// once.
bool boot_port_body(uint32_t at, uint32_t bytes, uint32_t core, uint8_t digest[32]);
// SHA-256 of memory.
void boot_port_hash(const void *from, uint32_t bytes, uint8_t digest[32]);

#endif
