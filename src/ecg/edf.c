/* EDF, EDF+ and BDF: from data records to signals; the rows of the table of formats. */
#include "ecg/edf_internal.h"
#include "ecg/frames_plans.h"
#include "ecg/window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A frame is the part of a data record in which every signal has a whole number of samples. */
typedef struct layout {
    int64_t frames;     /* in a data record */
    int n;              /* signals without the annotations */
    int64_t per_signal; /* n_frames of the recording; with gaps */
    int64_t stored;     /* samples in the file */
} layout;

static int64_t common_divisor(int64_t a, int64_t b) {
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static layout plan_frames(const xp_edf *h) {
    layout l = {0};
    for (int i = 0; i < h->n_signals; i++) {
        const xp_edf_signal *s = &h->signals[i];
        if (s->annotations) continue;
        l.frames = common_divisor(s->samples, l.frames);
        l.n++;
        l.stored += s->samples * h->n_records;
    }
    return l;
}

/* ==== where data records lie ================================================================= */

/* Walks over the data records of one signal: a run of them without a gap is placed as a whole, so
 * that times with few digits open no gaps of one sample. */
typedef struct walk {
    const xp_edf *h;
    const xp_edf_signal *s;
    int64_t run, run_at; /* the first data record of the run, and where its first sample lies */
} walk;

static bool follows_a_gap(const xp_edf *h, int64_t record) {
    return h->onsets && record > 0 &&
           h->onsets[record] - h->onsets[record - 1] - h->duration > h->half_sample;
}

/* Where the first sample of the data record lies; to be asked of each record in turn. */
static int64_t place_record(walk *w, int64_t record) {
    if (follows_a_gap(w->h, record)) {
        int64_t at = llround(w->h->onsets[record] * (double)w->s->samples / w->h->duration);
        int64_t end = w->run_at + (record - w->run) * w->s->samples;
        w->run = record;
        w->run_at = at < end ? end : at;
    }
    return w->run_at + (record - w->run) * w->s->samples;
}

/* Frames from the first sample to the last, so that no signal is cut. */
static int64_t count_frames(const xp_edf *h, const layout *l) {
    int64_t most = 0;
    for (int i = 0; i < h->n_signals; i++) {
        const xp_edf_signal *s = &h->signals[i];
        if (s->annotations) continue;
        walk w = {h, s, 0, 0};
        int64_t end = 0, spf = s->samples / l->frames;
        for (int64_t r = 0; r < h->n_records; r++) end = place_record(&w, r) + s->samples;
        int64_t frames = (end + spf - 1) / spf;
        if (frames > most) most = frames;
    }
    return most;
}

static xp_status plan_length(const xp_edf *h, layout *l, xp_error *err) {
    l->per_signal = h->n_records * l->frames;
    if (!h->onsets) return XP_OK;
    double seconds = h->onsets[h->n_records - 1] + h->duration;
    double wanted = seconds * (double)l->stored / ((double)h->n_records * h->duration);
    double most = 16777216.0 + 64 * (double)l->stored;
    if (wanted > most)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%s: its data records span %.6g s, almost all of them gaps: cut the "
                       "recording into parts without long gaps",
                       h->file, seconds);
    l->per_signal = count_frames(h, l);
    return XP_OK;
}

/* ==== samples ================================================================================ */

static void copy_samples(int32_t *to, xp_bytes from, int bytes) {
    int64_t n = (int64_t)from.size / bytes;
    const uint8_t *p = from.data;
    if (bytes == 2)
        for (int64_t i = 0; i < n; i++, p += 2) to[i] = (int16_t)(p[0] | p[1] << 8);
    else /* four bytes at once, of which the first is the one before: a file's header at least */
        for (int64_t i = 0; i < n; i++, p += 3)
            to[i] = (int32_t)((uint32_t)p[-1] | (uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 |
                              (uint32_t)p[2] << 24) >>
                    8;
}

static void fill_signal(xp_stored_signal *to, const xp_edf *h, const xp_edf_signal *s) {
    walk w = {h, s, 0, 0};
    if (h->onsets)
        for (int64_t i = 0; i < to->n; i++) to->digital[i] = to->missing;
    for (int64_t r = 0; r < h->n_records; r++)
        copy_samples(to->digital + place_record(&w, r), xp_edf_samples(h, s, r), h->sample_bytes);
    to->n_missing = to->n - h->n_records * s->samples;
    if (!s->marks_missing) return;
    for (int64_t i = 0; i < to->n; i++)
        if (to->digital[i] == XP_EDF_MISSING) {
            to->digital[i] = to->missing;
            to->n_missing++;
        }
}

/* How many samples are missing, of an outline. Those that are marked are counted in one pass over
 * the file, which is looked at piece by piece. */
static void count_missing(xp_stored *w, const xp_edf *h) {
    for (int64_t r = -1; r < h->n_records; r++)
        for (int i = 0, k = 0; i < h->n_signals; i++) {
            const xp_edf_signal *from = &h->signals[i];
            if (from->annotations) continue;
            xp_stored_signal *to = &w->signals[k++];
            if (r < 0) to->n_missing = to->n - h->n_records * from->samples;
            if (r < 0 || !from->marks_missing) continue;
            xp_bytes b = xp_edf_samples(h, from, r);
            for (size_t j = 0; j + 1 < b.size; j += 2)
                to->n_missing += (int16_t)(b.data[j] | b.data[j + 1] << 8) == XP_EDF_MISSING;
        }
}

/* Limits are written with few digits: what is a whole number but for their rounding is one. */
static double nearly_whole(double v) {
    return fabs(v - round(v)) <= 1e-9 * fmax(1, fabs(v)) ? round(v) : v;
}

static void describe_signal(xp_stored_signal *to, const xp_edf *h, const xp_edf_signal *s,
                            const xp_read_options *opt) {
    double physical = s->physical[1] - s->physical[0], digital = s->digital[1] - s->digital[0];
    xp_copy_text(to->name, sizeof to->name, s->label);
    xp_copy_text(to->units, sizeof to->units, s->unit);
    if (!*s->unit) {
        to->calibrated = opt && opt->unit;
        xp_copy_text(to->units, sizeof to->units, to->calibrated ? opt->unit : "");
    }
    to->gain = nearly_whole(digital / physical);
    to->baseline =
        nearly_whole((s->digital[0] * s->physical[1] - s->digital[1] * s->physical[0]) / physical);
    to->adc_resolution = 8 * h->sample_bytes;
}

static xp_status fill(xp_stored *w, const xp_edf *h, const layout *l, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    int64_t *counts = xp_alloc_array(l->n, sizeof *counts);
    if (!counts) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its signals", h->file);
    for (int i = 0, k = 0; i < h->n_signals; i++)
        if (!h->signals[i].annotations)
            counts[k++] = l->per_signal * (h->signals[i].samples / l->frames);
    double rate = nearly_whole((double)l->frames / h->duration);
    xp_status s = h->window ? xp_stored_outline(w, name, rate, l->n, counts, err)
                            : xp_stored_alloc(w, name, rate, l->n, counts, err);
    free(counts);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", h->file);
    w->n_frames = l->per_signal;
    for (int i = 0, k = 0; i < h->n_signals; i++) {
        const xp_edf_signal *from = &h->signals[i];
        if (from->annotations) continue;
        xp_stored_signal *to = &w->signals[k++];
        to->samples_per_frame = (int)(from->samples / l->frames);
        describe_signal(to, h, from, opt);
        if (!h->window) fill_signal(to, h, from);
    }
    if (h->window) count_missing(w, h);
    return XP_OK;
}

/* ==== the recording ========================================================================== */

static void note_rest(xp_stored *w, const xp_edf *h) {
    int64_t rest = (int64_t)h->size - h->header_bytes - h->n_records * h->record_bytes;
    if (rest > 0)
        xp_notice_add(&w->notices, XP_SAY_BYTES_BEHIND, NULL,
                      XP_ARGS(xp_arg_text("file", h->file), xp_arg_number("bytes", (double)rest)));
}

static xp_status read_parsed(xp_stored *w, xp_edf *h, const char *name, const xp_read_options *opt,
                             xp_error *err) {
    layout l = plan_frames(h);
    xp_stored made;
    XP_TRY(xp_edf_read_times(h, err));
    XP_TRY(plan_length(h, &l, err));
    XP_TRY(fill(&made, h, &l, name, opt, err));
    note_rest(&made, h);
    if (!xp_edf_read_facts(&made.facts, h)) {
        xp_stored_free(&made);
        return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its annotations", h->file);
    }
    *w = made;
    return XP_OK;
}

static xp_status read_bytes(xp_stored *w, xp_edf *h, const xp_read_options *opt, xp_error *err) {
    const char *name = h->file;
    XP_TRY(xp_edf_parse_header(h, err));
    xp_status s = read_parsed(w, h, name, opt, err);
    xp_edf_free(h);
    return s;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    xp_edf h = {.file = name};
    xp_file_window file;
    if (opt && opt->no_samples && xp_file_window_open(&file, src, name)) {
        h.window = &file;
        h.size = file.size;
        h.data = xp_file_window_at(&file, 0, file.size < 256 ? (size_t)file.size : 256);
        xp_status s = h.data.size || !file.size
                          ? read_bytes(w, &h, opt, err)
                          : xp_fail(err, XP_ERR_IO, "%s cannot be read", name);
        xp_file_window_close(&file);
        return s;
    }
    XP_TRY(src->get(src->ctx, name, &h.data, err));
    h.size = h.data.size;
    return read_bytes(w, &h, opt, err);
}

/* A digit and blanks begin many a text: where the header's numbers stand there must be numbers. */
static xp_likeness sniff_edf(const char *name, xp_bytes start) {
    double v;
    if (start.size >= 256 && xp_edf_has_version(start.data) &&
        xp_field_number(&v, xp_field(start, 184, 8)) &&
        xp_field_number(&v, xp_field(start, 252, 4)))
        return XP_LIKE_BY_CONTENT;
    return xp_name_ends_with(name, ".edf") ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

static xp_likeness sniff_bdf(const char *name, xp_bytes start) {
    if (start.size >= 8 && !memcmp(start.data,
                                   "\xff"
                                   "BIOSEMI",
                                   8))
        return XP_LIKE_BY_CONTENT;
    return xp_name_ends_with(name, ".bdf") ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

const xp_format xp_format_edf = {
    .name = "EDF",
    .help = "An EDF or EDF+ file (.edf) is a record.",
    .sniff = sniff_edf,
    .read = read,
    .frames = xp_edf_frames,
};

const xp_format xp_format_bdf = {
    .name = "BDF",
    .help = "A BDF file (.bdf) is a record.",
    .sniff = sniff_bdf,
    .read = read,
    .frames = xp_edf_frames,
};
