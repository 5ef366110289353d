#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves one property file of rtl-model/formal: the first cycles after reset, then by induction that what holds in a cycle
# holds in the next; and shows that this is not empty: its cover statement is reached. With four vPorts instead of 128,
# tables as registers: small enough for z3. With a mutant, the property must fail on the design it breaks.
# usage: prove.sh TOP DEPTH COVER WORK [MUTANT]
set -e
top=$1 depth=$2 cover=$3 work=$4/$1${5:+_mutant} mutant=$5
rtl=$WEIR_ROOT/rtl-model
mkdir -p "$work"
sed -e 's/int NumV = 128;/int NumV = 4;/' -e 's/int VpW = 7;/int VpW = 2;/' "$rtl/switch/weir_switch_pkg.sv" > "$work/pkg.sv"
for part in lookup bank vlan hash; do cp "$rtl/switch/weir_switch_$part.sv" "$work"; done
if [ -n "$mutant" ]; then
  file=$work/$(basename "$(sed -n 's/^file=//p' "$mutant")")
  before=$(cksum < "$file")
  sed -i -e "$(sed -n 's/^sed=//p' "$mutant")" "$file"
  [ "$before" != "$(cksum < "$file")" ] || { echo "the mutant does not change $file"; exit 1; }
fi
# Memories become registers before the hierarchy goes, so that the property file can name them.
yosys -q -Q -p "read_verilog -formal -sv $WEIR_GEN/weir_abi_pkg.sv $rtl/top/weir_pkg.sv $work/pkg.sv \
  $work/weir_switch_lookup.sv $work/weir_switch_bank.sv $work/weir_switch_vlan.sv $work/weir_switch_hash.sv $rtl/formal/$top.sv; \
  hierarchy -check -top $top; proc; memory_dff; memory_collect; memory_map; flatten; async2sync; opt -keepdc; \
  check -assert; opt -full; opt_clean; dffunmap; write_smt2 -wires $work/m.smt2" > "$work/yosys" 2>&1 || { tail -5 "$work/yosys"; exit 1; }
run() {
  out=$work/out$1
  shift
  yosys-smtbmc -s z3 --unroll --noprogress "$@" "$work/m.smt2" > "$out" 2>&1
}
if [ -n "$mutant" ]; then
  if run base -t "$cover"; then
    echo "$top: holds on a broken design: $(sed -n 's/^why=//p' "$mutant")"
    exit 1
  fi
  grep -q 'Status: FAILED' "$out" || { tail -3 "$out"; exit 1; }
  echo "$top: fails as it must in step $(sed -n 's/.*Checking assertions in step \([0-9]*\).*/\1/p' "$out" | tail -1): $(sed -n 's/^why=//p' "$mutant")"
  exit 0
fi
for mode in base step cover; do
  case $mode in
    base) run base -t "$depth" ;;
    step) run step -i -t "$depth" ;;
    cover) run cover -c -t "$cover" ;;
  esac || { grep -v "Value for" "$out" | tail -20; exit 1; }
done
echo "$top: proved by induction, depth $depth; cover reached in step $(sed -n 's/.*Reached cover.*step \([0-9]*\).*/\1/p' "$out" | head -1)"
