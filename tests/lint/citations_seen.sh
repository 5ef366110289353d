#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The check of citations seen failing: of each kind one that resolves and one that does not, in a tree of its own.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/docs/adr" "$work/tests/bench"
printf '## 3. Filters\n\n- **3.10 A move is atomic.** It is.\n- **A3 It holds.**\n' >"$work/docs/rules.md"
printf -- '- **T7 Rings.** Known: none.\n- **P9** One owner.\n' >"$work/docs/threats.md"
printf '| 43 | Requests cross nothing. | yes |\n' >"$work/docs/pcie-checklist.md"
printf 'ROW("20c", "ratio")\n' >"$work/tests/bench/rows.def"
printf 'As decided.\n' >"$work/docs/adr/0011-resets.md"
cat >"$work/good.c" <<'TXT'
// rules 3.10, rules 3, acceptance test A3, threat T7, property P9, pcie 43, ADR 0011, bench rows 20 and 20c (rules
// 3.10), docs/rules.md
TXT
cat >"$work/bad.c" <<'TXT'
// rules 3.11 are none.
// A list goes on: rules 3.10, 3.12
// and over the end of a line (rules
// 3.13).
// rules 4
// acceptance test A4
// threats T7, T8
// formal P21
// pcie 43-44
// ADR 0012
// bench rows 20 to 20d
static void rule_3_14_holds(void); CASE(threat_t9_is_met) CASE(line_45_goes)
// See docs/lost.md.
TXT
printf '[here](rules.md), [not](lost.md), [up](../good.md)\n' >"$work/docs/bad.md"
WEIR_ROOT=$work sh "$here/citations.sh" >"$work/out" && { echo "nothing seen"; exit 1; }
sed -n 's/^\([a-z/.]*\):\([0-9]*\): there is no \(.*\)/\1:\2 \3/p' "$work/out" | sort >"$work/said"
sort >"$work/want" <<'TXT'
bad.c:1 rule 3.11
bad.c:2 rule 3.12
bad.c:4 rule 3.13
bad.c:5 section of the rules 4
bad.c:6 acceptance test A4
bad.c:7 threat T8
bad.c:8 property P21
bad.c:9 line of the PCIe checklist 44
bad.c:10 ADR 0012
bad.c:11 bench row 20d
bad.c:12 rule 3.14
bad.c:12 threat T9
bad.c:12 line of the PCIe checklist 45
bad.c:13 file docs/lost.md
docs/bad.md:1 file docs/lost.md
docs/bad.md:1 file good.md
TXT
diff "$work/want" "$work/said" && echo "each citation that does not resolve is seen"
