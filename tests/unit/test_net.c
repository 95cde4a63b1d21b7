#include "nn/op.h"
#include "nn/ops.h"
#include "nn_samples.h"

#include <stdint.h>
#ifdef __has_feature /* clang's way to say it */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MALLOC_IS_GLIBCS /* and can be asked what it has handed out */
#include <malloc.h>
#endif

static void compare_floats(const char *what, const float *a, const float *b, size_t n,
                           double tolerance) {
    double *expected = malloc((n + 1) * sizeof *expected);
    assert_non_null(expected);
    for (size_t i = 0; i < n; i++) expected[i] = (double)b[i];
    assert_close(what, a, expected, n, tolerance);
    free(expected);
}

/* ==== fused plans against the reference ==== */

static void compare_plans(const xp_model *m, const char *what) {
    float *x = sample_record(m, 5);
    xp_net *oracle = sample_net(m, (xp_net_options){.reference = true});
    xp_net_forward(oracle, x);
    for (int k = 0; xp_kernels_at(k); k++)
        for (int from = -1; from < m->graph.n_ops; from++) {
            xp_net *net = sample_net(m, (xp_net_options){.n_explain = from >= 0,
                                                         .explain = {from >= 0 ? from : 0},
                                                         .kernels = xp_kernels_at(k)});
            for (int again = 0; again < 2; again++) xp_net_forward(net, x);
            char name[200];
            snprintf(name, sizeof name, "%s, %s, explain %d", what, xp_kernels_at(k)->name, from);
            compare_floats(name, xp_net_probabilities(net), xp_net_probabilities(oracle),
                           (size_t)m->n_labels, 3e-6);
            compare_floats(name, xp_net_logits(net), xp_net_logits(oracle), (size_t)m->n_labels,
                           2e-5);
            xp_net_free(net);
        }
    xp_net_free(oracle);
    free(x);
}

/* One thread computes these, in which ThreadSanitizer has nothing to see. */
#if defined(__SANITIZE_THREAD__)
enum { LENGTHS = 1, MIXED = 1 };
#else
enum { LENGTHS = 3, MIXED = 8 };
#endif

static void fused_plans_agree_with_the_reference(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    static const int lengths[] = {61, 128, 200};
    for (int a = 0; a < 3; a++)
        for (int i = 0; i < LENGTHS; i++) {
            xp_model m = sample_arch(archs[a], lengths[i], 2 + i, 3, 7);
            compare_plans(&m, archs[a]);
            xp_model_free(&m);
        }
    for (int t = 20; t < 20 + MIXED; t++) {
        xp_model m = sample_mixed(t, (uint64_t)t);
        compare_plans(&m, "mixed");
        xp_model_free(&m);
        m = sample_rare(t, (uint64_t)t);
        compare_plans(&m, "rare");
        xp_model_free(&m);
        m = sample_floored(3 * t, 4, (uint64_t)t);
        compare_plans(&m, "floored");
        xp_model_free(&m);
    }
}

/* Every op's value, not only the last: what the list of layers promises to keep is right. */
static void kept_values_agree_with_the_reference(void **state) {
    (void)state;
    xp_model models[] = {sample_arch("ecg-xplaim", 77, 4, 3, 3), sample_mixed(25, 1),
                         sample_rare(25, 1), sample_floored(77, 3, 3)};
    for (int i = 0; i < 4; i++) {
        const xp_model *m = &models[i];
        float *x = sample_record(m, 9);
        xp_net *a = sample_net(m, (xp_net_options){.n_explain = 1, .reference = true});
        xp_net *b = sample_net(m, (xp_net_options){.n_explain = 1});
        xp_net_forward(a, x);
        xp_net_forward(b, x);
        for (int op = 0; op < m->graph.n_ops; op++) {
            xp_mat u = xp_net_activation(a, op), v = xp_net_activation(b, op);
            assert_int_equal(u.rows, m->graph.ops[op].t);
            assert_int_equal(u.cols, m->graph.ops[op].c);
            for (int t = 0; t < u.rows; t++)
                compare_floats(m->graph.ops[op].name, xp_mat_row(v, t), xp_mat_row(u, t),
                               (size_t)u.cols, 3e-5);
        }
        xp_net_free(a);
        xp_net_free(b);
        free(x);
        xp_model_free(&models[i]);
    }
}

static void threads_give_the_same_bits(void **state) {
    (void)state;
    xp_model models[] = {sample_arch("ecg-xplaim", 333, 4, 3, 3), sample_arch("cnn", 99, 4, 3, 3),
                         sample_mixed(41, 1), sample_rare(41, 1)};
    for (int i = 0; i < 4; i++) {
        const xp_model *m = &models[i];
        xp_pool *pool;
        xp_error err;
        assert_int_equal(xp_pool_create(&pool, 3, &err), XP_OK);
        float *x = sample_record(m, 11), seed[3] = {1, -2, 0.5f};
        float *g1 = calloc((size_t)m->length * (size_t)m->n_leads, sizeof *g1);
        float *g2 = calloc((size_t)m->length * (size_t)m->n_leads, sizeof *g2);
        xp_net *one = sample_net(m, (xp_net_options){.n_explain = 1});
        xp_net *three = sample_net(m, (xp_net_options){.n_explain = 1, .pool = pool});
        xp_net_forward(one, x);
        xp_net_forward(three, x);
        assert_memory_equal(xp_net_logits(one), xp_net_logits(three), 3 * sizeof(float));
        assert_int_equal(xp_net_gradient(one, seed, 0, g1, &err), XP_OK);
        assert_int_equal(xp_net_gradient(three, seed, 0, g2, &err), XP_OK);
        assert_memory_equal(g1, g2, (size_t)m->length * (size_t)m->n_leads * sizeof *g1);
        xp_net_free(one);
        xp_net_free(three);
        xp_pool_free(pool);
        free(g1);
        free(g2);
        free(x);
        xp_model_free(&models[i]);
    }
}

/* ==== memory ==== */

static void memory_is_what_was_promised(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 20000, 8, 5, 3);
    size_t forward, explained;
    xp_error err;
    xp_net_options opt = {0};
    assert_int_equal(xp_net_bytes(&m, &opt, &forward, &err), XP_OK);
    opt.n_explain = 1;
    opt.explain[0] = xp_graph_find(&m.graph, "block1.conv1");
    assert_int_equal(xp_net_bytes(&m, &opt, &explained, &err), XP_OK);
    assert_true(explained > forward);
    /* Forward alone keeps few of its activations: fewer than half of them together. */
    size_t all = 0;
    for (int i = 0; i < m.graph.n_ops; i++)
        all += (size_t)m.graph.ops[i].t * (size_t)m.graph.ops[i].c * sizeof(float);
    assert_true(forward < all / 2);
    xp_model_free(&m);
}

#ifdef MALLOC_IS_GLIBCS
static void passes_do_not_allocate(void **state) {
    (void)state;
    xp_model models[] = {sample_arch("ecg-xplaim", 333, 4, 3, 3), sample_arch("gru", 99, 4, 3, 3),
                         sample_mixed(41, 1)};
    for (int i = 0; i < 3; i++) {
        const xp_model *m = &models[i];
        const float seed[3] = {1, 0, 0};
        float *x = sample_record(m, 2);
        float *g = malloc((size_t)m->length * (size_t)m->n_leads * sizeof *g);
        size_t promised;
        xp_error err;
        xp_net_options opt = {.n_explain = 1};
        assert_int_equal(xp_net_bytes(m, &opt, &promised, &err), XP_OK);
        struct mallinfo2 before = mallinfo2();
        xp_net *net = sample_net(m, opt);
        struct mallinfo2 made = mallinfo2();
        size_t held = made.uordblks + made.hblkhd - before.uordblks - before.hblkhd;
        assert_true(held >= promised && held < promised + 8192); /* malloc's own headers */
        for (int again = 0; again < 3; again++) {
            xp_net_forward(net, x);
            assert_int_equal(xp_net_gradient(net, seed, 0, g, &err), XP_OK);
        }
        struct mallinfo2 after = mallinfo2();
        assert_int_equal(after.uordblks, made.uordblks);
        assert_int_equal(after.hblkhd, made.hblkhd);
        assert_int_equal(after.fordblks, made.fordblks);
        xp_net_free(net);
        free(x);
        free(g);
        xp_model_free(&models[i]);
    }
}
#endif

/* Keras may list a shortcut before the branches that it goes round: to explain it must not keep
 * them from being one convolution with its norm and ReLU. */
static void what_a_layer_does_not_lead_to_stays_fused(void **state) {
    (void)state;
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(50, 3), "in");
    xp_op conv = {.kind = XP_OP_CONV1D,
                  .n_inputs = 1,
                  .inputs = {x},
                  .units = 8,
                  .kernel = 1,
                  .stride = 1,
                  .padding = XP_PAD_SAME};
    int shortcut = sample_push(&g, conv, "shortcut");
    conv.units = 4, conv.kernel = 3;
    int a = sample_push(&g, conv, "a");
    conv.kernel = 9;
    int b = sample_push(&g, conv, "b");
    xp_op op = {.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {a, b}};
    int join = sample_push(&g, op, "join");
    op = (xp_op){.kind = XP_OP_BATCHNORM, .n_inputs = 1, .inputs = {join}, .epsilon = 1e-3f};
    int norm = sample_push(&g, op, "norm");
    op = (xp_op){.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {shortcut, norm}};
    int add = sample_push(&g, op, "add");
    op = (xp_op){.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1, .inputs = {add}};
    int gap = sample_push(&g, op, "gap");
    op = (xp_op){.kind = XP_OP_DENSE, .n_inputs = 1, .inputs = {gap}, .units = 2};
    sample_push(&g, op, "labels");
    xp_model m = sample_model(g, 3);
    float *record = sample_record(&m, 1), out[50 * 8];
    xp_net *net = sample_net(&m, xp_net_explaining(shortcut));
    xp_net_profile(net, true);
    xp_net_forward(net, record);
    const int fused[] = {b, join, norm};
    const float seed[2] = {1, 0};
    xp_error err;
    for (int i = 0; i < 3; i++) {
        assert_true(xp_net_times(net)[fused[i]] == 0);
        assert_false(xp_net_keeps(net, fused[i]));
        assert_int_equal(xp_net_gradient(net, seed, fused[i], out, &err), XP_ERR_USAGE);
    }
    assert_true(xp_net_keeps(net, shortcut) && xp_net_keeps(net, add) && xp_net_keeps(net, gap));
    assert_int_equal(xp_net_gradient(net, seed, shortcut, out, &err), XP_OK);
    xp_net_free(net);
    free(record);
    xp_model_free(&m);
}

/* ==== errors, times ==== */

static void misuse_is_an_error(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 100, 4, 3, 3);
    xp_net_options opt = {.n_explain = 1, .explain = {1000}};
    xp_net *net = NULL;
    xp_error err;
    assert_int_equal(xp_net_create(&net, &m, &opt, &err), XP_ERR_USAGE);
    assert_null(net);
    opt.n_explain = XP_NET_MAX_EXPLAIN + 1;
    assert_int_equal(xp_net_create(&net, &m, &opt, &err), XP_ERR_USAGE);
    const float seed[3] = {1, 0, 0};
    float out[64];
    opt.n_explain = 1;
    opt.explain[0] = xp_graph_find(&m.graph, "gap");
    net = sample_net(&m, opt);
    assert_int_equal(xp_net_gradient(net, seed, 2, out, &err), XP_ERR_USAGE);
    assert_int_equal(xp_net_gradient(net, seed, m.graph.n_ops - 1, out, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "labels"));
    xp_net_free(net);
    m.n_labels = 2;
    opt.n_explain = 0;
    assert_int_equal(xp_net_create(&net, &m, &opt, &err), XP_ERR_SHAPE);
    m.n_labels = 3;
    xp_model_free(&m);
}

static void times_are_given_when_asked(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 500, 4, 3, 3);
    float *x = sample_record(&m, 2);
    xp_net *net = sample_net(&m, (xp_net_options){0});
    xp_net_forward(net, x);
    assert_null(xp_net_times(net));
    xp_net_profile(net, true);
    xp_net_forward(net, x);
    double sum = 0;
    for (int i = 0; i < m.graph.n_ops; i++) sum += xp_net_times(net)[i];
    /* Fused ops are charged to the first: the branches and their norm are one convolution, the
     * shortcut's norm is its epilogue, add takes ReLU and pool with it. */
    static const char *const fused[] = {
        "block1.conv1.k5",   "block1.conv1", "block1.conv1.bn",    "block3.conv2.k12",
        "block3.conv2.relu", "block2.relu",  "block2.shortcut.bn", "block2.out"};
    for (size_t i = 0; i < sizeof fused / sizeof *fused; i++)
        assert_true(xp_net_times(net)[xp_graph_find(&m.graph, fused[i])] == 0);
    assert_true(sum >= 0 && sum < 10000);
#ifndef __EMSCRIPTEN__ /* whose clock may be too coarse for so small a network */
    assert_true(sum > 0);
#endif
    xp_net_free(net);
    free(x);
    xp_model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_plans_agree_with_the_reference),
        cmocka_unit_test(kept_values_agree_with_the_reference),
        cmocka_unit_test(threads_give_the_same_bits),
        cmocka_unit_test(memory_is_what_was_promised),
#ifdef MALLOC_IS_GLIBCS
        cmocka_unit_test(passes_do_not_allocate),
#endif
        cmocka_unit_test(what_a_layer_does_not_lead_to_stays_fused),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(times_are_given_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
