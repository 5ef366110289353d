// SPDX-License-Identifier: Apache-2.0
// Commands about the firmware in the flash: the PF's alone (mbox.def).
#include "cmd.h"
#include "svc/svc.h"

enum weir_status cmd_run_FLASH_STATUS(unsigned fn, const void *req_, void *rsp_) {
    (void)fn;
    (void)req_;
    svc_flash_status(rsp_);
    return WEIR_OK;
}

enum weir_status cmd_run_FLASH_BEGIN(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_flash_begin_req *req = req_;
    (void)fn;
    (void)rsp_;
    return svc_flash_begin(req->bytes);
}

enum weir_status cmd_run_FLASH_WRITE(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_flash_write_req *req = req_;
    struct weir_flash_write_rsp *rsp = rsp_;
    (void)fn;
    return svc_flash_write(req->offset, req->data, req->length, &rsp->taken);
}

enum weir_status cmd_run_FLASH_DO(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_flash_do_req *req = req_;
    (void)fn;
    (void)rsp_;
    return svc_flash_do(req->what);
}

enum weir_status cmd_run_FLASH_READ(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_flash_read_req *req = req_;
    struct weir_flash_read_rsp *rsp = rsp_;
    (void)fn;
    return svc_flash_read(req->at, rsp->data, req->length);
}
