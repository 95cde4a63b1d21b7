/* model.weights.h5 of a .keras file: inside xp_convert only. */
#ifndef XP_CONVERT_KERAS_WEIGHTS_H
#define XP_CONVERT_KERAS_WEIGHTS_H

#include "base/bytes.h"
#include "nn/graph.h"

#define XP_KERAS_GROUP_MAX 64

/* Where an op's variables are: HDF5 group "layers/<group>" + (in_cell ? "/cell" : "") + "/vars",
 * datasets "0", "1" ... in the order of the op's params. */
typedef struct xp_keras_place {
    char group[XP_KERAS_GROUP_MAX]; /* "conv1d_3" */
    bool in_cell;                   /* recurrent layers */
} xp_keras_place;

/* Read every param of graph to weights + its offset; places has one item for each op. Shapes are
 * checked against the graph; an error names the layer. */
xp_status xp_keras_read_weights(float *weights, const xp_graph *graph, const xp_keras_place *places,
                                xp_bytes h5, xp_error *err);

#endif
