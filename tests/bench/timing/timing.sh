#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `./weir timing [BLOCK...]`: the longest ways between registers of each block in levels of LUTs, by Yosys' synth_xilinx for
# UltraScale+, beside the published modules of the measured peer in the same flow. Of WEIR_TIMING_PEER=FOLDER, the peer's
# Verilog files, they are measured anew; otherwise the peer's kept figures are shown.
# usage: timing.sh WEIR-TIMING [-v] [BLOCK...]     -v: the worst ten ways of each class too
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.."
timing=$1
shift
BUILD=${WEIR_BUILD:-build}
[ -f "$BUILD/gen/weir_abi_pkg.sv" ] || { echo "timing: $BUILD/gen/weir_abi_pkg.sv is missing; run ./weir build first" >&2; exit 1; }
BLOCKS="port cpu ctrl pcie dma queue switch"
PARTS="common cpu ctrl dma pcie port queue switch"
verbose=
[ "${1:-}" != -v ] || { verbose=1; shift; }
for block in "$@"; do
  case " $BLOCKS " in *" $block "*) ;; *) echo "timing: no block '$block'; there are: $BLOCKS" >&2; exit 2 ;; esac
done
work=$BUILD/timing
mkdir -p "$work"

# netlist TOP FILE...: writes $work/TOP.json. abc9 maps as a vendor's tool would, which counts here, and takes minutes.
netlist() {
  local top=$1
  shift
  yosys -q -p "read_verilog -sv $*; hierarchy -top $top
    synth_xilinx -flatten -family xcup -abc9 -noiopad -noclkbuf -top $top; write_json $work/$top.json" >"$work/$top.log" 2>&1 ||
    { tail -3 "$work/$top.log" >&2; echo "timing: Yosys could not read $top; the whole of it: $work/$top.log" >&2; exit 1; }
}

# row NAME JSON: a line of the table.
row() {
  "$timing" --json --paths 1 "$2" | awk -v name="$1" -F'[:,]' '
    function value(s) { gsub(/[ "]/, "", s); return s }
    /"(lut|ff|lutram|bram18|bram36)":/ { split($1, key, "\""); v[key[2]] = value($2) }
    /"(reg to reg|in to reg|reg to out|in to out)":/ { split($1, key, "\""); class = key[2] }
    /"levels":/ && !((class, "levels") in v) { v[class, "levels"] = value($2) }
    /"ns":/ && !((class, "ns") in v) { v[class, "ns"] = value($2) }
    END { printf "%-34s %7d %6.2f %6d %6d %6d %8d %7d %7d %6.1f\n", name, v["reg to reg", "levels"], v["reg to reg", "ns"],
          v["in to reg", "levels"], v["reg to out", "levels"], v["in to out", "levels"], v["lut"], v["ff"], v["lutram"],
          v["bram36"] + v["bram18"] / 2 }'
}

sources=$(echo "$BUILD"/gen/weir_abi_pkg.sv rtl-model/top/weir_pkg.sv
  for part in $PARTS; do ls rtl-model/"$part"/*_pkg.sv 2>/dev/null || true; done
  for part in $PARTS; do ls rtl-model/"$part"/*.sv | grep -v '_pkg\.sv$'; done)
printf '%-34s %7s %6s %6s %6s %6s %8s %7s %7s %6s\n' block levels ns in-reg reg-o in-out LUT FF LUTRAM BRAM36
for block in ${*:-$BLOCKS}; do
  [ -t 1 ] && printf 'weir_%s: Yosys maps it ...\r' "$block" >&2
  # shellcheck disable=SC2086
  netlist "weir_$block" $sources
  row "weir_$block" "$work/weir_$block.json"
  [ -z "$verbose" ] || "$timing" "$work/weir_$block.json"
done
if [ -n "${WEIR_TIMING_PEER:-}" ]; then
  for file in "$WEIR_TIMING_PEER"/*.v; do
    top=$(basename "$file" .v)
    netlist "$top" "$WEIR_TIMING_PEER"/*.v
    row "$top (peer)" "$work/$top.json"
  done
else
  printf '%-34s %7s %33s\n' "peer, measured once (levels, LUT):" "" ""
  while read -r name levels lut; do printf '  %-32s %7s %36s\n' "$name" "$levels" "$lut"; done <<'TXT'
queue_manager 12 617
completion_queue_manager 10 632
dma_read 9 4037
dma_write 8 5896
tx_engine 9 -
rx_engine 9 -
descriptor_fetch 8 -
msix 5 -
TXT
fi
