#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The linker script refuses a core's program that exceeds its budgets, and takes it with them.
# usage: budget.sh CC FLAGS LINKER-SCRIPT FIRMWARE-BUILD-DIR
cc=$1 flags=$2 script=$3 build=$4
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
link() {
  # shellcheck disable=SC2086
  "$cc" $flags -Wl,--gc-sections -Wl,--no-warn-rwx-segments -Wl,--defsym=CODE_BUDGET="$1" -Wl,--defsym=DATA_BUDGET="$2" -T "$script" \
    "$build"/core1.*.o -lgcc -o /dev/null 2>"$out"
}
link 16384 16384 || { cat "$out"; echo "does not link within its budgets"; exit 1; }
link 1024 16384 && { echo "links beyond its code budget"; exit 1; }
grep -q "CODE budget" "$out" || { cat "$out"; exit 1; }
link 16384 256 && { echo "links beyond its data budget"; exit 1; }
grep -q "DATA budget" "$out" || { cat "$out"; exit 1; }
echo "budgets hold"
