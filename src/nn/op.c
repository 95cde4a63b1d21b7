#include "nn/op.h"

#include <string.h>

const xp_op_type *xp_op_type_of(xp_op_kind kind) {
    static const xp_op_type *const types[] = {
#define X(kind, row) [kind] = &xp_op_##row,
        XP_OP_LIST(X)
#undef X
    };
    return types[kind];
}

bool xp_op_is_channelwise(const xp_op *op) {
    return xp_op_is(op, XP_OP_CHANNELWISE) && op->activation != XP_ACT_SOFTMAX;
}

static bool same_setting(const xp_setting *s, const xp_op *a, const xp_op *b) {
    const char *x = (const char *)a + s->offset, *y = (const char *)b + s->offset;
    switch (s->type) {
    case XP_SETTING_INT:
        return *(const int *)x == *(const int *)y;
    case XP_SETTING_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case XP_SETTING_FLOAT:
        return *(const float *)x == *(const float *)y;
    case XP_SETTING_ACTIVATION:
        return *(const xp_activation *)x == *(const xp_activation *)y;
    case XP_SETTING_FUNCTION:
        return *(const xp_function *)x == *(const xp_function *)y;
    case XP_SETTING_PADDING:
        return a->padding == b->padding && a->pad_left == b->pad_left &&
               a->pad_right == b->pad_right;
    }
    return false;
}

bool xp_op_same(const xp_op *a, const xp_op *b) {
    bool same = a->kind == b->kind && a->n_inputs == b->n_inputs && a->t == b->t && a->c == b->c &&
                !memcmp(a->inputs, b->inputs, (size_t)a->n_inputs * sizeof *a->inputs);
    for (int i = 0; same && i < XP_N_SETTINGS; i++)
        if (xp_settings[i].inference && xp_op_has(a, 1u << i))
            same = same_setting(&xp_settings[i], a, b);
    return same;
}
