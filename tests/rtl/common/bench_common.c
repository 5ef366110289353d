// SPDX-License-Identifier: Apache-2.0
// FIFO order and level against a C queue; arbiter choice against a C round robin.
#include "bench.h"

static void fifo_order(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    uint32_t queue[16];
    unsigned head = 0, level = 0;
    for (int i = 0; i < 20000; i++) {
        bool valid = bench_get(out, 32, 1), ready = bench_get(out, 33, 1);
        CHECK(valid == (level > 0), "valid %d at level %u", valid, level);
        CHECK(ready == (level < 16), "ready %d at level %u", ready, level);
        CHECK(bench_get(out, 40, 5) == level, "level %u, expected %u", (unsigned)bench_get(out, 40, 5), level);
        if (valid)
            CHECK(out[0] == queue[head], "data %08x, expected %08x", out[0], queue[head]);
        uint32_t data = (uint32_t)bench_rand();
        bool push = bench_below(8) < (i / 2000 % 2 ? 6 : 3), pop = bench_below(8) < 4;
        bench_put(in, 0, 32, data);
        bench_put(in, 32, 2, (uint64_t)push | (uint64_t)pop << 1);
        if (push && ready)
            queue[(head + level) % 16] = data;
        unsigned next = level + (push && ready) - (pop && valid);
        if (pop && valid)
            head = (head + 1) % 16;
        level = next;
        weir_rtl_tick(bench_model);
    }
}

static void rr_choice(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    unsigned pointer = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t req = (uint8_t)(bench_rand() & bench_rand());
        bool advance = bench_below(4) != 0;
        bench_put(in, 64, 9, (uint64_t)req | (uint64_t)advance << 8);
        weir_rtl_tick(bench_model);
        unsigned want = 0;
        for (unsigned k = 0; k < 8; k++) {
            want = (pointer + k) % 8;
            if (req >> want & 1)
                break;
        }
        CHECK(bench_get(out, 72, 1) == (req != 0), "valid with requests %02x", req);
        if (req == 0)
            continue;
        CHECK(bench_get(out, 81, 3) == want, "granted %u, expected %u of %02x", (unsigned)bench_get(out, 81, 3), want,
              req);
        CHECK(bench_get(out, 73, 8) == 1u << want, "grant %02x is not one-hot %u", (unsigned)bench_get(out, 73, 8),
              want);
        if (advance)
            pointer = want + 1;
    }
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {{"fifo_order", fifo_order}, {"rr_choice", rr_choice}};
    return bench_main(argc, argv, cases, 2);
}
