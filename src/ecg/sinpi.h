/* sin(pi x) and cos(pi x) by their Taylor series: filters are designed with these and not with the
 * C library's, whose last bit differs from one library to the next, so that the native program and
 * the WebAssembly one compute the same input for the network, bit by bit. */
#ifndef XP_ECG_SINPI_H
#define XP_ECG_SINPI_H

#include <math.h>

#define XP_PI 3.14159265358979323846

/* Terms from the last to the first; y*y <= (pi/4)^2, so ten terms are below 1e-20. */
static inline double xp_taylor_cos(double y2) {
    double s = 1;
    for (int k = 18; k > 0; k -= 2) s = 1 - s * y2 / (double)(k * (k - 1));
    return s;
}
static inline double xp_taylor_sin(double y) {
    double s = 1, y2 = y * y;
    for (int k = 19; k > 1; k -= 2) s = 1 - s * y2 / (double)(k * (k - 1));
    return s * y;
}

/* Exact at multiples of 1/2; error below 3e-16 elsewhere. |x| < 2^51. */
static inline double xp_sin_pi(double x) {
    double quarter = rint(2 * x), y = XP_PI * (x - 0.5 * quarter);
    switch ((int)(quarter - 4 * floor(quarter / 4))) {
    case 0:
        return xp_taylor_sin(y);
    case 1:
        return xp_taylor_cos(y * y);
    case 2:
        return -xp_taylor_sin(y);
    default:
        return -xp_taylor_cos(y * y);
    }
}
static inline double xp_cos_pi(double x) {
    return xp_sin_pi(x + 0.5);
}

#endif
