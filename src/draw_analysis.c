#include "draw_analysis.h"

#include "nn/meaning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

xp_status xp_draw_record(xp_display *d, const xp_record *rec, const xp_plot_map *map,
                         const xp_plot_options *opt, xp_error *err) {
    xp_plot_lead *leads = malloc((size_t)rec->n_leads * sizeof *leads);
    if (!leads) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a drawing");
    for (int i = 0; i < rec->n_leads; i++)
        leads[i] = (xp_plot_lead){rec->leads[i].name, rec->leads[i].mv, rec->leads[i].derived};
    xp_plot_record r = {rec->name, rec->rate, rec->n, rec->n_leads, leads, NULL};
    xp_status s = xp_plot_ecg(d, &r, map, opt, err);
    free(leads);
    return s;
}

static double window_start(const xp_analysis *a, int window) {
    return (double)a->input.start[window] / a->input.rate;
}

static int choose_window(const xp_analysis *a, int label, double start) {
    int window;
    xp_analysis_probability(a, label, &window);
    if (start > 0)
        for (window = a->n_windows - 1; window > 0; window--)
            if (window_start(a, window) <= start) break;
    return window;
}

/* As much as is wanted, with the window in it. */
static xp_plot_options page_of(const xp_plot_options *opt, const xp_record *rec,
                               const xp_analysis *a, int window) {
    xp_plot_options page = *opt;
    const double seconds = page.seconds > 0 ? page.seconds : 10;
    page.window = window_start(a, window);
    page.window_seconds = (double)a->input.valid[window] / a->input.rate;
    if (!(page.start > 0))
        page.start = fmax(0, fmin(page.window, (double)rec->n / rec->rate - seconds));
    return page;
}

/* The map of a window, 0 to 1; NULL without memory. */
static float *normalised_map(const xp_analysis *a, int window, int label) {
    const size_t n = (size_t)a->map_length;
    const size_t row = (size_t)window * (size_t)a->n_maps + (size_t)(label - a->first_map_label);
    float *values = malloc(n * sizeof *values);
    if (!values) return NULL;
    memcpy(values, a->maps + row * n, n * sizeof *values);
    xp_gradcam_normalise(values, a->map_length);
    return values;
}

xp_status xp_draw_analysis(xp_display *d, const xp_record *rec, const xp_analysis *a,
                           const xp_model *m, int layer, int label, const xp_plot_options *opt,
                           xp_error *err) {
    const int w = choose_window(a, label, opt->start);
    const double value = (double)a->probabilities[(size_t)w * (size_t)a->n_labels + (size_t)label];
    float *values = normalised_map(a, w, label);
    if (!values) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a map");
    char name[128];
    snprintf(name, sizeof name, "%s%s", m->labels[label].name,
             m->trained ? "" : " (untrained model)");
    const xp_plot_map map = {.values = values,
                             .n = a->map_length,
                             .start = window_start(a, w),
                             .seconds = a->input.length / a->input.rate,
                             .label = name,
                             .layer = m->graph.ops[layer].name,
                             .probability = value,
                             .is_score = !xp_model_gives_probabilities(m),
                             .below = value < m->labels[label].threshold};
    const xp_plot_options page = page_of(opt, rec, a, w);
    xp_status s = xp_draw_record(d, rec, &map, &page, err);
    free(values);
    return s;
}
