#include "ecg/pdf/cipher.h"

#include <math.h>

/* ---- MD5 (RFC 1321) ---- */

static uint32_t turn_left(uint32_t v, int by) {
    return v << by | v >> (32 - by);
}

static void md5_block(uint32_t s[4], const uint8_t *p) {
    static const uint8_t TURNS[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = s[0], b = s[1], c = s[2], d = s[3];
    for (int i = 0; i < 64; i++) {
        int round = i / 16, k = round == 0   ? i
                                : round == 1 ? 5 * i + 1
                                : round == 2 ? 3 * i + 5
                                             : 7 * i;
        uint32_t f = round == 0   ? (b & c) | (~b & d)
                     : round == 1 ? (d & b) | (~d & c)
                     : round == 2 ? b ^ c ^ d
                                  : c ^ (b | ~d);
        /* The constants are defined by sines of whole numbers. */
        uint32_t sine = (uint32_t)(int64_t)floor(fabs(sin(i + 1.0)) * 4294967296.0);
        uint32_t sum = a + f + sine + (uint32_t)xp_load_le(p + 4 * (k % 16), 4);
        a = d;
        d = c;
        c = b;
        b += turn_left(sum, TURNS[round][i % 4]);
    }
    s[0] += a;
    s[1] += b;
    s[2] += c;
    s[3] += d;
}

void pdf_md5(const uint8_t *data, size_t n, uint8_t out[16]) {
    uint32_t s[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint8_t last[128] = {0};
    size_t left = n % 64, blocks = left < 56 ? 1 : 2;
    for (size_t i = 0; i + 64 <= n; i += 64) md5_block(s, data + i);
    if (left) memcpy(last, data + n - left, left);
    last[left] = 0x80;
    xp_store_le(last + 64 * blocks - 8, (uint64_t)n * 8, 8);
    for (size_t i = 0; i < blocks; i++) md5_block(s, last + 64 * i);
    for (int i = 0; i < 4; i++) xp_store_le(out + 4 * i, s[i], 4);
}

/* ---- RC4 ---- */

void pdf_rc4(uint8_t *data, size_t n, const uint8_t *key, size_t key_size) {
    uint8_t s[256], t;
    for (int i = 0; i < 256; i++) s[i] = (uint8_t)i;
    for (int i = 0, j = 0; i < 256; i++) {
        j = (j + s[i] + key[(size_t)i % key_size]) & 255;
        t = s[i], s[i] = s[j], s[j] = t;
    }
    int i = 0, j = 0;
    for (size_t k = 0; k < n; k++) {
        i = (i + 1) & 255;
        j = (j + s[i]) & 255;
        t = s[i], s[i] = s[j], s[j] = t;
        data[k] ^= s[(s[i] + s[j]) & 255];
    }
}

/* ---- AES (FIPS 197) ---- */

static uint8_t times(uint8_t a, uint8_t b) {
    uint8_t r = 0;
    for (; b; b >>= 1) {
        if (b & 1) r ^= a;
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
    }
    return r;
}

/* The substitution and its inverse: the inverse element of the field, and an affine map. */
static void make_boxes(uint8_t box[256], uint8_t inverse[256]) {
    uint8_t p = 1, q = 1;
    do { /* p runs through the field by 3, q by its inverse */
        p = (uint8_t)(p ^ p << 1 ^ (p & 0x80 ? 0x1b : 0));
        q ^= (uint8_t)(q << 1);
        q ^= (uint8_t)(q << 2);
        q ^= (uint8_t)(q << 4);
        if (q & 0x80) q ^= 0x09;
        uint8_t x = (uint8_t)(q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^
                              (q << 4 | q >> 4));
        box[p] = x ^ 0x63;
    } while (p != 1);
    box[0] = 0x63;
    for (int i = 0; i < 256; i++) inverse[box[i]] = (uint8_t)i;
}

enum { MOST_KEYS = 240 }; /* bytes of the round keys of AES-256 */

/* Rounds, and a block of keys more. */
static int make_round_keys(uint8_t keys[MOST_KEYS], const uint8_t *key, int size,
                           const uint8_t box[256]) {
    int rounds = size / 4 + 6;
    uint8_t round = 1;
    memcpy(keys, key, (size_t)size);
    for (int i = size; i < 16 * (rounds + 1); i += 4) {
        uint8_t w[4];
        memcpy(w, keys + i - 4, 4);
        if (i % size == 0) {
            uint8_t first = w[0];
            w[0] = (uint8_t)(box[w[1]] ^ round);
            w[1] = box[w[2]];
            w[2] = box[w[3]];
            w[3] = box[first];
            round = times(round, 2);
        } else if (size > 24 && i % size == 16) {
            for (int k = 0; k < 4; k++) w[k] = box[w[k]];
        }
        for (int k = 0; k < 4; k++) keys[i + k] = keys[i - size + k] ^ w[k];
    }
    return rounds;
}

/* What a direction needs: products of each byte with the factors of a column. */
typedef struct aes {
    uint8_t box[256], inverse[256], keys[MOST_KEYS], products[4][256];
    int rounds;
} aes;

static void start_aes(aes *a, const uint8_t *key, int size, const uint8_t factors[4]) {
    make_boxes(a->box, a->inverse);
    a->rounds = make_round_keys(a->keys, key, size, a->box);
    for (int f = 0; f < 4; f++)
        for (int i = 0; i < 256; i++) a->products[f][i] = times((uint8_t)i, factors[f]);
}

/* Mix the columns, or undo it. */
static void mix(uint8_t s[16], const aes *a) {
    for (int c = 0; c < 16; c += 4) {
        uint8_t w[4];
        memcpy(w, s + c, 4);
        for (int r = 0; r < 4; r++)
            s[c + r] = a->products[0][w[r]] ^ a->products[1][w[(r + 1) & 3]] ^
                       a->products[2][w[(r + 2) & 3]] ^ a->products[3][w[(r + 3) & 3]];
    }
}

static void decrypt_block(uint8_t s[16], const aes *a) {
    uint8_t t[16];
    for (int i = 0; i < 16; i++) s[i] ^= a->keys[16 * a->rounds + i];
    for (int round = a->rounds - 1; round >= 0; round--) {
        for (int i = 0; i < 16; i++) t[(i + 4 * (i & 3)) & 15] = a->inverse[s[i]];
        for (int i = 0; i < 16; i++) s[i] = t[i] ^ a->keys[16 * round + i];
        if (round) mix(s, a);
    }
}

static void encrypt_block(uint8_t s[16], const aes *a) {
    uint8_t t[16];
    for (int i = 0; i < 16; i++) s[i] ^= a->keys[i];
    for (int round = 1; round <= a->rounds; round++) {
        for (int i = 0; i < 16; i++) t[i] = a->box[s[(i + 4 * (i & 3)) & 15]];
        if (round < a->rounds) mix(t, a);
        for (int i = 0; i < 16; i++) s[i] = t[i] ^ a->keys[16 * round + i];
    }
}

void pdf_aes_decrypt(uint8_t *data, size_t n, const uint8_t *key, int key_size,
                     const uint8_t before[16]) {
    static const uint8_t FACTORS[4] = {14, 11, 13, 9};
    uint8_t last[16], now[16];
    aes a;
    start_aes(&a, key, key_size, FACTORS);
    memcpy(last, before, 16);
    for (size_t at = 0; at + 16 <= n; at += 16) {
        memcpy(now, data + at, 16);
        decrypt_block(data + at, &a);
        for (int i = 0; i < 16; i++) data[at + (size_t)i] ^= last[i];
        memcpy(last, now, 16);
    }
}

void pdf_aes_encrypt(uint8_t *data, size_t n, const uint8_t *key, int key_size,
                     const uint8_t before[16]) {
    static const uint8_t FACTORS[4] = {2, 3, 1, 1};
    const uint8_t *last = before;
    aes a;
    start_aes(&a, key, key_size, FACTORS);
    for (size_t at = 0; at + 16 <= n; at += 16) {
        for (int i = 0; i < 16; i++) data[at + (size_t)i] ^= last[i];
        encrypt_block(data + at, &a);
        last = data + at;
    }
}
