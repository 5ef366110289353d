// SPDX-License-Identifier: Apache-2.0
// There is no card here: what can be tested is that the backend says so, in one line, and leaves nothing behind; and
// how long memory lives that a card could write.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pci_memory.h"
#include "unit.h"
#include "weir_pciaccess.h"

static void no_such_device_is_one_line(void **state) {
    char err[256] = "";
    (void)state;
    assert_null(weir_pciaccess_open("0000:00:1f.7", err, sizeof(err)));
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
        assert_null(weir_pciaccess_open(bad[i], err, sizeof(err)));
        assert_non_null(strstr(err, "is no PCI address"));
        assert_null(strchr(err, '\n'));
    }
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
    cmocka_unit_test(memory_outlives_a_killed_driver),
    cmocka_unit_test(no_such_device_is_one_line),
    cmocka_unit_test(bad_address_is_one_line),
};
UNIT_MAIN(tests)
