#include "lead_attribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double PIECE_SECONDS[] = {
    [XP_ATTRIBUTION_OCCLUSION] = 0.5, [XP_ATTRIBUTION_INTEGRATED_GRADIENTS] = 0.02};

int xp_lead_attribution_layer(xp_lead_attribution_method method) {
    return method == XP_ATTRIBUTION_INTEGRATED_GRADIENTS ? XP_INPUT_OP : -1;
}

void xp_lead_attribution_free(xp_lead_attribution *e) {
    free(e->rows);
    free(e->values);
    *e = (xp_lead_attribution){0};
}

static int model_lead(const xp_model *m, const char *name) {
    for (int i = 0; i < m->n_leads; i++)
        if (!strcasecmp(m->leads[i], name)) return i;
    return -1;
}

/* The rows in the record's order of leads; NULL without memory. */
static float *by_record(const xp_lead_attribution *e, const xp_record *rec, const xp_model *m) {
    size_t steps = (size_t)e->steps;
    float *out = malloc((size_t)e->n_labels * (size_t)e->n_leads * steps * sizeof *out);
    for (int k = 0; out && k < e->n_labels; k++)
        for (int i = 0; i < e->n_leads; i++) {
            int from = model_lead(m, rec->leads[i].name);
            float *row = out + ((size_t)k * (size_t)e->n_leads + (size_t)i) * steps;
            for (size_t t = 0; from < 0 && t < steps; t++) row[t] = NAN;
            if (from >= 0)
                memcpy(row, e->rows + ((size_t)k * (size_t)m->n_leads + (size_t)from) * steps,
                       steps * sizeof *row);
        }
    return out;
}

static xp_status integrate(xp_lead_attribution *e, const float *x, int segment, const xp_model *m,
                           xp_net *net, const xp_lead_attribution_options *opt, xp_error *err) {
    float *ig = malloc((size_t)m->length * (size_t)m->n_leads * sizeof *ig);
    if (!ig) return xp_fail(err, XP_ERR_MEMORY, "no memory for integrated gradients");
    xp_ig_options o = {.progress = opt->progress};
    xp_status s = xp_integrated_gradients(net, m, x, opt->label, &o, ig, &e->ig, err);
    if (s == XP_OK) xp_attribution_pool(ig, m->length, m->n_leads, segment, e->rows);
    free(ig);
    return s;
}

xp_status xp_lead_attribution_make(xp_lead_attribution *e, const xp_analysis *a,
                                   const xp_record *rec, const xp_model *m, xp_net *net,
                                   const xp_lead_attribution_options *opt, xp_error *err) {
    const int w = opt->window;
    const bool all = opt->method == XP_ATTRIBUTION_OCCLUSION;
    if (w < 0 || w >= a->n_windows || opt->label < 0 || opt->label >= m->n_labels)
        return xp_fail(err, XP_ERR_USAGE, "there is no window %d or no label %d", w, opt->label);
    int segment = (int)lround(PIECE_SECONDS[opt->method] * m->rate);
    if (segment < 1) segment = 1;
    if (segment > m->length) segment = m->length;
    xp_lead_attribution made = {.method = opt->method,
                                .window = w,
                                .first_label = all ? 0 : opt->label,
                                .n_labels = all ? m->n_labels : 1,
                                .n_leads = rec->n_leads,
                                .steps = xp_attribution_segments(m->length, segment),
                                .step = segment / m->rate};
    size_t rows_n = (size_t)made.n_labels * (size_t)m->n_leads * (size_t)made.steps;
    made.rows = calloc(rows_n, sizeof *made.rows);
    if (!made.rows) return xp_fail(err, XP_ERR_MEMORY, "no memory for evidence by lead");
    const float *x = a->input.x + (size_t)w * (size_t)m->length * (size_t)m->n_leads;
    xp_occlusion_options o = {
        .segment = segment, .valid = (int)a->input.valid[w], .progress = opt->progress};
    xp_status s = all ? xp_occlusion(net, m, x, &o, made.rows, err)
                      : integrate(&made, x, segment, m, net, opt, err);
    if (s == XP_OK) made.values = by_record(&made, rec, m);
    if (s == XP_OK && !made.values)
        s = xp_fail(err, XP_ERR_MEMORY, "no memory for evidence by lead");
    if (s == XP_OK)
        *e = made;
    else
        xp_lead_attribution_free(&made);
    return s;
}
