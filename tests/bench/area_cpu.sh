#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cells of the core alone (no memories but its registers) on a Xilinx 7-series FPGA, by Yosys' synth_xilinx -flatten -abc9.
# LUT counts LUT1 to LUT6 and the four of each RAM32M. The trace ports are left open, as in the card.
# usage: area_cpu.sh [--brief]: --brief prints the number of LUT alone.
cd "$(dirname "$0")/../../rtl-model" || exit 2
stat=$(yosys -q -p "read_verilog -sv cpu/weir_cpu_pkg.sv $(ls cpu/*.sv | grep -v _pkg.sv | tr '\n' ' ') ../tests/bench/area_cpu.sv;
  synth_xilinx -family xc7 -flatten -abc9 -top area_cpu; tee -o /dev/stdout stat" 2>/dev/null) || { echo "area_cpu: yosys failed" >&2; exit 1; }
echo "$stat" | awk -v brief="$1" '
  $1 ~ /^LUT[1-6]$/ { lut += $2 }
  $1 == "RAM32M" { lut += 4 * $2; ram += $2 }
  $1 ~ /^FD/ { ff += $2 }
  $1 == "CARRY4" { carry = $2 }
  $1 ~ /^DSP/ { dsp += $2 }
  $1 ~ /^MUXF/ { mux += $2 }
  END {
    if (brief == "--brief") print lut
    else printf "weir_cpu   %d LUT (of them %d in RAM32M), %d FF, %d CARRY4, %d MUXF, %d DSP\npeers      VexRiscv 3536 LUT; PicoRV32 1801 LUT, 4 DSP\n", lut, 4 * ram, ff, carry, mux, dsp
  }'
