// SPDX-License-Identifier: Apache-2.0
// See fake.h: the bus, its rules, and the blocks CTRL, MBOX, PCIE, DMA and PORT.
#include "fake.h"

#include "flash_regs.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hal/hal_csr.h"
#include "queue/queue.h"

struct fake fake;
jmp_buf fake_death[2];
struct hal_shared hal_shared_ram;
static uint32_t fn_sel_ctrl, fn_sel_pcie, fn_sel_dma;
static unsigned pop_at;

// Registers by block and word.
enum access { NONE = 0, RO, RW, WO, POP, RC };
static const struct reg {
    enum access access;
    const char *name;
} regs[9][96] = {
#define CSR_BLOCK(block, index, text)
#define CSR(block, reg, offset, access, reset, text) [WEIR_CSR_##block >> 16][(offset) / 4] = {access, #block "." #reg},
#define CSR_F(block, reg, field, lsb, width, text)
#include "csr.def"
};

void fake_fail(const char *fmt, ...) {
    va_list ap;
    fprintf(stderr, "check failed: fake card, core %u, cycle %u: ", fake.core, fake.cycle);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

void fake_reset(void) {
    memset(&fake, 0, sizeof(fake));
    memset(fake_fn_rate, 0, sizeof(fake_fn_rate));
    memset(fake_qp_rate, 0, sizeof(fake_qp_rate));
    memset(fake_qp_weight, 0, sizeof(fake_qp_weight));
    memset(&hal_shared_ram, 0, sizeof(hal_shared_ram));
    fake_record_answered();
    fake.tick = 4;
    fake.op[0] = true;
    fake.bme[0] = true;
    fake.cable = true;
    fn_sel_ctrl = fn_sel_pcie = fn_sel_dma = 0;
    pop_at = 0;
}

static unsigned fn_of(uint32_t value, const char *what) {
    if (value >= WEIR_NUM_FNS) {
        fake_fail("%s: function %u", what, value);
    }
    return value;
}

// ---- functions ----
static bool visible(unsigned fn) {
    return fn <= fake.num_vfs;
}

bool fake_enabled(unsigned fn) {
    return visible(fn) && fake.op[fn];
}

static void clear_mailbox(unsigned fn) {
    fake.owner[fn] = fake.waiting[fn] = false;
    if (fake.taken == fn + 1) {
        fake.taken = 0;
    }
    fake.events[fn] = 0;
    memset(fake.req[fn], 0, sizeof(fake.req[fn]));
    memset(fake.rsp[fn], 0, sizeof(fake.rsp[fn]));
}

// For the host a reset is over before firmware looks (host_goes_on), so a further one is a reset of its own.
static void begin_reset(unsigned fn, bool by_firmware) {
    fake.bme[fn] = false;
    clear_mailbox(fn);
    if (!by_firmware && (!fake.flr[fn] || fake.host_goes_on)) {
        fake.flr_event[fn] = true;
    }
    fake.flr[fn] = true;
}

void fake_vf_enable(unsigned num_vfs) {
    if (num_vfs != 0 && fake.num_vfs != 0) {
        fake_fail("test: NumVFs changed while VF Enable is set");
    }
    for (unsigned fn = num_vfs + 1; fn <= fake.num_vfs; fn++) {
        begin_reset(fn, false);
    }
    fake.vf_event = fake.vf_event || fake.num_vfs != num_vfs;
    fake.num_vfs = num_vfs;
}

void fake_flr(unsigned fn) {
    begin_reset(fn, false);
    if (fn == 0) {
        fake_vf_enable(0);
    }
}

// A function whose reset ends must have nothing left that could still write on its own (pcie 32).
static void end_reset(unsigned fn) {
    if (!fake.flr[fn]) {
        fake_fail("FLR_DONE of function %u, which is not in reset", fn);
    }
    if (fake.flr_event[fn]) {
        return; // of a reset before this one
    }
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        if (fake.qp[qp].loaded && fake.qp[qp].fn == fn && fake.op[fn]) {
            fake_fail("FLR_DONE of function %u, but queue pair %u is still its own", fn, qp);
        }
    }
    fake.flr[fn] = false;
    fake.flr_dones++;
}

static uint32_t event(unsigned kind, unsigned arg) {
    return arg | WEIR_PUT(kind, PCIE_EVENT_POP_KIND) | WEIR_PUT(1, PCIE_EVENT_POP_VALID);
}

static uint32_t event_pop(void) {
    if (!fake.vf_event || fake.vf_event_last) {
        for (unsigned i = 0; i < WEIR_NUM_FNS; i++) {
            unsigned fn = (fake.flr_first + i) % WEIR_NUM_FNS;
            if (fake.flr_event[fn]) {
                fake.flr_event[fn] = false;
                return event(WEIR_HW_EVENT_FLR, fn);
            }
        }
    }
    if (fake.vf_event) {
        fake.vf_event = false;
        return event(WEIR_HW_EVENT_VF_ENABLE, fake.num_vfs);
    }
    return 0;
}

static uint32_t pcie_read(uint32_t offset) {
    switch (offset) {
    case WEIR_PCIE_EVENT_POP_OFFSET:
        return event_pop();
    case WEIR_PCIE_FN_STATUS_OFFSET:
        return WEIR_PUT(visible(fn_sel_pcie), PCIE_FN_STATUS_VISIBLE) |
               WEIR_PUT(fake.bme[fn_sel_pcie], PCIE_FN_STATUS_BME) |
               WEIR_PUT(fake.flr[fn_sel_pcie], PCIE_FN_STATUS_IN_FLR);
    case WEIR_PCIE_VF_STATE_OFFSET:
        return WEIR_PUT(fake.num_vfs, PCIE_VF_STATE_NUM_VFS) | WEIR_PUT(0x0100, PCIE_VF_STATE_PF_RID);
    case WEIR_PCIE_VF_RIDS_OFFSET:
        return WEIR_PUT(1, PCIE_VF_RIDS_OFFSET) | WEIR_PUT(1, PCIE_VF_RIDS_STRIDE);
    default:
        fake_fail("PCIE register %x is not modelled for reading", offset);
    }
}

static void pcie_write(uint32_t offset, uint32_t value) {
    switch (offset) {
    case WEIR_PCIE_FN_SEL_OFFSET:
        fn_sel_pcie = fn_of(value, "PCIE.FN_SEL");
        break;
    case WEIR_PCIE_FN_CTL_OFFSET:
        fake.op[fn_sel_pcie] = (value & 1) != 0;
        break;
    case WEIR_PCIE_FLR_START_OFFSET:
        if (fn_of(value, "FLR_START") == 0) {
            fake_fail("FLR_START of the PF");
        }
        fake.flr_starts++;
        begin_reset(value, true);
        break;
    case WEIR_PCIE_FLR_DONE_OFFSET:
        end_reset(fn_of(value, "FLR_DONE"));
        break;
    case WEIR_PCIE_MODERATE_OFFSET:
        if (WEIR_GET(value, PCIE_MODERATE_VECTOR) >= WEIR_FN_VECTORS) {
            fake_fail("MODERATE of a vector that is not there");
        }
        fake.moderation[fn_of(WEIR_GET(value, PCIE_MODERATE_FN), "MODERATE")][WEIR_GET(value, PCIE_MODERATE_VECTOR)] =
            (uint8_t)WEIR_GET(value, PCIE_MODERATE_LEVEL);
        break;
    default:
        fake_fail("PCIE register %x is not modelled for writing", offset);
    }
}

// ---- mailboxes ----
bool fake_request(unsigned fn, const struct weir_mbox_msg *msg) {
    if (!fake_enabled(fn) || (fake.flr[fn] && !fake.host_goes_on) || fake.owner[fn]) {
        return false;
    }
    memcpy(fake.req[fn], msg, sizeof(*msg));
    fake.owner[fn] = fake.waiting[fn] = true;
    return true;
}

static uint32_t mbox_read(uint32_t offset) {
    unsigned fn = fn_of(offset / 256, "MBOX"), word = offset % 256 / 4;
    return word < 32 ? fake.req[fn][word] : fake.rsp[fn][word - 32];
}

static void mbox_write(uint32_t offset, uint32_t value) {
    unsigned fn = fn_of(offset / 256, "MBOX"), word = offset % 256 / 4;
    if (word < 32) {
        fake_fail("firmware writes the request of function %u", fn);
    }
    if (!fake.flr[fn]) { // what firmware answers to a generation that is over goes nowhere
        fake.rsp[fn][word - 32] = value;
    }
}

// ---- CTRL ----
static uint32_t ctrl_read(uint32_t offset) {
    switch (offset) {
    case WEIR_CTRL_CORE_ID_OFFSET:
        return fake.core;
    case WEIR_CTRL_CYCLE_LO_OFFSET:
        return fake.cycle;
    case WEIR_CTRL_CYCLE_HI_OFFSET:
        return fake.cycle_hi;
    case WEIR_CTRL_WDT_PC_OFFSET:
        return fake.wdt_pc[fake.core];
    case WEIR_CTRL_RESET_CAUSE_OFFSET:
        return fake.reset_cause[fake.core];
    case WEIR_CTRL_IRQ_PENDING_OFFSET:
        for (unsigned i = 0; i < WEIR_NUM_FNS; i++) {
            if (fake.waiting[i] && !fake.flr[i]) {
                return WEIR_PUT(1, CTRL_IRQ_PENDING_MBOX);
            }
        }
        return 0;
    case WEIR_CTRL_MBOX_POP_OFFSET:
        for (unsigned i = 0; i < WEIR_NUM_FNS; i++) {
            unsigned fn = (pop_at + i) % WEIR_NUM_FNS;
            if (fake.waiting[fn] && !fake.flr[fn]) {
                fake.waiting[fn] = false;
                fake.taken = fn + 1;
                pop_at = fn + 1;
                return fn | WEIR_PUT(1, CTRL_MBOX_POP_VALID);
            }
        }
        return 0;
    case WEIR_CTRL_MBOX_TAKEN_OFFSET:
        return fake.taken != 0 ? (fake.taken - 1) | WEIR_PUT(1, CTRL_MBOX_TAKEN_VALID) : 0;
    case WEIR_CTRL_LOCK_OFFSET: // fuses are not blown
        return 0;
    default:
        if (offset - WEIR_CTRL_KEY_HASH_OFFSET < 32) {
            return 0;
        }
        fake_fail("CTRL register %x is not modelled for reading", offset);
    }
}

static void restart_core1(void) {
    fake.core = 1;
    fake.reset_cause[1] = 1;
    queue_start();
}

void fake_core1(void) {
    volatile unsigned rounds = 0;
    fake.core = 1;
    if (setjmp(fake_death[1]) != 0) {
        restart_core1();
    }
    while (queue_round()) {
        rounds = rounds + 1;
        if (rounds > 2 * WEIR_NUM_QPS) {
            fake_fail("core 1 finds no end");
        }
    }
    fake.fed[1] = fake.cycle;
    fake.core = 0;
}

static void ctrl_write(uint32_t offset, uint32_t value) {
    unsigned fn;
    switch (offset) {
    case WEIR_CTRL_FW_READY_OFFSET:
        fake.fw_ready = (value & 1) != 0;
        break;
    case WEIR_CTRL_HEARTBEAT_OFFSET:
        fake.heartbeat = value;
        break;
    case WEIR_CTRL_TIMER_CMP_OFFSET:
        break;
    case WEIR_CTRL_WDT_LOAD_OFFSET:
        fake.wdt_load[fake.core] = value;
        fake.fed[fake.core] = fake.cycle;
        break;
    case WEIR_CTRL_WDT_FEED_OFFSET:
        fake.fed[fake.core] = fake.cycle;
        break;
    case WEIR_CTRL_IRQ_ENABLE_OFFSET:
        fake.irq_enable[fake.core] = value;
        break;
    case WEIR_CTRL_IPC_RING_OFFSET:
        fake.bell[0] = fake.bell[0] || (value & 1) != 0;
        fake.bell[1] = fake.bell[1] || (value & 2) != 0;
        if ((value & 2) != 0 && fake.core == 0 && !fake.core1_dead) {
            fake.bell[1] = false;
            if (fake.core1_restarts != 0 && --fake.core1_restarts == 0) {
                restart_core1();
            }
            fake_core1();
        }
        break;
    case WEIR_CTRL_IPC_ACK_OFFSET:
        fake.bell[fake.core] = false;
        break;
    case WEIR_CTRL_MBOX_DONE_OFFSET:
        fn = fn_of(value & 0xFF, "MBOX_DONE");
        if (fake.taken == fn + 1) {
            fake.taken = 0;
        }
        if (fake.flr[fn]) {
            break;
        }
        if (!fake.owner[fn] || fake.waiting[fn]) {
            fake_fail("MBOX_DONE of function %u, whose request was not taken", fn);
        }
        fake.owner[fn] = false;
        fake.interrupts[fn]++;
        fake.done++;
        break;
    case WEIR_CTRL_FN_SEL_OFFSET:
        fn_sel_ctrl = fn_of(value, "CTRL.FN_SEL");
        break;
    case WEIR_CTRL_FN_EVENT_LO_OFFSET:
        fake.events[fn_sel_ctrl] |= value;
        fake.interrupts[fn_sel_ctrl]++;
        break;
    case WEIR_CTRL_FN_EVENT_HI_OFFSET:
        fake.events[fn_sel_ctrl] |= (uint64_t)value << 32;
        fake.interrupts[fn_sel_ctrl]++;
        break;
    case WEIR_CTRL_FN_CLEAR_OFFSET:
        clear_mailbox(fn_of(value, "FN_CLEAR"));
        break;
    case WEIR_CTRL_CONSOLE_OFFSET:
        if (fake.console_len + 1 < sizeof(fake.console)) {
            fake.console[fake.console_len++] = (char)value;
        }
        break;
    default:
        fake_fail("CTRL register %x is not modelled for writing", offset);
    }
}

// ---- DMA, PORT ----
static bool link_up(void) {
    return fake.link_enable && fake.cable;
}

void fake_cable(bool in) {
    bool before = link_up();
    fake.cable = in;
    fake.link_event = fake.link_event || before != link_up();
}

static uint32_t small_read(uint32_t block, uint32_t offset) {
    if (block == WEIR_CSR_DMA && offset == WEIR_DMA_FN_BUSY_OFFSET) {
        unsigned *busy = &fake.dma_busy[fn_sel_dma];
        uint32_t is = *busy != 0;
        *busy -= *busy != 0 && *busy != UINT_MAX;
        return is;
    }
    if (block == WEIR_CSR_PORT && offset == WEIR_PORT_EVENT_POP_OFFSET) {
        bool was = fake.link_event;
        fake.link_event = false;
        return was ? event(WEIR_HW_EVENT_LINK, link_up()) : 0;
    }
    if (block == WEIR_CSR_PORT && offset == WEIR_PORT_STATUS_OFFSET) {
        return link_up();
    }
    fake_fail("register %x of block %x is not modelled for reading", offset, block);
}

static void small_write(uint32_t block, uint32_t offset, uint32_t value) {
    if (block == WEIR_CSR_DMA && offset == WEIR_DMA_FN_SEL_OFFSET) {
        fn_sel_dma = fn_of(value, "DMA.FN_SEL");
    } else if (block == WEIR_CSR_PORT && offset == WEIR_PORT_CTL_OFFSET) {
        bool before = link_up();
        fake.link_enable = (value & 1) != 0;
        fake.link_event = fake.link_event || before != link_up();
    } else {
        fake_fail("register %x of block %x is not modelled for writing", offset, block);
    }
}

// ---- the bus ----
static void may_die(void) {
    if (fake.dies_in[fake.core] != 0 && --fake.dies_in[fake.core] == 0) {
        longjmp(fake_death[fake.core], 1);
    }
}

static void check_access(uint32_t block, uint32_t offset, bool write) {
    const struct reg *r;
    may_die();
    fake.cycle += fake.tick;
    if (fake.wdt_load[fake.core] != 0 && fake.cycle - fake.fed[fake.core] >= fake.wdt_load[fake.core]) {
        if (fake.core == 0 && fake.may_reset_itself) {
            longjmp(fake_death[0], 1);
        }
        fake_fail("the watchdog would reset the core");
    }
    // One owner a block (hal_switch.h, hal_queue.h).
    if (block != WEIR_CSR_CTRL && (block == WEIR_CSR_QUEUE) != (fake.core == 1)) {
        fake_fail("core %u in block %x", fake.core, block);
    }
    if (block == WEIR_CSR_MBOX) {
        if (offset % 4 != 0 || offset / 256 >= WEIR_NUM_FNS) {
            fake_fail("MBOX offset %x", offset);
        }
        return;
    }
    if (!write && offset % 4 == 0 &&
        ((block == WEIR_CSR_CTRL && offset - WEIR_CTRL_KEY_HASH_OFFSET < 32) ||
         (block == WEIR_CSR_SHA && offset - WEIR_SHA_DIGEST_OFFSET < 32))) {
        return; // eight words each
    }
    // Two registers of the switch are arrays of words.
    if (block == WEIR_CSR_SWITCH && write && offset % 4 == 0 && fake_switch_array(offset)) {
        return;
    }
    r = block >> 16 < 9 && offset < 384 && offset % 4 == 0 ? &regs[block >> 16][offset / 4] : NULL;
    if (r == NULL || r->access == NONE) {
        fake_fail("no register at %x of block %x", offset, block);
    }
    // SHA.CLAIM is taken by reading it and given back by writing it.
    if (write ? r->access != RW && r->access != WO && (block != WEIR_CSR_SHA || r->access != POP) : r->access == WO) {
        fake_fail("%s is not for %s", r->name, write ? "writing" : "reading");
    }
}

// The part is there from the first access on, erased, and takes no time.
static void flash_clock(void) {
    if (!flash_regs.there) {
        flash_regs_begin(FLASH_AT_ONCE);
    }
    flash_regs.cycle = fake.cycle;
}

static uint32_t read_reg(uint32_t block, uint32_t offset) {
    uint32_t value;
    switch (block) {
    case WEIR_CSR_FLASH:
    case WEIR_CSR_SHA:
        flash_clock();
        value = flash_regs_read(block, offset);
        fake.cycle = (uint32_t)flash_regs.cycle;
        return value;
    case WEIR_CSR_CTRL:
        return ctrl_read(offset);
    case WEIR_CSR_MBOX:
        return mbox_read(offset);
    case WEIR_CSR_PCIE:
        return pcie_read(offset);
    case WEIR_CSR_QUEUE:
        return fake_queue_read(offset);
    case WEIR_CSR_SWITCH:
        return fake_switch_read(offset);
    default:
        return small_read(block, offset);
    }
}

static void write_reg(uint32_t block, uint32_t offset, uint32_t value) {
    switch (block) {
    case WEIR_CSR_FLASH:
    case WEIR_CSR_SHA:
        flash_clock();
        flash_regs_write(block, offset, value);
        fake.cycle = (uint32_t)flash_regs.cycle;
        break;
    case WEIR_CSR_CTRL:
        ctrl_write(offset, value);
        break;
    case WEIR_CSR_MBOX:
        mbox_write(offset, value);
        break;
    case WEIR_CSR_PCIE:
        pcie_write(offset, value);
        break;
    case WEIR_CSR_QUEUE:
        fake_queue_write(offset, value);
        break;
    case WEIR_CSR_SWITCH:
        fake_switch_write(offset, value);
        break;
    default:
        small_write(block, offset, value);
        break;
    }
}

// What was read is lost with the core, what was written is not.
uint32_t hal_read(uint32_t block, uint32_t offset) {
    uint32_t value;
    check_access(block, offset, false);
    value = read_reg(block, offset);
    may_die();
    return value;
}

void hal_write(uint32_t block, uint32_t offset, uint32_t value) {
    check_access(block, offset, true);
    write_reg(block, offset, value);
    may_die();
}
