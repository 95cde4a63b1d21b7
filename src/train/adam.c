#include "train/adam.h"

#include <math.h>

void xp_adam_update(const xp_adam *a, float *w, float *m, float *v, const float *g, size_t n) {
    /* Keras takes the powers of betas that went through float32; at the first steps that is 1 part
     * in 10^5 of the rate. */
    const double step = (double)a->step;
    const double power1 = pow((double)(float)a->beta1, step);
    const double power2 = pow((double)(float)a->beta2, step);
    const float alpha = (float)(a->rate * sqrt(1 - power2) / (1 - power1));
    const float one = (float)(1 - a->beta1), two = (float)(1 - a->beta2);
    const float epsilon = (float)a->epsilon, keep = (float)(1 - a->rate * a->decay);
    for (size_t i = 0; i < n; i++) {
        m[i] += (g[i] - m[i]) * one;
        v[i] += (g[i] * g[i] - v[i]) * two;
        w[i] = w[i] * keep - alpha * m[i] / (sqrtf(v[i]) + epsilon);
    }
}

void xp_average_update(float *average, const float *w, double keep, size_t n) {
    const float part = (float)(1 - keep);
    for (size_t i = 0; i < n; i++) average[i] += (w[i] - average[i]) * part;
}
