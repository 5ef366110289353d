// SPDX-License-Identifier: Apache-2.0
// weirctl flash log, flash dump: what is in the card's flash (host_cmd.h, docs/blocks/flash.md), read through the
// mailbox in pages, so that the parent's turns stay short.
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "boot_log.h"
#include "host_cmd.h"
#include "host_flash.h"
#include "host_int.h"
#include "image_check.h"

#define PAGE 1024u // bytes of an answer, 16 mailbox commands

// 0, CMD_LATER while a job keeps the flash busy, or no in the answer.
static int read_page(struct parent *p, uint32_t at, uint8_t *to, uint32_t bytes, struct json_object *rsp) {
    for (uint32_t n = 0; n < bytes;) {
        uint32_t piece = bytes - n < WEIR_FLASH_READ_MOST ? bytes - n : WEIR_FLASH_READ_MOST;
        int err = weir_pf_flash_read(p->pf, at + n, to + n, piece);
        if (err == -EBUSY)
            return CMD_LATER;
        if (err != 0)
            return cmd_card(rsp, err);
        n += piece;
    }
    return 0;
}

static void put_next(struct json_object *rsp, uint32_t next, uint32_t end) {
    cmd_put_number(rsp, "next", next);
    cmd_put_bool(rsp, "more", next < end);
}

// ---- the boot log ----

static bool is_erased(const uint8_t *raw) {
    for (unsigned i = 0; i < BOOT_LOG_RECORD_BYTES; i++)
        if (raw[i] != 0xFF)
            return false;
    return true;
}

static struct json_object *entry(const struct boot_record *r) {
    struct json_object *o = json_object_new_object();
    cmd_put_number(o, "record", r->number);
    cmd_put_text(o, "event", flash_event_text(r->event));
    cmd_put_text(o, "slot", flash_slot_name(r->slot));
    flash_put_version(o, "version", r->version);
    cmd_put_text(o, "reason", r->reason == IMAGE_GOOD ? "" : image_refusal_text((enum image_refusal)r->reason));
    cmd_put_number(o, "tries", r->tries);
    cmd_put_number(o, "floor", r->floor);
    cmd_put_text(o, "active", flash_slot_name(r->active));
    return o;
}

int cmd_flash_log(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const uint32_t end = FLASH_MAP_LOGS * FLASH_MAP_SECTOR;
    int64_t from = cmd_number(req, "from", 0);
    uint32_t at = from > 0 && from < end ? (uint32_t)from / PAGE * PAGE : 0;
    struct json_object *all, *torn;
    uint8_t raw[PAGE];
    int ret = read_page(p, FLASH_MAP_LOG(0) + at, raw, PAGE, rsp);
    if (ret != 0)
        return ret;
    all = json_object_new_array();
    torn = json_object_new_array();
    for (uint32_t i = 0; i < PAGE; i += BOOT_LOG_RECORD_BYTES) {
        struct boot_record r;
        if (boot_record_take(raw + i, &r))
            json_object_array_add(all, entry(&r));
        else if (!is_erased(raw + i))
            json_object_array_add(torn, json_object_new_int64((at + i) / BOOT_LOG_RECORD_BYTES));
    }
    json_object_object_add(rsp, "entry", all);
    json_object_object_add(rsp, "torn", torn); // places of records that are none
    put_next(rsp, at + PAGE, end);
    return 0;
}

// ---- images ----

int cmd_flash_dump(struct parent *p, struct json_object *req, struct json_object *rsp) {
    static const char *const slots[] = {"a", "b", "golden"};
    const char *name = cmd_text(req, "slot");
    int64_t from = cmd_number(req, "from", 0);
    struct json_object *pieces;
    uint32_t slot = 0, end, at, n;
    struct manifest_rules any = {.board = MANIFEST_BOARD_SIM,
                                 .contract = UINT32_MAX,
                                 .slot_bytes = FLASH_MAP_SLOT_BYTES,
                                 .body_bytes = UINT32_MAX};
    struct manifest m;
    enum image_refusal why;
    uint8_t raw[PAGE] = {0};
    char hex[2 * PAGE + 1];
    int ret;

    while (slot + 1 < FLASH_MAP_SLOTS && strcmp(slots[slot], name) != 0)
        slot++;
    // Of the pages behind the first its length alone is asked for.
    ret = read_page(p, FLASH_MAP_SLOT(slot), raw, from > 0 ? WEIR_FLASH_READ_MOST : MANIFEST_BYTES, rsp);
    if (ret != 0)
        return ret;
    why = manifest_read(raw, MANIFEST_BYTES, &any, &m);
    if (m.magic != MANIFEST_MAGIC || m.image_bytes < MANIFEST_BYTES || m.image_bytes > FLASH_MAP_SLOT_BYTES)
        return cmd_no(rsp, CTL_flash_image, "slot %s: %s", flash_slot_name(slot), image_refusal_text(why));
    end = m.image_bytes;
    at = from > 0 && from < end ? (uint32_t)from : 0;
    n = end - at < PAGE ? end - at : PAGE;
    ret = read_page(p, FLASH_MAP_SLOT(slot) + at, raw, n, rsp);
    if (ret != 0)
        return ret;
    for (uint32_t i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", raw[i]);
    pieces = json_object_new_array();
    json_object_array_add(pieces, json_object_new_string(hex));
    json_object_object_add(rsp, "piece", pieces);
    cmd_put_number(rsp, "bytes", end);
    put_next(rsp, at + n, end);
    return 0;
}
