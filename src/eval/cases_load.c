/* Anyone's predictions, from arrays. */
#include "base/file.h"
#include "base/list.h"
#include "eval/cases_arrays.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct array {
    uint8_t *file; /* owned */
    xp_npy a;
} array;

static xp_status load_array(array *out, const char *path, xp_error *err) {
    size_t size;
    XP_TRY(xp_file_read(path, &out->file, &size, err));
    xp_status s = xp_npy_read(&out->a, (xp_bytes){out->file, size}, err);
    if (s == XP_OK) return s;
    free(out->file);
    return xp_fail_prefix(err, s, "%s", path);
}

static xp_status name_labels(xp_eval_cases *c, const char *list, xp_error *err) {
    bool fits;
    int n = 0;
    const char *rest = list;
    for (int l = 0; l < c->n_labels; l++)
        snprintf(c->names[l], sizeof c->names[l], "label%d", l + 1);
    for (char name[32]; xp_list_next(&rest, name, sizeof name, &fits); n++) {
        if (!fits || n >= c->n_labels)
            return xp_fail(err, XP_ERR_USAGE, "--names %s: expected %d names of 1 to 31 characters",
                           list, c->n_labels);
        memcpy(c->names[n], name, sizeof name);
    }
    if (!list || n == c->n_labels) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "--names %s: %d names; the scores have %d labels", list, n,
                   c->n_labels);
}

static xp_status check_scores(const xp_eval_cases *c, const char *path, xp_error *err) {
    size_t labels = (size_t)c->n_labels;
    for (size_t i = 0; i < c->n * labels; i++)
        if (!isfinite(c->score[i]))
            return xp_fail(err, XP_ERR_FORMAT,
                           "%s: the score of case %zu, label %zu is not a number: leave failed "
                           "cases out of scores and truth",
                           path, i / labels, i % labels);
    return XP_OK;
}

static xp_status fill_from_arrays(xp_eval_cases *c, const xp_eval_arrays *from, const xp_npy *score,
                                  const xp_npy *truth, xp_error *err) {
    char text[2][128];
    if (score->count != truth->count || score->shape[0] != truth->shape[0])
        return xp_fail(err, XP_ERR_SHAPE, "%s is %s, %s is %s; expected the same shape",
                       from->scores, xp_npy_describe(score, text[0], sizeof text[0]), from->truth,
                       xp_npy_describe(truth, text[1], sizeof text[1]));
    xp_npy_doubles(score, c->score);
    XP_TRY(check_scores(c, from->scores, err));
    XP_TRY(cases_read_truth(truth, from->truth, c->truth, err));
    XP_TRY(name_labels(c, from->names, err));
    for (size_t i = 0; i < c->n; i++) c->patient[i] = i;
    if (!from->patients) return XP_OK;
    array p;
    XP_TRY(load_array(&p, from->patients, err));
    xp_status s = cases_read_patients(&p.a, from->patients, c->n, c->patient, err);
    free(p.file);
    return s;
}

xp_status xp_eval_cases_load(xp_eval_cases *c, const xp_eval_arrays *from, xp_error *err) {
    array score, truth;
    xp_eval_cases made = {0};
    size_t n = 0;
    int labels = 0;
    XP_TRY(load_array(&score, from->scores, err));
    xp_status s = load_array(&truth, from->truth, err);
    if (s != XP_OK) {
        free(score.file);
        return s;
    }
    s = cases_read_shape(&score.a, from->scores, &n, &labels, err);
    if (s == XP_OK) s = xp_eval_cases_allocate(&made, n, labels, err);
    if (s == XP_OK) s = fill_from_arrays(&made, from, &score.a, &truth.a, err);
    free(score.file);
    free(truth.file);
    if (s == XP_OK)
        *c = made;
    else
        xp_eval_cases_free(&made);
    return s;
}
