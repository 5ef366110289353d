// SPDX-License-Identifier: Apache-2.0
// See firmware_bench.h.
#include "firmware_bench.h"

struct flash fw_flash;
char fw_text[65536];
unsigned fw_text_len;
void (*fw_retired)(unsigned n, const uint32_t *rec);

const uint32_t *fw_rec(unsigned n) {
    return weir_rtl_out(bench_model) + 5 + 10 * n;
}

void fw_step(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    bench_put(in, 96, 4, flash_pins(&fw_flash, out[1], 0));
    weir_rtl_tick(bench_model);
    in[0] &= ~3u;
    in[5] = 0;
    if (bench_get(out, 9, 1) && fw_text_len + 1 < sizeof(fw_text))
        fw_text[fw_text_len++] = (char)bench_get(out, 0, 8);
    for (unsigned n = 0; n < 2 && fw_retired != NULL; n++)
        if ((fw_rec(n)[R_FLAGS] & 1) != 0)
            fw_retired(n, fw_rec(n));
}

void fw_wait_text(const char *want, unsigned max) {
    unsigned from = fw_text_len;
    for (unsigned i = 0; i < max; i++) {
        fw_step();
        if (fw_text_len > from && strstr(fw_text + from, want) != NULL)
            return;
    }
    CHECK(false, "no '%s' in %u cycles; console: %s", want, max, fw_text);
}

void fw_boot(void) {
    FILE *f = fopen(FIRMWARE_IMAGE, "rb");
    memset(&fw_flash, 0, sizeof(fw_flash));
    CHECK(flash_part_init(&fw_flash.part) && f != NULL, "cannot open %s", FIRMWARE_IMAGE);
    CHECK(fread(fw_flash.part.data, 1, FLASH_BYTES, f) > 0, "empty image");
    fclose(f);
    weir_rtl_in(bench_model)[0] = 0x4; // the PF is enabled
    fw_wait_text("weir firmware ready", BOOT_CYCLES);
}

static void bar(bool write, uint32_t addr, uint32_t data) {
    uint32_t *in = weir_rtl_in(bench_model);
    bench_put(in, 0, 2, write ? 3 : 1);
    bench_put(in, 32, 21, addr);
    bench_put(in, 64, 32, data);
    fw_step();
}

uint32_t fw_bar_read(uint32_t addr) {
    const uint32_t *out = weir_rtl_out(bench_model);
    bar(false, addr, 0);
    for (int i = 0; i < 8; i++) {
        if (bench_get(out, 19, 1))
            return out[2];
        fw_step();
    }
    CHECK(false, "no answer to a BAR read at %x", addr);
}

void fw_ask(unsigned opcode, const void *req, unsigned bytes) {
    uint32_t words[30] = {0};
    memcpy(words, req, bytes);
    bar(true, WEIR_BAR_MBOX_REQ, opcode | bytes << 16);
    bar(true, WEIR_BAR_MBOX_REQ + 4, 1);
    for (unsigned i = 0; i < (bytes + 3) / 4; i++)
        bar(true, WEIR_BAR_MBOX_REQ + 8 + i * 4, words[i]);
    bar(true, WEIR_BAR_MBOX_OWNER, 1);
}

bool fw_send(unsigned opcode, const void *req, unsigned bytes) {
    fw_ask(opcode, req, bytes);
    for (unsigned i = 0; i < 4000; i++) {
        for (int k = 0; k < 50; k++)
            fw_step();
        if ((fw_bar_read(WEIR_BAR_MBOX_OWNER) & 1) == 0)
            return true;
    }
    return false;
}

unsigned fw_call(unsigned opcode, const void *req, unsigned bytes, void *rsp) {
    uint32_t words[30];
    CHECK(fw_send(opcode, req, bytes), "no answer to command %x", opcode);
    for (unsigned i = 0; i < 30; i++)
        words[i] = fw_bar_read(WEIR_BAR_MBOX_RSP + 8 + i * 4);
    if (rsp != NULL)
        memcpy(rsp, words, sizeof(words));
    return fw_bar_read(WEIR_BAR_MBOX_RSP + 4) >> 16;
}

struct weir_get_panic_rsp fw_panic_of(unsigned core) {
    struct weir_get_panic_req req = {.core = (uint8_t)core};
    union {
        struct weir_get_panic_rsp rsp;
        uint32_t words[30];
    } u;
    CHECK(fw_call(WEIR_CMD_GET_PANIC, &req, sizeof(req), &u) == WEIR_OK, "GET_PANIC");
    return u.rsp;
}
