/* Files of other programs that hold a network, or its weights, in a form that is not imported: what
 * they are, and how to make one of them that is. */
#ifndef XP_CONVERT_FOREIGN_H
#define XP_CONVERT_FOREIGN_H

#include "base/bytes.h"
#include "base/status.h"

/* XP_ERR_UNSUPPORTED with that sentence for a file that is known by its content: Keras' HDF5 files,
 * PyTorch's weights (.pt, .pth, safetensors), TensorFlow Lite and SavedModel, pickles. XP_OK for
 * any other, a model file of ours among them. */
xp_status xp_foreign_check(xp_bytes file, xp_error *err);

#endif
