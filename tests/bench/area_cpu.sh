#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cells of the core alone (no memories but its registers) on a Xilinx 7-series FPGA, by Yosys' synth_xilinx -flatten, mapped three
# ways: with -abc9, with -nowidelut, and with neither, which spends many LUT on wide multiplexers for speed. LUT counts LUT1 to
# LUT6 and the four of each RAM32M. The trace ports are left open, as in the card.
# usage: area_cpu.sh [--brief]: --brief prints the number of LUT with -abc9 alone.
cd "$(dirname "$0")/../../rtl-model" || exit 2
count() {
  yosys -q -p "read_verilog -sv cpu/weir_cpu_pkg.sv $(ls cpu/*.sv | grep -v _pkg.sv | tr '\n' ' ') ../tests/bench/area_cpu.sv;
    synth_xilinx -family xc7 -flatten $1 -top area_cpu; tee -o /dev/stdout stat" 2>/dev/null | awk -v how="$1" -v brief="$2" '
    $1 ~ /^LUT[1-6]$/ { lut += $2 }
    $1 == "RAM32M" { lut += 4 * $2; ram += $2 }
    $1 ~ /^FD/ { ff += $2 }
    $1 == "CARRY4" { carry = $2 }
    $1 ~ /^DSP/ { dsp += $2 }
    $1 ~ /^MUXF/ { mux += $2 }
    END {
      if (lut == 0) exit 1
      if (brief != "") print lut
      else printf "%-10s %d LUT (of them %d in RAM32M), %d FF, %d CARRY4, %d MUXF, %d DSP\n", how, lut, 4 * ram, ff, carry, mux, dsp
    }' || { echo "area_cpu: yosys failed" >&2; exit 1; }
}
if [ "${1:-}" = --brief ]; then
  count -abc9 brief
else
  count -abc9 && count -nowidelut && count ""
  echo "peers      VexRiscv 3536 LUT; PicoRV32 1801 LUT, 4 DSP"
fi
