#include "eval/metrics_cinc.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "data/csv.h"

/* ==== weights ============================================================================= */

/* Whether two lists of names, "a|b", have one in common; letters in any case. */
static bool share_name(const char *a, const char *b) {
    for (const char *p = a;; p++) {
        size_t n = strcspn(p, "|");
        for (const char *q = b; n; q++) {
            size_t k = strcspn(q, "|");
            if (k == n && !strncasecmp(p, q, n)) return true;
            q += k;
            if (!*q) break;
        }
        p += n;
        if (!*p) return false;
    }
}

/* Make the labels that are this class's its own; *found: whether there are any. */
static xp_status take_labels(xp_cinc_weights *w, const xp_csv *c, int column,
                             const char *const *names, int n, bool *found, xp_error *err) {
    const char *class_names = xp_csv_field(c, column);
    *found = false;
    for (int l = 0; l < n; l++) {
        if (!share_name(class_names, names[l])) continue;
        if (w->class_of[l] >= 0)
            return xp_csv_fail(c, column, err, XP_ERR_FORMAT,
                               "the label \"%.60s\" is of this class and of one before: make two "
                               "labels of it, or name it after one of them",
                               names[l]);
        w->class_of[l] = w->n;
        *found = true;
    }
    return XP_OK;
}

/* The first row: which columns are scored (column[k] for class k). */
static xp_status read_classes(xp_cinc_weights *w, const xp_csv *c, const char *const *names, int n,
                              const char *normal, int *column, xp_error *err) {
    w->normal = -1;
    for (int l = 0; l < n; l++) w->class_of[l] = -1;
    for (int i = 1; i < xp_csv_count(c); i++) {
        bool found = false;
        XP_TRY(take_labels(w, c, i, names, n, &found, err));
        w->missing += !found;
        if (!found) continue;
        if (w->n == XP_CINC_MAX)
            return xp_csv_fail(c, i, err, XP_ERR_LIMIT, "more than %d classes", XP_CINC_MAX);
        if (share_name(xp_csv_field(c, i), normal)) w->normal = w->n;
        column[w->n++] = i;
    }
    if (w->normal >= 0) return XP_OK;
    return xp_csv_fail(c, -1, err, XP_ERR_NOT_FOUND,
                       "no class \"%s\" (sinus rhythm) that is also a label of the predictions",
                       normal);
}

/* Whether the labels of these names are class k's, and there are some. */
static bool is_class(const xp_cinc_weights *w, int k, const char *class_names,
                     const char *const *names, int n) {
    bool found = false;
    for (int l = 0; l < n; l++) {
        if (!share_name(class_names, names[l])) continue;
        if (w->class_of[l] != k) return false;
        found = true;
    }
    return found;
}

static xp_status read_row(xp_cinc_weights *w, const xp_csv *c, const int *column, int k,
                          xp_error *err) {
    for (int j = 0; j < w->n; j++) XP_TRY(xp_csv_number(c, column[j], &w->weight[k][j], err));
    return XP_OK;
}

static xp_status read_weights(xp_cinc_weights *w, xp_csv *c, const char *const *names, int n,
                              const char *normal, xp_error *err) {
    int column[XP_CINC_MAX], k = 0;
    XP_TRY(xp_csv_next(c, err));
    XP_TRY(read_classes(w, c, names, n, normal, column, err));
    int columns = xp_csv_count(c);
    for (int row = 1; row < columns; row++) {
        XP_TRY(xp_csv_next(c, err));
        if (xp_csv_count(c) != columns)
            return xp_csv_fail(c, -1, err, XP_ERR_FORMAT,
                               "%d fields in a table of %d classes: expected one more than classes",
                               xp_csv_count(c), columns - 1);
        if (k == w->n || column[k] != row) continue;
        if (!is_class(w, k, xp_csv_field(c, 0), names, n))
            return xp_csv_fail(c, 0, err, XP_ERR_FORMAT,
                               "\"%.60s\": expected the classes of the first row, in its order",
                               xp_csv_field(c, 0));
        XP_TRY(read_row(w, c, column, k++, err));
    }
    return XP_OK;
}

xp_status xp_cinc_read_weights(xp_cinc_weights *out, const char *path, const char *const *names,
                               int n, const char *normal, xp_error *err) {
    xp_csv *c;
    xp_cinc_weights w = {0};
    if (n > XP_CINC_LABELS)
        return xp_fail(err, XP_ERR_LIMIT, "%d labels: the score takes up to %d", n, XP_CINC_LABELS);
    XP_TRY(xp_csv_open(&c, path, ',', err));
    xp_status s = read_weights(&w, c, names, n, normal, err);
    xp_csv_close(c);
    if (s == XP_OK) *out = w;
    return s;
}

/* ==== the score =========================================================================== */

/* Sum of weights over one record's pairs, divided by the number of classes in either set. */
static double score_record(const xp_cinc_weights *w, const bool *truth, const bool *output) {
    double sum = 0;
    int either = 0;
    for (int i = 0; i < w->n; i++) {
        either += truth[i] || output[i];
        for (int j = 0; truth[i] && j < w->n; j++) sum += output[j] ? w->weight[i][j] : 0;
    }
    return either ? sum / either : 0;
}

/* One record's classes: there where one of their labels is. */
static void merge_labels(const xp_cinc_weights *w, const xp_predictions *p, size_t record,
                         const double *thresholds, bool *truth, bool *output) {
    memset(truth, 0, (size_t)w->n * sizeof *truth);
    memset(output, 0, (size_t)w->n * sizeof *output);
    for (int l = 0; l < p->labels; l++) {
        const size_t at = record * (size_t)p->labels + (size_t)l;
        const int k = w->class_of[l];
        if (k < 0 || p->truth[at] < 0) continue;
        truth[k] |= p->truth[at] == 1;
        output[k] |= p->score[at] >= thresholds[l];
    }
}

double xp_cinc_score(const xp_cinc_weights *w, const xp_predictions *p, const double *thresholds) {
    double observed = 0, correct = 0, inactive = 0;
    for (size_t r = 0; r < p->n; r++) {
        bool truth[XP_CINC_MAX], output[XP_CINC_MAX], normal[XP_CINC_MAX] = {false};
        merge_labels(w, p, r, thresholds, truth, output);
        normal[w->normal] = true;
        observed += score_record(w, truth, output);
        correct += score_record(w, truth, truth);
        inactive += score_record(w, truth, normal);
    }
    return correct != inactive ? (observed - inactive) / (correct - inactive) : NAN;
}
