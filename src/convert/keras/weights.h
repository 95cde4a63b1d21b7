/* model.weights.h5 of a .keras file: inside xp_convert only. */
#ifndef XP_CONVERT_KERAS_WEIGHTS_H
#define XP_CONVERT_KERAS_WEIGHTS_H

#include "base/bytes.h"
#include "nn/graph.h"

#include <cjson/cJSON.h>

#define XP_KERAS_PATH_MAX 256

/* Where an op's variables are: the datasets "first", "first + 1" ... of an HDF5 group, in the order
 * of the op's params. */
typedef struct xp_keras_place {
    char path[XP_KERAS_PATH_MAX]; /* "layers/gru/cell/vars" */
    int first, total;             /* total: in the group, of several ops; 0: the op's own only */
    bool reshaped;                /* as many numbers, in another shape */
    const cJSON *constant;        /* in place of a path: numbers of the configuration; NULL: none */
    char how;                     /* what is done with them (arithmetic.c) */
} xp_keras_place;

/* Read every param of graph to weights + its offset; places has one item for each op. Shapes are
 * checked against the graph; an error names the layer. */
xp_status xp_keras_read_weights(float *weights, const xp_graph *graph, const xp_keras_place *places,
                                xp_bytes h5, xp_error *err);

/* The params of a norm that computes with one number for each channel: '+', '-', '*', '/', or 'r',
 * the number less the channel. */
void keras_fill_constant(float *weights, const xp_graph *graph, const xp_op *op,
                         const cJSON *values, char how);

#endif
