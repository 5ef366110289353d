// SPDX-License-Identifier: Apache-2.0
// The boot log: what the card knows of its slots, and its security floor, in two sectors of flash. Only appended to:
// each record is the whole state with a number one higher than the last and a SHA-256, so that the newest whole record
// is the truth, and a record that a power cut tore is as if it had not been written. A sector is erased when the other
// is full, and holds the newest record then. Who can write the flash behind the card's back can write records:
// signatures guard against images that are not ours, the digest here guards against accidents.
#ifndef WEIR_BOOT_LOG_H
#define WEIR_BOOT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "flash_map.h"

#define BOOT_LOG_RECORD_BYTES 64u
#ifndef BOOT_LOG_RECORDS
#define BOOT_LOG_RECORDS (FLASH_MAP_SECTOR / BOOT_LOG_RECORD_BYTES) // of a sector
#endif
#define BOOT_LOG_NUMBER_LAST 0xFFFFFFFEu
#define BOOT_LOG_TRIES 3u // starts of an image on trial
#define BOOT_LOG_NO_SLOT 3u

// What the log says of slot A or B.
enum boot_slot_state {
    BOOT_SLOT_USABLE, // nothing is known against it: as from the factory, or confirmed
    BOOT_SLOT_WRITING,
    BOOT_SLOT_TRIAL,
    BOOT_SLOT_FAILED, // its trial, or what was written
    BOOT_SLOT_STATES
};

enum boot_event {
    BOOT_EVENT_NONE,
    BOOT_EVENT_WRITE,   // an update began
    BOOT_EVENT_ABORT,   // it was given up
    BOOT_EVENT_COMMIT,  // it is to be tried
    BOOT_EVENT_TRY,     // it starts
    BOOT_EVENT_CONFIRM, // it is the one, and the floor may have risen
    BOOT_EVENT_REVERT,  // it had its tries
    BOOT_EVENT_REFUSED, // it is no good image: `reason`
    BOOT_EVENT_CRASH,   // it ran and crashed again and again: given up for another
    BOOT_EVENT_STAY,    // the same, and there is no other: it is started all the same
    BOOT_EVENTS
};

struct boot_record {
    uint32_t number;     // 1 and up
    uint32_t floor;      // least security counter of an image that may run
    uint32_t version;    // of the image that the event is about
    uint8_t event, slot; // enum boot_event; BOOT_LOG_NO_SLOT: about none
    uint8_t reason;      // enum image_refusal
    uint8_t tries;       // that are left to the slot on trial
    uint8_t active;      // slot that was confirmed last, BOOT_LOG_NO_SLOT: none yet
    uint8_t state[FLASH_MAP_UPDATED];
};

enum boot_log_status {
    BOOT_LOG_GOOD,
    BOOT_LOG_EMPTY,   // never written: both sectors are erased
    BOOT_LOG_LOST,    // written once, but no record is whole: what the floor was is not known
    BOOT_LOG_NO_FLASH // the flash does not answer
};

struct boot_log {
    enum boot_log_status status;
    struct boot_record last; // BOOT_LOG_EMPTY, _LOST: a beginning, number 0, floor 0
    uint32_t sector, next;   // where the last one is, and the first place behind it that may be erased
};

// Ends after at most two sectors, whatever they hold.
void boot_log_read(struct boot_log *log);
// Appends *r under the next number, with a floor that is never lower than the last one's; *log is as after reading it
// then. False: it could not be written, and the last record is still the last.
bool boot_log_append(struct boot_log *log, const struct boot_record *r);
// The record in BOOT_LOG_RECORD_BYTES at raw. False: it is none. Tools and tests show records with it.
bool boot_record_take(const uint8_t *raw, struct boot_record *r);
// The BOOT_LOG_RECORD_BYTES of *r.
void boot_record_give(const struct boot_record *r, uint8_t *raw);
bool boot_record_same(const uint8_t *a, const uint8_t *b, uint32_t n);

#endif
