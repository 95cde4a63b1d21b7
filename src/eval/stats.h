/* The distributions behind the intervals and tests: incomplete beta function and its inverse,
 * normal quantile, Clopper-Pearson interval, exact McNemar test, quantile of a sample. */
#ifndef XP_EVAL_STATS_H
#define XP_EVAL_STATS_H

#include <stddef.h>

typedef struct xp_ci {
    double low, high; /* both NaN where undefined */
} xp_ci;

/* Regularised incomplete beta function I_x(a, b), a and b > 0, x in [0, 1]: the continued fraction
 * DLMF 8.17.22 with Loader's (2000) form of the factor in front, so that large a and b keep their
 * digits. Relative error about 1e-14. NaN outside the domain. */
double xp_beta_inc(double a, double b, double x);

/* x with I_x(a, b) = p, p in [0, 1]. */
double xp_beta_inc_inv(double a, double b, double p);

/* z with P(Z <= z) = p for a standard normal Z; -inf and +inf at 0 and 1. */
double xp_normal_quantile(double p);

/* P(|Z| >= |z|). */
double xp_normal_two_sided(double z);

/* Clopper and Pearson's (1934) interval for k successes in n trials; undefined for n = 0. */
xp_ci xp_clopper_pearson(size_t k, size_t n, double level);

/* Two-sided exact McNemar test (binomial, p = 1/2) of b against c discordant pairs; 1 when there
 * are none. */
double xp_mcnemar_exact(size_t b, size_t c);

/* Quantile q of n ascending values, linear between neighbours (Hyndman and Fan's type 7, NumPy's
 * default); NaN for n = 0. */
double xp_quantile(const double *sorted, size_t n, double q);

#endif
