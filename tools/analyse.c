#include "analyse.h"

#include "arrays.h"
#include "attribution.h"
#include "ecg/amplitude.h"
#include "ecg/filter.h"
#include "measure/whole.h"
#include "measure_words.h"
#include "report_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== setting up ============================================================================= */

static xp_status find_label(const xp_model *m, const char *text, int *label, xp_error *err) {
    *label = text ? xp_model_find_label(m, text) : -1;
    if (!text || *label >= 0) return XP_OK;
    char *end;
    long v = strtol(text, &end, 10);
    if (isdigit((unsigned char)*text) && !*end && v < m->n_labels) {
        *label = (int)v;
        return XP_OK;
    }
    char names[300] = "";
    for (int i = 0; i < m->n_labels; i++) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", m->labels[i].name);
    }
    return xp_fail(err, XP_ERR_USAGE, "the model has no label \"%s\"; it has %s (or 0 to %d)", text,
                   names, m->n_labels - 1);
}

static xp_status find_layer(const xp_model *m, const char *name, int *layer, xp_error *err) {
    *layer = name ? xp_graph_find(&m->graph, name) : xp_gradcam_default_layer(&m->graph);
    if (*layer < 0 && name)
        return xp_fail(err, XP_ERR_USAGE,
                       "the model has no layer \"%s\"; `xplaim info MODEL` lists them", name);
    if (*layer < 0)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "the model has no layer with a time axis that could be explained");
    if (m->graph.ops[*layer].is_sequence) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE,
                   "layer \"%s\" has no time axis; `xplaim info MODEL` lists those that have",
                   m->graph.ops[*layer].name);
}

/* That a net can be made is found out at once. */
static xp_status open_parts(analyser *an, const char *model, int threads, analyser_use use,
                            const char *layer, const char *label, xp_error *err) {
    XP_TRY(model_file_load(&an->file, model, err));
    const xp_model *m = &an->file.model;
    XP_TRY(find_label(m, label, &an->options.label, err));
    if (use == ANALYSER_MAPS) XP_TRY(find_layer(m, layer, &an->options.layer, err));
    XP_TRY(xp_pool_create(&an->pool, threads, err));
    an->plan = xp_net_explaining(use == ANALYSER_INPUT ? XP_INPUT_OP : an->options.layer);
    an->plan.pool = an->pool;
    size_t bytes;
    return xp_net_bytes(m, &an->plan, &bytes, err);
}

xp_status analyser_open(analyser *an, const char *model, int threads, analyser_use use,
                        const char *layer, const char *label, xp_error *err) {
    *an = (analyser){.options = {.layer = -1, .label = -1}};
    xp_status s = open_parts(an, model, threads, use, layer, label, err);
    if (s != XP_OK) analyser_close(an);
    return s;
}

xp_status analyser_equip(analyser *an, xp_error *err) {
    return an->net ? XP_OK : xp_net_create(&an->net, &an->file.model, &an->plan, err);
}

void analyser_close(analyser *an) {
    xp_net_free(an->net);
    xp_pool_free(an->pool);
    model_file_free(&an->file);
    *an = (analyser){0};
}

/* ==== running ================================================================================ */

typedef struct run {
    analyser *an;
    analysed_fn fn;
    void *ctx;
    int *failed;
    progress *bar;
    xp_error *err;
} run;

/* Hand one result over, good or bad, and forget it. recorded: the record, or NULL. */
static xp_status deliver(run *r, analysed *result, xp_status s, xp_analysis *a,
                         const xp_record *recorded) {
    const xp_model *m = &r->an->file.model;
    xp_notices notices = {0};
    result->notices = &notices;
    if (s == XP_OK) {
        xp_report_gather(&notices, m, recorded ? &recorded->notices : NULL, a);
        if (recorded) /* without memory such a notice is lost, nothing else */
            xp_judge_and_note(&notices, recorded, &a->input.notices, (const char(*)[16])m->leads,
                              m->n_leads, NULL);
        result->analysis = a;
    } else {
        ++*r->failed;
    }
    progress_hide(r->bar);
    xp_status done = r->fn(r->ctx, result, r->err);
    if (s == XP_OK) xp_analysis_free(a);
    xp_notices_free(&notices);
    progress_update(r->bar, r->bar->done + 1);
    return done;
}

/* With what is measured on the record, where that is asked for and can be done. */
static xp_status deliver_measured(run *r, analysed *result, xp_analysis *a, const xp_record *rec) {
    xp_quality quality;
    xp_measures measures;
    xp_error why;
    if (!r->an->measures) return deliver(r, result, XP_OK, a, rec);
    if (xp_measure_whole(&quality, &measures, rec, r->an->options.prepare.accept_checksums, &why) !=
        XP_OK) {
        result->unmeasurable = &why;
        return deliver(r, result, XP_OK, a, rec);
    }
    result->measured = &(xp_measured){result->record, rec, &quality, &measures, true};
    const xp_status s = deliver(r, result, XP_OK, a, rec);
    xp_measures_free(&measures);
    xp_quality_free(&quality);
    return s;
}

static xp_status run_record(run *r, const char *path) {
    xp_record rec = {0};
    xp_analysis a;
    xp_error failure = {0};
    analysed result = {.record = path, .failure = &failure};
    xp_status s = input_read_record(&rec, path, &r->an->known, &failure);
    if (s == XP_OK) s = analyser_equip(r->an, &failure);
    if (s == XP_OK) {
        s = xp_explain(&a, &rec, &r->an->file.model, r->an->net, &r->an->options, &failure);
        if (s != XP_OK) report_refusal(&failure, path);
    }
    s = s == XP_OK ? deliver_measured(r, &result, &a, &rec) : deliver(r, &result, s, &a, NULL);
    xp_record_free(&rec);
    return s;
}

/* One window of a file as an input of its own. */
static xp_status window_input(xp_input *in, const window_array *w, size_t i, const xp_model *m,
                              xp_error *err) {
    size_t n = (size_t)m->length * (size_t)m->n_leads;
    xp_input made = {.n_windows = 1,
                     .length = m->length,
                     .n_leads = m->n_leads,
                     .x = malloc(n * sizeof(float)),
                     .start = calloc(1, sizeof(int64_t)),
                     .valid = calloc(1, sizeof(int64_t)),
                     .rate = m->rate};
    if (!made.x || !made.start || !made.valid) {
        xp_input_free(&made);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a window");
    }
    memcpy(made.x, w->x + i * n, n * sizeof(float));
    made.valid[0] = m->length;
    if (w->n_missing && i == 0)
        xp_notice_add(&made.notices, XP_SAY_MISSING_IN_ARRAY, NULL,
                      XP_ARGS(xp_arg_number("missing", (double)w->n_missing),
                              xp_arg_text("samples", w->n_missing == 1 ? "sample" : "samples")));
    *in = made;
    return XP_OK;
}

/* The check that records get when they are prepared. */
static xp_status check_window(xp_input *in, const xp_model *m, bool accept, xp_error *err) {
    size_t n = (size_t)in->length;
    float *x = malloc(n * (size_t)in->n_leads * sizeof *x);
    xp_input_lead *columns = calloc((size_t)in->n_leads, sizeof *columns);
    xp_status s = x && columns ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    for (int c = 0; s == XP_OK && c < in->n_leads; c++) {
        for (size_t i = 0; i < n; i++)
            x[(size_t)c * n + i] = in->x[i * (size_t)in->n_leads + (size_t)c];
        columns[c].mv = x + (size_t)c * n;
        snprintf(columns[c].name, sizeof columns[c].name, "%s", m->leads[c]);
    }
    if (s == XP_OK)
        s = xp_amplitude_check(columns, in->n_leads, in->length, in->rate, accept, &in->notices,
                               err);
    free(columns);
    free(x);
    return s;
}

static xp_status run_window(run *r, const char *path, const window_array *w, size_t i) {
    const xp_model *m = &r->an->file.model;
    size_t size = strlen(path) + 32;
    char *name = malloc(size);
    if (!name) return xp_fail(r->err, XP_ERR_MEMORY, "not enough memory for a name");
    snprintf(name, size, "%s[%zu]", path, i);
    xp_input in;
    xp_analysis a;
    xp_error failure = {0};
    xp_status s = window_input(&in, w, i, m, &failure);
    if (s == XP_OK) {
        s = check_window(&in, m, r->an->options.prepare.accept_amplitude, &failure);
        if (s != XP_OK) report_refusal(&failure, name);
        if (s == XP_OK) s = xp_explain_input(&a, &in, m, r->an->net, &r->an->options, &failure);
        if (s != XP_OK) xp_input_free(&in);
    }
    s = deliver(r, &(analysed){.record = name, .failure = &failure}, s, &a, NULL);
    free(name);
    return s;
}

static xp_status run_npy(run *r, const char *path) {
    window_array w;
    xp_error failure = {0};
    xp_status s = windows_load(&w, path, &r->an->file.model, &failure);
    if (s == XP_OK && (s = analyser_equip(r->an, &failure)) != XP_OK) windows_free(&w);
    if (s != XP_OK)
        return deliver(r, &(analysed){.record = path, .failure = &failure}, s, NULL, NULL);
    r->bar->total += (int)w.n - 1;
    for (size_t i = 0; s == XP_OK && i < w.n; i++) s = run_window(r, path, &w, i);
    windows_free(&w);
    return s;
}

static xp_status run_input(run *r, const input *in) {
    switch (in->kind) {
    case INPUT_RECORD:
        return run_record(r, in->path);
    case INPUT_NPY:
        return run_npy(r, in->path);
    case INPUT_MISSING:
        return deliver(r, &(analysed){.record = in->path, .failure = in->error}, in->error->code,
                       NULL, NULL);
    }
    return XP_OK;
}

/* Filters that can be made at the model's rate, and for records only. */
static xp_status check_filters(const analyser *an, const input_list *list, xp_error *err) {
    const xp_prepare_options *p = &an->options.prepare;
    const bool bandpass = p->bandpass_low != 0 || p->bandpass_high != 0;
    xp_sos filter;
    if (bandpass)
        XP_TRY(xp_filter_bandpass(&filter, p->bandpass_low, p->bandpass_high, an->file.model.rate,
                                  err));
    if (p->notch != 0) XP_TRY(xp_filter_notch(&filter, p->notch, an->file.model.rate, err));
    for (int i = 0; (bandpass || p->notch != 0) && i < list->n; i++)
        if (list->items[i].kind == INPUT_NPY)
            return xp_fail(err, XP_ERR_USAGE,
                           "%s: an .npy input is prepared already; --bandpass and --notch are for "
                           "records (give them to `xplaim prepare`)",
                           list->items[i].path);
    return XP_OK;
}

xp_status analyser_run(analyser *an, const input_list *list, analysed_fn fn, void *ctx, int *failed,
                       xp_error *err) {
    *failed = 0;
    XP_TRY(check_filters(an, list, err));
    progress bar = progress_begin("records", list->n);
    run r = {an, fn, ctx, failed, &bar, err};
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < list->n; i++) s = run_input(&r, &list->items[i]);
    progress_hide(&bar);
    return s;
}
