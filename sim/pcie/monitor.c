// SPDX-License-Identifier: Apache-2.0
// See monitor.h. What a configuration write allows counts from the moment it is sent, what it forbids from the moment
// its completion has left the card: requests in front of the completion are older (pcie 32, 42).
#include "monitor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "tlp.h"
#include "weir_abi.h"

#define FNS ORDER_FNS
#define TAGS 256u
#define OPEN 1024u     // requests of the host at the same time
#define SETTLE 20000u  // cycles after a smaller limit was set in which requests that were cut before may come
#define VF_OFFSET 256u // First VF Offset without ARI; with ARI it is 1

enum {
    CMD = 0x004,
    BAR_LO = 0x010,
    BAR_HI = 0x014,
    PM = 0x044,
    DEVCTL = 0x058,
    SRIOV_CTL = 0x168,
    SRIOV_NUM = 0x170,
    SRIOV_PAGE = 0x180,
    VFBAR_LO = 0x184,
    VFBAR_HI = 0x188
};
#define PF_BAR 0x200000u
#define VF_BAR 0x10000u // or a system page

struct fn_state {
    bool bme, awake;
    unsigned maybe; // configuration writes under way that set BME or D0
    bool open[TAGS];
    unsigned left[TAGS]; // bytes still owed
    uint64_t at[TAGS];   // and the address of the next
    uint16_t rid[TAGS];  // as it was when the request left
    unsigned reads;
};

struct open_request {
    bool used, config, write;
    uint16_t requester, rid;
    uint8_t tag, attr, tc;
    unsigned reg, be;
    uint32_t data;
    unsigned left, lower; // of a memory read: bytes owed, address of the next
    int bar_fn;           // one word of BAR 0 of this function, -1 = something else
    unsigned bar_offset;
};

struct monitor {
    unsigned num_fns;
    struct monitor_stats stats;
    uint8_t bus;
    bool vf_enable, ari;
    unsigned num, visible_vfs;
    unsigned mps, mrrs, old_mps, old_mrrs;
    uint64_t limit_since;
    bool ext_tag;
    uint32_t bar[2], vf_bar[2], page; // as written
    struct order *order;
    struct fn_state fn[FNS];
    struct open_request open[OPEN];
    unsigned opened;
};

struct monitor *monitor_new(unsigned num_fns) {
    struct monitor *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    m->num_fns = num_fns;
    m->order = order_new();
    if (m->order == NULL) {
        free(m);
        return NULL;
    }
    monitor_link_reset(m);
    return m;
}

void monitor_free(struct monitor *m) {
    if (m != NULL)
        order_free(m->order);
    free(m);
}

unsigned monitor_low(const struct monitor *m) {
    return order_low(m->order);
}

const struct monitor_stats *monitor_stats(const struct monitor *m) {
    return &m->stats;
}

static void say(struct monitor *m, uint64_t now, const char *fmt, va_list ap) {
    if (m->stats.violations++ == 0) {
        int n = snprintf(m->stats.first, sizeof(m->stats.first), "cycle %llu: ", (unsigned long long)now);
        vsnprintf(m->stats.first + n, sizeof(m->stats.first) - (size_t)n, fmt, ap);
    }
}

void monitor_violation(struct monitor *m, uint64_t now, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    say(m, now, fmt, ap);
    va_end(ap);
}
#define BROKEN(m, now, ...) monitor_violation(m, now, __VA_ARGS__)

static void function_reset(struct monitor *m, unsigned fn) {
    m->fn[fn].bme = false;
    m->fn[fn].awake = true;
    order_reset(m->order, fn);
}

static void vfs_gone(struct monitor *m) {
    m->visible_vfs = 0;
    for (unsigned i = 1; i < FNS; i++)
        function_reset(m, i);
}

static void pf_reset(struct monitor *m) {
    function_reset(m, 0);
    m->vf_enable = m->ari = false;
    m->num = 0;
    m->mrrs = 512;
    m->old_mrrs = m->old_mrrs > 512 ? m->old_mrrs : 512;
    m->ext_tag = true;
    vfs_gone(m);
}

void monitor_link_reset(struct monitor *m) {
    memset(m->fn, 0, sizeof(m->fn));
    memset(m->open, 0, sizeof(m->open));
    m->opened = 0;
    m->bus = 0;
    m->mps = m->old_mps = 128;
    m->old_mrrs = 512;
    pf_reset(m);
}

int monitor_owner(const struct monitor *m, uint16_t rid) {
    uint16_t n = (uint16_t)(rid - (m->bus << 8));
    if (n == 0)
        return 0;
    n = (uint16_t)(n - (m->ari ? 1 : VF_OFFSET));
    return n + 1u < m->num_fns ? n + 1 : -1;
}

int monitor_fn(const struct monitor *m, uint16_t rid) {
    int fn = monitor_owner(m, rid);
    return fn <= (int)m->visible_vfs ? fn : -1;
}

uint16_t monitor_rid(const struct monitor *m, unsigned fn) {
    return (uint16_t)((m->bus << 8) + (fn == 0 ? 0 : fn - 1 + (m->ari ? 1 : VF_OFFSET)));
}

unsigned monitor_open_requests(const struct monitor *m) {
    return m->opened;
}

unsigned monitor_open_reads(const struct monitor *m, unsigned fn) {
    return m->fn[fn].reads;
}

// ---- towards the card ----

static bool bits(const struct open_request *q, unsigned bit) {
    return (q->be >> (bit / 8) & 1) != 0;
}

static bool set(const struct open_request *q, unsigned bit) {
    return bits(q, bit) && (q->data >> bit & 1) != 0;
}

// Does the write let its function send requests?
static bool grants(const struct open_request *q) {
    return (q->reg == CMD && set(q, 2)) || (q->reg == PM && bits(q, 0) && (q->data & 3) == 0);
}

static unsigned bytes_of(const struct tlp *t) {
    unsigned dw = tlp_len(t), first = tlp_first_be(t), last = dw == 1 ? first : tlp_last_be(t);
    if (first == 0 && dw == 1)
        return 1;
    return dw * 4 - (unsigned)__builtin_ctz(first | 0x10) % 4 - (unsigned)(__builtin_clz(last | 1) - 28);
}

static bool asks(const struct tlp *t) {
    unsigned type = tlp_kind(t) & 0x1F;
    if (type == 0 || type == 1)
        return !tlp_has_data(t); // memory
    return type == 2 || type == 4 || type == 5 || (type >= 0x0C && type <= 0x0E);
}

// The function whose BAR 0 an address lies in, -1 when none.
static int bar_at(const struct monitor *m, uint64_t addr, unsigned *offset) {
    uint64_t pf = (uint64_t)m->bar[1] << 32 | (m->bar[0] & ~0xFu);
    uint64_t vf = (uint64_t)m->vf_bar[1] << 32 | (m->vf_bar[0] & ~0xFu);
    uint64_t each = m->page * 4096ull > VF_BAR ? m->page * 4096ull : VF_BAR;

    if (pf != 0 && addr >= pf && addr < pf + PF_BAR) {
        *offset = (unsigned)(addr - pf);
        return 0;
    }
    if (vf == 0 || addr < vf || addr >= vf + m->visible_vfs * each)
        return -1;
    *offset = (unsigned)((addr - vf) % each);
    return 1 + (int)((addr - vf) / each);
}

static void write_in(struct monitor *m, const struct tlp *t) {
    for (unsigned i = 0; i < tlp_payload_dw(t); i++) {
        unsigned offset;
        int fn = bar_at(m, tlp_addr(t) + i * 4ull, &offset);
        if (fn >= 0)
            order_bar_write(m->order, (unsigned)fn, offset, t->data[i]);
    }
}

static void request_in(struct monitor *m, const struct tlp *t, uint64_t now) {
    unsigned type = tlp_kind(t) & 0x1F;
    struct open_request *q = NULL;
    int fn;

    for (unsigned i = 0; i < OPEN && q == NULL; i++)
        if (!m->open[i].used)
            q = &m->open[i];
    if (q == NULL) {
        BROKEN(m, now, "the host has more than %u requests open", OPEN);
        return;
    }
    *q = (struct open_request){.used = true,
                               .config = type == 4 || type == 5,
                               .write = tlp_has_data(t),
                               .requester = tlp_requester(t),
                               .tag = tlp_tag(t),
                               .tc = t->hdr[0] >> 20 & 7,
                               .bar_fn = -1,
                               .attr = (uint8_t)((t->hdr[0] >> 12 & 3) | (t->hdr[0] >> 16 & 4))};
    m->opened++;
    if (q->config) {
        q->rid = (uint16_t)(t->hdr[2] >> 16);
        q->reg = t->hdr[2] & 0xFFC;
        q->be = tlp_poisoned(t) ? 0 : tlp_first_be(t);
        q->data = t->data[0];
        q->left = 4;
        if (type == 4)
            q->rid = (uint16_t)(m->bus << 8 | (q->rid & 0xFF)); // whatever bus it names
        fn = monitor_fn(m, q->rid);
        if (q->write && fn >= 0 && grants(q))
            m->fn[fn].maybe++;
        // A type 0 write brings the bus number.
        if (type == 4 && q->write && fn >= 0)
            m->bus = (uint8_t)(t->hdr[2] >> 24);
        q->rid = fn >= 0 ? monitor_rid(m, (unsigned)fn) : (uint16_t)(t->hdr[2] >> 16);
    } else if (type <= 1) {
        q->left = bytes_of(t);
        q->lower = ((unsigned)tlp_addr(t) & 0x7F) + (unsigned)__builtin_ctz(tlp_first_be(t) | 0x10) % 4;
        if (tlp_len(t) == 1)
            q->bar_fn = bar_at(m, tlp_addr(t), &q->bar_offset);
    } else {
        q->left = 4;
    }
}

static void answer_in(struct monitor *m, const struct tlp *t) {
    uint16_t rid = (uint16_t)(t->hdr[2] >> 16);
    struct fn_state *f = NULL;
    unsigned tag = tlp_cpl_tag(t), got;

    // The ID may be one that its function had before ARI was switched.
    for (unsigned i = 0; i < m->num_fns && f == NULL; i++)
        if (m->fn[i].open[tag] && m->fn[i].rid[tag] == rid)
            f = &m->fn[i];
    if (f == NULL)
        return;
    got = tlp_payload_dw(t) * 4 - (tlp_cpl_lower(t) & 3);
    if (tlp_cpl_status(t) == TLP_SC && tlp_has_data(t) && !tlp_poisoned(t))
        order_answer(m->order, (unsigned)(f - m->fn), f->at[tag], (const uint8_t *)t->data + (tlp_cpl_lower(t) & 3),
                     got < f->left[tag] ? got : f->left[tag]);
    f->at[tag] += got;
    if (tlp_cpl_status(t) == TLP_SC && tlp_has_data(t) && got < f->left[tag]) {
        f->left[tag] -= got;
        return;
    }
    f->open[tag] = false;
    f->reads--;
}

void monitor_to_card(struct monitor *m, const struct tlp *t, uint64_t now) {
    unsigned type = tlp_kind(t) & 0x1F;
    m->stats.tlps++;
    if (type == 0x0A || type == 0x0B)
        answer_in(m, t);
    else if (asks(t))
        request_in(m, t, now);
    else if (type <= 1 && !tlp_poisoned(t))
        write_in(m, t);
}

// ---- from the card ----

static void limits_done(struct monitor *m, const struct open_request *q, uint64_t now) {
    unsigned mps = m->mps, mrrs = m->mrrs;
    if (bits(q, 5))
        m->mps = 128u << (q->data >> 5 & 7);
    if (bits(q, 12))
        m->mrrs = 128u << (q->data >> 12 & 7);
    if (bits(q, 8))
        m->ext_tag = (q->data >> 8 & 1) != 0;
    if (m->mps < mps || m->mrrs < mrrs) {
        m->old_mps = mps;
        m->old_mrrs = mrrs;
        m->limit_since = now;
    }
}

static void config_done(struct monitor *m, const struct open_request *q, unsigned fn, uint64_t now) {
    struct fn_state *f = &m->fn[fn];

    if (grants(q) && f->maybe > 0)
        f->maybe--;
    switch (q->reg) {
    case BAR_LO:
    case BAR_HI:
        if (fn == 0)
            m->bar[q->reg == BAR_HI] = q->data;
        break;
    case VFBAR_LO:
    case VFBAR_HI:
        if (fn == 0)
            m->vf_bar[q->reg == VFBAR_HI] = q->data;
        break;
    case SRIOV_PAGE:
        if (fn == 0)
            m->page = q->data;
        break;
    case CMD:
        if (bits(q, 2))
            f->bme = set(q, 2);
        break;
    case PM:
        if (bits(q, 0) && ((q->data & 3) == 0 || (q->data & 3) == 3))
            f->awake = (q->data & 3) == 0;
        break;
    case DEVCTL:
        if (fn == 0)
            limits_done(m, q, now);
        if (set(q, 15)) {
            if (fn == 0)
                pf_reset(m);
            else
                function_reset(m, fn);
        }
        break;
    case SRIOV_NUM:
        if (fn == 0 && !m->vf_enable) {
            for (unsigned b = 0; b < 2; b++)
                if ((q->be >> b & 1) != 0)
                    m->num = (m->num & ~(0xFFu << 8 * b)) | (q->data & 0xFFu << 8 * b);
            m->num = m->num < m->num_fns ? m->num : m->num_fns - 1;
        }
        break;
    case SRIOV_CTL:
        if (fn == 0 && bits(q, 0)) {
            if (!m->vf_enable)
                m->ari = set(q, 4);
            if (m->vf_enable && !set(q, 0))
                vfs_gone(m);
            m->vf_enable = set(q, 0);
            m->visible_vfs = m->vf_enable ? m->num : 0;
        }
        break;
    default:
        break;
    }
}

static void check_completer(struct monitor *m, const struct open_request *q, const struct tlp *t, uint64_t now) {
    uint16_t completer = (uint16_t)(t->hdr[1] >> 16);
    if (q->config ? completer != q->rid : monitor_fn(m, completer) < 0)
        BROKEN(m, now, "completer %04x for a request to %04x (pcie 27)", completer, q->rid);
    if ((t->hdr[0] >> 20 & 7) != q->tc || ((t->hdr[0] >> 12 & 3) | (t->hdr[0] >> 16 & 4)) != q->attr)
        BROKEN(m, now, "completion %08x with another class or other attributes (pcie 38)", t->hdr[0]);
    if ((t->hdr[0] & 0x008BCC00u) != 0 || (t->hdr[1] & 0x1000) != 0 || (t->hdr[2] & 0x80) != 0)
        BROKEN(m, now, "reserved bits in completion %08x %08x %08x (pcie 38)", t->hdr[0], t->hdr[1], t->hdr[2]);
}

static void close_request(struct monitor *m, struct open_request *q) {
    q->used = false;
    m->opened--;
}

static void completion(struct monitor *m, const struct tlp *t, uint64_t now) {
    struct open_request *q = NULL;
    unsigned status = tlp_cpl_status(t), dw = tlp_payload_dw(t), bytes = tlp_cpl_bytes(t);

    m->stats.completions++;
    for (unsigned i = 0; i < OPEN && q == NULL; i++)
        if (m->open[i].used && m->open[i].tag == tlp_cpl_tag(t) && m->open[i].requester == t->hdr[2] >> 16)
            q = &m->open[i];
    if (q == NULL) {
        BROKEN(m, now, "completion nobody asked for, tag %02x (pcie 36)", tlp_cpl_tag(t));
        return;
    }
    check_completer(m, q, t, now);
    if (status != TLP_SC || q->write || q->config) {
        int fn = q->config ? monitor_fn(m, q->rid) : -1;
        if (status != TLP_SC && status != TLP_UR && status != TLP_CRS && status != TLP_CA)
            BROKEN(m, now, "completion status %u", status);
        if (dw != (status == TLP_SC && !q->write ? 1 : 0))
            BROKEN(m, now, "%u DW with status %u (pcie 36)", dw, status);
        if (q->config && q->write && fn >= 0) {
            if (status == TLP_SC)
                config_done(m, q, (unsigned)fn, now);
            else if (grants(q) && m->fn[fn].maybe > 0)
                m->fn[fn].maybe--;
        }
        close_request(m, q);
        return;
    }
    if (dw == 0 || bytes != (q->left & 0xFFF ? q->left : 4096) || tlp_cpl_lower(t) != (q->lower & 0x7F)) {
        BROKEN(m, now, "read completion of %u DW, count %u of %u, address %02x of %02x (pcie 37)", dw, bytes, q->left,
               tlp_cpl_lower(t), q->lower & 0x7F);
        close_request(m, q);
        return;
    }
    if (q->bar_fn >= 0)
        order_bar_read(m->order, (unsigned)q->bar_fn, q->bar_offset, t->data[0]);
    bytes = dw * 4 - (q->lower & 3);
    if (bytes >= q->left) {
        if (bytes > q->left + 3)
            BROKEN(m, now, "%u bytes for the last %u (pcie 37)", bytes, q->left);
        close_request(m, q);
        return;
    }
    if (((q->lower + bytes) & 63) != 0)
        BROKEN(m, now, "completion ends at %02x, not at a read completion boundary (pcie 37)", q->lower + bytes);
    if (dw * 4 > m->mps && dw * 4 > m->old_mps)
        BROKEN(m, now, "completion of %u DW over the payload size (pcie 37)", dw);
    q->left -= bytes;
    q->lower += bytes;
}

static void check_shape(struct monitor *m, const struct tlp *t, uint64_t now) {
    uint64_t addr = tlp_addr(t);
    unsigned dw = tlp_len(t), fbe = tlp_first_be(t), lbe = tlp_last_be(t);
    unsigned limit = tlp_has_data(t) ? m->mps : m->mrrs, old = tlp_has_data(t) ? m->old_mps : m->old_mrrs;

    if (now - m->limit_since < SETTLE && old > limit)
        limit = old;
    if ((addr & 0xFFF) + dw * 4 > 4096)
        BROKEN(m, now, "request at %llx, %u DW crosses 4 KiB (pcie 43)", (unsigned long long)addr, dw);
    if (dw * 4 > limit)
        BROKEN(m, now, "request of %u DW over the limit of %u bytes (pcie 43)", dw, limit);
    if (tlp_is_4dw(t) != (addr >> 32 != 0))
        BROKEN(m, now, "header size wrong for address %llx (pcie 44)", (unsigned long long)addr);
    if (dw == 1 ? lbe != 0 : (lbe == 0 || fbe == 0 || (fbe & 8) == 0 || (lbe & 1) == 0))
        BROKEN(m, now, "byte enables %x %x with %u DW (pcie 44)", fbe, lbe, dw);
    if ((t->hdr[0] & 0x00F0FC00u) != 0 || (t->hdr[0] >> 18 & 1) != 0)
        BROKEN(m, now, "TC, attributes, TD, EP or AT set in %08x (pcie 46, 47)", t->hdr[0]);
}

static void request(struct monitor *m, const struct tlp *t, uint64_t now) {
    int fn = monitor_fn(m, tlp_requester(t));
    struct fn_state *f;
    uint8_t tag = tlp_tag(t);

    m->stats.requests++;
    check_shape(m, t, now);
    if (fn < 0) {
        BROKEN(m, now, "requester %04x is no function of the card (pcie 16, 46)", tlp_requester(t));
        return;
    }
    f = &m->fn[fn];
    if (!(f->bme && f->awake) && f->maybe == 0)
        BROKEN(m, now, "function %d sends %08x though it may not: %s (pcie 32, 42)", fn, t->hdr[0],
               f->bme ? "D3hot" : "bus mastering is off");
    if (tlp_has_data(t)) {
        bool message = tlp_addr(t) >> 20 == 0xFEE;
        const char *wrong = message ? order_message(m->order, (unsigned)fn, tlp_addr(t), t->data[0])
                                    : order_write(m->order, (unsigned)fn, tlp_addr(t), t->data, tlp_len(t),
                                                  tlp_first_be(t), tlp_last_be(t));
        m->stats.interrupts += message;
        m->stats.ordered_completions = order_stats(m->order)->completions;
        m->stats.ordered_interrupts = order_stats(m->order)->interrupts;
        if (wrong != NULL)
            BROKEN(m, now, "function %d: %s", fn, wrong);
        return;
    }
    if (f->open[tag])
        BROKEN(m, now, "function %d uses tag %02x twice (pcie 45)", fn, tag);
    else
        f->reads++;
    if (!m->ext_tag && tag > 31)
        BROKEN(m, now, "tag %02x with 5-bit tags (pcie 45)", tag);
    f->open[tag] = true;
    f->rid[tag] = tlp_requester(t);
    f->left[tag] = bytes_of(t);
    f->at[tag] = tlp_addr(t) + (unsigned)__builtin_ctz(tlp_first_be(t) | 0x10) % 4;
}

static void message(struct monitor *m, const struct tlp *t, uint64_t now) {
    unsigned code = t->hdr[1] & 0xFF;
    if (monitor_fn(m, tlp_requester(t)) < 0)
        BROKEN(m, now, "message %02x of %04x, no function of the card (pcie 57)", code, tlp_requester(t));
    if (code == 0x30 || code == 0x31 || code == 0x33)
        m->stats.errors[code == 0x33 ? 2 : code - 0x30]++;
    else
        BROKEN(m, now, "message %02x (pcie 21, 57)", code);
}

void monitor_from_card(struct monitor *m, const struct tlp *t, unsigned beats, uint64_t now) {
    unsigned dw = tlp_payload_dw(t);

    m->stats.tlps++;
    if (beats != (dw == 0 ? 1 : (dw + 15) / 16))
        BROKEN(m, now, "TLP %08x has %u beats for %u DW (pcie 39)", t->hdr[0], beats, dw);
    switch (tlp_kind(t)) {
    case TLP_MRD32:
    case TLP_MRD64:
    case TLP_MWR32:
    case TLP_MWR64:
        request(m, t, now);
        break;
    case TLP_CPL:
    case TLP_CPLD:
        completion(m, t, now);
        break;
    default:
        if (tlp_kind(t) >> 3 == 0x06 || tlp_kind(t) >> 3 == 0x0E)
            message(m, t, now);
        else
            BROKEN(m, now, "TLP type %02x", tlp_kind(t));
    }
}
