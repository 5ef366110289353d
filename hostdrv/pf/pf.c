// SPDX-License-Identifier: Apache-2.0
// The PF driver, see weir/pf.h.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pf_int.h"

#define COUNTER_MAX ((1ull << 48) - 1)

struct weir_dev *weir_pf_dev(struct weir_pf *pf) {
    return pf->dev;
}

struct weir_qp *weir_pf_qp(struct weir_pf *pf, unsigned i) {
    return i < pf->num_qps ? pf->qp[i] : NULL;
}

unsigned weir_pf_num_qps(const struct weir_pf *pf) {
    return pf->num_qps;
}

int pf_read_counters(struct weir_pf *pf, unsigned vport, uint64_t *value) {
    unsigned total = vport == WEIR_COUNTERS_SWITCH ? WEIR_SW_CNT_COUNT : WEIR_VPORT_CNT_COUNT;
    for (unsigned at = 0; at < total; at += 14) {
        struct weir_get_counters_req req = {
            .vport = (uint16_t)vport, .first = (uint8_t)at, .count = (uint8_t)(total - at < 14 ? total - at : 14)};
        struct weir_get_counters_rsp rsp;
        int err = CALL(pf, GET_COUNTERS, req, rsp);
        if (err != 0)
            return err;
        memcpy(value + at, rsp.value, req.count * sizeof(*value));
    }
    return 0;
}

// What is shown of the switch begins at zero with each switch; the ledger needs no zero (pf_ledger.c).
static int create_switch(struct weir_pf *pf, const struct weir_create_switch_req *req) {
    int err = CALL_NO_RSP(pf, CREATE_SWITCH, *req);
    pf->has_switch = err == 0;
    return err == 0 ? pf_read_counters(pf, WEIR_COUNTERS_SWITCH, pf->base) : err;
}

// Takes the switch over that the last driver left, if it is like the one that is wanted: what was the last driver's
// alone, the PF's queue pairs and events, goes; VFs, their vPorts and filters stay. 0, or why it cannot be used.
static int take_switch_over(struct weir_pf *pf, const struct weir_create_switch_req *want) {
    struct weir_get_caps_rsp caps;
    struct weir_get_vport_rsp vport = {0};
    struct weir_event event[7];
    int err = weir_mbox_call(pf->dev, WEIR_CMD_GET_CAPS, NULL, 0, &caps, sizeof(caps), NULL);
    if (err == 0)
        err = weir_pf_get_vport(pf, 0, &vport);
    if (err == 0 && (caps.cur_vfs != want->num_vfs || caps.cur_vports != want->num_vports ||
                     caps.cur_qps != want->num_qps || vport.num_qps != want->default_qps))
        err = -EINVAL;
    for (unsigned i = 0; i < want->default_qps && err == 0; i++) {
        struct weir_qp_req req = {.qp = (uint16_t)i};
        struct weir_get_qp_rsp now;
        (void)CALL_NO_RSP(pf, DESTROY_QP, req); // cannot drain, its bus mastering being off: that is no failure
        err = CALL(pf, GET_QP, req, now);
        if (err == 0 && now.state != WEIR_QP_DISABLED)
            err = -EBUSY;
    }
    if (err != 0)
        return err;
    for (int n = 7; n == 7;)
        n = weir_pf_events(pf, event, 7);
    weir_dev_go(pf->dev);
    pf->has_switch = true;
    return 0;
}

static int begin_switch(struct weir_pf *pf, const struct weir_create_switch_req *req, char *err, size_t err_size) {
    int ret = 0;
    if (weir_dev_taken_over(pf->dev)) {
        if (take_switch_over(pf, req) == 0) {
            pf->taken_over = true;
            return 0;
        }
        ret = weir_dev_renew(pf->dev, req->default_qps + 1u, err, err_size);
    }
    if (ret == 0) {
        ret = create_switch(pf, req);
        if (ret != 0)
            snprintf(err, err_size, "cannot create the NIC switch: %s", strerror(-ret));
    }
    return ret;
}

int weir_pf_open(struct weir_bus *bus, const struct weir_pf_config *cfg, struct weir_pf **out, char *err,
                 size_t err_size) {
    struct weir_create_switch_req req = {.num_vfs = cfg->num_vfs,
                                         .num_vports = cfg->num_vports,
                                         .num_qps = WEIR_NUM_QPS,
                                         .default_qps = cfg->default_qps,
                                         .flags = cfg->switch_flags};
    struct weir_pf *pf = calloc(1, sizeof(*pf));
    int ret;

    if (pf == NULL || cfg->default_qps == 0 || cfg->default_qps > MAX_QPS) {
        snprintf(err, err_size, "the default vPort takes 1 to %u queue pairs, asked for %u", MAX_QPS, cfg->default_qps);
        free(pf);
        weir_bus_close(bus);
        return pf == NULL ? -ENOMEM : -EINVAL;
    }
    ret = (cfg->take_over ? weir_dev_take_over : weir_dev_open)(bus, cfg->default_qps + 1u, &pf->dev, err, err_size);
    if (ret != 0) {
        free(pf);
        return ret;
    }
    if (weir_dev_fn(pf->dev) != 0) {
        snprintf(err, err_size, "this function is VF %u, not the PF", weir_dev_fn(pf->dev) - 1);
        ret = -ENODEV;
        goto err_pf;
    }
    if (weir_dev_rescue(pf->dev)) {
        *out = pf;
        return 0;
    }
    ret = begin_switch(pf, &req, err, err_size);
    if (ret != 0)
        goto err_pf;
    pf->num_vports = cfg->num_vports;
    for (unsigned i = 0; i < cfg->default_qps; i++) {
        struct weir_qp_config qc = {.qp = (uint16_t)i,
                                    .tx_log2 = cfg->tx_log2,
                                    .rx_log2 = cfg->rx_log2,
                                    .vector = (uint8_t)(i + 1),
                                    .buf_bytes = cfg->buf_bytes};
        ret = weir_qp_open(pf->dev, &qc, &pf->qp[i]);
        if (ret != 0) {
            snprintf(err, err_size, "cannot open queue pair %u of the default vPort: %s", i, strerror(-ret));
            goto err_pf;
        }
        pf->num_qps++;
    }
    if (cfg->num_vfs != 0 && !pf->taken_over) {
        ret = bus->ops->sriov(bus, cfg->num_vfs);
        if (ret != 0) {
            snprintf(err, err_size, "cannot enable %u VFs: %s", cfg->num_vfs, strerror(-ret));
            goto err_pf;
        }
    }
    *out = pf;
    return 0;

err_pf:
    weir_pf_close(pf);
    return ret;
}

static void close_pf(struct weir_pf *pf, bool leave) {
    struct weir_bus *bus;
    if (pf == NULL)
        return;
    bus = weir_dev_bus(pf->dev);
    for (unsigned i = 0; i < pf->num_qps; i++)
        weir_qp_close(pf->qp[i]);
    weir_dev_dma_free(pf->dev, &pf->records, false);
    if (pf->has_switch && !leave && !weir_dev_dead(pf->dev)) {
        (void)weir_mbox_call(pf->dev, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, 0, NULL);
        (void)bus->ops->sriov(bus, 0);
    }
    weir_dev_close(pf->dev);
    free(pf);
}

void weir_pf_close(struct weir_pf *pf) {
    close_pf(pf, false);
}

void weir_pf_leave(struct weir_pf *pf) {
    close_pf(pf, true);
}

bool weir_pf_taken_over(const struct weir_pf *pf) {
    return pf->taken_over;
}

int weir_pf_alloc_vf(struct weir_pf *pf, int vf, const uint8_t mac[6], const char *vm_name) {
    struct weir_alloc_vf_req req;
    struct weir_alloc_vf_rsp rsp;
    int err;
    memset(&req, 0, sizeof(req));
    req.vf = vf < 0 ? WEIR_VPORT_NO_VF : (uint16_t)vf;
    memcpy(req.mac, mac, 6);
    snprintf(req.vm_name, sizeof(req.vm_name), "%s", vm_name);
    err = CALL(pf, ALLOC_VF, req, rsp);
    return err != 0 ? err : rsp.vf;
}

int weir_pf_free_vf(struct weir_pf *pf, unsigned vf) {
    struct weir_vf_req req = {.vf = (uint16_t)vf};
    return CALL_NO_RSP(pf, FREE_VF, req);
}

int weir_pf_reset_vf(struct weir_pf *pf, unsigned vf) {
    struct weir_vf_req req = {.vf = (uint16_t)vf};
    return CALL_NO_RSP(pf, RESET_VF, req);
}

int weir_pf_set_rate(struct weir_pf *pf, unsigned fn, unsigned qp, uint32_t mbps, unsigned weight) {
    struct weir_set_rate_req req = {.fn = (uint16_t)fn, .qp = (uint16_t)qp, .mbps = mbps, .weight = (uint8_t)weight};
    return CALL_NO_RSP(pf, SET_RATE, req);
}

int weir_pf_create_vport(struct weir_pf *pf, unsigned vport, unsigned vf, unsigned num_qps, unsigned flags,
                         const char *name) {
    struct weir_create_vport_req req;
    int err;
    memset(&req, 0, sizeof(req));
    req.vport = (uint16_t)vport;
    req.vf = (uint16_t)vf;
    req.num_qps = (uint16_t)num_qps;
    req.flags = (uint16_t)flags;
    snprintf(req.name, sizeof(req.name), "%s", name);
    err = CALL_NO_RSP(pf, CREATE_VPORT, req);
    pf->generations += err == 0;
    return err;
}

int weir_pf_delete_vport(struct weir_pf *pf, unsigned vport) {
    struct weir_vport_req req = {.vport = (uint16_t)vport};
    return CALL_NO_RSP(pf, DELETE_VPORT, req);
}

int weir_pf_get_vport(struct weir_pf *pf, unsigned vport, struct weir_get_vport_rsp *rsp) {
    struct weir_vport_req req = {.vport = (uint16_t)vport};
    return CALL(pf, GET_VPORT, req, *rsp);
}

int weir_pf_set_filter(struct weir_pf *pf, uint32_t filter, unsigned vport, const uint8_t mac[6], unsigned mode,
                       unsigned vid) {
    struct weir_set_filter_req req = {
        .filter = filter, .vport = (uint16_t)vport, .vid = (uint16_t)vid, .mode = (uint8_t)mode};
    memcpy(req.mac, mac, 6);
    return CALL_NO_RSP(pf, SET_FILTER, req);
}

int weir_pf_clear_filter(struct weir_pf *pf, uint32_t filter) {
    struct weir_clear_filter_req req = {.filter = filter};
    return CALL_NO_RSP(pf, CLEAR_FILTER, req);
}

int weir_pf_get_filter(struct weir_pf *pf, unsigned from, struct weir_get_filter_rsp *rsp) {
    struct weir_get_filter_req req = {.from = (uint16_t)from};
    return CALL(pf, GET_FILTER, req, *rsp);
}

int weir_pf_move_filter(struct weir_pf *pf, uint32_t filter, unsigned src, unsigned dst, unsigned flags, uint32_t token,
                        uint8_t *epoch, uint32_t *cycle) {
    struct weir_move_filter_req req = {
        .filter = filter, .src = (uint16_t)src, .dst = (uint16_t)dst, .flags = (uint16_t)flags, .token = token};
    struct weir_move_filter_rsp rsp;
    int err = CALL(pf, MOVE_FILTER, req, rsp);
    if (err != 0)
        return err;
    if (epoch != NULL)
        *epoch = rsp.epoch;
    if (cycle != NULL)
        *cycle = rsp.cycle_lo;
    return 0;
}

int weir_pf_fence(struct weir_pf *pf, unsigned vport, uint32_t token) {
    struct weir_fence_req req = {.vport = (uint16_t)vport, .token = token};
    struct weir_fence_rsp rsp;
    return CALL(pf, FENCE, req, rsp);
}

int weir_pf_events(struct weir_pf *pf, struct weir_event *event, unsigned room) {
    struct weir_get_events_rsp rsp;
    int err = weir_mbox_call(pf->dev, WEIR_CMD_GET_EVENTS, NULL, 0, &rsp, sizeof(rsp), NULL);
    if (err != 0)
        return err;
    if (rsp.count > room || rsp.count > 7)
        return -EOVERFLOW;
    memcpy(event, rsp.event, rsp.count * sizeof(*event));
    return rsp.count;
}

int weir_pf_ping(struct weir_pf *pf, uint32_t *cycle) {
    struct weir_ping_req req = {.word = 0x57454952};
    struct weir_ping_rsp rsp;
    int err = CALL(pf, PING, req, rsp);
    if (err == 0 && rsp.word != req.word)
        return -EPROTO;
    if (err == 0 && cycle != NULL)
        *cycle = rsp.cycle_lo;
    return err;
}

int weir_pf_link(struct weir_pf *pf, bool *up) {
    struct weir_get_info_rsp rsp;
    int err = weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_GET_INFO, NULL, 0, &rsp, sizeof(rsp), NULL);
    if (err == 0)
        *up = rsp.link != 0;
    return err;
}

int weir_pf_set_link(struct weir_pf *pf, bool enable) {
    struct weir_set_link_req req = {.enable = enable ? 1 : 0};
    return weir_mbox_call(weir_pf_dev(pf), WEIR_CMD_SET_LINK, &req, sizeof(req), NULL, 0, NULL);
}

int weir_pf_counters(struct weir_pf *pf, unsigned vport, uint64_t *value) {
    int err = pf_read_counters(pf, vport, value);
    for (unsigned i = 0; i < WEIR_SW_CNT_COUNT && vport == WEIR_COUNTERS_SWITCH && err == 0; i++)
        value[i] = (value[i] - pf->base[i]) & COUNTER_MAX;
    return err;
}
