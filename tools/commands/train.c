/* xplaim train: options of the command, what they may be, and what a person sees of the run. */
#include "command.h"
#include "data_sets.h"
#include "model_file.h"
#include "progress.h"
#include "report_text.h"

#include "base/clock.h"
#include "base/list.h"
#include "data/labels.h"
#include "ecg/record.h"
#include "eval/metrics_report.h"
#include "train/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

typedef struct train_options {
    /* data */
    const char *model_name;
    text_list label_counts;
    const char *labels;
    data_set_options data;
    int train_batches, val_batches, test_batches;
    int val_fold, test_fold;
    const char *cache_dir;
    bool all, no_cache, skip_bad;
    /* model */
    const char *arch, *filters, *kernels, *leads, *init;
    double rate, dropout, floor;
    int length;
    /* steps */
    int epochs, batch_size, seed, threads, early_stop, warmup, patience;
    const char *schedule, *class_weights, *monitor, *threshold;
    double lr, weight_decay, l2, clip, ema;
    bool augment, compat;
    xp_augment changes;
    /* output */
    const char *models_output_dir, *licence;
    int tensorboard_freq, save_steps;
    bool resume, overwrite, json;
} train_options;

#define T(member) offsetof(train_options, member)

static const option_spec OPTIONS[] = {
    {"model-name", 0, OPTION_TEXT, "NAME", "name of the model and its package", T(model_name)},
    {"label-counts", 0, OPTION_WORDS, "L N ...",
     "balanced draw, e.g. lqt 500 neg 500 (neg: none of the labels named)", T(label_counts)},
    {"all", 0, OPTION_FLAG, NULL, "the whole data set, by its folds or a hash of the patient",
     T(all)},
    {"labels", 0, OPTION_TEXT, "A,B,C", "labels to learn, with --all", T(labels)},
    OPTIONS_DATA_SETS(train_options, "train-"),
    {"train-batches", 0, OPTION_COUNT, "N",
     "batches of the training part (with --all: of an epoch; default: all)", T(train_batches)},
    {"val-batches", 0, OPTION_COUNT, "N", "batches of the validation part", T(val_batches)},
    {"test-batches", 0, OPTION_COUNT, "N", "batches of the test part", T(test_batches)},
    {"val-fold", 0, OPTION_COUNT, "N", "strat_fold that validates, with --all (default 9)",
     T(val_fold)},
    {"test-fold", 0, OPTION_COUNT, "N", "strat_fold that tests, with --all (default 10)",
     T(test_fold)},
    {"cache-dir", 0, OPTION_TEXT, "DIR",
     "where prepared records are kept (default: cache/ in the models' folder)", T(cache_dir)},
    {"no-cache", 0, OPTION_FLAG, NULL, "read every record anew in every epoch", T(no_cache)},
    {"skip-bad", 0, OPTION_FLAG, NULL, "leave out records that cannot be read, and say which",
     T(skip_bad)},
    {"arch", 0, OPTION_TEXT, "NAME", "ecg-xplaim (default), cnn or gru", T(arch)},
    {"filters", 0, OPTION_TEXT, "A,B,...", "of ecg-xplaim's blocks (default 16,32,128)",
     T(filters)},
    {"kernels", 0, OPTION_TEXT, "A,B,...", "of ecg-xplaim's branches (default 2,10,40)",
     T(kernels)},
    {"rate", 0, OPTION_NUMBER, "HZ", "sampling rate of the input (default 500)", T(rate)},
    {"length", 0, OPTION_COUNT, "N", "samples of the input (default 10 s)", T(length)},
    {"leads", 0, OPTION_TEXT, "I,II,...", "leads of the input (default the 12 of MIMIC-IV-ECG)",
     T(leads)},
    {"dropout", 0, OPTION_NUMBER, "P", "of cnn and gru (default 0.5, 0.3)", T(dropout)},
    {"floor", 0, OPTION_NUMBER, "X", "of ecg-xplaim: no moment's log-odds count below -X, e.g. 5",
     T(floor)},
    {"init", 0, OPTION_TEXT, "MODEL", "begin with this model's weights (fine-tuning)", T(init)},
    {"epochs", 0, OPTION_COUNT, "N", "default 10", T(epochs)},
    {"batch-size", 0, OPTION_COUNT, "N", "records of a step, of all processes (default 64)",
     T(batch_size)},
    {"lr", 0, OPTION_NUMBER, "RATE",
     "learning rate (default 0.01; 0.001 for cnn and gru; 0.003 for one-cycle)", T(lr)},
    {"schedule", 0, OPTION_TEXT, "NAME",
     "staircase (default), one-cycle (default with --all), constant, exponential, cosine, plateau",
     T(schedule)},
    {"patience", 0, OPTION_COUNT, "N",
     "plateau: a tenth of the rate after N epochs that were not better (default 3)", T(patience)},
    {"warmup", 0, OPTION_COUNT, "N", "steps of rising rate at the beginning", T(warmup)},
    {"weight-decay", 0, OPTION_NUMBER, "X", "decoupled, of the kernels (AdamW)", T(weight_decay)},
    {"l2", 0, OPTION_NUMBER, "X", "penalty on the squares of the kernels", T(l2)},
    {"clip", 0, OPTION_NUMBER, "X", "largest norm of the gradient", T(clip)},
    {"ema", 0, OPTION_NUMBER, "X", "average the weights with this factor, e.g. 0.995", T(ema)},
    {"compat", 0, OPTION_FLAG, NULL,
     "moving statistics of batch normalisation, and --ema, start as Keras starts them", T(compat)},
    {"class-weights", 0, OPTION_TEXT, "KIND",
     "none (default), balanced (negatives / positives), or sqrt of it", T(class_weights)},
    {"augment", 0, OPTION_FLAG, NULL,
     "shift 0.5 s, circular 0.5, gains 0.7,1.4, lead-drop 0.2, noise 0.02, low-pass 0.1",
     T(augment)},
    {"aug-shift", 0, OPTION_NUMBER, "S", "move in time by up to S seconds", T(changes.shift)},
    {"aug-circular", 0, OPTION_NUMBER, "P", "probability of a circular move by any time",
     T(changes.circular)},
    {"aug-gain", 0, OPTION_RANGE, "LOW,HIGH", "factor of all leads", T(changes.gain)},
    {"aug-chest-gain", 0, OPTION_RANGE, "LOW,HIGH", "factor of each precordial lead",
     T(changes.chest_gain)},
    {"aug-lead-drop", 0, OPTION_NUMBER, "P", "probability that a lead is zero",
     T(changes.lead_drop)},
    {"aug-noise", 0, OPTION_NUMBER, "MV", "white noise of up to this standard deviation",
     T(changes.noise)},
    {"aug-lowpass", 0, OPTION_NUMBER, "P", "probability of a low-pass at 20-100 Hz",
     T(changes.lowpass)},
    {"aug-bandpass", 0, OPTION_NUMBER, "P", "probability of a band-pass 0.5-40 Hz",
     T(changes.bandpass)},
    {"aug-rhythm", 0, OPTION_NUMBER, "P",
     "share of records (to 0.5) whose sinus rhythm is made into another; labels follow",
     T(changes.rhythm)},
    {"aug-layout", 0, OPTION_NUMBER, "P",
     "probability of a page's layout (2.5 or 5 s a lead), limb leads alone, or 4-8 s",
     T(changes.layout)},
    {"monitor", 0, OPTION_TEXT, "WHAT", "what the best epoch is best in: val-loss (default), auroc",
     T(monitor)},
    {"early-stop", 0, OPTION_COUNT, "N", "stop after N epochs that were not better", T(early_stop)},
    {"threshold", 0, OPTION_TEXT, "RULE",
     "by validation data: youden (default), youden=2, f1, sensitivity=0.9 or "
     "specificity=0.98",
     T(threshold)},
    {"seed", 0, OPTION_COUNT, "N", "of everything that is random (default 1)", T(seed)},
    {"models-output-dir", 0, OPTION_TEXT, "DIR", "default output/models", T(models_output_dir)},
    {"licence", 0, OPTION_TEXT, "TEXT", "of the data, for the model file (default: known ones)",
     T(licence)},
    {"tensorboard-freq", 0, OPTION_COUNT, "N", "epochs between histograms (default 10; 0: none)",
     T(tensorboard_freq)},
    {"save-steps", 0, OPTION_COUNT, "N",
     "save the state every N steps too (default: every epoch and every 5 minutes)", T(save_steps)},
    {"resume", 0, OPTION_FLAG, NULL, "go on with a run that was interrupted", T(resume)},
    {"overwrite", 0, OPTION_FLAG, NULL, "begin anew although the package has a run in it",
     T(overwrite)},
    OPTION_THREADS(train_options, "0"),
    OPTION_JSON(train_options),
    {0}};

/* ==== what was asked for ===================================================================== */

/* What the options say, as the run wants it: the names that its options point to. */
typedef struct request {
    train_options opt;
    int n_labels, n_draws, n_leads;
    char label[XP_DATASET_MAX_LABELS][32], lead[XP_MAX_LEADS][16];
    const char *labels[XP_DATASET_MAX_LABELS], *leads[XP_MAX_LEADS];
    xp_draw draws[XP_DATASET_MAX_LABELS + 1];
    model_file init;
    xp_run_options run;
} request;

static xp_status add_label(request *t, const char *name, xp_error *err) {
    if (t->n_labels == XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_USAGE, "more than %d labels", XP_DATASET_MAX_LABELS);
    if (strlen(name) >= sizeof t->label[0])
        return xp_fail(err, XP_ERR_USAGE, "label \"%s\": longer than %zu characters", name,
                       sizeof t->label[0] - 1);
    strcpy(t->label[t->n_labels], name);
    t->labels[t->n_labels] = t->label[t->n_labels];
    t->n_labels++;
    return XP_OK;
}

static xp_status take_counts(request *t, xp_error *err) {
    const text_list *w = &t->opt.label_counts;
    if (w->n % 2)
        return xp_fail(err, XP_ERR_USAGE,
                       "--label-counts has %d words; expected pairs: a label and how many records",
                       w->n);
    for (int i = 0; i < w->n; i += 2) {
        char *end;
        long n = strtol(w->items[i + 1], &end, 10);
        if (*end || n < 1 || n > 100000000)
            return xp_fail(err, XP_ERR_USAGE, "--label-counts %s %s: expected a number of records",
                           w->items[i], w->items[i + 1]);
        bool negative = !strcmp(w->items[i], "neg");
        if (!negative) XP_TRY(add_label(t, w->items[i], err));
        t->draws[t->n_draws++] = (xp_draw){negative ? -1 : t->n_labels - 1, (size_t)n};
    }
    if (t->n_labels == 0)
        return xp_fail(err, XP_ERR_USAGE, "--label-counts names no label but neg");
    return XP_OK;
}

static xp_status take_labels(request *t, xp_error *err) {
    const char *list = t->opt.labels;
    char name[sizeof t->label[0]];
    bool fits;
    for (int i = 0; !list && i < XP_LABEL_COUNT; i++) XP_TRY(add_label(t, xp_label_name(i), err));
    while (xp_list_next(&list, name, sizeof name, &fits)) {
        if (!fits) return xp_fail(err, XP_ERR_USAGE, "--labels: a name is empty or too long");
        XP_TRY(add_label(t, name, err));
    }
    return XP_OK;
}

static bool one_of(const char *word, const char *const *words) {
    for (; *words; words++)
        if (!strcmp(word, *words)) return true;
    return false;
}

static xp_status check_words(const train_options *o, xp_error *err) {
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru", NULL};
    static const char *const kinds[] = {"none", "balanced", "sqrt", NULL};
    static const char *const monitors[] = {"val-loss", "auroc", NULL};
    static const char *const schedules[] = {"staircase", "constant", "exponential", "cosine",
                                            "one-cycle", "plateau",  NULL};
    if (!one_of(o->arch, archs))
        return xp_fail(err, XP_ERR_USAGE, "--arch %s: expected ecg-xplaim, cnn or gru", o->arch);
    if (!one_of(o->class_weights, kinds))
        return xp_fail(err, XP_ERR_USAGE, "--class-weights %s: expected none, balanced or sqrt",
                       o->class_weights);
    if (!one_of(o->monitor, monitors))
        return xp_fail(err, XP_ERR_USAGE, "--monitor %s: expected val-loss or auroc", o->monitor);
    if (!one_of(o->schedule, schedules))
        return xp_fail(err, XP_ERR_USAGE,
                       "--schedule %s: expected staircase, constant, exponential, cosine, "
                       "one-cycle or plateau",
                       o->schedule);
    return XP_OK;
}

/* Now, and not at the end of a long run. */
static xp_status take_threshold(request *t, xp_error *err) {
    XP_TRY(xp_threshold_parse(&t->run.threshold, t->opt.threshold, err));
    if (t->run.threshold.kind == XP_THRESHOLD_CHOSEN) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "--threshold %s: expected youden, f1 or sensitivity=0.9",
                   t->opt.threshold);
}

static xp_status check_numbers(const train_options *o, xp_error *err) {
    if (o->epochs < 1 || o->batch_size < 1)
        return xp_fail(err, XP_ERR_USAGE, "--epochs and --batch-size must be at least 1");
    if (o->length < 1 || o->length > 1 << 24)
        return xp_fail(err, XP_ERR_USAGE, "--length %d: expected 1 to %d samples", o->length,
                       1 << 24);
    if (o->ema >= 1) return xp_fail(err, XP_ERR_USAGE, "--ema %g: expected less than 1", o->ema);
    if (o->dropout >= 1)
        return xp_fail(err, XP_ERR_USAGE, "--dropout %g: expected less than 1", o->dropout);
    if (strchr(o->model_name, '/') || o->model_name[0] == '.' || strlen(o->model_name) > 63)
        return xp_fail(err, XP_ERR_USAGE,
                       "--model-name \"%s\": expected a name of at most 63 characters that can be "
                       "part of a file name",
                       o->model_name);
    return xp_augment_check(&o->changes, err);
}

static void take_defaults(train_options *o) {
    bool published = !strcmp(o->arch, "ecg-xplaim");
    if (!o->schedule) o->schedule = o->all ? "one-cycle" : "staircase";
    if (o->lr == 0) o->lr = !published ? 1e-3 : !strcmp(o->schedule, "one-cycle") ? 3e-3 : 1e-2;
    if (o->patience == 0) o->patience = 3;
    if (o->rate == 0) o->rate = 500;
    if (o->length == 0) o->length = (int)(10 * o->rate);
    if (o->augment) {
        xp_augment d = xp_augment_defaults(), *a = &o->changes;
        if (a->shift == 0) a->shift = d.shift;
        if (a->circular == 0) a->circular = d.circular;
        if (a->gain[1] == 0) memcpy(a->gain, d.gain, sizeof d.gain);
        if (a->chest_gain[1] == 0) memcpy(a->chest_gain, d.chest_gain, sizeof d.chest_gain);
        if (a->lead_drop == 0) a->lead_drop = d.lead_drop;
        if (a->noise == 0) a->noise = d.noise;
        if (a->lowpass == 0) a->lowpass = d.lowpass;
    }
}

static xp_status check(request *t, xp_error *err) {
    train_options *o = &t->opt;
    if (!o->model_name)
        return xp_fail(err, XP_ERR_USAGE, "no name for the model: give --model-name");
    if (o->all == (o->label_counts.n > 0))
        return xp_fail(err, XP_ERR_USAGE,
                       "say what to learn: --label-counts LABEL N ... neg N, or --all --labels "
                       "A,B,C");
    take_defaults(o);
    XP_TRY(check_words(o, err));
    XP_TRY(take_threshold(t, err));
    XP_TRY(check_numbers(o, err));
    return o->all ? take_labels(t, err) : take_counts(t, err);
}

/* "16,32,128" into v (at most max); 0 for a list that is none. */
static int read_sizes(const char *list, int *v, int max) {
    char word[16];
    bool fits;
    int n = 0;
    while (xp_list_next(&list, word, sizeof word, &fits)) {
        char *end;
        long x = fits ? strtol(word, &end, 10) : 0;
        if (!fits || *end || x < 1 || x > 65536 || n == max) return 0;
        v[n++] = (int)x;
    }
    return n;
}

static xp_status add_lead(request *t, xp_lead_id id, xp_error *err) {
    const int n = t->n_leads;
    if (id == XP_LEAD_NONE || n == XP_LEAD_COUNT)
        return xp_fail(err, XP_ERR_USAGE,
                       "name %d of --leads is not one of the twelve leads: I, II, III, aVR, aVL, "
                       "aVF, V1 to V6",
                       n + 1);
    snprintf(t->lead[n], sizeof t->lead[n], "%s", xp_lead_name(id));
    for (int k = 0; k < n; k++)
        if (!strcmp(t->lead[k], t->lead[n]))
            return xp_fail(err, XP_ERR_USAGE, "--leads names %s twice", t->lead[k]);
    t->leads[n] = t->lead[n];
    t->n_leads++;
    return XP_OK;
}

static xp_status take_leads(request *t, xp_error *err) {
    const char *list = t->opt.leads;
    char word[16];
    bool fits;
    while (xp_list_next(&list, word, sizeof word, &fits))
        XP_TRY(add_lead(t, fits ? xp_lead_parse(word) : XP_LEAD_NONE, err));
    return XP_OK;
}

static xp_status take_arch(request *t, xp_error *err) {
    const train_options *o = &t->opt;
    xp_arch_config *a = &t->run.arch;
    XP_TRY(take_leads(t, err));
    *a = (xp_arch_config){.arch = o->arch, .length = o->length, .rate = o->rate, .floor = o->floor};
    a->n_leads = o->leads ? t->n_leads : XP_LEAD_COUNT;
    a->leads = o->leads ? t->leads : NULL;
    if (o->filters && !(a->n_blocks = read_sizes(o->filters, a->filters, 8)))
        return xp_fail(err, XP_ERR_USAGE, "--filters %s: expected up to 8 numbers", o->filters);
    if (o->kernels && !(a->n_kernels = read_sizes(o->kernels, a->kernels, 8)))
        return xp_fail(err, XP_ERR_USAGE, "--kernels %s: expected up to 8 numbers", o->kernels);
    return XP_OK;
}

/* Fine-tuning: labels must be the model's, in its order, so that an output keeps its meaning. */
static xp_status take_init(request *t, xp_error *err) {
    if (!t->opt.init) return XP_OK;
    XP_TRY(model_file_open(&t->init, t->opt.init, err));
    const xp_model *m = &t->init.model;
    bool same = m->n_labels == t->n_labels;
    for (int i = 0; same && i < t->n_labels; i++)
        same = !strcasecmp(m->labels[i].name, t->label[i]);
    if (!same)
        return xp_fail(err, XP_ERR_USAGE,
                       "%s: its labels are not those to be learnt, in the same order", t->opt.init);
    t->run.init = &t->init.model;
    return XP_OK;
}

/* What needed no check. */
static void fill_run(request *t) {
    const train_options *o = &t->opt;
    xp_run_options *r = &t->run;
    r->name = o->model_name;
    r->folder = o->models_output_dir;
    r->labels = t->labels, r->n_labels = t->n_labels;
    r->all = o->all;
    r->draws = t->draws, r->n_draws = t->n_draws;
    r->train_batches = o->train_batches;
    r->val_batches = o->val_batches;
    r->test_batches = o->test_batches;
    r->val_fold = o->val_fold, r->test_fold = o->test_fold;
    r->cache_dir = o->cache_dir;
    r->no_cache = o->no_cache, r->skip_bad = o->skip_bad;
    r->augment = o->changes;
    r->dropout = o->dropout;
    r->epochs = o->epochs, r->batch_size = o->batch_size;
    r->seed = o->seed;
    r->schedule = o->schedule;
    r->rate = o->lr;
    r->warmup = o->warmup, r->patience = o->patience;
    r->weight_decay = o->weight_decay;
    r->l2 = o->l2, r->clip = o->clip, r->ema = o->ema;
    r->keras_averages = o->compat;
    r->class_weights = o->class_weights;
    r->monitor = o->monitor;
    r->early_stop = o->early_stop;
    r->licence = o->licence;
    r->disclaimer = XP_DISCLAIMER;
    r->histogram_epochs = o->tensorboard_freq;
    r->save_steps = o->save_steps;
    r->resume = o->resume, r->overwrite = o->overwrite;
}

/* ==== being interrupted ====================================================================== */

/* The signal that came: a handler can reach nothing but a global. */
static volatile sig_atomic_t caught;

static void catch_signal(int number) {
    caught = number;
}

static bool was_caught(void *ctx) {
    (void)ctx;
    return caught != 0;
}

/* Ctrl-C, or a cluster's notice: the step is finished and the state saved. A second one ends the
 * program at once. Of several processes only the one that saves listens, and the others wait for it
 * in the sums of the next step, until mpirun ends them. */
static void listen_to_signals(const xp_comm *comm) {
    struct sigaction a = {.sa_flags = (int)SA_RESETHAND};
    a.sa_handler = comm->rank == 0 ? catch_signal : SIG_IGN;
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

/* Say so, and end by the signal, so that shells and batch systems see what happened. */
static void end_by_signal(const xp_error *err) {
    fprintf(stderr, "xplaim: %s\n", err->text);
    signal(caught, SIG_DFL);
    raise(caught);
}

/* ==== what a person watches ================================================================== */

typedef struct watch {
    double begin, drawn; /* drawn: 0 before the first time */
    size_t first;        /* batch at begin */
    bool terminal, begun;
} watch;

static void draw_step(const watch *w, const xp_run_step *s, double now) {
    double step = (now - w->begin) / (double)(s->batch - w->first);
    double epoch = step * (double)(s->batches - s->batch);
    double all = epoch + step * (double)s->batches * (double)(s->epochs - 1 - (int)s->epoch);
    fprintf(stderr,
            "%sepoch %llu/%d step %zu/%zu  loss %.4f  %.1f records/s  epoch %.0f s left, all %.0f "
            "min%s",
            w->terminal ? "\r\033[K" : "", (unsigned long long)s->epoch + 1, s->epochs, s->batch,
            s->batches, s->loss, s->batch_size / step, epoch, all / 60, w->terminal ? "" : "\n");
    fflush(stderr);
}

/* Five times a second on a terminal, else once a minute and not at once. */
static void show_step(void *ctx, const xp_run_step *s) {
    watch *w = ctx;
    const double now = xp_seconds_now();
    if (!s) {
        if (w->terminal && w->drawn > 0) fputs("\r\033[K", stderr);
        w->begun = false;
    } else if (!w->begun) {
        *w = (watch){now, 0, s->batch, isatty(STDERR_FILENO) != 0, true};
    } else if (now - w->drawn >= (w->terminal ? 0.2 : 60) && s->batch != w->first) {
        if (w->terminal || w->drawn > 0) draw_step(w, s, now);
        w->drawn = now;
    }
}

static void report_written(const request *t, const xp_run_result *r) {
    if (!t->opt.json) {
        fprintf(t->run.text, "%s\n", r->model);
        return;
    }
    cJSON *o = xp_report_begin(NULL);
    xp_json_add(o, "model", xp_json_text(r->model));
    xp_json_add(o, "epochs", xp_json_integer((int64_t)r->epochs));
    xp_json_add(o, "best_epoch", xp_json_integer(r->best_epoch + 1));
    xp_json_add(o, "stopped_early", cJSON_CreateBool(r->stopped));
    xp_json_add(o, "test",
                r->tested ? xp_evaluation_json(&r->test, t->labels) : cJSON_CreateNull());
    json_print_line(o);
}

/* ============================================================================================= */

static xp_status finish(const request *t, xp_run *run, const xp_comm *comm, xp_error *err) {
    xp_run_result *result = calloc(1, sizeof *result);
    if (!result) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    xp_status s = xp_run_finish(run, result, err);
    if (s == XP_OK && comm->rank == 0) report_written(t, result);
    if (s == XP_OK && result->tested) xp_evaluation_free(&result->test);
    free(result);
    return s;
}

static xp_status train(request *t, const xp_comm *comm, xp_error *err) {
    watch w = {0};
    progress bar = {0};
    xp_run *run = NULL;
    XP_TRY(check(t, err));
    XP_TRY(take_arch(t, err));
    XP_TRY(data_sets_of(&t->run.sets, &t->opt.data, "train-ds-name", err));
    XP_TRY(take_init(t, err));
    XP_TRY(xp_pool_create(&t->run.pool, t->opt.threads, err));
    fill_run(t);
    t->run.text = t->opt.json ? stderr : stdout;
    t->run.warnings = stderr;
    t->run.progress = progress_reporter(&bar);
    t->run.step = show_step;
    t->run.stop = was_caught;
    t->run.ctx = &w;
    xp_status s = xp_run_open(&run, &t->run, comm, err);
    progress_hide(&bar);
    if (s == XP_OK) listen_to_signals(comm);
    if (s == XP_OK) s = xp_run_epochs(run, err);
    if (s == XP_OK) s = finish(t, run, comm, err);
    if (s == XP_ERR_CANCELLED && caught) end_by_signal(err);
    /* The other processes may wait for this one, which ends without a farewell: see run(). */
    if (s == XP_OK || comm->size == 1) xp_run_free(run);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    request *t = calloc(1, sizeof *t);
    xp_comm comm = {0};
    xp_error err;
    if (!t) {
        xp_fail(&err, XP_ERR_MEMORY, "not enough memory");
        return command_failed(self, NULL, &err);
    }
    t->opt = (train_options){.val_fold = 9,
                             .test_fold = 10,
                             .arch = "ecg-xplaim",
                             .epochs = 10,
                             .batch_size = 64,
                             .seed = 1,
                             .class_weights = "none",
                             .monitor = "val-loss",
                             .threshold = "youden",
                             .models_output_dir = "output/models",
                             .tensorboard_freq = 10};
    arguments args;
    exit_code code;
    if (!command_parse(self, &t->opt, argc, argv, 0, 0, &args, &code)) {
        free(t);
        return code;
    }
    xp_status s = xp_comm_start(&comm, &err);
    if (s == XP_OK) s = train(t, &comm, &err);
    if (s != XP_OK) code = command_failed(self, &t->opt, &err);
    /* The other processes may wait for this one: to end without a farewell is what stops them. */
    if (s != XP_OK && comm.size > 1) _exit((int)code);
    model_file_free(&t->init);
    xp_pool_free(t->run.pool);
    xp_comm_stop(&comm);
    free(t);
    return code;
}

const command command_train = {
    .name = "train",
    .summary = "train a network on records of one or several data sets",
    .arguments =
        "--model-name NAME (--label-counts LABEL N ... neg N | --all [--labels A,B,C])\n"
        "         --train-ds-name NAME --train-ds-dir DIR ... [--epochs N] [--batch-size N] "
        "[--resume] ...",
    .details =
        "Writes DIR/NAME_package: checkpoints/ (the best epochs, and the state to resume from), "
        "logs/ (TensorBoard\nevents, training.csv), model_NAME.safetensors with thresholds chosen "
        "on the validation part, and the test\npart as test_set_NAME.csv and .npz (`xplaim "
        "evaluate`). Patients are never in two parts. The same options\nand seed give the same "
        "bits. In a build with MPI: mpirun -n K xplaim train ...",
    .options = OPTIONS,
    .run = run,
};
