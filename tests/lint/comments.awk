# SPDX-License-Identifier: Apache-2.0
# The check of comments.sh. First all is read: words of the code, and comments with their places; then each name is looked up.
function words_of(text) {
  while (match(text, /[A-Za-z_][A-Za-z0-9_]*/)) {
    code[substr(text, RSTART, RLENGTH)] = 1
    # A module's comments speak of its own ports and registers.
    if (FILENAME ~ /\.sv$/) code[FILENAME, substr(text, RSTART, RLENGTH)] = 1
    text = substr(text, RSTART + RLENGTH)
  }
}
function keep(text) { comment[++comments] = text; place[comments] = FILENAME ":" FNR }
# A part of a longer word between underscores.
function part_of_a_word(name,    w) {
  if (parts == "") for (w in code) if (index(w, SUBSEP) == 0) parts = parts " _" w "_"
  return index(parts, "_" name "_") > 0
}
function known(name) {
  if (name in code || name in ours || name in stem || name in theirs) return 1
  return part_of_a_word(name)
}
function complain(i, what) { printf "%s: there is no %s\n", place[i], what; bad = 1 }
function look(i,    text, name, before, after, path) {
  text = comment[i]
  while (match(text, /[A-Za-z0-9_][A-Za-z0-9_.\/-]*\.(c|h|sv|def|sh|cpp|S|md|awk|mutant)($|[^A-Za-z0-9_*])/)) {
    path = substr(text, RSTART, RLENGTH)
    before = RSTART == 1 ? "" : substr(text, RSTART - 1, 1)
    name = path
    sub(/[^A-Za-z0-9_]$/, "", name)
    text = substr(text, 1, RSTART - 1) " " substr(text, RSTART + RLENGTH)
    if (before ~ /[*\/>}<$]/) continue
    if (name ~ /\.(c|h|sv|def|sh|cpp|S|md|awk|mutant)$/ && !(name in ours) && !(name in theirs)) complain(i, "file " name)
    else files++
  }
  while (match(text, /[A-Za-z_][A-Za-z0-9_]*/)) {
    name = substr(text, RSTART, RLENGTH)
    before = RSTART == 1 ? "" : substr(text, RSTART - 1, 1)
    after = substr(text, RSTART + RLENGTH, 2)
    text = substr(text, RSTART + RLENGTH)
    if (before ~ /[*0-9]/ || after ~ /^[*\/{<]/ || name ~ /_$/) continue
    if (name ~ /_/ && name !~ /^_/ || after == "()") {
      names++
      if (place[i] ~ /\.sv:/ && name ~ /_(i|o|ni|q|d)$/) {
        if (!((substr(place[i], 1, index(place[i], ":") - 1), name) in code)) complain(i, "port or register " name)
      } else if (!known(name)) complain(i, after == "()" ? "function " name : "name " name)
    }
  }
}
# A constant of cycles and the time that its own comment, or the one above, begins with: 250 cycles are 1 us.
function cycles(text, above,    number, time) {
  if (!match(text, /_CYCLES [0-9]+u?/)) return
  number = substr(text, RSTART + 8, RLENGTH - 8) + 0
  time = text
  if (!sub(/^[^\/]*\/\/ /, "", time)) time = above
  sub(/^\/\/ /, "", time)
  if (time !~ /^[0-9.,]+ (us|ms|s)([^A-Za-z]|$)/) return
  times++
  gsub(/,/, "", time)
  at_250_mhz = (time + 0) * (time ~ /^[0-9.]+ us/ ? 250 : time ~ /^[0-9.]+ ms/ ? 250000 : 250000000)
  if (number < 0.95 * at_250_mhz || number > 1.05 * at_250_mhz) {
    printf "%s:%d: %d cycles are not what the comment says: %s\n", FILENAME, FNR, number, time
    bad = 1
  }
}
BEGIN {
  while ((getline line < (work "/files")) > 0) {
    # A file is named by its name, or by as many of its folders as one likes.
    ours[line] = 1
    while (sub(/^[^\/]*\//, "", line)) ours[line] = 1
    base = line
    sub(/\.[^.]*$/, "", base)
    stem[base] = 1
  }
  while ((getline line < foreign) > 0) if (line !~ /^#/) theirs[line] = 1
}
FILENAME ~ /\.md$/ {
  text = $0
  while (match(text, /`[^`]*`/)) {
    keep(substr(text, RSTART + 1, RLENGTH - 2))
    text = substr(text, RSTART + RLENGTH)
  }
  next
}
FILENAME ~ /\.(c|h|sv|def|cpp|S)$/ {
  cycles($0, last)
  # Of a comment of several lines the first counts.
  if ($0 !~ /^\/\/ / || last !~ /^\/\/ /) last = $0
  if (match($0, /(^|[ \t;{},)])\/\/[^"]*$/) || match($0, /^ *\/\/.*/)) {
    keep(substr($0, RSTART))
    words_of(substr($0, 1, RSTART - 1))
  } else words_of($0)
  next
}
{
  if (match($0, /(^|[ \t])# .*$/)) {
    keep(substr($0, RSTART))
    words_of(substr($0, 1, RSTART - 1))
  } else words_of($0)
}
END {
  for (i = 1; i <= comments; i++) look(i)
  if (!bad) printf "%d comments name %d files and %d words, all there; %d times are right\n", comments, files, names, times
  exit bad
}
