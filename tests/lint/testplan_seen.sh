#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The check of the test plan seen failing: a small plan that is right, then the same with one fault after the other.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/docs" "$work/tests/bench"
printf -- '- **1.1 It carries.** Text.\n- **1.2 It moves.** Text.\n- **A1 It holds.**\n' >"$work/docs/rules.md"
printf -- '- **T1 A flood.** Known: none.\n' >"$work/docs/threats.md"
printf '| 1 | One thing. | yes | | pass | |\n' >"$work/docs/pcie-checklist.md"
printf 'ROW("1a", "one")\nQUICK("2", "two")\n' >"$work/tests/bench/rows.def"
printf '| # | metric |\n|---|---|\n| 1 | one |\n| 2 | two |\n' >"$work/docs/numbers.md"
cat >"$work/right" <<'TXT'
## Rules

| rule | what | test |
|---|---|---|
| 1.1 | It carries | `unit.a.b` |
| 1.2 | It moves | not yet: no wheels |
| A1 | It holds | not of this system: it has none |
| T1 | A flood | bench rows 1 |

## PCIe checklist

| line | what | test |
|---|---|---|
| 1 | One thing | `rtl.a.b` |

| what | test |
|---|---|
| More | `system.a.b` |
TXT
run() { WEIR_ROOT=$work sh "$here/testplan.sh" >"$work/out"; }
cp "$work/right" "$work/docs/testplan.md"
run || { cat "$work/out"; echo "the right plan is refused"; exit 1; }
seen=0
while IFS='@' read -r fault want; do
  sed "$fault" "$work/right" >"$work/docs/testplan.md"
  cmp -s "$work/right" "$work/docs/testplan.md" && { echo "no fault: $fault"; exit 1; }
  run && { echo "not seen: $fault"; exit 1; }
  grep -qF -- "$want" "$work/out" || { cat "$work/out"; echo "not said: $want"; exit 1; }
  seen=$((seen + 1))
done <<'TXT'
/1\.2/d@no row: 1.2, It moves
/T1/d@no row: T1, A flood
/One thing/d@no row: pcie 1, One thing
s/It moves/It .../@1.2 says "It ...", not "It moves"
s/One thing/One/@pcie 1 says "One", not "One thing"
s/`unit.a.b`//@without a reason: | 1.1
s/`unit.a.b`/soon/@without a reason: | 1.1
s/: no wheels/:/@without a reason: | 1.2
s/`system.a.b`//@without a reason: | More
s/| 1\.2/| 1.3/@a row for nothing: 1.3
s/^| A1.*/&\n&/@two rows: A1
TXT
sed -i 's/It moves\.\*\*/It moves/' "$work/docs/rules.md"
cp "$work/right" "$work/docs/testplan.md"
run && { echo "not seen: a title without an end"; exit 1; }
sed -i 's/It moves/It moves.**/' "$work/docs/rules.md"
for fault in 's/| 2 |/| 3 |/' '/| 1 |/d'; do
  cp "$work/docs/numbers.md" "$work/numbers"
  sed -i "$fault" "$work/docs/numbers.md"
  run && { echo "not seen: $fault"; exit 1; }
  grep -q 'goal' "$work/out" || { cat "$work/out"; echo "not said of goals: $fault"; exit 1; }
  cp "$work/numbers" "$work/docs/numbers.md"
done
echo "$((seen + 3)) faults seen"
