#include "ecg/pdf/crypt.h"

#include "base/sha256.h"
#include "ecg/pdf/cipher.h"

#include <stdlib.h>

/* What the empty password is filled up with (ISO 32000-1, 7.6.3.3). */
static const uint8_t PADDING[32] = {
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08,
    0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a};

enum { MOST_ID = 64 };

static size_t id_size(const pdf_lock *lock) {
    return lock->id.size < MOST_ID ? lock->id.size : MOST_ID;
}

/* Algorithm 2. */
static void make_key(pdf_crypt *c, const pdf_lock *lock) {
    uint8_t text[32 + 32 + 4 + MOST_ID + 4], sum[16];
    size_t n = 0;
    memcpy(text, PADDING, 32);
    memcpy(text + 32, lock->owner.data, 32);
    xp_store_le(text + 64, lock->permissions, 4);
    n = 68;
    if (id_size(lock)) memcpy(text + n, lock->id.data, id_size(lock));
    n += id_size(lock);
    if (lock->revision >= 4 && lock->clear_metadata) {
        memset(text + n, 0xff, 4);
        n += 4;
    }
    pdf_md5(text, n, sum);
    for (int i = 0; lock->revision >= 3 && i < 50; i++) pdf_md5(sum, (size_t)c->key_size, sum);
    memcpy(c->key, sum, (size_t)c->key_size);
}

/* Algorithms 4 and 5: what /U is for the empty password. */
static bool is_user(const pdf_crypt *c, const pdf_lock *lock) {
    uint8_t text[32 + MOST_ID], sum[32];
    if (lock->revision == 2) {
        memcpy(sum, PADDING, 32);
        pdf_rc4(sum, 32, c->key, (size_t)c->key_size);
        return !memcmp(sum, lock->user.data, 32);
    }
    memcpy(text, PADDING, 32);
    if (id_size(lock)) memcpy(text + 32, lock->id.data, id_size(lock));
    pdf_md5(text, 32 + id_size(lock), sum);
    for (int i = 0; i < 20; i++) {
        uint8_t key[16];
        for (int k = 0; k < c->key_size; k++) key[k] = (uint8_t)(c->key[k] ^ i);
        pdf_rc4(sum, 16, key, (size_t)c->key_size);
    }
    return !memcmp(sum, lock->user.data, 16);
}

/* ---- revisions 5 and 6 (ISO 32000-2, 7.6.4.3.4) ---- */

/* Algorithm 2.B for the empty password: 64 rounds or more of AES over 64 copies, and a SHA-2 that
 * the result chooses. Revision 5 has the first hash alone. */
static void hash_salt(const uint8_t salt[8], int revision, uint8_t out[32]) {
    uint8_t k[64], text[64 * 64];
    size_t n = 32;
    xp_sha256((xp_bytes){salt, 8}, k);
    for (int round = 1; revision > 5; round++) {
        int sum = 0;
        for (size_t i = 0; i < 64; i++) memcpy(text + i * n, k, n);
        pdf_aes_encrypt(text, 64 * n, k, 16, k + 16);
        for (int i = 0; i < 16; i++) sum += text[i];
        uint8_t last = text[64 * n - 1];
        if (sum % 3)
            pdf_sha512(text, 64 * n, sum % 3 == 1 ? 384 : 512, k);
        else
            xp_sha256((xp_bytes){text, 64 * n}, k);
        n = (size_t)(sum % 3 * 16) + 32;
        if (round >= 64 && last <= round - 32) break;
    }
    memcpy(out, k, 32);
}

static bool unlock_256(pdf_crypt *c, const pdf_lock *lock) {
    static const uint8_t zeros[16] = {0};
    uint8_t sum[32];
    if (lock->user.size < 48 || lock->user_key.size < 32) return false;
    hash_salt(lock->user.data + 32, lock->revision, sum);
    if (memcmp(sum, lock->user.data, 32)) return false;
    hash_salt(lock->user.data + 40, lock->revision, sum);
    memcpy(c->key, lock->user_key.data, 32);
    pdf_aes_decrypt(c->key, 32, sum, 32, zeros);
    return true;
}

bool pdf_unlock(pdf_crypt *out, const pdf_lock *lock) {
    *out = (pdf_crypt){.key_size = lock->key_size, .aes = lock->aes, .clear = lock->clear};
    if (lock->revision >= 5) return unlock_256(out, lock);
    if (lock->owner.size < 32 || lock->user.size < 32 || lock->key_size < 5 || lock->key_size > 16)
        return false;
    make_key(out, lock);
    return is_user(out, lock);
}

/* Algorithm 1: each object has a key of its own. */
static size_t object_key(const pdf_crypt *c, int number, int generation, uint8_t key[32]) {
    uint8_t text[16 + 5 + 4];
    size_t n = (size_t)c->key_size;
    if (n == 32) {
        memcpy(key, c->key, n);
        return n;
    }
    memcpy(text, c->key, n);
    xp_store_le(text + n, (uint32_t)number, 3);
    xp_store_le(text + n + 3, (uint32_t)generation, 2);
    if (c->aes) memcpy(text + n + 5, "sAlT", 4);
    pdf_md5(text, n + 5 + (c->aes ? 4 : 0), key);
    return n + 5 < 16 ? n + 5 : 16;
}

/* AES: the first block begins the chain, and the last byte tells how many are filling. */
static bool decrypt_aes(pdf_output *out, const uint8_t *key, int key_size) {
    if (out->size < 32 || out->size % 16) return false;
    uint8_t before[16];
    memcpy(before, out->data, 16);
    memmove(out->data, out->data + 16, out->size - 16);
    out->size -= 16;
    pdf_aes_decrypt(out->data, out->size, key, key_size, before);
    uint8_t fill = out->data[out->size - 1];
    if (fill >= 1 && fill <= 16) out->size -= fill;
    return true;
}

bool pdf_decrypt(const pdf_crypt *crypt, int number, int generation, xp_bytes in, pdf_output *out) {
    if (in.size > out->limit) {
        out->too_large = true;
        return false;
    }
    out->data = malloc(in.size + 1);
    out->no_memory |= !out->data;
    if (!out->data) return false;
    if (in.size) memcpy(out->data, in.data, in.size);
    out->size = in.size;
    out->cap = in.size + 1;
    if (!crypt || crypt->clear) return true;
    uint8_t key[32];
    size_t n = object_key(crypt, number, generation, key);
    if (crypt->aes) return decrypt_aes(out, key, crypt->key_size == 32 ? 32 : 16);
    pdf_rc4(out->data, out->size, key, n);
    return true;
}
