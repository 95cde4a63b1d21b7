/* explain.c: from a record to probabilities and maps, against the steps done one by one. */
#include "explain.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 200, RATE = 100, LABELS = 3 };
static const char *const LABEL_NAMES[LABELS] = {"one", "two", "three"};

typedef struct world {
    xp_model m;
    xp_net *net;
    int layer;
} world;

static void setup_world(world *w) {
    xp_error err;
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = LENGTH,
                          .n_leads = 12,
                          .rate = RATE,
                          .n_labels = LABELS,
                          .labels = LABEL_NAMES,
                          .n_blocks = 2,
                          .filters = {2, 3},
                          .n_kernels = 2,
                          .kernels = {2, 5},
                          .dropout = -1};
    assert_int_equal(xp_model_build(&w->m, &cfg, 7, &err), XP_OK);
    w->layer = xp_gradcam_default_layer(&w->m.graph);
    assert_true(w->layer >= 0);
    xp_net_options opt = xp_net_explaining(w->layer);
    assert_int_equal(xp_net_create(&w->net, &w->m, &opt, &err), XP_OK);
}

static void free_world(world *w) {
    xp_net_free(w->net);
    xp_model_free(&w->m);
}

/* Sample t of a lead: limb leads obey Einthoven and Goldberger, so that derived ones are right. */
static float sample(xp_lead_id id, int64_t t) {
    double i = 0.5 * sin(0.11 * (double)t), ii = 0.8 * sin(0.07 * (double)t + 1);
    switch (id) {
    case XP_LEAD_I:
        return (float)i;
    case XP_LEAD_II:
        return (float)ii;
    case XP_LEAD_III:
        return (float)(ii - i);
    case XP_LEAD_AVR:
        return (float)(-(i + ii) / 2);
    case XP_LEAD_AVL:
        return (float)(i - ii / 2);
    case XP_LEAD_AVF:
        return (float)(ii - i / 2);
    default:
        return (float)(0.6 * sin(0.05 * (double)t * (1 + 0.1 * id)));
    }
}

static xp_record make_record(const xp_lead_id *ids, int n_leads, int64_t n) {
    xp_record rec;
    xp_error err;
    assert_int_equal(xp_record_alloc(&rec, "made", RATE, n_leads, n, &err), XP_OK);
    for (int l = 0; l < n_leads; l++) {
        xp_lead *lead = &rec.leads[l];
        lead->id = ids[l];
        strcpy(lead->name, xp_lead_name(ids[l]));
        lead->calibrated = true;
        lead->n_missing = 0;
        for (int64_t t = 0; t < n; t++) lead->mv[t] = sample(ids[l], t);
    }
    return rec;
}

static xp_record twelve_leads(int64_t n) {
    xp_lead_id ids[12];
    for (int i = 0; i < 12; i++) ids[i] = (xp_lead_id)i;
    return make_record(ids, 12, n);
}

static xp_analysis analyse(world *w, const xp_record *rec, int layer, int label) {
    xp_analysis a;
    xp_error err = {0};
    xp_explain_options opt = {.layer = layer, .label = label};
    if (xp_explain(&a, rec, &w->m, w->net, &opt, &err) != XP_OK) fail_msg("%s", err.text);
    return a;
}

static bool has_notice(const xp_notices *list, xp_notice_code code) {
    for (int i = 0; i < list->n; i++)
        if (list->items[i].code == code) return true;
    return false;
}

/* Each window of a must be what the steps give by hand. */
static void check_windows(world *w, const xp_analysis *a) {
    xp_error err;
    float *map = malloc((size_t)a->map_length * sizeof *map);
    for (int i = 0; i < a->n_windows; i++) {
        xp_net_forward(w->net, a->input.x + (size_t)i * LENGTH * 12);
        assert_memory_equal(a->probabilities + i * LABELS, xp_net_probabilities(w->net),
                            LABELS * sizeof(float));
        assert_memory_equal(a->logits + i * LABELS, xp_net_logits(w->net), LABELS * sizeof(float));
        for (int k = 0; k < a->n_maps; k++) {
            int label = a->first_map_label + k;
            assert_int_equal(xp_gradcam_raw(w->net, w->layer, label, map, &err), XP_OK);
            const float *got = a->maps + (i * a->n_maps + k) * a->map_length;
            for (int t = 0; t < a->map_length; t++)
                assert_true(fabsf(got[t] - map[t]) <= 1e-5f * (1 + fabsf(map[t])));
        }
    }
    free(map);
}

static void test_one_window(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    xp_record rec = twelve_leads(LENGTH);
    xp_analysis a = analyse(&w, &rec, w.layer, -1);
    assert_int_equal(a.n_windows, 1);
    assert_int_equal(a.n_labels, LABELS);
    assert_int_equal(a.n_maps, LABELS);
    assert_int_equal(a.map_length, w.m.graph.ops[w.layer].t);
    assert_int_equal(a.input.valid[0], LENGTH);
    for (int i = 0; i < LABELS; i++) assert_true(a.probabilities[i] > 0 && a.probabilities[i] < 1);
    check_windows(&w, &a);
    xp_analysis_free(&a);
    assert_null(a.maps);
    xp_record_free(&rec);
    free_world(&w);
}

static void test_without_maps(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    xp_record rec = twelve_leads(LENGTH);
    xp_analysis with = analyse(&w, &rec, w.layer, -1), without = analyse(&w, &rec, -1, -1);
    assert_int_equal(without.n_maps, 0);
    assert_null(without.maps);
    assert_memory_equal(with.probabilities, without.probabilities, LABELS * sizeof(float));
    xp_analysis_free(&with);
    xp_analysis_free(&without);
    xp_record_free(&rec);
    free_world(&w);
}

static void test_one_label(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    xp_record rec = twelve_leads(LENGTH);
    xp_analysis all = analyse(&w, &rec, w.layer, -1), one = analyse(&w, &rec, w.layer, 2);
    assert_int_equal(one.n_maps, 1);
    assert_int_equal(one.first_map_label, 2);
    check_windows(&w, &one);
    for (int t = 0; t < one.map_length; t++)
        assert_true(fabsf(one.maps[t] - all.maps[2 * all.map_length + t]) < 1e-5f);
    xp_analysis_free(&all);
    xp_analysis_free(&one);
    xp_record_free(&rec);
    free_world(&w);
}

static void test_long_record(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    xp_record rec = twelve_leads(LENGTH * 7 / 2);
    xp_analysis a = analyse(&w, &rec, w.layer, -1);
    assert_true(a.n_windows >= 4);
    assert_true(has_notice(&a.input.notices, XP_NOTE_WINDOWS));
    check_windows(&w, &a);
    for (int label = 0; label < LABELS; label++) {
        int window;
        float p = xp_analysis_probability(&a, label, &window);
        const float most = a.probabilities[window * LABELS + label];
        double odds = 0;
        for (int i = 0; i < a.n_windows; i++) {
            const float q = a.probabilities[i * LABELS + label];
            assert_true(q <= most);
            odds += (double)q / (1 - (double)q) / a.n_windows;
        }
        assert_true(fabs((double)p - odds / (1 + odds)) < 1e-7);
        assert_true(fabs((double)xp_analysis_logit(&a, label) - log(odds)) < 1e-5);
    }
    int last = a.n_windows - 1;
    assert_int_equal(a.input.start[last] + a.input.valid[last], rec.n);
    xp_analysis_free(&a);
    xp_record_free(&rec);
    free_world(&w);
}

static void test_short_record(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    xp_record rec = twelve_leads(LENGTH / 2);
    xp_analysis a = analyse(&w, &rec, w.layer, -1);
    assert_int_equal(a.n_windows, 1);
    assert_int_equal(a.input.valid[0], LENGTH / 2);
    assert_true(has_notice(&a.input.notices, XP_NOTE_SHORT));
    check_windows(&w, &a);
    xp_analysis_free(&a);
    xp_record_free(&rec);
    free_world(&w);
}

static void test_derived_leads(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    const xp_lead_id eight[] = {XP_LEAD_V6, XP_LEAD_V5, XP_LEAD_II, XP_LEAD_V4,
                                XP_LEAD_I,  XP_LEAD_V3, XP_LEAD_V2, XP_LEAD_V1};
    xp_record full = twelve_leads(LENGTH), part = make_record(eight, 8, LENGTH);
    xp_analysis a = analyse(&w, &full, w.layer, -1), b = analyse(&w, &part, w.layer, -1);
    assert_false(has_notice(&a.input.notices, XP_NOTE_DERIVED));
    assert_true(has_notice(&b.input.notices, XP_NOTE_DERIVED));
    for (int i = 0; i < LENGTH * 12; i++) assert_true(fabsf(a.input.x[i] - b.input.x[i]) < 1e-6f);
    for (int i = 0; i < LABELS; i++)
        assert_true(fabsf(a.probabilities[i] - b.probabilities[i]) < 1e-5f);
    xp_analysis_free(&a);
    xp_analysis_free(&b);
    xp_record_free(&full);
    xp_record_free(&part);
    free_world(&w);
}

/* Nothing of a may change on error: a is filled with a pattern first. */
static void expect_error(world *w, const xp_record *rec, xp_explain_options opt, xp_status code) {
    xp_analysis a, before;
    xp_error err = {0};
    memset(&a, 0x5a, sizeof a);
    memcpy(&before, &a, sizeof a);
    assert_int_equal(xp_explain(&a, rec, &w->m, w->net, &opt, &err), code);
    assert_int_equal(err.code, code);
    assert_true(err.text[0] != 0);
    assert_memory_equal(&a, &before, sizeof a);
}

static void test_errors(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    const xp_lead_id two[] = {XP_LEAD_I, XP_LEAD_II};
    xp_record rec = twelve_leads(LENGTH), few = make_record(two, 2, LENGTH);
    int dense = w.m.graph.n_ops - 1;
    expect_error(&w, &rec, (xp_explain_options){.layer = dense, .label = -1}, XP_ERR_USAGE);
    expect_error(&w, &rec, (xp_explain_options){.layer = dense + 1, .label = -1}, XP_ERR_USAGE);
    expect_error(&w, &rec, (xp_explain_options){.layer = -2, .label = -1}, XP_ERR_USAGE);
    expect_error(&w, &rec, (xp_explain_options){.layer = -1, .label = LABELS}, XP_ERR_USAGE);
    expect_error(&w, &few, (xp_explain_options){.layer = -1, .label = -1}, XP_ERR_LEAD_UNKNOWN);
    xp_record_free(&rec);
    xp_record_free(&few);
    free_world(&w);
}

static void test_prepared_input(void **state) {
    (void)state;
    world w;
    setup_world(&w);
    xp_record rec = twelve_leads(2 * LENGTH);
    xp_analysis a = analyse(&w, &rec, w.layer, -1), b;
    xp_input_spec spec = xp_model_input_spec(&w.m);
    xp_explain_options opt = {.layer = w.layer, .label = -1};
    xp_input in;
    xp_error err;
    assert_int_equal(xp_prepare(&in, &rec, &spec, &opt.prepare, &err), XP_OK);
    in.n_leads = 11; /* not the model's: refused, and still the caller's */
    assert_int_equal(xp_explain_input(&b, &in, &w.m, w.net, &opt, &err), XP_ERR_SHAPE);
    assert_non_null(in.x);
    in.n_leads = 12;
    assert_int_equal(xp_explain_input(&b, &in, &w.m, w.net, &opt, &err), XP_OK);
    assert_null(in.x); /* it is b's now */
    assert_int_equal(b.n_windows, a.n_windows);
    assert_memory_equal(a.probabilities, b.probabilities,
                        (size_t)a.n_windows * LABELS * sizeof(float));
    xp_analysis_free(&a);
    xp_analysis_free(&b);
    xp_record_free(&rec);
    free_world(&w);
}

static void check_interval(xp_interval x, double start, double end, double peak) {
    assert_true(fabs(x.start - start) < 1e-9);
    assert_true(fabs(x.end - end) < 1e-9);
    assert_true(fabs((double)x.peak - peak) < 1e-7);
}

static void test_intervals(void **state) {
    (void)state;
    const float map[] = {0.75f, 0.25f, 0.5f, 1, 0.5f, 0, 0.625f, 0, 0, 0.5f};
    xp_interval x[4];
    assert_int_equal(xp_map_intervals(map, 10, 0.1, 0.5f, 0, x, 4), 4);
    check_interval(x[0], 0.2, 0.5, 1);
    check_interval(x[1], 0, 0.1, 0.75);
    check_interval(x[2], 0.6, 0.7, 0.625);
    check_interval(x[3], 0.9, 1.0, 0.5);
    /* The two largest only; a gap of one step is bridged when stretches under 0.15 s are joined. */
    assert_int_equal(xp_map_intervals(map, 10, 0.1, 0.5f, 0, x, 2), 2);
    check_interval(x[1], 0, 0.1, 0.75);
    assert_int_equal(xp_map_intervals(map, 10, 0.1, 0.5f, 0.15, x, 4), 2);
    check_interval(x[0], 0, 0.7, 1);
    check_interval(x[1], 0.9, 1.0, 0.5);
}

static void test_intervals_of_nothing(void **state) {
    (void)state;
    const float zeros[] = {0, 0, 0}, nans[] = {NAN, 1, NAN};
    xp_interval x[2];
    assert_int_equal(xp_map_intervals(zeros, 3, 0.1, 0.5f, 0, x, 2), 0);
    assert_int_equal(xp_map_intervals(zeros, 0, 0.1, 0.5f, 0, x, 2), 0);
    assert_int_equal(xp_map_intervals(nans, 3, 0.1, 0.5f, 0, x, 2), 1);
    check_interval(x[0], 0.1, 0.2, 1);
    assert_int_equal(xp_map_intervals(nans, 3, 0.1, 0.5f, 0, x, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_window),   cmocka_unit_test(test_without_maps),
        cmocka_unit_test(test_one_label),    cmocka_unit_test(test_long_record),
        cmocka_unit_test(test_short_record), cmocka_unit_test(test_derived_leads),
        cmocka_unit_test(test_errors),       cmocka_unit_test(test_prepared_input),
        cmocka_unit_test(test_intervals),    cmocka_unit_test(test_intervals_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
