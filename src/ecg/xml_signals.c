#include "ecg/xml_signals.h"

#include "ecg/window.h"
#include "ecg/xml_internal.h"
#include "ecg/xml_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_SIGNALS = 256 };

xp_status xp_xml_add_signal(xp_xml_signal **added, xp_xml_signals *list, const xp_xml_document *doc,
                            const xp_xml *e, const char *name, const char *units, xp_error *err) {
    if (list->n == MOST_SIGNALS)
        return xp_xml_fail(doc, e, err, "is one of more than %d leads: no ECG has so many",
                           MOST_SIGNALS);
    if (list->n == list->room) {
        int room = list->room ? 2 * list->room : 16;
        xp_xml_signal *more = realloc(list->items, (size_t)room * sizeof *more);
        if (!more) return xp_xml_no_memory(doc, err);
        list->items = more;
        list->room = room;
    }
    xp_xml_signal *s = &list->items[list->n++];
    *s = (xp_xml_signal){.e = e, .gain = 1, .missing = INT32_MIN};
    xp_copy_text(s->name, sizeof s->name, name);
    xp_copy_text(s->units, sizeof s->units, units);
    *added = s;
    return XP_OK;
}

void xp_xml_signals_free(xp_xml_signals *list) {
    for (int i = 0; i < list->n; i++) {
        free(list->items[i].digital);
        free(list->items[i].physical);
    }
    free(list->items);
    *list = (xp_xml_signals){0};
}

/* ==== texts ================================================================================== */

/* Groups of four letters, three bytes each, up to one that has another character; *text and *out
 * move on. */
static void whole_groups(const char **text, const char *end, uint8_t **out,
                         const uint8_t values[256]) {
    const uint8_t *t = (const uint8_t *)*text;
    uint8_t *to = *out;
    for (size_t groups = (size_t)(end - *text) / 4; groups; groups--, t += 4, to += 3) {
        const uint32_t a = values[t[0]], b = values[t[1]], c = values[t[2]], d = values[t[3]];
        if ((a | b | c | d) > 63) break;
        to[0] = (uint8_t)(a << 2 | b >> 4);
        to[1] = (uint8_t)(b << 4 | c >> 2);
        to[2] = (uint8_t)(c << 6 | d);
    }
    *text = (const char *)t;
    *out = to;
}

static xp_status not_base64(const xp_xml_document *doc, const xp_xml *e, int64_t character,
                            xp_error *err) {
    return xp_xml_fail(doc, e, err,
                       "is not base64 at its character %lld: the file is damaged, export it again",
                       (long long)character);
}

xp_status xp_xml_base64(const xp_xml_document *doc, const xp_xml *e, uint8_t **out, size_t *n,
                        xp_error *err) {
    const char *t = e->text, *const end = t + strlen(t);
    uint8_t *bytes = malloc((size_t)(end - t) / 4 * 3 + 4), *to = bytes, values[256];
    uint32_t bits = 0;
    int held = 0;
    if (!bytes) return xp_xml_no_memory(doc, err);
    xml_base64_values(values);
    for (; t < end; t++) {
        if (!held) whole_groups(&t, end, &to, values);
        if (t == end) break;
        const int v = values[(uint8_t)*t];
        if (v == XML_BLANK) continue;
        if (v == XML_END && held != 6) { /* some writers end each line */
            held = 0;
            continue;
        }
        if (v >= XML_END) break;
        bits = bits << 6 | (uint32_t)v;
        held += 6;
        if (held >= 8) *to++ = (uint8_t)(bits >> (held -= 8));
    }
    if (t < end || held == 6) { /* one letter holds no byte: others were lost before it */
        free(bytes);
        return not_base64(doc, e, (t - e->text) + (t < end), err);
    }
    *out = bytes;
    *n = (size_t)(to - bytes);
    return XP_OK;
}

xp_status xp_xml_take_digest(xp_xml_signal *s, const xp_xml_document *doc, const xp_xml *e,
                             xp_error *err) {
    const xp_xml_digest *d = e->digest;
    if (d->wrong) return not_base64(doc, e, d->wrong, err);
    s->outline = true;
    s->n = d->bytes / 2;
    s->n_missing = s->missing == INT16_MIN ? d->lowest : 0;
    return XP_OK;
}

xp_status xp_xml_take_int16(xp_xml_signal *s, const uint8_t *bytes, int64_t n, xp_error *err) {
    if (!(s->digital = xp_alloc_array(n, sizeof *s->digital)))
        return xp_fail(err, XP_ERR_MEMORY, "no memory for the samples of lead %s", s->name);
    for (int64_t i = 0; i < n; i++)
        s->digital[i] = (int16_t)(bytes[2 * i] | (uint16_t)bytes[2 * i + 1] << 8);
    s->n = n;
    return XP_OK;
}

double xp_xml_steps_per_uv(const char *step, const char *unit) {
    double v = xp_xml_number(step), times, over;
    char word[32];
    size_t n = 0;
    while (unit[n] && !strchr(" /", unit[n]) && strncasecmp(unit + n, "per", 3)) n++;
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), unit);
    if (!(v > 0) || !xp_volt_unit(word, &times, &over)) return 0;
    return over / times / 1000 / v;
}

static const char *skip_separators(const char *t) {
    while (xml_is_separator(*t)) t++;
    return t;
}

/* Beginnings of words; in blocks whose count a byte holds, so that many letters are looked at
 * together. */
int64_t xp_xml_count_numbers(const xp_xml *e) {
    enum { BLOCK = 128 };
    if (!e) return 0;
    if (e->digest) return e->digest->numbers;
    const uint8_t *t = (const uint8_t *)e->text;
    const size_t size = strlen(e->text);
    int64_t n = size && !xml_is_separator(e->text[0]);
    for (size_t from = 1, to; from < size; from = to) {
        uint8_t sum = 0;
        to = size - from < BLOCK ? size : from + BLOCK;
        for (size_t i = from; i < to; i++) {
            const uint8_t a = t[i - 1], b = t[i];
            const uint8_t gap =
                (a == ' ') | (a == ',') | (a == '\n') | (a == '\r') | (a == '\t') | (a == ';');
            const uint8_t word =
                (b != ' ') & (b != ',') & (b != '\n') & (b != '\r') & (b != '\t') & (b != ';');
            sum = (uint8_t)(sum + (gap & word));
        }
        n += sum;
    }
    return n;
}

/* v (n) = the numbers of t; returns how many were read before one that is none. */
static int64_t parse_numbers(double *v, const char *t, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        t = xml_any_number(&v[i], skip_separators(t));
        if (!t) return i;
    }
    return n;
}

static bool all_whole(const double *v, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (v[i] != floor(v[i]) || fabs(v[i]) > INT32_MAX) return false;
    return true;
}

static bool is_number_start(char c) {
    return (c >= '0' && c <= '9') || c == '-';
}

/* Whole numbers of at most nine digits, as almost all are, in one pass. Returns how many, or -1
 * where there is another. out has room for one every two characters. */
static int64_t parse_whole(int32_t *out, const char *t) {
    enum { MOST = 9 };
    int64_t n = 0;
    for (;;) {
        while (!is_number_start(*t)) {
            if (!*t) return n;
            if (!xml_is_separator(*t++)) return -1;
        }
        const bool minus = *t == '-';
        const char *const first = t + minus, *c = first;
        int32_t v = 0;
        for (; *c >= '0' && *c <= '9' && c - first < MOST; c++) v = 10 * v + (*c - '0');
        if (c == first || (*c && !xml_is_separator(*c))) return -1;
        out[n++] = minus ? -v : v;
        t = c;
    }
}

static xp_status no_memory_for(const xp_xml_signal *s, xp_error *err) {
    return xp_fail(err, XP_ERR_MEMORY, "no memory for the samples of lead %s", s->name);
}

/* *done: the numbers are whole and small, and now the signal's. */
static xp_status take_whole(xp_xml_signal *s, const char *text, bool *done, xp_error *err) {
    int32_t *v = xp_alloc_array((int64_t)strlen(text) / 2 + 1, sizeof *v);
    if (!v) return no_memory_for(s, err);
    const int64_t n = parse_whole(v, text);
    *done = n >= 0;
    int32_t *fit = *done ? realloc(v, n ? (size_t)n * sizeof *v : 1) : NULL;
    if (!*done) {
        free(v);
        return XP_OK;
    }
    s->digital = fit ? fit : v;
    s->n = n;
    return XP_OK;
}

static xp_status to_digital(xp_xml_signal *s, const double *v, int64_t n, xp_error *err) {
    if (!(s->digital = xp_alloc_array(n, sizeof *s->digital))) return no_memory_for(s, err);
    for (int64_t i = 0; i < n; i++) s->digital[i] = (int32_t)v[i];
    return XP_OK;
}

static xp_status no_number(const xp_xml_signal *s, const xp_xml_document *doc, const xp_xml *e,
                           int64_t before, xp_error *err) {
    return xp_xml_fail(doc, e, err,
                       "holds something other than a number behind %lld samples of lead %s: the "
                       "file is damaged, export it again",
                       (long long)before, s->name);
}

/* Any numbers: into doubles, and back where all are whole. */
static xp_status take_any(xp_xml_signal *s, const xp_xml_document *doc, const xp_xml *e,
                          xp_error *err) {
    int64_t n = xp_xml_count_numbers(e);
    double *v = xp_alloc_array(n, sizeof *v);
    if (!v) return no_memory_for(s, err);
    int64_t read = parse_numbers(v, e->text, n);
    xp_status status = XP_OK;
    if (read < n) status = no_number(s, doc, e, read, err);
    s->n = n;
    if (status == XP_OK && all_whole(v, n)) {
        status = to_digital(s, v, n, err);
    } else if (status == XP_OK) {
        for (int64_t i = 0; i < n; i++) v[i] = (v[i] - s->baseline) / s->gain;
        s->physical = v;
        v = NULL;
    }
    free(v);
    return status;
}

xp_status xp_xml_take_numbers(xp_xml_signal *s, const xp_xml_document *doc, const xp_xml *e,
                              xp_error *err) {
    bool done = false;
    const xp_xml_digest *d = e ? e->digest : NULL;
    if (d) {
        s->outline = true;
        s->n = d->numbers;
        return d->fine < d->numbers ? no_number(s, doc, e, d->fine, err) : XP_OK;
    }
    XP_TRY(take_whole(s, e->text, &done, err));
    return done ? XP_OK : take_any(s, doc, e, err);
}

/* ==== pieces ================================================================================= */

static int by_start(const void *a, const void *b) {
    const xp_xml_signal *s = a, *t = b;
    return (s->start > t->start) - (s->start < t->start);
}

/* Leads are in the order in which they first come, pieces of a lead in that of time. */
static int64_t sort_pieces(xp_xml_signals *list) {
    int64_t end = 0;
    bool sorted = true;
    for (int i = 0; i < list->n; i++) {
        const xp_xml_signal *s = &list->items[i];
        if (s->start + s->n > end) end = s->start + s->n;
        sorted &= !i || s->start >= s[-1].start;
    }
    if (!sorted) qsort(list->items, (size_t)list->n, sizeof *list->items, by_start);
    return end;
}

/* Values in units, where pieces differ in scale. */
static bool make_physical(xp_xml_signal *s) {
    if (!s->digital) return true;
    if (!(s->physical = xp_alloc_array(s->n, sizeof *s->physical))) return false;
    for (int64_t i = 0; i < s->n; i++)
        s->physical[i] =
            s->digital[i] == s->missing ? NAN : (s->digital[i] - s->baseline) / s->gain;
    free(s->digital);
    s->digital = NULL;
    return true;
}

/* Of a signal whose samples are wanted no longer. */
static void make_outline(xp_xml_signal *s) {
    if (s->outline) return;
    for (int64_t i = 0; i < s->n; i++)
        s->n_missing += s->digital ? s->digital[i] == s->missing : isnan(s->physical[i]) != 0;
    free(s->digital);
    free(s->physical);
    s->digital = NULL;
    s->physical = NULL;
    s->outline = true;
}

/* n samples, the new ones at its end missing. */
static bool lengthen(xp_xml_signal *s, int64_t n) {
    if (s->outline && n >= s->n) {
        s->n_missing += n - s->n;
        s->n = n;
        return true;
    }
    size_t each = s->digital ? sizeof *s->digital : sizeof *s->physical;
    if (n < s->n || (uint64_t)n > SIZE_MAX / 2 / each) return false;
    void *old = s->digital ? (void *)s->digital : s->physical;
    void *more = realloc(old, n ? (size_t)n * each : 1);
    if (!more) return false;
    if (s->digital) {
        s->digital = more;
        for (int64_t i = s->n; i < n; i++) s->digital[i] = s->missing;
    } else {
        s->physical = more;
        for (int64_t i = s->n; i < n; i++) s->physical[i] = NAN;
    }
    s->n = n;
    return true;
}

/* One gap before the first sample, as for every other piece. */
static bool begin_at_zero(xp_xml_signal *s) {
    int64_t start = s->start, n = s->n;
    s->start = 0;
    if (!start) return true;
    if (!lengthen(s, start + n)) return false;
    if (s->outline) return true;
    if (s->digital) {
        memmove(s->digital + start, s->digital, (size_t)n * sizeof *s->digital);
        for (int64_t i = 0; i < start; i++) s->digital[i] = s->missing;
    } else {
        memmove(s->physical + start, s->physical, (size_t)n * sizeof *s->physical);
        for (int64_t i = 0; i < start; i++) s->physical[i] = NAN;
    }
    return true;
}

static bool append(xp_xml_signal *to, xp_xml_signal *piece) {
    if (to->outline || piece->outline) {
        make_outline(to);
        make_outline(piece);
        to->n_missing += piece->start - to->n + piece->n_missing;
        to->n = piece->start + piece->n;
        return true;
    }
    bool alike = to->digital && piece->digital && to->gain == piece->gain &&
                 to->baseline == piece->baseline && to->missing == piece->missing;
    if (!alike && (!make_physical(to) || !make_physical(piece))) return false;
    if (!lengthen(to, piece->start + piece->n)) return false;
    if (to->digital)
        memcpy(to->digital + piece->start, piece->digital,
               (size_t)piece->n * sizeof *piece->digital);
    else
        memcpy(to->physical + piece->start, piece->physical,
               (size_t)piece->n * sizeof *piece->physical);
    return true;
}

static xp_xml_signal *find_before(xp_xml_signals *list, int n, const xp_xml_signal *piece) {
    for (int i = 0; i < n; i++) {
        xp_xml_signal *s = &list->items[i];
        if (s->n <= piece->start && !strcmp(s->name, piece->name) &&
            !strcmp(s->units, piece->units))
            return s;
    }
    return NULL;
}

static bool join_pieces(xp_xml_signals *list, int64_t end) {
    int kept = 0, pieces = list->n;
    bool ok = true;
    for (int i = 0; i < pieces; i++) {
        xp_xml_signal piece = list->items[i], *to = find_before(list, kept, &piece);
        if (to) {
            ok = ok && append(to, &piece);
            free(piece.digital);
            free(piece.physical);
        } else {
            ok = ok && begin_at_zero(&piece);
            list->items[kept++] = piece;
        }
    }
    list->n = kept;
    for (int i = 0; i < kept && ok; i++) ok = lengthen(&list->items[i], end);
    return ok;
}

xp_status xp_xml_join(xp_xml_signals *list, const xp_xml_document *doc, xp_error *err) {
    int64_t held = 0, end = sort_pieces(list);
    for (int i = 0; i < list->n; i++) held += list->items[i].n;
    if (list->n && end > (8 * held + 100000) / list->n)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%s: its pieces lie among %lld samples, almost all of them missing",
                       doc->file, (long long)end);
    return join_pieces(list, end) ? XP_OK : xp_xml_no_memory(doc, err);
}

/* ==== the recording ========================================================================== */

static xp_status check_lengths(const xp_xml_signals *list, const xp_xml_document *doc,
                               int64_t longest, xp_error *err) {
    for (int i = 0; i < list->n; i++) {
        const xp_xml_signal *s = &list->items[i];
        if (s->n < longest - longest / 2)
            return xp_xml_fail(doc, s->e, err,
                               "has %lld samples of lead %s where another lead has %lld: the file "
                               "is damaged, export it again",
                               (long long)s->n, s->name, (long long)longest);
    }
    return XP_OK;
}

/* Where the samples of a signal are not there, those of none are. */
static void outline_all(xp_xml_signals *list) {
    for (int i = 0; i < list->n; i++) make_outline(&list->items[i]);
}

static xp_status fill_signal(xp_stored_signal *to, xp_xml_signal *s, int64_t n, xp_error *err) {
    xp_copy_text(to->name, sizeof to->name, s->name);
    xp_copy_text(to->units, sizeof to->units, s->units);
    to->gain = s->gain;
    to->baseline = s->baseline;
    to->missing = s->missing;
    to->line = s->e ? s->e->line : 0;
    if (s->outline) {
        to->digital = NULL;
        to->n = n;
        to->n_missing = s->n_missing + (n - s->n);
        return XP_OK;
    }
    if (s->digital) {
        for (int64_t i = 0; i < n; i++) {
            to->digital[i] = i < s->n ? s->digital[i] : s->missing;
            to->n_missing += to->digital[i] == s->missing;
        }
        return XP_OK;
    }
    to->digital = NULL;
    to->n = n;
    if (!(to->physical = xp_alloc_array(n, sizeof *to->physical)))
        return xp_fail(err, XP_ERR_MEMORY, "no memory for the samples of lead %s", s->name);
    for (int64_t i = 0; i < n; i++) to->physical[i] = i < s->n ? s->physical[i] : NAN;
    to->n_missing = n - s->n;
    return XP_OK;
}

xp_status xp_xml_to_stored(xp_stored *w, const char *name, double rate, xp_xml_signals *list,
                           const xp_xml_document *doc, xp_error *err) {
    int64_t lengths[MOST_SIGNALS], longest = 0;
    xp_stored made;
    for (int i = 0; i < list->n; i++)
        if (list->items[i].n > longest) longest = list->items[i].n;
    XP_TRY(check_lengths(list, doc, longest, err));
    for (int i = 0; i < list->n; i++)
        if (list->items[i].outline) outline_all(list);
    for (int i = 0; i < list->n; i++) lengths[i] = list->items[i].digital ? longest : 0;
    xp_status s = xp_stored_alloc(&made, name, rate, list->n, lengths, err);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", doc->file);
    made.n_frames = longest;
    for (int i = 0; i < list->n && s == XP_OK; i++)
        s = fill_signal(&made.signals[i], &list->items[i], longest, err);
    if (s == XP_OK)
        *w = made;
    else
        xp_stored_free(&made);
    return s;
}

xp_status xp_xml_no_memory(const xp_xml_document *doc, xp_error *err) {
    return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", doc->file);
}

static xp_status read_document(xp_stored *w, const char *name, xp_xml_document *doc,
                               xp_xml_maker make, xp_error *err) {
    xp_stored made = {0};
    xp_status s = make(&made, name, doc, err);
    if (s == XP_OK)
        *w = made;
    else
        xp_stored_free(&made);
    xp_xml_free(doc);
    return s;
}

/* *done: the file is long, and its samples are not wanted. */
static xp_status read_outline(xp_stored *w, const xp_file_source *src, const char *name,
                              xp_xml_maker make, bool *done, xp_error *err) {
    enum { LONG = 4 << 20 };
    xp_file_window window;
    xp_xml_document doc;
    *done = false;
    if (!xp_file_window_open(&window, src, name)) return XP_OK;
    const size_t start = window.size < 4 ? (size_t)window.size : 4;
    *done = window.size > LONG && xml_wide(xp_file_window_at(&window, 0, start)).width != 4;
    xp_status s = *done ? xp_xml_outline(&doc, name, &window, err) : XP_OK;
    if (*done && s == XP_OK) s = read_document(w, name, &doc, make, err);
    xp_file_window_close(&window);
    return s;
}

xp_status xp_xml_read(xp_stored *w, const xp_file_source *src, const char *name, xp_xml_maker make,
                      bool outline, xp_error *err) {
    xp_bytes bytes;
    xp_xml_document doc;
    if (outline) {
        bool done;
        const xp_status s = read_outline(w, src, name, make, &done, err);
        if (done) return s;
    }
    XP_TRY(src->get(src->ctx, name, &bytes, err));
    XP_TRY(xp_xml_parse(&doc, name, bytes, err));
    return read_document(w, name, &doc, make, err);
}
