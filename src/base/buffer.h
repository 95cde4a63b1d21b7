/* Bytes that grow as they are appended to. Where there is no memory the buffer is `failed`, keeps
 * what it has and takes no more: a writer appends all it has and asks once. */
#ifndef XP_BASE_BUFFER_H
#define XP_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct xp_buffer {
    uint8_t *data; /* owned */
    size_t size, cap;
    bool failed;
} xp_buffer;

void xp_buffer_free(xp_buffer *b);

/* n more bytes, to be filled by the caller before it appends anything else; NULL where it failed.
 */
uint8_t *xp_buffer_grow(xp_buffer *b, size_t n);

void xp_buffer_add(xp_buffer *b, const void *bytes, size_t n);
void xp_buffer_fill(xp_buffer *b, uint8_t byte, size_t n);

/* The low n bytes of v, the lowest first. */
void xp_buffer_le(xp_buffer *b, uint64_t v, int n);

/* Text without its NUL. */
void xp_buffer_text(xp_buffer *b, const char *text);
void xp_buffer_printf(xp_buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text cut to n bytes, or filled up to n with blanks: a field of fixed width. */
void xp_buffer_field(xp_buffer *b, const char *text, size_t n);

/* The shortest decimals that read back as v: "0.005", "1e-09", "nan" for NaN. */
void xp_buffer_number(xp_buffer *b, double v);
enum { XP_NUMBER_SIZE = 32 };
const char *xp_number_text(double v, char text[XP_NUMBER_SIZE]);

#endif
