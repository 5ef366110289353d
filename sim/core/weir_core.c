// SPDX-License-Identifier: Apache-2.0
// `./weir core run FILE.elf`: a bare-metal RV32IMC program on the embedded core alone.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "machine.h"
#include "out_file.h"

// Statuses that are not the program's own.
enum { STATUS_LARGE = 123, STATUS_LIMIT = 124, STATUS_ASLEEP = 125, STATUS_USAGE = 126 };
#define DEFAULT_CYCLES 1000000000u

struct options {
    const char *file, *signature;
    bool trace, json;
    uint64_t max_cycles;
    uint32_t irq_period;
};

static struct options o = {.max_cycles = DEFAULT_CYCLES};

static const struct cli_option options[] = {
    {"trace", NULL, CLI_FLAG, .to = &o.trace,
     .help = "a line for each retired instruction on standard output: cycle, pc, word, what it wrote"},
    {"max-cycles", "N", CLI_LONG, .to = &o.max_cycles, .min = 1, .max = UINT64_MAX,
     .help = "give up after N cycles (default 1000000000)"},
    {"signature", "FILE", CLI_TEXT, .to = &o.signature, .max = CLI_PATH,
     .help = "write the words between begin_signature and end_signature, 8 hex digits a line"},
    {"irq-period", "N", CLI_NUMBER, .to = &o.irq_period, .min = 2, .max = UINT32_MAX,
     .help = "raise the external interrupt for half of every N cycles, and report its latency"},
    {"json", NULL, CLI_FLAG, .to = &o.json, .help = "the result as JSON"},
    {.name = NULL}};

static const struct cli cli = {.program = "weir-core",
                               .about = "weir-core: a bare-metal RV32IMC program on the embedded core alone.",
                               .words = "run FILE.elf",
                               .behind =
                                   "A program ends by writing to the symbol tohost: 1 passes, an odd value v is exit\n"
                                   "code v >> 1.\n"
                                   "Exit status: the program's own exit code (123 if above 122), 124 no end within\n"
                                   "the cycles, 125 asleep for ever, 126 bad file or the call is wrong.\n",
                               .options = options};

// -1: go on; else the exit status.
static int parse(int argc, char **argv) {
    int words = 0, ret = cli_read(&cli, argc, argv, &words);
    if (ret >= 0)
        return ret == CLI_USAGE ? STATUS_USAGE : ret;
    if (words == 0 || strcmp(argv[1], "run") != 0)
        (void)cli_wrong(&cli, words == 0 ? "say what to do: run FILE.elf%s" : "unknown command '%.100s': expected run",
                        words == 0 ? "" : argv[1]);
    else if (words < 2 || argv[2][0] == '\0')
        (void)cli_wrong(&cli, "run what? name a file of ELF");
    else if (words > 2)
        (void)cli_wrong(&cli, "unexpected argument '%.100s'", argv[3]);
    else
        o.file = argv[2];
    return o.file != NULL ? -1 : STATUS_USAGE;
}

// Lines of eight digits, as write_signature makes them.
static bool is_signature(const uint8_t *head, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (i % 9 == 8 ? head[i] != '\n' : strchr("0123456789abcdef", head[i]) == NULL || head[i] == '\0')
            return false;
    return true;
}

static bool write_signature(struct machine *m, const struct elf32 *e, const char *path) {
    uint32_t from, to;
    FILE *f;
    if (!elf32_symbol(e, "begin_signature", &from) || !elf32_symbol(e, "end_signature", &to) || to < from) {
        fprintf(stderr, "weir-core: %s: no signature: the symbols begin_signature and end_signature are missing\n",
                path);
        return false;
    }
    f = out_file_open(path, is_signature);
    if (f == NULL) {
        fprintf(stderr, "weir-core: %s: %s\n", path, out_file_error(errno));
        return false;
    }
    for (uint32_t a = from & ~3u; a < to; a += 4)
        fprintf(f, "%08x\n", machine_word(m, a));
    if (fclose(f) != 0) {
        fprintf(stderr, "weir-core: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static const char *const end_names[] = {"exit", "limit", "asleep"};

static void report(const struct machine *m, const struct machine_result *r) {
    double cpi = r->instructions != 0 ? (double)r->cycles / (double)r->instructions : 0;
    if (o.json) {
        printf("{\"end\": \"%s\", \"exit_code\": %u, \"cycles\": %" PRIu64 ", \"instructions\": %" PRIu64
               ", \"cpi\": %.4f, \"seconds\": %.6f, \"irq_latency_mean\": %.2f, \"irq_latency_worst\": %u}\n",
               end_names[r->end], r->code, r->cycles, r->instructions, cpi, r->seconds, r->irq_mean, r->irq_worst);
        return;
    }
    if (r->end == MACHINE_EXIT)
        printf("exit code     %u%s\n", r->code, r->code == 0 ? " (pass)" : "");
    printf("cycles        %" PRIu64 "\ninstructions  %" PRIu64 "\nCPI           %.3f\n", r->cycles, r->instructions,
           cpi);
    if (o.irq_period != 0)
        printf("irq latency   %.2f cycles in the mean, %u at worst\n", r->irq_mean, r->irq_worst);
    fflush(stdout);
    if (r->end == MACHINE_LIMIT)
        fprintf(stderr, "weir-core: no end after %" PRIu64 " cycles%s\n", r->cycles,
                machine_has_tohost(m) ? ": nothing was written to tohost; --max-cycles raises the limit"
                                      : ": the program has no symbol tohost to end with");
    else if (r->end == MACHINE_ASLEEP)
        fprintf(stderr, "weir-core: the program sleeps in WFI and nothing can wake it\n");
}

int main(int argc, char **argv) {
    struct elf32 elf;
    struct machine *m;
    struct machine_result r;
    const char *wrong;
    bool good = true;
    int status = parse(argc, argv);

    if (status >= 0)
        return status;
    wrong = elf32_open(&elf, o.file);
    m = wrong == NULL ? machine_new(&elf, &wrong) : NULL;
    if (m == NULL) {
        fprintf(stderr, "weir-core: %s %s\n", o.file, wrong);
        elf32_close(&elf);
        return STATUS_USAGE;
    }
    r = machine_run(m, o.max_cycles, o.trace ? stdout : NULL, o.json ? stderr : stdout, o.irq_period);
    if (o.signature != NULL)
        good = write_signature(m, &elf, o.signature);
    report(m, &r);
    machine_free(m);
    elf32_close(&elf);
    if (!good)
        return STATUS_USAGE;
    if (r.end == MACHINE_LIMIT)
        return STATUS_LIMIT;
    if (r.end == MACHINE_ASLEEP)
        return STATUS_ASLEEP;
    return r.code < STATUS_LARGE ? (int)r.code : STATUS_LARGE;
}
