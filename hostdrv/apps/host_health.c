// SPDX-License-Identifier: Apache-2.0
// What the parent says of the card's cores: one line when one was restarted, and `dev health` for whoever asks later
// (host_int.h).
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "host_cmd.h"
#include "host_int.h"

// RISC-V's exception codes, and 19 and 24, the card's own (docs/blocks/cpu.md, firmware.md).
static const char *cause_text(uint32_t cause) {
    static const char *const text[] = {[0] = "instruction misaligned",
                                       [1] = "instruction access fault",
                                       [2] = "illegal instruction",
                                       [3] = "breakpoint",
                                       [4] = "load misaligned",
                                       [5] = "load access fault",
                                       [6] = "store misaligned",
                                       [7] = "store access fault",
                                       [11] = "environment call",
                                       [19] = "damaged memory word",
                                       [24] = "hung, reset by its watchdog"};
    return cause < sizeof(text) / sizeof(text[0]) && text[cause] != NULL ? text[cause] : "unknown cause";
}

void health_open(struct parent *p) {
    for (unsigned core = 0; core < 2; core++) {
        struct weir_panic panic;
        if (weir_pf_panic(p->pf, core, &panic) == 0)
            p->panics[core] = panic.count;
    }
}

bool health_look(struct parent *p) {
    struct weir_vstack_restart r = weir_vstack_restart(p->vs);
    struct weir_panic panic;
    bool said = false;
    if (r.count == p->restarts)
        return !r.lost;
    p->restarts = r.count;
    // Both, because the event of one may have been lost with the other; core 1 first, because it may be why core 0 had
    // itself restarted (its program is damaged, and loaded again).
    for (unsigned core = 1; core < 2; core--) {
        if (weir_pf_panic(p->pf, core, &panic) != 0) {
            parent_log(p, LOG_CARD, "core %u of the card was restarted; it does not say why", core);
        } else if (panic.count != p->panics[core]) {
            p->panics[core] = panic.count;
            said = true;
            parent_log(p, LOG_CARD,
                       "core %u of the card panicked and was restarted: cause %u (%s), pc %08x, value %08x%s", core,
                       panic.word[0], cause_text(panic.word[0]), panic.word[1], panic.word[2],
                       r.lost ? "" : "; all goes on, weirctl dev health has more");
        } else if (core == r.core && !said) {
            parent_log(p, LOG_CARD, "core %u of the card hung and was restarted by its watchdog", core);
        }
    }
    return !r.lost;
}

static struct json_object *words(const uint32_t *word, unsigned n) {
    struct json_object *all = json_object_new_array();
    for (unsigned i = 0; i < n; i++)
        json_object_array_add(all, json_object_new_int64(word[i]));
    return all;
}

static void put_panic(struct json_object *o, const struct weir_panic *panic) {
    cmd_put_number(o, "cause", panic->word[0]);
    cmd_put_text(o, "text", cause_text(panic->word[0]));
    cmd_put_number(o, "pc", panic->word[1]);
    cmd_put_number(o, "value", panic->word[2]);
    cmd_put_number(o, "cycle", panic->word[3]);
    json_object_object_add(o, "registers", words(panic->word + WEIR_PANIC_REGS, 32));
    json_object_object_add(o, "stack", words(panic->word + WEIR_PANIC_STACK, WEIR_PANIC_WORDS - WEIR_PANIC_STACK));
}

// Of the last crash loop, by the slot of its image.
static const char *crash_text(const struct weir_get_health_rsp *h) {
    static const char *const text[3][2] = {
        {"the image of slot A crashed three times in a minute: another one was started",
         "the image of slot A crashed three times in a minute, and there is no other: it was started again"},
        {"the image of slot B crashed three times in a minute: another one was started",
         "the image of slot B crashed three times in a minute, and there is no other: it was started again"},
        {"the golden image crashed three times in a minute: another one was started",
         "the golden image crashed three times in a minute, and there is no other: it was started again"}};
    return h->crash_slot < 3 && h->crash_outcome >= 1 && h->crash_outcome <= 2
               ? text[h->crash_slot][h->crash_outcome - 1]
               : "an image crashed three times in a minute";
}

int cmd_dev_health(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct json_object *cores = json_object_new_array();
    struct weir_get_health_rsp h;
    int err = weir_pf_health(p->pf, &h);
    (void)req;
    for (unsigned core = 0; core < 2 && err == 0; core++) {
        struct json_object *o = json_object_new_object();
        struct weir_panic panic;
        err = weir_pf_panic(p->pf, core, &panic);
        cmd_put_number(o, "core", core);
        cmd_put_number(o, "stack_bytes", h.stack_bytes[core]);
        cmd_put_number(o, "stack_used", h.stack_used[core]);
        cmd_put_number(o, "panics", h.panics[core]);
        if (err == 0 && panic.count != 0) {
            struct json_object *last = json_object_new_object();
            put_panic(last, &panic);
            json_object_object_add(o, "panic", last);
        }
        json_object_array_add(cores, o);
    }
    cmd_put_number(rsp, "restarts", p->restarts);
    cmd_put_number(rsp, "crash_loops", h.crash_loops);
    if (err == 0 && h.crash_loops != 0)
        cmd_put_text(rsp, "crash_text", crash_text(&h));
    json_object_object_add(rsp, "cores", cores);
    return cmd_card(rsp, err);
}

int cmd_dev_panic(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_panic panic;
    int err = weir_pf_panic(p->pf, (unsigned)cmd_number(req, "core", 0), &panic);
    cmd_put_number(rsp, "core", (uint64_t)cmd_number(req, "core", 0));
    cmd_put_number(rsp, "panics", err == 0 ? panic.count : 0);
    if (err == 0 && panic.count != 0)
        put_panic(rsp, &panic);
    return cmd_card(rsp, err);
}
