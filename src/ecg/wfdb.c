/* From header and signal files to samples. */
#include "ecg/flac.h"
#include "ecg/wfdb_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The signals that share a file: interleaved by frames in the order of the header. */
typedef struct group {
    const xp_wfdb_format *format;
    const xp_wfdb_signal *first;
    xp_bytes data;    /* behind the byte offset */
    int64_t frame;    /* samples in one frame of the file */
    int64_t capacity; /* frames in the file */
    int n;            /* signals */
} group;

typedef struct reader {
    xp_wfdb_header *h;
    const xp_file_source *src;
    const char *folder;
    int *member; /* (n_signals) the group of each signal, -1 for a null signal */
    group *groups;
    int n_groups;
    xp_error *err;
} reader;

#define FAIL(r, g, code, fmt, ...)                                                                 \
    xp_fail((r)->err, code, "%s line %d: " fmt, (r)->h->file, (g)->line, __VA_ARGS__)

/* ---- groups and their files ---- */

static xp_status join_group(reader *r, group *g, const xp_wfdb_signal *s) {
    if (s->format != g->first->format)
        return FAIL(r, s, XP_ERR_FORMAT,
                    "%s has format %d here and %d on line %d: one file has one format", s->file,
                    s->format, g->first->format, g->first->line);
    if (s->byte_offset != g->first->byte_offset && s->byte_offset != 0)
        return FAIL(r, s, XP_ERR_FORMAT,
                    "%s has byte offset %lld here and %lld on line %d: correct the header", s->file,
                    (long long)s->byte_offset, (long long)g->first->byte_offset, g->first->line);
    g->frame += s->samples_per_frame;
    g->n++;
    return XP_OK;
}

static xp_status make_groups(reader *r) {
    xp_wfdb *w = &r->h->w;
    for (int i = 0; i < w->n_signals; i++) {
        const xp_wfdb_signal *s = &w->signals[i];
        r->member[i] = -1;
        if (s->format == 0) continue;
        int k = r->n_groups - 1;
        while (k >= 0 && strcmp(r->groups[k].first->file, s->file)) k--;
        if (k < 0) {
            k = r->n_groups++;
            r->groups[k] = (group){.format = xp_wfdb_find_format(s->format), .first = s};
        }
        XP_TRY(join_group(r, &r->groups[k], s));
        r->member[i] = k;
    }
    return XP_OK;
}

/* Decode the stream (as far as the header wants it) without keeping it: how many samples it really
 * holds. Only needed where the stream claims far more than its size suggests. */
static xp_status count_flac(reader *r, const group *g, xp_flac *f, int64_t *total) {
    int64_t n = r->h->w.n_frames, spf = g->first->samples_per_frame;
    int64_t wanted = n && n <= INT64_MAX / spf ? n * spf : INT64_MAX;
    int64_t limit = (INT64_C(1) << 28) + 64 * (int64_t)g->data.size;
    for (int got = 1; got && f->done < wanted;) {
        xp_status s = xp_flac_next(f, &got, r->err);
        if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s", g->first->file);
        if (f->done > limit / f->channels)
            return FAIL(r, g->first, XP_ERR_LIMIT,
                        "%s unpacks to more than %lld samples: is it an ECG?", g->first->file,
                        (long long)limit);
    }
    *total = f->done;
    return XP_OK;
}

static xp_status open_flac(reader *r, group *g) {
    xp_flac f;
    xp_status s = xp_flac_open(&f, g->data, r->err);
    if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s", g->first->file);
    int64_t total = f.total, size = (int64_t)g->data.size;
    bool plausible = total > 0 && total <= size / f.channels * 64;
    if (!plausible) s = count_flac(r, g, &f, &total);
    int channels = f.channels, bits = f.bits;
    xp_flac_close(&f);
    if (s != XP_OK) return s;
    if (channels != g->n || bits != g->format->flac_bits)
        return FAIL(r, g->first, XP_ERR_FORMAT,
                    "%s holds %d channels of %d bits, the header says %d signals of %d bits: the "
                    "files do not belong together",
                    g->first->file, channels, bits, g->n, g->format->flac_bits);
    int spf = g->first->samples_per_frame;
    if (g->frame != (int64_t)spf * g->n)
        return FAIL(r, g->first, XP_ERR_FORMAT,
                    "%s: the signals of a FLAC file must have equal samples per frame",
                    g->first->file);
    g->capacity = total / spf;
    return XP_OK;
}

static xp_status open_group(reader *r, group *g) {
    char name[260];
    snprintf(name, sizeof name, "%s%s", r->folder, g->first->file);
    xp_status s = r->src->get(r->src->ctx, name, &g->data, r->err);
    if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s line %d", r->h->file, g->first->line);
    if ((uint64_t)g->first->byte_offset > g->data.size)
        return FAIL(r, g->first, XP_ERR_TRUNCATED,
                    "the samples start at byte %lld of %s, which has only %zu bytes: copy the file "
                    "again",
                    (long long)g->first->byte_offset, g->first->file, g->data.size);
    g->data.data += g->first->byte_offset;
    g->data.size -= (size_t)g->first->byte_offset;
    if (g->format->flac_bits) return open_flac(r, g);
    g->capacity = xp_wfdb_capacity(g->format, g->data.size) / g->frame;
    return XP_OK;
}

/* ---- how much there is ---- */

int64_t xp_wfdb_gap_limit(int64_t stored) {
    return (INT64_C(1) << 24) + (stored < INT64_MAX / 128 ? 64 * stored : INT64_MAX / 2);
}

/* Without a length in the header: what all files hold. */
static void infer_length(reader *r) {
    xp_wfdb *w = &r->h->w;
    int64_t n = r->groups[0].capacity, most = n;
    for (int k = 1; k < r->n_groups; k++) {
        int64_t c = r->groups[k].capacity;
        n = c < n ? c : n;
        most = c > most ? c : most;
    }
    w->n_frames = n;
    if (most != n)
        xp_notice_add(&w->notices, XP_NOTE_TRUNCATED, NULL,
                      "%s gives no length and its files differ: %lld of up to %lld samples used",
                      r->h->file, (long long)n, (long long)most);
}

static xp_status check_length(reader *r) {
    xp_wfdb *w = &r->h->w;
    int64_t stored = 0, null_frame = 0;
    if (w->n_frames == 0 && r->n_groups) infer_length(r);
    for (int k = 0; k < r->n_groups; k++) {
        const group *g = &r->groups[k];
        if (g->capacity < w->n_frames)
            return FAIL(r, g->first, XP_ERR_TRUNCATED,
                        "%s holds %lld samples per signal, the header says %lld: the copy is "
                        "incomplete; copy it again, or set the length in the header to %lld",
                        g->first->file, (long long)g->capacity, (long long)w->n_frames,
                        (long long)g->capacity);
        stored += w->n_frames * g->frame;
    }
    for (int i = 0; i < w->n_signals; i++)
        if (r->member[i] < 0) null_frame += w->signals[i].samples_per_frame;
    if (null_frame && w->n_frames > xp_wfdb_gap_limit(stored) / null_frame)
        return xp_fail(r->err, XP_ERR_LIMIT,
                       "%s: the header asks for %lld samples of signals without a file: correct it",
                       r->h->file, (long long)w->n_frames);
    return XP_OK;
}

void *xp_wfdb_alloc(int64_t n, size_t each) {
    if (n < 0 || (uint64_t)n > (SIZE_MAX / 2) / each) return NULL;
    return malloc(n ? (size_t)n * each : 1);
}

/* One block for all signals: a malloc that large is not handed back to the system each time. */
static xp_status allocate(reader *r) {
    xp_wfdb *w = &r->h->w;
    int64_t frame = 0, at = 0;
    for (int i = 0; i < w->n_signals; i++) frame += w->signals[i].samples_per_frame;
    if (w->n_frames <= INT64_MAX / frame)
        w->samples = xp_wfdb_alloc(w->n_frames * frame, sizeof *w->samples);
    if (!w->samples)
        return xp_fail(r->err, XP_ERR_MEMORY,
                       "%s: %lld samples of %d signals do not fit into memory", r->h->file,
                       (long long)w->n_frames, w->n_signals);
    for (int i = 0; i < w->n_signals; i++) {
        xp_wfdb_signal *s = &w->signals[i];
        s->n = w->n_frames * s->samples_per_frame;
        s->digital = w->samples + at;
        at += s->n;
    }
    return XP_OK;
}

/* ---- samples ---- */

/* Deal the samples of `frames` whole frames out to the signals of group k, from frame `first`. */
static void scatter(reader *r, int k, const int32_t *in, int64_t first, int64_t frames) {
    xp_wfdb *w = &r->h->w;
    int64_t stride = r->groups[k].frame, at = 0;
    for (int i = 0; i < w->n_signals; i++) {
        if (r->member[i] != k) continue;
        int spf = w->signals[i].samples_per_frame;
        int32_t *out = w->signals[i].digital + first * spf;
        if (spf == 1)
            for (int64_t f = 0; f < frames; f++) out[f] = in[f * stride + at];
        else
            for (int64_t f = 0; f < frames; f++)
                memcpy(out + f * spf, in + f * stride + at, (size_t)spf * sizeof *out);
        at += spf;
    }
}

static xp_status read_packed(reader *r, int k) {
    const group *g = &r->groups[k];
    const xp_wfdb_format *f = g->format;
    /* A multiple of 6 frames starts on a whole group in every format; 2048 samples or so stay in
     * the first cache. */
    int64_t n = r->h->w.n_frames, chunk = 6 * (1 + 340 / g->frame);
    if (chunk > n) chunk = n;
    int32_t *buffer = xp_wfdb_alloc(chunk * g->frame, sizeof *buffer);
    if (!buffer) return xp_fail(r->err, XP_ERR_MEMORY, "%s: not enough memory", g->first->file);
    for (int64_t at = 0; at < n; at += chunk) {
        int64_t frames = n - at < chunk ? n - at : chunk;
        size_t skip = (size_t)(at * g->frame / f->group_samples * f->group_bytes);
        xp_wfdb_unpack(f, buffer, g->data.data + skip, g->data.size - skip, frames * g->frame);
        scatter(r, k, buffer, at, frames);
    }
    free(buffer);
    return XP_OK;
}

static void take_flac_block(reader *r, int k, const xp_flac *f, int n) {
    xp_wfdb *w = &r->h->w;
    int64_t at = f->done - n;
    for (int i = 0, c = 0; i < w->n_signals; i++) {
        xp_wfdb_signal *s = &w->signals[i];
        if (r->member[i] != k) continue;
        int64_t take = s->n - at < n ? s->n - at : n;
        if (take > 0)
            memcpy(s->digital + at, f->samples + (size_t)c * (size_t)f->max_block,
                   (size_t)take * sizeof *s->digital);
        c++;
    }
}

static xp_status read_flac(reader *r, int k) {
    const group *g = &r->groups[k];
    int64_t wanted = r->h->w.n_frames * g->first->samples_per_frame;
    xp_flac f;
    xp_status s = xp_flac_open(&f, g->data, r->err);
    if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s", g->first->file);
    int n = 1;
    while (f.done < wanted && n && s == XP_OK)
        if ((s = xp_flac_next(&f, &n, r->err)) == XP_OK) take_flac_block(r, k, &f, n);
    int64_t done = f.done;
    xp_flac_close(&f);
    if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s", g->first->file);
    if (done < wanted)
        return FAIL(r, g->first, XP_ERR_TRUNCATED,
                    "%s ends after %lld of %lld samples: the copy is incomplete; copy it again",
                    g->first->file, (long long)done, (long long)wanted);
    return XP_OK;
}

/* Format 8: first differences, from the initial value. Wraps like the 32-bit sum it is. */
static void integrate(xp_wfdb_signal *s) {
    uint32_t v = (uint32_t)s->initial;
    for (int64_t i = 0; i < s->n; i++) {
        v += (uint32_t)s->digital[i];
        s->digital[i] = (int32_t)v;
    }
}

/* The checksum is the 16-bit sum of the stored samples; headers write it signed or unsigned. */
static void verify(reader *r, const xp_wfdb_signal *s) {
    uint32_t sum = 0;
    for (int64_t i = 0; i < s->n; i++) sum += (uint32_t)s->digital[i];
    xp_notices *notes = &r->h->w.notices;
    if (s->n == 0) return;
    if (s->has_checksum && (uint16_t)sum != (uint16_t)s->checksum)
        xp_notice_add(notes, XP_NOTE_CHECKSUM, s->name,
                      "%s line %d: the checksum of \"%.40s\" is %d, the header says %d: the "
                      "samples may be damaged",
                      r->h->file, s->line, s->name, (int16_t)sum, (int16_t)s->checksum);
    else if (s->has_initial && s->format != 8 && s->digital[0] != s->initial &&
             s->digital[0] != s->missing)
        xp_notice_add(notes, XP_NOTE_CHECKSUM, s->name,
                      "%s line %d: the first sample of \"%.40s\" is %d, the header says %d",
                      r->h->file, s->line, s->name, s->digital[0], s->initial);
}

/* Take the delay out: sample i is what was stored skew frames later. */
static void remove_skew(xp_wfdb_signal *s) {
    int64_t late = (int64_t)s->skew * s->samples_per_frame;
    if (late > s->n) late = s->n;
    memmove(s->digital, s->digital + late, (size_t)(s->n - late) * sizeof *s->digital);
    for (int64_t i = s->n - late; i < s->n; i++) s->digital[i] = s->missing;
}

static void finish_signal(reader *r, xp_wfdb_signal *s, bool null) {
    if (null) {
        for (int64_t i = 0; i < s->n; i++) s->digital[i] = s->missing;
    } else {
        if (s->format == 8) integrate(s);
        verify(r, s);
        if (s->skew) remove_skew(s);
    }
    int64_t missing = 0;
    for (int64_t i = 0; i < s->n; i++) missing += s->digital[i] == s->missing;
    s->n_missing = missing;
}

static xp_status check_groups(reader *r) {
    XP_TRY(make_groups(r));
    for (int k = 0; k < r->n_groups; k++) XP_TRY(open_group(r, &r->groups[k]));
    return check_length(r);
}

static xp_status read_groups(reader *r) {
    XP_TRY(check_groups(r));
    XP_TRY(allocate(r));
    for (int k = 0; k < r->n_groups; k++)
        XP_TRY(r->groups[k].format->flac_bits ? read_flac(r, k) : read_packed(r, k));
    for (int i = 0; i < r->h->w.n_signals; i++)
        finish_signal(r, &r->h->w.signals[i], r->member[i] < 0);
    return XP_OK;
}

static xp_status with_reader(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                             xp_error *err, xp_status (*work)(reader *)) {
    size_t n = (size_t)h->w.n_signals;
    reader r = {.h = h, .src = src, .folder = folder, .err = err};
    r.member = malloc(n * sizeof *r.member);
    r.groups = malloc(n * sizeof *r.groups);
    xp_status s = r.member && r.groups
                      ? work(&r)
                      : xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", h->file);
    free(r.member);
    free(r.groups);
    return s;
}

xp_status xp_wfdb_read_signals(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                               xp_error *err) {
    return with_reader(h, folder, src, err, read_groups);
}

xp_status xp_wfdb_check_signals(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                                xp_error *err) {
    return with_reader(h, folder, src, err, check_groups);
}

/* ---- the whole record ---- */

void xp_wfdb_folder_of(char *folder, size_t size, const char *name) {
    const char *slash = strrchr(name, '/');
    snprintf(folder, size, "%.*s", slash ? (int)(slash - name + 1) : 0, name);
}

xp_status xp_wfdb_read(xp_wfdb *w, const char *name, const xp_file_source *src, xp_error *err) {
    char file[160], folder[160];
    xp_bytes text;
    if (!xp_wfdb_safe_name(name))
        return xp_fail(err, XP_ERR_USAGE, "\"%.100s\" is not a record name", name);
    snprintf(file, sizeof file, "%s.hea", name);
    xp_wfdb_folder_of(folder, sizeof folder, name);
    XP_TRY(src->get(src->ctx, file, &text, err));
    xp_wfdb_header h;
    XP_TRY(xp_wfdb_parse_header(&h, file, text, err));
    xp_status s = h.segments ? xp_wfdb_read_segments(&h, folder, src, err)
                             : xp_wfdb_read_signals(&h, folder, src, err);
    if (s == XP_OK) {
        *w = h.w;
        h.w = (xp_wfdb){0};
    }
    xp_wfdb_header_free(&h);
    return s;
}

void xp_wfdb_free(xp_wfdb *w) {
    for (int i = 0; w->signals && i < w->n_signals; i++) free(w->signals[i].physical);
    free(w->signals);
    free(w->samples);
    for (int i = 0; i < w->n_comments; i++) free(w->comments[i]);
    free(w->comments);
    xp_notices_free(&w->notices);
    *w = (xp_wfdb){0};
}

xp_status xp_wfdb_physical(xp_wfdb *w, xp_error *err) {
    for (int i = 0; i < w->n_signals; i++) {
        xp_wfdb_signal *s = &w->signals[i];
        if (s->physical) continue;
        if (!(s->physical = xp_wfdb_alloc(s->n, sizeof *s->physical)))
            return xp_fail(err, XP_ERR_MEMORY, "%s: %lld samples do not fit into memory", w->name,
                           (long long)s->n);
        for (int64_t k = 0; k < s->n; k++)
            s->physical[k] =
                s->digital[k] == s->missing ? NAN : ((double)s->digital[k] - s->baseline) / s->gain;
    }
    return XP_OK;
}
