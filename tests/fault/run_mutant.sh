#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Applies one mutant to a copy of the tree, builds the one target it names, runs the one test, and succeeds only if a check
# of that test fails. All else is an error of its own and proves nothing: a mutant that changes nothing or does not build, a
# test that crashes, hangs or is not there. Prints one line, and leaves it in WORK/<mutant>/verdict for report.sh.
# Copy and build folder are a place that mutants take one after the other: only what differs from the tree is copied anew, so
# what the last one broke is whole and younger than what was built of it, and nothing else is built again.
# usage: run_mutant.sh FILE.mutant SOURCE WORK. Keys of a mutant: file, sed, target, test, seed (optional), label, why.
set -euo pipefail
mutant=$1 source=$2 name=$(basename "$1" .mutant)
work=$(realpath -m "$3")/$name
mkdir -p "$work"
for n in $(seq 256); do
  place=$(dirname "$work")/place-$n
  mkdir -p "$place/src"
  exec 9> "$place/taken"
  flock -n 9 && break
done
get() { sed -n "s/^$1=//p" "$mutant" | head -1; }
file=$(get file) script=$(get sed) target=$(get target) test=$(get test) arg=$(get seed)

# What a failed check looks like; the first that is found names it. A crash under cmocka looks like a failed test, too.
check() {
  if grep -aqE 'Test failed with exception:|AddressSanitizer: (SEGV|stack-overflow)' "$1"; then return; fi
  {
    # cmocka: the values on one line, the place on the next.
    sed -nE '/^\[  ERROR   \] --- /{s///; N; s/^(.*)\n\[   LINE   \] --- ([^ ]+:[0-9]+): .*/\2: \1/; p}' "$1"
    # CHECK of benches and system tests, and of helpers and models that say so.
    grep -aE '^[^ ]+\.(c|h):[0-9]+: |^check failed: ' "$1" || true
    # Assertions in the RTL; the sanitizers.
    sed -nE 's/.*%Error: ([^ ]+\.sv:[0-9]+: Assertion failed.*)/\1/p; s/.*(runtime error: .*|ERROR: [A-Z][A-Za-z]*Sanitizer: [^ ]*).*/\1/p' "$1"
  } | sed "s|$place/src/||g; s|\.\./src/||g" | cut -c1-160 | head -1
}

verdict() { # STATUS word, detail
  printf '%-9s %-34s %-24s %s\n' "$2" "$name" "$target" "$3" | tee "$work/verdict"
  exit "$1"
}

rm -f "$work/verdict"
# An unpacked archive has no list of its files: all but build folders.
listed() { git ls-files -z -co --exclude-standard 2>/dev/null | grep -z . || find . -path './build*' -prune -o -type f -print0; }
sums() { { xargs -0r cksum 2>/dev/null || true; } | sort; } # a file that git lists and that was deleted has none
(cd "$source" && listed | sums) > "$place/tree"
(cd "$place/src" && find . -type f -printf '%P\0' | sums) > "$place/copy"
comm -13 "$place/tree" "$place/copy" | cut -d' ' -f3- | (cd "$place/src" && xargs -r -d '\n' rm)
comm -23 "$place/tree" "$place/copy" | cut -d' ' -f3- | tar -C "$source" -c -T - | tar -C "$place/src" -x -m
before=$(cksum < "$place/src/$file")
sed -i -e "$script" "$place/src/$file"
[ "$before" != "$(cksum < "$place/src/$file")" ] || verdict 2 stale "does not change $file any more: $script"

# One failing run each: compiling fast matters more than running fast. Without debug information and with paths as seen from
# the copy, the compiler cache knows all that the mutant did not change.
export CCACHE_BASEDIR=$place CCACHE_NOHASHDIR=1
# The first seed of a bench is to catch it: the second would be run for nothing.
export WEIR_BENCH_SEEDS=${WEIR_BENCH_SEEDS:-1}
[ -f "$place/build/build.ninja" ] || cmake -G Ninja -B "$place/build" -S "$place/src" -DWEIR_MODEL_OPT=-O1 -DCMAKE_BUILD_TYPE=Release > "$work/log" 2>&1 || { tail -20 "$work/log"; verdict 2 unbuilt "the copy cannot be configured"; }
ninja -C "$place/build" -j1 "$target" >> "$work/log" 2>&1 || { tail -20 "$work/log"; verdict 2 unbuilt "the mutant does not build"; }
status=0
(cd "$place/build" && timeout -k 10 "${WEIR_MUTANT_TIMEOUT:-600}" "bin/$target" "${test##*.}" ${arg:+$arg} || exit $?) > "$work/out" 2>&1 || status=$?
seen=$(check "$work/out")
case $status in
  0) verdict 1 SURVIVED "$test passes on: $(get why)" ;;
  124 | 137) tail -5 "$work/out"; verdict 2 hung "$test does not end: $(get why)" ;;
  126 | 127) verdict 2 missing "there is no program bin/$target" ;;
esac
[ -n "$seen" ] || { tail -5 "$work/out"; verdict 2 crashed "$test ends with status $status, but no check failed: $(get why)"; }
verdict 0 caught "$seen"
