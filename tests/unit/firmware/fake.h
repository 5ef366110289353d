// SPDX-License-Identifier: Apache-2.0
// A small C model of the card's registers as csr.def describes them, enough for the whole firmware to run on: CTRL,
// MBOX, PCIE, DMA and PORT in fake.c, SWITCH in fake_switch.c, QUEUE in fake_queue.c. Core 1 runs when core 0 rings it.
// It knows no firmware and judges each access by itself: an unknown register, a write to a read-only one, a core in
// another core's block, or a state that could harm a frame or a function ends the process with a line that says which.
#ifndef FAKE_H
#define FAKE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/hal_shared.h"
#include "weir_mbox.h"

#define FAKE_EVENTS 128u

struct fake_slot {
    bool valid;
    uint64_t key; // mode, vid, mac from the top
    uint8_t vport;
};
struct fake_qp {
    bool loaded, tx_on, rx_on, err, pend;
    uint8_t fn, vport, vector, reason, ev_reason;
    uint8_t tx_log2, rx_log2, cq_log2;
    uint64_t tx_base, rx_base, cq_base;
    unsigned posted;           // receive buffers in the card
    unsigned tx_busy, rx_busy; // reads of QP_STATUS that still say busy; UINT_MAX = for ever
    unsigned rx_ingress;       // reads that say a frame stands pending at its ingress,
    unsigned ingress_again;    // and, after one that does not, these many more
    bool armed;
};
// The PF's memory that state records are written to and read from; what is elsewhere cannot be read.
#define FAKE_RECORDS 16u
#define FAKE_LINES_AT 0x40000000ull

struct fake_fence {
    uint8_t vport, reason;
    uint32_t token;
};

struct fake {
    // ---- what a test may set ----
    uint32_t tick;           // cycles an access takes
    bool core1_dead;         // does not answer its bell
    unsigned core1_restarts; // once: its watchdog resets it before it takes the request that this ring is for, 1 = next
    unsigned dies_in[2];   // two for each access until a core dies: odd in front of one, even behind it; 0: it does not
    bool may_reset_itself; // core 0, by its watchdog: it goes on as one that dies
    bool hold_fences;      // no fence ends
    bool host_goes_on;     // resets are over for the host at once: its next request waits for FLR_DONE
    bool vf_event_last;    // EVENT_POP shows FLR events before the VF_ENABLE event
    unsigned flr_first;    // function whose FLR event EVENT_POP looks for first
    uint32_t reset_cause[2];
    unsigned dma_busy[WEIR_NUM_FNS]; // reads of FN_BUSY that still say busy; UINT_MAX = for ever
    uint64_t counter[WEIR_NUM_VPORTS][WEIR_VPORT_CNT_COUNT], sw_counter[WEIR_SW_CNT_COUNT];
    struct weir_qp_state_record record[FAKE_RECORDS];
    unsigned record_busy;      // reads of QP_STATE that still say busy, for each line; UINT_MAX = for ever
    void (*filter_hook)(void); // after each command that could change a filter

    // ---- what a test may look at ----
    unsigned core; // which one runs
    uint32_t cycle, cycle_hi, fed[2], wdt_load[2], wdt_pc[2], irq_enable[2], heartbeat;
    bool bell[2], fw_ready, link_enable, cable;
    char console[4096];
    size_t console_len;
    // functions
    uint8_t moderation[WEIR_NUM_FNS][WEIR_FN_VECTORS];
    bool op[WEIR_NUM_FNS], flr[WEIR_NUM_FNS], flr_event[WEIR_NUM_FNS], bme[WEIR_NUM_FNS];
    unsigned num_vfs, flr_starts, flr_dones;
    uint32_t event_last; // SWITCH.EVENT_LAST
    bool vf_event, link_event;
    // mailboxes
    uint32_t req[WEIR_NUM_FNS][32], rsp[WEIR_NUM_FNS][32];
    bool owner[WEIR_NUM_FNS], waiting[WEIR_NUM_FNS];
    unsigned taken; // function + 1 of MBOX_TAKEN, 0: none
    uint64_t events[WEIR_NUM_FNS];
    unsigned interrupts[WEIR_NUM_FNS], done;
    // switch
    uint16_t cfg[WEIR_NUM_VPORTS];
    uint16_t vport_tci[WEIR_NUM_VPORTS];
    uint8_t rss[WEIR_NUM_VPORTS][128];
    uint8_t rss_key[WEIR_NUM_VPORTS][WEIR_RSS_KEY_BYTES];
    uint64_t vlan[4096][2]; // members
    uint32_t mirror;
    unsigned vlan_cmds;
    uint16_t vport_base[WEIR_NUM_VPORTS], vport_count[WEIR_NUM_VPORTS];
    uint64_t vport_mac[WEIR_NUM_VPORTS];
    bool flood[WEIR_NUM_VPORTS];
    struct fake_slot slot[WEIR_FILTER_SLOTS];
    uint8_t epoch;
    struct fake_fence fence[FAKE_EVENTS]; // first the ended ones, then the pending
    unsigned fences_ended, fences_pending, moves, filter_cmds;
    // queues
    uint16_t map_base[WEIR_NUM_FNS], map_count[WEIR_NUM_FNS];
    struct fake_qp qp[WEIR_NUM_QPS];
    unsigned cleared_busy; // CLEAR of a queue pair with work in flight
    unsigned shut_out;     // RX_OFF of one with a frame pending at its ingress
    unsigned forced_irqs;
};
extern struct fake fake;

// Power-on: registers as csr.def says, no VF visible, cable in. The shared RAM is cleared, too.
void fake_reset(void);
void fake_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

// Where a core that dies goes on (dies_in): core 0 in the test, core 1 is restarted by its watchdog.
extern jmp_buf fake_death[2];

void fake_core1(void); // its rounds, until it has nothing to do

// ---- what hosts do ----
// Writes a request and hands it over; false when the hardware refuses (not operational, in reset, still owned).
bool fake_request(unsigned fn, const struct weir_mbox_msg *msg);
void fake_flr(unsigned fn);
void fake_vf_enable(unsigned num_vfs); // NumVFs and VF Enable; 0 = off
bool fake_enabled(unsigned fn);        // visible and operational
void fake_cable(bool in);
// Doorbell page of a function: post `count` receive buffers.
void fake_post(unsigned fn, unsigned page, unsigned count);
// Malicious-driver detection stops a queue pair.
void fake_qp_error(unsigned qp, uint8_t reason);

// The host's memory answers at last.
void fake_record_answered(void);
// Fences that wait end now.
void fake_release_fences(void);
// vPort a (mac, mode, vid) key leads to, -1 when no slot that a lookup reads holds it.
int fake_lookup(const uint8_t mac[6], unsigned mode, unsigned vid);
unsigned fake_valid_slots(void);
bool fake_in_vport(unsigned vport, unsigned qp);
bool fake_in_vlan(unsigned vport, unsigned vid); // whether the switch lets the vPort have frames of this VLAN
void fake_row(uint64_t key, uint16_t row[4]);

// ---- between the files of the fake ----
bool fake_switch_array(uint32_t offset); // inside RSS_KEY or RSS_TABLE
uint32_t fake_switch_read(uint32_t offset);
void fake_switch_write(uint32_t offset, uint32_t value);
uint32_t fake_queue_read(uint32_t offset);
void fake_queue_write(uint32_t offset, uint32_t value);
extern uint32_t fake_fn_rate[WEIR_NUM_FNS], fake_qp_rate[WEIR_NUM_QPS], fake_qp_weight[WEIR_NUM_QPS];

#endif
