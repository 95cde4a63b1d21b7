/* Where ecg, explain and plot meet: a record, and the map of one label of its analysis, as a
 * display list. The tool and the library draw through this. */
#ifndef XP_DRAW_ANALYSIS_H
#define XP_DRAW_ANALYSIS_H

#include "explain.h"
#include "plot/plot.h"

/* rec as a page; map may be NULL. Draws into d, which must be zeroed; on error d is untouched: what
 * xp_plot_ecg says, and XP_ERR_MEMORY. */
xp_status xp_draw_record(xp_display *d, const xp_record *rec, const xp_plot_map *map,
                         const xp_plot_options *opt, xp_error *err);

/* a: of rec by m, with maps of `layer` (an op index) that are raw; label: one that a has a map of.
 * The page shows the window in which opt->start lies or, where that is 0, the window with the
 * label's largest probability; the analysed window is marked. Otherwise as xp_draw_record. */
xp_status xp_draw_analysis(xp_display *d, const xp_record *rec, const xp_analysis *a,
                           const xp_model *m, int layer, int label, const xp_plot_options *opt,
                           xp_error *err);

#endif
