#include "evidence.h"

#include "nn/meaning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const METHODS[METHOD_COUNT] = {"gradcam", "occlusion", "ig"};
enum { REPORTED_MAX = 3 }; /* segments named in a line of text */

const char *method_name(explain_method method) {
    return METHODS[method];
}

/* ==== setting up ============================================================================= */

static xp_status find_segment(evidence *e, double seconds, xp_error *err) {
    const double samples = seconds * e->m->rate;
    if (seconds > 0 && !(samples >= 1 && samples <= e->m->length))
        return xp_fail(err, XP_ERR_USAGE,
                       "--segment %g s: expected %g (a sample) to %g (the model's window)", seconds,
                       1 / e->m->rate, e->m->length / e->m->rate);
    e->segment = (int)lround(samples);
    if (e->segment > e->m->length) e->segment = e->m->length;
    e->segments = xp_attribution_segments(e->m->length, e->segment);
    return XP_OK;
}

static size_t window_floats(const evidence *e) {
    return (size_t)e->m->length * (size_t)e->m->n_leads;
}

static size_t label_values(const evidence *e) {
    return (size_t)e->m->n_leads * (size_t)e->segments;
}

xp_status evidence_open(evidence *e, const analyser *an, explain_method method,
                        xp_baseline baseline, double segment_s, xp_error *err) {
    const xp_model *m = &an->file.model;
    const int label = an->options.label;
    evidence made = {.method = method,
                     .baseline = baseline,
                     .m = m,
                     .first_label = label < 0 ? 0 : label,
                     .n_labels = label < 0 ? m->n_labels : 1};
    XP_TRY(find_segment(&made, segment_s, err));
    bool ig = method == METHOD_IG;
    made.values = calloc((size_t)m->n_labels * label_values(&made), sizeof *made.values);
    if (ig) made.samples = calloc((size_t)made.n_labels * window_floats(&made), sizeof(float));
    if (ig) made.info = calloc((size_t)made.n_labels, sizeof *made.info);
    if (!made.values || (ig && (!made.samples || !made.info))) {
        evidence_free(&made);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the evidence of a window");
    }
    *e = made;
    return XP_OK;
}

void evidence_free(evidence *e) {
    free(e->values);
    free(e->samples);
    free(e->info);
    *e = (evidence){0};
}

/* ==== computing ============================================================================== */

static float *values_of(const evidence *e, int label) {
    return e->values + (size_t)label * label_values(e);
}

static xp_status compute_ig(evidence *e, xp_net *net, const float *x, int i, xp_error *err) {
    const xp_ig_options o = {0};
    float *ig = e->samples + (size_t)i * window_floats(e);
    XP_TRY(xp_integrated_gradients(net, e->m, x, e->first_label + i, &o, ig, &e->info[i], err));
    xp_attribution_pool(ig, e->m->length, e->m->n_leads, e->segment,
                        values_of(e, e->first_label + i));
    return XP_OK;
}

xp_status evidence_compute(evidence *e, xp_net *net, const xp_analysis *a, int w, xp_error *err) {
    const float *x = a->input.x + (size_t)w * window_floats(e);
    const xp_occlusion_options o = {
        .baseline = e->baseline, .segment = e->segment, .valid = (int)a->input.valid[w]};
    if (e->method == METHOD_OCCLUSION) return xp_occlusion(net, e->m, x, &o, e->values, err);
    for (int i = 0; i < e->n_labels; i++) XP_TRY(compute_ig(e, net, x, i, err));
    return XP_OK;
}

const float *evidence_output(const evidence *e, size_t shape[3]) {
    const bool ig = e->method == METHOD_IG;
    const size_t leads = (size_t)e->m->n_leads;
    shape[0] = (size_t)e->n_labels;
    shape[1] = ig ? (size_t)e->m->length : leads;
    shape[2] = ig ? leads : (size_t)e->segments;
    return ig ? e->samples : values_of(e, e->first_label);
}

/* ==== text =================================================================================== */

void evidence_print_head(const evidence *e) {
    const bool ig = e->method == METHOD_IG;
    printf("\n  label       %s; %s, in logits: + for the label, - against it (* = "
           "threshold reached)\n",
           xp_model_gives_probabilities(e->m) ? "probability" : "score",
           ig                                ? "integrated gradients from the zero record"
           : e->baseline == XP_BASELINE_MEAN ? "what the logit loses when a lead becomes its mean"
                                             : "what the logit loses when a lead becomes 0 mV");
    if (e->segments > 1) return;
    printf("  %-10s        ", "");
    for (int i = 0; i < e->m->n_leads; i++) printf(" %7s", e->m->leads[i]);
    puts(ig ? "     sum" : "");
}

/* The largest REPORTED_MAX values, those that are positive, as "V1 2.0-2.5 s +1.20". */
static void print_segments(const evidence *e, int label, double start) {
    const float *v = values_of(e, label);
    const double step = e->segment / e->m->rate;
    const int n = (int)label_values(e);
    int reported[REPORTED_MAX], n_reported = 0;
    for (; n_reported < REPORTED_MAX; n_reported++) {
        int best = -1;
        for (int i = 0; i < n; i++) {
            bool before = false;
            for (int k = 0; k < n_reported; k++) before = before || reported[k] == i;
            if (!before && v[i] > 0 && (best < 0 || v[i] > v[best])) best = i;
        }
        if (best < 0) break;
        reported[n_reported] = best;
        const double from = start + best % e->segments * step;
        printf("%s%s %.2f-%.2f s %+.2f", n_reported ? ", " : "", e->m->leads[best / e->segments],
               from, fmin(from + step, start + e->m->length / e->m->rate), (double)v[best]);
    }
    if (n_reported == 0) fputs("no lead speaks for it", stdout);
}

static void print_label(const evidence *e, const xp_analysis *a, int w, int i) {
    const int label = e->first_label + i;
    const xp_label *l = &e->m->labels[label];
    const double p = (double)a->probabilities[w * a->n_labels + label];
    printf("  %-10s %.4f%s", l->name, p,
           l->threshold == l->threshold && p >= l->threshold ? "*" : " ");
    if (e->segments > 1) {
        fputs("  ", stdout);
        print_segments(e, label, (double)a->input.start[w] / a->input.rate);
    } else {
        for (int lead = 0; lead < e->m->n_leads; lead++)
            printf(" %+7.2f", (double)values_of(e, label)[lead]);
    }
    if (e->info) {
        const xp_ig_info *info = &e->info[i];
        printf(e->segments > 1 ? "; sum %+.2f" : " %+7.2f", info->sum);
        if (!info->complete)
            printf(" (the logits are %+.2f apart)", info->logit - info->baseline_logit);
    }
    puts("");
}

void evidence_print(const evidence *e, const xp_analysis *a, int w) {
    if (a->n_windows > 1) {
        double start = (double)a->input.start[w] / a->input.rate;
        printf("  window %.1f-%.1f s\n", start, start + a->input.length / a->input.rate);
    }
    for (int i = 0; i < e->n_labels; i++) print_label(e, a, w, i);
}

/* ==== JSON =================================================================================== */

static xp_report_evidence described(const evidence *e) {
    const bool mean = e->method == METHOD_OCCLUSION && e->baseline == XP_BASELINE_MEAN;
    return (xp_report_evidence){.method = method_name(e->method),
                                .baseline = mean ? "mean" : "zero",
                                .segment_s = e->segment ? e->segment / e->m->rate : NAN,
                                .segments = e->segments,
                                .first_label = e->first_label,
                                .n_labels = e->n_labels};
}

cJSON *evidence_json_begin(const evidence *e) {
    const xp_report_evidence d = described(e);
    return xp_report_evidence_begin(&d);
}

void evidence_json(const evidence *e, cJSON *document, const xp_report *r, int w) {
    const xp_report_evidence d = described(e);
    xp_report_evidence_window(document, &d, r, w, values_of(e, e->first_label), e->info);
}
