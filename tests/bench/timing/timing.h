// SPDX-License-Identifier: Apache-2.0
// Static timing of a netlist that Yosys' synth_xilinx wrote as JSON: how many LUTs lie in a row between two registers,
// and about how long that takes. A figure of the netlist before placement: levels are exact, nanoseconds are an
// estimate that serves to compare one module with another in the same flow.
#ifndef WEIR_TIMING_H
#define WEIR_TIMING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TIMING_NONE UINT32_MAX // no net

// A way through a cell, from an input's net to an output's.
struct timing_arc {
    uint32_t from;
    uint32_t next; // of the arcs into the same net
    float ns;
    uint8_t levels; // LUTs on the way: 1, or 0 of a carry chain's inside and of the muxes beside a LUT
    bool wired;     // comes over a wire of its own inside the slice, which costs nothing
};

// Where a way ends: an input of a register, of a memory or the module's own output.
struct timing_end {
    uint32_t net;
    uint32_t to; // net that the register gives; TIMING_NONE: a memory, `cell` names it
    const char *cell, *pin;
    float setup;
    bool outside;
};

struct timing_net {
    const char *name, *src;        // src: file and line where it is declared, or ""
    const char *maker, *maker_src; // the register or memory that has it out, and where that is written; or NULL
    uint32_t bit, width, loads;
    uint32_t arcs;   // first of the arcs into it; TIMING_NONE: none
    float launch;    // ns behind the clock's edge until a register or memory has it out; below 0: it comes from none
    bool from_input; // the module's own
};

struct timing_netlist {
    struct timing_net *net;
    struct timing_arc *arc;
    struct timing_end *end;
    uint32_t nets, arcs, ends;
    char top[64];
    // What it is made of.
    uint32_t lut, ff, lutram, srl, bram18, bram36, uram, dsp, carry;
    void *json;
};

// Reads the module that carries the attribute `top` in the file. 0, or -1, and `why` says in a line what is wrong: the
// file, its form, a kind of cell that timing_cells.c does not know, a loop without a register.
int timing_read(struct timing_netlist *n, const char *path, char *why, size_t len);
void timing_free(struct timing_netlist *n);

// Adds the ways through one cell, a json_object of the file, and what begins and ends in it. 0, or -1: an unknown kind.
int timing_cell(struct timing_netlist *n, const char *name, const char *type, void *about);
void timing_arc(struct timing_netlist *n, uint32_t to, uint32_t from, unsigned levels, double ns, bool wired);
void timing_end(struct timing_netlist *n, const struct timing_end *end);

enum timing_class { TIMING_REG_REG, TIMING_IN_REG, TIMING_REG_OUT, TIMING_IN_OUT, TIMING_CLASSES };
extern const char *const timing_class_name[TIMING_CLASSES];

struct timing_path {
    enum timing_class class;
    unsigned levels;
    double ns;
    uint32_t first, last;         // nets: what it begins with, what enters the end
    uint32_t widest, widest_load; // the net with the most loads on it
    const struct timing_end *end;
    unsigned alike; // ends that the same pair of words has
};

struct timing_report {
    unsigned levels[TIMING_CLASSES]; // the most of each class
    double ns[TIMING_CLASSES];
    struct timing_path *path; // worst first, by levels; each pair of words once
    unsigned paths;
};

// The `most` worst pairs of words of each class, all ends counted. -1: a loop without a register, `why` names a net.
int timing_paths(const struct timing_netlist *n, unsigned most, struct timing_report *r, char *why, size_t len);
void timing_report_free(struct timing_report *r);

#endif
