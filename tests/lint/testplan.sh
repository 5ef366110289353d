#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/testplan.md against what it plans for: each rule and acceptance test (docs/rules.md), line (docs/pcie-checklist.md) and
# threat (docs/threats.md) has one row, in the same words, and each row of the page says what shows it, or "not of this
# system: why", or "not yet: what is missing". lint.testnames looks whether the tests that it names exist. docs/numbers.md
# has a goal of each number that tests/bench/rows.def measures, and no other.
cd "$WEIR_ROOT" || exit 2
awk -F' \\| ' '
function complain(what) { print what; bad = 1 }
FILENAME ~ /(rules|threats)\.md$/ && /^- \*\*([0-9]+\.|[AT])[0-9]+ .*\.\*\*/ {
  key = $0
  sub(/^- \*\*/, "", key)
  title = key
  sub(/ .*/, "", key)
  sub(/^[^ ]* /, "", title)
  sub(/\.\*\*.*/, "", title)
  if (key in want) complain("twice in the rules and threats: " key)
  want[key] = title
}
FILENAME ~ /(rules|threats)\.md$/ && /^- \*\*([0-9]+\.|[AT])[0-9]+/ && !/\.\*\*/ { complain("its title does not end on its line: " $0) }
FILENAME ~ /checklist\.md$/ && /^\| [0-9]+ \|/ {
  key = "pcie " substr($1, 3)
  want[key] = $2
  sub(/\.$/, "", want[key])
}
FILENAME ~ /rows\.def$/ && /^(ROW|QUICK)\("[0-9]+/ {
  match($0, /"[0-9]+/)
  measured[substr($0, RSTART + 1, RLENGTH - 1)] = 1
}
FILENAME ~ /numbers\.md$/ && /^\| [0-9]+[a-z]? \|/ {
  key = substr($1, 3)
  sub(/[a-z]$/, "", key)
  goal[key] = 1
}
FILENAME !~ /testplan\.md$/ { next }
/^## / { pcie = /^## PCIe/ }
/^\|---/ { table = 1; next }
!/^\|/ { table = 0 }
!table { next }
{
  key = substr($1, 3)
  if (pcie) key = "pcie " key
  cell = $NF
  sub(/ *\|$/, "", cell)
  if (cell !~ /`(rtl|unit|system|golden|fuzz|prove|lint|fault|soak|bench)\.|bench rows? [0-9]|not of this system: [A-Za-z]|not yet: [A-Za-z]/)
    complain("a row without a test and without a reason: " substr($0, 1, 100))
  rows++
  if (cell ~ /^not yet:/) missing++
  if (NF < 3) next # what goes beyond the rules has no number
  if (!(key in want)) { complain("a row for nothing: " key); next }
  if (key in seen) complain("two rows: " key)
  seen[key] = 1
  if ($2 != want[key]) complain(key " says \"" $2 "\", not \"" want[key] "\"")
}
END {
  for (key in want) if (!(key in seen)) complain("no row: " key ", " want[key])
  for (key in measured) if (!(key in goal)) complain("no goal of bench row " key)
  for (key in goal) if (!(key in measured)) complain("a goal that no bench row measures: " key)
  if (rows < 1) complain("no rows")
  if (!bad) printf "%d rows, %d of them not yet\n", rows, missing
  exit bad
}' docs/rules.md docs/threats.md docs/pcie-checklist.md tests/bench/rows.def docs/numbers.md docs/testplan.md
