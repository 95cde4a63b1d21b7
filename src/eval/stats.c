#include "eval/stats.h"

#include <float.h>
#include <math.h>

/* log(n!) - log(sqrt(2 pi n) (n/e)^n): what Stirling's formula leaves out. Loader (2000). */
static double stirling_error(double n) {
    if (n < 16) return lgamma(n + 1) - (n + 0.5) * log(n) + n - 0.91893853320467274178;
    double nn = n * n;
    return (1.0 / 12 -
            (1.0 / 360 -
             (1.0 / 1260 - (1.0 / 1680 - (1.0 / 1188 - 691.0 / 360360 / nn) / nn) / nn) / nn) /
                nn) /
           n;
}

/* x log(x / m) + m - x without cancellation near x = m. Loader (2000). */
static double deviance(double x, double m) {
    if (fabs(x - m) >= 0.1 * (x + m)) return x * log(x / m) + m - x;
    double v = (x - m) / (x + m), s = (x - m) * v, term = 2 * x * v;
    for (int j = 1; j < 1000; j++) {
        term *= v * v;
        double next = s + term / (2 * j + 1);
        if (next == s) break;
        s = next;
    }
    return s;
}

/* x^a (1-x)^b / B(a, b), 0 < x < 1; y is 1 - x. */
static double beta_factor(double a, double b, double x, double y) {
    double n = a + b;
    double lc = stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) -
                deviance(b, n * y);
    return exp(lc) * sqrt(a * b / (6.28318530717958647692 * n));
}

/* DLMF 8.17.22 by Lentz's method: I_x(a, b) = factor / (a * fraction), best for small x. */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m < 100000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int k = 0; k < 2; k++) {
            double t = k ? odd : even;
            d = 1 + t * d;
            c = 1 + t / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            if (fabs(c) < tiny) c = tiny;
            h *= d * c;
        }
        if (fabs(d * c - 1) < DBL_EPSILON) break;
    }
    return h;
}

double xp_beta_inc(double a, double b, double x) {
    if (!(a > 0) || !(b > 0) || !(x >= 0) || !(x <= 1)) return NAN;
    if (x == 0 || x == 1) return x;
    double y = 1 - x, f = beta_factor(a, b, x, y);
    if (x < (a + 1) / (a + b + 2)) return f * beta_fraction(a, b, x) / a;
    return 1 - f * beta_fraction(b, a, y) / b;
}

/* Newton's steps kept inside a shrinking bracket. */
double xp_beta_inc_inv(double a, double b, double p) {
    if (!(a > 0) || !(b > 0) || !(p >= 0) || !(p <= 1)) return NAN;
    if (p == 0 || p == 1) return p;
    double low = 0, high = 1, x = a / (a + b);
    for (int i = 0; i < 400; i++) {
        double e = xp_beta_inc(a, b, x) - p;
        if (e == 0) break;
        if (e < 0) low = x;
        if (e > 0) high = x;
        double slope = beta_factor(a, b, x, 1 - x) / (x * (1 - x));
        double next = x - e / slope;
        if (!(next > low && next < high)) next = (low + high) / 2;
        if (fabs(next - x) <= DBL_EPSILON * x) return next;
        x = next;
    }
    return x;
}

double xp_normal_quantile(double p) {
    if (!(p >= 0) || !(p <= 1)) return NAN;
    if (p == 0 || p == 1) return p == 0 ? -INFINITY : INFINITY;
    if (p > 0.5) return -xp_normal_quantile(1 - p);
    double low = -40, high = 0, z = 0;
    for (int i = 0; i < 200; i++) {
        double e = 0.5 * erfc(-z * M_SQRT1_2) - p;
        if (e == 0) break;
        if (e < 0) low = z;
        if (e > 0) high = z;
        double next = z - e * sqrt(2 * M_PI) * exp(z * z / 2);
        if (!(next > low && next < high)) next = (low + high) / 2;
        if (fabs(next - z) <= DBL_EPSILON * fabs(z)) return next;
        z = next;
    }
    return z;
}

double xp_normal_two_sided(double z) {
    return erfc(fabs(z) * M_SQRT1_2);
}

xp_ci xp_clopper_pearson(size_t k, size_t n, double level) {
    if (!n || k > n || !(level > 0 && level < 1)) return (xp_ci){NAN, NAN};
    double tail = (1 - level) / 2, x = (double)k, rest = (double)(n - k);
    return (xp_ci){
        k ? xp_beta_inc_inv(x, rest + 1, tail) : 0,
        /* The upper end by symmetry, so that both ends are equally exact. */
        k < n ? 1 - xp_beta_inc_inv(rest, x + 1, tail) : 1,
    };
}

/* P(X <= k) of a binomial X with n trials at 1/2 is I_{1/2}(n - k, k + 1). */
double xp_mcnemar_exact(size_t b, size_t c) {
    size_t n = b + c, k = b < c ? b : c;
    if (b == c) return 1;
    return fmin(1, 2 * xp_beta_inc((double)(n - k), (double)k + 1, 0.5));
}

double xp_quantile(const double *sorted, size_t n, double q) {
    if (!n) return NAN;
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}
