/* A made recording of twelve leads with a map, for the tests of drawings. */
#ifndef XP_TEST_PLOT_SAMPLES_H
#define XP_TEST_PLOT_SAMPLES_H

#include "plot/plot.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 500, N = 10 * RATE, LEADS = 12, STEPS = 250 };

static const char *const NAMES[LEADS] = {"V6",  "V5",  "V4",  "V3",  "V2", "V1",
                                         "aVF", "aVL", "aVR", "III", "II", "I"};

typedef struct sample {
    float mv[LEADS][N], map[STEPS];
    xp_plot_lead leads[LEADS];
    xp_plot_record rec;
    xp_plot_map of;
} sample;

/* A beat as a sum of bells, of another size in every lead; V3 has a gap. */
static inline float beat(double t, int lead) {
    static const double AT[] = {0.18, 0.34, 0.37, 0.40, 0.62}, WIDTH[] = {25, 90, 80, 80, 14},
                        HEIGHT[] = {0.12, -0.1, 1, -0.25, 0.3};
    double v = 0;
    for (int i = 0; i < 5; i++) v += HEIGHT[i] * exp(-pow((t - AT[i]) * WIDTH[i], 2));
    return (float)(v * (1.3 - 0.2 * lead));
}

static inline sample *sample_new(void) {
    sample *s = calloc(1, sizeof *s);
    assert_non_null(s);
    for (int l = 0; l < LEADS; l++) {
        for (int i = 0; i < N; i++) s->mv[l][i] = beat(fmod(i / (double)RATE, 0.8), l);
        s->leads[l] = (xp_plot_lead){NAMES[l], s->mv[l], l == 9};
    }
    for (int i = 700; i < 1000; i++) s->mv[3][i] = NAN;
    for (int i = 0; i < STEPS; i++) s->map[i] = (float)fabs(sin(i * 0.05));
    s->rec = (xp_plot_record){"sample", RATE, N, LEADS, s->leads, NULL};
    s->of = (xp_plot_map){.values = s->map,
                          .n = STEPS,
                          .seconds = 10,
                          .label = "afib",
                          .layer = "block3.shortcut",
                          .probability = 0.5};
    return s;
}

static inline xp_display drawn(const xp_plot_record *rec, const xp_plot_map *map,
                               const xp_plot_options *o) {
    xp_display d = {0};
    xp_error err = {0};
    if (xp_plot_ecg(&d, rec, map, o, &err) != XP_OK) fail_msg("%s", err.text);
    return d;
}

static inline xp_image raster(const xp_display *d, double dpi) {
    xp_image im = {0};
    xp_error err = {0};
    if (xp_raster(&im, d, dpi, &err) != XP_OK) fail_msg("%s", err.text);
    return im;
}

static inline bool has_text(const xp_display *d, const char *text) {
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= d->n_text; i++)
        if (!memcmp(d->text + i, text, n)) return true;
    return false;
}

#endif
