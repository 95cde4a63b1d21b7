#include "ecg/pdf/leads.h"

#include "ecg/pdf/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TOTAL = 8 << 20 }; /* samples of all leads together */

/* A curve with its samples and its place in time. */
typedef struct curve {
    const pdf_trace *t;
    pdf_samples s;
    char name[32]; /* or "" */
    double start;  /* s */
    int64_t first; /* sample of the record */
    bool left_out;
} curve;

typedef struct curves {
    curve *items; /* owned */
    int n;
} curves;

static void free_curves(curves *c) {
    for (int i = 0; c->items && i < c->n; i++) pdf_samples_free(&c->items[i].s);
    free(c->items);
    *c = (curves){0};
}

/* ==== time =================================================================================== */

static double page_start(const pdf_traces *t, int page) {
    double x = 1e12;
    for (int i = 0; i < t->n; i++)
        if (t->items[i].page == page) x = fmin(x, t->items[i].p[0].x);
    return x;
}

static double seconds(const curve *c) {
    return c->s.n / c->s.rate;
}

static bool is_named(const curves *c, const char *name, int before_page) {
    for (int i = 0; i < c->n; i++)
        if (c->items[i].t->page < before_page && !c->items[i].left_out &&
            !strcmp(c->items[i].name, name))
            return true;
    return false;
}

/* Pages show further leads of the same time, or go on in time with the same leads. All of the
 * twelve drawn again is another recording. */
static void place_page(pdf_leads *out, curves *c, int page, double end) {
    int again = 0, names = 0;
    for (int i = 0; i < c->n; i++) {
        const curve *it = &c->items[i];
        if (it->t->page != page || !*it->name) continue;
        names++;
        again += is_named(c, it->name, page);
    }
    bool goes_on = names && again == names && names <= 6, other = again && !goes_on;
    for (int i = 0; i < c->n; i++) {
        curve *it = &c->items[i];
        if (it->t->page != page) continue;
        it->start = it->s.start + (goes_on ? end : 0);
        if (other && is_named(c, it->name, page)) {
            it->left_out = true;
            if (!out->repeated_page) out->repeated_page = page + 1;
        }
    }
}

static void place_curves(pdf_leads *out, curves *c, int n_pages) {
    double end = 0;
    for (int page = 0; page < n_pages; page++) {
        place_page(out, c, page, end);
        for (int i = 0; i < c->n; i++)
            if (c->items[i].t->page == page && !c->items[i].left_out)
                end = fmax(end, c->items[i].start + seconds(&c->items[i]));
    }
}

/* Curves of one row follow one another in time. Where a writer draws them a little over one
 * another, by more than a shared point, the later begins where the earlier ends. */
static void part_overlaps(curves *c) {
    for (int i = 0; i < c->n; i++) {
        curve *it = &c->items[i];
        double end = -1;
        for (int k = 0; k < c->n; k++) {
            const curve *o = &c->items[k];
            double after = it->s.start - o->s.start;
            double over = seconds(o) - after;
            if (o->t->page == it->t->page && over > 1.5 / o->s.rate && over < 0.05 * seconds(o) &&
                fabs(seconds(o) - seconds(it)) < 0.1 * seconds(o))
                end = fmax(end, o->start + seconds(o));
        }
        if (end > it->start) it->start = end;
    }
}

/* One lead whose name stands at its first row only: the rows below go on in time. */
static void continue_rows(curves *c) {
    int at_name = -1, rows = 0;
    for (int i = 0; i < c->n; i++) {
        if (*c->items[i].name) rows++, at_name = i;
    }
    if (rows != 1 || c->n < 2) return;
    const curve *first = &c->items[at_name];
    for (int i = 0; i < c->n; i++)
        if (fabs(c->items[i].t->p[0].x - first->t->p[0].x) > 1 ||
            seconds(&c->items[i]) > 1.02 * seconds(first) + 0.01)
            return;
    double at = first->start + seconds(first);
    for (int page = first->t->page, more = 1; more;) {
        curve *next = NULL;
        for (int i = 0; i < c->n; i++) {
            curve *it = &c->items[i];
            if (*it->name || it->t->page < page) continue;
            if (!next || it->t->page < next->t->page ||
                (it->t->page == next->t->page && it->t->middle > next->t->middle))
                next = it;
        }
        more = next != NULL;
        if (!next) break;
        snprintf(next->name, sizeof next->name, "%s", first->name);
        next->start = at;
        at += seconds(next);
        page = next->t->page;
    }
}

/* ==== a curve without a name ================================================================= */

static int64_t at_rate(double start, double rate) {
    return (int64_t)floor(start * rate + 0.5);
}

/* The part of the samples of two curves at the same times that are equal, as far as drawings go;
 * *shared becomes their number. */
static double agreement(const curve *a, const curve *b, double slack, int *shared) {
    int64_t from = a->first > b->first ? a->first : b->first;
    int64_t end_a = a->first + a->s.n, end_b = b->first + b->s.n;
    int64_t to = end_a < end_b ? end_a : end_b;
    int same = 0;
    *shared = 0;
    /* 0 mV may be known of one only: as far apart as they are in the middle. */
    double apart = 0;
    if (from < to && a->t->has_zero != b->t->has_zero)
        apart = a->s.mv[(from + to) / 2 - a->first] - b->s.mv[(from + to) / 2 - b->first];
    for (int64_t i = from; i < to; i++) {
        double d = a->s.mv[i - a->first] - b->s.mv[i - b->first] - apart;
        ++*shared;
        same += fabs(d) <= slack;
    }
    return *shared ? (double)same / *shared : 0;
}

/* A rhythm strip without a name shows the lead whose samples it has. */
static void name_by_samples(curves *c, int unnamed) {
    curve *it = &c->items[unnamed];
    for (int i = 0; i < c->n; i++) {
        const curve *o = &c->items[i];
        int shared;
        if (!*o->name || o->t->page != it->t->page || o->s.rate != it->s.rate || o == it) continue;
        double slack = 0.004 + o->s.step + it->s.step;
        if (agreement(it, o, slack, &shared) < 0.97 || shared < 100) continue;
        snprintf(it->name, sizeof it->name, "%s", o->name);
        it->left_out = false;
        return;
    }
}

/* ==== leads ================================================================================== */

static pdf_lead *lead_of(pdf_leads *out, const char *name) {
    for (int i = 0; i < out->count; i++)
        if (!strcmp(out->items[i].name, name)) return &out->items[i];
    if (out->count == PDF_MOST_LEADS) return NULL;
    pdf_lead *l = &out->items[out->count];
    *l = (pdf_lead){.has_zero = true};
    snprintf(l->name, sizeof l->name, "%s", name);
    l->mv = malloc((size_t)out->n * sizeof *l->mv);
    l->steps = malloc((size_t)out->n * sizeof *l->steps);
    if (!l->mv || !l->steps) {
        free(l->mv);
        free(l->steps);
        return NULL;
    }
    for (int64_t i = 0; i < out->n; i++) {
        l->mv[i] = NAN;
        l->steps[i] = INT32_MIN;
    }
    out->count++;
    return l;
}

static void drop_steps(pdf_lead *l) {
    free(l->steps);
    l->steps = NULL;
}

static bool on_a_sample(const pdf_leads *out, const curve *c) {
    return fabs(c->start * out->rate - (double)c->first) < 0.05;
}

/* Samples of a curve where the lead has none yet: the longest curve comes first. */
static bool take_curve(pdf_leads *out, const curve *c) {
    pdf_lead *l = lead_of(out, c->name);
    if (!l) return out->count == PDF_MOST_LEADS;
    int drawn = 0, shared = 0, differ = 0, other_steps = 0;
    double slack = 0.03 + 2 * (l->step + c->s.step);
    for (int i = 0; i < c->s.n; i++) {
        int64_t k = c->first + i;
        if (k < 0 || k >= out->n || isnan(c->s.mv[i])) continue;
        if (!isnan(l->mv[k])) {
            shared++;
            differ += fabs(l->mv[k] - c->s.mv[i]) > slack;
            other_steps += l->steps && c->s.steps && l->steps[k] != c->s.steps[i];
            continue;
        }
        l->mv[k] = c->s.mv[i];
        if (c->s.steps && l->steps) l->steps[k] = c->s.steps[i];
        drawn++;
    }
    l->differs |= differ * 20 > shared && differ > 5;
    /* A maker may blend the first samples of a column; more is a reason for doubt. */
    if (differ || other_steps * 50 > shared) drop_steps(l);
    if (!drawn) return true;
    l->drawn += drawn;
    if (!c->s.steps || !on_a_sample(out, c)) drop_steps(l);
    l->step = fmax(l->step, c->s.step);
    l->dropped += c->s.dropped;
    l->cut_off |= c->s.cut_off;
    for (int k = 0; k < 2; k++)
        if (c->s.held[k].surprise >= l->held[k].surprise) l->held[k] = c->s.held[k];
    l->has_zero &= c->t->has_zero;
    l->by_samples |= c->t->text < 0;
    return true;
}

static const curve *longest_left(const curves *c, const bool *done) {
    const curve *best = NULL;
    for (int i = 0; i < c->n; i++)
        if (!done[i] && *c->items[i].name && !c->items[i].left_out &&
            (!best || c->items[i].s.n > best->s.n))
            best = &c->items[i];
    return best;
}

/* The order of leads is that of the curves on the page, which longest-first would lose. */
static xp_status fill_leads(pdf_leads *out, const curves *c, const char *file, xp_error *err) {
    bool done[256] = {false};
    const curve *next;
    for (int i = 0; i < c->n; i++)
        if (*c->items[i].name && !c->items[i].left_out && !lead_of(out, c->items[i].name) &&
            out->count < PDF_MOST_LEADS)
            return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its leads", file);
    while ((next = longest_left(c, done))) {
        done[next - c->items] = true;
        take_curve(out, next);
    }
    return XP_OK;
}

static pdf_lead *named(pdf_leads *out, const char *name) {
    for (int i = 0; i < out->count; i++)
        if (!strcmp(out->items[i].name, name)) return &out->items[i];
    return NULL;
}

/* The sum of three leads by their signs where all are drawn: its spread and the largest of theirs,
 * whether all are steps of the maker, and whether these sum to nothing but roundings. */
typedef struct sum {
    double spread, largest;
    bool exact, small_steps;
    int n;
} sum;

static sum sum_of(const pdf_leads *out, pdf_lead *const l[3], const int sign[3]) {
    double s[4] = {0}, ss[4] = {0};
    sum r = {.small_steps = true, .exact = l[0]->steps && l[1]->steps && l[2]->steps};
    for (int64_t i = 0; i < out->n; i++) {
        double v[4] = {l[0]->mv[i], l[1]->mv[i], l[2]->mv[i]};
        if (isnan(v[0] + v[1] + v[2])) continue;
        v[3] = sign[0] * v[0] + sign[1] * v[1] + sign[2] * v[2];
        for (int k = 0; k < 4; k++) s[k] += v[k], ss[k] += v[k] * v[k];
        if (r.exact && fabs(v[3]) > 4.5 * PDF_MUSE_STEP) r.small_steps = false;
        r.n++;
    }
    for (int k = 0; k < 4 && r.n; k++) {
        double var = sqrt(fmax(0, ss[k] / r.n - s[k] * s[k] / r.n / r.n));
        if (k == 3)
            r.spread = var;
        else
            r.largest = fmax(r.largest, var);
    }
    return r;
}

/* Einthoven: I + III = II; Goldberger: aVR + aVL + aVF = 0. Names that contradict it are wrong. */
static xp_status check_limb_leads(pdf_leads *out, const char *file, xp_error *err) {
    static const char *const NAMES[2][3] = {{"I", "III", "II"}, {"aVR", "aVL", "aVF"}};
    static const int SIGNS[2][3] = {{1, 1, -1}, {1, 1, 1}};
    for (int k = 0; k < 2; k++) {
        pdf_lead *l[3];
        for (int i = 0; i < 3; i++) l[i] = named(out, NAMES[k][i]);
        if (!l[0] || !l[1] || !l[2]) continue;
        if (l[0]->cut_off || l[1]->cut_off || l[2]->cut_off) continue;
        sum s = sum_of(out, l, SIGNS[k]);
        if (s.n > 100 && s.spread > 0.35 * s.largest && s.spread > 0.03)
            return xp_fail(err, XP_ERR_LEAD_UNKNOWN,
                           "%s: the names of leads beside its curves contradict Einthoven's law "
                           "(%s, %s and %s do not sum up): the curves cannot be told apart safely",
                           file, NAMES[k][0], NAMES[k][1], NAMES[k][2]);
        for (int i = 0; i < 3; i++) l[i]->summed = s.exact && s.n == l[i]->drawn;
        if (s.small_steps) continue;
        /* Somebody altered the drawing, and of other leads nothing tells what was done to them. */
        for (int i = 0; i < out->count; i++) drop_steps(&out->items[i]);
    }
    return XP_OK;
}

static xp_status measure(pdf_leads *out, const curves *c, const char *file, xp_error *err) {
    double end = 0;
    int curves_named = 0;
    for (int i = 0; i < c->n; i++) {
        const curve *it = &c->items[i];
        if (!*it->name || it->left_out) continue;
        if (fabs(it->s.rate - out->rate) > 1e-3 * out->rate)
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "%s: its curves have different sampling rates (%.4g and %.4g Hz): print "
                           "them to PDFs of their own",
                           file, out->rate, it->s.rate);
        end = fmax(end, (double)(it->first + it->s.n));
        curves_named++;
    }
    out->n = (int64_t)end;
    if (curves_named && end * curves_named <= MOST_TOTAL) return XP_OK;
    if (!curves_named)
        return xp_fail(err, XP_ERR_LEAD_UNKNOWN,
                       "%s: no name of a lead (I, aVR, V1 ...) was found beside its %d curves",
                       file, c->n);
    return xp_fail(err, XP_ERR_LIMIT, "%s: %d curves of %.3g samples are too many", file,
                   curves_named, end);
}

/* The rate that most of the named curves have. */
static double common_rate(const curves *c) {
    double rate = 0;
    int most = 0;
    for (int i = 0; i < c->n; i++) {
        int like = 0;
        for (int k = 0; k < c->n; k++)
            like += *c->items[k].name && fabs(c->items[k].s.rate - c->items[i].s.rate) < 1e-9;
        if (like > most) {
            most = like;
            rate = c->items[i].s.rate;
        }
    }
    return rate > 0 ? rate : 1;
}

static void set_first(curves *c, double rate) {
    for (int i = 0; i < c->n; i++) {
        int64_t first = at_rate(c->items[i].start, rate);
        c->items[i].first = first < 0 ? 0 : first;
    }
}

static xp_status sample_all(curves *c, const pdf_traces *t, const pdf_drawing *d,
                            const pdf_scale *s, double rate, const char *file, xp_error *err) {
    c->items = calloc((size_t)t->n + 1, sizeof *c->items);
    if (!c->items) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its curves", file);
    for (int i = 0; i < t->n; i++) {
        const pdf_trace *it = &t->items[i];
        curve *k = &c->items[c->n];
        *k = (curve){.t = it};
        if (it->text >= 0) pdf_lead_name(d->chars + d->texts[it->text].first, k->name);
        xp_status st = pdf_sample(&k->s, it, s, page_start(t, it->page), rate, file, err);
        /* What has no name may be no curve of the ECG at all. */
        if (st != XP_OK && (*k->name || st == XP_ERR_MEMORY)) return st;
        if (st == XP_OK) c->n++;
    }
    return XP_OK;
}

xp_status pdf_join(pdf_leads *out, const pdf_traces *t, const pdf_drawing *d, const pdf_scale *s,
                   double rate, const char *file, xp_error *err) {
    curves c = {0};
    *out = (pdf_leads){.n = 0};
    xp_status st = sample_all(&c, t, d, s, rate, file, err);
    if (st == XP_OK) {
        out->rate = common_rate(&c);
        place_curves(out, &c, d->n_pages);
        part_overlaps(&c);
        continue_rows(&c);
        set_first(&c, out->rate);
        for (int i = 0; i < c.n; i++)
            if (!*c.items[i].name) name_by_samples(&c, i);
        for (int i = 0; i < c.n; i++) out->unnamed += !*c.items[i].name;
        st = measure(out, &c, file, err);
    }
    if (st == XP_OK) st = fill_leads(out, &c, file, err);
    if (st == XP_OK) st = check_limb_leads(out, file, err);
    free_curves(&c);
    if (st != XP_OK) pdf_leads_free(out);
    return st;
}

void pdf_leads_free(pdf_leads *l) {
    for (int i = 0; i < l->count; i++) {
        free(l->items[i].mv);
        free(l->items[i].steps);
    }
    *l = (pdf_leads){.n = 0};
}
