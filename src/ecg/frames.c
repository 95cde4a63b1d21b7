#include "ecg/frames.h"

#include "ecg/reader.h"
#include "ecg/source_dir.h"

#include <stdlib.h>
#include <string.h>

/* Smaller recordings are read at once. */
enum { LEAST_BYTES = 1 << 20 };

struct xp_frames {
    xp_dir_source files;
    const xp_format *format;
    char name[128];
    xp_read_options options;
    xp_frame_plan plan;
    int64_t unit_samples; /* of a lead */
    xp_record head, part;
    uint8_t *window; /* the file of a part; owned */
    size_t size, room;
};

/* ==== the files of a part ==================================================================== */

/* The window's units are there already: a source of files in memory that knows two names. */
static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    xp_frames *f = ctx;
    if (f->plan.text && !strcmp(name, f->plan.header))
        *out = (xp_bytes){f->plan.text, f->plan.text_size};
    else if (!strcmp(name, f->plan.file))
        *out = (xp_bytes){f->window, f->size};
    else
        return xp_fail(err, XP_ERR_NOT_FOUND, "%s is no file of the recording", name);
    return XP_OK;
}

static xp_status load_units(xp_frames *f, int64_t first, int64_t n, xp_error *err) {
    const xp_frame_plan *p = &f->plan;
    const int64_t skip = first * p->unit_bytes;
    int64_t bytes = n * p->unit_bytes;
    bytes = bytes < p->bytes - skip ? bytes : p->bytes - skip;
    size_t got = (size_t)bytes;
    const size_t room = p->head_size + got;
    if (room > f->room) {
        uint8_t *more = realloc(f->window, room);
        if (!more) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", p->file);
        f->window = more;
        f->room = room;
    }
    if (p->head_size) memcpy(f->window, p->head, p->head_size);
    f->size = room;
    if (!xp_source_part(&f->files.source, p->file, p->at + (uint64_t)skip, f->window + p->head_size,
                        &got, NULL) ||
        got < (size_t)bytes)
        return xp_fail(err, XP_ERR_IO, "%s became shorter while it was read", p->file);
    return XP_OK;
}

static xp_status read_units(xp_frames *f, int64_t first, int64_t n, xp_stored *w, xp_error *err) {
    const xp_file_source part = {get, f, NULL};
    XP_TRY(load_units(f, first, n, err));
    XP_TRY(f->format->read(w, &part, f->name, &f->options, err));
    w->format = f->format->name;
    return XP_OK;
}

/* ==== opening ================================================================================ */

/* Leads of unequal rates are brought to one by interpolation, which needs what lies around. */
static bool has_one_rate(const xp_stored *w) {
    double times, over;
    int spf = 0;
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
        if (!xp_volt_unit(s->units, &times, &over)) continue;
        if (spf && s->samples_per_frame != spf) return false;
        spf = s->samples_per_frame;
    }
    return spf > 0;
}

/* What a header of its own says, whose length and checksums a part does not have. */
static xp_status take_header(xp_frames *f, xp_stored *first, int64_t *frames, xp_error *err) {
    xp_read_options all = f->options;
    xp_stored whole;
    all.no_samples = true;
    XP_TRY(f->format->read(&whole, &f->files.source, f->name, &all, err));
    const xp_notices notices = first->notices;
    first->notices = whole.notices;
    first->checksums_failed = whole.checksums_failed;
    *frames = whole.n_frames;
    whole.notices = notices;
    xp_stored_free(&whole);
    return XP_OK;
}

static xp_status take_head(xp_frames *f, xp_stored *first, xp_error *err) {
    const int64_t unit = first->n_frames;
    int64_t frames = unit * (f->plan.bytes / f->plan.unit_bytes);
    if (!has_one_rate(first) || unit < 1)
        return xp_fail(err, XP_ERR_UNSUPPORTED, "%s has leads of unequal rates", f->name);
    if (f->plan.text) XP_TRY(take_header(f, first, &frames, err));
    XP_TRY(xp_stored_to_record(&f->head, first, err));
    f->unit_samples = f->head.n;
    f->head.n = frames * (f->unit_samples / unit);
    for (int l = 0; l < f->head.n_leads; l++) {
        free(f->head.leads[l].mv);
        f->head.leads[l].mv = NULL;
    }
    return XP_OK;
}

static xp_status open_found(xp_frames *f, xp_error *err) {
    xp_stored first;
    if (!f->format->frames || !f->format->frames(&f->plan, &f->files.source, f->name) ||
        f->plan.bytes < LEAST_BYTES)
        return xp_fail(err, XP_ERR_UNSUPPORTED, "%s is read as a whole", f->name);
    XP_TRY(read_units(f, 0, 1, &first, err));
    xp_status s = take_head(f, &first, err);
    xp_stored_free(&first);
    return s;
}

xp_status xp_frames_open(xp_frames **out, const char *path, const xp_read_options *opt,
                         xp_error *err) {
    xp_found_record found;
    xp_frames *f = calloc(1, sizeof *f);
    if (!f) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", path);
    if (opt) f->options = *opt;
    xp_status s = xp_dir_source_open(&f->files, path, err);
    if (s == XP_OK) s = xp_record_find(&found, &f->files.source, f->files.name, err);
    if (s == XP_OK) {
        f->format = found.format;
        memcpy(f->name, found.name, sizeof f->name);
        s = open_found(f, err);
    }
    if (s == XP_OK)
        *out = f;
    else
        xp_frames_close(f);
    return s;
}

void xp_frames_close(xp_frames *f) {
    if (!f) return;
    xp_record_free(&f->head);
    xp_record_free(&f->part);
    xp_dir_source_close(&f->files);
    free(f->plan.head);
    free(f->plan.text);
    free(f->window);
    free(f);
}

/* ==== reading ================================================================================ */

const xp_record *xp_frames_record(const xp_frames *f) {
    return &f->head;
}

xp_status xp_frames_read(xp_frames *f, int64_t from, int64_t n, const float **mv, xp_error *err) {
    const int64_t first = from / f->unit_samples, skip = from - first * f->unit_samples;
    xp_stored w;
    xp_record_free(&f->part);
    XP_TRY(read_units(f, first, (skip + n + f->unit_samples - 1) / f->unit_samples, &w, err));
    xp_status s = xp_stored_to_record(&f->part, &w, err);
    xp_stored_free(&w);
    if (s != XP_OK) return s;
    if (f->part.n < skip + n || f->part.n_leads != f->head.n_leads)
        return xp_fail(err, XP_ERR_IO, "%s changed while it was read", f->name);
    for (int l = 0; l < f->head.n_leads; l++) mv[l] = f->part.leads[l].mv + skip;
    return XP_OK;
}
