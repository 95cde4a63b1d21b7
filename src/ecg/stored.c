#include "ecg/stored.h"

#include "base/memory_limit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *xp_alloc_array(int64_t n, size_t each) {
    if (n < 0 || (uint64_t)n > (SIZE_MAX / 2) / each) return NULL;
    return malloc(n ? (size_t)n * each : 1);
}

/* ==== recordings ============================================================================= */

enum { MOST_SIGNALS = 4096 };

static xp_status check_shape(double rate, int n_signals, const int64_t *per_signal, int64_t *total,
                             xp_error *err) {
    if (!(rate > 0 && rate <= 1e6))
        return xp_fail(err, XP_ERR_FORMAT,
                       "sampling rate %g Hz: expected more than 0 and at most 1e6 Hz", rate);
    if (n_signals < 1 || n_signals > MOST_SIGNALS)
        return xp_fail(err, XP_ERR_LIMIT, "%d signals: expected 1 to %d", n_signals, MOST_SIGNALS);
    *total = 0;
    for (int i = 0; i < n_signals; i++) {
        if (per_signal[i] < 0 || per_signal[i] > INT64_MAX / 8 / n_signals)
            return xp_fail(err, XP_ERR_LIMIT, "%lld samples are more than this program can address",
                           (long long)per_signal[i]);
        *total += per_signal[i];
    }
    return XP_OK;
}

xp_status xp_stored_outline(xp_stored *w, const char *name, double rate, int n_signals,
                            const int64_t *per_signal, xp_error *err) {
    int64_t total = 0;
    XP_TRY(check_shape(rate, n_signals, per_signal, &total, err));
    xp_stored made = {.rate = rate, .n_signals = n_signals, .facts = xp_facts_unknown()};
    xp_copy_text(made.name, sizeof made.name, name);
    made.signals = calloc((size_t)n_signals, sizeof *made.signals);
    if (!made.signals) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d signals", n_signals);
    for (int i = 0; i < n_signals; i++)
        made.signals[i] = (xp_stored_signal){
            .samples_per_frame = 1, .calibrated = true, .n = per_signal[i], .missing = INT32_MIN};
    *w = made;
    return XP_OK;
}

xp_status xp_stored_alloc(xp_stored *w, const char *name, double rate, int n_signals,
                          const int64_t *per_signal, xp_error *err) {
    int64_t total = 0;
    XP_TRY(check_shape(rate, n_signals, per_signal, &total, err));
    XP_TRY(xp_memory_check(12.0 * (double)total, 0, "reading its samples", "cut the recording",
                           err)); /* as they are stored, and as volts */
    xp_stored made;
    XP_TRY(xp_stored_outline(&made, name, rate, n_signals, per_signal, err));
    made.samples = xp_alloc_array(total, sizeof *made.samples);
    if (!made.samples) {
        xp_stored_free(&made);
        return xp_fail(err, XP_ERR_MEMORY, "no memory for %lld samples of %d signals",
                       (long long)total, n_signals);
    }
    memset(made.samples, 0, (size_t)total * sizeof *made.samples);
    int32_t *at = made.samples;
    for (int i = 0; i < n_signals; at += per_signal[i++]) made.signals[i].digital = at;
    *w = made;
    return XP_OK;
}

void xp_stored_free(xp_stored *w) {
    for (int i = 0; w->signals && i < w->n_signals; i++) free(w->signals[i].physical);
    free(w->signals);
    free(w->samples);
    for (int i = 0; i < w->n_comments; i++) free(w->comments[i]);
    free(w->comments);
    xp_facts_free(&w->facts);
    xp_notices_free(&w->notices);
    *w = (xp_stored){0};
}

/* Values first, without branches, so that several are divided at once; then those that are missing
 * among them, where there are any. */
static void to_physical(double *restrict out, const xp_stored_signal *s) {
    enum { BLOCK = 1024 };
    const double baseline = s->baseline, gain = s->gain;
    for (int64_t from = 0; from < s->n; from += BLOCK) {
        const int32_t *restrict d = s->digital + from;
        const int n = s->n - from < BLOCK ? (int)(s->n - from) : BLOCK;
        double *restrict v = out + from;
        for (int k = 0; k < n; k++) v[k] = ((double)d[k] - baseline) / gain;
        xp_mark_missing(d, n, s->missing, v, NULL);
    }
}

void xp_mark_missing(const int32_t *d, int n, int32_t missing, double *wide, float *narrow) {
    int hits = 0;
    for (int k = 0; k < n; k++) hits += d[k] == missing;
    for (int k = 0; hits && k < n; k++) {
        if (d[k] != missing) continue;
        if (wide) wide[k] = NAN;
        if (narrow) narrow[k] = NAN;
    }
}

xp_status xp_stored_physical(xp_stored *w, xp_error *err) {
    for (int i = 0; i < w->n_signals; i++) {
        xp_stored_signal *s = &w->signals[i];
        if (s->physical) continue;
        if (!(s->physical = xp_alloc_array(s->n, sizeof *s->physical)))
            return xp_fail(err, XP_ERR_MEMORY, "%s: %lld samples do not fit into memory", w->name,
                           (long long)s->n);
        to_physical(s->physical, s);
    }
    return XP_OK;
}
