/* Seeded pseudo-random numbers: xoshiro256** 1.0 seeded by splitmix64 (Blackman and Vigna 2018).
 * The state is a plain struct, so it can be saved with a checkpoint and the stream resumes. */
#ifndef XP_BASE_RNG_H
#define XP_BASE_RNG_H

#include <stdint.h>

typedef struct xp_rng {
    uint64_t s[4];
} xp_rng;

xp_rng xp_rng_seed(uint64_t seed);
uint64_t xp_rng_u64(xp_rng *r);
double xp_rng_uniform(xp_rng *r);                 /* [0, 1), 53 bits */
uint32_t xp_rng_below(xp_rng *r, uint32_t bound); /* [0, bound), unbiased; bound > 0 */
double xp_rng_normal(xp_rng *r);                  /* mean 0, variance 1 */

#endif
