// SPDX-License-Identifier: Apache-2.0
// A Weir function, PF or VF, with its mailbox. Control path: 0 or negative errno. Not thread-safe per device.
#ifndef WEIR_DEVICE_H
#define WEIR_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/bus.h"
#include "weir_mbox.h"

struct weir_dev;

// Takes the bus over in any case. Checks identity and BAR size; turns bus mastering off and resets the function, before
// any access to its BAR, whatever its last driver left (threat T29); enables memory decode, checks magic and contract
// version, waits for firmware at most 5 s, enables bus mastering and vectors 0..vectors-1, says HELLO. err (size
// err_size) gets one line that names what is wrong.
int weir_dev_open(struct weir_bus *bus, unsigned vectors, struct weir_dev **dev, char *err, size_t err_size);
// The same for a PF whose VFs may be in use, when a driver before this one ended without taking them back. Are they
// there, nothing is reset: the card's switch goes on as it is, and the device is only `taken over`. Its bus mastering
// is off, so that the queue pairs that are left of the PF reach no memory; the caller ends them, then weir_dev_go lets
// the device master the bus. Without VFs, or if the device does not answer like that, as weir_dev_open.
int weir_dev_take_over(struct weir_bus *bus, unsigned vectors, struct weir_dev **dev, char *err, size_t err_size);
bool weir_dev_taken_over(const struct weir_dev *dev);
void weir_dev_go(struct weir_dev *dev);
// The card has no firmware that may run; its boot ROM answered HELLO, and takes an image in (weir/pf.h).
bool weir_dev_rescue(const struct weir_dev *dev);
// What was taken over is of no use: resets the device after all, as weir_dev_open would have.
int weir_dev_renew(struct weir_dev *dev, unsigned vectors, char *err, size_t err_size);
// Clears bus mastering, gives back what weir_dev_dma_free kept, and closes the bus. NULL is fine.
void weir_dev_close(struct weir_dev *dev);
// Gives DMA memory back and zeroes *dma; nothing when there is none. at_rest: the card has said that it uses it no
// more. Otherwise it stays where it is until weir_dev_close has seen bus mastering off: memory is free only when the
// card provably does not write it any more.
void weir_dev_dma_free(struct weir_dev *dev, struct weir_dma *dma, bool at_rest);
struct weir_bus *weir_dev_bus(struct weir_dev *dev);
// 0 = PF, n = VF n-1.
unsigned weir_dev_fn(const struct weir_dev *dev);
// The function no longer answers (removed or in reset); set by any access that noticed (rules 9.16).
bool weir_dev_dead(const struct weir_dev *dev);
// The function is not ours any more: no access touches it from now on, not even closing (its next owner may have it).
void weir_dev_mark_removed(struct weir_dev *dev);

// One command: lengths must be those of mbox.def. -ETIMEDOUT when the card has not answered after 300 ms of its own
// time (BAR register CYCLE), -ENODEV when the function vanished, else the errno of the card's status (status.def);
// *status, when not NULL, gets the status itself. A command that a restart of the card's firmware ended without a trace
// (ABORTED) is given once more, behind a new HELLO if that is asked for: -ECANCELED only when it ends it twice.
int weir_mbox_call(struct weir_dev *dev, uint16_t opcode, const void *req, size_t req_len, void *rsp, size_t rsp_len,
                   unsigned *status);
// Called again and again while a call waits for the card longer than a moment; NULL: nobody. It may do anything but
// make a call on this device.
typedef void (*weir_dev_wait_fn)(void *ctx);
void weir_dev_set_wait(struct weir_dev *dev, weir_dev_wait_fn fn, void *ctx);
// Text of a status, for people.
const char *weir_status_text(unsigned status);
// The card's clock: cycles of WEIR_CLOCK_HZ, low word. Waits for the card are counted in it: by the host's clock a busy
// machine gives a simulated card a tenth of its time. 0, or -ENODEV when the function does not answer.
int weir_dev_clock(struct weir_dev *dev, uint32_t *cycle);
// That clock unrolled, in microseconds, for whoever reads it at least every 17 s of it while it counts. The first
// reading is 0. Keeps its value when the function does not answer.
struct weir_clock {
    uint64_t cycles;
    uint32_t last;
    bool running;
};
int weir_clock_read(struct weir_clock *clock, struct weir_dev *dev, uint64_t *us);
// Takes (reads and clears) the function's event bits.
uint64_t weir_dev_events(struct weir_dev *dev);

#endif
