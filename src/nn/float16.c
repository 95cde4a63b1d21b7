#include "nn/float16.h"

#include <string.h>

static uint32_t bits_of(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* v without its lowest `shift` bits (1..31), rounded to nearest, ties to even. */
static uint32_t shift_rounded(uint32_t v, int shift) {
    uint32_t kept = v >> shift, rest = v & ((1u << shift) - 1), tie = 1u << (shift - 1);
    return kept + (rest > tie || (rest == tie && (kept & 1)));
}

uint16_t xp_float16_from_float(float x) {
    uint32_t u = bits_of(x), sign = u >> 16 & 0x8000, magnitude = u & 0x7fffffff;
    if (magnitude > 0x7f800000) /* NaN: quiet bit set, so that a payload of zero cannot arise */
        return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x1ff));
    if (magnitude >= 0x47800000) return (uint16_t)(sign | 0x7c00); /* >= 2^16 */
    if (magnitude >=
        0x38800000) /* >= 2^-14, normal: a carry runs on into the exponent as it must */
        return (uint16_t)(sign | (shift_rounded(magnitude, 13) - (112u << 10)));
    if (magnitude < 0x33000000) return (uint16_t)sign; /* < 2^-25 rounds to 0 */
    uint32_t mantissa = (magnitude & 0x7fffff) | 0x800000;
    return (uint16_t)(sign | shift_rounded(mantissa, 126 - (int)(magnitude >> 23)));
}

float xp_float16_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ff;
    if (exponent == 31) return float_of(sign | 0x7f800000 | mantissa << 13);
    if (exponent) return float_of(sign | ((exponent + 112) << 23) | mantissa << 13);
    float subnormal = (float)mantissa * 0x1p-24f; /* exact: 10 bits */
    return sign ? -subnormal : subnormal;
}

float xp_bfloat_to_float(uint16_t b) {
    return float_of((uint32_t)b << 16);
}
