#include "convert/keras/weights.h"

#include "convert/keras/h5.h"

#include <stdio.h>

/* One op being read. */
typedef struct source {
    const xp_h5 *h;
    const xp_op *op;
    const xp_keras_place *place;
    const char *path; /* the place's */
} source;

static xp_status prefix(xp_error *err, xp_status status, const source *s) {
    if (status == XP_OK) return status;
    return xp_fail_prefix(err, status, "layer \"%s\": model.weights.h5, %s", s->op->name, s->path);
}

static void put_shape(char *text, size_t size, int ndim, const size_t *shape) {
    int n = snprintf(text, size, "(");
    for (int d = 0; d < ndim && (size_t)n < size; d++)
        n += snprintf(text + n, size - (size_t)n, d ? ", %zu" : "%zu", shape[d]);
    if ((size_t)n < size) snprintf(text + n, size - (size_t)n, ")");
}

static xp_status check_shape(const xp_h5_floats *d, const source *s, const xp_param *p,
                             xp_error *err) {
    size_t need[3];
    bool same = d->ndim == p->ndim;
    for (int i = 0; i < p->ndim; i++) need[i] = (size_t)p->shape[i];
    for (int i = 0; same && i < p->ndim; i++) same = d->shape[i] == need[i];
    if (same || (s->place->reshaped && d->count == p->count)) return XP_OK;
    char got[100], want[100];
    put_shape(got, sizeof got, d->ndim, d->shape);
    put_shape(want, sizeof want, p->ndim, need);
    return xp_fail(err, XP_ERR_SHAPE,
                   "layer \"%s\": model.weights.h5 holds %s of shape %s, the layer needs %s",
                   s->op->name, p->name, got, want);
}

static xp_status read_param(float *out, const source *s, const xp_param *p, int index,
                            xp_error *err) {
    char path[XP_KERAS_PATH_MAX + 16];
    xp_h5_object object;
    xp_h5_floats d;
    snprintf(path, sizeof path, "%s/%d", s->path, s->place->first + index);
    XP_TRY(prefix(err, xp_h5_find(s->h, path, &object, err), s));
    XP_TRY(prefix(err, xp_h5_dataset(s->h, object, &d, err), s));
    XP_TRY(check_shape(&d, s, p, err));
    xp_h5_read(&d, out);
    return XP_OK;
}

/* The group holds exactly the op's variables: one more would mean that the layer computes something
 * else than we think. */
static xp_status check_group(const source *s, xp_error *err) {
    xp_h5_object group;
    int n;
    XP_TRY(prefix(err, xp_h5_find(s->h, s->path, &group, err), s));
    XP_TRY(prefix(err, xp_h5_count(s->h, group, &n, err), s));
    if (n == (s->place->total ? s->place->total : s->op->n_params)) return XP_OK;
    return xp_fail(err, XP_ERR_SHAPE,
                   "layer \"%s\": model.weights.h5, %s: %d variables, the layer has %d",
                   s->op->name, s->path, n, s->place->total ? s->place->total : s->op->n_params);
}

xp_status xp_keras_read_weights(float *weights, const xp_graph *g, const xp_keras_place *places,
                                xp_bytes file, xp_error *err) {
    xp_h5 h;
    xp_status opened = xp_h5_open(&h, file, err);
    if (opened != XP_OK) return xp_fail_prefix(err, opened, "model.weights.h5");
    for (int i = 0; i < g->n_ops; i++) {
        source s = {.h = &h, .op = &g->ops[i], .place = &places[i], .path = places[i].path};
        if (s.op->n_params == 0) continue;
        if (s.place->constant) {
            keras_fill_constant(weights, g, s.op, s.place->constant, s.place->how);
            continue;
        }
        XP_TRY(check_group(&s, err));
        for (int k = 0; k < s.op->n_params; k++) {
            const xp_param *p = &g->params[s.op->params[k]];
            XP_TRY(read_param(weights + p->offset, &s, p, k, err));
        }
    }
    return XP_OK;
}
