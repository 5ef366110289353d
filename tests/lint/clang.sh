#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every C source of the host as a second compiler sees it: clang's warnings as errors; what ships also goes through its
# static analyser (.clang-tidy says which checks).
cd "$WEIR_ROOT" || exit 2
files() { sh tests/lint/files.sh "$@"; }
log=$WEIR_BUILD_DIR/clang-tidy.log
: > "$log"

# tidy FLAG PATTERN...: the files of those patterns that this build compiles.
tidy() {
  flag=$1
  shift
  files "$@" | while read -r f; do
    grep -q "\"file\": \".*/$f\"" "$WEIR_BUILD_DIR/compile_commands.json" && echo "$f"
  done | tee -a "$log.files" | xargs -P 2 -n 4 clang-tidy -p "$WEIR_BUILD_DIR" --quiet $flag >> "$log" 2>&1
}

: > "$log.files"
tidy "" 'hostdrv/*.c' 'sim/*.c' 'firmware/*.c' 'rtl-model/*.c' && tidy "--checks=-*,clang-diagnostic-*,bugprone-sizeof-expression" 'tests/*.c' || {
  grep -E '(warning|error): ' "$log" | sort -u | head -40
  exit 1
}
echo "clean: $(wc -l < "$log.files") files"
