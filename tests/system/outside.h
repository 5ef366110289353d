// SPDX-License-Identifier: Apache-2.0
// A client outside, for tests of `weirctl vf give`: a card, a parent and a guest "a" as programs, a wire, and a VF
// given under the name "q" that we drive through its socket, having nothing to do with the parent. Every wait is
// bounded.
#ifndef WEIR_TEST_OUTSIDE_H
#define WEIR_TEST_OUTSIDE_H

#include "hosts.h"
#include "world.h"

enum { A, WIRE, OUTSIDE, ENDS };
extern struct guest a, wire;
extern uint8_t mac[6];          // of the client
extern struct weir_vf *vf;      // NULL: it has no driver now
extern uint16_t sent_tci;       // of the last tagged frame on the wire
extern unsigned stations[ENDS]; // broadcasts that came
extern const uint8_t all_stations[6];

// Frames with numbers, of which none may come behind a later one.
struct stream {
    unsigned from, to;
    uint32_t sent, next, came;
};
#define STREAMS 4u // to and from the client: the guest, the wire
extern struct stream stream[STREAMS];

void outside_start(void);
// All given VFs have been taken back.
void outside_end(void);
bool put_frame(unsigned from, const uint8_t *dst, const uint8_t *src, uint32_t number);
// The stream's next frame, if there is room.
void put(struct stream *s);
void take_all(void);
// n more frames of each stream, in both directions at once, of which every one comes.
void all_come(unsigned n);
// What the guest and the wire sent before is behind its lookup.
void settle(void);

// Gives the VF, with one setting or NULL, and reads where it is.
void give(const char *key, const char *value);
// The VF's driver begins, its rings having buffers, and ends; and finds that somebody took the VF away.
void open_vf(void);
void close_vf(void);
void is_gone(void);
// A user whom weir-sim lets connect evicts whoever has "pf", "vf0": 0, -EBUSY (refused) or -ENODEV (not let in).
#define STRANGER 65533
#define STRANGER_TEXT "65533"
int stranger_evicts(const char *fn);

// Commands of weirctl: done; done, with `what` in the answer; refused with that code.
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
void done(const char *const *words);
void says(const char *const *words, const char *what);
void says_no(const char *const *words, const char *code);
// The ledger balances, and a guest's line has these frames.
void ledger_has(const char *name, uint64_t sent, uint64_t taken);

#endif
