#include "nn/op.h"

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    (void)g, (void)err;
    op->is_sequence = true;
    return XP_OK;
}

const xp_op_type xp_op_input = {.settings = XP_HAS_LENGTH | XP_HAS_CHANNELS, .infer = infer};
