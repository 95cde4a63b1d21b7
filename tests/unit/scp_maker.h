/* SCP-ECG files for tests: sections, codes and checksums as EN 1064 has them. */
#ifndef XP_TEST_SCP_MAKER_H
#define XP_TEST_SCP_MAKER_H

#include "base/bytes.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

typedef struct file {
    uint8_t data[1 << 18];
    size_t size;
} file;

static inline void put(file *f, const void *bytes, size_t n) {
    assert_true(f->size + n <= sizeof f->data);
    memcpy(f->data + f->size, bytes, n);
    f->size += n;
}

static inline void put_le(file *f, int64_t v, int n) {
    uint8_t le[8];
    xp_store_le(le, (uint64_t)v, n);
    put(f, le, (size_t)n);
}

static inline uint16_t crc_of(const uint8_t *p, size_t n) {
    uint32_t crc = 0xffff;
    for (size_t i = 0; i < n; i++)
        for (int k = 7; k >= 0; k--) {
            uint32_t out = crc >> 15 & 1, in = p[i] >> k & 1;
            crc = (crc << 1 & 0xffff) ^ (out ^ in ? 0x1021 : 0);
        }
    return (uint16_t)crc;
}

/* Twelve pointers, to be set when their sections are there. */
static inline void begin(file *f) {
    memset(f, 0, 6 + 136);
    f->size = 6 + 136;
    xp_store_le(f->data + 8, 0, 2);
    xp_store_le(f->data + 10, 136, 4);
    memcpy(f->data + 16, "SCPECG", 6);
    for (int i = 0; i < 12; i++) xp_store_le(f->data + 22 + 10 * i, (uint64_t)i, 2);
    xp_store_le(f->data + 24, 136, 4);
    xp_store_le(f->data + 28, 7, 4);
}

static inline void section(file *f, int id, const file *body) {
    static const uint8_t none[8];
    size_t at = f->size, length = 16 + body->size + body->size % 2;
    put_le(f, 0, 2);
    put_le(f, id, 2);
    put_le(f, (int64_t)length, 4);
    put(f, none, 8);
    put(f, body->data, body->size);
    if (body->size % 2) put(f, none, 1);
    xp_store_le(f->data + at, crc_of(f->data + at + 2, length - 2), 2);
    xp_store_le(f->data + 22 + 10 * id + 2, length, 4);
    xp_store_le(f->data + 22 + 10 * id + 6, at + 1, 4);
}

static inline void end(file *f) {
    xp_store_le(f->data + 2, f->size, 4);
    xp_store_le(f->data + 6, crc_of(f->data + 8, 134), 2);
    xp_store_le(f->data, crc_of(f->data + 2, f->size - 2), 2);
}

/* ---- samples ---- */

typedef struct bit_writer {
    file f;
    int free; /* bits of the last byte */
} bit_writer;

static inline void put_bits(bit_writer *w, uint32_t v, int n) {
    for (int i = n - 1; i >= 0; i--) {
        if (!w->free) {
            put_le(&w->f, 0, 1);
            w->free = 8;
        }
        w->f.data[w->f.size - 1] |= (uint8_t)((v >> i & 1) << --w->free);
    }
}

/* EN 1064's own table. */
static inline void put_value(bit_writer *w, int v) {
    int size = abs(v);
    if (size <= 8) {
        put_bits(w, (1u << size) - 1, size);
        put_bits(w, 0, 1);
        if (size) put_bits(w, v < 0, 1);
    } else {
        bool narrow = v >= -128 && v <= 127;
        put_bits(w, 0x1ff, 9);
        put_bits(w, !narrow, 1);
        put_bits(w, (uint32_t)v & (narrow ? 0xff : 0xffff), narrow ? 8 : 16);
    }
}

static inline int difference_of(const int *x, int i, int order) {
    if (order == 1 && i >= 1) return x[i] - x[i - 1];
    if (order == 2 && i >= 2) return x[i] - 2 * x[i - 1] + x[i - 2];
    return x[i];
}

typedef enum coding { PLAIN, STANDARD, OWN } coding;

/* Two own tables: the first for -1..1 and a switch, the second for all values and a switch back. */
static const uint8_t own_tables[] = {
    2, 0, 4, 0,    1,    1,   1, 0, 0, 0, 0, 0, 0, /* 0: 0 */
    2, 2, 1, 1,    0,    1,   0, 0, 0,             /* 10: 1 */
    3, 3, 1, 0xff, 0xff, 3,   0, 0, 0,             /* 110: -1 */
    3, 3, 0, 2,    0,    7,   0, 0, 0,             /* 111: to table 2 */
    2, 0, 1, 17,   1,    100, 0, 0, 0, 0, 0,       /* 0 and 16 bits: 100 more */
    1, 1, 0, 1,    0,    1,   0, 0, 0,             /* 1: to table 1 */
};

static inline void put_own(bit_writer *w, int v) {
    if (v == 0) put_bits(w, 0, 1);
    if (v == 1) put_bits(w, 2, 2);
    if (v == -1) put_bits(w, 6, 3);
    if (v >= -1 && v <= 1) return;
    put_bits(w, 7, 3);
    put_bits(w, 0, 1);
    put_bits(w, (uint32_t)(v - 100) & 0xffff, 16);
    put_bits(w, 1, 1);
}

static inline void encode(file *out, const int *x, int n, coding how, int order) {
    static bit_writer w;
    w = (bit_writer){.free = 0};
    for (int i = 0; i < n; i++) {
        int d = difference_of(x, i, order);
        if (how == PLAIN) put_le(&w.f, d, 2);
        if (how == STANDARD) put_value(&w, d);
        if (how == OWN) put_own(&w, d);
    }
    *out = w.f;
}

/* Section 5 or 6: the same samples for each of n_leads leads, `more` added to those of each. */
static inline void coded_section(file *f, int id, int avm, int interval, int order, bool bimodal,
                                 int n_leads, const int *x, int n, coding how, int more) {
    static file body, leads[4];
    static int y[70000];
    body.size = 0;
    put_le(&body, avm, 2);
    put_le(&body, interval, 2);
    put_le(&body, order, 1);
    put_le(&body, bimodal, 1);
    for (int l = 0; l < n_leads; l++) {
        for (int i = 0; i < n; i++) y[i] = x[i] + l * more;
        encode(&leads[l], y, n, how, order);
        put_le(&body, (int64_t)leads[l].size & 0xffff, 2);
    }
    for (int l = 0; l < n_leads; l++) put(&body, leads[l].data, leads[l].size);
    section(f, id, &body);
}

static inline void tables_section(file *f, coding how) {
    file body = {.size = 0};
    if (how == PLAIN) return;
    if (how == STANDARD)
        put_le(&body, 19999, 2);
    else
        put(&body, own_tables, sizeof own_tables);
    section(f, 2, &body);
}

static inline void leads_section(file *f, int flags, int n_leads, int first, int last) {
    static const int ids[] = {1, 2, 3, 131};
    file body = {.size = 0};
    put_le(&body, n_leads, 1);
    put_le(&body, flags, 1);
    for (int i = 0; i < n_leads; i++) {
        put_le(&body, first, 4);
        put_le(&body, last, 4);
        put_le(&body, ids[i], 1);
    }
    section(f, 3, &body);
}

#define TAG(body, tag, text)                                                                       \
    (put_le(body, tag, 1), put_le(body, sizeof(text) - 1, 2), put(body, text, sizeof(text) - 1))

static inline void patient_section(file *f) {
    file body = {.size = 0};
    TAG(&body, 0, "M\xfcller\0");
    TAG(&body, 1, "Eva\0");
    TAG(&body, 2, "ID-7\0");
    TAG(&body, 5, "\xa1\x07\x05\x08"); /* 1953-05-08 */
    TAG(&body, 8, "\2");
    TAG(&body, 14,
        "\0\0\0\0\0\0\0\x11"
        "AT-10\0"
        "\x14\x40\0\1");
    TAG(&body, 25, "\xe4\x07\x02\x1d");
    TAG(&body, 26, "\x17\x3b\x3b");
    TAG(&body, 27, "\5\0");
    TAG(&body, 28, "\x96\0");
    TAG(&body, 29, "\2");
    TAG(&body, 30, "after exercise\0");
    TAG(&body, 255, "");
    section(f, 1, &body);
}

static inline void report_sections(file *f) {
    static const int waves[] = {100, 200, 250, 350, 650, 60, -45, 999};
    file body = {.size = 0};
    put_le(&body, 1, 1);
    put_le(&body, 0, 1);
    put_le(&body, 800, 2);
    put_le(&body, 29999, 2);
    for (int i = 0; i < 8; i++) put_le(&body, waves[i], 2);
    put_le(&body, 0, 2);
    put_le(&body, 75, 2);
    put_le(&body, 29999, 2);
    put_le(&body, 447, 2);
    put_le(&body, 1, 1);
    section(f, 7, &body);
    body.size = 0;
    put(&body, "\0\xe4\7\2\x1d\1\2\3\1\1\14\0normal ECG!\0", 24);
    section(f, 8, &body);
}

enum { N = 500 };

static inline void wave(int *x, int n) {
    for (int i = 0; i < n; i++) x[i] = (i * 37) % 301 - 150 + (i % 50 == 7 ? 900 : i % 3);
}

static inline void make(file *f, coding how, int order) {
    int x[N];
    wave(x, N);
    begin(f);
    patient_section(f);
    tables_section(f, how);
    leads_section(f, 0x24, 4, 1, N);
    coded_section(f, 6, 2500, 2000, order, false, 4, x, N, how, 11);
    report_sections(f);
    end(f);
}

#endif
