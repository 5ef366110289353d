// SPDX-License-Identifier: Apache-2.0
// See text.h.
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool plain(unsigned char c) {
    return c >= ' ' && c <= '~';
}

const char *text_clean(char *out, size_t size, const char *in) {
    size_t at = 0;
    for (; *in != '\0' && at + 5 <= size; in++) // an escape and the end fit
        at += (size_t)snprintf(out + at, size - at, plain((unsigned char)*in) ? "%c" : "\\x%02x", (unsigned char)*in);
    out[at] = '\0';
    return out;
}

// One character of UTF-8: its length, and its code in *code; 0 when it is none.
static unsigned decode(const unsigned char *s, uint32_t *code) {
    unsigned len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (len == 0)
        return 0;
    *code = len == 1 ? s[0] : s[0] & (0x7Fu >> len);
    for (unsigned i = 1; i < len; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (s[i] & 0x3Fu);
    }
    return *code >= least[len] && *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF) ? len : 0;
}

void text_json(FILE *f, const char *json) {
    const unsigned char *s = (const unsigned char *)json;
    while (*s != '\0') {
        uint32_t code = 0xFFFD;
        unsigned len = decode(s, &code);
        if (len == 0) {
            code = 0xFFFD;
            len = 1;
        }
        if (code >= 0x10000)
            fprintf(f, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF));
        else if (plain((unsigned char)code) && code < 0x80)
            fputc((int)code, f);
        else if (code == '\n')
            fputc('\n', f);
        else
            fprintf(f, "\\u%04x", code);
        s += len;
    }
    fputc('\n', f);
}

bool text_mac(const char *text, uint8_t mac[6]) {
    unsigned v[6], any = 0;
    int used = 0;
    if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text) || strlen(text) != 17 ||
        sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &used) != 6 ||
        text[used] != '\0' || (v[0] & 1) != 0)
        return false;
    for (unsigned i = 0; i < 6; i++) {
        mac[i] = (uint8_t)v[i];
        any |= v[i];
    }
    return any != 0;
}

const char *text_of_mac(char out[18], const uint8_t mac[6]) {
    snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return out;
}

bool text_range(const char *text, uint64_t min, uint64_t max, uint64_t *value) {
    char *rest;
    unsigned long long v;
    errno = 0;
    v = strtoull(text, &rest, 10);
    if (text[0] < '0' || text[0] > '9' || *rest != '\0' || errno != 0 || v < min || v > max)
        return false;
    *value = v;
    return true;
}
