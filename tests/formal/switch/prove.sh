#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks one property file of rtl-model/formal over every behaviour of so many cycles from reset, then shows that this is
# not empty: its cover statement is reached. With four vPorts instead of 128, tables as registers: small enough for z3.
# usage: prove.sh TOP CYCLES WORK
set -e
top=$1 cycles=$2 work=$3/$1
rtl=$WEIR_ROOT/rtl-model
mkdir -p "$work"
sed -e 's/int NumV = 128;/int NumV = 4;/' -e 's/int VpW = 7;/int VpW = 2;/' "$rtl/switch/weir_switch_pkg.sv" > "$work/pkg.sv"
yosys -q -Q -p "read_verilog -formal -sv $WEIR_GEN/weir_abi_pkg.sv $rtl/top/weir_pkg.sv $work/pkg.sv \
  $rtl/switch/weir_switch_lookup.sv $rtl/switch/weir_switch_bank.sv $rtl/switch/weir_switch_vlan.sv \
  $rtl/switch/weir_switch_hash.sv $rtl/switch/weir_switch_toeplitz.sv $rtl/formal/$top.sv; \
  prep -flatten -top $top; memory_map; async2sync; opt -keepdc; setundef -undriven -anyseq; opt -full; opt_clean; dffunmap; \
  write_smt2 -wires $work/m.smt2" > "$work/yosys" 2>&1 || { tail -5 "$work/yosys"; exit 1; }
for mode in "" -c; do
  yosys-smtbmc -s z3 --unroll --noprogress $mode -t "$cycles" "$work/m.smt2" > "$work/out$mode" 2>&1 || {
    grep -v "Value for" "$work/out$mode" | tail -20
    exit 1
  }
done
echo "$top: holds in every cycle up to $cycles; cover reached in step $(sed -n 's/.*Reached cover.*step \([0-9]*\).*/\1/p' "$work/out-c" | head -1)"
