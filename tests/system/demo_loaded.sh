#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Many whole demos on a machine that has no time: busy loops beside them and several demos at once. Each must end as its
# verdict asks, every planned hand-over planned and nothing lost.
# usage: demo_loaded.sh WEIR_DEMO FOLDER [DEMOS [AT_ONCE [BUSY_LOOPS]]]
set -u
demo=$1 folder=$2 demos=${3:-40} at_once=${4:-4} loops=${5:-8}
rm -rf "$folder" && mkdir -p "$folder"
busy=()
for ((i = 0; i < loops; i++)); do (while :; do :; done) & busy+=($!); done
trap 'kill "${busy[@]}" 2>/dev/null' EXIT

one() {
  mkdir -p "$folder/$1"
  "$demo" --seconds 1 --capture-mb 0 --out "$folder/$1" >"$folder/$1/said" 2>&1
  echo $? >"$folder/$1/status"
  echo "demo $1: status $(cat "$folder/$1/status")"
}
running=()
for ((i = 1; i <= demos; i++)); do
  one "$i" &
  running+=($!)
  while [ "$(jobs -rp | grep -cFxf <(printf '%s\n' "${running[@]}"))" -ge "$at_once" ]; do sleep 0.2; done
done
wait "${running[@]}"

bad=0
for ((i = 1; i <= demos; i++)); do
  [ "$(cat "$folder/$i/status")" = 0 ] && continue
  bad=$((bad + 1))
  echo "demo $i:"
  tail -20 "$folder/$i/said"
done
# In demo.json, what was asked for stands before what came.
asked=$(cat "$folder"/*/demo.json | grep -A2 '"asked"' | grep -c '"surprise":false')
came=$(cat "$folder"/*/demo.json | grep -A2 '"came"' | grep -c '"surprise":false')
echo "$demos demos, $at_once at once, beside $loops busy loops: $bad failed; $asked planned hand-overs asked for, $came came so"
[ "$bad" = 0 ] && [ "$asked" = "$came" ] && [ "$asked" -gt 0 ]
