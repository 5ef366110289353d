// SPDX-License-Identifier: Apache-2.0
// hal_flash and hal_sha on the simulator's flash part and a model of the registers, with a part's true times: no call
// holds its core for long, each operation ends in a bound, and what is suspended, refused or never ends is told.
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "flash_part.h"
#include "hal/hal_csr.h"
#include "hal/hal_flash.h"
#include "hal/hal_sha.h"
#include "hal/hal_shared.h"
#include "sha_model.h"

#define ACCESS_CYCLES 8u
#define XFER_CYCLES 28u
#define HOLD (HAL_FLASH_SMALL * XFER_CYCLES + 30 * XFER_CYCLES) // what a call may take
#define MS 250000u
#define MEMORY 1024u

struct hal_shared hal_shared_ram;

static struct {
    struct flash_part part;
    uint64_t cycle;
    bool cs, dead, refuse, refused;
    uint8_t in;
    uint32_t read_addr, read_dest, left;
    uint64_t read_end;
    uint8_t memory[MEMORY]; // of core 0
    // SHA
    bool owned, open, done, hashing;
    uint8_t message[4096], digest[32];
    size_t length;
} m;

static void take(const uint8_t *from, size_t n) {
    assert_true(m.length + n <= sizeof(m.message));
    memcpy(m.message + m.length, from, n);
    m.length += n;
}

static void flash_write(uint32_t offset, uint32_t value) {
    flash_part_time(&m.part, m.cycle * 4);
    switch (offset) {
    case WEIR_FLASH_CTL_OFFSET:
        m.left = 0;
        if ((value & 1) != 0 && !m.cs) {
            flash_part_select(&m.part);
            m.refused = false;
        } else if ((value & 1) == 0 && m.cs) {
            flash_part_deselect(&m.part, true);
        }
        m.cs = (value & 1) != 0;
        break;
    case WEIR_FLASH_XFER_OFFSET:
        m.cycle += XFER_CYCLES - ACCESS_CYCLES;
        m.refused = m.refused || (m.refuse && m.cs);
        if (m.cs && !m.refused) {
            m.in = m.dead ? 0xFF : flash_part_next(&m.part);
            flash_part_byte(&m.part, (uint8_t)value);
        }
        break;
    case WEIR_FLASH_READ_ADDR_OFFSET:
        m.read_addr = value;
        break;
    case WEIR_FLASH_READ_DEST_OFFSET:
        m.read_dest = value;
        break;
    case WEIR_FLASH_READ_LEN_OFFSET:
        m.hashing = WEIR_GET(value, FLASH_READ_LEN_HASH) != 0;
        m.refused = m.cs || (m.hashing && !m.open);
        m.left = m.refused ? 0 : WEIR_GET(value, FLASH_READ_LEN_BYTES);
        m.read_end = m.cycle + 100 + m.left * 4;
        break;
    default:
        fail_msg("write of FLASH + %x", offset);
    }
}

static void bulk(void) {
    uint8_t byte;
    if (m.left == 0 || m.cycle < m.read_end)
        return;
    for (uint32_t i = 0; i < m.left; i++) {
        byte = flash_cells_read(&m.part, m.read_addr + i);
        if (m.hashing)
            take(&byte, 1);
        if (m.read_dest >> 28 == 1)
            m.memory[(m.read_dest + i) % MEMORY] = byte;
    }
    m.left = 0;
}

static uint32_t flash_read(uint32_t offset) {
    bulk();
    if (offset == WEIR_FLASH_XFER_OFFSET)
        return m.in;
    if (offset == WEIR_FLASH_READ_LEN_OFFSET)
        return m.left;
    assert_int_equal(offset, WEIR_FLASH_STATUS_OFFSET);
    return m.refused ? 1u << WEIR_FLASH_STATUS_REFUSED_LSB : 0;
}

static void sha_write(uint32_t offset, uint32_t value) {
    uint8_t word[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    bool out_of_turn = offset != WEIR_SHA_START_OFFSET && !m.open;
    if (offset == WEIR_SHA_CLAIM_OFFSET) {
        m.owned = m.open = m.done = false;
    } else if (m.owned && !out_of_turn) {
        m.open = offset != WEIR_SHA_FINISH_OFFSET;
        m.done = !m.open;
        if (offset == WEIR_SHA_START_OFFSET)
            m.length = 0;
        else if (offset == WEIR_SHA_DATA_OFFSET)
            take(word, 4);
        else
            take(word + 1, value & 3);
        if (m.done)
            sha_model(m.message, m.length, m.digest);
    }
}

uint32_t hal_read(uint32_t block, uint32_t offset) {
    uint32_t word = 0;
    m.cycle += ACCESS_CYCLES;
    if (block == WEIR_CSR_FLASH)
        return flash_read(offset);
    if (block == WEIR_CSR_CTRL && offset == WEIR_CTRL_CYCLE_LO_OFFSET)
        return (uint32_t)m.cycle;
    assert_int_equal(block, WEIR_CSR_SHA);
    if (offset == WEIR_SHA_CLAIM_OFFSET)
        return m.owned = true;
    if (offset == WEIR_SHA_STATUS_OFFSET)
        return (m.open ? 1u << WEIR_SHA_STATUS_OPEN_LSB : 0) | (m.done ? 1u << WEIR_SHA_STATUS_DONE_LSB : 0);
    memcpy(&word, m.digest + (offset - WEIR_SHA_DIGEST_OFFSET), 4);
    return word;
}

void hal_write(uint32_t block, uint32_t offset, uint32_t value) {
    m.cycle += ACCESS_CYCLES;
    if (block == WEIR_CSR_FLASH)
        flash_write(offset, value);
    else
        sha_write(offset, value);
}

static void begin(enum flash_timing timing) {
    memset(&m, 0, sizeof(m));
    assert_true(flash_part_init(&m.part));
    m.part.timing = timing;
    for (unsigned i = 0; i < 0x40000; i++)
        m.part.data[i] = (uint8_t)(i * 7 + (i >> 8));
}

// The main loop: other work between two steps. Returns how the operation ended; no step may hold the core.
static enum hal_flash_progress run(struct hal_flash_op *op, uint32_t other, uint64_t *took) {
    enum hal_flash_progress p;
    uint64_t from = m.cycle;
    do {
        uint64_t before = m.cycle;
        p = hal_flash_step(op);
        assert_true(m.cycle - before <= HOLD);
        m.cycle += other;
        assert_true(m.cycle - from < (uint64_t)3100 * MS);
    } while (p == HAL_FLASH_BUSY);
    *took = m.cycle - from;
    return p;
}

static void identifies_and_reads(void **state) {
    uint8_t some[HAL_FLASH_SMALL];
    (void)state;
    begin(FLASH_AT_ONCE);
    assert_int_equal(hal_flash_id(), 0xEF4018);
    hal_flash_read(0x12345, some, sizeof(some));
    assert_memory_equal(some, m.part.data + 0x12345, sizeof(some));
    assert_true(hal_flash_bulk(0x1000, 0x10000000, MEMORY, false));
    assert_false(hal_flash_bulk_done());
    m.cycle += MEMORY * 4 + 200;
    assert_true(hal_flash_bulk_done());
    assert_memory_equal(m.memory, m.part.data + 0x1000, MEMORY);
    assert_false(hal_flash_bulk(0, 0, 64, true)); // no message is open
    flash_part_free(&m.part);
}

static void a_page_is_sent_in_pieces_and_waited_for(void **state) {
    uint8_t page[HAL_FLASH_PAGE], other[HAL_FLASH_PAGE];
    struct hal_flash_op op;
    uint64_t took;
    (void)state;
    for (unsigned t = FLASH_AT_ONCE; t <= FLASH_MAXIMUM; t++)
        for (unsigned bytes = 1; bytes <= HAL_FLASH_PAGE; bytes += 51) {
            uint32_t at = 0x123400 + (HAL_FLASH_PAGE - bytes);
            uint64_t before;
            begin((enum flash_timing)t);
            memset(m.part.data + 0x123400, 0xFF, HAL_FLASH_PAGE);
            memcpy(other, m.part.data + 0x123500, sizeof(other));
            for (unsigned i = 0; i < bytes; i++)
                page[i] = (uint8_t)(bytes + i * 3);
            before = m.cycle;
            hal_flash_program(&op, at, page, bytes);
            assert_true(m.cycle - before <= HOLD);
            assert_int_equal(run(&op, 500, &took), HAL_FLASH_DONE);
            assert_true(took < 3 * MS + 6 * HOLD);
            assert_memory_equal(m.part.data + at, page, bytes);
            assert_memory_equal(m.part.data + 0x123500, other, sizeof(other));
            flash_part_free(&m.part);
        }
}

static void erases_end_in_the_parts_time(void **state) {
    static const uint32_t most[2][3] = {{1, 46, 401}, {1, 151, 2001}}; // ms
    struct hal_flash_op op;
    uint64_t took;
    (void)state;
    for (unsigned t = FLASH_AT_ONCE; t <= FLASH_MAXIMUM; t++)
        for (unsigned unit = 0; unit < 2; unit++) {
            uint32_t bytes = unit == 0 ? 0x1000 : 0x10000;
            begin((enum flash_timing)t);
            hal_flash_erase(&op, 0x20000 + 0x234, (enum hal_flash_unit)unit);
            assert_int_equal(run(&op, 20000, &took), HAL_FLASH_DONE);
            assert_true(took <= (uint64_t)most[unit][t] * MS);
            for (uint32_t i = 0; i < bytes; i++)
                assert_int_equal(m.part.data[0x20000 + i], 0xFF);
            assert_int_equal(m.part.data[0x1FFFF], (uint8_t)(0x1FFFF * 7 + 0x1FF));
            assert_int_equal(m.part.data[0x20000 + bytes], (uint8_t)((0x20000 + bytes) * 7 + ((0x20000 + bytes) >> 8)));
            flash_part_free(&m.part);
        }
}

static void what_is_suspended_lets_others_in_and_goes_on(void **state) {
    static const uint8_t page[] = "written meanwhile";
    struct hal_flash_op op, second;
    uint8_t some[16];
    uint64_t took, looks = 0;
    (void)state;
    begin(FLASH_TYPICAL);
    memset(m.part.data + 0x30000, 0xFF, HAL_FLASH_PAGE);
    hal_flash_program(&second, 0x30000, page, sizeof(page));
    assert_false(hal_flash_suspend(&second)); // bytes are still to be sent
    assert_int_equal(run(&second, 500, &took), HAL_FLASH_DONE);
    hal_flash_erase(&op, 0x10000, HAL_FLASH_64K);
    for (unsigned i = 0; i < 10; i++) {
        m.cycle += 10 * MS;
        assert_int_equal(hal_flash_step(&op), HAL_FLASH_BUSY);
        assert_true(hal_flash_suspend(&op));
        while (!hal_flash_ready())
            assert_true(looks++ < 10000);
        hal_flash_read(0x100 * i, some, sizeof(some));
        assert_memory_equal(some, m.part.data + 0x100 * i, sizeof(some));
        hal_flash_program(&second, 0x30100 + 0x100 * i, page, sizeof(page));
        memset(m.part.data + 0x30100 + 0x100 * i, 0xFF, HAL_FLASH_PAGE);
        assert_int_equal(run(&second, 500, &took), HAL_FLASH_DONE);
        assert_memory_equal(m.part.data + 0x30100 + 0x100 * i, page, sizeof(page));
        assert_int_equal(hal_flash_step(&op), HAL_FLASH_BUSY);
        hal_flash_resume(&op);
    }
    assert_int_equal(m.part.data[0x10000], (uint8_t)(0x10000 * 7 + 0x100)); // not erased yet
    assert_int_equal(run(&op, 20000, &took), HAL_FLASH_DONE);
    assert_true(took > 45 * MS && took < 60 * MS);
    assert_int_equal(m.part.data[0x10000], 0xFF);
    assert_int_equal(m.part.data[0x1FFFF], 0xFF);
    flash_part_free(&m.part);
}

static void what_is_refused_or_never_ends_is_told(void **state) {
    struct hal_flash_op op;
    uint64_t took;
    (void)state;
    begin(FLASH_AT_ONCE);
    m.refuse = true;
    hal_flash_erase(&op, 0x1000, HAL_FLASH_4K);
    assert_false(m.cs);
    assert_int_equal(hal_flash_step(&op), HAL_FLASH_REFUSED);
    hal_flash_program(&op, 0x1000, &op, 16);
    assert_false(m.cs);
    assert_int_equal(hal_flash_step(&op), HAL_FLASH_REFUSED);
    m.refuse = false;
    m.dead = true;
    hal_flash_program(&op, 0x1000, m.digest, 16);
    assert_int_equal(run(&op, 20000, &took), HAL_FLASH_LATE);
    assert_true(took >= 3 * MS && took <= 5 * MS);
    hal_flash_erase(&op, 0x1000, HAL_FLASH_64K);
    assert_int_equal(run(&op, 100000, &took), HAL_FLASH_LATE);
    assert_true(took >= (uint64_t)2000 * MS && took <= (uint64_t)3001 * MS);
    flash_part_free(&m.part);
}

// As a core that is restarted finds it: chip select on, the part asleep, or in an erase.
static void what_a_dead_core_left_is_ended(void **state) {
    struct hal_flash_op op;
    unsigned looks = 0;
    (void)state;
    begin(FLASH_TYPICAL);
    hal_flash_erase(&op, 0x10000, HAL_FLASH_64K);
    m.cycle += MS;
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 1);
    hal_flash_begin();
    hal_flash_reset();
    assert_false(hal_flash_ready());
    m.cycle += 30 * MS / 1000;
    while (!hal_flash_ready())
        assert_true(looks++ < 3);
    assert_int_equal(hal_flash_id(), 0xEF4018);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 1);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_XFER_OFFSET, 0xB9);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 0);
    assert_int_equal(hal_flash_id(), 0xFFFFFF);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 1);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_XFER_OFFSET, 0x03);
    hal_flash_begin();
    hal_flash_reset();
    m.cycle += 31 * MS / 1000;
    assert_int_equal(hal_flash_id(), 0xEF4018);
    flash_part_free(&m.part);
}

static void a_digest_is_that_of_all_pieces(void **state) {
    uint8_t text[512], digest[HAL_SHA_BYTES], want[HAL_SHA_BYTES];
    struct hal_sha s;
    unsigned seed = 1;
    (void)state;
    begin(FLASH_AT_ONCE);
    assert_true(hal_sha_claim());
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i * 11 + 3);
    for (unsigned n = 0; n < 300; n++) {
        unsigned skew = n % 4;
        hal_sha_start(&s);
        for (unsigned at = 0, some; at < n; at += some) {
            seed = seed * 1103515245 + 12345;
            some = 1 + (seed >> 16) % (n - at);
            hal_sha_update(&s, text + skew + at, some);
        }
        assert_true(hal_sha_final(&s, digest));
        sha_model(text + skew, n, want);
        assert_memory_equal(digest, want, sizeof(want));
    }
    // Out of the flash, with a tail from memory.
    hal_sha_start(&s);
    assert_true(hal_flash_bulk(0x2000, 0, 64, true));
    m.cycle += 64 * 4 + 200;
    assert_true(hal_flash_bulk_done());
    hal_sha_update(&s, m.part.data + 0x2000 + 64, 7);
    assert_true(hal_sha_final(&s, digest));
    sha_model(m.part.data + 0x2000, 71, want);
    assert_memory_equal(digest, want, sizeof(want));
    // No message, no digest.
    memset(digest, 0x5A, sizeof(digest));
    hal_sha_release();
    assert_false(hal_sha_final(&s, digest));
    assert_int_equal(digest[0], 0x5A);
    flash_part_free(&m.part);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifies_and_reads),
        cmocka_unit_test(a_page_is_sent_in_pieces_and_waited_for),
        cmocka_unit_test(erases_end_in_the_parts_time),
        cmocka_unit_test(what_is_suspended_lets_others_in_and_goes_on),
        cmocka_unit_test(what_is_refused_or_never_ends_is_told),
        cmocka_unit_test(what_a_dead_core_left_is_ended),
        cmocka_unit_test(a_digest_is_that_of_all_pieces),
    };
    return unit_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
