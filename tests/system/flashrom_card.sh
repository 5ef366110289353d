#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unmodified flashrom on the flash part of a card that runs, and what it wrote in the card's file. usage:
# flashrom_card.sh WEIR_SIM FIRMWARE_IMAGE
set -u
PATH=$PATH:/usr/sbin:/sbin
command -v flashrom >/dev/null || { echo "needs flashrom"; exit 77; }
work=$(mktemp -d)
sim=""
finish() { [ -n "$sim" ] && kill "$sim" 2>/dev/null && wait "$sim"; rm -rf "$work"; }
trap finish EXIT
die() { echo "$1"; exit 1; }
sim_program=$1 firmware=$2

# start ARGUMENTS: a card, and the port that it says.
start() {
  "$sim_program" --serprog 0 --flash "$work/flash" --dir "$work/d" --vfs 0 "$@" >"$work/log" 2>&1 &
  sim=$!
  until grep -q ready "$work/log"; do
    kill -0 "$sim" 2>/dev/null || { cat "$work/log"; die "the simulator does not start"; }
    sleep 0.1
  done
  port=$(sed -n 's/.*serprog:ip=127\.0\.0\.1:\([0-9]*\)$/\1/p' "$work/log")
  [ -n "$port" ] || die "the simulator does not say its port"
}
stop() {
  kill "$sim"
  wait "$sim" || die "exit status $? of the simulator (3: a TLP rule was broken)"
  sim=""
}
run() { flashrom -p "serprog:ip=127.0.0.1:$port" -c W25Q128.V -l "$work/layout" -i top -N "$@" >"$work/said" 2>&1; }

# The last 64 KiB of 16 MiB; what flashrom writes elsewhere it must not.
printf 'ff0000:ffffff top\n' >"$work/layout"
head -c $((0xff0000)) /dev/zero >"$work/image"
head -c 65536 "$firmware" >>"$work/image" # any bytes that are not all the same
truncate -s 16M "$work/image"

start --firmware "$firmware"
flashrom -p "serprog:ip=127.0.0.1:$port" --flash-name 2>&1 | grep -q 'name="W25Q128.V"' || die "flashrom does not know the part"
# A peer that says half a command and no more is in nobody's way.
exec 8<>"/dev/tcp/127.0.0.1/$port"
printf '\x13\xff' >&8
run -w "$work/image" || { cat "$work/said"; die "flashrom cannot write"; }
grep -q VERIFIED "$work/said" || die "flashrom has verified nothing"
exec 8>&-
stop
[ "$(stat -c %s "$work/flash")" = $((16 << 20)) ] || die "the file is not as large as the part"
cmp -s <(tail -c 65536 "$work/image") <(tail -c 65536 "$work/flash") || die "the file does not hold what flashrom wrote"
size=$(stat -c %s "$firmware")
cmp -s -n "$size" "$firmware" "$work/flash" || die "slot A has changed"
# The card boots from it, and a later flashrom finds it again.
start
run -v "$work/image" || { cat "$work/said"; die "what was written is not there after another start"; }
stop
echo "flashrom writes the card's flash"
