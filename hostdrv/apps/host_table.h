// SPDX-License-Identifier: Apache-2.0
// The parent's table of guests: who may come under which name, with which address and policy. Kept in a file of JSON
// over restarts; a file that cannot be read, or that somebody else changed meanwhile, is never written over.
#ifndef WEIR_APPS_HOST_TABLE_H
#define WEIR_APPS_HOST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "weir/policy.h"

#define TABLE_MAX 64u

struct table_entry {
    char name[32];
    uint8_t mac[6];
    bool has_uid; // only this user may come under the name; else the parent's own and root
    uid_t uid;
    struct weir_policy policy;
};

struct table {
    char path[160];
    // The file as we know it: none yet with ino 0.
    ino_t ino;
    struct timespec changed;
    unsigned count;
    struct table_entry entry[TABLE_MAX];
};

// Reads the file; none is an empty table. 0, or negative errno with one line in err that names file, guest and key.
int table_load(struct table *t, const char *path, char *err, size_t err_size);
// Writes it whole or not at all. 0 or negative errno with one line in err.
int table_save(struct table *t, char *err, size_t err_size);
struct table_entry *table_find(struct table *t, const char *name);
// NULL when there is no room. The policy is the default, the address still to be given.
struct table_entry *table_add(struct table *t, const char *name);
void table_remove(struct table *t, struct table_entry *e);
// KEY is mac (an address, or auto: left zero for the caller to assign), uid (a number or any) or a policy's. 0, or
// -EINVAL with one line in err.
int table_set(struct table_entry *e, const char *key, const char *value, char *err, size_t err_size);
// The value of a key in the same words.
bool table_get(const struct table_entry *e, const char *key, char *value, size_t size);
// Keys in their order; NULL behind the last.
const char *table_key(unsigned i);

#endif
