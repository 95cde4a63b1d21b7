/* Text in UTF-8. */
#ifndef XP_BASE_TEXT_H
#define XP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed sequence at p (RFC 3629), of which `left` are there; 0: there is none.
 */
size_t xp_utf8_length(const uint8_t *p, size_t left);

/* Whether all n bytes are well-formed. */
bool xp_is_utf8(const uint8_t *p, size_t n);

/* Copy text, cut to the size of the destination, never inside a UTF-8 sequence. */
void xp_copy_text(char *dst, size_t size, const char *src);

#endif
