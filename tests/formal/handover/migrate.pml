/* SPDX-License-Identifier: Apache-2.0
   The protocol of a live migration (hostdrv/vstack/migrate.c): both ends, a link that may be cut or late, bounds that may
   expire at any moment, a network that learns where the guest is, and numbered frames for it. Checked: never do both
   hosts run the guest, no frame reaches it twice or out of order, every wait ends. BROKEN_* are broken variants. */
#define FRAMES 3
#define ASKED_AGAIN 2
#define ROOM 6

mtype = { ASK, YES, NO, STATE, LOADED, GO, TAKEN, CANCEL, FOLLOW, FENCE };
mtype = { NONE, ASKING, LEAVING, PAUSING, DRAINING, SAVED, GIVING, FOLLOWING, RETURNING, UNDECIDED,
          LISTENING, EXPECTING, READY, ARRIVING, DONE, ENDED };

chan to_dst = [ROOM] of { mtype, byte };
chan to_src = [ROOM] of { mtype };
chan wire_src = [ROOM] of { byte };   /* frames that the network brings to each host; FRAMES is the announcement */
chan wire_dst = [ROOM] of { byte };

mtype src = NONE, dst = NONE;
bool run_src = true, run_dst = false, cut = false, here = true, fenced = false;
byte next = 0, seen = 0, asked = 0;

#define S(from, to) assert(src == from); src = to
#define D(from, to) assert(dst == from); dst = to
#define one_owner assert(!(run_src && run_dst))

inline say(ch, m) { if :: !cut && len(ch) < ROOM -> ch!m :: else -> skip fi }
inline say_d(m, n) { if :: !cut && len(to_dst) < ROOM -> to_dst!m, n :: else -> skip fi }
inline deliver(n) { assert(n >= seen); seen = n + 1 }

/* What is forwarded until the network heard from the new place goes to the old one. */
active proctype network() {
  do
  :: next < FRAMES -> atomic { if :: here -> wire_src!next :: else -> wire_dst!next fi; next++ }
  :: !cut && src > 0 -> atomic { if :: cut = true :: skip fi; break }
  od;
  do
  :: next < FRAMES -> atomic { if :: here -> wire_src!next :: else -> wire_dst!next fi; next++ }
  :: else -> break
  od
}

inline back() { /* from `src`, which is one of those that may */
  say_d(CANCEL, 0); run_src = true; one_owner
}

active proctype source() {
  byte n; mtype m;
  S(NONE, ASKING); say_d(ASK, 0);
  do
  :: atomic { src == ASKING && to_src?[YES] -> to_src?YES; S(ASKING, LEAVING) }
  :: atomic { src == LEAVING -> S(LEAVING, PAUSING) }
  :: atomic { src == PAUSING -> run_src = false; S(PAUSING, DRAINING) }
  :: atomic { src == DRAINING -> S(DRAINING, SAVED); say_d(STATE, 0) }
  :: atomic { src == SAVED && to_src?[LOADED] -> to_src?LOADED; S(SAVED, GIVING); say_d(GO, 0) }
  :: atomic { src == GIVING && to_src?[TAKEN] -> to_src?TAKEN; S(GIVING, FOLLOWING) }
  :: atomic { src == FOLLOWING && nempty(wire_src) && !fenced && (cut || nfull(to_dst)) -> wire_src?n;
       if :: n < FRAMES -> say_d(FOLLOW, n)
          :: else -> fenced = true; say_d(FENCE, 0)
       fi }
  :: atomic { src == FOLLOWING && fenced -> S(FOLLOWING, DONE) }
  :: atomic { src == FOLLOWING -> S(FOLLOWING, DONE) }                 /* follow_us, or the link is cut */
  /* a bound, a NO, the administrator, the guest's end, or the link that is cut */
  :: atomic { src == ASKING -> back(); S(ASKING, RETURNING) }
  :: atomic { src == LEAVING -> back(); S(LEAVING, RETURNING) }
  :: atomic { src == PAUSING -> back(); S(PAUSING, RETURNING) }
  :: atomic { src == DRAINING -> back(); S(DRAINING, RETURNING) }
  :: atomic { src == SAVED -> back(); S(SAVED, RETURNING) }
  :: atomic { src == GIVING && to_src?[NO] -> to_src?NO; back(); S(GIVING, RETURNING) }
#ifdef BROKEN_GUESSES
  :: atomic { src == GIVING -> back(); S(GIVING, RETURNING) }          /* no answer is taken for a no */
#endif
  :: atomic { src == GIVING && asked < ASKED_AGAIN -> asked++; say_d(CANCEL, 0); S(GIVING, GIVING) }
  :: atomic { src == GIVING && (cut || asked == ASKED_AGAIN) -> S(GIVING, UNDECIDED) }
#ifdef BROKEN_DECIDES_EARLY
  :: atomic { src == UNDECIDED && !run_dst -> back(); S(UNDECIDED, RETURNING) }
#else
  :: atomic { src == UNDECIDED && dst == ENDED -> back(); S(UNDECIDED, RETURNING) }
#endif
  :: atomic { src == UNDECIDED && run_dst -> S(UNDECIDED, DONE) }
  :: atomic { src == RETURNING -> S(RETURNING, ENDED) }
  /* the guest is gone: nothing to return to */
  :: atomic { src == ASKING -> run_src = false; S(ASKING, ENDED); say_d(CANCEL, 0) }
  :: atomic { src == LEAVING -> run_src = false; S(LEAVING, ENDED); say_d(CANCEL, 0) }
  :: atomic { src == PAUSING -> run_src = false; S(PAUSING, ENDED); say_d(CANCEL, 0) }
  :: atomic { src == DRAINING -> run_src = false; S(DRAINING, ENDED); say_d(CANCEL, 0) }
  :: atomic { src == SAVED -> run_src = false; S(SAVED, ENDED); say_d(CANCEL, 0) }
  :: atomic { src == GIVING && to_src?[NO] -> to_src?NO; S(GIVING, ENDED) }
  :: atomic { src == UNDECIDED && dst == ENDED -> S(UNDECIDED, ENDED) }
  /* what the guest gets here, and answers that are too late */
  :: atomic { run_src && nempty(wire_src) -> wire_src?n; if :: n < FRAMES -> deliver(n) :: else -> skip fi }
  :: atomic { (src == DONE || src == RETURNING || src == ENDED) && nempty(to_src) -> to_src?m }
  :: (src == DONE || src == ENDED) && (!run_src || (empty(wire_src) && next == FRAMES)) && empty(to_src) -> break
  :: atomic { src == ASKING && to_src?[NO] -> to_src?NO; back(); S(ASKING, RETURNING) }
  od
}

active proctype destination() {
  byte n; mtype m;
  D(NONE, LISTENING);
  do
  :: atomic { dst == LISTENING && to_dst?[ASK, 0] -> to_dst?ASK, 0; D(LISTENING, EXPECTING); say(to_src, YES) }
  :: atomic { dst == EXPECTING && to_dst?[STATE, 0] -> to_dst?STATE, 0; D(EXPECTING, READY); say(to_src, LOADED) }
  :: atomic { dst == READY && to_dst?[GO, 0] -> to_dst?GO, 0; D(READY, ARRIVING); run_dst = true; one_owner;
       say(to_src, TAKEN); here = false; wire_src!FRAMES }
  :: atomic { dst == ARRIVING && to_dst?[FOLLOW, _] -> to_dst?FOLLOW, n; deliver(n) }
  :: atomic { dst == ARRIVING && to_dst?[FENCE, 0] -> to_dst?FENCE, 0; D(ARRIVING, DONE) }
  :: atomic { dst == ARRIVING -> D(ARRIVING, DONE) }                   /* follow_us, or the link is cut */
  :: atomic { dst == LISTENING -> say(to_src, NO); D(LISTENING, ENDED) }
  :: atomic { dst == EXPECTING -> say(to_src, NO); D(EXPECTING, ENDED) }
  :: atomic { dst == READY -> say(to_src, NO); D(READY, ENDED) }
  :: atomic { (dst == ARRIVING || dst == DONE) && to_dst?[CANCEL, 0] -> to_dst?CANCEL, 0; say(to_src, TAKEN) }
  :: atomic { dst == ENDED && nempty(to_dst) -> to_dst?m, n;
       if :: m == GO || m == CANCEL -> say(to_src, NO) :: else -> skip fi }
  :: atomic { dst == DONE && nempty(to_dst) && !to_dst?[CANCEL, 0] -> to_dst?m, n }
#ifdef BROKEN_NOT_HELD
  :: atomic { run_dst && nempty(wire_dst) -> wire_dst?n; deliver(n) }
#else
  :: atomic { dst == DONE && nempty(wire_dst) -> wire_dst?n; deliver(n) }
#endif
  :: (dst == ENDED || (dst == DONE && empty(wire_dst) && next == FRAMES)) && (src == DONE || src == ENDED) &&
     empty(to_dst) -> break
  od
}
