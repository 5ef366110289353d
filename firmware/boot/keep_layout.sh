#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Links a core's program twice: the second time it knows, as the address of `keep_layout`, a sum over names, sizes and places
# of the variables that outlive its restart (hal/hal_keep.h). Two programs with the same sum can follow one another.
# Of local names what the compiler adds to keep them apart is left out: it is another in each build.
# usage: keep_layout.sh NM OUT.elf LINK-COMMAND...
set -eu
nm=$1 out=$2
shift 2
layout() { "$nm" -S "$1" | awk '/ __keep_(start|end)$/ { print } $3 ~ /^[bBdD]$/ { sub(/\..*/, "", $4); print }' | sort | awk '
  / __keep_start$/ { inside = 1 } inside { print } / __keep_end$/ { exit }' | cksum | cut -d" " -f1; }
"$@" -Wl,--defsym=keep_layout=0x10000000 -o "$out.first"
sum=$(layout "$out.first")
"$@" -Wl,--defsym=keep_layout="$(printf '0x%x' "$sum")" -o "$out"
[ "$(layout "$out")" = "$sum" ] || { echo "keep_layout: $out: linking it again moved what it keeps" >&2; exit 1; }
rm -f "$out.first"
