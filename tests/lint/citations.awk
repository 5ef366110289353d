# SPDX-License-Identifier: Apache-2.0
# The check of citations.sh. The files of the targets come first, then, after read=1, all that may cite them.
function target(kind, number) { there[kind, number] = 1 }
function complain(what) { printf "%s:%d: there is no %s\n", FILENAME, FNR, what; bad = 1 }
function look(kind, number, words) {
  looked++
  if (!((kind, number) in there)) complain(words " " number)
}
# Each citation that begins with the words, and the numbers behind it; form is what a number of this kind looks like.
function cited(text, words, form, kind, name,    number) {
  while (match(text, "(^|[^A-Za-z0-9_])" words " ?" form)) {
    text = substr(text, RSTART)
    match(text, "(^|[^A-Za-z0-9_])" words " ?")
    text = substr(text, RLENGTH + 1)
    while (match(text, "^" form)) {
      number = substr(text, 1, RLENGTH)
      text = substr(text, RLENGTH + 1)
      look(kind, number, name)
      if (!match(text, "^(, and | and |, | to |-)" form)) break
      match(text, "^(, and | and |, | to |-)")
      text = substr(text, RLENGTH + 1)
    }
  }
}
function in_names(text, words, form, kind, name,    number) {
  while (match(text, words form)) {
    number = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    sub("^" words, "", number)
    gsub(/_/, ".", number)
    sub(/^0+/, "", number)
    look(kind, (kind == "threat" ? "T" : "") number, name)
  }
}
function paths(text,    path) {
  while (match(text, /(^|[^A-Za-z0-9_.\/-])docs\/[A-Za-z0-9_\/.-]*\.md/)) {
    path = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    sub(/^.*docs\//, "docs/", path)
    looked++
    if (!(path in file)) complain("file " path)
  }
}
function links(text,    path, base) {
  while (match(text, /\]\([^):]*\.md[^)]*\)/)) {
    path = substr(text, RSTART + 2, RLENGTH - 3)
    text = substr(text, RSTART + RLENGTH)
    sub(/#.*/, "", path)
    base = FILENAME
    if (!sub(/\/[^\/]*$/, "", base)) base = ""
    while (sub(/^\.\.\//, "", path)) if (!sub(/\/?[^\/]*$/, "", base)) break
    if (base != "") path = base "/" path
    looked++
    if (!(path in file)) complain("file " path)
  }
}
function all(text,    page) {
  cited(text, "[Rr]ules?", "[0-9]+[.][0-9]+", "rule", "rule")
  cited(text, "rules", "[0-9]+", "section", "section of the rules")
  cited(text, "acceptance tests?", "A[0-9]+", "acceptance", "acceptance test")
  cited(text, "[Tt]hreats?", "T[0-9]+", "threat", "threat")
  cited(text, "(property|properties|formal|//)", "P[0-9]+", "property", "property")
  cited(text, "pcie", "[0-9]+", "line", "line of the PCIe checklist")
  cited(text, "ADRs?", "[0-9][0-9][0-9][0-9]", "adr", "ADR")
  cited(text, "[Bb]ench rows?", "[0-9]+[a-z]?", "row", "bench row")
  if (FILENAME ~ /\.(c|h|md|mutant|txt)$/) {
    in_names(text, "rule_", "[0-9]+_[0-9]+", "rule", "rule")
    in_names(text, "threat_t", "[0-9]+", "threat", "threat")
    in_names(text, "(^|[^a-z])line_", "[0-9][0-9]", "line", "line of the PCIe checklist")
  }
  paths(text)
  if (FILENAME ~ /\.md$/) links(text)
}
BEGIN {
  while ((getline line < (work "/files")) > 0) {
    file[line] = 1
    if (line ~ /^docs\/adr\/[0-9]+-/) target("adr", substr(line, 10, 4))
  }
}
# A list goes on behind the end of a line, without what leads a comment in the next.
function flush() {
  if (held != "") all(held)
  held = ""
}
!read {
  if (FILENAME ~ /rules\.md$/ && match($0, /^## [0-9]+/)) target("section", substr($0, 4, RLENGTH - 3))
  if (FILENAME ~ /rules\.md$/ && match($0, /^- \*\*A[0-9]+ /)) target("acceptance", substr($2, 3))
  if (FILENAME ~ /rules\.md$/ && match($0, /^- \*\*[0-9]+\.[0-9]+ /)) target("rule", substr($2, 3))
  if (FILENAME ~ /threats\.md$/ && match($0, /^- \*\*[TP][0-9]+[ *]/)) {
    number = substr($2, 3)
    sub(/\*\*$/, "", number)
    target($2 ~ /^\*\*T/ ? "threat" : "property", number)
  }
  if (FILENAME ~ /checklist\.md$/ && match($0, /^\| [0-9]+ \|/)) target("line", $2)
  if (FILENAME ~ /rows\.def$/ && match($0, /^(ROW|QUICK)\("[^"]*"/)) {
    number = substr($0, 1, RLENGTH - 1)
    sub(/^[^"]*"/, "", number)
    target("row", number)
    sub(/[a-z]+$/, "", number)
    target("row", number)
  }
  next
}
FNR == 1 { held = "" }
{
  next_part = $0
  if (held != "") sub(/^ *(\/\/|#|\*)? */, " ", next_part)
  line = held next_part
  held = ""
  if (line ~ /(rules?|[Tt]hreats?|pcie|ADRs?|[Bb]ench rows?|acceptance tests?|properties|property|formal)( [TPA]?[0-9][0-9.a-z]*(, and|,| and| to|-)?)*$/ && line !~ /[0-9][a-z]?$/) {
    held = line
    next
  }
  all(line)
}
END {
  if (held != "") all(held)
  if (looked < 1) { print "no citation found"; bad = 1 }
  if (!bad) printf "%d citations, all there\n", looked
  exit bad
}
