// SPDX-License-Identifier: Apache-2.0
// See host_table.h.
#include "host_table.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"
#include "verbs.h"
#include "weir/partition.h"

#define VERSION 1
#define MAX_BYTES (1u << 20)

// ---- entries ----

struct table_entry *table_find(struct table *t, const char *name) {
    for (unsigned i = 0; i < t->count; i++)
        if (strcmp(t->entry[i].name, name) == 0)
            return &t->entry[i];
    return NULL;
}

struct table_entry *table_add(struct table *t, const char *name) {
    struct table_entry *e = &t->entry[t->count];
    if (t->count == TABLE_MAX)
        return NULL;
    *e = (struct table_entry){.has_uid = false};
    snprintf(e->name, sizeof(e->name), "%s", name);
    weir_policy_default(&e->policy);
    t->count++;
    return e;
}

void table_remove(struct table *t, struct table_entry *e) {
    t->count--;
    memmove(e, e + 1, (size_t)(&t->entry[t->count] - e) * sizeof(*e));
}

const char *table_key(unsigned i) {
    return i == 0 ? "mac" : i == 1 ? "uid" : weir_policy_key(i - 2);
}

static bool set_uid(struct table_entry *e, const char *value) {
    char *end;
    unsigned long v = strtoul(value, &end, 10);
    e->has_uid = strcmp(value, "any") != 0;
    e->uid = (uid_t)v;
    return !e->has_uid || (value[0] >= '0' && value[0] <= '9' && *end == '\0' && v < UINT32_MAX);
}

int table_set(struct table_entry *e, const char *key, const char *value, char *err, size_t err_size) {
    if (strcmp(key, "mac") == 0) {
        memset(e->mac, 0, 6);
        if (strcmp(value, "auto") == 0 || text_mac(value, e->mac))
            return 0;
        snprintf(err, err_size, "mac takes auto or a unicast address such as 02:57:00:00:00:01");
        return -EINVAL;
    }
    if (strcmp(key, "uid") == 0) {
        if (set_uid(e, value))
            return 0;
        snprintf(err, err_size, "uid takes the number of a user, or any for the parent's own and root");
        return -EINVAL;
    }
    return weir_policy_set(&e->policy, key, value, err, err_size);
}

bool table_get(const struct table_entry *e, const char *key, char *value, size_t size) {
    char mac[18];
    if (strcmp(key, "mac") == 0)
        snprintf(value, size, "%s", text_of_mac(mac, e->mac));
    else if (strcmp(key, "uid") == 0 && !e->has_uid)
        snprintf(value, size, "any");
    else if (strcmp(key, "uid") == 0)
        snprintf(value, size, "%u", (unsigned)e->uid);
    else
        return weir_policy_get(&e->policy, key, value, size);
    return true;
}

// ---- the file ----

static int load_entry(struct table *t, struct json_object *o, char *why, size_t size) {
    struct json_object *v = NULL;
    struct table_entry *e;
    const char *name;

    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "name", &v)) {
        snprintf(why, size, "it has no name");
        return -EINVAL;
    }
    name = verb_text(v);
    if (name == NULL || !weir_partition_name_ok(name, strlen(name) + 1)) {
        snprintf(why, size, "name: 1 to 31 letters, digits, '-', '_' and '.'");
        return -EINVAL;
    }
    if (table_find(t, name) != NULL || (e = table_add(t, name)) == NULL) {
        snprintf(why, size, "name: %s", t->count == TABLE_MAX ? "the table is full" : "it is there twice");
        return -EINVAL;
    }
    json_object_object_foreach(o, key, value) {
        if (strcmp(key, "name") == 0)
            continue;
        if (verb_text(value) == NULL) {
            snprintf(why, size, "a setting is no text");
            return -EINVAL;
        }
        if (table_set(e, key, verb_text(value), why, size) != 0)
            return -EINVAL;
    }
    if (weir_policy_check(&e->policy, why, size) != 0)
        return -EINVAL;
    for (const struct table_entry *other = t->entry; other < e; other++)
        if (memcmp(other->mac, e->mac, 6) == 0) {
            snprintf(why, size, "mac: guest '%s' has it, too", other->name);
            return -EINVAL;
        }
    if (memcmp(e->mac, (uint8_t[6]){0}, 6) == 0) {
        snprintf(why, size, "mac: it has none");
        return -EINVAL;
    }
    return 0;
}

static int load_all(struct table *t, struct json_object *top, char *err, size_t err_size) {
    struct json_object *version = NULL, *all = NULL;

    if (!json_object_is_type(top, json_type_object) || !json_object_object_get_ex(top, "version", &version) ||
        json_object_get_int64(version) != VERSION || !json_object_object_get_ex(top, "guests", &all) ||
        !json_object_is_type(all, json_type_array)) {
        snprintf(err, err_size, "%s: no table of guests of version %d", t->path, VERSION);
        return -EINVAL;
    }
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        unsigned before = t->count;
        char why[200] = "";
        if (load_entry(t, json_object_array_get_idx(all, i), why, sizeof(why)) != 0) {
            snprintf(err, err_size, "%s: guest %zu%s%s: %s", t->path, i + 1, t->count > before ? " " : "",
                     t->count > before ? t->entry[before].name : "", why);
            return -EINVAL;
        }
    }
    return 0;
}

static int parse(struct table *t, const char *text, size_t len, char *err, size_t err_size) {
    struct json_tokener *parser = json_tokener_new();
    struct json_object *top = NULL;
    int ret = -EINVAL;

    if (parser == NULL) {
        snprintf(err, err_size, "out of memory");
        return -ENOMEM;
    }
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    top = json_tokener_parse_ex(parser, text, (int)len + 1); // with its end: the text is whole
    if (top == NULL) {
        unsigned line = 1;
        for (size_t i = 0; i < json_tokener_get_parse_end(parser) && i < len; i++)
            line += text[i] == '\n';
        snprintf(err, err_size, "%s: line %u: %s", t->path, line,
                 len == 0 ? "the file is empty" : json_tokener_error_desc(json_tokener_get_error(parser)));
    } else {
        ret = load_all(t, top, err, err_size);
    }
    json_object_put(top);
    json_tokener_free(parser);
    return ret;
}

static bool same_file(const struct table *t, const struct stat *st) {
    return st->st_ino == t->ino && st->st_mtim.tv_sec == t->changed.tv_sec && st->st_mtim.tv_nsec == t->changed.tv_nsec;
}

static void know_file(struct table *t, const struct stat *st) {
    t->ino = st->st_ino;
    t->changed = st->st_mtim;
}

int table_load(struct table *t, const char *path, char *err, size_t err_size) {
    struct stat st = {0};
    char *text = NULL;
    int fd, ret = 0;
    ssize_t n;

    memset(t, 0, sizeof(*t));
    snprintf(t->path, sizeof(t->path), "%s", path);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &st) != 0)
        ret = -errno;
    else if (!S_ISREG(st.st_mode) || st.st_size > (off_t)MAX_BYTES)
        ret = -EBADF;
    if (ret == 0) {
        text = calloc(1, (size_t)st.st_size + 1);
        n = text != NULL ? read(fd, text, (size_t)st.st_size) : -1;
        ret = n == (ssize_t)st.st_size ? 0 : -EIO;
    }
    if (ret != 0)
        snprintf(err, err_size, "cannot read %s: %s", path,
                 ret == -EBADF || ret == -ELOOP ? "it is no ordinary file of at most 1 MB" : strerror(-ret));
    else
        ret = parse(t, text, (size_t)st.st_size, err, err_size);
    if (ret == 0)
        know_file(t, &st);
    free(text);
    if (fd >= 0)
        close(fd);
    return ret;
}

static struct json_object *as_json(const struct table *t) {
    struct json_object *top = json_object_new_object(), *all = json_object_new_array();
    for (unsigned i = 0; i < t->count; i++) {
        struct json_object *o = json_object_new_object();
        const char *key;
        char value[256];
        json_object_object_add(o, "name", json_object_new_string(t->entry[i].name));
        for (unsigned k = 0; (key = table_key(k)) != NULL; k++)
            if (table_get(&t->entry[i], key, value, sizeof(value)))
                json_object_object_add(o, key, json_object_new_string(value));
        json_object_array_add(all, o);
    }
    json_object_object_add(top, "version", json_object_new_int(VERSION));
    json_object_object_add(top, "guests", all);
    return top;
}

static int write_all(int fd, const char *text, size_t len) {
    while (len != 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

// The name is only safe when the folder is: after a power cut the table is the old one or the new one, and once this
// has returned it is the new one.
static int sync_folder(const char *path) {
    char dir[sizeof(((struct table *)NULL)->path)];
    const char *slash = strrchr(path, '/');
    int fd, ret = 0;
    snprintf(dir, sizeof(dir), "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1, slash != NULL ? path : ".");
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        ret = -errno;
    if (fd >= 0)
        close(fd);
    return ret;
}

int table_save(struct table *t, char *err, size_t err_size) {
    struct json_object *top;
    const char *text;
    char temp[sizeof(t->path) + 8];
    struct stat st;
    int fd, ret;

    if (lstat(t->path, &st) == 0 ? !same_file(t, &st) : t->ino != 0) {
        snprintf(err, err_size, "%s was changed by somebody else; restart weir-host to read it", t->path);
        return -ESTALE;
    }
    snprintf(temp, sizeof(temp), "%s.XXXXXX", t->path);
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0) {
        ret = -errno;
        snprintf(err, err_size, "cannot write beside %s: %s", t->path, strerror(-ret));
        return ret;
    }
    top = as_json(t);
    text = json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY);
    ret = write_all(fd, text, strlen(text));
    json_object_put(top);
    if (ret == 0 && (fstat(fd, &st) != 0 || rename(temp, t->path) != 0))
        ret = -errno;
    if (ret == 0) {
        know_file(t, &st);
        ret = sync_folder(t->path);
    } else {
        (void)unlink(temp);
    }
    if (ret != 0)
        snprintf(err, err_size, "cannot write %s: %s", t->path, strerror(-ret));
    close(fd);
    return ret;
}
