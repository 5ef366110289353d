// SPDX-License-Identifier: Apache-2.0
// A guest's policy as it reaches the hardware (threats T13, T15, T28): what the rules of weir/policy.h need of a vPort.
#include "unit.h"

#include <string.h>

#include "fw.h"
#include "steer/steer.h"

#define CFG(name) (1u << WEIR_SWITCH_VPORT_CFG_##name##_LSB)

static int set_flags(unsigned vport, unsigned flags) {
    return FW(0, SET_VPORT, weir_set_vport_req, .vport = (uint16_t)vport, .changed = WEIR_VPORT_CHANGED_FLAGS,
              .flags = (uint16_t)flags);
}

// VF 0 on vPort 1, VF 1 on vPort 2.
static void world(void) {
    fw_boot();
    fw_switch(2, 6, 32, 1);
    fw_vf_up(0, 1, 2);
    fw_vf_up(1, 2, 1);
}

static void trust_and_stags_are_bits_of_their_own(void **state) {
    const unsigned both = CFG(STAGS) | CFG(RESERVED_TX);
    (void)state;
    world();
    assert_int_equal(fake.cfg[1] & both, 0);
    assert_int_equal(set_flags(1, WEIR_VPORT_TRUSTED), WEIR_OK);
    assert_int_equal(fake.cfg[1] & both, CFG(RESERVED_TX));
    assert_int_equal(set_flags(1, WEIR_VPORT_STAGS), WEIR_OK); // trust gone
    assert_int_equal(fake.cfg[1] & both, CFG(STAGS));
    assert_int_equal(set_flags(1, WEIR_VPORT_STAGS | WEIR_VPORT_TRUSTED | WEIR_VPORT_CHECK_SRC), WEIR_OK);
    assert_int_equal(fake.cfg[1] & (both | CFG(CHECK_SRC) | CFG(PROMISC)), both | CFG(CHECK_SRC));
    assert_int_equal(fw_get_vport(1).flags, WEIR_VPORT_STAGS | WEIR_VPORT_TRUSTED | WEIR_VPORT_CHECK_SRC);
    assert_int_equal(fake.cfg[2] & both, 0); // another's are another's
    assert_int_equal(set_flags(1, 0), WEIR_OK);
    assert_int_equal(fake.cfg[1] & both, 0);
    assert_int_equal(set_flags(1, 0x10), WEIR_INVALID_PARAMETER);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(trust_and_stags_are_bits_of_their_own),
};
UNIT_MAIN(tests)
