// SPDX-License-Identifier: Apache-2.0
// `./weir demo`: runs the story, shows its progress, writes demo.json, demo.html and demo.pcapng. With root,
// /dev/net/tun and namespaces with real programs and the kernels' traffic (live.h), else in one process on the built-in
// generator (story.h).
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cast.h"
#include "cli.h"
#include "live.h"
#include "pcapng.h"
#include "pci_sim.h"
#include "report.h"
#include "story.h"

#define CANNOT 77 // as tests say it

static volatile int stop;

struct demo {
    const char *out, *firmware, *fst;
    char work[400], trace[512], programs[400]; // outputs are written in a folder of our own, and come out whole
    uint64_t seed, capture_bytes;
    unsigned seconds;
    bool builtin, json, pci;
    FILE *say; // progress and words for people; standard error when standard output is for a program
    unsigned step;
};

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static void show(void *ctx, const char *text) {
    struct demo *d = ctx;
    fprintf(d->say, "  %2u  %s\n", ++d->step, text);
    fflush(d->say);
}

static int take_bus(void *to, const char *value) {
    bool *pci = to;
    *pci = strcmp(value, "pciaccess") == 0;
    return *pci || strcmp(value, "vfio-user") == 0 ? 0 : -1;
}

// -1: go on; else the exit status.
static int parse(struct demo *d, int argc, char **argv) {
    unsigned megabytes = 16;
    const struct cli_option options[] = {
        {"builtin", NULL, CLI_FLAG, .to = &d->builtin,
         .help = "one process, sequence-checked generator only, deterministic to the cycle"},
        {"bus", "NAME", CLI_OWN, .to = &d->pci, .take = take_bus, .expects = "vfio-user or pciaccess",
         .help = "vfio-user (sockets, the default) or pciaccess: the card's functions are PCI devices, which the "
                 "unmodified libpciaccess finds in a live PCI tree that only this demo sees (root, /dev/fuse)"},
        {"seconds", "N", CLI_NUMBER, .to = &d->seconds, .min = 1, .max = 3600,
         .help = "how long ping, TCP and UDP of the kernels run (default 20)"},
        {"out", "DIR", CLI_TEXT, .to = &d->out, .max = 360,
         .help = "where demo.json, demo.html and demo.pcapng go (default: here)"},
        {"capture-mb", "N", CLI_NUMBER, .to = &megabytes, .max = 100000,
         .help = "how large demo.pcapng may become: frames around the hand-overs (default 16, 0 for none)"},
        {"fst", "FILE", CLI_TEXT, .to = &d->fst, .max = CLI_PATH, .help = "waveform of the whole card; long and large"},
        {"json", NULL, CLI_FLAG, .to = &d->json, .help = "demo.json on standard output, progress on standard error"},
        {"firmware", "FILE", CLI_TEXT, .to = &d->firmware, .max = CLI_PATH,
         .help = "firmware image (default: that of this build)"},
        {"seed", "N", CLI_LONG, .to = &d->seed, .max = UINT64_MAX, .help = "of the generator (default 1)"},
        {.name = NULL}};
    const struct cli cli = {.program = "weir-demo",
                            .about = "weir-demo: the main job, shown: guests get VFs, lose them, fail over, and no\n"
                                     "frame is lost uncounted.",
                            .behind =
                                "Exit status: 0 all came as it was asked for, 1 something failed, or the run was\n"
                                "given up, 2 the call is wrong, 77 there can be no PCI tree here, or no network\n"
                                "namespaces for it.\n",
                            .options = options};
    int ret = cli_read(&cli, argc, argv, NULL);
    if (ret < 0 && d->pci && d->builtin)
        ret = cli_wrong(&cli, "--bus pciaccess takes programs, --builtin has none; leave one of them out");
    d->capture_bytes = megabytes * (uint64_t)1000000;
    d->say = d->json ? stderr : stdout;
    return ret;
}

// The other programs lie beside this one.
static void find_programs(struct demo *d) {
    ssize_t n = readlink("/proc/self/exe", d->programs, sizeof(d->programs) - 1);
    char *slash;
    d->programs[n > 0 ? n : 0] = '\0';
    slash = strrchr(d->programs, '/');
    if (slash != NULL)
        *slash = '\0';
}

// Its capture lies in the work folder until what is kept of it is known.
static int run_builtin(struct demo *d, struct report *r, char *err, size_t err_size) {
    struct story_options opt = {.firmware = d->firmware, .fst = d->fst, .seed = d->seed, .progress = show, .ctx = d};
    struct report_capture sum = {0};
    int ret;
    opt.stop = &stop;
    opt.capture = d->capture_bytes != 0 ? weir_pcapng_open(d->trace, 0, err, err_size) : NULL;
    if (opt.capture == NULL && d->capture_bytes != 0)
        return -EIO;
    opt.capture_bytes = d->capture_bytes;
    opt.captured = &sum;
    ret = story_run(&opt, r, err, err_size);
    report_capture(r, &sum);
    if (weir_pcapng_close(opt.capture) != 0 && ret == 0) {
        snprintf(err, err_size, "%s is not whole: disk full?", d->trace);
        ret = -EIO;
    }
    return ret;
}

static int run_live(struct demo *d, const struct netns *ns, struct report *r, char *err, size_t err_size) {
    struct live_options opt = {.programs = d->programs,
                               .firmware = d->firmware,
                               .capture = d->capture_bytes != 0 ? d->trace : NULL,
                               .capture_bytes = d->capture_bytes,
                               .fst = d->fst,
                               .pci = d->pci,
                               .seconds = d->seconds,
                               .stop = &stop,
                               .progress = show,
                               .ctx = d};
    return live_run(&opt, ns, r, err, err_size);
}

static const char *const outputs[] = {"demo.pcapng", "demo.json", "demo.html"};

// A run that was given up leaves what lies there as it is.
static int make_work(struct demo *d) {
    snprintf(d->work, sizeof(d->work), "%s/.weir-demo-XXXXXX", d->out);
    if (strlen(d->out) + 24 > sizeof(d->work) || mkdtemp(d->work) == NULL) {
        fprintf(stderr, "weir-demo: cannot write to %s: %s; name another folder with --out\n", d->out, strerror(errno));
        return -1;
    }
    snprintf(d->trace, sizeof(d->trace), "%s/%s", d->work, outputs[0]);
    return 0;
}

static void remove_work(const struct demo *d) {
    char path[512];
    for (unsigned i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", d->work, outputs[i]);
        (void)unlink(path);
    }
    (void)rmdir(d->work);
}

static int write_reports(const struct demo *d, const struct report *r) {
    char path[512], to[512];
    int ret;
    snprintf(path, sizeof(path), "%s/%s", d->work, outputs[1]);
    ret = report_json(r, path);
    snprintf(path, sizeof(path), "%s/%s", d->work, outputs[2]);
    ret = report_html(r, path) != 0 ? -1 : ret;
    for (unsigned i = 0; i < sizeof(outputs) / sizeof(outputs[0]) && ret == 0; i++) {
        snprintf(path, sizeof(path), "%s/%s", d->work, outputs[i]);
        snprintf(to, sizeof(to), "%s/%s", d->out, outputs[i]);
        ret = i == 0 && d->capture_bytes == 0 ? 0 : rename(path, to);
    }
    if (ret != 0) {
        fprintf(stderr, "weir-demo: cannot write demo.json and demo.html to %s; name another folder with --out\n",
                d->out);
        return 1;
    }
    fprintf(d->say, "written: %s/demo.json, demo.html", d->out);
    if (d->capture_bytes != 0)
        report_say_capture(r, d->say);
    fputs("\n", d->say);
    return 0;
}

int main(int argc, char **argv) {
    struct demo d = {.out = ".", .firmware = WEIR_FIRMWARE_IMAGE, .seed = 1, .seconds = 20};
    struct netns *ns = NULL;
    struct report *r;
    char err[700] = "";
    int ret = parse(&d, argc, argv);

    if (ret >= 0)
        return ret;
    find_programs(&d);
    if (d.pci && pci_sim_prepare(err, sizeof(err)) != 0) {
        fprintf(stderr, "weir-demo: --bus pciaccess cannot run here: %s\n", err);
        return CANNOT;
    }
    if (make_work(&d) != 0)
        return 1;
    // Programs, namespaces and devices must not outlive the demo.
    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        signal(ends[i], on_signal);
    signal(SIGPIPE, SIG_IGN);
    if (!d.builtin) {
        ns = netns_open(CAST_PLACES, err, sizeof(err));
        if (ns == NULL && d.pci) {
            fprintf(stderr, "weir-demo: --bus pciaccess cannot run here: %s\n", err);
            remove_work(&d);
            return CANNOT;
        }
        if (ns == NULL)
            fprintf(d.say, "No kernel traffic here (%s): the same story in one process on the built-in generator.\n",
                    err);
        err[0] = '\0';
    }
    r = report_new(d.pci        ? "the kernels' ping, TCP, UDP and numbered datagrams, functions through libpciaccess"
                   : ns != NULL ? "the kernels' ping, TCP, UDP and numbered datagrams"
                                : "built-in generator, sequence-numbered frames, deterministic");
    if (r == NULL) {
        netns_close(ns);
        remove_work(&d);
        return 1;
    }
    ret = ns != NULL ? run_live(&d, ns, r, err, sizeof(err)) : run_builtin(&d, r, err, sizeof(err));
    netns_close(ns);
    if (ret != 0 || stop != 0) {
        fprintf(stderr, "weir-demo: %s\n",
                stop != 0        ? "interrupted; nothing is written"
                : err[0] != '\0' ? err
                                 : strerror(-ret));
        report_free(r);
        remove_work(&d);
        return 1;
    }
    report_table(r, d.say, d.say == stdout && isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL);
    if (d.json)
        report_print_json(r, stdout);
    ret = write_reports(&d, r) != 0 || !report_good(r) ? 1 : 0;
    report_free(r);
    remove_work(&d);
    return ret;
}
