#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One proof: yosys turns the module into SMT, yosys-smtbmc and z3 check the base case and the induction step. Packages and
# shared parts (common/) are read without their own FORMAL blocks: those have proofs of their own.
# usage: prove.sh TOP DEPTH "NAME VALUE ..." FILE...   (parameters of the top)
set -eu
top=$1 depth=$2 params=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
set_params=$(set -- $params; while [ $# -gt 1 ]; do printf ' -chparam %s %s' "$1" "$2"; shift 2; done)
plain="" formal=""
for f in "$@"; do
  case $f in *_pkg.sv | */common/*) plain="$plain $f" ;; *) formal="$formal $f" ;; esac
done
yosys -q -p "read_verilog -sv $plain; read_verilog -sv -formal -DFORMAL=1 $formal; hierarchy -check -top $top$set_params;
  prep -flatten -top $top; async2sync; dffunmap; opt_clean; write_smt2 -wires $work/m.smt2" 2> "$work/yosys" || { cat "$work/yosys"; exit 1; }
for mode in "" -i; do
  yosys-smtbmc -s z3 --unroll --noprogress $mode -t "$depth" "$work/m.smt2" > "$work/out" 2>&1 || {
    grep -v "Value of" "$work/out" | tail -30; echo "$top: ${mode:+induction }fails"; exit 1; }
done
echo "$top: proved, depth $depth"
