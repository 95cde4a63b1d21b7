/* Keras' layers: a row for each class, and how its options are read. Inside xp_convert only. */
#ifndef XP_CONVERT_KERAS_ROWS_H
#define XP_CONVERT_KERAS_ROWS_H

#include "convert/keras/weights.h"
#include "nn/model.h"

#include <cjson/cJSON.h>

/* An option of a layer. allowed: NULL when any value will do (it is read by the row, or has no
 * influence on inference), "last" for the axis of the channels, else the values, with '|' between
 * them. Options that are not listed must be null or false: switched off. */
typedef struct keras_option {
    const char *key, *allowed;
} keras_option;

typedef struct keras_layer keras_layer;

/* The graph in the making, and where each op's variables are. */
typedef struct keras_builder {
    xp_graph *g;
    xp_keras_place *places; /* owned: one for each op; path "": it has none */
    int cap;
} keras_builder;

typedef struct keras_class {
    const char *name;  /* Keras' class */
    const char *group; /* its name in snake case, as in model.weights.h5 */
    bool in_cell;      /* its variables are in that group's "cell" */
    xp_op_kind kind;
    /* Fill the settings of op, whose kind and inputs are set, from the options; NULL: none. */
    xp_status (*read)(keras_layer *l, xp_op *op, xp_error *err);
    keras_option options[16];
    /* In place of read: appends the ops that the layer is made of, which has l->from, and sets
     * l->op to the last one. NULL: one op, of that kind. */
    xp_status (*add)(keras_builder *b, keras_layer *l, xp_error *err);
} keras_class;

struct keras_layer {
    const cJSON *json, *config; /* config: its options */
    const keras_class *class;
    const char *name;
    bool is_operation;                  /* of keras.ops: called with several arguments */
    bool is_sequence;                   /* its first input */
    char group[XP_KERAS_PATH_MAX - 64]; /* "layers/conv1d_3" */
    const char *model;                  /* name of the model inside the model; "": none */
    int from[XP_OP_MAX_INPUTS];         /* ops that its inputs are, once these were added */
    xp_op after; /* a function that its activation is, where it is none of ours; kind 0: none */
    const cJSON *constant; /* of an operation's arguments, the one that is no layer's output */
    bool constant_first;
    int inputs[XP_OP_MAX_INPUTS], n_inputs; /* other layers, or an implied input */
    int op;                                 /* index in the graph, -1 before it is added */
};

/* The row of that class, or of that operation of keras.ops (as `y + x` is one), or NULL. */
const keras_class *keras_class_named(const char *name);
const keras_class *keras_operation_named(const char *name);

/* Append op, called as the layer and what extra says, reading op.inputs; its variables are in the
 * group's part `sub` ("vars"), from number `first` on of `total`. */
xp_status keras_add_op(keras_builder *b, keras_layer *l, xp_op *op, const char *extra,
                       const char *sub, int first, int total, xp_error *err);
/* The function behind the layer that its activation is, if it is one. */
xp_status keras_add_after(keras_builder *b, keras_layer *l, xp_error *err);
/* Layers that are one op (rows.c), and those of several (layers.c): up to a row without a name. */
extern const keras_class keras_plain_classes[];
extern const keras_class keras_plain_operations[];
extern const keras_class keras_more_classes[];
extern const keras_class keras_more_operations[];

/* ==== arithmetic.c =========================================================================== */

/* Whether an argument of an operation is a number or an array. */
bool keras_is_constant(const cJSON *argument);
/* The rows of sums, differences, products and quotients, and of the sign. */
xp_status keras_add_arithmetic(keras_builder *b, keras_layer *l, xp_error *err);
xp_status keras_add_negative(keras_builder *b, keras_layer *l, xp_error *err);

/* ==== options.c ============================================================================== */

/* A member of an object, and its text; NULL where it is not there. */
const cJSON *keras_get(const cJSON *object, const char *key);
const char *keras_get_text(const cJSON *object, const char *key);

/* A value for comparison and for messages; returns text. */
const char *keras_value_text(const cJSON *v, char *text, size_t size);

/* An error that names layer, option, its value and what was expected. */
xp_status keras_bad_option(const keras_layer *l, const char *key, const char *expected,
                           xp_error *err);
/* Options of a layer; a value of another type is an error that names layer and option. get_int:
 * from 1. get_window: strides and padding too. */
xp_status keras_get_int(const keras_layer *l, const char *key, int *out, xp_error *err);
xp_status keras_get_float(const keras_layer *l, const char *key, float *out, xp_error *err);
xp_status keras_get_bool(const keras_layer *l, const char *key, bool *out, xp_error *err);
xp_status keras_get_activation(const keras_layer *l, const char *key, xp_activation *out,
                               xp_error *err);
/* The same, or a function that follows the layer. */
xp_status keras_read_activation(keras_layer *l, const char *key, xp_op *op, xp_error *err);
/* The function of that name with Keras' settings of it. */
bool keras_function_named(const char *name, xp_op *op);
/* A number or a pair of whole numbers from 0. */
xp_status keras_get_pair(const keras_layer *l, const char *key, int out[2], xp_error *err);
xp_status keras_get_window(const keras_layer *l, const char *kernel, xp_op *op, xp_error *err);

/* Whether the layer has only options that its row allows. is_sequence: its input. */
xp_status keras_check_options(const keras_layer *l, bool is_sequence, xp_error *err);

/* t and c of an input from [null, length, leads]. */
xp_status keras_read_input_shape(const char *name, const cJSON *shape, xp_op *op, xp_error *err);

#endif
