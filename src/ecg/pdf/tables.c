#include "ecg/pdf/tables.h"

#include <stdlib.h>

enum { MOST_SECTIONS = 256, TAIL = 2048, MOST_PACKED = 5000 };

static const pdf_object none = {.kind = PDF_NULL};

/* The first that states an object counts: sections are read from the newest on. */
static void enter(pdf_document *doc, int number, pdf_entry made) {
    pdf_entry *e = pdf_entry_of(doc, number);
    if (e && e->kind == PDF_FREE && !e->object) *e = made;
}

static void take_trailer(pdf_document *doc, const pdf_object *dict) {
    if (!pdf_lookup(&doc->trailer, "Root")) doc->trailer = *dict;
}

/* A place in the file. */
static bool offset(const pdf_document *doc, const pdf_object *o, size_t *at) {
    if (!o || o->kind != PDF_NUMBER || !(o->number >= 0 && o->number < (double)doc->file.size))
        return false;
    *at = (size_t)o->number;
    return true;
}

/* ---- tables ---- */

/* "0 6" and six lines of an offset, a generation and a letter. */
static bool read_table(pdf_document *doc, pdf_lexer *l) {
    for (;;) {
        pdf_object first = pdf_next(l, false);
        if (pdf_is(&first, PDF_WORD, "trailer")) return true;
        pdf_object n = pdf_next(l, false);
        if (first.kind != PDF_NUMBER || n.kind != PDF_NUMBER || !(n.number >= 0)) return false;
        if (!(first.number >= 0 && first.number < 1e7)) return false;
        for (double i = 0; i < n.number; i++) {
            pdf_object at = pdf_next(l, false), gen = pdf_next(l, false), type = pdf_next(l, false);
            size_t place;
            if (at.kind != PDF_NUMBER || gen.kind != PDF_NUMBER || type.kind != PDF_WORD)
                return false;
            if (first.number + i >= 1e7) return false;
            if (pdf_is(&type, PDF_WORD, "n") && offset(doc, &at, &place))
                enter(doc, (int)(first.number + i), (pdf_entry){.kind = PDF_AT, .at = place});
        }
    }
}

/* ---- streams of entries ---- */

static uint64_t field(const uint8_t *p, int width) {
    uint64_t v = 0;
    for (int i = 0; i < width; i++) v = v << 8 | p[i];
    return v;
}

static void read_entries(pdf_document *doc, const uint8_t *p, const int width[3], double first,
                         double n) {
    size_t each = (size_t)(width[0] + width[1] + width[2]);
    for (double i = 0; i < n; i++, p += each) {
        uint64_t type = width[0] ? field(p, width[0]) : 1;
        uint64_t at = field(p + width[0], width[1]);
        uint64_t gen = field(p + width[0] + width[1], width[2]);
        if (first + i >= 1e7) return;
        if (type == 1 && at < doc->file.size)
            enter(doc, (int)(first + i), (pdf_entry){.kind = PDF_AT, .at = (size_t)at});
        if (type == 2 && at < 10000000 && gen < 10000000)
            enter(doc, (int)(first + i),
                  (pdf_entry){.kind = PDF_PACKED, .at = (size_t)at, .generation = (int)gen});
    }
}

static bool read_stream(pdf_document *doc, const pdf_object *s) {
    const pdf_object *w = pdf_lookup(s, "W"), *index = pdf_lookup(s, "Index");
    xp_bytes data;
    int width[3];
    if (s->kind != PDF_STREAM || !w || w->kind != PDF_ARRAY || w->n < 3) return false;
    for (int i = 0; i < 3; i++) {
        double v = pdf_item_number(doc, w, i);
        if (!(v >= 0 && v <= 8)) return false;
        width[i] = (int)v;
    }
    size_t each = (size_t)(width[0] + width[1] + width[2]);
    if (!each || pdf_unpack(doc, s, &data, NULL) != XP_OK) return false;
    pdf_object whole[2] = {{.kind = PDF_NUMBER},
                           {.kind = PDF_NUMBER, .number = pdf_get_number(doc, s, "Size", 0)}};
    pdf_object all = {.kind = PDF_ARRAY, .n = 2, .items = whole};
    if (!index || index->kind != PDF_ARRAY) index = &all;
    size_t left = data.size / each;
    const uint8_t *p = data.data;
    for (int i = 0; i + 1 < index->n && left; i += 2) {
        double first = pdf_item_number(doc, index, i), n = pdf_item_number(doc, index, i + 1);
        if (!(first >= 0 && n >= 0)) break;
        if (n > (double)left) n = (double)left;
        read_entries(doc, p, width, first, n);
        p += (size_t)n * each;
        left -= (size_t)n;
    }
    free((void *)(uintptr_t)data.data);
    return true;
}

/* ---- sections ---- */

/* One section at byte `at`; *dict becomes its trailer. */
static bool read_section(pdf_document *doc, size_t at, pdf_object *dict) {
    pdf_lexer l = {doc->file, at, &doc->pool};
    pdf_object word = pdf_next(&l, false);
    int number;
    size_t end;
    if (!pdf_is(&word, PDF_WORD, "xref"))
        return pdf_object_at(doc, at, dict, &number, &end) && read_stream(doc, dict);
    if (!read_table(doc, &l)) return false;
    *dict = pdf_next(&l, true);
    return dict->kind == PDF_DICT;
}

bool pdf_read_tables(pdf_document *doc) {
    static const char WORD[] = "startxref";
    size_t n = doc->file.size, end = n > TAIL ? n - TAIL : 0, at = n;
    for (size_t i = end; i + sizeof WORD <= n; i++)
        if (!memcmp(doc->file.data + i, WORD, sizeof WORD - 1)) at = i + sizeof WORD - 1;
    pdf_lexer l = {doc->file, at, &doc->pool};
    pdf_object start = pdf_next(&l, false);
    if (!offset(doc, &start, &at)) return false;
    for (int i = 0; i < MOST_SECTIONS; i++) {
        pdf_object dict = none, hybrid;
        size_t more;
        if (!read_section(doc, at, &dict)) return false;
        take_trailer(doc, &dict);
        if (dict.kind == PDF_DICT && offset(doc, pdf_lookup(&dict, "XRefStm"), &more))
            read_section(doc, more, &hybrid);
        if (!offset(doc, pdf_lookup(&dict, "Prev"), &at)) return true;
    }
    return false;
}

/* ---- a search ---- */

/* Where "12 0 obj" begins whose "obj" is at byte `at`; SIZE_MAX where it is none. */
static size_t object_start(xp_bytes f, size_t at) {
    size_t i = at;
    for (int part = 0; part < 2; part++) {
        size_t blanks = i, digits;
        while (blanks && pdf_is_blank(f.data[blanks - 1])) blanks--;
        if (blanks == i && part) return SIZE_MAX;
        digits = blanks;
        while (digits && f.data[digits - 1] >= '0' && f.data[digits - 1] <= '9') digits--;
        if (digits == blanks || blanks - digits > 10) return SIZE_MAX;
        i = digits;
    }
    return i;
}

/* The objects of an object stream, where the tables that say so are lost. */
static void enter_packed(pdf_document *doc, const pdf_object *s, int number) {
    double n = pdf_get_number(doc, s, "N", 0);
    xp_bytes text;
    if (pdf_unpack(doc, s, &text, NULL) != XP_OK) return;
    pdf_lexer l = {text, 0, &doc->pool};
    for (int i = 0; i < n; i++) {
        pdf_object id = pdf_next(&l, false), at = pdf_next(&l, false);
        if (id.kind != PDF_NUMBER || at.kind != PDF_NUMBER || !(id.number >= 0 && id.number < 1e7))
            break;
        enter(doc, (int)id.number,
              (pdf_entry){.kind = PDF_PACKED, .at = (size_t)number, .generation = i});
    }
    free((void *)(uintptr_t)text.data);
}

/* A catalogue stands for the trailer that names it. */
static void look_at_root(pdf_document *doc, int number) {
    pdf_object *items = pdf_pool_take(&doc->pool, 2 * sizeof *items);
    if (!items) return;
    items[0] = (pdf_object){.kind = PDF_NAME, .text = {(const uint8_t *)"Root", 4}};
    items[1] = (pdf_object){.kind = PDF_REF, .number = number};
    doc->trailer = (pdf_object){.kind = PDF_DICT, .n = 1, .items = items};
}

/* The object at byte `at`; *end becomes the byte behind it. */
static void look_at(pdf_document *doc, size_t at, size_t *end) {
    pdf_object o;
    int number;
    if (!pdf_object_at(doc, at, &o, &number, end)) return;
    pdf_entry *e = pdf_entry_of(doc, number);
    /* The last of a number counts: the file was changed by appending. */
    if (e) *e = (pdf_entry){.kind = PDF_AT, .at = at};
    const pdf_object *type = pdf_lookup(&o, "Type");
    if (!type) return;
    if (pdf_is(type, PDF_NAME, "Catalog")) {
        look_at_root(doc, number);
    } else if (pdf_is(type, PDF_NAME, "XRef") && pdf_lookup(&o, "Root")) {
        doc->trailer = o;
    } else if (pdf_is(type, PDF_NAME, "ObjStm")) {
        enter_packed(doc, &o, number);
    }
}

static void look_at_trailer(pdf_document *doc, size_t at) {
    pdf_lexer l = {doc->file, at + 7, &doc->pool};
    pdf_object dict = pdf_next(&l, true);
    if (dict.kind == PDF_DICT && pdf_lookup(&dict, "Root")) doc->trailer = dict;
}

/* Each byte belongs to one object, so that the time is bounded by the file's length. */
bool pdf_scan(pdf_document *doc) {
    xp_bytes f = doc->file;
    doc->scanned = true;
    if (doc->n_entries) memset(doc->entries, 0, (size_t)doc->n_entries * sizeof *doc->entries);
    doc->trailer = none;
    for (size_t i = 0; i + 7 < f.size && !doc->pool.failed; i++) {
        if (f.data[i] == 'o' && !memcmp(f.data + i, "obj", 3)) {
            size_t at = object_start(f, i), end = i;
            if (at != SIZE_MAX) look_at(doc, at, &end);
            if (end > i + 1) i = end - 1;
        } else if (f.data[i] == 't' && !memcmp(f.data + i, "trailer", 7)) {
            look_at_trailer(doc, i);
        }
    }
    for (int i = 0; i < doc->n_entries && i < MOST_PACKED && doc->trailer.kind == PDF_NULL; i++) {
        pdf_object ref = {.kind = PDF_REF, .number = i};
        if (doc->entries[i].kind == PDF_PACKED &&
            pdf_is(pdf_get(doc, pdf_resolve(doc, &ref), "Type"), PDF_NAME, "Catalog"))
            look_at_root(doc, i);
    }
    return doc->trailer.kind != PDF_NULL;
}
