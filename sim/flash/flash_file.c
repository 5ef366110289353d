// SPDX-License-Identifier: Apache-2.0
// See flash_file.h.
#include "flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flash.h"
#include "flash_map.h"
#include "manifest.h"

#define NAME_ROOM 4096u

struct flash_file {
    char path[NAME_ROOM]; // without links: what is renamed over is the file, not a link to it
    int fd;               // held and locked for as long as the card runs; -1: there was none
    struct stat st;
    uint8_t held[FLASH_BYTES]; // what the file holds
};

// What the slots take: as long as this were files when the part had no more.
#define SLOTS_BYTES (FLASH_MAP_UPDATED * FLASH_MAP_SLOT_BYTES)
_Static_assert(SLOTS_BYTES <= FLASH_BYTES, "the slots fit the part");

// Each slot begins with an image or is erased there.
static bool is_flash_content(const uint8_t *data) {
    static const uint8_t image[4] = {MANIFEST_MAGIC & 0xFF, MANIFEST_MAGIC >> 8 & 0xFF, MANIFEST_MAGIC >> 16 & 0xFF,
                                     MANIFEST_MAGIC >> 24};
    static const uint8_t erased[4] = {0xFF, 0xFF, 0xFF, 0xFF};
    for (unsigned slot = 0; slot < FLASH_MAP_UPDATED; slot++) {
        const uint8_t *at = data + slot * FLASH_MAP_SLOT_BYTES;
        if (memcmp(at, image, 4) != 0 && memcmp(at, erased, 4) != 0)
            return false;
    }
    return true;
}

static int read_all(int fd, uint8_t *to, size_t bytes) {
    for (size_t at = 0; at < bytes;) {
        ssize_t n = pread(fd, to + at, bytes - at, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        at += (size_t)n;
    }
    return 0;
}

static int write_all(int fd, const uint8_t *from) {
    for (size_t at = 0; at < FLASH_BYTES;) {
        ssize_t n = write(fd, from + at, FLASH_BYTES - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        at += (size_t)n;
    }
    return 0;
}

static int load(struct flash_file *f, const char **what) {
    if (fstat(f->fd, &f->st) != 0)
        return -errno;
    *what = "is no flash content of 16 MiB, nor one of 2 MiB to begin with, and was left alone; name another file with "
            "--flash";
    if (!S_ISREG(f->st.st_mode) || (f->st.st_size != FLASH_BYTES && f->st.st_size != SLOTS_BYTES))
        return -EINVAL;
    if (flock(f->fd, LOCK_EX | LOCK_NB) != 0) {
        *what = "is in use by another simulator; name another file with --flash";
        return -EBUSY;
    }
    if (read_all(f->fd, f->held, (size_t)f->st.st_size) != 0) {
        *what = "cannot be read";
        return -EIO;
    }
    return is_flash_content(f->held) ? 0 : -EINVAL;
}

static void folder_of(const char *path, char *folder, size_t room) {
    const char *slash = strrchr(path, '/');
    snprintf(folder, room, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1, slash != NULL ? path : ".");
}

struct flash_file *flash_file_open(const char *path, uint8_t *data, char *err, size_t err_size) {
    struct flash_file *f = calloc(1, sizeof(*f));
    char folder[NAME_ROOM];
    const char *what = NULL;
    char *real;

    if (f == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    memset(f->held, 0xFF, FLASH_BYTES);
    f->fd = -1;
    real = realpath(path, NULL);
    if (real == NULL && errno != ENOENT)
        what = strerror(errno);
    snprintf(f->path, sizeof(f->path), "%s", real != NULL ? real : path);
    if (real != NULL) {
        f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (f->fd < 0)
            what = strerror(errno);
        else if (load(f, &what) == 0)
            what = NULL;
        else if (what == NULL)
            what = "cannot be read";
    }
    free(real);
    folder_of(f->path, folder, sizeof(folder));
    if (what == NULL && f->fd < 0 && access(folder, W_OK | X_OK) != 0)
        what = strerror(errno); // said now, not after the run
    if (what != NULL) {
        snprintf(err, err_size, "%s: %s", path, what);
        flash_file_close(f);
        return NULL;
    }
    memcpy(data, f->held, FLASH_BYTES);
    return f;
}

// Is what is there now what was read, or nothing when there was nothing?
static bool unmoved(const struct flash_file *f) {
    struct stat st;
    if (lstat(f->path, &st) != 0)
        return errno == ENOENT && f->fd < 0;
    return f->fd >= 0 && st.st_dev == f->st.st_dev && st.st_ino == f->st.st_ino;
}

static mode_t new_mode(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int sync_folder(const char *path) {
    char folder[NAME_ROOM];
    int fd, err;

    folder_of(path, folder, sizeof(folder));
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    err = fsync(fd) != 0 ? -errno : 0;
    close(fd);
    return err;
}

static int replace(const struct flash_file *f, const uint8_t *data) {
    char name[NAME_ROOM + 8];
    int fd, err;

    snprintf(name, sizeof(name), "%s.XXXXXX", f->path);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    err = write_all(fd, data);
    // The owner stays where we may say so; who may write the folder need not be him.
    if (err == 0 && f->fd >= 0 && fchown(fd, f->st.st_uid, f->st.st_gid) != 0 && errno != EPERM)
        err = -errno;
    if (err == 0 && fchmod(fd, f->fd >= 0 ? f->st.st_mode & 07777 : new_mode()) != 0)
        err = -errno;
    if (err == 0 && fsync(fd) != 0)
        err = -errno;
    if (close(fd) != 0 && err == 0)
        err = -errno;
    if (err == 0 && !unmoved(f))
        err = -ESTALE;
    if (err == 0 && rename(name, f->path) != 0)
        err = -errno;
    if (err != 0) {
        (void)unlink(name);
        return err;
    }
    return sync_folder(f->path);
}

int flash_file_save(struct flash_file *f, const uint8_t *data, char *err, size_t err_size) {
    int ret;

    if (f->fd >= 0 && memcmp(data, f->held, FLASH_BYTES) == 0)
        return 0;
    ret = replace(f, data);
    if (ret != 0)
        snprintf(err, err_size, "the flash content was not written to %s: %s", f->path,
                 ret == -ESTALE ? "it is another file than when the card started" : strerror(-ret));
    return ret;
}

void flash_file_close(struct flash_file *f) {
    if (f != NULL && f->fd >= 0)
        close(f->fd);
    free(f);
}
