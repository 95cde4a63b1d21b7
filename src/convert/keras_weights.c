#include "convert/keras_weights.h"

#include <hdf5.h>
#include <stdio.h>

/* The file is not trusted, so as little as possible of HDF5 is used on it: plain groups joined by
 * hard links, datasets of IEEE floats stored in one piece. External files, links to elsewhere,
 * filters, virtual datasets and user types never come into play. */

/* One op being read. */
typedef struct source {
    hid_t file;
    const xp_op *op;
    char path[XP_KERAS_GROUP_MAX + 24]; /* "layers/gru/cell/vars" */
} source;

static xp_status fail_source(xp_error *err, xp_status code, const source *s, const char *what) {
    return xp_fail(err, code, "layer \"%s\": model.weights.h5, %s: %s", s->op->name, s->path, what);
}

/* Every component of the path is a hard link, so that it cannot lead out of this file. */
static bool is_inside(hid_t file, const char *path) {
    char part[XP_KERAS_GROUP_MAX + 40];
    for (size_t n = 0;; n++) {
        if (path[n] != '/' && path[n] != 0) continue;
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        H5L_info_t info;
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0 ||
            H5Lget_info(file, part, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD)
            return false;
        if (path[n] == 0) return true;
    }
}

static bool is_plain_float(hid_t type) {
    return H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F64LE) > 0 ||
           H5Tequal(type, H5T_IEEE_F32BE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
}

static bool is_stored_in_one_piece(hid_t dataset) {
    hid_t plist = H5Dget_create_plist(dataset);
    if (plist < 0) return false;
    H5D_layout_t layout = H5Pget_layout(plist);
    bool plain =
        (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) && H5Pget_external_count(plist) == 0;
    H5Pclose(plist);
    return plain;
}

static xp_status check_shape(const source *s, const xp_param *p, hid_t space, xp_error *err) {
    hsize_t dims[3] = {0};
    int ndim = H5Sget_simple_extent_ndims(space);
    bool same = ndim == p->ndim && H5Sget_simple_extent_dims(space, dims, NULL) == ndim;
    for (int d = 0; same && d < ndim; d++) same = dims[d] == (hsize_t)p->shape[d];
    if (same) return XP_OK;
    char got[80] = "another number of dimensions", want[64];
    int n = 0;
    for (int d = 0; ndim == p->ndim && d < ndim; d++)
        n += snprintf(got + n, sizeof got - (size_t)n, d ? ", %llu" : "(%llu",
                      (unsigned long long)dims[d]);
    if (n) snprintf(got + n, sizeof got - (size_t)n, ")");
    n = 0;
    for (int d = 0; d < p->ndim; d++)
        n += snprintf(want + n, sizeof want - (size_t)n, d ? ", %d" : "(%d", p->shape[d]);
    return xp_fail(err, XP_ERR_SHAPE,
                   "layer \"%s\": model.weights.h5 holds %s of shape %s, the layer needs %s)",
                   s->op->name, p->name, got, want);
}

static xp_status read_dataset(float *out, const source *s, const xp_param *p, hid_t dataset,
                              xp_error *err) {
    hid_t type = H5Dget_type(dataset);
    bool floats = type >= 0 && is_plain_float(type);
    if (type >= 0) H5Tclose(type);
    if (!floats)
        return fail_source(err, XP_ERR_UNSUPPORTED, s, "expected weights of float32 or float64");
    if (!is_stored_in_one_piece(dataset))
        return fail_source(err, XP_ERR_UNSUPPORTED, s,
                           "weights in chunks or in another file, expected them in one piece");
    hid_t space = H5Dget_space(dataset);
    if (space < 0) return fail_source(err, XP_ERR_FORMAT, s, "a damaged dataset");
    xp_status status = check_shape(s, p, space, err);
    H5Sclose(space);
    if (status != XP_OK) return status;
    if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        return fail_source(err, XP_ERR_TRUNCATED, s, "the weights cannot be read");
    return XP_OK;
}

static xp_status read_param(float *out, const source *s, const xp_param *p, int index,
                            xp_error *err) {
    char path[sizeof s->path + 16];
    snprintf(path, sizeof path, "%s/%d", s->path, index);
    if (!is_inside(s->file, path))
        return xp_fail(err, XP_ERR_NOT_FOUND, "layer \"%s\": %s is not in model.weights.h5 (%s)",
                       s->op->name, p->name, path);
    hid_t dataset = H5Dopen2(s->file, path, H5P_DEFAULT);
    if (dataset < 0) return fail_source(err, XP_ERR_FORMAT, s, "a damaged dataset");
    xp_status status = read_dataset(out, s, p, dataset, err);
    H5Dclose(dataset);
    return status;
}

/* The group holds exactly the op's variables: one more would mean that the layer computes something
 * else than we think. */
static xp_status check_group(const source *s, xp_error *err) {
    H5G_info_t info;
    if (!is_inside(s->file, s->path))
        return fail_source(err, XP_ERR_NOT_FOUND, s, "the group is missing");
    hid_t group = H5Gopen2(s->file, s->path, H5P_DEFAULT);
    if (group < 0) return fail_source(err, XP_ERR_FORMAT, s, "not a group that can be read");
    bool read = H5Gget_info(group, &info) >= 0;
    H5Gclose(group);
    if (!read) return fail_source(err, XP_ERR_FORMAT, s, "a damaged group");
    if (info.nlinks != (hsize_t)s->op->n_params)
        return xp_fail(err, XP_ERR_SHAPE,
                       "layer \"%s\": model.weights.h5, %s: %llu variables, the "
                       "layer has %d",
                       s->op->name, s->path, (unsigned long long)info.nlinks, s->op->n_params);
    return XP_OK;
}

static xp_status read_op(float *weights, const xp_graph *g, const source *s, xp_error *err) {
    XP_TRY(check_group(s, err));
    for (int i = 0; i < s->op->n_params; i++) {
        const xp_param *p = &g->params[s->op->params[i]];
        XP_TRY(read_param(weights + p->offset, s, p, i, err));
    }
    return XP_OK;
}

static xp_status read_ops(float *weights, const xp_graph *g, const xp_keras_place *places,
                          hid_t file, xp_error *err) {
    for (int i = 0; i < g->n_ops; i++) {
        source s = {.file = file, .op = &g->ops[i]};
        if (s.op->n_params == 0) continue;
        snprintf(s.path, sizeof s.path, "layers/%s/%svars", places[i].group,
                 places[i].in_cell ? "cell/" : "");
        XP_TRY(read_op(weights, g, &s, err));
    }
    return XP_OK;
}

/* The file as HDF5 sees it: a copy in memory, read-only; closing it closes all that is open in it.
 */
static hid_t open_image(xp_bytes h5) {
    hid_t plist = H5Pcreate(H5P_FILE_ACCESS);
    if (plist < 0) return -1;
    hid_t file = -1;
    if (H5Pset_fapl_core(plist, 1 << 16, 0) >= 0 &&
        H5Pset_fclose_degree(plist, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_file_image(plist, (void *)h5.data, h5.size) >= 0)
        file = H5Fopen("model.weights.h5 (in memory)", H5F_ACC_RDONLY, plist);
    H5Pclose(plist);
    return file;
}

xp_status xp_keras_read_weights(float *weights, const xp_graph *g, const xp_keras_place *places,
                                xp_bytes h5, xp_error *err) {
    H5E_auto2_t report;
    void *report_data;
    H5Eget_auto2(H5E_DEFAULT, &report, &report_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* HDF5 prints its error stack otherwise */
    hid_t file = open_image(h5);
    xp_status s = XP_OK;
    if (file < 0) {
        s = xp_fail(err, XP_ERR_FORMAT, "model.weights.h5: not an HDF5 file that can be read");
    } else {
        s = read_ops(weights, g, places, file, err);
        H5Fclose(file);
    }
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, report, report_data);
    return s;
}
