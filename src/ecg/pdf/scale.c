#include "ecg/pdf/scale.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double AGREE = 0.01; /* how far grid, pulse and words may be apart */

/* ==== words ================================================================================== */

double pdf_stated_scale(const char *text, int which) {
    static const char *const UNITS[2][2] = {{"mm/s", "cm/s"}, {"mm/mv", "cm/mv"}};
    char s[300];
    size_t n = 0;
    for (const char *c = text; *c && n < sizeof s - 1; c++)
        if (*c != ' ' || (n && !isdigit((unsigned char)s[n - 1]))) s[n++] = (char)tolower(*c);
    s[n] = 0;
    for (int cm = 0; cm < 2; cm++) {
        const char *unit = UNITS[which][cm], *at = strstr(s, unit);
        if (!at) continue;
        const char *from = at;
        while (from > s && from[-1] == ' ') from--;
        const char *end = from;
        while (from > s && (isdigit((unsigned char)from[-1]) || from[-1] == '.' || from[-1] == ','))
            from--;
        char number[16];
        size_t k = (size_t)(end - from);
        if (!k || k >= sizeof number) continue;
        memcpy(number, from, k);
        number[k] = 0;
        char *comma = strchr(number, ',');
        if (comma) *comma = '.';
        double v = strtod(number, NULL) * (cm ? 10 : 1);
        if (v >= 1 && v <= 500) return v;
    }
    return 0;
}

/* What the pages state; -1 where they state different values. */
static double stated(const pdf_drawing *d, int which) {
    double found = 0;
    for (size_t i = 0; i < d->n_texts; i++) {
        double v = pdf_stated_scale(d->chars + d->texts[i].first, which);
        if (v > 0 && found > 0 && fabs(v - found) > AGREE * v) return -1;
        if (v > 0) found = v;
    }
    return found;
}

/* ==== the grid =============================================================================== */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Where the lines of a page that cross a good part of it stand; sorted, each once. */
static int line_places(const pdf_drawing *d, int page, bool upright, double *out, int most) {
    int n = 0;
    for (size_t i = 0; i < d->n_paths && n < most; i++) {
        const pdf_path *p = &d->paths[i];
        const pdf_point *q = d->points + p->first;
        if (p->n != 2 || p->page != page) continue;
        double across = upright ? q[1].x - q[0].x : q[1].y - q[0].y;
        double along = upright ? q[1].y - q[0].y : q[1].x - q[0].x;
        if (fabs(across) < 0.005 && fabs(along) > 8) out[n++] = upright ? q[0].x : q[0].y;
    }
    qsort(out, (size_t)n, sizeof *out, by_value);
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (!kept || out[i] - out[kept - 1] > 0.02) out[kept++] = out[i];
    return kept;
}

/* The distance that most neighbours have. */
static double usual_step(const double *x, int n) {
    double best = 0;
    int most = 0;
    for (int i = 1; i < n; i++) {
        double step = x[i] - x[i - 1];
        int like = 0;
        if (step < 0.3 || step > 12) continue;
        for (int k = 1; k < n; k++) like += fabs(x[k] - x[k - 1] - step) < 0.02 * step + 0.01;
        if (like > most) {
            most = like;
            best = step;
        }
    }
    return most * 2 > n ? best : 0;
}

/* The pitch of a grid whose lines stand at x, by least squares; 0 where they are no grid. */
static double pitch_of(const double *x, int n) {
    if (n < 8) return 0;
    double step = usual_step(x, n), sk = 0, sx = 0, skk = 0, skx = 0;
    if (!(step > 0)) return 0;
    int used = 0;
    double at = 0, before = x[0];
    for (int i = 0; i < n; i++) {
        double go = (x[i] - before) / step, k = floor(go + 0.5);
        if (fabs(go - k) > 0.06) continue;
        at += k;
        before = x[i];
        sk += at;
        sx += x[i];
        skk += at * at;
        skx += at * x[i];
        used++;
    }
    double det = used * skk - sk * sk;
    if (used * 4 < n * 3 || !(det > 0)) return 0;
    return (used * skx - sk * sx) / det;
}

/* ECG paper has lines every millimetre, or every five. */
static double paper_step(double pitch) {
    if (pitch > 0.6 && pitch < 1.6) return 1;
    if (pitch > 3 && pitch < 8) return 5;
    return 0;
}

/* The grid of the first page that has one. */
static void find_grid(pdf_scale *s, const pdf_drawing *d, bool *no_memory) {
    enum { MOST_LINES = 2048 };
    double *x = malloc(MOST_LINES * sizeof *x), pitch[2] = {0};
    *no_memory |= !x;
    for (int page = 0; x && page < d->n_pages && !(pitch[0] > 0 && pitch[1] > 0); page++)
        for (int y = 0; y < 2; y++) pitch[y] = pitch_of(x, line_places(d, page, !y, x, MOST_LINES));
    free(x);
    if (!(pitch[0] > 0 && pitch[1] > 0) && d->tile[0] > 0 && d->tile[1] > 0)
        memcpy(pitch, d->tile, sizeof pitch);
    double step[2] = {paper_step(pitch[0]), paper_step(pitch[1])};
    if (!(step[0] > 0 && step[0] == step[1])) return;
    s->has_grid = true;
    s->pitch = pitch[0];
    for (int i = 0; i < 2; i++) s->mm[i] = step[i] / pitch[i];
}

/* ==== the pulse ============================================================================== */

/* Height and length of the pulses in mm of paper; 0: there are none, -1: they differ in height. */
static double pulse_height(const pdf_scale *s, const pdf_traces *t, double *length) {
    double height = 0;
    *length = 0;
    for (int i = 0; i < t->n_pulses; i++) {
        double h = t->pulses[i].height * s->mm[1];
        if (height > 0 && fabs(h - height) > AGREE * height) return -1;
        height = h;
        *length = (t->pulses[i].x1 - t->pulses[i].x0) * s->mm[0];
    }
    return height;
}

/* The value of a list that v is within `share` of; 0: none. */
static double nominal(double v, const double *list, int n, double share) {
    for (int i = 0; i < n; i++)
        if (fabs(v - list[i]) <= share * list[i]) return list[i];
    return 0;
}

/* A calibration pulse lasts 0.2 s (by the standard; some makers draw 0.1 or 0.5). */
static double speed_by_pulse(double length) {
    static const double LENGTHS[] = {5, 10, 2.5, 20};
    double l = nominal(length, LENGTHS, 4, 0.06);
    return l / 0.2;
}

/* ==== all of it ============================================================================== */

static xp_status find_gain(pdf_scale *s, const pdf_traces *t, double words, const char *unit,
                           const char *file, xp_error *err) {
    static const double GAINS[] = {10, 5, 20, 2.5, 40};
    double length, height = pulse_height(s, t, &length),
                   given = unit ? pdf_stated_scale(unit, 1) : 0;
    s->has_pulse = height > 0;
    if (given > 0) {
        s->gain = given;
        return XP_OK;
    }
    if (words < 0 || height < 0)
        return xp_fail(err, XP_ERR_UNITS,
                       "%s: its pages %s: give the one that counts with --unit \"10 mm/mV\"", file,
                       words < 0 ? "state more than one scale in mm/mV"
                                 : "have calibration pulses of different heights");
    /* Coordinates are rounded to the dots of a printer, which a low pulse shows. */
    if (words > 0 && height > 0 && fabs(height - words) > AGREE * words + 0.05)
        return xp_fail(err, XP_ERR_UNITS,
                       "%s: it states %g mm/mV, but its calibration pulse is %.3g mm high%s: give "
                       "the scale that counts with --unit \"10 mm/mV\"",
                       file, words, height, s->has_grid ? " by its grid" : "");
    s->gain = words > 0 ? words : nominal(height, GAINS, 5, AGREE);
    if (!(s->gain > 0)) s->gain = height;
    if (s->gain > 0) return XP_OK;
    return xp_fail(err, XP_ERR_UNITS,
                   "%s: its curves have no scale: neither a calibration pulse nor words such as "
                   "\"10 mm/mV\" were found: give it with --unit \"25 mm/s 10 mm/mV\"",
                   file);
}

static xp_status find_speed(pdf_scale *s, const pdf_traces *t, double words, double rate,
                            const char *unit, const char *file, xp_error *err) {
    double length, height = pulse_height(s, t, &length);
    double pulse = height > 0 ? speed_by_pulse(length) : 0;
    double given = unit ? pdf_stated_scale(unit, 0) : 0;
    s->speed = given > 0 ? given : words > 0 ? words : pulse;
    if (rate > 0 || given > 0) return XP_OK; /* with a rate the distance of points tells */
    if (words < 0)
        return xp_fail(err, XP_ERR_UNITS,
                       "%s: its pages state more than one speed in mm/s: give the one that counts "
                       "with --unit \"25 mm/s 10 mm/mV\", or the sampling rate of the curves with "
                       "--rate",
                       file);
    if (s->speed > 0) return XP_OK;
    return xp_fail(
        err, XP_ERR_UNITS,
        "%s: its curves have no time scale: neither words such as \"25 mm/s\" nor a "
        "calibration pulse of 0.2 s were found: give it with --unit \"25 mm/s 10 mm/mV\", "
        "or the sampling rate of the curves with --rate",
        file);
}

xp_status pdf_find_scale(pdf_scale *s, const pdf_drawing *d, const pdf_traces *t, double rate,
                         const char *unit, const char *file, xp_error *err) {
    bool no_memory = false;
    *s = (pdf_scale){.mm = {1, 1}};
    find_grid(s, d, &no_memory);
    if (no_memory) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory", file);
    double speed = stated(d, 0), gain = stated(d, 1);
    s->has_words = speed > 0 && gain > 0;
    XP_TRY(find_gain(s, t, gain, unit, file, err));
    return find_speed(s, t, speed, rate, unit, file, err);
}
