// SPDX-License-Identifier: Apache-2.0
// See disposal.h.
#include "disposal.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weir/foreign_fd.h"

#define STACK_BYTES (64u << 10) // sanitizers need some of it

struct job {
    struct disposal *disposal;
    int fd;
};

static void *work(void *arg) {
    struct job j = *(struct job *)arg;
    free(arg);
    close(j.fd);
    atomic_fetch_sub(&j.disposal->waiting, 1);
    return NULL;
}

// Signals are the main thread's: it sleeps in poll and must be woken.
static int start(struct job *j) {
    sigset_t all, before;
    pthread_attr_t attr;
    pthread_t thread;
    int err;

    if (pthread_attr_init(&attr) != 0)
        return -1;
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&thread, &attr, work, j);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return err;
}

void disposal_close(struct disposal *d, int fd) {
    struct job *j;

    // Eventfds and memory end without asking anybody.
    if (weir_bell_check(fd) == 0 || fcntl(fd, F_GET_SEALS) >= 0) {
        close(fd);
        return;
    }
    (void)shutdown(fd, SHUT_RDWR);
    j = malloc(sizeof(*j));
    if (j == NULL)
        return; // lost, like the memory
    *j = (struct job){d, fd};
    atomic_fetch_add(&d->waiting, 1);
    if (start(j) != 0)
        free(j); // stays open and counted: its stranger waits for it
}

bool disposal_full(struct disposal *d) {
    return atomic_load(&d->waiting) >= DISPOSAL_MOST;
}
