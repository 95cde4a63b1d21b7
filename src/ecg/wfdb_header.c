/* The header file: record line, segment lines or signal lines, comments. header(5). */
#include "ecg/wfdb_parts.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_RATE 250.0
#define DEFAULT_GAIN 200.0

typedef struct parser {
    xp_wfdb_header *h;
    xp_error *err;
    char *at;         /* next line of the NUL-terminated text */
    int line;         /* number of the line last returned */
    bool no_baseline; /* the signal line being read has no baseline */
} parser;

/* "100.hea line 3: ..." */
#define FAIL(p, code, fmt, ...)                                                                    \
    xp_fail((p)->err, code, "%s line %d: " fmt, (p)->h->file, (p)->line, __VA_ARGS__)
#define NOTE(p, code, lead, fmt, ...)                                                              \
    xp_notice_add(&(p)->h->w.notices, code, lead, "%s line %d: " fmt, (p)->h->file, (p)->line,     \
                  __VA_ARGS__)

void xp_wfdb_copy_text(char *dst, size_t size, const char *src) {
    size_t n = strlen(src);
    if (n >= size) {
        n = size - 1;
        while (n && ((unsigned char)src[n] & 0xc0) == 0x80) n--;
    }
    memmove(dst, src, n);
    dst[n] = 0;
}

bool xp_wfdb_safe_name(const char *name) {
    if (!*name || strlen(name) > 120) return false;
    for (const char *part = name; part;) {
        const char *slash = strchr(part, '/');
        size_t n = slash ? (size_t)(slash - part) : strlen(part);
        if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && !memcmp(part, "..", 2)))
            return false;
        part = slash ? slash + 1 : NULL;
    }
    for (const char *c = name; *c; c++)
        if (*c == '\\' || *c == ':' || (unsigned char)*c < 32 || *c == 127) return false;
    return true;
}

/* ---- text ---- */

static bool is_utf8(const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n;) {
        int more = p[i] < 0x80       ? 0
                   : p[i] >> 5 == 6  ? 1
                   : p[i] >> 4 == 14 ? 2
                   : p[i] >> 3 == 30 ? 3
                                     : -1;
        if (more < 0 || n - i <= (size_t)more) return false;
        for (int k = 1; k <= more; k++)
            if (p[i + (size_t)k] >> 6 != 2) return false;
        i += (size_t)more + 1;
    }
    return true;
}

/* A NUL-terminated UTF-8 copy; a text that is not UTF-8 is taken as Latin-1. */
static char *copy_text(xp_bytes b) {
    if (b.size > (SIZE_MAX - 1) / 2) return NULL;
    bool utf8 = is_utf8(b.data, b.size);
    char *t = malloc((utf8 ? b.size : 2 * b.size) + 1), *q = t;
    if (!t) return NULL;
    for (size_t i = 0; i < b.size; i++) {
        uint8_t c = b.data[i];
        if (utf8 || c < 0x80) {
            *q++ = (char)c;
        } else {
            *q++ = (char)(0xc0 | c >> 6);
            *q++ = (char)(0x80 | (c & 0x3f));
        }
    }
    *q = 0;
    return t;
}

static xp_status check_text(const char *file, xp_bytes *b, xp_error *err) {
    const uint8_t *p = b->data;
    if (b->size >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
        return xp_fail(
            err, XP_ERR_FORMAT,
            "%s line 1: this is UTF-16 text, a WFDB header is plain ASCII or UTF-8: save "
            "the file again as UTF-8",
            file);
    if (b->size >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) {
        b->data += 3;
        b->size -= 3;
    }
    int line = 1;
    for (size_t i = 0; i < b->size; i++) {
        uint8_t c = b->data[i];
        line += c == '\n';
        if (c < 32 && !isspace(c) && !(c == 26 && i + 1 == b->size))
            return xp_fail(err, XP_ERR_FORMAT,
                           "%s line %d: byte 0x%02x is not text: a WFDB header is plain text; is "
                           "this a signal file, or UTF-16 text?",
                           file, line, c);
    }
    return XP_OK;
}

static char *trim(char *s) {
    while (isspace((unsigned char)*s)) s++;
    size_t n = strlen(s);
    while (n && (isspace((unsigned char)s[n - 1]) || s[n - 1] == 26)) n--;
    s[n] = 0;
    return s;
}

/* The next line, trimmed, or NULL. Lines end with LF, CR LF or CR. */
static char *raw_line(parser *p) {
    if (!*p->at) return NULL;
    char *s = p->at;
    size_t n = strcspn(s, "\r\n");
    p->at = s + n;
    if (*p->at) p->at += p->at[0] == '\r' && p->at[1] == '\n' ? 2 : 1;
    s[n] = 0;
    p->line++;
    return trim(s);
}

static xp_status add_comment(parser *p, const char *text) {
    xp_wfdb *w = &p->h->w;
    if ((w->n_comments & (w->n_comments - 1)) == 0) { /* the list doubles at powers of two */
        size_t cap = w->n_comments ? 2 * (size_t)w->n_comments : 1;
        char **list = realloc(w->comments, cap * sizeof *list);
        if (!list) return FAIL(p, XP_ERR_MEMORY, "%s", "not enough memory");
        w->comments = list;
    }
    w->comments[w->n_comments] = strdup(text);
    if (!w->comments[w->n_comments]) return FAIL(p, XP_ERR_MEMORY, "%s", "not enough memory");
    w->n_comments++;
    return XP_OK;
}

/* The next line that is neither blank nor a comment; comments are collected. *line is NULL at the
 * end. */
static xp_status next_line(parser *p, char **line) {
    while ((*line = raw_line(p))) {
        if (**line == '#') {
            char *text = *line;
            while (*text == '#') text++;
            XP_TRY(add_comment(p, trim(text)));
        } else if (**line) {
            return XP_OK;
        }
    }
    return XP_OK;
}

/* ---- fields ---- */

/* Cut the next blank-separated token off *s; NULL when there is none. */
static char *token(char **s) {
    *s += strspn(*s, " \t\v\f");
    if (!**s) return NULL;
    char *t = *s;
    *s += strcspn(t, " \t\v\f");
    if (**s) *(*s)++ = 0;
    return t;
}

/* A whole decimal integer within [low, high]; false otherwise. *end stops the text when given. */
static bool integer(const char *s, const char **end, int64_t low, int64_t high, int64_t *out) {
    char *e;
    if (!isdigit((unsigned char)s[*s == '-' || *s == '+'])) return false;
    errno = 0;
    long long v = strtoll(s, &e, 10);
    if (errno || v < low || v > high || (!end && *e)) return false;
    if (end) *end = e;
    *out = v;
    return true;
}

/* A finite decimal number at the start of s; false for NaN, infinity, hexadecimal. */
static bool number(const char *s, const char **end, double *out) {
    const char *d = s + (*s == '-' || *s == '+');
    if (!isdigit((unsigned char)*d) && !(*d == '.' && isdigit((unsigned char)d[1]))) return false;
    if (d[0] == '0' && (d[1] == 'x' || d[1] == 'X')) return false;
    char *e;
    *out = strtod(s, &e);
    *end = e;
    return isfinite(*out);
}

/* ---- record line ---- */

/* fs[/counter_frequency[(base_counter)]] */
static xp_status parse_rate(parser *p, const char *t) {
    const char *e;
    double rate, counter;
    bool ok = number(t, &e, &rate);
    if (ok && *e == '/') {
        ok = number(e + 1, &e, &counter);
        if (ok && *e == '(') {
            ok = number(e + 1, &e, &counter) && *e == ')';
            e += ok;
        }
    }
    if (!ok || *e)
        return FAIL(p, XP_ERR_FORMAT,
                    "the sampling frequency is \"%.40s\": expected a number of Hz, as in 500", t);
    if (!(rate > 0 && rate <= 1e9))
        return FAIL(p, XP_ERR_FORMAT,
                    "the sampling frequency is \"%.40s\": expected more than 0 Hz; correct the "
                    "header",
                    t);
    p->h->w.rate = rate;
    return XP_OK;
}

static bool looks_like_date(const char *t) {
    return strchr(t, '/') || strchr(t + 1, '-') || (strchr(t, '.') && !strchr(t, ':'));
}

/* Standard date: DD/MM/YYYY. */
static bool standard_date(const char *t) {
    int64_t d, m, y;
    const char *e = t;
    return integer(e, &e, 1, 31, &d) && *e == '/' && integer(e + 1, &e, 1, 12, &m) && *e == '/' &&
           integer(e + 1, &e, 0, 9999, &y) && !*e;
}

/* What follows the length: base time and base date, in the order of the specification or not. */
static void parse_time_and_date(parser *p, char *s) {
    xp_wfdb *w = &p->h->w;
    bool odd = false;
    for (char *t; (t = token(&s));) {
        if (!*w->date && looks_like_date(t)) {
            xp_wfdb_copy_text(w->date, sizeof w->date, t);
            odd |= !*w->time || !standard_date(t);
        } else if (!*w->time && isdigit((unsigned char)*t)) {
            xp_wfdb_copy_text(w->time, sizeof w->time, t);
        } else {
            NOTE(p, XP_NOTE_HEADER, NULL, "\"%.40s\" on the record line was not understood", t);
        }
    }
    if (odd)
        NOTE(p, XP_NOTE_HEADER, NULL,
             "the date %s is not written as the specification says (time, then DD/MM/YYYY)",
             w->date);
}

static xp_status parse_record_name(parser *p, char *t, int *n_segments) {
    char *slash = strchr(t, '/');
    if (slash) {
        int64_t n;
        if (!integer(slash + 1, NULL, 1, INT32_MAX, &n))
            return FAIL(p, XP_ERR_FORMAT,
                        "\"%.60s\": expected a record name, or name/number of segments", t);
        *n_segments = (int)n;
        *slash = 0;
    }
    const char *name = strrchr(p->h->w.name, '/');
    name = name ? name + 1 : p->h->w.name;
    if (strcmp(t, name))
        NOTE(p, XP_NOTE_HEADER, NULL, "the header calls the record \"%.60s\", its file is named %s",
             t, p->h->file);
    return XP_OK;
}

static xp_status parse_length(parser *p, char *t, char **rest) {
    int64_t n;
    if (integer(t, NULL, 0, INT64_C(1) << 48, &n)) {
        p->h->w.n_frames = n;
        return XP_OK;
    }
    if (strchr(t, ':') || (looks_like_date(t) && *t != '-')) { /* no length: the time follows */
        size_t used = strlen(t);
        if (t + used + 1 == *rest) t[used] = ' ';
        *rest = t;
        return XP_OK;
    }
    return FAIL(p, XP_ERR_FORMAT,
                "the number of samples is \"%.40s\": expected a whole number, 0 or more", t);
}

/* name[/segments] signals [fs [length [time [date]]]] */
static xp_status parse_record_line(parser *p, int *n_segments) {
    char *s;
    XP_TRY(next_line(p, &s));
    if (!s)
        return xp_fail(p->err, XP_ERR_FORMAT, "%s line 1: the header is empty: copy the file again",
                       p->h->file);
    char *t = token(&s);
    XP_TRY(parse_record_name(p, t, n_segments));
    int64_t n;
    t = token(&s);
    if (!t || !integer(t, NULL, 0, INT32_MAX, &n))
        return FAIL(p, XP_ERR_FORMAT,
                    "the number of signals is \"%.40s\": a WFDB header starts with the record's "
                    "name, the number of signals and the sampling frequency",
                    t ? t : "");
    if (n == 0)
        return FAIL(p, XP_ERR_FORMAT, "%s",
                    "the record has 0 signals (annotations only?): there is no ECG to read");
    p->h->w.n_signals = (int)n;
    p->h->w.rate = DEFAULT_RATE;
    if (!(t = token(&s))) {
        NOTE(p, XP_NOTE_RATE_ASSUMED, NULL, "no sampling frequency: %g Hz assumed", DEFAULT_RATE);
        return XP_OK;
    }
    XP_TRY(parse_rate(p, t));
    if (!(t = token(&s))) return XP_OK;
    XP_TRY(parse_length(p, t, &s));
    parse_time_and_date(p, s);
    return XP_OK;
}

/* ---- signal lines ---- */

/* format[xSAMPLES_PER_FRAME][:SKEW][+BYTE_OFFSET] */
static xp_status parse_format(parser *p, xp_wfdb_signal *g, const char *t) {
    int64_t format, v;
    const char *e = t;
    if (!integer(e, &e, 0, 100000, &format) || (*e && !strchr("x:+", *e)) ||
        !xp_wfdb_find_format((int)format))
        return FAIL(p, XP_ERR_UNSUPPORTED,
                    "\"%.40s\" is not a sample format this program reads (8, 16, 24, 32, 61, 80, "
                    "160, 212, 310, 311, 508, 516, 524): convert the record with xform, or correct "
                    "the header",
                    t);
    g->format = (int)format;
    g->missing = xp_wfdb_find_format(g->format)->missing;
    g->samples_per_frame = 1;
    bool ok = true;
    if (*e == 'x') {
        ok = integer(e + 1, &e, 1, INT32_MAX, &v);
        if (ok) g->samples_per_frame = (int)v;
    }
    if (ok && *e == ':') {
        ok = integer(e + 1, &e, 0, INT32_MAX, &v);
        if (ok) g->skew = (int)v;
    }
    if (ok && *e == '+') {
        ok = integer(e + 1, &e, 0, INT64_MAX, &v);
        if (ok) g->byte_offset = v;
    }
    if (!ok || *e)
        return FAIL(p, XP_ERR_FORMAT,
                    "\"%.40s\": expected FORMAT[xSAMPLES_PER_FRAME][:SKEW][+BYTE_OFFSET] with "
                    "whole numbers that are not negative",
                    t);
    return XP_OK;
}

/* [(BASELINE)][/UNITS] in either order, after the gain. */
static bool parse_baseline_and_units(parser *p, xp_wfdb_signal *g, char *e, bool *units) {
    *units = false;
    int64_t v;
    if (*e == '/') { /* UNITS, with the baseline behind it in some files */
        char *open = strrchr(e, '(');
        const char *close;
        if (open > e + 1 && integer(open + 1, &close, INT32_MIN, INT32_MAX, &v) &&
            !strcmp(close, ")")) {
            g->baseline = (int)v;
            p->no_baseline = false;
            *open = 0;
            NOTE(p, XP_NOTE_HEADER, g->name, "%s", "the baseline stands behind the units");
        }
    } else if (*e == '(') {
        const char *close;
        if (!integer(e + 1, &close, INT32_MIN, INT32_MAX, &v) || *close != ')') return false;
        g->baseline = (int)v;
        p->no_baseline = false;
        e += (close + 1) - e;
    }
    if (*e && *e != '/') return false;
    if (*e && e[1]) {
        xp_wfdb_copy_text(g->units, sizeof g->units, e + 1);
        *units = true;
    }
    return true;
}

/* GAIN[(BASELINE)][/UNITS]; header(5): 200 adu per mV where gain or units are missing. */
static xp_status parse_gain(parser *p, xp_wfdb_signal *g, char *t) {
    const char *e = t;
    double gain = 0;
    bool units = false;
    if (t && (!number(t, &e, &gain) || !parse_baseline_and_units(p, g, t + (e - t), &units)))
        return FAIL(p, XP_ERR_FORMAT,
                    "the gain is \"%.40s\": expected GAIN(BASELINE)/UNITS, as in 1000(0)/mV", t);
    if (gain != 0 && !(fabs(gain) >= 1e-100 && fabs(gain) <= 1e100))
        return FAIL(p, XP_ERR_FORMAT, "the gain %g is not credible: correct the header", gain);
    g->calibrated = gain != 0 && units;
    g->gain = gain != 0 ? gain : DEFAULT_GAIN;
    if (!units) strcpy(g->units, "mV");
    return XP_OK;
}

static void note_uncalibrated(parser *p, const xp_wfdb_signal *g, bool gain) {
    NOTE(p, XP_NOTE_UNCALIBRATED, g->name,
         "uncalibrated: %g adu/%s assumed, because the header gives no %s for this signal", g->gain,
         g->units, gain ? "units" : "gain");
}

/* An optional whole number. A token that starts like a word ends the numbers: the rest of the line
 * is then the name (headers in use leave fields out). *t moves on; NULL after the numbers. */
static xp_status parse_field(parser *p, xp_wfdb_signal *g, const char *what, char **t, char **rest,
                             int64_t low, int64_t high, int *out, bool *has) {
    *has = false;
    if (!*t) return XP_OK;
    int64_t v;
    if (integer(*t, NULL, low, high, &v)) {
        *out = (int)v;
        *has = true;
        *t = token(rest);
        return XP_OK;
    }
    if (!isalpha((unsigned char)**t))
        return FAIL(p, XP_ERR_FORMAT, "the %s is \"%.40s\": expected a whole number", what, *t);
    char *name = *t;
    size_t n = strlen(name);
    if (name + n + 1 == *rest) name[n] = ' ';
    xp_wfdb_copy_text(g->name, sizeof g->name, trim(name));
    NOTE(p, XP_NOTE_HEADER, g->name, "the %s and what follows it are missing", what);
    *t = NULL;
    *rest = name + strlen(name);
    return XP_OK;
}

/* resolution, zero, initial value, checksum, block size, then the name to the end of the line. */
static xp_status parse_numbers(parser *p, xp_wfdb_signal *g, char *s) {
    bool has;
    int block;
    char *t = token(&s);
    XP_TRY(parse_field(p, g, "ADC resolution", &t, &s, INT32_MIN, INT32_MAX, &g->adc_resolution,
                       &has));
    XP_TRY(parse_field(p, g, "ADC zero", &t, &s, INT32_MIN, INT32_MAX, &g->adc_zero, &has));
    XP_TRY(parse_field(p, g, "initial value", &t, &s, INT32_MIN, INT32_MAX, &g->initial,
                       &g->has_initial));
    XP_TRY(parse_field(p, g, "checksum", &t, &s, INT32_MIN, INT32_MAX, &g->checksum,
                       &g->has_checksum));
    XP_TRY(parse_field(p, g, "block size", &t, &s, INT32_MIN, INT32_MAX, &block, &has));
    if (t) { /* put the blank behind the first word of the name back */
        size_t n = strlen(t);
        if (t + n + 1 == s) t[n] = ' ';
        xp_wfdb_copy_text(g->name, sizeof g->name, trim(t));
    }
    return XP_OK;
}

static xp_status parse_signal_line(parser *p, xp_wfdb_signal *g, char *s) {
    *g = (xp_wfdb_signal){.line = p->line};
    char *t = token(&s);
    if (strcmp(t, "~") && !xp_wfdb_safe_name(t))
        return FAIL(p, XP_ERR_FORMAT,
                    "the signal file is named \"%.80s\": a name must stay inside the record's "
                    "folder; move the file there and write its plain name",
                    t);
    xp_wfdb_copy_text(g->file, sizeof g->file, t);
    if (!(t = token(&s)))
        return FAIL(p, XP_ERR_FORMAT,
                    "\"%.60s\" is not a signal line: expected file name, format, gain and so on",
                    g->file);
    XP_TRY(parse_format(p, g, t));
    char *gain = token(&s);
    p->no_baseline = true;
    XP_TRY(parse_numbers(p, g, s));
    XP_TRY(parse_gain(p, g, gain));
    if (p->no_baseline) g->baseline = g->adc_zero;
    if (!g->has_initial) g->initial = g->adc_zero;
    if (!g->calibrated) {
        const char *e = gain;
        double v = 0;
        note_uncalibrated(p, g, gain && number(gain, &e, &v) && v != 0);
    }
    return XP_OK;
}

/* Lines left in the text: an upper bound on how many signals or segments it can describe. */
static int lines_left(const parser *p) {
    int64_t n = 1;
    for (const char *c = p->at; *c; c++) n += *c == '\n' || *c == '\r';
    return n > INT32_MAX ? INT32_MAX : (int)n;
}

static xp_status too_few_lines(parser *p, int wanted, int got, const char *what) {
    return FAIL(p, XP_ERR_FORMAT,
                "the header ends after %d of %d %s lines: copy the file again, or correct the "
                "number on its first line",
                got, wanted, what);
}

static xp_status parse_signals(parser *p) {
    xp_wfdb *w = &p->h->w;
    int wanted = w->n_signals, bound = lines_left(p);
    w->n_signals = 0;
    w->signals = calloc((size_t)(wanted < bound ? wanted : bound), sizeof *w->signals);
    if (!w->signals) return FAIL(p, XP_ERR_MEMORY, "%s", "not enough memory");
    while (w->n_signals < wanted) {
        char *s;
        XP_TRY(next_line(p, &s));
        if (!s) return too_few_lines(p, wanted, w->n_signals, "signal");
        XP_TRY(parse_signal_line(p, &w->signals[w->n_signals], s));
        w->n_signals++;
    }
    return XP_OK;
}

static xp_status parse_segment_line(parser *p, xp_wfdb_segment *g, char *s) {
    g->line = p->line;
    char *t = token(&s), *n = token(&s);
    if (strcmp(t, "~") && !xp_wfdb_safe_name(t))
        return FAIL(p, XP_ERR_FORMAT,
                    "the segment is named \"%.80s\": it must stay inside the record's folder", t);
    xp_wfdb_copy_text(g->name, sizeof g->name, t);
    if (!n || !integer(n, NULL, 0, INT64_C(1) << 48, &g->n))
        return FAIL(p, XP_ERR_FORMAT,
                    "segment %.60s has the length \"%.40s\": expected a number of samples", t,
                    n ? n : "");
    return XP_OK;
}

static xp_status parse_segments(parser *p, int wanted) {
    xp_wfdb_header *h = p->h;
    int bound = lines_left(p);
    h->segments = calloc((size_t)(wanted < bound ? wanted : bound), sizeof *h->segments);
    if (!h->segments) return FAIL(p, XP_ERR_MEMORY, "%s", "not enough memory");
    while (h->n_segments < wanted) {
        char *s;
        XP_TRY(next_line(p, &s));
        if (!s) return too_few_lines(p, wanted, h->n_segments, "segment");
        XP_TRY(parse_segment_line(p, &h->segments[h->n_segments], s));
        h->n_segments++;
    }
    return XP_OK;
}

static xp_status parse_all(parser *p) {
    int n_segments = 0;
    XP_TRY(parse_record_line(p, &n_segments));
    p->h->w.multi_segment = n_segments > 0;
    if (n_segments)
        XP_TRY(parse_segments(p, n_segments));
    else
        XP_TRY(parse_signals(p));
    char *s;
    XP_TRY(next_line(p, &s));
    if (s)
        return FAIL(p, XP_ERR_FORMAT,
                    "\"%.40s\" follows the last of the %d %s: two headers in one file, or a wrong "
                    "number on the first line? Correct the header",
                    s, n_segments ? n_segments : p->h->w.n_signals,
                    n_segments ? "segments" : "signals");
    return XP_OK;
}

xp_status xp_wfdb_parse_header(xp_wfdb_header *h, const char *file, xp_bytes text, xp_error *err) {
    XP_TRY(check_text(file, &text, err));
    char *copy = copy_text(text);
    if (!copy) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", file);
    xp_wfdb_header made = {0};
    xp_wfdb_copy_text(made.file, sizeof made.file, file);
    xp_wfdb_copy_text(made.w.name, sizeof made.w.name, file);
    char *dot = strrchr(made.w.name, '.');
    if (dot) *dot = 0;
    parser p = {.h = &made, .err = err, .at = copy};
    xp_status s = parse_all(&p);
    free(copy);
    if (s == XP_OK)
        *h = made;
    else
        xp_wfdb_header_free(&made);
    return s;
}

void xp_wfdb_header_free(xp_wfdb_header *h) {
    xp_wfdb_free(&h->w);
    free(h->segments);
    h->segments = NULL;
    h->n_segments = 0;
}
