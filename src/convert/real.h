/* Numbers of other people's files: IEEE 754 of two, four or eight bytes. */
#ifndef XP_CONVERT_REAL_H
#define XP_CONVERT_REAL_H

#include "nn/float16.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The number whose low `size` (2, 4 or 8) bytes are bits. */
static inline double xp_real_of_bits(uint64_t bits, int size) {
    if (size == 2) return (double)xp_float16_to_float((uint16_t)bits);
    if (size == 4) {
        const uint32_t low = (uint32_t)bits;
        float x;
        memcpy(&x, &low, sizeof x);
        return (double)x;
    }
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* What a float cannot hold becomes infinity: C leaves that conversion undefined. */
static inline float xp_real_to_float(double x) {
    return fabs(x) > 0x1.ffffffp127 ? (float)copysign(INFINITY, x) : (float)x;
}

#endif
