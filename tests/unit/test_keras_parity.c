/* Imported Keras models against the values that Keras computed in double precision: the stored
 * probabilities to 1e-5 and every Grad-CAM map to 1e-4 of its largest magnitude, for every kernel
 * table that runs here and for the reference plan.
 *
 * A max-pool sends its gradient to one of two samples: where these differ by less than float32 can
 * tell (all tables' values in front of the last pool are within 1e-6 of the reference's, in the
 * mean, and two samples of one of them differ by 5e-7), one choice moves a map by more than 1e-4.
 * Such choices are looked for, must be closer than NEAR_TIE, and the two samples change places, so
 * that the gradient takes the reference's way; the tolerance of the maps stays what it is. */
#include "convert/keras.h"
#include "nn/gradcam.h"
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    xp_model m;
    npy x, p;
} fixture;

static fixture load(const char *name) {
    fixture f = {.name = name};
    if (!exists(shared_path("golden/%s.keras", name))) skip();
    xp_bytes file = read_file(shared_path("golden/%s.keras", name));
    xp_error err;
    if (xp_keras_import(&f.m, file, &err) != XP_OK) fail_msg("%s: %s", name, err.text);
    free((void *)file.data);
    f.x = read_npy(shared_path("golden/%s/x.npy", name));
    f.p = read_npy(shared_path("golden/%s/probabilities.npy", name));
    return f;
}

static void unload(fixture *f) {
    xp_model_free(&f->m);
    free(f->x.v);
    free(f->p.v);
}

static xp_net *make_net(const fixture *f, xp_net_options opt) {
    xp_net *net;
    xp_error err;
    if (xp_net_create(&net, &f->m, &opt, &err) != XP_OK) fail_msg("%s: %s", f->name, err.text);
    return net;
}

static void run_record(const fixture *f, xp_net *net, size_t record) {
    size_t n = f->x.shape[1] * f->x.shape[2];
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++) x[i] = (float)f->x.v[record * n + i];
    xp_net_forward(net, x);
    free(x);
}

/* ---- probabilities ---- */

static void check_probabilities(const fixture *f, xp_net_options opt, const char *how) {
    xp_net *net = make_net(f, opt);
    char what[160];
    size_t labels = f->p.shape[1];
    assert_int_equal(labels, f->m.n_labels);
    for (size_t r = 0; r < f->x.shape[0]; r++) {
        run_record(f, net, r);
        snprintf(what, sizeof what, "%s, %s, record %zu", f->name, how, r);
        assert_close(what, xp_net_probabilities(net), f->p.v + r * labels, labels, 1e-5);
    }
    xp_net_free(net);
}

/* ---- maps ---- */

/* LAYER_classC_KIND.npy */
static bool parse_map_name(const char *file, char *layer, int *label, bool *sigmoid) {
    const char *c = strstr(file, "_class");
    char kind[16];
    if (!c || sscanf(c, "_class%d_%15[a-z].npy", label, kind) != 2) return false;
    snprintf(layer, XP_NAME_MAX, "%.*s", (int)(c - file), file);
    *sigmoid = !strcmp(kind, "sigmoid");
    return true;
}

/* The first row of the largest value that output row t of a pool sees in column c of x. */
static int first_maximum(const xp_op *pool, xp_mat x, int t, int c) {
    int first = t * pool->stride - pool->pad_left, last = first + pool->kernel;
    if (first < 0) first = 0;
    int best = first;
    for (int r = first + 1; r < last && r < x.rows; r++)
        if (xp_mat_row(x, r)[c] > xp_mat_row(x, best)[c]) best = r;
    return best;
}

#define NEAR_TIE 5e-6

/* Let a, the input of pool in a net, choose as b, the oracle's, does; returns how many choices were
 * not the same. Each must be a near tie. */
static int settle_pool(const xp_op *pool, xp_mat a, xp_mat b) {
    int n = 0;
    for (int t = 0; t < pool->t; t++)
        for (int c = 0; c < pool->c; c++) {
            int ours = first_maximum(pool, a, t, c), theirs = first_maximum(pool, b, t, c);
            float *x = xp_mat_row(a, ours) + c, *y = xp_mat_row(a, theirs) + c, kept = *x;
            double gap = (double)xp_mat_row(b, theirs)[c] - (double)xp_mat_row(b, ours)[c];
            if (ours == theirs) continue;
            if (gap > NEAR_TIE) fail_msg("%s: choices differ by %g", pool->name, gap);
            *x = *y;
            *y = kept;
            n++;
        }
    return n;
}

static int settle_near_ties(const fixture *f, const xp_net *net, const xp_net *oracle) {
    int n = 0;
    for (int i = 0; i < f->m.graph.n_ops; i++) {
        const xp_op *op = &f->m.graph.ops[i];
        if (op->kind == XP_OP_MAXPOOL)
            n += settle_pool(op, xp_net_activation(net, op->inputs[0]),
                             xp_net_activation(oracle, op->inputs[0]));
    }
    return n;
}

/* d sigmoid = p (1 - p) d logit; p from the golden values, for 1 - p of ours is rounded. */
static void check_map(const fixture *f, xp_net *net, const char *file, const char *how) {
    char layer[XP_NAME_MAX], what[400];
    int label;
    bool sigmoid;
    if (!parse_map_name(file, layer, &label, &sigmoid)) return;
    npy golden = read_npy(shared_path("golden/%s/gradcam/%s", f->name, file));
    int op = xp_graph_find(&f->m.graph, layer);
    assert_true(op >= 0);
    assert_int_equal(golden.count, f->m.graph.ops[op].t);
    float *raw = malloc(golden.count * sizeof *raw);
    xp_error err;
    if (xp_gradcam_raw(net, op, label, raw, &err) != XP_OK) fail_msg("%s: %s", file, err.text);
    double p = f->p.v[label], largest = 0;
    for (size_t i = 0; i < golden.count; i++) {
        if (sigmoid) raw[i] = (float)((double)raw[i] * p * (1 - p));
        largest = fmax(largest, fabs(golden.v[i]));
    }
    snprintf(what, sizeof what, "%s/%s, %s", f->name, file, how);
    assert_close(what, raw, golden.v, golden.count, 1e-4 * largest);
    free(raw);
    free(golden.v);
}

static void check_maps(const fixture *f, xp_net *net, const char *how) {
    DIR *dir = opendir(shared_path("golden/%s/gradcam", f->name));
    if (!dir) return; /* gru_small has none */
    for (struct dirent *e; (e = readdir(dir));) check_map(f, net, e->d_name, how);
    closedir(dir);
}

static void check_table(const fixture *f, const xp_kernels *kernels, const xp_net *oracle) {
    check_probabilities(f, (xp_net_options){.kernels = kernels}, kernels->name);
    xp_net *net = make_net(f, (xp_net_options){.n_explain = 1, .kernels = kernels});
    run_record(f, net, 0);
    int ties = settle_near_ties(f, net, oracle);
    if (ties) print_message("%s, %s: %d near tie(s)\n", f->name, kernels->name, ties);
    check_maps(f, net, kernels->name);
    xp_net_free(net);
}

/* Under AddressSanitizer, which watches where is read and written and not what comes out, the best
 * table must do, and the full network's maps by it: minutes otherwise. */
#if defined(__SANITIZE_ADDRESS__)
enum { TABLES = 1, ALL_MAPS = 0 };
#else
enum { TABLES = 100, ALL_MAPS = 1 };
#endif

static void check_network(const char *name) {
    fixture f = load(name);
    const bool small = f.m.graph.n_weights < 2000000;
    xp_net_options reference = {.n_explain = 1, .reference = true};
    xp_net *oracle = make_net(&f, reference);
    run_record(&f, oracle, 0);
    if (small || ALL_MAPS) check_maps(&f, oracle, "reference");
    assert_close(name, xp_net_probabilities(oracle), f.p.v, f.p.shape[1], 1e-5);
    for (int i = 0; i < TABLES && xp_kernels_at(i); i++) check_table(&f, xp_kernels_at(i), oracle);
    xp_net_free(oracle);
    if (small) { /* for the full network one record must do: seconds each */
        reference.n_explain = 0;
        check_probabilities(&f, reference, "reference");
    }
    unload(&f);
}

static void xplaim_full(void **state) {
    (void)state;
    check_network("xplaim_full");
}
static void xplaim_small_odd(void **state) {
    (void)state;
    check_network("xplaim_small_odd");
}
static void cnn_small(void **state) {
    (void)state;
    check_network("cnn_small");
}
static void gru_small(void **state) {
    (void)state;
    check_network("gru_small");
}
static void zoo(void **state) {
    (void)state;
    check_network("zoo");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zoo),         cmocka_unit_test(xplaim_small_odd),
        cmocka_unit_test(cnn_small),   cmocka_unit_test(gru_small),
        cmocka_unit_test(xplaim_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
