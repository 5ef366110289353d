// SPDX-License-Identifier: Apache-2.0
// See vstack_rig.h.
#include "vstack_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING 65536u
const uint8_t peer[6] = {0x02, 0, 0, 0, 0, 9};

struct vstack_rig t;

unsigned add(unsigned i) {
    int number;
    struct weir_vstack_guest_config gc = {.name = "guest", .mac = {0x02, 0, 0, 0, 1, (uint8_t)i}};
    t.area[i] = malloc(WEIR_CHANNEL_BYTES(RING));
    assert_int_equal(weir_channel_init(t.area[i], WEIR_CHANNEL_BYTES(RING)), 0);
    assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_GUEST, &t.guest[i]), 0);
    assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_HOST, &t.host[i]), 0);
    gc.channel = t.host[i];
    number = weir_vstack_guest_add(t.vs, &gc);
    assert_true(number >= 0);
    expect_guest(i, "up");
    return (unsigned)number;
}

int setup(void **state) {
    struct weir_vstack_config cfg = {
        .max_guests = GUESTS, .num_vports = 4, .refusals = 3, .leave_us = 5000, .release_us = 2000};
    char err[128];
    (void)state;
    memset(&t, 0, sizeof(t));
    fake_pf_reset();
    assert_int_equal(weir_vstack_open(&fake_pf, &cfg, &t.vs, err, sizeof(err)), 0);
    for (unsigned i = 0; i < GUESTS; i++)
        assert_int_equal(add(i), i);
    fake_pf.log[0] = '\0';
    return 0;
}

int teardown(void **state) {
    (void)state;
    weir_vstack_close(t.vs);
    for (unsigned i = 0; i < GUESTS; i++) {
        weir_channel_detach(t.guest[i]);
        weir_channel_detach(t.host[i]);
        free(t.area[i]);
    }
    return 0;
}

static void run_at(uint64_t us, unsigned turn_us, unsigned cycles_per_us) {
    do {
        uint64_t step = us < turn_us ? us : turn_us;
        us -= step;
        t.now += step;
        fake_pf.clock += (uint32_t)step * cycles_per_us;
        (void)weir_vstack_poll(t.vs, t.now);
    } while (us != 0);
}

void run(uint64_t us) {
    run_at(us, 1000, 250);
}

void run_busy(uint64_t us) {
    run_at(us, 100000, 2);
}

// The commands the PF saw since the last look.
void expect_pf(const char *log) {
    assert_string_equal(fake_pf.log, log);
    fake_pf.log[0] = '\0';
}

void expect_state(unsigned guest, enum weir_vstack_state state) {
    assert_string_equal(weir_vstack_state_text(weir_vstack_state(t.vs, guest)), weir_vstack_state_text(state));
}

// The messages in a guest's channel; remembers the token of an association.
void expect_guest(unsigned i, const char *what) {
    char got[256] = "";
    uint32_t type;
    while (weir_channel_peek(t.guest[i], &type, NULL) == 1) {
        uint8_t m[256];
        size_t used = strlen(got);
        const char *sep = used == 0 ? "" : " ";
        assert_true(weir_channel_recv(t.guest[i], m, sizeof(m)) >= 0);
        assert_int_equal(m[0], WEIR_MSG_VERSION);
        if (type == WEIR_MSG_VF_ASSOCIATION) {
            memcpy(&t.token, m + 4, 4);
            snprintf(got + used, sizeof(got) - used, "%sfn%u", sep, m[2]);
        } else if (type == WEIR_MSG_SWITCH_COMPLETE) {
            snprintf(got + used, sizeof(got) - used, "%s%s=%u", sep, m[2] != 0 ? "vf" : "syn", m[8]);
        } else if (type == WEIR_MSG_STATUS) {
            snprintf(got + used, sizeof(got) - used, "%s%s", sep, m[2] != 0 ? "down" : "up");
        } else {
            snprintf(got + used, sizeof(got) - used, "%s%s", sep,
                     type == WEIR_MSG_FENCE            ? m[1] != 0 ? "lost-fence" : "fence"
                     : type == WEIR_MSG_DETACH_REQUEST ? "detach"
                     : type == WEIR_MSG_VF_REVOKED     ? "revoked"
                                                       : "?");
        }
    }
    assert_string_equal(got, what);
}

void guest_switch(unsigned i, bool to_vf, enum weir_why why, uint32_t token) {
    struct weir_msg_switch_data_path m = {.version = 1, .to_vf = to_vf, .why = (uint8_t)why, .token = token};
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_SWITCH_DATA_PATH, &m, sizeof(m), NULL, 0, 0), 0);
}

void guest_released(unsigned i, uint64_t posted, uint64_t taken) {
    struct weir_msg_vf_released m = {
        .version = 1, .token = t.token, .posted = posted, .completed = posted, .taken = taken};
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_VF_RELEASED, &m, sizeof(m), NULL, 0, 0), 0);
}

void guest_frame(unsigned i) {
    struct weir_msg_tx_frame m = {.version = 1};
    const uint8_t src[6] = {0x02, 0, 0, 0, 1, (uint8_t)i};
    uint8_t f[64];
    fake_frame(f, peer, src, 1);
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
}

void fences(void) {
    for (unsigned q = 0; q < 2; q++)
        fake_fence(&fake_pf.qp[q], fake_pf.token, fake_pf.epoch);
    run(1);
}

void to_attached(unsigned i) {
    assert_int_equal(weir_vstack_attach(t.vs, i), 0);
    expect_guest(i, i == 0 ? "fn1" : "fn2");
    guest_switch(i, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    fences();
    expect_state(i, WEIR_VSTACK_ATTACHED);
    expect_guest(i, "vf=0 fence");
    fake_pf.log[0] = '\0';
}

const struct weir_vstack_record *last(void) {
    assert_true(weir_vstack_num_records(t.vs) != 0);
    return weir_vstack_record(t.vs, weir_vstack_num_records(t.vs) - 1);
}

void poll_idle(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        run(1);
}
