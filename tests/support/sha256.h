/* SHA-256 (FIPS 180-4), to compare long results with a stored digest. */
#ifndef XP_TEST_SHA256_H
#define XP_TEST_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* The lower-case hexadecimal digest of n bytes, NUL-terminated. */
void sha256_hex(const uint8_t *data, size_t n, char out[65]);

#endif
