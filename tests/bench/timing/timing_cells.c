// SPDX-License-Identifier: Apache-2.0
// What Yosys' cells for UltraScale+ are to a signal: a way through, a beginning, an end. Times are those of a part of
// middle speed, before placement.
#include <json-c/json.h>
#include <string.h>

#include "timing.h"

static const double LUT_NS = 0.10, MUXF_NS = 0.06, CARRY_IN_NS = 0.12, CARRY_BIT_NS = 0.002, CARRY_OUT_NS = 0.06,
                    RAM_ADDR_NS = 0.12, DSP_NS = 2.2;
static const double FF_OUT_NS = 0.08, BRAM_OUT_NS = 0.95, LUTRAM_OUT_NS = 0.65, SRL_OUT_NS = 0.60, DSP_OUT_NS = 0.50;
static const double FF_SETUP_NS = 0.05, BRAM_SETUP_NS = 0.25, LUTRAM_SETUP_NS = 0.10, DSP_SETUP_NS = 0.30;

struct cell {
    struct timing_netlist *n;
    const char *name;
    struct json_object *pins, *dirs, *params;
    const char *src;
};

static uint32_t net_of(struct json_object *bit) {
    return json_object_is_type(bit, json_type_int) ? (uint32_t)json_object_get_int64(bit) : TIMING_NONE;
}

static unsigned width(const struct cell *c, const char *pin) {
    struct json_object *bits;

    return json_object_object_get_ex(c->pins, pin, &bits) ? (unsigned)json_object_array_length(bits) : 0;
}

static uint32_t pin(const struct cell *c, const char *name, unsigned bit) {
    struct json_object *bits;

    if (!json_object_object_get_ex(c->pins, name, &bits) || bit >= json_object_array_length(bits))
        return TIMING_NONE;
    return net_of(json_object_array_get_idx(bits, bit));
}

static bool is_output(const struct cell *c, const char *name) {
    struct json_object *dir;

    return json_object_object_get_ex(c->dirs, name, &dir) && strcmp(json_object_get_string(dir), "output") == 0;
}

static bool one_of(const char *word, const char *const *list) {
    for (; *list != NULL; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static void begins(const struct cell *c, uint32_t net, double ns) {
    if (net == TIMING_NONE)
        return;
    c->n->net[net].launch = (float)ns;
    c->n->net[net].maker = c->name;
    c->n->net[net].maker_src = c->src;
}

static void ends(const struct cell *c, const char *pin_name, uint32_t net, uint32_t to, double setup) {
    struct timing_end end = {.net = net, .to = to, .cell = c->name, .pin = pin_name, .setup = (float)setup};

    if (net != TIMING_NONE)
        timing_end(c->n, &end);
}

static void lut(const struct cell *c, unsigned levels) {
    json_object_object_foreach(c->pins, name, bits) {
        (void)bits;
        if (!is_output(c, name))
            timing_arc(c->n, pin(c, "O", 0), pin(c, name, 0), levels, LUT_NS, false);
    }
}

// The data inputs come from the two LUTs beside it; its select is a way of its own.
static void muxf(const struct cell *c) {
    timing_arc(c->n, pin(c, "O", 0), pin(c, "I0", 0), 0, MUXF_NS, true);
    timing_arc(c->n, pin(c, "O", 0), pin(c, "I1", 0), 0, MUXF_NS, true);
    timing_arc(c->n, pin(c, "O", 0), pin(c, "S", 0), 1, LUT_NS, false);
}

// To enter the chain costs a level, to run along it none.
static void carry(const struct cell *c, unsigned bits) {
    static const char *const out[] = {"O", "CO"};

    for (unsigned o = 0; o < 2; o++)
        for (unsigned k = 0; k < bits; k++) {
            uint32_t to = pin(c, out[o], k);
            double along = o == 0 ? CARRY_OUT_NS : 0;

            if (to == TIMING_NONE)
                continue;
            for (unsigned j = 0; j <= k; j++) {
                timing_arc(c->n, to, pin(c, "S", j), 1, CARRY_IN_NS + CARRY_BIT_NS * (k - j), true);
                if (o == 1 || j < k) // a bit's own DI does not reach its sum
                    timing_arc(c->n, to, pin(c, "DI", j), 1, CARRY_IN_NS + CARRY_BIT_NS * (k - j), o == 1);
            }
            timing_arc(c->n, to, pin(c, "CI", 0), 0, CARRY_BIT_NS * bits + along, true);
            timing_arc(c->n, to, pin(c, "CYINIT", 0), 0, CARRY_BIT_NS * bits + along, true);
            timing_arc(c->n, to, pin(c, "CI_TOP", 0), 0, CARRY_BIT_NS * bits + along, true);
        }
}

static void flipflop(const struct cell *c) {
    static const char *const in[] = {"D", "CE", "R", "S", "CLR", "PRE", NULL};
    uint32_t q = pin(c, "Q", 0);

    begins(c, q, FF_OUT_NS);
    for (unsigned i = 0; in[i] != NULL; i++)
        ends(c, in[i], pin(c, in[i], 0), q, FF_SETUP_NS);
}

// All outputs begin at the clock, all inputs but the clocks end there.
static void clocked(const struct cell *c, double out_ns, double setup) {
    static const char *const clocks[] = {"CLK", "CLKARDCLK", "CLKBWRCLK",     "CLK_A", "CLK_B",
                                         "C",   "REGCLKB",   "REGCLKARDRCLK", "WCLK",  NULL};

    json_object_object_foreach(c->pins, name, bits) {
        for (unsigned i = 0; i < json_object_array_length(bits); i++)
            if (is_output(c, name))
                begins(c, pin(c, name, i), out_ns);
            else if (!one_of(name, clocks))
                ends(c, name, pin(c, name, i), TIMING_NONE, setup);
    }
}

// A LUT as a memory is read without a clock: a way from the read address to the output, and a beginning for what was
// stored.
static void lutram(const struct cell *c) {
    json_object_object_foreach(c->pins, out, bits) {
        if (!is_output(c, out))
            continue;
        for (unsigned i = 0; i < json_object_array_length(bits); i++) {
            uint32_t to = pin(c, out, i);

            begins(c, to, LUTRAM_OUT_NS);
            json_object_object_foreach(c->pins, in, addr) {
                bool reads = strncmp(out, "DO", 2) == 0 ? strncmp(in, "ADDR", 4) == 0 && strcmp(in + 4, out + 2) == 0
                             : strcmp(out, "DPO") == 0  ? strncmp(in, "DPRA", 4) == 0
                                                       : in[0] == 'A' && (in[1] == 0 || (in[1] >= '0' && in[1] <= '9'));
                for (unsigned k = 0; reads && k < json_object_array_length(addr); k++)
                    timing_arc(c->n, to, pin(c, in, k), 1, RAM_ADDR_NS, false);
            }
        }
    }
    json_object_object_foreach(c->pins, name, in) {
        bool writes = name[0] == 'D' && strncmp(name, "DPRA", 4) != 0 && !is_output(c, name);

        // The last port's address is where it writes, too.
        writes |= strcmp(name, "WE") == 0 || strcmp(name, "ADDRH") == 0;
        writes |= name[0] == 'A' && (name[1] == 0 || (name[1] >= '0' && name[1] <= '9'));
        writes |= strcmp(name, "ADDRD") == 0 && width(c, "ADDRH") == 0;
        for (unsigned k = 0; writes && k < json_object_array_length(in); k++)
            ends(c, name, pin(c, name, k), TIMING_NONE, LUTRAM_SETUP_NS);
    }
}

static void srl(const struct cell *c) {
    uint32_t q = pin(c, "Q", 0);

    begins(c, q, SRL_OUT_NS);
    begins(c, pin(c, "Q15", 0), SRL_OUT_NS);
    begins(c, pin(c, "Q31", 0), SRL_OUT_NS);
    json_object_object_foreach(c->pins, name, bits) {
        for (unsigned k = 0; k < json_object_array_length(bits); k++)
            if (name[0] == 'A')
                timing_arc(c->n, q, pin(c, name, k), 1, RAM_ADDR_NS, false);
            else if (strcmp(name, "D") == 0 || strcmp(name, "CE") == 0)
                ends(c, name, pin(c, name, k), TIMING_NONE, LUTRAM_SETUP_NS);
    }
}

// A multiplier without registers of its own is one long way from all operands to the product.
static void dsp(const struct cell *c) {
    static const char *const operands[] = {"A", "B", "C", "D"};
    static const char *const registers[] = {"AREG", "BREG", "CREG", "DREG", "MREG", "PREG"};
    struct json_object *used;

    for (unsigned i = 0; i < 6; i++)
        if (json_object_object_get_ex(c->params, registers[i], &used) &&
            strchr(json_object_get_string(used), '1') != NULL) {
            clocked(c, DSP_OUT_NS, DSP_SETUP_NS);
            return;
        }
    for (unsigned i = 0; i < width(c, "P"); i++)
        for (unsigned o = 0; o < 4; o++)
            for (unsigned k = 0; k < width(c, operands[o]); k++)
                timing_arc(c->n, pin(c, "P", i), pin(c, operands[o], k), 1, DSP_NS, false);
}

static bool starts(const char *s, const char *with) {
    return strncmp(s, with, strlen(with)) == 0;
}

static bool is_flipflop(const char *type) {
    static const char *const known[] = {"FDRE",   "FDSE",   "FDCE", "FDPE", "FDRE_1", "FDSE_1",
                                        "FDCE_1", "FDPE_1", "LDCE", "LDPE", NULL};

    return one_of(type, known);
}

static struct json_object *member(struct json_object *of, const char *name) {
    struct json_object *found = NULL;

    json_object_object_get_ex(of, name, &found);
    return found;
}

int timing_cell(struct timing_netlist *n, const char *name, const char *type, void *about) {
    static const char *const nothing[] = {"VCC", "GND", "BUFG", "$scopeinfo", NULL};
    struct json_object *src = member(member(about, "attributes"), "src");
    struct cell c = {n,
                     name,
                     member(about, "connections"),
                     member(about, "port_directions"),
                     member(about, "parameters"),
                     src == NULL ? "" : json_object_get_string(src)};

    if (starts(type, "LUT") && type[3] >= '1' && type[3] <= '6' && type[4] == 0) {
        n->lut++;
        lut(&c, 1);
    } else if (strcmp(type, "INV") == 0) { // it is taken into the LUT or register behind it
        lut(&c, 0);
    } else if (starts(type, "MUXF")) {
        muxf(&c);
    } else if (strcmp(type, "CARRY4") == 0 || strcmp(type, "CARRY8") == 0) {
        n->carry++;
        carry(&c, (unsigned)(type[5] - '0'));
    } else if (is_flipflop(type)) {
        n->ff++;
        flipflop(&c);
    } else if (starts(type, "RAMB18") || starts(type, "RAMB36") || starts(type, "URAM")) {
        *(type[0] == 'U' ? &n->uram : type[4] == '1' ? &n->bram18 : &n->bram36) += 1;
        clocked(&c, BRAM_OUT_NS, BRAM_SETUP_NS);
    } else if (starts(type, "RAM")) {
        n->lutram++;
        lutram(&c);
    } else if (starts(type, "SRL")) {
        n->srl++;
        srl(&c);
    } else if (starts(type, "DSP48")) {
        n->dsp++;
        dsp(&c);
    } else if (!one_of(type, nothing)) {
        return -1;
    }
    return 0;
}
