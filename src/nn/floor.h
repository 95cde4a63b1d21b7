/* A floor under what each moment says: the log-odds become the mean over time of the moments'
 * log-odds, none of which counts below the floor. Where most of a record is normal, its many sure
 * moments then cannot outweigh the few that are not. */
#ifndef XP_NN_FLOOR_H
#define XP_NN_FLOOR_H

#include "nn/model.h"

/* Put a floor of log-odds -depth (depth > 0) under every moment of m, whose last layers must be a
 * global average pooling and a dense layer with bias and sigmoid that reads nothing else. The dense
 * layer's weights move in front of the pooling, into a convolution "moments" of one tap with ReLU,
 * which gives how far each moment lies above the floor; the dense layer that stays adds the floor
 * again. All of them are operations that every reader of model files has. XP_ERR_UNSUPPORTED where
 * the layers are others; on error m is untouched. */
xp_status xp_model_put_floor(xp_model *m, double depth, xp_error *err);

#endif
