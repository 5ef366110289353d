// SPDX-License-Identifier: Apache-2.0
// The VF driver, see weir/vf.h.
#include "weir/vf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct weir_vf {
    struct weir_dev *dev;
    struct weir_get_info_rsp info;
    struct weir_qp *qp[WEIR_VF_MAX_QPS];
    unsigned num_qps;
    bool gone;
};

// What was offered and what was opened found each other by a number of the bus: both say who they are.
static int check_identity(const struct weir_vf *vf, const struct weir_vf_config *cfg, char *err, size_t err_size) {
    static const uint8_t any[6];
    const uint8_t *a = vf->info.mac, *b = cfg->mac;
    unsigned fn = weir_dev_fn(vf->dev);

    if (cfg->fn != 0 && cfg->fn != fn) {
        snprintf(err, err_size, "this is VF %u of its card; the parent offers VF %u", fn - 1, cfg->fn - 1);
        return -ENXIO;
    }
    if (memcmp(b, any, 6) != 0 && memcmp(a, b, 6) != 0) {
        snprintf(err, err_size, "this VF is %02x:%02x:%02x:%02x:%02x:%02x's, not %02x:%02x:%02x:%02x:%02x:%02x's", a[0],
                 a[1], a[2], a[3], a[4], a[5], b[0], b[1], b[2], b[3], b[4], b[5]);
        return -ENXIO;
    }
    return 0;
}

int weir_vf_open(struct weir_bus *bus, const struct weir_vf_config *cfg, struct weir_vf **out, char *err,
                 size_t err_size) {
    struct weir_vf *vf = calloc(1, sizeof(*vf));
    unsigned n;
    int ret;

    if (vf == NULL) {
        snprintf(err, err_size, "out of memory");
        weir_bus_close(bus);
        return -ENOMEM;
    }
    ret = weir_dev_open(bus, WEIR_VF_MAX_QPS + 1, &vf->dev, err, err_size);
    if (ret != 0) {
        free(vf);
        return ret;
    }
    if (weir_dev_fn(vf->dev) == 0) {
        snprintf(err, err_size, "this function is the PF, not a VF"); // rules 4.7
        ret = -ENODEV;
        goto err_vf;
    }
    ret = weir_mbox_call(vf->dev, WEIR_CMD_GET_INFO, NULL, 0, &vf->info, sizeof(vf->info), NULL);
    if (ret != 0 || vf->info.has_vport == 0) {
        snprintf(err, err_size, ret != 0 ? "GET_INFO failed" : "VF has no vPort yet");
        ret = ret != 0 ? ret : -ENOLINK;
        goto err_vf;
    }
    ret = check_identity(vf, cfg, err, err_size);
    if (ret != 0)
        goto err_vf;
    n = cfg->max_qps != 0 && cfg->max_qps < vf->info.num_qps ? cfg->max_qps : vf->info.num_qps;
    for (unsigned i = 0; i < n && i < WEIR_VF_MAX_QPS; i++) {
        struct weir_qp_config qc = {.qp = (uint16_t)i,
                                    .tx_log2 = cfg->tx_log2,
                                    .rx_log2 = cfg->rx_log2,
                                    .vector = (uint8_t)(i + 1),
                                    .buf_bytes = cfg->buf_bytes};
        ret = weir_qp_open(vf->dev, &qc, &vf->qp[i]);
        if (ret != 0) {
            snprintf(err, err_size, "cannot open queue pair %u: %s", i, strerror(-ret));
            goto err_vf;
        }
        vf->num_qps++;
    }
    *out = vf;
    return 0;

err_vf:
    weir_vf_close(vf);
    return ret;
}

void weir_vf_close(struct weir_vf *vf) {
    if (vf == NULL)
        return;
    for (unsigned i = 0; i < vf->num_qps; i++)
        weir_qp_close(vf->qp[i]);
    weir_dev_close(vf->dev);
    free(vf);
}

void weir_vf_surprise(struct weir_vf *vf) {
    vf->gone = true;
    weir_dev_mark_removed(vf->dev);
    for (unsigned i = 0; i < vf->num_qps; i++)
        weir_qp_mark_removed(vf->qp[i]);
}

struct weir_dev *weir_vf_dev(struct weir_vf *vf) {
    return vf->dev;
}

unsigned weir_vf_num_qps(const struct weir_vf *vf) {
    return vf->num_qps;
}

struct weir_qp *weir_vf_qp(struct weir_vf *vf, unsigned i) {
    return i < vf->num_qps ? vf->qp[i] : NULL;
}

const uint8_t *weir_vf_mac(const struct weir_vf *vf) {
    return vf->info.mac;
}

// A reset empties the mailbox, whoever made it and whatever he put back of the configuration space since; so does
// moving to another card, where the function knows its driver.
static bool was_reset(struct weir_vf *vf) {
    struct weir_bus *bus = weir_dev_bus(vf->dev);
    struct weir_get_info_rsp info;
    uint32_t answer;
    unsigned status;
    if (bus->ops->bar_read(bus, WEIR_BAR_MBOX_RSP, &answer) != 0 || answer == UINT32_MAX)
        return true;
    return answer == 0 && weir_mbox_call(vf->dev, WEIR_CMD_GET_INFO, NULL, 0, &info, sizeof(info), &status) != 0 &&
           status != WEIR_NOT_ACCEPTED; // moved and not yet running
}

bool weir_vf_must_stop(struct weir_vf *vf) {
    uint64_t events = vf->gone ? 0 : weir_dev_events(vf->dev);
    return vf->gone || weir_dev_dead(vf->dev) || (events >> WEIR_FN_EVENT_RESET_BIT & 1) != 0 || was_reset(vf);
}

unsigned weir_vf_watch(struct weir_vf *vf) {
    unsigned again = 0;
    for (unsigned i = 0; i < vf->num_qps; i++)
        again += weir_qp_watch(vf->qp[i]);
    return again;
}

int weir_vf_rss_table(struct weir_vf *vf, const uint8_t *entry, unsigned count) {
    struct weir_set_rss_req req = {.count = (uint16_t)count};
    if (count == 0 || count > WEIR_RSS_ENTRIES)
        return -EINVAL;
    memcpy(req.entry, entry, count);
    return weir_mbox_call(vf->dev, WEIR_CMD_SET_RSS, &req, sizeof(req), NULL, 0, NULL);
}

int weir_vf_rss_key(struct weir_vf *vf, const uint8_t key[40]) {
    struct weir_set_vport_rss_key_req req = {.vport = 0};
    memcpy(req.key, key, sizeof(req.key));
    return weir_mbox_call(vf->dev, WEIR_CMD_SET_VPORT_RSS_KEY, &req, sizeof(req), NULL, 0, NULL);
}
