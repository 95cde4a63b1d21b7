#include "ecg/xml_facts.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

/* ==== statements ============================================================================= */

bool xp_xml_state_measures(xp_facts *f, const xp_xml *e, const xp_xml_measure *measures) {
    for (const xp_xml_measure *m = measures; m->path; m++) {
        double v = xp_xml_number(xp_xml_text(e, m->path));
        if (!isnan(v) && !xp_facts_state(f, m->name, v, m->unit, NULL)) return false;
    }
    return true;
}

bool xp_xml_state_text(xp_facts *f, const char *name, const char *text) {
    char words[1024];
    size_t n = 0;
    for (const char *t = text; *t && n + 1 < sizeof words; t++) {
        bool blank = *t == ' ' || *t == '\t' || *t == '\r' || *t == '\n';
        if (!blank)
            words[n++] = *t;
        else if (n && words[n - 1] != ' ')
            words[n++] = ' ';
    }
    while (n && words[n - 1] == ' ') n--;
    words[n] = 0;
    return !n || xp_facts_state(f, name, NAN, NULL, words);
}

/* ==== the person ============================================================================= */

void xp_xml_age(xp_facts *f, double value, const char *unit) {
    static const struct {
        const char *unit;
        double per_year;
    } units[] = {{"a", 1}, {"y", 1}, {"mo", 12}, {"w", 52.1775}, {"d", 365.2425}, {"h", 8765.82}};
    double years = *unit ? NAN : value;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (*unit && !strncasecmp(unit, units[i].unit, strlen(units[i].unit)))
            years = value / units[i].per_year;
    if (years >= 0 && years <= 130) f->age = years;
}

void xp_xml_sex(xp_facts *f, const char *text) {
    char c = (char)toupper((unsigned char)*text);
    f->sex = c == 'F' || c == 'W' ? 'F' : c == 'M' ? 'M' : 0;
}

void xp_xml_copy(char *dst, size_t size, const char *text) {
    text += strspn(text, " \t\r\n");
    xp_copy_text(dst, size, text);
    size_t n = strlen(dst);
    while (n && strchr(" \t\r\n", dst[n - 1])) dst[--n] = 0;
}

void xp_xml_person(xp_facts *f, const char *last, const char *first) {
    char whole[2 * sizeof f->patient_name];
    snprintf(whole, sizeof whole, "%.90s%s%.90s", last, *first ? "^" : "", first);
    xp_xml_copy(f->patient_name, sizeof f->patient_name, whole);
}

/* ==== dates ================================================================================== */

static bool is_date(xp_xml_date d) {
    return d.year >= 1800 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
           d.day <= 31;
}

void xp_xml_start(xp_facts *f, xp_xml_date d) {
    if (!is_date(d)) return;
    int n = snprintf(f->start, sizeof f->start, "%04d-%02d-%02d", d.year, d.month, d.day);
    if (d.hour >= 0 && d.hour < 24 && d.minute >= 0 && d.minute < 60 && d.second >= 0 &&
        d.second < 61)
        snprintf(f->start + n, sizeof f->start - (size_t)n, "T%02d:%02d:%02d", d.hour, d.minute,
                 d.second);
}

void xp_xml_birth(xp_facts *f, xp_xml_date d) {
    if (is_date(d))
        snprintf(f->birth_date, sizeof f->birth_date, "%04d-%02d-%02d", d.year, d.month, d.day);
}

void xp_xml_age_by_dates(xp_facts *f) {
    int born[3], now[3];
    if (!isnan(f->age) || sscanf(f->birth_date, "%4d-%2d-%2d", &born[0], &born[1], &born[2]) != 3 ||
        sscanf(f->start, "%4d-%2d-%2d", &now[0], &now[1], &now[2]) != 3)
        return;
    bool before = now[1] < born[1] || (now[1] == born[1] && now[2] < born[2]);
    xp_xml_age(f, now[0] - born[0] - before, "");
}

/* ==== filters ================================================================================ */

void xp_xml_filter_words(xp_facts *f) {
    char *to = f->filter;
    size_t n = 0, size = sizeof f->filter;
    *to = 0;
    if (!isnan(f->high_pass) && !isnan(f->low_pass))
        n = (size_t)snprintf(to, size, "%g to %g Hz", f->high_pass, f->low_pass);
    else if (!isnan(f->high_pass))
        n = (size_t)snprintf(to, size, "from %g Hz", f->high_pass);
    else if (!isnan(f->low_pass))
        n = (size_t)snprintf(to, size, "to %g Hz", f->low_pass);
    if (!isnan(f->notch)) snprintf(to + n, size - n, "%snotch at %g Hz", n ? ", " : "", f->notch);
}
