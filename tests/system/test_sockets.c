// SPDX-License-Identifier: Apache-2.0
// weir-sim and the vfio-user backend as a user meets them: processes, sockets, real time. What the card does with
// frames is tested elsewhere; here it is the way there.
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"

static void frames_between_pf_and_vf(void) {
    char text[160] = "";
    struct weir_vf *vf;
    long start;

    simproc_start(&sim, plain);
    open_pf();
    vf = open_vf(0);
    start = simproc_now_ms();
    for (unsigned i = 0; i < 100; i++)
        CHECK(weir_pf_ping(pf, NULL) == 0, "ping %u", i);
    printf("a mailbox command takes %ld us of real time\n", (simproc_now_ms() - start) * 10);
    start = simproc_now_ms();
    ping_pong(vf, 0, 20);
    printf("a frame and its interrupt take %ld us of real time\n", (simproc_now_ms() - start) * 25);
    CHECK(weir_pf_ledger(pf, text, sizeof(text)) == 0, "%s", text);
    close_all(vf);
    // Everything once more by new clients on the same card.
    open_pf();
    vf = open_vf(1);
    ping_pong(vf, 1, 2);
    close_all(vf);
    simproc_stop(&sim);
}

static void second_simulator_is_refused(void) {
    const char *args[5] = {"--dir", sim.dir};
    char text[1024];
    struct weir_bus *bus;
    int status;

    simproc_start(&sim, plain);
    status = simproc_run(args, text, sizeof(text));
    CHECK(status == 1, "status %d: %s", status, text);
    CHECK(strstr(text, "is in use by another weir-sim (process ") != NULL &&
              strchr(text, '\n') == text + strlen(text) - 1,
          "not one clear line: %s", text);
    bus = open_bus("pf"); // the first one's sockets are untouched
    weir_bus_close(bus);
    simproc_kill(&sim);
    args[2] = "--firmware";
    args[3] = "/nonexistent";
    status = simproc_run(args, text, sizeof(text)); // one that was killed is no obstacle
    CHECK(status == 1 && strstr(text, "/nonexistent") != NULL, "stopped by what a dead simulator left: %s", text);
    simproc_remove(&sim);
}

static void missing_firmware_is_one_line(void) {
    const char *args[] = {"--dir", "/tmp/weir-test-nofw", "--firmware", "/nonexistent/firmware.img", NULL};
    char text[1024];
    int status = simproc_run(args, text, sizeof(text));

    unlink("/tmp/weir-test-nofw/lock");
    CHECK(rmdir("/tmp/weir-test-nofw") == 0, "sockets were left behind");
    CHECK(status == 1, "status %d: %s", status, text);
    CHECK(strstr(text, "/nonexistent/firmware.img") != NULL && strstr(text, "--firmware") != NULL,
          "does not name the thing and the fix: %s", text);
    CHECK(strchr(text, '\n') == text + strlen(text) - 1, "not one line: %s", text);
}

static void files_that_cannot_be_are_one_line(void) {
    // A call that is wrong is another matter: test_options.c.
    static const char *const bad[][4] = {{"--wire", "link:/nonexistent/x", NULL},
                                         {"--wire", "pcap:/nonexistent", NULL},
                                         {"--trace", "/nonexistent/t.pcapng", NULL},
                                         {"--fst", "/nonexistent/t.fst", NULL},
                                         {"--firmware", "/dev/null", NULL}};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *args[6] = {"--dir", "/tmp/weir-test-opt"};
        char text[1024];
        int status;
        memcpy(args + 2, bad[i], sizeof(bad[i]));
        status = simproc_run(args, text, sizeof(text));
        CHECK(status == 1, "%s %s: status %d: %s", bad[i][0], bad[i][1] != NULL ? bad[i][1] : "", status, text);
        CHECK(strncmp(text, "weir-sim: ", 10) == 0 && strchr(text, '\n') == text + strlen(text) - 1, "not one line: %s",
              text);
    }
    unlink("/tmp/weir-test-opt/lock");
    rmdir("/tmp/weir-test-opt");
}

static void invisible_vf_reads_all_ones(void) {
    struct weir_bus *vf, *pf_bus;
    uint32_t v = 0;
    char err[256] = "";

    simproc_start(&sim, plain);
    CHECK(weir_vfio_user_open(simproc_socket(&sim, "vf0"), err, sizeof(err)) == NULL &&
              strstr(err, "not visible") != NULL,
          "unclear: %s", err);
    pf_bus = open_bus("pf");
    CHECK(pf_bus->ops->sriov(pf_bus, 65) == -ERANGE, "65 VFs");
    CHECK(pf_bus->ops->sriov(pf_bus, 2) == 0, "cannot enable VFs");
    CHECK(pf_bus->ops->sriov(pf_bus, 3) == -EBUSY, "rules 1.15");
    vf = open_bus("vf0");
    CHECK(pf_bus->ops->cfg_write(pf_bus, 4, 2, 2) == 0 && vf->ops->cfg_write(vf, 4, 2, 2) == 0, "no memory decode");
    CHECK(vf->ops->sriov(vf, 1) == -EPERM, "a VF enables VFs");
    CHECK(vf->ops->bar_size(vf) == 0x10000 && pf_bus->ops->bar_size(pf_bus) == 0x200000, "BAR sizes");
    CHECK(vf->ops->cfg_read(vf, 0, 4, &v) == 0 && v == (WEIR_VENDOR_ID | (uint32_t)WEIR_VF_DEVICE_ID << 16),
          "VF id %08x", v);
    CHECK(vf->ops->bar_read(vf, WEIR_BAR_FN, &v) == 0 && WEIR_GET(v, BAR_FN_INDEX) == 1, "VF's FN register %08x", v);
    // The client's BAR is its own: it sizes it, and the card's stays where the host put it.
    CHECK(pf_bus->ops->cfg_write(pf_bus, 0x10, 4, UINT32_MAX) == 0 && pf_bus->ops->cfg_read(pf_bus, 0x10, 4, &v) == 0 &&
              v == 0xFFE00004,
          "BAR 0 reads %08x", v);
    CHECK(pf_bus->ops->bar_read(pf_bus, WEIR_BAR_ABI, &v) == 0 &&
              v == ((uint32_t)WEIR_ABI_MAJOR << 16 | WEIR_ABI_MINOR),
          "BAR moved: %08x", v);
    CHECK(pf_bus->ops->sriov(pf_bus, 0) == 0, "cannot disable VFs");
    CHECK(vf->ops->bar_read(vf, WEIR_BAR_FN, &v) == -ENODEV && v == UINT32_MAX, "an invisible VF reads %08x", v);
    CHECK(vf->ops->cfg_read(vf, 4, 2, &v) == 0 && v == 0xFFFF, "its configuration reads %08x", v);
    weir_bus_close(vf);
    weir_bus_close(pf_bus);
    simproc_stop(&sim);
}

// The vector control word of vector 1 in the card: 0 = programmed, 1 = as a reset leaves it.
static uint32_t vector_control(struct weir_bus *bus) {
    uint32_t v;
    CHECK(bus->ops->bar_read(bus, WEIR_BAR_MSIX_TABLE_BASE + 16 + 12, &v) == 0, "no answer from the MSI-X table");
    return v;
}

static void function_level_reset_keeps_vectors(void) {
    const struct weir_vf_config cfg = {.tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    struct weir_bus *bus;
    struct weir_vf *vf;
    char err[256] = "";
    uint32_t v;

    simproc_start(&sim, plain);
    open_pf();
    bus = open_bus("vf0");
    CHECK(bus->ops->cfg_write(bus, 4, 2, 2) == 0 && vector_control(bus) == 1, "vectors before anybody asked for them");
    CHECK(bus->ops->irq_enable(bus, 4) == 0 && vector_control(bus) == 0, "no vectors");
    CHECK(bus->ops->bar_write(bus, WEIR_BAR_MSIX_TABLE_BASE + 16 + 12, 1) == 0 && vector_control(bus) == 0,
          "the table is not the client's");
    CHECK(bus->ops->cfg_write(bus, 4, 2, 6) == 0 && bus->ops->reset(bus) == 0, "no reset");
    CHECK(bus->ops->cfg_read(bus, 4, 2, &v) == 0 && (v & 6) == 0, "command register survived the reset: %04x", v);
    CHECK(bus->ops->cfg_read(bus, 0x2C, 4, &v) == 0 && v != UINT32_MAX, "function is gone after its reset");
    CHECK(bus->ops->cfg_write(bus, 4, 2, 2) == 0 && vector_control(bus) == 0,
          "vectors were not programmed again after the reset");
    // The same bus goes on, a frame's interrupt arrives.
    CHECK(weir_vf_open(bus, &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    ping_pong(vf, 0, 1);
    // A reset by the PF takes the vectors too; a driver that goes on gets them with bus mastering.
    CHECK(weir_pf_reset_vf(pf, 0) == 0 && vector_control(bus) == 1, "RESET_VF left the vectors");
    CHECK(bus->ops->cfg_write(bus, 4, 2, 6) == 0 && vector_control(bus) == 0, "vectors do not come back");
    close_all(vf);
    simproc_stop(&sim);
}

#define DEVCTL 0x58 // Device Control of every function

// Memory decode is each client's own, off at first and after every reset, as hosts and QEMU expect it of a function;
// without it the BAR is not there. The driver enables it before it looks.
static void memory_decode_is_off_after_a_reset(void) {
    static const char *const name[] = {"pf", "vf0"};
    struct weir_bus *bus[2];
    uint32_t v;

    simproc_start(&sim, plain);
    bus[0] = open_bus("pf");
    CHECK(bus[0]->ops->sriov(bus[0], 1) == 0, "cannot enable a VF");
    bus[1] = open_bus("vf0");
    for (unsigned way = 0; way < 3; way++) // as it comes; reset by FLR; by the protocol's own reset
        for (int i = 1; i >= 0; i--) {
            struct weir_bus *b = bus[i];
            if (way == 1) {
                CHECK(b->ops->cfg_read(b, DEVCTL, 2, &v) == 0 && b->ops->cfg_write(b, DEVCTL, 2, v | 0x8000) == 0,
                      "no FLR");
            } else if (way == 2) {
                CHECK(b->ops->reset(b) == 0, "no reset");
            }
            CHECK(b->ops->cfg_read(b, 4, 2, &v) == 0 && v == 0, "%s: command register %04x", name[i], v);
            CHECK(b->ops->bar_read(b, WEIR_BAR_MAGIC, &v) == 0 && v == UINT32_MAX, "%s: its BAR answers", name[i]);
            CHECK(b->ops->cfg_write(b, 4, 2, 6) == 0 && b->ops->cfg_read(b, 4, 2, &v) == 0 && v == 6,
                  "%s: command register %04x instead of 0006", name[i], v);
            CHECK(b->ops->bar_read(b, WEIR_BAR_MAGIC, &v) == 0 && v == WEIR_MAGIC, "%s: magic %08x", name[i], v);
            if (i == 0 && way == 1) // its reset took the VF with it
                CHECK(b->ops->sriov(b, 1) == 0, "cannot enable the VF again");
        }
    weir_bus_close(bus[1]);
    weir_bus_close(bus[0]);
    simproc_stop(&sim);
}

static void idle_card_uses_under_two_percent(void) {
    long start, before, spent, wall;

    simproc_start(&sim, plain);
    open_pf(); // connected and set up, but nothing to do
    nanosleep(&(struct timespec){0, 300000000}, NULL);
    start = simproc_now_ms();
    before = simproc_cpu_ms(&sim);
    nanosleep(&(struct timespec){5, 0}, NULL);
    spent = simproc_cpu_ms(&sim) - before;
    wall = simproc_now_ms() - start;
    printf("idle card: %ld ms of processor in %ld ms, %.1f %%\n", spent, wall, 100.0 * (double)spent / (double)wall);
    CHECK(spent * 50 < wall, "an idle card uses %ld ms of %ld ms", spent, wall);
    close_all(NULL);
    simproc_stop(&sim);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"frames_between_pf_and_vf", frames_between_pf_and_vf},
        {"second_client_is_refused", second_client_is_refused},
        {"second_simulator_is_refused", second_simulator_is_refused},
        {"dead_client_leaves_the_rest_running", dead_client_leaves_the_rest_running},
        {"dead_pf_can_be_replaced", dead_pf_can_be_replaced},
        {"client_that_shrinks_its_memory_disturbs_nobody", client_that_shrinks_its_memory_disturbs_nobody},
        {"client_that_talks_nonsense_is_dropped", client_that_talks_nonsense_is_dropped},
        {"memory_announcements_are_checked", memory_announcements_are_checked},
        {"missing_firmware_is_one_line", missing_firmware_is_one_line},
        {"files_that_cannot_be_are_one_line", files_that_cannot_be_are_one_line},
        {"dead_server_is_a_vanished_function", dead_server_is_a_vanished_function},
        {"invisible_vf_reads_all_ones", invisible_vf_reads_all_ones},
        {"function_level_reset_keeps_vectors", function_level_reset_keeps_vectors},
        {"memory_decode_is_off_after_a_reset", memory_decode_is_off_after_a_reset},
        {"a_bell_that_blocks_stops_nobody", a_bell_that_blocks_stops_nobody},
        {"a_close_that_waits_stops_nobody", a_close_that_waits_stops_nobody},
        {"one_client_cannot_map_for_all", one_client_cannot_map_for_all},
        {"silence_keeps_nobody_out", silence_keeps_nobody_out},
        {"only_those_allowed_come_in", only_those_allowed_come_in},
        {"files_of_the_user_survive_every_option", files_of_the_user_survive_every_option},
        {"the_cable_can_be_pulled", the_cable_can_be_pulled},
        {"wire_to_pcap_and_trace", wire_to_pcap_and_trace},
        {"wire_waits_for_a_late_driver", wire_waits_for_a_late_driver},
        {"wire_to_tap", wire_to_tap},
        {"wire_to_another_card", wire_to_another_card},
        {"idle_card_uses_under_two_percent", idle_card_uses_under_two_percent},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    }
    fprintf(stderr, "usage: test_sockets <case>\n");
    return 2;
}
