/* NumPy's .npy: float64 (samples, signals) in millivolt, NaN where missing, and nothing else: the
 * rate and the names, which an array has no place for, are reported in a notice. */
#include "ecg/write/groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_head(xp_buffer *b, long long rows, int columns) {
    char text[128];
    int n =
        snprintf(text, sizeof text,
                 "{'descr': '<f8', 'fortran_order': False, 'shape': (%lld, %d), }", rows, columns);
    enum { BEFORE = 10, ALIGNED = 128 }; /* the samples begin at byte 128 */
    xp_buffer_add(b, "\x93NUMPY\1\0", 8);
    xp_buffer_le(b, ALIGNED - BEFORE, 2);
    xp_buffer_add(b, text, (size_t)n);
    xp_buffer_fill(b, ' ', (size_t)(ALIGNED - BEFORE - 1 - n));
    xp_buffer_text(b, "\n");
}

static void write_value(xp_buffer *b, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    xp_buffer_le(b, bits, 8);
}

static void write_names(xp_written *out, const xp_stored *w, const int *signals, int n,
                        double rate) {
    char what[160];
    size_t at =
        (size_t)snprintf(what, sizeof what, "the rate (%g Hz), the unit (mV) and names (", rate);
    for (int k = 0; k < n && at + 70 < sizeof what; k++)
        at += (size_t)snprintf(what + at, sizeof what - at, "%s%s", k ? "," : "",
                               w->signals[signals[k]].name);
    snprintf(what + at, sizeof what - at, ")");
    xp_notice_add(&out->notices, XP_SAY_NOT_WRITTEN, NULL,
                  XP_ARGS(xp_arg_text("format", "a NumPy array"), xp_arg_text("what", what)));
}

/* The voltages among the signals, which move to the front; how many they are. */
static int voltages(xp_written *out, const xp_stored *w, int *chosen, const int *signals, int n) {
    int kept = 0;
    double times, over;
    for (int k = 0; k < n; k++) {
        const xp_stored_signal *s = &w->signals[signals[k]];
        if (xp_volt_unit(s->units, &times, &over))
            chosen[kept++] = signals[k];
        else
            xp_notice_add(&out->notices, XP_SAY_LEFT_OUT, s->name,
                          XP_ARGS(xp_arg_text("signal", s->name),
                                  xp_arg_text("why", "its unit is not a voltage")));
    }
    return kept;
}

static xp_status write_array(xp_written *out, const xp_stored *w, const char *name,
                             const int *signals, int n, xp_error *err) {
    int *chosen = malloc(((size_t)n + 1) * sizeof *chosen);
    if (!chosen) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    int spf = w->signals[signals[0]].samples_per_frame, kept = voltages(out, w, chosen, signals, n);
    int64_t rows = w->n_frames * spf;
    if (kept) {
        xp_buffer *b = xp_written_add(out, name, ".npy");
        write_head(b, (long long)rows, kept);
        for (int64_t i = 0; i < rows && !b->failed; i++)
            for (int k = 0; k < kept; k++) {
                const xp_stored_signal *s = &w->signals[chosen[k]];
                double times = 1, over = 1;
                xp_volt_unit(s->units, &times, &over);
                write_value(b, xp_sample_value(s, i) * times / over);
            }
        write_names(out, w, chosen, kept, w->rate * spf);
    }
    free(chosen);
    return XP_OK;
}

static xp_status write_npy(xp_written *out, const xp_stored *w, const char *name,
                           const xp_write_options *opt, xp_error *err) {
    (void)opt;
    XP_TRY(xp_write_groups(out, w, name, write_array, err));
    if (out->n) return XP_OK;
    return xp_fail(err, XP_ERR_UNITS, "no signal is a voltage: write another format");
}

const xp_writer xp_writer_npy = {
    .name = "npy",
    .title = "NumPy array",
    .ending = ".npy",
    .low = -INT32_MAX,
    .high = INT32_MAX,
    .write = write_npy,
};
