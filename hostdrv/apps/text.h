// SPDX-License-Identifier: Apache-2.0
// Text from outside on its way to a terminal, a log or JSON (threat T30): what is not printable ASCII is written as an
// escape, so that nothing a stranger says moves a cursor, turns a line around or breaks a parser.
#ifndef WEIR_APPS_TEXT_H
#define WEIR_APPS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// `in` with \xNN for every byte that is not printable ASCII, cut to fit. Returns `out`.
const char *text_clean(char *out, size_t size, const char *in);
// Writes JSON text as ASCII: characters beyond it as \uXXXX, bytes that are no UTF-8 as \ufffd. A line feed at the end.
void text_json(FILE *f, const char *json);
// aa:bb:cc:dd:ee:ff. True when it is a unicast address that is not zero.
bool text_mac(const char *text, uint8_t mac[6]);
// A decimal number, digits only, from `min` to `max`; false when it is none.
bool text_range(const char *text, uint64_t min, uint64_t max, uint64_t *value);
// The other way; out has room for 18.
const char *text_of_mac(char out[18], const uint8_t mac[6]);

#endif
