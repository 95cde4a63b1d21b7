/* The bodies and the table of one instruction set. A unit includes its vec_*.h, defines UNIT (the
 * table's name) and UNIT_NAME, and then includes this once. */
#include "kernels/conv_kernels.h"
#include "kernels/kernels.h"

#include "kernels/vector_body.h"

#include "kernels/gemm_body.h"

#include "kernels/fft_body.h"

#include "kernels/conv_body.h"

#ifndef __EMSCRIPTEN__ /* the page does not train */
#include "kernels/train_body.h"

#include "kernels/stream_body.h"
#endif

static const xp_conv_kernels unit_conv = {
    .tile_cols = TILE_N,
    .tile_rows = VEC_ROWS,
    .gemm_packed = gemm_packed,
    .epilogue = conv_epilogue,
    .to_short = conv_to_short,
    .from_short = conv_from_short,
    .to_bins = conv_to_bins,
    .from_bins = conv_from_bins,
    .bin_product = conv_bin_product,
};

const xp_kernels UNIT = {
    .name = UNIT_NAME,
    .width = VEC_N,
    .gemm = gemm_nn,
    .gemm_tn = gemm_tn,
    .gemm_nt = gemm_nt,
    .add = vector_add,
    .axpy = vector_axpy,
    .relu = vector_relu,
    .scale_shift = vector_scale_shift,
    .route_pair = vector_route_pair,
    .dot = vector_dot,
    .sum = vector_sum,
    .conv = &unit_conv,
#ifndef __EMSCRIPTEN__
    .train = &unit_train,
    .stream = &unit_stream,
#endif
};
