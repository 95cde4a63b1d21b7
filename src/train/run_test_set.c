/* The test part of a run, for those who evaluate: samples, labels, patients, and as a table. */
#include "convert/npy.h"
#include "data/csv.h"
#include "ecg/reader_path.h"
#include "train/run_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Above this the test set is written as a table only. */
static const size_t TEST_SET_BYTES = (size_t)1 << 30;

/* ==== the table ============================================================================== */

/* Absolute: the records of several data sets are in several folders. */
static xp_status absolute_path(const xp_dataset *d, size_t item, char out[XP_PATH_MAX],
                               xp_error *err) {
    char path[XP_PATH_MAX];
    XP_TRY(xp_dataset_path(d, item, path, XP_PATH_MAX, err));
    if (!xp_record_real_path(path, out, XP_PATH_MAX)) memcpy(out, path, XP_PATH_MAX);
    return XP_OK;
}

static xp_status put_case(const xp_dataset *d, size_t item, xp_csv_writer *w, xp_error *err) {
    xp_person person;
    char path[XP_PATH_MAX], age[32] = "";
    XP_TRY(absolute_path(d, item, path, err));
    XP_TRY(xp_dataset_person(d, item, &person, err));
    const char sex[2] = {person.sex, 0};
    if (!isnan(person.age)) snprintf(age, sizeof age, "%g", (double)person.age);
    xp_csv_put(w, path);
    xp_csv_putf(w, "%llu", (unsigned long long)d->patient[item]);
    xp_csv_put(w, age);
    xp_csv_put(w, sex);
    for (int l = 0; l < d->n_labels; l++) xp_csv_putf(w, "%d", xp_dataset_label(d, item, l));
    xp_csv_end_row(w);
    return XP_OK;
}

static xp_status write_table(const xp_loader_options *set, const char *const *labels,
                             const char *path, xp_error *err) {
    static const char *const first[] = {"path", "patient", "age", "sex"};
    xp_csv_writer *w;
    XP_TRY(xp_csv_create(&w, path, err));
    for (int i = 0; i < 4; i++) xp_csv_put(w, first[i]);
    for (int l = 0; l < set->data->n_labels; l++) xp_csv_put(w, labels[l]);
    xp_csv_end_row(w);
    xp_status s = XP_OK;
    for (size_t i = 0; s == XP_OK && i < set->n; i++)
        s = put_case(set->data, set->items[i], w, err);
    if (s == XP_OK) return xp_csv_commit(w, err);
    xp_csv_abandon(w);
    return s;
}

/* ==== the arrays ============================================================================= */

enum { SET_X, SET_Y, SET_PATIENT, SET_LABELS, SET_ARRAYS };

/* The four arrays as .npy; all of them are freed by the caller. */
static xp_status set_arrays(const xp_loader_options *set, const run_predictions *p,
                            const char *const *labels, const float *x, xp_npz_source *a,
                            xp_error *err) {
    static const char *const names[] = {"x", "y", "patient", "labels"};
    const int n_labels = set->data->n_labels;
    size_t shape[3] = {set->n, (size_t)set->spec->length, (size_t)set->spec->n_leads};
    size_t y_shape[2] = {set->n, (size_t)n_labels};
    char list[XP_DATASET_MAX_LABELS * 33] = "";
    for (int l = 0; l < n_labels; l++) {
        size_t k = strlen(list);
        snprintf(list + k, sizeof list - k, "%s%s", l ? "," : "", labels[l]);
    }
    size_t list_shape = strlen(list);
    const struct {
        char kind;
        int size, ndim;
        const size_t *shape;
        const void *data;
    } arrays[SET_ARRAYS] = {{'f', 4, 3, shape, x},
                            {'i', 1, 2, y_shape, p->truth},
                            {'u', 8, 1, shape, p->patient},
                            {'u', 1, 1, &list_shape, list}};
    for (int i = 0; i < SET_ARRAYS; i++) {
        uint8_t *bytes;
        XP_TRY(xp_npy_write(arrays[i].kind, arrays[i].size, arrays[i].ndim, arrays[i].shape,
                            arrays[i].data, &bytes, &a[i].n_bytes, err));
        a[i].name = names[i];
        a[i].npy = bytes;
    }
    return XP_OK;
}

/* Samples of a part into x (n, length, leads); *longer: records with more than one window. */
static xp_status read_samples(const xp_loader_options *set, float *x, size_t *longer,
                              xp_error *err) {
    size_t record = (size_t)set->spec->length * (size_t)set->spec->n_leads;
    *longer = 0;
    for (size_t i = 0; i < set->n; i++) {
        xp_record_window about;
        XP_TRY(xp_reader_get(set->reader, set->items[i], 0, x + i * record, &about, err));
        *longer += about.windows > 1;
    }
    return XP_OK;
}

static xp_status write_npz(const xp_loader_options *set, const run_predictions *p,
                           const xp_run_options *o, const char *path, xp_error *err) {
    size_t record = (size_t)set->spec->length * (size_t)set->spec->n_leads, n_bytes, longer;
    float *x = malloc(set->n * record * sizeof *x);
    xp_npz_source arrays[SET_ARRAYS] = {{0}};
    uint8_t *bytes;
    xp_status s = x ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for the test set");
    if (s == XP_OK) s = read_samples(set, x, &longer, err);
    if (s == XP_OK && longer > 0)
        fprintf(o->text,
                "%zu test records are longer than the input: %s has their first window only, the "
                ".csv beside it names them whole\n",
                longer, path);
    if (s == XP_OK) s = set_arrays(set, p, o->labels, x, arrays, err);
    free(x);
    if (s == XP_OK) s = xp_npz_write(arrays, SET_ARRAYS, false, &bytes, &n_bytes, err);
    for (int i = 0; i < SET_ARRAYS; i++) free((void *)arrays[i].npy);
    if (s != XP_OK) return s;
    s = xp_file_write(path, bytes, n_bytes, err);
    free(bytes);
    return s;
}

xp_status run_write_test_set(const xp_loader_options *set, const run_predictions *p,
                             const xp_run_options *o, const char *dir, xp_error *err) {
    char path[XP_PATH_MAX];
    size_t bytes = set->n * (size_t)set->spec->length * (size_t)set->spec->n_leads * sizeof(float);
    XP_TRY(xp_path_join(path, sizeof path, err, dir, "test_set_%s.csv", o->name));
    XP_TRY(write_table(set, o->labels, path, err));
    if (bytes > TEST_SET_BYTES) {
        fprintf(o->text, "test set: %s (no .npz: it would need %.1f GB)\n", path,
                1e-9 * (double)bytes);
        return XP_OK;
    }
    XP_TRY(xp_path_join(path, sizeof path, err, dir, "test_set_%s.npz", o->name));
    return write_npz(set, p, o, path, err);
}
