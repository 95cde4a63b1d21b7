/* xplaim train: options of the command, and what they may be. */
#include "cases.h"
#include "report.h"
#include "train.h"

#include "train/labels.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    {"monitor", 0, OPTION_TEXT, "WHAT", "what the best epoch is best in: val-loss (default), auroc",
     T(monitor)},
    {"early-stop", 0, OPTION_COUNT, "N", "stop after N epochs that were not better", T(early_stop)},
    {"threshold", 0, OPTION_TEXT, "RULE",
     "of each label, on validation data: youden (default), f1, or sensitivity=0.9", T(threshold)},
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

static xp_status add_label(training *t, const char *name, xp_error *err) {
    if (t->n_labels == XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_USAGE, "more than %d labels", XP_DATASET_MAX_LABELS);
    if (strlen(name) >= sizeof t->labels[0])
        return xp_fail(err, XP_ERR_USAGE, "label \"%s\": longer than %zu characters", name,
                       sizeof t->labels[0] - 1);
    strcpy(t->labels[t->n_labels++], name);
    return XP_OK;
}

static xp_status take_counts(training *t, xp_error *err) {
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

static xp_status take_labels(training *t, xp_error *err) {
    const char *list = t->opt.labels;
    char name[sizeof t->labels[0]];
    bool fits;
    for (int i = 0; !list && i < XP_LABEL_COUNT; i++) XP_TRY(add_label(t, xp_label_name(i), err));
    while (next_in_list(&list, name, sizeof name, &fits)) {
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
static xp_status check_threshold(const train_options *o, xp_error *err) {
    threshold_choice t;
    XP_TRY(threshold_parse(&t, o->threshold, err));
    if (t.kind == THRESHOLD_CHOSEN) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "--threshold %s: expected youden, f1 or sensitivity=0.9",
                   o->threshold);
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

static xp_status check(training *t, xp_error *err) {
    train_options *o = &t->opt;
    if (!o->model_name)
        return xp_fail(err, XP_ERR_USAGE, "no name for the model: give --model-name");
    if (o->all == (o->label_counts.n > 0))
        return xp_fail(err, XP_ERR_USAGE,
                       "say what to learn: --label-counts LABEL N ... neg N, or --all --labels "
                       "A,B,C");
    take_defaults(o);
    XP_TRY(check_words(o, err));
    XP_TRY(check_threshold(o, err));
    XP_TRY(check_numbers(o, err));
    return o->all ? take_labels(t, err) : take_counts(t, err);
}

/* ============================================================================================= */

static xp_status train(training *t, xp_error *err) {
    XP_TRY(check(t, err));
    XP_TRY(train_prepare(t, err));
    XP_TRY(train_run(t, err));
    return train_finish(t, err);
}

static exit_code run(const command *self, int argc, char **argv) {
    training *t = calloc(1, sizeof *t);
    xp_error err;
    if (!t) {
        xp_fail(&err, XP_ERR_MEMORY, "not enough memory");
        return report_fatal(&err);
    }
    t->lock = -1;
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
    t->say = t->opt.json ? stderr : stdout;
    xp_status s = xp_comm_start(&t->comm, &err);
    if (s == XP_OK) s = train(t, &err);
    if (s != XP_OK) code = report_fatal(&err);
    /* The other processes may wait for this one: to end without a farewell is what stops them. */
    if (s != XP_OK && t->comm.size > 1) _exit((int)code);
    train_free(t);
    xp_comm_stop(&t->comm);
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
