#include "ecg/pdf/object.h"

#include <stdlib.h>

/* ==== memory ================================================================================= */

enum { CHUNK = 1 << 16, ALIGN = 16, MOST_DEPTH = 60 };

typedef struct pdf_chunk {
    struct pdf_chunk *next;
    size_t size, used;
} pdf_chunk;

static size_t header_size(void) {
    return (sizeof(pdf_chunk) + ALIGN - 1) / ALIGN * ALIGN;
}

static bool add_chunk(pdf_pool *p, size_t size) {
    if (size < CHUNK) size = CHUNK;
    if (size > p->limit - p->used) return false;
    pdf_chunk *c = malloc(header_size() + size);
    p->no_memory |= !c;
    if (!c) return false;
    *c = (pdf_chunk){p->chunks, size, 0};
    p->chunks = c;
    p->used += size;
    return true;
}

void *pdf_pool_take(pdf_pool *p, size_t size) {
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (p->failed || size > p->limit) {
        p->failed = true;
        return NULL;
    }
    if ((!p->chunks || size > p->chunks->size - p->chunks->used) && !add_chunk(p, size)) {
        p->failed = true;
        return NULL;
    }
    void *at = (uint8_t *)p->chunks + header_size() + p->chunks->used;
    p->chunks->used += size;
    return at;
}

void pdf_pool_reset(pdf_pool *p) {
    while (p->chunks && p->chunks->next) {
        pdf_chunk *c = p->chunks;
        p->chunks = c->next;
        p->used -= c->size;
        free(c);
    }
    if (p->chunks) p->chunks->used = 0;
}

void pdf_pool_free(pdf_pool *p) {
    while (p->chunks) {
        pdf_chunk *next = p->chunks->next;
        free(p->chunks);
        p->chunks = next;
    }
    p->used = 0;
}

/* ==== characters ============================================================================= */

bool pdf_is_blank(int c) {
    return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

bool pdf_is_delimiter(int c) {
    return c == '(' || c == ')' || c == '<' || c == '>' || c == '[' || c == ']' || c == '{' ||
           c == '}' || c == '/' || c == '%';
}

static bool is_regular(int c) {
    return !pdf_is_blank(c) && !pdf_is_delimiter(c);
}

static int hex_digit(int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

void pdf_skip_blanks(pdf_lexer *l) {
    while (l->at < l->in.size) {
        int c = l->in.data[l->at];
        if (c == '%') {
            while (l->at < l->in.size && l->in.data[l->at] != '\n' && l->in.data[l->at] != '\r')
                l->at++;
        } else if (pdf_is_blank(c)) {
            l->at++;
        } else {
            return;
        }
    }
}

static int peek(const pdf_lexer *l, size_t ahead) {
    return ahead < l->in.size - l->at ? l->in.data[l->at + ahead] : -1;
}

/* ==== simple objects ========================================================================= */

/* The digits before and behind the point are collected as one whole number, as long as a double
 * holds it, so that 0.02835 is the double nearest to it. */
static bool parse_number(const uint8_t *s, size_t n, double *out) {
    static const double TENS[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    size_t i = 0;
    double whole = 0;
    int behind = 0, digits = 0;
    bool minus = false, point = false;
    while (i < n && (s[i] == '+' || s[i] == '-')) minus |= s[i++] == '-';
    for (; i < n; i++) {
        if (s[i] == '.' && !point) {
            point = true;
        } else if (s[i] >= '0' && s[i] <= '9') {
            digits++;
            if (point && (behind == 18 || whole > 9e14)) continue;
            whole = whole * 10 + (s[i] - '0');
            behind += point;
        } else if (s[i] == '-' && digits) {
            break; /* some writers put a sign inside: what is before it counts */
        } else {
            return false;
        }
    }
    *out = (minus ? -whole : whole) / TENS[behind];
    return digits > 0;
}

static pdf_object number_or_word(pdf_lexer *l) {
    const uint8_t *s = l->in.data + l->at;
    size_t n = 0;
    while (n < l->in.size - l->at && is_regular(s[n])) n++;
    if (!n) { /* a stray bracket */
        l->at++;
        return (pdf_object){.kind = PDF_NULL};
    }
    l->at += n;
    pdf_object o = {.kind = PDF_WORD, .text = {s, n}};
    if (parse_number(s, n, &o.number))
        o.kind = PDF_NUMBER;
    else if (pdf_is(&o, PDF_WORD, "true"))
        o.kind = PDF_BOOL, o.number = 1;
    else if (pdf_is(&o, PDF_WORD, "false"))
        o.kind = PDF_BOOL;
    else if (pdf_is(&o, PDF_WORD, "null"))
        o.kind = PDF_NULL;
    return o;
}

static pdf_object name(pdf_lexer *l) {
    const uint8_t *s = l->in.data + ++l->at;
    size_t n = 0, out = 0;
    bool escaped = false;
    for (; n < l->in.size - l->at && is_regular(s[n]); n++) escaped |= s[n] == '#';
    l->at += n;
    pdf_object o = {.kind = PDF_NAME, .text = {s, n}};
    uint8_t *text = escaped ? pdf_pool_take(l->pool, n) : NULL;
    if (!text) return o;
    for (size_t i = 0; i < n; i++) {
        bool hex = s[i] == '#' && i + 2 < n && hex_digit(s[i + 1]) >= 0 && hex_digit(s[i + 2]) >= 0;
        text[out++] = hex ? (uint8_t)(hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2])) : s[i];
        if (hex) i += 2;
    }
    o.text = (xp_bytes){text, out};
    return o;
}

/* The character behind a backslash; -1 for a line that goes on. */
static int escape(pdf_lexer *l) {
    int c = peek(l, 0);
    l->at += c >= 0;
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case '\r':
        l->at += peek(l, 0) == '\n';
        return -1;
    case '\n':
    case -1:
        return -1;
    }
    if (c < '0' || c > '7') return c;
    c -= '0';
    for (int i = 0; i < 2 && peek(l, 0) >= '0' && peek(l, 0) <= '7'; i++)
        c = c * 8 + l->in.data[l->at++] - '0';
    return c & 255;
}

/* Where the string that begins at the cursor ends, behind its bracket. */
static size_t string_end(const pdf_lexer *l) {
    size_t i = l->at;
    for (int depth = 0; i < l->in.size; i++) {
        int c = l->in.data[i];
        if (c == '\\')
            i++;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return i + 1;
    }
    return l->in.size;
}

static pdf_object string(pdf_lexer *l) {
    size_t end = string_end(l), out = 0;
    uint8_t *text = pdf_pool_take(l->pool, end - l->at);
    pdf_lexer inside = *l;
    inside.in.size = end;
    inside.at++;
    l->at = end;
    if (!text) return (pdf_object){.kind = PDF_NULL};
    bool closed = end && inside.in.data[end - 1] == ')';
    while (inside.at + closed < end) {
        int c = inside.in.data[inside.at++];
        if (c == '\\') c = escape(&inside);
        if (c >= 0) text[out++] = (uint8_t)c;
    }
    return (pdf_object){.kind = PDF_STRING, .text = {text, out}};
}

static pdf_object hex_string(pdf_lexer *l) {
    size_t end = ++l->at, out = 0;
    while (end < l->in.size && l->in.data[end] != '>') end++;
    uint8_t *text = pdf_pool_take(l->pool, (end - l->at) / 2 + 1);
    const uint8_t *s = l->in.data + l->at;
    size_t n = end - l->at;
    l->at = end + (end < l->in.size);
    if (!text) return (pdf_object){.kind = PDF_NULL};
    int high = -1;
    for (size_t i = 0; i < n; i++) {
        int d = hex_digit(s[i]);
        if (d < 0) continue;
        if (high < 0) {
            high = d;
        } else {
            text[out++] = (uint8_t)(high * 16 + d);
            high = -1;
        }
    }
    if (high >= 0) text[out++] = (uint8_t)(high * 16);
    return (pdf_object){.kind = PDF_STRING, .text = {text, out}};
}

/* ==== containers ============================================================================= */

typedef struct item {
    pdf_object o;
    struct item *before;
} item;

static pdf_object next(pdf_lexer *l, bool refs, int depth);

/* Elements up to the closing bracket, as an array in their order; n is their number. Elements of
 * which there are very many are read in time proportional to them: they are a list first. */
static pdf_object items(pdf_lexer *l, bool refs, int depth, bool dict) {
    item *last = NULL;
    int n = 0;
    for (;;) {
        pdf_skip_blanks(l);
        int c = peek(l, 0);
        if (c == (dict ? '>' : ']') || c < 0) break;
        size_t at = l->at;
        pdf_object o = next(l, refs, depth + 1);
        /* A damaged file: the object ends where the next begins. */
        if (o.kind == PDF_WORD &&
            (pdf_is(&o, PDF_WORD, "endobj") || pdf_is(&o, PDF_WORD, "stream"))) {
            l->at = at;
            break;
        }
        if (o.kind == PDF_END) break;
        if (o.kind == PDF_WORD) o.kind = PDF_NULL;
        item *it = pdf_pool_take(l->pool, sizeof *it);
        if (!it) break;
        *it = (item){o, last};
        last = it;
        n++;
    }
    if (peek(l, 0) == (dict ? '>' : ']')) l->at += 1 + (dict && peek(l, 1) == '>');
    pdf_object made = {.kind = dict ? PDF_DICT : PDF_ARRAY, .n = dict ? n / 2 : n};
    pdf_object *all = n ? pdf_pool_take(l->pool, (size_t)n * sizeof *all) : NULL;
    if (!all) return (pdf_object){.kind = made.kind};
    for (int i = n; i-- > 0; last = last->before) all[i] = last->o;
    made.items = all;
    return made;
}

/* "12 0 R" behind a number that was read. */
static bool reference(pdf_lexer *l, pdf_object *o) {
    if (!(o->number >= 0 && o->number < 1e7) || o->number != (double)(int)o->number) return false;
    pdf_lexer ahead = *l;
    pdf_skip_blanks(&ahead);
    int c = peek(&ahead, 0);
    if (c < '0' || c > '9') return false;
    pdf_object gen = number_or_word(&ahead);
    if (gen.kind != PDF_NUMBER || gen.number > 65535) return false;
    pdf_skip_blanks(&ahead);
    if (peek(&ahead, 0) != 'R' || (peek(&ahead, 1) >= 0 && is_regular(peek(&ahead, 1))))
        return false;
    l->at = ahead.at + 1;
    *o = (pdf_object){.kind = PDF_REF, .number = o->number, .n = (int)gen.number};
    return true;
}

static pdf_object next(pdf_lexer *l, bool refs, int depth) {
    pdf_skip_blanks(l);
    int c = peek(l, 0);
    if (c < 0 || l->pool->failed) return (pdf_object){.kind = PDF_END};
    if (depth > MOST_DEPTH) {
        l->at = l->in.size;
        return (pdf_object){.kind = PDF_END};
    }
    if (c == '/') return name(l);
    if (c == '(') return string(l);
    if (c == '<' && peek(l, 1) != '<') return hex_string(l);
    if (c == '[' || c == '<') {
        l->at += c == '[' ? 1 : 2;
        return items(l, refs, depth, c == '<');
    }
    pdf_object o = number_or_word(l);
    if (refs && o.kind == PDF_NUMBER) reference(l, &o);
    return o;
}

pdf_object pdf_next(pdf_lexer *l, bool refs) {
    return next(l, refs, 0);
}

bool pdf_is(const pdf_object *o, pdf_kind kind, const char *text) {
    return o->kind == kind && o->text.size == strlen(text) &&
           !memcmp(o->text.data, text, o->text.size);
}

const pdf_object *pdf_lookup(const pdf_object *dict, const char *key) {
    if (dict->kind != PDF_DICT && dict->kind != PDF_STREAM) return NULL;
    for (int i = 0; i < dict->n; i++)
        if (pdf_is(&dict->items[2 * i], PDF_NAME, key)) return &dict->items[2 * i + 1];
    return NULL;
}
