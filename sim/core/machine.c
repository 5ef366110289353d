// SPDX-License-Identifier: Apache-2.0
// See machine.h; words of the model's ports as tb_core.sv says.
#include "machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "weir_rtl.h"

#define PAGE_BITS 20u
#define FRAMES 63u
#define ROOM_ABOVE 16u // pages behind each segment, for heap and stack
#define LOW_PAGE (1u << PAGE_BITS)

enum { IN_WRITE = 1, IN_FRAME = 2, IN_GO = 4, IN_READ = 8, IN_IRQ = 16 };
enum {
    O_FLAGS,
    O_WORD,
    O_RETIRED,
    O_RETIRED_HI,
    O_LATENCY,
    O_SMALL,
    O_INSN,
    O_PC,
    O_NEXT,
    O_RD,
    O_ADDR,
    O_RDATA,
    O_WDATA
};
enum { F_STOP = 1, F_SLEEP = 2, F_VALID = 4, F_TRAP = 8 };

struct machine {
    struct weir_rtl *rtl;
    uint32_t *in;
    const uint32_t *out;
    uint8_t frame[1u << (32 - PAGE_BITS)];
    unsigned frames;
    bool has_tohost;
    uint32_t tohost, fromhost;
};

static void poke(struct machine *m, uint32_t what, uint32_t addr, uint32_t data) {
    m->in[0] = what;
    m->in[1] = addr;
    m->in[2] = data;
    weir_rtl_tick(m->rtl);
    m->in[0] = 0;
}

uint32_t machine_word(struct machine *m, uint32_t addr) {
    uint32_t v;
    if (m->frame[addr >> PAGE_BITS] == 0)
        return 0;
    m->in[0] = IN_READ;
    m->in[1] = addr;
    weir_rtl_tick(m->rtl);
    v = m->out[O_WORD];
    m->in[0] = 0;
    return v;
}

static bool map(struct machine *m, uint32_t addr) {
    uint32_t page = addr >> PAGE_BITS;
    if (m->frame[page] != 0)
        return true;
    if (m->frames == FRAMES)
        return false;
    m->frame[page] = (uint8_t)++m->frames;
    poke(m, IN_FRAME, addr, m->frames);
    return true;
}

static bool map_range(struct machine *m, uint32_t from, uint32_t bytes) {
    for (uint64_t a = from >> PAGE_BITS << PAGE_BITS; a < (uint64_t)from + bytes; a += LOW_PAGE)
        if (!map(m, (uint32_t)a))
            return false;
    return true;
}

// Memory for all segments, then room behind them while frames last.
static bool map_all(struct machine *m, const struct elf32 *e) {
    for (unsigned i = 0; i < e->segments; i++) {
        const struct elf32_segment *s = &e->segment[i];
        if (!map_range(m, s->load, s->bytes) || !map_range(m, s->run, s->bytes))
            return false;
    }
    for (uint32_t k = 1; k <= ROOM_ABOVE; k++)
        for (unsigned i = 0; i < e->segments; i++) {
            uint64_t a = (uint64_t)e->segment[i].run + e->segment[i].bytes - 1 + (uint64_t)k * LOW_PAGE;
            if (a >> 32 == 0)
                (void)map(m, (uint32_t)a);
        }
    return true;
}

static void load(struct machine *m, const struct elf32_segment *s) {
    uint32_t first = s->load & ~3u;
    for (uint64_t a = first; a < (uint64_t)s->load + s->file_bytes; a += 4) {
        uint32_t v = machine_word(m, (uint32_t)a); // a segment may begin or end inside a word of another
        for (unsigned i = 0; i < 4; i++)
            if (a + i >= s->load && a + i - s->load < s->file_bytes)
                v = (v & ~(0xFFu << 8 * i)) | (uint32_t)s->data[a + i - s->load] << 8 * i;
        poke(m, IN_WRITE, (uint32_t)a, v);
    }
}

struct machine *machine_new(const struct elf32 *e, const char **wrong) {
    struct machine *m = calloc(1, sizeof(*m));
    *wrong = "not enough memory to simulate";
    if (m == NULL || (m->rtl = weir_rtl_new()) == NULL) {
        free(m);
        return NULL;
    }
    m->in = weir_rtl_in(m->rtl);
    m->out = weir_rtl_out(m->rtl);
    weir_rtl_reset(m->rtl, true);
    for (uint32_t page = 0; page < 1u << (32 - PAGE_BITS); page++)
        poke(m, IN_FRAME, page << PAGE_BITS, 0);
    if (!map_all(m, e)) {
        *wrong = "needs more than 63 MiB of memory";
        machine_free(m);
        return NULL;
    }
    for (unsigned i = 0; i < e->segments; i++)
        load(m, &e->segment[i]);
    m->has_tohost = elf32_symbol(e, "tohost", &m->tohost) && map(m, m->tohost);
    if (!elf32_symbol(e, "fromhost", &m->fromhost))
        m->fromhost = m->tohost + 64;
    m->in[3] = e->entry;
    m->in[4] = m->has_tohost ? m->tohost & ~7u : 1;
    poke(m, 0, 0, 0);
    *wrong = NULL;
    return m;
}

void machine_free(struct machine *m) {
    weir_rtl_free(m->rtl);
    free(m);
}

bool machine_has_tohost(const struct machine *m) {
    return m->has_tohost;
}

static uint8_t byte_at(struct machine *m, uint32_t addr) {
    return (uint8_t)(machine_word(m, addr & ~3u) >> 8 * (addr & 3));
}

// A system call of the host-target interface: eight words of a message, of which only write(fd, data, bytes) is served.
static void host_call(struct machine *m, uint32_t message, FILE *console) {
    uint32_t data = machine_word(m, message + 16), bytes = machine_word(m, message + 24);
    if (machine_word(m, message) == 64) {
        for (uint32_t i = 0; i < bytes && i < 1u << 20; i++)
            fputc(byte_at(m, data + i), console);
        poke(m, IN_WRITE, message & ~3u, bytes);
    } else {
        poke(m, IN_WRITE, message & ~3u, (uint32_t)-38);
    }
}

// The program wrote to tohost. True: it ended.
static bool tohost(struct machine *m, FILE *console, uint32_t *code) {
    uint32_t low, high;

    // tohost has 64 bits, which a program stores in two steps, in either order.
    for (unsigned i = 0; i < 8; i++)
        poke(m, IN_GO, 0, 0);
    low = machine_word(m, m->tohost);
    high = machine_word(m, m->tohost + 4);
    if (high >> 16 == 0x0101) { // device 1, command 1: a character
        fputc((int)(low & 0xFF), console);
        poke(m, IN_WRITE, m->tohost, 0);
        poke(m, IN_WRITE, m->tohost + 4, 0);
        poke(m, IN_WRITE, m->fromhost, 1);
    } else if ((low & 1) != 0) {
        *code = low >> 1;
        return true;
    } else if (low != 0) {
        host_call(m, low, console);
        poke(m, IN_WRITE, m->tohost, 0);
        poke(m, IN_WRITE, m->fromhost, 1);
    }
    return false;
}

static void trace_line(const struct machine *m, uint64_t cycle, FILE *f) {
    const uint32_t *o = m->out;
    uint32_t small = o[O_SMALL], rd = small >> 6 & 31, r = small >> 11 & 15, w = small >> 15 & 15;
    bool wide = (o[O_INSN] & 3) == 3;
    fprintf(f, "%10" PRIu64 " %08x %0*x%s", cycle, o[O_PC], wide ? 8 : 4, o[O_INSN], wide ? "" : "    ");
    if ((o[O_FLAGS] & F_TRAP) != 0)
        fprintf(f, " trap -> %08x", o[O_NEXT]);
    if (rd != 0)
        fprintf(f, " x%u=%08x", rd, o[O_RD]);
    if (r != 0)
        fprintf(f, " load [%08x]", o[O_ADDR]);
    if (w != 0)
        fprintf(f, " store [%08x]=%08x", o[O_ADDR], o[O_WDATA]);
    fputc('\n', f);
}

struct machine_result machine_run(struct machine *m, uint64_t max_cycles, FILE *trace, FILE *console,
                                  uint32_t irq_period) {
    struct machine_result r = {.end = MACHINE_LIMIT};
    uint64_t n = 0, irqs = 0, irq_sum = 0;
    struct timespec t0, t1;

    weir_rtl_reset(m->rtl, false);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
    while (n < max_cycles) {
        uint32_t flags;
        if (irq_period != 0) {
            // The line is up for the second half of each period; its handler must not return before it falls.
            bool up = n % irq_period >= irq_period / 2;
            if (!up && m->in[0] != 0) {
                irqs++;
                irq_sum += m->out[O_LATENCY];
                r.irq_worst = m->out[O_LATENCY] > r.irq_worst ? m->out[O_LATENCY] : r.irq_worst;
            }
            m->in[0] = up ? IN_IRQ : 0;
        }
        weir_rtl_tick(m->rtl);
        n++;
        flags = m->out[O_FLAGS];
        if (trace != NULL && (flags & F_VALID) != 0)
            trace_line(m, n, trace);
        if ((flags & (F_STOP | F_SLEEP)) == 0)
            continue;
        r.instructions = m->out[O_RETIRED] | (uint64_t)m->out[O_RETIRED_HI] << 32;
        r.cycles = n;
        if ((flags & F_STOP) != 0) {
            uint64_t before = weir_rtl_cycles(m->rtl);
            if (tohost(m, console, &r.code)) {
                r.end = MACHINE_EXIT;
                break;
            }
            n += weir_rtl_cycles(m->rtl) - before;
        } else if (irq_period == 0) {
            r.end = MACHINE_ASLEEP; // no interrupt can come
            break;
        }
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
    r.seconds = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
    if (r.end == MACHINE_LIMIT) {
        r.cycles = n;
        r.instructions = m->out[O_RETIRED] | (uint64_t)m->out[O_RETIRED_HI] << 32;
    }
    r.irq_mean = irqs != 0 ? (double)irq_sum / (double)irqs : 0;
    return r;
}
