/* SHA-256 (FIPS 180-4), to name the exact model file in every result. */
#ifndef XP_TOOLS_SHA256_H
#define XP_TOOLS_SHA256_H

#include "base/bytes.h"

/* hex receives 64 lower-case digits and a NUL. */
void sha256_hex(xp_bytes data, char hex[65]);

#endif
