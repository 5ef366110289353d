// SPDX-License-Identifier: Apache-2.0
// See core_work.h. Freestanding: the same file runs on the core and on the host.
#include "core_work.h"

#define NODES 40u
#define DIM 10u

static uint16_t crc16(uint32_t v, unsigned bits, uint16_t crc) {
    for (unsigned i = 0; i < bits; i++) {
        uint16_t carry = (uint16_t)((v ^ crc) & 1);
        v >>= 1;
        crc = (uint16_t)(crc >> 1);
        if (carry != 0)
            crc ^= 0xA001;
    }
    return crc;
}

// ---- list ----
struct node {
    struct node *next;
    int16_t key;
    uint16_t info;
};

static struct node *list_build(struct node *nodes, uint32_t seed) {
    struct node *head = 0;
    for (unsigned i = 0; i < NODES; i++) {
        seed = seed * 1103515245u + 12345u;
        nodes[i] = (struct node){head, (int16_t)(seed >> 16 & 0x7FF), (uint16_t)i};
        head = &nodes[i];
    }
    return head;
}

static struct node *list_reverse(struct node *head) {
    struct node *done = 0;
    while (head != 0) {
        struct node *next = head->next;
        head->next = done;
        done = head;
        head = next;
    }
    return done;
}

static const struct node *list_find(const struct node *head, int16_t key) {
    while (head != 0 && head->key != key)
        head = head->next;
    return head;
}

static struct node *merge(struct node *a, struct node *b) {
    struct node first = {0, 0, 0}, *tail = &first;
    while (a != 0 && b != 0) {
        if (a->key <= b->key) {
            tail->next = a;
            a = a->next;
        } else {
            tail->next = b;
            b = b->next;
        }
        tail = tail->next;
    }
    tail->next = a != 0 ? a : b;
    return first.next;
}

// Bottom-up: runs of 1, 2, 4 ... nodes wait in slots, as in a binary counter.
static struct node *list_sort(struct node *head) {
    struct node *slot[8] = {0}, *sorted = 0;
    while (head != 0) {
        struct node *run = head;
        unsigned i = 0;
        head = head->next;
        run->next = 0;
        for (; i < 7 && slot[i] != 0; i++) {
            run = merge(slot[i], run);
            slot[i] = 0;
        }
        slot[i] = slot[i] != 0 ? merge(slot[i], run) : run;
    }
    for (unsigned i = 0; i < 8; i++)
        sorted = merge(slot[i], sorted);
    return sorted;
}

static uint16_t list_work(uint32_t seed, uint16_t crc) {
    static struct node nodes[NODES];
    struct node *head = list_build(nodes, seed);
    for (int16_t key = 0; key < 8; key++) {
        const struct node *n = list_find(head, nodes[(unsigned)key * 5].key);
        crc = crc16(n != 0 ? n->info : 0xFFFF, 16, crc);
        head = list_reverse(head);
    }
    head = list_sort(head);
    for (const struct node *n = head; n != 0; n = n->next)
        crc = crc16((uint16_t)n->key, 16, crc);
    return crc;
}

// ---- matrix ----
static int16_t ma[DIM][DIM], mb[DIM][DIM];
static int32_t mc[DIM][DIM];

static uint16_t matrix_work(uint32_t seed, uint16_t crc) {
    int32_t sum = 0;
    for (unsigned i = 0; i < DIM; i++)
        for (unsigned j = 0; j < DIM; j++) {
            seed = seed * 7 + i + j;
            ma[i][j] = (int16_t)(seed & 0xFF);
            mb[i][j] = (int16_t)(seed >> 4 & 0xFF);
        }
    for (unsigned i = 0; i < DIM; i++)
        for (unsigned j = 0; j < DIM; j++) {
            int32_t v = 0;
            for (unsigned k = 0; k < DIM; k++)
                v += (int32_t)ma[i][k] * mb[k][j];
            mc[i][j] = v;
        }
    for (unsigned i = 0; i < DIM; i++)
        for (unsigned j = 0; j < DIM; j++) {
            int32_t v = mc[i][j];
            sum += (v >> 2 & 15) * (v >> 5 & 127);
            if (sum > 100000)
                sum -= 99991;
        }
    return crc16((uint32_t)sum, 32, crc);
}

// ---- state machine: kinds of numbers in a text ----
enum state { START, SIGN, WHOLE, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static enum state next_state(enum state s, char c) {
    switch (s) {
    case START:
        return is_digit(c) ? WHOLE : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : INVALID;
    case SIGN:
        return is_digit(c) ? WHOLE : c == '.' ? FRACTION : INVALID;
    case WHOLE:
        return is_digit(c) ? WHOLE : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case FRACTION:
        return is_digit(c) ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT:
        return is_digit(c) ? SCIENTIFIC : c == '+' || c == '-' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case SCIENTIFIC:
        return is_digit(c) ? SCIENTIFIC : INVALID;
    default:
        return INVALID;
    }
}

static uint16_t state_work(uint32_t seed, uint16_t crc) {
    static const char texts[] =
        "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,+0.6e-12,"
        "T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";
    uint16_t count[STATES] = {0};
    enum state s = START;
    for (const char *p = texts; *p != 0; p++) {
        char c = *p;
        if ((seed >> (unsigned)(p - texts) % 32 & 0x1F) == 3)
            c = 'x'; // a damaged character now and then
        if (c == ',') {
            count[s]++;
            s = START;
        } else {
            s = next_state(s, c);
        }
    }
    for (unsigned i = 0; i < STATES; i++)
        crc = crc16(count[i], 16, crc);
    return crc;
}

uint32_t core_work(uint32_t rounds, uint32_t seed) {
    uint16_t crc = 0xFFFF;
    for (uint32_t i = 0; i < rounds; i++) {
        crc = list_work(seed + i, crc);
        crc = matrix_work(seed ^ crc, crc);
        crc = state_work(seed * 3 + i, crc);
    }
    return crc;
}
