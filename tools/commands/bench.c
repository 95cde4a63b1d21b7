/* xplaim bench: how long a record takes here, and where the time goes. */
#include "bench_train.h"
#include "command.h"
#include "explain.h"
#include "model_file.h"
#include "progress.h"
#include "report_text.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench_options {
    const char *model, *kernels;
    int batch, repeat, threads;
    bool json, reference, train;
} bench_options;

static const option_spec OPTIONS[] = {
    {"model", 'm', OPTION_TEXT, "MODEL",
     "model file (default: ECG-XPLAIM as published, with random weights)",
     offsetof(bench_options, model)},
    {"batch", 0, OPTION_COUNT, "N",
     "records in one timed run, predicted together (default 1; 16 with --train)",
     offsetof(bench_options, batch)},
    {"repeat", 0, OPTION_COUNT, "N", "timed runs (default 20)", offsetof(bench_options, repeat)},
    {"train", 0, OPTION_FLAG, NULL, "training steps instead of predictions (default --batch 16)",
     offsetof(bench_options, train)},
    {"reference", 0, OPTION_FLAG, NULL,
     "direct convolutions and scalar kernels: what the fast ones are measured against",
     offsetof(bench_options, reference)},
    {"kernels", 0, OPTION_TEXT, "NAME",
     "inner loops to use, of those this machine runs (default: the best)",
     offsetof(bench_options, kernels)},
    OPTION_THREADS(bench_options, "1"),
    OPTION_JSON(bench_options),
    {0}};

/* Times of one thing, milliseconds a record. */
typedef struct timing {
    double min, median;
} timing;

typedef struct bench {
    const bench_options *opt;
    model_file file;
    const xp_kernels *kernels;
    xp_pool *pool;
    float *x;     /* (batch, length, leads) */
    double *runs; /* (repeat) */
    int layer;    /* explained; -1: none */
    double load;  /* ms: xp_net_create */
    size_t bytes; /* of the forward-only net */
    timing forward, explain, prepare;
    double *ops; /* (n_ops) ms a record */
} bench;

/* ==== measuring ============================================================================== */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static timing summarise(double *runs, int n) {
    qsort(runs, (size_t)n, sizeof *runs, compare_doubles);
    double median = n % 2 ? runs[n / 2] : 0.5 * (runs[n / 2 - 1] + runs[n / 2]);
    return (timing){runs[0], median};
}

static const float *record_at(const bench *b, int i) {
    const xp_model *m = &b->file.model;
    return b->x + (size_t)i * (size_t)m->length * (size_t)m->n_leads;
}

/* Windows of one pass: all of a run's, where the net takes as many. */
static int at_once(const bench *b) {
    return b->opt->batch < XP_NET_MAX_BATCH ? b->opt->batch : XP_NET_MAX_BATCH;
}

static void time_forward(bench *b, xp_net *net) {
    int n = b->opt->batch, repeat = b->opt->repeat;
    for (int r = -1; r < repeat; r++) { /* the first one warms up */
        double start = xp_seconds_now();
        for (int i = 0; i < n; i += at_once(b))
            xp_net_forward_batch(net, record_at(b, i), n - i < at_once(b) ? n - i : at_once(b));
        if (r >= 0) b->runs[r] = 1e3 * (xp_seconds_now() - start) / n;
    }
    b->forward = summarise(b->runs, repeat);
}

static void time_ops(bench *b, xp_net *net) {
    int n_ops = b->file.model.graph.n_ops, repeat = b->opt->repeat;
    xp_net_profile(net, true);
    for (int r = 0; r < repeat; r++) {
        xp_net_forward_batch(net, b->x, at_once(b));
        const double *t = xp_net_times(net);
        for (int i = 0; t && i < n_ops; i++) b->ops[i] += t[i] / repeat / at_once(b);
    }
    xp_net_profile(net, false);
}

static xp_net_options net_options(const bench *b, int layer) {
    xp_net_options o = xp_net_explaining(layer);
    o.pool = b->pool;
    o.reference = b->opt->reference;
    o.kernels = b->kernels;
    if (layer < 0) o.batch = at_once(b);
    return o;
}

static xp_status create(bench *b, xp_net **net, int layer, xp_error *err) {
    xp_net_options o = net_options(b, layer);
    return xp_net_create(net, &b->file.model, &o, err);
}

static xp_status measure_forward(bench *b, xp_error *err) {
    xp_net *net;
    xp_net_options o = net_options(b, -1);
    XP_TRY(xp_net_bytes(&b->file.model, &o, &b->bytes, err));
    double start = xp_seconds_now();
    XP_TRY(create(b, &net, -1, err));
    b->load = 1e3 * (xp_seconds_now() - start);
    time_forward(b, net);
    time_ops(b, net);
    xp_net_free(net);
    return XP_OK;
}

/* Forward pass and the maps of all labels. */
static xp_status measure_explain(bench *b, xp_error *err) {
    const xp_model *m = &b->file.model;
    if (b->layer < 0) return XP_OK;
    xp_net *net;
    XP_TRY(create(b, &net, b->layer, err));
    float *maps = calloc((size_t)m->n_labels * (size_t)m->graph.ops[b->layer].t, sizeof *maps);
    xp_status s = maps ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for the maps");
    for (int r = -1; s == XP_OK && r < b->opt->repeat; r++) {
        double start = xp_seconds_now();
        xp_net_forward(net, b->x);
        s = xp_gradcam_raw_all(net, b->layer, maps, err);
        if (r >= 0) b->runs[r] = 1e3 * (xp_seconds_now() - start);
    }
    if (s == XP_OK) b->explain = summarise(b->runs, b->opt->repeat);
    free(maps);
    xp_net_free(net);
    return s;
}

/* A window's worth of the model's leads at twice its rate, so that resampling is in the time. */
static xp_status synthetic_record(const bench *b, xp_record *rec, xp_error *err) {
    const xp_model *m = &b->file.model;
    XP_TRY(xp_record_alloc(rec, "bench", 2 * m->rate, m->n_leads, 2 * (int64_t)m->length, err));
    xp_rng rng = xp_rng_seed(2);
    for (int i = 0; i < m->n_leads; i++) {
        xp_lead *l = &rec->leads[i];
        snprintf(l->name, sizeof l->name, "%s", m->leads[i]);
        l->id = xp_lead_parse(l->name);
        l->calibrated = true;
        l->n_missing = 0;
        for (int64_t t = 0; t < rec->n; t++) l->mv[t] = (float)(0.3 * xp_rng_normal(&rng));
    }
    return XP_OK;
}

static xp_status measure_prepare(bench *b, xp_error *err) {
    xp_record rec;
    XP_TRY(synthetic_record(b, &rec, err));
    xp_input_spec spec = xp_model_input_spec(&b->file.model);
    xp_prepare_options opt = {0};
    xp_status s = XP_OK;
    for (int r = -1; s == XP_OK && r < b->opt->repeat; r++) {
        xp_input in;
        double start = xp_seconds_now();
        s = xp_prepare(&in, &rec, &spec, &opt, err);
        if (r >= 0) b->runs[r] = 1e3 * (xp_seconds_now() - start);
        if (s == XP_OK) xp_input_free(&in);
    }
    if (s == XP_OK) b->prepare = summarise(b->runs, b->opt->repeat);
    xp_record_free(&rec);
    return s;
}

/* ==== output ================================================================================= */

static const char *kernels_name(const bench *b) {
    return b->opt->reference ? "reference" : b->kernels->name;
}

static void print_text(const bench *b) {
    const xp_graph *g = &b->file.model.graph;
    double seconds = b->forward.median * 1e-3;
    report_model_text(&b->file);
    printf("\nkernels %s, %d thread%s, %d run%s of %d record%s; ms a record: minimum, median\n",
           kernels_name(b), xp_pool_threads(b->pool), xp_pool_threads(b->pool) == 1 ? "" : "s",
           b->opt->repeat, b->opt->repeat == 1 ? "" : "s", b->opt->batch,
           b->opt->batch == 1 ? "" : "s");
    printf("  %-34s %9.3f %9.3f   %.1f G direct multiply-adds a second\n", "forward",
           b->forward.min, b->forward.median, xp_graph_macs(g) / seconds * 1e-9);
    if (b->layer >= 0)
        printf("  %-34s %9.3f %9.3f   all labels, at %s\n", "forward and Grad-CAM", b->explain.min,
               b->explain.median, g->ops[b->layer].name);
    printf("  %-34s %9.3f %9.3f   resampled from twice the rate\n", "preparing", b->prepare.min,
           b->prepare.median);
    printf("  %-34s %9.1f             %.1f MiB\n\n", "making the net, once", b->load,
           (double)b->bytes / 1048576);
    for (int i = 0; i < g->n_ops; i++)
        if (b->ops[i] >= 0.0005) printf("  %-34s %9.3f ms\n", g->ops[i].name, b->ops[i]);
}

static cJSON *timing_json(timing t) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "min_ms_per_record", xp_json_number(t.min));
    xp_json_add(o, "median_ms_per_record", xp_json_number(t.median));
    return o;
}

static void print_json(const bench *b) {
    const xp_graph *g = &b->file.model.graph;
    cJSON *o = xp_report_begin(NULL), *ops = cJSON_CreateArray();
    for (int i = 0; i < g->n_ops; i++) {
        cJSON *op = cJSON_CreateObject();
        xp_json_add(op, "name", xp_json_text(g->ops[i].name));
        xp_json_add(op, "operation", xp_json_text(xp_op_kind_name(g->ops[i].kind)));
        xp_json_add(op, "ms_per_record", xp_json_number(b->ops[i]));
        xp_json_append(ops, op);
    }
    xp_json_add(o, "model", xp_report_model(&b->file.model, b->file.sha256));
    xp_json_add(o, "kernels", xp_json_text(kernels_name(b)));
    xp_json_add(o, "threads", xp_json_integer(xp_pool_threads(b->pool)));
    xp_json_add(o, "batch", xp_json_integer(b->opt->batch));
    xp_json_add(o, "repeat", xp_json_integer(b->opt->repeat));
    xp_json_add(o, "macs", xp_json_number(xp_graph_macs(g)));
    xp_json_add(o, "net_bytes", xp_json_integer((int64_t)b->bytes));
    xp_json_add(o, "create_ms", xp_json_number(b->load));
    xp_json_add(o, "forward", timing_json(b->forward));
    xp_json_add(o, "explain", b->layer >= 0 ? timing_json(b->explain) : cJSON_CreateNull());
    xp_json_add(o, "prepare", timing_json(b->prepare));
    xp_json_add(o, "operations", ops);
    json_print_line(o);
}

/* ============================================================================================= */

static xp_status build_published(xp_model *m, xp_error *err) {
    static const char *const labels[] = {"label1", "label2", "label3", "label4"};
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = 5000,
                          .n_leads = 12,
                          .rate = 500,
                          .n_labels = 4,
                          .labels = labels,
                          .dropout = -1};
    return xp_model_build(m, &cfg, 1, err);
}

static xp_status allocate(bench *b, xp_error *err) {
    const xp_model *m = &b->file.model;
    size_t n = (size_t)m->length * (size_t)m->n_leads, count;
    if (!xp_mul_size(n, (size_t)b->opt->batch, &count))
        return xp_fail(err, XP_ERR_USAGE, "--batch %d is too large", b->opt->batch);
    b->x = calloc(count, sizeof *b->x);
    b->runs = calloc((size_t)b->opt->repeat, sizeof *b->runs);
    b->ops = calloc((size_t)m->graph.n_ops, sizeof *b->ops);
    if (!b->x || !b->runs || !b->ops)
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d records", b->opt->batch);
    xp_rng rng = xp_rng_seed(1);
    for (size_t i = 0; i < count; i++) b->x[i] = (float)(0.3 * xp_rng_normal(&rng));
    return XP_OK;
}

static xp_status choose_kernels(bench *b, xp_error *err) {
    const char *name = b->opt->kernels;
    b->kernels = name ? xp_kernels_named(name) : xp_kernels_best();
    if (b->kernels) return XP_OK;
    char names[100] = "";
    for (int i = 0; xp_kernels_at(i); i++) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", xp_kernels_at(i)->name);
    }
    return xp_fail(err, XP_ERR_USAGE, "no kernels \"%s\" on this machine; it has %s", name, names);
}

static xp_status measure(bench *b, xp_error *err) {
    const bench_options *opt = b->opt;
    XP_TRY(choose_kernels(b, err));
    XP_TRY(opt->model ? model_file_load(&b->file, opt->model, err)
                      : build_published(&b->file.model, err));
    b->layer = xp_gradcam_default_layer(&b->file.model.graph);
    XP_TRY(xp_pool_create(&b->pool, opt->threads, err));
    XP_TRY(allocate(b, err));
    if (opt->train)
        return bench_train(&b->file, b->kernels, b->pool, b->x, opt->batch, opt->repeat, opt->json,
                           err);
    XP_TRY(measure_forward(b, err));
    XP_TRY(measure_explain(b, err));
    return measure_prepare(b, err);
}

static exit_code run(const command *self, int argc, char **argv) {
    bench_options opt = {.batch = -1, .repeat = -1, .threads = 1};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    if (opt.batch < 0) opt.batch = opt.train ? 16 : 1;
    if (opt.repeat < 0) opt.repeat = opt.train ? 5 : 20;
    if (opt.batch < 1 || opt.repeat < 1)
        return usage_error(self, &opt, "--batch and --repeat must be at least 1");
    bench b = {.opt = &opt};
    xp_error err;
    xp_status s = measure(&b, &err);
    if (s == XP_OK && !opt.train && opt.json) print_json(&b);
    if (s == XP_OK && !opt.train && !opt.json) print_text(&b);
    free(b.x);
    free(b.runs);
    free(b.ops);
    xp_pool_free(b.pool);
    model_file_free(&b.file);
    return s == XP_OK ? EXIT_CODE_OK : command_failed(self, &opt, &err);
}

const command command_bench = {
    .name = "bench",
    .summary = "how long a record takes here, and where the time goes",
    .arguments =
        "[--train] [-m MODEL] [--batch N] [--repeat N] [--threads N] [--kernels NAME] [--json]",
    .details =
        "Inputs are seeded random numbers. tests/bench/ compares with other engines on the same "
        "weights.",
    .options = OPTIONS,
    .run = run,
};
