#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A demo whose terminal hangs up, or that is killed in the middle, leaves no program, namespace or folder behind, and no
# other demo.json than the one that lay there. usage: demo_hangup.sh WEIR-DEMO FOLDER [OPTION...]. 77: no namespaces here.
set -u
demo=$1 dir=$2
shift 2
fail() { echo "$*"; sed 's/^/  /' "$dir/log"; exit 1; }

rm -rf "$dir" && mkdir -p "$dir" || exit 1
for signal in HUP KILL; do
  printf '{\n  "traffic":"the last good one"}\n' > "$dir/demo.json"
  cp "$dir/demo.json" "$dir/before"
  "$demo" "$@" --seconds 3 --out "$dir" > "$dir/log" 2>&1 &
  pid=$!
  until grep -q 'second guest gets its VF' "$dir/log"; do # all programs run by then
    if ! kill -0 $pid 2>/dev/null; then
      wait $pid
      [ $? -ne 77 ] || exit 77
      fail "the demo ended by itself"
    fi
    sleep 0.1
  done
  grep -q 'No kernel traffic here' "$dir/log" && { kill $pid; exit 77; }
  work=$(ls -d /proc/$pid/fd/* | while read -r fd; do readlink "$fd"; done | sed -n 's/.*\(net:\[[0-9]*\]\).*/\1/p' | sort -u)
  [ -n "$work" ] || fail "no namespace is open"
  children=$(pgrep -P $pid)
  kill -$signal $pid
  wait $pid
  status=$?
  [ $status -ne 0 ] || fail "SIG$signal: exit status 0"
  for child in $children; do
    # Killed with their parent; a moment for the kernel to do it.
    tries=0
    while kill -0 "$child" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$child/status" 2>/dev/null; do
      tries=$((tries + 1))
      [ $tries -lt 600 ] || fail "SIG$signal: program $child runs on"
      sleep 0.1
    done
  done
  cmp -s "$dir/demo.json" "$dir/before" || fail "SIG$signal: demo.json was changed"
  [ $signal = KILL ] || ! ls -d "$dir"/.weir-demo-* >/dev/null 2>&1 || fail "SIG$signal: a work folder is left"
  rm -rf "$dir"/.weir-demo-*
done
