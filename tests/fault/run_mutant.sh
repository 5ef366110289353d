#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Applies one mutant to a copy of the tree, builds the one target it names, runs the one test, and succeeds only if that
# test fails. A mutant that no longer changes its file, or does not build, is an error of its own.
# usage: run_mutant.sh FILE.mutant SOURCE WORK. Keys of a mutant: file, sed, target, test, seed (optional), label, why.
set -euo pipefail
mutant=$1 source=$2 work=$(realpath -m "$3")/$(basename "$1" .mutant)
get() { sed -n "s/^$1=//p" "$mutant" | head -1; }
file=$(get file) script=$(get sed) target=$(get target) test=$(get test) arg=$(get seed)

rm -rf "$work/src"
mkdir -p "$work/src"
(cd "$source" && git ls-files -z -co --exclude-standard | tar --null -T - -c 2>/dev/null) | tar -x -C "$work/src"
before=$(cksum < "$work/src/$file")
sed -i -e "$script" "$work/src/$file"
[ "$before" != "$(cksum < "$work/src/$file")" ] || { echo "mutant does not change $file any more: $script"; exit 2; }

# One failing run each: compiling fast matters more than running fast. Without debug information and with paths as seen from
# the copy, the compiler cache knows all that the mutant did not change.
export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
cmake -G Ninja -B "$work/build" -S "$work/src" -DWEIR_MODEL_OPT=-O1 -DCMAKE_BUILD_TYPE=Release > "$work/log" 2>&1 || { tail -20 "$work/log"; echo "configuration failed"; exit 2; }
ninja -C "$work/build" -j1 "$target" >> "$work/log" 2>&1 || { tail -20 "$work/log"; echo "the mutant does not build, so it proves nothing"; exit 2; }
if (cd "$work/build" && timeout 600 "bin/$target" "${test##*.}" ${arg:+$arg}) > "$work/out" 2>&1; then
  echo "SURVIVED: $test passes on: $(get why)"
  exit 1
fi
echo "caught by $test: $(get why)"
tail -1 "$work/out"
