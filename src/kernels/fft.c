#include "kernels/fft.h"

#include <math.h>
#include <string.h>

/* Operations per point of one pass, loads and stores included. */
typedef struct radix_cost {
    int radix;
    double cost;
} radix_cost;
static const radix_cost radices[] = {{2, 8},    {3, 10}, {4, 9},   {5, 14},  {6, 12},
                                     {8, 11.5}, {9, 15}, {10, 17}, {12, 14}, {16, 15}};
enum { RADICES = sizeof radices / sizeof radices[0] };

/* Cheapest product of the radices from first on that makes n (ascending: the order costs nothing).
 */
static double search(int n, int first, int depth, int *radix, int *passes) {
    if (n == 1) {
        *passes = depth;
        return 0;
    }
    double best = INFINITY;
    for (int i = first; i < RADICES && depth < FFT_PASSES; i++) {
        int trial[FFT_PASSES], count = 0;
        const int r = radices[i].radix;
        if (n % r != 0) continue;
        memcpy(trial, radix, sizeof trial);
        trial[depth] = r;
        const double cost = radices[i].cost + search(n / r, i, depth + 1, trial, &count);
        if (cost >= best) continue;
        best = cost;
        *passes = count;
        memcpy(radix, trial, sizeof trial);
    }
    return best;
}

bool fft_make_plan(fft_plan *plan, int n) {
    memset(plan, 0, sizeof *plan);
    if (n < 2 || n > FFT_MAX || n % 2 != 0) return false;
    plan->n = n;
    const double passes = search(n, 0, 0, plan->radix, &plan->passes);
    plan->cost = n * (15 + 1.2 * passes); /* 15: to and from the bins */
    return isfinite(passes);
}

size_t fft_twiddle_floats(const fft_plan *plan) {
    size_t floats = 0;
    for (int i = 0, n = plan->n; i + 1 < plan->passes; n /= plan->radix[i++])
        floats += 2 * (size_t)(n / plan->radix[i] - 1) * (size_t)(plan->radix[i] - 1);
    return floats;
}

void fft_fill_twiddle(const fft_plan *plan, float *out) {
    const double turn = 2 * 3.14159265358979323846;
    for (int i = 0, n = plan->n; i + 1 < plan->passes; n /= plan->radix[i++])
        for (int p = 1; p < n / plan->radix[i]; p++)
            for (int k = 1; k < plan->radix[i]; k++) {
                *out++ = (float)cos(turn * p * k / n);
                *out++ = (float)-sin(turn * p * k / n);
            }
}
