// SPDX-License-Identifier: Apache-2.0
// The folder of the sockets and its lock, see server.h.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server.h"

// A lock file of ours is empty or holds a process number; what else is called so is the user's and stays.
static bool is_ours(int fd, char *pid, size_t room) {
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    n = pread(fd, pid, room - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    return st.st_size == 0 || (strspn(pid, "0123456789") + 1 == (size_t)st.st_size && pid[st.st_size - 1] == '\n');
}

static int take(const char *path, const char *dir, char *err, size_t err_size) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600), why = errno;
    char pid[24] = "";

    if (fd < 0) {
        snprintf(err, err_size, "cannot open %s: %s; name another folder with --dir", path, strerror(why));
        return -why;
    }
    if (!is_ours(fd, pid, sizeof(pid))) {
        snprintf(err, err_size, "%s is no lock file of weir-sim and was left alone; name another folder with --dir",
                 path);
        close(fd);
        return -EEXIST;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(err, err_size,
                 "%s is in use by another weir-sim (process %s); stop it or name another folder with --dir", dir,
                 strtok(pid, "\n") != NULL ? pid : "unknown");
        close(fd);
        return -EBUSY;
    }
    snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
        pid[0] = '\0'; // only the other's message gets poorer
    return fd;
}

int weir_server_lock(const char *dir, bool shared, char *err, size_t err_size) {
    char path[256];
    int why = 0;

    if (strlen(dir) + sizeof("/vf63.sock") > sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        snprintf(err, err_size, "%s is too long a path for sockets; name another folder with --dir", dir);
        return -ENAMETOOLONG;
    }
    // A folder of ours has the mode we say, whatever the umask; one that was there keeps its own.
    if (mkdir(dir, 0700) == 0)
        why = chmod(dir, shared ? 0711 : 0700) != 0 ? errno : 0;
    else if (errno != EEXIST)
        why = errno;
    if (why != 0) {
        snprintf(err, err_size, "cannot make %s: %s; name another folder with --dir", dir, strerror(why));
        return -why;
    }
    snprintf(path, sizeof(path), "%s/lock", dir);
    return take(path, dir, err, err_size);
}
