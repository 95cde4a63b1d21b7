/* Several windows in one pass give what each gives alone, and no window depends on another. */
#include "nn/ensemble.h"
#include "nn/op.h"
#include "nn/plan.h"
#include "nn_samples.h"

enum { BATCH = 5, LABELS = 3 };

/* ECG-XPLAIM whose last block weighs more than its data: its convolutions take windows together. */
static xp_model wide_arch(uint64_t seed) {
    static const char *const names[] = {"a", "b", "c", "d"};
    const xp_arch_config cfg = {.arch = "ecg-xplaim",
                                .length = 160,
                                .n_leads = 4,
                                .rate = 100,
                                .n_labels = LABELS,
                                .labels = names,
                                .leads = names,
                                .n_blocks = 3,
                                .filters = {4, 6, 32},
                                .n_kernels = 3,
                                .kernels = {3, 12, 40},
                                .dropout = -1};
    return sample_built(&cfg, seed);
}

static int steps_together(const xp_net *net) {
    int n = 0;
    for (int s = 0; s < net->n_steps; s++) n += net->steps[s].together;
    return n;
}

static float *windows(const xp_model *m) {
    const size_t n = (size_t)m->length * (size_t)m->n_leads;
    float *x = malloc(BATCH * n * sizeof *x);
    assert_non_null(x);
    for (int w = 0; w < BATCH; w++) {
        float *one = sample_record(m, 50 + (uint64_t)w);
        memcpy(x + (size_t)w * n, one, n * sizeof *x);
        free(one);
    }
    return x;
}

static void assert_near(const char *what, const float *a, const float *b, int n, double tolerance) {
    for (int i = 0; i < n; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= tolerance * fmax(1, fabs((double)b[i]))))
            fail_msg("%s, label %d: %.9g, alone %.9g", what, i, (double)a[i], (double)b[i]);
}

/* Every window of a pass of n against the net for one. */
static void compare_with_single(const char *what, xp_net *net, xp_net *single, const float *x,
                                size_t window, int n) {
    char name[100];
    xp_net_forward_batch(net, x, n);
    for (int w = 0; w < n; w++) {
        xp_net_forward(single, x + (size_t)w * window);
        snprintf(name, sizeof name, "%s, window %d of %d", what, w, n);
        assert_near(name, xp_net_probabilities_of(net, w), xp_net_probabilities(single), LABELS,
                    1e-6);
        assert_near(name, xp_net_logits_of(net, w), xp_net_logits(single), LABELS, 1e-5);
    }
}

/* The last window with others before it and alone: the same bits. */
static void compare_with_itself(xp_net *net, const float *x, size_t window) {
    float among[LABELS];
    xp_net_forward_batch(net, x, BATCH);
    memcpy(among, xp_net_logits_of(net, BATCH - 1), sizeof among);
    xp_net_forward_batch(net, x + (BATCH - 1) * window, 1);
    assert_memory_equal(xp_net_logits(net), among, sizeof among);
}

/* Without vectors arithmetic costs so much that reading weights once saves too little. */
static void check(const xp_model *m, const char *what, bool has_together) {
    const size_t window = (size_t)m->length * (size_t)m->n_leads;
    float *x = windows(m);
    for (int k = 0; xp_kernels_at(k); k++)
        for (int threads = 1; threads <= 2; threads++) {
            xp_pool *pool = NULL;
            assert_int_equal(xp_pool_create(&pool, threads, NULL), XP_OK);
            xp_net_options o = {.pool = pool, .kernels = xp_kernels_at(k)};
            xp_net *single = sample_net(m, o);
            o.batch = BATCH;
            xp_net *net = sample_net(m, o);
            assert_int_equal(xp_net_batch(net), BATCH);
            assert_true(!has_together || steps_together(net) > 0 || o.kernels->width == 1);
            for (int n = BATCH; n > 0; n -= 2) compare_with_single(what, net, single, x, window, n);
            compare_with_itself(net, x, window);
            xp_net_free(net);
            xp_net_free(single);
            xp_pool_free(pool);
        }
    free(x);
}

static void batches_give_what_windows_give(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    for (int a = 0; a < 3; a++) {
        xp_model m = sample_arch(archs[a], 120, 4, LABELS, 7);
        check(&m, archs[a], false);
        xp_model_free(&m);
    }
    xp_model floored = sample_floored(120, LABELS, 7);
    check(&floored, "floored", false);
    xp_model_free(&floored);
    for (int t = 20; t < 23; t++) {
        xp_model m = sample_mixed(t, (uint64_t)t);
        check(&m, "mixed", false);
        xp_model_free(&m);
    }
}

/* Convolutions that take windows together between steps that do not; of several nets in a row that
 * read one input. */
static void heavy_convolutions_take_windows_together(void **state) {
    (void)state;
    xp_model a = wide_arch(3), b = wide_arch(4), both;
    xp_error err;
    check(&a, "wide", true);
    const xp_model *const members[] = {&a, &b};
    assert_int_equal(xp_ensemble(&both, members, 2, &err), XP_OK);
    check(&both, "ensemble", true);
    xp_model_free(&both);
    xp_model_free(&b);
    xp_model_free(&a);
}

static void memory_and_limits_are_told(void **state) {
    (void)state;
    xp_model m = wide_arch(3);
    size_t one, five;
    xp_error err;
    xp_net_options o = {0};
    assert_int_equal(xp_net_bytes(&m, &o, &one, &err), XP_OK);
    o.batch = BATCH;
    assert_int_equal(xp_net_bytes(&m, &o, &five, &err), XP_OK);
    assert_true(five > one);
    o.n_explain = 1;
    assert_int_equal(xp_net_bytes(&m, &o, &five, &err), XP_ERR_USAGE);
    o.n_explain = 0;
    o.batch = XP_NET_MAX_BATCH + 1;
    assert_int_equal(xp_net_bytes(&m, &o, &five, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "64"));
    xp_model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_give_what_windows_give),
        cmocka_unit_test(heavy_convolutions_take_windows_together),
        cmocka_unit_test(memory_and_limits_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
