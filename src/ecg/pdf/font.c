#include "ecg/pdf/font.h"

#include <stdlib.h>

/* ==== character maps (ToUnicode) ============================================================= */

static uint32_t code_of(const pdf_object *o) {
    uint32_t v = 0;
    for (size_t i = 0; i < o->text.size && i < 4; i++) v = v << 8 | o->text.data[i];
    return v;
}

/* The first character of a UTF-16 text; beyond the basic plane: not known. */
static uint16_t first_char(const pdf_object *o) {
    if (o->kind != PDF_STRING || o->text.size < 1) return 0;
    if (o->text.size == 1) return o->text.data[0];
    uint16_t c = (uint16_t)(o->text.data[0] << 8 | o->text.data[1]);
    return c >= 0xd800 && c < 0xe000 ? 0 : c;
}

static void set(pdf_font *f, uint32_t code, uint32_t unicode) {
    if (code < (uint32_t)pdf_font_codes(f) && unicode < 0x10000)
        f->unicode[code] = (uint16_t)unicode;
}

/* *left: codes that a map may still state. */
static void map_range(pdf_font *f, const pdf_object *from, const pdf_object *to,
                      const pdf_object *value, int *left) {
    uint32_t first = code_of(from), last = code_of(to);
    if (last > 0xffff) last = 0xffff;
    for (uint32_t i = first; i <= last && --*left > 0; i++) {
        uint32_t k = i - first;
        if (value->kind == PDF_STRING)
            set(f, i, first_char(value) + k);
        else if (value->kind == PDF_ARRAY && k < (uint32_t)value->n)
            set(f, i, first_char(&value->items[k]));
    }
}

static void read_map(pdf_font *f, xp_bytes text, size_t limit) {
    pdf_pool pool = {.limit = limit};
    pdf_lexer l = {text, 0, &pool};
    enum { OUTSIDE, CHARS, RANGES } state = OUTSIDE;
    int left = 500000;
    for (;;) {
        pdf_object a = pdf_next(&l, false);
        if (a.kind == PDF_END) break;
        if (a.kind == PDF_WORD) {
            state = pdf_is(&a, PDF_WORD, "beginbfchar")    ? CHARS
                    : pdf_is(&a, PDF_WORD, "beginbfrange") ? RANGES
                                                           : OUTSIDE;
        } else if (state == CHARS) {
            pdf_object b = pdf_next(&l, false);
            if (a.kind == PDF_STRING) set(f, code_of(&a), first_char(&b));
        } else if (state == RANGES) {
            pdf_object b = pdf_next(&l, false), c = pdf_next(&l, false);
            if (a.kind == PDF_STRING && b.kind == PDF_STRING) map_range(f, &a, &b, &c, &left);
        }
        if (state == OUTSIDE) pdf_pool_reset(&pool);
    }
    pdf_pool_free(&pool);
}

/* ==== encodings ============================================================================== */

/* The names of characters that measured values, lead names and scales are made of. */
static const struct {
    const char *name;
    char c;
} NAMES[] = {
    {"space", ' '},      {"zero", '0'},      {"one", '1'},          {"two", '2'},
    {"three", '3'},      {"four", '4'},      {"five", '5'},         {"six", '6'},
    {"seven", '7'},      {"eight", '8'},     {"nine", '9'},         {"slash", '/'},
    {"period", '.'},     {"comma", ','},     {"hyphen", '-'},       {"minus", '-'},
    {"colon", ':'},      {"semicolon", ';'}, {"parenleft", '('},    {"parenright", ')'},
    {"underscore", '_'}, {"plus", '+'},      {"asterisk", '*'},     {"numbersign", '#'},
    {"percent", '%'},    {"equal", '='},     {"quotesingle", '\''},
};

static uint16_t named_char(const pdf_object *o) {
    if (o->text.size == 1) return o->text.data[0];
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (pdf_is(o, PDF_NAME, NAMES[i].name)) return (uint16_t)NAMES[i].c;
    if (pdf_is(o, PDF_NAME, "mu")) return 0xb5;
    if (o->text.size == 7 && !memcmp(o->text.data, "uni", 3)) {
        char hex[5] = {0};
        memcpy(hex, o->text.data + 3, 4);
        return (uint16_t)strtoul(hex, NULL, 16);
    }
    return 0;
}

/* Latin 1, which the encodings share but for letters with accents. */
static void read_encoding(pdf_font *f, pdf_document *doc, const pdf_object *encoding) {
    for (int i = 32; i < 256; i++) f->unicode[i] = (uint16_t)(i < 127 || i > 160 ? i : 0);
    const pdf_object *d = pdf_get(doc, encoding, "Differences");
    int code = 0;
    for (int i = 0; d->kind == PDF_ARRAY && i < d->n; i++) {
        const pdf_object *o = pdf_resolve(doc, &d->items[i]);
        if (o->kind == PDF_NUMBER)
            code = o->number >= 0 && o->number < 256 ? (int)o->number : 256;
        else if (o->kind == PDF_NAME && code < 256)
            f->unicode[code++] = named_char(o);
    }
}

/* A font of glyph numbers that does not say what they show. TrueType fonts for Windows begin with
 * three glyphs that are no characters; the printable characters of ASCII follow. */
static void guess_glyphs(pdf_font *f) {
    for (int i = 3; i < 98; i++) f->unicode[i] = (uint16_t)(i + 29);
}

/* ==== widths ================================================================================= */

static void set_widths(pdf_font *f, int from, int to, double width) {
    if (to > 65535) to = 65535;
    for (int i = from; i >= 0 && i <= to; i++) f->width[i] = (float)width;
}

/* "c [w1 w2 ...]" and "c1 c2 w" in turn. */
static void read_wide_widths(pdf_font *f, pdf_document *doc, const pdf_object *w) {
    for (int i = 0; w->kind == PDF_ARRAY && i + 1 < w->n && i < 20000;) {
        double from = pdf_item_number(doc, w, i);
        const pdf_object *next = pdf_resolve(doc, &w->items[i + 1]);
        if (!(from >= 0 && from < 65536)) return;
        if (next->kind == PDF_ARRAY) {
            for (int k = 0; k < next->n && from + k < 65536; k++)
                f->width[(int)from + k] = (float)pdf_item_number(doc, next, k);
            i += 2;
        } else {
            double to = next->kind == PDF_NUMBER ? next->number : -1;
            if (to >= 0 && to < 65536)
                set_widths(f, (int)from, (int)to, pdf_item_number(doc, w, i + 2));
            i += 3;
        }
    }
}

static void read_widths(pdf_font *f, pdf_document *doc, const pdf_object *dict) {
    const pdf_object *w = pdf_get(doc, dict, "Widths");
    double first = pdf_get_number(doc, dict, "FirstChar", 0);
    for (int i = 0; w->kind == PDF_ARRAY && i < w->n && i < 256; i++)
        if (first + i >= 0 && first + i < 256)
            f->width[(int)first + i] = (float)pdf_item_number(doc, w, i);
}

/* ==== fonts ================================================================================== */

static void load_wide(pdf_font *f, pdf_document *doc) {
    const pdf_object *descendants = pdf_get(doc, f->dict, "DescendantFonts");
    const pdf_object *cid = descendants->kind == PDF_ARRAY && descendants->n
                                ? pdf_resolve(doc, &descendants->items[0])
                                : descendants;
    set_widths(f, 0, 65535, pdf_get_number(doc, cid, "DW", 1000));
    read_wide_widths(f, doc, pdf_get(doc, cid, "W"));
    if (pdf_get(doc, f->dict, "ToUnicode")->kind != PDF_STREAM) guess_glyphs(f);
}

bool pdf_font_load(pdf_font *f, pdf_document *doc, const pdf_object *dict) {
    *f = (pdf_font){.dict = dict, .scale = 0.001};
    f->wide = pdf_is(pdf_get(doc, dict, "Subtype"), PDF_NAME, "Type0");
    f->type3 = pdf_is(pdf_get(doc, dict, "Subtype"), PDF_NAME, "Type3");
    f->unicode = calloc((size_t)pdf_font_codes(f), sizeof *f->unicode);
    f->width = calloc((size_t)pdf_font_codes(f), sizeof *f->width);
    if (!f->unicode || !f->width) {
        pdf_font_free(f);
        return false;
    }
    if (f->type3) f->scale = pdf_item_number(doc, pdf_get(doc, dict, "FontMatrix"), 0);
    if (f->wide) {
        load_wide(f, doc);
    } else {
        for (int i = 0; i < 256; i++) f->width[i] = f->type3 ? 0 : 500;
        read_widths(f, doc, dict);
        read_encoding(f, doc, pdf_get(doc, dict, "Encoding"));
    }
    xp_bytes map;
    const pdf_object *to_unicode = pdf_get(doc, dict, "ToUnicode");
    if (to_unicode->kind == PDF_STREAM && pdf_unpack(doc, to_unicode, &map, NULL) == XP_OK) {
        read_map(f, map, (size_t)8 << 20);
        free((void *)(uintptr_t)map.data);
    }
    return true;
}

void pdf_font_free(pdf_font *f) {
    free(f->unicode);
    free(f->width);
    *f = (pdf_font){0};
}
