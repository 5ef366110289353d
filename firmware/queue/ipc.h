// SPDX-License-Identifier: Apache-2.0
// Calls of core 0 to the queue engines on core 1: one request at a time, bounded wait. Layers above see functions only.
// TIMEOUT: core 1 hangs and its watchdog will restart it; until then every call fails at once. ABORTED: it was
// restarted while it worked; what it was asked may be half done, and asking again is safe.
#ifndef IPC_H
#define IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_mbox.h"

// Each returns core 1's status, or TIMEOUT.
enum weir_status ipc_queue_map(unsigned fn, unsigned base, unsigned count);
enum weir_status ipc_queue_create(unsigned qp, unsigned fn, unsigned vport, const struct weir_create_qp_req *req);
enum weir_status ipc_queue_destroy(unsigned base, unsigned count);
enum weir_status ipc_queue_kill(unsigned base, unsigned count);
// Destroys, or kills what cannot be drained; OK means that none of them runs any more.
enum weir_status ipc_queue_stop(unsigned base, unsigned count);
// Limit of queue pair qp, or with qp = IPC_RATE_FN of function fn; weight 0 leaves that as it is.
#define IPC_RATE_FN 0xFFFFu
enum weir_status ipc_queue_rate(unsigned fn, unsigned qp, uint32_t mbps, unsigned weight);
// State that leaves and enters the card. PARK, all or none: TIMEOUT when one does not come to rest. RUN lets go on what
// is parked, or half way there. SAVE and LOAD: a record each from `addr` on in the PF's memory; LOAD, all or none:
// INVALID_PARAMETER or FAILURE when a record is not taken or cannot be read, *refused is which.
enum weir_status ipc_queue_park(unsigned base, unsigned count);
enum weir_status ipc_queue_run(unsigned base, unsigned count);
enum weir_status ipc_queue_save(unsigned base, unsigned count, uint64_t addr);
// The caller may do something else between the two halves of LOAD, but call core 1.
enum weir_status ipc_queue_load_begin(unsigned base, unsigned count, unsigned fn, unsigned vport, uint64_t addr);
enum weir_status ipc_queue_load_end(unsigned *refused);
enum weir_status ipc_queue_get(unsigned qp, struct weir_get_qp_rsp *rsp);
bool ipc_queue_armed(unsigned base, unsigned count);
// Next error report of the queue engines: queue pair and reason; false when there is none.
bool ipc_queue_error(unsigned *qp, unsigned *reason);
// Waits until core 1 runs; false when it does not come up.
bool ipc_wait_ready(void);

#endif
