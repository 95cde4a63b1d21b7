#include "base/rng.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k) {
    return x << k | x >> (64 - k);
}

xp_rng xp_rng_seed(uint64_t seed) {
    xp_rng r;
    for (int i = 0; i < 4; i++) r.s[i] = splitmix64(&seed);
    return r;
}

uint64_t xp_rng_u64(xp_rng *r) {
    uint64_t *s = r->s, out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return out;
}

double xp_rng_uniform(xp_rng *r) {
    return (double)(xp_rng_u64(r) >> 11) * 0x1p-53;
}

uint32_t xp_rng_below(xp_rng *r, uint32_t bound) {
    uint32_t limit = UINT32_MAX - UINT32_MAX % bound, v;
    do v = (uint32_t)(xp_rng_u64(r) >> 32);
    while (v >= limit);
    return v % bound;
}

/* Box-Muller; one of the pair is dropped so that the state stays four words. */
double xp_rng_normal(xp_rng *r) {
    const double two_pi = 6.283185307179586;
    double u = 1.0 - xp_rng_uniform(r), v = xp_rng_uniform(r);
    return sqrt(-2.0 * log(u)) * cos(two_pi * v);
}
