/* Several networks of one kind as one network. */
#ifndef XP_NN_ENSEMBLE_H
#define XP_NN_ENSEMBLE_H

#include "nn/model.h"

enum { XP_ENSEMBLE_MAX = 8 };

/* A model whose log-odds are the means of the n members' (deep ensemble, Lakshminarayanan et al.
 * 2017): the members side by side from the input to the layer that is explained by default
 * (xp_gradcam_default_layer), joined there, channel after channel, so that Grad-CAM sees all of
 * them as one layer. It runs, is explained, exported and quantised like any model.
 *
 * The members must agree in input, leads, rate, labels and in the layers from that one on, which
 * may be batch normalisation, activation, sum, pools, dropout, convolutions (each member's on its
 * own channels) and the last dense layer. XP_ERR_SHAPE or XP_ERR_UNSUPPORTED says which member and
 * what differs. Labels, name and metadata are the first member's; thresholds and test figures are
 * removed, being another model's. */
xp_status xp_ensemble(xp_model *out, const xp_model *const *members, int n, xp_error *err);

#endif
