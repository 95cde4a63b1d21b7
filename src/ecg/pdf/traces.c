#include "ecg/pdf/traces.h"

#include <math.h>
#include <stdlib.h>

enum {
    LEAST_POINTS = 40, /* of a curve */
    MOST_TRACES = 256,
    MOST_PULSES = 256,
};

/* Lengths in mm of the page. */
static const double LEAST_LENGTH = 12, TOUCHING = 0.005, MOST_STEP = 2.5;

/* ==== chains ================================================================================= */

/* Curves are drawn as one path, as pieces that share their ends, or line by line: what begins where
 * the piece before ended, with the same pen, and goes on to the right is one curve. */
typedef struct chain {
    size_t first; /* of out's points */
    int n;
    pdf_path like;
} chain;

typedef struct search {
    const pdf_drawing *d;
    pdf_traces *out;
    size_t n_points;
    int cap;
    chain now;
    bool no_memory;
} search;

static bool same_pen(const pdf_path *a, const pdf_path *b) {
    return a->page == b->page && a->color == b->color && fabsf(a->width - b->width) < 1e-3f;
}

static bool runs_right(const pdf_point *p, int n) {
    for (int i = 1; i < n; i++)
        if (p[i].x < p[i - 1].x - TOUCHING) return false;
    return true;
}

static bool continues(const search *s, const pdf_path *p) {
    if (!s->now.n || !same_pen(&s->now.like, p)) return false;
    pdf_point end = s->out->points[s->now.first + (size_t)s->now.n - 1];
    const pdf_point *q = s->d->points + p->first;
    return fabs(q->x - end.x) < TOUCHING && fabs(q->y - end.y) < TOUCHING && runs_right(q, p->n);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_y(const pdf_point *p, int n, bool *no_memory) {
    double *y = malloc((size_t)n * sizeof *y), middle = 0;
    *no_memory |= !y;
    if (!y) return 0;
    for (int i = 0; i < n; i++) y[i] = p[i].y;
    qsort(y, (size_t)n, sizeof *y, by_value);
    middle = n % 2 ? y[n / 2] : (y[n / 2 - 1] + y[n / 2]) / 2;
    free(y);
    return middle;
}

/* ==== pulses ================================================================================= */

static bool near(double a, double b, double tolerance) {
    return fabs(a - b) <= tolerance;
}

/* A rectangle without its lower side: low, high, low. The edges may slope over one step. */
static bool is_pulse(const pdf_point *p, int n, pdf_pulse *out) {
    double low = p[0].y, high = low;
    if (n < 4 || p[n - 1].x - p[0].x > 25) return false;
    for (int i = 0; i < n; i++)
        if (p[i].y > high) high = p[i].y;
    double height = high - low, slack = 0.01 * height + 1e-4;
    if (height < 2 || height > 45 || !near(p[n - 1].y, low, slack)) return false;
    int up = -1, down = -1;
    for (int i = 1; i < n; i++) {
        bool was = near(p[i - 1].y, high, slack), is = near(p[i].y, high, slack);
        if (!(is || near(p[i].y, low, slack))) return false;
        if (is && !was) {
            if (up >= 0) return false;
            up = i;
        }
        if (!is && was) down = i;
    }
    if (up < 1 || down < 0) return false;
    *out = (pdf_pulse){.x0 = (p[up - 1].x + p[up].x) / 2,
                       .x1 = (p[down - 1].x + p[down].x) / 2,
                       .base = low,
                       .height = height};
    return out->x1 - out->x0 > 1 && out->x1 - out->x0 < 25;
}

static bool add_pulse(search *s, pdf_pulse p) {
    pdf_traces *t = s->out;
    for (int i = 0; i < t->n_pulses; i++)
        if (t->pulses[i].page == p.page && near(t->pulses[i].x0, p.x0, 0.01) &&
            near(t->pulses[i].base, p.base, 0.01))
            return true;
    if (t->n_pulses < MOST_PULSES) t->pulses[t->n_pulses++] = p;
    return true;
}

/* A pulse of single lines: its top, and a side down from each of the top's ends; a lower side that
 * closes it makes a box of it, which is none. */
typedef struct side {
    double x, low, high;
    int page;
} side;

static bool find_side(const side *sides, int n, double x, double high, int page, double *low) {
    for (int i = 0; i < n; i++)
        if (sides[i].page == page && near(sides[i].x, x, 0.02) && near(sides[i].high, high, 0.02)) {
            *low = sides[i].low;
            return true;
        }
    return false;
}

static bool is_line(const pdf_drawing *d, const pdf_path *p, bool upright) {
    const pdf_point *q = d->points + p->first;
    if (p->n != 2 || p->filled) return false;
    return upright ? fabs(q[1].x - q[0].x) < 0.005 : fabs(q[1].y - q[0].y) < 0.005;
}

static bool closed_below(const pdf_drawing *d, double x0, double x1, double y, int page) {
    for (size_t i = 0; i < d->n_paths; i++) {
        const pdf_path *p = &d->paths[i];
        const pdf_point *q = d->points + p->first;
        if (p->page == page && is_line(d, p, false) && near(q[0].y, y, 0.02) &&
            fmin(q[0].x, q[1].x) < x0 + 0.02 && fmax(q[0].x, q[1].x) > x1 - 0.02)
            return true;
    }
    return false;
}

static void find_line_pulses(search *s) {
    enum { MOST_SIDES = 512 };
    const pdf_drawing *d = s->d;
    side *sides = malloc(MOST_SIDES * sizeof *sides);
    int n = 0, looked = 0;
    s->no_memory |= !sides;
    if (!sides) return;
    for (size_t i = 0; i < d->n_paths && n < MOST_SIDES; i++) {
        const pdf_point *q = d->points + d->paths[i].first;
        double h = d->paths[i].n == 2 ? fabs(q[1].y - q[0].y) : 0;
        if (is_line(d, &d->paths[i], true) && h > 2 && h < 45)
            sides[n++] =
                (side){q[0].x, fmin(q[0].y, q[1].y), fmax(q[0].y, q[1].y), d->paths[i].page};
    }
    /* A page has a few dozens of such shapes; what has thousands is no ECG. */
    for (size_t i = 0; n > 1 && i < d->n_paths && looked < 1000; i++) {
        const pdf_point *q = d->points + d->paths[i].first;
        int page = d->paths[i].page;
        if (!is_line(d, &d->paths[i], false)) continue;
        double x0 = fmin(q[0].x, q[1].x), x1 = fmax(q[0].x, q[1].x), low[2];
        if (x1 - x0 < 1 || x1 - x0 > 25 || !find_side(sides, n, x0, q[0].y, page, &low[0]) ||
            !find_side(sides, n, x1, q[0].y, page, &low[1]) || !near(low[0], low[1], 0.02) ||
            (looked++, closed_below(d, x0, x1, low[0], page)))
            continue;
        add_pulse(s, (pdf_pulse){page, x0, x1, low[0], q[0].y - low[0]});
    }
    free(sides);
}

/* ==== curves ================================================================================= */

/* Whether a chain looks like the curve of a lead: many points, ever to the right, in small steps.
 */
static bool is_curve(const pdf_point *p, int n) {
    if (n < LEAST_POINTS || !runs_right(p, n)) return false;
    double length = p[n - 1].x - p[0].x;
    int still = 0;
    for (int i = 1; i < n; i++) still += p[i].x - p[i - 1].x < 1e-9;
    return length >= LEAST_LENGTH && length / (n - 1) < MOST_STEP && still < n / 4;
}

/* The points of a pulse that a curve begins with, drawn as one with it; 0: none. */
static int pulse_before(const pdf_point *p, int n, pdf_pulse *pulse) {
    int found = 0;
    for (int k = 4; k < n && k < 600 && p[k - 1].x - p[0].x < 25; k++)
        if (is_pulse(p, k, pulse))
            found = k;
        else if (found)
            break;
    if (found) is_pulse(p, found, pulse);
    return found;
}

static void end_chain(search *s) {
    pdf_traces *t = s->out;
    pdf_point *p = t->points + s->now.first;
    int n = s->now.n;
    pdf_pulse pulse;
    s->now.n = 0;
    if (n && is_pulse(p, n, &pulse)) {
        pulse.page = s->now.like.page;
        add_pulse(s, pulse);
    } else if (n && t->n < MOST_TRACES && is_curve(p, n)) {
        int before = pulse_before(p, n, &pulse);
        if (before && is_curve(p + before - 1, n - before + 1)) {
            pulse.page = s->now.like.page;
            add_pulse(s, pulse);
            p += before - 1;
            n -= before - 1;
        }
        t->items[t->n++] = (pdf_trace){.page = s->now.like.page,
                                       .p = p,
                                       .n = n,
                                       .color = s->now.like.color,
                                       .middle = median_y(p, n, &s->no_memory),
                                       .text = -1};
        return;
    }
    s->n_points = s->now.first;
}

static void take_path(search *s, const pdf_path *p) {
    const pdf_point *q = s->d->points + p->first;
    bool more = continues(s, p);
    if (!more) {
        end_chain(s);
        s->now = (chain){.first = s->n_points, .like = *p};
    }
    for (int i = more; i < p->n; i++) s->out->points[s->n_points++] = q[i];
    s->now.n += p->n - more;
}

xp_status pdf_find_traces(pdf_traces *t, const pdf_drawing *d, xp_error *err) {
    *t = (pdf_traces){0};
    search s = {.d = d, .out = t};
    t->items = calloc(MOST_TRACES, sizeof *t->items);
    t->pulses = calloc(MOST_PULSES, sizeof *t->pulses);
    t->points = malloc((d->n_points + 1) * sizeof *t->points);
    s.no_memory = !t->items || !t->pulses || !t->points;
    for (size_t i = 0; i < d->n_paths && !s.no_memory; i++)
        if (!d->paths[i].filled) take_path(&s, &d->paths[i]);
    if (!s.no_memory) end_chain(&s);
    if (!s.no_memory) find_line_pulses(&s);
    if (!s.no_memory) return XP_OK;
    pdf_traces_free(t);
    return xp_fail(err, XP_ERR_MEMORY, "no memory for the curves of a page");
}

void pdf_traces_free(pdf_traces *t) {
    free(t->items);
    free(t->pulses);
    free(t->points);
    *t = (pdf_traces){0};
}
