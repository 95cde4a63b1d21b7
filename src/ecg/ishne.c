/* ISHNE 1.0, the Holter format (Badilini 1998): a header of 522 bytes, a block of variable length,
 * and 16-bit samples, interleaved. */
#include "ecg/fields.h"
#include "ecg/frames_plans.h"
#include "ecg/window.h"

#include <math.h>
#include <stdio.h>

enum { HEADER = 522, MOST_LEADS = 12 };

typedef struct ishne {
    const char *file;
    xp_bytes data; /* the file, or what lies before its samples */
    size_t size;   /* of the file */
    int n_leads, rate;
    size_t block, at; /* where the variable block and the samples begin */
    int64_t frames;
    bool count_differs;
    int64_t stated;
} ishne;

#define FAIL(h, place, code, fmt, ...)                                                             \
    xp_fail(err, code, "%s byte %zu: " fmt, (h)->file, (size_t)(place), __VA_ARGS__)

static int short_at(const ishne *h, size_t at) {
    return (int16_t)xp_load_le(h->data.data + at, 2);
}

static xp_status read_sizes(ishne *h, xp_error *err) {
    const uint8_t *p = h->data.data;
    if (h->size < HEADER)
        return FAIL(h, h->size, XP_ERR_TRUNCATED,
                    "the file ends inside its header, which has %d bytes: copy it again", HEADER);
    h->block = (size_t)xp_load_le(p + 18, 4);
    h->at = (size_t)xp_load_le(p + 22, 4);
    h->n_leads = short_at(h, 156);
    h->rate = (int)xp_load_le(p + 272, 2);
    if (h->at < HEADER || h->at > h->size)
        return FAIL(h, 22, XP_ERR_FORMAT,
                    "the samples should begin at byte %zu of %zu, behind the header: the file is "
                    "damaged, copy it again",
                    h->at, h->size);
    const size_t length = (size_t)xp_load_le(p + 10, 4);
    if (length && h->at == h->block && length < h->size - h->at)
        return FAIL(h, 22, XP_ERR_FORMAT,
                    "the samples and the variable block of %zu bytes should both begin at byte "
                    "%zu: the header is damaged, copy the file again",
                    length, h->at);
    if (h->n_leads < 1 || h->n_leads > MOST_LEADS)
        return FAIL(h, 156, XP_ERR_FORMAT,
                    "%d leads, expected 1 to %d: the header is damaged, copy the file again",
                    h->n_leads, MOST_LEADS);
    if (!h->rate)
        return FAIL(h, 272, XP_ERR_FORMAT, "%s",
                    "the sampling rate is 0 Hz: the header is damaged, copy the file again");
    return XP_OK;
}

/* The number of samples counts those of a lead for some writers and those of all for others: the
 * size of the file decides. A tenth may stand behind them. */
static xp_status read_count(ishne *h, xp_error *err) {
    int64_t frame = 2 * (int64_t)h->n_leads;
    h->frames = ((int64_t)h->size - (int64_t)h->at) / frame;
    h->stated = (int32_t)xp_load_le(h->data.data + 14, 4);
    int64_t all = h->frames * h->n_leads;
    if (h->stated == h->frames || h->stated == all || h->stated <= 0) return XP_OK;
    bool of_all = h->stated <= all && (double)h->stated > 0.9 * (double)all;
    h->count_differs = true;
    if (h->stated < h->frames || of_all) return XP_OK;
    return FAIL(h, h->size, XP_ERR_TRUNCATED,
                "the file ends after %lld of %lld samples of each of its %d leads: copy it again",
                (long long)h->frames, (long long)h->stated, h->n_leads);
}

/* ==== signals ================================================================================ */

static void lead_name(char *dst, size_t size, int code, int number) {
    static const char *const names[] = {NULL,  "bipolar", "X",   "Y",   "Z",  "I",  "II",
                                        "III", "aVR",     "aVL", "aVF", "V1", "V2", "V3",
                                        "V4",  "V5",      "V6",  "ES",  "AS", "AI"};
    if (code > 0 && code < (int)(sizeof names / sizeof *names))
        snprintf(dst, size, "%s", names[code]);
    else
        snprintf(dst, size, "channel %d", number);
}

static xp_status describe(xp_stored_signal *s, const ishne *h, int i, xp_error *err) {
    size_t place = 206 + 2 * (size_t)i;
    int nanovolt = short_at(h, place);
    lead_name(s->name, sizeof s->name, short_at(h, 158 + 2 * (size_t)i), i + 1);
    if (nanovolt <= 0)
        return FAIL(h, place, XP_ERR_UNITS,
                    "lead %d (%s) has a resolution of %d nV, so that its samples have no scale: "
                    "export the recording again with its resolution",
                    i + 1, s->name, nanovolt);
    xp_copy_text(s->units, sizeof s->units, "mV");
    s->gain = 1e6 / nanovolt;
    s->adc_resolution = 16;
    return XP_OK;
}

static xp_status fill(xp_stored *w, const ishne *h, xp_error *err) {
    size_t frame = 2 * (size_t)h->n_leads;
    for (int i = 0; i < h->n_leads; i++) {
        xp_stored_signal *s = &w->signals[i];
        XP_TRY(describe(s, h, i, err));
        if (!s->digital) continue;
        const uint8_t *p = h->data.data + h->at + 2 * (size_t)i;
        for (int64_t k = 0; k < h->frames; k++, p += frame)
            s->digital[k] = (int16_t)xp_load_le(p, 2);
    }
    w->n_frames = h->frames;
    return XP_OK;
}

/* ==== facts ================================================================================== */

static xp_date read_date(const ishne *h, size_t at) {
    return (xp_date){short_at(h, at + 4), short_at(h, at + 2), short_at(h, at)};
}

static bool read_facts(xp_facts *f, const ishne *h) {
    char first[48], last[48], text[240];
    xp_date birth = read_date(h, 132), day = read_date(h, 138);
    xp_field_text(first, sizeof first, xp_field(h->data, 28, 40));
    xp_field_text(last, sizeof last, xp_field(h->data, 68, 40));
    snprintf(f->patient_name, sizeof f->patient_name, "%s%s%s", first, *first && *last ? " " : "",
             last);
    xp_field_text(f->patient_id, sizeof f->patient_id, xp_field(h->data, 108, 20));
    if (short_at(h, 128) == 1) f->sex = 'M';
    if (short_at(h, 128) == 2) f->sex = 'F';
    xp_date_text(f->birth_date, sizeof f->birth_date, birth);
    f->age = xp_date_age(birth, day);
    xp_date_time_text(f->start, sizeof f->start, day,
                      3600.0 * short_at(h, 150) + 60.0 * short_at(h, 152) + short_at(h, 154));
    xp_field_text(f->device, sizeof f->device, xp_field(h->data, 232, 40));
    size_t end = h->at, size = (size_t)xp_load_le(h->data.data + 10, 4);
    if (h->block < HEADER || h->block > end) return true;
    xp_field_text(text, sizeof text,
                  xp_field(h->data, h->block, size < end - h->block ? size : end - h->block));
    return !*text || xp_facts_state(f, "comment", NAN, NULL, text);
}

static void note_state(xp_stored *w, const ishne *h) {
    uint16_t crc = xp_crc_ccitt(xp_field(h->data, 10, h->at - 10));
    if (crc != xp_load_le(h->data.data + 8, 2))
        xp_notice_add(&w->notices, XP_SAY_FILE_CHECKSUM, NULL,
                      XP_ARGS(xp_arg_text("file", h->file)));
    if (h->count_differs)
        xp_notice_add(&w->notices, XP_SAY_COUNT_DIFFERS, NULL,
                      XP_ARGS(xp_arg_text("file", h->file),
                              xp_arg_number("stated", (double)h->stated),
                              xp_arg_number("samples", (double)h->frames)));
}

/* ==== the recording ========================================================================== */

static xp_status read_parsed(xp_stored *w, const ishne *h, const char *name, bool outline,
                             xp_error *err) {
    int64_t counts[MOST_LEADS];
    xp_stored made;
    for (int i = 0; i < h->n_leads; i++) counts[i] = h->frames;
    xp_status s = outline ? xp_stored_outline(&made, name, h->rate, h->n_leads, counts, err)
                          : xp_stored_alloc(&made, name, h->rate, h->n_leads, counts, err);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", h->file);
    s = fill(&made, h, err);
    if (s == XP_OK && !read_facts(&made.facts, h))
        s = xp_fail(err, XP_ERR_MEMORY, "%s: no memory for what it states", h->file);
    if (s == XP_OK) {
        note_state(&made, h);
        *w = made;
    } else {
        xp_stored_free(&made);
    }
    return s;
}

static bool has_magic(xp_bytes b) {
    return b.size >= 8 && !memcmp(b.data, "ISHNE1.0", 8);
}

static xp_status read_bytes(xp_stored *w, ishne *h, bool outline, xp_error *err) {
    if (!has_magic(h->data))
        return FAIL(h, 0, XP_ERR_FORMAT, "%s",
                    "an ISHNE file begins with \"ISHNE1.0\": this is another kind of .ecg file, or "
                    "it is damaged; export the recording in another format");
    XP_TRY(read_sizes(h, err));
    XP_TRY(read_count(h, err));
    return read_parsed(w, h, h->file, outline, err);
}

/* What lies before the samples is all that is read. */
static xp_status read_outline(xp_stored *w, ishne *h, xp_file_window *file, xp_error *err) {
    size_t head = file->size < HEADER ? (size_t)file->size : HEADER;
    h->size = (size_t)file->size;
    h->data = xp_file_window_at(file, 0, head);
    uint64_t samples = h->data.size == HEADER ? xp_load_le(h->data.data + 22, 4) : 0;
    if (samples > HEADER && samples <= file->size)
        h->data = xp_file_window_at(file, 0, (size_t)samples);
    if (!h->data.size && file->size) return xp_fail(err, XP_ERR_IO, "%s cannot be read", h->file);
    return read_bytes(w, h, true, err);
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    ishne h = {.file = name};
    xp_file_window file;
    if (opt && opt->no_samples && xp_file_window_open(&file, src, name)) {
        xp_status s = read_outline(w, &h, &file, err);
        xp_file_window_close(&file);
        return s;
    }
    XP_TRY(src->get(src->ctx, name, &h.data, err));
    h.size = h.data.size;
    return read_bytes(w, &h, false, err);
}

static xp_likeness sniff(const char *name, xp_bytes start) {
    if (has_magic(start)) return XP_LIKE_BY_CONTENT;
    return xp_name_ends_with(name, ".ecg") ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

const xp_format xp_format_ishne = {
    .name = "ISHNE",
    .help = "An ISHNE Holter file (.ecg) is a record.",
    .sniff = sniff,
    .read = read,
    .frames = xp_ishne_frames,
};
