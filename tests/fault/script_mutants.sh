#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The test of the `weir` script seen failing: each of these changes is found, and by the check that is meant for it.
# usage: script_mutants.sh WEIR TEST
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
# caught SED WORDS: the script changed by SED fails the check that says WORDS.
caught() {
  sed "$1" "$weir" >"$work/weir"
  chmod +x "$work/weir"
  ! cmp -s "$weir" "$work/weir" || { echo "does not change the script any more: $1"; exit 1; }
  ! bash "$test" "$work/weir" >"$work/out" 2>&1 || { echo "SURVIVED: $1"; exit 1; }
  grep -q "FAILED CHECK: $2" "$work/out" || { echo "found by another check than \"$2\": $1"; cat "$work/out"; exit 1; }
  count=$((count + 1))
}
weir=$1 test=$2
caught 's/^  if ! flock -n 9; then/  if false; then/' 'four started at the same time'
caught 's/    if current "$@"; then exec 9>&-; return 0; fi/    :/' 'four started at the same time'
caught 's/^  current "$@" && return 0/  :/' 'nothing has changed'
caught 's/ -newer "$BUILD.*-print -quit/ -type f&/' 'a source is gone'
caught 's/^  may_build$/  may_build; renew/; s/^  made_for >.*/:/' 'one took away'
caught '/find "$BUILD" -mindepth 1/d' 'what another place built'
caught 's/"$(uname -m)" "$(level)"/"$(uname -m)" any/' 'a build of another kind of processor'
caught 's/  case $HERE$BUILD in .*/  case a in *[!a])/' 'a path with a space'
caught 's/^  cd "$CALLER"$/  :/' 'a program runs where the user stands'
caught 's/realpath -m -- "${WEIR_BUILD/realpath -m -- "$HERE\/${WEIR_BUILD/' 'WEIR_BUILD is seen'
caught 's/^  build somewhere else.*/"/' 'what to do about a folder that is not'
echo "$count changes, each found by its check"
