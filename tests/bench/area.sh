#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `./weir area [BLOCK]`: LUTs and flip-flops per block by Yosys synth_xilinx, beside the published figures of Corundum's modules
# counted with the same tool (512-bit datapath). Memories stay RAM and are not counted, as with the peer; their number is shown.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
BUILD=${WEIR_BUILD:-build}
GEN=$BUILD/gen
[ -f "$GEN/weir_abi_pkg.sv" ] || { echo "area: $GEN/weir_abi_pkg.sv is missing; run ./weir build first" >&2; exit 1; }

# block | modules, added up | peer | its LUT | its FF
ROWS="queues     |weir_queue_ctx weir_queue_db                                    |2 queue managers           |1700|1180
completion |weir_queue_cpl weir_queue_err                                   |completion queue manager   |826 |599
tx         |weir_queue_txfetch weir_queue_txdesc weir_queue_tx weir_queue_flight|TX engine             |970 |646
credit     |weir_queue_bucket                                               |-                          |-   |-
rx         |weir_queue_rxfetch weir_queue_rx                                |RX engine                  |1099|790
dma_read   |weir_dma_split weir_dma_split weir_dma_split weir_dma_issue weir_dma_tags weir_dma_cpl weir_dma_out|DMA read|5149|3440
dma_write  |weir_dma_wr                                                     |DMA write                  |6173|1146"

FILES="$GEN/weir_abi_pkg.sv rtl-model/top/weir_pkg.sv rtl-model/queue/weir_queue_pkg.sv rtl-model/dma/weir_dma_pkg.sv
  $(ls rtl-model/common/*.sv rtl-model/queue/*.sv rtl-model/dma/*.sv | grep -v _pkg.sv | tr '\n' ' ')"
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# count MODULE: LUTs, flip-flops, memories.
count() {
  [ -f "$TMP/$1" ] || {
    yosys -q -p "read_verilog -sv $(echo $FILES); hierarchy -top $1
      synth_xilinx -flatten -family xcup -noiopad -noclkbuf -top $1 -run begin:map_memory
      chtype -set WEIR_MEM t:\$mem_v2
      synth_xilinx -flatten -family xcup -noiopad -noclkbuf -top $1 -run fine:check
      tee -o $TMP/$1.stat stat" >"$TMP/$1.log" 2>&1 || { cat "$TMP/$1.log" >&2; exit 1; }
    awk '$1 ~ /^LUT[1-6]$/ {l += $2} $1 ~ /^FD[CPRS]E$/ {f += $2} $1 == "WEIR_MEM" {m += $2} END {print l+0, f+0, m+0}' \
      "$TMP/$1.stat" >"$TMP/$1"
  }
  cat "$TMP/$1"
}

printf '%-11s %8s %8s %5s  %-26s %8s %8s\n' block LUT FF RAMs peer LUT FF
while IFS='|' read -r name modules peer plut pff; do
  name=${name%% *}
  [ -z "${1:-}" ] || [ "$1" = "$name" ] || continue
  lut=0 ff=0 ram=0
  for m in $modules; do
    read -r a b c < <(count "$m")
    lut=$((lut + a)) ff=$((ff + b)) ram=$((ram + c))
  done
  printf '%-11s %8s %8s %5s  %-26s %8s %8s\n' "$name" "$lut" "$ff" "$ram" "$(echo $peer)" "${plut// /}" "${pff// /}"
done <<<"$ROWS"
