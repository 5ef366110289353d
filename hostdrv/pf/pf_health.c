// SPDX-License-Identifier: Apache-2.0
// How the card's cores are, see weir/pf.h.
#include <errno.h>
#include <string.h>

#include "pf_int.h"

int weir_pf_panic(struct weir_pf *pf, unsigned core, struct weir_panic *panic) {
    memset(panic, 0, sizeof(*panic));
    for (unsigned part = 0; part < WEIR_PANIC_WORDS / WEIR_PANIC_PART; part++) {
        struct weir_get_panic_req req = {.core = (uint8_t)core, .part = (uint8_t)part};
        struct weir_get_panic_rsp rsp;
        int err = CALL(pf, GET_PANIC, req, rsp);
        if (err != 0)
            return err;
        if (part != 0 && rsp.count != panic->count)
            return -EAGAIN; // another one came between the two
        panic->count = rsp.count;
        memcpy(panic->word + part * WEIR_PANIC_PART, rsp.word, sizeof(rsp.word));
    }
    return 0;
}

int weir_pf_health(struct weir_pf *pf, struct weir_get_health_rsp *health) {
    return weir_mbox_call(pf->dev, WEIR_CMD_GET_HEALTH, NULL, 0, health, sizeof(*health), NULL);
}
