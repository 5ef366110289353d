// SPDX-License-Identifier: Apache-2.0
// The thinnest road through every layer: a frame from the wire to the PF driver and its answer back to the wire.
#include "world.h"

struct seen {
    unsigned frames;
    size_t len;
    uint8_t data[2048];
};

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct seen *s = ctx;
    (void)cycle;
    s->frames++;
    s->len = len;
    memcpy(s->data, frame, len < sizeof(s->data) ? len : sizeof(s->data));
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    on_wire(ctx, frame, info->len, 0);
}

int main(void) {
    struct world w;
    struct seen pf = {0}, wire = {0};
    uint8_t frame[1514];

    world_open(&w, 2);
    wire_set_rx(card_wire(w.card), on_wire, &wire);
    for (unsigned len = 60; len <= sizeof(frame); len += 97) {
        memset(&pf, 0, sizeof(pf));
        memset(&wire, 0, sizeof(wire));
        for (unsigned i = 0; i < len; i++)
            frame[i] = (uint8_t)world_rand();
        frame[0] = frame[6] = 0x02;
        frame[12] = 0x88; // an EtherType of nobody
        frame[13] = 0xB5;
        CHECK(wire_send(card_wire(w.card), frame, len, false) == 0, "wire queue full");
        for (unsigned i = 0; i < 100 && pf.frames == 0; i++) {
            card_step(w.card, 100, false);
            weir_qp_poll(weir_pf_qp(w.pf, 0), 64, on_rx, NULL, &pf);
        }
        CHECK(pf.frames == 1 && pf.len == len && memcmp(pf.data, frame, len) == 0,
              "%u frames at the PF, length %zu of %u", pf.frames, pf.len, len);
        CHECK(weir_qp_send(weir_pf_qp(w.pf, 0), frame, len) >= 0, "cannot send");
        weir_qp_ring_doorbell(weir_pf_qp(w.pf, 0));
        for (unsigned i = 0; i < 100 && (wire.frames == 0 || weir_qp_tx_pending(weir_pf_qp(w.pf, 0)) != 0); i++) {
            card_step(w.card, 100, false);
            weir_qp_poll(weir_pf_qp(w.pf, 0), 64, on_rx, NULL, &pf);
        }
        CHECK(wire.frames == 1 && wire.len == len && memcmp(wire.data, frame, len) == 0,
              "%u frames on the wire, length %zu of %u", wire.frames, wire.len, len);
        CHECK(weir_qp_tx_pending(weir_pf_qp(w.pf, 0)) == 0, "no transmit completion");
    }
    world_close(&w);
    return 0;
}
