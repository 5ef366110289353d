#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A proof with CBMC of one file of firmware/boot by the harness of the same name beside this; then each of the changes given, made to the source, has to
# break it. Without CBMC it is skipped with a word (tests/formal/cbmc.sh).
# usage: prove.sh SOURCE NAME DEFINES [SED...]
set -euo pipefail
source=$1 name=${2%%+*} parts=${2//+/ } defines=$3
shift 3
status=0
cbmc=$("$source/tests/formal/cbmc.sh") || status=$?
[ "$status" = 0 ] || exit 77
work=$(mktemp -d /tmp/weir-prove-XXXXXX)
trap 'rm -rf "$work"' EXIT
prove() { # FILE
  # shellcheck disable=SC2086
  "$cbmc" "$source/tests/formal/image/prove_$name.c" "$1" $defines -I "$source/firmware/boot" --bounds-check --pointer-check --pointer-overflow-check \
    --unsigned-overflow-check --signed-overflow-check --conversion-check --undefined-shift-check --unwind 65 --unwinding-assertions >"$work/log" 2>&1
}
whole() { for part in $parts; do cat "$source/firmware/boot/$part.c"; done; }
whole >"$work/whole.c"
prove "$work/whole.c" && grep -q '^VERIFICATION SUCCESSFUL$' "$work/log" || {
  grep -E 'FAILURE$|error' "$work/log" || tail -5 "$work/log"
  echo "check failed: $name is not proved"
  exit 1
}
grep -E '^\*\* 0 of' "$work/log"
for change; do
  sed "$change" "$work/whole.c" >"$work/$name.c"
  if cmp -s "$work/whole.c" "$work/$name.c"; then echo "check failed: does not change $name.c any more: $change"; exit 1; fi
  if prove "$work/$name.c"; then echo "check failed: proved although $change"; exit 1; fi
  grep -qE 'FAILURE$' "$work/log" || { tail -5 "$work/log"; echo "check failed: no proof was tried of $change"; exit 1; }
  echo "seen: $(grep -cE 'FAILURE$' "$work/log") failures with $change"
done
