#include "support.h"

#include "ecg/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Columns of a (n, leads) array of doubles as planes of floats. */
static float **planes(const npy *a) {
    size_t n = a->shape[0], leads = a->shape[1];
    float **p = malloc(leads * sizeof *p);
    for (size_t l = 0; l < leads; l++) {
        p[l] = malloc((n + 1) * sizeof **p);
        for (size_t i = 0; i < n; i++) p[l][i] = (float)a->v[i * leads + l];
    }
    return p;
}

static float **blank_planes(int leads, int64_t n) {
    float **p = malloc((size_t)leads * sizeof *p);
    for (int l = 0; l < leads; l++) p[l] = malloc(((size_t)n + 1) * sizeof **p);
    return p;
}

static void free_planes(float **p, int leads) {
    for (int l = 0; l < leads; l++) free(p[l]);
    free(p);
}

static double range(const npy *a) {
    double lo = a->v[0], hi = a->v[0];
    for (size_t i = 0; i < a->count; i++) {
        lo = fmin(lo, a->v[i]);
        hi = fmax(hi, a->v[i]);
    }
    return hi - lo;
}

/* Largest difference from b, over all leads. */
static double difference(float **y, const npy *b) {
    double worst = 0;
    size_t leads = b->shape[1];
    for (size_t i = 0; i < b->count; i++) {
        double d = fabs((double)y[i % leads][i / leads] - b->v[i]);
        if (!(d <= worst)) worst = d;
    }
    return worst;
}

static void compare(const char *from_file, double from, const char *to_file, double to) {
    npy x = read_npy(shared_path("golden/signal/%s.npy", from_file));
    npy want = read_npy(shared_path("golden/signal/%s.npy", to_file));
    int leads = (int)x.shape[1];
    xp_resampler r;
    assert_int_equal(xp_resampler_init(&r, from, to, NULL), XP_OK);
    assert_int_equal(xp_resampler_length(&r, (int64_t)x.shape[0]), want.shape[0]);
    float **in = planes(&x), **out = blank_planes(leads, (int64_t)want.shape[0]);
    xp_resample(&r, leads, out, (const float *const *)in, (int64_t)x.shape[0]);
    double error = difference(out, &want) / range(&want);
    print_message("%g to %g Hz, %d/%d: %.2g of the range\n", from, to, r.up, r.down, error);
    assert_true(error <= 1e-6);
    free_planes(in, leads);
    free_planes(out, leads);
    xp_resampler_free(&r);
    free(x.v);
    free(want.v);
}

static void equals_scipy(void **state) {
    (void)state;
    if (!exists(shared_path("golden/signal/x.npy"))) skip();
    static const int rates[] = {100, 250, 257, 360, 1000};
    for (int i = 0; i < 5; i++) {
        char there[16], back[24];
        snprintf(there, sizeof there, "at%d", rates[i]);
        snprintf(back, sizeof back, "back_from%d", rates[i]);
        compare("x", 500, there, rates[i]);
        compare(there, rates[i], back, 500);
    }
}

/* seconds of a sine at `from` Hz, resampled; *n is its new length. */
static float *resampled_sine(double f, double seconds, double from, double to, int64_t *n) {
    int64_t n_in = (int64_t)(seconds * from);
    float *x = malloc((size_t)n_in * sizeof *x);
    for (int64_t i = 0; i < n_in; i++) x[i] = (float)sin(2 * M_PI * f * (double)i / from);
    xp_resampler r;
    assert_int_equal(xp_resampler_init(&r, from, to, NULL), XP_OK);
    *n = xp_resampler_length(&r, n_in);
    float *y = malloc((size_t)*n * sizeof *y);
    xp_resample(&r, 1, &y, (const float *const[]){x}, n_in);
    xp_resampler_free(&r);
    free(x);
    return y;
}

/* Root mean square error against a sine of this amplitude, the first and last 0.2 s left out. */
static double sine_error(const float *y, int64_t n, double amplitude, double f, double rate) {
    int64_t skip_n = (int64_t)(0.2 * rate);
    double sum = 0;
    for (int64_t i = skip_n; i < n - skip_n; i++) {
        double d = (double)y[i] - amplitude * sin(2 * M_PI * f * (double)i / rate);
        sum += d * d;
    }
    return sqrt(sum / (double)(n - 2 * skip_n));
}

static void ten_hertz_keeps_its_amplitude_and_place(void **state) {
    (void)state;
    static const double rates[] = {100, 120, 128.205, 200, 240,   250,     257,
                                   333, 360, 400,     480, 999.7, 977.123, 1000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        int64_t n;
        float *y = resampled_sine(10, 10, rates[i], 500, &n);
        assert_true(llabs(n - 5000) <= 5);
        double relative = sine_error(y, n, 1, 10, 500) / sqrt(0.5);
        if (!(relative < 0.01)) fail_msg("%g Hz: 10 Hz is off by %g", rates[i], relative);
        free(y);
    }
}

static void tones_that_do_not_fit_are_removed(void **state) {
    (void)state;
    int64_t n;
    float *y = resampled_sine(300, 10, 1000, 500, &n);
    double left = sine_error(y, n, 0, 0, 500) / sqrt(0.5);
    print_message("300 Hz from 1000 to 500 Hz: %.1f dB\n", 20 * log10(left));
    assert_true(left < 0.01);
    free(y);
}

static void rates_become_small_fractions(void **state) {
    (void)state;
    static const struct {
        double from, to;
        int up, down;
    } cases[] = {
        {360, 500, 25, 18},
        {257, 500, 500, 257},
        {500, 500, 1, 1},
        {1000, 500, 1, 2},
        {128.205, 500, 100000, 25641},
        {1e6, 1000, 1, 1000},
        {1, 1000, 1000, 1},
        {0.1, 0.3, 3, 1},
        {100.0 / 3, 500, 15, 1},
        {499.999999999999, 500, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_resampler r;
        assert_int_equal(xp_resampler_init(&r, cases[i].from, cases[i].to, NULL), XP_OK);
        if (r.up != cases[i].up || r.down != cases[i].down)
            fail_msg("%g to %g: %d/%d", cases[i].from, cases[i].to, r.up, r.down);
        assert_true(fabs(r.error) < 1e-12);
        xp_resampler_free(&r);
    }
    xp_resampler r;
    assert_int_equal(xp_resampler_init(&r, 500.000123456, 500, NULL), XP_OK);
    assert_true(r.up <= XP_RESAMPLE_MAX_TERM && r.down <= XP_RESAMPLE_MAX_TERM);
    assert_true(fabs(r.error) < 1e-6);
    xp_resampler_free(&r);
}

static void senseless_rates_are_refused(void **state) {
    (void)state;
    static const double bad[][2] = {{0, 500},   {500, 0},        {-500, 500},     {NAN, 500},
                                    {500, NAN}, {INFINITY, 500}, {500, INFINITY}, {1e-300, 500},
                                    {0.4, 500}, {1e6, 500}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        xp_resampler r;
        xp_error err;
        assert_int_equal(xp_resampler_init(&r, bad[i][0], bad[i][1], &err), XP_ERR_UNSUPPORTED);
    }
}

static void any_length_works(void **state) {
    (void)state;
    static const double to[] = {100, 257, 500, 1000, 128.205};
    float x[70];
    for (int i = 0; i < 70; i++) x[i] = 1;
    for (size_t k = 0; k < sizeof to / sizeof *to; k++) {
        xp_resampler r;
        assert_int_equal(xp_resampler_init(&r, 500, to[k], NULL), XP_OK);
        for (int64_t n = 0; n <= 70; n++) {
            int64_t n_out = xp_resampler_length(&r, n);
            assert_int_equal(n_out, (n * r.up + r.down - 1) / r.down);
            float *in = malloc((size_t)n * sizeof *in + 1), *y = malloc((size_t)n_out * 4 + 1);
            for (int64_t i = 0; i < n; i++) in[i] = x[i];
            xp_resample(&r, 1, &y, (const float *const[]){in}, n);
            for (int64_t i = 0; i < n_out; i++) assert_true(fabsf(y[i]) < 1.5f);
            free(in);
            free(y);
        }
        xp_resampler_free(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scipy),
        cmocka_unit_test(ten_hertz_keeps_its_amplitude_and_place),
        cmocka_unit_test(tones_that_do_not_fit_are_removed),
        cmocka_unit_test(rates_become_small_fractions),
        cmocka_unit_test(senseless_rates_are_refused),
        cmocka_unit_test(any_length_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
