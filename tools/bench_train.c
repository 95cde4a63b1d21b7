#include "bench_train.h"
#include "progress.h"
#include "report_text.h"

#include "base/clock.h"
#include "train/trainer.h"

#include <stdlib.h>

typedef struct train_times {
    double min, median; /* ms a record */
    size_t bytes;
    xp_trainer_times parts; /* ms, all steps but the first */
} train_times;

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static xp_status run_steps(xp_trainer *t, const float *x, const float *y, int batch, int repeat,
                           double *ms, train_times *out, xp_error *err) {
    double loss;
    XP_TRY(xp_trainer_step(t, x, y, batch, &loss, err));
    xp_trainer_profile(t, true);
    for (int i = 0; i < repeat; i++) {
        double begin = xp_seconds_now();
        XP_TRY(xp_trainer_step(t, x, y, batch, &loss, err));
        ms[i] = 1e3 * (xp_seconds_now() - begin) / batch;
    }
    out->parts = xp_trainer_time(t);
    qsort(ms, (size_t)repeat, sizeof *ms, compare_doubles);
    out->min = ms[0];
    out->median = repeat % 2 ? ms[repeat / 2] : 0.5 * (ms[repeat / 2 - 1] + ms[repeat / 2]);
    return XP_OK;
}

static xp_status measure(xp_model *m, const xp_trainer_options *o, const float *x, int repeat,
                         train_times *out, xp_error *err) {
    xp_trainer *t;
    size_t labels = (size_t)o->batch * (size_t)m->n_labels;
    float *y = malloc(labels * sizeof *y);
    double *ms = malloc((size_t)repeat * sizeof *ms);
    xp_status s = y && ms ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    for (size_t i = 0; s == XP_OK && i < labels; i++) y[i] = (float)(i % 2);
    if (s == XP_OK) s = xp_trainer_bytes(m, o, &out->bytes, err);
    if (s == XP_OK) s = xp_trainer_create(&t, m, o, err);
    if (s == XP_OK) {
        s = run_steps(t, x, y, o->batch, repeat, ms, out, err);
        xp_trainer_free(t);
    }
    free(y);
    free(ms);
    return s;
}

typedef struct part {
    const char *name, *text;
    double ms; /* a record */
} part;

enum { PARTS = 6 };

static void list_parts(const xp_trainer_times *t, part out[PARTS]) {
    double n = t->records ? (double)t->records : 1;
    out[0] = (part){"forward", "forward", t->forward / n};
    out[1] = (part){"conv_forward", "  of it large convolutions", t->conv_forward / n};
    out[2] = (part){"loss", "loss", t->loss / n};
    out[3] = (part){"backward", "backward", t->backward / n};
    out[4] = (part){"conv_backward", "  of it large convolutions", t->conv_backward / n};
    out[5] = (part){"update", "optimiser", t->update / n};
}

static void print_text(const model_file *f, const char *kernels, int threads, int batch, int repeat,
                       const train_times *t) {
    part parts[PARTS];
    list_parts(&t->parts, parts);
    report_model_text(f);
    printf("\nkernels %s, %d thread%s, %d steps of %d records; ms a record\n", kernels, threads,
           threads == 1 ? "" : "s", repeat, batch);
    printf("  %-34s %9.3f (minimum) %9.3f (median)\n", "training step", t->min, t->median);
    for (int i = 0; i < PARTS; i++) printf("  %-34s %9.3f\n", parts[i].text, parts[i].ms);
    printf("  %-34s %9.1f MiB\n", "memory", (double)t->bytes / 1048576);
}

static void print_json(const model_file *f, const char *kernels, int threads, int batch, int repeat,
                       const train_times *t) {
    part parts[PARTS];
    list_parts(&t->parts, parts);
    cJSON *o = xp_report_begin(NULL), *step = cJSON_CreateObject(), *list = cJSON_CreateObject();
    xp_json_add(o, "model", xp_report_model(&f->model, f->sha256));
    xp_json_add(o, "kernels", xp_json_text(kernels));
    xp_json_add(o, "threads", xp_json_integer(threads));
    xp_json_add(o, "batch", xp_json_integer(batch));
    xp_json_add(o, "repeat", xp_json_integer(repeat));
    xp_json_add(o, "trainer_bytes", xp_json_integer((int64_t)t->bytes));
    xp_json_add(step, "min_ms_per_record", xp_json_number(t->min));
    xp_json_add(step, "median_ms_per_record", xp_json_number(t->median));
    xp_json_add(o, "step", step);
    for (int i = 0; i < PARTS; i++) xp_json_add(list, parts[i].name, xp_json_number(parts[i].ms));
    xp_json_add(o, "parts_ms_per_record", list);
    json_print_line(o);
}

xp_status bench_train(model_file *f, const xp_kernels *kernels, xp_pool *pool, const float *x,
                      int batch, int repeat, bool json, xp_error *err) {
    train_times t = {0};
    xp_trainer_options o = {.batch = batch,
                            .pool = pool,
                            .kernels = kernels,
                            .seed = 1,
                            .schedule = {.kind = XP_RATE_CONSTANT, .rate = 1e-4}};
    XP_TRY(measure(&f->model, &o, x, repeat, &t, err));
    int threads = xp_pool_threads(pool);
    if (json)
        print_json(f, kernels->name, threads, batch, repeat, &t);
    else
        print_text(f, kernels->name, threads, batch, repeat, &t);
    return XP_OK;
}
