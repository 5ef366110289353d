// SPDX-License-Identifier: Apache-2.0
// A file that a user names for output. What is there is replaced only when it is of the same kind as what will be
// written, so that a slip of the hand costs nobody his work: anything else stays as it is.
#ifndef WEIR_OUT_FILE_H
#define WEIR_OUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OUT_FILE_HEAD 64u

// Are these first bytes of a file, up to OUT_FILE_HEAD, those of the kind? An empty file is of every kind.
typedef bool (*out_file_kind)(const uint8_t *head, size_t n);

// Opens it, emptied, for us alone: a file that another writer or reader of this family has locked is refused. NULL with
// errno; EEXIST: it is of another kind; EBUSY: in use. What is no regular file (a pipe, /dev/null) has nothing to lose.
FILE *out_file_open(const char *path, out_file_kind kind);
// The same question without making or changing anything: 0 or negative errno.
int out_file_check(const char *path, out_file_kind kind);
// What to say of it.
const char *out_file_error(int err);

bool out_file_is_pcap(const uint8_t *head, size_t n);
bool out_file_is_pcapng(const uint8_t *head, size_t n);
bool out_file_is_fst(const uint8_t *head, size_t n);

// A waveform, whose writer opens the file itself and makes a second one beside it while it runs: both must be its own.
// 0, or negative errno with one line in err.
int out_file_check_fst(const char *path, char *err, size_t err_size);

#endif
