#include "ecg/prepare.h"

#include "base/arena.h"
#include "ecg/amplitude.h"
#include "ecg/filter.h"
#include "ecg/input_leads.h"
#include "ecg/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SPEC_LEADS 256
#define MAX_SPEC_LENGTH (1 << 24)
#define MAX_FLOATS ((int64_t)1 << 29) /* 2 GiB: a day of 12 leads at 500 Hz */
#define LONG_GAP 0.040                /* s */
#define LISTED_GAPS 3
#define MIN_SECONDS 1.0
#define MIN_RATE 25.0 /* Hz; a QRS complex has its energy below 20 Hz, and is lost beneath */
#define MAX_RATE 1e5  /* Hz; recorders of late potentials reach a tenth of it */

/* Signals at the model's rate, before they are cut. */
typedef struct planes {
    int n_leads;
    int64_t n;
    const float **mv; /* (n_leads) of (n), the columns' own or block's */
    float *block;     /* owned; NULL when nothing had to be computed */
} planes;

typedef struct filters {
    xp_sos step[2];
    int n;
} filters;

static xp_status check_spec(const xp_input_spec *spec, xp_error *err) {
    bool ok = spec->leads && spec->n_leads >= 1 && spec->n_leads <= MAX_SPEC_LEADS &&
              spec->length >= 1 && spec->length <= MAX_SPEC_LENGTH && spec->rate > 0 &&
              spec->rate <= 1e6;
    if (ok) return XP_OK;
    return xp_fail(
        err, XP_ERR_USAGE,
        "the model's input is %d samples of %d leads at %g Hz: expected 1 to %d samples, "
        "1 to %d leads, a rate of at most 1e6 Hz",
        spec->length, spec->n_leads, spec->rate, MAX_SPEC_LENGTH, MAX_SPEC_LEADS);
}

static xp_status design_filters(filters *f, const xp_prepare_options *opt, double rate,
                                xp_notices *notes, xp_error *err) {
    if (opt->bandpass_low != 0 || opt->bandpass_high != 0) {
        XP_TRY(
            xp_filter_bandpass(&f->step[f->n++], opt->bandpass_low, opt->bandpass_high, rate, err));
        xp_notice_add(notes, XP_SAY_BANDPASS, NULL,
                      XP_ARGS(xp_arg_number("low", opt->bandpass_low),
                              xp_arg_number("high", opt->bandpass_high)));
    }
    if (opt->notch != 0) {
        XP_TRY(xp_filter_notch(&f->step[f->n++], opt->notch, rate, err));
        xp_notice_add(notes, XP_SAY_NOTCH, NULL, XP_ARGS(xp_arg_number("frequency", opt->notch)));
    }
    return XP_OK;
}

/* ---- missing samples ---- */

/* First sample at or after `at` that is missing (or is there); n when there is none. */
static int64_t next_missing(const float *x, int64_t n, int64_t at, bool missing) {
    while (at < n && (!isfinite(x[at])) != missing) at++;
    return at;
}

static void report_gaps(const xp_input_lead *col, int64_t n, double rate, xp_notices *notes) {
    char list[128] = "";
    size_t used = 0;
    int n_long = 0;
    for (int64_t from = next_missing(col->mv, n, 0, true), to; from < n;
         from = next_missing(col->mv, n, to, true)) {
        to = next_missing(col->mv, n, from, false);
        if ((double)(to - from) <= LONG_GAP * rate || ++n_long > LISTED_GAPS) continue;
        int k = snprintf(list + used, sizeof list - used, "%s%.2f-%.2f s", used ? ", " : "",
                         (double)from / rate, (double)to / rate);
        used += k > 0 && (size_t)k < sizeof list - used ? (size_t)k : 0;
    }
    if (n_long > LISTED_GAPS)
        snprintf(list + used, sizeof list - used, " and %d more", n_long - LISTED_GAPS);
    const xp_arg args[] = {xp_arg_number("missing", (double)col->n_missing),
                           xp_arg_number("samples", (double)n), xp_arg_text("gaps", list)};
    xp_notice_add(notes, XP_SAY_MISSING, col->name, n_long ? 3 : 2, args);
}

/* A straight line across every gap; the nearest value before the first and after the last sample,
 * 0 when there is none. */
static void bridge_gaps(float *x, int64_t n) {
    for (int64_t from = next_missing(x, n, 0, true), to; from < n;
         from = next_missing(x, n, to, true)) {
        to = next_missing(x, n, from, false);
        double right = to < n ? (double)x[to] : from > 0 ? (double)x[from - 1] : 0;
        double left = from > 0 ? (double)x[from - 1] : right;
        double slope = (right - left) / (double)(to - from + 1);
        for (int64_t i = from; i < to; i++) x[i] = (float)(left + slope * (double)(i - from + 1));
    }
}

/* Makes missing each sample of y (at the new rate) next to which x has a missing one. */
static void mark_gaps(float *y, int64_t n_out, const float *x, int64_t n, int up, int down) {
    int64_t at = 0, rest = 0; /* output m lies at input at + rest/up */
    for (int64_t m = 0; m < n_out; m++) {
        if (!isfinite(x[at]) || (rest && at + 1 < n && !isfinite(x[at + 1]))) y[m] = NAN;
        at += down / up;
        rest += down % up;
        if (rest >= up) rest -= up, at++;
    }
}

/* ---- another rate, filters ---- */

/* The columns at the record's rate without gaps: *in[c] points to the column or into *copies, which
 * the caller frees. */
static xp_status without_gaps(const float **in, float **copies, const xp_input_lead *cols,
                              int n_cols, int64_t n, xp_error *err) {
    int with_gaps = 0;
    for (int c = 0; c < n_cols; c++) with_gaps += cols[c].n_missing > 0;
    size_t bytes;
    *copies = NULL;
    if (with_gaps) {
        bool fits = xp_mul_size((size_t)n * sizeof(float), (size_t)with_gaps, &bytes);
        *copies = fits ? malloc(bytes) : NULL;
        if (!*copies) return xp_fail(err, XP_ERR_MEMORY, "no memory to bridge missing samples");
    }
    float *next = *copies;
    for (int c = 0; c < n_cols; c++) {
        in[c] = cols[c].mv;
        if (!cols[c].n_missing) continue;
        memcpy(next, cols[c].mv, (size_t)n * sizeof *next);
        bridge_gaps(next, n);
        in[c] = next;
        next += n;
    }
    return XP_OK;
}

static xp_status apply_filters(const filters *f, float *const *y, int n_leads, int64_t n,
                               xp_error *err) {
    if (!f->n) return XP_OK;
    size_t samples = 2 * (size_t)n + 2 * (size_t)xp_filter_edge(&(xp_sos){.n = XP_SOS_MAX}, n),
           bytes;
    double *x = xp_mul_size(samples, sizeof *x, &bytes) ? malloc(bytes) : NULL;
    if (!x) return xp_fail(err, XP_ERR_MEMORY, "no memory to filter %lld samples", (long long)n);
    for (int c = 0; c < n_leads; c++) {
        for (int64_t i = 0; i < n; i++) x[i] = (double)y[c][i];
        for (int k = 0; k < f->n; k++) xp_filter_both_ways(&f->step[k], x, n, x + n);
        for (int64_t i = 0; i < n; i++) y[c][i] = (float)x[i];
    }
    free(x);
    return XP_OK;
}

/* Resampled and filtered columns into y; missing samples are missing again at the end. */
static xp_status transform(float *const *y, int64_t n_out, const xp_input_lead *cols, int n_cols,
                           int64_t n, xp_resampler *r, const filters *f, xp_error *err) {
    const float *in[MAX_SPEC_LEADS];
    float *copies;
    XP_TRY(without_gaps(in, &copies, cols, n_cols, n, err));
    xp_resample(r, n_cols, y, in, n);
    free(copies);
    XP_TRY(apply_filters(f, y, n_cols, n_out, err));
    for (int c = 0; c < n_cols; c++)
        if (cols[c].n_missing) mark_gaps(y[c], n_out, cols[c].mv, n, r->up, r->down);
    return XP_OK;
}

static xp_status make_planes(planes *p, const xp_input_lead *cols, int64_t n, xp_resampler *r,
                             const filters *f, xp_error *err) {
    for (int c = 0; c < p->n_leads; c++) p->mv[c] = cols[c].mv;
    p->n = xp_resampler_length(r, n);
    if (p->n > MAX_FLOATS / p->n_leads)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%lld samples of %d leads at the model's rate need more than 2 GiB: cut the "
                       "recording into parts",
                       (long long)p->n, p->n_leads);
    if (r->up == r->down && !f->n) return XP_OK;
    p->block = malloc(((size_t)p->n * (size_t)p->n_leads + 1) * sizeof *p->block);
    if (!p->block)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for %lld samples of %d leads",
                       (long long)p->n, p->n_leads);
    float *y[MAX_SPEC_LEADS];
    for (int c = 0; c < p->n_leads; c++) p->mv[c] = y[c] = p->block + (int64_t)c * p->n;
    return transform(y, p->n, cols, p->n_leads, n, r, f, err);
}

static void report_rate(const xp_resampler *r, double from, double to, xp_notices *notes) {
    if (r->up == r->down) return;
    const xp_arg args[] = {xp_arg_number("from", from), xp_arg_number("to", to),
                           xp_arg_number("up", r->up), xp_arg_number("down", r->down),
                           xp_arg_number("error", r->error)};
    xp_notice_add(notes, XP_SAY_RESAMPLED, NULL, fabs(r->error) > 1e-9 ? 5 : 4, args);
}

/* ---- windows ---- */

static int64_t count_windows(int64_t n, int64_t length) {
    return n <= length + 1 ? 1 : n / length + (n % length > 1);
}

static xp_status alloc_windows(xp_input *in, int64_t count, const xp_input_spec *spec,
                               xp_error *err) {
    int64_t each = (int64_t)spec->length * spec->n_leads;
    if (count > MAX_FLOATS / each)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%lld windows of %d samples of %d leads need more than 2 GiB: cut the "
                       "recording into parts",
                       (long long)count, spec->length, spec->n_leads);
    in->n_windows = (int)count;
    in->length = spec->length;
    in->n_leads = spec->n_leads;
    in->rate = spec->rate;
    in->x = malloc((size_t)(count * each) * sizeof *in->x);
    in->start = malloc((size_t)count * sizeof *in->start);
    in->valid = malloc((size_t)count * sizeof *in->valid);
    if (!in->x || !in->start || !in->valid)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for %lld windows of the recording",
                       (long long)count);
    return XP_OK;
}

/* x (length, n_leads) from valid samples at `start`; missing ones and the rest are 0. */
static void fill_window(float *x, const planes *p, int64_t start, int64_t valid, int length) {
    for (int64_t t = 0; t < valid; t++)
        for (int c = 0; c < p->n_leads; c++) {
            float v = p->mv[c][start + t];
            x[t * p->n_leads + c] = isfinite(v) ? v : 0;
        }
    memset(x + valid * p->n_leads, 0, (size_t)((length - valid) * p->n_leads) * sizeof *x);
}

static void report_length(int64_t n, int64_t count, const xp_input_spec *spec, xp_notices *notes) {
    double seconds = (double)n / spec->rate, window = spec->length / spec->rate;
    if (n + 1 < spec->length)
        xp_notice_add(notes, XP_SAY_SHORT, NULL,
                      XP_ARGS(xp_arg_number("seconds", seconds), xp_arg_number("window", window)));
    const xp_arg args[] = {xp_arg_number("seconds", seconds),
                           xp_arg_number("windows", (double)count), xp_arg_number("window", window),
                           xp_arg_text("last", "overlaps the one before")};
    if (count > 1) xp_notice_add(notes, XP_SAY_WINDOWS, NULL, n % spec->length > 1 ? 4 : 3, args);
}

static xp_status cut_windows(xp_input *in, const planes *p, const xp_input_spec *spec,
                             xp_error *err) {
    int64_t count = count_windows(p->n, spec->length);
    XP_TRY(alloc_windows(in, count, spec, err));
    for (int64_t w = 0; w < count; w++) {
        int64_t start = w * spec->length;
        if (w > 0 && start + spec->length > p->n) start = p->n - spec->length;
        in->start[w] = start;
        in->valid[w] = p->n < spec->length ? p->n : spec->length;
        fill_window(in->x + w * spec->length * spec->n_leads, p, start, in->valid[w], spec->length);
    }
    report_length(p->n, count, spec, &in->notices);
    return XP_OK;
}

/* ---- all of it ---- */

static xp_status prepare_columns(xp_input *in, const xp_input_lead *cols, const xp_record *rec,
                                 const xp_input_spec *spec, const xp_prepare_options *opt,
                                 xp_resampler *r, xp_error *err) {
    filters f = {.n = 0};
    const float *mv[MAX_SPEC_LEADS];
    planes p = {.n_leads = spec->n_leads, .mv = mv};
    XP_TRY(xp_amplitude_check(cols, spec->n_leads, rec->n, rec->rate, opt->accept_amplitude,
                              &in->notices, err));
    for (int c = 0; c < spec->n_leads; c++)
        if (cols[c].n_missing) report_gaps(&cols[c], rec->n, rec->rate, &in->notices);
    report_rate(r, rec->rate, spec->rate, &in->notices);
    XP_TRY(design_filters(&f, opt, spec->rate, &in->notices, err));
    xp_status s = make_planes(&p, cols, rec->n, r, &f, err);
    if (s == XP_OK) s = cut_windows(in, &p, spec, err);
    free(p.block);
    return s;
}

static xp_status prepare(xp_input *in, const xp_record *rec, const xp_input_spec *spec,
                         const xp_prepare_options *opt, xp_error *err) {
    xp_input_lead *cols;
    xp_resampler r;
    XP_TRY(xp_resampler_init(&r, rec->rate, spec->rate, err));
    xp_status s =
        xp_input_leads_find(&cols, rec, spec, opt->accept_missing_leads, &in->notices, err);
    if (s == XP_OK) {
        s = prepare_columns(in, cols, rec, spec, opt, &r, err);
        xp_input_leads_free(cols, spec->n_leads);
    }
    xp_resampler_free(&r);
    return s;
}

/* A rate that no recorder has is a mistake in the header, and changes how long everything is. */
static xp_status check_extent(const xp_record *rec, xp_error *err) {
    if (rec->n < 1)
        return xp_fail(err, XP_ERR_TRUNCATED,
                       "the recording has no samples: nothing can be analysed");
    if (!(rec->rate >= MIN_RATE && rec->rate <= MAX_RATE))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "the sampling rate of %g Hz is not credible: an electrocardiogram has %g to "
                       "%g Hz, most have 100 to 1000; correct the rate in the header",
                       rec->rate, MIN_RATE, MAX_RATE);
    if ((double)rec->n >= MIN_SECONDS * rec->rate) return XP_OK;
    return xp_fail(err, XP_ERR_TRUNCATED,
                   "the recording lasts %.3g s (%lld samples at %g Hz): at least %g s, which holds "
                   "a heartbeat, is needed; check the rate in the header, or use a longer one",
                   (double)rec->n / rec->rate, (long long)rec->n, rec->rate, MIN_SECONDS);
}

xp_status xp_prepare(xp_input *in, const xp_record *rec, const xp_input_spec *spec,
                     const xp_prepare_options *opt, xp_error *err) {
    static const xp_prepare_options plain = {0};
    XP_TRY(check_spec(spec, err));
    XP_TRY(check_extent(rec, err));
    if (!opt) opt = &plain;
    XP_TRY(xp_record_check_sums(rec, opt->accept_checksums, err));
    xp_input result = {0};
    xp_status s = prepare(&result, rec, spec, opt, err);
    if (s != XP_OK) {
        xp_input_free(&result);
        return s;
    }
    *in = result;
    return XP_OK;
}

void xp_input_free(xp_input *in) {
    free(in->x);
    free(in->start);
    free(in->valid);
    xp_notices_free(&in->notices);
    *in = (xp_input){0};
}
