/* The loop that predict and explain share: every input through the same model, one at a time. */
#ifndef XP_TOOLS_ANALYSE_H
#define XP_TOOLS_ANALYSE_H

#include "explain.h"
#include "inputs.h"
#include "model_file.h"
#include "progress.h"
#include "report_measure.h"

typedef struct analyser {
    model_file file;
    xp_pool *pool;
    xp_net_options plan; /* of the net */
    xp_net *net;         /* NULL until there is something for it: what is refused needs no memory */
    xp_explain_options options;
    xp_read_options known; /* of tables and arrays */
    bool measures;         /* what is analysed is measured too */
} analyser;

/* What is wanted beside the probabilities. */
typedef enum analyser_use {
    ANALYSER_FORWARD, /* nothing */
    ANALYSER_MAPS,    /* a map of each window and label at a layer */
    ANALYSER_INPUT    /* no maps, but a net that gives gradients at its input */
} analyser_use;

/* Load the model and plan a net for it; an must not move once it has one, until it is closed.
 * layer: name of the layer to explain; NULL: the default one; for ANALYSER_MAPS. label: name or
 * number (from 0); NULL: all. */
xp_status analyser_open(analyser *an, const char *model, int threads, analyser_use use,
                        const char *layer, const char *label, xp_error *err);
/* Make the net, where there is none yet. analyser_run does. */
xp_status analyser_equip(analyser *an, xp_error *err);
void analyser_close(analyser *an);

/* One result; analysis is NULL when the input failed, and failure then says why. */
typedef struct analysed {
    const char *record;
    const xp_analysis *analysis;
    const xp_notices *notices; /* of the model, the record, its preparation and its quality */
    const xp_error *failure;
    const xp_measured *measured;  /* NULL: not asked for, an array of windows, or unmeasurable */
    const xp_error *unmeasurable; /* why; else NULL */
} analysed;
typedef xp_status (*analysed_fn)(void *ctx, const analysed *result, xp_error *err);

/* Call fn for every record, in order; each window of an .npy file is a record "FILE[i]". An input
 * that fails is passed on and counted in *failed; only an error of fn itself stops the loop.
 * XP_ERR_USAGE before the first when the filters asked for cannot be applied to the inputs. */
xp_status analyser_run(analyser *an, const input_list *list, analysed_fn fn, void *ctx, int *failed,
                       xp_error *err);

#endif
