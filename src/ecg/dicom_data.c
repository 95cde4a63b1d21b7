/* Data sets: elements, items and values, in all encodings, with every length checked. */
#include "ecg/dicom_internal.h"
#include "ecg/fields.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 24 };
#define UNDEFINED 0xffffffffu
#define ITEM 0xfffee000u
#define END_OF_ITEM 0xfffee00du
#define END_OF_SEQUENCE 0xfffee0ddu

xp_status xp_dicom_fail(const xp_dicom_set *set, size_t at, xp_error *err, xp_status code,
                        const char *fmt, ...) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return xp_fail(err, code, "byte %zu%s: %s", at,
                   set->deflated ? " of the data set that is deflated in it" : "", text);
}

/* ==== elements =============================================================================== */

static uint32_t load(const xp_dicom_set *s, size_t at, int n) {
    const uint8_t *p = s->all.data + at;
    uint32_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[s->big ? i : n - 1 - i];
    return v;
}

typedef struct head {
    uint32_t tag, length;
    char vr[3];
    size_t at, value; /* offsets of the element and of its value */
} head;

/* These have a length of four bytes behind two that are not used. */
static bool has_long_length(const char *vr) {
    static const char list[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV ";
    for (const char *p = list; *p; p += 3)
        if (p[0] == vr[0] && p[1] == vr[1]) return true;
    return false;
}

static bool is_vr(const uint8_t *p) {
    return p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z';
}

static xp_status cut_short(const xp_dicom_set *s, size_t at, xp_error *err) {
    return xp_dicom_fail(s, at, err, XP_ERR_TRUNCATED,
                         "an element begins here and the data end within it: the file was cut "
                         "short, copy it again");
}

static xp_status read_head(const xp_dicom_set *s, size_t at, head *h, xp_error *err) {
    if (s->end - at < 8) return cut_short(s, at, err);
    *h = (head){.at = at, .tag = load(s, at, 2) << 16 | load(s, at + 2, 2), .value = at + 8};
    const uint8_t *vr = s->all.data + at + 4;
    if (!s->is_explicit || h->tag >> 16 == 0xfffe) {
        h->length = load(s, at + 4, 4);
        return XP_OK;
    }
    if (!is_vr(vr))
        return xp_dicom_fail(s, at, err, XP_ERR_FORMAT,
                             "element (%04X,%04X) has no value representation of two capital "
                             "letters: the file is damaged, copy or export it again",
                             (unsigned)(h->tag >> 16), (unsigned)(h->tag & 0xffff));
    memcpy(h->vr, vr, 2);
    if (!has_long_length(h->vr)) {
        h->length = load(s, at + 6, 2);
        return XP_OK;
    }
    if (s->end - at < 12) return cut_short(s, at, err);
    h->length = load(s, at + 8, 4);
    h->value = at + 12;
    return XP_OK;
}

/* The value's length is written and ends within the set. */
static xp_status check_length(const xp_dicom_set *s, const head *h, xp_error *err) {
    if (h->length <= s->end - h->value) return XP_OK;
    return xp_dicom_fail(s, h->at, err, XP_ERR_TRUNCATED,
                         "element (%04X,%04X) says that it has %lu bytes, and there are %zu: the "
                         "file was cut short or is damaged, copy it again",
                         (unsigned)(h->tag >> 16), (unsigned)(h->tag & 0xffff),
                         (unsigned long)h->length, s->end - h->value);
}

/* What is in an element of unknown kind and length is written without value representations. */
static xp_dicom_set inside(const xp_dicom_set *s, const head *h) {
    xp_dicom_set in = *s;
    in.at = h->value;
    if (!strcmp(h->vr, "UN")) in.is_explicit = in.big = false;
    return in;
}

static xp_status skip(const xp_dicom_set *s, const head *h, size_t *end, int depth, xp_error *err);

/* Behind the elements of an item, or the items of a sequence, whose length is not written: *end is
 * where they end, and *behind what follows the mark of that end. */
static xp_status find_end(xp_dicom_set s, uint32_t mark, size_t *end, size_t *behind, int depth,
                          xp_error *err) {
    head h;
    if (depth > DEEPEST)
        return xp_dicom_fail(&s, s.at, err, XP_ERR_LIMIT,
                             "sequences lie more than %d deep in each other: no ECG is like that",
                             DEEPEST);
    for (;;) {
        XP_TRY(read_head(&s, s.at, &h, err));
        *end = s.at;
        *behind = h.value;
        if (h.tag == mark) return XP_OK;
        if (mark == END_OF_SEQUENCE ? h.tag != ITEM : h.tag >> 16 == 0xfffe)
            return xp_dicom_fail(&s, s.at, err, XP_ERR_FORMAT,
                                 "expected %s and found (%04X,%04X): the file is damaged, copy or "
                                 "export it again",
                                 mark == END_OF_SEQUENCE ? "an item or the end of a sequence"
                                                         : "an element or the end of an item",
                                 (unsigned)(h.tag >> 16), (unsigned)(h.tag & 0xffff));
        XP_TRY(skip(&s, &h, &s.at, depth, err));
    }
}

static xp_status skip(const xp_dicom_set *s, const head *h, size_t *end, int depth, xp_error *err) {
    size_t value_end;
    if (h->length == UNDEFINED)
        return find_end(inside(s, h), h->tag == ITEM ? END_OF_ITEM : END_OF_SEQUENCE, &value_end,
                        end, depth + 1, err);
    XP_TRY(check_length(s, h, err));
    *end = h->value + h->length;
    return XP_OK;
}

static xp_status take(xp_dicom_set *s, const head *h, xp_dicom_element *e, xp_error *err) {
    size_t end, behind;
    if (h->length == UNDEFINED) {
        XP_TRY(find_end(inside(s, h), h->tag == ITEM ? END_OF_ITEM : END_OF_SEQUENCE, &end, &behind,
                        0, err));
    } else {
        XP_TRY(check_length(s, h, err));
        end = behind = h->value + h->length;
    }
    *e = (xp_dicom_element){.tag = h->tag,
                            .at = h->at,
                            .value = {s->all.data + h->value, end - h->value},
                            .set = inside(s, h)};
    memcpy(e->vr, h->vr, sizeof e->vr);
    e->set.end = end;
    s->at = behind;
    return XP_OK;
}

xp_status xp_dicom_next(xp_dicom_set *s, xp_dicom_element *e, bool *there, xp_error *err) {
    head h;
    *there = s->at < s->end;
    if (!*there) return XP_OK;
    XP_TRY(read_head(s, s->at, &h, err));
    return take(s, &h, e, err);
}

xp_status xp_dicom_next_item(xp_dicom_set *items, xp_dicom_set *item, bool *there, xp_error *err) {
    head h;
    xp_dicom_element e;
    *there = items->at < items->end;
    if (!*there) return XP_OK;
    XP_TRY(read_head(items, items->at, &h, err));
    if (h.tag == END_OF_SEQUENCE) {
        *there = false;
        return XP_OK;
    }
    if (h.tag != ITEM)
        return xp_dicom_fail(items, items->at, err, XP_ERR_FORMAT,
                             "expected an item of a sequence and found (%04X,%04X): the file is "
                             "damaged, copy or export it again",
                             (unsigned)(h.tag >> 16), (unsigned)(h.tag & 0xffff));
    XP_TRY(take(items, &h, &e, err));
    *item = e.set;
    return XP_OK;
}

xp_status xp_dicom_count_items(xp_dicom_set items, int *n, xp_error *err) {
    xp_dicom_set item;
    bool there;
    for (*n = 0;; (*n)++) {
        XP_TRY(xp_dicom_next_item(&items, &item, &there, err));
        if (!there) return XP_OK;
    }
}

bool xp_dicom_begins(const xp_dicom_set *s) {
    head h;
    if (read_head(s, s->at, &h, NULL) != XP_OK) return false;
    uint32_t group = h.tag >> 16;
    return group >= 2 && group <= 0x20 && !(group & 1) && h.length <= s->end - h.value;
}

/* ==== values ================================================================================= */

enum { LONGEST_TEXT = 1024 };

/* Of letters in other sets, such as Japanese ones, what is ASCII. */
static void ascii_text(xp_bytes b, char *out, size_t size) {
    char text[LONGEST_TEXT];
    size_t n = b.size < sizeof text ? b.size : sizeof text;
    for (size_t i = 0; i < n; i++) text[i] = b.data[i] < 0x80 ? (char)b.data[i] : '?';
    xp_field_text(out, size, (xp_bytes){(const uint8_t *)text, n});
}

void xp_dicom_text(const xp_dicom_element *e, char *out, size_t size) {
    if (e->set.letters == XP_DICOM_OTHER)
        ascii_text(e->value, out, size);
    else
        xp_field_text(out, size, e->value);
}

/* Of several numbers with backslashes between them the first. */
static double decimal(const xp_dicom_element *e) {
    xp_bytes b = e->value;
    const uint8_t *next = b.size ? memchr(b.data, '\\', b.size) : NULL;
    double v;
    if (next) b.size = (size_t)(next - b.data);
    return xp_field_number(&v, b) ? v : NAN;
}

/* Where the encoding does not tell (no VR, or UN), the element's tag does. */
static bool is_binary(const xp_dicom_element *e) {
    static const char binary[] = " US SS UL SL UV SV FL FD AT OB OW OL OV OF OD ";
    char vr[5];
    if (*e->vr && strcmp(e->vr, "UN")) {
        snprintf(vr, sizeof vr, " %.2s ", e->vr);
        return strstr(binary, vr) != NULL;
    }
    return e->tag == 0x003a0005 || e->tag == 0x003a0010 || e->tag >> 16 == 0x5400 ||
           e->tag == 0x003a021a;
}

double xp_dicom_number(const xp_dicom_element *e) {
    uint8_t b[8];
    size_t n = e->value.size;
    if (!is_binary(e)) return decimal(e);
    if (n != 1 && n != 2 && n != 4 && n != 8) return NAN;
    for (size_t i = 0; i < n; i++) b[e->set.big ? n - 1 - i : i] = e->value.data[i];
    uint64_t v = xp_load_le(b, (int)n);
    if (!strcmp(e->vr, "FD") && n == 8) {
        double d;
        memcpy(&d, &v, sizeof d);
        return isfinite(d) ? d : NAN;
    }
    if (!strcmp(e->vr, "FL") && n == 4) {
        uint32_t low = (uint32_t)v;
        float f;
        memcpy(&f, &low, sizeof f);
        return isfinite(f) ? f : NAN;
    }
    return (double)v;
}

xp_status xp_dicom_read_code(const xp_dicom_element *sequence, xp_dicom_code *code, xp_error *err) {
    xp_dicom_set items = sequence->set, item;
    xp_dicom_element e;
    bool there;
    *code = (xp_dicom_code){0};
    XP_TRY(xp_dicom_next_item(&items, &item, &there, err));
    while (there) {
        XP_TRY(xp_dicom_next(&item, &e, &there, err));
        if (!there) break;
        if (e.tag == 0x00080100) xp_dicom_text(&e, code->value, sizeof code->value);
        if (e.tag == 0x00080102) xp_dicom_text(&e, code->scheme, sizeof code->scheme);
        if (e.tag == 0x00080104) xp_dicom_text(&e, code->meaning, sizeof code->meaning);
    }
    return XP_OK;
}
