#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# weir-image from the outside: keys are files for their owner alone, the development key is named loudly, what a card would
# refuse is refused with the same reason, no file of another kind is written over, the same input makes the same bytes.
# usage: weir_image.sh WEIR-IMAGE
set -euo pipefail
tool=$(realpath "$1")
work=$(mktemp -d /tmp/weir-image-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 022
fail() { echo "FAILED CHECK: $*"; cat said 2>/dev/null; exit 1; }
try() { # STATUS WORDS ARG...: exit status, and what it says
  local status=$1 words=$2 got=0
  shift 2
  "$tool" "$@" >said 2>&1 || got=$?
  [ "$got" = "$status" ] || fail "weir-image $*: status $got, not $status"
  [ -z "$words" ] || grep -qF -e "$words" said || fail "weir-image $*: it does not say '$words'"
}
head -c 5000 /dev/zero | tr '\0' a >c0
head -c 3001 /dev/zero | tr '\0' b >c1

try 0 "key hash" keygen mine
[ "$(stat -c %a mine)" = 600 ] || fail "mode of a secret key"
try 1 "written over no file" keygen mine
touch half.pub
try 1 "written over no file" keygen half
[ ! -e half ] || fail "a secret key without its public one is left"
for mode in 640 604 644 660; do
  chmod "$mode" mine
  try 1 "others than its owner" make no.img c0 c1 --key mine
  [ ! -e no.img ] || fail "an image was made with a key that is no secret"
done
chmod 600 mine
try 1 "signs nothing" make no.img c0 c1 --key mine.pub
try 1 "no key of weir-image" make no.img c0 c1 --key c0
try 1 "keygen makes a key" make no.img c0 c1 --key nowhere

try 0 "" make a.img c0 c1 --key mine --image-version 1.2 --counter 7
try 0 "version 1.2, security counter 7" check a.img --key mine.pub --floor 7
try 0 "signed by  its key" show a.img
try 1 "below the floor" check a.img --key mine.pub --floor 8
try 1 '"reason":"KEY"' check a.img --key development --json
try 1 "another board" check a.img --key mine.pub --board 5
try 0 "" make b.img c0 c1 --key mine --image-version 1.2 --counter 7
cmp a.img b.img || fail "the same input made other bytes"
try 0 "" make u.img c0 c1 --image-version 1.2 --counter 7
try 1 "names no key" check u.img --key mine.pub
try 0 "signed by  nobody" show u.img
try 0 "" sign u.img --key mine
cmp a.img u.img || fail "signed later is another image"
printf x >>u.img
try 1 "something follows" sign u.img --key mine
printf X | dd of=b.img bs=1 seek=20 conv=notrunc status=none
try 1 '"reason":"SIGNATURE"' check b.img --key mine.pub --json
try 0 "the signature is wrong" show b.img
head -c 4000 a.img >t.img
try 1 "ends within its bodies" check t.img --key mine.pub
: >t.img
try 1 "ends within its manifest" check t.img --key mine.pub
try 1 "ends within its manifest" sign t.img --key mine

for what in "make d.img c0 c1" "sign a.img"; do
  # shellcheck disable=SC2086
  try 0 "WARNING" $what --key development
  grep -q "DEVELOPMENT key, which anybody has" said || fail "$what does not name the development key"
done
for what in "show d.img" "check d.img --key development"; do
  # shellcheck disable=SC2086
  try 0 "DEVELOPMENT key, which anybody has" $what
  # shellcheck disable=SC2086
  try 0 '"development":true' $what --json
done

cksum c0 mine >before
try 1 "stays" make c0 c0 c1
try 1 "stays" make mine c0 c1
try 1 "missing, empty, or larger" make no.img c0 nothing
: >empty
try 1 "empty: missing, empty, or larger" make no.img c0 empty
head -c 253953 /dev/zero >large
try 1 "larger than the 253952 bytes" make no.img large c1
cksum c0 mine | cmp -s - before || fail "a file of another kind was written over"
for wrong in "" "make" "make x" "bake x" "check a.img" "sign a.img" "make x c0 c1 --counter 0" "make x c0 c1 --image-version 0.0" \
  "make x c0 c1 --image-version 65535.65535" "make x c0 c1 --image-version 1" "make x c0 c1 --build-id 00" \
  "make x c0 c1 --build-id 00000000000000000000000000000000"; do
  # shellcheck disable=SC2086
  try 2 "" $wrong
done
try 2 '"code":"wrong_call"' check a.img --json
[ ! -e x ] && [ ! -e no.img ] || fail "a wrong call made a file"
[ -z "$(find . -name '*.img.*')" ] || fail "something is left beside an image"
echo "kept"
