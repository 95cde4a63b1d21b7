#include "explain.h"

#include "base/arena.h"
#include "nn/meaning.h"

#include <math.h>
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
    a->scores = !xp_model_gives_probabilities(m);
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

static xp_status make_maps(xp_analysis *a, int w, xp_net *net, const xp_explain_options *opt,
                           xp_error *err) {
    float *maps = a->maps + (size_t)w * (size_t)a->n_maps * (size_t)a->map_length;
    if (opt->label >= 0) return xp_gradcam_raw(net, opt->layer, opt->label, maps, err);
    return xp_gradcam_raw_all(net, opt->layer, maps, err);
}

/* Windows [w, w + n) of x, as many as the net takes at once: one where there are maps. */
static xp_status explain_windows(xp_analysis *a, int w, int n, const float *x, xp_net *net,
                                 const xp_explain_options *opt, xp_error *err) {
    const size_t labels = (size_t)a->n_labels, bytes = labels * sizeof(float);
    xp_net_forward_batch(net, x, n);
    for (int i = 0; i < n; i++) {
        memcpy(a->probabilities + (size_t)(w + i) * labels, xp_net_probabilities_of(net, i), bytes);
        memcpy(a->logits + (size_t)(w + i) * labels, xp_net_logits_of(net, i), bytes);
    }
    return a->n_maps ? make_maps(a, w, net, opt, err) : XP_OK;
}

xp_status xp_explain_input(xp_analysis *a, xp_input *in, const xp_model *m, xp_net *net,
                           const xp_explain_options *opt, xp_error *err) {
    XP_TRY(check_options(in, m, opt, err));
    xp_analysis made = {0};
    xp_status s = alloc_results(&made, m, opt, in->n_windows, err);
    const size_t window = (size_t)in->length * (size_t)in->n_leads;
    const int most = made.n_maps ? 1 : xp_net_batch(net);
    for (int w = 0; s == XP_OK && w < in->n_windows; w += most) {
        const int left = in->n_windows - w;
        s = explain_windows(&made, w, left < most ? left : most, in->x + (size_t)w * window, net,
                            opt, err);
    }
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
    free(a->cams);
    xp_input_free(&a->input);
    *a = (xp_analysis){0};
}

static float in_window(const float *values, const xp_analysis *a, int w, int label) {
    return values[(size_t)w * (size_t)a->n_labels + (size_t)label];
}

static int likeliest_window(const xp_analysis *a, int label) {
    int best = 0;
    for (int w = 1; w < a->n_windows; w++)
        if (in_window(a->probabilities, a, w, label) > in_window(a->probabilities, a, best, label))
            best = w;
    return best;
}

static double mean_odds(const xp_analysis *a, int label) {
    double sum = 0;
    for (int w = 0; w < a->n_windows; w++)
        sum += xp_odds((double)in_window(a->probabilities, a, w, label));
    return sum / a->n_windows;
}

float xp_analysis_probability(const xp_analysis *a, int label, int *window) {
    const int best = likeliest_window(a, label);
    if (window) *window = best;
    if (a->scores || a->n_windows == 1) return in_window(a->probabilities, a, best, label);
    return (float)xp_probability_of_odds(mean_odds(a, label));
}

float xp_analysis_logit(const xp_analysis *a, int label) {
    const int best = likeliest_window(a, label);
    const float most = in_window(a->logits, a, best, label);
    float others = 0;
    if (a->scores) return most;
    for (int w = 0; w < a->n_windows; w++)
        if (w != best) others += expf(in_window(a->logits, a, w, label) - most);
    return most + log1pf(others) - log1pf((float)(a->n_windows - 1));
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

double xp_analysis_step(const xp_analysis *a) {
    return a->map_length ? a->input.length / a->input.rate / a->map_length : 0;
}

xp_status xp_analysis_normalise(xp_analysis *a, xp_error *err) {
    const int n = a->n_windows * a->n_maps;
    if (!n || a->cams) return XP_OK;
    a->cams = malloc((size_t)n * sizeof *a->cams);
    if (!a->cams) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d maps", n);
    for (int i = 0; i < n; i++)
        a->cams[i] =
            xp_gradcam_normalise(a->maps + (size_t)i * (size_t)a->map_length, a->map_length);
    return XP_OK;
}

static const float LEVEL = 0.5f; /* of the map's maximum: what counts as strong */
static const double JOIN = 0.1;  /* s: stretches closer than this are one */

xp_map_summary xp_analysis_map(const xp_analysis *a, int window, int i, float *scratch) {
    const size_t at = (size_t)window * (size_t)a->n_maps + (size_t)i;
    const float *map = a->maps + at * (size_t)a->map_length;
    xp_map_summary s = {.values = a->cams ? map : scratch};
    if (!a->cams) memcpy(scratch, map, (size_t)a->map_length * sizeof *map);
    s.info = a->cams ? a->cams[at] : xp_gradcam_normalise(scratch, a->map_length);
    if (s.info.positive)
        s.n_strongest = xp_map_intervals(s.values, a->map_length, xp_analysis_step(a), LEVEL, JOIN,
                                         s.strongest, XP_STRONGEST_MAX);
    return s;
}
