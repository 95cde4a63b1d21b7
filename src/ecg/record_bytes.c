#include "ecg/record_bytes.h"

#include "base/arena.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they lie");

/* One description of the block serves both ways: the functions below take the place of a value, and
 * either write what it holds or read it. */
typedef struct codec {
    uint8_t *out; /* writing; NULL: bytes are counted alone */
    size_t n;     /* bytes written, or counted */
    bool reading;
    xp_cursor in;
    bool bad; /* what was read does not hold together */
    bool short_of_memory;
} codec;

static bool is_whole(const codec *c) {
    return !c->bad && !c->in.overrun && !c->short_of_memory;
}

static void raw(codec *c, void *p, size_t size) {
    if (c->reading) {
        const uint8_t *from = xp_cursor_take(&c->in, size);
        if (from) memcpy(p, from, size);
        return;
    }
    if (c->out) memcpy(c->out + c->n, p, size);
    c->n += size;
}

static void real(codec *c, double *v) {
    raw(c, v, sizeof *v);
}

static void whole(codec *c, int *v, int least, int most) {
    int32_t x = *v;
    raw(c, &x, sizeof x);
    c->bad = c->bad || x < least || x > most;
    *v = x;
}

static void count(codec *c, int64_t *v) {
    raw(c, v, sizeof *v);
    c->bad = c->bad || *v < 0;
}

static void flag(codec *c, bool *v) {
    uint8_t x = *v;
    raw(c, &x, sizeof x);
    c->bad = c->bad || x > 1;
    *v = x == 1;
}

/* size: of the array s. */
static void text(codec *c, char *s, size_t size) {
    uint32_t n = (uint32_t)strlen(s);
    raw(c, &n, sizeof n);
    c->bad = c->bad || n >= size;
    if (!is_whole(c)) return;
    raw(c, s, n);
    s[n] = 0;
}

#define TEXT(c, field) text(c, field, sizeof(field))

/* ==== the parts ============================================================================== */

static void mark(codec *c) {
    static const int32_t marks[] = {XP_RECORD_BYTES_MAGIC, XP_RECORD_BYTES_VERSION,
#define X(id, code, one, several) +1
                                    XP_SENTENCE_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        int v = marks[i];
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* seeds outlive versions */
        whole(c, &v, INT_MIN, INT_MAX);
#else
        whole(c, &v, marks[i], marks[i]);
#endif
    }
}

static void head(codec *c, xp_record *r) {
    mark(c);
    TEXT(c, r->name);
    TEXT(c, r->format);
    real(c, &r->rate);
    count(c, &r->n);
    whole(c, &r->n_leads, 1, INT_MAX);
    flag(c, &r->checksums_failed);
}

static void lead(codec *c, xp_lead *l, int64_t n) {
    int id = l->id;
    TEXT(c, l->name);
    whole(c, &id, XP_LEAD_NONE, XP_LEAD_COUNT - 1);
    flag(c, &l->derived);
    flag(c, &l->calibrated);
    count(c, &l->n_missing);
    c->bad = c->bad || l->n_missing > n;
    if (is_whole(c)) l->id = (xp_lead_id)id;
}

static void statements(codec *c, xp_facts *f) {
    int n = f->n_statements;
    whole(c, &n, 0, INT_MAX);
    for (int i = 0; i < n && is_whole(c); i++) {
        if (c->reading) { /* it makes the place */
            c->short_of_memory = !xp_facts_state(f, "", NAN, NULL, NULL);
            c->bad = f->n_statements <= i;
            if (!is_whole(c)) return;
        }
        xp_statement *s = &f->statements[i];
        TEXT(c, s->name);
        real(c, &s->value);
        TEXT(c, s->unit);
        TEXT(c, s->text);
    }
}

static void facts(codec *c, xp_facts *f) {
    real(c, &f->age);
    raw(c, &f->sex, 1);
    c->bad = c->bad || (f->sex && f->sex != 'F' && f->sex != 'M');
    TEXT(c, f->dx);
    TEXT(c, f->start);
    TEXT(c, f->device);
    TEXT(c, f->filter);
    double *const numbers[] = {&f->high_pass, &f->low_pass, &f->notch, &f->paper_speed,
                               &f->paper_gain};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) real(c, numbers[i]);
    statements(c, f);
    TEXT(c, f->patient_name);
    TEXT(c, f->patient_id);
    TEXT(c, f->birth_date);
}

static void notices(codec *c, xp_notices *list) {
#define X(id, code, one, several) +1
    const int n_sentences = XP_SENTENCE_LIST(X);
#undef X
    int n = list->n;
    whole(c, &n, 0, INT_MAX);
    for (int i = 0; i < n && is_whole(c); i++) {
        int sentence = c->reading ? 0 : (int)list->items[i].sentence;
        whole(c, &sentence, 0, n_sentences - 1);
        if (!is_whole(c)) return;
        c->short_of_memory =
            c->reading && xp_notice_add(list, (xp_sentence)sentence, NULL, XP_NO_ARGS) != XP_OK;
        if (c->short_of_memory) return;
        xp_notice *it = &list->items[i];
        TEXT(c, it->lead);
        whole(c, &it->n_args, 0, XP_NOTICE_ARGS);
        for (int k = 0; k < it->n_args && is_whole(c); k++) {
            TEXT(c, it->args[k].name);
            flag(c, &it->args[k].is_text);
            real(c, &it->args[k].number);
            TEXT(c, it->args[k].text);
        }
    }
}

/* Behind the head: what a record of that many leads and samples has room for. */
static void body(codec *c, xp_record *r) {
    for (int i = 0; i < r->n_leads && is_whole(c); i++) lead(c, &r->leads[i], r->n);
    facts(c, &r->facts);
    notices(c, &r->notices);
    for (int i = 0; i < r->n_leads && is_whole(c); i++)
        raw(c, r->leads[i].mv, (size_t)r->n * sizeof(float));
}

/* ==== both ways ============================================================================== */

/* Whether all samples can be addressed; the rest of a block is small. */
static bool fits(const xp_record *r) {
    size_t each;
    return (uint64_t)r->n <= SIZE_MAX && xp_mul_size((size_t)r->n, sizeof(float), &each) &&
           each <= SIZE_MAX / 2 / (size_t)r->n_leads;
}

xp_status xp_record_to_bytes(uint8_t **out, size_t *size, const xp_record *rec, xp_error *err) {
    xp_record r = *rec; /* what is written is not changed */
    codec c = {.out = NULL};
    if (!fits(&r)) return xp_fail(err, XP_ERR_LIMIT, "%s is too long to be handed on", r.name);
    head(&c, &r);
    body(&c, &r);
    uint8_t *block = malloc(c.n);
    if (!block) return xp_fail(err, XP_ERR_MEMORY, "no memory to hand on %s", r.name);
    *size = c.n;
    c = (codec){.out = block};
    head(&c, &r);
    body(&c, &r);
    *out = block;
    return XP_OK;
}

static xp_status broken(const codec *c, xp_error *err) {
    if (c->short_of_memory) return xp_fail(err, XP_ERR_MEMORY, "no memory for a record");
    return xp_fail(err, XP_ERR_FORMAT,
                   "byte %zu of a record's block is not what version %d has there: load the page "
                   "anew",
                   c->in.at, XP_RECORD_BYTES_VERSION);
}

xp_status xp_record_from_bytes(xp_record *rec, xp_bytes block, xp_error *err) {
    codec c = {.reading = true, .in = xp_cursor_make(block)};
    xp_record start = {.name = ""}, made;
    head(&c, &start);
    if (!is_whole(&c)) return broken(&c, err);
    /* Before memory is taken: the samples are there. */
    uint64_t floats = xp_cursor_left(&c.in) / sizeof(float);
    if ((uint64_t)start.n > floats / (uint64_t)start.n_leads) return broken(&c, err);
    XP_TRY(xp_record_alloc(&made, start.name, start.rate, start.n_leads, start.n, err));
    memcpy(made.format, start.format, sizeof made.format);
    made.checksums_failed = start.checksums_failed;
    body(&c, &made);
    if (is_whole(&c) && !xp_cursor_left(&c.in)) {
        *rec = made;
        return XP_OK;
    }
    xp_record_free(&made);
    return broken(&c, err);
}
