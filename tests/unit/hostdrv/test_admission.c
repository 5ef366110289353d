// SPDX-License-Identifier: Apache-2.0
// Who may come as which guest, and the file that says so: host_admit.c and host_table.c without a card. What is kept,
// what is refused, and what is never written over.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_int.h"
#include "text.h"
#include "unit.h"

static struct parent p;
static char path[80], err[256], why[136];
static struct weir_vstack_guest_config gc;

// Of host_guests.c, which needs a card.
struct place *guests_find(struct parent *parent, const char *name) {
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (parent->place[i].state != EMPTY && strcmp(parent->place[i].name, name) == 0)
            return &parent->place[i];
    return NULL;
}

static uint8_t on_wire[6];
static const char *outside; // whose VF was given

int given_find(const struct parent *parent, const char *name) {
    (void)parent;
    return outside != NULL && strcmp(outside, name) == 0 ? 0 : -1;
}

bool guests_on_wire(const struct parent *parent, const uint8_t mac[6]) {
    (void)parent;
    return memcmp(mac, on_wire, 6) == 0;
}

// What a file goes through until it is safe: 'f' a file's content, 'r' its new name, 'd' the folder's names.
static char steps[16];
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);

static void step(char what) {
    size_t n = strlen(steps);
    if (n + 1 < sizeof(steps))
        steps[n] = what;
}

int __wrap_fsync(int fd) {
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    step(S_ISDIR(st.st_mode) ? 'd' : 'f');
    return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to) {
    step('r');
    return __real_rename(from, to);
}

static int setup(void **state) {
    (void)state;
    memset(&p, 0, sizeof(p));
    snprintf(path, sizeof(path), "/tmp/weir-unit-table-%d.json", (int)getpid());
    unlink(path);
    return table_load(&p.table, path, err, sizeof(err));
}

static int teardown(void **state) {
    (void)state;
    unlink(path);
    return 0;
}

static struct table_entry *add(const char *name, const char *mac) {
    struct table_entry *e = table_add(&p.table, name);
    assert_non_null(e);
    assert_int_equal(table_set(e, "mac", mac, err, sizeof(err)), 0);
    return e;
}

// A pending client of our own user unless said otherwise.
static int come(const char *name, const char *mac, uid_t uid) {
    struct weir_partition_hello h = {.flags = mac != NULL ? WEIR_PARTITION_OWN_MAC : 0};
    snprintf(h.name, sizeof(h.name), "%s", name);
    if (mac != NULL)
        assert_int_equal(sscanf(mac, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &h.mac[0], &h.mac[1], &h.mac[2], &h.mac[3],
                                &h.mac[4], &h.mac[5]),
                         6);
    memset(&gc, 0, sizeof(gc));
    return admit(&p, &h, uid, &gc, why, sizeof(why));
}

static void present(unsigned at, const char *name, const uint8_t mac[6], uid_t uid) {
    p.place[at].state = GUEST;
    p.place[at].uid = uid;
    snprintf(p.place[at].name, sizeof(p.place[at].name), "%s", name);
    memcpy(p.place[at].mac, mac, 6);
}

// ---- who may come ----

static void a_closed_door_lets_only_the_table_in(void **state) {
    char mac[18];
    (void)state;
    add("vm1", "02:00:00:00:00:01");
    assert_int_equal(come("vm2", NULL, geteuid()), -EACCES);
    assert_int_equal(come("vm1", NULL, geteuid()), 0);
    assert_string_equal(text_of_mac(mac, gc.mac), "02:00:00:00:00:01");
    assert_int_equal(come("vm1", "02:00:00:00:00:01", geteuid()), 0);
    assert_int_equal(come("vm1", "02:00:00:00:00:02", geteuid()), -EPERM);
    assert_int_equal(come("a\x1b", NULL, geteuid()), -EINVAL);
    assert_int_equal(come("", NULL, geteuid()), -EINVAL);
    assert_int_equal(come("vm1", NULL, 4711), -EACCES); // nobody said that this user may
}

static void a_name_is_its_users(void **state) {
    struct table_entry *e = add("vm1", "02:00:00:00:00:01");
    (void)state;
    p.opt.door = DOOR_ALL;
    assert_int_equal(table_set(e, "uid", "4711", err, sizeof(err)), 0);
    assert_int_equal(come("vm1", NULL, 4711), 0);
    assert_int_equal(come("vm1", NULL, 4712), -EACCES);
    assert_int_equal(come("vm1", NULL, geteuid()), -EACCES);
}

static void nobody_takes_an_address_that_is_not_his(void **state) {
    static const char *const bad[] = {"00:00:00:00:00:00", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff",
                                      "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"};
    (void)state;
    p.opt.door = DOOR_OWN;
    add("vm1", "02:00:00:00:00:01");                                      // away, but its own
    present(0, "vm2", (const uint8_t[]){2, 0, 0, 0, 0, 2}, geteuid());    // here
    memcpy(p.opt.protect[p.opt.protected_macs++], "\x02\0\0\0\0\x03", 6); // the gateway
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(come("vm3", bad[i], geteuid()), -EADDRINUSE);
    assert_int_equal(come("vm3", "02:00:00:00:00:04", geteuid()), 0);
    assert_int_equal(come("vm2", NULL, geteuid()), -EEXIST);
    p.place[0].state = LEAVING;
    assert_int_equal(come("vm2", NULL, geteuid()), -EBUSY);
    assert_int_equal(come("vm3", "02:00:00:00:00:02", geteuid()), -EADDRINUSE); // until it is gone
    // Nor what the wire has, such as the gateway's.
    assert_true(text_mac("02:00:00:00:00:77", on_wire));
    assert_int_equal(come("vm3", "02:00:00:00:00:77", geteuid()), -EADDRINUSE);
    assert_non_null(strstr(why, "is on the wire"));
    memset(on_wire, 0, sizeof(on_wire));
    assert_int_equal(come("vm3", "02:00:00:00:00:77", geteuid()), 0);
}

// Whoever the table lets in: a name's VF is its client's outside.
static void nobody_joins_under_a_name_that_is_outside(void **state) {
    (void)state;
    add("vm1", "02:00:00:00:00:01");
    outside = "vm1";
    assert_int_equal(come("vm1", NULL, geteuid()), -EEXIST);
    assert_non_null(strstr(why, "outside"));
    outside = NULL;
    assert_int_equal(come("vm1", NULL, geteuid()), 0);
}

static void addresses_are_assigned_the_same_again(void **state) {
    uint8_t first[6], taken[6];
    (void)state;
    p.opt.door = DOOR_ALL;
    assert_int_equal(come("vm1", NULL, geteuid()), 0);
    memcpy(first, gc.mac, 6);
    assert_int_equal(first[0] & 3, 2); // locally administered, unicast
    assert_int_equal(come("vm1", NULL, geteuid()), 0);
    assert_memory_equal(gc.mac, first, 6);
    assert_int_equal(come("vm2", NULL, geteuid()), 0);
    assert_memory_not_equal(gc.mac, first, 6);
    memcpy(taken, first, 6);
    present(0, "other", taken, geteuid());
    assert_int_equal(come("vm1", NULL, geteuid()), 0);
    assert_memory_not_equal(gc.mac, first, 6); // somebody chose it meanwhile
}

static void strangers_leave_room(void **state) {
    unsigned n = 0;
    char name[16];
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "known%u", i);
        admit_assign(&p, name, add(name, "auto")->mac);
    }
    p.opt.door = DOOR_OWN;
    assert_int_equal(come("x", NULL, 4711), -EACCES); // the door is open to our own
    p.opt.door = DOOR_ALL;
    for (; n < PARENT_MAX_GUESTS; n++) {
        snprintf(name, sizeof(name), "s%u", n);
        if (come(name, NULL, 4711) != 0)
            break;
        present(n, name, gc.mac, 4711);
    }
    assert_int_equal(n, STRANGER_GUESTS);
    for (; n < PARENT_MAX_GUESTS; n++) {
        snprintf(name, sizeof(name), "s%u", n);
        if (come(name, NULL, geteuid()) != 0)
            break;
        present(n, name, gc.mac, geteuid());
    }
    assert_int_equal(n, PARENT_MAX_GUESTS - 10); // the places of the table's guests
    assert_int_equal(come("known3", NULL, geteuid()), 0);
}

// ---- the file ----

static void write_file(const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void read_file(char *text, size_t size) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, size - 1, f)] = '\0';
    fclose(f);
}

static void what_is_saved_is_loaded(void **state) {
    struct table again;
    struct table_entry *e = add("vm1", "02:00:00:00:00:01");
    char value[256], other[256];
    const char *key;
    struct stat st;

    (void)state;
    add("vm2", "02:00:00:00:00:02");
    assert_int_equal(table_set(e, "vlan", "trunk:0,10,20-29", err, sizeof(err)), 0);
    assert_int_equal(table_set(e, "rate", "2500", err, sizeof(err)), 0);
    assert_int_equal(table_set(e, "uid", "4711", err, sizeof(err)), 0);
    assert_int_equal(table_save(&p.table, err, sizeof(err)), 0);
    assert_int_equal(table_save(&p.table, err, sizeof(err)), 0); // over its own
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(table_load(&again, path, err, sizeof(err)), 0);
    assert_int_equal(again.count, 2);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; (key = table_key(k)) != NULL; k++) {
            assert_true(table_get(&p.table.entry[i], key, value, sizeof(value)));
            assert_true(table_get(&again.entry[i], key, other, sizeof(other)));
            assert_string_equal(value, other);
        }
}

static void a_broken_file_is_named_and_kept(void **state) {
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "line 1: the file is empty"},
        {"{\n\"version\": 1,\n\"guests\": [}\n", "line 3: "},
        {"{\"version\": 1, \"guests\": []} and more", "line 1: "},
        {"{\"version\": 2, \"guests\": []}", "version 1"},
        {"[]", "version 1"},
        {"{\"version\": 1, \"guests\": {}}", "version 1"},
        {"{\"version\": 1, \"guests\": [7]}", "guest 1: it has no name"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a b\"}]}", "guest 1: name: 1 to 31"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a\\u0000b\"}]}", "guest 1: name: 1 to 31"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a\"}]}", "guest 1 a: mac: it has none"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a\", \"mac\": \"01:00:00:00:00:00\"}]}", "guest 1 a: mac takes"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a\", \"colour\": \"red\"}]}", "guest 1 a: no setting"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a\", \"rate\": 7}]}", "guest 1 a: a setting is no text"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a\", \"mac\": \"02:00:00:00:00:01\"}, {\"name\": \"a\"}]}",
         "guest 2: name: it is there twice"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"a\", \"mac\": \"02:00:00:00:00:01\"}, {\"name\": \"b\", \"mac\": "
         "\"02:00:00:00:00:01\"}]}",
         "guest 2 b: mac: guest 'a' has it, too"},
        {"{\"version\": 1, \"guests\": [{\"name\": \"\xff\"}]}", "line 1: "},
    };
    char text[512];
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct table t;
        write_file(bad[i].text);
        assert_int_not_equal(table_load(&t, path, err, sizeof(err)), 0);
        if (strstr(err, path) == NULL || strstr(err, bad[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err, bad[i].says);
        read_file(text, sizeof(text));
        assert_string_equal(text, bad[i].text);
    }
}

static void somebody_elses_change_is_not_lost(void **state) {
    char text[512];
    (void)state;
    add("vm1", "02:00:00:00:00:01");
    write_file("mine"); // there was none when we looked
    assert_int_equal(table_save(&p.table, err, sizeof(err)), -ESTALE);
    read_file(text, sizeof(text));
    assert_string_equal(text, "mine");
    unlink(path);
    assert_int_equal(table_save(&p.table, err, sizeof(err)), 0);
    write_file("by hand");
    assert_int_equal(table_save(&p.table, err, sizeof(err)), -ESTALE);
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_not_equal(table_load(&p.table, path, err, sizeof(err)), 0);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0); // nobody waits at its other end
    assert_int_not_equal(table_load(&p.table, path, err, sizeof(err)), 0);
}

static void a_saved_table_outlives_a_power_cut(void **state) {
    (void)state;
    memset(steps, 0, sizeof(steps));
    assert_int_equal(table_save(&p.table, err, sizeof(err)), 0);
    assert_string_equal(steps, "frd");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static const struct CMUnitTest tests[] = {
    CASE(a_saved_table_outlives_a_power_cut),
    CASE(a_closed_door_lets_only_the_table_in),
    CASE(a_name_is_its_users),
    CASE(nobody_takes_an_address_that_is_not_his),
    CASE(nobody_joins_under_a_name_that_is_outside),
    CASE(addresses_are_assigned_the_same_again),
    CASE(strangers_leave_room),
    CASE(what_is_saved_is_loaded),
    CASE(a_broken_file_is_named_and_kept),
    CASE(somebody_elses_change_is_not_lost),
};
UNIT_MAIN(tests)
