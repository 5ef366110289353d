#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every test that docs/ and the mutants name exists: each word in backquotes that begins like a test (a `*` in it stands for
# anything), and the test= line of each mutant. The PCIe checklist has a test in each of its sixty lines that apply.
cd "$WEIR_ROOT" || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ctest --test-dir "$WEIR_BUILD_DIR" -N | sed -n 's/^ *Test *#[0-9]*: //p' >"$work/tests"
[ "$(wc -l <"$work/tests")" -gt 100 ] || { echo "ctest lists no tests in $WEIR_BUILD_DIR"; exit 2; }
{
  grep -ohE '`(rtl|unit|system|golden|fuzz|prove|lint|fault|soak|bench)\.[a-z0-9_.*-]*[a-z0-9_*]`' docs/*.md docs/blocks/*.md docs/adr/*.md | tr -d '`'
  sed -n 's/^test=//p' tests/fault/mutants/*.mutant
} | sort -u >"$work/named"
bad=0
while read -r name; do
  pattern=$(printf '%s' "$name" | sed 's/\./\\./g; s/\*/.*/g')
  grep -qE "^$pattern(\.|$)" "$work/tests" || { echo "no such test: $name ($(grep -rlF -- "$name" docs tests/fault/mutants | head -1))"; bad=1; }
done <"$work/named"
awk -F'|' '/^\| [0-9]+ \|/ { n++; if ($4 ~ /yes/ && $5 !~ /`(rtl|system)\./) { print "no test in line" $2; bad = 1 } }
  END { if (n != 60) { print n " lines in the checklist, not 60"; bad = 1 } exit bad }' docs/pcie-checklist.md || bad=1
[ "$bad" = 0 ] && echo "$(wc -l <"$work/named") names of tests, all there"
exit "$bad"
