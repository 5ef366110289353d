#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a comment names is there: each file (name.c, folder/name.sv), each function (name()), and each word with an underscore
# in a comment is a file of the project or a word of its code; in docs, what stands in backquotes. A part of a longer word
# will do (RX_DROP for CNT_RX_DROP_SPOOF), a `*` stands for anything. Pages of docs/adr and CHANGELOG.md tell of their day.
# A port or register (x_i, x_o, x_q, x_d) that a comment of a module names is one of that file.
# What other projects own is listed in comments_foreign.txt. A constant NAME_CYCLES is the time that its comment begins with.
here=$(cd "$(dirname "$0")" && pwd)
cd "$WEIR_ROOT" || exit 2
files() { sh "$here/files.sh" "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files '*' >"$work/files"
files '*.md' | grep -v -e '^docs/adr/' -e '^CHANGELOG' >"$work/docs"
files '*.c' '*.h' '*.sv' '*.def' '*.cpp' '*.S' '*.sh' '*.cmake' '*CMakeLists.txt' '*.json' '*.ld' weir >"$work/code"
# shellcheck disable=SC2046
awk -v work="$work" -v foreign="$here/comments_foreign.txt" -f "$here/comments.awk" $(cat "$work/code" "$work/docs")
