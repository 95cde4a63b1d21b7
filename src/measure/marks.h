/* What the steps of marking share. Positions are samples of an average beat. */
#ifndef XP_MEASURE_MARKS_H
#define XP_MEASURE_MARKS_H

#include "measure/measure_internal.h"

typedef struct qrs_marks {
    double onset, offset;
} qrs_marks;

typedef struct t_marks {
    double onset, peak, offset;
} t_marks;

/* Where a wave with its peak at `peak` meets its level on the side of limit: the tangent at the
 * steepest of 2 span samples. Level: the valley beside the wave, but between least and most of the
 * wave's height. The mark lies `beyond` times the tangent's length further out: waves end softer
 * than their tangents. */
double measure_edge(const float *s, int peak, int limit, int span, float least, float most,
                    double beyond);

/* Where a P wave is searched. */
void measure_p_region(const measure_window *w, const measure_average *a, const xp_waves *waves,
                      double rr_s, int *from, int *to);

#endif
