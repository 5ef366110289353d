// SPDX-License-Identifier: Apache-2.0
// Resets that begin on the bus: VF FLR, VF Enable, PF FLR, core restarts, and what happens while one cannot end.
#include "unit.h"

#include <limits.h>
#include <string.h>

#include "control/control.h"
#include "fw.h"
#include "hal/hal_ctrl.h"
#include "steer/steer.h"
#include "svc/svc.h"

#define DRAIN 4u
#define ALL_VFS 4u

// VF n on vPort n+1, armed, filter n on it, in the flood set.
static void world(void) {
    fw_boot();
    fw_switch(ALL_VFS, ALL_VFS + 1, 32, 1);
    for (unsigned n = 0; n < ALL_VFS; n++) {
        fw_vf_up(n, n + 1, 2);
        assert_int_equal(fw_filter(n, n + 1, fw_mac(n)), WEIR_OK);
        assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = (uint16_t)(n + 1), .member = 1), WEIR_OK);
    }
    while (fw_events().count != 0) {
    }
}

static bool vf_running(unsigned n) {
    unsigned qp = fake.vport_base[n + 1];
    return fake.op[n + 1] && fake.map_count[n + 1] == 2 && fake.qp[qp].rx_on && fake.qp[qp + 1].tx_on &&
           (fake.cfg[n + 1] & DRAIN) == 0;
}

// Nothing but the PF's own function is left, as after power-on.
static void assert_clean(void) {
    assert_int_equal(fake_valid_slots(), 0);
    for (unsigned v = 0; v < WEIR_NUM_VPORTS; v++) {
        assert_int_equal(fake.cfg[v], 0);
        assert_int_equal(fake.vport_count[v], 0);
        assert_false(fake.flood[v]);
    }
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        assert_false(fake.qp[qp].loaded);
    }
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
        assert_int_equal(fake.map_count[fn], 0);
        assert_int_equal(fake.op[fn], fn == 0);
        assert_false(fake.flr[fn]);
    }
}

static void flr_of_one_vf_touches_no_other(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    world();
    fake_flr(2);
    fw_run();
    assert_false(fake.flr[2]);
    assert_false(vf_running(1));
    assert_true(vf_running(0) && vf_running(2) && vf_running(3));
    assert_int_equal(fake_lookup(fw_mac(1), WEIR_FILTER_UNTAGGED_OR_ZERO, 0), 2);
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_VF_FLR);
    assert_int_equal(ev.event[0].a, 1);
    fw_arm_vf(1, 2);
    assert_true(vf_running(1));
}

static void a_drain_of_the_pf_survives_the_vfs_reset(void **state) {
    (void)state;
    world();
    assert_int_equal(FW(0, SET_VPORT, weir_set_vport_req, .vport = 1, .changed = WEIR_VPORT_CHANGED_DRAIN, .drain = 1),
                     WEIR_OK);
    fake_flr(1);
    fw_run();
    assert_int_equal(fake.cfg[1] & DRAIN, DRAIN);
    assert_int_equal(FW(0, SET_VPORT, weir_set_vport_req, .vport = 1, .changed = WEIR_VPORT_CHANGED_DRAIN, .drain = 0),
                     WEIR_OK);
    assert_int_equal(fake.cfg[1] & DRAIN, 0);
}

static void vf_enable_off_and_on(void **state) {
    (void)state;
    for (unsigned order = 0; order < 2; order++) {
        fw_boot();
        fake_flr(0);
        fw_run();
        world();
        fake.vf_event_last = order != 0;
        fake_vf_enable(0);
        fw_run();
        for (unsigned n = 0; n < ALL_VFS; n++) {
            assert_false(fake.flr[n + 1] || fake.qp[fake.vport_base[n + 1]].loaded);
            // Its frames go to the default vPort until it is back.
            assert_int_equal(fake.cfg[n + 1] & DRAIN, DRAIN);
            assert_int_equal(fw_get_vf(n).state, WEIR_VF_ALLOCATED);
        }
        assert_int_equal(fw_move(0, 1, 2, 0), WEIR_WRONG_STATE);
        fake_vf_enable(ALL_VFS);
        fw_run();
        for (unsigned n = 0; n < ALL_VFS; n++) {
            assert_int_equal(fake.cfg[n + 1] & DRAIN, 0);
            fw_arm_vf(n, 2);
            assert_true(vf_running(n));
        }
        // Off and on again before firmware looks.
        fake_vf_enable(0);
        fake_vf_enable(ALL_VFS);
        fw_run();
        for (unsigned n = 0; n < ALL_VFS; n++) {
            assert_int_equal(fake.cfg[n + 1] & DRAIN, 0);
            assert_int_equal(fw_get_vf(n).hello, 0);
            fw_arm_vf(n, 2);
        }
    }
}

static void fewer_vfs_than_before(void **state) {
    (void)state;
    world();
    fake_vf_enable(0);
    fake_vf_enable(2);
    fw_run();
    for (unsigned n = 0; n < ALL_VFS; n++) {
        assert_int_equal(fake.cfg[n + 1] & DRAIN, n < 2 ? 0 : DRAIN);
        assert_false(fake.flr[n + 1]);
    }
    // The invisible ones can be taken apart in order.
    assert_int_equal(FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 3), WEIR_OK);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 4), WEIR_OK);
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = 3), WEIR_OK);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 3), WEIR_OK);
}

static void pf_flr_clears_everything(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    for (unsigned first = 0; first < 6; first += 5) {
        fw_boot();
        world();
        assert_int_equal(fw_create_qp(0, 0, 0), WEIR_OK);
        assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 1, .token = 1), WEIR_OK);
        fake.flr_first = first; // PF first, or VFs first
        fake_flr(0);
        fw_run();
        assert_clean();
        assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, NULL, NULL), WEIR_VERSION);
        assert_int_equal(fw_hello(0), WEIR_OK);
        ev = fw_events(); // nothing of the last driver's generation, at most that VF Enable is off now
        assert_true(ev.count == 0 || (ev.count == 1 && ev.event[0].kind == WEIR_FW_EVENT_VF_ENABLE));
        assert_int_equal(steer_filter_count(), 0);
        // The next driver finds it as the first one did.
        world();
        for (unsigned n = 0; n < ALL_VFS; n++) {
            assert_true(vf_running(n));
        }
        fake_flr(0);
        fw_run();
    }
}

static void pf_flr_before_anything_was_set_up(void **state) {
    (void)state;
    fw_boot();
    fake_flr(0);
    fw_run();
    assert_clean();
    fake_vf_enable(64);
    fake_flr(0);
    fw_run();
    assert_clean();
}

static void storm_of_resets(void **state) {
    (void)state;
    world();
    for (unsigned i = 0; i < 2000; i++) {
        fake_flr(1 + i * 7 % ALL_VFS);
        if (i % 3 == 0) {
            (void)FW(0, RESET_VF, weir_vf_req, .vf = (uint16_t)(i % ALL_VFS));
        }
        if (i % 11 == 0) {
            fw_run();
            fw_arm_vf(i % ALL_VFS, 2);
        }
    }
    fw_run();
    for (unsigned n = 0; n < ALL_VFS; n++) {
        assert_false(fake.flr[n + 1]);
        assert_int_equal(fw_get_vf(n).state, WEIR_VF_ALLOCATED);
    }
    // At most one event a VF waited for the PF at any time, and none was lost.
    for (struct weir_get_events_rsp ev = fw_events(); ev.count != 0; ev = fw_events()) {
        assert_int_equal(ev.lost, 0);
    }
}

static void dma_that_does_not_end_holds_up_one_function_only(void **state) {
    uint32_t since;
    (void)state;
    world();
    fake.dma_busy[1] = UINT_MAX;
    since = fake.cycle;
    fake_flr(1);
    fw_run();
    assert_true(fake.flr[1]);
    assert_int_equal(fw_get_vf(0).state, WEIR_VF_RESETTING);
    assert_false(fake.qp[fake.vport_base[1]].loaded);
    // Meanwhile: others are served, and this one is left alone.
    assert_int_equal(FW(2, PING, weir_ping_req, .word = 1), WEIR_OK);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 0), WEIR_IN_USE);
    fake_flr(3);
    fw_run();
    assert_false(fake.flr[3]);
    // 80 ms is what the engines wait for a completion.
    fw_pass(20000000 - (fake.cycle - since));
    fw_run();
    assert_true(fake.flr[1]);
    fw_pass(6000000);
    fw_run();
    assert_false(fake.flr[1]); // within the 100 ms of PCIe and a little
    assert_int_equal(fw_get_vf(0).state, WEIR_VF_ALLOCATED);
}

// Each reset with a fence of its own.
static void what_was_queued_for_the_vf_is_drained_before_it_returns(void **state) {
    unsigned fences;
    (void)state;
    world();
    fake.hold_fences = true; // copies for its vPort are still queued
    for (unsigned round = 0; round < 2; round++) {
        fences = fake.fences_pending;
        fake_flr(1);
        for (unsigned i = 0; i < 50; i++) {
            assert_true(control_poll());
        }
        assert_true(fake.flr[1]);
        assert_int_equal(fake.cfg[1] & DRAIN, DRAIN);
        assert_int_equal(fake.fences_pending, fences + 1);
        fake_release_fences();
        fw_run();
        assert_false(fake.flr[1]);
        assert_int_equal(fake.cfg[1] & DRAIN, 0);
    }
    // A receiver in front of them that does not move may not keep the VF for ever.
    fake_flr(1);
    fw_run();
    assert_false(fake.flr[1]);
    // A switch that comes after is not confused by fences of the one before.
    fake_flr(0);
    fw_run();
    fake_release_fences();
    fw_run();
    fake.hold_fences = false;
    world();
    fake_flr(1);
    fw_run();
    assert_false(fake.flr[1]);
}

static void reset_vf_waits_a_bounded_time(void **state) {
    uint32_t since;
    (void)state;
    world();
    fake.tick = 500;
    fake.dma_busy[1] = 20; // a few reads are still out
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = 0), WEIR_OK);
    assert_false(fake.flr[1]);
    fake.dma_busy[1] = UINT_MAX;
    since = fake.cycle;
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = 0), WEIR_OK); // given up by the hardware's own time-out
    assert_true(fake.cycle - since < 30000000);
}

static void dead_core_1_never_ends_a_reset_halfway(void **state) {
    (void)state;
    world();
    fake.core1_dead = true;
    fake.tick = 1000;
    fake_flr(1);
    fw_run();
    // Its queue pairs could not be stopped, so the hardware must keep it stopped.
    assert_true(fake.flr[1]);
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = 1), WEIR_TIMEOUT);
    assert_int_equal(fw_get_vf(1).state, WEIR_VF_RESETTING);
    assert_int_equal(FW(0, PING, weir_ping_req, .word = 1), WEIR_OK);
    fake.core1_dead = false;
    fake.tick = 4;
    fw_run();
    assert_false(fake.flr[1] || fake.flr[2]);
    assert_false(fake.qp[fake.vport_base[1]].loaded || fake.qp[fake.vport_base[2]].loaded);
    assert_int_equal(fw_get_vf(1).state, WEIR_VF_ALLOCATED);
    fw_arm_vf(1, 2);
    assert_true(vf_running(1) && vf_running(2));
}

static void dead_core_1_and_pf_flr(void **state) {
    (void)state;
    world();
    fake.core1_dead = true;
    fake.tick = 1000;
    fake_flr(0);
    fw_run();
    assert_true(fake.flr[0]);
    assert_int_equal(fw_hello(0), FW_REFUSED);
    fake.core1_dead = false;
    fake.tick = 4;
    fw_run();
    assert_clean();
    world();
}

static void restart_of_core_1_is_reported(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    world();
    fake.reset_cause[1] = HAL_RESET_WATCHDOG;
    fw_start_core1();
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_CORE_RESTART);
    assert_int_equal(ev.event[0].a, 1);
    for (unsigned n = 0; n < ALL_VFS; n++) {
        assert_true(vf_running(n)); // the data plane runs on
    }
    fake_flr(1);
    fw_run();
    assert_false(vf_running(0));
}

// Core 0 was restarted: its memory is fresh, the hardware is not.
static void leftovers(void) {
    struct fake *f = &fake;
    fake_reset();
    f->reset_cause[0] = HAL_RESET_WATCHDOG;
    f->reset_cause[1] = HAL_RESET_BY_CORE0;
    f->num_vfs = 2;
    f->op[1] = f->op[2] = f->bme[1] = true;
    f->cfg[0] = 1;
    f->cfg[5] = 0xB;
    f->vport_count[0] = 1;
    f->vport_base[5] = 10;
    f->vport_count[5] = 2;
    f->flood[0] = f->flood[5] = true;
    f->map_count[0] = WEIR_NUM_QPS;
    f->map_base[1] = 10;
    f->map_count[1] = 2;
    f->qp[10] = (struct fake_qp){.loaded = true, .rx_on = true, .tx_on = true, .fn = 1, .vport = 5, .posted = 3};
    f->rsp[1][5] = 0x5EC7E7;
    f->events[1] = 3;
    f->slot[77] = (struct fake_slot){.valid = true, .key = 0x1020304050607ull, .vport = 5};
    fw_start_core1();
    control_start();
}

static void restart_of_core_0_lets_the_data_plane_run_on(void **state) {
    struct fake before;
    struct weir_get_events_rsp ev;
    (void)state;
    leftovers();
    before = fake;
    fw_run();
    assert_int_equal(fw_hello(0), WEIR_OK);
    ev = fw_events();
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_CORE_RESTART);
    assert_int_equal(ev.event[0].a, 0);
    assert_memory_equal(before.cfg, fake.cfg, sizeof(fake.cfg));
    assert_memory_equal(before.qp, fake.qp, sizeof(fake.qp));
    assert_memory_equal(before.slot, fake.slot, sizeof(fake.slot));
    assert_memory_equal(before.op, fake.op, sizeof(fake.op));
    // A VF that only the last firmware knew is told to wait.
    assert_int_equal(FW(1, PING, weir_ping_req, .word = 0), WEIR_NOT_ACCEPTED);
}

static void restart_of_core_0_leaves_nothing_to_the_next_switch(void **state) {
    (void)state;
    leftovers();
    assert_int_equal(fw_hello(0), WEIR_OK);
    assert_int_equal(
        FW(0, CREATE_SWITCH, weir_create_switch_req, .num_vfs = 2, .num_vports = 1, .num_qps = 8, .default_qps = 1),
        WEIR_INVALID_PARAMETER);
    assert_true(fake.slot[77].valid); // a refused command changes nothing
    assert_int_equal(
        FW(0, CREATE_SWITCH, weir_create_switch_req, .num_vfs = 2, .num_vports = 8, .num_qps = 32, .default_qps = 1),
        WEIR_OK);
    assert_int_equal(fake_valid_slots(), 0);
    assert_int_equal(fake.cfg[5], 0);
    assert_false(fake.flood[5] || fake.qp[10].loaded || fake.op[1] || fake.op[2]);
    assert_int_equal(fake.map_count[1], 0);
    assert_true(fake.flood[0]);
    // The VF was not reset meanwhile; its next owner must not see the last one's mailbox (threat T20).
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fake.rsp[1][5], 0);
    assert_true(fake.events[1] == 0);
    assert_int_equal(fw_vport(5, 0, 2), WEIR_OK);
    fw_arm_vf(0, 2);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_IN_USE);
}

static void restart_of_core_0_then_resets(void **state) {
    (void)state;
    leftovers();
    fake_flr(1);
    fw_run();
    // Its queue pairs are unknown: it stays off, so they can do nothing.
    assert_false(fake.flr[1] || fake.op[1]);
    fake_flr(0);
    fw_run();
    assert_clean();
    assert_false(svc_must_sweep());
}

// For the host the reset is over at once: the next driver's first command must meet neither the reset nor the old
// state.
static void a_command_of_the_next_generation_waits_for_the_end_of_the_last(void **state) {
    (void)state;
    world();
    fake.host_goes_on = true;
    for (unsigned round = 0; round < 4; round++) {
        fake.dma_busy[1] = round;
        fake_flr(1);
        if (round % 2 != 0) {
            (void)control_poll();
        }
        assert_int_equal(fw_hello(1), WEIR_OK);
        assert_false(fake.flr[1]);
        assert_int_equal(fw_get_vf(0).hello, 1);
    }
}

static void a_reset_that_firmware_does_not_know_of_keeps_the_function_held(void **state) {
    (void)state;
    world();
    fake.host_goes_on = true;
    fake.dma_busy[1] = 3;
    fake_flr(1);
    (void)control_poll();
    assert_true(fake.flr[1]);
    fake_flr(1); // a generation of its own between the two
    fake.dma_busy[1] = 0;
    assert_int_equal(fw_hello(1), WEIR_OK);
    assert_false(fake.flr[1] || fake.flr_event[1]);
    assert_int_equal(fw_get_vf(0).hello, 1);
}

static void restart_of_core_0_takes_up_a_reset(void **state) {
    (void)state;
    leftovers();
    fake.flr[1] = fake.flr[2] = true; // begun, and their events taken, before the restart
    control_start();
    fw_run();
    assert_false(fake.flr[1] || fake.flr[2]);
    assert_false(fake.op[1]); // its queue pairs are unknown
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(flr_of_one_vf_touches_no_other),
    cmocka_unit_test(a_drain_of_the_pf_survives_the_vfs_reset),
    cmocka_unit_test(vf_enable_off_and_on),
    cmocka_unit_test(fewer_vfs_than_before),
    cmocka_unit_test(pf_flr_clears_everything),
    cmocka_unit_test(pf_flr_before_anything_was_set_up),
    cmocka_unit_test(storm_of_resets),
    cmocka_unit_test(dma_that_does_not_end_holds_up_one_function_only),
    cmocka_unit_test(what_was_queued_for_the_vf_is_drained_before_it_returns),
    cmocka_unit_test(reset_vf_waits_a_bounded_time),
    cmocka_unit_test(dead_core_1_never_ends_a_reset_halfway),
    cmocka_unit_test(dead_core_1_and_pf_flr),
    cmocka_unit_test(restart_of_core_1_is_reported),
    cmocka_unit_test(restart_of_core_0_lets_the_data_plane_run_on),
    cmocka_unit_test(restart_of_core_0_leaves_nothing_to_the_next_switch),
    cmocka_unit_test(restart_of_core_0_then_resets),
    cmocka_unit_test(a_command_of_the_next_generation_waits_for_the_end_of_the_last),
    cmocka_unit_test(a_reset_that_firmware_does_not_know_of_keeps_the_function_held),
    cmocka_unit_test(restart_of_core_0_takes_up_a_reset),
};
UNIT_MAIN(tests)
