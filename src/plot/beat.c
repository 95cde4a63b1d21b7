/* One median beat as a drawing. */
#include "plot/plot.h"

#include <math.h>
#include <stdio.h>

static const float ROW_MM = 60; /* of 3x4, at most */

/* Whether all leads stay within so many mV. */
static bool fits(const xp_plot_record *r, float mv) {
    for (int l = 0; l < r->n_leads; l++)
        for (int64_t i = 0; i < r->n; i++)
            if (fabsf(r->leads[l].mv[i]) > mv) return false; /* NaN: not there */
    return true;
}

xp_status xp_plot_one_beat(xp_display *d, const xp_plot_record *beat, int n_beats,
                           const xp_plot_beat *mark, const xp_plot_options *opt, xp_error *err) {
    char name[160];
    snprintf(name, sizeof name, "%.100s   median of %d beats", beat->name, n_beats);
    xp_plot_record r = *beat;
    xp_plot_options o = *opt;
    r.name = name;
    o.layout = XP_LAYOUT_3X4;
    o.speed = 50;
    if (o.gain == 0) o.gain = fits(beat, ROW_MM / 2 / 20) ? 20 : 10;
    o.start = 0;
    o.seconds = (double)r.n / r.rate;
    o.beats = mark;
    o.n_beats = 1;
    o.n_faults = 0;
    o.one_beat = true;
    return xp_plot_ecg(d, &r, NULL, &o, err);
}
