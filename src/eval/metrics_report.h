/* An evaluation for people and for programs. NaN is "undefined" in text, empty in CSV, null in
 * JSON. */
#ifndef XP_EVAL_METRICS_REPORT_H
#define XP_EVAL_METRICS_REPORT_H

#include <stdio.h>

#include "data/csv.h"
#include "eval/metrics.h"

struct cJSON;

/* The interval to show beside a figure: exact for a proportion, DeLong's for the AUROC, else the
 * bootstrap's; NaN where there is none. */
xp_ci xp_best_interval(const xp_evaluated *e, xp_metric m);

/* One line per label, then macro and micro; under each figure its interval: exact for proportions,
 * DeLong for the AUROC, bootstrap otherwise. names (labels). */
void xp_evaluation_text(FILE *out, const xp_evaluation *e, const char *const *names);

/* One row per label, macro, micro; every figure with its bootstrap interval, and the exact and
 * DeLong intervals where they exist. */
void xp_evaluation_csv(xp_csv_writer *w, const xp_evaluation *e, const char *const *names);

/* The same as an object, the caller's, for xp_json_add and xp_json_print, which notice where memory
 * ran out. */
struct cJSON *xp_evaluation_json(const xp_evaluation *e, const char *const *names);

/* Per label: both AUROCs, their difference with DeLong's and the bootstrap's interval and p, and
 * the McNemar tables. */
void xp_comparison_text(FILE *out, const xp_compared *c, const xp_compared *macro, int labels,
                        const char *const *names);
struct cJSON *xp_macro_comparison_json(const xp_compared *macro);
struct cJSON *xp_comparison_json(const xp_compared *c, int labels, const char *const *names);

#endif
