#include "eval/metrics_report.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/rng.h"
#include "support.h"

static void assert_near(const char *what, double got, double expected, double tolerance) {
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%s: got %.17g, expected %.17g", what, got, expected);
}

/* Values from SciPy 1.17 (Boost's incomplete beta function). */
static void incomplete_beta(void **state) {
    (void)state;
    static const double v[][4] = {
        {0.5, 0.5, 0.3, 0.36901011956554536},      {2, 3, 0.4, 0.5248},
        {83, 27, 0.7, 0.09561586933174607},        {1e5, 2e5, 0.3333, 0.48472420024960267},
        {12, 1e6, 1e-5, 0.3032357961383801},       {0.001, 5, 0.2, 0.9997834456464277},
        {300.5, 0.25, 0.999, 0.22853056396282817}, {5000, 5000, 0.5, 0.5},
        {50, 3, 0.2, 9.648962201641317e-33},       {1e6, 1e6, 0.501, 0.997661150593068},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        const double *r = v[i];
        assert_near("I_x(a, b)", xp_beta_inc(r[0], r[1], r[2]), r[3], 1e-12 * r[3]);
        double x = xp_beta_inc_inv(r[0], r[1], r[3]);
        assert_near("inverse", xp_beta_inc(r[0], r[1], x), r[3], 1e-12 * r[3]);
    }
    assert_true(isnan(xp_beta_inc(0, 1, 0.5)) && isnan(xp_beta_inc(1, 1, 1.5)));
    assert_true(xp_beta_inc(3, 4, 0) == 0 && xp_beta_inc(3, 4, 1) == 1);
}

static void intervals_and_tests(void **state) {
    (void)state;
    static const struct {
        size_t k, n;
        double low, high;
    } cp[] = {
        {0, 10, 0, 0.3084971078187607},
        {10, 10, 0.6915028921812392, 1},
        {1, 1, 0.025, 1},
        {83, 109, 0.6703479728894769, 0.8378847379532189},
        {3, 100000, 6.186763958922033e-06, 8.7670202566362e-05},
        {99999, 100000, 0.9999442848396523, 0.9999997468219523},
        {1, 7, 0.0036102968619005833, 0.5787231970431952},
    };
    for (size_t i = 0; i < sizeof cp / sizeof *cp; i++) {
        xp_ci c = xp_clopper_pearson(cp[i].k, cp[i].n, 0.95);
        assert_near("low", c.low, cp[i].low, 1e-12 * (cp[i].low + 1e-6));
        assert_near("high", c.high, cp[i].high, 1e-12);
    }
    assert_true(isnan(xp_clopper_pearson(0, 0, 0.95).low));
    assert_near("z", xp_normal_quantile(0.975), 1.959963984540054, 1e-14);
    assert_near("z", xp_normal_quantile(1e-10), -6.361340902404056, 1e-12);
    assert_near("z", xp_normal_quantile(0.5), 0, 0);
    assert_near("p", xp_normal_two_sided(1.959963984540054), 0.05, 1e-15);
    assert_near("p", xp_mcnemar_exact(500, 400), 0.0009564441369189373, 1e-14);
    assert_near("p", xp_mcnemar_exact(0, 5), 0.0625, 1e-15);
    assert_true(xp_mcnemar_exact(0, 0) == 1 && xp_mcnemar_exact(3, 3) == 1);
    const double q[] = {1, 2, 4, 8};
    assert_near("quantile", xp_quantile(q, 4, 0.9), 6.8, 1e-14);
    assert_true(isnan(xp_quantile(q, 0, 0.5)));
}

/* 400 cases with ties; expected.json by scikit-learn, statsmodels and a direct DeLong. */
typedef struct golden {
    npy y, score1, score2;
    int8_t *truth;
    char *json;
} golden;

static bool open_golden(golden *g) {
    const char *path = shared_path("golden/metrics/expected.json");
    if (!exists(path)) return false;
    g->json = (char *)read_file(path).data;
    g->y = read_npy(shared_path("golden/metrics/y.npy"));
    g->score1 = read_npy(shared_path("golden/metrics/score1.npy"));
    g->score2 = read_npy(shared_path("golden/metrics/score2.npy"));
    g->truth = malloc(g->y.count);
    for (size_t i = 0; i < g->y.count; i++) g->truth[i] = g->y.v[i] > 0.5;
    return true;
}

static void close_golden(golden *g) {
    free(g->y.v);
    free(g->score1.v);
    free(g->score2.v);
    free(g->truth);
    free(g->json);
}

static xp_predictions predictions(const golden *g) {
    return (xp_predictions){g->score1.v, g->truth, NULL, g->y.count, 1};
}

/* The i-th number behind "key". */
static double expected(const golden *g, const char *key, int i) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *p = strstr(g->json, quoted);
    assert_non_null(p);
    p += strlen(quoted);
    for (;; i--) {
        char *end;
        p += strcspn(p, "-0123456789");
        double v = strtod(p, &end);
        if (!i) return v;
        p = end;
    }
}

static void figures_match_other_libraries(void **state) {
    (void)state;
    golden g;
    if (!open_golden(&g)) skip();
    xp_predictions p = predictions(&g);
    double half = 0.5;
    xp_eval_options o = xp_eval_defaults();
    o.resamples = 0;
    xp_evaluation e;
    xp_error err = {0};
    if (xp_evaluate(&p, &half, o, &e, &err) != XP_OK) fail_msg("%s", err.text);
    const xp_evaluated *l = e.label;
    static const struct {
        xp_metric m;
        const char *key;
    } same[] = {{XP_AUROC, "auc1"},          {XP_AUPRC, "ap1"}, {XP_BRIER, "brier1"},
                {XP_ACCURACY, "accuracy1"},  {XP_F1, "f1_1"},   {XP_PRECISION, "precision1"},
                {XP_SENSITIVITY, "recall1"}, {XP_MCC, "mcc1"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_near(same[i].key, l->value[same[i].m], expected(&g, same[i].key, 0), 1e-12);
        /* One label: macro and micro are the label. */
        assert_near("macro", e.macro.value[same[i].m], l->value[same[i].m], 0);
        assert_near("micro", e.micro.value[same[i].m], l->value[same[i].m], 0);
    }
    assert_near("ece", l->value[XP_ECE], 0.20338674683517247, 1e-12); /* NumPy, 10 bins */
    assert_int_equal(l->confusion.tp, expected(&g, "tp", 0));
    assert_int_equal(l->confusion.fp, expected(&g, "fp", 0));
    assert_int_equal(l->confusion.tn, expected(&g, "tn", 0));
    assert_int_equal(l->confusion.fn, expected(&g, "fn", 0));
    xp_ci sens = l->exact[XP_SENSITIVITY], spec = l->exact[XP_SPECIFICITY];
    assert_near("sensitivity", sens.low, expected(&g, "recall1_clopper_pearson", 0), 1e-12);
    assert_near("sensitivity", sens.high, expected(&g, "recall1_clopper_pearson", 1), 1e-12);
    assert_near("specificity", spec.low, expected(&g, "specificity1_clopper_pearson", 0), 1e-12);
    assert_near("specificity", spec.high, expected(&g, "specificity1_clopper_pearson", 1), 1e-12);
    double half_width = 1.959963984540054 * sqrt(expected(&g, "delong_cov", 0));
    assert_near("delong", l->delong.low, expected(&g, "auc1", 0) - half_width, 1e-12);
    assert_true(isnan(l->exact[XP_AUROC].low));
    xp_evaluation_free(&e);
    close_golden(&g);
}

static void comparison_matches_other_libraries(void **state) {
    (void)state;
    golden g;
    if (!open_golden(&g)) skip();
    xp_predictions p = predictions(&g);
    double half = 0.5;
    xp_compared c, macro;
    xp_error err = {0};
    if (xp_compare(&p, g.score2.v, &half, &half, xp_eval_defaults(), &c, &macro, &err) != XP_OK)
        fail_msg("%s", err.text);
    for (int i = 0; i < 2; i++)
        assert_near("delong_auc", c.auroc[i], expected(&g, "delong_auc", i), 1e-12);
    assert_near("covariance aa", c.covariance[0], expected(&g, "delong_cov", 0), 1e-14);
    assert_near("covariance ab", c.covariance[1], expected(&g, "delong_cov", 1), 1e-14);
    assert_near("covariance bb", c.covariance[2], expected(&g, "delong_cov", 3), 1e-14);
    assert_near("delong_p", c.p, expected(&g, "delong_p", 0), 1e-14);
    const xp_paired *t[] = {&c.sensitivity, &c.specificity};
    const char *key[] = {"mcnemar_recall", "mcnemar_specificity"};
    for (int i = 0; i < 2; i++) {
        /* Behind the key stand the words "table" and "p", then the numbers. */
        assert_int_equal(t[i]->both, expected(&g, key[i], 0));
        assert_int_equal(t[i]->only_a, expected(&g, key[i], 1));
        assert_int_equal(t[i]->only_b, expected(&g, key[i], 2));
        assert_int_equal(t[i]->neither, expected(&g, key[i], 3));
        assert_near(key[i], t[i]->p, expected(&g, key[i], 4), 1e-12);
    }
    /* The bootstrap agrees with DeLong about the width, within its own noise. */
    assert_near("boot", c.boot.low, c.delong.low, 0.02);
    assert_near("boot", c.boot.high, c.delong.high, 0.02);
    assert_int_equal(c.boot.undefined, 0);
    close_golden(&g);
}

static void thresholds_and_curves(void **state) {
    (void)state;
    golden g;
    if (!open_golden(&g)) skip();
    xp_predictions p = predictions(&g);
    xp_eval_options o = xp_eval_defaults();
    o.resamples = 0;
    double t[3];
    assert_int_equal(xp_choose_threshold(&p, 0, XP_THRESHOLD_YOUDEN, 0, &t[0], NULL), XP_OK);
    assert_int_equal(xp_choose_threshold(&p, 0, XP_THRESHOLD_F1, 0, &t[1], NULL), XP_OK);
    assert_int_equal(xp_choose_threshold(&p, 0, XP_THRESHOLD_SENSITIVITY, 0.9, &t[2], NULL), XP_OK);
    /* scikit-learn's best points of roc_curve and precision_recall_curve. */
    static const double best[3] = {0.5120274914089347, 0.6524064171122995, 0.908256880733945};
    static const double score[3] = {0.36309034158120523, 0.6635056759685378, 0.40872246812684754};
    for (int i = 0; i < 3; i++) {
        xp_evaluation e;
        assert_int_equal(xp_evaluate(&p, &t[i], o, &e, NULL), XP_OK);
        const double *v = e.label->value;
        double got = i == 0   ? v[XP_SENSITIVITY] + v[XP_SPECIFICITY] - 1
                     : i == 1 ? v[XP_F1]
                              : v[XP_SENSITIVITY];
        assert_near("best", got, best[i], 1e-12);
        assert_true(t[i] <= score[i] && t[i] > score[i] - 0.02);
        xp_evaluation_free(&e);
    }
    xp_curve roc, pr;
    assert_int_equal(xp_roc_curve(&p, 0, &roc, NULL), XP_OK);
    assert_int_equal(xp_pr_curve(&p, 0, &pr, NULL), XP_OK);
    assert_int_equal(roc.n, 350);
    assert_int_equal(pr.n, 350);
    double area = 0;
    for (size_t i = 1; i < roc.n; i++)
        area += (roc.x[i] - roc.x[i - 1]) * (roc.y[i] + roc.y[i - 1]) / 2;
    assert_near("area", area, expected(&g, "auc1", 0), 1e-12);
    assert_true(roc.x[0] == 0 && isinf(roc.threshold[0]) && roc.y[roc.n - 1] == 1);
    assert_true(pr.y[0] == 1 && pr.x[pr.n - 1] == 1);
    xp_curve_free(&roc);
    xp_curve_free(&pr);
    xp_reliability_bin table[10];
    assert_int_equal(xp_reliability_table(&p, 0, 10, table, NULL), XP_OK);
    double n = 0, ece = 0;
    for (int i = 0; i < 10; i++) {
        n += (double)table[i].n;
        ece += (double)table[i].n / 400 * fabs(table[i].mean_score - table[i].positive_rate);
    }
    assert_true(n == 400);
    assert_near("ece", ece, 0.20338674683517247, 1e-12);
    close_golden(&g);
}

/* AUROC and DeLong's variance straight from their definitions, O(n^2). */
static void delong_matches_its_definition(void **state) {
    (void)state;
    enum { n = 60 };
    xp_rng r = xp_rng_seed(3);
    for (int round = 0; round < 20; round++) {
        double s[n], v10[n] = {0}, v01[n] = {0}, auc[2], cov[3], mean = 0, sum[2] = {0, 0};
        uint8_t y[n];
        int pos = 0;
        for (int i = 0; i < n; i++) {
            y[i] = i < 2 || (i > 3 && xp_rng_below(&r, 3) == 0);
            s[i] = xp_rng_below(&r, 12) + 2.0 * y[i]; /* many ties */
            pos += y[i];
        }
        for (int i = 0; i < n; i++)
            for (int j = 0; y[i] && j < n; j++) {
                if (y[j]) continue;
                double w = s[i] > s[j] ? 1 : s[i] == s[j] ? 0.5 : 0;
                v10[i] += w / (n - pos);
                v01[j] += w / pos;
                mean += w / pos / (n - pos);
            }
        for (int i = 0; i < n; i++) {
            double d = (y[i] ? v10[i] : v01[i]) - mean;
            sum[y[i]] += d * d;
        }
        assert_int_equal(xp_delong(s, NULL, y, n, auc, cov, NULL), XP_OK);
        assert_near("auc", auc[0], mean, 1e-13);
        assert_near("variance", cov[0],
                    sum[1] / (pos - 1) / pos + sum[0] / (n - pos - 1) / (n - pos), 1e-13);
    }
}

/* Three labels: one ordinary with an unknown, one without positives, one all positive. */
static const double small_score[] = {0.9, 0.1, 0.8, 0.2, 0.6, 0.7, 0.8, 0.3, 0.2, 0.4, 0.2, 0.9};
static const int8_t small_truth[] = {1, 0, 1, 0, 0, 1, 1, 0, 1, -1, 0, 1};

static void one_class_is_undefined(void **state) {
    (void)state;
    xp_predictions p = {small_score, small_truth, NULL, 4, 3};
    const double half[] = {0.5, 0.5, 0.5};
    xp_evaluation e;
    xp_error err = {0};
    if (xp_evaluate(&p, half, xp_eval_defaults(), &e, &err) != XP_OK) fail_msg("%s", err.text);
    assert_int_equal(e.label[0].n, 3);
    assert_int_equal(e.label[0].unknown, 1);
    assert_false(e.label[0].one_class);
    assert_true(e.label[0].value[XP_AUROC] == 1);
    assert_true(isnan(e.label[0].delong.low)); /* one negative: no variance */
    assert_true(e.label[0].boot[XP_AUROC].undefined > 100);
    assert_true(e.label[1].one_class && e.label[2].one_class);
    assert_true(isnan(e.label[1].value[XP_AUROC]) && isnan(e.label[1].value[XP_SENSITIVITY]));
    assert_true(isnan(e.label[1].value[XP_F1]) && isnan(e.label[1].value[XP_AUPRC]));
    assert_near("specificity", e.label[1].value[XP_SPECIFICITY], 0.75, 0);
    assert_int_equal(e.label[1].boot[XP_AUROC].undefined, 1000);
    assert_true(isnan(e.label[2].value[XP_AUROC]));
    assert_near("sensitivity", e.label[2].value[XP_SENSITIVITY], 0.75, 0);
    /* Macro: over the labels that define it. */
    assert_int_equal(e.macro.defined[XP_AUROC], 1);
    assert_near("macro auroc", e.macro.value[XP_AUROC], 1, 0);
    assert_int_equal(e.macro.defined[XP_SENSITIVITY], 2);
    assert_near("macro sensitivity", e.macro.value[XP_SENSITIVITY], (1 + 0.75) / 2, 1e-15);
    /* Micro: the 11 known pairs. */
    assert_int_equal(e.micro.n, 11);
    assert_int_equal(e.micro.unknown, 1);
    assert_int_equal(e.micro.confusion.tp, 5);
    assert_int_equal(e.micro.confusion.fn, 1);
    assert_int_equal(e.micro.confusion.fp, 1);
    assert_int_equal(e.micro.confusion.tn, 4);
    xp_evaluation_free(&e);

    double t;
    assert_int_equal(xp_choose_threshold(&p, 1, XP_THRESHOLD_YOUDEN, 0, &t, &err), XP_OK);
    assert_true(isnan(t));
    xp_curve c;
    assert_int_equal(xp_roc_curve(&p, 2, &c, &err), XP_OK);
    assert_int_equal(c.n, 0);
    const double none[] = {0.5, NAN, 0.5};
    assert_int_equal(xp_evaluate(&p, none, xp_eval_defaults(), &e, &err), XP_OK);
    assert_true(isnan(e.label[1].value[XP_SPECIFICITY]));
    assert_int_equal(e.micro.confusion.tn, 1);
    xp_evaluation_free(&e);
}

static void bootstrap_resamples_patients(void **state) {
    (void)state;
    enum { n = 300 };
    double s[n];
    int8_t y[n];
    uint64_t patient[n];
    xp_rng r = xp_rng_seed(11);
    for (int i = 0; i < n; i++) {
        /* Ten recordings of each patient, all alike: 30 independent things, not 300. */
        patient[i] = 1000000007u * (uint64_t)(i / 10);
        y[i] = i / 10 % 2;
        s[i] = i % 10 ? s[i - 1] : fmin(1, fmax(0, 0.4 + 0.2 * y[i] + 0.2 * xp_rng_normal(&r)));
    }
    xp_predictions by_patient = {s, y, patient, n, 1}, by_case = {s, y, NULL, n, 1};
    double half = 0.5;
    xp_evaluation a, b, c;
    xp_eval_options o = xp_eval_defaults();
    assert_int_equal(xp_evaluate(&by_patient, &half, o, &a, NULL), XP_OK);
    assert_int_equal(xp_evaluate(&by_patient, &half, o, &b, NULL), XP_OK);
    assert_int_equal(xp_evaluate(&by_case, &half, o, &c, NULL), XP_OK);
    assert_int_equal(a.patients, 30);
    assert_int_equal(c.patients, n);
    xp_bootstrap x = a.label->boot[XP_AUROC], w = c.label->boot[XP_AUROC];
    assert_memory_equal(&x, &b.label->boot[XP_AUROC], sizeof x); /* same seed, same bits */
    assert_true(x.low < a.label->value[XP_AUROC] && a.label->value[XP_AUROC] < x.high);
    double ratio = (x.high - x.low) / (w.high - w.low); /* sqrt(10) in theory */
    assert_true(ratio > 2 && ratio < 5);
    xp_evaluation_free(&a);
    xp_evaluation_free(&b);
    o.seed = 2;
    assert_int_equal(xp_evaluate(&by_patient, &half, o, &b, NULL), XP_OK);
    assert_true(b.label->boot[XP_AUROC].low != x.low);
    xp_evaluation_free(&b);
    xp_evaluation_free(&c);
}

static void bad_input_is_named(void **state) {
    (void)state;
    const double half = 0.5, nan_score[] = {0.1, NAN}, wide[] = {-3, 7};
    const int8_t y[] = {0, 1}, odd[] = {0, 5};
    xp_evaluation e;
    xp_error err;
    xp_predictions p = {nan_score, y, NULL, 2, 1};
    assert_int_equal(xp_evaluate(&p, &half, xp_eval_defaults(), &e, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "case 1, label 0: the score is"));
    p = (xp_predictions){wide, odd, NULL, 2, 1};
    assert_int_equal(xp_evaluate(&p, &half, xp_eval_defaults(), &e, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "case 1, label 0: the truth is 5"));
    p.truth = y; /* not probabilities: ranks count, calibration is undefined */
    assert_int_equal(xp_evaluate(&p, &half, xp_eval_defaults(), &e, &err), XP_OK);
    assert_true(e.label->value[XP_AUROC] == 1 && isnan(e.label->value[XP_BRIER]));
    xp_evaluation_free(&e);
    p.n = 0; /* no case at all */
    assert_int_equal(xp_evaluate(&p, &half, xp_eval_defaults(), &e, &err), XP_OK);
    assert_true(e.label->one_class && isnan(e.macro.value[XP_ACCURACY]));
    xp_evaluation_free(&e);
    xp_eval_options o = xp_eval_defaults();
    o.level = 95;
    assert_int_equal(xp_evaluate(&p, &half, o, &e, &err), XP_ERR_USAGE);
}

/* What the tools print, write and hand to programs. */
static void reports_say_undefined(void **state) {
    (void)state;
    xp_predictions p = {small_score, small_truth, NULL, 4, 3};
    const double half[] = {0.5, 0.5, 0.5};
    const char *const names[] = {"afib", "a \"b\"", "c"};
    xp_evaluation e;
    xp_error err = {0};
    xp_eval_options o = xp_eval_defaults();
    o.resamples = 50;
    assert_int_equal(xp_evaluate(&p, half, o, &e, &err), XP_OK);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    xp_evaluation_text(f, &e, names);
    fclose(f);
    assert_non_null(strstr(text, "undefined"));
    assert_non_null(strstr(text, "\nmacro "));
    assert_null(strstr(text, "nan"));
    free(text);

    struct cJSON *json = xp_evaluation_json(&e, names);
    char *printed = cJSON_PrintUnformatted(json);
    assert_non_null(strstr(printed, "\"label\":\"a \\\"b\\\"\""));
    assert_non_null(strstr(printed, "\"auroc\":{\"value\":null"));
    free(printed);
    cJSON_Delete(json);

    char folder[] = "/tmp/xp_report_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.csv", folder);
    xp_csv_writer *w;
    xp_csv *c;
    int column;
    double v;
    assert_int_equal(xp_csv_create(&w, path, &err), XP_OK);
    xp_evaluation_csv(w, &e, names);
    assert_int_equal(xp_csv_commit(w, &err), XP_OK);
    assert_int_equal(xp_csv_open(&c, path, ',', &err), XP_OK);
    assert_int_equal(xp_csv_header(c, &err), XP_OK);
    assert_int_equal(xp_csv_column(c, "specificity", &column, &err), XP_OK);
    assert_int_equal(xp_csv_next(c, &err), XP_OK);
    assert_int_equal(xp_csv_next(c, &err), XP_OK);
    assert_string_equal(xp_csv_field(c, 0), names[1]);
    assert_int_equal(xp_csv_number(c, column, &v, &err), XP_OK);
    assert_true(v == 0.75);
    assert_string_equal(xp_csv_field(c, xp_csv_find(c, "auroc")), "");
    for (int i = 0; i < 3; i++) assert_int_equal(xp_csv_next(c, &err), XP_OK);
    assert_string_equal(xp_csv_field(c, 0), "micro");
    xp_csv_close(c);
    remove(path);
    assert_int_equal(rmdir(folder), 0);
    xp_evaluation_free(&e);

    xp_compared d[3], macro;
    assert_int_equal(xp_compare(&p, small_score, half, half, o, d, &macro, &err), XP_OK);
    f = open_memstream(&text, &size);
    xp_comparison_text(f, d, &macro, 3, names);
    fclose(f);
    assert_non_null(strstr(text, "c: AUROC undefined (one class only)"));
    assert_null(strstr(text, "nan"));
    free(text);
    json = xp_comparison_json(d, 3, names);
    assert_int_equal(cJSON_GetArraySize(json), 3);
    cJSON_Delete(json);
}

/* Three labels with 4, 2 and 0 positives; the second model ranks the first label worse. */
static void macro_means_leave_out_rare_labels(void **state) {
    (void)state;
    enum { N = 8, L = 3 };
    static const int8_t truth[N * L] = {1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0,
                                        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    double a[N * L], b[N * L];
    for (int i = 0; i < N * L; i++) a[i] = b[i] = 0.9 - 0.03 * i;
    b[0] = 0.01; /* case 0, label 0: below all negatives, 4 of 16 pairs lost */
    const double half[L] = {0.5, 0.5, 0.5};
    const xp_predictions p = {.score = a, .truth = truth, .n = N, .labels = L};
    xp_eval_options o = {.level = 0.95, .resamples = 200, .seed = 1, .bins = 10};
    xp_compared c[L], macro;
    xp_evaluation e;
    xp_error err;
    static const struct {
        int least, defined;
        double second, positives;
    } expected[] = {{0, 2, (0.75 + 1) / 2, 6}, {1, 2, (0.75 + 1) / 2, 6}, {3, 1, 0.75, 4}};
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        o.min_positives = expected[k].least;
        assert_int_equal(xp_evaluate(&p, half, o, &e, &err), XP_OK);
        assert_int_equal(e.macro.defined[XP_AUROC], expected[k].defined);
        assert_near("positives", (double)e.macro.positives, expected[k].positives, 0);
        assert_near("macro AUROC", e.macro.value[XP_AUROC], 1, 1e-15);
        xp_evaluation_free(&e);
        assert_int_equal(xp_compare(&p, b, half, half, o, c, &macro, &err), XP_OK);
        assert_near("a", macro.auroc[0], 1, 1e-15);
        assert_near("b", macro.auroc[1], expected[k].second, 1e-15);
        assert_near("difference", macro.difference, 1 - expected[k].second, 1e-15);
        assert_true(macro.boot.low >= 0 && macro.boot.high > macro.boot.low);
        assert_true(macro.boot.high <= 1 && isnan(macro.p));
    }
    o.min_positives = 5;
    assert_int_equal(xp_evaluate(&p, half, o, &e, &err), XP_OK);
    assert_true(isnan(e.macro.value[XP_AUROC]));
    xp_evaluation_free(&e);
    assert_int_equal(xp_compare(&p, b, half, half, o, c, &macro, &err), XP_OK);
    assert_true(isnan(macro.difference));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macro_means_leave_out_rare_labels),
        cmocka_unit_test(incomplete_beta),
        cmocka_unit_test(intervals_and_tests),
        cmocka_unit_test(figures_match_other_libraries),
        cmocka_unit_test(comparison_matches_other_libraries),
        cmocka_unit_test(thresholds_and_curves),
        cmocka_unit_test(delong_matches_its_definition),
        cmocka_unit_test(one_class_is_undefined),
        cmocka_unit_test(bootstrap_resamples_patients),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(reports_say_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
