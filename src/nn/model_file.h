/* A model as a safetensors file. */
#ifndef XP_NN_MODEL_FILE_H
#define XP_NN_MODEL_FILE_H

#include "nn/model.h"

/* Whether m is consistent: the last layer gives a vector of n_labels, the input is (length,
 * n_leads), names are there, every weight is finite and every variance + epsilon positive. err
 * names the label, lead or tensor. Read and write check this themselves; importers call it. */
xp_status xp_model_check(const xp_model *m, xp_error *err);

/* safetensors (f32 or f16) <-> model. read keeps nothing of bytes. half: store weights as float16.
 * The written bytes are malloc'ed. */
xp_status xp_model_read(xp_model *m, xp_bytes file, xp_error *err);
xp_status xp_model_write(const xp_model *m, bool half, uint8_t **bytes, size_t *size,
                         xp_error *err);

#endif
