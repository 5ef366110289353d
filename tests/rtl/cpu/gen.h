// SPDX-License-Identifier: Apache-2.0
// Random programs for the core: 64 KiB of code that sets itself up, then wanders. The trap handler asks the bench where
// to return to, by a load from the bench's device, so a program never stays where it trapped.
#ifndef WEIR_GEN_H
#define WEIR_GEN_H

#include <stdint.h>

#define GEN_HALVES 32768u
#define GEN_BODY 0x400u // random instructions begin here

void gen_program(uint16_t *code);

#endif
