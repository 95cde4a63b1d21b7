/* Values of the windows of a record, and what is reported of all together. */
#ifndef XP_MEASURE_POOL_H
#define XP_MEASURE_POOL_H

#include "measure/measure_internal.h"

/* What a window measures before the rate is known. */
typedef enum measure_pooled {
    POOLED_P,
    POOLED_PR,
    POOLED_QRS,
    POOLED_QT,
    POOLED_AREA_P_I,
    POOLED_AREA_P_F,
    POOLED_AREA_QRS_I,
    POOLED_AREA_QRS_F,
    POOLED_AREA_T_I,
    POOLED_AREA_T_F,
    POOLED_SPREAD_P, /* between odd and even beats */
    POOLED_SPREAD_PR,
    POOLED_SPREAD_QRS,
    POOLED_SPREAD_QT,
    POOLED_COUNT
} measure_pooled;

enum { POOLED_LEAD_VALUES = XP_AMPLITUDE_COUNT + XP_AMPLITUDE_S2 + 1 };

typedef struct measure_pool {
    int n, cap;         /* windows that were measured */
    int with_p;         /* of these, with P waves */
    int alone, all;     /* beats that are like at most one other, of all beats */
    float *values;      /* (POOLED_COUNT, cap) */
    float *lead_values; /* (n_leads, POOLED_LEAD_VALUES, cap) */
    float *sorted;      /* (cap) */
    float low[POOLED_QT + 1], high[POOLED_QT + 1];
    int beats[POOLED_QT + 1];
} measure_pool;

/* ---- areas.c ---- */
/* Net areas of a wave in I and aVF, mV s; NaN where the leads for it are missing. */
void measure_areas(const measure_window *w, const xp_record *rec, const xp_wave *wave, bool lined,
                   float *lead_i, float *avf);
/* Degrees from net areas in I and aVF, -180 to 180. */
double measure_axis(double lead_i, double avf);
double measure_cube_root(double x);

/* ---- pool.c ---- */
/* Counts the beats of a window, whether or not it could be measured. */
void measure_pool_beats(measure_pool *p, const measure_window *w);
void measure_pool_window(measure_pool *p, const measure_window *w, const xp_record *rec);
float measure_pooled_median(measure_pool *p, measure_pooled what);
void measure_pooled_lead(measure_pool *p, int lead, xp_lead_measures *out);

/* ---- values.c ---- */
/* is_spoilt: the recording should be taken again; no value of it is called reliable. scratch: one
 * more than m has beats. */
void measure_values(xp_measures *m, const xp_record *rec, bool is_spoilt, measure_pool *p,
                    float *scratch);

/* ---- rhythm.c ---- */
bool measure_is_steady(const measure_window *w);
char measure_kind(const measure_window *w, int beat, bool steady);
/* scratch: (n_beats) */
void measure_rhythm(xp_measures *m, float *scratch);

#endif
