// SPDX-License-Identifier: Apache-2.0
// The only C++ file of the project: binds weir_rtl.h to whichever Verilated top WEIR_TOP names. No behaviour lives
// here.
#include "weir_rtl.h"

#include <cstring>
#include <new>

#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

#define WEIR_STR2(x) #x
#define WEIR_STR(x) WEIR_STR2(x)
#define WEIR_CAT2(a, b) a##b
#define WEIR_CAT(a, b) WEIR_CAT2(a, b)
#define WEIR_CLASS WEIR_CAT(V, WEIR_TOP)
#define WEIR_HEADER_NAME(x) x.h
#include WEIR_STR(WEIR_HEADER_NAME(WEIR_CLASS))

namespace {
uint32_t random_seed;

struct Start {
    explicit Start(VerilatedContext &context) {
        Verilated::threadContextp(&context); // which the constructor of the top asks
        context.randReset(random_seed != 0 ? 2 : 0);
        context.randSeed(static_cast<int>(random_seed));
    }
};
} // namespace

struct weir_rtl {
    VerilatedContext context;
    Start start{context};
    WEIR_CLASS top{&context};
    uint64_t cycles = 0;
#if VM_TRACE
    VerilatedFstC *fst = nullptr;
#endif
};

namespace {

void half(weir_rtl *m, int clk) {
    m->top.clk_i = clk;
    m->top.eval();
#if VM_TRACE
    if (m->fst != nullptr)
        m->fst->dump(m->context.time());
#endif
    m->context.timeInc(2); // 4 ns a cycle with a 1 ns time unit
}

} // namespace

extern "C" {

void weir_rtl_random(uint32_t seed) {
    random_seed = seed;
}

struct weir_rtl *weir_rtl_new(void) {
    weir_rtl *m = new (std::nothrow) weir_rtl;
    if (m == nullptr)
        return nullptr;
    m->top.clk_i = 0;
    std::memset(&m->top.in_i, 0, sizeof(m->top.in_i)); // what comes from outside is nobody's state
    weir_rtl_reset(m, true);
    for (int i = 0; i < 4; i++)
        weir_rtl_tick(m);
    weir_rtl_reset(m, false);
    m->cycles = 0;
    return m;
}

void weir_rtl_free(struct weir_rtl *m) {
    if (m == nullptr)
        return;
    m->top.final();
#if VM_TRACE
    if (m->fst != nullptr) {
        m->fst->close();
        delete m->fst;
    }
#endif
    Verilated::threadContextp(&m->context); // which destructors ask, too: another card may have come since
    delete m;
}

uint32_t *weir_rtl_in(struct weir_rtl *m) {
    return &m->top.in_i[0];
}
const uint32_t *weir_rtl_out(const struct weir_rtl *m) {
    return &m->top.out_o[0];
}

void weir_rtl_tick(struct weir_rtl *m) {
    half(m, 1);
    half(m, 0);
    m->cycles++;
}

uint64_t weir_rtl_cycles(const struct weir_rtl *m) {
    return m->cycles;
}

void weir_rtl_reset(struct weir_rtl *m, bool reset) {
    m->top.rst_ni = reset ? 0 : 1;
    m->top.eval();
}

int weir_rtl_trace(struct weir_rtl *m, const char *path) {
#if VM_TRACE
    m->context.traceEverOn(true);
    m->fst = new (std::nothrow) VerilatedFstC;
    if (m->fst == nullptr)
        return -1;
    m->top.trace(m->fst, 99);
    m->fst->open(path);
    return m->fst->isOpen() ? 0 : -1;
#else
    (void)m;
    (void)path;
    return -1;
#endif
}

} // extern "C"
