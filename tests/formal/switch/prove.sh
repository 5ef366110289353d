#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves one property file of rtl-model/formal over every behaviour of so many cycles after reset, then shows that the
# proof is not empty: its cover statement is reached.
# usage: prove.sh TOP CYCLES WORK
set -e
top=$1 cycles=$2 work=$3
rtl=$WEIR_ROOT/rtl-model
mkdir -p "$work"
yosys -q -Q -p "read_verilog -formal -sv $WEIR_GEN/weir_abi_pkg.sv $rtl/top/weir_pkg.sv $rtl/switch/weir_switch_pkg.sv \
  $rtl/switch/weir_switch_lookup.sv $rtl/switch/weir_switch_bank.sv $rtl/switch/weir_switch_vlan.sv \
  $rtl/switch/weir_switch_hash.sv $rtl/switch/weir_switch_toeplitz.sv $rtl/formal/$top.sv; \
  prep -flatten -top $top; async2sync; opt -keepdc; setundef -undriven -anyseq; opt_clean; dffunmap; write_smt2 -wires $work/$top.smt2" 2> "$work/$top.log" || { tail -5 "$work/$top.log"; exit 1; }
yosys-smtbmc -s z3 -t "$cycles" "$work/$top.smt2" > "$work/$top.bmc" || { tail -20 "$work/$top.bmc"; exit 1; }
yosys-smtbmc -s z3 -c -t "$cycles" "$work/$top.smt2" > "$work/$top.cover" || { tail -20 "$work/$top.cover"; exit 1; }
echo "$top: holds for $cycles cycles; $(grep -c 'Reached cover' "$work/$top.cover") cover statement reached"
