/* Changes to a model's last layer, a dense one with sigmoid outputs, that leave the rest alone. */
#ifndef XP_NN_OUTPUT_LAYER_H
#define XP_NN_OUTPUT_LAYER_H

#include "nn/model.h"

/* Output l's log-odds become slope[l] * log-odds + offset[l]: the layer's weights are multiplied,
 * so that file, speed and format stay as they are. XP_ERR_UNSUPPORTED where the last layer is
 * another kind or has no bias. */
xp_status xp_model_scale_outputs(xp_model *m, const double *slope, const double *offset,
                                 xp_error *err);

/* Keep the n outputs keep[0 .. n - 1] (indices of labels, each once), in that order, and drop the
 * others: labels that only helped training. On error m is untouched. */
xp_status xp_model_keep_labels(xp_model *m, const int *keep, int n, xp_error *err);

#endif
