// SPDX-License-Identifier: Apache-2.0
// A card in rescue: no image in its flash may run. The parent has no switch and no guests then; it hears weirctl, which
// can write one, until the card runs firmware (docs/blocks/flash.md).
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host_cmd.h"
#include "host_ctl.h"
#include "host_int.h"
#include "image_check.h"

#define ASK_US 100000u // whether firmware runs by now
#define WAIT_MS 20

static const char *refusal(uint32_t version, unsigned slot) {
    return image_refusal_text((enum image_refusal)(version >> (8 * slot) & 0xFF));
}

static void say_why(struct parent *p) {
    struct weir_flash_status_rsp s;
    if (weir_pf_flash_status(p->pf, &s) == 0)
        parent_log(p, LOG_CARD, "slot A: %s; slot B: %s; golden slot: %s", refusal(s.version, 0), refusal(s.version, 1),
                   refusal(s.version, 2));
    parent_log(p, LOG_CARD,
               "the card at %s is in rescue: no firmware in its flash may run; weirctl flash write IMAGE, then weirctl "
               "flash commit now; guests wait",
               parent_card(p));
}

bool rescue_hears(enum verb_id id) {
    return id == VERB_halt || id == VERB_dev_log || strncmp(verbs[id].name, "flash ", sizeof("flash ") - 1) == 0;
}

int rescue_run(struct parent *p, const volatile int *stop, char *err, size_t err_size) {
    uint64_t asked = parent_now_us();
    say_why(p);
    while (*stop == 0 && !p->halt) {
        struct pollfd fds[CTL_MAX_CLIENTS + 1];
        unsigned n;
        flash_look(p);
        if (weir_dev_dead(weir_pf_dev(p->pf))) {
            snprintf(err, err_size, "the card is gone: nobody answers at %s", parent_card(p));
            return -ENODEV;
        }
        if (!flash_busy(p) && parent_now_us() - asked > ASK_US) {
            if (weir_pf_rescue_ask(p->pf) == 0)
                return 1;
            asked = parent_now_us();
        }
        n = ctl_pollfds(p->ctl, fds, CTL_MAX_CLIENTS + 1);
        if (poll(fds, n, flash_busy(p) || ctl_pending(p->ctl) ? 0 : WAIT_MS) < 0 && errno != EINTR)
            return -errno;
        ctl_dispatch(p->ctl, p, fds, n);
    }
    return 0;
}
