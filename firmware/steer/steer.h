// SPDX-License-Identifier: Apache-2.0
// vPorts, receive filters, flood set, moves: the NIC switch's state and rules (rules 2, 3, 7). The RTL does what is
// written here, one frame at a time.
#ifndef STEER_H
#define STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_mbox.h"

#define STEER_NO_VF 0xFFFFu

struct steer_vport {
    bool used;
    uint8_t fn;
    uint16_t vf; // STEER_NO_VF: the PF's
    uint16_t qp_base, num_qps;
    uint16_t flags; // WEIR_VPORT_*
    uint8_t state;  // enum weir_vport_state
    bool flood;
    bool mirrored;      // its traffic is copied to the mirror
    uint8_t vlan_mode;  // enum weir_vlan_mode
    uint8_t moderation; // WEIR_MODERATION_*
    uint16_t tci;       // with a port VLAN
    uint16_t cpu;       // PF vPorts: the processor that serves it
    bool redirecting;   // the PF's wish (SET_VPORT)
    bool resetting;     // its function was reset or vanished; drains, too
    bool deleting;      // DELETE_VPORT began; drains, and nothing new is given to it
    uint16_t filters;   // that lead to it
    uint8_t sources;    // addresses it may send from beside its own
    uint8_t flushes;    // of steer's own fences on their way
    bool moved;         // the next two are valid
    bool moved_in;      // direction of the last move
    uint32_t last_move; // cycle
    char name[32];      // last: rarely changed
};

// ---- switch (rules 2.1-2.3) ----
// num_vfs vPorts are kept for VFs with WEIR_SWITCH_RESERVE_VFS.
enum weir_status steer_switch_create(unsigned num_vfs, unsigned num_vports, unsigned num_qps, unsigned default_qps,
                                     unsigned flags);
unsigned steer_switch_flags(void);         // WEIR_SWITCH_*
enum weir_status steer_switch_empty(void); // OK when only the default vPort is left, without filters (rules 9.11)
bool steer_switch_exists(void);
unsigned steer_switch_vports(void); // as created, 0 without a switch
unsigned steer_switch_qps(void);
// Everything gone at once: DELETE_SWITCH, or a reset of the PF.
void steer_reset(void);
// The same for hardware whose state this firmware does not know: core 0 was restarted.
void steer_sweep(void);

// ---- vPorts (rules 2.4-2.18) ----
const struct steer_vport *steer_vport(unsigned vport); // NULL when there is none
enum weir_status steer_vport_create(unsigned vport, unsigned fn, unsigned vf, unsigned num_qps, unsigned flags,
                                    const uint8_t mac[6], const char *name);
// Takes back a creation of this moment: no frame was routed to the vPort.
void steer_vport_undo(unsigned vport);
// Deleting takes two steps, between which the caller brings the queue pairs to rest. From the first on nothing is
// routed to the vPort and what still is in the card goes to the default vPort. Delete waits until that has happened
// (bounded; TIMEOUT leaves the vPort deleting, to be tried again): no frame of this generation meets the id's or the
// queue pairs' next (rules 2.17).
enum weir_status steer_vport_retire(unsigned vport);
enum weir_status steer_vport_delete(unsigned vport);
enum weir_status steer_vport_set(const struct weir_set_vport_req *req);
enum weir_status steer_vport_update(const struct weir_update_vport_req *req);
// The vPort of a VF, -1 without one.
int steer_vport_of_vf(unsigned vf);
// Its function was reset or died: what is queued for the vPort goes to the default vPort until it is up again.
void steer_vport_down(unsigned vport);
// The reset is over. A drain that the PF asked for stays.
void steer_vport_up(unsigned vport);
enum weir_status steer_flood(unsigned vport, bool member);

// ---- policies (rules 2.13, 3.17) ----
enum weir_status steer_vlan(const struct weir_set_vport_vlan_req *req);
enum weir_status steer_mirror_set(const struct weir_set_mirror_req *req);
int steer_mirror(void); // vPort that gets the copies, -1 none
enum weir_status steer_rss(unsigned vport, const struct weir_set_rss_req *req);
enum weir_status steer_rss_key(unsigned vport, const uint8_t key[WEIR_RSS_KEY_BYTES]);
// What a VF's vPort has of both; whether a table, aligned to 4 bytes, stays within its queue pairs.
void steer_rss_get(unsigned vf, uint8_t entry[WEIR_RSS_ENTRIES], uint8_t key[WEIR_RSS_KEY_BYTES]);
// Both to the hardware alone, for a VF's vPort; then they are the VF's, or what it had before is back.
void steer_rss_show(unsigned vport, const uint8_t entry[WEIR_RSS_ENTRIES], const uint8_t key[WEIR_RSS_KEY_BYTES]);
void steer_rss_keep(unsigned vport, const uint8_t entry[WEIR_RSS_ENTRIES], const uint8_t key[WEIR_RSS_KEY_BYTES]);
void steer_rss_back(unsigned vport);
bool steer_rss_ok(const uint8_t entry[WEIR_RSS_ENTRIES], unsigned num_qps);
void steer_rss_key_all(const uint8_t key[WEIR_RSS_KEY_BYTES]); // and of vPorts to come

// ---- filters (rules 3) ----
enum weir_status steer_filter_set(const struct weir_set_filter_req *req);
enum weir_status steer_filter_clear(uint32_t id);
// The first at place `from` or behind it.
enum weir_status steer_filter_get(unsigned from, struct weir_get_filter_rsp *rsp);
enum weir_status steer_filter_move(const struct weir_move_filter_req *req, struct weir_move_filter_rsp *rsp);
enum weir_status steer_fence(unsigned vport, uint32_t token, uint8_t *epoch);
// Each FENCE_DONE of the hardware passes here; true when it is the PF's, false when it was a fence of steer's own.
bool steer_fence_done(unsigned vport, uint32_t token);
// Puts a fence of steer's own behind all that was routed to a vPort whose queue pairs are at rest, so that it is
// written on no ring; false when there is no room for one now. Done means: every copy routed before has met its
// disposition.
bool steer_flush_begin(unsigned vport);
bool steer_flush_done(unsigned vport);

// Core 0 was restarted and kept what it knew: works out what follows from it and makes the hardware agree, frame by
// frame without an interruption. False: it contradicts itself, nothing was done.
bool steer_resume(void);

// A command begins: of those before it, all is known.
void steer_settle(void);
// Whether the one of the command that core 0 died in took place, and what would have been answered.
bool steer_move_took_place(struct weir_move_filter_rsp *rsp);

// ---- what vPorts counted in generations that are over ----
void steer_past_zero(void);   // power-on
void steer_past_resume(void); // core 0 was restarted, whatever it kept
uint64_t steer_past(unsigned index);

// ---- between the files of this folder ----
void steer_past_end(unsigned vport); // a vPort's counters begin anew
bool steer_filter_check(void);       // what was kept makes sense
void steer_filter_resume(void);
void steer_policy_settle(void);
void steer_flood_settle(void);
void steer_policy_resume(void);
void steer_move_resume(void);
struct steer_vport *steer_vport_mut(unsigned vport); // to change it (hal/hal_keep.h), but for its name
void steer_vport_apply(unsigned vport);              // its flags to the hardware
void steer_policy_reset(void);
void steer_policy_sweep(void);
void steer_mirror_check(void); // ends the mirror when its vPort may not or cannot listen any more
void steer_rss_begin(unsigned vport, unsigned num_qps); // a new vPort: spread evenly, with the key of all
void steer_rss_anew(unsigned vport, unsigned num_qps);  // the same, where somebody changed it since
void steer_rss_reset(void);                             // a new switch
void steer_filter_reset(void);
void steer_filter_sweep(void);
void steer_fences_forget(void); // those under way are of a switch that is gone
unsigned steer_filter_count(void);
// Slot of a receive filter's id on `vport`, -1 when there is none.
int steer_filter_slot(uint32_t id, unsigned vport);
void steer_filter_moved(uint32_t id, unsigned vport);

#endif
