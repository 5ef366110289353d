// SPDX-License-Identifier: Apache-2.0
// Names of sockets: what is not ours stays, modes are exact, strangers are known.
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "unix_place.h"

static char dir[64], path[96], err[256];

static void enter(void) {
    snprintf(dir, sizeof(dir), "/tmp/weir-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/x.sock", dir);
}

static void leave(void) {
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

static int place(struct unix_place *p, mode_t mode) {
    err[0] = '\0';
    return unix_place_listen(p, path, SOCK_STREAM, 1, mode, err, sizeof(err));
}

static bool there(const char *name) {
    struct stat st;
    return lstat(name, &st) == 0;
}

static void what_is_no_socket_stays(void **state) {
    struct unix_place p;
    char other[96], text[8] = "";
    FILE *f;

    (void)state;
    enter();
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("mine", f);
    fclose(f);
    assert_int_equal(place(&p, 0600), -EEXIST);
    assert_non_null(strstr(err, path));
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    fclose(f);
    assert_string_equal(text, "mine");
    assert_int_equal(unlink(path), 0);
    // Nor a link, to whatever it points.
    snprintf(other, sizeof(other), "%s/other", dir);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(place(&p, 0600), -EEXIST);
    assert_true(there(path) && !there(other));
    leave();
}

static void the_living_are_not_robbed_the_dead_are_replaced(void **state) {
    struct unix_place p, q;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, again, full[8];
    FILE *f;

    (void)state;
    enter();
    fd = place(&p, 0600);
    assert_true(fd >= 0);
    assert_int_equal(place(&q, 0600), -EADDRINUSE);
    // Alive, too, when its backlog is full.
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    for (unsigned i = 0; i < 8; i++) {
        full[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(full[i], (struct sockaddr *)&addr, sizeof(addr));
    }
    assert_int_equal(place(&q, 0600), -EADDRINUSE);
    for (unsigned i = 0; i < 8; i++)
        close(full[i]);
    close(fd); // and dies without removing its name
    again = place(&q, 0600);
    assert_true(again >= 0);
    unix_place_remove(&q);
    assert_false(there(path));
    f = fopen(path, "w"); // what has taken the name since is not ours to remove
    assert_non_null(f);
    fclose(f);
    unix_place_remove(&q);
    assert_true(there(path));
    close(again);
    leave();
}

static void modes_are_exact_whatever_the_umask(void **state) {
    static const mode_t masks[] = {0, 022, 0777};
    static const mode_t modes[] = {0600, 0666};

    (void)state;
    enter();
    for (unsigned i = 0; i < 6; i++) {
        struct unix_place p;
        mode_t before = umask(masks[i % 3]);
        struct stat st;
        int fd = place(&p, modes[i / 3]);
        assert_int_equal(umask(before), masks[i % 3]); // and the umask is as it was
        assert_true(fd >= 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, modes[i / 3]);
        unix_place_remove(&p);
        close(fd);
    }
    leave();
}

// A connection made by a child that is this user.
static int connected_as(uid_t uid, int listener) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
        _exit(setuid(uid) == 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status == 0 ? accept(listener, NULL, NULL) : -1;
}

static void strangers_are_told_from_friends(void **state) {
    const uid_t friend[] = {65533};
    const struct unix_peers peers = {friend, 1};
    struct unix_place p;
    uid_t uid = (uid_t)-1;
    int listener, fd;

    (void)state;
    enter();
    assert_int_equal(chmod(dir, 0711), 0);
    listener = place(&p, 0666);
    assert_true(listener >= 0);
    fd = connected_as(geteuid(), listener);
    assert_true(fd >= 0 && unix_peer_welcome(fd, NULL, &uid));
    assert_int_equal(uid, geteuid());
    close(fd);
    if (geteuid() == 0) { // only root can be somebody else
        fd = connected_as(65534, listener);
        assert_true(fd >= 0);
        assert_false(unix_peer_welcome(fd, &peers, &uid));
        assert_int_equal(uid, 65534);
        assert_false(unix_peer_welcome(fd, NULL, &uid));
        close(fd);
        fd = connected_as(65533, listener);
        assert_true(fd >= 0);
        assert_true(unix_peer_welcome(fd, &peers, &uid));
        assert_false(unix_peer_welcome(fd, NULL, &uid));
        close(fd);
    }
    unix_place_remove(&p);
    close(listener);
    leave();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_no_socket_stays),
    cmocka_unit_test(the_living_are_not_robbed_the_dead_are_replaced),
    cmocka_unit_test(modes_are_exact_whatever_the_umask),
    cmocka_unit_test(strangers_are_told_from_friends),
};
UNIT_MAIN(tests)
