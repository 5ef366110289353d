// SPDX-License-Identifier: Apache-2.0
// See fake.h: the block QUEUE.
#include <limits.h>
#include <string.h>

#include "fake.h"
#include "hal/hal_queue.h"

uint32_t fake_fn_rate[WEIR_NUM_FNS], fake_qp_rate[WEIR_NUM_QPS], fake_qp_weight[WEIR_NUM_QPS];
static uint32_t fn_sel, qp_sel, ctx, size;
static uint32_t base[6]; // tx, rx, cq: low, high
static uint64_t line_addr;
static uint32_t line_state;
static unsigned record_busy, record_posted;
static bool record_armed;

void fake_record_answered(void) {
    record_busy = 0;
}

// A page of the doorbell window reaches a queue pair of the function itself or nothing (threat T7).
static struct fake_qp *doorbell(unsigned fn, unsigned page) {
    struct fake_qp *q;
    if (!fake_enabled(fn) || fake.flr[fn] || page >= fake.map_count[fn]) {
        return NULL;
    }
    q = &fake.qp[fake.map_base[fn] + page];
    return q->loaded && !q->err && q->fn == fn ? q : NULL;
}

void fake_post(unsigned fn, unsigned page, unsigned count) {
    struct fake_qp *q = doorbell(fn, page);
    if (q != NULL) {
        q->posted += count;
    }
}

void fake_qp_error(unsigned qp, uint8_t reason) {
    struct fake_qp *q = &fake.qp[qp];
    if (q->loaded && !q->err) {
        q->err = q->pend = true;
        q->reason = q->ev_reason = reason;
    }
}

static void set_map(uint32_t value) {
    unsigned first = WEIR_GET(value, QUEUE_FN_MAP_QP_BASE), count = WEIR_GET(value, QUEUE_FN_MAP_QP_COUNT);
    if (first + count > WEIR_NUM_QPS || (fn_sel != 0 && count > WEIR_VF_MAX_QPS)) {
        fake_fail("doorbell pages %u..%u for function %u", first, first + count - 1, fn_sel);
    }
    for (unsigned fn = 1; fn < WEIR_NUM_FNS && fn_sel != 0; fn++) {
        if (fn != fn_sel && count != 0 && fake.map_count[fn] != 0 &&
            first < fake.map_base[fn] + (unsigned)fake.map_count[fn] && fake.map_base[fn] < first + count) {
            fake_fail("doorbell pages of functions %u and %u overlap", fn_sel, fn);
        }
    }
    fake.map_base[fn_sel] = (uint16_t)first;
    fake.map_count[fn_sel] = (uint16_t)count;
}

static struct fake_qp staged(void) {
    return (struct fake_qp){.loaded = true,
                            .fn = (uint8_t)WEIR_GET(ctx, QUEUE_QP_CTX_FN),
                            .vport = (uint8_t)WEIR_GET(ctx, QUEUE_QP_CTX_VPORT),
                            .vector = (uint8_t)WEIR_GET(ctx, QUEUE_QP_CTX_VECTOR),
                            .tx_log2 = (uint8_t)WEIR_GET(size, QUEUE_QP_SIZE_TX),
                            .rx_log2 = (uint8_t)WEIR_GET(size, QUEUE_QP_SIZE_RX),
                            .cq_log2 = (uint8_t)WEIR_GET(size, QUEUE_QP_SIZE_CQ),
                            .tx_base = (uint64_t)base[1] << 32 | base[0],
                            .rx_base = (uint64_t)base[3] << 32 | base[2],
                            .cq_base = (uint64_t)base[5] << 32 | base[4]};
}

static bool in_range(const struct fake_qp *n) {
    return n->vector < WEIR_FN_VECTORS && n->tx_log2 >= 3 && n->tx_log2 <= 12 && n->rx_log2 >= 3 && n->rx_log2 <= 12 &&
           n->cq_log2 >= 4 && n->cq_log2 <= 13 && ((n->tx_base | n->rx_base | n->cq_base) & 63) == 0;
}

static void load(struct fake_qp *q, const struct fake_qp *n) {
    bool pend = q->pend;
    uint8_t ev_reason = q->ev_reason;
    if (n->fn >= WEIR_NUM_FNS || !in_range(n)) {
        fake_fail("LOAD of queue pair %u: sizes or addresses out of range", qp_sel);
    }
    // The function that owns the context must be the one whose doorbells and vPort reach it.
    if (qp_sel < fake.map_base[n->fn] || qp_sel >= fake.map_base[n->fn] + (unsigned)fake.map_count[n->fn] ||
        !fake_in_vport(n->vport, qp_sel)) {
        fake_fail("LOAD of queue pair %u for function %u, vPort %u: not theirs", qp_sel, n->fn, n->vport);
    }
    if (record_busy != 0) {
        fake_fail("LOAD of queue pair %u while a record is on its way into what is staged", qp_sel);
    }
    *q = *n;
    q->pend = pend;
    q->ev_reason = ev_reason;
    fake_qp_rate[qp_sel] = 0;
    fake_qp_weight[qp_sel] = 1;
}

// ---- a state record ----
#define QPS(field, value) (((uint64_t)(value)&WEIR_QPS_MASK(field)) << (WEIR_QPS_##field##_LSB & 63))

static struct weir_qp_state_record *record_at(void) {
    uint64_t offset = line_addr - FAKE_LINES_AT;
    return offset % WEIR_QPS_BYTES == 0 && offset / WEIR_QPS_BYTES < FAKE_RECORDS
               ? &fake.record[offset / WEIR_QPS_BYTES]
               : NULL;
}

static void save(const struct fake_qp *q) {
    struct weir_qp_state_record *record = record_at();
    if (((q->tx_on || q->rx_on) && !q->err) || q->tx_busy != 0 || q->rx_busy != 0) {
        fake_fail("SAVE of queue pair %u, which is not at rest", qp_sel);
    }
    if (record == NULL) {
        return; // the host's IOMMU knows no such memory
    }
    *record = (struct weir_qp_state_record){
        {QPS(TX_LOG2, q->tx_log2) | q->tx_base, QPS(RX_LOG2, q->rx_log2) | q->rx_base,
         QPS(CQ_LOG2, q->cq_log2) | q->cq_base, QPS(RX_TAIL, q->posted), 0,
         QPS(VECTOR, q->vector) | QPS(ARMED, q->armed) | QPS(LOADED, q->loaded && !q->err) | QPS(VERSION, 1)}};
}

// Stages what the record says, and judges it.
static void fetch(void) {
    const struct weir_qp_state_record *record = record_at();
    struct fake_qp n;
    line_state = WEIR_PUT(1, QUEUE_QP_STATE_FAILED);
    if (record == NULL) {
        return;
    }
    ctx = (ctx & 0xFFFF) | WEIR_PUT(WEIR_QPS_GET(record, VECTOR), QUEUE_QP_CTX_VECTOR);
    size = WEIR_PUT(WEIR_QPS_GET(record, TX_LOG2), QUEUE_QP_SIZE_TX) |
           WEIR_PUT(WEIR_QPS_GET(record, RX_LOG2), QUEUE_QP_SIZE_RX) |
           WEIR_PUT(WEIR_QPS_GET(record, CQ_LOG2), QUEUE_QP_SIZE_CQ);
    for (unsigned i = 0; i < 3; i++) {
        base[2 * i] = (uint32_t)record->word[i] & ~63u;
        base[2 * i + 1] = (uint32_t)(record->word[i] >> 32);
    }
    record_posted = (unsigned)WEIR_QPS_GET(record, RX_TAIL);
    record_armed = WEIR_QPS_GET(record, ARMED) != 0;
    n = staged();
    line_state = 0;
    if (WEIR_QPS_GET(record, VERSION) == 1 && record->word[6] == 0 && record->word[7] == 0) {
        bool loaded = WEIR_QPS_GET(record, LOADED) != 0;
        line_state = WEIR_PUT(1, QUEUE_QP_STATE_GOOD) | WEIR_PUT(loaded, QUEUE_QP_STATE_LOADED) |
                     WEIR_PUT(loaded && in_range(&n), QUEUE_QP_STATE_LEGAL);
    }
}

static void resume(struct fake_qp *q) {
    struct fake_qp n = staged();
    n.posted = record_posted;
    n.armed = record_armed;
    if (WEIR_GET(line_state, QUEUE_QP_STATE_LEGAL) == 0 || q->loaded) {
        fake_fail("RESUME of queue pair %u with a record that is not legal, or over a generation", qp_sel);
    }
    load(q, &n);
}

static void command(uint32_t op) {
    struct fake_qp *q = &fake.qp[qp_sel], n;
    bool pend = q->pend;
    uint8_t ev_reason = q->ev_reason;
    switch (op) {
    case HAL_QP_LOAD:
        n = staged();
        load(q, &n);
        break;
    case HAL_QP_TX_ON:
        q->tx_on = q->loaded;
        break;
    case HAL_QP_TX_OFF:
        q->tx_on = false;
        break;
    case HAL_QP_RX_ON:
        q->rx_on = q->loaded;
        break;
    case HAL_QP_RX_OFF:
        fake.shut_out += q->rx_on && q->rx_ingress != 0;
        q->rx_on = false;
        break;
    case HAL_QP_CLEAR:
        fake.cleared_busy += q->tx_busy != 0 || q->rx_busy != 0;
        // The event survives, as in the RTL.
        memset(q, 0, sizeof(*q));
        q->pend = pend;
        q->ev_reason = ev_reason;
        break;
    case HAL_QP_SAVE:
    case HAL_QP_FETCH:
        if (record_busy != 0) {
            fake_fail("QP_CMD %u while the last record is on its way", op);
        }
        record_busy = fake.record_busy;
        if (op == HAL_QP_SAVE) {
            save(q);
        } else {
            fetch();
        }
        break;
    case HAL_QP_RESUME:
        resume(q);
        break;
    case HAL_QP_FORCE_IRQ:
        fake.forced_irqs++;
        break;
    default:
        fake_fail("QP_CMD %u", op);
    }
}

static bool busy(unsigned *reads) {
    bool is = *reads != 0;
    *reads -= is && *reads != UINT_MAX;
    return is;
}

static bool ingress_pending(struct fake_qp *q) {
    bool is = busy(&q->rx_ingress);
    if (!is) {
        q->rx_ingress = q->ingress_again;
        q->ingress_again = 0;
    }
    return is;
}

uint32_t fake_queue_read(uint32_t offset) {
    struct fake_qp *q = &fake.qp[qp_sel];
    switch (offset) {
    case WEIR_QUEUE_QP_STATUS_OFFSET:
        return WEIR_PUT(q->tx_on && !q->err, QUEUE_QP_STATUS_TX_ON) |
               WEIR_PUT(q->rx_on && !q->err, QUEUE_QP_STATUS_RX_ON) |
               WEIR_PUT(busy(&q->tx_busy), QUEUE_QP_STATUS_TX_BUSY) |
               WEIR_PUT(busy(&q->rx_busy), QUEUE_QP_STATUS_RX_BUSY) | WEIR_PUT(q->err, QUEUE_QP_STATUS_ERROR) |
               WEIR_PUT(q->posted != 0, QUEUE_QP_STATUS_RX_POSTED) |
               WEIR_PUT(ingress_pending(q), QUEUE_QP_STATUS_RX_INGRESS) | WEIR_PUT(q->armed, QUEUE_QP_STATUS_ARMED) |
               WEIR_PUT(q->loaded, QUEUE_QP_STATUS_LOADED) | WEIR_PUT(q->err ? q->reason : 0, QUEUE_QP_STATUS_REASON);
    case WEIR_QUEUE_QP_STATE_OFFSET:
        return busy(&record_busy) ? WEIR_PUT(1, QUEUE_QP_STATE_BUSY) : line_state;
    case WEIR_QUEUE_QP_TX_PTR_OFFSET:
    case WEIR_QUEUE_QP_CQ_PTR_OFFSET:
        return 0;
    case WEIR_QUEUE_QP_RX_PTR_OFFSET:
        return (uint32_t)q->posted << 16;
    case WEIR_QUEUE_EVENT_POP_OFFSET:
        for (unsigned i = 0; i < WEIR_NUM_QPS; i++) {
            if (fake.qp[i].pend) {
                fake.qp[i].pend = false;
                return i | WEIR_PUT(fake.qp[i].ev_reason, QUEUE_EVENT_POP_REASON) |
                       WEIR_PUT(WEIR_HW_EVENT_QP_ERROR, QUEUE_EVENT_POP_KIND) | WEIR_PUT(1, QUEUE_EVENT_POP_VALID);
            }
        }
        return 0;
    default:
        fake_fail("QUEUE register %x is not modelled for reading", offset);
    }
}

void fake_queue_write(uint32_t offset, uint32_t value) {
    switch (offset) {
    case WEIR_QUEUE_FN_SEL_OFFSET:
        fn_sel = value;
        if (value >= WEIR_NUM_FNS) {
            fake_fail("QUEUE.FN_SEL = %u", value);
        }
        break;
    case WEIR_QUEUE_FN_MAP_OFFSET:
        set_map(value);
        break;
    case WEIR_QUEUE_QP_SEL_OFFSET:
        qp_sel = value;
        if (value >= WEIR_NUM_QPS) {
            fake_fail("QP_SEL = %u", value);
        }
        break;
    case WEIR_QUEUE_QP_CTX_OFFSET:
        ctx = value;
        break;
    case WEIR_QUEUE_QP_SIZE_OFFSET:
        size = value;
        break;
    case WEIR_QUEUE_QP_CMD_OFFSET:
        command(value);
        break;
    case WEIR_QUEUE_QP_STATE_LO_OFFSET:
        line_addr = (line_addr & ~(uint64_t)UINT32_MAX) | (value & ~63u);
        break;
    case WEIR_QUEUE_QP_STATE_HI_OFFSET:
        line_addr = (uint64_t)value << 32 | (uint32_t)line_addr;
        break;
    case WEIR_QUEUE_FN_RATE_OFFSET:
        fake_fn_rate[fn_sel] = value;
        break;
    case WEIR_QUEUE_QP_RATE_OFFSET:
        fake_qp_rate[qp_sel] = value;
        break;
    case WEIR_QUEUE_QP_WEIGHT_OFFSET:
        fake_qp_weight[qp_sel] = value;
        break;
    default:
        if (offset < WEIR_QUEUE_QP_TX_LO_OFFSET || offset > WEIR_QUEUE_QP_CQ_HI_OFFSET) {
            fake_fail("QUEUE register %x is not modelled for writing", offset);
        }
        base[(offset - WEIR_QUEUE_QP_TX_LO_OFFSET) / 4] = value;
        break;
    }
}
