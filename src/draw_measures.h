/* Where measure and plot meet: the beats and waves that were found, as marks on a drawing, and the
 * median beat as a drawing of its own. */
#ifndef XP_DRAW_MEASURES_H
#define XP_DRAW_MEASURES_H

#include "measure/measure.h"
#include "measure/quality.h"
#include "plot/plot.h"

/* The marks of m's beats, the caller's (free), *n of them; NULL for none, or without memory. */
xp_plot_beat *xp_measure_marks(const xp_measures *m, int *n);

/* What is wrong with single leads, to be hatched: the caller's (free), *n of them; NULL for none,
 * or without memory. */
xp_plot_fault *xp_quality_faults(const xp_quality *q, int *n);

/* The median beat in 3x4 at 50 mm/s, every lead from the same moment, with its marks. title may be
 * NULL. Draws into d, which must be zeroed; on error d is untouched: XP_ERR_LEAD_UNKNOWN where
 * there is no median beat, XP_ERR_MEMORY, and what xp_plot_ecg says of opt, whose layout, speed,
 * start and seconds are chosen here. */
xp_status xp_draw_beat(xp_display *d, const xp_record *rec, const xp_measures *m, const char *title,
                       const xp_plot_options *opt, xp_error *err);

#endif
