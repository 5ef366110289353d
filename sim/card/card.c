// SPDX-License-Identifier: Apache-2.0
// The simulated card, see card.h: moves beats between the model's ports and the models around it, once a cycle.
#include "card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flash.h"
#include "flash_file.h"
#include "flash_map.h"
#include "image_check.h"
#include "rc.h"
#include "watch.h"
#include "weir_abi.h"
#include "weir_rtl.h"
#include "wire.h"

// The model's ports as C structures: the same list the wrapper's offsets are generated from.
struct card_in {
#define TOP_IN(name, width, text) uint32_t name[((width) + 31) / 32];
#define TOP_OUT(name, width, text)
#include "top.def"
#undef TOP_IN
#undef TOP_OUT
};
struct card_out {
#define TOP_IN(name, width, text)
#define TOP_OUT(name, width, text) uint32_t name[((width) + 31) / 32];
#include "top.def"
#undef TOP_IN
#undef TOP_OUT
};

#define UPSET_CYCLES 33u
#define HANG_CYCLES 3000000u // longer than a watchdog
#define NS_PER_CYCLE (1000000000u / WEIR_CLOCK_HZ)

struct card {
    struct weir_rtl *rtl;
    struct card_in *in;
    const struct card_out *out;
    struct rc *rc;
    struct wire *wire;
    struct flash flash;
    uint64_t flash_ns;             // of its time a cycle
    struct watch *watch;           // NULL: nobody looks
    struct flash_file *flash_file; // NULL: the content goes with the card
    bool ran;                      // firmware said it is ready: what is in the flash part is worth keeping
    bool console;
    bool no_image; // the boot ROM found nothing to start
    unsigned why[FLASH_MAP_SLOTS];
    char line[128];
    unsigned line_len;
    bool idle;
    uint64_t rx_stalls;
    unsigned upset_core, upset_left; // cycles until the damage is over; 0: none
    unsigned upset_long;             // of them with the damage
    uint32_t upset_bit;              // of the input
    uint64_t upset_at;
};

static int load_file(const char *path, uint8_t *to, size_t room, char *err, size_t err_size) {
    FILE *f = fopen(path, "rb");
    size_t n;
    if (f == NULL) {
        snprintf(err, err_size, "%s: %s", path, strerror(errno));
        return -1;
    }
    n = fread(to, 1, room, f);
    fclose(f);
    return (int)n;
}

struct card *card_new(const struct card_options *opt, char *err, size_t err_size) {
    struct card *c = calloc(1, sizeof(*c));
    int n;

    if (c == NULL || !flash_part_init(&c->flash.part))
        goto err_memory;
    c->flash.part.timing = opt->flash_timing;
    c->flash_ns = NS_PER_CYCLE * (opt->flash_haste != 0 ? opt->flash_haste : 1);
    if (opt->flash_file != NULL) {
        c->flash_file = flash_file_open(opt->flash_file, c->flash.part.data, err, err_size);
        if (c->flash_file == NULL)
            goto err_card;
    }
    if (opt->firmware != NULL) {
        n = load_file(opt->firmware, c->flash.part.data, FLASH_MAP_SLOT_BYTES, err, err_size);
        if (n < 0) {
            size_t used = strlen(err);
            snprintf(err + used, err_size - used,
                     " (firmware image; build it with ./weir build, or name another with --firmware)");
            goto err_card;
        }
        if ((size_t)n < MANIFEST_BYTES ||
            ((uint32_t)c->flash.part.data[0] | (uint32_t)c->flash.part.data[1] << 8 |
             (uint32_t)c->flash.part.data[2] << 16 | (uint32_t)c->flash.part.data[3] << 24) != MANIFEST_MAGIC) {
            snprintf(err, err_size, "%s: not a firmware image; weir-image makes one", opt->firmware);
            goto err_card;
        }
    }
    c->rtl = weir_rtl_new();
    c->rc = rc_new(c);
    c->wire = wire_new();
    if (c->rtl == NULL || c->rc == NULL || c->wire == NULL)
        goto err_memory;
    c->in = (struct card_in *)weir_rtl_in(c->rtl);
    c->out = (const struct card_out *)weir_rtl_out(c->rtl);
    c->console = opt->console;
    c->in->link_up[0] = 1;
    for (unsigned i = 0; opt->key_hash != NULL && i < 32; i++)
        c->in->key_fuses[i / 4] |= (uint32_t)opt->key_hash[i] << (8 * (i & 3));
    return c;

err_memory:
    snprintf(err, err_size, "out of memory");
err_card:
    card_free(c);
    return NULL;
}

int card_save(struct card *c, char *err, size_t err_size) {
    return c->flash_file != NULL && c->ran ? flash_file_save(c->flash_file, c->flash.part.data, err, err_size) : 0;
}

void card_free(struct card *c) {
    if (c == NULL)
        return;
    flash_file_close(c->flash_file);
    watch_free(c->watch);
    rc_free(c->rc);
    wire_free(c->wire);
    weir_rtl_free(c->rtl);
    flash_part_free(&c->flash.part);
    free(c);
}

// Firmware's text may hold what a guest said: it is shown as printable ASCII.
static void console(struct card *c, char ch) {
    if (ch != '\n' && (ch < ' ' || ch > '~'))
        ch = '?';
    if (ch != '\n' && c->line_len < sizeof(c->line) - 1) {
        c->line[c->line_len++] = ch;
        return;
    }
    c->line[c->line_len] = '\0';
    c->line_len = 0;
    if (sscanf(c->line, "!img %2u %2u %2u", &c->why[0], &c->why[1], &c->why[2]) == FLASH_MAP_SLOTS)
        c->no_image = true;
    else if (c->console)
        fprintf(stderr, "card: %s\n", c->line);
}

// The wrapper damages when the bit rises and mends when it falls.
static void upset(struct card *c, uint64_t now) {
    bool asleep = (c->out->status[0] >> (1 + c->upset_core) & 1) != 0;
    if (now < c->upset_at || (asleep && c->upset_left >= c->upset_long))
        return;
    c->upset_left--;
    c->in->upset[0] = c->upset_left != 0 && c->upset_left < c->upset_long ? c->upset_bit : 0;
}

// Everything the model shows this cycle goes out, everything it takes goes in, then the edge.
static void cycle(struct card *c) {
    struct card_in *in = c->in;
    const struct card_out *out = c->out;
    uint64_t now = weir_rtl_cycles(c->rtl);

    in->tlp_tx_ready[0] = 0;
    if ((out->tlp_tx_flags[0] & 1) != 0 && rc_wants_beat(c->rc)) {
        in->tlp_tx_ready[0] = 1;
        rc_from_card(c->rc, out->tlp_tx_flags[0], out->tlp_tx_hdr, out->tlp_tx_data);
    }
    in->tlp_rx_flags[0] = rc_to_card(c->rc, in->tlp_rx_hdr, in->tlp_rx_data);
    if (in->tlp_rx_flags[0] != 0 && (out->tlp_rx_ready[0] & 1) != 0)
        rc_taken(c->rc);
    else if (in->tlp_rx_flags[0] != 0)
        c->rx_stalls++;

    in->wire_tx_ready[0] = 0;
    if ((out->wire_tx_flags[0] & 1) != 0 && wire_wants_beat(c->wire, now)) {
        in->wire_tx_ready[0] = 1;
        wire_from_card(c->wire, now, out->wire_tx_flags[0], out->wire_tx_bytes[0] & 0x7F, out->wire_tx_data);
    }
    in->wire_rx_flags[0] = wire_to_card(c->wire, now, in->wire_rx_bytes, in->wire_rx_data);

    in->flash_io[0] = flash_pins(&c->flash, out->flash_pins[0], now * c->flash_ns);
    if (c->watch != NULL)
        watch_beat(c->watch, now, out->tap_tx[0], out->tap_tx_data, out->tap_rx[0], out->tap_rx_data,
                   out->tap_disposition[0]);
    if (c->upset_left != 0)
        upset(c, now);
    if ((out->console[0] >> 8 & 1) != 0)
        console(c, (char)(out->console[0] & 0xFF));
    weir_rtl_tick(c->rtl);
    c->idle = (out->status[0] & 1) != 0 && in->tlp_rx_flags[0] == 0 && in->wire_rx_flags[0] == 0;
}

uint64_t card_step(struct card *c, uint64_t n, bool stop_idle) {
    uint64_t i;
    for (i = 0; i < n; i++) {
        if (stop_idle && card_idle(c))
            break;
        cycle(c);
    }
    return i;
}

uint64_t card_rx_stalls(const struct card *c) {
    return c->rx_stalls;
}

uint64_t card_cycles(const struct card *c) {
    return weir_rtl_cycles(c->rtl);
}

bool card_idle(const struct card *c) {
    return c->idle && rc_quiet(c->rc) && wire_quiet(c->wire);
}

bool card_fw_ready(const struct card *c) {
    return (c->out->status[0] >> 3 & 1) != 0;
}

int card_boot(struct card *c, uint64_t max) {
    for (uint64_t i = 0; i < max && !card_fw_ready(c); i++) {
        cycle(c);
        if (c->no_image) {
            c->no_image = false; // said once: called again, it is the rescue program that is waited for
            return -ENOEXEC;
        }
    }
    c->ran = card_fw_ready(c);
    return c->ran ? 0 : -ETIMEDOUT;
}

void card_refusals(const struct card *c, char *text, size_t size) {
    static const char *const name[FLASH_MAP_SLOTS] = {"slot A", "slot B", "golden slot"};
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < FLASH_MAP_SLOTS && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s: %s", i == 0 ? "" : "; ", name[i],
                                 c->why[i] == IMAGE_GOOD ? "not looked at"
                                                         : image_refusal_text((enum image_refusal)c->why[i]));
}

void card_set_cable(struct card *c, bool in) {
    c->in->link_up[0] = in ? 1 : 0;
}

void card_hot_reset(struct card *c) {
    c->in->hot_reset[0] = 1;
    card_step(c, 16, false);
    rc_link_reset(c->rc);
    c->in->hot_reset[0] = 0;
}

static void damage(struct card *c, unsigned core, uint64_t at, unsigned awake, unsigned cycles, uint32_t bit) {
    c->upset_core = core & 1;
    c->upset_at = at;
    c->upset_long = cycles;
    c->upset_left = cycles + awake;
    c->upset_bit = bit << c->upset_core;
}

void card_upset(struct card *c, unsigned core, uint64_t at, unsigned awake) {
    damage(c, core, at, awake, UPSET_CYCLES, 1);
}

void card_hang(struct card *c, unsigned core, uint64_t at, unsigned awake) {
    damage(c, core, at, awake, HANG_CYCLES, 4);
}

bool card_flash_transfer(struct card *c, const uint8_t *out, size_t n, uint8_t *in, size_t m) {
    if (flash_in_use(&c->flash))
        return false;
    flash_part_time(&c->flash.part, weir_rtl_cycles(c->rtl) * c->flash_ns);
    flash_part_transfer(&c->flash.part, out, n, in, m);
    return true;
}

struct flash_part *card_flash(struct card *c) {
    flash_part_time(&c->flash.part, weir_rtl_cycles(c->rtl) * c->flash_ns);
    return &c->flash.part;
}

void card_set_watch(struct card *c, card_frame_fn fn, void *ctx) {
    watch_free(c->watch);
    c->watch = fn != NULL ? watch_new(fn, ctx) : NULL;
}

int card_trace(struct card *c, const char *path) {
    return weir_rtl_trace(c->rtl, path) == 0 ? 0 : -ENOTSUP;
}

struct rc *card_rc(struct card *c) {
    return c->rc;
}

struct wire *card_wire(struct card *c) {
    return c->wire;
}
