#include "ecg/wfdb_fields.h"

#include "ecg/wfdb_internal.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\v\f";

/* ==== words and numbers ====================================================================== */

char *xp_wfdb_trim(char *s) {
    while (isspace((unsigned char)*s)) s++;
    size_t n = strlen(s);
    while (n && (isspace((unsigned char)s[n - 1]) || s[n - 1] == 26)) n--;
    s[n] = 0;
    return s;
}

char *xp_wfdb_token(char **s) {
    *s += strspn(*s, blanks);
    if (!**s) return NULL;
    char *t = *s;
    *s += strcspn(t, blanks);
    if (**s) *(*s)++ = 0;
    return t;
}

bool xp_wfdb_integer(const char *s, const char **end, int64_t low, int64_t high, int64_t *out) {
    char *e;
    if (!isdigit((unsigned char)s[*s == '-' || *s == '+'])) return false;
    errno = 0;
    long long v = strtoll(s, &e, 10);
    if (errno || v < low || v > high || (!end && *e)) return false;
    if (end) *end = e;
    *out = v;
    return true;
}

bool xp_wfdb_number(const char *s, const char **end, double *out) {
    const char *d = s + (*s == '-' || *s == '+');
    if (!isdigit((unsigned char)*d) && !(*d == '.' && isdigit((unsigned char)d[1]))) return false;
    if (d[0] == '0' && (d[1] == 'x' || d[1] == 'X')) return false;
    char *e;
    *out = strtod(s, &e);
    *end = e;
    return isfinite(*out);
}

/* ==== dates and times ======================================================================== */

/* The part of a date at *t, digits or, where allowed, letters; *t moves behind it. */
static bool date_part(const char **t, bool letters) {
    size_t n = strspn(*t, "0123456789");
    if (!n && letters)
        while (isalpha((unsigned char)(*t)[n])) n++;
    *t += n;
    return n >= 1 && n <= 9;
}

bool xp_wfdb_is_date(const char *t) {
    char between = 0;
    for (int part = 0;; part++) {
        if (!date_part(&t, part == 1)) return false;
        if (part == 2) return !*t;
        if (!*t || !strchr("/-.", *t) || (part && *t != between)) return false;
        between = *t++;
    }
}

bool xp_wfdb_is_standard_date(const char *t) {
    int64_t d, m, y;
    const char *e = t;
    return xp_wfdb_integer(e, &e, 1, 31, &d) && *e == '/' &&
           xp_wfdb_integer(e + 1, &e, 1, 12, &m) && *e == '/' &&
           xp_wfdb_integer(e + 1, &e, 0, 9999, &y) && !*e;
}

bool xp_wfdb_is_time(const char *t) {
    for (int colons = 0;; t++) {
        size_t n = strspn(t, "0123456789");
        if (!n) return false;
        t += n;
        if (*t == '.') return t[1 + strspn(t + 1, "0123456789")] == 0;
        if (!*t) return true;
        if (*t != ':' || ++colons > 3) return false;
    }
}

/* ==== one kind of line or another ============================================================ */

/* Words of a line, not cut: *t and *n are the next one's; false at the end of the line. */
static bool next_word(const char **line, const char **t, size_t *n) {
    *t = *line + strspn(*line, blanks);
    *n = strcspn(*t, " \t\v\f\r\n");
    *line = *t + *n;
    return *n > 0;
}

typedef struct word {
    char text[80];
} word;

static bool cut_word(word *w, const char *t, size_t n) {
    if (n >= sizeof w->text) return false;
    memcpy(w->text, t, n);
    w->text[n] = 0;
    return true;
}

/* ":3" or such at *e, which moves behind it; true also where there is none. */
static bool format_part(const char **e, char mark) {
    int64_t v;
    return **e != mark || xp_wfdb_integer(*e + 1, e, 0, INT64_MAX, &v);
}

/* FORMAT[xSAMPLES_PER_FRAME][:SKEW][+BYTE_OFFSET] */
static bool is_format(const char *t, size_t n) {
    word w;
    int64_t id;
    if (!cut_word(&w, t, n)) return false;
    const char *e = w.text;
    return xp_wfdb_integer(e, &e, 0, 100000, &id) && format_part(&e, 'x') && format_part(&e, ':') &&
           format_part(&e, '+') && !*e && xp_wfdb_find_format((int)id) != NULL;
}

/* A number; with units, one that has a baseline or a unit behind it, as "1000(0)/mV". */
static bool is_gain(const char *t, size_t n, bool with_unit) {
    word w;
    const char *e;
    double gain;
    if (!cut_word(&w, t, n) || !xp_wfdb_number(w.text, &e, &gain) || xp_wfdb_is_date(w.text))
        return false;
    return *e == '(' || (*e == '/' && e[1]) || (!with_unit && !*e);
}

/* "100.dat": letters behind its last full stop. */
static bool is_file(const char *t, size_t n) {
    word w;
    if (!cut_word(&w, t, n) || is_gain(t, n, true)) return false;
    const char *dot = strrchr(w.text, '.');
    return dot && isalpha((unsigned char)dot[1]);
}

const char *xp_wfdb_find_signal(const char *text, size_t *n) {
    const char *words[3] = {NULL, NULL, NULL}, *t;
    size_t sizes[3] = {0, 0, 0}, size;
    while (next_word(&text, &t, &size)) {
        words[0] = words[1], words[1] = words[2], words[2] = t;
        sizes[0] = sizes[1], sizes[1] = sizes[2], sizes[2] = size;
        /* Without a file's ending or a gain's marks it is none, and that is soon seen. */
        if (!words[0] || !(memchr(words[0], '.', sizes[0]) || memchr(words[2], '(', sizes[2]) ||
                           memchr(words[2], '/', sizes[2])))
            continue;
        if (!is_format(words[1], sizes[1])) continue;
        if (!is_gain(words[2], sizes[2], !is_file(words[0], sizes[0]))) continue;
        *n = sizes[0];
        return words[0];
    }
    return NULL;
}

/* Behind blank lines and comments: the next line, or the end. */
static const char *next_line_of(const char *rest) {
    for (;;) {
        rest += strspn(rest, " \t\v\f\r\n");
        if (*rest != '#') return rest;
        rest += strcspn(rest, "\r\n");
    }
}

/* A signal's line has a sample format; a segment's ends behind its length. Both may have two words
 * alone: then a signal file's name has an ending, and a record's has none. */
static bool is_signal_line(const char *line) {
    const char *name, *second, *third;
    size_t n, n2, n3;
    if (!next_word(&line, &name, &n) || !next_word(&line, &second, &n2)) return false;
    if (!is_format(second, n2)) return false;
    return next_word(&line, &third, &n3) || memchr(name, '.', n);
}

xp_wfdb_record_name xp_wfdb_read_name(const char *text, const char *rest) {
    const char *last = strrchr(text, '/');
    bool signals = is_signal_line(next_line_of(rest));
    xp_wfdb_record_name r = {0, strlen(text), 0, 0, true};
    if (!signals && last) {
        r.valid = xp_wfdb_integer(last + 1, NULL, 1, INT32_MAX, &r.segments) && last > text;
        r.name_size = (size_t)(last - text);
    }
    for (size_t i = 0; i < r.name_size; i++)
        if (text[i] == '/' || text[i] == '\\') r.folder = i + 1;
    r.name = r.folder;
    r.name_size -= r.folder;
    r.valid &= r.name_size > 0;
    return r;
}
