#include "model_file.h"

#include "base/sha256.h"
#include "convert/keras.h"
#include "convert/onnx.h"
#include "ecg/files.h"

#include <stdlib.h>

typedef xp_status (*model_reader)(xp_model *m, xp_bytes file, xp_error *err);

static bool is_zip(xp_bytes file) {
    return file.size >= 4 && !memcmp(file.data, "PK\3\4", 4);
}

/* A safetensors file whose header has 8 + 256 n bytes could begin alike; its byte 8 is '{'. */
static bool is_onnx(xp_bytes file) {
    return xp_onnx_is(file) && !(file.size > 8 && file.data[8] == '{');
}

static xp_status read_ours(xp_model *m, xp_bytes file, xp_error *err) {
    if (is_zip(file))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "this is a zip file, as Keras models are: run `xplaim import` on it and "
                       "give the .safetensors file that makes");
    if (is_onnx(file))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "this is an ONNX model: run `xplaim import` on it and give the .safetensors "
                       "file that makes");
    return xp_model_read(m, file, err);
}

static xp_status read_other(xp_model *m, xp_bytes file, xp_error *err) {
    return is_onnx(file) ? xp_onnx_import(m, file, err) : xp_keras_import(m, file, err);
}

static xp_status read_any(xp_model *m, xp_bytes file, xp_error *err) {
    return is_zip(file) || is_onnx(file) ? read_other(m, file, err) : xp_model_read(m, file, err);
}

static xp_status read_file(model_file *f, const char *path, model_reader reader, xp_error *err) {
    uint8_t *data;
    size_t size;
    XP_TRY(xp_file_read(path, &data, &size, err));
    xp_bytes file = {data, size};
    model_file made = {.path = path, .size = size, .ours = xp_onnx_is_ours(file)};
    xp_status s = reader(&made.model, file, err);
    if (s == XP_OK) {
        xp_sha256_hex(file, made.sha256);
        *f = made;
    }
    free(data);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
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

void model_file_free(model_file *f) {
    xp_model_free(&f->model);
    *f = (model_file){0};
}
