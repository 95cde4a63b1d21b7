#include "support.h"

#include "ecg/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double range(const npy *a) {
    double lo = a->v[0], hi = a->v[0];
    for (size_t i = 0; i < a->count; i++) {
        lo = fmin(lo, a->v[i]);
        hi = fmax(hi, a->v[i]);
    }
    return hi - lo;
}

static void both_ways(const xp_sos *f, double *x, int64_t n) {
    double *work = malloc((size_t)(n + 2 * xp_filter_edge(f, n)) * sizeof *work);
    xp_filter_both_ways(f, x, n, work);
    free(work);
}

/* Largest difference from FILE.npy after filtering x.npy, as a part of the range. */
static double difference(const xp_sos *f, const char *file) {
    npy x = read_npy(shared_path("golden/signal/x.npy"));
    npy want = read_npy(shared_path("golden/signal/%s.npy", file));
    size_t n = x.shape[0], leads = x.shape[1];
    double *lead = malloc(n * sizeof *lead), worst = 0;
    for (size_t l = 0; l < leads; l++) {
        for (size_t i = 0; i < n; i++) lead[i] = x.v[i * leads + l];
        both_ways(f, lead, (int64_t)n);
        for (size_t i = 0; i < n; i++) {
            double d = fabs(lead[i] - want.v[i * leads + l]);
            if (!(d <= worst)) worst = d;
        }
    }
    worst /= range(&want);
    print_message("%s: %.2g of the range\n", file, worst);
    free(lead);
    free(x.v);
    free(want.v);
    return worst;
}

static void bandpass_equals_scipy(void **state) {
    (void)state;
    if (!exists(shared_path("golden/signal/x.npy"))) skip();
    xp_sos f;
    assert_int_equal(xp_filter_bandpass(&f, 0.5, 40, 500, NULL), XP_OK);
    assert_true(difference(&f, "bandpass_sos") <= 1e-6);
}

/* filtfilt of a polynomial of order 8 in more than double precision: the oracle below. */
static void polynomial_pass(const double *b, const double *a, long double *x, int64_t n, int step) {
    long double sum_a = 0, sum_c = 0, z[9] = {0};
    for (int k = 0; k < 9; k++) sum_a += a[k];
    for (int k = 1; k < 9; k++) sum_c += b[k] - (long double)a[k] * b[0];
    z[0] = sum_c / sum_a * *x;
    long double as = 1, cs = 0;
    for (int k = 1; k < 8; k++) {
        as += a[k];
        cs += b[k] - (long double)a[k] * b[0];
        z[k] = as * z[0] - cs * *x;
    }
    for (int64_t t = 0; t < n; t++, x += step) {
        long double v = *x, y = b[0] * v + z[0];
        for (int k = 0; k < 8; k++) z[k] = z[k + 1] + v * b[k + 1] - y * a[k + 1];
        *x = y;
    }
}

static void polynomial_both_ways(const double *b, const double *a, double *x, int64_t n) {
    enum { EDGE = 27 };
    long double *w = malloc((size_t)(n + 2 * EDGE) * sizeof *w);
    for (int i = 0; i < EDGE; i++) {
        w[i] = 2 * (long double)x[0] - x[EDGE - i];
        w[EDGE + n + i] = 2 * (long double)x[n - 1] - x[n - 2 - i];
    }
    for (int64_t i = 0; i < n; i++) w[EDGE + i] = x[i];
    polynomial_pass(b, a, w, n + 2 * EDGE, 1);
    polynomial_pass(b, a, w + n + 2 * EDGE - 1, n + 2 * EDGE, -1);
    for (int64_t i = 0; i < n; i++) x[i] = (double)w[EDGE + i];
    free(w);
}

/* bandpass.npy is SciPy's filtfilt with the polynomial form. Its coefficients, rounded to double,
 * are those of a slightly different filter: with them, and arithmetic that adds no error of its
 * own, bandpass.npy comes out to 1e-6; but bandpass.npy itself is only within 1e-5 of the filter
 * meant (bandpass_sos.npy, which ours equals). */
static void polynomial_form_is_off_by_its_rounded_coefficients(void **state) {
    (void)state;
    if (!exists(shared_path("golden/signal/x.npy"))) skip();
    xp_sos f;
    assert_int_equal(xp_filter_bandpass(&f, 0.5, 40, 500, NULL), XP_OK);
    assert_true(difference(&f, "bandpass") <= 1e-5);
    npy b = read_npy(shared_path("golden/signal/butter_b.npy"));
    npy a = read_npy(shared_path("golden/signal/butter_a.npy"));
    npy x = read_npy(shared_path("golden/signal/x.npy"));
    npy want = read_npy(shared_path("golden/signal/bandpass.npy"));
    size_t n = x.shape[0], leads = x.shape[1];
    double *lead = malloc(n * sizeof *lead), worst = 0;
    for (size_t l = 0; l < leads; l++) {
        for (size_t i = 0; i < n; i++) lead[i] = x.v[i * leads + l];
        polynomial_both_ways(b.v, a.v, lead, (int64_t)n);
        for (size_t i = 0; i < n; i++) worst = fmax(worst, fabs(lead[i] - want.v[i * leads + l]));
    }
    print_message("bandpass, polynomial: %.2g of the range\n", worst / range(&want));
    assert_true(worst <= 1e-6 * range(&want));
    free(lead);
    free(b.v);
    free(a.v);
    free(x.v);
    free(want.v);
}

static void notches_equal_scipy(void **state) {
    (void)state;
    if (!exists(shared_path("golden/signal/x.npy"))) skip();
    xp_sos f;
    assert_int_equal(xp_filter_notch(&f, 50, 500, NULL), XP_OK);
    assert_true(difference(&f, "notch50") <= 1e-6);
    assert_int_equal(xp_filter_notch(&f, 60, 500, NULL), XP_OK);
    assert_true(difference(&f, "notch60") <= 1e-6);
}

/* p (n) times (c0, c1, c2): n + 2 coefficients, in place. */
static void multiply(double *p, int n, double c0, double c1, double c2) {
    for (int i = n + 1; i >= 0; i--)
        p[i] = (i < n ? p[i] * c0 : 0) + (i > 0 && i - 1 < n ? p[i - 1] * c1 : 0) +
               (i > 1 ? p[i - 2] * c2 : 0);
}

static void design_equals_scipy(void **state) {
    (void)state;
    if (!exists(shared_path("golden/signal/butter_b.npy"))) skip();
    npy want_b = read_npy(shared_path("golden/signal/butter_b.npy"));
    npy want_a = read_npy(shared_path("golden/signal/butter_a.npy"));
    xp_sos f;
    assert_int_equal(xp_filter_bandpass(&f, 0.5, 40, 500, NULL), XP_OK);
    double b[9] = {1}, a[9] = {1};
    for (int i = 0; i < f.n; i++) {
        multiply(b, 2 * i + 1, f.b[i][0], f.b[i][1], f.b[i][2]);
        multiply(a, 2 * i + 1, 1, f.a[i][0], f.a[i][1]);
    }
    for (int i = 0; i < 9; i++) {
        assert_true(fabs(b[i] - want_b.v[i]) < 1e-15);
        assert_true(fabs(a[i] - want_a.v[i]) < 1e-12);
    }
    free(want_b.v);
    free(want_a.v);
}

/* |H| at a frequency. */
static double gain_at(const xp_sos *f, double frequency, double rate) {
    double w = 2 * M_PI * frequency / rate, g = 1;
    for (int i = 0; i < f->n; i++) {
        const double *b = f->b[i], *a = f->a[i];
        double nr = b[0] + b[1] * cos(w) + b[2] * cos(2 * w),
               ni = b[1] * sin(w) + b[2] * sin(2 * w);
        double dr = 1 + a[0] * cos(w) + a[1] * cos(2 * w), di = a[0] * sin(w) + a[1] * sin(2 * w);
        g *= hypot(nr, ni) / hypot(dr, di);
    }
    return g;
}

static void bands_are_where_they_should_be_at_any_rate(void **state) {
    (void)state;
    static const double rates[] = {100, 128.205, 250, 257, 360, 500, 1000, 5000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        double rate = rates[i];
        xp_sos f;
        assert_int_equal(xp_filter_bandpass(&f, 0.5, 40, rate, NULL), XP_OK);
        assert_true(fabs(gain_at(&f, 0.5, rate) - sqrt(0.5)) < 1e-6);
        assert_true(fabs(gain_at(&f, 40, rate) - sqrt(0.5)) < 1e-6);
        assert_true(fabs(gain_at(&f, 5, rate) - 1) < 1e-3);
        assert_true(gain_at(&f, 0.05, rate) < 2e-4 && gain_at(&f, 0.499 * rate, rate) < 0.1);
        if (rate <= 120) continue;
        assert_int_equal(xp_filter_notch(&f, 50, rate, NULL), XP_OK);
        assert_true(gain_at(&f, 50, rate) < 1e-9 && fabs(gain_at(&f, 0, rate) - 1) < 1e-12);
        assert_true(gain_at(&f, 40, rate) > 0.99);
    }
}

static void impossible_bands_are_refused(void **state) {
    (void)state;
    static const double bad[][3] = {
        {0, 40, 500},    {-1, 40, 500},  {40, 0.5, 500},  {10, 10, 500},        {0.5, 250, 500},
        {0.5, 300, 500}, {NAN, 40, 500}, {0.5, NAN, 500}, {0.5, INFINITY, 500}, {0.5, 40, NAN},
        {0.5, 40, 0},    {0.5, 0, 500},  {1e-9, 40, 500},
    };
    xp_sos f;
    memset(&f, 0x5a, sizeof f);
    xp_sos before = f;
    xp_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(xp_filter_bandpass(&f, bad[i][0], bad[i][1], bad[i][2], &err),
                         XP_ERR_USAGE);
    static const double notches[] = {0, -50, 250, 300, NAN, INFINITY};
    for (size_t i = 0; i < sizeof notches / sizeof *notches; i++)
        assert_int_equal(xp_filter_notch(&f, notches[i], 500, &err), XP_ERR_USAGE);
    assert_memory_equal(&f, &before, sizeof f);
}

static void short_signals_are_filtered_with_a_shorter_extension(void **state) {
    (void)state;
    xp_sos f;
    assert_int_equal(xp_filter_bandpass(&f, 0.5, 40, 500, NULL), XP_OK);
    assert_int_equal(xp_filter_edge(&f, 28), 27);
    assert_int_equal(xp_filter_edge(&f, 27), 26);
    assert_int_equal(xp_filter_edge(&f, 0), 0);
    for (int64_t n = 0; n < 60; n++) {
        double *x = malloc(((size_t)n + 1) * sizeof *x);
        for (int64_t i = 0; i < n; i++) x[i] = 3;
        both_ways(&f, x, n);
        for (int64_t i = 0; i < n; i++) assert_true(fabs(x[i]) < 1e-9);
        free(x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bandpass_equals_scipy),
        cmocka_unit_test(polynomial_form_is_off_by_its_rounded_coefficients),
        cmocka_unit_test(notches_equal_scipy),
        cmocka_unit_test(design_equals_scipy),
        cmocka_unit_test(bands_are_where_they_should_be_at_any_rate),
        cmocka_unit_test(impossible_bands_are_refused),
        cmocka_unit_test(short_signals_are_filtered_with_a_shorter_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
