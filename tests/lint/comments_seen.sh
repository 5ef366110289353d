#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The check of comments seen failing: in a tree of its own, each name that is there passes and each that is not is named.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/docs/adr" "$work/src"
cat >"$work/src/good.c" <<'TXT'
// See good.h, src/good.h and queue_start(); queue_* is all of it, RX_DROP a part of a word, GPL-2.0 no name.
#include "good.h"
#define CNT_RX_DROP_SPOOF 1
// 1 ms for all of them together,
// however many.
#define DRAIN_CYCLES 250000u
#define GAP_CYCLES 2500u // 10 us
void queue_start(void) {}
TXT
printf 'void queue_stop(void); // queue_start is its like\n' >"$work/src/good.h"
printf 'module good (input logic ready_i); // ready_i is read\nendmodule\n' >"$work/src/good.sv"
printf 'Starts with `queue_start`, in `src/good.c`; queue_lost is plain text here.\n' >"$work/docs/good.md"
printf 'Then `queue_gone` was decided.\n' >"$work/docs/adr/0001-old.md"
WEIR_ROOT=$work sh "$here/comments.sh" >"$work/out" || { cat "$work/out"; echo "good comments are refused"; exit 1; }
cat >"$work/src/bad.c" <<'TXT'
// See lost.c and other/good.h.
int a; // queue_begin() does it, begin() too
int b; // as queue_end says
#define HOLD_CYCLES 2500u // 20 us
// 100 ms, what others grant.
#define WAIT_CYCLES 30000000u
TXT
printf '# usage: bad.sh, see gone.sh\n' >"$work/src/bad.sh"
printf 'module bad; // busy_o is set, ready_i too\nendmodule\n' >"$work/src/bad.sv"
printf 'Look at `queue_lost` of `lost.h`.\n' >"$work/docs/bad.md"
WEIR_ROOT=$work sh "$here/comments.sh" >"$work/out" && { echo "nothing seen"; exit 1; }
sort "$work/out" >"$work/said"
sort >"$work/want" <<'TXT'
src/bad.c:1: there is no file lost.c
src/bad.c:1: there is no file other/good.h
src/bad.c:2: there is no function queue_begin
src/bad.c:2: there is no function begin
src/bad.c:3: there is no name queue_end
src/bad.c:4: 2500 cycles are not what the comment says: 20 us
src/bad.c:6: 30000000 cycles are not what the comment says: 100 ms what others grant.
src/bad.sh:1: there is no file gone.sh
src/bad.sv:1: there is no port or register busy_o
src/bad.sv:1: there is no port or register ready_i
docs/bad.md:1: there is no name queue_lost
docs/bad.md:1: there is no file lost.h
TXT
diff "$work/want" "$work/said" && echo "each name that is nowhere is seen"
