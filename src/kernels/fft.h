/* The plan of a complex FFT of N points on vectors of channels: radices and twiddle factors.
 *
 * Stockham's self-sorting algorithm (Cochran et al., "What is the fast Fourier transform?", 1967;
 * Van Loan, Computational Frameworks for the FFT, 1992, section 1.7), decimation in frequency,
 * mixed radix. Two real signals are carried as the real and the imaginary part of one complex one.
 * Private to kernels/. */
#ifndef XP_KERNELS_FFT_H
#define XP_KERNELS_FFT_H

#include <stdbool.h>
#include <stddef.h>

enum { FFT_PASSES = 6, FFT_MAX = 1024 };

typedef struct fft_plan {
    int n, passes;
    int radix[FFT_PASSES];
    double cost;
    const float *twiddle; /* for each pass but the last, p = 1.., k = 1..r-1: re, im; not owned */
} fft_plan;

/* Radices for n points; false when n has no plan (odd, too large, or a prime factor above 5). */
bool fft_make_plan(fft_plan *plan, int n);

/* Floats of the twiddle table, and its content. */
size_t fft_twiddle_floats(const fft_plan *plan);
void fft_fill_twiddle(const fft_plan *plan, float *out);

/* Estimated vector operations of one transform: for choosing between sizes. */
static inline double fft_cost(const fft_plan *plan) {
    return plan->cost;
}

#endif
