/* The architectures that we build ourselves: ECG-XPLAIM (Pantelidis et al. 2025, doi
 * 10.3389/fcvm.2025.1659971) and its two baselines, a CNN and a GRU network. */
#include "base/arena.h"
#include "base/json.h"
#include "base/rng.h"
#include "nn/floor.h"
#include "nn/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends ops one after the other; the first error stops it and is kept. */
typedef struct {
    xp_graph *g;
    xp_status status;
    xp_error *err;
} builder;

static int push(builder *b, xp_op op, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Append op under the formatted name; its index, or -1 after an error. */
static int push(builder *b, xp_op op, const char *fmt, ...) {
    if (b->status != XP_OK) return -1;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(op.name, sizeof op.name, fmt, ap);
    va_end(ap);
    b->status = xp_graph_add(b->g, &op, b->err);
    return b->g->n_ops - 1;
}

static xp_op unary(xp_op_kind kind, int input) {
    return (xp_op){.kind = kind, .n_inputs = 1, .inputs = {input}};
}

static xp_op conv(int in, int units, int kernel, xp_padding padding, bool bias, xp_activation a) {
    xp_op op = unary(XP_OP_CONV1D, in);
    op.units = units;
    op.kernel = kernel;
    op.stride = 1;
    op.padding = padding;
    op.use_bias = bias;
    op.activation = a;
    return op;
}

static xp_op batchnorm(int in) {
    xp_op op = unary(XP_OP_BATCHNORM, in);
    op.center = op.scale = true;
    op.epsilon = 1e-3f;
    op.momentum = 0.99f;
    return op;
}

static xp_op layernorm(int in) {
    xp_op op = unary(XP_OP_LAYERNORM, in);
    op.center = op.scale = true;
    op.epsilon = 1e-3f;
    return op;
}

static xp_op relu(int in) {
    xp_op op = unary(XP_OP_ACTIVATION, in);
    op.activation = XP_ACT_RELU;
    return op;
}

static xp_op maxpool(int in, xp_padding padding) {
    xp_op op = unary(XP_OP_MAXPOOL, in);
    op.kernel = op.stride = 2;
    op.padding = padding;
    return op;
}

static xp_op dense(int in, int units, xp_activation a) {
    xp_op op = unary(XP_OP_DENSE, in);
    op.units = units;
    op.use_bias = true;
    op.activation = a;
    return op;
}

static xp_op dropout(int in, float rate) {
    xp_op op = unary(XP_OP_DROPOUT, in);
    op.rate = rate;
    return op;
}

static xp_op gru(int in, int units, bool sequences) {
    xp_op op = unary(XP_OP_GRU, in);
    op.units = units;
    op.activation = XP_ACT_TANH;
    op.recurrent = XP_ACT_SIGMOID;
    op.use_bias = op.reset_after = true;
    op.return_sequences = sequences;
    return op;
}

/* ==== ECG-XPLAIM ==== */

/* Three (or any number of) convolutions side by side, their ReLUs, concat, batch norm, ReLU. */
static int add_branches(builder *b, const xp_arch_config *cfg, int block, int half, int in) {
    xp_op concat = {.kind = XP_OP_CONCAT, .n_inputs = cfg->n_kernels};
    for (int i = 0; i < cfg->n_kernels; i++)
        concat.inputs[i] = push(
            b, conv(in, cfg->filters[block - 1], cfg->kernels[i], XP_PAD_SAME, false, XP_ACT_RELU),
            "block%d.conv%d.k%d", block, half, cfg->kernels[i]);
    int joined = push(b, concat, "block%d.conv%d", block, half);
    int normed = push(b, batchnorm(joined), "block%d.conv%d.bn", block, half);
    return push(b, relu(normed), "block%d.conv%d.relu", block, half);
}

/* The shortcut comes last, so that explaining it (the default) keeps little else. */
static int add_block(builder *b, const xp_arch_config *cfg, int block, int skip) {
    int x = add_branches(b, cfg, block, 1, skip);
    x = add_branches(b, cfg, block, 2, x);
    int channels = cfg->filters[block - 1] * cfg->n_kernels;
    int s = push(b, conv(skip, channels, 1, XP_PAD_SAME, false, XP_ACT_LINEAR), "block%d.shortcut",
                 block);
    s = push(b, batchnorm(s), "block%d.shortcut.bn", block);
    xp_op add = {.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {s, x}};
    x = push(b, add, "block%d.add", block);
    x = push(b, relu(x), "block%d.relu", block);
    return push(b, maxpool(x, XP_PAD_SAME), "block%d.out", block);
}

static void build_xplaim(builder *b, const xp_arch_config *cfg, int x) {
    for (int block = 1; block <= cfg->n_blocks; block++) x = add_block(b, cfg, block, x);
    x = push(b, unary(XP_OP_GLOBAL_AVGPOOL, x), "gap");
    push(b, dense(x, cfg->n_labels, XP_ACT_SIGMOID), "labels");
}

/* ==== the baselines ==== */

static void build_cnn(builder *b, const xp_arch_config *cfg, int x) {
    static const int filters[] = {32, 64, 128}, kernels[] = {5, 5, 3};
    for (int i = 0; i < 3; i++) {
        x = push(b, conv(x, filters[i], kernels[i], XP_PAD_VALID, true, XP_ACT_RELU), "conv%d",
                 i + 1);
        x = push(b, batchnorm(x), "conv%d.bn", i + 1);
        x = push(b, maxpool(x, XP_PAD_VALID), "conv%d.out", i + 1);
    }
    x = push(b, unary(XP_OP_FLATTEN, x), "flatten");
    x = push(b, dense(x, 128, XP_ACT_RELU), "dense");
    x = push(b, dropout(x, cfg->dropout), "dense.dropout");
    push(b, dense(x, cfg->n_labels, XP_ACT_SIGMOID), "labels");
}

static void build_gru(builder *b, const xp_arch_config *cfg, int x) {
    static const int recurrent[] = {128, 64}, width[] = {64, 32};
    for (int i = 0; i < 2; i++) {
        x = push(b, gru(x, recurrent[i], i == 0), "gru%d", i + 1);
        x = push(b, layernorm(x), "gru%d.norm", i + 1);
        x = push(b, dropout(x, cfg->dropout), "gru%d.dropout", i + 1);
    }
    for (int i = 0; i < 2; i++) {
        x = push(b, dense(x, width[i], XP_ACT_RELU), "dense%d", i + 1);
        x = push(b, batchnorm(x), "dense%d.bn", i + 1);
        x = push(b, dropout(x, cfg->dropout), "dense%d.dropout", i + 1);
    }
    push(b, dense(x, cfg->n_labels, XP_ACT_SIGMOID), "labels");
}

/* ==== initial weights ==== */

/* Glorot and Bengio 2010, uniform: fans counted as Keras does, with the window in both. */
static void init_glorot(float *w, const xp_param *p, xp_rng *rng) {
    double window = p->ndim == 3 ? p->shape[0] : 1;
    double fans = window * ((double)p->shape[p->ndim - 2] + p->shape[p->ndim - 1]);
    double limit = sqrt(6.0 / fans);
    for (size_t i = 0; i < p->count; i++) w[i] = (float)(limit * (2 * xp_rng_uniform(rng) - 1));
}

/* w (rows, cols), rows <= cols: random normal rows made orthonormal (Saxe et al. 2013) by modified
 * Gram-Schmidt, each row twice, which is orthonormal to rounding. */
static void init_orthogonal(float *w, int rows, int cols, xp_rng *rng) {
    for (int r = 0; r < rows; r++) {
        float *row = w + (size_t)r * (size_t)cols;
        for (int c = 0; c < cols; c++) row[c] = (float)xp_rng_normal(rng);
        for (int q = 0; q < 2 * r; q++) {
            const float *other = w + (size_t)(q % r) * (size_t)cols;
            double dot = 0;
            for (int c = 0; c < cols; c++) dot += (double)row[c] * other[c];
            for (int c = 0; c < cols; c++) row[c] -= (float)(dot * other[c]);
        }
        double norm = 0;
        for (int c = 0; c < cols; c++) norm += (double)row[c] * row[c];
        for (int c = 0; c < cols; c++) row[c] = (float)(row[c] / sqrt(norm));
    }
}

static void init_param(float *w, const xp_param *p, xp_rng *rng) {
    const char *suffix = strrchr(p->name, '.') + 1;
    if (!strcmp(suffix, "kernel"))
        init_glorot(w, p, rng);
    else if (!strcmp(suffix, "recurrent_kernel"))
        init_orthogonal(w, p->shape[0], p->shape[1], rng);
    else if (!strcmp(suffix, "gamma") || !strcmp(suffix, "moving_variance"))
        for (size_t i = 0; i < p->count; i++) w[i] = 1;
    else
        memset(w, 0, p->count * sizeof *w);
}

/* ==== the configuration ==== */

static const char *const mimic_leads[] = {"I",  "II", "III", "aVR", "aVF", "aVL",
                                          "V1", "V2", "V3",  "V4",  "V5",  "V6"};

typedef struct {
    const char *name;
    void (*build)(builder *b, const xp_arch_config *cfg, int input);
    float dropout;
} arch;

static const arch archs[] = {
    {"ecg-xplaim", build_xplaim, 0}, {"cnn", build_cnn, 0.5f}, {"gru", build_gru, 0.3f}};
enum { N_ARCHS = sizeof archs / sizeof *archs };

static const arch *find_arch(const char *name) {
    for (int i = 0; name && i < N_ARCHS; i++)
        if (!strcmp(archs[i].name, name)) return &archs[i];
    return NULL;
}

static void take_defaults(xp_arch_config *cfg, const arch *a) {
    static const int filters[] = {16, 32, 128}, kernels[] = {2, 10, 40};
    if (cfg->n_blocks == 0) {
        cfg->n_blocks = 3;
        for (int i = 0; i < 3; i++)
            if (!cfg->filters[i]) cfg->filters[i] = filters[i];
    }
    if (cfg->n_kernels == 0) {
        cfg->n_kernels = 3;
        memcpy(cfg->kernels, kernels, sizeof kernels);
    }
    if (!cfg->leads && cfg->n_leads == 12) cfg->leads = mimic_leads;
    if (cfg->dropout < 0) cfg->dropout = a->dropout;
}

static xp_status check_config(const xp_arch_config *cfg, xp_error *err) {
    if (cfg->n_blocks < 1 || cfg->n_blocks > 8 || cfg->n_kernels < 1 || cfg->n_kernels > 8)
        return xp_fail(err, XP_ERR_USAGE, "%d blocks of %d kernels: expected 1 to 8 of each",
                       cfg->n_blocks, cfg->n_kernels);
    if (cfg->n_leads < 1 || cfg->n_leads > XP_MAX_LEADS || !cfg->leads)
        return xp_fail(err, XP_ERR_USAGE,
                       "%d leads: expected 1 to %d, and their names unless there are 12",
                       cfg->n_leads, XP_MAX_LEADS);
    if (cfg->n_labels < 1 || !cfg->labels)
        return xp_fail(err, XP_ERR_USAGE, "%d labels: expected at least one, with names",
                       cfg->n_labels);
    if (!(cfg->rate > 0 && cfg->rate <= 1e6))
        return xp_fail(err, XP_ERR_USAGE, "sampling rate %g Hz: expected a positive number",
                       cfg->rate);
    if (cfg->floor != 0 && !(cfg->floor > 0 && cfg->floor <= 100))
        return xp_fail(err, XP_ERR_USAGE, "floor %g: expected above 0 to 100", cfg->floor);
    return XP_OK;
}

static xp_status copy_name(char *to, size_t room, const char *name, const char *what,
                           xp_error *err) {
    size_t n = name ? strlen(name) : 0;
    if (n == 0 || n >= room)
        return xp_fail(err, XP_ERR_USAGE, "%s name \"%.40s\": expected 1 to %zu characters", what,
                       n ? name : "", room - 1);
    memcpy(to, name, n + 1);
    return XP_OK;
}

static xp_status name_columns(xp_model *m, const xp_arch_config *cfg, xp_error *err) {
    m->labels = calloc((size_t)cfg->n_labels, sizeof *m->labels);
    if (!m->labels) return xp_fail(err, XP_ERR_MEMORY, "no memory for %d labels", cfg->n_labels);
    m->n_labels = cfg->n_labels;
    for (int i = 0; i < cfg->n_labels; i++) {
        xp_label *l = &m->labels[i];
        xp_label_forget(l);
        XP_TRY(copy_name(l->name, sizeof l->name, cfg->labels[i], "label", err));
    }
    m->n_leads = cfg->n_leads;
    for (int i = 0; i < cfg->n_leads; i++)
        XP_TRY(copy_name(m->leads[i], sizeof m->leads[i], cfg->leads[i], "lead", err));
    return XP_OK;
}

static xp_status build_graph(xp_model *m, const arch *a, const xp_arch_config *cfg, xp_error *err) {
    builder b = {&m->graph, XP_OK, err};
    int in = push(&b, (xp_op){.kind = XP_OP_INPUT, .t = cfg->length, .c = cfg->n_leads}, "ecg");
    a->build(&b, cfg, in);
    return b.status;
}

static xp_status init_weights(xp_model *m, uint64_t seed, xp_error *err) {
    m->weights = xp_aligned_alloc((m->graph.n_weights + 1) * sizeof *m->weights);
    if (!m->weights)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for %zu weights", m->graph.n_weights);
    xp_rng rng = xp_rng_seed(seed);
    for (int i = 0; i < m->graph.n_params; i++)
        init_param(m->weights + m->graph.params[i].offset, &m->graph.params[i], &rng);
    return XP_OK;
}

static xp_status note_config(xp_model *m, const xp_arch_config *cfg, xp_error *err) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "arch", cJSON_CreateString(cfg->arch));
    if (!strcmp(cfg->arch, "ecg-xplaim")) {
        xp_json_add(o, "filters", cJSON_CreateIntArray(cfg->filters, cfg->n_blocks));
        xp_json_add(o, "kernels", cJSON_CreateIntArray(cfg->kernels, cfg->n_kernels));
        if (cfg->floor > 0) xp_json_add(o, "floor", cJSON_CreateNumber(cfg->floor));
    } else {
        xp_json_add(o, "dropout", cJSON_CreateNumber(round(1e6 * (double)cfg->dropout) / 1e6));
    }
    char *text = xp_json_print(o);
    xp_status s = text ? xp_model_set_meta(m, "architecture_config", text) : XP_ERR_MEMORY;
    free(text);
    return s == XP_OK ? s : xp_fail(err, s, "no memory for the model's metadata");
}

static xp_status fill_model(xp_model *m, const arch *a, const xp_arch_config *cfg, uint64_t seed,
                            xp_error *err) {
    XP_TRY(check_config(cfg, err));
    strcpy(m->name, a->name);
    strcpy(m->architecture, a->name);
    m->rate = cfg->rate;
    m->length = cfg->length;
    XP_TRY(name_columns(m, cfg, err));
    XP_TRY(build_graph(m, a, cfg, err));
    XP_TRY(init_weights(m, seed, err));
    if (cfg->floor > 0) XP_TRY(xp_model_put_floor(m, cfg->floor, err));
    return note_config(m, cfg, err);
}

xp_status xp_model_build(xp_model *m, const xp_arch_config *given, uint64_t seed, xp_error *err) {
    const arch *a = find_arch(given->arch);
    if (!a)
        return xp_fail(err, XP_ERR_USAGE, "architecture \"%.40s\": expected ecg-xplaim, cnn or gru",
                       given->arch ? given->arch : "");
    xp_arch_config cfg = *given;
    take_defaults(&cfg, a);
    xp_model built = {0};
    xp_status s = fill_model(&built, a, &cfg, seed, err);
    if (s == XP_OK)
        *m = built;
    else
        xp_model_free(&built);
    return s;
}
