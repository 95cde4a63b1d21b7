#include "lead_evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double PIECE_SECONDS[] = {
    [XP_EVIDENCE_OCCLUSION] = 0.5, [XP_EVIDENCE_GRADIENTS] = 0.02};

int xp_evidence_layer(xp_evidence_method method) {
    return method == XP_EVIDENCE_GRADIENTS ? XP_INPUT_OP : -1;
}

void xp_evidence_free(xp_evidence *e) {
    free(e->values);
    *e = (xp_evidence){0};
}

static int model_lead(const xp_model *m, const char *name) {
    for (int i = 0; i < m->n_leads; i++)
        if (!strcasecmp(m->leads[i], name)) return i;
    return -1;
}

/* Rows (n_labels, leads of the model, steps) in the record's order of leads; NULL without memory.
 */
static float *by_record(const float *rows, const xp_evidence *e, const xp_record *rec,
                        const xp_model *m) {
    size_t steps = (size_t)e->steps;
    float *out = malloc((size_t)e->n_labels * (size_t)e->n_leads * steps * sizeof *out);
    for (int k = 0; out && k < e->n_labels; k++)
        for (int i = 0; i < e->n_leads; i++) {
            int from = model_lead(m, rec->leads[i].name);
            float *row = out + ((size_t)k * (size_t)e->n_leads + (size_t)i) * steps;
            for (size_t t = 0; from < 0 && t < steps; t++) row[t] = NAN;
            if (from >= 0)
                memcpy(row, rows + ((size_t)k * (size_t)m->n_leads + (size_t)from) * steps,
                       steps * sizeof *row);
        }
    return out;
}

static xp_status integrate(xp_evidence *e, const float *x, int segment, const xp_model *m,
                           xp_net *net, const xp_evidence_options *opt, float *rows,
                           xp_error *err) {
    float *ig = malloc((size_t)m->length * (size_t)m->n_leads * sizeof *ig);
    if (!ig) return xp_fail(err, XP_ERR_MEMORY, "no memory for integrated gradients");
    xp_ig_options o = {.progress = opt->progress};
    xp_status s = xp_integrated_gradients(net, m, x, opt->label, &o, ig, &e->ig, err);
    if (s == XP_OK) xp_attribution_pool(ig, m->length, m->n_leads, segment, rows);
    free(ig);
    return s;
}

xp_status xp_evidence_make(xp_evidence *e, const xp_analysis *a, const xp_record *rec,
                           const xp_model *m, xp_net *net, const xp_evidence_options *opt,
                           xp_error *err) {
    const int w = opt->window;
    const bool all = opt->method == XP_EVIDENCE_OCCLUSION;
    if (w < 0 || w >= a->n_windows || opt->label < 0 || opt->label >= m->n_labels)
        return xp_fail(err, XP_ERR_USAGE, "there is no window %d or no label %d", w, opt->label);
    int segment = (int)lround(PIECE_SECONDS[opt->method] * m->rate);
    if (segment < 1) segment = 1;
    if (segment > m->length) segment = m->length;
    xp_evidence made = {.method = opt->method,
                        .first_label = all ? 0 : opt->label,
                        .n_labels = all ? m->n_labels : 1,
                        .n_leads = rec->n_leads,
                        .steps = xp_attribution_segments(m->length, segment),
                        .step = segment / m->rate};
    size_t rows_n = (size_t)made.n_labels * (size_t)m->n_leads * (size_t)made.steps;
    float *rows = calloc(rows_n, sizeof *rows);
    if (!rows) return xp_fail(err, XP_ERR_MEMORY, "no memory for evidence by lead");
    const float *x = a->input.x + (size_t)w * (size_t)m->length * (size_t)m->n_leads;
    xp_occlusion_options o = {
        .segment = segment, .valid = (int)a->input.valid[w], .progress = opt->progress};
    xp_status s = all ? xp_occlusion(net, m, x, &o, rows, err)
                      : integrate(&made, x, segment, m, net, opt, rows, err);
    if (s == XP_OK) made.values = by_record(rows, &made, rec, m);
    free(rows);
    if (s == XP_OK && !made.values)
        s = xp_fail(err, XP_ERR_MEMORY, "no memory for evidence by lead");
    if (s == XP_OK) *e = made;
    return s;
}
