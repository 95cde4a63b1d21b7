/* A model and the file it came from. */
#ifndef XP_TOOLS_MODEL_FILE_H
#define XP_TOOLS_MODEL_FILE_H

#include "nn/model.h"

typedef struct model_file {
    xp_model model;
    const char *path; /* not owned */
    char sha256[65];  /* of the file; "" for a model that was built here */
    size_t size;      /* of the file, bytes */
    bool ours;        /* imported from an ONNX file that `xplaim export` wrote */
} model_file;

/* Read a .safetensors model; import a .keras or .onnx model; whichever of these it is, by its
 * content. On error f is untouched and err names the file. */
xp_status model_file_load(model_file *f, const char *path, xp_error *err);
xp_status model_file_import(model_file *f, const char *path, xp_error *err);
xp_status model_file_open(model_file *f, const char *path, xp_error *err);

/* XP_ERR_UNSUPPORTED for a model whose outputs are scores, where `what` needs probabilities. */
xp_status model_file_need_probabilities(const model_file *f, const char *what, xp_error *err);
void model_file_free(model_file *f);

/* --operating-point NAME; NULL is the balanced one. XP_ERR_USAGE where there is none of that name,
 * or the model has no thresholds for it. */
xp_status model_file_use_point(model_file *f, const char *name, xp_error *err);

/* The name alone, before a model is read. */
xp_status point_parse(xp_operating_point *out, const char *name, xp_error *err);

#endif
