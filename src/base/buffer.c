#include "base/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void xp_buffer_free(xp_buffer *b) {
    free(b->data);
    *b = (xp_buffer){0};
}

uint8_t *xp_buffer_grow(xp_buffer *b, size_t n) {
    if (b->failed || n > SIZE_MAX / 4 - b->size) {
        b->failed = true;
        return NULL;
    }
    if (b->size + n > b->cap || !b->data) {
        size_t cap = b->cap + b->cap / 2;
        if (cap < b->size + n) cap = b->size + n;
        if (cap < 256) cap = 256;
        uint8_t *p = realloc(b->data, cap);
        if (!p) {
            b->failed = true;
            return NULL;
        }
        b->data = p;
        b->cap = cap;
    }
    uint8_t *at = b->data + b->size;
    b->size += n;
    return at;
}

void xp_buffer_add(xp_buffer *b, const void *bytes, size_t n) {
    uint8_t *at = xp_buffer_grow(b, n);
    if (at && n) memcpy(at, bytes, n);
}

void xp_buffer_fill(xp_buffer *b, uint8_t byte, size_t n) {
    uint8_t *at = xp_buffer_grow(b, n);
    if (at) memset(at, byte, n);
}

void xp_buffer_le(xp_buffer *b, uint64_t v, int n) {
    uint8_t *at = xp_buffer_grow(b, (size_t)n);
    for (int i = 0; at && i < n; i++) at[i] = (uint8_t)(v >> (8 * i));
}

void xp_buffer_text(xp_buffer *b, const char *text) {
    xp_buffer_add(b, text, strlen(text));
}

void xp_buffer_printf(xp_buffer *b, const char *fmt, ...) {
    char text[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0) {
        b->failed = true;
    } else if ((size_t)n < sizeof text) {
        xp_buffer_add(b, text, (size_t)n);
    } else { /* the NUL goes to the buffer and out of it again */
        uint8_t *at = xp_buffer_grow(b, (size_t)n + 1);
        va_start(args, fmt);
        if (at) vsnprintf((char *)at, (size_t)n + 1, fmt, args);
        va_end(args);
        if (at) b->size--;
    }
}

void xp_buffer_field(xp_buffer *b, const char *text, size_t n) {
    size_t length = strlen(text);
    xp_buffer_add(b, text, length < n ? length : n);
    if (length < n) xp_buffer_fill(b, ' ', n - length);
}

const char *xp_number_text(double v, char text[XP_NUMBER_SIZE]) {
    if (isnan(v)) return strcpy(text, "nan");
    for (int digits = 15; digits <= 17; digits++) /* %g drops zeros at the end */ {
        snprintf(text, XP_NUMBER_SIZE, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    return text;
}

void xp_buffer_number(xp_buffer *b, double v) {
    char text[XP_NUMBER_SIZE];
    xp_buffer_text(b, xp_number_text(v, text));
}
