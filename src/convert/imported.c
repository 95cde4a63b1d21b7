#include "convert/imported.h"

#include "nn/meaning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LABELS = 4096 };

static void name_leads(xp_model *m) {
    static const char *const order[] = {"I",  "II", "III", "aVR", "aVF", "aVL",
                                        "V1", "V2", "V3",  "V4",  "V5",  "V6"};
    for (int i = 0; m->n_leads == 12 && i < 12; i++)
        memcpy(m->leads[i], order[i], strlen(order[i]));
}

xp_status xp_imported_describe(xp_model *m, const char *source, xp_error *err) {
    const xp_op *in = &m->graph.ops[0], *out = &m->graph.ops[m->graph.n_ops - 1];
    const unsigned assumed =
        1u << XP_ASSUMED_RATE | 1u << XP_ASSUMED_UNIT | (in->c == 12) << XP_ASSUMED_LEADS;
    if (out->is_sequence || out->kind == XP_OP_INPUT)
        return xp_fail(
            err, XP_ERR_UNSUPPORTED,
            "layer \"%s\": the model's output has shape (%d, %d), expected a vector with "
            "one value for each label",
            out->name, out->t, out->c);
    if (out->c > MAX_LABELS)
        return xp_fail(err, XP_ERR_LIMIT, "layer \"%s\": %d outputs, at most %d can be labels",
                       out->name, out->c, MAX_LABELS);
    m->labels = calloc((size_t)out->c, sizeof *m->labels);
    if (!m->labels || xp_model_set_meta(m, "source", source) != XP_OK ||
        xp_model_set_outputs(m, xp_graph_is_bounded(&m->graph)) != XP_OK ||
        xp_model_set_assumed(m, assumed) != XP_OK)
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", source);
    m->n_labels = out->c;
    for (int i = 0; i < m->n_labels; i++) {
        xp_label *l = &m->labels[i];
        xp_label_forget(l);
        snprintf(l->name, sizeof l->name, "label%d", i + 1);
    }
    snprintf(m->architecture, sizeof m->architecture, "graph");
    m->n_leads = in->c;
    m->length = in->t;
    m->rate = 500;
    name_leads(m);
    return XP_OK;
}
