#include "ecg/xml.h"

#include "ecg/window.h"
#include "ecg/xml_internal.h"

#include <expat.h>

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* No ECG format nests half as deep, or has a fifth as many elements. */
enum { MOST_DEPTH = 100, MOST_ELEMENTS = 250000 };

/* Of an outline: what is kept of a text, what all that is kept may take, and how much of the file
 * may be one tag or comment. */
enum { HEAD = 4096, MOST_KEPT = 36 << 20, MOST_MARKUP = 8 << 20 };

/* ==== memory ================================================================================= */

/* Elements and texts live in blocks that are freed together. */
typedef struct xp_xml_block {
    struct xp_xml_block *before;
    size_t used, size;
    max_align_t data[];
} block;

enum { BLOCK_BYTES = 32768 };

static void *take(xp_xml_document *doc, size_t bytes) {
    size_t n = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    block *b = doc->block;
    if (!b || b->size - b->used < n) {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        if (!(b = malloc(sizeof *b + size))) return NULL;
        *b = (block){.before = doc->block, .size = size};
        doc->block = b;
        doc->held += size;
    }
    void *p = (uint8_t *)b->data + b->used;
    b->used += n;
    return p;
}

static const char *keep(xp_xml_document *doc, const char *text, size_t n) {
    char *p = take(doc, n + 1);
    if (!p) return NULL;
    memcpy(p, text, n);
    p[n] = 0;
    return p;
}

void xp_xml_free(xp_xml_document *doc) {
    for (block *b = doc->block; b;) {
        block *before = b->before;
        free(b);
        b = before;
    }
    *doc = (xp_xml_document){0};
}

/* ==== from expat's events to the tree ======================================================== */

/* The text of open elements: that of a child lies behind what its parent had before, and is cut off
 * when the child ends. */
typedef struct builder {
    xp_xml_document doc;
    XML_Parser parser;
    xp_xml *open;
    size_t starts[MOST_DEPTH]; /* of the text of the open element at each depth */
    int depth, elements;       /* attributes count as elements */
    char *text;
    size_t n, size;
    size_t total, most;            /* bytes of text so far, and the most there may be */
    size_t skipped, skipped_lines; /* bytes of plain text that went past expat, and their lines */
    size_t content;                /* byte of the file at which the last start tag ends */
    xml_digester *digests; /* owned; (MOST_DEPTH), of an outline; to is NULL where none is */
    uint64_t fed, event;   /* bytes, and those before what last came of them */
    const char *problem;
    xp_status status;
} builder;

/* Lines and bytes of the file, where expat is. */
static unsigned long line_of(const builder *b) {
    return XML_GetCurrentLineNumber(b->parser) + (unsigned long)b->skipped_lines;
}

static size_t byte_of(const builder *b) {
    XML_Index at = XML_GetCurrentByteIndex(b->parser);
    return (at < 0 ? 0 : (size_t)at) + b->skipped;
}

static void stop(builder *b, xp_status status, const char *problem) {
    if (b->status != XP_OK) return;
    b->status = status;
    b->problem = problem;
    XML_StopParser(b->parser, XML_FALSE);
}

static bool add_attributes(builder *b, xp_xml *e, const char **pairs) {
    for (const char **p = pairs; *p; p += 2) {
        const char *name = xml_local_name(p[0]);
        size_t n = strlen(p[1]);
        xp_xml_attribute *a = take(&b->doc, sizeof *a);
        if (!a) return false;
        b->total += n;
        a->name = keep(&b->doc, name, strlen(name));
        a->value = keep(&b->doc, p[1], n);
        a->next = (xp_xml_attribute *)(uintptr_t)e->attributes;
        e->attributes = a;
        if (!a->name || !a->value) return false;
    }
    return true;
}

static void on_start(void *ctx, const char *name, const char **pairs) {
    builder *b = ctx;
    if (b->status != XP_OK) return;
    if (b->depth == MOST_DEPTH) {
        stop(b, XP_ERR_LIMIT, "its elements are nested too deep: no ECG format does so");
        return;
    }
    b->elements++;
    for (const char **p = pairs; *p; p += 2) b->elements++;
    if (b->elements > MOST_ELEMENTS) {
        stop(b, XP_ERR_LIMIT,
             "it has more than 250000 elements and attributes: no ECG has so many");
        return;
    }
    xp_xml *e = take(&b->doc, sizeof *e);
    const char *own = xml_local_name(name);
    if (e) *e = (xp_xml){.text = "", .parent = b->open};
    if (!e || !(e->name = keep(&b->doc, own, strlen(own))) || !add_attributes(b, e, pairs)) {
        stop(b, XP_ERR_MEMORY, "not enough memory");
        return;
    }
    unsigned long line = line_of(b);
    e->line = line < INT_MAX ? (int)line : INT_MAX;
    b->content = byte_of(b) + (size_t)XML_GetCurrentByteCount(b->parser);
    if (!b->open) {
        b->doc.root = e;
    } else if (b->open->last) {
        b->open->last->next = e;
    } else {
        b->open->child = e;
    }
    if (b->open) b->open->last = e;
    b->open = e;
    if (XP_HAS_WINDOWS && b->digests) b->digests[b->depth].to = NULL;
    b->starts[b->depth++] = b->n;
    b->event = b->fed;
    if (XP_HAS_WINDOWS && b->digests && b->doc.held > MOST_KEPT)
        stop(b, XP_ERR_LIMIT, "it holds far more beside its samples than an ECG does");
    if (b->total > b->most) stop(b, XP_ERR_LIMIT, "its entities expand to far more than it holds");
}

static void on_end(void *ctx, const char *name) {
    builder *b = ctx;
    (void)name;
    if (b->status != XP_OK || !b->depth) return;
    size_t from = b->starts[--b->depth], end = b->n;
    b->n = from;
    b->event = b->fed;
    if (XP_HAS_WINDOWS && b->digests && b->digests[b->depth].to) {
        xml_digest_end(&b->digests[b->depth]);
        b->open->digest = b->digests[b->depth].to;
    }
    while (from < end && xml_is_blank(b->text[from])) from++;
    while (end > from && xml_is_blank(b->text[end - 1])) end--;
    if (end > from && !(b->open->text = keep(&b->doc, b->text + from, end - from)))
        stop(b, XP_ERR_MEMORY, "not enough memory");
    b->open = b->open->parent;
}

/* Of a text that has become long a digest is made, and its beginning is kept: how much of the piece
 * belongs to that. */
static size_t digest_text(builder *b, const char *text, size_t n) {
    xml_digester *d = &b->digests[b->depth - 1];
    const size_t from = b->starts[b->depth - 1], room = HEAD - (b->n - from);
    if (!d->to && n <= room) return n;
    if (!d->to) {
        xp_xml_digest *to = take(&b->doc, sizeof *to);
        if (!to) {
            stop(b, XP_ERR_MEMORY, "not enough memory");
            return 0;
        }
        xml_digest_begin(d, to);
        if (b->n > from) xml_digest_take(d, b->text + from, b->n - from);
    }
    xml_digest_take(d, text, n);
    return n < room ? n : room;
}

static void on_text(void *ctx, const char *text, int length) {
    builder *b = ctx;
    size_t n = (size_t)length;
    if (b->status != XP_OK || !b->depth) return;
    b->total += n;
    b->event = b->fed;
    if (b->total > b->most) {
        stop(b, XP_ERR_LIMIT, "its entities expand to far more than it holds");
        return;
    }
    if (XP_HAS_WINDOWS && b->digests && !(n = digest_text(b, text, n))) return;
    if (b->size - b->n < n) {
        size_t size = b->size * 2 + n + 4096;
        char *more = realloc(b->text, size);
        if (!more) {
            stop(b, XP_ERR_MEMORY, "not enough memory");
            return;
        }
        b->text = more;
        b->size = size;
    }
    memcpy(b->text + b->n, text, n);
    b->n += n;
}

static int on_external(XML_Parser parser, const char *context, const char *base, const char *system,
                       const char *public_id) {
    (void)context, (void)base, (void)system, (void)public_id;
    stop(XML_GetUserData(parser), XP_ERR_UNSUPPORTED,
         "it asks for the content of another file, which is never fetched: have it exported whole");
    return XML_STATUS_ERROR;
}

/* An encoding that expat does not know is taken for one of 8 bits, the upper half as Windows-1252:
 * an ECG's numbers are ASCII in all of them, and names come out right in Western Europe. */
static int on_encoding(void *ctx, const char *name, XML_Encoding *info) {
    static const uint16_t upper[32] = {
        0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
        0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};
    (void)ctx, (void)name;
    for (int i = 0; i < 256; i++) info->map[i] = i >= 0x80 && i < 0xa0 ? upper[i - 0x80] : i;
    info->data = NULL;
    info->convert = NULL;
    info->release = NULL;
    return XML_STATUS_OK;
}

/* ==== parsing ================================================================================ */

static void set_handlers(builder *b) {
    XML_SetUserData(b->parser, b);
    XML_SetElementHandler(b->parser, on_start, on_end);
    XML_SetCharacterDataHandler(b->parser, on_text);
    XML_SetExternalEntityRefHandler(b->parser, on_external);
    XML_SetUnknownEncodingHandler(b->parser, on_encoding, NULL);
}

/* Bytes for expat, which counts in int, so that large files go piece by piece. */
static bool feed_part(builder *b, const uint8_t *p, size_t n, bool last) {
    enum { PIECE = 1 << 24 };
    for (size_t at = 0;;) {
        size_t left = n - at, now = left < PIECE ? left : PIECE;
        if (XML_Parse(b->parser, (const char *)p + at, (int)now, last && now == left) !=
            XML_STATUS_OK)
            return false;
        if (now == left) return true;
        at += now;
    }
}

/* ASCII that stands for itself in the content of an element, in any encoding but of two bytes: p
 * has no '<'. Without branches, so that many letters are looked at together. */
static bool is_plain(const uint8_t *p, size_t n) {
    uint8_t other = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = p[i];
        other |= (uint8_t)((c == '&') | (c == ']') | (c > '~') |
                           ((c < ' ') & (c != '\n') & (c != '\r') & (c != '\t')));
    }
    return !other;
}

/* Line ends are a "\n" each, as expat gives them. */
static void take_plain(builder *b, const uint8_t *p, size_t n) {
    for (size_t at = 0; at < n;) {
        const uint8_t *end = memchr(p + at, '\r', n - at);
        size_t to = end ? (size_t)(end - p) : n;
        for (size_t piece; at < to; at += piece) {
            piece = to - at < INT_MAX ? to - at : INT_MAX;
            on_text(b, (const char *)p + at, (int)piece);
        }
        if (!end) break;
        at = to + 1;
        if (at == n || p[at] != '\n') on_text(b, "\n", 1);
    }
    for (const uint8_t *c = p; (c = memchr(c, '\n', n - (size_t)(c - p))); c++) b->skipped_lines++;
    b->skipped += n;
}

/* All of the bytes. Samples are long texts without any markup, which expat would look at letter by
 * letter, twice: right behind a start tag they are taken as they are, and expat goes on behind
 * them. */
static bool feed(builder *b, xp_bytes bytes, bool two_bytes) {
    enum { LONG = 512 };
    const uint8_t *p = bytes.data;
    size_t fed = 0, n = two_bytes ? 0 : bytes.size;
    for (size_t at = 0; at < n;) {
        const uint8_t *tag = memchr(p + at, '<', n - at);
        size_t next = tag ? (size_t)(tag - p) : n;
        const uint8_t *close = next - at > LONG ? memchr(p + at, '>', next - at) : NULL;
        size_t text = close ? (size_t)(close + 1 - p) : next;
        if (tag && next - text > LONG && is_plain(p + text, next - text)) {
            if (!feed_part(b, p + fed, text - fed, false)) return false;
            fed = text;
            if (b->status == XP_OK && b->depth && b->content == text) {
                take_plain(b, p + text, next - text);
                fed = next;
            }
            if (b->status != XP_OK) return false;
        }
        at = next + 1;
    }
    return feed_part(b, p + fed, bytes.size - fed, true);
}

/* A file in memory, or one that is looked at through a window, of which an outline is made. */
typedef struct input {
    xp_bytes bytes;
    xp_file_window *window;
    uint64_t from, to; /* of the window's file */
    size_t lines;      /* before its first byte */
    bool wide;         /* two bytes a letter */
} input;

/* Of the window's file: expat gets it piece by piece. */
static bool feed_window(builder *b, const input *in) {
    enum { PIECE = 1 << 20 };
    for (uint64_t at = in->from, n; at < in->to; at += n) {
        n = in->to - at < PIECE ? in->to - at : PIECE;
        const xp_bytes piece = xp_file_window_at(in->window, at, (size_t)n);
        if (!piece.size) stop(b, XP_ERR_IO, "the file cannot be read");
        b->fed = at - in->from;
        if (b->fed - b->event > MOST_MARKUP)
            stop(b, XP_ERR_LIMIT, "it has a tag or a comment of megabytes: no ECG has");
        if (b->status != XP_OK || !feed_part(b, piece.data, piece.size, at + n == in->to))
            return false;
    }
    return true;
}

static void discard(builder *b) {
    if (b->parser) XML_ParserFree(b->parser);
    free(b->text);
    free(b->digests);
    xp_xml_free(&b->doc);
    *b = (builder){0};
}

/* One attempt; encoding NULL: as the file says. On failure b says what is wrong. */
static bool attempt(builder *b, const input *in, const char *encoding) {
    const uint64_t size = XP_HAS_WINDOWS && in->window ? in->to - in->from : in->bytes.size;
    *b = (builder){.parser = XML_ParserCreate(encoding),
                   .digests =
                       XP_HAS_WINDOWS && in->window ? calloc(MOST_DEPTH, sizeof *b->digests) : NULL,
                   .most = size < SIZE_MAX / 4 ? 2 * (size_t)size + 65536 : SIZE_MAX / 2,
                   .skipped_lines = in->lines};
    if (!b->parser || (XP_HAS_WINDOWS && in->window && !b->digests)) {
        b->status = XP_ERR_MEMORY;
        b->problem = "not enough memory";
        return false;
    }
    set_handlers(b);
    const bool fed =
        XP_HAS_WINDOWS && in->window ? feed_window(b, in) : feed(b, in->bytes, in->wide);
    return fed && b->status == XP_OK;
}

/* A byte of the input; 0 behind its end. */
static uint8_t byte_at(const input *in, size_t at) {
    if (!XP_HAS_WINDOWS || !in->window) return at < in->bytes.size ? in->bytes.data[at] : 0;
    const uint64_t place = in->from + at;
    const xp_bytes b = place < in->to ? xp_file_window_at(in->window, place, 1) : (xp_bytes){0};
    return b.size ? b.data[0] : 0;
}

/* The encoding to try next, where the declaration may be wrong; NULL: none. */
static const char *other_encoding(const builder *b, const input *in) {
    if (!b->parser || b->status != XP_OK) return NULL;
    switch (XML_GetErrorCode(b->parser)) {
    case XML_ERROR_INCORRECT_ENCODING:
    case XML_ERROR_UNKNOWN_ENCODING:
        return in->wide ? "UTF-16" : "UTF-8";
    case XML_ERROR_INVALID_TOKEN:
        return byte_at(in, byte_of(b)) >= 0x80 && !in->wide ? "windows-1252" : NULL;
    default:
        return NULL;
    }
}

static xp_status explain(const builder *b, const char *file, xp_error *err) {
    unsigned long line = b->parser ? line_of(b) : 1;
    if (b->status != XP_OK)
        return xp_fail(err, b->status, "%s line %lu: %s", file, line, b->problem);
    enum XML_Error code = XML_GetErrorCode(b->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", file);
    bool cut = code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN ||
               code == XML_ERROR_UNCLOSED_CDATA_SECTION || code == XML_ERROR_PARTIAL_CHAR;
    return xp_fail(err, cut ? XP_ERR_TRUNCATED : XP_ERR_FORMAT,
                   "%s line %lu: not well-formed XML (%s): %s", file, line, XML_ErrorString(code),
                   cut ? "the file ends too early; copy or export it again"
                       : "the file is damaged; export it again");
}

/* What fills a file up behind its end: NUL, Ctrl-Z, blanks. */
static size_t without_filling(xp_bytes b) {
    size_t n = b.size;
    while (n && (xml_is_blank((char)b.data[n - 1]) || b.data[n - 1] == 0 || b.data[n - 1] == 0x1a))
        n--;
    return n;
}

/* Blanks before the declaration; *lines: of them. */
static size_t blanks_before(xp_bytes b, size_t *lines) {
    size_t n = 0;
    *lines = 0;
    for (; n < b.size && xml_is_blank((char)b.data[n]); n++)
        *lines +=
            b.data[n] == '\n' || (b.data[n] == '\r' && !(b.size - n > 1 && b.data[n + 1] == '\n'));
    return n;
}

static input input_of_bytes(xp_bytes b) {
    input in = {.bytes = b, .wide = xml_wide(b).width == 2};
    if (in.wide) return in;
    in.bytes.size = without_filling(b);
    const size_t before = blanks_before(in.bytes, &in.lines);
    in.bytes.data += before;
    in.bytes.size -= before;
    return in;
}

/* Filling and blanks as far as a piece reaches. */
static input input_of_window(xp_file_window *w) {
    enum { PIECE = 1 << 16 };
    const size_t n = w->size < PIECE ? (size_t)w->size : PIECE;
    input in = {.window = w, .to = w->size};
    const xp_bytes start = xp_file_window_at(w, 0, n);
    in.wide = xml_wide(start).width == 2;
    if (in.wide) return in;
    in.from = blanks_before(start, &in.lines);
    in.to = w->size - n + without_filling(xp_file_window_at(w, w->size - n, n));
    return in;
}

static xp_status parse(xp_xml_document *doc, const char *file, const input *in,
                       const char *encoding, xp_error *err) {
    builder b;
    bool done = attempt(&b, in, encoding);
    for (int tries = 0; !done && tries < 2; tries++) {
        const char *other = other_encoding(&b, in);
        if (!other) break;
        discard(&b);
        done = attempt(&b, in, other);
    }
    xp_status s = done ? XP_OK : explain(&b, file, err);
    if (done) {
        *doc = b.doc;
        b.doc = (xp_xml_document){0};
        snprintf(doc->file, sizeof doc->file, "%s", file);
    }
    discard(&b);
    return s;
}

/* The letters of wide text as UTF-8, to be freed; none where the file is damaged, which expat tells
 * better of UTF-16, or there is no memory. */
static xp_bytes narrowed(xp_bytes b) {
    const xp_wide_text wide = xml_wide(b);
    uint8_t *out = wide.width ? malloc(xp_wide_text_most(b.size)) : NULL;
    size_t used = 0;
    if (!out) return (xp_bytes){0};
    const xp_bytes in = {b.data + wide.mark, b.size - wide.mark};
    const size_t n = xp_wide_text_decode(out, wide, in, &used);
    if (used == in.size) return (xp_bytes){out, n};
    free(out);
    return (xp_bytes){0};
}

xp_status xp_xml_parse(xp_xml_document *doc, const char *file, xp_bytes bytes, xp_error *err) {
    if (!bytes.size) return xp_fail(err, XP_ERR_TRUNCATED, "%s is empty", file);
    const xp_bytes own = narrowed(bytes);
    const input in = input_of_bytes(own.data ? own : bytes);
    const xp_status s = parse(doc, file, &in, own.data ? "UTF-8" : NULL, err);
    free((void *)(uintptr_t)own.data);
    return s;
}

xp_status xp_xml_outline(xp_xml_document *doc, const char *file, xp_file_window *window,
                         xp_error *err) {
    const input in = input_of_window(window);
    return parse(doc, file, &in, NULL, err);
}

/* ==== looking things up ====================================================================== */

static const xp_xml *first_named(const xp_xml *e, const char *name, size_t n) {
    while (e && (strncasecmp(e->name, name, n) || e->name[n])) e = e->next;
    return e;
}

const xp_xml *xp_xml_child(const xp_xml *e, const char *path) {
    for (const char *p = path; e && *p;) {
        size_t n = strcspn(p, "/");
        e = first_named(e->child, p, n);
        p += n + (p[n] == '/');
    }
    return e;
}

const xp_xml *xp_xml_next(const xp_xml *e) {
    return e ? first_named(e->next, e->name, strlen(e->name)) : NULL;
}

const xp_xml *xp_xml_find_next(const xp_xml *e, const xp_xml *after, const char *name) {
    const xp_xml *at = after;
    while (at) {
        if (at->child) {
            at = at->child;
        } else {
            while (at && at != e && !at->next) at = at->parent;
            if (!at || at == e) return NULL;
            at = at->next;
        }
        if (!strcasecmp(at->name, name)) return at;
    }
    return NULL;
}

const xp_xml *xp_xml_find(const xp_xml *e, const char *name) {
    return xp_xml_find_next(e, e, name);
}

const char *xp_xml_text(const xp_xml *e, const char *path) {
    const xp_xml *c = xp_xml_child(e, path);
    return c ? c->text : "";
}

const char *xp_xml_attr(const xp_xml *e, const char *name) {
    for (const xp_xml_attribute *a = e ? e->attributes : NULL; a; a = a->next)
        if (!strcasecmp(a->name, name)) return a->value;
    return "";
}

/* text with a point for its comma, into out; false where it may mark thousands, or there are two.
 */
static bool point_for_comma(char *out, size_t size, const char *text) {
    const char *comma = strchr(text, ',');
    size_t n = strlen(text), digits = strspn(comma + 1, "0123456789");
    const char *first = text + strspn(text, "+-");
    bool thousands = digits == 3 && comma > first && comma - first <= 3 && *first != '0';
    if (n >= size || thousands || strpbrk(comma + 1, ",.") ||
        memchr(text, '.', (size_t)(comma - text)))
        return false;
    memcpy(out, text, n + 1);
    out[comma - text] = '.';
    return true;
}

double xp_xml_number(const char *text) {
    char *end, pointed[40];
    text += strspn(text, " \t\r\n");
    if (strchr(text, ',')) {
        if (!point_for_comma(pointed, sizeof pointed, text)) return NAN;
        text = pointed;
    }
    if (!*text || !strchr("+-.0123456789", *text)) return NAN;
    double v = strtod(text, &end);
    end += strspn(end, " \t\r\n");
    return end == text || *end || isinf(v) ? NAN : v;
}

xp_status xp_xml_fail(const xp_xml_document *doc, const xp_xml *e, xp_error *err, const char *fmt,
                      ...) {
    char what[360];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (!e) return xp_fail(err, XP_ERR_FORMAT, "%s %s", doc->file, what);
    return xp_fail(err, XP_ERR_FORMAT, "%s line %d, <%.40s> %s", doc->file, e->line, e->name, what);
}
