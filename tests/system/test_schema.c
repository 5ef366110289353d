// SPDX-License-Identifier: Apache-2.0
// usage: test_schema SCHEMA FILE. Holds a JSON file against its schema (the words of JSON Schema that ours use), and
// then shows that the check can fail: a file that lacks something required, has something unknown or has a text where
// another type belongs does not pass.
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct json_object *schema;
static char where[256], why[256];

static struct json_object *member(struct json_object *o, const char *key) {
    struct json_object *v = NULL;
    return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

static bool wrong(const char *what) {
    snprintf(why, sizeof(why), "%s", what);
    return false;
}

static bool is(struct json_object *v, const char *type) {
    if (strcmp(type, "number") == 0)
        return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
    if (strcmp(type, "integer") == 0)
        type = "int";
    return strcmp(json_type_to_name(json_object_get_type(v)), type) == 0;
}

static bool type_fits(struct json_object *v, struct json_object *types) {
    if (!json_object_is_type(types, json_type_array))
        return is(v, json_object_get_string(types));
    for (size_t i = 0; i < json_object_array_length(types); i++)
        if (is(v, json_object_get_string(json_object_array_get_idx(types, i))))
            return true;
    return false;
}

static bool fits(struct json_object *v, struct json_object *s);

static bool object_fits(struct json_object *v, struct json_object *s) {
    struct json_object *required = member(s, "required"), *known = member(s, "properties"),
                       *more = member(s, "additionalProperties");
    for (size_t i = 0; required != NULL && i < json_object_array_length(required); i++) {
        const char *key = json_object_get_string(json_object_array_get_idx(required, i));
        if (!json_object_object_get_ex(v, key, NULL))
            return wrong("something required is not there");
    }
    json_object_object_foreach(v, key, value) {
        struct json_object *of = member(known, key);
        size_t len = strlen(where);
        snprintf(where + len, sizeof(where) - len, "/%s", key);
        if (of == NULL && more != NULL && !json_object_get_boolean(more))
            return wrong("unknown");
        if (of != NULL && !fits(value, of))
            return false;
        where[len] = '\0';
    }
    return true;
}

static bool fits(struct json_object *v, struct json_object *s) {
    struct json_object *ref = member(s, "$ref"), *one = member(s, "const"), *some = member(s, "enum"),
                       *items = member(s, "items"), *least = member(s, "minimum"), *types = member(s, "type");
    bool found = some == NULL;
    if (ref != NULL)
        s = member(member(schema, "$defs"), json_object_get_string(ref) + strlen("#/$defs/"));
    if (ref != NULL)
        return s != NULL ? fits(v, s) : wrong("no such definition");
    if (types != NULL && !type_fits(v, types))
        return wrong("of another type");
    if (one != NULL && !json_object_equal(v, one))
        return wrong("not the one value");
    for (size_t i = 0; !found && i < json_object_array_length(some); i++)
        found = json_object_equal(v, json_object_array_get_idx(some, i)) != 0;
    if (!found)
        return wrong("not one of the values");
    if (least != NULL && json_object_get_double(v) < json_object_get_double(least))
        return wrong("too small");
    for (size_t i = 0; items != NULL && json_object_is_type(v, json_type_array) && i < json_object_array_length(v); i++)
        if (!fits(json_object_array_get_idx(v, i), items))
            return false;
    return !json_object_is_type(v, json_type_object) || object_fits(v, s);
}

static bool passes(struct json_object *v) {
    where[0] = why[0] = '\0';
    return fits(v, schema);
}

// Each required member taken away, each member replaced by a type that no member has, and an unknown one.
static bool check_fails(struct json_object *v) {
    struct json_object *required = member(schema, "required");
    for (size_t i = 0; i < json_object_array_length(required); i++) {
        const char *key = json_object_get_string(json_object_array_get_idx(required, i));
        struct json_object *was = json_object_get(member(v, key));
        bool passed;
        json_object_object_del(v, key);
        passed = passes(v);
        json_object_object_add(v, key, json_object_new_double(-1.5));
        passed = passes(v) || passed;
        json_object_object_add(v, key, was);
        if (passed) {
            fprintf(stderr, "a file without a good '%s' passes\n", key);
            return false;
        }
    }
    json_object_object_add(v, "surely unknown", NULL);
    return !passes(v);
}

int main(int argc, char **argv) {
    struct json_object *v = argc == 3 ? json_object_from_file(argv[2]) : NULL;
    int ret = 1;
    schema = argc == 3 ? json_object_from_file(argv[1]) : NULL;
    if (schema == NULL || v == NULL)
        fprintf(stderr, "test_schema: %s\n", argc == 3 ? json_util_get_last_err() : "usage: test_schema SCHEMA FILE");
    else if (!passes(v))
        fprintf(stderr, "%s: %s: %s\n", argv[2], where, why);
    else if (!check_fails(v))
        fprintf(stderr, "the check cannot fail\n");
    else
        ret = 0;
    json_object_put(v);
    json_object_put(schema);
    return ret;
}
