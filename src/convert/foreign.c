#include "convert/foreign.h"

#include "convert/onnx.h"
#include "nn/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HDF5 "\x89HDF\r\n\x1a\n"

/* Where text is among the first `most` bytes of the file. */
static bool holds(xp_bytes file, const char *text, size_t most) {
    const size_t n = strlen(text), end = file.size < most ? file.size : most;
    for (size_t i = 0; i + n <= end; i++)
        if (file.data[i] == (uint8_t)text[0] && !memcmp(file.data + i, text, n)) return true;
    return false;
}

static bool begins(xp_bytes file, size_t at, const char *bytes, size_t n) {
    return file.size >= at + n && !memcmp(file.data + at, bytes, n);
}

#define TO_ONNX                                                                                    \
    "in Python, with the network built and its weights loaded, call "                              \
    "torch.onnx.export(model.eval(), "                                                             \
    "x, \"model.onnx\"), and import that"

static xp_status say(xp_error *err, const char *text) {
    return xp_fail(err, XP_ERR_UNSUPPORTED, "%s", text);
}

/* Whether a network was found in it, or names of layers with weights. */
static xp_status check_hdf5(bool model, bool weights, xp_error *err) {
    if (model)
        return say(err,
                   "this is a Keras model in HDF5 form (.h5), as Keras 2 saves it: make a .keras "
                   "file of it with keras.models.load_model(\"model.h5\", compile=False)"
                   ".save(\"model.keras\") in Keras 3, and import that");
    if (weights)
        return say(err,
                   "this is an HDF5 file of a Keras network's weights alone, without its layers: "
                   "build the network in Keras, call load_weights, then save(\"model.keras\"), and "
                   "import that");
    return say(err, "this is an HDF5 file that holds no Keras model");
}

static xp_status check_safetensors(xp_bytes file, xp_error *err) {
    const uint64_t header = xp_load_le(file.data, 8);
    const size_t most = header < file.size - 8 ? (size_t)header + 8 : file.size;
    if (holds(file, "\"format_version\"", most)) return XP_OK;
    return say(
        err, "this is a safetensors file of tensors alone, as PyTorch and others save weights: it "
             "does not say how the layers are connected; " TO_ONNX);
}

static xp_status check_zip(xp_bytes file, xp_error *err) {
    if (holds(file, "config.json", file.size)) return XP_OK;
    if (holds(file, "data.pkl", file.size))
        return say(err,
                   "this is a PyTorch file (torch.save: .pt, .pth, .ckpt), which holds weights or "
                   "Python objects, not a network that another program can run; " TO_ONNX);
    return XP_OK;
}

xp_status xp_foreign_check(xp_bytes file, xp_error *err) {
    if (begins(file, 0, HDF5, 8))
        return check_hdf5(holds(file, "model_config", file.size),
                          holds(file, "layer_names", file.size) || holds(file, "layers", file.size),
                          err);
    if (begins(file, 0, "PK\3\4", 4)) return check_zip(file, err);
    if (file.size > 9 && file.data[8] == '{' && xp_load_le(file.data, 8) <= file.size - 8)
        return check_safetensors(file, err);
    if (begins(file, 4, "TFL3", 4))
        return say(err, "this is a TensorFlow Lite model: import the .keras model that it was made "
                        "of, or convert it with tf2onnx --tflite and import the .onnx file");
    if (file.size > 2 && file.data[0] == 0x80 && file.data[1] >= 2 && file.data[1] <= 5)
        return say(err, "this is a Python pickle, as torch.save and joblib write: it holds Python "
                        "objects, not a network that another program can run; " TO_ONNX);
    if (holds(file, "saved_model_main_op", 1 << 20) || holds(file, "serving_default", 1 << 20))
        return say(err, "this is TensorFlow's SavedModel: load it in Keras and save it as .keras, "
                        "or convert it with tf2onnx, and import that");
    return XP_OK;
}

xp_status xp_foreign_unknown(xp_error *err) {
    return say(err, "this is no model file that is known here: expected a Keras model (.keras), an "
                    "ONNX model (.onnx) or a model file of xplaim (.safetensors)");
}

/* ==== large files ============================================================================ */

enum { LARGE = 16 << 20, PIECE = 1 << 20, OVERLAP = 16 };

/* The file is read on, piece by piece; what it was read to before is in the piece. */
static xp_status search_hdf5(FILE *f, uint8_t *piece, size_t n, xp_error *err) {
    bool model = false, weights = false;
    while (n > OVERLAP && !model) {
        const xp_bytes bytes = {piece, n};
        model = holds(bytes, "model_config", n);
        weights = weights || holds(bytes, "layer_names", n) || holds(bytes, "layers", n);
        memmove(piece, piece + n - OVERLAP, OVERLAP);
        const size_t more = fread(piece + OVERLAP, 1, PIECE - OVERLAP, f);
        n = more ? more + OVERLAP : 0;
    }
    return check_hdf5(model, weights, err);
}

static xp_status check_start(FILE *f, uint8_t *start, size_t n, xp_error *err) {
    const xp_bytes head = {start, n};
    if (n < 16) return XP_OK;
    if (begins(head, 0, HDF5, 8)) return search_hdf5(f, start, n, err);
    if (begins(head, 0, "PK\3\4", 4)) return check_zip(head, err);
    if (start[8] == '{') {
        const uint64_t header = xp_load_le(start, 8);
        if (header > XP_ST_MAX_HEADER)
            return say(err, "this is no safetensors file: its header would have more bytes than "
                            "any has");
        return header <= n - 8 ? check_safetensors(head, err) : XP_OK;
    }
    XP_TRY(xp_foreign_check(head, err));
    if (xp_onnx_is(head)) return XP_OK;
    return xp_foreign_unknown(err);
}

xp_status xp_foreign_check_file(const char *path, xp_error *err) {
    FILE *f = fopen(path, "rb");
    if (!f) return XP_OK; /* who reads it says why */
    uint8_t *start = malloc(PIECE);
    const off_t size = fseeko(f, 0, SEEK_END) == 0 ? ftello(f) : 0;
    xp_status s = XP_OK;
    if (start && size > LARGE && fseeko(f, 0, SEEK_SET) == 0)
        s = check_start(f, start, fread(start, 1, PIECE, f), err);
    free(start);
    fclose(f);
    return s;
}
