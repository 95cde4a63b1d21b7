/* eval/cases.c, cases_load.c, thresholds.c, label_facts.c: predictions of anyone, and what is made
 * of them before anything is counted. */
#include "base/file.h"
#include "convert/npy.h"
#include "eval/label_facts.h"
#include "eval/thresholds.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CASES = 6, LABELS = 2 };

static const float score[CASES][LABELS] = {{0.9f, 0.2f}, {0.8f, 0.3f}, {0.7f, 0.4f},
                                           {0.3f, 0.5f}, {0.2f, 0.6f}, {0.1f, 0.7f}};
static const float truth[CASES][LABELS] = {{1, 0}, {1, 0}, {0, NAN}, {1, 1}, {0, 1}, {0, -1}};
static const int64_t patient[CASES] = {7, 7, 8, 8, 9, 9};

static char folder[] = "/tmp/xplaim-cases-XXXXXX";

static const char *in(const char *name) {
    static char path[4][300];
    static int at;
    char *p = path[at++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static void save(const char *name, char kind, int size, int ndim, const size_t *shape,
                 const void *data) {
    uint8_t *bytes;
    size_t n;
    xp_error e;
    assert_int_equal(xp_npy_write(kind, size, ndim, shape, data, &bytes, &n, &e), XP_OK);
    if (xp_file_write(in(name), bytes, n, &e) != XP_OK) fail_msg("%s", e.text);
    free(bytes);
}

static int make_arrays(void **state) {
    (void)state;
    const size_t shape[] = {CASES, LABELS}, less[] = {CASES - 1, LABELS};
    float bad[CASES][LABELS];
    memcpy(bad, truth, sizeof bad);
    bad[4][1] = 2;
    if (!mkdtemp(folder)) return -1;
    save("s.npy", 'f', 4, 2, shape, score);
    save("y.npy", 'f', 4, 2, shape, truth);
    save("p.npy", 'i', 8, 1, shape, patient);
    save("less.npy", 'f', 4, 2, less, truth);
    save("bad.npy", 'f', 4, 2, shape, bad);
    return 0;
}

static int drop_arrays(void **state) {
    (void)state;
    static const char *const names[] = {"s.npy", "y.npy", "p.npy", "less.npy", "bad.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in(names[i]));
    return rmdir(folder);
}

static xp_eval_cases load(const char *names) {
    const xp_eval_arrays from = {in("s.npy"), in("y.npy"), in("p.npy"), names};
    xp_eval_cases c;
    xp_error e;
    if (xp_eval_cases_load(&c, &from, &e) != XP_OK) fail_msg("%s", e.text);
    return c;
}

static void arrays_become_cases(void **state) {
    (void)state;
    static const int8_t known[CASES][LABELS] = {{1, 0}, {1, 0}, {0, -1}, {1, 1}, {0, 1}, {0, -1}};
    xp_eval_cases c = load("mi, afib");
    assert_int_equal(c.n, CASES);
    assert_int_equal(c.n_labels, LABELS);
    assert_string_equal(c.names[1], "afib");
    assert_memory_equal(c.truth, known, sizeof known);
    for (int i = 0; i < CASES; i++) {
        assert_int_equal(c.patient[i], patient[i]);
        for (int l = 0; l < LABELS; l++)
            assert_true(c.score[i * LABELS + l] == (double)score[i][l]);
    }
    assert_true(isnan(c.stored[0]));
    assert_int_equal(xp_eval_cases_find(&c, "AFIB"), 1);
    assert_int_equal(xp_eval_cases_find(&c, "other"), -1);
    xp_eval_cases_free(&c);
    const xp_eval_arrays alone = {in("s.npy"), in("y.npy"), NULL, NULL};
    xp_error e;
    assert_int_equal(xp_eval_cases_load(&c, &alone, &e), XP_OK);
    assert_string_equal(c.names[1], "label2");
    for (size_t i = 0; i < CASES; i++) assert_int_equal(c.patient[i], i); /* each its own */
    xp_eval_cases_free(&c);
}

static void refuse(const char *scores, const char *y, const char *patients, const char *names,
                   xp_status status, const char *text) {
    const xp_eval_arrays from = {in(scores), in(y), patients ? in(patients) : NULL, names};
    xp_eval_cases c;
    xp_error e = {0};
    assert_int_equal(xp_eval_cases_load(&c, &from, &e), status);
    if (!strstr(e.text, text)) fail_msg("\"%s\" does not say \"%s\"", e.text, text);
}

static void arrays_that_do_not_fit_are_refused(void **state) {
    (void)state;
    refuse("s.npy", "less.npy", NULL, NULL, XP_ERR_SHAPE, "less.npy");
    refuse("s.npy", "bad.npy", NULL, NULL, XP_ERR_FORMAT, "element 9 is 2");
    refuse("y.npy", "y.npy", NULL, NULL, XP_ERR_FORMAT, "case 2, label 1 is not a number");
    refuse("s.npy", "y.npy", "s.npy", NULL, XP_ERR_SHAPE, "one for each case");
    refuse("s.npy", "y.npy", NULL, "mi", XP_ERR_USAGE, "1 names; the scores have 2");
    refuse("s.npy", "y.npy", NULL, "mi,afib,pvc", XP_ERR_USAGE, "expected 2 names");
    refuse("none.npy", "y.npy", NULL, NULL, XP_ERR_NOT_FOUND, "none.npy");
}

static void two_models_keep_what_both_have(void **state) {
    (void)state;
    xp_eval_cases a = load("mi,afib"), b = load("pvc,MI"), c = load("x,y");
    xp_error e;
    /* b's second column is what a calls mi: the cases' truth differs, so they are not the same. */
    assert_int_equal(xp_eval_cases_match(&a, &b, &e), XP_ERR_FORMAT);
    assert_non_null(strstr(e.text, "same cases"));
    assert_int_equal(xp_eval_cases_match(&a, &c, &e), XP_ERR_FORMAT);
    assert_non_null(strstr(e.text, "no label in common"));
    xp_eval_cases_free(&a), xp_eval_cases_free(&b), xp_eval_cases_free(&c);
    a = load("mi,afib"), b = load("afib,mi");
    xp_eval_cases_keep(&b, (const int[]){1, 0}, 2); /* b's columns exchanged, and its names */
    assert_string_equal(b.names[0], "mi");
    assert_true(b.score[2 * LABELS] == (double)score[2][1]);
    xp_eval_cases_free(&b);
    b = load("mi,other");
    assert_int_equal(xp_eval_cases_match(&a, &b, &e), XP_OK);
    assert_int_equal(a.n_labels, 1);
    assert_int_equal(b.n_labels, 1);
    for (int i = 0; i < CASES; i++) assert_true(a.score[i] == (double)score[i][0]);
    xp_eval_cases_free(&a), xp_eval_cases_free(&b);
}

/* ---- thresholds ---- */

static void thresholds_are_what_was_asked_for(void **state) {
    (void)state;
    static const char *const bad[] = {"",    "f2", "1.5", "-0.1", "sensitivity=", "sensitivity=0",
                                      "0.5x"};
    xp_threshold_choice t;
    xp_error e;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(xp_threshold_parse(&t, bad[i], &e), XP_ERR_USAGE);
    xp_eval_cases c = load("mi,afib");
    double v[LABELS];
    c.stored[1] = 0.25;
    assert_int_equal(xp_threshold_parse(&t, "model", &e), XP_OK);
    assert_int_equal(xp_threshold_apply(&t, &c, NULL, v, &e), XP_OK);
    assert_true(v[0] == 0.5 && v[1] == 0.25);
    assert_int_equal(xp_threshold_parse(&t, "0.75", &e), XP_OK);
    assert_int_equal(xp_threshold_apply(&t, &c, NULL, v, &e), XP_OK);
    assert_true(v[0] == 0.75 && v[1] == 0.75);
    xp_eval_cases_free(&c);
}

/* Of the validation data, by name: their columns lie the other way round. */
static void thresholds_are_chosen_on_validation_data(void **state) {
    (void)state;
    xp_threshold_choice t;
    xp_error e;
    double v[LABELS], expected;
    xp_eval_cases c = load("mi,afib"), validation = load("afib,mi"), other = load("afib,x");
    xp_predictions p = xp_eval_cases_predictions(&validation);
    assert_int_equal(xp_threshold_parse(&t, "sensitivity=0.6", &e), XP_OK);
    assert_int_equal(xp_threshold_apply(&t, &c, &validation, v, &e), XP_OK);
    for (int l = 0; l < LABELS; l++) {
        assert_int_equal(
            xp_choose_threshold(&p, 1 - l, XP_THRESHOLD_SENSITIVITY, 0.6, &expected, &e), XP_OK);
        assert_true(v[l] == expected);
    }
    assert_true(v[0] != v[1]);
    assert_int_equal(xp_threshold_apply(&t, &c, &other, v, &e), XP_ERR_FORMAT);
    assert_non_null(strstr(e.text, "no label \"mi\""));
    xp_eval_cases_free(&c), xp_eval_cases_free(&validation), xp_eval_cases_free(&other);
}

static void labels_say_where_their_facts_come_from(void **state) {
    (void)state;
    xp_threshold_choice t;
    xp_evaluation evaluation;
    xp_error e;
    xp_eval_cases c = load("mi,afib");
    xp_predictions p = xp_eval_cases_predictions(&c);
    xp_label labels[LABELS] = {{.name = "mi"}, {.name = "afib"}};
    for (int l = 0; l < LABELS; l++) xp_label_forget(&labels[l]);
    double thresholds[LABELS];
    assert_int_equal(xp_threshold_parse(&t, "f1", &e), XP_OK);
    assert_int_equal(xp_labels_store_thresholds(&t, &p, XP_BALANCED, labels, &e), XP_OK);
    assert_string_equal(labels[0].threshold_source, "largest F1 on validation data (6 records)");
    for (int l = 0; l < LABELS; l++) thresholds[l] = labels[l].threshold;
    assert_int_equal(xp_evaluate(&p, thresholds, xp_eval_defaults(), &evaluation, &e), XP_OK);
    xp_labels_store_test(&evaluation, &p, labels);
    assert_int_equal(labels[0].specific_found, -1); /* it has no such threshold */
    assert_int_equal(labels[0].n_positive, 3);
    assert_int_equal(labels[1].n_positive, 2);
    assert_float_equal(labels[0].auroc, 8 / 9.0, 1e-12); /* one of nine pairs the wrong way round */
    assert_true(labels[1].auroc == 1);
    for (int l = 0; l < LABELS; l++) {
        const xp_confusion *k = &evaluation.label[l].confusion;
        assert_int_equal(labels[l].n_positive + labels[l].n_negative, evaluation.label[l].n);
        assert_int_equal(labels[l].found, k->tp);
        assert_int_equal(labels[l].false_alarms, k->fp);
    }
    assert_int_equal(xp_threshold_parse(&t, "youden=2", &e), XP_OK);
    assert_true(t.rule == XP_THRESHOLD_YOUDEN && t.wanted == 2);
    assert_int_equal(xp_threshold_parse(&t, "youden=0", &e), XP_ERR_USAGE);
    assert_int_equal(xp_threshold_parse(&t, "specificity=1.5", &e), XP_ERR_USAGE);
    assert_int_equal(xp_threshold_parse(&t, "specificity=1", &e), XP_OK);
    assert_int_equal(xp_labels_store_thresholds(&t, &p, XP_SPECIFIC, labels, &e), XP_OK);
    xp_labels_store_test(&evaluation, &p, labels);
    assert_string_equal(labels[0].specific_source, "specificity 1 on validation data (6 records)");
    assert_int_equal(labels[0].specific_false_alarms, 0);
    assert_true(labels[0].specific_threshold >= labels[0].threshold &&
                labels[0].specific_found >= 1 && labels[0].specific_found <= labels[0].found);
    assert_true(labels[0].auroc_low < labels[0].auroc);
    xp_evaluation_free(&evaluation);
    xp_eval_cases_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_become_cases),
        cmocka_unit_test(arrays_that_do_not_fit_are_refused),
        cmocka_unit_test(two_models_keep_what_both_have),
        cmocka_unit_test(thresholds_are_what_was_asked_for),
        cmocka_unit_test(thresholds_are_chosen_on_validation_data),
        cmocka_unit_test(labels_say_where_their_facts_come_from),
    };
    return cmocka_run_group_tests(tests, make_arrays, drop_arrays);
}
