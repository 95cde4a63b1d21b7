/* The part of `xplaim bench` that times training steps. */
#ifndef XP_TOOLS_BENCH_TRAIN_H
#define XP_TOOLS_BENCH_TRAIN_H

#include "model_file.h"

#include "base/parallel.h"
#include "kernels/kernels.h"

#include <stdbool.h>

/* `repeat` steps of `batch` records x (batch, length, leads), after one that warms up; the result
 * is printed, as text or as one JSON object. The model's weights change. */
xp_status bench_train(model_file *f, const xp_kernels *kernels, xp_pool *pool, const float *x,
                      int batch, int repeat, bool json, xp_error *err);

#endif
