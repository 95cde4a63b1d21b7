#include "ecg/write/groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double xp_sample_value(const xp_stored_signal *s, int64_t i) {
    if (i >= s->n) return NAN;
    if (s->physical) return s->physical[i];
    return s->digital[i] == s->missing ? NAN : (s->digital[i] - s->baseline) / s->gain;
}

/* The most samples per frame below `below`; 0: there are none. */
static int next_rate(const xp_stored *w, int below) {
    int most = 0;
    for (int i = 0; i < w->n_signals; i++) {
        int spf = w->signals[i].samples_per_frame;
        if (spf < below && spf > most) most = spf;
    }
    return most;
}

xp_status xp_write_groups(xp_written *out, const xp_stored *w, const char *name,
                          xp_status (*each)(xp_written *out, const xp_stored *w, const char *name,
                                            const int *signals, int n, xp_error *err),
                          xp_error *err) {
    int *signals = malloc(((size_t)w->n_signals + 1) * sizeof *signals);
    if (!signals) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    int first = next_rate(w, INT32_MAX);
    bool several = next_rate(w, first) > 0;
    xp_status s = XP_OK;
    for (int spf = first; s == XP_OK && spf > 0; spf = next_rate(w, spf)) {
        char file[150];
        int n = 0;
        for (int i = 0; i < w->n_signals; i++)
            if (w->signals[i].samples_per_frame == spf) signals[n++] = i;
        snprintf(file, sizeof file, several ? "%s_%gHz" : "%s", name, w->rate * spf);
        if (out->n == XP_WRITTEN_MOST)
            s = xp_fail(err, XP_ERR_UNSUPPORTED,
                        "signals of more than %d rates, each a table: write wfdb or edf",
                        XP_WRITTEN_MOST);
        else
            s = each(out, w, file, signals, n, err);
    }
    free(signals);
    return s;
}
