#include "eval/thresholds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rules with a number: how they begin on the command line, and how they are written out. */
static const struct {
    const char *prefix, *wording;
    xp_threshold_rule rule;
    double most;
} with_number[] = {
    {"sensitivity=", "sensitivity %g on validation data", XP_THRESHOLD_SENSITIVITY, 1},
    {"specificity=", "specificity %g on validation data", XP_THRESHOLD_SPECIFICITY, 1},
    {"youden=", "Youden's index, specificity counted %g times, on validation data",
     XP_THRESHOLD_YOUDEN, 100}};

static xp_status parse_number(xp_threshold_choice *t, const char *text, xp_error *err) {
    const char *number = text, *wording = "%g for every label";
    char *end;
    double most = 1;
    t->kind = XP_THRESHOLD_FIXED;
    for (size_t i = 0; i < sizeof with_number / sizeof *with_number; i++) {
        const size_t n = strlen(with_number[i].prefix);
        if (strncmp(text, with_number[i].prefix, n)) continue;
        t->kind = XP_THRESHOLD_CHOSEN;
        t->rule = with_number[i].rule;
        number = text + n, wording = with_number[i].wording, most = with_number[i].most;
    }
    t->wanted = strtod(number, &end);
    const bool good = end != number && !*end && t->wanted >= 0 && t->wanted <= most;
    if (!good || (t->kind == XP_THRESHOLD_CHOSEN && t->wanted == 0))
        return xp_fail(err, XP_ERR_USAGE,
                       "--threshold %s: expected model, youden, youden=2, f1, sensitivity=0.9, "
                       "specificity=0.98, or a number from 0 to 1",
                       text);
    snprintf(t->text, sizeof t->text, wording, t->wanted);
    return XP_OK;
}

xp_status xp_threshold_parse(xp_threshold_choice *t, const char *text, xp_error *err) {
    *t = (xp_threshold_choice){.kind = XP_THRESHOLD_CHOSEN, .rule = XP_THRESHOLD_YOUDEN};
    snprintf(t->text, sizeof t->text, "Youden's index on validation data");
    if (!strcmp(text, "youden")) return XP_OK;
    if (!strcmp(text, "f1")) {
        t->rule = XP_THRESHOLD_F1;
        snprintf(t->text, sizeof t->text, "largest F1 on validation data");
        return XP_OK;
    }
    if (!strcmp(text, "model")) {
        t->kind = XP_THRESHOLD_STORED;
        snprintf(t->text, sizeof t->text,
                 "the model's own, from its validation data (0.5 if none)");
        return XP_OK;
    }
    return parse_number(t, text, err);
}

xp_status xp_threshold_apply(const xp_threshold_choice *t, const xp_eval_cases *c,
                             const xp_eval_cases *validation, double *thresholds, xp_error *err) {
    for (int l = 0; l < c->n_labels; l++) {
        thresholds[l] = t->kind == XP_THRESHOLD_FIXED ? t->wanted : 0.5;
        if (t->kind == XP_THRESHOLD_STORED && !isnan(c->stored[l])) thresholds[l] = c->stored[l];
        if (t->kind != XP_THRESHOLD_CHOSEN) continue;
        int k = xp_eval_cases_find(validation, c->names[l]);
        xp_predictions p = xp_eval_cases_predictions(validation);
        if (k < 0)
            return xp_fail(err, XP_ERR_FORMAT, "the validation data have no label \"%s\"",
                           c->names[l]);
        XP_TRY(xp_choose_threshold(&p, k, t->rule, t->wanted, &thresholds[l], err));
    }
    return XP_OK;
}
