#include "nn/meaning.h"

#include "nn/op.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ==== outputs ==== */

/* Of activations, which have one row: those that lead from [0, 1] into it. */
static bool keeps_bounds(const xp_op *op) {
    const bool fits = op->kind != XP_OP_ACTIVATION || op->activation == XP_ACT_LINEAR ||
                      op->activation == XP_ACT_RELU || op->activation == XP_ACT_TANH;
    return fits && xp_op_is(op, XP_OP_KEEPS_BOUNDS);
}

/* From an op up to where its bounds come from; steps are what may still be looked at, so that no
 * graph of many ways keeps this busy, and nothing is allocated, so that the answer is always the
 * same. */
static bool is_bounded(const xp_graph *g, const xp_op *op, int *steps) {
    const bool ends = xp_op_is(op, XP_OP_ENDS_IN_ACTIVATION);
    if (ends && (op->activation == XP_ACT_SIGMOID || op->activation == XP_ACT_SOFTMAX)) return true;
    if (op->kind == XP_OP_SOFTMAX_TIME) return true;
    if (op->kind == XP_OP_FUNCTION && op->function == XP_FN_HARD_SIGMOID) return true;
    if (op->kind == XP_OP_FUNCTION && op->function == XP_FN_CLIP)
        if (op->alpha >= 0 && op->beta <= 1) return true;
    bool all = op->n_inputs > 0 && keeps_bounds(op) && --*steps >= 0;
    for (int i = 0; all && i < op->n_inputs; i++)
        all = is_bounded(g, &g->ops[op->inputs[i]], steps);
    return all;
}

bool xp_graph_is_bounded(const xp_graph *g) {
    int steps = 1000;
    return g->n_ops > 0 && is_bounded(g, &g->ops[g->n_ops - 1], &steps);
}

bool xp_model_gives_probabilities(const xp_model *m) {
    const char *said = xp_model_meta(m, XP_META_OUTPUTS);
    return said ? !strcmp(said, "probabilities") : xp_graph_is_bounded(&m->graph);
}

double xp_odds(double probability) {
    return probability / (1 - probability);
}

double xp_probability_of_odds(double odds) {
    return isinf(odds) ? 1 : odds / (1 + odds);
}

xp_status xp_model_set_outputs(xp_model *m, bool probabilities) {
    return xp_model_set_meta(m, XP_META_OUTPUTS, probabilities ? "probabilities" : "scores");
}

/* ==== assumptions ==== */

static const char *const names[XP_N_ASSUMED] = {"leads", "rate", "unit"};

const char *xp_assumed_name(xp_assumed what) {
    return (unsigned)what < XP_N_ASSUMED ? names[what] : "";
}

/* The bits of a list of names; false where a word is none of them. */
static bool read_assumed(const char *list, unsigned *bits) {
    *bits = 0;
    for (const char *p = list + strspn(list, " "); *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        int found = -1;
        for (int i = 0; i < XP_N_ASSUMED; i++)
            if (strlen(names[i]) == n && !memcmp(names[i], p, n)) found = i;
        if (found < 0) return false;
        *bits |= 1u << found;
        p += n;
    }
    return true;
}

unsigned xp_model_assumed(const xp_model *m) {
    const char *list = xp_model_meta(m, XP_META_ASSUMED);
    unsigned bits = 0;
    if (list) read_assumed(list, &bits);
    return bits;
}

xp_status xp_model_set_assumed(xp_model *m, unsigned what) {
    char list[64] = "";
    size_t n = 0;
    for (int i = 0; i < XP_N_ASSUMED; i++)
        if (what & 1u << i)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? " " : "", names[i]);
    return xp_model_set_meta(m, XP_META_ASSUMED, n ? list : NULL);
}

const char *xp_model_assumed_text(const xp_model *m, char *text, size_t size) {
    const unsigned bits = xp_model_assumed(m);
    char part[XP_N_ASSUMED][48];
    int n = 0;
    if (bits & 1u << XP_ASSUMED_LEADS) snprintf(part[n++], sizeof *part, "the order of the leads");
    if (bits & 1u << XP_ASSUMED_RATE)
        snprintf(part[n++], sizeof *part, "the rate of %g Hz", m->rate);
    if (bits & 1u << XP_ASSUMED_UNIT) snprintf(part[n++], sizeof *part, "the unit mV");
    text[0] = 0;
    for (int i = 0; i < n; i++) {
        const size_t at = strlen(text);
        snprintf(text + at, size - at, "%s%s", i == 0 ? "" : i == n - 1 ? " and " : ", ", part[i]);
    }
    return text;
}

/* ==== both ==== */

xp_status xp_model_check_meaning(const xp_model *m, xp_error *err) {
    const char *said = xp_model_meta(m, XP_META_OUTPUTS);
    const char *assumed = xp_model_meta(m, XP_META_ASSUMED);
    unsigned bits;
    if (said && strcmp(said, "probabilities") && strcmp(said, "scores"))
        return xp_fail(err, XP_ERR_FORMAT,
                       "metadata \"" XP_META_OUTPUTS
                       "\" is \"%.40s\", expected \"probabilities\" or \"scores\"",
                       said);
    if (said && !strcmp(said, "probabilities") && !xp_graph_is_bounded(&m->graph))
        return xp_fail(err, XP_ERR_FORMAT,
                       "metadata \"" XP_META_OUTPUTS
                       "\" calls the outputs probabilities, but the last layer \"%s\" may give any "
                       "number; import the model again with --outputs logits",
                       m->graph.n_ops ? m->graph.ops[m->graph.n_ops - 1].name : "");
    if (assumed && !read_assumed(assumed, &bits))
        return xp_fail(err, XP_ERR_FORMAT,
                       "metadata \"" XP_META_ASSUMED
                       "\" is \"%.40s\", expected words of leads, rate, unit",
                       assumed);
    return XP_OK;
}
