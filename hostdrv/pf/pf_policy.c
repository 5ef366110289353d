// SPDX-License-Identifier: Apache-2.0
// The PF driver's calls about what a vPort may send and hear, see weir/pf.h.
#include <errno.h>
#include <string.h>

#include "weir/pf.h"

static int set_vport(struct weir_pf *pf, const struct weir_set_vport_req *req) {
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_VPORT, req, sizeof(*req), NULL, 0, NULL);
}

int weir_pf_set_vport_flags(struct weir_pf *pf, unsigned vport, unsigned flags) {
    return set_vport(pf, &(struct weir_set_vport_req){
                             .vport = (uint16_t)vport, .changed = WEIR_VPORT_CHANGED_FLAGS, .flags = (uint16_t)flags});
}

int weir_pf_set_flood(struct weir_pf *pf, unsigned vport, bool member) {
    struct weir_set_flood_req req = {.vport = (uint16_t)vport, .member = member ? 1 : 0};
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_FLOOD, &req, sizeof(req), NULL, 0, NULL);
}

int weir_pf_activate_vport(struct weir_pf *pf, unsigned vport) {
    return set_vport(pf, &(struct weir_set_vport_req){.vport = (uint16_t)vport,
                                                      .changed = WEIR_VPORT_CHANGED_STATE,
                                                      .state = WEIR_VPORT_ACTIVATED});
}

int weir_pf_update_vport(struct weir_pf *pf, const struct weir_update_vport_req *req) {
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_UPDATE_VPORT, req, sizeof(*req), NULL, 0, NULL);
}

int weir_pf_describe_vport(struct weir_pf *pf, unsigned vport, struct weir_describe_vport_rsp *rsp) {
    struct weir_vport_req req = {.vport = (uint16_t)vport};
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_DESCRIBE_VPORT, &req, sizeof(req), rsp, sizeof(*rsp), NULL);
}

static int set_vlan(struct weir_pf *pf, const struct weir_set_vport_vlan_req *req) {
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_VPORT_VLAN, req, sizeof(*req), NULL, 0, NULL);
}

int weir_pf_vlan_any(struct weir_pf *pf, unsigned vport) {
    return set_vlan(pf, &(struct weir_set_vport_vlan_req){.vport = (uint16_t)vport, .mode = WEIR_VLAN_ANY});
}

int weir_pf_vlan_port(struct weir_pf *pf, unsigned vport, uint16_t tci) {
    return set_vlan(pf,
                    &(struct weir_set_vport_vlan_req){.vport = (uint16_t)vport, .mode = WEIR_VLAN_PORT, .tci = tci});
}

int weir_pf_vlan_trunk(struct weir_pf *pf, unsigned vport, const struct weir_vlan_range *range, unsigned count) {
    struct weir_set_vport_vlan_req req = {.vport = (uint16_t)vport, .mode = WEIR_VLAN_TRUNK, .count = (uint8_t)count};
    if (count == 0 || count > WEIR_VLAN_RANGES)
        return -EINVAL;
    memcpy(req.range, range, count * sizeof(*range));
    return set_vlan(pf, &req);
}

int weir_pf_mirror(struct weir_pf *pf, unsigned src, unsigned dst, bool on) {
    struct weir_set_mirror_req req = {.src = (uint16_t)src, .dst = (uint16_t)dst, .on = on};
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_MIRROR, &req, sizeof(req), NULL, 0, NULL);
}

int weir_pf_rss_table(struct weir_pf *pf, unsigned vport, const uint8_t *entry, unsigned count) {
    struct weir_set_rss_req req = {.vport = (uint16_t)vport, .count = (uint16_t)count};
    if (count == 0 || count > WEIR_RSS_ENTRIES)
        return -EINVAL;
    memcpy(req.entry, entry, count);
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_RSS, &req, sizeof(req), NULL, 0, NULL);
}

int weir_pf_rss_key(struct weir_pf *pf, const uint8_t key[40]) {
    struct weir_set_rss_key_req req;
    memcpy(req.key, key, sizeof(req.key));
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_RSS_KEY, &req, sizeof(req), NULL, 0, NULL);
}

int weir_pf_vport_rss_key(struct weir_pf *pf, unsigned vport, const uint8_t key[40]) {
    struct weir_set_vport_rss_key_req req = {.vport = (uint16_t)vport};
    memcpy(req.key, key, sizeof(req.key));
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_VPORT_RSS_KEY, &req, sizeof(req), NULL, 0, NULL);
}
