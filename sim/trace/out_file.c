// SPDX-License-Identifier: Apache-2.0
// See out_file.h. The look and the truncation are of one descriptor, not of one name.
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int look(int fd, out_file_kind kind, bool *regular) {
    uint8_t head[OUT_FILE_HEAD];
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0)
        return -errno;
    *regular = S_ISREG(st.st_mode);
    if (!*regular)
        return S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode) ? 0 : -EEXIST;
    n = pread(fd, head, sizeof(head), 0);
    if (n < 0)
        return -errno;
    return n == 0 || kind(head, (size_t)n) ? 0 : -EEXIST;
}

FILE *out_file_open(const char *path, out_file_kind kind) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666), err;
    bool regular = false;
    FILE *f;

    if (fd < 0)
        return NULL;
    err = look(fd, kind, &regular);
    if (err == 0 && regular && flock(fd, LOCK_EX | LOCK_NB) != 0)
        err = -EBUSY;
    if (err == 0 && regular && ftruncate(fd, 0) != 0)
        err = -errno;
    f = err == 0 ? fdopen(fd, "wb") : NULL;
    if (f != NULL)
        return f;
    err = err != 0 ? -err : errno;
    close(fd);
    errno = err;
    return NULL;
}

int out_file_check(const char *path, out_file_kind kind) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;
    bool regular;

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    err = look(fd, kind, &regular);
    close(fd);
    return err;
}

const char *out_file_error(int err) {
    return err == EEXIST  ? "there is a file of another kind; it was left alone"
           : err == EBUSY ? "it is in use"
                          : strerror(err);
}

static bool begins(const uint8_t *head, size_t n, const uint8_t *with, size_t len) {
    return n >= len && memcmp(head, with, len) == 0;
}

bool out_file_is_pcap(const uint8_t *head, size_t n) {
    static const uint8_t magic[4][4] = {
        {0xD4, 0xC3, 0xB2, 0xA1}, {0xA1, 0xB2, 0xC3, 0xD4}, {0x4D, 0x3C, 0xB2, 0xA1}, {0xA1, 0xB2, 0x3C, 0x4D}};
    for (unsigned i = 0; i < 4; i++)
        if (begins(head, n, magic[i], 4))
            return true;
    return false;
}

bool out_file_is_pcapng(const uint8_t *head, size_t n) {
    static const uint8_t magic[4] = {0x0A, 0x0D, 0x0D, 0x0A};
    return begins(head, n, magic, sizeof(magic));
}

// A header block, type 0, of 329 bytes; the type is 255 while it is being written.
bool out_file_is_fst(const uint8_t *head, size_t n) {
    static const uint8_t length[8] = {0, 0, 0, 0, 0, 0, 1, 0x49};
    return n > sizeof(length) && (head[0] == 0 || head[0] == 255) && memcmp(head + 1, length, sizeof(length)) == 0;
}

int out_file_check_fst(const char *path, char *err, size_t err_size) {
    char hierarchy[4096];
    int ret = out_file_check(path, out_file_is_fst);

    if (ret != 0) {
        snprintf(err, err_size, "cannot write the waveform %s: %s", path, out_file_error(-ret));
        return ret;
    }
    snprintf(hierarchy, sizeof(hierarchy), "%s.hier", path);
    if (access(hierarchy, F_OK) == 0) {
        snprintf(err, err_size, "cannot write the waveform %s: %s is in its way", path, hierarchy);
        return -EEXIST;
    }
    return 0;
}
