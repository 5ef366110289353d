// SPDX-License-Identifier: Apache-2.0
// See weir/listener.h.
#include "weir/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128 // several are accepted a turn, so this many wait only when very many come at once

int weir_folder(const char *path, unsigned mode, bool enforce, char *err, size_t err_size) {
    bool made = mkdir(path, 0700) == 0;
    struct stat st;

    if ((!made && errno != EEXIST) || lstat(path, &st) != 0) {
        int ret = -errno;
        snprintf(err, err_size, "cannot make the folder %s: %s", path, strerror(-ret));
        return ret;
    }
    // Through a link its owner decides where our sockets are; the links of the administrator's own paths are fine.
    if (!enforce && S_ISLNK(st.st_mode) && stat(path, &st) != 0)
        memset(&st, 0, sizeof(st));
    if (!S_ISDIR(st.st_mode)) {
        snprintf(err, err_size, "%s is there and is no folder; name another one", path);
        return -ENOTDIR;
    }
    if (st.st_uid != geteuid() && (enforce || st.st_uid != 0)) {
        snprintf(err, err_size, "the folder %s belongs to user %u; name one of your own", path, (unsigned)st.st_uid);
        return -EPERM;
    }
    if (!made && !enforce && (st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0) {
        snprintf(err, err_size, "everybody may write to the folder %s; name another one", path);
        return -EPERM;
    }
    if ((made || enforce) && (st.st_mode & 07777) != mode && chmod(path, mode) != 0) {
        int ret = -errno;
        snprintf(err, err_size, "cannot set the mode of %s: %s", path, strerror(-ret));
        return ret;
    }
    return 0;
}

static int give_up(struct weir_listener *l, int ret) {
    close(l->fd);
    l->fd = -1;
    return ret;
}

// Only a socket that nobody answers is stale.
static int make_room(const struct weir_listener *l, const struct sockaddr_un *addr, char *err, size_t err_size) {
    struct stat st;

    if (lstat(l->path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(err, err_size, "%s is there and is no socket; move it away or name another folder", l->path);
        return -EEXIST;
    }
    if (connect(l->fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno == EAGAIN) {
        snprintf(err, err_size, "%s is in use by another process; stop it or name another folder", l->path);
        return -EADDRINUSE;
    }
    if (errno != ECONNREFUSED || unlink(l->path) != 0) {
        int ret = -errno;
        snprintf(err, err_size, "cannot replace %s: %s", l->path, strerror(-ret));
        return ret;
    }
    return 0;
}

int weir_listener_open(struct weir_listener *l, const char *path, unsigned mode, char *err, size_t err_size) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct stat st;
    int ret;

    *l = (struct weir_listener){.fd = -1};
    if (strlen(path) >= sizeof(addr.sun_path)) {
        snprintf(err, err_size, "%s is too long for the path of a socket (%zu characters); name a shorter one", path,
                 sizeof(addr.sun_path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    memcpy(l->path, path, strlen(path) + 1);
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0) {
        ret = -errno;
        snprintf(err, err_size, "no socket: %s", strerror(-ret));
        return ret;
    }
    ret = make_room(l, &addr, err, err_size);
    if (ret != 0)
        return give_up(l, ret);
    // The socket's own mode is what bind gives the path, less the umask: from its first moment nobody else may connect.
    ret = fchmod(l->fd, 0600) != 0 || bind(l->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ? -errno : 0;
    if (ret == 0 && lstat(path, &st) == 0) {
        l->dev = st.st_dev;
        l->ino = st.st_ino;
        ret = chmod(path, mode) != 0 || listen(l->fd, BACKLOG) != 0 ? -errno : 0;
    }
    if (ret != 0) {
        snprintf(err, err_size, "cannot listen at %s: %s", path, strerror(-ret));
        weir_listener_close(l);
    }
    return ret;
}

int weir_listener_mode(const struct weir_listener *l, unsigned mode) {
    return chmod(l->path, mode) == 0 ? 0 : -errno;
}

int weir_listener_accept(const struct weir_listener *l, uid_t *uid) {
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t len = sizeof(who);

    if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0) {
        close(fd);
        return -1;
    }
    *uid = who.uid;
    return fd;
}

void weir_listener_close(struct weir_listener *l) {
    struct stat st;

    if (l->fd < 0)
        return;
    close(l->fd);
    l->fd = -1;
    if (lstat(l->path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == l->dev && st.st_ino == l->ino)
        (void)unlink(l->path);
}
