#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The model's transitions are those of the code's tables (tests/golden/states.sh migration). usage: arrows.sh ROOT [SED]: the
# second changes the model first.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$1/tests/golden/states.sh" "$1" migration | sed 's/^\[\*\]/NONE/' | sort -u >"$work/code" || exit 1
sed "$2" "$1/tests/formal/handover/migrate.pml" | grep -v '^#define' | grep -o '[SD]([A-Z]*, [A-Z]*)' |
  sed 's/[SD](\(.*\), \(.*\))/\1 \2/' | sort -u >"$work/model"
[ "$(wc -l <"$work/code")" -gt 20 ] || { echo "the code has no arrows"; exit 1; }
diff "$work/code" "$work/model" || { echo "< is of the code alone, > of the model alone"; exit 1; }
echo "$(wc -l <"$work/code") arrows, the same in code and model"
