/* The score of the PhysioNet challenges: classes, weights, and names as their tables have them. */
#include "eval/metrics_cinc.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_near(const char *what, double got, double expected, double tolerance) {
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%s: got %.17g, expected %.17g", what, got, expected);
}

/* Values from SciPy 1.17 (Boost's incomplete beta function). */
static void write_weights(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* By hand, with weights A-N 0.2, A-B 0.5, N-B 0 and N for sinus rhythm:
 *   labels A,   outputs A, B   (1 + 0.5) / 2 = 0.75    perfect 1     always N 0.2 / 2 = 0.1
 *   labels N,   outputs N      1                       1             1
 *   labels A B, outputs B      (0.5 + 1) / 2 = 0.75    3 / 2 = 1.5   0.2 / 3
 *   labels B,   no output      0                       1             0
 * (2.5 - 1.1666...) / (4.5 - 1.1666...) = 0.4. A fifth label, C, is in no class; D is no label. */
static void cinc_score(void **state) {
    (void)state;
    static const char *const names[] = {"B", "C", "a", "426783006"};
    static const double score[] = {.9, .9, .6, .1, .2, 0, 0, .5, .7, 1, .3, .2, .4, 1, .2, .1};
    static const int8_t truth[] = {0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0};
    static const int8_t unknown[] = {-1, 0, 1, -1};
    static const double thresholds[] = {.5, .5, .5, .5}, zero[] = {0, 0, 0, 0};
    xp_predictions p = {score, truth, NULL, 4, 4};
    xp_cinc_weights w;
    xp_error err;
    char path[] = "/tmp/xp_cinc_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_weights(path, ",x|A,426783006|nsr,D,B\nx|A,1,.2,0,.5\n426783006|nsr,.2,1,0,0\n"
                        "D,0,0,1,0\nB,.5,0,0,1\n");
    if (xp_cinc_read_weights(&w, path, names, 4, "426783006", &err) != XP_OK)
        fail_msg("%s", err.text);
    assert_true(w.n == 3 && w.missing == 1 && w.normal == 1);
    assert_near("score", xp_cinc_score(&w, &p, thresholds), 0.4, 1e-15);
    p.n = 1; /* one label A, the others not known: right whatever is said of them */
    p.truth = unknown;
    assert_near("unknown", xp_cinc_score(&w, &p, thresholds), 1, 1e-15);
    p.truth = truth + 4; /* sinus rhythm alone: nothing to be gained */
    assert_true(isnan(xp_cinc_score(&w, &p, zero)));
    assert_int_equal(xp_cinc_read_weights(&w, path, names, 3, "426783006", &err), XP_ERR_NOT_FOUND);
    assert_int_equal(xp_cinc_read_weights(&w, path, names, 4, "D", &err), XP_ERR_NOT_FOUND);
    write_weights(path, ",A,426783006\n426783006,1,.2\nA,.2,1\n");
    assert_int_equal(xp_cinc_read_weights(&w, path, names, 4, "426783006", &err), XP_ERR_FORMAT);
    write_weights(path, ",A,426783006\nA,1,.2\n");
    assert_int_equal(xp_cinc_read_weights(&w, path, names, 4, "426783006", &err), XP_ERR_FORMAT);
    unlink(path);
}

/* Two labels of one class are merged: there where one of them is. Names in any order and case. */
static void cinc_classes_of_several_names(void **state) {
    (void)state;
    static const char table[] = ",a|b,426783006,c|d\na|b,1,.2,.5\n426783006,.2,1,0\nc|d,.5,0,1\n";
    static const double thresholds[] = {.5, .5, .5, .5};
    static const double merged[] = {.9, .1, .1, 0, 0, .9, .1, 0, 0, 0, .9, 0, 0, 0, 0, .9};
    static const int8_t truth[] = {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    xp_predictions p = {merged, truth, NULL, 4, 4};
    static const struct {
        const char *names[4];
        int n, missing;
        double score; /* NaN: refused */
    } cases[] = {
        {{"a", "b", "426783006", "c"}, 3, 0, 1}, /* right in every record, once merged */
        {{"a|b", "B", "426783006", "d|C"}, 3, 0, 1},
        {{"a", "b|x", "nsr|426783006", "D"}, 3, 0, 1},
        {{"a", "x", "426783006", "c"}, 3, 0, 0.8},
        {{"a|c", "b", "426783006", "d"}, 0, 0, NAN}, /* one label of two classes */
        {{"|a|", "b", "426783006", "|"}, 2, 1, 1},   /* empty names are none */
    };
    char path[] = "/tmp/xp_cinc_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_weights(path, table);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_cinc_weights w;
        xp_error err = {0};
        xp_status s = xp_cinc_read_weights(&w, path, cases[i].names, 4, "426783006", &err);
        if (isnan(cases[i].score)) {
            assert_int_equal(s, XP_ERR_FORMAT);
            assert_non_null(strstr(err.text, "\"a|c\" is of this class and of one before"));
            continue;
        }
        if (s != XP_OK) fail_msg("case %zu: %s", i, err.text);
        if (w.n != cases[i].n || w.missing != cases[i].missing) fail_msg("case %zu: classes", i);
        if (i != 3) assert_near("score", xp_cinc_score(&w, &p, thresholds), cases[i].score, 1e-15);
        if (i == 3) assert_true(xp_cinc_score(&w, &p, thresholds) < 1);
    }
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cinc_score),
        cmocka_unit_test(cinc_classes_of_several_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
