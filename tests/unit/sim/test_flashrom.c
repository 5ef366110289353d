// SPDX-License-Identifier: Apache-2.0
// The flash part as the system's unmodified flashrom finds it, over serprog. Exit status 77: there is no flashrom.
// Each transaction takes 15 ms of the part's time: flashrom sleeps 10 ms by its own clock between two polls, which the
// part knows nothing of.
#include <sys/wait.h>
#include <unistd.h>

#include "flash_unit.h"
#include "serprog_port.h"

#define MOST_ARGS 16u
#define IMAGE_BYTES 0x10000u

static char dir[64], image[96], layout[96], text[1 << 20];
static struct serprog_port *port;

static bool spi(void *ctx, const uint8_t *out, size_t n, uint8_t *in, size_t m) {
    (void)ctx;
    wait_ns(15000000);
    flash_part_transfer(&part, out, n, in, m);
    return true;
}

static void become(const char *const *args, int to) {
    const char *argv[MOST_ARGS + 4] = {"flashrom"};
    char programmer[64], path[4096];
    unsigned n = 1;

    if (port != NULL) {
        snprintf(programmer, sizeof(programmer), "serprog:ip=127.0.0.1:%u", serprog_port_number(port));
        argv[n++] = "-p";
        argv[n++] = programmer;
    }
    for (unsigned i = 0; i < MOST_ARGS && args[i] != NULL; i++)
        argv[n++] = args[i];
    // Where Debian has it is not in everybody's path.
    snprintf(path, sizeof(path), "%s:/usr/sbin:/sbin", getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin");
    setenv("PATH", path, 1);
    dup2(to, 1);
    dup2(to, 2);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

// Runs flashrom and serves it until it has ended. What it says is in `text`; returns its exit status.
static int flashrom(const char *const *args) {
    size_t len = 0;
    int pipes[2], status;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    fflush(stdout);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipes[0]);
        become(args, pipes[1]);
    }
    close(pipes[1]);
    for (;;) {
        struct pollfd fds[SERPROG_FDS + 1];
        unsigned n = port != NULL ? serprog_port_pollfds(port, fds) : 0;
        fds[n] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
        assert_true(poll(fds, n + 1, -1) > 0);
        if (n != 0)
            serprog_port_dispatch(port, fds, n);
        if (fds[n].revents != 0) {
            ssize_t got = read(pipes[0], text + len, sizeof(text) - 1 - len);
            if (got <= 0)
                break; // its end, or it says more than a megabyte
            len += (size_t)got;
        }
    }
    text[len] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#define FLASHROM(...) flashrom((const char *const[MOST_ARGS]){__VA_ARGS__})

static void expect(int status, int want) {
    if (status != want)
        printf("%s\n", text);
    assert_int_equal(status, want);
}

static void put(const char *path, const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

// A part with something in it, a folder, and a layout: the image's place and another far away.
static void enter(void) {
    char err[256];

    fresh(FLASH_TYPICAL);
    for (uint32_t i = 0; i < FLASH_BYTES; i += 61)
        part.data[i] = (uint8_t)(i * 7);
    port = serprog_port_open(0, spi, NULL, err, sizeof(err));
    assert_non_null(port);
    snprintf(dir, sizeof(dir), "/tmp/weir-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(image, sizeof(image), "%s/image", dir);
    snprintf(layout, sizeof(layout), "%s/layout", dir);
    put(layout, "ff0000:ffffff slot\n000000:00ffff low\n", 37);
}

static void leave(void) {
    serprog_port_close(port);
    port = NULL;
    unlink(image);
    unlink(layout);
    assert_int_equal(rmdir(dir), 0);
}

static void it_is_found_by_id_and_by_sfdp(void **state) {
    (void)state;
    enter();
    expect(FLASHROM("--flash-name"), 0); // nobody said which chip it is
    assert_non_null(strstr(text, "vendor=\"Winbond\" name=\"W25Q128.V\""));
    expect(FLASHROM("--flash-size"), 0);
    assert_non_null(strstr(text, "\n16777216\n"));
    expect(FLASHROM("-c", "SFDP-capable chip", "--flash-size"), 0);
    assert_non_null(strstr(text, "\n16777216\n"));
    leave();
}

// Writes an image at `at` as flashrom does it for this definition of a chip, and proves that it went nowhere else.
static void write_region(const char *chip, const char *region, uint32_t at) {
    static uint8_t bytes[FLASH_BYTES], before[FLASH_BYTES];
    uint32_t erased = 0;

    for (uint32_t i = 0; i < IMAGE_BYTES; i++)
        bytes[at + i] = (uint8_t)(unit_rand() & (i / 4096 % 4 == 3 ? 0 : 0xFF));
    memcpy(before, part.data, FLASH_BYTES);
    put(image, bytes, sizeof(bytes));
    expect(FLASHROM("-c", chip, "-l", layout, "-i", region, "-N", "-w", image), 0);
    assert_non_null(strstr(text, "VERIFIED"));
    assert_memory_equal(part.data + at, bytes + at, IMAGE_BYTES);
    memcpy(before + at, bytes + at, IMAGE_BYTES);
    assert_memory_equal(part.data, before, FLASH_BYTES);
    for (uint32_t i = 0; i < FLASH_SECTORS; i++)
        erased += part.wear[i];
    assert_true(erased >= IMAGE_BYTES / FLASH_SECTOR);
    // Read back, and a flipped bit is found.
    expect(FLASHROM("-c", chip, "-l", layout, "-i", region, "-N", "-v", image), 0);
    part.data[at + 12345] ^= 4;
    expect(FLASHROM("-c", chip, "-l", layout, "-i", region, "-N", "-v", image), 3);
    assert_non_null(strstr(text, "FAILED"));
    expect(FLASHROM("-c", chip, "-l", layout, "-i", region, "-E"), 0);
    memset(before + at, 0xFF, IMAGE_BYTES);
    assert_memory_equal(part.data, before, FLASH_BYTES);
}

static void it_writes_verifies_and_erases(void **state) {
    (void)state;
    enter();
    write_region("W25Q128.V", "slot", FLASH_BYTES - IMAGE_BYTES);
    leave();
}

static void it_writes_by_what_sfdp_says_alone(void **state) {
    (void)state;
    enter();
    write_region("SFDP-capable chip", "low", 0);
    leave();
}

static void what_it_protects_stays(void **state) {
    static uint8_t bytes[FLASH_BYTES];

    (void)state;
    enter();
    memset(part.data, 0xFF, FLASH_BYTES);
    memset(bytes, 0x5A, sizeof(bytes));
    put(image, bytes, sizeof(bytes));
    expect(FLASHROM("-c", "W25Q128.V", "--wp-range=0xfc0000,0x40000", "--wp-enable"), 0);
    assert_int_equal(sr(0), FLASH_SR1_SRP0 | 1 << 2); // BP 1, of the top
    expect(FLASHROM("-c", "W25Q128.V", "--wp-status"), 0);
    assert_non_null(strstr(text, "start=0x00fc0000 length=0x00040000"));
    assert_non_null(strstr(text, "mode: hardware"));
    // flashrom takes away what stands in its way; WP# keeps it there, when QE leaves it the pin.
    part.status[1] = 0;
    part.wp_low = true;
    assert_true(FLASHROM("-c", "W25Q128.V", "-l", layout, "-i", "slot", "-N", "-w", image) != 0);
    for (uint32_t i = 0; i < FLASH_BYTES; i++)
        assert_int_equal(part.data[i], 0xFF);
    expect(FLASHROM("-c", "W25Q128.V", "-l", layout, "-i", "low", "-N", "-w", image), 0);
    assert_memory_equal(part.data, bytes, IMAGE_BYTES);
    part.wp_low = false;
    expect(FLASHROM("-c", "W25Q128.V", "--wp-disable", "--wp-range=0,0"), 0);
    assert_int_equal(sr(0), 0);
    expect(FLASHROM("-c", "W25Q128.V", "-l", layout, "-i", "slot", "-N", "-w", image), 0);
    assert_memory_equal(part.data + FLASH_BYTES - IMAGE_BYTES, bytes, IMAGE_BYTES);
    // All but that range: CMP is in the second status byte.
    expect(FLASHROM("-c", "W25Q128.V", "--wp-range=0,0xfc0000"), 0);
    assert_int_equal(sr(1), FLASH_SR2_CMP);
    assert_true(flash_cells_protected(&part, 0xFBFFFF, 1));
    assert_false(flash_cells_protected(&part, 0xFC0000, 1));
    leave();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_found_by_id_and_by_sfdp),
    cmocka_unit_test(it_writes_verifies_and_erases),
    cmocka_unit_test(it_writes_by_what_sfdp_says_alone),
    cmocka_unit_test(what_it_protects_stays),
};

static bool flashrom_there(void) {
    bool there = FLASHROM("--version") == 0;
    if (!there)
        printf("skipped: no flashrom (package flashrom; ./weir setup installs it)\n");
    return there;
}
UNIT_MAIN_IF(flashrom_there(), tests)
