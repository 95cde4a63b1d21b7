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

/* The same of a large file on disk, before it is read, in little memory; what is no model file at
 * all is refused too. XP_OK for small ones. */
xp_status xp_foreign_check_file(const char *path, xp_error *err);

/* The sentence for what is none of the kinds that are known. */
xp_status xp_foreign_unknown(xp_error *err);

#endif
