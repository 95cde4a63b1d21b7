/* From a parsed header and its signal files to samples. */
#include "ecg/flac.h"
#include "ecg/wfdb_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The signals that share a file: interleaved by frames in the order of the header. */
typedef struct group {
    const xp_wfdb_format *format;
    const xp_stored_signal *first;
    xp_wfdb_file file; /* its size: behind the byte offset */
    xp_bytes data;     /* that, once it is loaded */
    int64_t frame;     /* samples in one frame of the file */
    int64_t capacity;  /* frames in the file */
    int n;             /* signals */
    const char *name;  /* the end of first->file by which it was found: all of it, or beside */
} group;

/* What is known of a signal whose samples go by. */
typedef struct tally {
    int64_t n, missing;
    uint32_t sum;
    int32_t first, value; /* the first sample; the last of format 8 */
} tally;

typedef struct reader {
    xp_wfdb_header *h;
    const xp_file_source *src;
    const char *folder;
    const xp_read_options *opt;
    tally *tallies; /* (n_signals) with opt->no_samples */
    int *member;    /* (n_signals) the group of each signal, -1 for a null signal */
    group *groups;
    int n_groups;
    int n_sums, n_wrong; /* checksums that are stated, and those that differ */
    bool any_sum;        /* one of them is not 0: writers that make none write 0 */
    xp_error *err;
} reader;

#define FAIL(r, g, code, fmt, ...)                                                                 \
    xp_fail((r)->err, code, "%s line %d: " fmt, (r)->h->file, (g)->line, __VA_ARGS__)

/* ---- groups and their files ---- */

static xp_status join_group(reader *r, group *g, const xp_stored_signal *s) {
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
    xp_stored *w = &r->h->w;
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
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

static xp_status measure_flac(reader *r, group *g) {
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

/* Two paths that end in one name are two files: one beside the header cannot be both. */
static xp_status check_beside(reader *r, const group *g) {
    for (int k = 0; k < r->n_groups; k++) {
        const group *other = &r->groups[k];
        if (other != g && other->name && !strcmp(other->name, g->name))
            return FAIL(r, g->first, XP_ERR_NOT_FOUND,
                        "%s and, on line %d, %s are not both at their paths, and %s beside the "
                        "header cannot be both: put the files at their paths",
                        g->first->file, other->first->line, other->first->file, g->name);
    }
    return XP_OK;
}

/* The group's file, at its path or beside the header. */
static xp_status find_file(reader *r, group *g) {
    const char *file = g->first->file;
    xp_status s = xp_wfdb_find(&g->file, r->src, r->folder, file, "", r->err);
    if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s line %d", r->h->file, g->first->line);
    g->name = file + strlen(file) - strlen(g->file.path + strlen(r->folder));
    if (g->file.beside)
        xp_notice_add(&r->h->w.notices, XP_SAY_FILE_BESIDE, NULL,
                      XP_ARGS(xp_arg_text("file", r->h->file),
                              xp_arg_number("line", g->first->line), xp_arg_text("path", file),
                              xp_arg_text("name", g->name)));
    return check_beside(r, g);
}

static xp_status load_group(reader *r, group *g) {
    if (g->data.data) return XP_OK;
    xp_status s = r->src->get(r->src->ctx, g->file.path, &g->data, r->err);
    if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s line %d", r->h->file, g->first->line);
    if (g->data.size < (uint64_t)g->first->byte_offset + g->file.size)
        return FAIL(r, g->first, XP_ERR_IO, "%s became shorter while it was read", g->first->file);
    g->data.data += g->first->byte_offset;
    g->data.size -= (size_t)g->first->byte_offset;
    return XP_OK;
}

/* A compressed file is looked into to know how long it is, unless it is large and its samples are
 * not wanted: then the header's word is taken. */
static xp_status open_flac(reader *r, group *g) {
    enum { LARGE = 32 << 20 };
    if (r->opt->no_samples && g->file.size > LARGE) {
        g->capacity = r->h->w.n_frames;
        return XP_OK;
    }
    XP_TRY(xp_wfdb_check_memory(r->h->file, (double)g->file.size, 0, r->opt, r->err));
    XP_TRY(load_group(r, g));
    return measure_flac(r, g);
}

static xp_status open_group(reader *r, group *g) {
    XP_TRY(find_file(r, g));
    if ((uint64_t)g->first->byte_offset > g->file.size)
        return FAIL(
            r, g->first, XP_ERR_TRUNCATED,
            "the samples start at byte %lld of %s, which has only %llu bytes: copy the file "
            "again",
            (long long)g->first->byte_offset, g->first->file, (unsigned long long)g->file.size);
    g->file.size -= (uint64_t)g->first->byte_offset;
    if (g->format->flac_bits) return open_flac(r, g);
    g->capacity = xp_wfdb_capacity(g->format, g->file.size) / g->frame;
    return XP_OK;
}

/* ---- how much there is ---- */

/* Without a length in the header: what all files hold. */
static void infer_length(reader *r) {
    xp_stored *w = &r->h->w;
    int64_t n = r->groups[0].capacity, most = n;
    for (int k = 1; k < r->n_groups; k++) {
        int64_t c = r->groups[k].capacity;
        n = c < n ? c : n;
        most = c > most ? c : most;
    }
    w->n_frames = n;
    if (most != n)
        xp_notice_add(&w->notices, XP_SAY_FILES_DIFFER, NULL,
                      XP_ARGS(xp_arg_text("file", r->h->file), xp_arg_number("used", (double)n),
                              xp_arg_number("most", (double)most)));
}

static xp_status check_length(reader *r) {
    xp_stored *w = &r->h->w;
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

/* One block for all signals: a malloc that large is not handed back to the system each time. */
static xp_status allocate(reader *r) {
    xp_stored *w = &r->h->w;
    int64_t frame = 0, at = 0;
    double bytes = 0;
    for (int k = 0; k < r->n_groups; k++) bytes += (double)r->groups[k].file.size;
    for (int i = 0; i < w->n_signals; i++) frame += w->signals[i].samples_per_frame;
    XP_TRY(xp_wfdb_check_memory(r->h->file, bytes, (double)w->n_frames * (double)frame, r->opt,
                                r->err));
    if (w->n_frames <= INT64_MAX / frame)
        w->samples = xp_alloc_array(w->n_frames * frame, sizeof *w->samples);
    if (!w->samples)
        return xp_fail(r->err, XP_ERR_MEMORY,
                       "%s: %lld samples of %d signals do not fit into memory", r->h->file,
                       (long long)w->n_frames, w->n_signals);
    for (int i = 0; i < w->n_signals; i++) {
        xp_stored_signal *s = &w->signals[i];
        s->n = w->n_frames * s->samples_per_frame;
        s->digital = w->samples + at;
        at += s->n;
    }
    return XP_OK;
}

/* ---- samples ---- */

/* n samples of `in`, every stride-th, to out: four in a step, since this is most of a read. */
static void take_every(int32_t *restrict out, const int32_t *restrict in, int64_t stride,
                       int64_t n) {
    int64_t i = 0;
    for (; i + 4 <= n; i += 4, in += 4 * stride) {
        out[i] = in[0];
        out[i + 1] = in[stride];
        out[i + 2] = in[2 * stride];
        out[i + 3] = in[3 * stride];
    }
    for (; i < n; i++, in += stride) out[i] = *in;
}

/* Deal the samples of `frames` whole frames out to the signals of group k, from frame `first`. */
static void scatter(reader *r, int k, const int32_t *in, int64_t first, int64_t frames) {
    xp_stored *w = &r->h->w;
    int64_t stride = r->groups[k].frame, at = 0;
    for (int i = 0; i < w->n_signals; i++) {
        if (r->member[i] != k) continue;
        int spf = w->signals[i].samples_per_frame;
        int32_t *out = w->signals[i].digital + first * spf;
        if (spf == 1)
            take_every(out, in + at, stride, frames);
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
    int32_t *buffer = xp_alloc_array(chunk * g->frame, sizeof *buffer);
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
    xp_stored *w = &r->h->w;
    int64_t at = f->done - n;
    for (int i = 0, c = 0; i < w->n_signals; i++) {
        xp_stored_signal *s = &w->signals[i];
        if (r->member[i] != k) continue;
        int64_t take = s->n - at < n ? s->n - at : n;
        if (take > 0)
            memcpy(s->digital + at, f->samples + (size_t)c * (size_t)f->max_block,
                   (size_t)take * sizeof *s->digital);
        c++;
    }
}

static xp_status read_flac(reader *r, int k, void (*take)(reader *, int, const xp_flac *, int)) {
    const group *g = &r->groups[k];
    int64_t wanted = r->h->w.n_frames * g->first->samples_per_frame;
    xp_flac f;
    xp_status s = xp_flac_open(&f, g->data, r->err);
    if (s != XP_OK) return xp_fail_prefix(r->err, s, "%s", g->first->file);
    int n = 1;
    while (f.done < wanted && n && s == XP_OK)
        if ((s = xp_flac_next(&f, &n, r->err)) == XP_OK) take(r, k, &f, n);
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
static void integrate(xp_stored_signal *s) {
    uint32_t v = (uint32_t)s->initial;
    for (int64_t i = 0; i < s->n; i++) {
        v += (uint32_t)s->digital[i];
        s->digital[i] = (int32_t)v;
    }
}

/* The checksum is the 16-bit sum of the stored samples; headers write it signed or unsigned. */
static void verify(reader *r, const xp_stored_signal *s, uint32_t sum, int32_t first) {
    xp_notices *notes = &r->h->w.notices;
    if (s->n == 0) return;
    bool wrong = s->has_checksum && (uint16_t)sum != (uint16_t)s->checksum;
    r->n_sums += s->has_checksum;
    r->any_sum |= s->has_checksum && s->checksum != 0;
    r->n_wrong += wrong;
    if (wrong)
        xp_notice_add(notes, XP_SAY_CHECKSUM, s->name,
                      XP_ARGS(xp_arg_text("file", r->h->file), xp_arg_number("line", s->line),
                              xp_arg_text("signal", s->name), xp_arg_number("sum", (int16_t)sum),
                              xp_arg_number("stated", (int16_t)s->checksum)));
    else if (s->has_initial && s->format != 8 && first != s->initial && first != s->missing)
        xp_notice_add(notes, XP_SAY_FIRST_SAMPLE, s->name,
                      XP_ARGS(xp_arg_text("file", r->h->file), xp_arg_number("line", s->line),
                              xp_arg_text("signal", s->name), xp_arg_number("first", first),
                              xp_arg_number("stated", s->initial)));
}

/* Take the delay out: sample i is what was stored skew frames later. */
static void remove_skew(xp_stored_signal *s) {
    int64_t late = (int64_t)s->skew * s->samples_per_frame;
    if (late > s->n) late = s->n;
    memmove(s->digital, s->digital + late, (size_t)(s->n - late) * sizeof *s->digital);
    for (int64_t i = s->n - late; i < s->n; i++) s->digital[i] = s->missing;
}

/* How many of n samples are value: in 32 bits by the block, which vectors count fast. */
static int64_t count_equal(const int32_t *samples, int64_t n, int32_t value) {
    enum { BLOCK = 1 << 20 };
    int64_t count = 0;
    for (int64_t done = 0; done < n; done += BLOCK) {
        const int64_t end = n - done < BLOCK ? n : done + BLOCK;
        int32_t some = 0;
        for (int64_t i = done; i < end; i++) some += samples[i] == value;
        count += some;
    }
    return count;
}

static void finish_signal(reader *r, xp_stored_signal *s, bool null) {
    if (null) {
        for (int64_t i = 0; i < s->n; i++) s->digital[i] = s->missing;
    } else {
        uint32_t sum = 0;
        if (s->format == 8) integrate(s);
        for (int64_t i = 0; i < s->n; i++) sum += (uint32_t)s->digital[i];
        verify(r, s, sum, s->n ? s->digital[0] : 0);
        if (s->skew) remove_skew(s);
    }
    s->n_missing = count_equal(s->digital, s->n, s->missing);
}

/* ---- samples that are not kept ---- */

static void count_sample(const xp_wfdb_header *h, const xp_stored_signal *s, tally *t, int32_t v) {
    const int64_t late = (int64_t)s->skew * s->samples_per_frame;
    const int64_t end = h->wanted ? late + h->wanted * s->samples_per_frame : INT64_MAX;
    if (s->format == 8) v = t->value = (int32_t)((uint32_t)t->value + (uint32_t)v);
    if (t->n == 0) t->first = v;
    t->sum += (uint32_t)v;
    t->missing += v == s->missing && t->n >= late && t->n < end;
    t->n++;
}

/* Where in the frames of a file the next sample lies. */
typedef struct place {
    int signal, left; /* signal of the group; samples of it that are left in this frame */
} place;

static void count_samples(reader *r, int k, place *at, const int32_t *in, int64_t n) {
    xp_stored *w = &r->h->w;
    for (int64_t i = 0; i < n; i++) {
        while (at->left == 0) {
            at->signal = (at->signal + 1) % w->n_signals;
            if (r->member[at->signal] == k) at->left = w->signals[at->signal].samples_per_frame;
        }
        count_sample(r->h, &w->signals[at->signal], &r->tallies[at->signal], in[i]);
        at->left--;
    }
}

enum { CHUNK = 6 << 11 }; /* samples: whole groups in every format */

typedef struct chunk {
    int32_t samples[CHUNK];
    uint8_t bytes[4 * CHUNK];
} chunk;

static xp_status count_packed(reader *r, int k, chunk *c) {
    const group *g = &r->groups[k];
    const xp_wfdb_format *f = g->format;
    const int64_t total = r->h->w.n_frames * g->frame;
    place at = {-1, 0};
    for (int64_t done = 0; done < total; done += CHUNK) {
        const int64_t n = total - done < CHUNK ? total - done : CHUNK;
        const uint64_t skip = (uint64_t)(done / f->group_samples * f->group_bytes);
        size_t size = sizeof c->bytes;
        if (size > g->file.size - skip) size = (size_t)(g->file.size - skip);
        xp_source_part(r->src, g->file.path, (uint64_t)g->first->byte_offset + skip, c->bytes,
                       &size, NULL);
        if (xp_wfdb_capacity(f, size) < n)
            return FAIL(r, g->first, XP_ERR_IO, "%s cannot be read to its end", g->first->file);
        xp_wfdb_unpack(f, c->samples, c->bytes, size, n);
        count_samples(r, k, &at, c->samples, n);
    }
    return XP_OK;
}

static void count_flac_block(reader *r, int k, const xp_flac *f, int n) {
    xp_stored *w = &r->h->w;
    for (int i = 0, c = 0; i < w->n_signals; i++) {
        if (r->member[i] != k) continue;
        const int32_t *in = f->samples + (size_t)c++ * (size_t)f->max_block;
        for (int j = 0; j < n && r->tallies[i].n < w->signals[i].n; j++)
            count_sample(r->h, &w->signals[i], &r->tallies[i], in[j]);
    }
}

static void finish_count(reader *r, int i) {
    xp_stored_signal *s = &r->h->w.signals[i];
    const tally *t = &r->tallies[i];
    s->n_missing = s->n;
    if (r->member[i] < 0) return;
    if (t->n == s->n) verify(r, s, t->sum, t->first);
    const int64_t late = (int64_t)s->skew * s->samples_per_frame;
    s->n_missing = t->missing + (late < s->n ? late : s->n);
}

static xp_status count_group(reader *r, int k, chunk *c) {
    if (!r->groups[k].format->flac_bits) return count_packed(r, k, c);
    return r->groups[k].data.data ? read_flac(r, k, count_flac_block) : XP_OK;
}

static xp_status count_groups(reader *r) {
    xp_stored *w = &r->h->w;
    chunk *c = malloc(sizeof *c);
    r->tallies = calloc((size_t)w->n_signals, sizeof *r->tallies);
    xp_status s = c && r->tallies
                      ? XP_OK
                      : xp_fail(r->err, XP_ERR_MEMORY, "%s: not enough memory", r->h->file);
    for (int i = 0; s == XP_OK && i < w->n_signals; i++) {
        w->signals[i].n = w->n_frames * w->signals[i].samples_per_frame;
        r->tallies[i].value = w->signals[i].initial;
    }
    for (int k = 0; s == XP_OK && k < r->n_groups; k++) s = count_group(r, k, c);
    for (int i = 0; s == XP_OK && i < w->n_signals; i++) finish_count(r, i);
    free(c);
    free(r->tallies);
    return s;
}

static xp_status check_groups(reader *r) {
    XP_TRY(make_groups(r));
    for (int k = 0; k < r->n_groups; k++) XP_TRY(open_group(r, &r->groups[k]));
    return check_length(r);
}

static xp_status load_groups(reader *r) {
    XP_TRY(allocate(r));
    for (int k = 0; k < r->n_groups; k++) XP_TRY(load_group(r, &r->groups[k]));
    for (int k = 0; k < r->n_groups; k++)
        XP_TRY(r->groups[k].format->flac_bits ? read_flac(r, k, take_flac_block)
                                              : read_packed(r, k));
    for (int i = 0; i < r->h->w.n_signals; i++)
        finish_signal(r, &r->h->w.signals[i], r->member[i] < 0);
    return XP_OK;
}

static xp_status read_groups(reader *r) {
    XP_TRY(check_groups(r));
    XP_TRY(r->opt->no_samples ? count_groups(r) : load_groups(r));
    r->h->w.checksums_failed = r->any_sum && r->n_wrong == r->n_sums;
    r->h->held = r->n_wrong < r->n_sums;
    return XP_OK;
}

static xp_status with_reader(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                             const xp_read_options *opt, xp_error *err,
                             xp_status (*work)(reader *)) {
    size_t n = (size_t)h->w.n_signals;
    reader r = {.h = h, .src = src, .folder = folder, .opt = opt, .err = err};
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
                               const xp_read_options *opt, xp_error *err) {
    return with_reader(h, folder, src, opt, err, read_groups);
}

xp_status xp_wfdb_check_signals(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                                xp_error *err) {
    static const xp_read_options lengths = {.no_samples = true};
    return with_reader(h, folder, src, &lengths, err, check_groups);
}
