/* SHA-256 (FIPS 180-4). */
#ifndef XP_BASE_SHA256_H
#define XP_BASE_SHA256_H

#include "base/bytes.h"

void xp_sha256(xp_bytes data, uint8_t out[32]);

/* hex receives 64 lower-case digits and a NUL. */
void xp_sha256_hex(xp_bytes data, char hex[65]);

#endif
