#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a comment names is there: each file, with as many of its folders as one likes, each function with its brackets, and
# each word with an underscore is a file of the project or a word of its code; in docs, what stands in backquotes. A part of
# a longer word will do (TX_DROP for TX_DROP_CTRL), a `*` stands for anything. Ports and registers (_i, _o, _q, _d) that a
# module's comments name are its own. A constant of cycles is the time that its comment begins with. Pages of docs/adr and
# CHANGELOG.md tell of their day; what other projects own is listed in comments_foreign.txt.
here=$(cd "$(dirname "$0")" && pwd)
cd "$WEIR_ROOT" || exit 2
files() { sh "$here/files.sh" "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files '*' >"$work/files"
files '*.md' | grep -v -e '^docs/adr/' -e '^CHANGELOG' >"$work/docs"
files '*.c' '*.h' '*.sv' '*.def' '*.cpp' '*.S' '*.sh' '*.cmake' '*CMakeLists.txt' '*.json' '*.ld' weir | grep -v '^tests/lint/.*_seen.sh$' >"$work/code"
# shellcheck disable=SC2046
awk -v work="$work" -v foreign="$here/comments_foreign.txt" -f "$here/comments.awk" $(cat "$work/code" "$work/docs")
