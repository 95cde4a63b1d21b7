#include "convert/foreign.h"

#include <string.h>

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

static xp_status check_hdf5(xp_bytes file, xp_error *err) {
    if (holds(file, "model_config", file.size))
        return say(err,
                   "this is a Keras model in HDF5 form (.h5), as Keras 2 saves it: make a .keras "
                   "file of it with keras.models.load_model(\"model.h5\", compile=False)"
                   ".save(\"model.keras\") in Keras 3, and import that");
    if (holds(file, "layer_names", file.size) || holds(file, "layers", file.size))
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
    if (begins(file, 0, "\x89HDF\r\n\x1a\n", 8)) return check_hdf5(file, err);
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
