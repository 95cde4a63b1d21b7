/* attribution.c: occlusion against forward passes made by hand, integrated gradients against finite
 * differences and their sum. */
#include "attribution.h"
#include "nn_samples.h"

static double logit_of(xp_net *net, const float *x, int label) {
    xp_net_forward(net, x);
    return (double)xp_net_logits(net)[label];
}

static float *floats(size_t n) {
    float *p = malloc(n * sizeof *p);
    assert_non_null(p);
    return p;
}

/* ==== occlusion ==== */

/* The evidence of every piece from passes of the reference over records that are changed here. */
static void check_occlusion(const xp_model *m, const xp_occlusion_options *opt) {
    const int leads = m->n_leads, valid = opt->valid ? opt->valid : m->length;
    const int first = opt->first_lead, n = opt->n_leads ? opt->n_leads : leads - first;
    const int segments = xp_attribution_segments(m->length, opt->segment);
    const int width = opt->segment ? opt->segment : m->length;
    const size_t count = (size_t)(m->n_labels * n * segments);
    float *x = sample_record(m, 9), *got = floats(count);
    double *expected = calloc(count, sizeof *expected);
    assert_non_null(expected);
    for (int i = valid * leads; i < m->length * leads; i++) x[i] = 0;
    xp_net *net = sample_net(m, (xp_net_options){0});
    xp_net *oracle = sample_net(m, (xp_net_options){.reference = true});
    for (int k = 0, at = 0; k < m->n_labels; k++)
        for (int lead = first; lead < first + n; lead++)
            for (int s = 0; s < segments; s++, at++) {
                float *y = sample_record(m, 9);
                double mean = 0;
                for (int i = 0; i < valid; i++) mean += (double)x[i * leads + lead] / valid;
                memcpy(y, x, (size_t)(m->length * leads) * sizeof *y);
                for (int i = s * width; i < (s + 1) * width && i < valid; i++)
                    y[i * leads + lead] = opt->baseline == XP_BASELINE_MEAN ? (float)mean : 0;
                expected[at] = logit_of(oracle, x, k) - logit_of(oracle, y, k);
                free(y);
            }
    xp_error err;
    assert_int_equal(xp_occlusion(net, m, x, opt, got, &err), XP_OK);
    assert_close("evidence", got, expected, count, 2e-5);
    xp_net_free(net);
    xp_net_free(oracle);
    free(x);
    free(got);
    free(expected);
}

static void occlusion_equals_passes_by_hand(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 61, 4, 3, 5), mixed = sample_mixed(23, 3);
    check_occlusion(&m, &(xp_occlusion_options){0});
    check_occlusion(&m, &(xp_occlusion_options){.baseline = XP_BASELINE_MEAN});
    check_occlusion(&m, &(xp_occlusion_options){.segment = 20});
    check_occlusion(&m, &(xp_occlusion_options){.segment = 61, .first_lead = 3});
    check_occlusion(&m, &(xp_occlusion_options){.segment = 7, .first_lead = 1, .n_leads = 2});
    check_occlusion(
        &m, &(xp_occlusion_options){.segment = 16, .baseline = XP_BASELINE_MEAN, .valid = 37});
    check_occlusion(&mixed, &(xp_occlusion_options){.segment = 5});
    xp_model_free(&m);
    xp_model_free(&mixed);
}

static void padding_is_no_evidence(void **state) {
    (void)state;
    xp_model m = sample_arch("cnn", 60, 2, 2, 5);
    float *x = sample_record(&m, 1), got[2 * 2 * 6];
    for (int i = 0; i < 24; i++) got[i] = 7;
    xp_net *net = sample_net(&m, (xp_net_options){0});
    xp_occlusion_options opt = {.segment = 10, .valid = 20};
    xp_error err;
    assert_int_equal(xp_occlusion(net, &m, x, &opt, got, &err), XP_OK);
    for (int row = 0; row < 4; row++)
        for (int s = 2; s < 6; s++) assert_true(got[row * 6 + s] == 0);
    assert_true(got[0] != 0 && got[0] != 7);
    xp_net_free(net);
    free(x);
    xp_model_free(&m);
}

/* Leads asked for one by one are those of one call. */
static void occlusion_can_be_shared_out(void **state) {
    (void)state;
    xp_model m = sample_arch("cnn", 60, 3, 2, 5);
    float *x = sample_record(&m, 1), all[2 * 3 * 4], one[2 * 4];
    xp_net *net = sample_net(&m, (xp_net_options){0});
    xp_error err;
    assert_int_equal(xp_occlusion(net, &m, x, &(xp_occlusion_options){.segment = 16}, all, &err),
                     XP_OK);
    for (int lead = 0; lead < 3; lead++) {
        xp_occlusion_options opt = {.segment = 16, .first_lead = lead, .n_leads = 1};
        assert_int_equal(xp_occlusion(net, &m, x, &opt, one, &err), XP_OK);
        for (int k = 0; k < 2; k++)
            assert_memory_equal(one + k * 4, all + (k * 3 + lead) * 4, 4 * sizeof *one);
    }
    xp_net_free(net);
    free(x);
    xp_model_free(&m);
}

/* ==== integrated gradients ==== */

/* The integrand: input gradients of the inference network are finite differences of the reference's
 * logit, taken along random directions, since a single sample moves it less than it rounds. */
static void check_input_gradient(const xp_model *m, uint64_t seed) {
    const size_t n = (size_t)m->length * (size_t)m->n_leads;
    float *x = sample_record(m, seed), *gradient = floats(n), *y = floats(n);
    xp_net *net = sample_net(m, xp_net_explaining(XP_INPUT_OP));
    xp_net *oracle = sample_net(m, (xp_net_options){.reference = true});
    float *dlogits = calloc((size_t)m->n_labels, sizeof *dlogits);
    assert_non_null(dlogits);
    dlogits[1] = 1;
    xp_error err;
    xp_net_forward(net, x);
    assert_int_equal(xp_net_gradient(net, dlogits, XP_INPUT_OP, gradient, &err), XP_OK);
    double size = 0;
    for (size_t i = 0; i < n; i++) size += (double)gradient[i] * (double)gradient[i];
    for (uint64_t d = 0; d < 4; d++) {
        const double h = 2e-4;
        float *v = sample_record(m, 100 + d);
        double slope = 0;
        for (size_t i = 0; i < n; i++) {
            v[i] = (v[i] + gradient[i] / (float)sqrt(size / (double)n)) / 2;
            slope += (double)v[i] * (double)gradient[i];
        }
        for (size_t i = 0; i < n; i++) y[i] = x[i] + (float)h * v[i];
        double difference = logit_of(oracle, y, 1);
        for (size_t i = 0; i < n; i++) y[i] = x[i] - (float)h * v[i];
        difference -= logit_of(oracle, y, 1);
        assert_true(fabs(difference / (2 * h) - slope) < 0.02 * fabs(slope) + 1e-3);
        free(v);
    }
    xp_net_free(net);
    xp_net_free(oracle);
    free(dlogits);
    free(x);
    free(y);
    free(gradient);
}

static void check_complete(const xp_model *m, uint64_t seed) {
    const size_t n = (size_t)m->length * (size_t)m->n_leads;
    float *x = sample_record(m, seed), *zero = calloc(n, sizeof *zero), *ig = floats(n);
    assert_non_null(zero);
    xp_net *net = sample_net(m, xp_net_explaining(XP_INPUT_OP));
    xp_net *oracle = sample_net(m, (xp_net_options){.reference = true});
    for (int k = 0; k < m->n_labels; k++) {
        xp_ig_info info;
        xp_error err;
        double sum = 0, truth = logit_of(oracle, x, k) - logit_of(oracle, zero, k);
        assert_int_equal(
            xp_integrated_gradients(net, m, x, k, &(xp_ig_options){0}, ig, &info, &err), XP_OK);
        for (size_t i = 0; i < n; i++) sum += (double)ig[i];
        if (!info.complete || fabs(sum - truth) > 0.01 * fmax(fabs(truth), XP_IG_SMALL) + 1e-4)
            fail_msg("%s, label %d: sum %g, logits %g apart, %d steps", m->architecture, k, sum,
                     truth, info.steps);
        assert_true(fabs(info.residual - (info.sum - truth)) < 1e-3);
    }
    xp_net_free(net);
    xp_net_free(oracle);
    free(x);
    free(zero);
    free(ig);
}

static void gradients_are_right_and_complete(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    for (int a = 0; a < 3; a++)
        for (int t = 60; t < 63; t++) {
            xp_model m = sample_arch(archs[a], t, 3, 4, 5);
            check_input_gradient(&m, (uint64_t)t);
            if (t == 61) check_complete(&m, (uint64_t)t); /* up to hundreds of passes a label */
            xp_model_free(&m);
        }
    xp_model floored = sample_floored(60, 4, 5);
    check_input_gradient(&floored, 60);
    check_complete(&floored, 60);
    xp_model_free(&floored);
    for (int t = 20; t < 24; t++) {
        xp_model m = sample_mixed(t, 3);
        check_input_gradient(&m, (uint64_t)t);
        check_complete(&m, (uint64_t)t);
        xp_model_free(&m);
    }
}

/* logit = w . x + b: the integrated gradient of a sample is its own product, in the fewest steps.
 */
static void linear_network_is_exact(void **state) {
    (void)state;
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(11, 3), "in");
    xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {x}};
    int f = sample_push(&g, flat, "flat");
    xp_op dense = {.kind = XP_OP_DENSE,
                   .n_inputs = 1,
                   .inputs = {f},
                   .units = 2,
                   .use_bias = true,
                   .activation = XP_ACT_SIGMOID};
    sample_push(&g, dense, "labels");
    xp_model m = sample_model(g, 4);
    float *record = sample_record(&m, 5), ig[33], pooled[3 * 3];
    double expected[33], segments[9] = {0};
    const xp_param *kernel = xp_op_param(&m.graph, &m.graph.ops[2], "kernel");
    for (int i = 0; i < 33; i++) {
        expected[i] = (double)record[i] * (double)m.weights[kernel->offset + (size_t)(2 * i + 1)];
        segments[i % 3 * 3 + i / 3 / 5] += expected[i];
    }
    xp_net *net = sample_net(&m, xp_net_explaining(XP_INPUT_OP));
    xp_ig_info info;
    xp_error err;
    assert_int_equal(
        xp_integrated_gradients(net, &m, record, 1, &(xp_ig_options){0}, ig, &info, &err), XP_OK);
    assert_close("linear", ig, expected, 33, 1e-5);
    assert_true(info.complete && info.steps == 15);
    assert_int_equal(xp_attribution_segments(11, 5), 3);
    xp_attribution_pool(ig, 11, 3, 5, pooled);
    assert_close("segments", pooled, segments, 9, 1e-5);
    xp_net_free(net);
    free(record);
    xp_model_free(&m);
}

static void no_steps_left_is_said(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 61, 3, 2, 5);
    float *x = sample_record(&m, 2), *ig = floats(61 * 3);
    xp_net *net = sample_net(&m, xp_net_explaining(XP_INPUT_OP));
    xp_ig_options opt = {.tolerance = 1e-12, .max_steps = 60};
    xp_ig_info info;
    xp_error err;
    assert_int_equal(xp_integrated_gradients(net, &m, x, 0, &opt, ig, &info, &err), XP_OK);
    assert_true(!info.complete && info.steps == 45 && info.residual != 0);
    xp_net_free(net);
    free(x);
    free(ig);
    xp_model_free(&m);
}

/* ==== being stopped, and misuse ==== */

typedef struct watcher {
    int calls, last, stop_at;
} watcher;

static bool watch(void *ctx, int done, int total) {
    watcher *w = ctx;
    assert_true(done == w->last + 1 && done <= total);
    w->last = done;
    return ++w->calls != w->stop_at;
}

static void progress_is_told_and_stops(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 60, 3, 2, 5);
    float *x = sample_record(&m, 2), *out = floats(60 * 3);
    xp_net *net = sample_net(&m, xp_net_explaining(XP_INPUT_OP));
    xp_ig_info info = {.steps = -1};
    xp_error err;
    watcher w = {0};
    xp_occlusion_options o = {.segment = 25, .progress = {watch, &w}};
    assert_int_equal(xp_occlusion(net, &m, x, &o, out, &err), XP_OK);
    assert_int_equal(w.calls, 1 + 3 * 3);
    for (int i = 0; i < 60 * 3; i++) out[i] = 7;
    w = (watcher){.stop_at = 4};
    assert_int_equal(xp_occlusion(net, &m, x, &o, out, &err), XP_ERR_CANCELLED);
    w = (watcher){.stop_at = 3};
    xp_ig_options g = {.progress = {watch, &w}};
    assert_int_equal(xp_integrated_gradients(net, &m, x, 0, &g, out, &info, &err),
                     XP_ERR_CANCELLED);
    assert_true(w.calls == 3 && info.steps == -1);
    for (int i = 0; i < 60 * 3; i++) assert_true(out[i] == 7);
    w = (watcher){0};
    assert_int_equal(xp_integrated_gradients(net, &m, x, 0, &g, out, &info, &err), XP_OK);
    assert_int_equal(w.calls, info.steps);
    xp_net_free(net);
    free(x);
    free(out);
    xp_model_free(&m);
}

static void misuse_is_an_error(void **state) {
    (void)state;
    xp_model m = sample_arch("cnn", 60, 3, 2, 5);
    float *x = sample_record(&m, 2), out[60 * 3];
    xp_net *plain = sample_net(&m, (xp_net_options){0});
    xp_net *net = sample_net(&m, xp_net_explaining(XP_INPUT_OP));
    xp_ig_info info;
    xp_error err;
    const xp_occlusion_options bad[] = {{.segment = -1},
                                        {.segment = 61},
                                        {.first_lead = 3},
                                        {.first_lead = -1},
                                        {.n_leads = 4},
                                        {.valid = 61},
                                        {.first_lead = 2, .n_leads = 2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(xp_occlusion(plain, &m, x, &bad[i], out, &err), XP_ERR_USAGE);
    const xp_ig_options none = {0}, few = {.max_steps = 14}, negative = {.tolerance = -1};
    assert_int_equal(xp_integrated_gradients(plain, &m, x, 0, &none, out, &info, &err),
                     XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "its input"));
    for (int label = -1; label < 3; label += 3)
        assert_int_equal(xp_integrated_gradients(net, &m, x, label, &none, out, &info, &err),
                         XP_ERR_USAGE);
    assert_int_equal(xp_integrated_gradients(net, &m, x, 0, &few, out, &info, &err), XP_ERR_USAGE);
    assert_int_equal(xp_integrated_gradients(net, &m, x, 0, &negative, out, &info, &err),
                     XP_ERR_USAGE);
    xp_net_free(plain);
    xp_net_free(net);
    free(x);
    xp_model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(occlusion_equals_passes_by_hand),
        cmocka_unit_test(padding_is_no_evidence),
        cmocka_unit_test(occlusion_can_be_shared_out),
        cmocka_unit_test(gradients_are_right_and_complete),
        cmocka_unit_test(linear_network_is_exact),
        cmocka_unit_test(no_steps_left_is_said),
        cmocka_unit_test(progress_is_told_and_stops),
        cmocka_unit_test(misuse_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
