#include "ecg/amplitude.h"

#include <math.h>
#include <stdlib.h>

#define STRETCH 2.0 /* s */

/* Peak to peak of the values that are there; NaN when fewer than half are. */
static float peak_to_peak(const float *x, int64_t n) {
    float low = INFINITY, high = -INFINITY;
    int64_t present = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) continue;
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
        present++;
    }
    return present && 2 * present >= n ? high - low : NAN;
}

static int compare_floats(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Appends to values (at *count) the stretches of a lead that are neither flat nor mostly missing.
 * A rest of less than half a stretch goes with the one before. */
static void measure_lead(const float *x, int64_t n, int64_t stretch, float *values,
                         int64_t *count) {
    for (int64_t at = 0, size; at < n; at += size) {
        size = n - at < stretch + stretch / 2 ? n - at : stretch;
        float p = peak_to_peak(x + at, size);
        if (p > 0) values[(*count)++] = p;
    }
}

/* Whether all values that are there are equal (and some are there). */
static bool is_flat(const xp_input_lead *col, int64_t n) {
    int64_t first = 0;
    while (first < n && !isfinite(col->mv[first])) first++;
    for (int64_t i = first; i < n; i++)
        if (isfinite(col->mv[i]) && col->mv[i] != col->mv[first]) return false;
    return first < n;
}

/* Median over all leads and stretches; 0 when every lead is flat or missing. */
static xp_status measure(double *out, const xp_input_lead *columns, int n_columns, int64_t n,
                         double rate, xp_error *err) {
    int64_t stretch = (int64_t)(STRETCH * rate) + 1, count = 0;
    size_t most = (size_t)n_columns * ((size_t)(n / stretch) + 1);
    float *values = malloc(most * sizeof *values);
    if (!values) return xp_fail(err, XP_ERR_MEMORY, "no memory to measure the amplitude");
    for (int c = 0; c < n_columns; c++) measure_lead(columns[c].mv, n, stretch, values, &count);
    qsort(values, (size_t)count, sizeof *values, compare_floats);
    *out = count ? (double)values[count / 2] : 0;
    free(values);
    return XP_OK;
}

static xp_status refuse(double amplitude, xp_error *err) {
    if (amplitude == 0)
        return xp_fail(err, XP_ERR_UNITS,
                       "the recording holds no signal: every lead is flat or missing; check the "
                       "electrodes and the export, or confirm that it is to be analysed so");
    return xp_fail(
        err, XP_ERR_UNITS,
        "the amplitude is not credible: typically %.3g mV peak to peak, where an ECG has "
        "%g to %g mV; the gain or the units in the header look wrong (%s): correct them, "
        "or confirm that the recording is to be analysed as it is",
        amplitude, XP_AMPLITUDE_LOW, XP_AMPLITUDE_HIGH,
        amplitude < 1 ? "gain too large, or volts read as millivolts"
                      : "gain too small, or microvolts read as millivolts");
}

/* One lead beside credible others: a gain that is wrong in one line of the header, or a loose
 * electrode. Too small is only told: a disconnected lead holds little but noise. */
static xp_status check_lead(const xp_input_lead *col, int64_t n, double rate, bool accept,
                            xp_notices *notes, xp_error *err) {
    double amplitude = 0;
    XP_TRY(measure(&amplitude, col, 1, n, rate, err));
    if (amplitude == 0 || (amplitude >= XP_AMPLITUDE_MIN && amplitude <= XP_AMPLITUDE_MAX))
        return XP_OK;
    if (amplitude > XP_AMPLITUDE_MAX && !accept)
        return xp_fail(
            err, XP_ERR_UNITS,
            "lead %s: its amplitude is not credible, typically %.3g mV peak to peak; its "
            "gain or units in the header look wrong, or its electrode was loose: correct "
            "them, or confirm that the recording is to be analysed as it is",
            col->name, amplitude);
    xp_notice_add(notes, XP_SAY_LEAD_AMPLITUDE, col->name,
                  XP_ARGS(xp_arg_number("amplitude", amplitude)));
    return XP_OK;
}

xp_status xp_amplitude_check(const xp_input_lead *columns, int n_columns, int64_t n, double rate,
                             bool accept, xp_notices *notes, xp_error *err) {
    double amplitude = 0;
    XP_TRY(measure(&amplitude, columns, n_columns, n, rate, err));
    bool credible = amplitude >= XP_AMPLITUDE_MIN && amplitude <= XP_AMPLITUDE_MAX;
    if (!credible && !accept) return refuse(amplitude, err);
    for (int c = 0; c < n_columns; c++) {
        if (!columns[c].absent && is_flat(&columns[c], n))
            xp_notice_add(notes, XP_SAY_FLAT, columns[c].name, XP_NO_ARGS);
        if (credible) XP_TRY(check_lead(&columns[c], n, rate, accept, notes, err));
    }
    if (!(amplitude >= XP_AMPLITUDE_LOW && amplitude <= XP_AMPLITUDE_HIGH))
        xp_notice_add(
            notes, XP_SAY_AMPLITUDE, NULL,
            XP_ARGS(xp_arg_text("how", credible ? "unusual" : "not credible, and was accepted"),
                    xp_arg_number("amplitude", amplitude), xp_arg_number("low", XP_AMPLITUDE_LOW),
                    xp_arg_number("high", XP_AMPLITUDE_HIGH)));
    return XP_OK;
}
