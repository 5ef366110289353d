// SPDX-License-Identifier: Apache-2.0
// See fake.h: weir/pf.h, and the little of weir/device.h that the stack uses.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

struct weir_pf fake_pf;

void fake_pf_reset(void) {
    memset(&fake_pf, 0, sizeof(fake_pf));
    for (unsigned i = 0; i < 2; i++)
        fake_qp_reset(&fake_pf.qp[i]);
    fake_pf.armed = true;
}

void fake_pf_fail(const char *command, int err, unsigned times) {
    fake_pf.fail.command = command;
    fake_pf.fail.err = err;
    fake_pf.fail.times = times;
}

void fake_pf_event(unsigned kind, unsigned a, uint32_t b, uint32_t c) {
    fake_pf.event[fake_pf.num_events++] = (struct weir_event){.kind = (uint16_t)kind, .a = (uint16_t)a, .b = b, .c = c};
    fake_pf.irqs++;
}

// Writes the command down; the errno it is to answer.
__attribute__((format(printf, 2, 3))) static int command(const char *name, const char *fmt, ...) {
    size_t used = strlen(fake_pf.log);
    va_list ap;
    fake_pf.cycle += 100;
    if (fake_pf.fail.times != 0 && strcmp(fake_pf.fail.command, name) == 0) {
        fake_pf.fail.times--;
        snprintf(fake_pf.log + used, sizeof(fake_pf.log) - used, "%s refused;", name);
        return fake_pf.fail.err;
    }
    used += (size_t)snprintf(fake_pf.log + used, sizeof(fake_pf.log) - used, "%s", name);
    va_start(ap, fmt);
    used += (size_t)vsnprintf(fake_pf.log + used, sizeof(fake_pf.log) - used, fmt, ap);
    va_end(ap);
    snprintf(fake_pf.log + used, sizeof(fake_pf.log) - used, ";");
    return 0;
}

struct weir_dev *weir_pf_dev(struct weir_pf *pf) {
    return (struct weir_dev *)(void *)pf;
}

struct weir_qp *weir_pf_qp(struct weir_pf *pf, unsigned i) {
    return &pf->qp[i];
}

unsigned weir_pf_num_qps(const struct weir_pf *pf) {
    (void)pf;
    return 2;
}

int weir_pf_alloc_vf(struct weir_pf *pf, int vf, const uint8_t mac[6], const char *vm_name) {
    int at = 0, err;
    (void)vf;
    (void)mac;
    (void)vm_name;
    while ((pf->vfs >> at & 1) != 0)
        at++;
    err = command("alloc", " %d", at);
    if (err != 0)
        return err;
    pf->vfs |= 1u << at;
    return at;
}

int weir_pf_free_vf(struct weir_pf *pf, unsigned vf) {
    int err = command("free", " %u", vf);
    if (err == 0)
        pf->vfs &= ~(1u << vf);
    return err;
}

int weir_pf_reset_vf(struct weir_pf *pf, unsigned vf) {
    (void)pf;
    return command("reset", " %u", vf);
}

int weir_pf_create_vport(struct weir_pf *pf, unsigned vport, unsigned vf, unsigned num_qps, unsigned flags,
                         const char *name) {
    (void)num_qps;
    (void)name;
    pf->vf_of[vport] = (uint16_t)(vf + 1);
    return command("vport", " %u vf %u%s", vport, vf, (flags & WEIR_VPORT_CHECK_SRC) != 0 ? "" : " unchecked");
}

int weir_pf_delete_vport(struct weir_pf *pf, unsigned vport) {
    (void)pf;
    return command("delete", " %u", vport);
}

int weir_pf_get_vport(struct weir_pf *pf, unsigned vport, struct weir_get_vport_rsp *rsp) {
    memset(rsp, 0, sizeof(*rsp));
    if (pf->fail.times != 0 && strcmp(pf->fail.command, "look") == 0) {
        pf->fail.times--;
        return pf->fail.err;
    }
    rsp->vport = (uint16_t)vport;
    // As weir_pf_get_vf has it of those that were here before.
    rsp->vf = (uint16_t)(pf->vf_of[vport] != 0 ? pf->vf_of[vport] - 1u : vport - 1);
    rsp->num_filters = pf->forgot ? 0 : 1;
    rsp->armed = pf->armed ? 1 : 0;
    rsp->in_flood = 1;
    rsp->num_qps = 1;
    return 0;
}

bool weir_pf_taken_over(const struct weir_pf *pf) {
    return pf->taken_over;
}

// VF n is on vPort n + 1.
int weir_pf_get_vf(struct weir_pf *pf, unsigned vf, struct weir_get_vf_rsp *rsp) {
    if (vf >= 32 || (pf->vfs >> vf & 1) == 0)
        return -ENOENT;
    *rsp = (struct weir_get_vf_rsp){.vf = (uint16_t)vf,
                                    .state = WEIR_VF_ALLOCATED,
                                    .vport = (uint16_t)(vf + 1),
                                    .mac = {0x02, 0, 0, 0, 1, (uint8_t)vf}};
    return 0;
}

int weir_pf_get_filter(struct weir_pf *pf, unsigned from, struct weir_get_filter_rsp *rsp) {
    if (from >= pf->num_filters)
        return -ENOENT;
    *rsp = pf->filter[from];
    rsp->next = (uint16_t)(from + 1);
    return 0;
}

int weir_pf_set_filter(struct weir_pf *pf, uint32_t filter, unsigned vport, const uint8_t mac[6], unsigned mode,
                       unsigned vid) {
    (void)pf;
    (void)mac;
    (void)vid;
    return command("filter", " %u on %u mode %u", (unsigned)filter, vport, mode);
}

int weir_pf_clear_filter(struct weir_pf *pf, uint32_t filter) {
    (void)pf;
    return command("clear", " %u", (unsigned)filter);
}

int weir_pf_move_filter(struct weir_pf *pf, uint32_t filter, unsigned src, unsigned dst, unsigned flags, uint32_t token,
                        uint8_t *epoch, uint32_t *cycle) {
    int err = command("move", " %u from %u to %u%s%s%s", (unsigned)filter, src, dst,
                      (flags & WEIR_MOVE_FLOOD) != 0 ? " flood" : "", (flags & WEIR_MOVE_FENCE) != 0 ? " fence" : "",
                      (flags & WEIR_MOVE_DRAIN) != 0 ? " drain" : "");
    if (err != 0)
        return err;
    pf->token = token;
    *epoch = ++pf->epoch;
    *cycle = pf->cycle;
    return 0;
}

int weir_pf_events(struct weir_pf *pf, struct weir_event *event, unsigned room) {
    unsigned n = pf->num_events < room ? pf->num_events : room;
    memcpy(event, pf->event, n * sizeof(*event));
    pf->num_events = 0;
    return (int)n;
}

int weir_pf_ping(struct weir_pf *pf, uint32_t *cycle) {
    *cycle = ++pf->cycle;
    return 0;
}

int weir_pf_link(struct weir_pf *pf, bool *up) {
    *up = !pf->link_down;
    return 0;
}

int weir_pf_fence(struct weir_pf *pf, unsigned vport, uint32_t token) {
    int err = command("fence", " %u", vport);
    if (err == 0)
        pf->token = token;
    return err;
}

int weir_pf_set_rate(struct weir_pf *pf, unsigned fn, unsigned qp, uint32_t mbps, unsigned weight) {
    (void)pf;
    return qp == WEIR_RATE_FN ? command("rate", " fn %u %u", fn, (unsigned)mbps)
                              : command("weight", " fn %u qp %u %u", fn, qp, weight);
}

int weir_pf_set_vport_flags(struct weir_pf *pf, unsigned vport, unsigned flags) {
    (void)pf;
    return command("flags", " %u %x", vport, flags);
}

int weir_pf_set_flood(struct weir_pf *pf, unsigned vport, bool member) {
    (void)pf;
    return command(member ? "flood" : "calm", " %u", vport);
}

int weir_pf_vlan_any(struct weir_pf *pf, unsigned vport) {
    (void)pf;
    return command("vlan", " %u any", vport);
}

int weir_pf_vlan_port(struct weir_pf *pf, unsigned vport, uint16_t tci) {
    (void)pf;
    return command("vlan", " %u port %u", vport, tci);
}

int weir_pf_vlan_trunk(struct weir_pf *pf, unsigned vport, const struct weir_vlan_range *range, unsigned count) {
    (void)pf;
    return command("vlan", " %u trunk %u-%u of %u", vport, range[0].first, range[0].last, count);
}

int weir_pf_counters(struct weir_pf *pf, unsigned vport, uint64_t *value) {
    (void)vport;
    memcpy(value, pf->counter, sizeof(pf->counter));
    return 0;
}

// Three pieces: the switch and two vPorts, twice.
void weir_pf_ledger_begin(struct weir_pf *pf, struct weir_pf_ledger *l) {
    (void)pf;
    memset(l, 0, sizeof(*l));
}

int weir_pf_ledger_step(struct weir_pf *pf, struct weir_pf_ledger *l) {
    int err = command("piece", " %u", l->next);
    l->vport = (int)l->next - 1;
    memcpy(l->value, pf->counter, sizeof(l->value));
    l->next = (l->next + 1) % 3;
    l->reading += l->next == 0 ? 1 : 0;
    return err != 0 ? err : l->reading < 2 ? 1 : 0;
}

int weir_pf_ledger_end(const struct weir_pf *pf, const struct weir_pf_ledger *l, uint64_t *under_way, char *text,
                       size_t size) {
    (void)pf;
    (void)l;
    (void)text;
    (void)size;
    *under_way = 0;
    return 0;
}

int weir_pf_describe_vport(struct weir_pf *pf, unsigned vport, struct weir_describe_vport_rsp *rsp) {
    (void)pf;
    memset(rsp, 0, sizeof(*rsp));
    rsp->name[0] = (char)('0' + vport);
    return 0;
}

// ---- the device under it ----

static unsigned irq_take(struct weir_bus *bus, unsigned vector) {
    unsigned n = fake_pf.irqs;
    (void)bus;
    (void)vector;
    fake_pf.irqs = 0;
    return n;
}

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    (void)bus;
    *value = offset == WEIR_BAR_CYCLE ? fake_pf.clock : UINT32_MAX;
    return 0;
}

static const struct weir_bus_ops ops = {.name = "fake", .irq_take = irq_take, .bar_read = bar_read};
static struct weir_bus bus_of_pf = {&ops};

struct weir_bus *weir_dev_bus(struct weir_dev *dev) {
    (void)dev;
    return &bus_of_pf;
}

void weir_dev_set_wait(struct weir_dev *dev, weir_dev_wait_fn fn, void *ctx) {
    (void)dev;
    (void)fn;
    (void)ctx;
}

bool weir_dev_dead(const struct weir_dev *dev) {
    (void)dev;
    return fake_pf.dead;
}

uint64_t weir_dev_events(struct weir_dev *dev) {
    (void)dev;
    return fake_pf.num_events != 0 ? (uint64_t)1 << WEIR_FN_EVENT_EVENTS_BIT : 0;
}
