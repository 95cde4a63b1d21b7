#include "ecg/xli.h"

#include <stdlib.h>

enum { CODES = 1024, END = CODES - 1, FIRST_FREE = 256 };

/* What a code stands for: what another does, and a byte behind it. */
typedef struct table {
    uint16_t before[CODES], length[CODES];
    uint8_t first[CODES], last[CODES];
    int n;
} table;

typedef struct output {
    uint8_t *bytes;
    size_t n, room, most;
} output;

static bool make_room(output *o, size_t more) {
    if (o->room - o->n >= more) return true;
    size_t room = 2 * o->room + more + 16384;
    uint8_t *bytes = realloc(o->bytes, room);
    if (!bytes) return false;
    o->bytes = bytes;
    o->room = room;
    return true;
}

static void start_table(table *t) {
    for (int i = 0; i < FIRST_FREE; i++) {
        t->length[i] = 1;
        t->first[i] = t->last[i] = (uint8_t)i;
    }
    t->n = FIRST_FREE;
}

/* Code t->n = what `before` stands for, and a byte. */
static void add_code(table *t, int before, uint8_t byte) {
    if (t->n == END) return;
    t->before[t->n] = (uint16_t)before;
    t->length[t->n] = (uint16_t)(t->length[before] + 1);
    t->first[t->n] = t->first[before];
    t->last[t->n++] = byte;
}

static bool put(output *o, const table *t, int code) {
    size_t n = t->length[code];
    if (!make_room(o, n)) return false;
    o->n += n;
    for (uint8_t *p = o->bytes + o->n; n; n--, code = t->before[code]) *--p = t->last[code];
    return true;
}

static xp_status expand(output *o, xp_bytes data, xp_error *err) {
    table t;
    uint32_t bits = 0;
    int held = 0, before = -1;
    start_table(&t);
    for (size_t i = 0; i < data.size && o->n < o->most; i++) {
        bits = bits << 8 | data.data[i];
        held += 8;
        if (held < 10) continue;
        int code = (int)(bits >> (held -= 10) & END);
        if (code == END) break;
        if (before >= 0 && code <= t.n) add_code(&t, before, t.first[code < t.n ? code : before]);
        if (code >= t.n)
            return xp_fail(err, XP_ERR_FORMAT,
                           "its compressed data are wrong at byte %zu: the file is damaged", i);
        if (!put(o, &t, code)) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
        before = code;
    }
    return XP_OK;
}

/* Samples of the two halves of bytes, and then of the corrections. */
static void join(int16_t *v, const uint8_t *bytes, int64_t n, int correction) {
    for (int64_t i = 0; i < n; i++) v[i] = (int16_t)(bytes[i] << 8 | bytes[n + i]);
    for (int64_t i = 2; i < n; i++) {
        int next = v[i] - 64;
        v[i] = (int16_t)(2 * v[i - 1] - v[i - 2] - correction);
        correction = next;
    }
}

xp_status xp_xli_read(xp_cursor *c, int16_t **v, int64_t *n, int64_t most, xp_error *err) {
    uint32_t size = xp_cursor_u32(c);
    xp_cursor_u16(c);
    int correction = (int16_t)xp_cursor_u16(c);
    const uint8_t *data = c->overrun ? NULL : xp_cursor_take(c, size);
    output o = {.most = (size_t)most * 2};
    if (!data)
        return xp_fail(err, XP_ERR_TRUNCATED,
                       "its data end in the middle of it: the file is cut, copy it again");
    xp_status s = expand(&o, (xp_bytes){data, size}, err);
    if (s == XP_OK) {
        *n = (int64_t)(o.n < o.most ? o.n : o.most) / 2;
        *v = malloc((size_t)*n * sizeof **v + 1);
        if (*v)
            join(*v, o.bytes, *n, correction);
        else
            s = xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    }
    free(o.bytes);
    return s;
}
