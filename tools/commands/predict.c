/* xplaim predict: probabilities of many recordings. */
#include "analyse.h"
#include "arrays.h"
#include "command.h"
#include "report_text.h"
#include "train/comm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct predict_options {
    const char *model, *output, *point;
    bool json;
    int threads;
    xp_prepare_options prepare;
    xp_read_options known;
} predict_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(predict_options),
    OPTION_POINT(predict_options),
    OPTION_OUTPUT(predict_options, "PROBS.npy", "write float32 (n, labels)"),
    OPTION_JSON(predict_options),
    OPTION_THREADS(predict_options, "0"),
    OPTIONS_PREPARE(predict_options),
    OPTIONS_KNOWN(predict_options, "unit"),
    {0}};

typedef struct predict_state {
    const predict_options *opt;
    const xp_comm *comm;
    const model_file *file;
    int name_width;
    row_array probabilities;
} predict_state;

/* ==== text =================================================================================== */

static int column(const xp_label *l) {
    int n = (int)strlen(l->name);
    return n > 7 ? n : 7;
}

static void print_cell(const xp_label *l, double v, bool mark) {
    if (v == v)
        printf("  %*.4f%c", column(l), v, mark ? '*' : ' ');
    else
        printf("  %*s ", column(l), "-");
}

static bool at_threshold(const xp_label *l, float p) {
    return l->threshold == l->threshold && (double)p >= l->threshold;
}

static void print_head(const predict_state *s) {
    const xp_model *m = &s->file->model;
    bool any = false;
    report_model_text(s->file);
    printf("\n%-*s", s->name_width, "record");
    for (int i = 0; i < m->n_labels; i++) {
        printf("  %*s ", column(&m->labels[i]), m->labels[i].name);
        any = any || m->labels[i].threshold == m->labels[i].threshold;
    }
    puts("");
    if (!any) return;
    printf("%-*s", s->name_width, "threshold (* = reached)");
    for (int i = 0; i < m->n_labels; i++) print_cell(&m->labels[i], m->labels[i].threshold, false);
    puts("");
}

static void print_windows(const predict_state *s, const xp_analysis *a) {
    const xp_model *m = &s->file->model;
    for (int w = 0; w < a->n_windows; w++) {
        double start = (double)a->input.start[w] / a->input.rate;
        char name[64];
        snprintf(name, sizeof name, "  window %.1f-%.1f s", start,
                 start + a->input.length / a->input.rate);
        printf("%-*s", s->name_width, name);
        for (int i = 0; i < m->n_labels; i++) {
            float p = a->probabilities[(size_t)w * (size_t)a->n_labels + (size_t)i];
            print_cell(&m->labels[i], p, at_threshold(&m->labels[i], p));
        }
        puts("");
    }
}

static void print_record(const predict_state *s, const analysed *r) {
    const xp_model *m = &s->file->model;
    const xp_analysis *a = r->analysis;
    print_clean(stdout, r->record);
    int pad = s->name_width - (int)strlen(r->record);
    printf("%*s", pad > 0 ? pad : 0, "");
    for (int i = 0; i < m->n_labels; i++) {
        float p = xp_analysis_probability(a, i, NULL);
        print_cell(&m->labels[i], p, at_threshold(&m->labels[i], p));
    }
    puts("");
    if (a->n_windows > 1) print_windows(s, a);
    report_notices_text(r->notices, "  ");
}

/* ==== JSON =================================================================================== */

static void print_json(const predict_state *s, const analysed *r) {
    const xp_report report = {.record = r->record,
                              .model = &s->file->model,
                              .model_sha256 = s->file->sha256,
                              .analysis = r->analysis,
                              .notices = r->notices,
                              .label = -1};
    json_print_line(xp_report_prediction(&report));
}

/* ==== the loop =============================================================================== */

static xp_status keep_row(predict_state *s, const xp_analysis *a, xp_error *err) {
    if (!s->opt->output) return XP_OK;
    if (!a) return rows_append(&s->probabilities, NULL, 1, err);
    XP_TRY(rows_append(&s->probabilities, NULL, 1, err));
    float *row = s->probabilities.v + (s->probabilities.n - 1) * s->probabilities.width;
    for (int i = 0; i < a->n_labels; i++) row[i] = xp_analysis_probability(a, i, NULL);
    return XP_OK;
}

static xp_status on_result(void *ctx, const analysed *r, xp_error *err) {
    predict_state *s = ctx;
    if (!r->analysis)
        report_failure(r->record, r->failure, s->opt->json && s->comm->size == 1);
    else if (s->comm->size > 1)
        ; /* mpirun would mix the lines of several processes up */
    else if (s->opt->json)
        print_json(s, r);
    else
        print_record(s, r);
    return keep_row(s, r->analysis, err);
}

/* Rows of the processes before this one, and of all. */
static xp_status count_rows(const predict_state *s, size_t *before, size_t *all, xp_error *err) {
    const xp_comm *c = s->comm;
    double *n = calloc((size_t)c->size, sizeof *n);
    if (!n) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d processes", c->size);
    n[c->rank] = (double)s->probabilities.n;
    xp_status status = c->sum_doubles(c->ctx, n, (size_t)c->size, err);
    for (int i = 0; i < c->size; i++) {
        if (i < c->rank) *before += (size_t)n[i];
        *all += (size_t)n[i];
    }
    free(n);
    return status;
}

/* Every process gets the rows of all, in the order of the inputs: a sum in which each row has one
 * contributor. */
static xp_status gather(predict_state *s, xp_error *err) {
    row_array *mine = &s->probabilities;
    size_t before = 0, all = 0;
    XP_TRY(count_rows(s, &before, &all, err));
    float *v = calloc(all ? all * mine->width : 1, sizeof *v);
    if (!v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu rows", all);
    if (mine->n) memcpy(v + before * mine->width, mine->v, mine->n * mine->width * sizeof *v);
    free(mine->v);
    mine->v = v;
    mine->n = mine->cap = all;
    return s->comm->sum_floats(s->comm->ctx, v, all * mine->width, err);
}

static xp_status save(predict_state *s, xp_error *err) {
    if (!s->opt->output) return XP_OK;
    if (s->comm->size > 1) XP_TRY(gather(s, err));
    if (s->comm->rank != 0) return XP_OK;
    const row_array *r = &s->probabilities;
    return array_save(s->opt->output, 'f', 4, 2, (size_t[]){r->n, r->width}, r->v, err);
}

static int name_width(const input_list *list) {
    int width = 24; /* room for "threshold (* = reached)" and "  window 0.0-10.0 s" */
    for (int i = 0; i < list->n; i++) {
        int n = (int)strlen(list->items[i].path) + (list->items[i].kind == INPUT_NPY ? 6 : 0);
        if (n > width && n <= 60) width = n;
    }
    return width;
}

static xp_status predict(analyser *an, const predict_options *opt, const xp_comm *comm,
                         const input_list *list, int *failed, xp_error *err) {
    predict_state s = {.opt = opt, .comm = comm, .file = &an->file, .name_width = name_width(list)};
    s.probabilities.width = (size_t)an->file.model.n_labels;
    if (!opt->json && comm->size == 1) print_head(&s);
    xp_status status = analyser_run(an, list, on_result, &s, failed, err);
    if (status == XP_OK) status = save(&s, err);
    rows_free(&s.probabilities);
    return status;
}

static xp_status predict_share(const predict_options *opt, const arguments *args,
                               const xp_comm *comm, int *failed, xp_error *err) {
    analyser an;
    input_list list = {0};
    XP_TRY(analyser_open(&an, opt->model, opt->threads, ANALYSER_FORWARD, NULL, NULL, err));
    an.options.prepare = opt->prepare;
    an.known = opt->known;
    xp_status s = model_file_use_point(&an.file, opt->point, err);
    if (s == XP_OK) s = inputs_expand(&list, args->items, args->n, err);
    if (s == XP_OK) {
        inputs_read_arrays(&list, &opt->known);
        inputs_keep_share(&list, comm->rank, comm->size);
        s = predict(&an, opt, comm, &list, failed, err);
    }
    /* All processes end alike: mpirun stops what is left when one ends with an error. */
    double n_failed = *failed;
    if (s == XP_OK) s = comm->sum_doubles(comm->ctx, &n_failed, 1, err);
    *failed = n_failed > 0;
    inputs_free(&list);
    analyser_close(&an);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    predict_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, -1, &args, &code)) return code;
    if (!opt.model) return usage_error(self, &opt, "no model: give one with -m");
    xp_comm comm;
    xp_error err;
    int failed = 0;
    xp_status s = xp_comm_start(&comm, &err);
    if (s == XP_OK && comm.size > 1 && !opt.output)
        s = xp_fail(&err, XP_ERR_USAGE,
                    "%d processes but nowhere to put their results; give -o PROBS.npy", comm.size);
    if (s == XP_OK) s = predict_share(&opt, &args, &comm, &failed, &err);
    code = s != XP_OK ? command_failed(self, &opt, &err)
           : failed   ? EXIT_CODE_BAD_INPUT
                      : EXIT_CODE_OK;
    /* The other processes may wait for this one: to end without a farewell is what stops them. */
    if (s != XP_OK && comm.size > 1) _exit((int)code);
    xp_comm_stop(&comm);
    return code;
}

const command command_predict = {
    .name = "predict",
    .summary = "probabilities of recordings",
    .arguments = "-m MODEL INPUT... [-o PROBS.npy] [options]",
    .details =
        "INPUT is a record (NAME, or one of its files: NAME.hea), a folder or zip archive (every "
        "record in it and\nbelow), or an .npy file of prepared windows: float32 (n, samples, "
        "leads), millivolt, "
        "leads in the\nmodel's order; each of its windows counts as a record.\n\n"
        "A recording longer than the model's window is analysed window by window; its odds are the "
        "mean of\nits windows'. -o writes one row a record, in the order of the output; an input "
        "that fails keeps a\nrow of NaN.\n\n"
        "Under mpirun (in a build with MPI) each process takes a share of the inputs; -o is then "
        "needed and\ngets the rows of all, in the order of the inputs, and only errors are "
        "printed.",
    .options = OPTIONS,
    .run = run,
};
