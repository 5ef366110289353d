// SPDX-License-Identifier: Apache-2.0
// A simulated card: the Verilated model with a root complex on its link, a wire on its port and a flash part on its
// pins. Everything happens in card_step, one clock cycle after the other, in the caller's thread: deterministic.
#ifndef WEIR_SIM_CARD_H
#define WEIR_SIM_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flash_part.h"

struct card;
struct rc;
struct wire;

struct card_options {
    const char *firmware;           // path of firmware.img, put into flash slot A
    const char *flash_file;         // NULL, or a flash content (flash_file.h) to start from and write back
    enum flash_timing flash_timing; // how long the part takes to write, in the card's time
    unsigned flash_haste;           // its time passes so many times as fast; 0: once
    // NULL: the card's key fuses are not blown, and it checks no signature; else the 32 bytes in them: SHA-256 of the
    // key that images must be signed with.
    const uint8_t *key_hash;
    bool console; // show the card's console on stderr
};

// A frame between a vPort and the switch. reason 0: it entered the switch, or was delivered and its completion written;
// else why the queue pair did not take it (QP_REASON).
struct card_frame {
    bool to_vport;
    unsigned vport, reason;
    const uint8_t *data;
    size_t len;
    uint64_t cycle;
};
typedef void (*card_frame_fn)(void *ctx, const struct card_frame *t);

// NULL on failure with a sentence in err (which names the thing and the mend).
struct card *card_new(const struct card_options *opt, char *err, size_t err_size);
// Writes the flash content back to its file, if there is one, the card ran, and the content is not what the file holds.
// 0, or negative errno with one line in err.
int card_save(struct card *c, char *err, size_t err_size);
void card_free(struct card *c);

// Runs up to n cycles. Stops early, after a whole cycle, when the model is idle and nothing is queued towards it and
// stop_idle is set. Returns the cycles run.
uint64_t card_step(struct card *c, uint64_t n, bool stop_idle);
// Cycles in which a TLP was offered and the card did not take it.
uint64_t card_rx_stalls(const struct card *c);
uint64_t card_cycles(const struct card *c);
// True when nothing will happen before an input changes (timers of sleeping cores aside).
bool card_idle(const struct card *c);
// Firmware said it is ready.
bool card_fw_ready(const struct card *c);
// Runs until firmware is ready, at most max cycles: 0, -ENOEXEC when no slot holds an image that the card may run, or
// -ETIMEDOUT. Behind -ENOEXEC the rescue program starts: called again, this waits for it.
int card_boot(struct card *c, uint64_t max);
// After -ENOEXEC: why each slot was refused, as words for people.
void card_refusals(const struct card *c, char *text, size_t size);
// Cable in or out.
void card_set_cable(struct card *c, bool in);
// Conventional PCIe reset for some cycles.
void card_hot_reset(struct card *c);
// From cycle `at` on, when core 0 or 1 was awake for that many cycles, the instruction behind the one that it fetches
// is damaged for a moment: most likely it gets there meanwhile and panics. One at a time.
void card_upset(struct card *c, unsigned core, uint64_t at, unsigned awake);
// The same, but the instruction is a jump to itself until the core is reset, at most 3 million cycles: it hangs.
void card_hang(struct card *c, unsigned core, uint64_t at, unsigned awake);
// A transaction of a programmer at the flash part's pins, n bytes out, then m bytes in. False: the card has it
// selected.
bool card_flash_transfer(struct card *c, const uint8_t *out, size_t n, uint8_t *in, size_t m);
// The flash part, its time told: for who cuts its power or has another card go on with its content. Nothing is clocked
// meanwhile.
struct flash_part *card_flash(struct card *c);
// Called for each frame that passes between a vPort and the switch, for captures; NULL: nobody looks.
void card_set_watch(struct card *c, card_frame_fn fn, void *ctx);
// FST waveform from now on; -ENOTSUP in a build without tracing.
int card_trace(struct card *c, const char *path);

struct rc *card_rc(struct card *c);
struct wire *card_wire(struct card *c);

#endif
