#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One proof: yosys turns the module into SMT, yosys-smtbmc and z3 check the base case and the induction step; and that the
# proof is not empty: each cover statement, the states that the property is about, is reached within COVER cycles. With a
# mutant (tests/fault/mutants) the property must fail on the design that it breaks, within COVER cycles or in the step.
# Packages, shared parts (common/) and files with plain: before them are read without their own FORMAL blocks: those have
# proofs of their own.
# usage: prove.sh TOP DEPTH COVER MUTANT|- "NAME VALUE ..." [plain:]FILE...   (parameters of the top)
set -eu
top=$1 depth=$2 cover=$3 mutant=$4 params=$5
shift 5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
set_params=$(set -- $params; while [ $# -gt 1 ]; do printf ' -chparam %s %s' "$1" "$2"; shift 2; done)
plain="" formal=""
for f in "$@"; do
  given=$f
  f=${f#plain:}
  if [ "$mutant" != - ] && [[ $f = */$(sed -n 's/^file=//p' "$mutant") ]]; then
    sed -e "$(sed -n 's/^sed=//p' "$mutant")" "$f" > "$work/$(basename "$f")"
    ! cmp -s "$f" "$work/$(basename "$f")" || { echo "the mutant does not change $f"; exit 1; }
    f=$work/$(basename "$f")
  fi
  case $given in plain:* | *_pkg.sv | */common/*) plain="$plain $f" ;; *) formal="$formal $f" ;; esac
done
[ "$mutant" = - ] || [ -n "$(ls "$work")" ] || { echo "the mutant is of none of the files"; exit 1; }
yosys -q -p "read_verilog -sv $plain; read_verilog -sv -formal -DFORMAL=1 $formal; hierarchy -check -top $top$set_params;
  prep -flatten -top $top; async2sync; dffunmap; opt_clean; write_smt2 -wires $work/m.smt2" 2> "$work/yosys" || { cat "$work/yosys"; exit 1; }
run() { yosys-smtbmc -s z3 --unroll --noprogress "$@" "$work/m.smt2" > "$work/out" 2>&1; }
fails() { grep -v "Value of" "$work/out" | tail -30; echo "$top: $1"; exit 1; }
if [ "$mutant" != - ]; then
  why=$(sed -n 's/^why=//p' "$mutant")
  if ! run -t "$cover"; then how="in step $(sed -n 's/.*Checking assertions in step \([0-9]*\).*/\1/p' "$work/out" | tail -1)"
  elif ! run -i -t "$depth"; then how="by induction"
  else fails "holds on a broken design: $why"; fi
  grep -q 'Status: FAILED' "$work/out" || fails "the solver does not end well"
  echo "$top: fails as it must $how: $why"
  exit 0
fi
run -t "$depth" || fails "fails"
run -i -t "$depth" || fails "induction fails"
run -c -t "$cover" || fails "what it is about is not reached in $cover cycles"
grep -q "Reached cover" "$work/out" || fails "covers nothing"
echo "$top: proved, depth $depth; $(grep -c "Reached cover" "$work/out") covers reached"
