/* What the steps of marking share. Positions are samples of an average beat. */
#ifndef XP_MEASURE_MARKS_H
#define XP_MEASURE_MARKS_H

#include "measure/measure_internal.h"

typedef struct qrs_marks {
    double onset, offset;
    double unrest; /* beside the complex, of what belongs to it for certain; on the worse side */
} qrs_marks;

typedef struct t_marks {
    double onset, peak, offset;
} t_marks;

/* Row i of the space for work, as long as an average beat. */
static inline float *measure_row(const measure_window *w, int i) {
    return w->work + (size_t)i * (size_t)w->median.n;
}

/* The sample s after the fiducial point, within the beat. */
static inline int measure_at_second(const measure_window *w, const measure_average *a, double s) {
    const int t = a->fiducial + measure_samples(w, s);
    return t < 0 ? 0 : t >= a->n ? a->n - 1 : t;
}

/* ---- marks_qrs.c ---- */
void measure_mark_qrs(const measure_window *w, const measure_average *a, double rr_s, qrs_marks *q);
/* Where all leads together are farthest from the level. */
double measure_magnitude_peak(const measure_window *w, const measure_average *a, int from, int to);

/* ---- projection.c ---- */
/* Where a wave is expected: it weighs less the farther it is from there. */
typedef struct measure_expectation {
    double at, near, far; /* samples: full weight within near, half of it another far from there */
} measure_expectation;

/* Row i becomes lead i of the detectors less the line between its ends at from and to. */
void measure_straighten(const measure_window *w, const measure_average *a, int from, int to);
/* Row i becomes lead i of the detectors, large ones lowered: T may end sooner in the one lead that
 * holds most of it. */
void measure_keep(const measure_window *w, const measure_average *a, int from, int to);
/* The rows along their principal direction in [from, to], smoothed; its largest value there is
 * positive. Returns the row. */
float *measure_project(const measure_window *w, int from, int to, const measure_expectation *e,
                       int *peak);

/* The lowest sample outward from the peak, before s rises again by a tenth of the wave. */
int measure_valley_of(const float *s, int peak, int limit);
/* Where a wave with its peak at `peak` meets its level on the side of limit: the tangent at the
 * steepest of 2 span samples. Level: the valley beside the wave, but between least and most of the
 * wave's height. The mark lies `beyond` times the tangent's length further out: waves end softer
 * than their tangents. */
double measure_edge(const float *s, int peak, int limit, int span, float least, float most,
                    double beyond);

/* ---- marks.c ---- */
/* Where a P wave is searched. */
void measure_p_region(const measure_window *w, const measure_average *a, const xp_waves *waves,
                      double rr_s, int *from, int *to);

#endif
