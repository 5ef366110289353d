#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The model of a migration, searched whole with spin. usage: prove.sh ROOT [BROKEN_...]: with a broken variant an assertion
# must fail. 77 where spin or a compiler is missing.
command -v spin >/dev/null && command -v cc >/dev/null || { echo "spin is missing (package spin): not proved"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
cp "$1/tests/formal/handover/migrate.pml" .
spin ${2:+-D$2} -a migrate.pml >log 2>&1 || { cat log; exit 1; }
search() { # FLAGS-OF-CC -- FLAGS-OF-PAN
  cc -O1 -w -DVECTORSZ=2048 "$1" -o pan pan.c >log 2>&1 && ./pan -m200000 $2 >out 2>&1 || { cat log out; exit 1; }
  ! grep -q "search depth too small\|out of memory" out || { cat out; exit 1; }
}
errors() { sed -n 's/.*errors: \([0-9]*\).*/\1/p' out; }
search -DSAFETY ""
if [ -n "$2" ]; then
  grep -q "assertion violated" out || { cat out; echo "$2 is not seen"; exit 1; }
  echo "$2: fails as it must: $(sed -n 's/pan:1: //p' out)"
  exit 0
fi
[ "$(errors)" = 0 ] || { cat out; spin -t -p migrate.pml | tail -40; exit 1; }
states=$(sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' out)
# A wait without an end is a way that goes round and round, or stops in the middle: that is the search above.
search -DNP -l
[ "$(errors)" = 0 ] || { cat out; echo "some wait has no end"; exit 1; }
echo "never two owners, no frame twice or out of order, every wait ends: all of $states states"
