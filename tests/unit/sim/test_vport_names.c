// SPDX-License-Identifier: Apache-2.0
// Names of vPorts from what a driver writes to its mailbox, in order or not.
#include "unit.h"
#include "vport_names.h"

static struct vport_names names;

static void request(uint16_t opcode, uint16_t length, const struct weir_create_vport_req *req) {
    union {
        struct weir_mbox_msg msg;
        uint32_t word[sizeof(struct weir_mbox_msg) / 4];
    } m = {.msg = {.hdr = {.opcode = opcode, .length = length}}};
    memcpy(m.msg.payload, req, sizeof(*req));
    for (unsigned i = 0; i < sizeof(m) / 4; i++)
        vport_names_hear(&names, WEIR_BAR_MBOX_REQ + 4 * i, m.word[i]);
    vport_names_hear(&names, WEIR_BAR_MBOX_OWNER, 1);
}

static void is_called(unsigned vport, const char *want) {
    char name[VPORT_NAME_ROOM];
    assert_string_equal(vport_name(&names, vport, name), want);
}

static void vports_are_called_after_their_guests(void **state) {
    struct weir_create_vport_req req = {.vport = 3, .vf = 2, .name = "vm1"};
    (void)state;
    memset(&names, 0, sizeof(names));
    is_called(0, "vport0 synthetic");
    is_called(3, "vport3");
    request(WEIR_CMD_CREATE_VPORT, sizeof(req), &req);
    is_called(3, "vport3 vm1 VF 2");
    assert_int_equal(names.vport[3].given, 1);
    memcpy(req.name, "vm2", 4);
    req.vf = WEIR_VPORT_NO_VF;
    request(WEIR_CMD_CREATE_VPORT, sizeof(req), &req);
    is_called(3, "vport3 vm2");
    assert_int_equal(names.vport[3].given, 2);
}

static void nonsense_names_nobody(void **state) {
    struct weir_create_vport_req req = {.vport = 200, .vf = 2, .name = "vm1"};
    (void)state;
    memset(&names, 0, sizeof(names));
    request(WEIR_CMD_CREATE_VPORT, sizeof(req), &req);
    req.vport = 0;
    request(WEIR_CMD_CREATE_VPORT, sizeof(req), &req);
    req.vport = 3;
    request(WEIR_CMD_DELETE_VPORT, sizeof(req), &req);
    request(WEIR_CMD_CREATE_VPORT, 4, &req);
    vport_names_hear(&names, WEIR_BAR_MBOX_OWNER, 0);
    is_called(3, "vport3");
    memset(req.name, 'n', sizeof(req.name)); // no end
    req.name[0] = '\n';
    request(WEIR_CMD_CREATE_VPORT, sizeof(req), &req);
    is_called(3, "vport3 ?nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn VF 2");
    is_called(1000, "vport1000");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(vports_are_called_after_their_guests),
    cmocka_unit_test(nonsense_names_nobody),
};
UNIT_MAIN(tests)
