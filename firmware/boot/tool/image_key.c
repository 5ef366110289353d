// SPDX-License-Identifier: Apache-2.0
// See image_key.h. A key's file is a line that says what it is and a line of 64 hexadecimal digits: seed or public key.
#include "image_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_LINE "weir-image secret key, Ed25519: keep it to yourself\n"
#define PUBLIC_LINE "weir-image public key, Ed25519\n"
#define HEX 64u

_Static_assert(crypto_sign_ed25519_SEEDBYTES == 32 && crypto_sign_ed25519_PUBLICKEYBYTES == 32, "Ed25519");

static void from_seed(const uint8_t seed[32], struct image_key *key) {
    crypto_sign_ed25519_seed_keypair(key->public, key->secret, seed);
    key->can_sign = true;
    key->development = false;
}

static void development(struct image_key *key) {
    // In the source on purpose, so that nobody takes it for a secret.
    static const uint8_t seed[33] = "Weir development key: no secret!";
    from_seed(seed, key);
    key->development = true;
}

bool image_key_is_development(const uint8_t public_key[32]) {
    struct image_key key;
    development(&key);
    return memcmp(key.public, public_key, 32) == 0;
}

void image_key_hash(const uint8_t public_key[32], uint8_t hash[32]) {
    crypto_hash_sha256(hash, public_key, 32);
}

void image_key_forget(struct image_key *key) {
    sodium_memzero(key, sizeof(*key));
}

// The 32 bytes behind the line `what` in text; false: it is no such file.
static bool bytes_behind(const char *text, const char *what, uint8_t bytes[32]) {
    size_t n = strlen(what), got = 0;
    const char *end = NULL;
    return strncmp(text, what, n) == 0 && strlen(text) == n + HEX + 1 && text[n + HEX] == '\n' &&
           sodium_hex2bin(bytes, 32, text + n, HEX, NULL, &got, &end) == 0 && got == 32 && end == text + n + HEX;
}

static int read_file(const char *path, char *text, size_t size, struct stat *st, char *err, size_t err_size) {
    ssize_t n = 0;
    size_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, st) != 0) {
        snprintf(err, err_size, "%s: %s; weir-image keygen makes a key, " IMAGE_KEY_DEVELOPMENT " is the public one",
                 path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while (S_ISREG(st->st_mode) && got < size - 1 && (n = read(fd, text + got, size - 1 - got)) > 0)
        got += (size_t)n;
    text[got] = '\0';
    close(fd);
    return 0;
}

int image_key_read(const char *name, struct image_key *key, char *err, size_t err_size) {
    char text[256] = "";
    uint8_t bytes[32];
    struct stat st;
    int ret = -1;

    memset(key, 0, sizeof(*key));
    if (strcmp(name, IMAGE_KEY_DEVELOPMENT) == 0) {
        development(key);
        return 0;
    }
    if (read_file(name, text, sizeof(text), &st, err, err_size) != 0)
        return -1;
    if (bytes_behind(text, SECRET_LINE, bytes)) {
        if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
            snprintf(err, err_size,
                     "%s: others than its owner may use this secret key (mode %04o): chmod 600, or make a new one",
                     name, (unsigned)st.st_mode & 07777u);
            goto out;
        }
        from_seed(bytes, key);
        key->development = image_key_is_development(key->public);
        ret = 0;
    } else if (bytes_behind(text, PUBLIC_LINE, bytes)) {
        memcpy(key->public, bytes, 32);
        key->development = image_key_is_development(bytes);
        ret = 0;
    } else {
        snprintf(err, err_size, "%s: no key of weir-image; weir-image keygen makes one", name);
    }
out:
    sodium_memzero(text, sizeof(text));
    sodium_memzero(bytes, sizeof(bytes));
    return ret;
}

static int write_new(const char *path, mode_t mode, const char *line, const uint8_t bytes[32], char *err,
                     size_t err_size) {
    char text[256], hex[HEX + 1];
    ssize_t n = -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        snprintf(err, err_size, "%s: %s; a key is written over no file", path, strerror(errno));
        return -1;
    }
    snprintf(text, sizeof(text), "%s%s\n", line, sodium_bin2hex(hex, sizeof(hex), bytes, 32));
    n = write(fd, text, strlen(text));
    if (n != (ssize_t)strlen(text) || fsync(fd) != 0 || close(fd) != 0) {
        snprintf(err, err_size, "%s: cannot be written: %s", path, strerror(errno));
        unlink(path);
        n = -1;
    }
    sodium_memzero(text, sizeof(text));
    sodium_memzero(hex, sizeof(hex));
    return n < 0 ? -1 : 0;
}

int image_key_make(const char *path, struct image_key *key, char *err, size_t err_size) {
    char public_path[4096];
    uint8_t seed[32];
    int ret = -1;

    if ((size_t)snprintf(public_path, sizeof(public_path), "%s.pub", path) >= sizeof(public_path)) {
        snprintf(err, err_size, "the name of the key's file is too long");
        return -1;
    }
    randombytes_buf(seed, sizeof(seed));
    from_seed(seed, key);
    if (write_new(path, 0600, SECRET_LINE, seed, err, err_size) != 0)
        goto out;
    if (write_new(public_path, 0644, PUBLIC_LINE, key->public, err, err_size) != 0) {
        unlink(path);
        goto out;
    }
    ret = 0;
out:
    sodium_memzero(seed, sizeof(seed));
    return ret;
}
