#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every citation resolves: "rules 3.10" in docs/rules.md, "acceptance test A3" there, "threat T7" and property P9 in
# docs/threats.md, "pcie 43" in docs/pcie-checklist.md, "bench row 20c" in tests/bench/rows.def, "ADR 0011" in docs/adr; and the
# same in names of tests (rule_3_10, threat_t14, line_43). Lists and ranges (3.3-3.5; 6, 7; T1 to T3) are looked up at each
# number they write, also over the end of a line. A page of docs that is named with its folder or linked is there, too.
here=$(cd "$(dirname "$0")" && pwd)
cd "$WEIR_ROOT" || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$here/files.sh" '*' >"$work/files"
grep -E '\.(c|h|sv|def|cpp|S|sh|md|awk|mutant|txt|cmake)$|^weir$' "$work/files" | grep -v -e '^tests/lint/citations' -e '^tests/lint/.*_seen.sh$' >"$work/text"
# shellcheck disable=SC2046
awk -v work="$work" -f "$here/citations.awk" docs/rules.md docs/threats.md docs/pcie-checklist.md tests/bench/rows.def read=1 $(cat "$work/text")
