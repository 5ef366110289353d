// SPDX-License-Identifier: Apache-2.0
// Shared parts of the dma bench and the list of cases.
#include "bench_dma.h"

void dma_permit(unsigned fn, bool ok) {
    bench_put(weir_rtl_in(bench_model), IN_DMA_OK + fn, 1, ok);
}

void dma_setup(unsigned mps, unsigned mrrs, bool ext_tag) {
    uint32_t *in = weir_rtl_in(bench_model);
    bench_put(in, IN_CFG, 7, mps | mrrs << 3 | (unsigned)ext_tag << 6);
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++)
        dma_permit(fn, true);
    for (int i = 0; i < 400 && !bench_get(weir_rtl_out(bench_model), OUT_IDLE, 1); i++)
        weir_rtl_tick(bench_model);
    CHECK(bench_get(weir_rtl_out(bench_model), OUT_IDLE, 1), "not idle after reset");
}

uint32_t dma_csr(bool write, unsigned addr, uint32_t wdata) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    bench_put(in, 0, 10, 0); // streams rest meanwhile
    bench_put(in, IN_CSR, 2, 1 | (unsigned)write << 1);
    in[IN_CSR_ADDR / 32] = addr;
    in[IN_CSR_WDATA / 32] = wdata;
    for (int i = 0; i < 64; i++) {
        weir_rtl_tick(bench_model);
        if (bench_get(out, OUT_CSR_ACK, 1)) {
            bench_put(in, IN_CSR, 2, 0);
            uint32_t rdata = out[OUT_CSR_RDATA / 32];
            weir_rtl_tick(bench_model);
            return rdata;
        }
    }
    CHECK(false, "no CSR acknowledge at %03x", addr);
    return 0;
}

uint32_t dma_busy(unsigned fn) {
    dma_csr(true, WEIR_DMA_FN_SEL_OFFSET, fn);
    return dma_csr(false, WEIR_DMA_FN_BUSY_OFFSET, 0);
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
        {"read_random", read_random},
        {"read_errors", read_errors},
        {"read_timeout", read_timeout},
        {"read_disabled", read_disabled},
        {"read_link_reset", read_link_reset},
        {"read_rate", read_rate},
        {"write_random", write_random},
        {"write_disabled", write_disabled},
        {"write_rate", write_rate},
        {"write_busy_to_the_last_beat", write_busy_to_the_last_beat},
        {"line_43_reads", line_43_reads},
        {"line_43_writes", line_43_writes},
        {"line_44_every_start_and_length", line_44_every_start_and_length},
        {"line_45_every_tag_once", line_45_every_tag_once},
        {"line_50_every_order", line_50_every_order},
    };
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
