#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the mutants of a build came to, one a line: verdict, mutant, target, the check that caught it. Fails when one of
# those that ran was not caught.
# usage: report.sh BUILD
set -euo pipefail
here=$(dirname "$0") bad=0 caught=0 unrun=0
for mutant in "$here"/mutants/*.mutant; do
  verdict=$1/mutants/$(basename "$mutant" .mutant)/verdict
  if [ ! -f "$verdict" ]; then
    unrun=$((unrun + 1))
    continue
  fi
  cat "$verdict"
  case $(head -c 7 "$verdict") in
    "caught ") caught=$((caught + 1)) ;;
    *) bad=$((bad + 1)) ;;
  esac
done
echo "$caught mutants caught by a check, $bad not, $unrun not run"
[ "$bad" = 0 ]
