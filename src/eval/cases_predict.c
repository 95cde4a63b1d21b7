/* A model's predictions for the cases of a test set or of data sets. */
#include "base/file.h"
#include "base/list.h"
#include "data/dataset_load.h"
#include "eval/cases_arrays.h"
#include "eval/windows.h"
#include "explain.h"
#include "nn/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BATCH = 8 }; /* cases that the network takes together */

/* ==== an .npz ===================================================================== */

static xp_status open_net(xp_net **net, const xp_model *m, xp_pool *pool, xp_error *err) {
    xp_net_options o = {.pool = pool, .batch = BATCH};
    return xp_net_create(net, m, &o, err);
}

/* Scores (n, labels) of x (n, length, leads), n at most BATCH. */
static void predict_windows(xp_net *net, const float *x, int n, double *score, int labels) {
    xp_net_forward_batch(net, x, n);
    for (int i = 0; i < n; i++)
        for (int l = 0; l < labels; l++)
            score[i * labels + l] = (double)xp_net_probabilities_of(net, i)[l];
}

/* Column of the model's label in the set's list, by name; -1: not there. */
static int find_in_list(const char *list, const char *name) {
    char word[32];
    bool fits;
    for (int i = 0; xp_list_next(&list, word, sizeof word, &fits); i++)
        if (fits && !strcasecmp(word, name)) return i;
    return -1;
}

/* Truth in the order of the model's labels; list NULL: the set's columns are the model's. */
static xp_status arrange_truth(xp_eval_cases *c, const int8_t *truth, int width, const char *list,
                               const char *path, xp_error *err) {
    int found = 0;
    for (int l = 0; l < c->n_labels; l++) {
        int k = list ? find_in_list(list, c->names[l]) : l;
        if (k >= width) k = -1;
        found += k >= 0;
        for (size_t i = 0; i < c->n; i++)
            c->truth[i * (size_t)c->n_labels + (size_t)l] =
                k < 0 ? -1 : truth[i * (size_t)width + (size_t)k];
    }
    if (!list && width != c->n_labels)
        return xp_fail(err, XP_ERR_SHAPE, "%s: y has %d labels, the model %d", path, width,
                       c->n_labels);
    if (found > 0) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT, "%s: none of its labels is one of the model's", path);
}

static xp_status read_set_truth(xp_eval_cases *c, const xp_npz *z, const char *path,
                                xp_error *err) {
    const xp_npy *y = xp_npz_find(z, "y"), *names = xp_npz_find(z, "labels");
    size_t n = 0;
    int width = 0;
    XP_TRY(cases_read_shape(y, "y", &n, &width, err));
    if (n != c->n)
        return xp_fail(err, XP_ERR_SHAPE, "%s: x has %zu cases, y has %zu", path, c->n, n);
    char *list =
        names && names->size == 1 ? strndup((const char *)names->data, names->count) : NULL;
    int8_t *truth = malloc(y->count);
    xp_status s = truth ? cases_read_truth(y, "y", truth, err)
                        : xp_fail(err, XP_ERR_MEMORY, "not enough memory for %s", path);
    if (s == XP_OK) s = arrange_truth(c, truth, width, list, path, err);
    free(truth);
    free(list);
    return s;
}

static xp_status predict_array(xp_eval_cases *c, const xp_model *m, const xp_npy *x,
                               const xp_eval_source *from, xp_error *err) {
    xp_net *net;
    size_t record = (size_t)m->length * (size_t)m->n_leads;
    float *v = malloc(x->count * sizeof *v);
    if (!v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu records", c->n);
    xp_npy_floats(x, v);
    xp_status s = XP_OK;
    for (size_t i = 0; s == XP_OK && i < x->count; i++)
        if (!isfinite(v[i])) s = xp_fail(err, XP_ERR_FORMAT, "x: element %zu is not a number", i);
    if (s == XP_OK) s = open_net(&net, m, from->pool, err);
    for (size_t i = 0; s == XP_OK && i < c->n; i += BATCH) {
        const int n = c->n - i < BATCH ? (int)(c->n - i) : BATCH;
        predict_windows(net, v + i * record, n, c->score + i * (size_t)c->n_labels, c->n_labels);
        xp_progress_report(&from->progress, "records", (int)i + n, (int)c->n);
    }
    if (s == XP_OK) xp_net_free(net);
    free(v);
    return s;
}

static xp_status predict_set(xp_eval_cases *c, const xp_model *m, const xp_npz *z,
                             const xp_eval_source *from, xp_error *err) {
    const xp_npy *x = xp_npz_find(z, "x"), *y = xp_npz_find(z, "y");
    const xp_npy *patient = xp_npz_find(z, "patient");
    char text[128];
    if (!x || !y)
        return xp_fail(err, XP_ERR_FORMAT,
                       "no array \"%s\" in it; expected a test set of `xplaim train`",
                       x ? "y" : "x");
    if (x->kind != 'f' || x->ndim != 3 || x->shape[0] == 0 || x->shape[1] != (size_t)m->length ||
        x->shape[2] != (size_t)m->n_leads)
        return xp_fail(err, XP_ERR_SHAPE, "x is %s; the model wants (cases, %d, %d)",
                       xp_npy_describe(x, text, sizeof text), m->length, m->n_leads);
    XP_TRY(xp_eval_cases_allocate(c, x->shape[0], m->n_labels, err));
    for (int l = 0; l < m->n_labels; l++)
        snprintf(c->names[l], sizeof c->names[l], "%s", m->labels[l].name);
    for (size_t i = 0; i < c->n; i++) c->patient[i] = i;
    if (patient) XP_TRY(cases_read_patients(patient, "patient", c->n, c->patient, err));
    XP_TRY(read_set_truth(c, z, from->test_set, err));
    return predict_array(c, m, x, from, err);
}

static xp_status predict_npz(xp_eval_cases *c, const xp_model *m, const xp_eval_source *from,
                             xp_error *err) {
    uint8_t *data;
    size_t size;
    xp_npz z;
    XP_TRY(xp_file_read(from->test_set, &data, &size, err));
    xp_status s = xp_npz_read(&z, (xp_bytes){data, size}, err);
    free(data);
    if (s == XP_OK) {
        s = predict_set(c, m, &z, from, err);
        xp_npz_free(&z);
    }
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", from->test_set);
}

/* ==== data sets ================================================================== */

typedef struct data_run {
    xp_dataset data;
    xp_split split;
    uint32_t *all; /* owned: every case, where the whole set was asked for */
    xp_input_spec spec;
    xp_reader *reader;
    xp_loader *loader;
    xp_net *net;
    xp_shown layout;
    const uint32_t *items;
    size_t n;
} data_run;

static xp_status choose_items(data_run *r, const xp_eval_source *from, xp_error *err) {
    XP_TRY(xp_split_all(&r->split, &r->data, from->val_fold, from->test_fold, err));
    r->items = r->split.items[from->part];
    r->n = r->split.n[from->part];
    if (from->whole) {
        r->n = r->data.n;
        r->all = malloc(r->n * sizeof *r->all);
        if (!r->all) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
        for (size_t i = 0; i < r->n; i++) r->all[i] = (uint32_t)i;
        r->items = r->all;
    }
    if (r->n > 0) return XP_OK;
    return xp_fail(
        err, XP_ERR_FORMAT,
        "the %s part of the data has no record (the table's strat_fold; --part all takes "
        "every record)",
        xp_part_name(from->part));
}

static xp_status open_run(data_run *r, const xp_model *m, const xp_eval_source *from,
                          xp_error *err) {
    const char *names[XP_DATASET_MAX_LABELS];
    for (int l = 0; l < m->n_labels; l++) names[l] = m->labels[l].name;
    XP_TRY(xp_data_sets_load(&r->data, &from->data, names, m->n_labels, false, err));
    XP_TRY(choose_items(r, from, err));
    r->spec = xp_model_input_spec(m);
    r->layout = from->layout;
    XP_TRY(xp_reader_create(&r->reader, &r->data, &r->spec, &from->prepare, from->cache_dir, err));
    xp_loader_options o = {.data = &r->data,
                           .reader = r->reader,
                           .spec = &r->spec,
                           .items = r->items,
                           .n = r->n,
                           .layout = r->layout,
                           .batch = BATCH,
                           .size = 1};
    XP_TRY(xp_loader_create(&r->loader, &o, err));
    xp_loader_start(r->loader, 0, 0, xp_loader_batches(&o));
    return open_net(&r->net, m, from->pool, err);
}

/* One window, as every window of the data is shown to the network. */
static xp_status predict_window(void *ctx, float *x, const xp_record_window *about, double *p,
                                xp_error *err) {
    const data_run *r = ctx;
    const xp_input_spec *spec = &r->spec;
    (void)err;
    xp_shown_apply(r->layout, x, spec->length, spec->n_leads, spec->leads, spec->rate, about->valid,
                   NULL);
    predict_windows(r->net, x, 1, p, r->data.n_labels);
    return XP_OK;
}

/* The case whose first window is scored already. */
static xp_status take_case(xp_eval_cases *c, data_run *r, const xp_batch *b, int i, size_t to,
                           xp_error *err) {
    const size_t item = b->items[i], at = to * (size_t)c->n_labels;
    c->patient[to] = r->data.patient[item];
    for (int l = 0; l < c->n_labels; l++)
        c->truth[at + (size_t)l] = (int8_t)xp_dataset_label(&r->data, item, l);
    if (b->windows[i] == 1) return XP_OK;
    const xp_window_model model = {predict_window, r, c->n_labels};
    return xp_windows_together(c->score + at, r->reader, &r->spec, item, b->windows[i], &model,
                               err);
}

static xp_status predict_batches(xp_eval_cases *c, data_run *r, const xp_progress *progress,
                                 xp_error *err) {
    size_t done = 0;
    for (;;) {
        xp_batch b;
        XP_TRY(xp_loader_next(r->loader, &b, err));
        if (!b.x) return XP_OK;
        predict_windows(r->net, b.x, b.n, c->score + done * (size_t)c->n_labels, c->n_labels);
        for (int i = 0; i < b.n; i++) XP_TRY(take_case(c, r, &b, i, done++, err));
        xp_progress_report(progress, "records", (int)done, (int)r->n);
    }
}

static xp_status predict_data(xp_eval_cases *c, const xp_model *m, const xp_eval_source *from,
                              xp_error *err) {
    data_run r = {0};
    xp_status s = open_run(&r, m, from, err);
    if (s == XP_OK) s = xp_eval_cases_allocate(c, r.n, m->n_labels, err);
    for (int l = 0; s == XP_OK && l < m->n_labels; l++)
        snprintf(c->names[l], sizeof c->names[l], "%s", m->labels[l].name);
    if (s == XP_OK) s = predict_batches(c, &r, &from->progress, err);
    if (r.net) xp_net_free(r.net);
    xp_loader_free(r.loader);
    xp_reader_free(r.reader);
    xp_split_free(&r.split);
    xp_dataset_free(&r.data);
    free(r.all);
    return s;
}

xp_status xp_eval_cases_predict(xp_eval_cases *c, const xp_model *m, const xp_eval_source *from,
                                xp_error *err) {
    xp_eval_cases made = {0};
    xp_status s =
        from->test_set ? predict_npz(&made, m, from, err) : predict_data(&made, m, from, err);
    for (int l = 0; s == XP_OK && l < made.n_labels; l++)
        made.stored[l] =
            from->point == m->point ? m->labels[l].threshold : m->labels[l].specific_threshold;
    if (s == XP_OK)
        *c = made;
    else
        xp_eval_cases_free(&made);
    return s;
}
