/* The packed sample formats of signal(5), as a table. Missing-sample codes: the lowest value of
 * the two's complement (or offset binary) range; format 8 stores differences and has none. */
#include "ecg/wfdb_internal.h"

static int32_t sign_extend(uint32_t v, int bits) {
    return (int32_t)(v << (32 - bits)) >> (32 - bits);
}

/* First differences: summed up, from the initial value, by the caller who knows the signals. */
static void unpack8(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = (int8_t)p[i];
}
static void unpack80(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = p[i] - 128;
}
static void unpack16(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = (int16_t)(p[2 * i] | p[2 * i + 1] << 8);
}
static void unpack61(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = (int16_t)(p[2 * i] << 8 | p[2 * i + 1]);
}
static void unpack160(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = (p[2 * i] | p[2 * i + 1] << 8) - 32768;
}
static void unpack24(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = sign_extend(
            (uint32_t)p[3 * i] | (uint32_t)p[3 * i + 1] << 8 | (uint32_t)p[3 * i + 2] << 16, 24);
}
static void unpack32(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = (int32_t)((uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 |
                           (uint32_t)p[4 * i + 2] << 16 | (uint32_t)p[4 * i + 3] << 24);
}
/* Two 12-bit samples in three bytes; the middle byte holds the high four bits of each. */
static void unpack212(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++, p += 3) {
        out[2 * i] = sign_extend((uint32_t)p[0] | (p[1] & 15u) << 8, 12);
        out[2 * i + 1] = sign_extend((uint32_t)p[2] | (p[1] & 0xf0u) << 4, 12);
    }
}
/* Three 10-bit samples in two 16-bit words: bits 1-10 of each word, and bits 11-15 of both. */
static void unpack310(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++, p += 4) {
        uint32_t a = (uint32_t)p[0] | (uint32_t)p[1] << 8;
        uint32_t b = (uint32_t)p[2] | (uint32_t)p[3] << 8;
        out[3 * i] = sign_extend(a >> 1 & 0x3ff, 10);
        out[3 * i + 1] = sign_extend(b >> 1 & 0x3ff, 10);
        out[3 * i + 2] = sign_extend(a >> 11 | (b >> 11) << 5, 10);
    }
}
/* Three 10-bit samples in one 32-bit word, lowest bits first. */
static void unpack311(int32_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++, p += 4) {
        uint32_t v =
            (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        out[3 * i] = sign_extend(v & 0x3ff, 10);
        out[3 * i + 1] = sign_extend(v >> 10 & 0x3ff, 10);
        out[3 * i + 2] = sign_extend(v >> 20 & 0x3ff, 10);
    }
}

static const xp_wfdb_format formats[] = {
    {.id = 0, .missing = -32768}, /* a signal without samples */
    {8, INT32_MIN, 0, 1, 1, {0}, unpack8},
    {16, -32768, 0, 1, 2, {0}, unpack16},
    {24, -8388608, 0, 1, 3, {0}, unpack24},
    {32, INT32_MIN, 0, 1, 4, {0}, unpack32},
    {61, -32768, 0, 1, 2, {0}, unpack61},
    {80, -128, 0, 1, 1, {0}, unpack80},
    {160, -32768, 0, 1, 2, {0}, unpack160},
    {212, -2048, 0, 2, 3, {0, 1}, unpack212},
    {310, -512, 0, 3, 4, {0, 1, 1}, unpack310},
    {311, -512, 0, 3, 4, {0, 1, 2}, unpack311},
    {.id = 508, .missing = -128, .flac_bits = 8},
    {.id = 516, .missing = -32768, .flac_bits = 16},
    {.id = 524, .missing = -8388608, .flac_bits = 24},
};

const xp_wfdb_format *xp_wfdb_find_format(int id) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].id == id) return &formats[i];
    return NULL;
}

int64_t xp_wfdb_capacity(const xp_wfdb_format *f, size_t bytes) {
    if (!f->group_bytes) return 0;
    size_t groups = bytes / (size_t)f->group_bytes, rest = bytes % (size_t)f->group_bytes;
    return (int64_t)groups * f->group_samples + (rest ? f->partial[rest - 1] : 0);
}

void xp_wfdb_unpack(const xp_wfdb_format *f, int32_t *out, const uint8_t *p, size_t size,
                    int64_t n) {
    int64_t groups = n / f->group_samples;
    int rest = (int)(n % f->group_samples);
    f->unpack(out, p, groups);
    if (!rest) return;
    size_t at = (size_t)groups * (size_t)f->group_bytes;
    uint8_t last[4] = {0};
    int32_t samples[3];
    for (size_t i = 0; i < (size_t)f->group_bytes && at + i < size; i++) last[i] = p[at + i];
    f->unpack(samples, last, 1);
    for (int i = 0; i < rest; i++) out[groups * f->group_samples + i] = samples[i];
}
