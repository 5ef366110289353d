#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/states.md, drawn from the code of the state machines by states.awk. usage: states.sh ROOT [check]: prints the page,
# or fails when the one that is kept is another. The entries are the functions that drive the machine; the states behind
# a colon are those in which others call it.
here=$(cd "$(dirname "$0")" && pwd)
cd "$1" || exit 2
drv=hostdrv
raw=
machine() { # prefix, entries, what ends it, heads of the table, files
  prefix=$1 entries=$2 gone=$3 heads=$4
  shift 4
  awk -v raw="$raw" -v prefix="$prefix" -v entries="$entries" -v gone="$gone" -v heads="$heads" -f "$here/states.awk" "$@"
}
migration() {
  machine WEIR_MIGRATE_ "weir_migrate_out:[*] weir_migrate_in:[*] weir_migrate_poll weir_migrate_cancel weir_migrate_decide
    weir_migrate_free" "" \
      "its own step | waits for, at most | then" \
      $drv/include/weir/migrate.h $drv/vstack/migrate.c $drv/vstack/migrate_out.c $drv/vstack/migrate_in.c
}
page() {
  cat <<'TXT' &&
# State machines of a hand-over

Generated from the code by tests/golden/states.sh; golden.docs.states_are_current names the command that renews it. An
arrow's words are the function that takes it, or the bound after which it is taken.

## The parent: a guest's VF (hostdrv/vstack/state.c)

What may end any state comes first (`vstack_step`), then the state's own step, then its bound.

TXT
    machine WEIR_VSTACK_ "new_guest:NONE weir_vstack_attach vstack_attached:DETACHED vstack_step:!NONE" remove_guest \
      "its own step | waits for, at most | then" $drv/include/weir/vstack.h $drv/vstack/state.c $drv/vstack/vstack.c &&
    cat <<'TXT' &&

## The guest: NetVSC (hostdrv/netvsc/state.c)

What is done with frames in each state is the table below: received ones of the channel and of the VF are handed up or
wait, frames to send take a path or wait.

TXT
    machine WEIR_NETVSC_ "weir_netvsc_open:[*] netvsc_message:!DEAD,ALONE netvsc_step weir_netvsc_leave_vf
      weir_netvsc_alone weir_netvsc_rejoin:ALONE netvsc_dead:!DEAD" "" \
      "received on the channel | received on the VF | to send" \
      $drv/include/weir/netvsc.h $drv/netvsc/state.c $drv/netvsc/netvsc.c &&
    cat <<'TXT' &&

## A guest that goes to another host: both ends (hostdrv/vstack/migrate.c)

Messages of the other host come first (`hear`), then the state's own step, then its bound. The model of the protocol,
tests/formal/handover/migrate.pml, has the same arrows (golden.docs.the_model_has_the_arrows).

TXT
    migration
}
if [ "$2" = migration ]; then
  raw=1
  migration
  exit
fi
if [ "$2" != check ]; then
  page
  exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
page >"$work/states.md" || { echo "the state machines cannot be drawn"; exit 1; }
cmp -s docs/states.md "$work/states.md" && { echo "current"; exit 0; }
diff docs/states.md "$work/states.md" | head -20
echo "the state machines are others than docs/states.md says; renew it with:"
echo "  sh tests/golden/states.sh . >docs/states.md"
exit 1
