/* The figures of an evaluation, of a comparison and of a training run, as display lists. */
#ifndef XP_EVAL_FIGURES_H
#define XP_EVAL_FIGURES_H

#include "eval/metrics.h"
#include "plot/plot.h"

typedef struct xp_figure {
    const char *name; /* of its file: "roc" */
    const char *title;
    const char *alt; /* what is to be seen, for those who do not see it */
    xp_display page; /* owned */
} xp_figure;

enum { XP_FIGURES_MAX = 16 };
typedef struct xp_figure_list {
    xp_figure items[XP_FIGURES_MAX];
    int n;
} xp_figure_list;
void xp_figures_free(xp_figure_list *list);

/* One model's predictions and their figures; nothing is owned. */
typedef struct xp_figure_model {
    const char *name; /* "a" beside another one */
    xp_predictions predictions;
    const xp_evaluation *evaluation;
} xp_figure_model;

/* What is drawn: one model, or two on the same cases. */
typedef struct xp_figure_source {
    xp_figure_model models[2];
    int n_models;
    const char *const *names;    /* of the labels */
    const char *what;            /* "model_mi.safetensors, 2183 cases of 1942 patients" */
    const char *thresholds;      /* where they come from */
    const xp_compared *compared; /* (labels); of two models */
    const xp_compared *macro;    /* of their mean */
} xp_figure_source;

/* One model: summary, roc, pr, reliability, confusion; two: summary, paired, roc, pr, reliability.
 * Appended to list; on error some may be there already (xp_figures_free). */
xp_status xp_figures_draw(xp_figure_list *list, const xp_figure_source *from, xp_error *err);

/* The curves in a log of `xplaim train` (logs/training.csv): loss, and where they are there AUROC
 * and learning rate. XP_ERR_FORMAT names what the file lacks. */
xp_status xp_figure_training(xp_figure_list *list, const char *csv, const char *what,
                             xp_error *err);

#endif
