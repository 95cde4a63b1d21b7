#include "cases.h"

#include "explain.h"
#include "progress.h"

#include "convert/npy.h"
#include "ecg/files.h"
#include "nn/net.h"
#include "train/dataset_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void cases_free(cases *c) {
    free(c->score);
    free(c->truth);
    free(c->patient);
    *c = (cases){0};
}

xp_predictions cases_predictions(const cases *c) {
    return (xp_predictions){c->score, c->truth, c->patient, c->n, c->n_labels};
}

static xp_status allocate(cases *c, size_t n, int labels, xp_error *err) {
    size_t count = (n ? n : 1) * (size_t)labels;
    *c = (cases){.n = n, .n_labels = labels};
    c->score = malloc(count * sizeof *c->score);
    c->truth = malloc(count);
    c->patient = malloc((n ? n : 1) * sizeof *c->patient);
    for (int l = 0; l < XP_DATASET_MAX_LABELS; l++) c->stored[l] = NAN;
    if (c->score && c->truth && c->patient) return XP_OK;
    cases_free(c);
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu cases", n);
}

static xp_status check_labels(int n, const char *what, xp_error *err) {
    if (n >= 1 && n <= XP_DATASET_MAX_LABELS) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "%s: %d labels; expected 1 to %d", what, n,
                   XP_DATASET_MAX_LABELS);
}

/* ==== .npy =================================================================================== */

typedef struct array {
    uint8_t *file; /* owned */
    xp_npy a;
} array;

static xp_status load_array(array *out, const char *path, xp_error *err) {
    size_t size;
    XP_TRY(xp_file_read(path, &out->file, &size, err));
    xp_status s = xp_npy_read(&out->a, (xp_bytes){out->file, size}, err);
    if (s == XP_OK) return s;
    free(out->file);
    return xp_fail_prefix(err, s, "%s", path);
}

/* (n, labels) of a; a vector is one label. */
static xp_status read_shape(const xp_npy *a, const char *what, size_t *n, int *labels,
                            xp_error *err) {
    char text[128];
    bool good = (a->ndim == 1 || a->ndim == 2) && a->shape[0] > 0;
    size_t width = a->ndim == 2 ? a->shape[1] : 1;
    if (!good || width == 0 || width > XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_SHAPE, "%s is %s; expected (cases, labels), at most %d labels",
                       what, xp_npy_describe(a, text, sizeof text), XP_DATASET_MAX_LABELS);
    *n = a->shape[0];
    *labels = (int)width;
    return XP_OK;
}

/* Truth of any number type into 1, 0, -1; NaN is unknown. */
static xp_status read_truth(const xp_npy *a, const char *what, int8_t *out, xp_error *err) {
    double *v = malloc(a->count * sizeof *v);
    if (!v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %s", what);
    xp_npy_doubles(a, v);
    xp_status s = XP_OK;
    for (size_t i = 0; s == XP_OK && i < a->count; i++) {
        if (isnan(v[i])) v[i] = -1;
        if (v[i] != 1 && v[i] != 0 && v[i] != -1)
            s = xp_fail(err, XP_ERR_FORMAT, "%s: element %zu is %g; expected 1, 0 or -1 (unknown)",
                        what, i, v[i]);
        out[i] = (int8_t)v[i];
    }
    free(v);
    return s;
}

static xp_status read_patients(const xp_npy *a, const char *what, size_t n, uint64_t *out,
                               xp_error *err) {
    char text[128];
    if (a->count != n || a->kind == 'f')
        return xp_fail(err, XP_ERR_SHAPE, "%s is %s; expected %zu whole numbers, one for each case",
                       what, xp_npy_describe(a, text, sizeof text), n);
    return xp_npy_ints(a, (int64_t *)out, err);
}

static xp_status name_labels(cases *c, const char *list, xp_error *err) {
    bool fits;
    int n = 0;
    const char *rest = list;
    for (int l = 0; l < c->n_labels; l++)
        snprintf(c->names[l], sizeof c->names[l], "label%d", l + 1);
    for (char name[32]; next_in_list(&rest, name, sizeof name, &fits); n++) {
        if (!fits || n >= c->n_labels)
            return xp_fail(err, XP_ERR_USAGE, "--names %s: expected %d names of 1 to 31 characters",
                           list, c->n_labels);
        memcpy(c->names[n], name, sizeof name);
    }
    if (!list || n == c->n_labels) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "--names %s: %d names; the scores have %d labels", list, n,
                   c->n_labels);
}

static xp_status check_scores(const cases *c, const char *path, xp_error *err) {
    size_t labels = (size_t)c->n_labels;
    for (size_t i = 0; i < c->n * labels; i++)
        if (!isfinite(c->score[i]))
            return xp_fail(err, XP_ERR_FORMAT,
                           "%s: the score of case %zu, label %zu is not a number: leave failed "
                           "cases out of scores and truth",
                           path, i / labels, i % labels);
    return XP_OK;
}

static xp_status fill_from_arrays(cases *c, const cases_source *from, const xp_npy *score,
                                  const xp_npy *truth, xp_error *err) {
    char text[2][128];
    if (score->count != truth->count || score->shape[0] != truth->shape[0])
        return xp_fail(err, XP_ERR_SHAPE, "%s is %s, %s is %s; expected the same shape",
                       from->scores, xp_npy_describe(score, text[0], sizeof text[0]), from->truth,
                       xp_npy_describe(truth, text[1], sizeof text[1]));
    xp_npy_doubles(score, c->score);
    XP_TRY(check_scores(c, from->scores, err));
    XP_TRY(read_truth(truth, from->truth, c->truth, err));
    XP_TRY(name_labels(c, from->names, err));
    for (size_t i = 0; i < c->n; i++) c->patient[i] = i;
    if (!from->patients) return XP_OK;
    array p;
    XP_TRY(load_array(&p, from->patients, err));
    xp_status s = read_patients(&p.a, from->patients, c->n, c->patient, err);
    free(p.file);
    return s;
}

xp_status cases_load(cases *c, const cases_source *from, xp_error *err) {
    array score, truth;
    cases made = {0};
    size_t n = 0;
    int labels = 0;
    XP_TRY(load_array(&score, from->scores, err));
    xp_status s = load_array(&truth, from->truth, err);
    if (s != XP_OK) {
        free(score.file);
        return s;
    }
    s = read_shape(&score.a, from->scores, &n, &labels, err);
    if (s == XP_OK) s = allocate(&made, n, labels, err);
    if (s == XP_OK) s = fill_from_arrays(&made, from, &score.a, &truth.a, err);
    free(score.file);
    free(truth.file);
    if (s == XP_OK)
        *c = made;
    else
        cases_free(&made);
    return s;
}

/* ==== a model on an .npz ===================================================================== */

static xp_status open_net(xp_net **net, const xp_model *m, xp_pool *pool, xp_error *err) {
    xp_net_options o = {.pool = pool};
    return xp_net_create(net, m, &o, err);
}

static void predict_one(xp_net *net, const float *x, double *score, int labels) {
    xp_net_forward(net, x);
    for (int l = 0; l < labels; l++) score[l] = (double)xp_net_probabilities(net)[l];
}

/* Column of the model's label in the set's list, by name; -1: not there. */
static int find_in_list(const char *list, const char *name) {
    char word[32];
    bool fits;
    for (int i = 0; next_in_list(&list, word, sizeof word, &fits); i++)
        if (fits && !strcasecmp(word, name)) return i;
    return -1;
}

/* Truth in the order of the model's labels; list NULL: the set's columns are the model's. */
static xp_status arrange_truth(cases *c, const int8_t *truth, int width, const char *list,
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

static xp_status read_set_truth(cases *c, const xp_npz *z, const char *path, xp_error *err) {
    const xp_npy *y = xp_npz_find(z, "y"), *names = xp_npz_find(z, "labels");
    size_t n = 0;
    int width = 0;
    XP_TRY(read_shape(y, "y", &n, &width, err));
    if (n != c->n)
        return xp_fail(err, XP_ERR_SHAPE, "%s: x has %zu cases, y has %zu", path, c->n, n);
    char *list =
        names && names->size == 1 ? strndup((const char *)names->data, names->count) : NULL;
    int8_t *truth = malloc(y->count);
    xp_status s = truth ? read_truth(y, "y", truth, err)
                        : xp_fail(err, XP_ERR_MEMORY, "not enough memory for %s", path);
    if (s == XP_OK) s = arrange_truth(c, truth, width, list, path, err);
    free(truth);
    free(list);
    return s;
}

static xp_status predict_array(cases *c, const xp_model *m, const xp_npy *x, xp_pool *pool,
                               xp_error *err) {
    xp_net *net;
    size_t record = (size_t)m->length * (size_t)m->n_leads;
    float *v = malloc(x->count * sizeof *v);
    if (!v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu records", c->n);
    xp_npy_floats(x, v);
    xp_status s = XP_OK;
    for (size_t i = 0; s == XP_OK && i < x->count; i++)
        if (!isfinite(v[i])) s = xp_fail(err, XP_ERR_FORMAT, "x: element %zu is not a number", i);
    if (s == XP_OK) s = open_net(&net, m, pool, err);
    progress bar = progress_begin("records", (int)c->n);
    for (size_t i = 0; s == XP_OK && i < c->n; i++) {
        predict_one(net, v + i * record, c->score + i * (size_t)c->n_labels, c->n_labels);
        progress_update(&bar, (int)i + 1);
    }
    progress_hide(&bar);
    if (s == XP_OK) xp_net_free(net);
    free(v);
    return s;
}

static xp_status predict_set(cases *c, const xp_model *m, const xp_npz *z, const cases_source *from,
                             xp_error *err) {
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
    XP_TRY(allocate(c, x->shape[0], m->n_labels, err));
    for (int l = 0; l < m->n_labels; l++)
        snprintf(c->names[l], sizeof c->names[l], "%s", m->labels[l].name);
    for (size_t i = 0; i < c->n; i++) c->patient[i] = i;
    if (patient) XP_TRY(read_patients(patient, "patient", c->n, c->patient, err));
    XP_TRY(read_set_truth(c, z, from->test_set, err));
    return predict_array(c, m, x, from->pool, err);
}

static xp_status predict_npz(cases *c, const xp_model *m, const cases_source *from, xp_error *err) {
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

/* ==== a model on a data set ================================================================== */

typedef struct data_run {
    xp_dataset data;
    xp_split split;
    uint32_t *all; /* owned: every case, where the whole set was asked for */
    xp_input_spec spec;
    xp_reader *reader;
    xp_loader *loader;
    xp_net *net;
    const uint32_t *items;
    size_t n;
} data_run;

static xp_status choose_items(data_run *r, const cases_source *from, xp_error *err) {
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

static xp_status open_run(data_run *r, const xp_model *m, const cases_source *from, xp_error *err) {
    const char *names[XP_DATASET_MAX_LABELS];
    for (int l = 0; l < m->n_labels; l++) names[l] = m->labels[l].name;
    XP_TRY(data_sets_load(&r->data, &from->data, "ds-name", names, m->n_labels, false, err));
    XP_TRY(choose_items(r, from, err));
    r->spec = xp_model_input_spec(m);
    XP_TRY(xp_reader_create(&r->reader, &r->data, &r->spec, &from->prepare, from->cache_dir, err));
    xp_loader_options o = {.data = &r->data,
                           .reader = r->reader,
                           .spec = &r->spec,
                           .items = r->items,
                           .n = r->n,
                           .batch = 8,
                           .size = 1};
    XP_TRY(xp_loader_create(&r->loader, &o, err));
    xp_loader_start(r->loader, 0, 0, xp_loader_batches(&o));
    return open_net(&r->net, m, from->pool, err);
}

/* The record's probability is the largest of its windows'; score holds those of the first one. */
static xp_status add_windows(const data_run *r, size_t item, int windows, double *score, int labels,
                             xp_error *err) {
    double other[XP_DATASET_MAX_LABELS];
    float *x = malloc((size_t)r->spec.length * (size_t)r->spec.n_leads * sizeof *x);
    xp_status s = x ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for a record");
    for (int w = 1; s == XP_OK && w < windows; w++) {
        s = xp_reader_get(r->reader, item, w, x, NULL, err);
        if (s != XP_OK) break;
        predict_one(r->net, x, other, labels);
        for (int l = 0; l < labels; l++) score[l] = fmax(score[l], other[l]);
    }
    free(x);
    return s;
}

static xp_status take_case(cases *c, const data_run *r, const xp_batch *b, int i, size_t to,
                           xp_error *err) {
    size_t record = (size_t)r->spec.length * (size_t)r->spec.n_leads, item = b->items[i];
    size_t at = to * (size_t)c->n_labels;
    predict_one(r->net, b->x + (size_t)i * record, c->score + at, c->n_labels);
    c->patient[to] = r->data.patient[item];
    for (int l = 0; l < c->n_labels; l++)
        c->truth[at + (size_t)l] = (int8_t)xp_dataset_label(&r->data, item, l);
    if (b->windows[i] == 1) return XP_OK;
    return add_windows(r, item, b->windows[i], c->score + at, c->n_labels, err);
}

static xp_status predict_batches(cases *c, const data_run *r, xp_error *err) {
    size_t done = 0;
    progress bar = progress_begin("records", (int)r->n);
    for (;;) {
        xp_batch b;
        xp_status s = xp_loader_next(r->loader, &b, err);
        for (int i = 0; s == XP_OK && b.x && i < b.n; i++) s = take_case(c, r, &b, i, done++, err);
        if (s != XP_OK || !b.x) {
            progress_hide(&bar);
            return s;
        }
        progress_update(&bar, (int)done);
    }
}

static xp_status predict_data(cases *c, const xp_model *m, const cases_source *from,
                              xp_error *err) {
    data_run r = {0};
    xp_status s = open_run(&r, m, from, err);
    if (s == XP_OK) s = allocate(c, r.n, m->n_labels, err);
    for (int l = 0; s == XP_OK && l < m->n_labels; l++)
        snprintf(c->names[l], sizeof c->names[l], "%s", m->labels[l].name);
    if (s == XP_OK) s = predict_batches(c, &r, err);
    if (r.net) xp_net_free(r.net);
    xp_loader_free(r.loader);
    xp_reader_free(r.reader);
    xp_split_free(&r.split);
    xp_dataset_free(&r.data);
    free(r.all);
    return s;
}

xp_status cases_predict(cases *c, const char *model, const cases_source *from, xp_error *err) {
    model_file f;
    cases made = {0};
    XP_TRY(model_file_load(&f, model, err));
    xp_status s = check_labels(f.model.n_labels, model, err);
    if (s == XP_OK)
        s = from->test_set ? predict_npz(&made, &f.model, from, err)
                           : predict_data(&made, &f.model, from, err);
    for (int l = 0; s == XP_OK && l < made.n_labels; l++)
        made.stored[l] = f.model.labels[l].threshold;
    model_file_free(&f);
    if (s == XP_OK)
        *c = made;
    else
        cases_free(&made);
    return s;
}

/* ==== two models ============================================================================= */

static int find_name(const cases *c, const char *name) {
    for (int l = 0; l < c->n_labels; l++)
        if (!strcasecmp(c->names[l], name)) return l;
    return -1;
}

void cases_keep(cases *c, const int *from, int n) {
    cases old = *c;
    size_t width = (size_t)old.n_labels;
    c->n_labels = n;
    for (int l = 0; l < n; l++) {
        memcpy(c->names[l], old.names[from[l]], sizeof c->names[l]);
        c->stored[l] = old.stored[from[l]];
    }
    for (size_t i = 0; i < c->n; i++) {
        double score[XP_DATASET_MAX_LABELS];
        int8_t truth[XP_DATASET_MAX_LABELS];
        for (int l = 0; l < n; l++) {
            score[l] = c->score[i * width + (size_t)from[l]];
            truth[l] = c->truth[i * width + (size_t)from[l]];
        }
        memcpy(c->score + i * (size_t)n, score, (size_t)n * sizeof *score);
        memcpy(c->truth + i * (size_t)n, truth, (size_t)n);
    }
}

xp_status cases_match(cases *a, cases *b, xp_error *err) {
    int in_a[XP_DATASET_MAX_LABELS], in_b[XP_DATASET_MAX_LABELS], n = 0;
    for (int l = 0; l < a->n_labels; l++) {
        int k = find_name(b, a->names[l]);
        if (k < 0) continue;
        in_a[n] = l;
        in_b[n++] = k;
    }
    if (n == 0) return xp_fail(err, XP_ERR_FORMAT, "the two models have no label in common");
    cases_keep(a, in_a, n);
    cases_keep(b, in_b, n);
    if (a->n == b->n && !memcmp(a->truth, b->truth, a->n * (size_t)n)) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT, "the two models were not given the same cases (%zu and %zu)",
                   a->n, b->n);
}

/* ==== thresholds ============================================================================= */

xp_status threshold_parse(threshold_choice *t, const char *text, xp_error *err) {
    char *end;
    *t = (threshold_choice){.kind = THRESHOLD_CHOSEN, .rule = XP_THRESHOLD_YOUDEN};
    snprintf(t->text, sizeof t->text, "Youden's index on validation data");
    if (!strcmp(text, "youden")) return XP_OK;
    if (!strcmp(text, "f1")) {
        t->rule = XP_THRESHOLD_F1;
        snprintf(t->text, sizeof t->text, "largest F1 on validation data");
        return XP_OK;
    }
    if (!strcmp(text, "model")) {
        t->kind = THRESHOLD_STORED;
        snprintf(t->text, sizeof t->text,
                 "the model's own, from its validation data (0.5 if none)");
        return XP_OK;
    }
    bool sensitivity = !strncmp(text, "sensitivity=", 12);
    t->wanted = strtod(sensitivity ? text + 12 : text, &end);
    bool good = end != text && !*end && t->wanted >= 0 && t->wanted <= 1;
    if (!good || (sensitivity && t->wanted == 0))
        return xp_fail(err, XP_ERR_USAGE,
                       "--threshold %s: expected model, youden, f1, sensitivity=0.9, or a number "
                       "from 0 to 1",
                       text);
    t->kind = sensitivity ? THRESHOLD_CHOSEN : THRESHOLD_FIXED;
    t->rule = XP_THRESHOLD_SENSITIVITY;
    if (sensitivity)
        snprintf(t->text, sizeof t->text, "sensitivity %g on validation data", t->wanted);
    else
        snprintf(t->text, sizeof t->text, "%g for every label", t->wanted);
    return XP_OK;
}

xp_status threshold_store(const threshold_choice *t, const xp_predictions *p, xp_label *labels,
                          xp_error *err) {
    for (int l = 0; l < p->labels; l++) {
        xp_label *label = &labels[l];
        XP_TRY(xp_choose_threshold(p, l, t->rule, t->wanted, &label->threshold, err));
        label->threshold_source[0] = 0;
        if (!isnan(label->threshold))
            snprintf(label->threshold_source, sizeof label->threshold_source, "%.60s (%zu records)",
                     t->text, p->n);
    }
    return XP_OK;
}

void test_figures_store(const xp_evaluation *e, xp_label *labels) {
    for (int l = 0; l < e->labels; l++) {
        labels[l].auroc = e->label[l].value[XP_AUROC];
        labels[l].auroc_low = e->label[l].delong.low;
        labels[l].auroc_high = e->label[l].delong.high;
        labels[l].n_positive = (int)e->label[l].positives;
    }
}

xp_status threshold_apply(const threshold_choice *t, const cases *c, const cases *validation,
                          double *thresholds, xp_error *err) {
    for (int l = 0; l < c->n_labels; l++) {
        thresholds[l] = t->kind == THRESHOLD_FIXED ? t->wanted : 0.5;
        if (t->kind == THRESHOLD_STORED && !isnan(c->stored[l])) thresholds[l] = c->stored[l];
        if (t->kind != THRESHOLD_CHOSEN) continue;
        int k = find_name(validation, c->names[l]);
        xp_predictions p = cases_predictions(validation);
        if (k < 0)
            return xp_fail(err, XP_ERR_FORMAT, "the validation data have no label \"%s\"",
                           c->names[l]);
        XP_TRY(xp_choose_threshold(&p, k, t->rule, t->wanted, &thresholds[l], err));
    }
    return XP_OK;
}
