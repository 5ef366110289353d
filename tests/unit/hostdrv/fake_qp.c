// SPDX-License-Identifier: Apache-2.0
// See fake.h: weir/qp.h on memory alone.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

void fake_qp_reset(struct weir_qp *q) {
    memset(q, 0, sizeof(*q));
    q->ring = 256;
}

uint8_t fake_number(const void *frame) {
    return ((const uint8_t *)frame)[14];
}

void fake_frame(uint8_t frame[64], const uint8_t *dst, const uint8_t *src, uint8_t number) {
    memset(frame, 0, 64);
    memcpy(frame, dst, 6);
    memcpy(frame + 6, src, 6);
    frame[12] = 0x88;
    frame[13] = 0xB5;
    frame[14] = number;
}

void fake_rx(struct weir_qp *q, const uint8_t *dst, const uint8_t *src, uint8_t number, struct weir_rx_info info) {
    if (q->rx_tail == FAKE_MAX)
        abort();
    fake_frame(q->rx[q->rx_tail].frame, dst, src, number);
    info.len = 64;
    q->rx[q->rx_tail++].info = info;
}

void fake_fence(struct weir_qp *q, uint32_t token, uint8_t epoch) {
    if (q->rx_tail == FAKE_MAX)
        abort();
    q->rx[q->rx_tail++].info = (struct weir_rx_info){.fence = true, .hash = token, .epoch = epoch};
}

void fake_complete(struct weir_qp *q, unsigned n) {
    q->stats.tx_completed += n;
}

int weir_qp_send(struct weir_qp *q, const void *frame, size_t len) {
    return weir_qp_send_offload(q, frame, len, NULL);
}

int weir_qp_send_offload(struct weir_qp *q, const void *frame, size_t len, const struct weir_tx_offload *offload) {
    unsigned at = (unsigned)q->stats.tx_posted;
    int err = weir_tx_check(frame, len, len, offload);
    if (err != 0)
        return err;
    if (len > 2048)
        return -EMSGSIZE;
    if (q->removed)
        return -ENODEV;
    if (weir_qp_tx_room(q) == 0 || at == FAKE_MAX)
        return -ENOBUFS;
    memcpy(q->tx[at].frame, frame, len < 64 ? len : 64);
    q->tx[at].len = len;
    q->tx[at].offload = offload != NULL ? *offload : (struct weir_tx_offload){0};
    q->stats.tx_posted++;
    return (int)(at & 0xFFFF);
}

void weir_qp_ring_doorbell(struct weir_qp *q) {
    q->rung = (unsigned)q->stats.tx_posted;
}

unsigned weir_qp_watch(struct weir_qp *q) {
    (void)q;
    return 0;
}

unsigned weir_qp_poll(struct weir_qp *q, unsigned budget, weir_rx_fn rx, weir_tx_done_fn done, void *ctx) {
    unsigned n;
    (void)done;
    for (n = 0; n < budget && q->rx_head != q->rx_tail; n++) {
        unsigned at = q->rx_head++;
        q->stats.rx_frames += q->rx[at].info.fence ? 0 : 1;
        rx(ctx, q->rx[at].frame, &q->rx[at].info);
    }
    return n;
}

unsigned weir_qp_tx_pending(const struct weir_qp *q) {
    return (unsigned)(q->stats.tx_posted - q->stats.tx_completed);
}

size_t weir_qp_tx_bytes(const struct weir_qp *q) {
    size_t sum = 0;
    for (uint64_t i = q->stats.tx_completed; i < q->stats.tx_posted; i++)
        sum += q->tx[i].len;
    return sum;
}

unsigned weir_qp_tx_room(const struct weir_qp *q) {
    return q->ring - weir_qp_tx_pending(q);
}

const struct weir_qp_stats *weir_qp_stats(const struct weir_qp *q) {
    return &q->stats;
}
