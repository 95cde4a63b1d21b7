/* Multi-segment records: their segments, one after the other, in physical units.
 *
 * Fixed layout: every segment has the record's signals in the same order. Variable layout: the
 * first segment has length 0 and is the layout, which names every signal; a segment has some of
 * them, found by name. The segment's own gain holds (the layout's is only for display), and what a
 * segment lacks is a gap, as is a segment called "~". header(5). */
#include "ecg/wfdb_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct joiner {
    xp_wfdb_header *h; /* the multi-segment header, being filled */
    const char *folder;
    const xp_file_source *src;
    const xp_read_options *opt;
    xp_error *err;
    int wanted;     /* signals, by the record line */
    bool variable;  /* layout */
    int64_t stored; /* samples that files hold */
    bool failed;    /* every checksum of some segment; */
    bool held;      /* one of any segment */
    bool said_beside;
    int n_said; /* notices about segments */
} joiner;

#define FAIL(j, line, code, fmt, ...)                                                              \
    xp_fail((j)->err, code, "%s line %d: " fmt, (j)->h->file, line, __VA_ARGS__)

/* Read a segment's header and either check that its files hold what it says, or read them. */
static xp_status read_segment(joiner *j, const xp_wfdb_segment *g, bool check_only,
                              xp_wfdb_header *out) {
    char folder[XP_WFDB_PATH];
    xp_wfdb_file found;
    xp_bytes text;
    xp_status s = xp_wfdb_find(&found, j->src, j->folder, g->name, ".hea", j->err);
    if (s == XP_OK) s = j->src->get(j->src->ctx, found.path, &text, j->err);
    if (s != XP_OK) return xp_fail_prefix(j->err, s, "%s line %d", j->h->file, g->line);
    xp_wfdb_folder_of(folder, sizeof folder, found.path);
    if (found.beside && !j->said_beside)
        xp_notice_add(&j->h->w.notices, XP_SAY_FILE_BESIDE, NULL,
                      XP_ARGS(xp_arg_text("file", j->h->file), xp_arg_number("line", g->line),
                              xp_arg_text("path", g->name),
                              xp_arg_text("name", found.path + strlen(j->folder))));
    xp_wfdb_header h;
    j->said_beside |= found.beside;
    XP_TRY(xp_wfdb_parse_header(&h, found.path, text, j->err));
    h.wanted = g->n;
    if (h.segments)
        s = FAIL(j, g->line, XP_ERR_UNSUPPORTED,
                 "segment %s is itself made of segments, which header(5) does not allow", g->name);
    else
        s = check_only ? xp_wfdb_check_signals(&h, folder, j->src, j->err)
                       : xp_wfdb_read_signals(&h, folder, j->src, j->opt, j->err);
    if (s == XP_OK)
        *out = h;
    else
        xp_wfdb_header_free(&h);
    return s;
}

static xp_status check_segment(joiner *j, const xp_wfdb_segment *g, const xp_stored *w) {
    if (fabs(w->rate - j->h->w.rate) > 1e-6 * j->h->w.rate)
        return FAIL(j, g->line, XP_ERR_FORMAT,
                    "segment %s has %g samples per second, the record %g: correct the headers",
                    g->name, w->rate, j->h->w.rate);
    if (w->n_frames < g->n)
        return FAIL(j, g->line, XP_ERR_TRUNCATED,
                    "segment %s has %lld samples, %lld were expected: copy its files again",
                    g->name, (long long)w->n_frames, (long long)g->n);
    if (!j->variable && w->n_signals != j->wanted)
        return FAIL(j, g->line, XP_ERR_FORMAT, "segment %s has %d signals, the record has %d",
                    g->name, w->n_signals, j->wanted);
    return XP_OK;
}

/* The record's signals: those of the layout, or of the first segment that is not a gap. */
static xp_status take_signals(joiner *j, const xp_wfdb_segment *g, const xp_stored *from) {
    xp_stored *w = &j->h->w;
    if (from->n_signals != j->wanted)
        return FAIL(j, g->line, XP_ERR_FORMAT,
                    "%s has %d signals, the record line says %d: correct the header", g->name,
                    from->n_signals, j->wanted);
    w->signals = calloc((size_t)from->n_signals, sizeof *w->signals);
    if (!w->signals) return FAIL(j, g->line, XP_ERR_MEMORY, "%s", "not enough memory");
    w->n_signals = from->n_signals;
    for (int i = 0; i < w->n_signals; i++) {
        w->signals[i] = from->signals[i];
        w->signals[i].digital = NULL;
        w->signals[i].physical = NULL;
        w->signals[i].n = 0;
    }
    return XP_OK;
}

/* The record's signal that is signal i of a segment; -1 when the layout does not name it. */
static int find_signal(const joiner *j, const xp_stored *segment, int i) {
    if (!j->variable) return i;
    const xp_stored *w = &j->h->w;
    for (int k = 0; k < w->n_signals; k++)
        if (!strcmp(w->signals[k].name, segment->signals[i].name)) return k;
    return -1;
}

static xp_status copy_samples(joiner *j, const xp_wfdb_segment *g, const xp_stored_signal *from,
                              xp_stored_signal *to, int64_t first) {
    int spf = to->samples_per_frame;
    if (from->samples_per_frame != spf)
        return FAIL(j, g->line, XP_ERR_UNSUPPORTED,
                    "\"%s\" has %d samples per frame in segment %s and %d in the record", to->name,
                    from->samples_per_frame, g->name, spf);
    if (strcmp(from->units, to->units) && from->format != 0)
        return FAIL(j, g->line, XP_ERR_UNITS,
                    "\"%s\" is in %s in segment %s and in %s in the record: correct the headers",
                    to->name, from->units, g->name, to->units);
    to->calibrated &= from->calibrated;
    if (j->opt->no_samples)
        to->n_missing += from->n_missing - g->n * spf;
    else
        memcpy(to->physical + first * spf, from->physical, (size_t)(g->n * spf) * sizeof(double));
    return XP_OK;
}

/* Segments may be many: what is wrong with some of them says enough. */
static bool may_say(joiner *j) {
    enum { ENOUGH = 64 };
    return j->n_said++ < ENOUGH;
}

static xp_status place_segment(joiner *j, const xp_wfdb_segment *g, xp_stored *segment,
                               int64_t first) {
    xp_stored *w = &j->h->w;
    if (!j->opt->no_samples) XP_TRY(xp_stored_physical(segment, j->err));
    for (int i = 0; i < segment->n_signals; i++) {
        int k = find_signal(j, segment, i);
        if (k >= 0)
            XP_TRY(copy_samples(j, g, &segment->signals[i], &w->signals[k], first));
        else if (may_say(j))
            xp_notice_add(&w->notices, XP_SAY_NOT_IN_LAYOUT, segment->signals[i].name,
                          XP_ARGS(xp_arg_text("file", j->h->file), xp_arg_number("line", g->line),
                                  xp_arg_text("signal", segment->signals[i].name),
                                  xp_arg_text("segment", g->name)));
    }
    for (int i = 0; i < segment->notices.n; i++)
        if (segment->notices.items[i].code == XP_NOTE_CHECKSUM && may_say(j))
            xp_notice_copy(&w->notices, &segment->notices.items[i], segment->notices.items[i].lead);
    return XP_OK;
}

static bool is_gap(const xp_wfdb_segment *g) {
    return !strcmp(g->name, "~");
}

/* Frames of all segments together. */
static xp_status add_lengths(joiner *j) {
    xp_wfdb_header *h = j->h;
    int64_t n = 0;
    for (int i = 0; i < h->n_segments; i++) {
        const xp_wfdb_segment *g = &h->segments[i];
        if (g->n > (INT64_C(1) << 48) - n)
            return FAIL(j, g->line, XP_ERR_LIMIT, "%s", "the segments are too long together");
        n += g->n;
    }
    if (h->w.n_frames && h->w.n_frames != n)
        xp_notice_add(&h->w.notices, XP_SAY_SEGMENTS_LENGTH, NULL,
                      XP_ARGS(xp_arg_text("file", h->file),
                              xp_arg_number("length", (double)h->w.n_frames),
                              xp_arg_number("samples", (double)n)));
    h->w.n_frames = n;
    return XP_OK;
}

/* The same piece of the same segment: what was found of the one before holds for it. */
static bool is_repeated(const xp_wfdb_segment *g, const xp_wfdb_segment *before) {
    return g->n == before->n && !strcmp(g->name, before->name);
}

static xp_status survey_segment(joiner *j, const xp_wfdb_segment *g, int64_t *stored) {
    xp_wfdb_header segment;
    XP_TRY(read_segment(j, g, true, &segment));
    xp_status s = j->h->w.signals ? XP_OK : take_signals(j, g, &segment.w);
    if (s == XP_OK && g->n) s = check_segment(j, g, &segment.w);
    *stored = 0;
    for (int k = 0; s == XP_OK && k < segment.w.n_signals; k++)
        if (segment.w.signals[k].format) *stored += g->n * segment.w.signals[k].samples_per_frame;
    xp_wfdb_header_free(&segment);
    return s;
}

/* First pass: the signals, and whether every segment is there, before any memory is taken. */
static xp_status survey(joiner *j) {
    xp_wfdb_header *h = j->h;
    XP_TRY(add_lengths(j));
    j->variable = h->segments[0].n == 0 && !is_gap(&h->segments[0]);
    int64_t stored = 0; /* samples of the segment before */
    for (int i = 0; i < h->n_segments; i++) {
        const xp_wfdb_segment *g = &h->segments[i];
        if (is_gap(g)) continue;
        if (i == 0 || !is_repeated(g, g - 1)) XP_TRY(survey_segment(j, g, &stored));
        j->stored += stored;
    }
    if (!h->w.signals)
        return xp_fail(j->err, XP_ERR_FORMAT,
                       "%s: the record has only gaps: no segment names its signals", h->file);
    return XP_OK;
}

/* How long it is, and whether that is credible and may be held. */
static xp_status check_extent(joiner *j) {
    xp_stored *w = &j->h->w;
    int64_t frame = 0;
    for (int i = 0; i < w->n_signals; i++) frame += w->signals[i].samples_per_frame;
    if (w->n_frames > xp_wfdb_gap_limit(j->stored) / frame)
        return xp_fail(
            j->err, XP_ERR_LIMIT,
            "%s: %lld samples per signal, almost all of them gaps: read the segments one "
            "by one",
            j->h->file, (long long)w->n_frames);
    for (int i = 0; i < w->n_signals; i++) {
        w->signals[i].n = w->n_frames * w->signals[i].samples_per_frame;
        w->signals[i].n_missing = j->opt->no_samples ? w->signals[i].n : 0;
    }
    if (j->opt->no_samples) return XP_OK;
    return xp_wfdb_check_memory(j->h->file, 0, (double)w->n_frames * (double)frame, j->opt, j->err);
}

/* Memory for the whole record, all missing. */
static xp_status allocate(joiner *j) {
    xp_stored *w = &j->h->w;
    for (int i = 0; i < w->n_signals; i++) {
        xp_stored_signal *s = &w->signals[i];
        if (!(s->physical = xp_alloc_array(s->n, sizeof *s->physical)))
            return xp_fail(j->err, XP_ERR_MEMORY, "%s: %lld samples do not fit into memory",
                           j->h->file, (long long)s->n);
        for (int64_t k = 0; k < s->n; k++) s->physical[k] = NAN;
    }
    return XP_OK;
}

static xp_status take_segment(joiner *j, const xp_wfdb_segment *g, xp_wfdb_header *segment,
                              int64_t first) {
    j->failed |= segment->w.checksums_failed;
    j->held |= segment->held;
    return place_segment(j, g, &segment->w, first);
}

/* Segment by segment; one that is repeated is read once where its samples are not kept. */
static xp_status fill(joiner *j) {
    xp_wfdb_header *h = j->h, segment = {.n_segments = 0};
    xp_status s = XP_OK;
    bool there = false;
    for (int64_t i = 0, first = 0; s == XP_OK && i < h->n_segments; first += h->segments[i++].n) {
        const xp_wfdb_segment *g = &h->segments[i];
        if (is_gap(g) || !g->n) continue;
        if (!(there && j->opt->no_samples && is_repeated(g, g - 1))) {
            if (there) xp_wfdb_header_free(&segment);
            s = read_segment(j, g, false, &segment);
            there = s == XP_OK;
        }
        if (s == XP_OK) s = take_segment(j, g, &segment, first);
    }
    if (there) xp_wfdb_header_free(&segment);
    return s;
}

static void finish_signal(joiner *j, xp_stored_signal *s) {
    for (int64_t k = 0; s->physical && k < s->n; k++) s->n_missing += isnan(s->physical[k]) != 0;
    if (s->calibrated) return;
    xp_notice_add(&j->h->w.notices, XP_SAY_SEGMENT_UNCALIBRATED, s->name,
                  XP_ARGS(xp_arg_text("file", j->h->file), xp_arg_number("gain", s->gain),
                          xp_arg_text("units", s->units)));
}

xp_status xp_wfdb_read_segments(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                                const xp_read_options *opt, xp_error *err) {
    joiner j = {
        .h = h, .folder = folder, .src = src, .opt = opt, .err = err, .wanted = h->w.n_signals};
    h->w.n_signals = 0; /* none is there yet */
    XP_TRY(survey(&j));
    XP_TRY(check_extent(&j));
    if (!opt->no_samples) XP_TRY(allocate(&j));
    XP_TRY(fill(&j));
    h->w.checksums_failed = j.failed && !j.held;
    for (int i = 0; i < h->w.n_signals; i++) finish_signal(&j, &h->w.signals[i]);
    return XP_OK;
}
