// SPDX-License-Identifier: Apache-2.0
// For CBMC: whatever the bytes of a manifest, their number and the card's rules are, manifest_read ends, stays within
// them, adds nothing over 32 bits, and lets only an image pass whose parts lie inside it.
#include <assert.h>

#include "manifest.h"

uint32_t nondet_u32(void);

int main(void) {
    uint8_t raw[MANIFEST_BYTES]; // any content
    struct manifest_rules rules; // any but for the two sizes, which the card's memories bound
    struct manifest m;
    const uint32_t bytes = nondet_u32();
    enum image_refusal why;

    __CPROVER_assume(rules.body_bytes <= 0x20000u && rules.slot_bytes <= 0x100000u);
    why = manifest_read(raw, bytes, &rules, &m);
    assert(why >= IMAGE_GOOD && why < IMAGE_REFUSALS);
    if (bytes < MANIFEST_BYTES) {
        assert(why == IMAGE_SHORT);
    }
    if (why == IMAGE_GOOD) {
        assert(m.counter >= rules.floor && m.counter != 0 && m.board == rules.board);
        assert(m.image_bytes <= rules.slot_bytes);
        for (uint32_t i = 0; i < MANIFEST_CORES; i++) {
            assert(m.core[i].bytes != 0 && m.core[i].bytes <= rules.body_bytes);
            assert(m.core[i].offset >= MANIFEST_BYTES && m.core[i].offset <= m.image_bytes &&
                   m.core[i].bytes <= m.image_bytes - m.core[i].offset);
            assert(m.core[i].load == MANIFEST_LOAD && m.core[i].entry == MANIFEST_LOAD);
        }
        assert(m.core[1].offset == m.core[0].offset + m.core[0].bytes);
    }
    return 0;
}
