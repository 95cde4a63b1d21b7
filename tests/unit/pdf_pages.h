/* PDFs with ECGs in the style of GE MUSE: one path a lead with its own transform, whole numbers in
 * units of 0.01 mm of the grid, 4.88 uV a step, 500 Hz, 3x4 with three rhythm strips. */
#ifndef PDF_PAGES_H
#define PDF_PAGES_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_SAMPLES = 5000, PAGE_SHORT = 1238, PAGE_CURVES = 15 };

typedef struct page_text {
    char *s;
    size_t n, cap;
} page_text;

static void page_put(page_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void page_put(page_text *t, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    if (t->cap - t->n < 600) {
        t->cap = 2 * t->cap + 4096;
        t->s = realloc(t->s, t->cap);
    }
    t->n += (size_t)vsnprintf(t->s + t->n, t->cap - t->n, fmt, ap);
    va_end(ap);
}

/* How a page is drawn otherwise than MUSE does. Curves are numbered in the order of the page. */
typedef struct page_style {
    double page_scale;           /* of all of it; 0: 1 */
    int curve;                   /* the altered one, -1: all */
    double stretch_y, stretch_x; /* by its transform; 0: 1 */
    int move_x, move_y;          /* units */
    double move_fraction;        /* of a unit, up */
    int drop_every;              /* points left out; 0: none */
    int limit;                   /* cut off at so many units; 0: none */
    int nudge_every, nudge;      /* points moved by units */
    double times;                /* its numbers multiplied and rounded; 0: 1 */
    const char *words;           /* NULL: "25mm/s" and "10mm/mV" */
    bool no_names, no_pulses, no_grid, swap_names, pieces, rotated_names;
} page_style;

static const char *const PAGE_NAMES[PAGE_CURVES] = {
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "V1", "II", "V5"};
static const int PAGE_LEAD[PAGE_CURVES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 6, 1, 10};

static int page_units(int step) {
    return (int)floor(4.88 * step + 0.5);
}

static void page_grid(page_text *t, double s) {
    for (int i = 0; i <= 268; i++)
        page_put(t, "q 0 %.6g %.6g 0 565.2225 %.6g cm\n%s RG\n0 0 m\n0 14100 l\nS\nQ\n",
                 0.02835 * s, -0.02835 * s, 12.7575 + i * 2.835 * s,
                 i % 5 ? "1 0.839 0.874" : "0.996 0.639 0.674");
    for (int i = 0; i <= 141; i++)
        page_put(t, "q 0 %.6g %.6g 0 %.7g 12.7575 cm\n%s RG\n0 0 m\n26803 0 l\nS\nQ\n", 0.02835 * s,
                 -0.02835 * s, 565.2225 - i * 2.835 * s,
                 i % 5 ? "1 0.839 0.874" : "0.996 0.639 0.674");
}

static double page_row(int row, double s) {
    return 565.2225 - (374.4468 - 69.88275 * row) * s;
}

static void page_pulse(page_text *t, double row, double s) {
    page_put(t, "q 0 %.6g %.6g 0 %.7g 12.7575 cm\n15 w\n", 0.02835 * s, -0.02835 * s, row);
    for (int i = 0; i < 60; i++)
        page_put(t, "%d %d %s\n", 10 * i, i >= 5 && i < 55 ? 1000 : 0, i ? "l" : "m");
    page_put(t, "S\nQ\n");
}

static int page_value(const page_style *o, int i, int units, int first) {
    double v = units - first;
    if (o->nudge_every && i % o->nudge_every == 1) v += o->nudge;
    if (o->times > 0) v = floor(v * o->times + 0.5);
    if (o->limit && v + first > o->limit) v = o->limit - first;
    if (o->limit && v + first < -o->limit) v = -o->limit - first;
    return (int)v;
}

static void page_curve(page_text *t, const int *steps, int n, double row, double start, double s,
                       const page_style *o) {
    int first = page_units(steps[0]);
    double u = 0.02835 * s, sy = o->stretch_y > 0 ? o->stretch_y : 1;
    double sx = o->stretch_x > 0 ? o->stretch_x : 1;
    page_put(t, "q 0 %.7g %.7g 0 %.10g %.10g cm\n15 w\n", u * sx, -u * sy,
             row - (first + o->move_y + o->move_fraction) * u, 12.7575 + (start + o->move_x) * u);
    const char *op = "m";
    for (int i = 0; i < n; i++) {
        if (o->drop_every && i % o->drop_every == o->drop_every - 1) continue;
        int v = page_value(o, i, page_units(steps[i]), first);
        page_put(t, "%d %d %s\n", 5 * i, v, op);
        op = "l";
        if (o->pieces && i % 128 == 127) page_put(t, "S\n%d %d m\n", 5 * i, v);
    }
    page_put(t, "S\nQ\n");
}

static void page_name(page_text *t, const char *name, double row, double start, double s) {
    page_put(t, "BT\n/F1 320 Tf\n0 %.5g %.5g 0 %.6f %.6f Tm\n(%s)Tj\nET\n", 0.0284 * s, -0.0284 * s,
             row + 620 * 0.02835 * s, 12.7575 + start * 0.02835 * s, name);
}

/* The contents of a page; steps: by lead and sample, in 4.88 uV. */
static page_text page_contents(const int steps[12][PAGE_SAMPLES], const page_style *style) {
    static const page_style none = {.curve = -2};
    page_text t = {0};
    double s = style->page_scale > 0 ? style->page_scale : 1;
    if (!style->no_grid) page_grid(&t, s);
    for (int row = 0; row < 6 && !style->no_pulses; row++) page_pulse(&t, page_row(row, s), s);
    for (int i = 0; i < PAGE_CURVES; i++) {
        bool strip = i >= 12, altered = style->curve == -1 || style->curve == i;
        int row = strip ? i - 9 : i % 3, column = strip ? 0 : i / 3;
        double start = 630 + 6250 * column;
        int k = style->swap_names && i < 2 ? 1 - i : i;
        page_curve(&t, steps[PAGE_LEAD[i]] + 1250 * column, strip ? PAGE_SAMPLES : PAGE_SHORT,
                   page_row(row, s), start, s, altered ? style : &none);
        if (!style->no_names) page_name(&t, PAGE_NAMES[k], page_row(row, s), start, s);
    }
    page_put(&t, "BT\n/F1 320 Tf\n0 0.0284 -0.0284 0 582.2 12.7 Tm\n(%s)Tj\nET\n",
             style->words ? style->words : "25mm/s  10mm/mV");
    return t;
}

/* A file of one page with these contents. */
static page_text page_file(const char *contents, size_t size, const char *filter) {
    page_text t = {0};
    size_t at[6];
    page_put(&t, "%%PDF-1.4\n");
    at[1] = t.n;
    page_put(&t, "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n");
    at[2] = t.n;
    page_put(&t, "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n");
    at[3] = t.n;
    page_put(&t, "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Rotate 90/Contents 4 0 R"
                 "/Resources<</Font<</F1 5 0 R>>>>>>\nendobj\n");
    at[5] = t.n;
    page_put(&t, "5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding"
                 ">>\nendobj\n");
    at[4] = t.n;
    page_put(&t, "4 0 obj\n<</Length %zu%s>>\nstream\n", size, filter);
    t.cap = t.n + size + 4096;
    t.s = realloc(t.s, t.cap);
    memcpy(t.s + t.n, contents, size);
    t.n += size;
    page_put(&t, "\nendstream\nendobj\n");
    size_t xref = t.n;
    page_put(&t, "xref\n0 6\n0000000000 65535 f \n");
    for (int i = 1; i < 6; i++) page_put(&t, "%010zu 00000 n \n", at[i]);
    page_put(&t, "trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", xref);
    return t;
}

static page_text page_muse(const int steps[12][PAGE_SAMPLES], const page_style *style) {
    page_text c = page_contents(steps, style), f = page_file(c.s, c.n, "");
    free(c.s);
    return f;
}

/* An ECG by chance: beats of bumps, a wandering baseline and noise; the limb leads are what they
 * must be. */
static uint32_t page_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static double page_wave(double x, double middle, double width) {
    return exp(-pow((x - middle) / width, 2));
}

static void page_ecg(int steps[12][PAGE_SAMPLES], uint32_t seed) {
    double size[12][4];
    for (int l = 0; l < 12; l++)
        for (int k = 0; k < 4; k++) size[l][k] = (page_random(&seed) % 2000 / 1000.0 - 0.7);
    double beat = 300 + page_random(&seed) % 300;
    for (int i = 0; i < PAGE_SAMPLES; i++) {
        double v[12], x = fmod(i, beat);
        const double p = page_wave(x, 60, 18), r = page_wave(x, 120, 6), s = page_wave(x, 134, 5),
                     t = page_wave(x, 230, 30);
        for (int l = 0; l < 12; l++)
            v[l] = size[l][0] * 0.12 * p + size[l][1] * 1.3 * r - size[l][2] * 0.5 * s +
                   size[l][3] * 0.3 * t + 0.05 * sin(i / 900.0 + l) +
                   0.02 * (page_random(&seed) % 1000 / 1000.0 - 0.5);
        v[2] = v[1] - v[0];
        v[3] = -(v[0] + v[1]) / 2;
        v[4] = v[0] - v[1] / 2;
        v[5] = v[1] - v[0] / 2;
        for (int l = 0; l < 12; l++) steps[l][i] = (int)floor(v[l] / 0.00488 + 0.5);
    }
}

#endif
