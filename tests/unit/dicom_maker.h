/* DICOM files made for the tests, in any encoding, right or with one thing wrong. */
#ifndef XP_TEST_DICOM_MAKER_H
#define XP_TEST_DICOM_MAKER_H

#include "support.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ECG_12 "1.2.840.10008.5.1.4.1.1.9.1.1"

typedef struct maker {
    uint8_t *data; /* free() */
    size_t n, room;
    bool is_explicit, big, undefined; /* undefined: the lengths of sequences and items */
} maker;

typedef struct made_channel {
    const char *code, *scheme, *meaning, *label; /* NULL: the element is left out */
    const char *sensitivity, *unit, *correction, *baseline;
} made_channel;

typedef struct made_group {
    const char *rate, *label, *originality, *offset, *interpretation; /* NULL: left out */
    int n_channels;
    const made_channel *channels;
    int stated_channels, bits;
    int64_t n, stated; /* samples; stated -1: left out */
    int padding;
    bool has_padding, no_data, no_channels, no_rate, word;
    long cut; /* bytes that are missing at the end of the samples */
} made_group;

typedef struct made_file {
    const char *syntax, *object; /* syntax NULL: no group 2 */
    bool is_explicit, big, undefined, no_preamble, picture, document;
    const char *patient, *charset;
    int n;
    const made_group *groups;
    int32_t (*sample)(int group, int channel, long i);
} made_file;

static inline void put(maker *m, const void *bytes, size_t n) {
    if (m->n + n > m->room) m->data = realloc(m->data, m->room = 2 * (m->n + n));
    if (n) memcpy(m->data + m->n, bytes, n);
    m->n += n;
}

static inline void put_whole(maker *m, uint64_t v, int n) {
    uint8_t b[8];
    for (int i = 0; i < n; i++) b[m->big ? n - 1 - i : i] = (uint8_t)(v >> (8 * i));
    put(m, b, (size_t)n);
}

static inline size_t put_head(maker *m, uint32_t tag, const char *vr, uint32_t length) {
    put_whole(m, tag >> 16, 2);
    put_whole(m, tag & 0xffff, 2);
    bool item = tag >> 16 == 0xfffe;
    if (m->is_explicit && !item) {
        put(m, vr, 2);
        if (!strstr("OB OW SQ UN UT", vr)) {
            put_whole(m, length, 2);
            return m->n - 2;
        }
        put_whole(m, 0, 2);
    }
    put_whole(m, length, 4);
    return m->n - 4;
}

static inline void put_text(maker *m, uint32_t tag, const char *vr, const char *text) {
    if (!text) return;
    size_t n = strlen(text);
    put_head(m, tag, vr, (uint32_t)(n + n % 2));
    put(m, text, n);
    if (n % 2) put(m, strcmp(vr, "UI") ? " " : "", 1);
}

static inline void put_number(maker *m, uint32_t tag, const char *vr, uint32_t v) {
    int n = strcmp(vr, "US") ? 4 : 2;
    put_head(m, tag, vr, (uint32_t)n);
    put_whole(m, v, n);
}

/* A sequence or an item, up to its end. */
static inline size_t open_part(maker *m, uint32_t tag) {
    return put_head(m, tag, "SQ", m->undefined ? 0xffffffffu : 0);
}

static inline void close_part(maker *m, size_t at, uint32_t tag) {
    if (m->undefined) {
        put_head(m, tag == 0xfffee000 ? 0xfffee00d : 0xfffee0dd, "SQ", 0);
        return;
    }
    maker length = {.data = m->data + at, .room = 4, .big = m->big};
    put_whole(&length, (uint32_t)(m->n - at - 4), 4);
}

static inline void put_code(maker *m, uint32_t tag, const char *value, const char *scheme,
                            const char *meaning) {
    if (!value && !meaning) return;
    size_t sequence = open_part(m, tag), item = open_part(m, 0xfffee000);
    put_text(m, 0x00080100, "SH", value);
    put_text(m, 0x00080102, "SH", scheme);
    put_text(m, 0x00080104, "LO", meaning);
    close_part(m, item, 0xfffee000);
    close_part(m, sequence, tag);
}

static inline void put_channel(maker *m, const made_channel *c) {
    size_t item = open_part(m, 0xfffee000);
    put_text(m, 0x003a0203, "SH", c->label);
    put_code(m, 0x003a0208, c->code, c->scheme, c->meaning);
    put_text(m, 0x003a0210, "DS", c->sensitivity);
    put_code(m, 0x003a0211, c->unit, "UCUM", NULL);
    put_text(m, 0x003a0212, "DS", c->correction);
    put_text(m, 0x003a0213, "DS", c->baseline);
    put_text(m, 0x003a0220, "DS", "0.05");
    put_text(m, 0x003a0221, "DS", "150");
    close_part(m, item, 0xfffee000);
}

static inline void put_samples(maker *m, const made_group *g, int group,
                               int32_t (*sample)(int, int, long)) {
    long each = g->bits / 8, n = g->n * g->n_channels * each - g->cut;
    bool word = g->bits == 16 || g->word;
    uint32_t length = (uint32_t)(n + n % 2);
    put_head(m, 0x54001010, word ? "OW" : "OB", length);
    size_t start = m->n;
    for (long i = 0; i < g->n; i++)
        for (int k = 0; k < g->n_channels; k++)
            put_whole(m, (uint32_t)sample(group, k, i), (int)each);
    put(m, "", 1);
    m->n = start + length;
    for (size_t i = start; each == 1 && word && m->big && i < m->n; i += 2) {
        uint8_t first = m->data[i];
        m->data[i] = m->data[i + 1];
        m->data[i + 1] = first;
    }
}

static inline void put_group(maker *m, const made_group *g, int group,
                             int32_t (*sample)(int, int, long)) {
    size_t item = open_part(m, 0xfffee000);
    put_text(m, 0x00181068, "DS", g->offset);
    put_text(m, 0x003a0004, "CS", g->originality);
    put_number(m, 0x003a0005, "US",
               (uint32_t)(g->stated_channels ? g->stated_channels : g->n_channels));
    if (g->stated >= 0) put_number(m, 0x003a0010, "UL", (uint32_t)(g->stated ? g->stated : g->n));
    if (!g->no_rate) put_text(m, 0x003a001a, "DS", g->rate);
    put_text(m, 0x003a0020, "SH", g->label);
    if (!g->no_channels) {
        size_t sequence = open_part(m, 0x003a0200);
        for (int i = 0; i < g->n_channels; i++) put_channel(m, &g->channels[i]);
        close_part(m, sequence, 0x003a0200);
    }
    put_number(m, 0x54001004, "US", (uint32_t)g->bits);
    put_text(m, 0x54001006, "CS", g->interpretation);
    if (g->has_padding) {
        put_head(m, 0x5400100a, g->bits == 16 ? "OW" : "OB", 2);
        put_whole(m, (uint32_t)g->padding, 2);
    }
    if (!g->no_data) put_samples(m, g, group, sample);
    close_part(m, item, 0xfffee000);
}

static inline void put_meta(maker *m, const made_file *f) {
    maker meta = {.data = NULL, .is_explicit = true};
    put_text(&meta, 0x00020002, "UI", f->object);
    put_text(&meta, 0x00020010, "UI", f->syntax);
    bool is_explicit = m->is_explicit, big = m->big;
    m->is_explicit = true;
    m->big = false;
    put_number(m, 0x00020000, "UL", (uint32_t)meta.n);
    put(m, meta.data, meta.n);
    m->is_explicit = is_explicit;
    m->big = big;
    free(meta.data);
}

/* The data set's first byte is returned in *set, which may be NULL. */
static inline maker make_file(const made_file *f, size_t *set) {
    maker m = {.is_explicit = f->is_explicit, .big = f->big, .undefined = f->undefined};
    static const uint8_t zeros[128];
    if (!f->no_preamble) {
        put(&m, zeros, 128);
        put(&m, "DICM", 4);
    }
    if (f->syntax) put_meta(&m, f);
    if (set) *set = m.n;
    put_text(&m, 0x00080005, "CS", f->charset);
    put_text(&m, 0x00080016, "UI", f->object);
    put_text(&m, 0x0008002a, "DT", "20200518154811.25+0200");
    put_text(&m, 0x00080060, "CS", "ECG");
    put_text(&m, 0x00080070, "LO", "Acme");
    put_text(&m, 0x00081090, "LO", "Cart 7");
    put_text(&m, 0x00100010, "PN", f->patient);
    put_text(&m, 0x00100020, "LO", "ID-4711");
    put_text(&m, 0x00100030, "DA", "19500601");
    put_text(&m, 0x00100040, "CS", "F");
    if (f->picture) put_number(&m, 0x00280010, "US", 512);
    if (f->document) put_text(&m, 0x00420011, "OB", "%PDF-1.4 nothing");
    if (f->n) {
        size_t sequence = open_part(&m, 0x54000100);
        for (int i = 0; i < f->n; i++) put_group(&m, &f->groups[i], i, f->sample);
        close_part(&m, sequence, 0x54000100);
    }
    return m;
}

#endif
