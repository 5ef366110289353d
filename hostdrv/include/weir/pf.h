// SPDX-License-Identifier: Apache-2.0
// The PF driver: NIC switch, VFs, vPorts, filters, fences, events, ledger. Each call is one mailbox command; the rules
// it obeys are the card's (rules 1-4, 7, 9). 0 or negative errno.
#ifndef WEIR_PF_H
#define WEIR_PF_H

#include <stdbool.h>

#include "weir/balance.h"
#include "weir/device.h"
#include "weir/qp.h"

struct weir_pf;

struct weir_pf_config {
    uint16_t num_vfs;     // VFs to make visible and usable
    uint16_t num_vports;  // at least num_vfs + 1
    uint16_t default_qps; // queue pairs of the default vPort
    uint8_t tx_log2, rx_log2;
    uint32_t buf_bytes;
    uint16_t switch_flags; // WEIR_SWITCH_*
    bool take_over;        // a switch that a driver before this one left, as large as this
};

// Brings the PF up: device, switch, default vPort's queue pairs, SR-IOV. Takes the bus over in any case.
// Of a card in rescue (weir_pf_rescue) the device alone: there is nothing to do with it but weir_pf_flash_*.
int weir_pf_open(struct weir_bus *bus, const struct weir_pf_config *cfg, struct weir_pf **pf, char *err,
                 size_t err_size);
// Halts in the order of rules 9.11: the caller has freed VFs, vPorts and filters.
void weir_pf_close(struct weir_pf *pf);
// Ends this driver alone: the switch goes on, what comes for the default vPort is dropped and counted (RX_DROP_FN)
// until another driver takes it over.
void weir_pf_leave(struct weir_pf *pf);
// The switch, its VFs, vPorts and filters are those that the driver before this one left (weir_pf_get_filter,
// weir_pf_get_vport, weir_pf_get_vf say what there is); the caller's are those of the default vPort, too.
bool weir_pf_taken_over(const struct weir_pf *pf);
// No firmware in the flash may run: the boot ROM answers. Asked anew: 1 it does, 0 firmware has come to run (the PF is
// to be closed and opened again), or negative errno while the card starts.
bool weir_pf_rescue(const struct weir_pf *pf);
int weir_pf_rescue_ask(struct weir_pf *pf);
struct weir_dev *weir_pf_dev(struct weir_pf *pf);
struct weir_qp *weir_pf_qp(struct weir_pf *pf, unsigned i);
unsigned weir_pf_num_qps(const struct weir_pf *pf);

// vf: wanted index or -1 for any; returns the index.
int weir_pf_alloc_vf(struct weir_pf *pf, int vf, const uint8_t mac[6], const char *vm_name);
int weir_pf_free_vf(struct weir_pf *pf, unsigned vf);
int weir_pf_reset_vf(struct weir_pf *pf, unsigned vf);
// State of a VF as it goes from card to card (rules 8): 624 bytes.
struct weir_vf_saved {
    struct weir_vf_image image;
    struct weir_qp_state_record record[WEIR_VF_MAX_QPS];
};
// Stops a VF: what it has begun is done, nothing is lost, what comes for it goes to the default vPort; -ETIMEDOUT, and
// it runs on, when it does not come to rest in 1 ms. Runs a stopped one.
int weir_pf_stop_vf(struct weir_pf *pf, unsigned vf);
int weir_pf_run_vf(struct weir_pf *pf, unsigned vf);
// Of a stopped VF, -EBUSY otherwise. Its configuration space, MSI-X table, filters, VLANs and rates are the caller's.
int weir_pf_save_vf(struct weir_pf *pf, unsigned vf, struct weir_vf_saved *state);
// Gives a state to a VF whose vPort has as many queue pairs and whose driver has not begun since its last reset
// (-EBUSY); the VF is stopped then. It may come from anywhere: -EINVAL when it is not one, and the VF is as it was.
int weir_pf_load_vf(struct weir_pf *pf, unsigned vf, const struct weir_vf_saved *state);
// Transmit limit in Mb/s (0 = none) and weight (0 = leave) of queue pair qp of function fn, or of the whole function
// with qp = WEIR_RATE_FN.
int weir_pf_set_rate(struct weir_pf *pf, unsigned fn, unsigned qp, uint32_t mbps, unsigned weight);
int weir_pf_create_vport(struct weir_pf *pf, unsigned vport, unsigned vf, unsigned num_qps, unsigned flags,
                         const char *name);
int weir_pf_delete_vport(struct weir_pf *pf, unsigned vport);
int weir_pf_get_vport(struct weir_pf *pf, unsigned vport, struct weir_get_vport_rsp *rsp);
// Puts a vPort of a VF into the flood set, or out of it; WEIR_MOVE_FLOOD does the same in the instant of a move.
int weir_pf_set_flood(struct weir_pf *pf, unsigned vport, bool member);
// All of WEIR_VPORT_* at once; a VF's vPort must be trusted to be promiscuous. For a guest's policy (weir/policy.h):
// spoofchk = WEIR_VPORT_CHECK_SRC, trust = WEIR_VPORT_TRUSTED, stags = WEIR_VPORT_STAGS.
int weir_pf_set_vport_flags(struct weir_pf *pf, unsigned vport, unsigned flags);
// A nondefault vPort of the PF is born off and can be turned on, once (rules 2.6).
int weir_pf_activate_vport(struct weir_pf *pf, unsigned vport);
// Name, interrupt moderation, processor: what `changed` (WEIR_VPORT_CHANGED_*) names (rules 2.15).
int weir_pf_update_vport(struct weir_pf *pf, const struct weir_update_vport_req *req);
int weir_pf_describe_vport(struct weir_pf *pf, unsigned vport, struct weir_describe_vport_rsp *rsp);
// VLAN policy: any VLAN; a port VLAN with its tag; a trunk of `count` ranges, in ascending order, up to 16.
int weir_pf_vlan_any(struct weir_pf *pf, unsigned vport);
int weir_pf_vlan_port(struct weir_pf *pf, unsigned vport, uint16_t tci);
int weir_pf_vlan_trunk(struct weir_pf *pf, unsigned vport, const struct weir_vlan_range *range, unsigned count);
// Copies of what `src` sends and receives to `dst`.
int weir_pf_mirror(struct weir_pf *pf, unsigned src, unsigned dst, bool on);
// `count`, a power of two up to 64, entries: offsets in the vPort's queue pairs (rules 2.13). A VF's table and key
// begin anew with each reset of it: spread evenly, with the key of all.
int weir_pf_rss_table(struct weir_pf *pf, unsigned vport, const uint8_t *entry, unsigned count);
// The Toeplitz key of all vPorts, also of those created later; that of one.
int weir_pf_rss_key(struct weir_pf *pf, const uint8_t key[40]);
int weir_pf_vport_rss_key(struct weir_pf *pf, unsigned vport, const uint8_t key[40]);
// A receive filter, mode WEIR_FILTER_ANY_VLAN, _UNTAGGED_OR_ZERO or _VLAN; or, WEIR_FILTER_SOURCE with vid 0, a further
// address that a VF's vPort may send from while its flags have WEIR_VPORT_CHECK_SRC. Ids are the caller's, one set for
// both kinds. A VF's vPort has up to WEIR_FILTER_QUOTA of each (-ENOSPC; the card WEIR_NUM_FILTERS and
// WEIR_NUM_SOURCES). Source filters stay when receive filters move and are cleared before the vPort is deleted
// (-EBUSY).
int weir_pf_set_filter(struct weir_pf *pf, uint32_t filter, unsigned vport, const uint8_t mac[6], unsigned mode,
                       unsigned vid);
// The first filter at place `from` or behind it; rsp->next is from where to go on. -ENOENT: there is none.
int weir_pf_get_filter(struct weir_pf *pf, unsigned from, struct weir_get_filter_rsp *rsp);
int weir_pf_clear_filter(struct weir_pf *pf, uint32_t filter);
// flags WEIR_MOVE_*; *epoch gets the new owner's first epoch, *cycle the card cycle of the move. Either may be NULL.
int weir_pf_move_filter(struct weir_pf *pf, uint32_t filter, unsigned src, unsigned dst, unsigned flags, uint32_t token,
                        uint8_t *epoch, uint32_t *cycle);
int weir_pf_fence(struct weir_pf *pf, unsigned vport, uint32_t token);
// Takes up to 7 events; returns how many.
int weir_pf_events(struct weir_pf *pf, struct weir_event *event, unsigned room);
// Whether the wire has a link; FW_EVENT LINK tells of changes.
int weir_pf_link(struct weir_pf *pf, bool *up);
// Enables or disables the Ethernet port; disabled, it has no link whatever the cable does.
int weir_pf_set_link(struct weir_pf *pf, bool enable);
// The last panic of core 0 or 1, which the card keeps while it has power: word[0] cause, [1] pc, [2] value
// (docs/mailbox, struct weir_get_panic_rsp). count 0: there was none.
struct weir_panic {
    uint32_t count;
    uint32_t word[WEIR_PANIC_WORDS];
};
int weir_pf_panic(struct weir_pf *pf, unsigned core, struct weir_panic *panic);
// The firmware in the card's flash (rules 9.12, docs/blocks/flash.md). Jobs go on behind the call that begins them: the
// status says how far one is and what became of it. -EBUSY: another one is under way.
int weir_pf_flash_status(struct weir_pf *pf, struct weir_flash_status_rsp *status);
// An image of `bytes`, 1 to 1 MiB, comes: the slot that does not run is erased for it.
int weir_pf_flash_begin(struct weir_pf *pf, uint32_t bytes);
// One piece of the image, whose first *taken bytes the card has; more of them afterwards, or as many while it is busy.
int weir_pf_flash_write(struct weir_pf *pf, const void *image, uint32_t bytes, uint32_t *taken);
int weir_pf_flash_do(struct weir_pf *pf, enum weir_flash_do what);
// 1 to 64 bytes at a byte address of the flash, when no job is under way (-EBUSY).
int weir_pf_flash_read(struct weir_pf *pf, uint32_t at, void *to, uint32_t bytes);
// Stacks, panics and restarts of both cores.
int weir_pf_health(struct weir_pf *pf, struct weir_get_health_rsp *health);
// Versions of contract and firmware, asked for once more: the driver and the card agree on the same again.
int weir_pf_version(struct weir_pf *pf, struct weir_hello_rsp *rsp);
// Limits of the card: what it has, and what is enabled (rules 1.5).
int weir_pf_caps(struct weir_pf *pf, struct weir_get_caps_rsp *caps);
// State of a VF; of queue pair qp, counted from 0, of the PF's own.
int weir_pf_get_vf(struct weir_pf *pf, unsigned vf, struct weir_get_vf_rsp *rsp);
int weir_pf_get_qp(struct weir_pf *pf, unsigned qp, struct weir_get_qp_rsp *rsp);
// A piece of the log of the card's firmware, from `position` on or from the oldest byte that is kept (0: that one);
// rsp->position says from where, rsp->length is 0 at the end.
int weir_pf_log(struct weir_pf *pf, uint32_t position, struct weir_read_log_rsp *rsp);
// The least important lines, WEIR_LOG_*, that it takes from now on; weir_pf_health has the level.
int weir_pf_set_log_level(struct weir_pf *pf, unsigned level);
int weir_pf_ping(struct weir_pf *pf, uint32_t *cycle);

// All counters of a vPort since it was created, or of the switch with vport = WEIR_COUNTERS_SWITCH: since this driver
// created it, or since power-on when it was taken over. value has room for 32.
int weir_pf_counters(struct weir_pf *pf, unsigned vport, uint64_t *value);
// The ledger (docs/ARCHITECTURE.md: every frame has one disposition) over the switch and all vPorts, piece by piece, so
// that no piece takes long.
struct weir_pf_ledger {
    unsigned next, reading, generations;
    int vport;          // last piece: a vPort, or -1, the switch
    uint64_t value[32]; // its counters
    struct weir_balance frames, copies, wire, of_vport[WEIR_NUM_VPORTS];
};
void weir_pf_ledger_begin(struct weir_pf *pf, struct weir_pf_ledger *l);
// Reads the next piece: 1, or 0 when that was the last one, or the card's errno.
int weir_pf_ledger_step(struct weir_pf *pf, struct weir_pf_ledger *l);
// After the last: 0 when it balances, -EBADE and one line in text that says which equation does not and by how much,
// -EAGAIN when a vPort was created meanwhile: begin again. *under_way: frames and copies inside the card, at most.
int weir_pf_ledger_end(const struct weir_pf *pf, const struct weir_pf_ledger *l, uint64_t *under_way, char *text,
                       size_t size);
// All of it at once.
int weir_pf_ledger(struct weir_pf *pf, char *text, size_t size);

#endif
