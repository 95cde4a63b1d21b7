/* Numbers as tables write them. */
#include "ecg/fields.h"
#include "ecg/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_blank_value(const char *text, size_t n) {
    static const char *const words[] = {"nan", "na", "n/a", "null", "none", "-", "--", "#n/a"};
    if (!n) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && !strncasecmp(text, words[i], n)) return true;
    return false;
}

/* Digits and an exponent of ten that a double holds exactly, in one rounding. */
static bool exact(double *v, uint64_t digits, int exponent, bool minus) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits >> 53 || exponent < -22 || exponent > 22) return false;
    double x = (double)digits;
    x = exponent < 0 ? x / tens[-exponent] : x * tens[exponent];
    *v = minus ? -x : x;
    return true;
}

static bool by_library(const char *text, size_t n, char comma, double *v) {
    char copy[64], *end;
    if (n >= sizeof copy) return false;
    memcpy(copy, text, n);
    copy[n] = 0;
    for (char *c = copy; *c; c++)
        if (*c == comma) *c = '.';
    *v = strtod(copy, &end);
    return end == copy + n && isfinite(*v);
}

/* How a number is written: its mark (0: none), digits before and behind it, and the first of them.
 */
typedef struct form {
    char mark, first;
    int before, behind;
    bool sign, power;
} form;

static bool decimal_form(const char *text, size_t n, char comma, double *v, form *f) {
    size_t i = 0, n_digits = 0;
    uint64_t digits = 0;
    int exponent = 0, sign = 1, power = 0;
    bool minus = n && text[0] == '-', many = false;
    if (n && (text[0] == '-' || text[0] == '+')) i++;
    for (bool fraction = false; i < n; i++) {
        if (is_digit(text[i])) {
            many |= digits > (UINT64_MAX - 9) / 10;
            if (!many) digits = digits * 10 + (uint64_t)(text[i] - '0');
            exponent -= fraction;
            n_digits++;
        } else if (!fraction && (text[i] == '.' || text[i] == comma)) {
            fraction = true;
            f->mark = text[i];
        } else {
            break;
        }
    }
    if (!n_digits) return false;
    f->behind = -exponent;
    f->before = (int)n_digits + exponent;
    f->sign = minus || text[0] == '+';
    f->first = text[f->sign];
    f->power = i < n;
    if (i < n && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < n && (text[i] == '-' || text[i] == '+')) sign = text[i++] == '-' ? -1 : 1;
        if (i == n) return false;
        for (; i < n && is_digit(text[i]); i++)
            if (power < 10000) power = power * 10 + text[i] - '0';
    }
    if (i != n) return false;
    if (!many && exact(v, digits, exponent + sign * power, minus)) return true;
    return by_library(text, n, comma, v);
}

static bool decimal(const char *text, size_t n, char comma, double *v) {
    form f = {0};
    return decimal_form(text, n, comma, v, &f);
}

/* [[hours:]minutes:]seconds */
static bool clock_time(const char *text, size_t n, char comma, double *v) {
    double whole = 0, part;
    int parts = 0;
    for (const char *colon; (colon = memchr(text, ':', n)) != NULL && parts < 2; parts++) {
        size_t k = (size_t)(colon - text);
        if (!k || !decimal(text, k, '.', &part) || part < 0 || part != floor(part)) return false;
        whole = (whole + part) * 60;
        text += k + 1;
        n -= k + 1;
    }
    if (!parts || !decimal(text, n, comma, &part) || part < 0 || part >= 61) return false;
    *v = whole + part;
    return true;
}

/* The number that n digits are. */
static bool digits(const char *text, size_t n, int *v) {
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(text[i])) return false;
        *v = 10 * *v + text[i] - '0';
    }
    return true;
}

/* "2019-08-17", "17.08.2019", "08/17/2019": ten letters. Which of two is the month does not matter
 * to the distance of samples. */
static bool day(const char *t, xp_date *d) {
    bool year_first = !is_digit(t[4]);
    char sign = t[year_first ? 4 : 2];
    if (!strchr("-/.", sign) || t[year_first ? 7 : 5] != sign) return false;
    bool all =
        year_first
            ? digits(t, 4, &d->year) && digits(t + 5, 2, &d->month) && digits(t + 8, 2, &d->day)
            : digits(t, 2, &d->day) && digits(t + 3, 2, &d->month) && digits(t + 6, 4, &d->year);
    if (d->month > 12) *d = (xp_date){d->year, d->day, d->month};
    return all && xp_date_is_valid(*d);
}

/* A day and a clock time, "T" or a blank between, perhaps with a zone: seconds since some day. */
static bool date_time(const char *text, size_t n, char comma, double *v) {
    xp_date d;
    if (n < 15 || (text[10] != 'T' && text[10] != ' ') || !day(text, &d)) return false;
    size_t end = 11;
    while (end < n && !strchr("Zz+-", text[end])) end++;
    if (!clock_time(text + 11, end - 11, comma, v)) return false;
    *v += 86400 * xp_date_number(d);
    return true;
}

/* What is no plain number. */
static bool other_number(const char *text, size_t n, char comma, double *v) {
    if (is_blank_value(text, n)) {
        *v = NAN;
        return true;
    }
    if (n > 1 && text[0] == '[' && text[n - 1] == ']') /* a clock time of a WFDB tool */
        return clock_time(text + 1, n - 2, comma, v);
    return memchr(text, ':', n) && (clock_time(text, n, comma, v) || date_time(text, n, comma, v));
}

/* ==== marks ================================================================================== */

/* Of a column: a number that thousands could be marked in, and a whole one that has no thousands.
 */
enum { MAY_BE_THOUSANDS = 1, BELOW_THOUSAND = 2 };

static void note(xp_marks *m, const form *f, const char *text, size_t n, int column) {
    uint8_t *bits = &m->columns[column < XP_TABLE_COLUMNS ? column : XP_TABLE_COLUMNS - 1];
    m->minus_zero |= column % 2 == 0 && f->before == 1 && f->sign && f->first == '0' && !f->mark;
    m->signs |= column % 2 && f->sign;
    if (!f->mark) {
        if (f->before <= 3) *bits |= BELOW_THOUSAND;
        return;
    }
    bool point = f->mark == '.';
    bool groups =
        f->behind == 3 && f->before >= 1 && f->before <= 3 && f->first != '0' && !f->power;
    if (groups)
        *bits |= MAY_BE_THOUSANDS;
    else
        *(point ? &m->decimal_point : &m->decimal_comma) = true;
    bool *seen = point ? &m->point : &m->comma;
    if (*seen) return;
    *seen = true;
    snprintf(m->example[!point], sizeof m->example[0], "%.*s", (int)(n < 23 ? n : 23), text);
}

/* With "-" for the minus signs of typography, U+2212 and the dash U+2013 that is typed for it, into
 * out (64 bytes); false where there is none. */
static bool with_minus(char *out, const char *text, size_t *n) {
    size_t size = 0, from = 0;
    if (*n >= 64) return false;
    for (; from < *n; size++) {
        const bool minus = *n - from >= 3 && (!memcmp(text + from, "\xe2\x88\x92", 3) ||
                                              !memcmp(text + from, "\xe2\x80\x93", 3));
        out[size] = minus ? '-' : text[from];
        from += minus ? 3 : 1;
    }
    *n = size;
    return size < from;
}

bool xp_table_marked_number(const char *text, size_t n, char comma, double *v, xp_marks *marks,
                            int column) {
    char plain[64];
    form f = {0};
    while (!decimal_form(text, n, comma, v, &f)) {
        if (other_number(text, n, comma, v)) return true;
        if (!with_minus(plain, text, &n)) return false;
        text = plain;
        f = (form){0};
    }
    if (marks) note(marks, &f, text, n, column);
    return true;
}

bool xp_table_number(const char *text, size_t n, char comma, double *v) {
    return xp_table_marked_number(text, n, comma, v, NULL, 0);
}

static xp_status doubt(const char *file, const char *what, xp_error *err) {
    return xp_fail(err, XP_ERR_FORMAT,
                   "%s: %s: save it with one mark before decimals, and with none between thousands",
                   file, what);
}

xp_status xp_marks_check(const xp_marks *m, char separator, int columns, const char *file,
                         xp_error *err) {
    char what[200];
    if (m->point && m->comma) {
        snprintf(what, sizeof what,
                 "it has numbers with a point (%s) and with a comma (%s), one of which stands "
                 "between thousands",
                 m->example[0], m->example[1]);
        return doubt(file, what, err);
    }
    bool in_doubt =
        separator != ',' && ((m->point && !m->decimal_point) || (m->comma && !m->decimal_comma));
    for (int c = 0; in_doubt && c < columns && c < XP_TABLE_COLUMNS; c++) {
        if (m->columns[c] != (MAY_BE_THOUSANDS | BELOW_THOUSAND)) continue;
        const char *example = m->example[m->comma];
        snprintf(what, sizeof what,
                 "%s in it may be a number of thousands or one of three decimals", example);
        return doubt(file, what, err);
    }
    if (separator == ',' && columns % 2 == 0 && !m->point && m->minus_zero && !m->signs)
        return doubt(file,
                     "its commas seem to stand between columns and before decimals as well (-0 is "
                     "followed by digits)",
                     err);
    return XP_OK;
}
