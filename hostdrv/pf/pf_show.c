// SPDX-License-Identifier: Apache-2.0
// What the card says of itself, for people: see weir/pf.h.
#include <errno.h>

#include "pf_int.h"

int weir_pf_version(struct weir_pf *pf, struct weir_hello_rsp *rsp) {
    struct weir_hello_req req = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    return CALL(pf, HELLO, req, *rsp);
}

int weir_pf_caps(struct weir_pf *pf, struct weir_get_caps_rsp *caps) {
    return weir_mbox_call(pf->dev, WEIR_CMD_GET_CAPS, NULL, 0, caps, sizeof(*caps), NULL);
}

int weir_pf_get_vf(struct weir_pf *pf, unsigned vf, struct weir_get_vf_rsp *rsp) {
    struct weir_vf_req req = {.vf = (uint16_t)vf};
    return CALL(pf, GET_VF, req, *rsp);
}

int weir_pf_get_qp(struct weir_pf *pf, unsigned qp, struct weir_get_qp_rsp *rsp) {
    struct weir_qp_req req = {.qp = (uint16_t)qp};
    return CALL(pf, GET_QP, req, *rsp);
}

int weir_pf_log(struct weir_pf *pf, uint32_t position, struct weir_read_log_rsp *rsp) {
    struct weir_read_log_req req = {.position = position};
    int err = CALL(pf, READ_LOG, req, *rsp);
    return err == 0 && rsp->length > sizeof(rsp->text) ? -EPROTO : err;
}

int weir_pf_set_log_level(struct weir_pf *pf, unsigned level) {
    struct weir_set_log_level_req req = {.level = (uint8_t)level};
    return CALL_NO_RSP(pf, SET_LOG_LEVEL, req);
}
