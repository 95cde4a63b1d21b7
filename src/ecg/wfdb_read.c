/* A whole record: its header, then its signal files or its segments. */
#include "ecg/fields.h"
#include "ecg/wfdb_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what the comments say ---- */

/* The text behind "key:" (any case, at the start of a word, "<key>:" too) in a comment, or NULL. */
static const char *find_key(const char *comment, const char *key) {
    size_t n = strlen(key);
    for (const char *c = comment; *c; c++) {
        if (strncasecmp(c, key, n) || (c > comment && isalnum((unsigned char)c[-1]))) continue;
        const char *v = c + n;
        v += strspn(v, "> \t");
        if (*v != ':') continue;
        v++;
        return v + strspn(v, " \t");
    }
    return NULL;
}

static void read_comment(xp_facts *f, const char *comment) {
    const char *v;
    if (isnan(f->age) && (v = find_key(comment, "age")) && isdigit((unsigned char)*v)) {
        double age = strtod(v, NULL);
        if (age <= 130) f->age = age;
    }
    if (!f->sex && ((v = find_key(comment, "sex")) || (v = find_key(comment, "gender")))) {
        char c = (char)toupper((unsigned char)*v);
        if (c == 'F' || c == 'W') f->sex = 'F';
        if (c == 'M') f->sex = 'M';
    }
    if (!*f->dx && (v = find_key(comment, "dx"))) xp_copy_text(f->dx, sizeof f->dx, v);
}

/* ---- when it begins ---- */

/* "23/05/1949", or "23-May-1949" and "1949-05-23" as some write it. */
static xp_date date_of(const char *text) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    xp_date d = {0};
    char name[4] = "", rest;
    if (sscanf(text, "%2d/%2d/%4d%c", &d.day, &d.month, &d.year, &rest) == 3) return d;
    if (sscanf(text, "%4d-%2d-%2d%c", &d.year, &d.month, &d.day, &rest) == 3) return d;
    if (sscanf(text, "%2d-%3[A-Za-z]-%4d%c", &d.day, name, &d.year, &rest) == 3)
        for (int i = 0; i < 12; i++)
            if (!strncasecmp(name, months + 3 * i, 3)) {
                d.month = i + 1;
                return d;
            }
    return (xp_date){0};
}

/* "hh:mm:ss.fff", "mm:ss" or "ss" of the day; 0 where it is none. */
static double seconds_of(const char *text) {
    double seconds = 0;
    while (*text) {
        char *end;
        double v = isdigit((unsigned char)*text) ? strtod(text, &end) : NAN;
        if (isnan(v) || (*end && *end != ':')) return 0;
        seconds = 60 * seconds + v;
        text = *end ? end + 1 : end;
    }
    return seconds;
}

xp_status xp_wfdb_read(xp_stored *w, const char *name, const xp_file_source *src,
                       const xp_read_options *opt, xp_error *err) {
    static const xp_read_options plain = {0};
    char file[160], folder[160];
    xp_bytes text;
    if (!xp_wfdb_safe_name(name))
        return xp_fail(err, XP_ERR_USAGE, "\"%.100s\" is not a record name", name);
    snprintf(file, sizeof file, "%s.hea", name);
    xp_wfdb_folder_of(folder, sizeof folder, name);
    XP_TRY(src->get(src->ctx, file, &text, err));
    xp_wfdb_header h;
    XP_TRY(xp_wfdb_parse_header(&h, file, text, err));
    if (!opt) opt = &plain;
    xp_status s = h.segments ? xp_wfdb_read_segments(&h, folder, src, opt, err)
                             : xp_wfdb_read_signals(&h, folder, src, opt, err);
    if (s == XP_OK) {
        *w = h.w;
        w->facts = xp_facts_unknown();
        xp_date_time_text(w->facts.start, sizeof w->facts.start, date_of(w->date),
                          seconds_of(w->time));
        for (int i = 0; i < w->n_comments; i++) read_comment(&w->facts, w->comments[i]);
        h.w = (xp_stored){0};
    }
    xp_wfdb_header_free(&h);
    return s;
}
