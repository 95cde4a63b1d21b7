#include "ecg/pdf/document.h"

#include "ecg/pdf/crypt.h"
#include "ecg/pdf/filters.h"

#include <stdlib.h>

enum {
    MOST_OBJECTS = 1 << 19,
    MOST_DECODED = 24 << 20, /* bytes of all streams together */
    MOST_FILTERS = 8,
    MOST_REFERENCES = 32,
    MOST_PACKED = 20000 /* objects of one object stream */
};

static const pdf_object null_object = {.kind = PDF_NULL};

pdf_entry *pdf_entry_of(pdf_document *doc, int number) {
    if (number < 0 || number >= MOST_OBJECTS) return NULL;
    if (number >= doc->n_entries) {
        int n = doc->n_entries * 2 > number + 1 ? doc->n_entries * 2 : number + 1;
        pdf_entry *more = realloc(doc->entries, (size_t)n * sizeof *more);
        if (!more) {
            doc->pool.failed = doc->pool.no_memory = true;
            return NULL;
        }
        memset(more + doc->n_entries, 0, (size_t)(n - doc->n_entries) * sizeof *more);
        doc->entries = more;
        doc->n_entries = n;
    }
    return &doc->entries[number];
}

/* ==== objects ================================================================================ */

static size_t find(xp_bytes in, size_t from, const char *word) {
    size_t n = strlen(word);
    while (from + n <= in.size) {
        const uint8_t *p = memchr(in.data + from, word[0], in.size - from - n + 1);
        if (!p) break;
        if (!memcmp(p, word, n)) return (size_t)(p - in.data);
        from = (size_t)(p - in.data) + 1;
    }
    return in.size;
}

static bool ends_stream(pdf_document *doc, size_t at) {
    pdf_lexer l = {doc->file, at, &doc->pool};
    pdf_object o = pdf_next(&l, false);
    return pdf_is(&o, PDF_WORD, "endstream") || pdf_is(&o, PDF_WORD, "endobj");
}

/* The length that the dictionary states, if the stream ends there; otherwise up to "endstream". */
static void take_stream(pdf_document *doc, pdf_object *o, pdf_lexer *l) {
    size_t at = l->at;
    if (at < l->in.size && l->in.data[at] == '\r') at++;
    if (at < l->in.size && l->in.data[at] == '\n') at++;
    double length = pdf_get_number(doc, o, "Length", -1);
    size_t n = length >= 0 && length <= (double)(l->in.size - at) ? (size_t)length : SIZE_MAX;
    if (n == SIZE_MAX || !ends_stream(doc, at + n)) {
        n = find(l->in, at, "endstream") - at;
        if (at + n < l->in.size && n && l->in.data[at + n - 1] == '\n') n--;
        if (at + n < l->in.size && n && l->in.data[at + n - 1] == '\r') n--;
    }
    o->kind = PDF_STREAM;
    o->text = (xp_bytes){l->in.data + at, n};
    l->at = at + n;
}

bool pdf_object_at(pdf_document *doc, size_t at, pdf_object *out, int *number, size_t *end) {
    pdf_lexer l = {doc->file, at, &doc->pool};
    if (at >= doc->file.size) return false;
    pdf_object id = pdf_next(&l, false), gen = pdf_next(&l, false), word = pdf_next(&l, false);
    if (id.kind != PDF_NUMBER || gen.kind != PDF_NUMBER || !pdf_is(&word, PDF_WORD, "obj"))
        return false;
    if (!(id.number >= 0 && id.number < MOST_OBJECTS)) return false;
    *number = (int)id.number;
    *out = pdf_next(&l, true);
    if (out->kind == PDF_WORD || out->kind == PDF_END) out->kind = PDF_NULL;
    size_t before = *end = l.at;
    if (out->kind != PDF_DICT) return !doc->pool.failed;
    word = pdf_next(&l, false);
    if (pdf_is(&word, PDF_WORD, "stream")) {
        l.at = before;
        pdf_skip_blanks(&l);
        l.at += 6;
        take_stream(doc, out, &l);
        out->number = id.number;
        *end = l.at;
    }
    return !doc->pool.failed;
}

/* Object `index` of an object stream. */
static bool packed_object(pdf_document *doc, int stream, int number, int index, pdf_object *out) {
    pdf_object ref = {.kind = PDF_REF, .number = stream};
    const pdf_object *s = pdf_resolve(doc, &ref);
    double n = pdf_get_number(doc, s, "N", 0), first = pdf_get_number(doc, s, "First", 0);
    pdf_object *text = pdf_pool_take(&doc->pool, sizeof *text);
    xp_bytes bytes = {0};
    if (s->kind != PDF_STREAM || !text || !(index < n) || !(first >= 0)) return false;
    /* Unpacked once: the stream's object then holds the text as its own. */
    const pdf_object *kept = pdf_lookup(s, " text");
    if (kept) {
        bytes = kept->text;
    } else {
        xp_bytes owned;
        if (pdf_unpack(doc, s, &owned, NULL) != XP_OK) return false;
        uint8_t *copy = pdf_pool_take(&doc->pool, owned.size);
        pdf_object *items = pdf_pool_take(&doc->pool, (size_t)(2 * s->n + 2) * sizeof *items);
        if (copy && items) {
            memcpy(copy, owned.data, owned.size);
            if (s->n) memcpy(items, s->items, (size_t)(2 * s->n) * sizeof *items);
            bytes = (xp_bytes){copy, owned.size};
            items[2 * s->n] = (pdf_object){.kind = PDF_NAME, .text = {(const uint8_t *)" text", 5}};
            items[2 * s->n + 1] = (pdf_object){.kind = PDF_STRING, .text = bytes};
            *text = *s;
            text->items = items;
            text->n = s->n + 1;
            doc->entries[stream].object = text;
        }
        free((void *)(uintptr_t)owned.data);
        if (!copy || !items) return false;
    }
    pdf_lexer l = {bytes, 0, &doc->pool};
    for (int i = 0; i < n && i < MOST_PACKED; i++) {
        pdf_object id = pdf_next(&l, false), at = pdf_next(&l, false);
        if (id.kind != PDF_NUMBER || at.kind != PDF_NUMBER) return false;
        if (id.number != number) continue;
        if (!(at.number >= 0 && at.number + first < (double)bytes.size)) return false;
        l.at = (size_t)(at.number + first);
        *out = pdf_next(&l, true);
        return out->kind != PDF_WORD && out->kind != PDF_END;
    }
    return false;
}

static const pdf_object *load(pdf_document *doc, int number) {
    if (number < 0 || number >= doc->n_entries) return &null_object;
    pdf_entry *e = &doc->entries[number];
    if (e->object) return e->object;
    if (e->kind == PDF_FREE || e->busy) return &null_object;
    e->busy = true;
    pdf_object *o = pdf_pool_take(&doc->pool, sizeof *o);
    int found = number;
    size_t end;
    bool ok = o && (e->kind == PDF_AT ? pdf_object_at(doc, e->at, o, &found, &end)
                                      : packed_object(doc, (int)e->at, number, e->generation, o));
    e = &doc->entries[number]; /* reading may have moved the table */
    e->busy = false;
    e->object = ok && found == number ? o : &null_object;
    return e->object;
}

const pdf_object *pdf_resolve(pdf_document *doc, const pdf_object *o) {
    for (int i = 0; o && o->kind == PDF_REF && i < MOST_REFERENCES; i++)
        o = load(doc, (int)o->number);
    return o && o->kind != PDF_REF ? o : &null_object;
}

const pdf_object *pdf_get(pdf_document *doc, const pdf_object *dict, const char *key) {
    return pdf_resolve(doc, pdf_lookup(dict, key));
}

double pdf_get_number(pdf_document *doc, const pdf_object *dict, const char *key,
                      double otherwise) {
    const pdf_object *o = pdf_get(doc, dict, key);
    return o->kind == PDF_NUMBER ? o->number : otherwise;
}

double pdf_item_number(pdf_document *doc, const pdf_object *array, int i) {
    if (array->kind != PDF_ARRAY || i >= array->n) return 0;
    const pdf_object *o = pdf_resolve(doc, &array->items[i]);
    return o->kind == PDF_NUMBER ? o->number : 0;
}

/* ==== streams ================================================================================ */

static int whole(pdf_document *doc, const pdf_object *dict, const char *key, int otherwise) {
    double v = pdf_get_number(doc, dict, key, otherwise);
    return v >= -1 && v < 1e9 ? (int)v : -1;
}

static bool undo(pdf_document *doc, const pdf_object *filter, const pdf_object *parms, xp_bytes in,
                 pdf_output *out, bool *known) {
    if (pdf_is(filter, PDF_NAME, "ASCII85Decode") || pdf_is(filter, PDF_NAME, "A85"))
        return pdf_ascii85(out, in);
    if (pdf_is(filter, PDF_NAME, "ASCIIHexDecode") || pdf_is(filter, PDF_NAME, "AHx"))
        return pdf_ascii_hex(out, in);
    if (pdf_is(filter, PDF_NAME, "RunLengthDecode") || pdf_is(filter, PDF_NAME, "RL"))
        return pdf_run_length(out, in);
    bool flate = pdf_is(filter, PDF_NAME, "FlateDecode") || pdf_is(filter, PDF_NAME, "Fl");
    bool lzw = pdf_is(filter, PDF_NAME, "LZWDecode") || pdf_is(filter, PDF_NAME, "LZW");
    *known = flate || lzw;
    if (!*known) return false;
    if (!(flate ? pdf_flate(out, in) : pdf_lzw(out, in, whole(doc, parms, "EarlyChange", 1) != 0)))
        return false;
    return pdf_unpredict(out, whole(doc, parms, "Predictor", 1), whole(doc, parms, "Colors", 1),
                         whole(doc, parms, "BitsPerComponent", 8), whole(doc, parms, "Columns", 1));
}

size_t pdf_offset(const pdf_document *doc, const pdf_object *stream) {
    return (size_t)(stream->text.data - doc->file.data);
}

static xp_status unpack_failed(const pdf_document *doc, const pdf_object *stream,
                               const pdf_output *out, bool known, xp_error *err) {
    size_t at = pdf_offset(doc, stream);
    if (out->no_memory)
        return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for the stream at byte %zu", doc->name,
                       at);
    if (out->too_large)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%s: the streams up to byte %zu unpack to more than %d MiB: print the page "
                       "with the ECG to a PDF of its own",
                       doc->name, at, MOST_DECODED >> 20);
    if (!known)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "%s: the stream at byte %zu is packed by a filter for pictures", doc->name,
                       at);
    return xp_fail(err, XP_ERR_FORMAT,
                   "%s: the stream at byte %zu is damaged: export the PDF again", doc->name, at);
}

static const pdf_object *element(pdf_document *doc, const pdf_object *o, int i) {
    if (o->kind == PDF_ARRAY) return i < o->n ? pdf_resolve(doc, &o->items[i]) : &null_object;
    return i == 0 ? o : &null_object;
}

static int generation_of(const pdf_document *doc, const pdf_object *stream) {
    int number = (int)stream->number;
    bool known = number >= 0 && number < doc->n_entries && doc->entries[number].kind == PDF_AT;
    return known ? doc->entries[number].generation : 0;
}

xp_status pdf_unpack(pdf_document *doc, const pdf_object *stream, xp_bytes *out, xp_error *err) {
    if (stream->kind != PDF_STREAM)
        return xp_fail(err, XP_ERR_FORMAT, "%s: an object that should be a stream is none",
                       doc->name);
    const pdf_object *filter = pdf_get(doc, stream, "Filter");
    const pdf_object *parms = pdf_get(doc, stream, "DecodeParms");
    pdf_output now = {.limit = MOST_DECODED - doc->decoded};
    bool known = true, ok = true;
    int n = filter->kind == PDF_ARRAY ? filter->n : filter->kind == PDF_NAME;
    if (n > MOST_FILTERS) n = MOST_FILTERS;
    ok = pdf_decrypt(doc->crypt, (int)stream->number, generation_of(doc, stream), stream->text,
                     &now);
    for (int i = 0; ok && i < n; i++) {
        pdf_output next = {.limit = MOST_DECODED - doc->decoded};
        ok = undo(doc, element(doc, filter, i), element(doc, parms, i),
                  (xp_bytes){now.data, now.size}, &next, &known);
        free(now.data);
        now = next;
    }
    /* A stream that unpacks to nothing, or is damaged at its end, counts too. */
    size_t cost = (ok ? now.size : now.cap) + 64;
    doc->decoded += cost < now.limit ? cost : now.limit;
    if (now.no_memory) doc->pool.failed = doc->pool.no_memory = true;
    if (!ok || !now.data) {
        xp_status s = ok ? XP_OK : unpack_failed(doc, stream, &now, known, err);
        free(now.data);
        if (s != XP_OK) return s;
        if (!(now.data = malloc(1))) return xp_fail(err, XP_ERR_MEMORY, "no memory");
    }
    *out = (xp_bytes){now.data, now.size};
    return XP_OK;
}

void pdf_close(pdf_document *doc) {
    free(doc->entries);
    free(doc->crypt);
    pdf_pool_free(&doc->pool);
    *doc = (pdf_document){0};
}
