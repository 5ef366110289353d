// SPDX-License-Identifier: Apache-2.0
// Firmware images and the check that ROM, update engine and weir-image have in common (firmware/boot/image_check.c),
// with the ROM's own Ed25519: each reason to refuse one, every flipped bit, every length.
#include <string.h>

#include <sodium.h>

#include "damage.h"
#include "made.h"
#include "unit.h"

static struct image_file image;
static struct image_rules rules;
static struct manifest seen;

static int setup(void **state) {
    (void)state;
    made_image(&image, &(struct made_options){
                           .version = 0x00020003, .counter = 5, .bytes = {DAMAGE_BODY_0, DAMAGE_BODY_1}, .fill = 1});
    rules = image_file_rules(MANIFEST_BOARD_SIM, 5, made_key_hash());
    return 0;
}

static enum image_refusal verdict(void) {
    return image_file_check(&image, &rules, &seen);
}

// The state is which reason.
static int setup_reason(void **state) {
    const enum image_refusal why = (enum image_refusal)(uintptr_t)*state;
    (void)setup(NULL);
    damage(&image, &rules, why);
    return 0;
}

static void refused(void **state) {
    const enum image_refusal why = (enum image_refusal)(uintptr_t)*state;
    if (why == IMAGE_READ) {
        // The flash answers for no more than a part of the manifest.
        assert_int_equal(verdict(), IMAGE_GOOD);
        image.length = 100;
        assert_int_equal(image_check(0, IMAGE_SLOT_WHOLE, &rules, false, &seen), why);
    } else {
        assert_string_equal(image_refusal_name(verdict()), image_refusal_name(why));
    }
    assert_string_not_equal(image_refusal_text(why), image_refusal_text(IMAGE_REFUSALS));
}

static void a_good_image_is_what_was_made(void **state) {
    (void)state;
    assert_int_equal(verdict(), IMAGE_GOOD);
    assert_int_equal(seen.version, 0x00020003);
    assert_int_equal(seen.counter, 5);
    assert_int_equal(seen.core[0].bytes, DAMAGE_BODY_0);
    assert_int_equal(seen.core[1].bytes, DAMAGE_BODY_1);
    assert_int_equal(seen.image_bytes, image.length);
    assert_memory_equal(seen.key, made_key()->public, 32);
}

static void every_flipped_bit_is_refused(void **state) {
    (void)state;
    for (uint32_t bit = 0; bit < 8 * image.length; bit++) {
        image.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (verdict() == IMAGE_GOOD)
            fail_msg("bit %u of byte %u may be flipped", bit % 8, bit / 8);
        image.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(verdict(), IMAGE_GOOD);
}

// What would be done with a slot, too, where nobody knows how much was written: the rest is erased flash.
static void every_truncation_is_refused(void **state) {
    static struct image_file whole;
    const uint32_t all = image.length;
    (void)state;
    whole = image;
    for (uint32_t n = 0; n < all; n++) {
        image.length = n;
        if (verdict() != (n < MANIFEST_BYTES ? IMAGE_SHORT : IMAGE_CUT))
            fail_msg("the first %u of %u bytes: %s", n, all, image_refusal_name(verdict()));
        image.length = all;
        memset(image.bytes + n, 0xFF, all - n);
        if (image_file_check(&image, &rules, &seen) == IMAGE_GOOD && memcmp(image.bytes, whole.bytes, all) != 0)
            fail_msg("a slot of which %u bytes were written boots", n);
        image = whole;
    }
}

// Without key fuses what is in the bodies still has to be what the manifest says.
static void without_fuses_digests_are_checked(void **state) {
    (void)state;
    rules.key_hash = NULL;
    image.bytes[MANIFEST_AT_signature] ^= 1;
    assert_int_equal(verdict(), IMAGE_GOOD);
    image.bytes[image.length - 1] ^= 1;
    assert_int_equal(verdict(), IMAGE_CORE1_DIGEST);
}

// RFC 8032, 7.1, test 3; then what its 5.1.7 and the literature on it want refused.
static void the_signature_check_is_that_of_the_rfc(void **state) {
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    uint8_t key[32], signature[64], message[2];
    unsigned carry = 0;
    (void)state;
    sodium_hex2bin(key, 32, "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", 64, NULL, NULL, NULL);
    sodium_hex2bin(message, 2, "af82", 4, NULL, NULL, NULL);
    sodium_hex2bin(signature, 64,
                   "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                   "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
                   128, NULL, NULL, NULL);
    assert_int_equal(crypto_sign_ed25519_verify_detached(signature, message, 2, key), 0);
    message[0] ^= 1;
    assert_int_not_equal(crypto_sign_ed25519_verify_detached(signature, message, 2, key), 0);
    message[0] ^= 1;
    // The same signature with S + L says the same to who does not look.
    for (unsigned i = 0; i < 32; i++) {
        carry += signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_not_equal(crypto_sign_ed25519_verify_detached(signature, message, 2, key), 0);
    // The neutral element as key and as R, S = 0: right for every message, by the equation alone.
    memset(key, 0, sizeof(key));
    key[0] = 1;
    memset(signature, 0, sizeof(signature));
    signature[0] = 1;
    assert_int_not_equal(crypto_sign_ed25519_verify_detached(signature, message, 2, key), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(a_good_image_is_what_was_made, setup),
    cmocka_unit_test_setup(every_flipped_bit_is_refused, setup),
    cmocka_unit_test_setup(every_truncation_is_refused, setup),
    cmocka_unit_test_setup(without_fuses_digests_are_checked, setup),
    cmocka_unit_test_setup(the_signature_check_is_that_of_the_rfc, setup),
#define CASE(name)                                                                                                     \
    { "refused_" #name, refused, setup_reason, NULL, (void *)(uintptr_t)IMAGE_##name }
#define REFUSAL(value, name, text) CASE(name),
#define REFUSAL_CORE(value0, value1, name, text) CASE(CORE0_##name), CASE(CORE1_##name),
#include "manifest.def"
};
UNIT_MAIN(tests)
