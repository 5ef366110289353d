// SPDX-License-Identifier: Apache-2.0
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"

static void *grown(void *list, uint32_t used, size_t size) {
    if ((used & (used - 1)) != 0) // room is doubled at each power of two
        return list;
    list = realloc(list, (used == 0 ? 1 : used * 2) * size);
    if (list == NULL)
        abort();
    return list;
}

void timing_arc(struct timing_netlist *n, uint32_t to, uint32_t from, unsigned levels, double ns, bool wired) {
    if (to == TIMING_NONE || from == TIMING_NONE)
        return;
    n->arc = grown(n->arc, n->arcs, sizeof(*n->arc));
    n->arc[n->arcs] = (struct timing_arc){from, n->net[to].arcs, (float)ns, (uint8_t)levels, wired};
    n->net[to].arcs = n->arcs++;
}

void timing_end(struct timing_netlist *n, const struct timing_end *end) {
    n->end = grown(n->end, n->ends, sizeof(*n->end));
    n->end[n->ends++] = *end;
}

static struct json_object *member(struct json_object *of, const char *name) {
    struct json_object *found = NULL;

    json_object_object_get_ex(of, name, &found);
    return found;
}

static bool is_net(struct json_object *bit) {
    return json_object_is_type(bit, json_type_int);
}

static uint32_t highest(struct json_object *bits, uint32_t so_far) {
    for (size_t i = 0; i < json_object_array_length(bits); i++) {
        struct json_object *bit = json_object_array_get_idx(bits, i);

        if (is_net(bit) && json_object_get_int64(bit) >= so_far)
            so_far = (uint32_t)json_object_get_int64(bit) + 1;
    }
    return so_far;
}

static unsigned dollars(const char *s) {
    unsigned n = 0;

    for (; *s != 0; s++)
        n += *s == '$';
    return n;
}

// Of the names of one net the one that a person wrote, and of those the shortest.
static bool better(const char *name, const char *than) {
    if (than == NULL || dollars(name) != dollars(than))
        return than == NULL || dollars(name) < dollars(than);
    return strlen(name) < strlen(than);
}

static void name_nets(struct timing_netlist *n, struct json_object *netnames) {
    json_object_object_foreach(netnames, name, about) {
        struct json_object *bits = member(about, "bits"), *src = member(member(about, "attributes"), "src");

        for (size_t i = 0; i < json_object_array_length(bits); i++) {
            struct json_object *bit = json_object_array_get_idx(bits, i);
            struct timing_net *net;

            if (!is_net(bit))
                continue;
            net = &n->net[json_object_get_int64(bit)];
            if (!better(name, net->name))
                continue;
            net->name = name;
            net->src = src == NULL ? "" : json_object_get_string(src);
            net->bit = (uint32_t)i;
            net->width = (uint32_t)json_object_array_length(bits);
        }
    }
}

static void take_ports(struct timing_netlist *n, struct json_object *ports) {
    json_object_object_foreach(ports, name, about) {
        bool in = strcmp(json_object_get_string(member(about, "direction")), "input") == 0;
        struct json_object *bits = member(about, "bits");

        for (size_t i = 0; i < json_object_array_length(bits); i++) {
            struct json_object *bit = json_object_array_get_idx(bits, i);
            uint32_t net = (uint32_t)json_object_get_int64(bit);

            if (!is_net(bit))
                continue;
            if (in) {
                n->net[net].from_input = true;
                n->net[net].launch = 0;
            } else {
                struct timing_end end = {.net = net, .to = net, .cell = "", .pin = name, .outside = true};

                n->net[net].loads++;
                timing_end(n, &end);
            }
        }
    }
}

static int take_cells(struct timing_netlist *n, struct json_object *cells, char *why, size_t len) {
    json_object_object_foreach(cells, name, about) {
        struct json_object *pins = member(about, "connections"), *dirs = member(about, "port_directions");
        const char *type = json_object_get_string(member(about, "type"));

        if (pins == NULL || dirs == NULL || type == NULL) {
            snprintf(why, len, "cell %s has no type, no connections or no port_directions", name);
            return -1;
        }
        json_object_object_foreach(pins, port, bits) {
            struct json_object *dir = member(dirs, port);

            for (size_t i = 0; i < json_object_array_length(bits); i++) {
                struct json_object *bit = json_object_array_get_idx(bits, i);

                if (is_net(bit) && (dir == NULL || strcmp(json_object_get_string(dir), "output") != 0))
                    n->net[json_object_get_int64(bit)].loads++;
            }
        }
        if (timing_cell(n, name, type, about) != 0) {
            snprintf(why, len, "cell %s is a %s, which this program does not know (timing_cells.c)", name, type);
            return -1;
        }
    }
    return 0;
}

static uint32_t count_nets(struct json_object *module) {
    uint32_t nets = 0;

    json_object_object_foreach(member(module, "netnames"), name, about) {
        (void)name;
        nets = highest(member(about, "bits"), nets);
    }
    json_object_object_foreach(member(module, "ports"), port, of) {
        (void)port;
        nets = highest(member(of, "bits"), nets);
    }
    json_object_object_foreach(member(module, "cells"), cell, what) {
        (void)cell;
        if (member(what, "connections") == NULL)
            continue;
        json_object_object_foreach(member(what, "connections"), pin, bits) {
            (void)pin;
            nets = highest(bits, nets);
        }
    }
    return nets;
}

static struct json_object *top_of(struct json_object *file, struct timing_netlist *n) {
    struct json_object *modules = member(file, "modules");

    if (modules == NULL || !json_object_is_type(modules, json_type_object))
        return NULL;
    json_object_object_foreach(modules, name, module) {
        if (member(member(module, "attributes"), "top") == NULL)
            continue;
        snprintf(n->top, sizeof(n->top), "%s", name);
        return module;
    }
    return NULL;
}

int timing_read(struct timing_netlist *n, const char *path, char *why, size_t len) {
    struct json_object *module;

    *n = (struct timing_netlist){0};
    n->json = json_object_from_file(path);
    if (n->json == NULL) {
        snprintf(why, len, "%s", json_util_get_last_err());
        for (size_t end = strlen(why); end > 0 && why[end - 1] == '\n'; end--)
            why[end - 1] = 0;
        return -1;
    }
    module = top_of(n->json, n);
    if (module == NULL || member(module, "cells") == NULL || member(module, "ports") == NULL ||
        member(module, "netnames") == NULL) {
        snprintf(why, len, "%s has no top module with ports, cells and netnames; Yosys' write_json makes such a file",
                 path);
        timing_free(n);
        return -1;
    }
    n->nets = count_nets(module);
    n->net = calloc(n->nets + 1, sizeof(*n->net));
    if (n->net == NULL)
        abort();
    for (uint32_t i = 0; i < n->nets; i++)
        n->net[i] = (struct timing_net){.src = "", .arcs = TIMING_NONE, .launch = -1};
    name_nets(n, member(module, "netnames"));
    if (take_cells(n, member(module, "cells"), why, len) != 0) {
        timing_free(n);
        return -1;
    }
    take_ports(n, member(module, "ports"));
    return 0;
}

void timing_free(struct timing_netlist *n) {
    free(n->net);
    free(n->arc);
    free(n->end);
    if (n->json != NULL)
        json_object_put(n->json);
    *n = (struct timing_netlist){0};
}
