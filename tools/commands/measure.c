/* xplaim measure: beats, intervals, axes and amplitudes of recordings. */
#include "command.h"
#include "ecg/frames.h"
#include "inputs.h"
#include "measure/whole.h"
#include "measure_csv.h"
#include "report_measure.h"
#include "report_text.h"

#include "base/parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct measure_options {
    bool json, csv, accept_checksums;
    int threads;
    xp_read_options known;
} measure_options;

static const option_spec OPTIONS[] = {
    OPTION_JSON(measure_options),
    {"csv", 0, OPTION_FLAG, NULL, "one line a record, for studies", offsetof(measure_options, csv)},
    {"accept-checksums", 0, OPTION_FLAG, NULL,
     "measure a record although not one of its checksums is that of its samples",
     offsetof(measure_options, accept_checksums)},
    OPTION_THREADS(measure_options, "0"),
    OPTIONS_KNOWN(measure_options, "unit"),
    {0}};

/* ==== text =================================================================================== */

static void print_quantity(FILE *f, const xp_measures *m, xp_quantity_id id) {
    const xp_quantity_type *type = xp_quantity_get(id);
    const xp_quantity *q = &m->quantities[id];
    if (isnan(q->value)) {
        fprintf(f, "  %-18s %8s       %s\n", type->text, "-", xp_reason_text(q->reason));
        return;
    }
    fprintf(f, "  %-18s %8g %-5s", type->text, q->value, type->unit);
    if (!isnan(q->low)) fprintf(f, " %g to %g;", q->low, q->high);
    fprintf(f, " %d beats; reliability %s\n", q->beats, xp_reliability_name(q->reliability));
}

static void print_cell(FILE *f, float v) {
    if (isnan(v))
        fprintf(f, " %7s", "-");
    else
        fprintf(f, " %7.3f", (double)v);
}

static void print_leads(FILE *f, const xp_measured *r) {
    fprintf(f, "  %-8s", "mV");
    for (int i = 0; i < XP_AMPLITUDE_COUNT; i++)
        fprintf(f, " %7s", xp_amplitude_name((xp_amplitude_id)i));
    fputs("\n", f);
    for (int l = 0; l < r->measures->n_leads; l++) {
        const xp_lead_measures *lead = &r->measures->leads[l];
        fputs("  ", f);
        print_clean(f, r->record->leads[l].name);
        const int pad = 8 - (int)strlen(r->record->leads[l].name);
        fprintf(f, "%*s", pad > 0 ? pad : 0, "");
        for (int i = 0; i < XP_AMPLITUDE_COUNT; i++) print_cell(f, lead->mv[i]);
        fprintf(f, "%s%s\n", lead->reason ? "  " : "", xp_reason_text(lead->reason));
    }
}

static void print_note(FILE *f, const char *text) {
    fputs("  note: ", f);
    print_clean(f, text);
    fputs("\n", f);
}

/* What is wrong with the recording, and what was noted as it was read. */
static void print_notes(FILE *f, const xp_measured *r) {
    const xp_notices *notes = &r->record->notices;
    char text[XP_NOTICE_TEXT];
    for (int i = 0; i < r->quality->n_findings; i++) print_note(f, r->quality->findings[i].text);
    for (int i = 0; i < notes->n; i++)
        if (xp_notice_is_new(notes, i)) print_note(f, xp_notice_text(notes, i, text));
}

static void print_text(FILE *f, const xp_measured *r) {
    const xp_measures *m = r->measures;
    print_clean(f, r->name);
    fprintf(f, ": %g s at %g Hz, %d beats, quality %s\n", (double)r->record->n / r->record->rate,
            r->record->rate, m->n_beats, xp_quality_grade_name(r->quality->grade));
    for (int i = 0; i < XP_QUANTITY_COUNT; i++) print_quantity(f, m, (xp_quantity_id)i);
    fprintf(f,
            "  rhythm: %s; P waves: %s; ectopic beats: %d supraventricular, %d ventricular; "
            "fusion beats: %d\n",
            m->irregularity ? xp_irregularity_name(m->irregularity) : "unknown",
            m->p_waves ? xp_presence_name(m->p_waves) : "unknown", m->n_supraventricular,
            m->n_ventricular, m->n_fusion);
    print_leads(f, r);
    print_notes(f, r);
}

/* ==== one record ============================================================================= */

/* What was measured. The record's samples are gone, or were never there at once. */
typedef struct measured {
    const char *path;
    xp_frames *frames; /* NULL: record is read as a whole */
    xp_record record;
    xp_quality quality;
    xp_measures measures;
} measured;

static void measured_free(measured *m) {
    if (!m) return;
    xp_measures_free(&m->measures);
    xp_quality_free(&m->quality);
    xp_record_free(&m->record);
    xp_frames_close(m->frames);
    free(m);
}

static xp_measured report_of(const measured *m) {
    return (xp_measured){m->path, m->frames ? xp_frames_record(m->frames) : &m->record, &m->quality,
                         &m->measures, false};
}

/* A long recording in parts; whatever cannot be read so is read as a whole, or fails so. */
static xp_status measure_path(const measure_options *opt, measured *m, xp_error *err) {
    if (xp_frames_open(&m->frames, m->path, &opt->known, NULL) == XP_OK) {
        const xp_sample_source src = xp_samples_of_frames(m->frames);
        return xp_measure_whole_samples(&m->quality, &m->measures, &src, opt->accept_checksums,
                                        err);
    }
    XP_TRY(input_read_record(&m->record, m->path, &opt->known, err));
    XP_TRY(xp_measure_whole(&m->quality, &m->measures, &m->record, opt->accept_checksums, err));
    for (int l = 0; l < m->record.n_leads; l++) {
        free(m->record.leads[l].mv);
        m->record.leads[l].mv = NULL;
    }
    return XP_OK;
}

/* What a thread makes of one input. */
typedef struct result {
    char *text;     /* owned; NULL: failed, or kept */
    measured *kept; /* owned; a document too long for memory, to be written in its turn; or NULL */
    xp_error error;
} result;

enum { LONG_DOCUMENT = 4000 }; /* beats */

static xp_status write_result(const measure_options *opt, FILE *f, const measured *m,
                              xp_error *err) {
    const xp_measured r = report_of(m);
    if (opt->json) return xp_report_measured(f, &r, err);
    if (opt->csv)
        xp_measure_csv_row(f, r.name, r.record, r.quality, r.measures);
    else
        print_text(f, &r);
    return XP_OK;
}

static xp_status make_text(const measure_options *opt, const measured *m, result *out) {
    size_t size;
    FILE *f = open_memstream(&out->text, &size);
    xp_status s = f ? write_result(opt, f, m, &out->error) : XP_ERR_MEMORY;
    if (f && fclose(f) != 0) s = XP_ERR_MEMORY;
    if (s == XP_OK && out->text) return XP_OK;
    free(out->text);
    out->text = NULL;
    return xp_fail(&out->error, XP_ERR_MEMORY, "not enough memory for the measurements");
}

static void measure_record(const measure_options *opt, const char *path, result *out) {
    measured *m = calloc(1, sizeof *m);
    if (!m) {
        xp_fail(&out->error, XP_ERR_MEMORY, "not enough memory for the measurements");
        return;
    }
    m->path = path;
    if (measure_path(opt, m, &out->error) == XP_OK) {
        if (opt->json && m->measures.n_beats > LONG_DOCUMENT) {
            out->kept = m;
            return;
        }
        make_text(opt, m, out);
    }
    measured_free(m);
}

static void measure_input(const measure_options *opt, const input *in, result *out) {
    *out = (result){0};
    if (in->kind == INPUT_RECORD)
        measure_record(opt, in->path, out);
    else if (in->kind == INPUT_MISSING)
        out->error = *in->error;
    else
        xp_fail(&out->error, XP_ERR_UNSUPPORTED,
                "%s: an array of windows says neither leads nor rate; give a record", in->path);
}

/* ==== the loop =============================================================================== */

enum { ROUND = 64 }; /* inputs whose results wait to be printed in order */

typedef struct batch {
    const measure_options *opt;
    const input *inputs;
    result results[ROUND];
} batch;

static void measure_range(void *ctx, int begin, int end, int thread) {
    batch *r = ctx;
    (void)thread;
    for (int i = begin; i < end; i++) measure_input(r->opt, &r->inputs[i], &r->results[i]);
}

static bool print_one(const measure_options *opt, const input *in, result *r) {
    if (r->kept) {
        const xp_status s = write_result(opt, stdout, r->kept, &r->error);
        measured_free(r->kept);
        puts("");
        if (s != XP_OK) report_failure(in->path, &r->error, opt->json);
        return s == XP_OK;
    }
    if (!r->text) {
        if (opt->csv) xp_measure_csv_failure(stdout, in->path, r->error.code);
        report_failure(in->path, &r->error, opt->json);
        return false;
    }
    fputs(r->text, stdout);
    if (opt->json) puts("");
    free(r->text);
    return true;
}

static xp_status measure_list(const measure_options *opt, const input_list *list, bool *all,
                              xp_error *err) {
    xp_pool *pool;
    XP_TRY(xp_pool_create(&pool, opt->threads, err));
    batch *r = malloc(sizeof *r);
    if (!r) {
        xp_pool_free(pool);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the results");
    }
    if (opt->csv) xp_measure_csv_head(stdout);
    const int two = 2 * xp_pool_threads(pool), width = two < ROUND ? two : ROUND;
    for (int from = 0; from < list->n; from += width) {
        const int n = list->n - from < width ? list->n - from : width;
        r->opt = opt;
        r->inputs = list->items + from;
        xp_parallel_for(pool, n, measure_range, r);
        for (int i = 0; i < n; i++) *all &= print_one(opt, &r->inputs[i], &r->results[i]);
    }
    if (!opt->json && !opt->csv && list->n > 0) puts(XP_DISCLAIMER);
    free(r);
    xp_pool_free(pool);
    return XP_OK;
}

static exit_code run(const command *self, int argc, char **argv) {
    measure_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, -1, &args, &code)) return code;
    if (opt.json && opt.csv) return usage_error(self, &opt, "--json and --csv exclude each other");
    input_list list;
    xp_error err;
    bool all = true;
    xp_status s = inputs_expand(&list, args.items, args.n, &err);
    if (s != XP_OK) return command_failed(self, &opt, &err);
    inputs_read_arrays(&list, &opt.known);
    s = measure_list(&opt, &list, &all, &err);
    inputs_free(&list);
    if (s != XP_OK) return command_failed(self, &opt, &err);
    return all ? EXIT_CODE_OK : EXIT_CODE_BAD_INPUT;
}

const command command_measure = {
    .name = "measure",
    .summary = "beats, intervals, axes and amplitudes of recordings",
    .arguments = "RECORD... [--json|--csv] [--threads N]",
    .details =
        "RECORD is a record (NAME, or one of its files: NAME.hea), or a folder or zip archive "
        "(every "
        "record in it and\nbelow). Intervals are in ms, axes in degrees, amplitudes in mV against "
        "the level "
        "before QRS, measured\non the median beat of the dominant class, on the record without any "
        "filter. What cannot be measured\nhas no number, and the reason why.",
    .options = OPTIONS,
    .run = run,
};
