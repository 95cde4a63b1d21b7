#include "model_file.h"

#include "base/file.h"
#include "base/mapped.h"
#include "base/memory_limit.h"
#include "base/sha256.h"
#include "convert/foreign.h"
#include "convert/keras.h"
#include "convert/onnx.h"
#include "nn/meaning.h"
#include "nn/model_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef xp_status (*model_reader)(xp_model *m, const char *path, xp_bytes file, xp_error *err);

static bool is_zip(xp_bytes file) {
    return file.size >= 4 && !memcmp(file.data, "PK\3\4", 4);
}

/* A safetensors file whose header has 8 + 256 n bytes could begin alike; its byte 8 is '{'. */
static bool is_onnx(xp_bytes file) {
    return xp_onnx_is(file) && !(file.size > 8 && file.data[8] == '{');
}

/* A file beside the model, for its ONNX importer. */
static xp_status read_beside(void *ctx, const char *name, uint8_t **data, size_t *size,
                             xp_error *err) {
    const char *path = ctx, *slash = strrchr(path, '/');
    char folder[XP_PATH_MAX], full[XP_PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    XP_TRY(xp_path_join(full, sizeof full, err, folder[0] ? folder : "/", "%s", name));
    return xp_file_read(full, data, size, err);
}

static xp_status read_ours(xp_model *m, const char *path, xp_bytes file, xp_error *err) {
    (void)path;
    if (is_zip(file))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "this is a zip file, as Keras models are: run `xplaim import` on it and "
                       "give the .safetensors file that makes");
    if (is_onnx(file))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "this is an ONNX model: run `xplaim import` on it and give the .safetensors "
                       "file that makes");
    XP_TRY(xp_foreign_check(file, err));
    return xp_model_read(m, file, err);
}

static xp_status read_other(xp_model *m, const char *path, xp_bytes file, xp_error *err) {
    const xp_onnx_files beside = {(void *)path, read_beside};
    XP_TRY(xp_foreign_check(file, err));
    if (is_onnx(file)) return xp_onnx_import_beside(m, file, &beside, err);
    if (file.size > 8 && file.data[8] == '{')
        return xp_fail(err, XP_ERR_USAGE,
                       "this is a model file already: there is nothing to import");
    return is_zip(file) ? xp_keras_import(m, file, err) : xp_foreign_unknown(err);
}

static xp_status read_any(xp_model *m, const char *path, xp_bytes file, xp_error *err) {
    return is_zip(file) || is_onnx(file) ? read_other(m, path, file, err)
                                         : read_ours(m, path, file, err);
}

static xp_status read_bytes(model_file *f, const char *path, xp_bytes file, model_reader reader,
                            xp_error *err) {
    model_file made = {.path = path, .size = file.size, .ours = xp_onnx_is_ours(file)};
    xp_status s = reader(&made.model, path, file, err);
    if (s == XP_OK) {
        xp_sha256_hex(file, made.sha256);
        *f = made;
    }
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
}

/* A large file is mapped: one that is refused for its beginning or its end takes no memory. */
static xp_status read_file(model_file *f, const char *path, model_reader reader, xp_error *err) {
    xp_bytes mapped;
    uint8_t *data;
    size_t size;
    xp_status s = xp_foreign_check_file(path, err);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", path);
    if (xp_map_long_file(&mapped, path)) {
        s = xp_memory_check((double)mapped.size, 0, path, "is it the right file?", err);
        if (s == XP_OK) s = read_bytes(f, path, mapped, reader, err);
        xp_unmap(mapped);
        return s;
    }
    XP_TRY(xp_file_read(path, &data, &size, err));
    s = read_bytes(f, path, (xp_bytes){data, size}, reader, err);
    free(data);
    return s;
}

xp_status model_file_load(model_file *f, const char *path, xp_error *err) {
    return read_file(f, path, read_ours, err);
}

xp_status model_file_import(model_file *f, const char *path, xp_error *err) {
    return read_file(f, path, read_other, err);
}

xp_status model_file_open(model_file *f, const char *path, xp_error *err) {
    return read_file(f, path, read_any, err);
}

xp_status model_file_need_probabilities(const model_file *f, const char *what, xp_error *err) {
    if (xp_model_gives_probabilities(&f->model)) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "%s: its outputs are scores, and %s needs probabilities; where they are logits "
                   "import the model again with --outputs logits",
                   f->path, what);
}

void model_file_free(model_file *f) {
    xp_model_free(&f->model);
    *f = (model_file){0};
}

xp_status point_parse(xp_operating_point *out, const char *name, xp_error *err) {
    const int p = name ? xp_operating_point_find(name) : XP_BALANCED;
    if (p < 0)
        return xp_fail(err, XP_ERR_USAGE,
                       "--operating-point %s: expected balanced or high-specificity", name);
    *out = (xp_operating_point)p;
    return XP_OK;
}

xp_status model_file_use_point(model_file *f, const char *name, xp_error *err) {
    xp_operating_point p = XP_BALANCED;
    XP_TRY(point_parse(&p, name, err));
    if (p != XP_BALANCED && !xp_model_can_operate_at(&f->model, p))
        return xp_fail(err, XP_ERR_USAGE,
                       "%s has no thresholds for --operating-point %s: `xplaim calibrate` chooses "
                       "them",
                       f->path, name);
    xp_model_operate_at(&f->model, p);
    return XP_OK;
}
