#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bounded proof of one set of properties of the core (rtl-model/formal/weir_cpu_fv.sv) over every program of so many cycles
# from reset. Yosys makes the circuit of core and properties, ABC's bounded model checker (in Yosys' package) proves it: z3
# behind yosys-smtbmc needed minutes for each cycle of this core. Multiplication and division are cut out: free results.
# usage: prove.sh SET DEPTH [FILE SED]   with FILE and SED: the core with that change must fail, or the proof proves nothing
set -e
set=$1 depth=$2 file=${3:-} sed=${4:-}
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
  memory_map; async2sync; opt -full; setundef -undriven -anyseq; techmap; opt -full; dffunmap; abc -fast -g AND; opt_clean; dffunmap;
  write_aiger -I -B -zinit $work/cpu.aig"
yosys-abc -c "read_aiger $work/cpu.aig; fold; strash; bmc3 -F $depth" >"$work/log" 2>&1
if [ -n "$file" ]; then
  grep -q "was asserted in frame" "$work/log" || { cat "$work/log"; echo "set $set does not see $file with $sed"; exit 1; }
  echo "set $set sees $file with $sed: $(grep -o 'was asserted in frame [0-9]*' "$work/log" | head -1)"
  exit 0
fi
grep -q "No output asserted in $depth frames" "$work/log" || { cat "$work/log"; exit 1; }
echo "set $set: no property fails within $depth cycles from reset"
