#include "ecg/pdf/names.h"

#include "ecg/leads.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 }; /* names, and curves, of a page */

/* mm: of a curve's middle from its row's 0 mV, mostly; of two places in one row. */
static const double NEAR_ZERO = 5, SAME_ROW = 0.5;

/* Leads beyond the twelve: right and posterior ones. */
static bool other_lead(const char *text, char out[32]) {
    static const char *const NAMES[] = {"V3R", "V4R", "V5R", "V6R", "V7", "V8", "V9"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strlen(text) == strlen(NAMES[i])) {
            size_t k = 0;
            while (text[k] && toupper((unsigned char)text[k]) == NAMES[i][k]) k++;
            if (text[k]) continue;
            snprintf(out, 32, "%s", NAMES[i]);
            return true;
        }
    return false;
}

bool pdf_lead_name(const char *text, char out[32]) {
    xp_lead_id id = strlen(text) < 24 ? xp_lead_parse(text) : XP_LEAD_NONE;
    if (id == XP_LEAD_NONE) return other_lead(text, out);
    snprintf(out, 32, "%s", xp_lead_name(id));
    return true;
}

/* ==== names by position ====================================================================== */

typedef struct page {
    int trace[MOST], text[MOST];
    int trace_column[MOST], text_column[MOST]; /* from the left */
    int n_traces, n_texts;
    int trace_columns, text_columns;
} page;

/* Number places from the left: those closer than 3 mm are one column. The number of columns. */
static int number_columns(const double *x, int n, int column[MOST]) {
    int columns = 0;
    for (double from = -1e9; columns <= n; columns++) {
        double next = 1e9;
        for (int i = 0; i < n; i++)
            if (x[i] > from && x[i] < next) next = x[i];
        if (next == 1e9) break;
        for (int i = 0; i < n; i++)
            if (x[i] >= next && x[i] < next + 3) column[i] = columns, from = fmax(from, x[i]);
    }
    return columns;
}

static void find_columns(page *g, const pdf_traces *t, const pdf_drawing *d) {
    double x[MOST];
    for (int i = 0; i < g->n_traces; i++) x[i] = t->items[g->trace[i]].p[0].x;
    g->trace_columns = number_columns(x, g->n_traces, g->trace_column);
    for (int i = 0; i < g->n_texts; i++) x[i] = d->texts[g->text[i]].at.x;
    g->text_columns = number_columns(x, g->n_texts, g->text_column);
}

static void collect(page *g, const pdf_traces *t, const pdf_drawing *d, int number) {
    char name[32];
    *g = (page){.n_traces = 0};
    for (int i = 0; i < t->n && g->n_traces < MOST; i++)
        if (t->items[i].page == number) g->trace[g->n_traces++] = i;
    for (size_t i = 0; i < d->n_texts && g->n_texts < MOST; i++)
        if (d->texts[i].page == number && d->texts[i].direction == 0 &&
            pdf_lead_name(d->chars + d->texts[i].first, name))
            g->text[g->n_texts++] = (int)i;
    find_columns(g, t, d);
}

/* Names stand in the same place beside every curve's beginning: a way (x, y) from it. Middles of
 * curves vary with what they show, so that y may differ by a few millimetres. Where the columns of
 * names are as many as those of curves but spaced otherwise, the order of columns counts for x. */
static const double ASIDE = 0.7, ABOVE = 4.5;

typedef struct way {
    pdf_point by;
    bool columns;
} way;

static bool same_column(const page *g, const pdf_drawing *d, const pdf_traces *t, int i, int k,
                        const way *w) {
    if (w->columns) return g->trace_column[i] == g->text_column[k];
    double x = d->texts[g->text[k]].at.x - t->items[g->trace[i]].p[0].x;
    return fabs(x - w->by.x) <= ASIDE;
}

/* Name the curves by one way; the number of them that have a name. texts: of the page, by curve. */
static int try_way(const page *g, const pdf_drawing *d, const pdf_traces *t, const way *w,
                   int texts[MOST]) {
    bool used[MOST] = {false};
    int n = 0;
    for (int i = 0; i < g->n_traces; i++) {
        double least = ABOVE;
        texts[i] = -1;
        for (int k = 0; k < g->n_texts; k++) {
            double y = d->texts[g->text[k]].at.y - t->items[g->trace[i]].middle;
            if (used[k] || fabs(y - w->by.y) > least || !same_column(g, d, t, i, k, w)) continue;
            least = fabs(y - w->by.y);
            texts[i] = k;
        }
        if (texts[i] < 0) continue;
        used[texts[i]] = true;
        n++;
    }
    return n;
}

/* The best of all ways: most names, then the nearest. */
static int name_by(const page *g, const pdf_drawing *d, const pdf_traces *t, bool columns,
                   int best_texts[MOST], way *best) {
    int texts[MOST], most = 0;
    double nearest = 1e9;
    for (int i = 0; i < g->n_traces; i++)
        for (int k = 0; k < g->n_texts; k++) {
            const pdf_trace *c = &t->items[g->trace[i]];
            pdf_point at = d->texts[g->text[k]].at;
            way w = {{at.x - c->p[0].x, at.y - c->middle}, columns};
            if (fabs(w.by.x) > 45 || fabs(w.by.y) > 30) continue;
            int n = try_way(g, d, t, &w, texts);
            double far = fabs(w.by.y) + 0.2 * fabs(w.by.x);
            if (n < most || (n == most && far >= nearest)) continue;
            most = n;
            nearest = far;
            *best = w;
            memcpy(best_texts, texts, sizeof texts);
        }
    return most;
}

/* ==== names by order ========================================================================= */

/* The middle of a curve that wanders is anywhere between the rows. Where a column has as many names
 * as curves, the order from above tells which belong together. */
typedef struct place {
    int index; /* of the page's traces, or texts */
    double y;
} place;

typedef struct column {
    place curves[MOST], names[MOST];
    int n; /* of both; 0: there are more of one than of the other */
} column;

static int from_above(const void *a, const void *b) {
    double x = ((const place *)a)->y, y = ((const place *)b)->y;
    return (x < y) - (x > y);
}

/* The curves of a page's column, and the names that stand beside them. */
static void find_column(column *c, const page *g, const pdf_drawing *d, const pdf_traces *t,
                        const way *w, int number) {
    int n = 0, m = 0, first = 0;
    for (int i = g->n_traces - 1; i >= 0; i--) {
        if (g->trace_column[i] != number) continue;
        c->curves[n++] = (place){i, t->items[g->trace[i]].middle};
        first = i;
    }
    for (int k = 0; k < g->n_texts; k++)
        if (same_column(g, d, t, first, k, w))
            c->names[m++] = (place){k, d->texts[g->text[k]].at.y};
    c->n = n == m ? n : 0;
    qsort(c->curves, (size_t)c->n, sizeof *c->curves, from_above);
    qsort(c->names, (size_t)c->n, sizeof *c->names, from_above);
}

/* The least distance of two rows of names; 30 mm where there is one row. */
static double row_pitch(const column *c) {
    double least = 30;
    for (int i = 1; i < c->n; i++) least = fmin(least, c->names[i - 1].y - c->names[i].y);
    return least;
}

static int by_number(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Pair every column from above. Names stand as far above each curve's row, so that a curve that
 * would have to be most of a row away from there is another's: then, and where a column's names are
 * not as many as its curves, false, and texts are as they were. */
static bool name_by_order(const page *g, const pdf_drawing *d, const pdf_traces *t, const way *w,
                          int texts[MOST]) {
    double above[MOST], sorted[MOST], pitch = 30;
    int made[MOST];
    column c;
    for (int number = 0; number < g->trace_columns; number++) {
        find_column(&c, g, d, t, w, number);
        if (!c.n) return false;
        pitch = fmin(pitch, row_pitch(&c));
        for (int i = 0; i < c.n; i++) {
            made[c.curves[i].index] = c.names[i].index;
            above[c.curves[i].index] = c.names[i].y - c.curves[i].y;
        }
    }
    memcpy(sorted, above, (size_t)g->n_traces * sizeof *above);
    qsort(sorted, (size_t)g->n_traces, sizeof *sorted, by_number);
    for (int i = 0; i < g->n_traces; i++)
        if (fabs(above[i] - sorted[g->n_traces / 2]) > 0.7 * pitch) return false;
    memcpy(texts, made, (size_t)g->n_traces * sizeof *made);
    return true;
}

static void name_page(pdf_traces *t, const pdf_drawing *d, const page *g) {
    int texts[MOST], by_columns[MOST];
    way w, wide;
    int n = name_by(g, d, t, false, texts, &w);
    if (n < g->n_texts && g->text_columns == g->trace_columns &&
        name_by(g, d, t, true, by_columns, &wide) > n) {
        memcpy(texts, by_columns, sizeof texts);
        w = wide;
        n = 1;
    }
    if (!n) return;
    name_by_order(g, d, t, &w, texts);
    for (int i = 0; i < g->n_traces; i++)
        t->items[g->trace[i]].text = texts[i] < 0 ? -1 : g->text[texts[i]];
}

/* ==== 0 mV =================================================================================== */

/* The pulse next to a height of a page, not further than `most`. */
static const pdf_pulse *pulse_at(const pdf_traces *t, int number, double y, double most) {
    const pdf_pulse *best = NULL;
    for (int i = 0; i < t->n_pulses; i++) {
        double away = fabs(t->pulses[i].base - y);
        if (t->pulses[i].page != number || away >= most) continue;
        most = away;
        best = &t->pulses[i];
    }
    return best;
}

/* How far names stand above the foot of their rows' pulses: as far in every row, so that what most
 * curves say counts, and not the curve that wanders to another row's pulse. */
static bool name_above_pulse(const pdf_traces *t, const pdf_drawing *d, int number, double *above) {
    int most = 0;
    for (int i = 0; i < t->n; i++) {
        const pdf_trace *c = &t->items[i];
        const pdf_pulse *p = c->page == number ? pulse_at(t, number, c->middle, NEAR_ZERO) : NULL;
        if (!p || c->text < 0) continue;
        double by = d->texts[c->text].at.y - p->base;
        int alike = 0;
        for (int k = 0; k < t->n; k++)
            alike += t->items[k].page == number && t->items[k].text >= 0 &&
                     pulse_at(t, number, d->texts[t->items[k].text].at.y - by, SAME_ROW) != NULL;
        if (alike <= most) continue;
        most = alike;
        *above = by;
    }
    return most > 0;
}

static void zero_by_pulse(pdf_traces *t, const pdf_drawing *d, int number) {
    double above = 0;
    bool by_name = name_above_pulse(t, d, number, &above);
    for (int i = 0; i < t->n; i++) {
        pdf_trace *c = &t->items[i];
        if (c->page != number) continue;
        bool named = by_name && c->text >= 0;
        double y = named ? d->texts[c->text].at.y - above : c->middle;
        const pdf_pulse *p = pulse_at(t, number, y, named ? SAME_ROW : NEAR_ZERO);
        if (!p && fabs(y - c->middle) < NEAR_ZERO) p = pulse_at(t, number, c->middle, NEAR_ZERO);
        /* Where only some rows have a pulse: as far from the name as in a row that has one. */
        c->has_zero = p || (named && fabs(y - c->middle) < 12);
        c->zero = p ? p->base : c->has_zero ? y : c->middle;
    }
}

/* A straight line of the curve's colour through all of it, as some makers draw 0 mV. */
static void zero_by_line(const pdf_drawing *d, pdf_trace *c) {
    double least = 4, x0 = c->p[0].x, x1 = c->p[c->n - 1].x;
    for (size_t i = 0; i < d->n_paths; i++) {
        const pdf_path *p = &d->paths[i];
        const pdf_point *q = d->points + p->first;
        if (p->n != 2 || p->page != c->page || p->color != c->color || p->filled) continue;
        double away = fabs(q[0].y - c->middle);
        if (fabs(q[1].y - q[0].y) > 0.005 || away >= least ||
            fmin(q[0].x, q[1].x) > x0 + 0.1 * (x1 - x0) ||
            fmax(q[0].x, q[1].x) < x1 - 0.1 * (x1 - x0))
            continue;
        least = away;
        c->zero = q[0].y;
        c->has_zero = true;
    }
}

static void find_zeros(pdf_traces *t, const pdf_drawing *d) {
    for (int i = 0; i < d->n_pages; i++) zero_by_pulse(t, d, i);
    for (int i = 0; i < t->n; i++)
        if (!t->items[i].has_zero && !t->n_pulses) zero_by_line(d, &t->items[i]);
}

void pdf_name_traces(pdf_traces *t, const pdf_drawing *d) {
    page g;
    for (int i = 0; i < d->n_pages; i++) {
        collect(&g, t, d, i);
        name_page(t, d, &g);
    }
    find_zeros(t, d);
}
