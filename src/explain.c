#include "explain.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

xp_input_spec xp_model_input_spec(const xp_model *m) {
    return (xp_input_spec){.n_leads = m->n_leads,
                           .leads = (const char(*)[16])m->leads,
                           .rate = m->rate,
                           .length = m->length};
}

/* Zeroed array of a * b * c floats (at least one), or NULL. */
static float *alloc_floats(int a, int b, int c) {
    size_t n;
    if (!xp_mul_size((size_t)a, (size_t)b, &n) || !xp_mul_size(n, (size_t)c, &n)) return NULL;
    return calloc(n ? n : 1, sizeof(float));
}

static xp_status check_options(const xp_input *in, const xp_model *m, const xp_explain_options *opt,
                               xp_error *err) {
    if (in->length != m->length || in->n_leads != m->n_leads || in->n_windows < 1)
        return xp_fail(err, XP_ERR_SHAPE,
                       "the input has %d windows of %d samples and %d leads; the model expects %d "
                       "samples and %d leads",
                       in->n_windows, in->length, in->n_leads, m->length, m->n_leads);
    if (opt->label < -1 || opt->label >= m->n_labels)
        return xp_fail(err, XP_ERR_USAGE, "label %d does not exist; the model has %d", opt->label,
                       m->n_labels);
    if (opt->layer < -1 || opt->layer >= m->graph.n_ops)
        return xp_fail(err, XP_ERR_USAGE, "layer %d does not exist; the model has %d", opt->layer,
                       m->graph.n_ops);
    if (opt->layer >= 0 && !m->graph.ops[opt->layer].is_sequence)
        return xp_fail(err, XP_ERR_USAGE,
                       "layer %s has no time axis, so it has no map; choose one before the pooling "
                       "over time",
                       m->graph.ops[opt->layer].name);
    return XP_OK;
}

static xp_status alloc_results(xp_analysis *a, const xp_model *m, const xp_explain_options *opt,
                               int n_windows, xp_error *err) {
    a->n_windows = n_windows;
    a->n_labels = m->n_labels;
    a->probabilities = alloc_floats(n_windows, m->n_labels, 1);
    a->logits = alloc_floats(n_windows, m->n_labels, 1);
    bool ok = a->probabilities && a->logits;
    if (opt->layer >= 0) {
        a->n_maps = opt->label >= 0 ? 1 : m->n_labels;
        a->first_map_label = opt->label >= 0 ? opt->label : 0;
        a->map_length = m->graph.ops[opt->layer].t;
        a->maps = alloc_floats(n_windows, a->n_maps, a->map_length);
        ok = ok && a->maps;
    }
    if (!ok)
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the results of %d windows",
                       n_windows);
    return XP_OK;
}

static xp_status explain_window(xp_analysis *a, int w, const float *x, xp_net *net,
                                const xp_explain_options *opt, xp_error *err) {
    size_t row = (size_t)w * (size_t)a->n_labels, bytes = (size_t)a->n_labels * sizeof(float);
    xp_net_forward(net, x);
    memcpy(a->probabilities + row, xp_net_probabilities(net), bytes);
    memcpy(a->logits + row, xp_net_logits(net), bytes);
    if (!a->n_maps) return XP_OK;
    float *maps = a->maps + (size_t)w * (size_t)a->n_maps * (size_t)a->map_length;
    if (opt->label >= 0) return xp_gradcam_raw(net, opt->layer, opt->label, maps, err);
    return xp_gradcam_raw_all(net, opt->layer, maps, err);
}

xp_status xp_explain_input(xp_analysis *a, xp_input *in, const xp_model *m, xp_net *net,
                           const xp_explain_options *opt, xp_error *err) {
    XP_TRY(check_options(in, m, opt, err));
    xp_analysis made = {0};
    xp_status s = alloc_results(&made, m, opt, in->n_windows, err);
    size_t window = (size_t)in->length * (size_t)in->n_leads;
    for (int w = 0; s == XP_OK && w < in->n_windows; w++)
        s = explain_window(&made, w, in->x + (size_t)w * window, net, opt, err);
    if (s != XP_OK) {
        xp_analysis_free(&made);
        return s;
    }
    made.input = *in;
    *in = (xp_input){0};
    *a = made;
    return XP_OK;
}

xp_status xp_explain(xp_analysis *a, const xp_record *rec, const xp_model *m, xp_net *net,
                     const xp_explain_options *opt, xp_error *err) {
    xp_input_spec spec = xp_model_input_spec(m);
    xp_input in = {0};
    XP_TRY(xp_prepare(&in, rec, &spec, &opt->prepare, err));
    xp_status s = xp_explain_input(a, &in, m, net, opt, err);
    if (s != XP_OK) xp_input_free(&in);
    return s;
}

void xp_analysis_free(xp_analysis *a) {
    if (!a) return;
    free(a->probabilities);
    free(a->logits);
    free(a->maps);
    xp_input_free(&a->input);
    *a = (xp_analysis){0};
}

float xp_analysis_probability(const xp_analysis *a, int label, int *window) {
    int best = 0;
    const float *p = a->probabilities + label;
    for (int w = 1; w < a->n_windows; w++)
        if (p[(size_t)w * (size_t)a->n_labels] > p[(size_t)best * (size_t)a->n_labels]) best = w;
    if (window) *window = best;
    return p[(size_t)best * (size_t)a->n_labels];
}

/* Keep the max_out largest peaks in out, sorted; *n is how many are there. */
static void keep_largest(xp_interval *out, int *n, int max_out, xp_interval x) {
    int at = *n;
    while (at > 0 && out[at - 1].peak < x.peak) at--;
    if (at == max_out) return;
    if (*n < max_out) (*n)++;
    memmove(out + at + 1, out + at, (size_t)(*n - 1 - at) * sizeof *out);
    out[at] = x;
}

int xp_map_intervals(const float *map, int t, double step, float level, double join,
                     xp_interval *out, int max_out) {
    int n = 0, end = 0; /* of the stretch that is open: behind its last step */
    xp_interval now = {0};
    for (int i = 0; i < t; i++) {
        if (!(map[i] >= level)) continue;
        if (end > 0 && i > end && (i - end) * step >= join) {
            keep_largest(out, &n, max_out, now);
            end = 0;
        }
        if (end == 0) now = (xp_interval){.start = i * step, .peak = map[i]};
        end = i + 1;
        now.end = end * step;
        if (map[i] > now.peak) now.peak = map[i];
    }
    if (end > 0) keep_largest(out, &n, max_out, now);
    return n;
}
