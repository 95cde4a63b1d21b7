#include "nn/op.h"

/* Nothing at inference; train/ draws its masks. */
const xp_op_type xp_op_dropout = {
    .settings = XP_HAS_RATE,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_TIMEWISE | XP_OP_PASSES_VALUE | XP_OP_PASSES_GRADIENT |
              XP_OP_GRADIENT_IN_PLACE | XP_OP_KEEPS_BOUNDS,
};
