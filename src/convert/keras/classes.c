#include "convert/keras/rows.h"

#include <string.h>

/* Both lists end with a row without a name. */
static const keras_class *find_in(const keras_class *plain, const keras_class *more,
                                  const char *name) {
    for (; plain->name; plain++)
        if (!strcmp(plain->name, name)) return plain;
    for (; more->name; more++)
        if (!strcmp(more->name, name)) return more;
    return NULL;
}

const keras_class *keras_operation_named(const char *name) {
    return find_in(keras_plain_operations, keras_more_operations, name);
}

const keras_class *keras_class_named(const char *name) {
    return find_in(keras_plain_classes, keras_more_classes, name);
}
