// SPDX-License-Identifier: Apache-2.0
// Services of the control core: VF life cycle, events for the PF driver, log ring, configuration blocks.
#ifndef SVC_H
#define SVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_mbox.h"

// ---- VFs (rules 1, 7.5, 9.10) ----
struct svc_vf {
    uint8_t state; // enum weir_vf_state
    uint8_t mac[6];
    char vm_name[32];
};
const struct svc_vf *svc_vf(unsigned vf); // NULL beyond the VFs of the switch
unsigned svc_vf_allocated(void);
void svc_vf_limit(unsigned num_vfs); // of CREATE_SWITCH
unsigned svc_vf_max(void);
enum weir_status svc_vf_alloc(unsigned wanted, const uint8_t mac[6], const char *name, unsigned *vf);
enum weir_status svc_vf_free(unsigned vf);
enum weir_status svc_vf_reset(unsigned vf);
// The number of visible VFs changed.
void svc_vf_visible(void);

// ---- a VF that stops, leaves the card and enters it (svc_state.c, rules 8) ----
// state: WEIR_VF_STOPPED or WEIR_VF_ALLOCATED. NOT_ACCEPTED while it is in reset, WRONG_STATE without a vPort; TIMEOUT:
// it does not come to rest and runs on.
enum weir_status svc_state_set(unsigned vf, unsigned state);
// Of a stopped VF. addr: see struct weir_save_vf_req.
enum weir_status svc_state_save(unsigned vf, uint64_t addr, struct weir_vf_image *image);
// Into a VF whose driver has not said HELLO since its last reset, WRONG_STATE otherwise. Refused, the VF is as it was;
// taken, it is stopped.
enum weir_status svc_state_load(uint64_t addr, const struct weir_vf_image *image);

// ---- shares of this core's time (svc_share.c) ----
// A command took so long, 0 or more cycles; counted when other requests wait.
void svc_share_took(unsigned fn, uint32_t cycles);
// What was taken long ago counts less: whenever nobody waits for an answer of this core.
void svc_share_age(void);
// It took so much of late that others go first. Never the PF.
bool svc_share_spent(unsigned fn);

// ---- resets of functions (svc_reset.c) ----
// The hardware began to reset a function (FLR, VF Enable cleared, svc_vf_reset). Brings all that belongs to it to rest
// and then ends the reset, with the help of svc_reset_poll.
void svc_reset_begin(unsigned fn);
// It was begun, and nothing is done about it yet.
bool svc_reset_begun(unsigned fn);
// A step of one of the resets that have not ended; true while there are some.
bool svc_reset_poll(void);
bool svc_reset_active(unsigned fn);
// Takes up resets whose event a core 0 before this one took.
void svc_reset_resume(void);
// Takes from a function what it was given beside its vPort: doorbell pages and the limit of its rate.
enum weir_status svc_fn_strip(unsigned fn);
// Core 0 was restarted: the hardware holds vPorts, filters and queues that this firmware does not know. They go on as
// they are until the PF creates its switch anew (or is reset): svc_sweep clears them.
void svc_restarted(void);
bool svc_must_sweep(void);
enum weir_status svc_sweep(void);

// Core 0 was restarted and kept what it knew: the hardware and core 1 made to agree with it; after steer_resume. False:
// core 1 does not answer.
bool svc_vf_resume(void);
void svc_state_settle(void); // a command begins
void svc_event_resume(void);

// ---- between the files of this folder ----
struct steer_vport;
bool svc_state_mend(unsigned vf, const struct steer_vport *v);
void svc_reset_ended(unsigned fn); // what follows when the hardware has let go of a function
void svc_vf_reset_all(void);
void svc_vf_resetting(unsigned vf, bool on); // an allocated VF's state
void svc_vf_stopped(unsigned vf, bool on);

// Which functions said HELLO; a reset forgets it.
bool svc_hello(unsigned fn);
void svc_hello_set(unsigned fn, bool said);

// ---- events for the PF driver ----
// A VF can cause few enough before the PF takes some that it cannot crowd out another's (rules 1.4); what is left out
// is counted.
void svc_event(unsigned kind, unsigned a, uint32_t b, uint32_t c);
void svc_event_take(struct weir_get_events_rsp *rsp);
void svc_event_clear(void);
// Takes one event of the switch; false when there was none.
bool svc_event_switch(void);

// ---- log ring in shared RAM ----
// %s %u %x only; one line a call, the cycle in front. svc_log is level INFO; lines less important than the level set
// (WEIR_LOG_*, at start INFO) are left out.
void svc_log_at(unsigned level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void svc_log_set_level(unsigned level);
unsigned svc_log_level(void);
void svc_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
// Asked before a line that a VF can cause: false when there were many lately (threat T6).
bool svc_log_room(void);
void svc_log_read(uint32_t position, struct weir_read_log_rsp *rsp);

// ---- the firmware in the flash (svc_flash.c; rules 9.12, threat T21) ----
// Jobs run beside the main loop, one at a time, and no turn of them takes more than 4,000 cycles (unit.flash.*).
// WRONG_STATE while one is under way; what becomes of it is in svc_flash_status.
void svc_flash_start(void); // once, before the others
enum weir_status svc_flash_begin(uint32_t bytes);
enum weir_status svc_flash_write(uint32_t offset, const uint8_t *data, uint32_t n, uint32_t *taken);
enum weir_status svc_flash_do(unsigned what); // enum weir_flash_do
enum weir_status svc_flash_read(uint32_t at, uint8_t *to, uint32_t n);
void svc_flash_status(struct weir_flash_status_rsp *rsp);
// Whoever wrote is gone: what is not whole is given up.
void svc_flash_abandon(void);
// A turn; true while there is more to do at once.
bool svc_flash_poll(void);
// Cycles after which the next turn is due, 0: none is.
uint32_t svc_flash_nap(void);
void svc_flash_waits(void); // of svc_flash_port.c: this turn found the part busy

// ---- configuration blocks (rules 9.1-9.7) ----
#define SVC_BLOCKS 4u // blocks each VF has
enum weir_status svc_block_read(unsigned vf, unsigned block, struct weir_read_block_rsp *rsp);
enum weir_status svc_block_write(unsigned vf, unsigned block, const uint8_t *data, unsigned length);
void svc_block_clear(unsigned vf); // a VF's next owner must not read the last one's (threat T20)

#endif
