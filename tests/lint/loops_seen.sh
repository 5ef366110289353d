#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The check of loops seen failing: each loop of the sample is one it must complain about, no more and no fewer.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/sample.c" <<'TXT'
void f(unsigned n) {
    while (busy()) {
    }
    for (unsigned i = 0; i < n; i++) {
    }
    do {
    } while (busy());
    // bound: none, it ends some day
    for (;;) {
    }
    for (unsigned i = 0; i < LIMIT;) {
    }
    for (unsigned i = 0; i < 8; i++) {
    }
}
TXT
WEIR_ROOT=${WEIR_ROOT:?} sh "$(dirname "$0")/loops.sh" "$work/sample.c" >"$work/out" && { echo "nothing seen"; exit 1; }
said=$(sed 's/.*sample.c:\([0-9]*\):.*/\1/' "$work/out" | tr '\n' ' ')
[ "$said" = "2 4 6 9 11 " ] || { cat "$work/out"; echo "lines complained of: $said, not 2 4 6 9 11"; exit 1; }
echo "five of six loops refused, as they should be"
