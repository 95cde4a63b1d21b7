/* Keras 3 model files (.keras): a zip of metadata.json, config.json (the layers and how they are
 * connected) and model.weights.h5 (HDF5, one group a layer).
 *
 * Format: keras.src.saving.saving_lib of Keras 3; layer options and defaults: keras.io/api/layers.
 * Whatever would change what the network computes and is not supported, an unknown layer, option
 * or value, is an error that names the layer and the option. */
#ifndef XP_CONVERT_KERAS_H
#define XP_CONVERT_KERAS_H

#include "base/bytes.h"
#include "nn/model.h"

#define XP_KERAS_MAX_WEIGHTS_FILE ((size_t)1 << 30) /* bytes of model.weights.h5, unpacked */

/* Import a Functional or Sequential model with one input (length, leads) and one output vector,
 * made of the layers listed in keras/rows.c. Ops carry the Keras layers' names, in an order in
 * which every layer follows its inputs (the file's own order where that is one).
 *
 * *m gets architecture "graph", 500 Hz, trained = false, labels "label1" .. "labelN" and, for 12
 * leads, the order I II III aVR aVF aVL V1..V6. For another number of leads their names stay ""
 * and must be set by the caller, as must everything else that a Keras file does not say. Metadata
 * "source" tells the Keras version. Free with xp_model_free. On error *m is untouched. */
xp_status xp_keras_import(xp_model *m, xp_bytes file, xp_error *err);

#endif
