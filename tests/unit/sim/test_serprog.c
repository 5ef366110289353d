// SPDX-License-Identifier: Apache-2.0
// The serprog protocol: each command's answer as flashrom's description of it has it, and peers that keep to nothing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serprog_port.h"
#include "unit.h"

static struct serprog serprog;
static unsigned operations;
static size_t last_n, last_m;
static bool away;

// Answers with the bytes it got, turned around in value.
static bool spi(void *ctx, const uint8_t *out, size_t n, uint8_t *in, size_t m) {
    (void)ctx;
    if (away)
        return false;
    operations++;
    last_n = n;
    last_m = m;
    for (size_t i = 0; i < m; i++)
        in[i] = n != 0 ? (uint8_t)~out[i % n] : 0x77;
    return true;
}

static void fresh(void) {
    away = false;
    operations = 0;
    serprog_init(&serprog, spi, NULL);
}

// Says `n` bytes, `chunk` at a time, and hears exactly `want`.
static void talk(const void *say, size_t n, size_t chunk, const void *want, size_t m) {
    const uint8_t *from = say;
    size_t heard = 0;
    while (n != 0 || serprog_ready(&serprog)) {
        size_t room = sizeof(serprog.in) - serprog.in_len, take = n < chunk ? n : chunk;
        take = take < room ? take : room;
        if (take != 0)
            memcpy(serprog.in + serprog.in_len, from, take);
        serprog.in_len += take;
        from += take;
        n -= take;
        serprog_step(&serprog);
        assert_true(heard + serprog.out_len <= m);
        assert_memory_equal(serprog.out, (const uint8_t *)want + heard, serprog.out_len);
        heard += serprog.out_len;
        serprog.out_len = 0;
    }
    assert_int_equal(heard, m);
}
#define TALK(say, want) talk(say, sizeof(say) - 1, 9999, want, sizeof(want) - 1)

static void every_command_answers(void **state) {
    (void)state;
    fresh();
    TALK("\x00", "\x06");
    TALK("\x01", "\x06\x01\x00");
    TALK("\x02", "\x06\x3F\x01\x3F\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    TALK("\x03", "\x06Weir SPI flash\0\0");
    TALK("\x04", "\x06\xFF\xFF");
    TALK("\x05", "\x06\x08");
    TALK("\x08", "\x06\x00\x10\x00");
    TALK("\x10", "\x15\x06");
    TALK("\x11", "\x06\x00\x10\x00");
    TALK("\x12\x08", "\x06");
    TALK("\x12\x09", "\x06");
    TALK("\x12\x07", "\x15");
    TALK("\x14\x00\x00\x00\x00", "\x15");
    TALK("\x14\x40\x42\x0F\x00", "\x06\x40\x42\x0F\x00");
    TALK("\x14\xFF\xFF\xFF\xFF", "\x06\x00\xEA\x32\x06");
    TALK("\x13\x02\x00\x00\x03\x00\x00\xA5\x5A", "\x06\x5A\xA5\x5A");
    TALK("\x13\x00\x00\x00\x01\x00\x00", "\x06\x77");
    TALK("\x13\x00\x00\x00\x00\x00\x00", "\x06");
    assert_int_equal(operations, 3);
    // Without the pins there are no operations; neither while the card has the part.
    TALK("\x15\x00", "\x06");
    TALK("\x13\x01\x00\x00\x01\x00\x00\x55", "\x15");
    TALK("\x15\x01", "\x06");
    away = true;
    TALK("\x13\x01\x00\x00\x01\x00\x00\x55", "\x15");
    away = false;
    TALK("\x13\x01\x00\x00\x01\x00\x00\x55", "\x06\xAA");
    assert_int_equal(operations, 4);
}

static void unknown_commands_are_refused(void **state) {
    static const uint8_t known[] = {0, 1, 2, 3, 4, 5, 8, 16, 17, 18, 19, 20, 21};

    (void)state;
    fresh();
    for (unsigned c = 0; c < 256; c++)
        if (memchr(known, (int)c, sizeof(known)) == NULL) {
            const uint8_t say[2] = {(uint8_t)c, 0};
            talk(say, 2, 2, "\x15\x06", 2); // a byte each: the next is a command
        }
}

static void commands_may_come_in_pieces_and_together(void **state) {
    static const char say[] = "\x10\x13\x02\x00\x00\x03\x00\x00\xA5\x5A\x01\x14\x01\x00\x00\x00\x00";
    static const char want[] = "\x15\x06\x06\x5A\xA5\x5A\x06\x01\x00\x06\x01\x00\x00\x00\x06";

    (void)state;
    for (size_t chunk = 1; chunk <= sizeof(say); chunk++) {
        fresh();
        talk(say, sizeof(say) - 1, chunk, want, sizeof(want) - 1);
    }
}

// Too long either way: its bytes are none of another command, and the answer comes behind them.
static void too_long_operations_are_skipped(void **state) {
    static const uint32_t lengths[] = {SERPROG_MOST, SERPROG_MOST + 1, 0xFFFFFF};
    static uint8_t say[7 + 0xFFFFFF + 1];
    static uint8_t want[1 + SERPROG_MOST + 1];

    (void)state;
    memset(say, 0x10, sizeof(say));
    for (unsigned i = 0; i < 6; i++) {
        uint32_t n = i < 3 ? lengths[i] : 1, m = i < 3 ? 1 : lengths[i - 3];
        bool fits = i == 0 || i == 3;
        size_t answer = fits ? 1 + m : 1;
        fresh();
        say[0] = 0x13;
        for (unsigned b = 0; b < 3; b++) {
            say[1 + b] = (uint8_t)(n >> 8 * b);
            say[4 + b] = (uint8_t)(m >> 8 * b);
        }
        say[7 + n] = 0x00; // a NOP behind it
        memset(want, 0xEF, sizeof(want));
        want[0] = fits ? 0x06 : 0x15;
        want[answer] = 0x06;
        talk(say, 8 + n, 60000, want, answer + 1);
        assert_int_equal(operations, fits);
        assert_true(!fits || (last_n == n && last_m == m));
        say[7 + n] = 0x10;
    }
}

// The port: clients are plain sockets of this process, and the poll loop turns only when the test says so.
static struct serprog_port *port;
static char err[256];

static void turn(void) {
    struct pollfd fds[SERPROG_FDS];
    unsigned n = serprog_port_pollfds(port, fds);
    assert_in_range(n, 1, SERPROG_FDS);
    assert_true(poll(fds, n, 0) >= 0);
    serprog_port_dispatch(port, fds, n);
}

static int come(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)serprog_port_number(port))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    turn();
    return fd;
}

// Turns until the client has heard n bytes: the answer comes with the turns, not with the clock.
static void ask(int fd, const void *say, size_t n, const void *want, size_t m) {
    uint8_t heard[64];
    size_t have = 0;
    assert_int_equal(send(fd, say, n, MSG_NOSIGNAL), n);
    while (have < m) {
        ssize_t got = recv(fd, heard + have, m - have, MSG_DONTWAIT);
        assert_true(got != 0);
        have += got > 0 ? (size_t)got : 0;
        turn();
    }
    assert_memory_equal(heard, want, m);
}

static void enter(void) {
    away = false;
    port = serprog_port_open(0, spi, NULL, err, sizeof(err));
    assert_non_null(port);
}

static void silent_and_slow_clients_stop_nobody(void **state) {
    static uint8_t flood[7 * 9000];
    int silent, slow, half, good, fd;
    size_t sent = 0;

    (void)state;
    enter();
    silent = come();
    half = come();
    assert_int_equal(send(half, "\x13\xFF\x00\x00", 4, MSG_NOSIGNAL), 4);
    slow = come(); // asks and asks, and takes no answer
    for (size_t i = 0; i < sizeof(flood); i++)
        flood[i] = (uint8_t) "\x13\x00\x00\x00\x00\x10\x00"[i % 7];
    for (unsigned still = 0; still < 64; still++) {
        size_t at = sent % sizeof(flood);
        ssize_t n = send(slow, flood + at, sizeof(flood) - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        unsigned before = operations;
        turn();
        sent += n > 0 ? (size_t)n : 0;
        if (n > 0 || operations != before)
            still = 0;
        assert_true(sent < 64u << 20); // what it says is not stored without a bound
    }
    good = come();
    ask(good, "\x10", 1, "\x15\x06", 2);
    // A fifth: who has been silent longest makes place.
    fd = come();
    ask(fd, "\x01", 1, "\x06\x01\x00", 3);
    ask(good, "\x00", 1, "\x06", 1);
    assert_int_equal(recv(silent, flood, 1, 0), 0);
    assert_int_equal(recv(half, flood, 1, MSG_DONTWAIT), -1);
    // Who goes in the middle of its operation makes place, too.
    close(half);
    close(slow);
    turn();
    ask(good, "\x13\x01\x00\x00\x01\x00\x00\x0F", 8, "\x06\xF0", 2);
    close(fd);
    close(good);
    close(silent);
    serprog_port_close(port);
}

enum visitor { ROOT, OTHER, OTHER_WHO_LEFT };

// Asks for an operation; exit status 0: it went as it should for who this is.
static void visit(enum visitor who) {
    static const char operation[7] = {0x13};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)serprog_port_number(port))};
    int fd;
    char ack;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (who != ROOT && setuid(65534) != 0)
        _exit(9);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        _exit(9);
    (void)send(fd, operation, sizeof(operation), MSG_NOSIGNAL);
    if (who != OTHER_WHO_LEFT && (recv(fd, &ack, 1, 0) == 1) != (who == ROOT))
        _exit(9);
    _exit(0);
}

// Of another user, and of one whose socket has no owner any more.
static void other_users_are_shut_out(void **state) {
    (void)state;
    if (geteuid() != 0)
        skip();
    enter();
    operations = 0;
    for (enum visitor who = ROOT; who <= OTHER_WHO_LEFT; who++) {
        int status;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            visit(who);
        if (who == OTHER_WHO_LEFT)
            assert_int_equal(waitpid(child, &status, 0), child);
        else
            while (waitpid(child, &status, WNOHANG) == 0)
                turn();
        assert_int_equal(status, 0);
        for (unsigned i = 0; i < 4; i++) // accept, receive, answer, and one to spare
            turn();
        assert_int_equal(operations, 1); // root's
    }
    serprog_port_close(port);
}

static void the_port_is_this_machines_own(void **state) {
    struct serprog_port *other;
    struct sockaddr_in at = {.sin_family = AF_INET};
    int fd;

    (void)state;
    enter();
    at.sin_port = htons((uint16_t)serprog_port_number(port));
    at.sin_addr.s_addr = htonl(0x7F000002); // 127.0.0.2 would do if it listened everywhere
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), -1);
    close(fd);
    other = serprog_port_open(serprog_port_number(port), spi, NULL, err, sizeof(err));
    assert_null(other);
    assert_non_null(strstr(err, "--serprog"));
    serprog_port_close(port);
    serprog_port_close(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_command_answers),
    cmocka_unit_test(unknown_commands_are_refused),
    cmocka_unit_test(commands_may_come_in_pieces_and_together),
    cmocka_unit_test(too_long_operations_are_skipped),
    cmocka_unit_test(silent_and_slow_clients_stop_nobody),
    cmocka_unit_test(other_users_are_shut_out),
    cmocka_unit_test(the_port_is_this_machines_own),
};
UNIT_MAIN(tests)
