// SPDX-License-Identifier: Apache-2.0
// weir-image: makes, signs, shows and checks firmware images (manifest.def) and makes keys. The check is the card's own
// code.
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "image_file.h"
#include "text.h"

static const char *key_name, *version = "0.1", *build_id;
static unsigned counter = 1, floor_now;
static uint64_t board = MANIFEST_BOARD_SIM;
static bool json;
static struct image_file image;

static const struct cli_option options[] = {
    {"key", "FILE", CLI_TEXT, .to = &key_name, .max = CLI_PATH,
     .help = "make, sign: the secret key; check: the public or secret key that the card trusts; or the word "
             "'" IMAGE_KEY_DEVELOPMENT "' for the key that anybody has"},
    {"image-version", "MAJOR.MINOR", CLI_TEXT, .to = &version, .max = 16,
     .help = "make: 0.1 to 65535.65534 (default 0.1)"},
    {"counter", "N", CLI_NUMBER, .to = &counter, .min = 1, .max = MANIFEST_COUNTER_MAX,
     .help = "make: the security counter (default 1); raise it when older images must never run again"},
    {"build-id", "HEX", CLI_TEXT, .to = &build_id, .max = 32,
     .help = "make: 32 digits (default: of both programs' digests)"},
    {"board", "N", CLI_LONG, .to = &board, .min = 1, .max = UINT32_MAX,
     .help = "make, check: the card's kind (default: the simulated card)"},
    {"floor", "N", CLI_NUMBER, .to = &floor_now, .max = MANIFEST_COUNTER_MAX,
     .help = "check: the card's security floor (default 0)"},
    {"json", NULL, CLI_FLAG, .to = &json, .help = "answers and errors as JSON on standard output"},
    {.name = NULL}};

// ---- answers ----

static int say_json(struct json_object *o) {
    text_json(stdout, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
    return 0;
}

static struct json_object *object(bool ok) {
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "ok", json_object_new_boolean(ok));
    return o;
}

// code: wrong_call, file, key, or refused with the name of the reason behind it.
static int fail(const char *code, const char *reason, const char *line) {
    char clean[4800];
    text_clean(clean, sizeof(clean), line);
    if (json) {
        struct json_object *o = object(false), *error = json_object_new_object();
        json_object_object_add(error, "code", json_object_new_string(code));
        if (reason != NULL)
            json_object_object_add(error, "reason", json_object_new_string(reason));
        json_object_object_add(error, "text", json_object_new_string(clean));
        json_object_object_add(o, "error", error);
        (void)say_json(o);
    } else {
        fprintf(stderr, "weir-image: %s\n", clean);
    }
    return strcmp(code, "wrong_call") == 0 ? CLI_USAGE : 1;
}

static void wrong_as_json(const char *line) {
    (void)fail("wrong_call", NULL, line);
}

static void loud(const char *what, const uint8_t public_key[32]) {
    if (image_key_is_development(public_key))
        fprintf(stderr, "weir-image: WARNING: %s: " IMAGE_KEY_LOUD "\n", what);
}

static struct json_object *hex(const uint8_t *bytes, size_t n) {
    char text[129];
    return json_object_new_string(sodium_bin2hex(text, sizeof(text), bytes, n));
}

static const char *who_signed(const struct manifest *m) {
    static const uint8_t none[MANIFEST_LEN_signature];
    if (memcmp(m->signature, none, sizeof(none)) == 0)
        return "nobody";
    if (!image_signature_right(image.bytes, m->signature, m->key))
        return "nobody: the signature is wrong";
    return image_key_is_development(m->key) ? "the DEVELOPMENT key" : "its key";
}

static int tell(const char *path, const struct manifest *m, enum image_refusal why) {
    struct json_object *o = object(true), *cores = json_object_new_array();
    char clean[4096], number[16], id[33], key[65];
    uint8_t hash[32];

    image_key_hash(m->key, hash);
    snprintf(number, sizeof(number), "%u.%u", m->version >> 16, m->version & 0xFFFF);
    if (!json) {
        printf("%s: firmware image, version %s, security counter %u\n", text_clean(clean, sizeof(clean), path), number,
               m->counter);
        printf("  board      0x%08x\n  contract   %u.%u or later\n  bytes      %u\n", m->board, m->contract >> 16,
               m->contract & 0xFFFF, m->image_bytes);
        printf("  build      %s\n", sodium_bin2hex(id, sizeof(id), m->build_id, sizeof(m->build_id)));
        for (unsigned i = 0; i < MANIFEST_CORES; i++)
            printf("  core %u     %u bytes, SHA-256 %s\n", i, m->core[i].bytes,
                   sodium_bin2hex(key, sizeof(key), m->core[i].digest, MANIFEST_DIGEST_BYTES));
        printf("  content    %s\n", why == IMAGE_GOOD ? "is what the manifest says" : image_refusal_text(why));
        printf("  signed by  %s\n  key hash   %s\n", who_signed(m),
               sodium_bin2hex(key, sizeof(key), hash, sizeof(hash)));
        json_object_put(o);
        json_object_put(cores);
        return 0;
    }
    json_object_object_add(o, "version", json_object_new_string(number));
#define MANIFEST_WORD(offset, name, text)                                                                              \
    if (strcmp(#name, "version") != 0)                                                                                 \
        json_object_object_add(o, #name, json_object_new_int64(m->name));
#define MANIFEST_BYTES_OF(offset, name, bytes, text) json_object_object_add(o, #name, hex(m->name, sizeof(m->name)));
#include "manifest.def"
    for (unsigned i = 0; i < MANIFEST_CORES; i++) {
        struct json_object *core = json_object_new_object();
#define MANIFEST_CORE_WORD(offset, name, text)                                                                         \
    json_object_object_add(core, #name, json_object_new_int64(m->core[i].name));
#include "manifest.def"
        json_object_object_add(core, "sha256", hex(m->core[i].digest, MANIFEST_DIGEST_BYTES));
        json_object_array_add(cores, core);
    }
    json_object_object_add(o, "core", cores);
    json_object_object_add(o, "content", json_object_new_string(image_refusal_name(why)));
    json_object_object_add(o, "key_hash", hex(hash, sizeof(hash)));
    json_object_object_add(o, "signed_by", json_object_new_string(who_signed(m)));
    json_object_object_add(o, "development", json_object_new_boolean(image_key_is_development(m->key)));
    return say_json(o);
}

static int refused(const char *path, enum image_refusal why) {
    char line[4400];
    snprintf(line, sizeof(line), "%s: refused: %s", path, image_refusal_text(why));
    return fail("refused", image_refusal_name(why), line);
}

// ---- commands ----

static bool own_version(const char *text, uint32_t *to) {
    char major[8];
    uint64_t high, low;
    const size_t n = strcspn(text, ".");
    if (text[n] != '.' || n >= sizeof(major))
        return false;
    memcpy(major, text, n);
    major[n] = '\0';
    *to = text_range(major, 0, 65535, &high) && text_range(text + n + 1, 0, 65535, &low) ? (uint32_t)(high << 16 | low)
                                                                                         : 0;
    return *to != 0 && *to != UINT32_MAX;
}

static int sign_and_write(const char *path, char *err, size_t err_size) {
    struct image_key key = {0};
    int ret = 0;
    if (key_name != NULL && image_key_read(key_name, &key, err, err_size) != 0)
        return fail("key", NULL, err);
    if (key_name != NULL && !key.can_sign) {
        snprintf(err, err_size, "%s: a public key signs nothing; name the secret one beside it", key_name);
        return fail("key", NULL, err);
    }
    if (key_name != NULL) {
        image_file_sign(&image, &key);
        loud(path, key.public);
    }
    image_key_forget(&key);
    if (image_file_write(&image, path, err, err_size) != 0)
        ret = fail("file", NULL, err);
    else if (json)
        ret = say_json(object(true));
    return ret;
}

static int join(char **word, const struct image_words *words, char *err, size_t err_size) {
    FILE *body[MANIFEST_CORES];
    int bad = 0;
    for (unsigned i = 0; i < MANIFEST_CORES; i++) {
        body[i] = fopen(word[i], "rb");
        if (body[i] == NULL && bad == 0)
            bad = (int)i + 1;
    }
    if (bad == 0)
        bad = image_file_make(&image, body, words);
    for (unsigned i = 0; i < MANIFEST_CORES; i++)
        if (body[i] != NULL)
            fclose(body[i]);
    if (bad != 0)
        snprintf(err, err_size, "%s: missing, empty, or larger than the %u bytes that a core's memory allows",
                 word[bad - 1], IMAGE_BODY_MOST);
    return bad;
}

static int make(char **word, char *err, size_t err_size) {
    struct image_words words = {.counter = counter, .board = (uint32_t)board};
    size_t got = 0;
    if (!own_version(version, &words.version))
        return fail("wrong_call", NULL, "--image-version: expected MAJOR.MINOR, 0.1 to 65535.65534");
    if (build_id != NULL &&
        (sodium_hex2bin(words.build_id, sizeof(words.build_id), build_id, strlen(build_id), NULL, &got, NULL) != 0 ||
         got != sizeof(words.build_id) || sodium_is_zero(words.build_id, sizeof(words.build_id))))
        return fail("wrong_call", NULL, "--build-id: expected 32 hexadecimal digits, not all 0");
    if (join(word + 1, &words, err, err_size) != 0)
        return fail("file", NULL, err);
    return sign_and_write(word[0], err, err_size);
}

static int sign(char **word, char *err, size_t err_size) {
    struct image_rules rules;
    struct manifest m;
    enum image_refusal why;
    if (key_name == NULL)
        return fail("wrong_call", NULL, "sign: name a --key");
    if (image_file_read(&image, word[0], err, err_size) != 0)
        return fail("file", NULL, err);
    // What is signed is in order but for the signature: any board's, so its own.
    rules = image_file_rules(0, 0, NULL);
    (void)image_file_check(&image, &rules, &m);
    rules = image_file_rules(m.board, 0, NULL);
    why = image_file_check(&image, &rules, &m);
    if (why != IMAGE_GOOD && why != IMAGE_KEY_NONE && why != IMAGE_SIGNATURE_NONE)
        return refused(word[0], why);
    return sign_and_write(word[0], err, err_size);
}

static int show(char **word, char *err, size_t err_size) {
    struct image_rules rules = image_file_rules((uint32_t)board, 0, NULL);
    struct manifest m;
    enum image_refusal why;
    if (image_file_read(&image, word[0], err, err_size) != 0)
        return fail("file", NULL, err);
    why = image_file_check(&image, &rules, &m);
    if (m.magic != MANIFEST_MAGIC || m.format != MANIFEST_FORMAT)
        return refused(word[0], why);
    loud(word[0], m.key);
    return tell(word[0], &m, why);
}

static int check(char **word, char *err, size_t err_size) {
    struct image_key key;
    struct image_rules rules;
    struct manifest m;
    enum image_refusal why;
    uint8_t hash[32];
    if (key_name == NULL)
        return fail("wrong_call", NULL, "check: name the --key that the card trusts");
    if (image_key_read(key_name, &key, err, err_size) != 0)
        return fail("key", NULL, err);
    image_key_hash(key.public, hash);
    image_key_forget(&key);
    if (image_file_read(&image, word[0], err, err_size) != 0)
        return fail("file", NULL, err);
    rules = image_file_rules((uint32_t)board, floor_now, hash);
    why = image_file_check(&image, &rules, &m);
    if (why != IMAGE_GOOD)
        return refused(word[0], why);
    loud(word[0], m.key);
    return tell(word[0], &m, why);
}

static int keygen(char **word, char *err, size_t err_size) {
    struct image_key key;
    uint8_t hash[32];
    char text[65];
    struct json_object *o;
    if (image_key_make(word[0], &key, err, err_size) != 0)
        return fail("key", NULL, err);
    image_key_hash(key.public, hash);
    image_key_forget(&key);
    if (!json) {
        printf("key hash %s\n", sodium_bin2hex(text, sizeof(text), hash, sizeof(hash)));
        return 0;
    }
    o = object(true);
    json_object_object_add(o, "key_hash", hex(hash, sizeof(hash)));
    return say_json(o);
}

static const struct {
    const char *name;
    int words; // behind the name
    int (*run)(char **word, char *err, size_t err_size);
} commands[] = {{"make", 3, make}, {"sign", 1, sign}, {"show", 1, show}, {"check", 1, check}, {"keygen", 1, keygen}};

int main(int argc, char **argv) {
    struct cli cli = {.program = "weir-image",
                      .about = "weir-image: makes, signs, shows and checks firmware images for the card's flash.",
                      .words = "COMMAND ARGUMENT...",
                      .behind =
                          "commands:\n"
                          "  make OUT CORE0.bin CORE1.bin   an image of both cores' programs, signed with --key\n"
                          "  sign IMAGE                     signs it with --key\n"
                          "  show IMAGE                     says what is in it\n"
                          "  check IMAGE                    would a card that trusts --key boot it?\n"
                          "  keygen FILE                    a new secret key in FILE, the public one in FILE.pub\n"
                          "Exit status: 0 done, 1 refused or impossible, 2 the call is wrong.\n",
                      .options = options};
    char err[4400];
    int words = 0, ret;

    // Before anything can be wrong: what is wrong is JSON, too.
    for (int i = 1; i < argc; i++)
        json = json || strcmp(argv[i], "--json") == 0;
    cli.wrong = json ? wrong_as_json : NULL;
    ret = cli_read(&cli, argc, argv, &words);
    if (ret >= 0)
        return ret;
    if (sodium_init() < 0)
        return fail("key", NULL, "libsodium does not start: no source of random numbers");
    for (unsigned i = 0; words != 0 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (words != commands[i].words + 1)
            return cli_wrong(&cli, "%s: expected %d more words, got %d", argv[1], commands[i].words, words - 1);
        return commands[i].run(argv + 2, err, sizeof(err));
    }
    return cli_wrong(&cli, words == 0 ? "which command?%s" : "unknown command '%s'", words == 0 ? "" : argv[1]);
}
