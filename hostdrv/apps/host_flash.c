// SPDX-License-Identifier: Apache-2.0
// weirctl flash ...: the firmware in the card's flash (host_cmd.h, docs/blocks/flash.md). An image is read and checked
// here, as far as its file can say, then sent in the parent's turns; the card checks it again, and its ROM once more.
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_log.h"
#include "boot_update.h"
#include "host_cmd.h"
#include "host_flash.h"
#include "host_int.h"
#include "image_file.h"

#define PIECES_A_TURN 64u // mailbox commands
#define NO_SLOT 0xFFu

// An update from its file to the card's word for it.
struct flash_job {
    struct image_file image;
    uint32_t taken;
    bool sent; // the card verifies
};

// ---- words ----

const char *flash_slot_name(unsigned slot) {
    static const char *const name[] = {"A", "B", "golden"};
    return slot < 3 ? name[slot] : "none";
}

static const char *of(const char *const *words, unsigned n, unsigned at) {
    return at < n ? words[at] : "unknown";
}
#define OF(words, at) of(words, sizeof(words) / sizeof((words)[0]), at)

static const char *const jobs[] = {"idle", "opening", "writing", "checking", "committing", "confirming", "aborting"};
static const char *const kinds[] = {"confirmed", "on trial", "golden", "rescue"};
static const char *const states[] = {"usable", "being written", "to be tried", "failed"};
static const char *const events[] = {"none",
                                     "update begun",
                                     "update given up",
                                     "to be tried",
                                     "tried",
                                     "confirmed",
                                     "reverted",
                                     "refused",
                                     "crashed three times in a minute, given up for another",
                                     "crashed three times in a minute, no other may run"};

const char *flash_event_text(unsigned event) {
    return OF(events, event);
}

static const char *result_text(unsigned result) {
    static const char *const text[] = {
#define UPDATE_STATUS(value, name, words) [value] = (words),
#include "boot_update.def"
    };
    return OF(text, result);
}

// ---- what is so ----

void flash_put_version(struct json_object *o, const char *key, uint32_t version) {
    char text[16];
    snprintf(text, sizeof(text), "%u.%u", version >> 16, version & 0xFFFF);
    cmd_put_text(o, key, text);
}

static void put_status(struct parent *p, const struct weir_flash_status_rsp *s, struct json_object *rsp) {
    struct json_object *slots = json_object_new_array();
    // In rescue the version is why each slot was refused.
    for (unsigned i = 0; i < (s->kind == BOOT_RESCUE ? 3 : 2); i++) {
        struct json_object *o = json_object_new_object();
        cmd_put_text(o, "slot", flash_slot_name(i));
        cmd_put_text(o, "state",
                     s->kind == BOOT_RESCUE ? image_refusal_text((enum image_refusal)(s->version >> (8 * i) & 0xFF))
                     : i == s->slot         ? "runs"
                                            : OF(states, s->state[i]));
        json_object_array_add(slots, o);
    }
    cmd_put_text(rsp, "job", p->flash != NULL && s->job == WEIR_FLASH_IDLE ? "writing" : OF(jobs, s->job));
    cmd_put_text(rsp, "slot", flash_slot_name(s->kind == BOOT_RESCUE ? NO_SLOT : s->slot));
    cmd_put_text(rsp, "kind", OF(kinds, s->kind));
    if (s->kind != BOOT_RESCUE)
        flash_put_version(rsp, "version", s->version);
    cmd_put_number(rsp, "counter", s->counter);
    cmd_put_number(rsp, "floor", s->floor);
    cmd_put_text(rsp, "target", flash_slot_name(s->target));
    cmd_put_number(rsp, "bytes", s->bytes);
    cmd_put_number(rsp, "erased", s->erased < s->bytes ? s->erased : s->bytes); // by whole sectors
    cmd_put_number(rsp, "written", s->written);
    cmd_put_number(rsp, "result", s->result);
    cmd_put_text(rsp, "result_text", result_text(s->result));
    cmd_put_text(rsp, "why", image_refusal_name((enum image_refusal)s->why));
    cmd_put_text(rsp, "why_text", image_refusal_text((enum image_refusal)s->why));
    cmd_put_number(rsp, "record", s->record);
    cmd_put_text(rsp, "event", flash_event_text(s->event));
    cmd_put_text(rsp, "event_slot", flash_slot_name(s->event_slot));
    flash_put_version(rsp, "event_version", s->event_version);
    cmd_put_number(rsp, "tries", s->tries);
    json_object_object_add(rsp, "slots", slots);
}

int cmd_flash_show(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_flash_status_rsp s = {0};
    int err = weir_pf_flash_status(p->pf, &s);
    (void)req;
    // The first question has the card read its boot log: a few milliseconds of its time.
    if (err == 0 && s.job == WEIR_FLASH_OPENING)
        return CMD_LATER;
    put_status(p, &s, rsp);
    return cmd_card(rsp, err);
}

// ---- jobs ----

// 0 when the card is at rest, else CMD_LATER or no. `busy` is what stands in the way.
static int at_rest(struct parent *p, struct weir_flash_status_rsp *s, struct json_object *rsp) {
    int err = weir_pf_flash_status(p->pf, s);
    if (err != 0)
        return cmd_card(rsp, err);
    if (s->job == WEIR_FLASH_OPENING)
        return CMD_LATER;
    if (p->flash != NULL || s->job == WEIR_FLASH_WRITING)
        return cmd_no(rsp, CTL_flash_busy,
                      "an update is under way; weirctl flash show says how far, flash abort ends it");
    return s->job != WEIR_FLASH_IDLE ? CMD_LATER : 0;
}

static int refused(struct json_object *rsp, const char *path, enum image_refusal why) {
    return cmd_no(rsp, CTL_flash_image, "%s: %s (%s); weir-image show %s has all of it", path, image_refusal_text(why),
                  image_refusal_name(why), path);
}

// What the file itself can say: all but whether the card trusts its key.
static int check(const struct image_file *image, const char *path, uint32_t floor, struct json_object *rsp) {
    struct image_rules rules = image_file_rules(MANIFEST_BOARD_SIM, floor, NULL);
    struct manifest m;
    uint8_t hash[32];
    enum image_refusal why = image_file_check(image, &rules, &m);
    if (why != IMAGE_GOOD)
        return refused(rsp, path, why);
    image_key_hash(m.key, hash);
    rules.key_hash = hash;
    why = image_file_check(image, &rules, &m);
    return why != IMAGE_GOOD ? refused(rsp, path, why) : 0;
}

static void end(struct parent *p) {
    free(p->flash);
    p->flash = NULL;
}

int cmd_flash_write(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *path = cmd_text(req, "file");
    struct weir_flash_status_rsp s = {0};
    char err[300];
    int ret = at_rest(p, &s, rsp);
    if (ret != 0)
        return ret;
    if (s.kind == BOOT_TRIAL)
        return cmd_no(rsp, CTL_flash_state, "%s", result_text(BOOT_UPDATE_TRIAL));
    p->flash = calloc(1, sizeof(*p->flash));
    if (p->flash == NULL)
        return cmd_no(rsp, CTL_no_resource, "no memory for the image");
    if (image_file_read(&p->flash->image, path, err, sizeof(err)) != 0)
        ret = cmd_no(rsp, CTL_flash_image, "%s", err);
    else
        ret = check(&p->flash->image, path, s.floor, rsp);
    if (ret == 0)
        ret = cmd_card(rsp, weir_pf_flash_begin(p->pf, p->flash->image.length));
    if (ret != 0)
        end(p);
    else
        cmd_put_number(rsp, "bytes", p->flash->image.length);
    return ret;
}

// Sends what the card takes; then it verifies, and what it says of it stays in its status.
void flash_look(struct parent *p) {
    struct flash_job *f = p->flash;
    struct weir_flash_status_rsp s;
    if (f == NULL)
        return;
    for (unsigned i = 0; i < PIECES_A_TURN && f->taken < f->image.length; i++) {
        uint32_t before = f->taken;
        int err = weir_pf_flash_write(p->pf, f->image.bytes, f->image.length, &f->taken);
        if (err == -EAGAIN || err == -ECANCELED || (err == 0 && f->taken == before))
            break;
        if (err != 0) { // it ended without us: the status says why
            end(p);
            return;
        }
    }
    if (f->taken < f->image.length || weir_pf_flash_status(p->pf, &s) != 0 || s.job != WEIR_FLASH_IDLE)
        return;
    if (!f->sent && s.result == BOOT_UPDATE_OK && weir_pf_flash_do(p->pf, WEIR_FLASH_DO_VERIFY) == 0) {
        f->sent = true;
        return;
    }
    end(p);
}

bool flash_busy(const struct parent *p) {
    return p->flash != NULL;
}

// A job of the card's that ends by itself; the answer is what became of it.
static int done(struct parent *p, struct json_object *rsp, enum weir_flash_do what) {
    struct weir_flash_status_rsp s = {0};
    int ret;
    if (p->flash_client != p->client) {
        ret = at_rest(p, &s, rsp);
        if (ret != 0)
            return ret;
        ret = weir_pf_flash_do(p->pf, what);
        if (ret != 0)
            return cmd_card(rsp, ret);
        p->flash_client = p->client;
        return CMD_LATER;
    }
    ret = weir_pf_flash_status(p->pf, &s);
    if (ret == 0 && s.job != WEIR_FLASH_IDLE)
        return CMD_LATER;
    p->flash_client = 0;
    if (ret != 0)
        return cmd_card(rsp, ret);
    put_status(p, &s, rsp);
    if (s.result == BOOT_UPDATE_OK)
        return 0;
    if (s.result == BOOT_UPDATE_IMAGE)
        return cmd_no(rsp, CTL_flash_image, "%s: %s (%s)", result_text(s.result),
                      image_refusal_text((enum image_refusal)s.why), image_refusal_name((enum image_refusal)s.why));
    return cmd_no(rsp, s.result == BOOT_UPDATE_FLASH || s.result == BOOT_UPDATE_LOG ? CTL_flash_worn : CTL_flash_state,
                  "%s", result_text(s.result));
}

int cmd_flash_verify(struct parent *p, struct json_object *req, struct json_object *rsp) {
    (void)req;
    return done(p, rsp, WEIR_FLASH_DO_VERIFY);
}

int cmd_flash_commit(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *when = cmd_text(req, "when");
    int ret = done(p, rsp, WEIR_FLASH_DO_COMMIT);
    if (ret == 0 && when != NULL && strcmp(when, "now") == 0)
        ret = cmd_card(rsp, weir_pf_flash_do(p->pf, WEIR_FLASH_DO_ACTIVATE));
    return ret;
}

int cmd_flash_confirm(struct parent *p, struct json_object *req, struct json_object *rsp) {
    (void)req;
    return done(p, rsp, WEIR_FLASH_DO_CONFIRM);
}

int cmd_flash_abort(struct parent *p, struct json_object *req, struct json_object *rsp) {
    (void)req;
    if (p->flash != NULL) { // what is being written is given up behind the answer
        end(p);
        return cmd_card(rsp, weir_pf_flash_do(p->pf, WEIR_FLASH_DO_ABORT));
    }
    return done(p, rsp, WEIR_FLASH_DO_ABORT);
}
