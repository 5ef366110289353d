#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proof of one set of properties of the core (rtl-model/formal/weir_cpu_fv.sv), with yosys-smtbmc: over every program of so
# many cycles from reset, or by induction over programs of any length. The solver is cvc4 on plain bit vectors, each step
# asked anew: minutes where z3 does not end (ADR 0008). Multiplication and division are cut out: free results.
# usage: prove.sh SET DEPTH bmc|induction [FILE SED]   with FILE and SED: the core with that change must fail
set -e
set=$1 depth=$2 how=$3 file=${4:-} sed=${5:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$(dirname "$0")/../../../rtl-model/cpu" "$(dirname "$0")/../../../rtl-model/formal" "$work"
cd "$work"
if [ -n "$file" ]; then
  sed -i.before -e "$sed" "cpu/$file"
  cmp -s "cpu/$file" "cpu/$file.before" && { echo "the change does not change $file any more: $sed"; exit 2; }
fi
yosys -q -p "read_verilog -sv -formal cpu/weir_cpu_pkg.sv $(ls cpu/*.sv | grep -v _pkg.sv | tr '\n' ' ') formal/weir_cpu_fv.sv;
  chparam -set Set $set weir_cpu_fv; hierarchy -top weir_cpu_fv; cutpoint t:weir_cpu_muldiv; prep -flatten -top weir_cpu_fv;
  memory_map; async2sync; opt -full; setundef -undriven -anyseq; opt -full; opt_clean; dffunmap; opt_clean;
  write_smt2 -wires cpu.smt2"
# The assumptions must be possible in every cycle, else all holds (--presat).
smtbmc() { yosys-smtbmc -s cvc4 --noincr --unroll --logic QF_BV -S --bitblast=eager --noprogress "$@" -t "$depth" cpu.smt2; }
if [ -n "$file" ]; then
  if smtbmc >log 2>&1 || ! grep -q "Assert failed" log; then cat log; echo "set $set does not see $file with $sed"; exit 1; fi
  echo "set $set sees $file with $sed: $(grep -o 'assertions in step [0-9]*' log | tail -1)"
  exit 0
fi
smtbmc --presat >log 2>&1 || { cat log; exit 1; }
echo "set $set: no property fails within $depth cycles from reset"
if [ "$how" = induction ]; then
  smtbmc -i >log 2>&1 || { cat log; exit 1; }
  echo "set $set: nor later, by induction over $depth cycles"
fi
