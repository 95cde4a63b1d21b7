#include "eval/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void xp_eval_cases_free(xp_eval_cases *c) {
    free(c->score);
    free(c->truth);
    free(c->patient);
    *c = (xp_eval_cases){0};
}

xp_status xp_eval_cases_allocate(xp_eval_cases *c, size_t n, int labels, xp_error *err) {
    size_t count = (n ? n : 1) * (size_t)labels;
    xp_eval_cases made = {.n = n, .n_labels = labels};
    if (labels < 1 || labels > XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_LIMIT, "%d labels; expected 1 to %d", labels,
                       XP_DATASET_MAX_LABELS);
    made.score = malloc(count * sizeof *made.score);
    made.truth = malloc(count);
    made.patient = malloc((n ? n : 1) * sizeof *made.patient);
    for (int l = 0; l < XP_DATASET_MAX_LABELS; l++) made.stored[l] = NAN;
    if (!made.score || !made.truth || !made.patient) {
        xp_eval_cases_free(&made);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu cases", n);
    }
    *c = made;
    return XP_OK;
}

int xp_eval_cases_find(const xp_eval_cases *c, const char *name) {
    for (int l = 0; l < c->n_labels; l++)
        if (!strcasecmp(c->names[l], name)) return l;
    return -1;
}

xp_predictions xp_eval_cases_predictions(const xp_eval_cases *c) {
    return (xp_predictions){c->score, c->truth, c->patient, c->n, c->n_labels};
}

void xp_eval_cases_keep(xp_eval_cases *c, const int *from, int n) {
    xp_eval_cases old = *c;
    size_t width = (size_t)old.n_labels;
    c->n_labels = n;
    for (int l = 0; l < n; l++) {
        memcpy(c->names[l], old.names[from[l]], sizeof c->names[l]);
        c->stored[l] = old.stored[from[l]];
    }
    for (size_t i = 0; i < c->n; i++) {
        double score[XP_DATASET_MAX_LABELS];
        int8_t truth[XP_DATASET_MAX_LABELS];
        for (int l = 0; l < n; l++) {
            score[l] = c->score[i * width + (size_t)from[l]];
            truth[l] = c->truth[i * width + (size_t)from[l]];
        }
        memcpy(c->score + i * (size_t)n, score, (size_t)n * sizeof *score);
        memcpy(c->truth + i * (size_t)n, truth, (size_t)n);
    }
}

xp_status xp_eval_cases_match(xp_eval_cases *a, xp_eval_cases *b, xp_error *err) {
    int in_a[XP_DATASET_MAX_LABELS], in_b[XP_DATASET_MAX_LABELS], n = 0;
    for (int l = 0; l < a->n_labels; l++) {
        int k = xp_eval_cases_find(b, a->names[l]);
        if (k < 0) continue;
        in_a[n] = l;
        in_b[n++] = k;
    }
    if (n == 0) return xp_fail(err, XP_ERR_FORMAT, "the two models have no label in common");
    xp_eval_cases_keep(a, in_a, n);
    xp_eval_cases_keep(b, in_b, n);
    if (a->n == b->n && !memcmp(a->truth, b->truth, a->n * (size_t)n)) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT, "the two models were not given the same cases (%zu and %zu)",
                   a->n, b->n);
}
