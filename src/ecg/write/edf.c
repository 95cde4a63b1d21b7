/* EDF+: one file of continuous data records, with an annotation signal for their times and for what
 * the recording states. */
#include "ecg/fields.h"
#include "ecg/write/edf_plan.h"
#include "ecg/write/write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICKS = 10000000 }; /* a second */

typedef struct job {
    const xp_stored *w;
    xp_edf_limits *limits;
    xp_edf_records records;
    int64_t start;              /* ticks of the first sample behind the header's whole second */
    int64_t statements;         /* in a data record */
    int64_t annotation_samples; /* of two bytes, in a data record */
} job;

/* ==== annotations ============================================================================ */

static void add_time(xp_buffer *b, int64_t ticks) {
    char text[48];
    size_t n = (size_t)snprintf(text, sizeof text, "%lld.%07lld", (long long)(ticks / TICKS),
                                (long long)(ticks % TICKS));
    while (text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
    xp_buffer_text(b, "+");
    xp_buffer_add(b, text, n);
}

/* Text without the characters that end it. */
static void add_text(xp_buffer *b, const char *text) {
    for (const char *c = text; *c; c++) {
        char plain = (unsigned char)*c < 0x20 ? ' ' : *c;
        xp_buffer_add(b, &plain, 1);
    }
}

/* A statement: an annotation at its time, where the text tells it, else at the start. */
static void add_statement(xp_buffer *b, const job *j, const xp_statement *s) {
    double at = 0, lasts = 0;
    int used = 0;
    const char *text = s->text;
    bool annotation = !strcmp(s->name, "annotation");
    if (annotation && sscanf(text, "at %lf s: %n", &at, &used) == 1 && used) {
        text += used;
    } else if (annotation && sscanf(text, "at %lf s for %lf s: %n", &at, &lasts, &used) == 2 &&
               used) {
        text += used;
    } else {
        at = lasts = 0;
    }
    if (!(at >= 0 && at < 1e9)) at = 0;
    add_time(b, j->start + llround(at * TICKS));
    if (lasts > 0) xp_buffer_printf(b, "\x15%.7g", lasts);
    xp_buffer_text(b, "\x14");
    if (!annotation) xp_buffer_printf(b, "%s: ", s->name);
    if (isnan(s->value))
        add_text(b, text);
    else
        xp_buffer_printf(b, "%.10g%s%s", s->value, *s->unit ? " " : "", s->unit);
    xp_buffer_fill(b, 0x14, 1);
    xp_buffer_fill(b, 0, 1);
}

static void add_annotations(xp_buffer *b, const job *j, int64_t record) {
    const xp_facts *f = &j->w->facts;
    add_time(b, j->start + record * j->records.ticks);
    xp_buffer_add(b, "\x14\x14", 3);
    int64_t first = record * j->statements, end = first + j->statements;
    for (int64_t i = first; i < end && i < f->n_statements; i++)
        add_statement(b, j, &f->statements[i]);
}

/* Statements are dealt out over the data records, each of which has room for the longest. False
 * without memory. */
static bool plan_annotations(job *j) {
    int64_t n = j->records.n, count = j->w->facts.n_statements;
    size_t most = 0;
    bool ok = true;
    j->statements = n ? (count + n - 1) / n : 0;
    for (int64_t r = 0; r < n; r++) {
        bool plain = r * j->statements >= count;
        if (plain && r != n - 1) continue; /* times only grow longer */
        xp_buffer b = {0};
        add_annotations(&b, j, r);
        if (b.size > most) most = b.size;
        ok = ok && !b.failed;
        xp_buffer_free(&b);
    }
    size_t room = most > 24 ? most : 24;
    j->annotation_samples = (int64_t)(room + 1) / 2;
    return ok;
}

/* ==== the header ============================================================================= */

/* A word of a field that blanks divide: "X" where it is not known. */
static void add_word(char *field, size_t size, const char *text) {
    char word[96];
    size_t n = strlen(field);
    xp_ascii_text(word, sizeof word, *text ? text : "X");
    for (char *c = word; *c; c++)
        if (*c == ' ') *c = '_';
    snprintf(field + n, size - n, "%s%s", n ? " " : "", word);
}

/* "2020-05-18..." as "18-MAY-2020"; "" where it is no date. */
static void plus_date(char *dst, size_t size, const char *iso) {
    static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                         "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    xp_date d;
    dst[0] = 0;
    if (sscanf(iso, "%4d-%2d-%2d", &d.year, &d.month, &d.day) == 3 && xp_date_is_valid(d))
        snprintf(dst, size, "%02d-%s-%04d", d.day, months[d.month - 1], d.year);
}

static void write_persons(xp_buffer *b, const xp_facts *f) {
    char field[400] = "", date[16], sex[2] = {f->sex, 0}, age[32];
    add_word(field, sizeof field, f->patient_id);
    add_word(field, sizeof field, sex);
    plus_date(date, sizeof date, f->birth_date);
    add_word(field, sizeof field, date);
    add_word(field, sizeof field, f->patient_name);
    snprintf(age, sizeof age, "Age_%.4g", f->age);
    if (!isnan(f->age) && !*date) add_word(field, sizeof field, age);
    xp_buffer_field(b, field, 80);
    snprintf(field, sizeof field, "Startdate");
    plus_date(date, sizeof date, f->start);
    add_word(field, sizeof field, date);
    add_word(field, sizeof field, "");
    add_word(field, sizeof field, "");
    add_word(field, sizeof field, f->device);
    xp_buffer_field(b, field, 80);
}

/* 1 January 1985 where there is no date, as the specification asks. */
static void write_start(xp_buffer *b, job *j) {
    int year = 1985, month = 1, day = 1, hour = 0, minute = 0;
    double second = 0;
    const char *start = j->w->facts.start;
    if (sscanf(start, "%4d-%2d-%2dT%2d:%2d:%lf", &year, &month, &day, &hour, &minute, &second) !=
            6 ||
        !(second >= 0 && second < 61)) {
        year = 1985;
        month = day = 1;
        hour = minute = 0;
        second = 0;
    }
    j->start = llround((second - floor(second)) * TICKS);
    char text[64];
    snprintf(text, sizeof text, "%02d.%02d.%02d%02d.%02d.%02d", day, month, year % 100, hour,
             minute, (int)floor(second));
    xp_buffer_field(b, text, 16);
}

static void filter_text(char *dst, size_t size, const xp_facts *f) {
    size_t n = 0;
    dst[0] = 0;
    const struct {
        const char *name;
        double hz;
    } parts[] = {{"HP", f->high_pass}, {"LP", f->low_pass}, {"N", f->notch}};
    for (int i = 0; i < 3; i++)
        if (!isnan(parts[i].hz))
            n += (size_t)snprintf(dst + n, size - n, "%s%s:%.5gHz", n ? " " : "", parts[i].name,
                                  parts[i].hz);
}

static void text_field(xp_buffer *b, const char *text, size_t width) {
    char plain[96];
    xp_ascii_text(plain, sizeof plain, text);
    xp_buffer_field(b, plain, width);
}

static void number_field(xp_buffer *b, int64_t v) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)v);
    xp_buffer_field(b, text, 8);
}

/* Every column for all signals, and last for the annotations. */
static void write_columns(xp_buffer *b, const job *j) {
    const xp_stored *w = j->w;
    char filter[96];
    int n = w->n_signals;
    filter_text(filter, sizeof filter, &w->facts);
    for (int i = 0; i < n; i++) text_field(b, w->signals[i].name, 16);
    text_field(b, "EDF Annotations", 16);
    for (int i = 0; i < n; i++)
        text_field(b, j->limits[i].has_missing ? XP_EDF_MISSING_TEXT : "", 80);
    text_field(b, "", 80);
    for (int i = 0; i < n; i++)
        text_field(b, w->signals[i].calibrated ? w->signals[i].units : "", 8);
    text_field(b, "", 8);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < n; i++) text_field(b, j->limits[i].physical[k], 8);
        text_field(b, k ? "1" : "-1", 8);
    }
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < n; i++) number_field(b, j->limits[i].digital[k]);
        number_field(b, k ? 32767 : -32768);
    }
    for (int i = 0; i < n; i++) text_field(b, filter, 80);
    text_field(b, "", 80);
    for (int i = 0; i < n; i++)
        number_field(b, j->records.frames * w->signals[i].samples_per_frame);
    number_field(b, j->annotation_samples);
    xp_buffer_fill(b, ' ', 32 * ((size_t)n + 1));
}

static void write_header(xp_buffer *b, const job *j, const xp_buffer *start) {
    char text[16];
    text_field(b, "0", 8);
    write_persons(b, &j->w->facts);
    xp_buffer_add(b, start->data, start->size);
    number_field(b, 256 * ((int64_t)j->w->n_signals + 2));
    text_field(b, "EDF+C", 44);
    number_field(b, j->records.n);
    text_field(b, j->records.duration, 8);
    snprintf(text, sizeof text, "%d", j->w->n_signals + 1);
    text_field(b, text, 4);
    write_columns(b, j);
}

/* ==== data records =========================================================================== */

/* Behind the last sample of a signal: missing where the signal has missing ones, else its last. */
static int sample(const xp_stored_signal *s, const xp_edf_limits *l, int64_t i) {
    if (i >= s->n && !l->has_missing) i = s->n - 1;
    if (i < 0 || i >= s->n || s->digital[i] == s->missing)
        return l->has_missing ? XP_EDF_MISSING : l->digital[0];
    return s->digital[i] - l->offset;
}

static void write_records(xp_buffer *b, const job *j) {
    for (int64_t r = 0; r < j->records.n && !b->failed; r++) {
        for (int i = 0; i < j->w->n_signals; i++) {
            const xp_stored_signal *s = &j->w->signals[i];
            int64_t n = j->records.frames * s->samples_per_frame;
            for (int64_t k = 0; k < n; k++)
                xp_buffer_le(b, (uint64_t)sample(s, &j->limits[i], r * n + k), 2);
        }
        size_t room = 2 * (size_t)j->annotation_samples, begin = b->size;
        add_annotations(b, j, r);
        size_t used = b->size - begin;
        if (used < room) xp_buffer_fill(b, 0, room - used);
    }
}

/* ============================================================================================= */

static xp_status plan(xp_written *out, job *j, xp_error *err) {
    const xp_stored *w = j->w;
    int64_t frame_bytes = 0;
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
        XP_TRY(xp_edf_plan_limits(&j->limits[i], s, err));
        if (j->limits[i].error * fabs(s->gain) > 0.001)
            xp_notice_add(&out->notices, XP_SAY_LIMITS_ROUNDED, s->name,
                          XP_ARGS(xp_arg_text("signal", s->name), xp_arg_text("unit", s->units),
                                  xp_arg_number("error", j->limits[i].error)));
        frame_bytes += 2 * (int64_t)s->samples_per_frame;
        if (j->limits[i].has_missing)
            xp_notice_add(
                &out->notices, XP_SAY_MISSING_MARKED, s->name,
                XP_ARGS(xp_arg_text("signal", s->name), xp_arg_number("value", XP_EDF_MISSING)));
    }
    j->records = xp_edf_plan_records(w->rate, w->n_frames, frame_bytes);
    int64_t rest = j->records.n * j->records.frames - w->n_frames;
    if (rest)
        xp_notice_add(&out->notices, XP_SAY_FILLED_UP, NULL,
                      XP_ARGS(xp_arg_number("frames", (double)rest)));
    if (j->records.n > 99999999 || w->n_signals > 9998)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "%lld data records of %d signals are more than EDF+ can hold: write wfdb",
                       (long long)j->records.n, w->n_signals);
    return XP_OK;
}

static xp_status write_edf(xp_written *out, const xp_stored *w, const char *name,
                           const xp_write_options *opt, xp_error *err) {
    (void)opt; /* w says no more than may be written */
    job j = {.w = w};
    j.limits = calloc((size_t)w->n_signals + 1, sizeof *j.limits);
    if (!j.limits) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    xp_status s = plan(out, &j, err);
    if (s == XP_OK) {
        xp_buffer start = {0}, *b = xp_written_add(out, name, ".edf");
        write_start(&start, &j);
        b->failed = !plan_annotations(&j);
        write_header(b, &j, &start);
        write_records(b, &j);
        b->failed = b->failed || start.failed;
        xp_buffer_free(&start);
    }
    free(j.limits);
    return s;
}

const xp_writer xp_writer_edf = {
    .name = "edf",
    .title = "EDF+",
    .ending = ".edf",
    .low = INT16_MIN,
    .high = INT16_MAX,
    .write = write_edf,
};
