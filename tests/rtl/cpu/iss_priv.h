// SPDX-License-Identifier: Apache-2.0
// Between the files of the instruction-set model.
#ifndef WEIR_ISS_PRIV_H
#define WEIR_ISS_PRIV_H

#include "iss.h"

enum iss_access { ISS_READ = 1, ISS_WRITE = 2, ISS_EXEC = 4 }; // bits of a pmpcfg byte

// False: no such register, or a write to one that is read-only.
bool iss_csr_read(const struct iss *s, unsigned csr, uint32_t *value);
bool iss_csr_write(struct iss *s, unsigned csr, uint32_t value); // true: counted itself out of minstret
bool iss_csr_exists(unsigned csr);
bool iss_pmp_permits(const struct iss *s, uint32_t addr, enum iss_access access);
void iss_trap(struct iss *s, uint32_t cause, uint32_t tval, uint32_t pc);

#endif
