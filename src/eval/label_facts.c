#include "eval/label_facts.h"

#include <math.h>
#include <stdio.h>

xp_status xp_labels_store_thresholds(const xp_threshold_choice *t, const xp_predictions *p,
                                     xp_operating_point point, xp_label *labels, xp_error *err) {
    for (int l = 0; l < p->labels; l++) {
        const bool specific = point == XP_SPECIFIC;
        double *threshold = specific ? &labels[l].specific_threshold : &labels[l].threshold;
        char *source = specific ? labels[l].specific_source : labels[l].threshold_source;
        XP_TRY(xp_choose_threshold(p, l, t->rule, t->wanted, threshold, err));
        source[0] = 0;
        if (!isnan(*threshold))
            snprintf(source, sizeof labels[l].threshold_source, "%.72s (%zu records)", t->text,
                     p->n);
    }
    return XP_OK;
}

/* Known cases of that truth with at least that score; -1 where there is no threshold. */
static int count_reached(const xp_predictions *p, int label, int truth, double threshold) {
    int n = 0;
    if (isnan(threshold)) return -1;
    for (size_t i = 0; i < p->n; i++) {
        const size_t at = i * (size_t)p->labels + (size_t)label;
        n += p->truth[at] == truth && p->score[at] >= threshold;
    }
    return n;
}

void xp_labels_store_test(const xp_evaluation *e, const xp_predictions *p, xp_label *labels) {
    for (int i = 0; i < e->labels; i++) {
        xp_label *l = &labels[i];
        l->auroc = e->label[i].value[XP_AUROC];
        l->auroc_low = e->label[i].delong.low;
        l->auroc_high = e->label[i].delong.high;
        l->n_positive = (int)e->label[i].positives;
        l->n_negative = (int)(e->label[i].n - e->label[i].positives);
        l->found = count_reached(p, i, 1, l->threshold);
        l->false_alarms = count_reached(p, i, 0, l->threshold);
        l->specific_found = count_reached(p, i, 1, l->specific_threshold);
        l->specific_false_alarms = count_reached(p, i, 0, l->specific_threshold);
    }
}
