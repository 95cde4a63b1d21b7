/* An evaluation, or two models compared, as one page of HTML that opens anywhere. */
#ifndef XP_EVAL_REPORT_H
#define XP_EVAL_REPORT_H

#include "eval/figures/figures.h"
#include "eval/metrics.h"

/* A line of what was evaluated: a term and its text. */
typedef struct xp_eval_fact {
    const char *term, *text;
} xp_eval_fact;

/* Nothing is owned. */
typedef struct xp_eval_report {
    const char *line;          /* stands above and below everything */
    const xp_eval_fact *facts; /* (n_facts): which models, which data */
    int n_facts;
    const char *made_by;
    const xp_evaluation *evaluations; /* (n_models) */
    int n_models;                     /* 1, or 2 on the same cases */
    const char *const *names;         /* of the labels */
    const char *thresholds;           /* where they come from */
    const xp_compared *compared;      /* (labels); NULL: one model */
    const xp_compared *macro;         /* of the labels' mean */
    const xp_figure_list *figures;
} xp_eval_report;

/* *html (size bytes) is freed by the caller; on error it is untouched. */
xp_status xp_eval_report_html(char **html, size_t *size, const xp_eval_report *r, xp_error *err);

#endif
