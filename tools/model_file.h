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
void model_file_free(model_file *f);

#endif
