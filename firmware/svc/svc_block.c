// SPDX-License-Identifier: Apache-2.0
// Configuration blocks of each VF: small pieces of memory that PF and VF read and write through their mailboxes.
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "svc.h"

static HAL_KEEP(blocks) struct {
    uint16_t length;
    uint8_t data[WEIR_CONFIG_BLOCK_BYTES];
} blocks[WEIR_NUM_VFS][SVC_BLOCKS];

enum weir_status svc_block_read(unsigned vf, unsigned block, struct weir_read_block_rsp *rsp) {
    if (vf >= WEIR_NUM_VFS || block >= SVC_BLOCKS) {
        return WEIR_NOT_FOUND; // rules 9.3
    }
    memset(rsp, 0, sizeof(*rsp));
    rsp->vf = (uint16_t)vf;
    rsp->block = (uint16_t)block;
    rsp->length = blocks[vf][block].length;
    memcpy(rsp->data, blocks[vf][block].data, rsp->length);
    return WEIR_OK;
}

enum weir_status svc_block_write(unsigned vf, unsigned block, const uint8_t *data, unsigned length) {
    if (vf >= WEIR_NUM_VFS || block >= SVC_BLOCKS) {
        return WEIR_NOT_FOUND;
    }
    if (length > WEIR_CONFIG_BLOCK_BYTES) {
        return WEIR_INVALID_PARAMETER;
    }
    hal_keep_touch(&blocks[vf][block], sizeof(blocks[vf][block]));
    blocks[vf][block].length = (uint16_t)length;
    memcpy(blocks[vf][block].data, data, length);
    return WEIR_OK;
}

void svc_block_clear(unsigned vf) {
    if (vf < WEIR_NUM_VFS) {
        memset(blocks[vf], 0, sizeof(blocks[vf]));
    }
}
