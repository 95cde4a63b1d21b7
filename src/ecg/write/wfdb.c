/* WFDB: NAME.hea and NAME.dat, all signals in one file of format 16, or 24 or 32 where the values
 * ask for it; with initial values and checksums. */
#include "ecg/write/write.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sample format: how many bytes, and the value that means "no sample". */
typedef struct packing {
    int format, bytes;
    int32_t missing;
} packing;

static const packing packings[] = {{16, 2, -32768}, {24, 3, -8388608}, {32, 4, INT32_MIN}};

/* Values times this have a whole baseline: 1 in nearly all recordings. */
static int whole_baseline(double baseline) {
    for (int m = 1; m <= 64; m++)
        if (fabs(baseline * m - nearbyint(baseline * m)) < 1e-9 * m) return m;
    return 64;
}

typedef struct column {
    const xp_stored_signal *s;
    int64_t times; /* what its values, baseline and gain are multiplied by */
    uint16_t checksum;
    int32_t first;
} column;

static bool holds(const packing *p, const column *c) {
    int64_t low = p->missing, high = -(low + 1);
    for (int64_t i = 0; i < c->s->n; i++) {
        int64_t v = c->s->digital[i] * c->times;
        if (c->s->digital[i] != c->s->missing && (v <= low || v > high)) return false;
    }
    return true;
}

/* The smallest that holds all columns. Where none does, baselines are rounded to whole steps. */
static const packing *choose_packing(column *columns, int n) {
    enum { N = sizeof packings / sizeof *packings };
    for (int round = 0; round < 2; round++) {
        for (int k = 0; k < N; k++) {
            bool all = true;
            for (int i = 0; all && i < n; i++) all = holds(&packings[k], &columns[i]);
            if (all) return &packings[k];
        }
        for (int i = 0; i < n; i++) columns[i].times = 1;
    }
    return &packings[N - 1];
}

static int32_t sample(const column *c, int64_t i, const packing *p) {
    if (i >= c->s->n || c->s->digital[i] == c->s->missing) return p->missing;
    return (int32_t)(c->s->digital[i] * c->times);
}

static void write_samples(xp_buffer *b, const xp_stored *w, column *columns, const packing *p) {
    for (int64_t f = 0; f < w->n_frames && !b->failed; f++)
        for (int i = 0; i < w->n_signals; i++) {
            column *c = &columns[i];
            for (int k = 0; k < c->s->samples_per_frame; k++) {
                int32_t v = sample(c, f * c->s->samples_per_frame + k, p);
                c->checksum = (uint16_t)(c->checksum + (uint32_t)v);
                xp_buffer_le(b, (uint32_t)v, p->bytes);
            }
        }
}

/* ==== the header ============================================================================= */

/* src without what would end the field. */
static void field_text(char *dst, size_t size, const char *src, bool blanks) {
    xp_copy_text(dst, size, src);
    for (char *c = dst; *c; c++)
        if ((unsigned char)*c < 0x20 || (!blanks && (isspace((unsigned char)*c) || *c == '/')))
            *c = blanks ? ' ' : '_';
}

static void write_signal_line(xp_buffer *b, const char *file, const column *c, const packing *p) {
    const xp_stored_signal *s = c->s;
    char units[sizeof s->units], name[sizeof s->name];
    field_text(units, sizeof units, s->units, false);
    field_text(name, sizeof name, s->name, true);
    xp_buffer_printf(b, "%s %d", file, p->format);
    if (s->samples_per_frame > 1) xp_buffer_printf(b, "x%d", s->samples_per_frame);
    xp_buffer_text(b, " ");
    /* As header(5) says that a signal is not calibrated: no gain, or no units. */
    bool no_units = !*units || (!s->calibrated && !strcmp(units, "mV"));
    if (s->calibrated || no_units)
        xp_buffer_number(b, s->gain * (double)c->times);
    else
        xp_buffer_text(b, "0");
    xp_buffer_printf(b, "(%.0f)%s%s %d 0 %d %d 0 %s\n", nearbyint(s->baseline * (double)c->times),
                     no_units ? "" : "/", no_units ? "" : units, 8 * p->bytes, c->first,
                     (int16_t)c->checksum, name);
}

static bool is_clock(const char *s) {
    for (; *s; s++)
        if (!isdigit((unsigned char)*s) && *s != ':' && *s != '.' && *s != '/') return false;
    return true;
}

/* Date and time behind the record line: as a WFDB header had them, or from an ISO 8601 text. */
static void write_start(xp_buffer *b, const xp_stored *w) {
    int year, month, day;
    char clock[16];
    if (w->time[0] && is_clock(w->time) && is_clock(w->date)) {
        xp_buffer_printf(b, " %s%s%s", w->time, w->date[0] ? " " : "", w->date);
    } else if (sscanf(w->facts.start, "%4d-%2d-%2dT%15[0-9:.]", &year, &month, &day, clock) == 4) {
        xp_buffer_printf(b, " %s %02d/%02d/%04d", clock, day, month, year);
    }
}

static void write_comment(xp_buffer *b, const char *name, const char *text) {
    char line[600];
    if (!*text) return;
    field_text(line, sizeof line, text, true);
    xp_buffer_printf(b, "# %s%s%s\n", name, *name ? ": " : "", line);
}

/* Whether the recording's own comments state it. */
static bool has_comment(const xp_stored *w, const char *name) {
    size_t n = strlen(name);
    for (int i = 0; i < w->n_comments; i++)
        if (!strncmp(w->comments[i], name, n) && w->comments[i][n] == ':') return true;
    return false;
}

static void write_statements(xp_buffer *b, const xp_facts *f) {
    for (int i = 0; i < f->n_statements; i++) {
        const xp_statement *s = &f->statements[i];
        char text[320];
        if (isnan(s->value))
            snprintf(text, sizeof text, "%s", s->text);
        else
            snprintf(text, sizeof text, "%g %s", s->value, s->unit);
        write_comment(b, s->name, text);
    }
}

static void write_comments(xp_buffer *b, const xp_stored *w) {
    const xp_facts *f = &w->facts;
    for (int i = 0; i < w->n_comments; i++) write_comment(b, "", w->comments[i]);
    char age[XP_NUMBER_SIZE];
    if (!isnan(f->age) && !has_comment(w, "Age"))
        write_comment(b, "Age", xp_number_text(f->age, age));
    if (f->sex && !has_comment(w, "Sex"))
        write_comment(b, "Sex", f->sex == 'F' ? "Female" : "Male");
    if (w->n_comments) return; /* those of a WFDB header, which its other facts are from */
    write_comment(b, "Dx", f->dx);
    write_comment(b, "Device", f->device);
    write_comment(b, "Filter", f->filter);
    write_comment(b, "Patient name", f->patient_name);
    write_comment(b, "Patient id", f->patient_id);
    write_comment(b, "Birth date", f->birth_date);
    write_statements(b, f);
}

static void write_header(xp_buffer *b, const xp_stored *w, const char *name, const column *columns,
                         const packing *p) {
    char file[160];
    snprintf(file, sizeof file, "%s.dat", name);
    xp_buffer_printf(b, "%s %d ", name, w->n_signals);
    xp_buffer_number(b, w->rate);
    xp_buffer_printf(b, " %lld", (long long)w->n_frames);
    write_start(b, w);
    xp_buffer_text(b, "\n");
    for (int i = 0; i < w->n_signals; i++) write_signal_line(b, file, &columns[i], p);
    write_comments(b, w);
}

/* ============================================================================================= */

/* A record's name has letters, digits, - and _ alone. */
static void record_name(char *dst, size_t size, const char *name) {
    snprintf(dst, size, "%s", name);
    for (char *c = dst; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-') *c = '_';
}

static xp_status write_wfdb(xp_written *out, const xp_stored *w, const char *name,
                            const xp_write_options *opt, xp_error *err) {
    (void)opt;
    char record[128];
    column *columns = calloc((size_t)w->n_signals + 1, sizeof *columns);
    if (!columns) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    for (int i = 0; i < w->n_signals; i++)
        columns[i] = (column){.s = &w->signals[i], .times = whole_baseline(w->signals[i].baseline)};
    const packing *p = choose_packing(columns, w->n_signals);
    for (int i = 0; i < w->n_signals; i++) columns[i].first = sample(&columns[i], 0, p);
    record_name(record, sizeof record, name);
    xp_buffer *header = xp_written_add(out, record, ".hea");
    xp_buffer *samples = xp_written_add(out, record, ".dat");
    write_samples(samples, w, columns, p);
    write_header(header, w, record, columns, p);
    free(columns);
    return XP_OK;
}

const xp_writer xp_writer_wfdb = {
    .name = "wfdb",
    .title = "WFDB",
    .ending = ".hea",
    .low = -INT32_MAX,
    .high = INT32_MAX,
    .write = write_wfdb,
};
