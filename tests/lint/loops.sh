#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every loop of the firmware is bounded, and one sees by what. A loop must be one of
#   for (...; v < BOUND; ...)   BOUND made of numbers, constants in capitals and sizeof
#   a wait whose next four lines ask hal_ctrl_expired()
#   anything else with "// bound: ..." on its line or the one above: what ends it, and after how many rounds at most
# Only the main loop of a core (firmware/*/*_main.c) may say "// bound: none": the watchdog checks that it comes round.
# usage: loops.sh [FILE...]   without: all that runs on the card
cd "$WEIR_ROOT" || exit 2
files() { sh tests/lint/files.sh "$@"; }
[ $# -gt 0 ] || set -- $(files 'firmware/*.c' 'firmware/*.h' | grep -vE 'boot/(tool/|rom_gen)')
awk '
function judge(    i, text) {
  for (i = 0; i <= 4; i++) text = text "\n" line[(at + i)]
  if (note != "") {
    if (note ~ /bound: none/ && FN !~ /_main\.c$/) { complain("only a main loop may be without a bound"); return }
    noted++
    return
  }
  if (line[at] ~ /for \([^;]*; *[a-z_.]+ < ([0-9]+|[A-Z][A-Z0-9_]*|sizeof\([a-z_]+(\[0\])?\)|[ +*\/()-])+u?( &&[^;]*)?; *[^;]*(\+\+|\+= [0-9]+)/) { counted++; return }
  if (text ~ /hal_ctrl_expired\(/) { timed++; return }
  complain("what bounds this loop? say \"// bound: ...\"")
}
function complain(why) { printf "%s:%d: %s: %s\n", FN, at, why, line[at]; bad = 1 }
function whole_file(    n) {
  for (at = 1; at <= count; at++) {
    if (line[at] !~ /(^|[^a-z_])(for|while) \(|(^|[^a-z_])do \{/) continue
    if (line[at] ~ /^ *(\/\/|\*)/ || line[at] ~ /^ *#define/ || line[at] ~ /^ *\} while \(/) continue
    note = line[at] ~ /\/\/ bound: ./ ? line[at] : line[at - 1] ~ /^ *\/\/ bound: ./ ? line[at - 1] : ""
    judge()
  }
}
FNR == 1 { if (FN != "") whole_file(); FN = FILENAME; split("", line); count = 0 }
{ line[FNR] = $0; count = FNR }
END {
  whole_file()
  if (!bad) printf "%d loops counted, %d timed, %d with their bound in words\n", counted, timed, noted
  exit bad
}' "$@"
