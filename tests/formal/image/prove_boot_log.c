// SPDX-License-Identifier: Apache-2.0
// For CBMC: whatever two small sectors of the boot log hold, and also if they read differently each time, reading them
// ends, stays within its buffers and finds nothing that is no record; appending ends, erases only the sector without
// the last record, writes only within the log, and never lowers the floor. BOOT_LOG_RECORDS is small here: a loop over
// places does the same for each.
#include <assert.h>

#include "boot_log.h"
#include "boot_port.h"
#include "manifest.h"

bool nondet_bool(void);

static struct boot_log log;
static unsigned erases;

static void inside(uint32_t at, uint32_t bytes) {
    assert(at >= FLASH_MAP_LOG(0) && bytes <= FLASH_MAP_SECTOR && at <= FLASH_MAP_LOG(FLASH_MAP_LOGS) - bytes);
}

bool boot_port_read(uint32_t at, void *to, uint32_t bytes) {
    inside(at, bytes);
    assert(bytes % BOOT_LOG_RECORD_BYTES == 0);
    __CPROVER_havoc_slice(to, bytes);
    return nondet_bool();
}

bool boot_port_program(uint32_t at, const void *from, uint32_t bytes) {
    inside(at, bytes);
    assert(at % FLASH_MAP_PAGE + bytes <= FLASH_MAP_PAGE);
    (void)*(const uint8_t *)from;
    return nondet_bool();
}

bool boot_port_erase(uint32_t at) {
    assert(at == FLASH_MAP_LOG(1 - log.sector) && erases == 0);
    erases++;
    return nondet_bool();
}

// Any digest: a record may be found to be right whatever it holds.
void boot_port_hash(const void *from, uint32_t bytes, uint8_t digest[32]) {
    (void)((const uint8_t *)from)[bytes - 1];
    __CPROVER_havoc_slice(digest, 32);
}

int main(void) {
    struct boot_record r; // any
    uint32_t floor, number;

    boot_log_read(&log);
    assert(log.status <= BOOT_LOG_NO_FLASH && log.sector < FLASH_MAP_LOGS && log.next <= BOOT_LOG_RECORDS);
    assert(log.last.floor <= MANIFEST_COUNTER_MAX && log.last.tries <= BOOT_LOG_TRIES);
    assert(log.last.active <= BOOT_LOG_NO_SLOT && log.last.active != FLASH_MAP_GOLDEN);
    assert(log.last.state[0] < BOOT_SLOT_STATES && log.last.state[1] < BOOT_SLOT_STATES);
    assert((log.status == BOOT_LOG_GOOD) == (log.last.number != 0) || log.status == BOOT_LOG_NO_FLASH);
    floor = log.last.floor;
    number = log.last.number;
    if (boot_log_append(&log, &r)) {
        assert(log.status == BOOT_LOG_GOOD && log.next <= BOOT_LOG_RECORDS && log.last.number == number + 1);
        assert(log.last.floor >= floor && log.last.floor >= r.floor);
    } else {
        assert(log.last.floor == floor && log.last.number == number);
    }
    return 0;
}
