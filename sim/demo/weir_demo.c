// SPDX-License-Identifier: Apache-2.0
// `./weir demo`: runs the story, shows its progress, writes demo.json, demo.html and demo.pcapng. With root,
// /dev/net/tun and namespaces the kernel's own traffic runs beside the built-in sequence-checked one.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "pcapng.h"
#include "report.h"
#include "story.h"

static volatile int stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static void show(void *ctx, const char *text) {
    unsigned *step = ctx;
    printf("  %2u  %s\n", ++*step, text);
    fflush(stdout);
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"firmware", required_argument, NULL, 'f'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"builtin", no_argument, NULL, 'b'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    const char *out = ".";
    bool kernel_good = true, builtin = false;
    unsigned step = 0;
    struct story_options opt = {
        .firmware = WEIR_FIRMWARE_IMAGE, .seed = 1, .seconds = 40, .progress = show, .ctx = &step};
    struct report *r;
    char err[256] = "", path[512];
    int c, ret;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'f':
            opt.firmware = optarg;
            break;
        case 's':
            opt.seed = strtoull(optarg, NULL, 0);
            break;
        case 'o':
            out = optarg;
            break;
        case 'b':
            builtin = true;
            break;
        case 't':
            opt.seconds = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'h':
            puts("usage: weir-demo [--builtin] [--seconds N] [--firmware IMAGE] [--seed N] [--out FOLDER]\n"
                 "  --builtin   sequence-checked generator only, deterministic\n"
                 "  --seconds   how long the kernel's traffic runs (default 40)");
            return 0;
        default:
            return 2;
        }
    }
    if (!builtin) {
        opt.kernel = kernel_open(story_mac, err, sizeof(err));
        if (opt.kernel == NULL)
            printf("No kernel traffic here (%s): the same story on the built-in generator alone.\n", err);
        err[0] = '\0';
    }
    // Namespaces and devices must not outlive the demo.
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    opt.stop = &stop;
    snprintf(path, sizeof(path), "%s/demo.pcapng", out);
    opt.capture = weir_pcapng_open(path, err, sizeof(err));
    if (opt.capture == NULL) {
        fprintf(stderr, "weir-demo: %s; name another folder with --out\n", err);
        kernel_close(opt.kernel);
        return 1;
    }
    r = report_new(opt.kernel != NULL ? "ping, TCP and UDP of the kernel beside sequence-numbered frames"
                                      : "built-in generator, sequence-numbered frames, deterministic");
    if (r == NULL) {
        kernel_close(opt.kernel);
        return 1;
    }
    ret = story_run(&opt, r, err, sizeof(err));
    if (weir_pcapng_close(opt.capture) != 0 && ret == 0)
        fprintf(stderr, "weir-demo: %s is not whole: disk full?\n", path);
    if (ret != 0) {
        fprintf(stderr, "weir-demo: %s\n", err[0] != '\0' ? err : strerror(-ret));
        report_free(r);
        kernel_close(opt.kernel);
        return 1;
    }
    if (opt.kernel != NULL) {
        puts("\nkernel traffic");
        kernel_good = kernel_results(opt.kernel, stdout);
    }
    kernel_close(opt.kernel);
    report_table(r, stdout, isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL);
    snprintf(path, sizeof(path), "%s/demo.json", out);
    ret = report_json(r, path);
    snprintf(path, sizeof(path), "%s/demo.html", out);
    if (report_html(r, path) != 0 || ret != 0) {
        fprintf(stderr, "weir-demo: cannot write demo.json and demo.html to %s; name another folder with --out\n", out);
        report_free(r);
        return 1;
    }
    printf("written: %s/demo.json, demo.html, demo.pcapng\n", out);
    ret = report_good(r) && kernel_good ? 0 : 1;
    report_free(r);
    return ret;
}
