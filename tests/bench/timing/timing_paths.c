// SPDX-License-Identifier: Apache-2.0
// Longest ways, net by net, each behind all that it comes from.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"

const char *const timing_class_name[TIMING_CLASSES] = {"reg to reg", "in to reg", "reg to out", "in to out"};

// The worst that reaches a net, for ways that begin inside and for those that begin at an input.
struct arrival {
    int levels; // -1: nothing comes
    uint32_t from;
    double ns; // the longest in time, by a way of its own
};

struct way {
    const struct timing_netlist *n;
    struct arrival (*at)[2];
    uint32_t *order, ordered;
};

static void *room(size_t n, size_t size) {
    void *p = calloc(n + 1, size);

    if (p == NULL)
        abort();
    return p;
}

static double wire_ns(const struct timing_net *net) {
    return 0.22 + 0.09 * log2(net->loads > 1 ? net->loads : 1);
}

// Puts the nets in an order in which each comes behind those that it depends on. Depth first, without recursion: a
// carry chain is hundreds of nets deep.
static int put_in_order(struct way *w, char *why, size_t len) {
    const struct timing_netlist *n = w->n;
    uint32_t *stack = room(n->nets, sizeof(*stack)), *arc = room(n->nets, sizeof(*arc)), depth = 0;
    uint8_t *state = room(n->nets, 1); // 1: on the stack, 2: placed
    int status = 0;

    for (uint32_t root = 0; root < n->nets && status == 0; root++) {
        if (state[root] != 0)
            continue;
        stack[depth++] = root;
        state[root] = 1;
        arc[root] = n->net[root].arcs;
        while (depth > 0) {
            uint32_t net = stack[depth - 1], from;

            if (arc[net] == TIMING_NONE) {
                state[net] = 2;
                w->order[w->ordered++] = net;
                depth--;
                continue;
            }
            from = n->arc[arc[net]].from;
            arc[net] = n->arc[arc[net]].next;
            if (state[from] == 1) {
                snprintf(why, len, "%s[%u] depends on itself without a register between",
                         n->net[from].name == NULL ? "?" : n->net[from].name, n->net[from].bit);
                status = -1;
                break;
            }
            if (state[from] == 0) {
                state[from] = 1;
                arc[from] = n->net[from].arcs;
                stack[depth++] = from;
            }
        }
    }
    free(stack);
    free(arc);
    free(state);
    return status;
}

static void arrive(struct way *w) {
    const struct timing_netlist *n = w->n;

    for (uint32_t i = 0; i < w->ordered; i++) {
        uint32_t net = w->order[i];
        const struct timing_net *about = &n->net[net];

        for (unsigned outside = 0; outside < 2; outside++) {
            struct arrival *at = &w->at[net][outside];

            *at = (struct arrival){-1, TIMING_NONE, -1};
            if (about->launch >= 0 && about->from_input == (outside == 1))
                *at = (struct arrival){0, TIMING_NONE, about->launch};
            for (uint32_t a = about->arcs; a != TIMING_NONE; a = n->arc[a].next) {
                const struct timing_arc *arc = &n->arc[a];
                const struct arrival *before = &w->at[arc->from][outside];
                double ns = before->ns + arc->ns + (arc->wired ? 0 : wire_ns(&n->net[arc->from]));

                if (before->levels < 0)
                    continue;
                if (before->levels + arc->levels > at->levels) {
                    at->levels = before->levels + arc->levels;
                    at->from = arc->from;
                }
                if (ns > at->ns)
                    at->ns = ns;
            }
        }
    }
}

static void follow(const struct way *w, struct timing_path *p, unsigned outside) {
    p->widest = p->last;
    for (uint32_t net = p->last; net != TIMING_NONE; net = w->at[net][outside].from) {
        p->first = net;
        if (w->n->net[net].loads > w->n->net[p->widest].loads)
            p->widest = net;
    }
    p->widest_load = w->n->net[p->widest].loads;
}

static int worst_first(const void *a, const void *b) {
    const struct timing_path *p = a, *q = b;

    if (p->levels != q->levels)
        return p->levels > q->levels ? -1 : 1;
    if (p->ns != q->ns)
        return p->ns > q->ns ? -1 : 1;
    return p->end < q->end ? -1 : p->end > q->end; // the same order on every machine
}

static const char *word(const struct timing_netlist *n, uint32_t net) {
    return net == TIMING_NONE || n->net[net].name == NULL ? "" : n->net[net].name;
}

static bool same_words(const struct timing_netlist *n, const struct timing_path *p, const struct timing_path *q) {
    if (p->class != q->class || strcmp(word(n, p->first), word(n, q->first)) != 0)
        return false;
    if (p->end->to != TIMING_NONE || q->end->to != TIMING_NONE)
        return strcmp(word(n, p->end->to), word(n, q->end->to)) == 0;
    return strcmp(p->end->cell, q->end->cell) == 0 && strcmp(p->end->pin, q->end->pin) == 0;
}

// Of the ends, worst first, the first `most` pairs of words of each class.
static void keep(const struct way *w, struct timing_path *all, unsigned count, unsigned most, struct timing_report *r) {
    unsigned of_class[TIMING_CLASSES] = {0};

    r->path = room((size_t)most * TIMING_CLASSES, sizeof(*r->path));
    for (unsigned i = 0; i < count; i++) {
        struct timing_path *p = &all[i];
        unsigned k;

        follow(w, p, p->class == TIMING_IN_REG || p->class == TIMING_IN_OUT);
        for (k = 0; k < r->paths && !same_words(w->n, p, &r->path[k]); k++)
            ;
        if (k < r->paths) {
            r->path[k].alike++;
        } else if (of_class[p->class] < most) {
            of_class[p->class]++;
            p->alike = 1;
            r->path[r->paths++] = *p;
        }
    }
}

int timing_paths(const struct timing_netlist *n, unsigned most, struct timing_report *r, char *why, size_t len) {
    struct way w = {n, room(n->nets, sizeof(*w.at)), room(n->nets, sizeof(*w.order)), 0};
    struct timing_path *all = room((size_t)n->ends * 2, sizeof(*all));
    unsigned count = 0;
    int status = put_in_order(&w, why, len);

    *r = (struct timing_report){0};
    if (status == 0) {
        arrive(&w);
        for (uint32_t i = 0; i < n->ends; i++)
            for (unsigned outside = 0; outside < 2; outside++) {
                const struct timing_end *end = &n->end[i];
                const struct arrival *at = &w.at[end->net][outside];
                enum timing_class class = (end->outside ? TIMING_REG_OUT : TIMING_REG_REG) + (outside ? 1u : 0u);
                double ns = at->ns + end->setup + (end->outside ? 0 : wire_ns(&n->net[end->net]));

                if (at->levels < 0)
                    continue;
                if ((unsigned)at->levels > r->levels[class])
                    r->levels[class] = (unsigned)at->levels;
                if (ns > r->ns[class])
                    r->ns[class] = ns;
                all[count++] = (struct timing_path){
                    .class = class, .levels = (unsigned)at->levels, .ns = ns, .last = end->net, .end = end};
            }
        qsort(all, count, sizeof(*all), worst_first);
        keep(&w, all, count, most, r);
    }
    free(all);
    free(w.at);
    free(w.order);
    return status;
}

void timing_report_free(struct timing_report *r) {
    free(r->path);
    *r = (struct timing_report){0};
}
