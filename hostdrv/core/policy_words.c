// SPDX-License-Identifier: Apache-2.0
// A guest's policy in words, one key at a time, as weirctl and the parent's table of guests have it: weir/policy.h.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/policy.h"

#define NO_NUMBER (-1)

// A number in decimal without anything else around it, up to `stop`; NO_NUMBER otherwise.
static long number(const char *text, char stop, unsigned long max, const char **rest) {
    char *end;
    unsigned long v;
    if (text[0] < '0' || text[0] > '9')
        return NO_NUMBER;
    v = strtoul(text, &end, 10);
    if (v > max || (*end != '\0' && *end != stop))
        return NO_NUMBER;
    *rest = end;
    return (long)v;
}

static bool whole_number(const char *text, unsigned long min, unsigned long max, unsigned long *v) {
    const char *rest;
    long n = number(text, '\0', max, &rest);
    *v = n < 0 ? 0 : (unsigned long)n;
    return n >= 0 && (unsigned long)n >= min;
}

static bool port_vlan(struct weir_policy *p, const char *text) {
    unsigned long priority = 0;
    const char *rest;
    long vid = number(text, ':', 4094, &rest);
    if (vid < 1 || (*rest == ':' && !whole_number(rest + 1, 0, 7, &priority)))
        return false;
    p->vlan_mode = WEIR_VLAN_PORT;
    p->tci = (uint16_t)(priority << 13 | (unsigned long)vid);
    return true;
}

static bool trunk(struct weir_policy *p, const char *text) {
    struct weir_policy t = *p;
    if (strcmp(text, "all") == 0)
        text = "0-4094";
    t.vlan_mode = WEIR_VLAN_TRUNK;
    for (t.vlan_count = 0; t.vlan_count < WEIR_VLAN_RANGES; text++) {
        char one[16];
        size_t n = strcspn(text, ",");
        const char *rest;
        long first, last;
        char none[1];
        if (n == 0 || n >= sizeof(one))
            return false;
        memcpy(one, text, n);
        one[n] = '\0';
        first = last = number(one, '-', 4094, &rest);
        if (first >= 0 && *rest == '-')
            last = number(rest + 1, '\0', 4094, &rest);
        if (first < 0 || last < 0)
            return false;
        t.vlan[t.vlan_count++] = (struct weir_vlan_range){(uint16_t)first, (uint16_t)last};
        text += n;
        if (*text == '\0') {
            if (weir_policy_check(&t, none, sizeof(none)) != 0)
                return false; // not in ascending order
            *p = t;
            return true;
        }
    }
    return false; // more ranges than the card takes
}

static bool set_vlan(struct weir_policy *p, const char *v) {
    if (strcmp(v, "any") == 0) {
        p->vlan_mode = WEIR_VLAN_ANY;
        return true;
    }
    if (v[0] >= '0' && v[0] <= '9')
        return port_vlan(p, v);
    return strncmp(v, "port:", 5) == 0 ? port_vlan(p, v + 5) : strncmp(v, "trunk:", 6) == 0 && trunk(p, v + 6);
}

static bool set_flag(bool *flag, const char *v) {
    if (strcmp(v, "on") != 0 && strcmp(v, "off") != 0)
        return false;
    *flag = strcmp(v, "on") == 0;
    return true;
}

static const char *const links[] = {"follow", "up", "down", NULL};
static const char *const vfs[] = {"auto", "pin", "never", NULL};

static bool set_word(uint8_t *to, const char *const *words, const char *v) {
    for (unsigned i = 0; words[i] != NULL; i++)
        if (strcmp(v, words[i]) == 0) {
            *to = (uint8_t)i;
            return true;
        }
    return false;
}

enum key { VLAN, STAGS, SPOOFCHK, TRUST, LEARN, MAX_MAC, LINK, RATE, WEIGHT, VF, PRIORITY, KEYS };
static const struct {
    const char *name, *takes;
} keys[KEYS] = {
    [VLAN] = {"vlan",
              "any, a port VLAN (VID or port:VID[:PRIORITY]) or trunk:LIST (all, or such as 0,10,20-29: ascending, at "
              "most 16 ranges)"},
    [STAGS] = {"stags", "on or off"},
    [SPOOFCHK] = {"spoofchk", "on or off"},
    [TRUST] = {"trust", "on or off"},
    [LEARN] = {"learn", "on or off"},
    [MAX_MAC] = {"max-mac", "1 to 16 addresses, its own included"},
    [LINK] = {"link", "follow, up or down"},
    [RATE] = {"rate", "Mb/s from 1 to 200000, 0 for no limit"},
    [WEIGHT] = {"weight", "1 to 15"},
    [VF] = {"vf", "auto, pin or never"},
    [PRIORITY] = {"priority", "0 to 15, the higher first"},
};

static enum key key_of(const char *name) {
    unsigned k = 0;
    while (k < KEYS && strcmp(keys[k].name, name) != 0)
        k++;
    return (enum key)k;
}

const char *weir_policy_key(unsigned i) {
    return i < KEYS ? keys[i].name : NULL;
}

int weir_policy_set(struct weir_policy *p, const char *key, const char *value, char *err, size_t err_size) {
    bool only_trunk = strcmp(key, "trunk") == 0; // the other name of vlan trunk:LIST
    enum key k = only_trunk ? VLAN : key_of(key);
    unsigned long n = 0;
    bool ok = false;
    switch (k) {
    case VLAN:
        ok = only_trunk ? trunk(p, value) : set_vlan(p, value);
        break;
    case STAGS:
        ok = set_flag(&p->stags, value);
        break;
    case SPOOFCHK:
        ok = set_flag(&p->spoofchk, value);
        break;
    case TRUST:
        ok = set_flag(&p->trust, value);
        break;
    case LEARN:
        ok = set_flag(&p->learn, value);
        break;
    case MAX_MAC:
        ok = whole_number(value, 1, WEIR_POLICY_MACS, &n);
        if (ok)
            p->max_mac = (uint8_t)n;
        break;
    case LINK:
        ok = set_word(&p->link, links, value);
        break;
    case RATE:
        ok = whole_number(value, 0, WEIR_RATE_MAX, &n);
        if (ok)
            p->rate_mbps = (uint32_t)n;
        break;
    case WEIGHT:
        ok = whole_number(value, 1, 15, &n);
        if (ok)
            p->weight = (uint8_t)n;
        break;
    case VF:
        ok = set_word(&p->vf, vfs, value);
        break;
    case PRIORITY:
        ok = whole_number(value, 0, 15, &n);
        if (ok)
            p->priority = (uint8_t)n;
        break;
    default:
        snprintf(err, err_size,
                 "no setting of that name: vlan, stags, spoofchk, trust, learn, max-mac, link, rate, weight, vf or "
                 "priority");
        return -EINVAL;
    }
    if (!ok)
        snprintf(err, err_size, "%s takes %s", keys[k].name, keys[k].takes);
    return ok ? 0 : -EINVAL;
}

static void vlan_words(const struct weir_policy *p, char *value, size_t size) {
    size_t at;
    if (p->vlan_mode == WEIR_VLAN_ANY) {
        snprintf(value, size, "any");
    } else if (p->vlan_mode == WEIR_VLAN_PORT) {
        at = (size_t)snprintf(value, size, "port:%u", p->tci & 0xFFFu);
        if (p->tci >> 13 != 0 && at < size)
            snprintf(value + at, size - at, ":%u", p->tci >> 13);
    } else {
        at = (size_t)snprintf(value, size, "trunk:");
        for (unsigned i = 0; i < p->vlan_count && at < size; i++) {
            const struct weir_vlan_range *r = &p->vlan[i];
            at += (size_t)snprintf(value + at, size - at, r->first == r->last ? "%s%u" : "%s%u-%u", i != 0 ? "," : "",
                                   r->first, r->last);
        }
    }
}

bool weir_policy_get(const struct weir_policy *p, const char *key, char *value, size_t size) {
    const bool *flag = NULL;
    switch (key_of(key)) {
    case VLAN:
        vlan_words(p, value, size);
        return true;
    case STAGS:
        flag = &p->stags;
        break;
    case SPOOFCHK:
        flag = &p->spoofchk;
        break;
    case TRUST:
        flag = &p->trust;
        break;
    case LEARN:
        flag = &p->learn;
        break;
    case MAX_MAC:
        snprintf(value, size, "%u", p->max_mac);
        return true;
    case LINK:
        snprintf(value, size, "%s", links[p->link]);
        return true;
    case RATE:
        snprintf(value, size, "%u", p->rate_mbps);
        return true;
    case WEIGHT:
        snprintf(value, size, "%u", p->weight);
        return true;
    case VF:
        snprintf(value, size, "%s", vfs[p->vf]);
        return true;
    case PRIORITY:
        snprintf(value, size, "%u", p->priority);
        return true;
    default:
        return false;
    }
    snprintf(value, size, "%s", *flag ? "on" : "off");
    return true;
}
