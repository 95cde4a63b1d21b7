#include "convert/keras/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve_place(keras_builder *b, int op) {
    if (op < b->cap) return true;
    const int cap = 2 * op + 64;
    xp_keras_place *more = realloc(b->places, (size_t)cap * sizeof *more);
    if (!more) return false;
    memset(more + b->cap, 0, (size_t)(cap - b->cap) * sizeof *more);
    b->places = more, b->cap = cap;
    return true;
}

/* The layer's name and extra; a layer of a model inside the model, whose name is taken, is called
 * after that too. */
static xp_status choose_name(const keras_builder *b, const keras_layer *l, const char *extra,
                             xp_op *op, xp_error *err) {
    const size_t room = sizeof op->name;
    int n = snprintf(op->name, room, "%s%s", l->name, extra);
    if (l->model[0] && xp_graph_find(b->g, op->name) >= 0)
        n = snprintf(op->name, room, "%s/%s%s", l->model, l->name, extra);
    if ((size_t)n < room) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "layer \"%.63s\": its name is too long; rename it", l->name);
}

xp_status keras_add_op(keras_builder *b, keras_layer *l, xp_op *op, const char *extra,
                       const char *sub, int first, int total, xp_error *err) {
    XP_TRY(choose_name(b, l, extra, op, err));
    XP_TRY(xp_graph_add(b->g, op, err));
    l->op = b->g->n_ops - 1;
    if (!reserve_place(b, l->op)) return xp_fail(err, XP_ERR_MEMORY, "keras: not enough memory");
    xp_keras_place *p = &b->places[l->op];
    *p = (xp_keras_place){.first = first, .total = total};
    snprintf(p->path, sizeof p->path, "%s/%s", l->group, sub);
    return XP_OK;
}

xp_status keras_add_after(keras_builder *b, keras_layer *l, xp_error *err) {
    if (!l->after.kind) return XP_OK;
    char extra[40];
    xp_op op = l->after;
    op.n_inputs = 1, op.inputs[0] = l->op;
    snprintf(extra, sizeof extra, ".%s", xp_function_name(op.function));
    return keras_add_op(b, l, &op, extra, "vars", 0, 0, err);
}
