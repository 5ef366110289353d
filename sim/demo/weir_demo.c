// SPDX-License-Identifier: Apache-2.0
// `./weir demo` on the built-in traffic generator: runs the story, shows its progress, writes demo.json and demo.html.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "story.h"

static void show(void *ctx, const char *text) {
    unsigned *step = ctx;
    printf("  %2u  %s\n", ++*step, text);
    fflush(stdout);
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"firmware", required_argument, NULL, 'f'}, {"seed", required_argument, NULL, 's'},
                                            {"out", required_argument, NULL, 'o'},      {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *out = ".";
    unsigned step = 0;
    struct story_options opt = {.firmware = WEIR_FIRMWARE_IMAGE, .seed = 1, .progress = show, .ctx = &step};
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
        case 'h':
            puts("usage: weir-demo [--firmware IMAGE] [--seed N] [--out FOLDER]");
            return 0;
        default:
            return 2;
        }
    }
    r = report_new("built-in generator, sequence-numbered frames, deterministic");
    if (r == NULL)
        return 1;
    ret = story_run(&opt, r, err, sizeof(err));
    if (ret != 0) {
        fprintf(stderr, "weir-demo: %s\n", err[0] != '\0' ? err : strerror(-ret));
        report_free(r);
        return 1;
    }
    report_table(r, stdout, isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL);
    snprintf(path, sizeof(path), "%s/demo.json", out);
    ret = report_json(r, path);
    snprintf(path, sizeof(path), "%s/demo.html", out);
    if (report_html(r, path) != 0 || ret != 0) {
        fprintf(stderr, "weir-demo: cannot write demo.json and demo.html to %s; name another folder with --out\n", out);
        report_free(r);
        return 1;
    }
    printf("written: %s/demo.json, %s/demo.html\n", out, out);
    ret = report_good(r) ? 0 : 1;
    report_free(r);
    return ret;
}
