/* The header file: record line, segment lines or signal lines, comments. header(5). */
#include "base/text.h"
#include "ecg/wfdb_fields.h"
#include "ecg/wfdb_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
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
/* A notice of this line; further arguments as in XP_ARGS. */
#define NOTE(p, sentence, lead, ...)                                                               \
    xp_notice_add(                                                                                 \
        &(p)->h->w.notices, sentence, lead,                                                        \
        XP_ARGS(xp_arg_text("file", (p)->h->file), xp_arg_number("line", (p)->line), __VA_ARGS__))

/* ---- text ---- */

/* A NUL-terminated UTF-8 copy; a text that is not UTF-8 is taken as Latin-1. */
static char *copy_text(xp_bytes b) {
    if (b.size > (SIZE_MAX - 1) / 2) return NULL;
    bool utf8 = xp_is_utf8(b.data, b.size);
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

/* The next line, trimmed, or NULL. Lines end with LF, CR LF or CR. */
static char *raw_line(parser *p) {
    if (!*p->at) return NULL;
    char *s = p->at;
    size_t n = strcspn(s, "\r\n");
    p->at = s + n;
    if (*p->at) p->at += p->at[0] == '\r' && p->at[1] == '\n' ? 2 : 1;
    s[n] = 0;
    p->line++;
    return xp_wfdb_trim(s);
}

static xp_status add_comment(parser *p, const char *text) {
    xp_stored *w = &p->h->w;
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
            XP_TRY(add_comment(p, xp_wfdb_trim(text)));
        } else if (**line) {
            return XP_OK;
        }
    }
    return XP_OK;
}

/* Text behind which a line break is lost has a signal line's beginning in its middle. */
static xp_status check_breaks(parser *p, const char *text) {
    size_t n;
    const char *at = xp_wfdb_find_signal(text, &n);
    if (!at) return XP_OK;
    return FAIL(p, XP_ERR_FORMAT,
                "a line break is lost before or in \"%.*s\", where a signal line begins: put it "
                "back, or copy the file again",
                n > 60 ? 60 : (int)n, at);
}

/* ---- record line ---- */

/* fs[/counter_frequency[(base_counter)]] */
static xp_status parse_rate(parser *p, const char *t) {
    const char *e;
    double rate, counter;
    bool ok = xp_wfdb_number(t, &e, &rate);
    if (ok && *e == '/') {
        ok = xp_wfdb_number(e + 1, &e, &counter);
        if (ok && *e == '(') {
            ok = xp_wfdb_number(e + 1, &e, &counter) && *e == ')';
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

/* What follows the length: base time and base date, in the order of the specification or not. */
static void parse_time_and_date(parser *p, char *s) {
    xp_stored *w = &p->h->w;
    bool odd = false;
    for (char *t; (t = xp_wfdb_token(&s));) {
        if (!*w->date && xp_wfdb_is_date(t)) {
            xp_copy_text(w->date, sizeof w->date, t);
            odd |= !*w->time || !xp_wfdb_is_standard_date(t);
        } else if (!*w->time && xp_wfdb_is_time(t)) {
            xp_copy_text(w->time, sizeof w->time, t);
        } else {
            NOTE(p, XP_SAY_WORD_NOT_UNDERSTOOD, NULL, xp_arg_text("word", t));
        }
    }
    if (odd) NOTE(p, XP_SAY_DATE_STYLE, NULL, xp_arg_text("date", w->date));
}

static xp_status parse_record_name(parser *p, const char *t, int *n_segments) {
    const xp_wfdb_record_name r = xp_wfdb_read_name(t, p->at);
    if (!r.valid)
        return FAIL(p, XP_ERR_FORMAT,
                    "\"%.60s\": expected a record name, or name/number of segments", t);
    *n_segments = (int)r.segments;
    const char *name = strrchr(p->h->w.name, '/');
    name = name ? name + 1 : p->h->w.name;
    if (strlen(name) == r.name_size && !memcmp(name, t + r.name, r.name_size)) return XP_OK;
    char said[128];
    snprintf(said, sizeof said, "%.*s", (int)r.name_size, t + r.name);
    NOTE(p, XP_SAY_NAMES_DIFFER, NULL, xp_arg_text("name", said));
    return XP_OK;
}

static xp_status parse_length(parser *p, char *t, char **rest) {
    int64_t n;
    if (xp_wfdb_integer(t, NULL, 0, INT64_C(1) << 48, &n)) {
        p->h->w.n_frames = n;
        return XP_OK;
    }
    if ((strchr(t, ':') && xp_wfdb_is_time(t)) || xp_wfdb_is_date(t)) { /* no length: the time */
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
    char *t = xp_wfdb_token(&s);
    XP_TRY(parse_record_name(p, t, n_segments));
    XP_TRY(check_breaks(p, s));
    int64_t n;
    t = xp_wfdb_token(&s);
    if (!t || !xp_wfdb_integer(t, NULL, 0, INT32_MAX, &n))
        return FAIL(p, XP_ERR_FORMAT,
                    "the number of signals is \"%.40s\": a WFDB header starts with the record's "
                    "name, the number of signals and the sampling frequency",
                    t ? t : "");
    if (n == 0)
        return FAIL(p, XP_ERR_FORMAT, "%s",
                    "the record has 0 signals (annotations only?): there is no ECG to read");
    p->h->w.n_signals = (int)n;
    p->h->w.rate = DEFAULT_RATE;
    if (!(t = xp_wfdb_token(&s))) {
        NOTE(p, XP_SAY_RATE_ASSUMED, NULL, xp_arg_number("rate", DEFAULT_RATE));
        return XP_OK;
    }
    XP_TRY(parse_rate(p, t));
    if (!(t = xp_wfdb_token(&s))) return XP_OK;
    XP_TRY(parse_length(p, t, &s));
    parse_time_and_date(p, s);
    return XP_OK;
}

/* ---- signal lines ---- */

/* format[xSAMPLES_PER_FRAME][:SKEW][+BYTE_OFFSET] */
static xp_status parse_format(parser *p, xp_stored_signal *g, const char *t) {
    int64_t format, v;
    const char *e = t;
    if (!xp_wfdb_integer(e, &e, 0, 100000, &format) || (*e && !strchr("x:+", *e)) ||
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
        ok = xp_wfdb_integer(e + 1, &e, 1, INT32_MAX, &v);
        if (ok) g->samples_per_frame = (int)v;
    }
    if (ok && *e == ':') {
        ok = xp_wfdb_integer(e + 1, &e, 0, INT32_MAX, &v);
        if (ok) g->skew = (int)v;
    }
    if (ok && *e == '+') {
        ok = xp_wfdb_integer(e + 1, &e, 0, INT64_MAX, &v);
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
static bool parse_baseline_and_units(parser *p, xp_stored_signal *g, char *e, bool *units) {
    *units = false;
    int64_t v;
    if (*e == '/') { /* UNITS, with the baseline behind it in some files */
        char *open = strrchr(e, '(');
        const char *close;
        if (open > e + 1 && xp_wfdb_integer(open + 1, &close, INT32_MIN, INT32_MAX, &v) &&
            !strcmp(close, ")")) {
            g->baseline = (int)v;
            p->no_baseline = false;
            *open = 0;
            xp_notice_add(&p->h->w.notices, XP_SAY_BASELINE_BEHIND, g->name,
                          XP_ARGS(xp_arg_text("file", p->h->file), xp_arg_number("line", p->line)));
        }
    } else if (*e == '(') {
        const char *close;
        if (!xp_wfdb_integer(e + 1, &close, INT32_MIN, INT32_MAX, &v) || *close != ')')
            return false;
        g->baseline = (int)v;
        p->no_baseline = false;
        e += (close + 1) - e;
    }
    if (*e && *e != '/') return false;
    if (*e && e[1]) {
        xp_copy_text(g->units, sizeof g->units, e + 1);
        *units = true;
    }
    return true;
}

/* GAIN[(BASELINE)][/UNITS]; header(5): 200 adu per mV where gain or units are missing. */
static xp_status parse_gain(parser *p, xp_stored_signal *g, char *t) {
    const char *e = t;
    double gain = 0;
    bool units = false;
    if (t &&
        (!xp_wfdb_number(t, &e, &gain) || !parse_baseline_and_units(p, g, t + (e - t), &units)))
        return FAIL(p, XP_ERR_FORMAT,
                    "the gain is \"%.40s\": expected GAIN(BASELINE)/UNITS, as in 1000(0)/mV", t);
    if (gain != 0 && !(fabs(gain) >= 1e-100 && fabs(gain) <= 1e100))
        return FAIL(p, XP_ERR_FORMAT, "the gain %g is not credible: correct the header", gain);
    g->calibrated = gain != 0 && units;
    g->gain = gain != 0 ? gain : DEFAULT_GAIN;
    if (!units) strcpy(g->units, "mV");
    return XP_OK;
}

static void note_uncalibrated(parser *p, const xp_stored_signal *g, bool gain) {
    NOTE(p, XP_SAY_UNCALIBRATED, g->name, xp_arg_number("gain", g->gain),
         xp_arg_text("units", g->units), xp_arg_text("absent", gain ? "units" : "gain"));
}

/* An optional whole number. A token that starts like a word ends the numbers: the rest of the line
 * is then the name (headers in use leave fields out). *t moves on; NULL after the numbers. */
static xp_status parse_field(parser *p, xp_stored_signal *g, const char *what, char **t,
                             char **rest, int64_t low, int64_t high, int *out, bool *has) {
    *has = false;
    if (!*t) return XP_OK;
    int64_t v;
    if (xp_wfdb_integer(*t, NULL, low, high, &v)) {
        *out = (int)v;
        *has = true;
        *t = xp_wfdb_token(rest);
        return XP_OK;
    }
    if (!isalpha((unsigned char)**t))
        return FAIL(p, XP_ERR_FORMAT, "the %s is \"%.40s\": expected a whole number", what, *t);
    char *name = *t;
    size_t n = strlen(name);
    if (name + n + 1 == *rest) name[n] = ' ';
    xp_copy_text(g->name, sizeof g->name, xp_wfdb_trim(name));
    NOTE(p, XP_SAY_FIELDS_MISSING, g->name, xp_arg_text("field", what));
    *t = NULL;
    *rest = name + strlen(name);
    return XP_OK;
}

/* A comment behind a lead's name has lost the line break before it, and the lead would be none. */
static xp_status check_comment(parser *p, const char *name) {
    char lead[64];
    size_t n = strcspn(name, "#");
    if (!name[n]) return XP_OK;
    snprintf(lead, sizeof lead, "%.*s", (int)(n < sizeof lead ? n : sizeof lead - 1), name);
    if (xp_lead_parse(lead) == XP_LEAD_NONE) return XP_OK;
    return FAIL(
        p, XP_ERR_FORMAT,
        "a line break is lost before \"%.60s\", where a comment begins: put it back, or copy "
        "the file again",
        name + n);
}

/* resolution, zero, initial value, checksum, block size, then the name to the end of the line. */
static xp_status parse_numbers(parser *p, xp_stored_signal *g, char *s) {
    bool has;
    int block;
    char *t = xp_wfdb_token(&s);
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
        XP_TRY(check_comment(p, t));
        xp_copy_text(g->name, sizeof g->name, xp_wfdb_trim(t));
    }
    return XP_OK;
}

/* Of a name that is too long its end, by which it is looked for beside the header. */
static xp_status take_name(parser *p, char *out, size_t size, char *t, const char *what) {
    const char *within = strcmp(t, "~") ? xp_wfdb_inside(t) : t;
    if (!within || strlen(within) >= size)
        return FAIL(p, XP_ERR_FORMAT,
                    "the %s is named \"%.80s\": expected a name that stays inside the record's "
                    "folder; move the file there and write its plain name",
                    what, t);
    size_t n = strlen(t);
    xp_copy_text(out, size, n < size ? t : t + n - size + 1);
    return XP_OK;
}

static xp_status parse_signal_line(parser *p, xp_stored_signal *g, char *s) {
    *g = (xp_stored_signal){.line = p->line};
    char *t = xp_wfdb_token(&s);
    XP_TRY(take_name(p, g->file, sizeof g->file, t, "signal file"));
    if (!(t = xp_wfdb_token(&s)))
        return FAIL(p, XP_ERR_FORMAT,
                    "\"%.60s\" is not a signal line: expected file name, format, gain and so on",
                    g->file);
    XP_TRY(parse_format(p, g, t));
    XP_TRY(check_breaks(p, s));
    char *gain = xp_wfdb_token(&s);
    p->no_baseline = true;
    XP_TRY(parse_numbers(p, g, s));
    XP_TRY(parse_gain(p, g, gain));
    if (p->no_baseline) g->baseline = g->adc_zero;
    if (!g->has_initial) g->initial = g->adc_zero;
    if (!g->calibrated) {
        const char *e = gain;
        double v = 0;
        note_uncalibrated(p, g, gain && xp_wfdb_number(gain, &e, &v) && v != 0);
    }
    return XP_OK;
}

/* Lines left in the text: an upper bound on how many signals or segments it can describe. */
static int lines_left(const parser *p) {
    int64_t n = 1;
    for (const char *c = p->at; *c; c++) n += *c == '\n' || *c == '\r';
    return n > INT32_MAX ? INT32_MAX : (int)n;
}

/* A comment may have swallowed a line. Another number on the first line would make a record that
 * opens and is scrambled. */
static xp_status too_few_lines(parser *p, int wanted, int got, const char *what) {
    const xp_stored *w = &p->h->w;
    for (int i = 0; i < w->n_comments; i++) XP_TRY(check_breaks(p, w->comments[i]));
    return FAIL(p, XP_ERR_FORMAT,
                "the header ends after %d of the %d %s lines that its first line counts: copy the "
                "file again",
                got, wanted, what);
}

static xp_status parse_signals(parser *p) {
    xp_stored *w = &p->h->w;
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
    char *t = xp_wfdb_token(&s), *n = xp_wfdb_token(&s);
    XP_TRY(take_name(p, g->name, sizeof g->name, t, "segment"));
    if (!n || !xp_wfdb_integer(n, NULL, 0, INT64_C(1) << 48, &g->n))
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
        return FAIL(
            p, XP_ERR_FORMAT,
            "\"%.40s\" follows the last of the %d %s that the first line counts: are two headers "
            "in one file? Copy it again",
            s, n_segments ? n_segments : p->h->w.n_signals, n_segments ? "segments" : "signals");
    return XP_OK;
}

xp_status xp_wfdb_parse_header(xp_wfdb_header *h, const char *file, xp_bytes text, xp_error *err) {
    XP_TRY(check_text(file, &text, err));
    char *copy = copy_text(text);
    if (!copy) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", file);
    xp_wfdb_header made = {0};
    xp_copy_text(made.file, sizeof made.file, file);
    xp_copy_text(made.w.name, sizeof made.w.name, file);
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
    xp_stored_free(&h->w);
    free(h->segments);
    h->segments = NULL;
    h->n_segments = 0;
}

bool xp_wfdb_names(xp_bytes text, void (*take)(void *ctx, const char *name, bool segment),
                   void *ctx) {
    if (check_text("", &text, NULL) != XP_OK) return true;
    char *copy = copy_text(text);
    if (!copy) return false;
    parser p = {.at = copy};
    bool record_line = true, segments = false;
    for (char *line; (line = raw_line(&p));) {
        char *name = *line == '#' ? NULL : xp_wfdb_token(&line);
        if (!name) continue;
        const char *within = NULL;
        if (record_line)
            segments = xp_wfdb_read_name(name, p.at).segments > 0;
        else if (strcmp(name, "~"))
            within = xp_wfdb_inside(name);
        if (within) take(ctx, within, segments);
        record_line = false;
    }
    free(copy);
    return true;
}
