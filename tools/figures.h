/* The figures of an evaluation, of a comparison and of a training run, as display lists. */
#ifndef XP_TOOLS_FIGURES_H
#define XP_TOOLS_FIGURES_H

#include "plot/plot.h"
#include "train/metrics.h"

#include <stdio.h>

typedef struct figure {
    const char *name; /* of its file: "roc" */
    const char *title;
    const char *alt; /* what is to be seen, for those who do not see it */
    xp_display page; /* owned */
} figure;

enum { FIGURES_MAX = 8 };
typedef struct figure_list {
    figure items[FIGURES_MAX];
    int n;
} figure_list;
void figures_free(figure_list *list);

/* Hand page over to list, or free it. The texts are kept, not copied. */
xp_status figures_add(figure_list *list, const char *name, const char *title, const char *alt,
                      xp_display *page, xp_error *err);

/* One model's predictions and their figures; nothing is owned. */
typedef struct figure_model {
    const char *name; /* "a" beside another one */
    xp_predictions predictions;
    const xp_evaluation *evaluation;
} figure_model;

/* What is drawn: one model, or two on the same cases. */
typedef struct figure_source {
    figure_model models[2];
    int n_models;
    const char *const *names;    /* of the labels */
    const char *what;            /* "model_mi.safetensors, 2183 cases of 1942 patients" */
    const char *thresholds;      /* where they come from */
    const xp_compared *compared; /* (labels); of two models */
    const xp_compared *macro;    /* of their mean */
} figure_source;

/* One model: summary, roc, pr, reliability, confusion; two: summary, roc, pr, reliability, paired.
 * Appended to list; on error some may be there already (figures_free). */
xp_status figures_draw(figure_list *list, const figure_source *from, xp_error *err);

/* The curves in a log of `xplaim train` (logs/training.csv): loss, and where they are there AUROC
 * and learning rate. XP_ERR_FORMAT names what the file lacks. */
xp_status figure_training(figure_list *list, const char *csv, const char *what, xp_error *err);

/* Every figure as folder/NAME.png and .svg; the folder is made where it is missing. Their paths are
 * printed to out unless it is NULL. */
xp_status figures_write(const figure_list *list, const char *folder, double dpi, FILE *out,
                        xp_error *err);

#endif
