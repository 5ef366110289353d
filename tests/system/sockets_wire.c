// SPDX-License-Identifier: Apache-2.0
// The other end of weir-sim's cable: pcap files with a pcapng trace beside them, and a TAP device.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"

static void put32(FILE *f, uint32_t v) {
    CHECK(fwrite(&v, 4, 1, f) == 1, "cannot write");
}

static void make_pcap(const char *path, unsigned frames, unsigned length) {
    FILE *f = fopen(path, "wb");
    uint8_t frame[1514];

    CHECK(f != NULL, "cannot write %s", path);
    put32(f, 0xA1B2C3D4);
    put32(f, 2 | 4u << 16);
    put32(f, 0);
    put32(f, 0);
    put32(f, 65535);
    put32(f, 1);
    for (unsigned i = 0; i < frames; i++) {
        memset(frame, (int)i, sizeof(frame));
        memcpy(frame, pf_mac, 6);
        frame[6] = 0x02;
        frame[12] = 0x88;
        frame[13] = 0xB5;
        put32(f, i);
        put32(f, 0);
        const unsigned len = length != 0 ? length : 40 + i; // the first ones are shorter than the wire allows: padded
        put32(f, len);
        put32(f, len);
        CHECK(fwrite(frame, 1, len, f) == len, "cannot write");
    }
    fclose(f);
}

static long file_size(const char *path) {
    FILE *f = fopen(path, "rb");
    long n = -1;
    if (f != NULL) {
        fseek(f, 0, SEEK_END);
        n = ftell(f);
        fclose(f);
    }
    return n;
}

void wire_to_pcap_and_trace(void) {
    enum { FRAMES = 50 };
    char dir[] = "/tmp/weir-test-pcap-XXXXXX", in[64], out[64], trace[64], wire[160];
    const char *args[] = {"--vfs", "1", "--wire", wire, "--trace", trace, NULL};
    struct inbox box = {0};
    long until, bytes = 0;

    CHECK(mkdtemp(dir) != NULL, "no temporary folder");
    snprintf(in, sizeof(in), "%s/in.pcap", dir);
    snprintf(out, sizeof(out), "%s/out.pcap", dir);
    snprintf(trace, sizeof(trace), "%s/t.pcapng", dir);
    snprintf(wire, sizeof(wire), "pcap:%s,%s", in, out);
    make_pcap(in, FRAMES, 0);
    simproc_start(&sim, args);
    open_pf_only();
    // Every frame comes in, in order, and goes out again.
    until = simproc_now_ms() + WAIT_MS;
    while (box.frames < FRAMES && simproc_now_ms() < until) {
        unsigned before = box.frames;
        weir_qp_poll(weir_pf_qp(pf, 0), 1, on_rx, NULL, &box);
        if (box.frames == before)
            continue;
        size_t want = 40 + before < 60 ? 60 : 40 + before;
        CHECK(box.len == want && box.data[20] == (uint8_t)before, "frame %u has length %zu of %zu and is number %u",
              before, box.len, want, box.data[20]);
        CHECK(weir_qp_send(weir_pf_qp(pf, 0), box.data, box.len) >= 0, "cannot send");
        weir_qp_ring_doorbell(weir_pf_qp(pf, 0));
        bytes += (long)want;
    }
    CHECK(box.frames == FRAMES, "%u of %u frames", box.frames, FRAMES);
    while (weir_qp_tx_pending(weir_pf_qp(pf, 0)) != 0 && simproc_now_ms() < until)
        weir_qp_poll(weir_pf_qp(pf, 0), 16, on_rx, NULL, &box);
    weir_pf_close(pf);
    simproc_stop(&sim);
    CHECK(file_size(out) == 24 + FRAMES * 16 + bytes, "%s has %ld bytes, expected %ld", out, file_size(out),
          24 + FRAMES * 16 + bytes);
    // Each block: 32 bytes around the frame, 12 of options; unit.sim.pcapng reads blocks in full.
    CHECK(file_size(trace) > 2 * (bytes + FRAMES * 44), "%s has only %ld bytes", trace, file_size(trace));
    unlink(in);
    unlink(out);
    unlink(trace);
    rmdir(dir);
}

// Many more frames than the rings hold, at 100 Gb/s, to a driver that comes now and then: the others wait in the file.
void wire_waits_for_a_late_driver(void) {
    enum { FRAMES = 6000 };
    const struct weir_pf_config cfg = {
        .num_vfs = 0, .num_vports = 1, .default_qps = 1, .tx_log2 = 8, .rx_log2 = 9, .buf_bytes = 2048};
    char in[] = "/tmp/weir-test-late-XXXXXX", wire[80], err[256] = "";
    const char *args[] = {"--vfs", "1", "--wire", wire, NULL};
    uint64_t v[32] = {0};
    struct inbox box = {0};
    uint32_t clock, came = 0;
    long until;
    int fd = mkstemp(in);

    CHECK(fd >= 0 && close(fd) == 0, "no temporary file");
    snprintf(wire, sizeof(wire), "pcap:%s", in);
    make_pcap(in, FRAMES, 1400);
    simproc_start(&sim, args);
    CHECK(weir_pf_open(open_bus("pf"), &cfg, &pf, err, sizeof(err)) == 0, "%s", err);
    until = simproc_now_ms() + WAIT_MS;
    // The file plays when the card is at rest with all buffers.
    while (box.frames == 0 && simproc_now_ms() < until)
        weir_qp_poll(weir_pf_qp(pf, 0), 1, on_rx, NULL, &box);
    // Late by the card's clock, some 20 ms of a process beside it; at an end when nothing comes for long.
    for (unsigned quiet = 0; box.frames < FRAMES && quiet < 100; quiet = box.frames != came ? 0 : quiet + 1) {
        uint32_t now;
        came = box.frames;
        CHECK(weir_dev_clock(weir_pf_dev(pf), &clock) == 0, "the card is gone");
        do
            CHECK(weir_dev_clock(weir_pf_dev(pf), &now) == 0, "the card is gone");
        while (now - clock < 20000);
        while (weir_qp_poll(weir_pf_qp(pf, 0), 256, on_rx, NULL, &box) == 256) {
        }
    }
    CHECK(weir_pf_counters(pf, 0, v) == 0, "no counters");
    CHECK(box.frames == FRAMES && v[WEIR_VPORT_CNT_RX_DROP_NO_DESC] == 0, "%u of %u frames came, %llu found no buffer",
          box.frames, FRAMES, (unsigned long long)v[WEIR_VPORT_CNT_RX_DROP_NO_DESC]);
    weir_pf_close(pf);
    simproc_stop(&sim);
    unlink(in);
}

static int packet_socket(const char *ifname) {
    struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(0x88B5)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88B5));
    addr.sll_ifindex = (int)if_nametoindex(ifname);
    CHECK(fd >= 0 && addr.sll_ifindex != 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0,
          "no packet socket on %s", ifname);
    return fd;
}

// Two cards on one cable: what one PF sends, the other receives as it was, both ways, also after one card was replaced.
void wire_to_another_card(void) {
    static const uint8_t mac[2][6] = {{0x02, 0, 0, 0, 0, 0xA}, {0x02, 0, 0, 0, 0, 0xB}};
    char wire[96];
    const char *args[] = {"--vfs", "1", "--wire", wire, NULL};
    struct simproc card[2];
    struct weir_pf *end[2];

    snprintf(wire, sizeof(wire), "link:/tmp/weir-test-link-%d", (int)getpid());
    for (unsigned i = 0; i < 2; i++) {
        simproc_start(&sim, args);
        open_pf_only();
        CHECK(weir_pf_set_filter(pf, 1, 0, mac[i], WEIR_FILTER_ANY_VLAN, 0) == 0, "no filter");
        card[i] = sim;
        end[i] = pf;
    }
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 20; i++)
            for (unsigned from = 0; from < 2; from++)
                send_one(weir_pf_qp(end[from], 0), mac[from], weir_pf_qp(end[1 - from], 0), mac[1 - from],
                         60 + world_rand() % 1455, weir_dev_bus(weir_pf_dev(end[1 - from])));
        if (round == 1)
            break;
        CHECK(weir_pf_clear_filter(end[0], 1) == 0, "cannot clear");
        weir_pf_close(end[0]);
        simproc_stop(&card[0]);
        simproc_start(&sim, args);
        open_pf_only();
        CHECK(weir_pf_set_filter(pf, 1, 0, mac[0], WEIR_FILTER_ANY_VLAN, 0) == 0, "no filter");
        card[0] = sim;
        end[0] = pf;
    }
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_clear_filter(end[i], 1) == 0, "cannot clear");
        weir_pf_close(end[i]);
        simproc_stop(&card[i]);
    }
    CHECK(access(wire + 5, F_OK) != 0, "%s was left behind", wire + 5);
}

// In a network namespace of its own, so nothing of this machine's is touched and nobody else's frames disturb.
void wire_to_tap(void) {
    static const char *const args[] = {"--vfs", "1", "--wire", "tap:weirtap", NULL};
    static const uint8_t peer[6] = {0x02, 0, 0, 0, 0, 0x99};
    int fd;

    if (unshare(CLONE_NEWNET) != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
        printf("skipped: a network namespace and a TAP device need root\n");
        exit(77);
    }
    simproc_start(&sim, args);
    open_pf_only();
    fd = packet_socket("weirtap");
    for (unsigned i = 0; i < 20; i++) {
        struct inbox in = {.from = peer};
        long until = simproc_now_ms() + WAIT_MS;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        size_t len = 20 + world_rand() % 1495, wire_len = len < 60 ? 60 : len;
        uint8_t f[1514], back[1600];
        for (size_t k = 0; k < len; k++)
            f[k] = (uint8_t)world_rand();
        memcpy(f, pf_mac, 6);
        memcpy(f + 6, peer, 6);
        f[12] = 0x88;
        f[13] = 0xB5;
        CHECK(send(fd, f, len, 0) == (ssize_t)len, "cannot send on the TAP device");
        while (in.frames == 0 && simproc_now_ms() < until)
            weir_qp_poll(weir_pf_qp(pf, 0), 1, on_rx, NULL, &in);
        CHECK(in.frames == 1 && in.len == wire_len && memcmp(in.data, f, len) == 0, "%u frames, length %zu of %zu",
              in.frames, in.len, wire_len);
        memcpy(in.data, peer, 6);
        memcpy(in.data + 6, pf_mac, 6);
        CHECK(weir_qp_send(weir_pf_qp(pf, 0), in.data, in.len) >= 0, "cannot send");
        weir_qp_ring_doorbell(weir_pf_qp(pf, 0));
        CHECK(poll(&p, 1, WAIT_MS) == 1 && recv(fd, back, sizeof(back), 0) == (ssize_t)wire_len &&
                  memcmp(back, in.data, wire_len) == 0,
              "frame %u did not come out of the TAP device as it was", i);
        weir_qp_poll(weir_pf_qp(pf, 0), 16, on_rx, NULL, &in);
    }
    close(fd);
    weir_pf_close(pf);
    simproc_stop(&sim);
}
