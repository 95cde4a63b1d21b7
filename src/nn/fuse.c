#include "nn/fuse.h"

void xp_count_readers(const xp_graph *g, xp_readers *readers) {
    for (int i = 0; i < g->n_ops; i++) readers[i] = (xp_readers){0, -1};
    for (int i = 0; i < g->n_ops; i++)
        for (int j = 0; j < g->ops[i].n_inputs; j++) {
            xp_readers *r = &readers[g->ops[i].inputs[j]];
            r->n++;
            r->last = i;
        }
}

bool xp_is_relu(const xp_op *op) {
    return op->kind == XP_OP_ACTIVATION && op->activation == XP_ACT_RELU;
}

bool xp_is_identity(const xp_op *op) {
    return xp_op_is(op, XP_OP_PASSES_VALUE) ||
           (op->kind == XP_OP_ACTIVATION && op->activation == XP_ACT_LINEAR);
}

static int only_reader(const xp_readers *readers, int i) {
    return readers[i].n == 1 ? readers[i].last : -1;
}

int xp_relu_after(const xp_graph *g, const xp_readers *readers, int i) {
    const int next = only_reader(readers, i);
    return next >= 0 && xp_is_relu(&g->ops[next]) ? next : -1;
}

int xp_norm_after(const xp_graph *g, const xp_readers *readers, int i) {
    const int next = only_reader(readers, i);
    return next >= 0 && g->ops[next].kind == XP_OP_BATCHNORM ? next : -1;
}

bool xp_joins_convolutions(const xp_graph *g, int concat) {
    const xp_op *join = &g->ops[concat], *first = &g->ops[join->inputs[0]];
    if (join->kind != XP_OP_CONCAT || first->activation > XP_ACT_RELU) return false;
    for (int j = 0; j < join->n_inputs; j++) {
        const xp_op *op = &g->ops[join->inputs[j]];
        if (op->kind != XP_OP_CONV1D || op->stride != 1 || op->inputs[0] != first->inputs[0] ||
            op->activation != first->activation)
            return false;
        for (int q = 0; q < j; q++)
            if (join->inputs[q] == join->inputs[j]) return false;
    }
    return true;
}
