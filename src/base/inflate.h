/* Data compressed by DEFLATE (RFC 1951), bare or in zlib's envelope (RFC 1950). */
#ifndef XP_BASE_INFLATE_H
#define XP_BASE_INFLATE_H

#include "base/bytes.h"
#include "base/status.h"

typedef enum xp_envelope { XP_INFLATE_BARE, XP_INFLATE_ZLIB } xp_envelope;

/* What `in` holds; what stands behind its end is passed over. Data of more than `most` bytes are
 * refused (XP_ERR_LIMIT): a few kilobytes may hold a thousand times as many. *data is the caller's
 * to free; on error nothing is written. */
xp_status xp_inflate(uint8_t **data, size_t *size, xp_envelope envelope, xp_bytes in, size_t most,
                     xp_error *err);

/* The CRC-32 of zip, PNG and many a file: of bytes behind those whose CRC-32 is `before` (0: none).
 */
uint32_t xp_crc32_on(uint32_t before, xp_bytes bytes);

static inline uint32_t xp_crc32(xp_bytes bytes) {
    return xp_crc32_on(0, bytes);
}

#endif
