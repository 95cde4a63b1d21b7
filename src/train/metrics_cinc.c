#include "train/metrics_cinc.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "train/csv.h"

/* ==== weights ============================================================================= */

/* Whether one of the names in "a|b" is name; letters in any case. */
static bool has_name(const char *names, const char *name) {
    size_t n = strlen(name);
    for (const char *p = names; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (strcspn(p, "|") == n && !strncasecmp(p, name, n)) return true;
    return false;
}

static int find_label(const char *class_names, const char *const *names, int n) {
    for (int l = 0; l < n; l++)
        if (has_name(class_names, names[l])) return l;
    return -1;
}

/* The first row: which columns are scored (column[k] for class k). */
static xp_status read_classes(xp_cinc_weights *w, const xp_csv *c, const char *const *names, int n,
                              const char *normal, int *column, xp_error *err) {
    w->normal = -1;
    for (int i = 1; i < xp_csv_count(c); i++) {
        const char *class_names = xp_csv_field(c, i);
        int label = find_label(class_names, names, n);
        w->missing += label < 0;
        if (label < 0) continue;
        if (w->n == XP_CINC_MAX)
            return xp_csv_fail(c, i, err, XP_ERR_LIMIT, "more than %d classes", XP_CINC_MAX);
        if (has_name(class_names, normal)) w->normal = w->n;
        w->label[w->n] = label;
        column[w->n++] = i;
    }
    if (w->normal >= 0) return XP_OK;
    return xp_csv_fail(c, -1, err, XP_ERR_NOT_FOUND,
                       "no class \"%s\" (sinus rhythm) that is also a label of the predictions",
                       normal);
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
        if (find_label(xp_csv_field(c, 0), names, n) != w->label[k])
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

double xp_cinc_score(const xp_cinc_weights *w, const xp_predictions *p, const double *thresholds) {
    double observed = 0, correct = 0, inactive = 0;
    for (size_t r = 0; r < p->n; r++) {
        bool truth[XP_CINC_MAX], output[XP_CINC_MAX], normal[XP_CINC_MAX];
        for (int k = 0; k < w->n; k++) {
            size_t at = r * (size_t)p->labels + (size_t)w->label[k];
            truth[k] = p->truth[at] == 1;
            output[k] = p->truth[at] >= 0 && p->score[at] >= thresholds[w->label[k]];
            normal[k] = k == w->normal;
        }
        observed += score_record(w, truth, output);
        correct += score_record(w, truth, truth);
        inactive += score_record(w, truth, normal);
    }
    return correct != inactive ? (observed - inactive) / (correct - inactive) : NAN;
}
