// SPDX-License-Identifier: Apache-2.0
// The firmware in the card's flash, see weir/pf.h.
#include <errno.h>
#include <string.h>

#include "pf_int.h"

int weir_pf_flash_status(struct weir_pf *pf, struct weir_flash_status_rsp *status) {
    return weir_mbox_call(pf->dev, WEIR_CMD_FLASH_STATUS, NULL, 0, status, sizeof(*status), NULL);
}

int weir_pf_flash_begin(struct weir_pf *pf, uint32_t bytes) {
    struct weir_flash_begin_req req = {.bytes = bytes};
    return CALL_NO_RSP(pf, FLASH_BEGIN, req);
}

int weir_pf_flash_write(struct weir_pf *pf, const void *image, uint32_t bytes, uint32_t *taken) {
    struct weir_flash_write_req req = {.offset = *taken};
    struct weir_flash_write_rsp rsp;
    int err;
    if (*taken >= bytes)
        return -EINVAL;
    req.length = bytes - *taken < WEIR_FLASH_PIECE ? bytes - *taken : WEIR_FLASH_PIECE;
    memcpy(req.data, (const uint8_t *)image + *taken, req.length);
    err = CALL(pf, FLASH_WRITE, req, rsp);
    if (err != 0)
        return err;
    if (rsp.taken < *taken || rsp.taken > *taken + req.length)
        return -EIO; // the card says something else than what it was given
    *taken = rsp.taken;
    return 0;
}

int weir_pf_flash_do(struct weir_pf *pf, enum weir_flash_do what) {
    struct weir_flash_do_req req = {.what = what};
    return CALL_NO_RSP(pf, FLASH_DO, req);
}

int weir_pf_flash_read(struct weir_pf *pf, uint32_t at, void *to, uint32_t bytes) {
    struct weir_flash_read_req req = {.at = at, .length = bytes};
    struct weir_flash_read_rsp rsp;
    int err;
    if (bytes == 0 || bytes > sizeof(rsp.data))
        return -EINVAL;
    err = CALL(pf, FLASH_READ, req, rsp);
    if (err == 0)
        memcpy(to, rsp.data, bytes);
    return err;
}

bool weir_pf_rescue(const struct weir_pf *pf) {
    return weir_dev_rescue(pf->dev);
}

int weir_pf_rescue_ask(struct weir_pf *pf) {
    struct weir_hello_req req = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    struct weir_hello_rsp rsp;
    int err = CALL(pf, HELLO, req, rsp);
    return err != 0 ? err : (rsp.features & WEIR_HELLO_RESCUE) != 0;
}
