// SPDX-License-Identifier: Apache-2.0
// Queues that hold frames back during a hand-over. Memory is taken only then.
#include <stdlib.h>
#include <string.h>

#include "netvsc_int.h"

// False when the queue is full or memory is short.
bool reorder_push(struct reorder_queue *h, unsigned limit, const void *data, size_t len,
                  const struct weir_netvsc_rx *info, const struct weir_tx_offload *offload) {
    struct reorder_frame *f = h->count < limit ? malloc(sizeof(*f) + len) : NULL;
    if (f == NULL)
        return false;
    f->next = NULL;
    f->len = len;
    if (info != NULL)
        f->info = *info;
    f->offload = offload != NULL ? *offload : (struct weir_tx_offload){0};
    memcpy(f->data, data, len);
    if (h->first == NULL)
        h->first = f;
    else
        h->last->next = f;
    h->last = f;
    h->count++;
    return true;
}

// The first frame, now the caller's to free; the queue is not empty.
struct reorder_frame *reorder_take(struct reorder_queue *h) {
    struct reorder_frame *f = h->first;
    h->first = f->next;
    h->count--;
    return f;
}

void reorder_clear(struct reorder_queue *h) {
    while (h->first != NULL)
        free(reorder_take(h));
}
