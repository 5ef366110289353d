// SPDX-License-Identifier: Apache-2.0
// Sockets that others come to: what is in the way stays, modes are those asked for, only our own is removed.
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"
#include "weir/listener.h"

static char path[64];
static struct weir_listener listener;

static int setup(void **state) {
    char err[256] = "";
    (void)state;
    snprintf(path, sizeof(path), "/tmp/weir-unit-listener-%d.sock", (int)getpid());
    return weir_listener_open(&listener, path, 0600, err, sizeof(err));
}

static int teardown(void **state) {
    (void)state;
    weir_listener_close(&listener);
    return 0;
}

static void a_socket_in_use_is_not_taken_over(void **state) {
    struct weir_listener other;
    char err[256] = "";
    (void)state;
    assert_int_equal(weir_listener_open(&other, path, 0600, err, sizeof(err)), -EADDRINUSE);
    assert_non_null(strstr(err, "is in use by another process"));
}

static void only_a_stale_socket_is_replaced(void **state) {
    struct weir_listener l, next;
    char err[256] = "", file[80], text[8] = "";
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd;

    (void)state;
    snprintf(file, sizeof(file), "%s.file", path);
    fd = open(file, O_CREAT | O_EXCL | O_RDWR, 0600);
    assert_int_equal(write(fd, "mine", 4), 4);
    assert_int_equal(weir_listener_open(&l, file, 0600, err, sizeof(err)), -EEXIST);
    assert_non_null(strstr(err, "is no socket"));
    assert_int_equal(pread(fd, text, 4, 0), 4);
    assert_int_equal(access(file, F_OK), 0);
    close(fd);
    unlink(file);
    fd = socket(AF_UNIX, SOCK_STREAM, 0); // one that somebody left behind
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", file);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    close(fd);
    assert_int_equal(weir_listener_open(&l, file, 0600, err, sizeof(err)), 0);
    // What took our place meanwhile is not ours to remove.
    unlink(file);
    assert_int_equal(weir_listener_open(&next, file, 0600, err, sizeof(err)), 0);
    weir_listener_close(&l);
    assert_int_equal(access(file, F_OK), 0);
    weir_listener_close(&next);
    assert_int_equal(access(file, F_OK), -1);
}

static unsigned mode_of(const char *at) {
    struct stat st;
    assert_int_equal(lstat(at, &st), 0);
    return st.st_mode & 07777;
}

static void modes_do_not_depend_on_the_umask(void **state) {
    static const mode_t masks[] = {0, 022, 077, 0777};
    char dir[80], sock[96], err[256] = "";
    struct weir_listener l;

    (void)state;
    snprintf(dir, sizeof(dir), "%s.d", path);
    snprintf(sock, sizeof(sock), "%s/s", dir);
    for (unsigned i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        mode_t old = umask(masks[i]);
        assert_int_equal(weir_folder(dir, 0711, false, err, sizeof(err)), 0);
        assert_int_equal(weir_listener_open(&l, sock, 0600, err, sizeof(err)), 0);
        umask(old);
        assert_int_equal(mode_of(dir), 0711);
        assert_int_equal(mode_of(sock), 0600);
        assert_int_equal(weir_listener_mode(&l, 0666), 0);
        assert_int_equal(mode_of(sock), 0666);
        assert_int_equal(chmod(dir, 0777), 0);
        assert_int_equal(weir_folder(dir, 0700, false, err, sizeof(err)), -EPERM); // everybody's
        assert_int_equal(weir_folder(dir, 0700, true, err, sizeof(err)), 0);
        assert_int_equal(mode_of(dir), 0700);
        weir_listener_close(&l);
        rmdir(dir);
    }
    assert_int_equal(symlink("/tmp", dir), 0);
    assert_int_equal(weir_folder(dir, 0700, true, err, sizeof(err)), -ENOTDIR);
    unlink(dir);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_socket_in_use_is_not_taken_over, setup, teardown),
    cmocka_unit_test_setup_teardown(only_a_stale_socket_is_replaced, setup, teardown),
    cmocka_unit_test_setup_teardown(modes_do_not_depend_on_the_umask, setup, teardown),
};
UNIT_MAIN(tests)
