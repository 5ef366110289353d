// SPDX-License-Identifier: Apache-2.0
// There is no card here: what can be tested is that the backend says so, in one line, and leaves nothing behind; what
// it says of the files that Linux would show; and how long memory lives that a card could write.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pci_memory.h"
#include "store64.h"
#include "unit.h"
#include "weir/bus.h"
#include "weir_abi.h"
#include "weir_pciaccess.h"

static void no_such_device_is_one_line(void **state) {
    char err[256] = "";
    (void)state;
    assert_null(weir_pciaccess_open("0000:00:1f.7", WEIR_PCIACCESS_PF, err, sizeof(err)));
    assert_int_equal(strncmp(err, "0000:00:1f.7: ", 14), 0);
    assert_true(strlen(err) > 20);
    assert_null(strchr(err, '\n'));
}

static void bad_address_is_one_line(void **state) {
    static const char *const bad[] = {
        "", "eth0", "03:00.0", "0000:03:00", "0000:03:20.0", "0000:03:00.8", "0000:03:00.0x", "0000:03:00.0 "};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char err[256] = "";
        assert_null(weir_pciaccess_open(bad[i], WEIR_PCIACCESS_PF, err, sizeof(err)));
        assert_non_null(strstr(err, "is no PCI address"));
        assert_null(strchr(err, '\n'));
    }
}

// ---- a tree of files in the place of this machine's ----

static char tree[64], function[128];

static void put(const char *name, const char *text) {
    char path[192];
    FILE *f;
    snprintf(path, sizeof(path), "%s/%s", function, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void put_link(const char *name, const char *target) {
    char path[192];
    snprintf(path, sizeof(path), "%s/%s", function, name);
    assert_int_equal(symlink(target, path), 0);
}

static void take(const char *name) {
    char path[192];
    snprintf(path, sizeof(path), "%s/%s", function, name);
    assert_int_equal(remove(path), 0);
}

static bool plant(void) {
    snprintf(tree, sizeof(tree), "/tmp/weir-unit-XXXXXX");
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mkdtemp(tree) == NULL || chmod(tree, 0755) != 0 || mount("none", tree, "tmpfs", 0, "mode=755") != 0)
        return false;
    snprintf(function, sizeof(function), "%s/devices", tree);
    assert_int_equal(mkdir(function, 0755), 0);
    snprintf(function, sizeof(function), "%s/devices/0000:01:00.0", tree);
    assert_int_equal(mkdir(function, 0755), 0);
    put("vendor", "0x8086\n");
    put("device", "0x10fb\n");
    put("class", "0x020000\n");
    put("revision", "0x00\n");
    put("subsystem_vendor", "0x0000\n");
    put("subsystem_device", "0x0000\n");
    put("irq", "0\n");
    put("enable", "0\n");
    put("resource", "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n");
    put("config", "0123456789012345678901234567890123456789012345678901234567890123");
    return mount(tree, "/sys/bus/pci", NULL, MS_BIND, NULL) == 0;
}

static void says(enum weir_pciaccess_kind kind, int why, const char *part) {
    char err[300] = "";
    errno = 0;
    assert_null(weir_pciaccess_open("0000:01:00.0", kind, err, sizeof(err)));
    assert_int_equal(errno, why);
    if (strstr(err, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, err);
    assert_null(strchr(err, '\n'));
    assert_int_equal(strncmp(err, "0000:01:00.0: ", 14), 0);
}

static void what_stands_in_between_is_one_line(void **state) {
    char pf[8], vf[8], memory[160];
    (void)state;
    if (!plant()) {
        puts("needs root and a mount namespace");
        skip();
    }
    snprintf(pf, sizeof(pf), "0x%04x", WEIR_PF_DEVICE_ID);
    snprintf(vf, sizeof(vf), "0x%04x", WEIR_VF_DEVICE_ID);
    says(WEIR_PCIACCESS_PF, ENXIO, "not a Weir function but 8086:10fb");
    put("vendor", "0x1234\n");
    put("device", vf);
    put_link("physfn", "../0000:01:00.7");
    says(WEIR_PCIACCESS_PF, ENXIO, "a VF, which is a guest's; the parent drives the PF 0000:01:00.7");
    put("device", pf);
    says(WEIR_PCIACCESS_VF, ENXIO, "the PF, which is the parent's");
    says(WEIR_PCIACCESS_PF, EOPNOTSUPP, "modprobe pci-pf-stub && echo 1234 5e10");
    put_link("driver", "../../../../bus/pci/drivers/weird-net");
    says(WEIR_PCIACCESS_PF, EBUSY,
         "driver weird-net has it: echo 0000:01:00.0 > /sys/bus/pci/devices/0000:01:00.0/driver/unbind");
    take("driver");
    put_link("driver", "../../../../bus/pci/drivers/pci-pf-stub");
    put_link("iommu_group", ".");
    put("type", "DMA-FQ\n");
    says(WEIR_PCIACCESS_PF, EPERM, "an IOMMU translates");
    put("type", "identity\n");
    assert_int_equal(seteuid(65534), 0);
    says(WEIR_PCIACCESS_PF, EACCES, "cannot turn the device on: Permission denied; only root can");
    assert_int_equal(seteuid(0), 0);
    says(WEIR_PCIACCESS_PF, ENXIO, "cannot map BAR 0");
    // A VF has no use for the stub: there its driver would be in the way, too. Simulated PFs do without.
    put("device", vf);
    says(WEIR_PCIACCESS_VF, EBUSY, "driver pci-pf-stub has it");
    take("driver");
    says(WEIR_PCIACCESS_VF, ENXIO, "cannot map BAR 0");
    put("device", pf);
    snprintf(memory, sizeof(memory), "%s/memory 4096 0\n", tree);
    put("dma_memory", memory);
    says(WEIR_PCIACCESS_PF, ENXIO, "cannot map BAR 0");
    assert_int_equal(umount2("/sys/bus/pci", MNT_DETACH), 0);
    assert_int_equal(umount2(tree, MNT_DETACH), 0);
    assert_int_equal(rmdir(tree), 0);
}

// A BAR of `bytes`, more than fit into an address space where it cannot be mapped: a push into it is one write of all
// its bytes or it is refused, and then nothing of it is written.
static void push_into(uint64_t bytes, bool whole) {
    uint8_t slot[64] __attribute__((aligned(64))), there[64], none[64] = {0};
    char text[256], path[192], err[300] = "";
    struct weir_bus *bus;
    uint32_t word;
    int bar;

    for (unsigned i = 0; i < sizeof(slot); i++)
        slot[i] = (uint8_t)(i + 1);
    snprintf(text, sizeof(text), "0x100000000 0x%llx 0x140204\n%s", 0xFFFFFFFFull + bytes,
             "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n");
    put("resource", text);
    put("resource0", "");
    snprintf(path, sizeof(path), "%s/resource0", function);
    assert_int_equal(truncate(path, 0x200000), 0);
    bar = open(path, O_RDONLY);
    assert_true(bar >= 0);
    bus = weir_pciaccess_open("0000:01:00.0", WEIR_PCIACCESS_PF, err, sizeof(err));
    if (bus == NULL)
        fail_msg("%s", err);
    assert_int_equal(bus->ops->bar_write64(bus, 0x8040, slot), whole ? 0 : -EOPNOTSUPP);
    assert_int_equal(pread(bar, there, sizeof(there), 0x8040), sizeof(there));
    assert_memory_equal(there, whole ? slot : none, sizeof(there));
    assert_int_equal(bus->ops->bar_write64(bus, bytes, slot), -EINVAL);
    assert_int_equal(bus->ops->bar_write64(bus, 0x8004, slot), -EINVAL);
    assert_int_equal(bus->ops->bar_write(bus, 0x8000, 7), 0);
    assert_int_equal(pread(bar, &word, sizeof(word), 0x8000), sizeof(word));
    assert_int_equal(word, 7);
    weir_bus_close(bus);
    close(bar);
}

static void an_inline_doorbell_is_whole_or_refused(void **state) {
    char text[256], path[192];

    (void)state;
    if (!plant()) {
        puts("needs root and a mount namespace");
        skip();
    }
    snprintf(text, sizeof(text), "0x%04x", WEIR_PF_DEVICE_ID);
    put("device", text);
    put("vendor", "0x1234\n");
    put("memory", "");
    snprintf(path, sizeof(path), "%s/memory", function);
    assert_int_equal(truncate(path, 4096), 0);
    snprintf(text, sizeof(text), "%s 4096 0\n", path);
    put("dma_memory", text);
    push_into(0x200000, store64_works());
    push_into((uint64_t)1 << 62, true);
    assert_int_equal(umount2("/sys/bus/pci", MNT_DETACH), 0);
    assert_int_equal(umount2(tree, MNT_DETACH), 0);
    assert_int_equal(rmdir(tree), 0);
}

static bool there(const char *folder, const char *name) {
    char path[96];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return stat(path, &st) == 0;
}

// Nothing stands between the card and this memory: that of a killed driver stays what it is until its device was reset;
// only then it goes back to the system. That of other devices is none of our business.
static void memory_outlives_a_killed_driver(void **state) {
    char folder[] = "/dev/shm/weir-unit-XXXXXX", err[256] = "", path[96];
    struct pci_memory *m;
    struct weir_dma dma;
    pid_t driver;
    FILE *f;
    (void)state;

    assert_non_null(mkdtemp(folder)); // ordinary pages in huge files: how long they live is the same
    driver = fork();
    if (driver == 0) {
        m = pci_memory_new(folder, "0000:01:00.0", err, sizeof(err));
        if (m == NULL)
            _exit(strstr(err, "run as root") != NULL ? 77 : 1);
        if (pci_memory_alloc(m, 4096, &dma) == 0)
            strcpy(dma.mem, "a frame");
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(driver, &status, 0), driver);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        rmdir(folder);
        skip();
    }
    assert_true(WIFSIGNALED(status));
    assert_true(there(folder, "weir-0000:01:00.0-0"));
    snprintf(path, sizeof(path), "%s/weir-0000:01:00.1-0", folder);
    f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);

    m = pci_memory_new(folder, "0000:01:00.0", err, sizeof(err));
    assert_non_null(m);
    assert_int_equal(pci_memory_alloc(m, 4096, &dma), 0);
    assert_int_equal(((char *)dma.mem)[0], 0);
    assert_true(there(folder, "weir-0000:01:00.0-0")); // not reset yet
    assert_true(there(folder, "weir-0000:01:00.0-1"));
    pci_memory_sweep(m);
    assert_false(there(folder, "weir-0000:01:00.0-0"));
    assert_true(there(folder, "weir-0000:01:00.0-1"));
    assert_true(there(folder, "weir-0000:01:00.1-0"));
    pci_memory_free(m, false); // the device was still master of the bus
    assert_true(there(folder, "weir-0000:01:00.0-1"));
    m = pci_memory_new(folder, "0000:01:00.0", err, sizeof(err));
    assert_non_null(m);
    pci_memory_sweep(m);
    pci_memory_free(m, true);
    assert_int_equal(remove(path), 0);
    assert_int_equal(rmdir(folder), 0); // nothing is left
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_inline_doorbell_is_whole_or_refused),
    cmocka_unit_test(what_stands_in_between_is_one_line),
    cmocka_unit_test(memory_outlives_a_killed_driver),
    cmocka_unit_test(no_such_device_is_one_line),
    cmocka_unit_test(bad_address_is_one_line),
};
UNIT_MAIN(tests)
