/* IEEE 754 half precision (binary16) and bfloat16, in plain integer arithmetic: the same bits on
 * every machine, in WebAssembly too. */
#ifndef XP_NN_FLOAT16_H
#define XP_NN_FLOAT16_H

#include <stdint.h>

/* Round to nearest, ties to even; beyond 65504 + half a step becomes infinity; subnormals are kept;
 * a NaN stays a NaN (quiet, the upper payload bits kept). */
uint16_t xp_float16_from_float(float x);

/* Exact. */
float xp_float16_to_float(uint16_t h);
float xp_bfloat_to_float(uint16_t b);

#endif
