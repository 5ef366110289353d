// SPDX-License-Identifier: Apache-2.0
// See sysfs.h.
#define FUSE_USE_VERSION 31
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pci_tree.h"

struct sysfs {
    struct pci_tree *tree;
    struct fuse *fuse;
    struct fuse_session *session;
    struct fuse_buf buf;
    bool mounted, made;
    char dir[256];
};

// A path: the root, /devices, a function's folder, or a file in it.
enum place { NOWHERE, ROOT, DEVICES, FOLDER, ENTRY };

static struct pci_tree *tree(void) {
    return ((struct sysfs *)fuse_get_context()->private_data)->tree;
}

static enum place resolve(const char *path, unsigned *fn, const char **file) {
    char name[32];
    const char *slash;
    int n;

    if (strcmp(path, "/") == 0)
        return ROOT;
    if (strcmp(path, "/devices") == 0)
        return DEVICES;
    if (strncmp(path, "/devices/", 9) != 0)
        return NOWHERE;
    path += 9;
    slash = strchr(path, '/');
    n = slash != NULL ? (int)(slash - path) : (int)strlen(path);
    if (n >= (int)sizeof(name))
        return NOWHERE;
    memcpy(name, path, (size_t)n);
    name[n] = '\0';
    n = pci_tree_find(tree(), name);
    if (n < 0)
        return NOWHERE;
    *fn = (unsigned)n;
    *file = slash != NULL ? slash + 1 : NULL;
    return slash != NULL ? ENTRY : FOLDER;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *fi) {
    const char *file, *name;
    unsigned fn, mode;
    uint64_t bytes;
    bool link;
    enum place at = resolve(path, &fn, &file);

    (void)fi;
    memset(st, 0, sizeof(*st));
    if (at == NOWHERE)
        return -ENOENT;
    if (at != ENTRY) {
        st->st_mode = S_IFDIR | 0755;
        st->st_nlink = 2;
        return 0;
    }
    for (unsigned i = 0; (name = pci_tree_file(tree(), fn, i, &bytes, &mode, &link)) != NULL; i++) {
        if (strcmp(name, file) != 0)
            continue;
        st->st_mode = (link ? S_IFLNK : S_IFREG) | mode;
        st->st_nlink = 1;
        st->st_size = (off_t)bytes;
        return 0;
    }
    return -ENOENT;
}

static int read_folder(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *fi,
                       enum fuse_readdir_flags flags) {
    const char *file, *name;
    unsigned fn, mode;
    uint64_t bytes;
    bool link;
    char folder[16];

    (void)offset;
    (void)fi;
    (void)flags;
    fill(buf, ".", NULL, 0, 0);
    fill(buf, "..", NULL, 0, 0);
    switch (resolve(path, &fn, &file)) {
    case ROOT:
        fill(buf, "devices", NULL, 0, 0);
        return 0;
    case DEVICES:
        for (unsigned i = 0; i < pci_tree_count(tree()); i++) {
            pci_tree_name(i, folder);
            fill(buf, folder, NULL, 0, 0);
        }
        return 0;
    case FOLDER:
        for (unsigned i = 0; (name = pci_tree_file(tree(), fn, i, &bytes, &mode, &link)) != NULL; i++)
            fill(buf, name, NULL, 0, 0);
        return 0;
    default:
        return -ENOENT;
    }
}

static int read_link(const char *path, char *to, size_t room) {
    const char *file;
    unsigned fn;
    int n = resolve(path, &fn, &file) == ENTRY ? pci_tree_read(tree(), fn, file, to, room - 1, 0) : -ENOENT;
    if (n < 0)
        return n;
    to[n] = '\0';
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *fi) {
    const char *file;
    unsigned fn;
    if (resolve(path, &fn, &file) != ENTRY)
        return -ENOENT;
    fi->direct_io = 1; // no page of it is kept: the card answers each access
    return 0;
}

static int read_file(const char *path, char *to, size_t size, off_t offset, struct fuse_file_info *fi) {
    const char *file;
    unsigned fn;
    (void)fi;
    return resolve(path, &fn, &file) == ENTRY ? pci_tree_read(tree(), fn, file, to, size, (uint64_t)offset) : -ENODEV;
}

static int write_file(const char *path, const char *from, size_t size, off_t offset, struct fuse_file_info *fi) {
    const char *file;
    unsigned fn;
    (void)fi;
    return resolve(path, &fn, &file) == ENTRY ? pci_tree_write(tree(), fn, file, from, size, (uint64_t)offset)
                                              : -ENODEV;
}

// A shell that writes truncates first.
static int truncate_file(const char *path, off_t size, struct fuse_file_info *fi) {
    (void)path;
    (void)size;
    (void)fi;
    return 0;
}

static void *begin(struct fuse_conn_info *conn, struct fuse_config *cfg) {
    (void)conn;
    // VFs come and go.
    cfg->attr_timeout = cfg->entry_timeout = cfg->negative_timeout = 0;
    return fuse_get_context()->private_data;
}

static const struct fuse_operations operations = {
    .init = begin,
    .getattr = get_attributes,
    .readdir = read_folder,
    .readlink = read_link,
    .open = open_file,
    .read = read_file,
    .write = write_file,
    .truncate = truncate_file,
};

struct sysfs *sysfs_open(struct host *host, const char *dir, char *err, size_t err_size) {
    char *argv[] = {(char *)(uintptr_t) "weir-sim", (char *)(uintptr_t) "-ofsname=weir-sim,subtype=pci"};
    struct fuse_args args = FUSE_ARGS_INIT(2, argv);
    struct sysfs *s = calloc(1, sizeof(*s));
    struct stat st;

    if (s == NULL || (s->tree = pci_tree_new(host)) == NULL) {
        snprintf(err, err_size, "out of memory");
        goto err_sysfs;
    }
    snprintf(s->dir, sizeof(s->dir), "%s", dir);
    s->made = mkdir(dir, 0755) == 0;
    if (!s->made && errno != EEXIST) {
        snprintf(err, err_size, "%s: %s; name a folder that can be made with --sysfs", dir, strerror(errno));
        goto err_sysfs;
    }
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) { // FUSE would mount over a file as well
        snprintf(err, err_size, "%s is no folder; name one with --sysfs", dir);
        goto err_sysfs;
    }
    s->fuse = fuse_new(&args, &operations, sizeof(operations), s);
    if (s->fuse == NULL || fuse_mount(s->fuse, dir) != 0) {
        snprintf(err, err_size, "%s: cannot mount with FUSE; this needs root and /dev/fuse (or package fuse3)", dir);
        goto err_sysfs;
    }
    s->mounted = true;
    s->session = fuse_get_session(s->fuse);
    // Who asked may have gone between our poll and our read, and the next question may be long in coming.
    if (fcntl(fuse_session_fd(s->session), F_SETFL, O_NONBLOCK) != 0) {
        snprintf(err, err_size, "%s: FUSE cannot be read without waiting: %s", dir, strerror(errno));
        goto err_sysfs;
    }
    return s;

err_sysfs:
    sysfs_close(s);
    return NULL;
}

void sysfs_close(struct sysfs *s) {
    if (s == NULL)
        return;
    if (s->mounted)
        fuse_unmount(s->fuse);
    if (s->fuse != NULL)
        fuse_destroy(s->fuse);
    if (s->made)
        (void)rmdir(s->dir);
    pci_tree_free(s->tree);
    free(s->buf.mem);
    free(s);
}

int sysfs_fd(const struct sysfs *s) {
    return fuse_session_fd(s->session);
}

void sysfs_dispatch(struct sysfs *s) {
    if (fuse_session_receive_buf(s->session, &s->buf) > 0)
        fuse_session_process_buf(s->session, &s->buf);
}

bool sysfs_pf_in_use(const struct sysfs *s) {
    return s != NULL && pci_tree_pf_in_use(s->tree);
}
