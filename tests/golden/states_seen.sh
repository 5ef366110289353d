#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The check of docs/states.md seen failing: each of these changes of a copy makes the page stale or cannot be drawn; a
# comment's change does neither. usage: states_seen.sh ROOT
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
copy() {
  rm -rf "$work/hostdrv" "$work/docs"
  mkdir -p "$work/docs" "$work/hostdrv/include/weir"
  cp "$root/docs/states.md" "$work/docs"
  cp "$root/hostdrv/include/weir/vstack.h" "$root/hostdrv/include/weir/netvsc.h" "$root/hostdrv/include/weir/migrate.h" "$work/hostdrv/include/weir"
  cp -r "$root/hostdrv/vstack" "$root/hostdrv/netvsc" "$work/hostdrv"
}
# change FILE SED: the copy with that change.
change() {
  copy
  sed -i "$2" "$work/$1"
  ! cmp -s "$work/$1" "$root/$1" || { echo "does not change $1 any more: $2"; exit 1; }
}
seen() { # FILE SED WORDS: the check fails, and says WORDS
  change "$1" "$2"
  ! sh "$here/states.sh" "$work" check >"$work/out" 2>&1 || { echo "not seen: $2"; exit 1; }
  grep -qF -- "$3" "$work/out" || { echo "\"$3\" is not said of: $2"; cat "$work/out"; exit 1; }
  count=$((count + 1))
}
root=$1
vstack=hostdrv/vstack/state.c netvsc=hostdrv/netvsc/state.c
change $vstack 's,^// ---- the end ----,// ---- the very end ----,'
sh "$here/states.sh" "$work" check || { echo "a comment is no change"; exit 1; }
seen docs/states.md 's/ATTACHED --> LEAVING/LEAVING --> ATTACHED/' 'renew it with'
seen $vstack '/^static void step_revoked/,/^}/s/WEIR_VSTACK_RECLAIMING/WEIR_VSTACK_FAILED/' '> ' # a step
seen $vstack 's/step_fencing, CARD(fence_us)/step_fencing, CARD(drain_us)/' 'after drain_us'     # a bound
seen $vstack 's/{"leaving", /{"going", /' '"going"'                                             # a name
seen $vstack 's/if (vstack_has_vf(g) && g->gone)/if (g->gone)/' '`surprise`'                    # what narrows
seen $vstack 's/return g->state >= WEIR_VSTACK_OFFERED/return g->state >= WEIR_VSTACK_FENCING/' '`surprise`'
seen $netvsc 's/m->to_vf == 0 && n->state == WEIR_NETVSC_TO_SYN)/m->to_vf == 0 \&\& n->state == WEIR_NETVSC_ON_VF)/' 'ON_VF --> TO_SYN_FENCE'
seen $netvsc '/case WEIR_NETVSC_TO_SYN_DRAIN:/{n;n;s/WEIR_NETVSC_TO_SYN)/WEIR_NETVSC_LOST)/}' 'TO_SYN_DRAIN --> LOST'
seen $netvsc '/if (n->lost) {/{n;n;s/return;/;/}' 'LOST --> ON_VF' # a return
seen $netvsc 's/{"VF lost", HOLD, DELIVER/{"VF lost", DELIVER, DELIVER/' '| VF lost | DELIVER'
seen $netvsc '/\[WEIR_NETVSC_ALONE\] = /d' '11 rows for 12 states'
seen hostdrv/include/weir/netvsc.h 's/^    WEIR_NETVSC_DEAD,/    WEIR_NETVSC_NEW,\n&/' '12 rows for 13 states'
seen $netvsc 's/^void netvsc_step(/void netvsc_walk(/' 'no function netvsc_step'
echo "$count changes seen"
