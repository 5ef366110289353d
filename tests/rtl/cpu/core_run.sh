#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `./weir core run` from the outside: programs that check themselves, files written, statuses, what it says about bad files.
# usage: core_run.sh CASE WEIR-CORE BUILD-DIR NAME-OR-SOURCE-DIR
case=$1 core=$2 build=$3 arg=$4
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
fail() { echo "$1"; cat "$work/out" "$work/err"; exit 1; }
# run STATUS ARGS...
run() {
  want=$1; shift
  "$core" run "$@" >"$work/out" 2>"$work/err"
  got=$?
  [ "$got" = "$want" ] || fail "status $got instead of $want: $*"
}
says() { [ "$(wc -l <"$work/err")" = 1 ] && grep -q "$1" "$work/err" || fail "not one line with '$1'"; }

case $case in
all)
  for base in 0x80000000 0x10000 0x0; do run 0 "$build/${arg}_$base.elf" --max-cycles 100000; done ;;
signature_file)
  run 0 "$build/signature_0x10000.elf" --signature "$work/s"
  cmp "$work/s" "$arg/signature.txt" || fail "another signature"
  run 126 "$build/traps_0x0.elf" --signature "$work/s"
  says "begin_signature" ;;
statuses)
  run 42 "$build/exit_0x0.elf"
  run 124 "$build/exit_0x0.elf" --max-cycles 10
  says "no end after 10 cycles"
  run 42 "$build/exit_0x0.elf" --json
  grep -q '"exit_code": 42, "cycles": [0-9]*, "instructions": [0-9]*, "cpi"' "$work/out" || fail "not the JSON expected"
  run 42 "$build/exit_0x0.elf" --trace
  grep -qE '^ +[0-9]+ 00000000 00000297     x5=' "$work/out" || grep -qE '^ +[0-9]+ 00000000 [0-9a-f]{8} ' "$work/out" || fail "no trace" ;;
bad_files)
  run 126 "$work/none"; says "cannot be opened"
  echo hello >"$work/text"; run 126 "$work/text"; says "not an ELF"
  : >"$work/empty"; run 126 "$work/empty"; says "not an ELF"
  run 126 /bin/sh; says "64-bit"
  for n in 5 40 60 90 4096; do head -c $n "$build/exit_0x0.elf" >"$work/cut"; run 126 "$work/cut"; says "cut off"; done
  { head -c 18 "$build/exit_0x0.elf"; printf '\050'; tail -c +20 "$build/exit_0x0.elf"; } >"$work/arm"
  run 126 "$work/arm"; says "not for RISC-V"
  "$core" run >"$work/out" 2>"$work/err"; [ $? = 126 ] || fail "no usage without a file"
  run 126 "$work/text" --max-cycles many ;;
core_work)
  "$arg" >"$work/host"
  for more in "" "--irq-period 977"; do
    run 0 "$build/core_work.elf" --signature "$work/s" $more
    cmp "$work/s" "$work/host" || fail "the core and the host differ"
  done ;;
console)
  run 0 "$build/console_0x80000000.elf"
  head -2 "$work/out" | tr '\n' '|' | grep -q '^hello|OKexit code' || fail "another output" ;;
*) echo "no case '$case'"; exit 2 ;;
esac
echo "$case: ok"
